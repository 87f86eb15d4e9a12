//! Plugins in files, as they describe themselves: in a Python file's texts or a YAML file beside it.

use std::path::{Path, PathBuf};

use kapell_executor::ModuleLibrary;
use kapell_parsing::yaml::{self, LoadOptions};
use kapell_parsing::{Map, SourceFile, Trust, Value, VaultSecrets};
use serde_json::{Value as Json, json};

use super::markup::{plain, wrapped};
use super::option_text::{self, Layout, paragraphs};
use super::python_literals;

pub(crate) struct DescribedPlugin {
    /// With its collection in front, if it is in one.
    pub name: String,
    kind: String,
    path: PathBuf,
    doc: Map,
    examples: Option<String>,
    returns: Value,
}

impl DescribedPlugin {
    /// What the file of a plugin says; `None` where it says nothing that can be read.
    pub(crate) fn read(library: &ModuleLibrary, kind: &str, name: &str, path: &Path) -> Option<Self> {
        let mut texts = Texts::read(path)?;
        if let Some(fragments) = texts.doc.shift_remove("extends_documentation_fragment") {
            let names = fragments
                .as_list()
                .map_or_else(|| vec![fragments.to_string()], |all| all.iter().map(Value::to_string).collect());
            for fragment in names {
                extend(&mut texts.doc, library, &fragment);
            }
        }
        let Texts { doc, examples, returns } = texts;
        Some(Self { name: name.to_owned(), kind: kind.to_owned(), path: path.to_owned(), doc, examples, returns })
    }

    pub(crate) fn short_description(&self) -> String {
        self.doc.get("short_description").map(|text| plain(&text.to_string())).unwrap_or_default()
    }

    pub(crate) fn json(&self) -> Json {
        let (collection, short) = self.name.rsplit_once('.').unwrap_or(("", &self.name));
        let collection = collection.split('.').take(2).collect::<Vec<_>>().join(".");
        let mut doc = Value::map(self.doc.clone()).to_json();
        if let Json::Object(fields) = &mut doc {
            if fields.contains_key("version_added") {
                fields.insert("version_added_collection".into(), collection.clone().into());
            }
            fields.insert("collection".into(), collection.into());
            fields.insert("filename".into(), self.path.display().to_string().into());
            fields.insert("plugin_name".into(), self.name.clone().into());
            if self.kind == "module" {
                fields.insert("has_action".into(), false.into());
                fields.insert("module".into(), short.into());
            } else {
                fields.insert("plugin_type".into(), self.kind.clone().into());
            }
        }
        json!({"doc": doc, "examples": self.examples, "metadata": null, "return": self.returns.to_json()})
    }

    pub(crate) fn text(&self, width: usize) -> String {
        let mut text = format!("> {} {} ({})\n\n", self.kind.to_uppercase(), self.name, self.path.display());
        for paragraph in paragraphs(self.doc.get("description")) {
            text.push_str(&format!("{}\n", wrapped(&paragraph, width, "  ", "  ")));
        }
        let layout = Layout { width, margin: 0, fields: 8, defaults: true };
        if let Some(options) = self.doc.get("options").and_then(Value::as_map).filter(|options| !options.is_empty()) {
            text.push_str("\nOPTIONS (= indicates it is required):\n");
            option_text::push(&mut text, options, layout);
        }
        for (title, field) in [("NOTES", "notes"), ("SEE ALSO", "seealso")] {
            if let Some(items) = self.doc.get(field).and_then(Value::as_list) {
                text.push_str(&format!("\n{title}:\n"));
                for item in items {
                    text.push_str(&format!("{}\n", wrapped(&noted(item), width, "      * ", "        ")));
                }
            }
        }
        for (title, field) in [("REQUIREMENTS", "requirements"), ("AUTHOR", "author")] {
            if let Some(value) = self.doc.get(field) {
                let separator = if field == "author" { ", " } else { "; " };
                let all =
                    value.as_list().map(|all| all.iter().map(Value::to_string).collect::<Vec<_>>().join(separator));
                text.push_str(&format!("\n{title}: {}\n", plain(&all.unwrap_or_else(|| value.to_string()))));
            }
        }
        if let Some(examples) = &self.examples {
            text.push_str(&format!("\nEXAMPLES:\n{}\n", examples.trim_matches('\n')));
        }
        if let Some(returns) = self.returns.as_map().filter(|returns| !returns.is_empty()) {
            text.push_str("\nRETURN VALUES:\n");
            option_text::push(&mut text, returns, Layout { defaults: false, ..layout });
        }
        text.trim_end().to_owned()
    }

    /// A task to start from.
    pub(crate) fn snippet(&self) -> String {
        let short = self.name.rsplit('.').next().unwrap_or(&self.name);
        let mut text = format!("- name: {}\n  {}:", self.short_description(), self.name);
        let mut options: Vec<(String, &Value)> = match self.doc.get("options").and_then(Value::as_map) {
            Some(options) => options.iter().map(|(name, option)| (name.to_string(), option)).collect(),
            None => Vec::new(),
        };
        if self.kind != "module" {
            text = format!("{}: {short}", self.kind);
        }
        let is_required = |option: &Value| option.get("required").and_then(Value::to_bool_loose).unwrap_or(false);
        options.sort_by_key(|(name, option)| (!is_required(option), name.clone()));
        for (name, option) in options {
            let required = if is_required(option) { "(required) " } else { "" };
            let about = paragraphs(option.get("description")).join(" ");
            text.push_str(&format!("\n      {:<23}# {required}{about}", format!("{name}:")));
        }
        text
    }
}

fn noted(item: &Value) -> String {
    let named = |key: &str| item.get(key).map(ToString::to_string);
    if let Some(module) = named("module") {
        return format!("Module {module}");
    }
    let name = named("plugin").or_else(|| named("name")).or_else(|| named("ref"));
    let about = named("description").map(|about| format!(": {}", plain(&about))).unwrap_or_default();
    name.map_or_else(|| plain(&item.to_string()), |name| format!("{name}{about}"))
}

/// Adds what a fragment (`name`, `ns.collection.name`, each with `.PART`) has and the plugin does not say itself.
fn extend(doc: &mut Map, library: &ModuleLibrary, fragment: &str) {
    let parts: Vec<&str> = fragment.split('.').collect();
    let (name, part) = match parts.as_slice() {
        [_, _, _, part] => (parts[..3].join("."), *part),
        [name, part] => ((*name).to_owned(), *part),
        _ => (fragment.to_owned(), "DOCUMENTATION"),
    };
    let Some((_, path)) = library.plugin_in_file("doc_fragments", &name) else { return };
    let Ok(source) = fs_err::read_to_string(&path) else { return };
    let text = python_literals::assigned(&source, &part.to_uppercase());
    let Some(Value::Map(fragment)) = text.and_then(|text| parsed(&path, &text)) else { return };
    for (key, theirs) in fragment.iter() {
        let merged = match (doc.get(key), theirs) {
            (Some(Value::Map(own)), Value::Map(theirs)) => {
                let mut all = Map::clone(theirs);
                all.extend(own.iter().map(|(key, value)| (key.clone(), value.clone())));
                Value::map(all)
            }
            (Some(Value::List(own)), Value::List(theirs)) => {
                Value::list(own.iter().chain(theirs.iter()).cloned().collect())
            }
            (Some(own), _) => own.clone(),
            (None, theirs) => theirs.clone(),
        };
        doc.insert(key.clone(), merged);
    }
}

/// What a file has of descriptions.
struct Texts {
    doc: Map,
    examples: Option<String>,
    returns: Value,
}

impl Texts {
    fn read(path: &Path) -> Option<Self> {
        let beside = ["yml", "yaml"].map(|ending| path.with_extension(ending)).into_iter().find(|file| file.is_file());
        if let Some(file) = beside {
            let source = fs_err::read_to_string(&file).ok()?;
            let content = parsed(&file, &source)?;
            let text = |name: &str| content.get(name).filter(|value| !value.is_null()).cloned();
            let Some(Value::Map(doc)) = text("DOCUMENTATION") else { return None };
            let examples = text("EXAMPLES").map(|examples| examples.to_string());
            return Some(Self { doc: Map::clone(&doc), examples, returns: text("RETURN").unwrap_or(Value::Null) });
        }
        let source = fs_err::read_to_string(path).ok()?;
        let text = |name: &str| python_literals::assigned(&source, name);
        let Some(Value::Map(doc)) = text("DOCUMENTATION").and_then(|text| parsed(path, &text)) else { return None };
        let returns = text("RETURN").and_then(|text| parsed(path, &text)).unwrap_or(Value::Null);
        Some(Self { doc: Map::clone(&doc), examples: text("EXAMPLES"), returns })
    }
}

fn parsed(path: &Path, text: &str) -> Option<Value> {
    let vault = VaultSecrets::default();
    let options = LoadOptions { trust: Trust::Untrusted, vault: &vault };
    yaml::load(&SourceFile::new(path, text), &options, &mut Vec::new()).ok()
}
