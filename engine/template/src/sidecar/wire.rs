//! Objects as JSON for the sidecar and back. What JSON has no word for is a map with a `__kapell` entry.

use std::sync::Arc;

use kapell_parsing::{Key, Map, Text, Trust, Value};

use crate::dates::{DateTime, TimeDelta};
use crate::evaluate::{Fault, Rendering, entries, iterate};
use crate::object::{Missing, Native, Object};

pub(super) const TAG: &str = "__kapell";

fn tagged(kind: &str, fields: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    let tag = std::iter::once((TAG.into(), kind.into()));
    Value::map(tag.chain(fields.into_iter().map(|(name, value)| (name.into(), value))).collect())
}

pub(super) fn encode(rendering: &Rendering<'_>, object: &Object) -> Result<Value, Fault> {
    rendering.deeper(|| {
        Ok(match object {
            Object::Null => Value::Null,
            Object::Bool(b) => Value::Bool(*b),
            Object::Int(i) => Value::Int(*i),
            Object::BigInt(i) => Value::BigInt(i.clone()),
            Object::Float(f) => Value::Float(*f),
            Object::Str(text) => Value::Str(text.clone()),
            Object::List(_) => encode_all(rendering, &iterate(rendering, object)?)?,
            Object::Tuple(items) => tagged("tuple", [("items", encode_all(rendering, items)?)]),
            Object::Dict(_) | Object::Variables(_) => encode_map(rendering, object)?,
            Object::Omit => tagged("omit", []),
            Object::Undefined(missing) => {
                object.is_absent()?;
                let name = missing.name.as_deref().map_or(Value::Null, Value::from);
                tagged("undefined", [("name", name), ("reason", missing.reason.as_str().into())])
            }
            Object::Blank => tagged("undefined", [("name", Value::Null), ("reason", "".into())]),
            Object::Native(native) => encode_native(rendering, &**native)?,
        })
    })
}

/// A map whose entries are asked for one by one.
pub(super) fn lazy(names: Vec<Text>) -> Value {
    let names = names.iter().map(|name| Value::from(name.as_str())).collect();
    Value::map(Map::from_iter([(TAG.into(), "lazy".into()), ("names".into(), Value::list(names))]))
}

pub(super) fn encode_all(rendering: &Rendering<'_>, objects: &[Object]) -> Result<Value, Fault> {
    rendering.spend(objects.len() / 8)?;
    objects.iter().map(|object| encode(rendering, object)).collect::<Result<Vec<_>, _>>().map(Value::list)
}

fn encode_map(rendering: &Rendering<'_>, object: &Object) -> Result<Value, Fault> {
    let entries = entries(rendering, object)?;
    let plain = entries.iter().all(|(key, _)| matches!(key, Key::Str(name) if name.as_str() != TAG));
    if plain {
        let entry = |(key, value): (Key, Object)| Ok((key, encode(rendering, &value)?));
        return entries.into_iter().map(entry).collect::<Result<Map, Fault>>().map(Value::map);
    }
    let pair = |(key, value): (Key, Object)| {
        Ok(Value::list(vec![encode(rendering, &Object::from_key(&key))?, encode(rendering, &value)?]))
    };
    let items = entries.into_iter().map(pair).collect::<Result<Vec<_>, Fault>>()?;
    Ok(tagged("dict", [("items", Value::list(items))]))
}

fn encode_native(rendering: &Rendering<'_>, native: &dyn Native) -> Result<Value, Fault> {
    if let Some(date) = native.as_any().downcast_ref::<DateTime>() {
        return Ok(tagged("datetime", [("iso", date.iso().into())]));
    }
    if let Some(delta) = native.as_any().downcast_ref::<TimeDelta>() {
        let microseconds = i64::try_from(delta.microseconds).unwrap_or(i64::MAX);
        return Ok(tagged("timedelta", [("microseconds", Value::Int(microseconds))]));
    }
    match native.items() {
        Some(items) => encode_all(rendering, &items),
        None => Ok(tagged("opaque", [("repr", native.repr().into())])),
    }
}

/// What Python gave. Its strings are results: never templates, unless the plugin declared one to be.
pub(super) fn decode(value: &Value) -> Object {
    match value {
        Value::List(items) => Object::list(items.iter().map(decode).collect()),
        Value::Map(map) => match map.get(TAG).and_then(Value::as_str) {
            Some(kind) => decode_tagged(kind, map),
            None => Object::dict(map.iter().map(|(key, value)| (key.clone(), decode(value)))),
        },
        scalar => Object::finished(scalar),
    }
}

fn decode_tagged(kind: &str, map: &Map) -> Object {
    let text = |name: &str| map.get(name).and_then(Value::as_str).unwrap_or_default();
    let items = || map.get("items").and_then(Value::as_list).unwrap_or_default();
    match kind {
        "tuple" => Object::tuple(items().iter().map(decode).collect()),
        "dict" => Object::dict(items().iter().filter_map(|pair| match pair.as_list()? {
            [key, value] => Some((decode(key).to_key().unwrap_or(Key::Null), decode(value))),
            _ => None,
        })),
        "trusted" => Object::Str(Text::new(text("text")).with_trust(Trust::Trusted)),
        "omit" => Object::Omit,
        "datetime" => DateTime::from_iso(text("iso"), false).map_or_else(|| text("iso").into(), Object::native),
        "date" => DateTime::from_iso(text("iso"), true).map_or_else(|| text("iso").into(), Object::native),
        "timedelta" => {
            let microseconds = map.get("microseconds").and_then(Value::as_i64).unwrap_or_default();
            Object::native(TimeDelta::new(microseconds.into()))
        }
        "undefined" => Object::Undefined(Arc::new(Missing {
            name: map.get("name").and_then(Value::as_str).map(Into::into),
            reason: text("reason").into(),
            ..Missing::default()
        })),
        _ => Object::native(Foreign { text: text("text").into(), repr: text("repr").into() }),
    }
}

/// An object only Python knows.
struct Foreign {
    text: Box<str>,
    repr: Box<str>,
}

impl Native for Foreign {
    fn type_name(&self) -> &'static str {
        "object"
    }

    fn repr(&self) -> String {
        self.repr.to_string()
    }

    fn text(&self) -> String {
        self.text.to_string()
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}
