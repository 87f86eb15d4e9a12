//! How many cases each module has: six on average, and none without a reason.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Modules whose work cannot be seen in a case, and where it is tested instead.
const WITHOUT: &[(&str, &str)] =
    &[("ansible.builtin.package", "chooses the module of the node's package manager: tests/fleet/packages.yml")];
const ON_AVERAGE: usize = 6;

#[test]
fn modules_have_cases() {
    let names: Vec<&str> = kapell_modules::all().map(|module| module.name).filter(|name| is_public(name)).collect();
    let counts = cases_by_module();
    let none: Vec<&str> = names
        .iter()
        .filter(|name| !counts.contains_key(**name) && WITHOUT.iter().all(|(without, _)| without != *name))
        .copied()
        .collect();
    assert!(none.is_empty(), "no cases for {}", none.join(", "));
    let total: usize = counts.values().sum();
    assert!(total >= ON_AVERAGE * names.len(), "{total} cases of {} modules", names.len());
    for (name, _) in WITHOUT {
        assert!(!counts.contains_key(*name), "{name} has cases now");
    }
}

/// The engine's own modules have no documentation and no users.
fn is_public(name: &str) -> bool {
    !name.starts_with("kapell.")
}

/// By the module's full name. Folders of `ansible.builtin` have the short one.
fn cases_by_module() -> BTreeMap<String, usize> {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut counts = BTreeMap::new();
    for folder in fs::read_dir(cases).unwrap() {
        let folder = folder.unwrap().path();
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let module = kapell_modules::find(&name).unwrap_or_else(|| panic!("cases for {name}, which is no module"));
        *counts.entry(module.name.to_owned()).or_insert(0) += fs::read_dir(&folder).unwrap().count();
    }
    counts
}
