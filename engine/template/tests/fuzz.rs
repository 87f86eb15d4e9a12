//! Random templates: whatever they are, rendering them ends soon, with a value or an error, in little memory.
//!
//! Takes a few seconds; `KAPELL_FUZZ_MINUTES=10` goes on for that long, `KAPELL_FUZZ_SEED=7` starts elsewhere. The seed
//! of a template that failed is in the message.

mod fuzz_templates;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use fuzz_templates::{Dice, corpus, invented, mutated};
use kapell_parsing::yaml::{LoadOptions, load};
use kapell_parsing::{Map, SourceFile, Trust, Value, VaultSecrets};
use kapell_template::{RenderContext, Templar, TemplarOptions, TextOptions, VariableSource};

/// Templates of a run that has no time of its own.
const FEW: u64 = 400;
/// No template with these few steps may take longer, even unoptimized.
const SLOW: Duration = Duration::from_secs(8);
/// Of the clock: the machine may have other work.
const HANGS: Duration = Duration::from_mins(2);
const STEPS: u64 = 300_000;
/// What the whole process may have needed at any time.
const MOST_MEMORY: u64 = 3 << 30;

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

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// The most memory this process has had.
fn peak() -> u64 {
    let status = fs_err::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or(0) * 1024
}

/// The time this thread has had a processor: the machine may have other work.
fn processor_time() -> Duration {
    let status = fs_err::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = status.split_whitespace().next().and_then(|number| number.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or(0))
}

fn taken(started: Duration) -> Duration {
    processor_time().saturating_sub(started)
}

/// Renders a template in each way there is; gives what went wrong.
fn tried(templar: &Templar, template: &str, vars: &Arc<dyn VariableSource>) -> Option<String> {
    let cx = RenderContext { basedir: Path::new("/nonexistent").to_owned(), ..RenderContext::default() };
    let started = processor_time();
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let _ = templar.render(&Value::trusted(template), vars, &cx);
        let _ = templar.render_text(&SourceFile::new("fuzz.j2", template), &TextOptions::default(), vars, &cx);
        let _ = templar.condition(&Value::trusted(template), vars, &cx);
    }));
    match outcome {
        Err(_) => Some("panics".into()),
        Ok(()) if taken(started) > SLOW => Some(format!("takes {:?}", taken(started))),
        Ok(()) if peak() > MOST_MEMORY => Some(format!("needs {} MiB", peak() >> 20)),
        Ok(()) => None,
    }
}

/// Ends the whole process with the template's text when one does not end by itself.
#[expect(clippy::print_stderr, reason = "the process is about to end")]
fn watch(current: Arc<Mutex<(u64, String, Instant)>>) {
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(Duration::from_secs(1));
            let (seed, template, since) = &*current.lock().unwrap_or_else(PoisonError::into_inner);
            if since.elapsed() > HANGS {
                eprintln!("seed {seed} does not end: {template:?}");
                std::process::abort();
            }
        }
    });
}

#[test]
fn any_template_ends_soon_in_little_memory() {
    let end = number("KAPELL_FUZZ_MINUTES").map(|minutes| Instant::now() + Duration::from_secs(minutes * 60));
    let first = number("KAPELL_FUZZ_SEED").unwrap_or(1);
    let vars = variables();
    let texts = corpus(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases"));
    assert!(texts.len() > 500, "the corpus is there");
    let templar = Templar::new(TemplarOptions { max_steps: Some(STEPS), ..TemplarOptions::default() });
    let current = Arc::new(Mutex::new((first, String::new(), Instant::now())));
    watch(current.clone());
    let mut failures = Vec::new();
    let mut seed = first;
    while end.map_or(seed < first + FEW, |end| Instant::now() < end) && failures.len() < 20 {
        let mut dice = Dice::new(seed);
        let template = if dice.one_in(2) { invented(&mut dice) } else { mutated(&mut dice, &texts) };
        *current.lock().unwrap_or_else(PoisonError::into_inner) = (seed, template.clone(), Instant::now());
        if let Some(wrong) = tried(&templar, &template, &vars) {
            failures.push(format!("seed {seed} {wrong}: {template:?}"));
        }
        seed += 1;
    }
    println!("{} templates, {} MiB at most", seed - first, peak() >> 20);
    assert!(failures.is_empty(), "{} templates failed:\n{}", failures.len(), failures.join("\n"));
}
