//! `str()` and `repr()`.

use kapell_parsing::value::{float_repr, str_repr};

use crate::containers::Entries;
use crate::evaluate::{Fault, Rendering};
use crate::object::Object;
use crate::operators::MAX_LENGTH;

/// Python's `str()`.
pub(crate) fn str(rendering: &Rendering<'_>, object: &Object) -> Result<String, Fault> {
    match object {
        Object::Str(text) => Ok(text.to_string()),
        Object::Native(native) => native.printed(rendering).unwrap_or_else(|| Ok(native.text())),
        Object::Blank => Ok(String::new()),
        other => repr(rendering, other),
    }
}

/// What `os.path` says to something that is no path, by its type.
pub(crate) fn no_path(kind: &str) -> String {
    format!("expected str, bytes or os.PathLike object, not {kind}")
}

/// Python's `repr()`.
pub(crate) fn repr(rendering: &Rendering<'_>, object: &Object) -> Result<String, Fault> {
    Repr { finished: false }.of(rendering, object)
}

/// Python's `repr()` of what leaves a template: tuples are lists, and what is `omit` is left out.
pub(crate) fn finished_repr(rendering: &Rendering<'_>, object: &Object) -> Result<String, Fault> {
    Repr { finished: true }.of(rendering, object)
}

struct Repr {
    finished: bool,
}

impl Repr {
    fn of(&self, rendering: &Rendering<'_>, object: &Object) -> Result<String, Fault> {
        match object {
            Object::Undefined(missing) => Err(Fault::Undefined(missing.clone())),
            Object::List(list) => self.list(rendering, &list.items(rendering)?),
            Object::Tuple(items) if self.finished => self.list(rendering, items),
            Object::Tuple(items) => rendering.deeper(|| {
                let inner = self.join(rendering, items)?;
                Ok(if items.len() == 1 { format!("({inner},)") } else { format!("({inner})") })
            }),
            Object::Dict(dict) => {
                let entries = dict.entries(rendering)?;
                rendering.deeper(|| self.entries(rendering, &entries))
            }
            Object::Variables(_) => Ok(super::to_value(rendering, object)?.repr()),
            Object::Native(native) => Ok(native.repr()),
            scalar => {
                rendering.spend_object(scalar)?;
                Ok(scalar_repr(scalar))
            }
        }
    }

    fn list(&self, rendering: &Rendering<'_>, items: &[Object]) -> Result<String, Fault> {
        rendering.deeper(|| Ok(format!("[{}]", self.join(rendering, items)?)))
    }

    fn join(&self, rendering: &Rendering<'_>, items: &[Object]) -> Result<String, Fault> {
        let mut out = String::new();
        for item in items.iter().filter(|item| !self.leaves_out(item)) {
            if !out.is_empty() {
                out.push_str(", ");
            }
            grow(rendering, &mut out, &self.of(rendering, item)?)?;
        }
        Ok(out)
    }

    fn entries(&self, rendering: &Rendering<'_>, entries: &Entries) -> Result<String, Fault> {
        let mut out = String::from("{");
        for (key, value) in entries.iter().filter(|(_, value)| !self.leaves_out(value)) {
            if out.len() > 1 {
                out.push_str(", ");
            }
            out.push_str(&scalar_repr(&Object::from_key(key)));
            out.push_str(": ");
            grow(rendering, &mut out, &self.of(rendering, value)?)?;
        }
        out.push('}');
        Ok(out)
    }

    fn leaves_out(&self, object: &Object) -> bool {
        self.finished && matches!(object, Object::Omit)
    }
}

/// Adds a piece, unless that makes too much of it.
fn grow(rendering: &Rendering<'_>, out: &mut String, piece: &str) -> Result<(), Fault> {
    if out.len() + piece.len() > MAX_LENGTH {
        return Err(Fault::error("the result is too long"));
    }
    rendering.spend_bytes(piece.len())?;
    out.push_str(piece);
    Ok(())
}

fn scalar_repr(object: &Object) -> String {
    match object {
        Object::Str(text) => str_repr(text),
        other => scalar_text(other),
    }
}

/// `str()` of what is not a container; containers give their type's name.
pub(crate) fn scalar_text(object: &Object) -> String {
    match object {
        Object::Null => "None".into(),
        Object::Bool(true) => "True".into(),
        Object::Bool(false) => "False".into(),
        Object::Int(i) => i.to_string(),
        Object::BigInt(i) => i.to_string(),
        Object::Float(f) => float_repr(*f),
        Object::Str(text) => text.to_string(),
        Object::Native(native) => native.text(),
        Object::Omit => "<<Omit>>".into(),
        Object::Blank => String::new(),
        other => format!("<{}>", other.type_name()),
    }
}
