//! Dict methods. Those that only read also serve `hostvars`.

use super::{Method, MethodCall};
use crate::evaluate::{Fault, all_defined, item, iterate};
use crate::object::{Dict, Object};

pub(super) const METHODS: &[Method] = &[
    ("clear", &[], |call| dict(call)?.change(call.rendering, indexmap::IndexMap::clear).map(|()| Object::Null)),
    ("pop", &["key", "default?"], pop),
    ("popitem", &[], pop_item),
    ("setdefault", &["key", "default?"], set_default),
    ("update", &["other?", "**entries"], update),
];

pub(super) const READING_METHODS: &[Method] = &[
    ("copy", &[], |call| Ok(Object::dict(entries(call)?))),
    ("get", &["key", "default?"], get),
    ("items", &[], items),
    ("keys", &[], |call| Ok(Object::list(iterate(call.rendering, call.receiver)?.to_vec()))),
    ("values", &[], |call| Ok(Object::list(entries(call)?.into_iter().map(|(_, value)| value).collect()))),
];

fn dict<'c>(call: &'c MethodCall<'_>) -> Result<&'c Dict, Fault> {
    match call.receiver {
        Object::Dict(dict) => Ok(dict),
        other => Err(Fault::error(format!("'{}' object cannot be changed", other.type_name()))),
    }
}

fn entries(call: &MethodCall<'_>) -> Result<Vec<(kapell_parsing::Key, Object)>, Fault> {
    crate::evaluate::entries(call.rendering, call.receiver)
}

fn items(call: &MethodCall<'_>) -> Result<Object, Fault> {
    let pairs = entries(call)?.into_iter().map(|(key, value)| Object::tuple(vec![Object::from_key(&key), value]));
    Ok(Object::list(pairs.collect()))
}

fn get(call: &MethodCall<'_>) -> Result<Object, Fault> {
    let key = call.args.get(0).cloned().unwrap_or(Object::Null);
    key.to_key()?;
    let default = || call.args.get(1).cloned().unwrap_or(Object::Null);
    Ok(item(call.rendering, call.receiver, &key)?.unwrap_or_else(default))
}

fn pop(call: &MethodCall<'_>) -> Result<Object, Fault> {
    let key = call.args.get(0).unwrap_or(&Object::Null).to_key()?;
    let popped = dict(call)?.change(call.rendering, |entries| entries.shift_remove(&key))?;
    match popped.or_else(|| call.args.get(1).cloned()) {
        Some(object) => Ok(object),
        None => Err(Fault::error(crate::python::repr(call.rendering, &Object::from_key(&key))?)),
    }
}

fn pop_item(call: &MethodCall<'_>) -> Result<Object, Fault> {
    match dict(call)?.change(call.rendering, indexmap::IndexMap::pop)? {
        Some((key, value)) => Ok(Object::tuple(vec![Object::from_key(&key), value])),
        None => Err(Fault::error("'popitem(): dictionary is empty'")),
    }
}

fn set_default(call: &MethodCall<'_>) -> Result<Object, Fault> {
    let key = call.args.get(0).unwrap_or(&Object::Null).to_key()?;
    let default = call.args.get(1).cloned().unwrap_or(Object::Null);
    dict(call)?.change(call.rendering, |entries| entries.entry(key).or_insert(default).clone())
}

fn update(call: &MethodCall<'_>) -> Result<Object, Fault> {
    let mut new = match call.args.get(0) {
        None => Vec::new(),
        Some(mapping) if mapping.is_mapping() => crate::evaluate::entries(call.rendering, mapping)?,
        Some(pairs) => crate::globals::pairs(call.rendering, pairs)?,
    };
    new.extend(call.args.extra.iter().map(|(name, object)| (kapell_parsing::Key::from(&**name), object.clone())));
    all_defined(new.iter().map(|(_, object)| object))?;
    dict(call)?.change(call.rendering, |entries| entries.extend(new))?;
    Ok(Object::Null)
}
