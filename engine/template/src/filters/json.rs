//! `to_json`, `to_nice_json`, `tojson`, `from_json`.

use kapell_parsing::{Key, Trust, Value, json_read};

use crate::dump::json::JsonStyle;
use crate::evaluate::{Fault, FilterCall, defined, iterate};
use crate::object::Object;
use crate::operators::MAX_LENGTH;
use crate::python;

fn indentation(indent: &Object) -> Result<Option<String>, Fault> {
    Ok(match indent {
        Object::Null => None,
        Object::Str(text) => Some(text.to_string()),
        width => {
            let width = crate::evaluate::integer(width)?;
            let width = usize::try_from(width).unwrap_or(0);
            if width > MAX_LENGTH {
                return Err(Fault::error("the result is too long"));
            }
            Some(" ".repeat(width))
        }
    })
}

/// Applies `json.dumps`'s keywords.
fn styled(call: &FilterCall<'_>, mut style: JsonStyle) -> Result<JsonStyle, Fault> {
    for (name, object) in &call.args.extra {
        match &**name {
            "indent" => {
                style.indent = indentation(object)?;
                style.item_separator = if style.indent.is_some() { "," } else { ", " }.into();
            }
            "sort_keys" => style.sort_keys = object.is_truthy(),
            "ensure_ascii" => style.ensure_ascii = object.is_truthy(),
            "separators" if !object.is_null() => {
                let parts = iterate(call.rendering, object)?;
                if let [Object::Str(item), Object::Str(key)] = parts.as_slice() {
                    style.item_separator = item.to_string();
                    style.key_separator = key.to_string();
                }
            }
            "vault_to_text" | "preprocess_unsafe" | "allow_nan" | "skipkeys" | "check_circular" | "separators" => {}
            other => {
                return Err(Fault::error(format!(
                    "JSONEncoder.__init__() got an unexpected keyword argument '{other}'"
                )));
            }
        }
    }
    Ok(style)
}

fn dump(call: &FilterCall<'_>, style: &JsonStyle) -> Result<Object, Fault> {
    let value = python::to_value(call.rendering, &defined(call.input.clone())?)?;
    let text = style.dump(&value);
    if text.len() > MAX_LENGTH {
        return Err(Fault::error("the result is too long"));
    }
    call.rendering.spend_bytes(text.len())?;
    Ok(text.into())
}

pub(super) fn to_json(call: &FilterCall<'_>) -> Result<Object, Fault> {
    dump(call, &styled(call, JsonStyle::default())?)
}

pub(super) fn to_nice_json(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let indent = call.args.get(0).map_or(Ok(Some("    ".into())), indentation)?;
    let mut style = indent.map_or_else(JsonStyle::default, JsonStyle::indented);
    style.sort_keys = call.args.truthy(1, true);
    dump(call, &styled(call, style)?)
}

/// Jinja's own: safe inside HTML.
pub(super) fn tojson(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let mut style =
        call.args.some(0).map_or(Ok(None), indentation)?.map_or_else(JsonStyle::default, JsonStyle::indented);
    style.sort_keys = true;
    let value = python::to_value(call.rendering, &call.input)?;
    let text = style.dump(&value);
    let safe = [("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026"), ("'", "\\u0027")];
    Ok(safe.iter().fold(text, |text, (c, escape)| text.replace(c, escape)).into())
}

/// Texts are trusted as the JSON was, but for those that are marked.
fn decoded(value: &Value, trust: Trust) -> Value {
    match value {
        Value::Map(map) => match (map.len(), map.get("__ansible_unsafe")) {
            (1, Some(text @ Value::Str(_))) => text.clone(),
            _ => Value::map(map.iter().map(|(key, value)| (key.clone(), decoded(value, trust))).collect()),
        },
        Value::List(items) => Value::list(items.iter().map(|item| decoded(item, trust)).collect()),
        Value::Str(text) => Value::Str(text.with_trust(trust)),
        other => other.clone(),
    }
}

/// An inventory, where variables alone may be templates.
fn decoded_inventory(value: &Value, trust: Trust) -> Value {
    let Value::Map(groups) = value else { return decoded(value, Trust::Untrusted) };
    let group = |name: &Key, content: &Value| {
        let variables = if name.as_str() == Some("_meta") { "hostvars" } else { "vars" };
        let Value::Map(sections) = content else { return decoded(content, Trust::Untrusted) };
        let section = |name: &Key, content: &Value| {
            decoded(content, if name.as_str() == Some(variables) { trust } else { Trust::Untrusted })
        };
        Value::map(sections.iter().map(|(name, content)| (name.clone(), section(name, content))).collect())
    };
    Value::map(groups.iter().map(|(name, content)| (name.clone(), group(name, content))).collect())
}

pub(super) fn from_json(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let Object::Str(text) = &call.input else {
        let kind = call.input.type_name();
        return Err(Fault::error(format!("the JSON object must be str, bytes or bytearray, not {kind}")));
    };
    let mut value = json_read::read(text).map_err(Fault::error)?;
    if let Some(Object::Str(profile)) = call.args.some(0) {
        value = match profile.as_str() {
            "legacy" => decoded(&value, text.trust()),
            "inventory_legacy" => decoded_inventory(&value, text.trust()),
            _ => value,
        };
    }
    Ok(Object::finished(&if text.is_secret() { value.with_secret() } else { value }))
}
