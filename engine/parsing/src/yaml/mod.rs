//! Files of YAML (or JSON) as Ansible reads them: PyYAML's YAML 1.1 types and merge keys, Ansible's tags, a place on every string.

mod compose;
mod hint;
mod mapping;
mod number;
mod scalar;
mod tag;
mod timestamp;

use std::path::Path;
use std::sync::Arc;

use crate::{Diagnostic, SourceFile, Trust, Value, VaultSecrets, json_value, vault};

/// Collections may be nested this deep, aliases followed.
pub const MAX_DEPTH: usize = 512;
/// This many nodes may come out of aliases, however they multiply.
pub const MAX_ALIASED_NODES: usize = 1_000_000;

/// How texts are marked, and what `!vault` scalars are opened with.
#[derive(Clone, Copy, Debug)]
pub struct LoadOptions<'a> {
    pub trust: Trust,
    pub vault: &'a VaultSecrets,
}

/// The one document of `source`, JSON if it is that; `Null` when there is none. More than one is an error, as it is in
/// Ansible.
/// Duplicate keys are reported as warnings, the last one counts.
pub fn load(
    source: &Arc<SourceFile>,
    options: &LoadOptions,
    warnings: &mut Vec<Diagnostic>,
) -> Result<Value, Diagnostic> {
    one_document(&source.text, source, options, warnings)
}

/// All documents of `source`.
pub fn load_all(
    source: &Arc<SourceFile>,
    options: &LoadOptions,
    warnings: &mut Vec<Diagnostic>,
) -> Result<Vec<Value>, Diagnostic> {
    compose::documents(&source.text, source, options, warnings, usize::MAX)
}

/// Reads the file at `path`, decrypts it when it is vault data, and loads its one document. All strings of a decrypted
/// file are secret, and no diagnostic shows its lines.
pub fn load_file(path: &Path, options: &LoadOptions, warnings: &mut Vec<Diagnostic>) -> Result<Value, Diagnostic> {
    let data = fs_err::read(path).map_err(|error| Diagnostic::error(error.to_string()))?;
    if !vault::is_encrypted(&data) {
        return load(&SourceFile::new(path, decode(path, data, warnings)), options, warnings);
    }
    let plain = vault::decrypt(&data, options.vault)
        .map_err(|error| Diagnostic::error(format!("cannot read '{}': {error}", path.display())))?;
    let text = decode(path, plain, warnings);
    let without_lines = SourceFile::new(path, "");
    let value = one_document(&text, &without_lines, options, warnings)?;
    options.vault.opened().note_all(&value);
    Ok(value.with_secret())
}

fn one_document(
    text: &str,
    source: &Arc<SourceFile>,
    options: &LoadOptions,
    warnings: &mut Vec<Diagnostic>,
) -> Result<Value, Diagnostic> {
    if let Some(json) = json_value::of_file(text, source, options.trust, options.vault) {
        return json;
    }
    Ok(compose::documents(text, source, options, warnings, 1)?.into_iter().next().unwrap_or(Value::Null))
}

fn decode(path: &Path, data: Vec<u8>, warnings: &mut Vec<Diagnostic>) -> String {
    String::from_utf8(data).unwrap_or_else(|error| {
        let message = format!("'{}' is not UTF-8: bytes that could not be read were replaced", path.display());
        warnings.push(Diagnostic::warning(message).hint("save the file as UTF-8"));
        String::from_utf8_lossy(error.as_bytes()).into_owned()
    })
}

#[cfg(test)]
mod tests;
