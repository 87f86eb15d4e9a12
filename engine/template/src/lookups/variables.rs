//! `vars`, `varnames`, `env`.

use kapell_parsing::{Origin, SourceFile, Text};

use super::LookupCall;
use crate::evaluate::{Fault, defined};
use crate::globals::UNDEF_HINT;
use crate::object::Object;
use crate::python::regex;

pub(super) fn vars(call: &LookupCall<'_>) -> Result<Vec<Object>, Fault> {
    let mut found = Vec::new();
    for term in &call.terms {
        let term = defined(term.clone())?;
        let Some(name) = term.as_str() else {
            return Err(Fault::error(format!("Variable name must be 'str' not '{}'.", term.type_name())));
        };
        let local = call.locals.as_ref().and_then(|locals| locals.get(name));
        let value = match local {
            Some(value) => Some(value),
            None => call.rendering.variable(call.scope, name)?,
        };
        found.push(match (value, call.option("default")) {
            (Some(value), _) => value,
            (None, Some(default)) => default.clone(),
            (None, None) => Object::undefined(Some(name), format!("No variable named '{name}' was found.")),
        });
    }
    Ok(found)
}

pub(super) fn varnames(call: &LookupCall<'_>) -> Result<Vec<Object>, Fault> {
    let names = call.scope.source.names();
    let mut found = Vec::new();
    for term in &call.terms {
        let Some(pattern) = term.as_str() else {
            let (shown, kind) = (crate::python::str(call.rendering, term)?, term.type_name());
            return Err(Fault::error(format!(
                "Invalid setting identifier, \"{shown}\" is not a string, it is a <class '{kind}'>"
            )));
        };
        let regex = regex::compile(pattern, regex::Flags::default()).map_err(|fault| match fault {
            Fault::Error(reason) => {
                Fault::error(format!("Unable to use \"{pattern}\" as a search parameter: {reason}"))
            }
            other => other,
        })?;
        for name in &names {
            if regex.is_match(name.as_str()).map_err(regex::too_hard)? {
                found.push(Object::Str(name.clone()));
            }
        }
    }
    Ok(found)
}

pub(super) fn env(call: &LookupCall<'_>) -> Result<Vec<Object>, Fault> {
    let mut found = Vec::new();
    for term in call.texts()? {
        let name = term.split_whitespace().next().unwrap_or_default();
        let value = std::env::var_os(name).map(|value| value.to_string_lossy().into_owned());
        let place = || Origin::new(SourceFile::new(format!("<environment variable '{name}'>"), ""), 1, 1);
        found.push(match (value, call.option("default")) {
            (Some(value), _) => Object::Str(Text::new(value).with_origin(Some(place()))),
            (None, Some(Object::Undefined(missing))) if missing.name.is_none() && missing.reason == UNDEF_HINT => {
                Object::undefined(None, format!("The environment variable '{name}' is not set."))
            }
            (None, Some(default)) => default.clone(),
            (None, None) => "".into(),
        });
    }
    Ok(found)
}
