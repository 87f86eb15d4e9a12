//! Random templates: whatever they are, rendering them ends soon, with a value or an error, in little memory.

mod fuzz_templates;

use std::path::Path;
use std::sync::Arc;

use fuzz_templates::{corpus, invented, mutated};
use kapell_parsing::yaml::{LoadOptions, load};
use kapell_parsing::{Map, SourceFile, Trust, Value, VaultSecrets};
use kapell_template::{RenderContext, Templar, TemplarOptions, TextOptions, VariableSource};
use kapell_test_support::fuzz::{Dice, Limits, fuzz};

const LIMITS: Limits = Limits { few: 400, memory: 3 << 30 };
/// A template may take few: what is slow then is slow for nothing.
const STEPS: u64 = 300_000;

const VARIABLES: &str = "
n: 3
z: 0
big: 99999999999999999999
f: 1.5
s: 'hello wörld, a=b %s {0}'
e: ''
t: yes
u:
l: [3, 1, 2]
ll: [[1, 2], [3], []]
ld: [{name: a, v: 1, tags: [x]}, {name: b, v: 2, tags: []}]
d: {a: 1, b: {c: [1, 2]}, 3: x}
rec: '{{ rec2 }}'
rec2: '{{ l }} {{ s }}'
loop1: '{{ loop2 }}'
loop2: '{{ loop1 }}'
bomb: '{{ bomb_of }}{{ bomb_of }}'
bomb_of: \"{{ 'x' * 1000 }}\"
";

fn variables() -> Arc<dyn VariableSource> {
    let secrets = VaultSecrets::default();
    let options = LoadOptions { trust: Trust::Trusted, vault: &secrets };
    let value = load(&SourceFile::new("vars.yml", VARIABLES), &options, &mut Vec::new()).expect("variables are YAML");
    Arc::new(value.as_map().cloned().unwrap_or_else(Map::new))
}

/// A template, rendered in each way there is.
fn rendered(templar: &Templar, template: &str, vars: &Arc<dyn VariableSource>) {
    let cx = RenderContext { basedir: Path::new("/nonexistent").to_owned(), ..RenderContext::default() };
    let _ = templar.render(&Value::trusted(template), vars, &cx);
    let _ = templar.render_text(&SourceFile::new("fuzz.j2", template), &TextOptions::default(), vars, &cx);
    let _ = templar.condition(&Value::trusted(template), vars, &cx);
}

#[test]
fn any_template_ends_soon_in_little_memory() {
    let vars = variables();
    let texts = corpus(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases"));
    assert!(texts.len() > 500, "the corpus is there");
    let templar = Templar::new(TemplarOptions { max_steps: Some(STEPS), ..TemplarOptions::default() });
    fuzz(LIMITS, |dice: &mut Dice| {
        let template = if dice.one_in(2) { invented(dice) } else { mutated(dice, &texts) };
        rendered(&templar, &template, &vars);
        Ok(())
    });
}
