//! `--extra-vars`: key=value pairs, YAML, JSON and files, later ones over earlier ones.

use std::path::Path;

use kapell_config::HashBehaviour;
use kapell_executor::variables::combine;
use kapell_parsing::yaml::{self, LoadOptions};
use kapell_parsing::{Diagnostic, Key, Map, Origin, SourceFile, Text, Trust, Value, VaultSecrets, kv};
use kapell_playbook::is_reserved;

use crate::refusal::Refusal;

/// All `texts` merged.
pub(crate) fn load(
    texts: &[String],
    vault: &VaultSecrets,
    behaviour: HashBehaviour,
    warnings: &mut Vec<Diagnostic>,
) -> Result<Map, Refusal> {
    let mut merged = Map::new();
    for text in texts {
        combine(&mut merged, &load_one(text, vault, warnings)?, behaviour);
    }
    Ok(merged)
}

/// Warnings of variables whose names are keywords or functions of templates. Their values are nobody's business.
pub(crate) fn reserved(extra_vars: &Map) -> Vec<Diagnostic> {
    let names = extra_vars.keys().filter_map(Key::as_str).filter(|name| is_reserved(name));
    names.map(|name| Diagnostic::warning(format!("Found variable using reserved name '{name}'."))).collect()
}

fn load_one(text: &str, vault: &VaultSecrets, warnings: &mut Vec<Diagnostic>) -> Result<Map, Refusal> {
    let options = LoadOptions { trust: Trust::Trusted, vault };
    let source = SourceFile::new("<extra vars>", text);
    let trimmed = text.trim_start();
    let value = if let Some(path) = trimmed.strip_prefix('@') {
        yaml::load_file(path.as_ref(), &options, warnings).map_err(|error| match Path::new(path).exists() {
            true => Refusal::content(error),
            false => error.into(),
        })?
    } else if trimmed.starts_with(['{', '[']) {
        yaml::load(&source, &options, warnings).map_err(Refusal::content)?
    } else {
        let origin = Origin::new(source, 1, 1);
        Value::map(kv::parse(&Text::trusted(text, Some(origin)))?.pairs)
    };
    match value {
        Value::Null => Ok(Map::new()),
        Value::Map(map) => Ok(map.as_ref().clone()),
        other => Err(Refusal::options(format!(
            "Invalid extra vars data supplied. '{text}' could not be made into a dictionary, it is a {}",
            other.type_name()
        ))),
    }
}
