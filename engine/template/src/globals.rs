//! Global names of every template: `range`, `dict`, `namespace`, `cycler`, `joiner`, `now`, `undef`, `omit` and the
//! lookup functions.

use std::cmp::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use kapell_parsing::Key;

use crate::dates;
use crate::evaluate::{Arguments, Bound, Fault, Rendering, all_defined, entries, integer, iterate};
use crate::object::{Native, Object};

/// Longer ranges are refused: they would be gone through anyway.
const MAX_RANGE: u64 = 20_000_000;

type Function = fn(&Rendering<'_>, Arguments) -> Result<Object, Fault>;

const FUNCTIONS: &[(&str, Function)] = &[
    ("cycler", cycler),
    ("dict", dict),
    ("joiner", joiner),
    ("namespace", namespace),
    ("now", now),
    ("range", range),
    ("undef", undef),
];

pub(crate) fn find(name: &str) -> Option<Object> {
    if name == "omit" {
        return Some(Object::Omit);
    }
    if crate::lookups::is_function(name) {
        return Some(Object::native(Global { name: "lookup", function: bare_lookup }));
    }
    let (name, function) = FUNCTIONS.iter().find(|(known, _)| *known == name)?;
    Some(Object::native(Global { name, function: *function }))
}

struct Global {
    name: &'static str,
    function: Function,
}

impl Native for Global {
    fn type_name(&self) -> &'static str {
        "function"
    }

    fn repr(&self) -> String {
        format!("<function {}>", self.name)
    }

    fn call(&self, rendering: &Rendering<'_>, arguments: Arguments) -> Option<Result<Object, Fault>> {
        Some((self.function)(rendering, arguments))
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

/// `lookup` is called by name; kept in a variable first, it has lost its template.
fn bare_lookup(_rendering: &Rendering<'_>, _arguments: Arguments) -> Result<Object, Fault> {
    Err(Fault::error("lookup functions must be called by their own name"))
}

fn bind(name: &str, parameters: &[&str], arguments: Arguments) -> Result<Bound, Fault> {
    arguments.bind(name, parameters)
}

fn now(_rendering: &Rendering<'_>, arguments: Arguments) -> Result<Object, Fault> {
    let args = bind("now", &["utc?", "fmt?"], arguments)?;
    let now = dates::now(args.truthy(0, false));
    Ok(match args.text(1) {
        Some(format) => dates::strftime(&now, &format).into(),
        None => Object::native(now),
    })
}

/// The reason of what `undef()` gives without a hint.
pub(crate) const UNDEF_HINT: &str = "Mandatory variable has not been overridden";

fn undef(rendering: &Rendering<'_>, arguments: Arguments) -> Result<Object, Fault> {
    let args = bind("undef", &["hint?"], arguments)?;
    Ok(Object::undefined_at(args.text_or(0, UNDEF_HINT), rendering.place()))
}

fn dict(rendering: &Rendering<'_>, arguments: Arguments) -> Result<Object, Fault> {
    Ok(Object::dict(keyed(rendering, "dict", arguments)?))
}

/// Entries of a mapping or of pairs, then the keywords.
fn keyed(rendering: &Rendering<'_>, name: &str, arguments: Arguments) -> Result<Vec<(Key, Object)>, Fault> {
    let args = bind(name, &["iterable?", "**entries"], arguments)?;
    let mut all = match args.get(0) {
        None => Vec::new(),
        Some(mapping) if mapping.is_mapping() => entries(rendering, mapping)?,
        Some(other) => pairs(rendering, other)?,
    };
    all_defined(all.iter().map(|(_, object)| object))?;
    all.extend(args.extra.into_iter().map(|(name, object)| (Key::from(&*name), object)));
    Ok(all)
}

/// The `(key, value)` pairs of an iterable.
pub(crate) fn pairs(rendering: &Rendering<'_>, object: &Object) -> Result<Vec<(Key, Object)>, Fault> {
    let items = iterate(rendering, object)?;
    let pair = |(at, item): (usize, &Object)| {
        let parts = iterate(rendering, item).map_err(|_| {
            Fault::error(format!("cannot convert dictionary update sequence element #{at} to a sequence"))
        })?;
        match parts.as_slice() {
            [key, value] => Ok((key.to_key()?, value.clone())),
            other => Err(Fault::error(format!(
                "dictionary update sequence element #{at} has length {}; 2 is required",
                other.len()
            ))),
        }
    };
    items.iter().enumerate().map(pair).collect()
}

struct Range {
    start: i64,
    stop: i64,
    step: i64,
}

fn range(_rendering: &Rendering<'_>, arguments: Arguments) -> Result<Object, Fault> {
    let args = bind("range", &["start", "stop?", "step?"], arguments)?;
    let first = args.get(0).map_or(Ok(0), integer)?;
    let step = args.get(2).map_or(Ok(1), integer)?;
    let (start, stop) = match args.get(1) {
        Some(stop) => (first, integer(stop)?),
        None => (0, first),
    };
    if step == 0 {
        return Err(Fault::error("range() arg 3 must not be zero"));
    }
    let range = Range { start, stop, step };
    if range.len() > MAX_RANGE {
        return Err(Fault::error(format!("Range too big. Ranges longer than {MAX_RANGE} are not allowed.")));
    }
    Ok(Object::native(range))
}

impl Range {
    fn len(&self) -> u64 {
        let distance = if self.step > 0 {
            i128::from(self.stop) - i128::from(self.start)
        } else {
            i128::from(self.start) - i128::from(self.stop)
        };
        let step = i128::from(self.step.unsigned_abs());
        u64::try_from((distance + step - 1).max(0) / step).unwrap_or(u64::MAX)
    }
}

impl Native for Range {
    fn type_name(&self) -> &'static str {
        "range"
    }

    fn repr(&self) -> String {
        match self.step {
            1 => format!("range({}, {})", self.start, self.stop),
            step => format!("range({}, {}, {step})", self.start, self.stop),
        }
    }

    fn is_truthy(&self) -> bool {
        self.len() > 0
    }

    fn item_count(&self) -> Option<usize> {
        usize::try_from(self.len()).ok()
    }

    fn items(&self) -> Option<Vec<Object>> {
        let count = i64::try_from(self.len()).ok()?;
        Some((0..count).map(|at| Object::Int(self.start + at * self.step)).collect())
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

/// Whether two ranges are the same numbers.
pub(crate) fn range_order(left: &dyn Native, right: &dyn Native) -> Option<Ordering> {
    let (a, b) = (left.as_any().downcast_ref::<Range>()?, right.as_any().downcast_ref::<Range>()?);
    ((a.start, a.stop, a.step) == (b.start, b.stop, b.step)).then_some(Ordering::Equal)
}

/// `namespace(a=1)`: names that inner scopes can set.
struct Namespace(Mutex<Vec<(Arc<str>, Object)>>);

fn namespace(rendering: &Rendering<'_>, arguments: Arguments) -> Result<Object, Fault> {
    let entries = keyed(rendering, "namespace", arguments)?;
    let names = entries.into_iter().map(|(key, object)| (Arc::from(key.to_string()), object));
    Ok(Object::native(Namespace(Mutex::new(names.collect()))))
}

impl Native for Namespace {
    fn type_name(&self) -> &'static str {
        "Namespace"
    }

    fn repr(&self) -> String {
        let names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let entries: Vec<String> = names
            .iter()
            .map(|(name, object)| {
                let object = match object {
                    Object::Str(text) => kapell_parsing::value::str_repr(text),
                    other => crate::python::scalar_text(other),
                };
                format!("'{name}': {object}")
            })
            .collect();
        format!("<Namespace {{{}}}>", entries.join(", "))
    }

    fn attribute(&self, name: &str) -> Option<Object> {
        let names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        names.iter().find(|(known, _)| &**known == name).map(|(_, object)| object.clone())
    }

    fn assign(&self, name: &str, object: Object) -> bool {
        let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match names.iter_mut().find(|(known, _)| &**known == name) {
            Some((_, slot)) => *slot = object,
            None => names.push((name.into(), object)),
        }
        true
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

/// `cycler('odd', 'even')`.
struct Cycler {
    items: Vec<Object>,
    position: Mutex<usize>,
}

fn cycler(_rendering: &Rendering<'_>, arguments: Arguments) -> Result<Object, Fault> {
    if arguments.positional.is_empty() {
        return Err(Fault::error("at least one item has to be provided"));
    }
    Ok(Object::native(Cycler { items: arguments.positional, position: Mutex::new(0) }))
}

impl Native for Cycler {
    fn type_name(&self) -> &'static str {
        "Cycler"
    }

    fn attribute(&self, name: &str) -> Option<Object> {
        let position = *self.position.lock().unwrap_or_else(PoisonError::into_inner);
        (name == "current").then(|| self.items[position].clone())
    }

    fn call_method(
        &self,
        _rendering: &Rendering<'_>,
        name: &str,
        _arguments: &mut Arguments,
    ) -> Option<Result<Object, Fault>> {
        let mut position = self.position.lock().unwrap_or_else(PoisonError::into_inner);
        match name {
            "next" => {
                let current = self.items[*position].clone();
                *position = (*position + 1) % self.items.len();
                Some(Ok(current))
            }
            "reset" => {
                *position = 0;
                Some(Ok(Object::Null))
            }
            _ => None,
        }
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

/// `joiner(', ')`: nothing the first time it is called, the separator after that.
struct Joiner {
    separator: Object,
    used: Mutex<bool>,
}

fn joiner(_rendering: &Rendering<'_>, arguments: Arguments) -> Result<Object, Fault> {
    let mut args = bind("joiner", &["sep?"], arguments)?;
    let separator = args.take(0).unwrap_or_else(|| Object::from(", "));
    Ok(Object::native(Joiner { separator, used: Mutex::new(false) }))
}

impl Native for Joiner {
    fn type_name(&self) -> &'static str {
        "Joiner"
    }

    fn call(&self, _rendering: &Rendering<'_>, _arguments: Arguments) -> Option<Result<Object, Fault>> {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        Some(Ok(if std::mem::replace(&mut *used, true) { self.separator.clone() } else { Object::from("") }))
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}
