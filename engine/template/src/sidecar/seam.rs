//! The seam for plugins other crates run in Python processes of their own: the program, its frames, and answers to what
//! plugins ask about variables, files and templates.

use std::sync::Arc;

use kapell_parsing::{Deprecation, Key, Map, Text, Trust, Value, json_read};

use super::answers::Asked;
use super::process::MAX_FRAME;
use super::stubs::{BOOTSTRAP, HOST, sources};
use super::wire::{self, TAG};
use crate::dump::json::JsonStyle;
use crate::evaluate::Rendering;
use crate::scope::Scope;
use crate::{RenderContext, Templar, Variable, VariableSource};

/// What Python plugins and this program tell each other.
pub struct PluginFrames;

impl PluginFrames {
    /// Longer frames are refused.
    pub const MOST: usize = MAX_FRAME;
    /// What `python3 -c` gets.
    pub const BOOTSTRAP: &'static str = BOOTSTRAP;

    /// What the process reads first: its program, and the `ansible` package with `more` modules in it. They take the
    /// place of an installed one: these plugins work with objects of the engine.
    pub fn opening(more: &[(String, String)]) -> Result<Vec<u8>, String> {
        let more = more.iter().map(|(name, source)| (name.as_str().into(), source.as_str().into()));
        let sources: Map = sources().chain(more).collect();
        let frame = Map::from_iter([("sources".into(), Value::map(sources)), ("first".into(), true.into())]);
        let mut bytes = format!("{}\n{HOST}", HOST.len()).into_bytes();
        bytes.extend(Self::write(&Value::map(frame))?);
        Ok(bytes)
    }

    pub fn write(message: &Value) -> Result<Vec<u8>, String> {
        let text = JsonStyle::default().dump(message);
        let length = u32::try_from(text.len()).ok().filter(|length| *length as usize <= Self::MOST);
        let length = length.ok_or("too much data for a plugin written in Python")?;
        Ok([&length.to_be_bytes(), text.as_bytes()].concat())
    }

    /// What a plugin wants told, in the question `notice`.
    pub fn notice_text(question: &Map) -> String {
        let text = |name: &str| question.get(name).and_then(Value::as_str).unwrap_or_default();
        match text("level") {
            "deprecated" => Deprecation::from_map(question).sentences(),
            _ => text("text").to_owned(),
        }
    }

    /// A frame without its length.
    pub fn read(frame: Vec<u8>) -> Result<Map, String> {
        let text = String::from_utf8(frame).map_err(|error| error.to_string())?;
        match json_read::read(&text)? {
            Value::Map(map) => Ok(Arc::unwrap_or_clone(map)),
            _ => Err("not a map".to_owned()),
        }
    }

    /// A value as plugins get it; a text that is a template says so.
    pub fn encode(value: &Value) -> Value {
        match value {
            Value::Str(text) if text.is_template() => tagged("trusted", "text", Value::Str(text.clone())),
            Value::List(items) => Value::list(items.iter().map(Self::encode).collect()),
            Value::Map(map) if map.keys().any(|key| !matches!(key, Key::Str(name) if name.as_str() != TAG)) => {
                let pair = |(key, value): (&Key, &Value)| Value::list(vec![key_value(key), Self::encode(value)]);
                tagged("dict", "items", Value::list(map.iter().map(pair).collect()))
            }
            Value::Map(map) => Value::map(map.iter().map(|(key, value)| (key.clone(), Self::encode(value))).collect()),
            Value::Undefined(undefined) => {
                let name = undefined.name.as_deref().map_or(Value::Null, Value::from);
                let reason = Value::from(undefined.reason.clone());
                let fields = [(TAG.into(), "undefined".into()), ("name".into(), name), ("reason".into(), reason)];
                Value::map(fields.into_iter().collect())
            }
            other => other.clone(),
        }
    }

    /// What a plugin gave. Only what it declared to be a template is one.
    pub fn decode(wire: &Value) -> Value {
        match wire {
            Value::List(items) => Value::list(items.iter().map(Self::decode).collect()),
            Value::Map(map) => match map.get(TAG).and_then(Value::as_str) {
                Some(kind) => decode_tagged(kind, map),
                None => {
                    let is_omit = |value: &Value| value.get(TAG).and_then(Value::as_str) == Some("omit");
                    let kept = map.iter().filter(|(_, value)| !is_omit(value));
                    Value::map(kept.map(|(key, value)| (key.clone(), Self::decode(value))).collect())
                }
            },
            other => other.clone(),
        }
    }
}

fn tagged(kind: &str, name: &str, value: Value) -> Value {
    Value::map(Map::from_iter([(TAG.into(), kind.into()), (name.into(), value)]))
}

fn key_value(key: &Key) -> Value {
    match key {
        Key::Null => Value::Null,
        Key::Bool(b) => Value::Bool(*b),
        Key::Int(i) => Value::Int(*i),
        Key::Float(f) => Value::Float(*f),
        Key::Str(text) => Value::Str(text.clone()),
    }
}

fn decode_tagged(kind: &str, map: &Map) -> Value {
    let text = |name: &str| map.get(name).and_then(Value::as_str).unwrap_or_default();
    let items = || map.get("items").and_then(Value::as_list).unwrap_or_default();
    match kind {
        "trusted" => Value::Str(Text::new(text("text")).with_trust(Trust::Trusted)),
        "tuple" => Value::list(items().iter().map(PluginFrames::decode).collect()),
        "dict" => {
            let pair = |pair: &Value| match pair.as_list()? {
                [key, value] => Some((wire::decode(key).to_key().unwrap_or(Key::Null), PluginFrames::decode(value))),
                _ => None,
            };
            Value::map(items().iter().filter_map(pair).collect())
        }
        "datetime" | "date" => text("iso").into(),
        "undefined" => Value::undefined(
            map.get("name").and_then(Value::as_str),
            map.get("reason").map(Value::to_string).unwrap_or_default(),
        ),
        _ => map.get("text").or_else(|| map.get("repr")).cloned().unwrap_or(Value::Null),
    }
}

impl Templar {
    /// The interpreter that runs plugins.
    pub fn python(&self) -> &str {
        self.options().python.as_deref().unwrap_or("python3")
    }

    /// Directories whose `ansible_collections` Python may import from.
    pub fn collection_parents(&self) -> Vec<std::path::PathBuf> {
        self.plugins().collection_parents()
    }

    /// The frame that answers what a plugin asks about variables, files, templates and settings. Only what a plugin got
    /// as a template, or declared to be one, is templated.
    pub fn answer_plugin(&self, question: &Map, vars: &Arc<dyn VariableSource>, cx: &RenderContext) -> Value {
        let rendering = Rendering::new(self, cx);
        let scope = Scope::new(vars.clone());
        let name = question.get("ask").and_then(Value::as_str).unwrap_or_default();
        Asked { rendering: &rendering, lookup: None, more: question, scope: Some(&scope) }.answer(name)
    }
}

/// A variable as it is written, for a plugin that templates it itself: a list with it, or an empty one. `path` leads
/// through maps that are made on demand (`hostvars`, a host, a name); of these the names come.
pub(super) fn raw_variable(source: &Arc<dyn VariableSource>, path: &[Value]) -> Value {
    let mut source = source.clone();
    let mut found = None;
    for name in path {
        let next = match found.take() {
            None => source.clone(),
            Some(Variable::Map(inner) | Variable::Scope(inner)) => inner,
            Some(Variable::Value(_)) => return Value::list(Vec::new()),
        };
        source = next;
        match source.get(&name.to_string()) {
            None => return Value::list(Vec::new()),
            variable => found = variable,
        }
    }
    Value::list(match found {
        None => Vec::new(),
        Some(Variable::Value(value)) => vec![PluginFrames::encode(&value)],
        Some(Variable::Map(inner) | Variable::Scope(inner)) => {
            vec![wire::lazy(inner.names())]
        }
    })
}
