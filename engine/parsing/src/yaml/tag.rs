//! YAML's own tags (`!!int`, `!!set`, …) and Ansible's (`!vault`, `!unsafe`).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::scalar::{self, Scalar};
use super::{number, timestamp};
use crate::{Diagnostic, Origin, Trust, Value, vault};

const CORE: &str = "tag:yaml.org,2002:";
/// For the hint of a mistyped tag.
const KNOWN: [&str; 5] = ["!vault", "!unsafe", "!!str", "!!int", "!!binary"];

/// The value of a scalar with its tag, if it has one.
pub(super) fn construct_scalar(
    scalar: &Scalar,
    tag: Option<&str>,
    warnings: &mut Vec<Diagnostic>,
) -> Result<Value, Diagnostic> {
    let Some(tag) = tag else {
        return Ok(if scalar.plain { scalar.resolve() } else { Value::Str(scalar.as_text()) });
    };
    match tag.strip_prefix(CORE).unwrap_or(tag) {
        "!" if scalar.plain => Ok(scalar.resolve()),
        "!" | "str" | "value" | "python/unicode" => Ok(Value::Str(scalar.as_text())),
        "null" => Ok(Value::Null),
        "bool" => checked(scalar::boolean(scalar.text).map(Value::Bool), scalar, "a boolean"),
        "int" => checked(number::int(scalar.text), scalar, "an integer"),
        "float" => checked(any_float(scalar.text).map(Value::Float), scalar, "a float"),
        "binary" => checked(binary(scalar, warnings), scalar, "base64"),
        "timestamp" => {
            let iso = timestamp::iso(scalar.text).map(|iso| Value::Str(scalar.text_of(&iso).as_moment()));
            checked(iso, scalar, "a timestamp")
        }
        "!unsafe" => Ok(scalar.resolve().with_trust(Trust::Untrusted)),
        "!vault" => Ok(decrypted(scalar)),
        "!vault-encrypted" => {
            warnings.push(vault_encrypted_is_old(scalar.origin));
            Ok(decrypted(scalar))
        }
        _ => Err(unknown(tag, scalar.origin)),
    }
}

/// What the tag of a list or mapping asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum CollectionTag {
    None,
    Unsafe,
    Set,
    Pairs,
}

impl CollectionTag {
    pub(super) fn of(
        tag: Option<&str>,
        sequence: bool,
        origin: &Origin,
        warnings: &mut Vec<Diagnostic>,
    ) -> Result<Self, Diagnostic> {
        let Some(tag) = tag else { return Ok(Self::None) };
        match (tag.strip_prefix(CORE).unwrap_or(tag), sequence) {
            ("!", _) | ("seq", true) | ("map" | "python/dict", false) => Ok(Self::None),
            ("!unsafe", _) => Ok(Self::Unsafe),
            ("set", false) => Ok(Self::Set),
            (name @ ("omap" | "pairs"), true) => {
                let message = format!("the YAML tag `!!{name}` is deprecated");
                warnings.push(
                    Diagnostic::deprecation(message).at(Some(origin)).hint("use a mapping, which keeps its order"),
                );
                Ok(Self::Pairs)
            }
            ("!vault" | "!vault-encrypted", _) => {
                Err(Diagnostic::error(format!("the tag `{tag}` needs a text")).at(Some(origin)))
            }
            (known, _) if tag.starts_with(CORE) && is_core(known) => {
                let kind = if sequence { "list" } else { "mapping" };
                Err(Diagnostic::error(format!("the tag `!!{known}` does not fit a {kind}")).at(Some(origin)))
            }
            _ => Err(unknown(tag, origin)),
        }
    }

    /// The finished value of a collection with this tag.
    pub(super) fn apply(self, value: Value, origin: &Origin) -> Result<Value, Diagnostic> {
        match (self, &value) {
            (Self::Set, Value::Map(map)) => Ok(Value::list(map.keys().map(key_value).collect())),
            (Self::Pairs, Value::List(items)) => {
                items.iter().map(|item| pair(item, origin)).collect::<Result<Vec<_>, _>>().map(Value::list)
            }
            _ => Ok(value),
        }
    }
}

fn is_core(name: &str) -> bool {
    matches!(
        name,
        "str" | "int" | "float" | "bool" | "null" | "binary" | "timestamp" | "seq" | "map" | "set" | "omap" | "pairs"
    )
}

fn pair(item: &Value, origin: &Origin) -> Result<Value, Diagnostic> {
    match item.as_map().filter(|map| map.len() == 1).and_then(|map| map.first()) {
        Some((key, value)) => Ok(Value::list(vec![key_value(key), value.clone()])),
        None => Err(Diagnostic::error("an item of this list must be a mapping with one entry")
            .at(item.origin().or(Some(origin)))),
    }
}

fn key_value(key: &crate::Key) -> Value {
    match key {
        crate::Key::Null => Value::Null,
        crate::Key::Bool(b) => Value::Bool(*b),
        crate::Key::Int(i) => Value::Int(*i),
        crate::Key::Float(f) => Value::Float(*f),
        crate::Key::Str(text) => Value::Str(text.clone()),
    }
}

fn checked(value: Option<Value>, scalar: &Scalar, expected: &str) -> Result<Value, Diagnostic> {
    value.ok_or_else(|| Diagnostic::error(format!("this is not {expected}, as its tag says")).at(Some(scalar.origin)))
}

/// `!!float` also takes what Python's `float()` takes.
fn any_float(text: &str) -> Option<f64> {
    number::float(text).or_else(|| text.replace('_', "").parse().ok())
}

/// Text, as values have no other kind of bytes.
fn binary(scalar: &Scalar, warnings: &mut Vec<Diagnostic>) -> Option<Value> {
    let packed: String = scalar.text.split_whitespace().collect();
    let bytes = STANDARD.decode(packed).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    if matches!(text, std::borrow::Cow::Owned(_)) {
        let message = "!!binary holds bytes that are not UTF-8: they are replaced";
        warnings.push(Diagnostic::warning(message).at(Some(scalar.origin)));
    }
    Some(Value::Str(scalar.text_of(&text)))
}

/// What cannot be decrypted is undefined: an error only where it is used.
fn decrypted(scalar: &Scalar) -> Value {
    let plain = vault::decrypt(scalar.text.trim_start().as_bytes(), scalar.vault)
        .and_then(|plain| String::from_utf8(plain).map_err(|_| vault::VaultError::Damaged("the content is not UTF-8")));
    match plain {
        Ok(plain) => {
            scalar.vault.opened().note(&plain);
            Value::Str(scalar.text_of(&plain).decrypted_from(scalar.text.into()))
        }
        Err(error) => Value::sealed(scalar.text, format!("{error} ({})", scalar.origin)),
    }
}

fn vault_encrypted_is_old(origin: &Origin) -> Diagnostic {
    Diagnostic::deprecation("the YAML tag `!vault-encrypted` is deprecated").at(Some(origin)).hint("use `!vault`")
}

fn unknown(name: &str, origin: &Origin) -> Diagnostic {
    let shown = name.strip_prefix(CORE).map_or_else(|| name.to_owned(), |short| format!("!!{short}"));
    Diagnostic::error(format!("unknown YAML tag `{shown}`")).at(Some(origin)).did_you_mean(&shown, KNOWN)
}
