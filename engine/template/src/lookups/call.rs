//! How lookups are called: `lookup`, `query`, `q`, and `with_NAME`.

use std::sync::Arc;

use kapell_parsing::Text;

use super::service;
use crate::evaluate::{Arguments, Fault, Interpreter, Locals, Rendering, defined};
use crate::object::Object;
use crate::python;
use crate::scope::Scope;
use crate::sidecar::{Found, Kind};

/// What a lookup gets.
pub(crate) struct LookupCall<'c> {
    pub(crate) rendering: &'c Rendering<'c>,
    pub(crate) scope: &'c Arc<Scope>,
    /// Names the calling template set, for lookups that template.
    pub(crate) locals: Option<Arc<Locals>>,
    pub(crate) terms: Vec<Object>,
    pub(crate) options: Vec<(Arc<str>, Object)>,
}

pub(crate) fn is_function(name: &str) -> bool {
    matches!(name, "lookup" | "query" | "q")
}

/// A call in a template: `lookup` joins or unwraps the results, the others give a list.
pub(crate) fn call_function(
    interpreter: &Interpreter<'_>,
    function: &str,
    mut arguments: Arguments,
) -> Result<Object, Fault> {
    let wants_list =
        arguments.take("wantlist").map_or(function != "lookup", |wants| wants.is_truthy() || function != "lookup");
    let errors = arguments.take("errors").and_then(|errors| errors.as_str().map(ToOwned::to_owned));
    if arguments.positional.is_empty() {
        return Err(Fault::error("_lookup() missing 1 required positional argument: 'plugin_name'"));
    }
    let name = defined(arguments.positional.remove(0))?;
    let Some(name) = name.as_str().map(ToOwned::to_owned) else {
        return Err(Fault::error("lookup plugin name must be a string"));
    };
    let call = LookupCall {
        rendering: interpreter.rendering,
        scope: &interpreter.frame.scope,
        locals: Some(interpreter.locals.clone()),
        terms: arguments.positional,
        options: arguments.named,
    };
    let found = match (run_call(&name, &call), errors.as_deref()) {
        (Err(Fault::Worded(message)), Some(ignored @ ("ignore" | "warn"))) if !message.ends_with("was not found.") => {
            tell_ignored(interpreter.rendering, &name, &message, ignored == "warn");
            return Ok(if wants_list { Object::list(Vec::new()) } else { Object::Null });
        }
        (result, _) => result?,
    };
    if wants_list {
        return Ok(Object::list(found));
    }
    joined(interpreter.rendering, found)
}

/// `errors='warn'` tells the user what went wrong, `errors='ignore'` the log only.
fn tell_ignored(rendering: &Rendering<'_>, name: &str, message: &str, warn: bool) {
    let failed = format!("The lookup plugin '{name}' failed: ");
    let reason = message.strip_prefix(&failed).unwrap_or(message);
    match rendering.templar.options().surroundings.as_ref().filter(|_| warn) {
        Some(surroundings) => {
            let text = format!("An error occurred while running the lookup plugin '{name}': {reason}");
            surroundings.notice("warning", &text);
        }
        None => tracing::debug!(lookup = name, "error ignored: {message}"),
    }
}

/// Strings joined by commas; a single other result alone; a list otherwise.
fn joined(rendering: &Rendering<'_>, mut found: Vec<Object>) -> Result<Object, Fault> {
    if !found.is_empty() && found.iter().all(|object| matches!(object, Object::Str(_))) {
        if found.len() == 1 {
            return Ok(found.remove(0));
        }
        let secret = found.iter().any(Object::is_secret);
        let texts: Vec<&str> = found.iter().filter_map(Object::as_str).collect();
        let text = texts.join(",");
        rendering.spend_bytes(text.len())?;
        return Ok(Object::Str(Text::new(text).with_secret(secret)));
    }
    Ok(if found.len() == 1 { found.remove(0) } else { Object::list(found) })
}

/// Runs the lookup `name` outside of a template.
pub(crate) fn run(
    rendering: &Rendering<'_>,
    scope: &Arc<Scope>,
    name: &str,
    arguments: Arguments,
) -> Result<Vec<Object>, Fault> {
    let call = LookupCall { rendering, scope, locals: None, terms: arguments.positional, options: arguments.named };
    run_call(name, &call)
}

/// Whether the lookup of this name wants to see undefined terms; none of ours does.
pub(crate) fn takes_undefined(rendering: &Rendering<'_>, name: &Object) -> bool {
    let Some(name) = name.as_str() else { return false };
    let found = rendering.templar.plugins().find(rendering, Kind::Lookup, name, super::find(name).is_some());
    matches!(found, Ok(Found::Python(plugin)) if plugin.takes_undefined)
}

fn run_call(name: &str, call: &LookupCall<'_>) -> Result<Vec<Object>, Fault> {
    let plugins = call.rendering.templar.plugins();
    let mut target = name.to_owned();
    for _ in 0..10 {
        let builtin = super::find(&target);
        let service = service::find(call.rendering, &target);
        let is_ours = builtin.is_some() || service.is_some();
        let run = match plugins.find(call.rendering, Kind::Lookup, &target, is_ours)? {
            Found::Python(plugin) => call.rendering.deeper(|| plugins.look_up(call, &plugin)),
            Found::Redirect(next) => {
                target = next;
                continue;
            }
            Found::Nothing => match (builtin, service) {
                (Some(lookup), _) => call.rendering.deeper(|| (lookup.run)(call)),
                (None, Some(lookup)) => call.rendering.deeper(|| service::ask(call, lookup)),
                (None, None) => break,
            },
        };
        return run.map_err(|fault| fault.in_plugin("lookup", name));
    }
    Err(Fault::Worded(format!("The lookup plugin '{name}' was not found.")))
}

impl LookupCall<'_> {
    pub(crate) fn option(&self, name: &str) -> Option<&Object> {
        self.options.iter().find(|(known, _)| &**known == name).map(|(_, object)| object)
    }

    pub(crate) fn flag(&self, name: &str, default: bool) -> bool {
        self.option(name).map_or(default, |object| match object {
            Object::Str(text) => matches!(text.to_lowercase().as_str(), "yes" | "on" | "1" | "true" | "y" | "t"),
            other => other.is_truthy(),
        })
    }

    pub(crate) fn text_option(&self, name: &str) -> Result<Option<String>, Fault> {
        match self.option(name).filter(|object| !object.is_null()) {
            Some(object) => python::str(self.rendering, &defined(object.clone())?).map(Some),
            None => Ok(None),
        }
    }

    /// The terms as text.
    pub(crate) fn texts(&self) -> Result<Vec<String>, Fault> {
        self.terms.iter().map(|term| python::str(self.rendering, &defined(term.clone())?)).collect()
    }
}
