//! JSON text to values: extra vars, JSON inventories.

use std::sync::Arc;

use crate::{Diagnostic, Origin, SourceFile, Trust, Value};

/// The value of a JSON text, its strings marked with `trust`. JSON has no places for single values: strings carry the
/// start of the text.
pub fn parse_json(source: &Arc<SourceFile>, trust: Trust) -> Result<Value, Diagnostic> {
    let json: serde_json::Value = serde_json::from_str(&source.text).map_err(|error| {
        let place = Origin::new(source.clone(), error.line().max(1) as u32, error.column().max(1) as u32);
        let message = error.to_string();
        let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
        Diagnostic::error(format!("this is not valid JSON: {message}")).at(Some(&place))
    })?;
    let start = Origin::new(source.clone(), 1, 1);
    Ok(Value::from_json(&json).map_strings(&|text| text.with_trust(trust).with_origin(Some(start.clone()))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_have_trust_and_numbers_their_type() {
        let source =
            SourceFile::new("<extra vars>", "{\"a\": [1, 1.0, true, null, \"{{ x }}\"], \"b\": 18446744073709551615}");
        let value = parse_json(&source, Trust::Trusted).unwrap();
        assert_eq!(value.repr(), "{'a': [1, 1.0, True, None, '{{ x }}'], 'b': 18446744073709551615}");
        let text = value.get("a").unwrap().as_list().unwrap()[4].as_text().unwrap();
        assert!(text.is_template() && text.origin().is_some());
    }

    #[test]
    fn errors_have_a_place() {
        let error = parse_json(&SourceFile::new("x.json", "{\"a\": 1,\n \"b\" 2}"), Trust::Trusted).unwrap_err();
        assert_eq!(error.origin.unwrap().to_string(), "x.json:2:6");
        assert_eq!(error.message, "this is not valid JSON: expected `:`");
    }
}
