//! `Object`: what an expression computes with. Python's types, and containers whose items are templated when read.

use std::fmt;
use std::sync::Arc;

use kapell_parsing::{Key, Map, Origin, Text, Trust, Value};
use num_bigint::BigInt;

use crate::TemplateError;
pub(crate) use crate::containers::{Dict, List, Tuple};
use crate::dates::DateTime;
use crate::evaluate::{Arguments, Fault, Rendering};
use crate::scope::Variables;

#[derive(Clone)]
pub(crate) enum Object {
    Undefined(Arc<Missing>),
    /// What an inline `if` without `else` gives when its test fails: undefined, but prints as nothing.
    Blank,
    Omit,
    Null,
    Bool(bool),
    Int(i64),
    BigInt(Arc<BigInt>),
    Float(f64),
    /// Never a template: what is still to be templated is a `Value` in a container or a `Scope`.
    Str(Text),
    List(List),
    Tuple(Tuple),
    Dict(Dict),
    Variables(Arc<Variables>),
    Native(Arc<dyn Native>),
}

/// Why an object is undefined, and the template that found out.
#[derive(Debug, Default)]
pub(crate) struct Missing {
    pub(crate) name: Option<String>,
    pub(crate) reason: String,
    /// Whether it is there but cannot be had: a vault value without its password.
    pub(crate) unusable: bool,
    /// That vault data.
    pub(crate) sealed: Option<Box<str>>,
    /// The failure of a plugin, a call or a variable's template: nobody hears of it until its result is used, and then
    /// even `default` and `is defined` fail.
    pub(crate) failed: Option<Box<TemplateError>>,
    pub(crate) origin: Option<Origin>,
}

/// Python types with behaviour of their own: ranges, dates, macros, loops, bound methods.
pub(crate) trait Native: Send + Sync {
    fn type_name(&self) -> &'static str;

    fn repr(&self) -> String {
        format!("<{}>", self.type_name())
    }

    /// What `str()` makes of it.
    fn text(&self) -> String {
        self.repr()
    }

    /// The same where making it can fail.
    fn printed(&self, _rendering: &Rendering<'_>) -> Option<Result<String, Fault>> {
        None
    }

    fn is_truthy(&self) -> bool {
        true
    }

    fn attribute(&self, _name: &str) -> Option<Object> {
        None
    }

    /// The items it iterates over, if it does.
    fn items(&self) -> Option<Vec<Object>> {
        None
    }

    /// How many items that is, where it can be told without making them.
    fn item_count(&self) -> Option<usize> {
        None
    }

    /// Calls it, if it is callable.
    fn call(&self, _rendering: &Rendering<'_>, _arguments: Arguments) -> Option<Result<Object, Fault>> {
        None
    }

    /// Calls its method `name`, if there is one.
    fn call_method(
        &self,
        _rendering: &Rendering<'_>,
        _name: &str,
        _arguments: &mut Arguments,
    ) -> Option<Result<Object, Fault>> {
        None
    }

    /// Assigns an attribute (`namespace` only).
    fn assign(&self, _name: &str, _object: Object) -> bool {
        false
    }

    /// What it is outside of templates; `None` when it cannot leave.
    fn to_value(&self) -> Option<Value> {
        None
    }

    fn as_any(&self) -> &dyn std::any::Any;
}

impl Object {
    pub(crate) fn undefined(name: Option<&str>, reason: impl Into<String>) -> Self {
        Self::Undefined(Arc::new(Missing { name: name.map(Into::into), reason: reason.into(), ..Missing::default() }))
    }

    pub(crate) fn undefined_at(reason: impl Into<String>, origin: Option<Origin>) -> Self {
        Self::Undefined(Arc::new(Missing { reason: reason.into(), origin, ..Missing::default() }))
    }

    /// What stands for the result of something that failed.
    pub(crate) fn failed(error: TemplateError) -> Self {
        let reason = error.to_string();
        Self::Undefined(Arc::new(Missing { reason, failed: Some(Box::new(error)), ..Missing::default() }))
    }

    pub(crate) fn list(items: Vec<Object>) -> Self {
        Self::List(List::new(items))
    }

    pub(crate) fn tuple(items: Vec<Object>) -> Self {
        Self::Tuple(Tuple::new(items))
    }

    pub(crate) fn dict(entries: impl IntoIterator<Item = (Key, Object)>) -> Self {
        Self::Dict(Dict::new(entries.into_iter().collect()))
    }

    pub(crate) fn native(native: impl Native + 'static) -> Self {
        Self::Native(Arc::new(native))
    }

    /// An integer in the smallest form that holds it.
    pub(crate) fn from_big(big: BigInt) -> Self {
        i64::try_from(&big).map_or_else(|_| Self::BigInt(Arc::new(big)), Self::Int)
    }

    /// A finished value: nothing in it is templated any more.
    pub(crate) fn finished(value: &Value) -> Self {
        match value {
            Value::Undefined(undefined) => Self::Undefined(Arc::new(Missing {
                name: undefined.name.clone(),
                reason: undefined.reason.clone(),
                unusable: true,
                sealed: undefined.sealed.clone(),
                ..Missing::default()
            })),
            Value::Null => Self::Null,
            Value::Bool(b) => Self::Bool(*b),
            Value::Int(i) => Self::Int(*i),
            Value::BigInt(i) => Self::BigInt(i.clone()),
            Value::Float(f) => Self::Float(*f),
            Value::Str(text) if text.is_moment() => {
                DateTime::from_moment(text).map_or_else(|| Self::Str(text.clone()), Self::native)
            }
            Value::Str(text) => Self::Str(text.clone()),
            Value::List(items) => Self::list(items.iter().map(Self::finished).collect()),
            Value::Map(map) => Self::dict(map.iter().map(|(key, value)| (key.clone(), Self::finished(value)))),
        }
    }

    pub(crate) fn from_key(key: &Key) -> Self {
        match key {
            Key::Null => Self::Null,
            Key::Bool(b) => Self::Bool(*b),
            Key::Int(i) => Self::Int(*i),
            Key::Float(f) => Self::Float(*f),
            Key::Str(text) if text.is_template() => Self::Str(text.with_trust(Trust::Untrusted)),
            Key::Str(text) => Self::Str(text.clone()),
        }
    }

    /// The key this object is in a dict; an error's message when it cannot be one.
    pub(crate) fn to_key(&self) -> Result<Key, Fault> {
        Ok(match self {
            Self::Null => Key::Null,
            Self::Bool(b) => Key::Bool(*b),
            Self::Int(i) => Key::Int(*i),
            Self::Float(f) => Key::Float(*f),
            Self::Str(text) => Key::Str(text.clone()),
            Self::Undefined(missing) => return Err(Fault::Undefined(missing.clone())),
            other => return Err(Fault::error(format!("unhashable type: '{}'", other.type_name()))),
        })
    }

    pub(crate) fn as_str(&self) -> Option<&str> {
        self.as_text().map(Text::as_str)
    }

    pub(crate) fn as_text(&self) -> Option<&Text> {
        if let Self::Str(text) = self { Some(text) } else { None }
    }

    pub(crate) fn is_undefined(&self) -> bool {
        matches!(self, Self::Undefined(_) | Self::Blank)
    }

    /// Whether it is undefined, asked by those who can do without it; a failure is one for them, too.
    pub(crate) fn is_absent(&self) -> Result<bool, Fault> {
        match self {
            Self::Undefined(missing) if missing.failed.is_some() => Err(Fault::Undefined(missing.clone())),
            other => Ok(other.is_undefined()),
        }
    }

    pub(crate) fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    pub(crate) fn is_mapping(&self) -> bool {
        matches!(self, Self::Dict(_) | Self::Variables(_))
    }

    pub(crate) fn is_number(&self) -> bool {
        matches!(self, Self::Bool(_) | Self::Int(_) | Self::BigInt(_) | Self::Float(_))
    }

    pub(crate) fn is_container(&self) -> bool {
        matches!(self, Self::List(_) | Self::Dict(_) | Self::Tuple(_))
    }

    /// Whether it is, or holds, a secret string. Looks at the first 200,000 objects.
    pub(crate) fn is_secret(&self) -> bool {
        self.has_secret(&mut 200_000)
    }

    pub(crate) fn has_secret(&self, budget: &mut u32) -> bool {
        *budget = budget.saturating_sub(1);
        match self {
            Self::Str(text) => text.is_secret(),
            _ if *budget == 0 => false,
            Self::List(list) => stacker::maybe_grow(32 * 1024, 1024 * 1024, || list.has_secret(budget)),
            Self::Dict(dict) => stacker::maybe_grow(32 * 1024, 1024 * 1024, || dict.has_secret(budget)),
            Self::Tuple(items) => {
                stacker::maybe_grow(32 * 1024, 1024 * 1024, || items.iter().any(|item| item.has_secret(budget)))
            }
            _ => false,
        }
    }

    /// The object as it is now: a list or dict of its own, with the same items.
    pub(crate) fn snapshot(self) -> Self {
        match self {
            Self::List(list) => Self::List(list.snapshot()),
            Self::Dict(dict) => Self::Dict(dict.snapshot()),
            other => other,
        }
    }

    /// Python's `int` of a boolean or integer that fits.
    pub(crate) fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Bool(b) => Some((*b).into()),
            Self::Int(i) => Some(*i),
            _ => None,
        }
    }

    pub(crate) fn native_as<T: 'static>(&self) -> Option<&T> {
        if let Self::Native(native) = self { native.as_any().downcast_ref() } else { None }
    }

    /// Python's truth. Undefined is an error the caller has dealt with.
    pub(crate) fn is_truthy(&self) -> bool {
        match self {
            Self::Undefined(_) | Self::Blank | Self::Omit | Self::Null => false,
            Self::Bool(b) => *b,
            Self::Int(i) => *i != 0,
            Self::BigInt(_) => true,
            Self::Float(f) => *f != 0.0,
            Self::Str(text) => !text.is_empty(),
            Self::List(list) => list.len() != 0,
            Self::Tuple(items) => !items.is_empty(),
            Self::Dict(dict) => dict.len() != 0,
            Self::Variables(variables) => !variables.names().is_empty(),
            Self::Native(native) => native.is_truthy(),
        }
    }

    /// Python's name of the type.
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Self::Undefined(missing) if missing.failed.is_some() => "CapturedExceptionMarker",
            Self::Undefined(missing) if missing.unusable => "VaultExceptionMarker",
            Self::Undefined(_) => "UndefinedMarker",
            Self::Blank => "Undefined",
            Self::Omit => "Omit",
            Self::Null => "NoneType",
            Self::Bool(_) => "bool",
            Self::Int(_) | Self::BigInt(_) => "int",
            Self::Float(_) => "float",
            Self::Str(_) => "str",
            Self::List(_) => "list",
            Self::Tuple(_) => "tuple",
            Self::Variables(variables) if variables.by_host => "HostVars",
            Self::Variables(variables) if variables.asker.is_none() => "HostVarsVars",
            Self::Dict(_) | Self::Variables(_) => "dict",
            Self::Native(native) => native.type_name(),
        }
    }
}

impl From<&str> for Object {
    fn from(text: &str) -> Self {
        Self::Str(Text::new(text))
    }
}
impl From<String> for Object {
    fn from(text: String) -> Self {
        Self::Str(Text::new(text))
    }
}
impl From<Text> for Object {
    fn from(text: Text) -> Self {
        Self::Str(text)
    }
}
impl From<bool> for Object {
    fn from(b: bool) -> Self {
        Self::Bool(b)
    }
}
impl From<i64> for Object {
    fn from(i: i64) -> Self {
        Self::Int(i)
    }
}
impl From<usize> for Object {
    fn from(i: usize) -> Self {
        Self::Int(i64::try_from(i).unwrap_or(i64::MAX))
    }
}
impl From<f64> for Object {
    fn from(f: f64) -> Self {
        Self::Float(f)
    }
}
impl From<Vec<Object>> for Object {
    fn from(items: Vec<Object>) -> Self {
        Self::list(items)
    }
}
impl From<Map> for Object {
    fn from(map: Map) -> Self {
        Self::finished(&Value::map(map))
    }
}

/// For panics and tests only: shows the kind, never a string's text.
impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.type_name())
    }
}
