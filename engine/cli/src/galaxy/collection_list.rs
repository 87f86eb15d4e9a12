//! `collection list`: names and versions of the collections in each directory.

use std::collections::BTreeMap;
use std::path::PathBuf;

use kapell_callback::{Color, Display};
use kapell_parsing::Diagnostic;
use serde_json::{Map, Value as Json, json};

use super::installed::{Installed, collections_dir, installed_in};
use crate::refusal::Refusal;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    #[default]
    Human,
    Json,
    Yaml,
}

/// Of all `paths`, or one collection of them. `given`: those of the command line, which should be there.
pub(crate) fn list(
    name: Option<&str>,
    paths: &[PathBuf],
    given: &[PathBuf],
    format: Format,
    display: &Display,
    warnings: &mut Vec<Diagnostic>,
) -> Result<(), Refusal> {
    if let Some(name) = name.filter(|name| !super::manifest::is_full_name(name)) {
        let message = format!(
            "Invalid collection name '{name}', name must be in the format <namespace>.<collection>. \nPlease make sure \
             namespace and collection name contains characters from [a-zA-Z0-9_] only.\n"
        );
        return Err(Diagnostic::error(message).into());
    }
    let mut found: BTreeMap<PathBuf, Vec<Installed>> = BTreeMap::new();
    for path in paths {
        if !path.exists() {
            if given.contains(path) {
                let message = format!("- the configured path {} does not exist.", path.display());
                warnings.push(Diagnostic::warning(message));
            }
            continue;
        }
        let mut installed = installed_in(path);
        installed.retain(|installed| name.is_none_or(|name| installed.full_name == name));
        if !installed.is_empty() {
            found.insert(collections_dir(path), installed);
        }
    }
    let text = match format {
        Format::Human => found.iter().map(|(path, installed)| table(path, installed)).collect::<Vec<_>>().join("\n"),
        Format::Json => as_json(&found).to_string(),
        Format::Yaml => yaml(&found),
    };
    if !text.is_empty() {
        let text = if format == Format::Json { spaced(&text) } else { text };
        display.out(&text, Color::Plain);
    }
    Ok(())
}

fn table(path: &std::path::Path, installed: &[Installed]) -> String {
    let width = |texts: &mut dyn Iterator<Item = usize>, least| texts.chain([least]).max().unwrap_or(least);
    let names = width(&mut installed.iter().map(|c| c.full_name.len()), "Collection".len());
    let versions = width(&mut installed.iter().map(|c| c.version.len()), "Version".len());
    let mut text = format!("\n# {}\n{:<names$} {:<versions$}\n", path.display(), "Collection", "Version");
    text.push_str(&format!("{} {}", "-".repeat(names), "-".repeat(versions)));
    for collection in installed {
        text.push_str(&format!("\n{:<names$} {:<versions$}", collection.full_name, collection.version));
    }
    text
}

fn as_json(found: &BTreeMap<PathBuf, Vec<Installed>>) -> Json {
    let of_path = |installed: &Vec<Installed>| {
        installed.iter().map(|c| (c.full_name.clone(), json!({"version": c.version}))).collect::<Map<_, _>>()
    };
    found.iter().map(|(path, installed)| (path.display().to_string(), Json::Object(of_path(installed)))).collect()
}

/// As Python's `json.dumps` writes it: a blank behind commas and colons that are not in texts.
fn spaced(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    let (mut in_text, mut escaped) = (false, false);
    for c in text.chars() {
        out.push(c);
        match c {
            '"' if !escaped => in_text = !in_text,
            ',' | ':' if !in_text => out.push(' '),
            _ => {}
        }
        escaped = c == '\\' && !escaped;
    }
    out
}

fn yaml(found: &BTreeMap<PathBuf, Vec<Installed>>) -> String {
    let of_path = |(path, installed): (&PathBuf, &Vec<Installed>)| {
        let lines = installed.iter().map(|c| format!("\n  {}:\n    version: {}", c.full_name, quoted(&c.version)));
        format!("{}:{}", path.display(), lines.collect::<String>())
    };
    if found.is_empty() { "{}".into() } else { found.iter().map(of_path).collect::<Vec<_>>().join("\n") }
}

/// What YAML would take for something else than text is quoted.
fn quoted(version: &str) -> String {
    let is_plain =
        version.matches('.').count() > 1 && version.chars().all(|c| c.is_alphanumeric() || ".-+".contains(c));
    if is_plain { version.to_owned() } else { format!("'{version}'") }
}
