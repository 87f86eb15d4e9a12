//! Options of plugins as lookups see them: the variables that set them, else what the surroundings know.

use kapell_parsing::Value;

use super::LookupCall;
use crate::evaluate::{Fault, defined};
use crate::object::Object;
use crate::python;
use crate::sidecar::{PluginOptionAsked, PythonOption};
use crate::surroundings::{PluginAnswer, PluginOptionValue};

/// A value and where it was set.
pub(super) type Set = (Object, String);

/// Fails when there is no such kind of plugin or none of that name. `None`: the plugin has no such option.
pub(super) fn value(call: &LookupCall<'_>, plugin: (&str, &str), name: &str) -> Result<Option<Set>, Fault> {
    let (kind, plugin) = plugin;
    let surroundings = call.rendering.templar.options().surroundings.as_ref();
    match surroundings.map_or(PluginAnswer::NoPlugin, |surroundings| surroundings.plugin_option(kind, plugin, name)) {
        PluginAnswer::Option(option) => found(call, (kind, plugin), name, option).map(Some),
        PluginAnswer::NoOption => Ok(None),
        PluginAnswer::NoKind => {
            let message = format!("Invalid value '{kind}' for config 'plugin_type' for 'config' lookup plugin.");
            Err(Fault::error(message))
        }
        PluginAnswer::NoPlugin => {
            let asked = PluginOptionAsked { kind, plugin, name };
            match call.rendering.templar.plugins().option_of(call, &asked)? {
                PythonOption::Set(value, origin) => Ok(Some((value, origin))),
                PythonOption::NoOption => Ok(None),
                PythonOption::NoPlugin => Err(Fault::error(format!("Unable to load {kind} plugin '{plugin}'."))),
            }
        }
    }
}

fn found(
    call: &LookupCall<'_>,
    (kind, plugin): (&str, &str),
    name: &str,
    option: PluginOptionValue,
) -> Result<Set, Fault> {
    for variable in option.variables {
        let Some(object) = call.rendering.variable(call.scope, variable)? else { continue };
        let object = defined(object)?;
        if !object.is_null() {
            let origin = format!("var: {variable}");
            let value = python::to_value(call.rendering, &object)?;
            let typed = (option.typed)(value, origin.clone()).map_err(Fault::error)?;
            return Ok((Object::finished(&typed), origin));
        }
    }
    let (value, origin) = option.otherwise;
    if value.is_null() && option.required {
        return Err(Fault::error(format!("Required config '{name}' for '{plugin}' {kind} plugin not provided.")));
    }
    let typed: Value = (option.typed)(value, origin.clone()).map_err(Fault::error)?;
    Ok((Object::finished(&typed), origin))
}
