//! List and tuple methods.

use super::{Method, MethodCall};
use crate::evaluate::{Fault, all_defined, iterate};
use crate::object::{List, Object};
use crate::operators;

pub(super) const METHODS: &[Method] = &[
    ("append", &["object"], append),
    ("clear", &[], |call| list(call)?.change(call.rendering, Vec::clear).map(|()| Object::Null)),
    ("copy", &[], |call| Ok(Object::list(iterate(call.rendering, call.receiver)?.to_vec()))),
    ("extend", &["iterable"], extend),
    ("insert", &["index", "object"], insert),
    ("pop", &["index?"], pop),
    ("remove", &["value"], remove),
    ("reverse", &[], |call| list(call)?.change(call.rendering, |items| items.reverse()).map(|()| Object::Null)),
    ("sort", &["key?", "reverse?"], sort),
];

pub(super) const READING_METHODS: &[Method] =
    &[("count", &["value"], count), ("index", &["value", "start?", "stop?"], index)];

fn list<'c>(call: &'c MethodCall<'_>) -> Result<&'c List, Fault> {
    match call.receiver {
        Object::List(list) => Ok(list),
        other => Err(Fault::error(format!("'{}' object is not a list", other.type_name()))),
    }
}

fn argument(call: &MethodCall<'_>, at: usize) -> Object {
    call.args.get(at).cloned().unwrap_or(Object::Null)
}

fn append(call: &MethodCall<'_>) -> Result<Object, Fault> {
    let object = argument(call, 0);
    list(call)?.change(call.rendering, |items| items.push(object))?;
    Ok(Object::Null)
}

fn extend(call: &MethodCall<'_>) -> Result<Object, Fault> {
    let more = iterate(call.rendering, &argument(call, 0))?;
    all_defined(more.iter())?;
    list(call)?.change(call.rendering, |items| items.extend(more.iter().cloned()))?;
    Ok(Object::Null)
}

fn insert(call: &MethodCall<'_>) -> Result<Object, Fault> {
    let at = call.args.int_or(0, 0)?;
    let object = argument(call, 1);
    list(call)?.change(call.rendering, |items| {
        let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
        let at = if at < 0 { (at + length).max(0) } else { at.min(length) };
        items.insert(usize::try_from(at).unwrap_or(0), object);
    })?;
    Ok(Object::Null)
}

fn pop(call: &MethodCall<'_>) -> Result<Object, Fault> {
    let at = call.args.int_or(0, -1)?;
    list(call)?.change(call.rendering, |items| {
        if items.is_empty() {
            return Err(Fault::error("pop from empty list"));
        }
        let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
        let at = usize::try_from(if at < 0 { at + length } else { at }).ok().filter(|at| *at < items.len());
        at.map(|at| items.remove(at)).ok_or_else(|| Fault::error("pop index out of range"))
    })?
}

fn position(call: &MethodCall<'_>) -> Result<Option<usize>, Fault> {
    let wanted = argument(call, 0);
    for (at, item) in iterate(call.rendering, call.receiver)?.iter().enumerate() {
        if operators::equal(call.rendering, item, &wanted)? {
            return Ok(Some(at));
        }
    }
    Ok(None)
}

fn remove(call: &MethodCall<'_>) -> Result<Object, Fault> {
    let at = position(call)?.ok_or_else(|| Fault::error("list.remove(x): x not in list"))?;
    list(call)?.change(call.rendering, |items| items.remove(at))?;
    Ok(Object::Null)
}

fn index(call: &MethodCall<'_>) -> Result<Object, Fault> {
    let wanted = crate::python::repr(call.rendering, &argument(call, 0))?;
    match position(call)? {
        Some(at) => Ok(at.into()),
        None => Err(Fault::error(format!("{wanted} is not in list"))),
    }
}

fn count(call: &MethodCall<'_>) -> Result<Object, Fault> {
    let wanted = argument(call, 0);
    let mut count = 0_usize;
    for item in iterate(call.rendering, call.receiver)?.iter() {
        count += usize::from(operators::equal(call.rendering, item, &wanted)?);
    }
    Ok(count.into())
}

fn sort(call: &MethodCall<'_>) -> Result<Object, Fault> {
    let mut items = iterate(call.rendering, call.receiver)?.to_vec();
    operators::sort_by(call.rendering, &mut items, call.args.truthy(1, false), |item| item)?;
    list(call)?.change(call.rendering, |old| *old = items)?;
    Ok(Object::Null)
}
