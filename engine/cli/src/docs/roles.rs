//! Roles that say what their arguments are, in `meta/argument_specs.yml` or `meta/main.yml`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use kapell_parsing::yaml::{self, LoadOptions};
use kapell_parsing::{Diagnostic, Map, Trust, Value, VaultSecrets};
use serde_json::{Value as Json, json};

use super::markup::{plain, wrapped};
use super::option_text::{self, Layout, paragraphs};

pub(crate) struct DescribedRole {
    /// With its collection in front.
    pub name: String,
    collection: Option<String>,
    /// Where the role is, or its collection.
    path: PathBuf,
    /// Entry point -> what it takes.
    specs: Map,
}

/// All roles with a specification, by name: those below `dirs`, of which the first of a name counts, and those of collections.
pub(crate) fn find(
    dirs: &[PathBuf],
    collections: &BTreeMap<String, PathBuf>,
    warnings: &mut Vec<Diagnostic>,
) -> BTreeMap<String, DescribedRole> {
    let mut found = BTreeMap::new();
    for dir in dirs {
        for (name, path) in roles_in(dir) {
            if found.contains_key(&name) {
                continue;
            }
            let Some(specs) = specs(&path, warnings) else { continue };
            found.insert(name.clone(), DescribedRole { name, collection: None, path, specs });
        }
    }
    for (collection, dir) in collections {
        for (short, path) in roles_in(&dir.join("roles")) {
            let Some(specs) = specs(&path, warnings) else { continue };
            let name = format!("{collection}.{short}");
            let role = DescribedRole { name, collection: Some(collection.clone()), path: dir.clone(), specs };
            found.insert(role.name.clone(), role);
        }
    }
    found
}

fn roles_in(dir: &Path) -> Vec<(String, PathBuf)> {
    let entries = fs_err::read_dir(dir).into_iter().flatten().flatten();
    let mut roles: Vec<(String, PathBuf)> = entries
        .map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.path()))
        .filter(|(_, path)| path.join("meta").is_dir())
        .collect();
    roles.sort();
    roles
}

/// What is there of `argument_specs`, in the first file that has it.
fn specs(role: &Path, warnings: &mut Vec<Diagnostic>) -> Option<Map> {
    let vault = VaultSecrets::default();
    let options = LoadOptions { trust: Trust::Untrusted, vault: &vault };
    for name in ["argument_specs.yml", "argument_specs.yaml", "main.yml", "main.yaml"] {
        let path = role.join("meta").join(name);
        if !path.is_file() {
            continue;
        }
        match yaml::load_file(&path, &options, &mut Vec::new()) {
            Ok(content) => {
                if let Some(Value::Map(specs)) = content.get("argument_specs") {
                    return Some(Map::clone(specs));
                }
            }
            Err(error) => warnings.push(Diagnostic::warning(error.message).at(error.origin.as_ref())),
        }
    }
    None
}

impl DescribedRole {
    /// Entry points and the first words about each; only `entry_point`, if there is one.
    fn entry_points(&self, entry_point: Option<&str>) -> Vec<(String, &Value)> {
        let all = self.specs.iter().map(|(name, spec)| (name.to_string(), spec));
        all.filter(|(name, _)| entry_point.is_none_or(|wanted| wanted == name)).collect()
    }

    pub(crate) fn json(&self, entry_point: Option<&str>) -> Option<Json> {
        let entry_points = self.entry_points(entry_point);
        if entry_points.is_empty() {
            return None;
        }
        let specs: serde_json::Map<String, Json> =
            entry_points.into_iter().map(|(name, spec)| (name, spec.to_json())).collect();
        Some(json!({"collection": self.collection, "entry_points": specs, "path": self.path.display().to_string()}))
    }

    pub(crate) fn text(&self, entry_point: Option<&str>, width: usize) -> Option<String> {
        let entry_points = self.entry_points(entry_point);
        if entry_points.is_empty() {
            return None;
        }
        let mut text = format!("> ROLE: *{}* ({})\n", self.name, self.path.display());
        for (name, spec) in entry_points {
            let about = spec.get("short_description").map(|about| format!(" - {about}")).unwrap_or_default();
            text.push_str(&format!("\nENTRY POINT: *{name}*{about}\n\n"));
            if spec.get("description").is_some() {
                for paragraph in paragraphs(spec.get("description")) {
                    let indent = " ".repeat(10);
                    text.push_str(&format!("{}\n", wrapped(&paragraph, width, &indent, &indent)));
                }
                text.push('\n');
            }
            if let Some(options) = spec.get("options").and_then(Value::as_map).filter(|options| !options.is_empty()) {
                text.push_str("Options (= indicates it is required):\n");
                option_text::push(&mut text, options, Layout { width, margin: 0, fields: 10, defaults: true });
            }
            if let Some(author) = spec.get("author") {
                let authors =
                    author.as_list().map(|all| all.iter().map(Value::to_string).collect::<Vec<_>>().join(", "));
                text.push_str(&format!("\nAUTHOR: {}\n", plain(&authors.unwrap_or_else(|| author.to_string()))));
            }
        }
        Some(text.trim_end().to_owned())
    }
}

/// Names, and what their entry points are for.
pub(crate) fn list(roles: &[&DescribedRole]) -> String {
    let names = roles.iter().flat_map(|role| role.entry_points(None)).map(|(name, _)| name.chars().count());
    let width = names.max().unwrap_or(0);
    let mut text = String::new();
    for role in roles {
        text.push_str(&format!("{}:\n  specs:\n", role.name));
        for (name, spec) in role.entry_points(None) {
            text.push_str(&format!("    {name:<width$}: {}\n", short_description(spec)));
        }
    }
    text.trim_end_matches('\n').to_owned()
}

pub(crate) fn list_json(roles: &[&DescribedRole]) -> Json {
    let described = roles.iter().map(|role| {
        let entry_points: serde_json::Map<String, Json> =
            role.entry_points(None).into_iter().map(|(name, spec)| (name, short_description(spec).into())).collect();
        (role.name.clone(), json!({"description": "UNDOCUMENTED", "entry_points": entry_points}))
    });
    Json::Object(described.collect())
}

fn short_description(spec: &Value) -> String {
    spec.get("short_description").map(ToString::to_string).unwrap_or_default()
}
