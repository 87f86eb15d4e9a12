//! The JSON object that a module wrote, whatever stands around it.

use serde_json::Value;

use crate::Map;

/// The first object that begins a line of `text`, and what stands behind it; or why there is none.
pub fn find_object(text: &str) -> Result<(Map, &str), &'static str> {
    let mut start = 0;
    let mut reason = "No start of json char found";
    for line in text.split_inclusive('\n') {
        let at = start + (line.len() - line.trim_start().len());
        start += line.len();
        if !line.trim_start().starts_with('{') {
            continue;
        }
        let mut values = serde_json::Deserializer::from_str(&text[at..]).into_iter::<Value>();
        match values.next() {
            Some(Ok(Value::Object(object))) => return Ok((object, &text[at + values.byte_offset()..])),
            _ => reason = "Could not parse the JSON data",
        }
    }
    Err(reason)
}

#[cfg(test)]
mod tests {
    use super::find_object;

    #[test]
    fn lines_around_it_do_not_matter() {
        let found = |text: &str| find_object(text).map(|(map, rest)| format!("{} {rest:?}", map.len()));
        assert_eq!(found("noise {\n  {\"a\": 1,\n \"b\": {}}\nrest\n"), Ok("2 \"\\nrest\\n\"".to_owned()));
        assert_eq!(found("{not json\n{\"a\": 1}"), Ok("1 \"\"".to_owned()));
        assert_eq!(found("{not json"), Err("Could not parse the JSON data"));
        assert_eq!(found("[1]"), Err("No start of json char found"));
    }
}
