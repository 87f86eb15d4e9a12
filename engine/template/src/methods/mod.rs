//! Methods of strings, lists and dicts, as Python has them. One row per method in the tables of its type's file.

mod dict;
mod list;
pub(crate) mod number;
mod string;
mod string_tests;

/// What filters share with string methods.
pub(crate) mod text {
    pub(crate) use super::string::{capitalize, check_parts, check_replaced, lines, split_words};
}

use std::sync::Arc;

use crate::evaluate::{Arguments, Bound, Fault, Rendering};
use crate::object::{Native, Object};

/// A row: name, parameters (see `Arguments::bind`), function.
pub(crate) type Method = (&'static str, &'static [&'static str], fn(&MethodCall<'_>) -> Result<Object, Fault>);

pub(crate) struct MethodCall<'m> {
    pub(crate) rendering: &'m Rendering<'m>,
    pub(crate) receiver: &'m Object,
    pub(crate) args: Bound,
}

fn tables(object: &Object) -> &'static [&'static [Method]] {
    match object {
        Object::Str(_) => &[string::METHODS, string_tests::METHODS],
        Object::List(_) => &[list::METHODS, list::READING_METHODS],
        Object::Tuple(_) => &[list::READING_METHODS],
        Object::Dict(_) => &[dict::METHODS, dict::READING_METHODS],
        Object::Variables(_) => &[dict::READING_METHODS],
        Object::Bool(_) | Object::Int(_) | Object::BigInt(_) => &[number::INTEGER_METHODS],
        Object::Float(_) => &[number::FLOAT_METHODS],
        _ => &[],
    }
}

fn find(object: &Object, name: &str) -> Option<&'static Method> {
    tables(object).iter().flat_map(|table| table.iter()).find(|(known, ..)| *known == name)
}

pub(crate) fn exists(object: &Object, name: &str) -> bool {
    find(object, name).is_some()
}

/// Whether it can have the method: what native objects have shows when it is called.
pub(crate) fn exists_or_native(object: &Object, name: &str) -> bool {
    matches!(object, Object::Native(_)) || name == "format" || exists(object, name)
}

/// Calls the method `name`; nothing when the object has no such method.
pub(crate) fn call(
    rendering: &Rendering<'_>,
    receiver: &Object,
    name: &str,
    arguments: &mut Arguments,
) -> Option<Result<Object, Fault>> {
    if let Object::Native(native) = receiver {
        return native.call_method(rendering, name, arguments);
    }
    if name == "format" && matches!(receiver, Object::Str(_)) {
        let arguments = std::mem::take(arguments);
        let format = receiver.as_str().unwrap_or_default();
        let text = crate::python::brace_format(rendering, format, &arguments);
        return Some(text.and_then(|text| rendering.spend_bytes(text.len()).map(|()| text.into())));
    }
    let (name, parameters, method) = find(receiver, name)?;
    let arguments = std::mem::take(arguments);
    let bound = arguments.bind(&format!("{}.{name}", receiver.type_name()), parameters);
    Some(bound.and_then(|args| {
        rendering.spend_text(receiver)?;
        let result = method(&MethodCall { rendering, receiver, args })?;
        rendering.spend_object(&result)?;
        Ok(result)
    }))
}

/// `object.name` without a call: the method, ready to be called.
pub(crate) fn bound(receiver: Object, name: &str) -> Object {
    Object::native(BoundMethod { receiver, name: name.into() })
}

struct BoundMethod {
    receiver: Object,
    name: Arc<str>,
}

impl Native for BoundMethod {
    fn type_name(&self) -> &'static str {
        "builtin_function_or_method"
    }

    fn repr(&self) -> String {
        format!("<built-in method {} of {} object>", self.name, self.receiver.type_name())
    }

    fn call(&self, rendering: &Rendering<'_>, mut arguments: Arguments) -> Option<Result<Object, Fault>> {
        call(rendering, &self.receiver, &self.name, &mut arguments)
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

impl MethodCall<'_> {
    /// The receiver of a string method.
    pub(crate) fn text(&self) -> &str {
        self.receiver.as_str().unwrap_or_default()
    }

    /// A string argument.
    pub(crate) fn text_arg(&self, at: usize) -> Result<Option<&str>, Fault> {
        match self.args.some(at) {
            None => Ok(None),
            Some(Object::Str(text)) => Ok(Some(text.as_str())),
            Some(Object::Undefined(missing)) => Err(Fault::Undefined(missing.clone())),
            Some(other) => Err(Fault::error(format!("must be str, not {}", other.type_name()))),
        }
    }
}
