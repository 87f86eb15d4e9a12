//! Objects out of the evaluator: plain values with every template in them evaluated.

use std::sync::Arc;

use kapell_parsing::{Map, Text, Value};

use crate::evaluate::{Fault, Rendering};
use crate::object::Object;
use crate::scope::Variables;

/// The object as a plain value. `omit` in a container is left out; undefined is an error.
pub(crate) fn to_value(rendering: &Rendering<'_>, object: &Object) -> Result<Value, Fault> {
    if rendering.shows_undefined() {
        return shown(rendering, object);
    }
    Ok(match object {
        Object::Undefined(missing) => return Err(Fault::Undefined(missing.clone())),
        Object::Blank => return Err(unsupported("Undefined")),
        Object::List(list) => match list.source().filter(|items| items.iter().all(is_plain)) {
            Some(items) => Value::List(items),
            None => items_value(rendering, &list.items(rendering)?)?,
        },
        Object::Tuple(items) => items_value(rendering, items)?,
        Object::Dict(dict) => match dict.source().filter(|map| map.values().all(is_plain)) {
            Some(map) => Value::Map(map),
            None => {
                let entries = dict.entries(rendering)?;
                rendering.deeper(|| {
                    let mut map = Map::with_capacity(entries.len());
                    for (key, object) in entries.iter().filter(|(_, object)| !matches!(object, Object::Omit)) {
                        map.insert(key.clone(), to_value(rendering, object)?);
                    }
                    Ok(Value::map(map))
                })?
            }
        },
        Object::Variables(variables) => variables_value(rendering, variables)?,
        Object::Native(native) => native.to_value().ok_or_else(|| unsupported(native.type_name()))?,
        scalar => scalar_value(scalar),
    })
}

/// Like `to_value`, with what is undefined replaced by a text about it, item by item.
fn shown(rendering: &Rendering<'_>, object: &Object) -> Result<Value, Fault> {
    let show = |result: Result<Option<Object>, Fault>| match result {
        Ok(object) => shown(rendering, &object.unwrap_or(Object::Null)),
        Err(fault) => rendering.show(fault),
    };
    rendering.deeper(|| match object {
        Object::Undefined(missing) => rendering.show(Fault::Undefined(missing.clone())),
        Object::List(list) => {
            (0..list.len()).map(|at| show(list.get(rendering, at))).collect::<Result<Vec<_>, _>>().map(Value::list)
        }
        Object::Tuple(items) => {
            items.iter().map(|item| show(Ok(Some(item.clone())))).collect::<Result<Vec<_>, _>>().map(Value::list)
        }
        Object::Dict(dict) => {
            let entry = |key: kapell_parsing::Key| Ok((key.clone(), show(dict.get(rendering, &key))?));
            dict.keys().into_iter().map(entry).collect::<Result<Map, Fault>>().map(Value::map)
        }
        Object::Variables(variables) => {
            let names = variables.names().into_iter();
            let names = names.filter(|name| variables.by_host || !matches!(name.as_str(), "vars" | "hostvars"));
            let entry = |name: Text| Ok((name.clone().into(), show(rendering.entry(variables, &name))?));
            names.map(entry).collect::<Result<Map, Fault>>().map(Value::map)
        }
        Object::Native(native) => native.to_value().ok_or_else(|| unsupported(native.type_name())),
        Object::Blank => Err(unsupported("Undefined")),
        scalar => Ok(scalar_value(scalar)),
    })
}

fn scalar_value(object: &Object) -> Value {
    match object {
        Object::Bool(b) => Value::Bool(*b),
        Object::Int(i) => Value::Int(*i),
        Object::BigInt(i) => Value::BigInt(i.clone()),
        Object::Float(f) => Value::Float(*f),
        Object::Str(text) => Value::Str(text.clone()),
        Object::Omit => crate::templar::omit(),
        _ => Value::Null,
    }
}

fn unsupported(kind: &str) -> Fault {
    Fault::error(format!("Type '{kind}' is unsupported for variable storage."))
}

fn items_value(rendering: &Rendering<'_>, items: &[Object]) -> Result<Value, Fault> {
    rendering.deeper(|| {
        rendering.spend(items.len() / 8)?;
        let kept = items.iter().filter(|object| !matches!(object, Object::Omit));
        kept.map(|item| to_value(rendering, item)).collect::<Result<Vec<_>, _>>().map(Value::list)
    })
}

fn variables_value(rendering: &Rendering<'_>, variables: &Arc<Variables>) -> Result<Value, Fault> {
    rendering.deeper(|| {
        let mut map = Map::new();
        for name in variables.names() {
            // A scope reaches itself and all other hosts through these.
            if !variables.by_host && matches!(name.as_str(), "vars" | "hostvars") {
                continue;
            }
            if let Some(object) = rendering.entry(variables, &name)? {
                map.insert(name.into(), to_value(rendering, &object)?);
            }
        }
        Ok(Value::map(map))
    })
}

/// Whether templating leaves a source value as it is.
fn is_plain(value: &Value) -> bool {
    match value {
        Value::Str(text) => !text.is_template(),
        Value::Undefined(_) => false,
        Value::List(items) => items.iter().all(is_plain),
        Value::Map(map) => map.values().all(is_plain),
        _ => true,
    }
}
