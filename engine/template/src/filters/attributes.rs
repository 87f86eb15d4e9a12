//! Attribute paths (`'a.b.0'`), as `map`, `sort`, `groupby` and their like take them.

use crate::evaluate::{Fault, FilterCall, Rendering, attribute, item, lack_of_item};
use crate::object::Object;

/// How to get the value a filter works on out of an item.
pub(super) struct Getter {
    /// One path per comma-separated attribute; none: the item itself.
    paths: Vec<Vec<Object>>,
    default: Option<Object>,
}

impl Getter {
    pub(super) fn new(attribute: Option<&Object>, default: Option<Object>) -> Self {
        let paths = match attribute {
            None | Some(Object::Null) => Vec::new(),
            Some(Object::Str(text)) => vec![path(text)],
            Some(other) => vec![vec![other.clone()]],
        };
        Self { paths, default }
    }

    /// For `sort`, which takes several attributes separated by commas.
    pub(super) fn several(attribute: Option<&Object>) -> Self {
        match attribute {
            Some(Object::Str(text)) => Self { paths: text.split(',').map(path).collect(), default: None },
            other => Self::new(other, None),
        }
    }

    /// The value, undefined when a part of the path is missing and there is no default.
    pub(super) fn get(&self, rendering: &Rendering<'_>, object: &Object) -> Result<Object, Fault> {
        match self.paths.as_slice() {
            [] => Ok(object.clone()),
            [path] => self.follow(rendering, object, path),
            paths => {
                let values: Result<Vec<_>, _> = paths.iter().map(|p| self.follow(rendering, object, p)).collect();
                Ok(Object::list(values?))
            }
        }
    }

    fn follow(&self, rendering: &Rendering<'_>, object: &Object, path: &[Object]) -> Result<Object, Fault> {
        let mut current = object.clone();
        for part in path {
            current = step(rendering, &current, part)?;
            if current.is_absent()?
                && let Some(default) = &self.default
            {
                current = default.clone();
            }
        }
        Ok(current)
    }
}

fn path(text: &str) -> Vec<Object> {
    let part = |part: &str| match part.parse::<i64>() {
        Ok(index) if part.bytes().all(|b| b.is_ascii_digit()) => Object::Int(index),
        _ => Object::from(part),
    };
    text.split('.').map(part).collect()
}

/// `object[part]`, or its attribute of that name.
fn step(rendering: &Rendering<'_>, object: &Object, part: &Object) -> Result<Object, Fault> {
    if object.is_undefined() {
        return Ok(object.clone());
    }
    if let Some(found) = item(rendering, object, part)? {
        return Ok(found);
    }
    if let Some(name) = part.as_str()
        && let Some(found) = attribute(rendering, object, name)?
    {
        return Ok(found);
    }
    missing(rendering, object, part)
}

fn missing(rendering: &Rendering<'_>, object: &Object, part: &Object) -> Result<Object, Fault> {
    let shown = crate::python::repr(rendering, part)?;
    Ok(Object::undefined(None, lack_of_item(object, part, &shown)))
}

pub(super) fn attr(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let name = call.args.get(0).cloned().unwrap_or(Object::Null);
    if let Some(text) = name.as_str()
        && let Some(found) = attribute(call.rendering, &call.input, text)?
    {
        return Ok(found);
    }
    missing(call.rendering, &call.input, &name)
}
