//! `first_found`: the first of several files that exists.

use kapell_parsing::Key;

use super::LookupCall;
use crate::evaluate::{Fault, defined, iterate};
use crate::filters::normalized;
use crate::object::{Dict, Object};

/// Files looked for in each of the paths.
#[derive(Default)]
struct Search {
    files: Vec<String>,
    paths: Vec<String>,
    skip: bool,
}

/// Whether it is something undefined that `with_first_found` passes over; as a lookup of its own it does not.
fn is_passed_over(call: &LookupCall<'_>, object: &Object) -> Result<bool, Fault> {
    Ok(call.option("_subdir").is_some() && object.is_absent()?)
}

/// Names from a list or from text separated by commas, semicolons or (paths) colons.
fn names(call: &LookupCall<'_>, object: &Object, separators: &[char]) -> Result<Vec<String>, Fault> {
    let mut found = Vec::new();
    if is_passed_over(call, object)? {
        return Ok(found);
    }
    match defined(object.clone())? {
        Object::Str(text) => {
            let parts = text.split(separators).map(str::trim).filter(|part| !part.is_empty());
            found.extend(parts.map(ToOwned::to_owned));
        }
        Object::Null => {}
        list => {
            for item in iterate(call.rendering, &list)?.iter() {
                found.extend(names(call, item, separators)?);
            }
        }
    }
    Ok(found)
}

fn of_dict(call: &LookupCall<'_>, dict: &Dict) -> Result<Search, Fault> {
    let entry = |name: &str| dict.get(call.rendering, &Key::from(name));
    let empty = Object::Null;
    Ok(Search {
        files: names(call, entry("files")?.as_ref().unwrap_or(&empty), &[',', ';'])?,
        paths: names(call, entry("paths")?.as_ref().unwrap_or(&empty), &[',', ':', ';'])?,
        skip: entry("skip")?.is_some_and(|skip| skip.is_truthy()),
    })
}

fn searches(call: &LookupCall<'_>, term: &Object, found: &mut Vec<Search>) -> Result<(), Fault> {
    if is_passed_over(call, term)? {
        return Ok(());
    }
    match defined(term.clone())? {
        Object::Dict(dict) => found.push(of_dict(call, &dict)?),
        list @ (Object::List(_) | Object::Tuple(_)) => {
            for item in iterate(call.rendering, &list)?.iter() {
                searches(call, item, found)?;
            }
        }
        Object::Str(text) => found.push(Search { files: vec![text.to_string()], ..Search::default() }),
        other => {
            let kind = other.type_name();
            let message = format!("Invalid term supplied. A string, dict or list is required, not '{kind}').");
            return Err(Fault::error(message));
        }
    }
    Ok(())
}

pub(super) fn first_found(call: &LookupCall<'_>) -> Result<Vec<Object>, Fault> {
    let mut all = Vec::new();
    for term in &call.terms {
        searches(call, term, &mut all)?;
    }
    let empty = Object::Null;
    let paths = names(call, call.option("paths").unwrap_or(&empty), &[',', ':', ';'])?;
    let files = names(call, call.option("files").unwrap_or(&empty), &[',', ';'])?;
    if !files.is_empty() {
        all.push(Search { files, ..Search::default() });
    }
    let skip = call.flag("skip", false) || all.iter().any(|search| search.skip);
    for search in &all {
        let paths = if search.paths.is_empty() { &paths } else { &search.paths };
        for file in &search.files {
            if let Some(path) = find(call, paths, file) {
                return Ok(vec![path.into()]);
            }
        }
    }
    if skip { Ok(Vec::new()) } else { Err(Fault::error("No file was found when using first_found.")) }
}

fn find(call: &LookupCall<'_>, paths: &[String], file: &str) -> Option<String> {
    let candidates: Vec<String> = if paths.is_empty() {
        vec![file.into()]
    } else {
        paths.iter().map(|path| format!("{}/{file}", path.trim_end_matches('/'))).collect()
    };
    // Only `with_first_found` knows what kind of files its task wants.
    let subdir = match call.option("_subdir") {
        Some(Object::Str(subdir)) => subdir.to_string(),
        _ => String::new(),
    };
    let found = candidates.iter().find_map(|candidate| call.find_file(&subdir, candidate))?;
    Some(normalized(&found).to_string_lossy().into_owned())
}
