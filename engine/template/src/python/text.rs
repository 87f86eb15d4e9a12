//! `str()` and `repr()`.

use kapell_parsing::value::{float_repr, str_repr};

use crate::evaluate::{Fault, Rendering};
use crate::object::Object;

/// Python's `str()`.
pub(crate) fn str(rendering: &Rendering<'_>, object: &Object) -> Result<String, Fault> {
    match object {
        Object::Str(text) => Ok(text.to_string()),
        Object::Native(native) => Ok(native.text()),
        Object::Blank => Ok(String::new()),
        other => repr(rendering, other),
    }
}

/// Python's `repr()`.
pub(crate) fn repr(rendering: &Rendering<'_>, object: &Object) -> Result<String, Fault> {
    match object {
        Object::Undefined(missing) => Err(Fault::Undefined(missing.clone())),
        Object::List(list) => {
            let items = list.items(rendering)?;
            rendering.deeper(|| Ok(format!("[{}]", join(rendering, &items)?)))
        }
        Object::Tuple(items) => rendering.deeper(|| {
            let inner = join(rendering, items)?;
            Ok(if items.len() == 1 { format!("({inner},)") } else { format!("({inner})") })
        }),
        Object::Dict(dict) => {
            let entries = dict.entries(rendering)?;
            rendering.deeper(|| {
                let mut out = String::from("{");
                for (at, (key, value)) in entries.iter().enumerate() {
                    if at > 0 {
                        out.push_str(", ");
                    }
                    out.push_str(&scalar_repr(&Object::from_key(key)));
                    out.push_str(": ");
                    out.push_str(&repr(rendering, value)?);
                }
                out.push('}');
                Ok(out)
            })
        }
        Object::Variables(_) => Ok(super::to_value(rendering, object)?.repr()),
        Object::Native(native) => Ok(native.repr()),
        scalar => Ok(scalar_repr(scalar)),
    }
}

fn join(rendering: &Rendering<'_>, items: &[Object]) -> Result<String, Fault> {
    let mut out = String::new();
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.push_str(", ");
        }
        out.push_str(&repr(rendering, item)?);
    }
    rendering.spend(out.len() / 1024)?;
    Ok(out)
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
