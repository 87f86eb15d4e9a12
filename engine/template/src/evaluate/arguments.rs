//! `Arguments`: what a call passes; `Bound`: the same matched to parameter names as Python matches them.

use std::sync::Arc;

use super::Fault;
use crate::object::Object;

#[derive(Default)]
pub(crate) struct Arguments {
    pub(crate) positional: Vec<Object>,
    pub(crate) named: Vec<(Arc<str>, Object)>,
}

impl Arguments {
    pub(crate) fn of(positional: Vec<Object>) -> Self {
        Self { positional, named: Vec::new() }
    }

    /// Takes the keyword argument `name` out.
    pub(crate) fn take(&mut self, name: &str) -> Option<Object> {
        let at = self.named.iter().position(|(known, _)| &**known == name)?;
        Some(self.named.remove(at).1)
    }

    pub(crate) fn objects(&self) -> impl Iterator<Item = &Object> {
        self.positional.iter().chain(self.named.iter().map(|(_, object)| object))
    }

    /// The first of them that is undefined.
    pub(crate) fn undefined(&self) -> Option<Object> {
        self.objects().find(|object| matches!(object, Object::Undefined(_))).cloned()
    }

    /// Matches to `parameters`: `name` is required, `name?` is not, `*name` takes the other positional ones and
    /// `**name` the other keywords.
    pub(crate) fn bind(self, function: &str, parameters: &[&str]) -> Result<Bound, Fault> {
        let names: Vec<&str> = parameters.iter().filter(|p| !p.starts_with('*')).copied().collect();
        let takes_rest = parameters.iter().any(|p| p.starts_with('*') && !p.starts_with("**"));
        let takes_extra = parameters.iter().any(|p| p.starts_with("**"));
        let mut bound = Bound { values: vec![None; names.len()], rest: Vec::new(), extra: Vec::new() };
        let given = self.positional.len();
        for (at, object) in self.positional.into_iter().enumerate() {
            match bound.values.get_mut(at) {
                Some(slot) => *slot = Some(object),
                None if takes_rest => bound.rest.push(object),
                None => return Err(too_many(function, &names, given)),
            }
        }
        for (name, object) in self.named {
            match names.iter().position(|known| known.trim_end_matches('?') == &*name) {
                Some(at) if bound.values[at].is_some() => {
                    return Err(Fault::error(format!("{function}() got multiple values for argument '{name}'")));
                }
                Some(at) => bound.values[at] = Some(object),
                None if takes_extra => bound.extra.push((name, object)),
                None => {
                    return Err(Fault::error(format!("{function}() got an unexpected keyword argument '{name}'")));
                }
            }
        }
        let missing: Vec<&str> = names
            .iter()
            .zip(&bound.values)
            .filter(|(n, v)| v.is_none() && !n.ends_with('?'))
            .map(|(n, _)| *n)
            .collect();
        if missing.is_empty() { Ok(bound) } else { Err(too_few(function, &missing)) }
    }
}

fn too_many(function: &str, names: &[&str], given: usize) -> Fault {
    let most = names.len() + 1;
    let least = names.iter().filter(|name| !name.ends_with('?')).count() + 1;
    let takes = if least == most { format!("takes {most}") } else { format!("takes from {least} to {most}") };
    let s = if most == 1 { "" } else { "s" };
    Fault::error(format!("{function}() {takes} positional argument{s} but {} were given", given + 1))
}

fn too_few(function: &str, missing: &[&str]) -> Fault {
    let quoted: Vec<String> = missing.iter().map(|name| format!("'{name}'")).collect();
    let list = match quoted.as_slice() {
        [all @ .., last] if !all.is_empty() => format!("{} and {last}", all.join(", ")),
        _ => quoted.concat(),
    };
    let s = if missing.len() == 1 { "" } else { "s" };
    Fault::error(format!("{function}() missing {} required positional argument{s}: {list}", missing.len()))
}

/// Arguments in the order of the parameters.
pub(crate) struct Bound {
    values: Vec<Option<Object>>,
    pub(crate) rest: Vec<Object>,
    pub(crate) extra: Vec<(Arc<str>, Object)>,
}

impl Bound {
    pub(crate) fn get(&self, at: usize) -> Option<&Object> {
        self.values.get(at)?.as_ref()
    }

    /// The argument unless it is absent or `None`.
    pub(crate) fn some(&self, at: usize) -> Option<&Object> {
        self.get(at).filter(|object| !object.is_null())
    }

    pub(crate) fn take(&mut self, at: usize) -> Option<Object> {
        self.values.get_mut(at)?.take()
    }

    pub(crate) fn truthy(&self, at: usize, default: bool) -> bool {
        self.get(at).map_or(default, Object::is_truthy)
    }

    /// A string argument; numbers count as their text.
    pub(crate) fn text(&self, at: usize) -> Option<String> {
        self.some(at).map(|object| match object {
            Object::Str(text) => text.to_string(),
            other => crate::python::scalar_text(other),
        })
    }

    pub(crate) fn text_or(&self, at: usize, default: &str) -> String {
        self.text(at).unwrap_or_else(|| default.into())
    }

    pub(crate) fn int(&self, at: usize) -> Result<Option<i64>, Fault> {
        self.some(at).map(integer).transpose()
    }

    pub(crate) fn int_or(&self, at: usize, default: i64) -> Result<i64, Fault> {
        Ok(self.int(at)?.unwrap_or(default))
    }

    pub(crate) fn extra(&self, name: &str) -> Option<&Object> {
        self.extra.iter().find(|(known, _)| &**known == name).map(|(_, object)| object)
    }
}

/// An argument that must be an integer.
pub(crate) fn integer(object: &Object) -> Result<i64, Fault> {
    match object {
        Object::Bool(b) => Ok((*b).into()),
        Object::Int(i) => Ok(*i),
        Object::Undefined(missing) => Err(Fault::Undefined(missing.clone())),
        other => Err(Fault::error(format!("'{}' object cannot be interpreted as an integer", other.type_name()))),
    }
}
