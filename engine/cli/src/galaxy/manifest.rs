//! `MANIFEST.json`, `FILES.json` and `galaxy.yml`: what a collection says of itself.

use std::path::Path;

use kapell_parsing::yaml::{self, LoadOptions};
use kapell_parsing::{Diagnostic, Trust, Value, VaultSecrets};
use serde_json::{Map, Value as Json, json};
use sha2::{Digest, Sha256};

use super::version::Constraint;
use crate::refusal::Refusal;

/// The keys of `galaxy.yml`: name, kind, whether it must be there. In the order of `MANIFEST.json`.
const KEYS: &[(&str, Kind, bool)] = &[
    ("namespace", Kind::Text, true),
    ("name", Kind::Text, true),
    ("version", Kind::Text, true),
    ("authors", Kind::List, true),
    ("readme", Kind::Text, true),
    ("tags", Kind::List, false),
    ("description", Kind::Text, false),
    ("license", Kind::List, false),
    ("license_file", Kind::Text, false),
    ("dependencies", Kind::Map, false),
    ("repository", Kind::Text, false),
    ("documentation", Kind::Text, false),
    ("homepage", Kind::Text, false),
    ("issues", Kind::Text, false),
];
/// Only about building.
const BUILD_KEYS: &[&str] = &["build_ignore", "manifest"];

#[derive(Clone, Copy)]
enum Kind {
    Text,
    List,
    Map,
}

/// A collection's `galaxy.yml`.
pub(crate) struct GalaxyYml {
    /// As `MANIFEST.json` has it under `collection_info`.
    pub info: Map<String, Json>,
    pub build_ignore: Vec<String>,
    /// `manifest`: whether it is there, `omit_default_directives`, `directives`.
    pub manifest: Option<(bool, Vec<String>)>,
}

impl GalaxyYml {
    pub(crate) fn read(path: &Path, warnings: &mut Vec<Diagnostic>) -> Result<Self, Refusal> {
        let shown = path.display();
        if !path.is_file() {
            return Err(Diagnostic::error(format!("The collection galaxy.yml path '{shown}' does not exist.")).into());
        }
        let options = LoadOptions { trust: Trust::Untrusted, vault: &VaultSecrets::default() };
        let loaded = yaml::load_file(path, &options, warnings).map_err(Refusal::from)?;
        let Some(map) = loaded.as_map() else {
            return Err(
                Diagnostic::error(format!("The collection galaxy.yml at '{shown}' is incorrectly formatted.")).into()
            );
        };
        let mut missing: Vec<&str> =
            KEYS.iter().filter(|(key, _, must)| *must && !map.contains_key(*key)).map(|(key, ..)| *key).collect();
        missing.sort_unstable();
        if !missing.is_empty() {
            let message = format!(
                "The collection galaxy.yml at '{shown}' is missing the following mandatory keys: {}",
                missing.join(", ")
            );
            return Err(Diagnostic::error(message).into());
        }
        let known = |key: &str| BUILD_KEYS.contains(&key) || KEYS.iter().any(|(known, ..)| *known == key);
        let mut unknown: Vec<String> = map.keys().map(ToString::to_string).filter(|key| !known(key)).collect();
        unknown.sort();
        if !unknown.is_empty() {
            let message = format!("Found unknown keys in collection galaxy.yml at '{shown}': {}", unknown.join(", "));
            warnings.push(Diagnostic::warning(message));
        }
        let build_ignore = texts(map.get("build_ignore"));
        let manifest = map.get("manifest").map(|manifest| {
            let omit = manifest.get("omit_default_directives").is_some_and(Value::is_truthy);
            (omit, texts(manifest.get("directives")))
        });
        if manifest.is_some() && !build_ignore.is_empty() {
            return Err(Diagnostic::error("'build_ignore' and 'manifest' are mutually exclusive").into());
        }
        let info = KEYS.iter().map(|(key, kind, _)| ((*key).to_owned(), value(map.get(*key), *kind))).collect();
        Ok(Self { info, build_ignore, manifest })
    }

    pub(crate) fn text(&self, key: &str) -> &str {
        self.info.get(key).and_then(Json::as_str).unwrap_or_default()
    }

    /// `namespace.name`.
    pub(crate) fn full_name(&self) -> String {
        format!("{}.{}", self.text("namespace"), self.text("name"))
    }
}

fn texts(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::List(items)) => items.iter().map(Value::to_string).collect(),
        None | Some(Value::Null) => Vec::new(),
        Some(one) => vec![one.to_string()],
    }
}

fn value(value: Option<&Value>, kind: Kind) -> Json {
    match (kind, value) {
        (Kind::Text, None | Some(Value::Null)) => Json::Null,
        (Kind::Text, Some(text)) => match text.to_string() {
            empty if empty.is_empty() => Json::Null,
            text => Json::String(text),
        },
        (Kind::List, value) => Json::from(texts(value)),
        (Kind::Map, value) => {
            let entries = value.and_then(Value::as_map).into_iter().flatten();
            Json::Object(entries.map(|(key, value)| (key.to_string(), Json::String(value.to_string()))).collect())
        }
    }
}

/// The two files that lead an archive: `MANIFEST.json` and `FILES.json`, byte for byte as they are written.
pub(crate) fn documents(info: &Map<String, Json>, files: Vec<Json>) -> (String, String) {
    let files = indented(&json!({"files": files, "format": 1}));
    let manifest = indented(&json!({
        "collection_info": info,
        "file_manifest_file": {
            "name": "FILES.json",
            "ftype": "file",
            "chksum_type": "sha256",
            "chksum_sha256": sha256(files.as_bytes()),
            "format": 1,
        },
        "format": 1,
    }));
    (manifest, files)
}

/// One entry of `FILES.json`; a directory has no sum.
pub(crate) fn file_entry(name: &str, sum: Option<&str>) -> Json {
    let kind = if sum.is_some() { "file" } else { "dir" };
    json!({"name": name, "ftype": kind, "chksum_type": sum.map(|_| "sha256"), "chksum_sha256": sum, "format": 1})
}

/// One blank a level.
fn indented(value: &Json) -> String {
    let mut out = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(b" ");
    let mut serializer = serde_json::Serializer::with_formatter(&mut out, formatter);
    let written = serde::Serialize::serialize(value, &mut serializer);
    debug_assert!(written.is_ok(), "writing to memory");
    String::from_utf8(out).unwrap_or_default()
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What a `MANIFEST.json` says of its collection.
#[derive(Clone, Debug)]
pub(crate) struct Described {
    pub full_name: String,
    pub version: String,
    pub dependencies: Vec<(String, Constraint)>,
    /// The sum of `FILES.json`.
    pub files_sum: String,
}

pub(crate) fn describe(manifest: &[u8]) -> Result<Described, String> {
    let json: Json = serde_json::from_slice(manifest).map_err(|error| format!("MANIFEST.json is no JSON: {error}"))?;
    let info = json.get("collection_info").ok_or("MANIFEST.json has no 'collection_info'")?;
    let text = |key: &str| info.get(key).and_then(Json::as_str).unwrap_or_default().to_owned();
    let full_name = format!("{}.{}", text("namespace"), text("name"));
    if !is_full_name(&full_name) {
        return Err(format!("MANIFEST.json names no collection: '{full_name}'"));
    }
    let sum = json.pointer("/file_manifest_file/chksum_sha256").and_then(Json::as_str).unwrap_or_default();
    Ok(Described {
        full_name,
        version: text("version"),
        dependencies: dependencies(info.get("dependencies")),
        files_sum: sum.to_owned(),
    })
}

pub(crate) fn dependencies(map: Option<&Json>) -> Vec<(String, Constraint)> {
    let entries = map.and_then(Json::as_object).into_iter().flatten();
    entries.map(|(name, wanted)| (name.clone(), Constraint::parse(wanted.as_str().unwrap_or("*")))).collect()
}

/// `namespace.name`, both of letters, digits and underscores.
pub(crate) fn is_full_name(name: &str) -> bool {
    let is_word = |word: &str| {
        word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && word.starts_with(|c: char| !c.is_ascii_digit())
    };
    name.split_once('.').is_some_and(|(namespace, name)| is_word(namespace) && is_word(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_laid_out_as_galaxy_expects_them() {
        let info = Map::from_iter([("namespace".to_owned(), json!("a")), ("name".to_owned(), json!("b"))]);
        let (manifest, files) = documents(&info, vec![file_entry(".", None)]);
        assert!(files.starts_with(
            "{\n \"files\": [\n  {\n   \"name\": \".\",\n   \"ftype\": \"dir\",\n   \"chksum_type\": null"
        ));
        let described = describe(manifest.as_bytes()).unwrap();
        assert_eq!((described.full_name.as_str(), described.files_sum), ("a.b", sha256(files.as_bytes())));
    }

    #[test]
    fn names_of_collections() {
        assert!(is_full_name("ns.col_1"));
        for name in ["ns", "ns.c-ol", "a.b.c", "1a.b", ".b", "../x.y"] {
            assert!(!is_full_name(name), "{name}");
        }
    }
}
