//! Inventories and host patterns against what ansible-core 2.19 makes of the same text, recorded line by line as JSON.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use kapell_config::Settings;
use kapell_inventory::{HostPattern, Inventory, LoadContext};
use kapell_parsing::{Diagnostic, Value, VaultSecrets};
use serde_json::{Map, Value as Json, json};

fn load(text: &str, ending: &str, directory: &Path) -> (Result<Inventory, Diagnostic>, Vec<Diagnostic>) {
    let path = directory.join(format!("hosts.{ending}"));
    fs_err::write(&path, text).unwrap();
    let (settings, vault, mut warnings) = (Settings::default(), VaultSecrets::default(), Vec::new());
    let cx = LoadContext {
        settings: &settings,
        vault: &vault,
        plugins: &[],
        foreign: None,
        fresh: false,
        extra_vars: &kapell_parsing::Map::new(),
    };
    let inventory = Inventory::load(&[path.display().to_string()], &cx, &mut warnings);
    (inventory, warnings)
}

fn rows(file: &str) -> Vec<Json> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/measured").join(file);
    let text = fs_err::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Hosts with their own variables, groups with what is not as in a new group below `all`.
fn summary(inventory: &Inventory) -> (Json, Json) {
    let vars = |vars: &kapell_parsing::Map| Value::from(vars.clone()).to_json();
    let hosts: Map<String, Json> =
        inventory.hosts().map(|host| (host.name.clone(), vars(&host.vars.to_map()))).collect();
    let group = |group: &kapell_inventory::Group| {
        let fields = [
            ("hosts", json!(inventory.members(group)), json!([])),
            ("children", json!(inventory.children(group)), json!([])),
            ("vars", vars(&group.vars), json!({})),
            ("depth", json!(group.depth), json!(1)),
            ("priority", json!(group.priority), json!(1)),
        ];
        fields
            .into_iter()
            .filter(|(_, value, usual)| value != usual)
            .map(|(key, value, _)| (key, value))
            .collect::<Json>()
    };
    let groups: Map<String, Json> = inventory.groups().map(|g| (g.name.clone(), group(g))).collect();
    (hosts.into(), groups.into())
}

/// Order counts: of hosts, groups, members and variables.
fn in_order(value: &Json) -> String {
    value.to_string()
}

fn check_inventories(file: &str, ending: &str) {
    let directory = tempfile::tempdir().unwrap();
    for row in rows(file) {
        let text = row["inventory"].as_str().unwrap();
        let (inventory, warnings) = load(text, ending, directory.path());
        if row.get("fatal").is_some() {
            assert!(inventory.is_err(), "{text}");
            continue;
        }
        let refused = warnings.iter().any(|warning| warning.message.starts_with("Unable to parse"));
        assert_eq!(refused, row.get("refused").is_some(), "{text}\n{warnings:#?}");
        let (hosts, groups) = summary(&inventory.unwrap());
        assert_eq!(in_order(&hosts), in_order(&row["hosts"]), "hosts of\n{text}");
        assert_eq!(in_order(&groups), in_order(&row["groups"]), "groups of\n{text}");
    }
}

#[test]
fn ini_inventories_are_read_as_measured() {
    check_inventories("ini.jsonl", "ini");
}

#[test]
fn yaml_inventories_are_read_as_measured() {
    check_inventories("yaml.jsonl", "yml");
}

#[test]
fn host_patterns_select_as_measured() {
    let directory = tempfile::tempdir().unwrap();
    let mut inventory = None;
    for row in rows("patterns.jsonl") {
        if let Some(text) = row["inventory"].as_str() {
            inventory = Some(load(text, "ini", directory.path()).0.unwrap());
            continue;
        }
        let (pattern, limit) = (row["pattern"].as_str().unwrap(), row["limit"].as_str());
        let selected = select(inventory.as_ref().unwrap(), pattern, limit);
        match row["hosts"].as_array() {
            Some(hosts) => assert_eq!(json!(selected.unwrap()), json!(hosts), "{pattern} limit {limit:?}"),
            None => assert!(selected.is_err(), "{pattern}"),
        }
    }
}

fn select(inventory: &Inventory, pattern: &str, limit: Option<&str>) -> Result<Vec<String>, Diagnostic> {
    let limit = limit.map(HostPattern::limit).transpose()?;
    inventory.select(&HostPattern::parse([pattern])?, limit.as_ref(), &mut Vec::new())
}
