//! `role info`: what is known of a role, here and at its server.

use std::path::PathBuf;

use kapell_callback::{Color, Display};
use kapell_parsing::{Map, Value, value::str_repr};

use super::roles::{install_info, metadata};
use super::server::Server;
use crate::refusal::Refusal;

/// Of no interest to people.
const HIDDEN: &[&str] = &["name", "summary_fields", "url", "related", "description"];

pub(crate) fn show(names: &[String], paths: &[PathBuf], servers: &[Server], display: &Display) -> Result<(), Refusal> {
    for name in names {
        display.out(&about(name, paths, servers)?, Color::Plain);
    }
    Ok(())
}

/// `servers`: none to be asked when offline.
fn about(written: &str, paths: &[PathBuf], servers: &[Server]) -> Result<String, Refusal> {
    let name = written.split(',').next().unwrap_or(written);
    let mut facts = Map::new();
    let here = paths.iter().map(|path| path.join(name)).find(|role| metadata(role).is_some());
    if let Some((owner, short)) = name.split_once('.')
        && let Some(server) = servers.first()
    {
        let told = server.role(owner, short).map_err(|why| Refusal::from(kapell_parsing::Diagnostic::error(why)))?;
        if let Value::Map(told) = told.map_or(Value::Null, |told| Value::from_json(&told)) {
            facts.extend(told.iter().map(|(key, value)| (key.clone(), value.clone())));
        }
    }
    if let Some(role) = &here {
        if let Some(Value::Map(info)) = install_info(role) {
            for (key, shown) in [("version", "installed_version"), ("install_date", "install_date")] {
                facts.extend(info.get(key).map(|value| (shown.into(), value.clone())));
            }
        }
        if let Some(Value::Map(meta)) = metadata(role) {
            facts.extend(meta.iter().map(|(key, value)| (key.clone(), value.clone())));
        }
    }
    if facts.is_empty() {
        return Ok(format!("- the role {name} was not found"));
    }
    let described = facts.get("description").or_else(|| facts.get("galaxy_info")?.get("description"));
    let described = described.map(Value::to_string).unwrap_or_default();
    let paths = paths.iter().map(|path| str_repr(&path.to_string_lossy())).collect::<Vec<_>>().join(", ");
    facts.insert("path".into(), Value::from(format!("({paths})").as_str()));
    let mut text = format!("\nRole: {name}\n\tdescription: {described}");
    push(&mut text, &facts, 1);
    Ok(text)
}

fn push(text: &mut String, facts: &Map, level: usize) {
    let mut entries: Vec<(String, &Value)> = facts.iter().map(|(key, value)| (key.to_string(), value)).collect();
    entries.sort_by(|(a, _), (b, _)| a.cmp(b));
    let indent = "\t".repeat(level);
    for (key, value) in entries.into_iter().filter(|(key, _)| !HIDDEN.contains(&key.as_str())) {
        match value {
            Value::Map(inner) => {
                text.push_str(&format!("\n{indent}{key}:"));
                push(text, inner, level + 1);
            }
            other => text.push_str(&format!("\n{indent}{key}: {other}")),
        }
    }
}
