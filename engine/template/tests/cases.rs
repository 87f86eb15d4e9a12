//! Cases as data: `tests/cases/*.yml`, each expression with what ansible-core 2.19 gave for it.

use std::path::Path;
use std::sync::Arc;

use kapell_parsing::yaml::{LoadOptions, load_file};
use kapell_parsing::{Map, Trust, Value, VaultSecrets};
use kapell_template::{RenderContext, Templar, TemplarOptions, TemplateError, VariableSource};

/// One case: a template (`t`), condition (`c`) or expression (`e`); what came out, as Python prints it (`is`), or the error.
struct Case<'c> {
    kind: &'c str,
    source: &'c Value,
    expected: Result<&'c str, &'c str>,
}

fn read(case: &Value) -> Option<Case<'_>> {
    let (kind, source) = ["t", "c", "e"].iter().find_map(|kind| Some((*kind, case.get(kind)?)))?;
    let expected = match (case.get("is"), case.get("error")) {
        (Some(is), _) => Ok(is.as_str()?),
        (_, Some(error)) => Err(error.as_str()?),
        _ => return None,
    };
    Some(Case { kind, source, expected })
}

fn evaluate(templar: &Templar, case: &Case<'_>, vars: &Arc<dyn VariableSource>) -> Result<Value, TemplateError> {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let cx = RenderContext { search_path: vec![cases.clone()], basedir: cases, origin: None };
    match (case.kind, case.source) {
        ("c", condition) => templar.condition(condition, vars, &cx).map(Value::Bool),
        ("e", Value::Str(expression)) => templar.expression(expression, vars, &cx),
        (_, template) => templar.render(template, vars, &cx),
    }
}

/// Failures of one file as lines to read.
fn run(path: &Path) -> Vec<String> {
    let secrets = VaultSecrets::default();
    let options = LoadOptions { trust: Trust::Trusted, vault: &secrets };
    let cases = load_file(path, &options, &mut Vec::new()).expect("cases are YAML");
    let templar = Templar::new(TemplarOptions::default());
    let mut vars: Arc<dyn VariableSource> = Arc::new(Map::new());
    let mut failures = Vec::new();
    let mut count = 0;
    for case in cases.as_list().expect("cases are a list") {
        if let Some(map) = case.get("vars").and_then(Value::as_map) {
            vars = Arc::new(map.clone());
            continue;
        }
        let Some(case) = read(case) else { panic!("{}: not a case: {}", path.display(), case.repr()) };
        count += 1;
        let got = evaluate(&templar, &case, &vars);
        let got = match &got {
            Ok(value) => Ok(value.repr()),
            Err(error) => Err(error.to_string()),
        };
        let same = match (&got, case.expected) {
            (Ok(got), Ok(expected)) | (Err(got), Err(expected)) => got == expected,
            _ => false,
        };
        if !same {
            let source = case.source.repr();
            failures.push(format!("{source}\n  expected {:?}\n       got {got:?}", case.expected));
        }
    }
    assert!(count > 0, "{} has no cases", path.display());
    failures
}

#[test]
fn templates_give_what_ansible_gives() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut files: Vec<_> = fs_err::read_dir(&dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "yml"));
    files.sort();
    assert!(!files.is_empty());
    let failures: Vec<String> = files.iter().flat_map(|path| run(path)).collect();
    assert!(failures.is_empty(), "{} cases differ:\n{}", failures.len(), failures.join("\n"));
}
