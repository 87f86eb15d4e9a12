//! JSON texts to values: files that hold JSON, what inventory programs print.

use std::sync::Arc;

use crate::json_read::{self, JsonError, Places};
use crate::{Diagnostic, Map, Origin, SourceFile, Text, Trust, Value, VaultSecrets, vault};

/// The value of a JSON text, its strings marked with `trust`.
pub fn parse_json(source: &Arc<SourceFile>, trust: Trust) -> Result<Value, Diagnostic> {
    json_read::read_placed(&source.text, Places { source, trust }).map_err(|error| {
        let place = Origin::new(source.clone(), error.line, error.column);
        Diagnostic::error(format!("this is not valid JSON: {error}")).at(Some(&place))
    })
}

/// `text` of the file `source` as Ansible reads it before it thinks of YAML, which takes JSON's escapes, numbers and line
/// separators otherwise. `None` where it is no JSON.
pub(crate) fn of_file(
    text: &str,
    source: &Arc<SourceFile>,
    trust: Trust,
    secrets: &VaultSecrets,
) -> Option<Result<Value, Diagnostic>> {
    if !text.trim_start().starts_with(['{', '[']) {
        return None;
    }
    let value: Result<Value, JsonError> = json_read::read_placed(text, Places { source, trust });
    value.ok().map(|value| open_marked(&value, secrets))
}

/// `value` with the texts that its maps stand for: `{"__ansible_unsafe": text}` and `{"__ansible_vault": envelope}`.
pub fn open_marked(value: &Value, secrets: &VaultSecrets) -> Result<Value, Diagnostic> {
    let Value::Map(map) = value else {
        return match value {
            Value::List(items) => {
                Ok(Value::list(items.iter().map(|item| open_marked(item, secrets)).collect::<Result<_, _>>()?))
            }
            other => Ok(other.clone()),
        };
    };
    if let (1, Some(text)) = (map.len(), map.get("__ansible_unsafe").and_then(Value::as_text)) {
        return Ok(Value::Str(text.with_trust(Trust::Untrusted)));
    }
    if let Some(other) = map.get("__ansible_vault").filter(|value| value.as_str().is_none() && map.len() == 1) {
        let message = format!("JSON parsing failed: __ansible_vault is a {}, not a text", other.type_name());
        return Err(Diagnostic::error(message));
    }
    if let (1, Some(envelope)) = (map.len(), map.get("__ansible_vault").and_then(Value::as_text)) {
        let plain = vault::decrypt(envelope.as_bytes(), secrets)
            .map_err(|error| Diagnostic::error(format!("cannot decrypt a variable: {error}")).at(envelope.origin()))?;
        let text = Text::trusted(String::from_utf8_lossy(&plain).into_owned(), envelope.origin().cloned());
        secrets.opened().note(&text);
        return Ok(Value::Str(text.decrypted_from(envelope.clone())));
    }
    let entries = map.iter().map(|(key, value)| Ok((key.clone(), open_marked(value, secrets)?)));
    Ok(Value::map(entries.collect::<Result<Map, Diagnostic>>()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_have_trust_and_a_place_and_numbers_their_type() {
        let source = SourceFile::new(
            "<extra vars>",
            "{\"a\": [1, 1.0, true, null, \"{{ x }}\"],\n \"b\": 18446744073709551616}",
        );
        let value = parse_json(&source, Trust::Trusted).unwrap();
        assert_eq!(value.repr(), "{'a': [1, 1.0, True, None, '{{ x }}'], 'b': 18446744073709551616}");
        let text = value.get("a").unwrap().as_list().unwrap()[4].as_text().unwrap();
        assert!(text.is_template());
        assert_eq!(text.origin().unwrap().to_string(), "<extra vars>:1:28");
        let (key, _) = value.as_map().unwrap().get_index(1).unwrap();
        assert_eq!(key.origin().unwrap().to_string(), "<extra vars>:2:2");
    }

    #[test]
    fn errors_have_a_place() {
        let error = parse_json(&SourceFile::new("x.json", "{\"a\": 1,\n \"b\" 2}"), Trust::Trusted).unwrap_err();
        assert_eq!(error.origin.unwrap().to_string(), "x.json:2:6");
        assert_eq!(error.message, "this is not valid JSON: Expecting ':' delimiter: line 2 column 6 (char 14)");
    }
}
