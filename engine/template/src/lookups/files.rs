//! `file`, `fileglob`, `unvault`.

use kapell_parsing::Text;

use super::{LookupCall, glob_files};
use crate::evaluate::Fault;
use crate::object::Object;

fn not_found(name: &str) -> Fault {
    Fault::error(format!("Unable to access the file '{name}': File not found. Use -vvvvv to see paths searched."))
}

pub(super) fn file(call: &LookupCall<'_>) -> Result<Vec<Object>, Fault> {
    let (lstrip, rstrip) = (call.flag("lstrip", false), call.flag("rstrip", true));
    let mut found = Vec::new();
    for name in call.texts()? {
        let path = call.find_file("files", &name).ok_or_else(|| not_found(&name))?;
        let (text, secret) = call.read_text(&path)?;
        let mut text = text.as_str();
        if lstrip {
            text = text.trim_start();
        }
        if rstrip {
            text = text.trim_end();
        }
        found.push(Object::Str(Text::new(text).with_secret(secret)));
    }
    Ok(found)
}

pub(super) fn unvault(call: &LookupCall<'_>) -> Result<Vec<Object>, Fault> {
    let mut found = Vec::new();
    for name in call.texts()? {
        let path = call.find_file("files", &name);
        let path = path.ok_or_else(|| Fault::error(format!("Unable to find file matching \"{name}\" ")))?;
        let (text, secret) = call.read_text(&path)?;
        found.push(Object::Str(Text::new(text).with_secret(secret)));
    }
    Ok(found)
}

pub(super) fn fileglob(call: &LookupCall<'_>) -> Result<Vec<Object>, Fault> {
    let mut found = Vec::new();
    for pattern in call.texts()? {
        let (dir, name) = pattern.rsplit_once('/').map_or(("", pattern.as_str()), |(dir, name)| (dir, name));
        let dirs =
            if pattern.starts_with('/') && dir.is_empty() { vec!["/".into()] } else { call.candidates("files", dir) };
        for dir in dirs {
            let files = glob_files(&dir.join(name))?;
            if !files.is_empty() {
                found.extend(files.into_iter().map(Object::from));
                break;
            }
        }
    }
    Ok(found)
}
