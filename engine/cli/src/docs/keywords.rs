//! Keywords of playbooks as their table has them: on what they may stand and what they take.

use kapell_playbook::keyword::Templated;
use kapell_playbook::{KEYWORDS, Keyword, KeywordKind, ScopeKind};
use serde_json::{Value as Json, json};

/// What is looked at before the others.
const READ_FIRST: &[&str] = &["collections", "vars"];

/// What is known of the keywords `names`, and those there are none of.
pub(crate) fn describe(names: &[String]) -> (serde_json::Map<String, Json>, Vec<&String>) {
    let mut described = serde_json::Map::new();
    let mut unknown = Vec::new();
    for name in names {
        match KEYWORDS.iter().find(|keyword| keyword.name == name) {
            Some(keyword) => {
                described.insert(name.clone(), described_one(keyword));
            }
            None => unknown.push(name),
        }
    }
    (described, unknown)
}

fn described_one(keyword: &Keyword) -> Json {
    let named = [
        (ScopeKind::Play, "Play"),
        (ScopeKind::Role, "Role"),
        (ScopeKind::Block, "Block"),
        (ScopeKind::Task, "Task"),
        (ScopeKind::Handler, "Handler"),
    ];
    let places: Vec<&str> = named.iter().filter(|(kind, _)| keyword.is_on(*kind)).map(|(_, name)| *name).collect();
    let template = match (keyword.templated, keyword.kind) {
        (Templated::Never, _) => "static",
        (_, KeywordKind::Condition) => "implicit",
        _ => "explicit",
    };
    let priority = if READ_FIRST.contains(&keyword.name) { 100 } else { 0 };
    json!({"applies_to": places, "priority": priority, "template": template, "type": kind(keyword)})
}

fn kind(keyword: &Keyword) -> &'static str {
    match keyword.kind {
        KeywordKind::Any if ["loop", "tags"].contains(&keyword.name) => "list",
        KeywordKind::DictList if keyword.name == "vars" => "dict",
        KeywordKind::Bool => "bool",
        KeywordKind::Int => "int",
        KeywordKind::Float => "float",
        KeywordKind::Percent => "percent",
        KeywordKind::Str | KeywordKind::Choice(_) | KeywordKind::Any => "string",
        KeywordKind::Dict => "dict",
        KeywordKind::List
        | KeywordKind::StrList
        | KeywordKind::DictList
        | KeywordKind::Condition
        | KeywordKind::Tasks => "list",
    }
}
