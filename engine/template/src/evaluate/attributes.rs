//! `a.b`, `a['b']`, iteration and length, for every kind of object.

use std::sync::Arc;

use kapell_parsing::Key;

use super::fault::{blank, defined};
use super::rendering::mark_secret;
use super::{Fault, Interpreter, Rendering};
use crate::methods;
use crate::object::Object;

impl Interpreter<'_> {
    /// `object.name`: an attribute or method first, then an item.
    pub(crate) fn attribute_of(&self, object: &Object, name: &str) -> Result<Object, Fault> {
        if let Some(found) = attribute(self.rendering, object, name)? {
            return Ok(found);
        }
        Ok(self.lacking(object, &format!("'{name}'")))
    }

    /// `object[key]`: an item first, then an attribute.
    pub(crate) fn item_of(&self, object: &Object, key: Object) -> Result<Object, Fault> {
        let key = match key {
            undefined @ (Object::Undefined(_) | Object::Blank) => return Ok(undefined),
            key => key,
        };
        if let Some(found) = item(self.rendering, object, &key)? {
            return Ok(found);
        }
        if let Some(name) = key.as_str()
            && let Some(found) = attribute(self.rendering, object, name)?
        {
            return Ok(found);
        }
        let shown = crate::python::repr(self.rendering, &key)?;
        Ok(match object {
            Object::Undefined(_) | Object::Blank | Object::Variables(_) => self.lacking(object, &shown),
            other => self.missing(None, lack_of_item(other, &key, &shown)),
        })
    }

    fn lacking(&self, object: &Object, key: &str) -> Object {
        match object {
            undefined @ (Object::Undefined(_) | Object::Blank) => undefined.clone(),
            Object::Variables(variables) if variables.by_host => {
                self.missing(None, format!("\"hostvars[{key}]\" is undefined"))
            }
            other => self.missing(None, format!("object of type '{}' has no attribute {key}", other.type_name())),
        }
    }
}

/// The attribute, method or item `name`; undefined objects have every attribute, itself undefined.
pub(crate) fn attribute(rendering: &Rendering<'_>, object: &Object, name: &str) -> Result<Option<Object>, Fault> {
    match object {
        Object::Undefined(_) | Object::Blank => return Ok(Some(object.clone())),
        Object::Native(native) => {
            if let Some(found) = native.attribute(name) {
                return Ok(Some(found));
            }
        }
        _ => {}
    }
    if methods::exists(object, name) {
        return Ok(Some(methods::bound(object.clone(), name)));
    }
    match (object, name) {
        (number, _) if number.is_number() => Ok(methods::number::attribute(number, name)),
        (Object::Dict(dict), _) => dict.get_str(rendering, name),
        (Object::Variables(variables), _) => rendering.entry(variables, name),
        // What `groupby` gives: pairs with names.
        (Object::Tuple(items), "grouper") if items.len() == 2 => Ok(Some(items[0].clone())),
        (Object::Tuple(items), "list") if items.len() == 2 => Ok(Some(items[1].clone())),
        _ => Ok(None),
    }
}

/// What is said of an object without the item `key`, which is shown as `shown`. Jinja says it in other words for keys
/// that are not true.
pub(crate) fn lack_of_item(object: &Object, key: &Object, shown: &str) -> String {
    let kind = object.type_name();
    match (object, key) {
        (_, key) if key.is_truthy() => format!("object of type '{kind}' has no attribute {shown}"),
        (_, Object::Str(_)) => format!("'{kind} object' has no attribute {shown}"),
        (Object::Null, _) => format!("None has no element {shown}"),
        _ => format!("{kind} object has no element {shown}"),
    }
}

/// The item `key` of a container or string.
pub(crate) fn item(rendering: &Rendering<'_>, object: &Object, key: &Object) -> Result<Option<Object>, Fault> {
    match (object, key) {
        (Object::Undefined(_) | Object::Blank, _) => Ok(Some(object.clone())),
        (_, Object::Undefined(missing)) => Err(Fault::Undefined(missing.clone())),
        (Object::Dict(dict), key) => match key.to_key() {
            Ok(key) => dict.get(rendering, &key),
            Err(_) => Ok(None),
        },
        (Object::Variables(variables), Object::Str(name)) => rendering.entry(variables, name),
        (Object::List(list), Object::Int(_) | Object::Bool(_)) => match position(key, list.len()) {
            Some(at) => list.get(rendering, at),
            None => Ok(None),
        },
        (Object::Tuple(items), Object::Int(_) | Object::Bool(_)) => {
            Ok(position(key, items.len()).and_then(|at| items.get(at).cloned()))
        }
        (Object::Str(text), Object::Int(_) | Object::Bool(_)) => {
            let found = if text.is_ascii() {
                position(key, text.len()).and_then(|at| text.get(at..=at)).map(Object::from)
            } else {
                position(key, text.chars().count()).and_then(|at| text.chars().nth(at)).map(|c| c.to_string().into())
            };
            Ok(found.map(|object| if text.is_secret() { mark_secret(object) } else { object }))
        }
        (Object::Native(native), Object::Int(_)) => {
            Ok(native.items().and_then(|items| items.get(position(key, items.len())?).cloned()))
        }
        _ => Ok(None),
    }
}

/// A Python index, negative ones from the end, as a position below `len`.
fn position(key: &Object, len: usize) -> Option<usize> {
    let index = key.as_i64()?;
    let index = if index < 0 { index.checked_add(i64::try_from(len).ok()?)? } else { index };
    usize::try_from(index).ok().filter(|index| *index < len)
}

/// Everything `for` would go through.
pub(crate) fn iterate(rendering: &Rendering<'_>, object: &Object) -> Result<Arc<Vec<Object>>, Fault> {
    match object {
        Object::Str(text) => rendering.spend_items(text.len())?,
        Object::Native(native) => rendering.spend_items(native.item_count().unwrap_or(0))?,
        other => rendering.spend_object(other)?,
    }
    let items: Vec<Object> = match object {
        Object::List(list) => return list.items(rendering),
        Object::Tuple(items) => items.to_vec(),
        Object::Dict(dict) => dict.keys().iter().map(Object::from_key).collect(),
        Object::Variables(variables) => variables.names().into_iter().map(Object::Str).collect(),
        Object::Str(text) => text.chars().map(|c| Object::from(c.to_string())).collect(),
        Object::Native(native) => match native.items() {
            Some(items) => items,
            None => return Err(not_iterable(object)),
        },
        Object::Undefined(missing) => return Err(Fault::Undefined(missing.clone())),
        Object::Blank => Vec::new(),
        _ => return Err(not_iterable(object)),
    };
    Ok(Arc::new(items))
}

fn not_iterable(object: &Object) -> Fault {
    Fault::error(format!("'{}' object is not iterable", object.type_name()))
}

/// Python's `len`.
pub(crate) fn length(object: &Object) -> Result<usize, Fault> {
    match object {
        Object::Str(text) => Ok(text.chars().count()),
        Object::List(list) => Ok(list.len()),
        Object::Tuple(items) => Ok(items.len()),
        Object::Dict(dict) => Ok(dict.len()),
        Object::Variables(variables) => Ok(variables.names().len()),
        Object::Native(native) => match native.items() {
            Some(items) => Ok(items.len()),
            None => Err(Fault::error(format!("object of type '{}' has no len()", native.type_name()))),
        },
        Object::Blank => Err(blank()),
        other => {
            defined(other.clone())?;
            Err(Fault::error(format!("object of type '{}' has no len()", other.type_name())))
        }
    }
}

/// Whether `object` is a dict-like with the text key `name`.
pub(crate) fn has_entry(object: &Object, name: &str) -> bool {
    match object {
        Object::Dict(dict) => dict.contains(&Key::from(name)),
        Object::Variables(variables) => variables.scope.source.get(name).is_some(),
        _ => false,
    }
}

/// The entries of a dict or of a map made on demand.
pub(crate) fn entries(rendering: &Rendering<'_>, object: &Object) -> Result<Vec<(Key, Object)>, Fault> {
    match object {
        Object::Dict(dict) => {
            let entries = dict.entries(rendering)?;
            Ok(entries.iter().map(|(key, value)| (key.clone(), value.clone())).collect())
        }
        Object::Variables(variables) => {
            let mut all = Vec::new();
            for name in variables.names() {
                if let Some(object) = rendering.entry(variables, &name)? {
                    all.push((Key::Str(name), object));
                }
            }
            Ok(all)
        }
        other => Err(Fault::error(format!("'{}' object has no attribute 'items'", other.type_name()))),
    }
}
