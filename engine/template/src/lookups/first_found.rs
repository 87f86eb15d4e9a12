//! `first_found`: the first of several files that exists.

use kapell_parsing::Key;

use super::LookupCall;
use crate::evaluate::{Fault, defined, iterate};
use crate::filters::normalized;
use crate::object::{Dict, Object};

/// What the lookup is asked for. A mapping among its terms asks for something else, from there on.
struct Asked {
    files: Vec<String>,
    /// Where files are looked for; as they are named when there is none.
    paths: Vec<String>,
    /// Finding nothing is no failure.
    skip: bool,
}

impl Asked {
    fn with(call: &LookupCall<'_>, files: &Object, paths: &Object, skip: bool) -> Result<Self, Fault> {
        Ok(Self { files: names(call, files, &[',', ';'])?, paths: names(call, paths, &[',', ':', ';'])?, skip })
    }

    fn of_options(call: &LookupCall<'_>) -> Result<Self, Fault> {
        let option = |name: &str| call.option(name).unwrap_or(&Object::Null);
        Self::with(call, option("files"), option("paths"), call.flag("skip", false))
    }

    fn of_dict(call: &LookupCall<'_>, dict: &Dict) -> Result<Self, Fault> {
        let entry = |name: &str| Ok::<_, Fault>(dict.get(call.rendering, &Key::from(name))?.unwrap_or(Object::Null));
        Self::with(call, &entry("files")?, &entry("paths")?, entry("skip")?.is_truthy())
    }

    fn places_of(&self, file: &str) -> Vec<String> {
        match self.paths.as_slice() {
            [] => vec![file.to_owned()],
            paths => paths.iter().map(|path| format!("{}/{file}", path.trim_end_matches('/'))).collect(),
        }
    }

    fn places(&self) -> impl Iterator<Item = String> {
        self.files.iter().flat_map(|file| self.places_of(file))
    }
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

/// The places where `term` wants files to be looked for.
fn add_places(call: &LookupCall<'_>, term: &Object, asked: &mut Asked, places: &mut Vec<String>) -> Result<(), Fault> {
    if is_passed_over(call, term)? {
        return Ok(());
    }
    match defined(term.clone())? {
        Object::Dict(dict) => {
            *asked = Asked::of_dict(call, &dict)?;
            places.extend(asked.places());
        }
        list @ (Object::List(_) | Object::Tuple(_)) => {
            for item in iterate(call.rendering, &list)?.iter() {
                add_places(call, item, asked, places)?;
            }
        }
        Object::Str(text) => places.extend(asked.places_of(&text)),
        other => {
            let kind = other.type_name();
            let message = format!("Invalid term supplied. A string, dict or list is required, not '{kind}').");
            return Err(Fault::error(message));
        }
    }
    Ok(())
}

pub(super) fn first_found(call: &LookupCall<'_>) -> Result<Vec<Object>, Fault> {
    let mut asked = Asked::of_options(call)?;
    let mut places = Vec::new();
    if call.terms.is_empty() {
        places.extend(asked.places());
    }
    for term in &call.terms {
        add_places(call, term, &mut asked, &mut places)?;
    }
    // Only `with_first_found` knows what kind of files its task wants.
    let subdir = call.option("_subdir").and_then(Object::as_str).unwrap_or_default();
    match places.iter().find_map(|place| call.find_file(subdir, place)) {
        Some(found) => Ok(vec![normalized(&found).to_string_lossy().into_owned().into()]),
        None if asked.skip => Ok(Vec::new()),
        None => Err(Fault::error("No file was found when using first_found.")),
    }
}
