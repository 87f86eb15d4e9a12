//! `config`: settings by the names `ansible-config` has for them.

use super::{LookupCall, plugin_options};
use crate::evaluate::{Fault, defined};
use crate::object::Object;

pub(super) fn config(call: &LookupCall<'_>) -> Result<Vec<Object>, Fault> {
    let on_missing = call.text_option("on_missing")?.unwrap_or_else(|| "error".into());
    if !matches!(on_missing.as_str(), "error" | "warn" | "skip") {
        return Err(Fault::error(format!(
            "Invalid value '{on_missing}' for config 'on_missing' for 'config' lookup plugin."
        )));
    }
    let plugin = plugin(call)?;
    let plugin = plugin.as_ref().map(|(kind, name)| (kind.as_str(), name.as_str()));
    let surroundings = call.rendering.templar.options().surroundings.as_ref();
    let with_origin = call.flag("show_origin", false);
    let mut found = Vec::new();
    for term in &call.terms {
        let term = defined(term.clone())?;
        let Object::Str(name) = &term else {
            let (shown, kind) = (crate::python::str(call.rendering, &term)?, term.type_name());
            return Err(Fault::error(format!(
                "Invalid setting identifier, \"{shown}\" is not a string, its a <class '{kind}'>"
            )));
        };
        let (value, missing) = match plugin {
            Some((kind, plugin)) => (
                plugin_options::value(call, (kind, plugin), name)?,
                format!("No config definition exists for '{name}' for '{plugin}' {kind} plugin."),
            ),
            None => {
                let set = surroundings.and_then(|surroundings| {
                    let value = Object::finished(&surroundings.setting(name)?);
                    Some((value, surroundings.setting_origin(name).unwrap_or_else(|| "default".to_owned())))
                });
                (set, format!("No config definition exists for '{name}'."))
            }
        };
        match (value, on_missing.as_str()) {
            (Some((value, origin)), _) if with_origin => found.push(Object::list(vec![value, origin.into()])),
            (Some((value, _)), _) => found.push(value),
            (None, "error") => return Err(Fault::error(missing)),
            (None, "warn") => {
                if let Some(surroundings) = surroundings {
                    surroundings.notice("warning", &format!("Skipping, did not find setting {name}"));
                }
            }
            (None, _) => {}
        }
    }
    Ok(found)
}

/// Whose option is asked for: kind and name of the plugin.
fn plugin(call: &LookupCall<'_>) -> Result<Option<(String, String)>, Fault> {
    let kind = call.text_option("plugin_type")?;
    let name = call.text_option("plugin_name")?;
    match (kind, name) {
        (Some(_), None) | (None, Some(_)) => {
            Err(Fault::error("Both plugin_type and plugin_name are required, cannot use one without the other"))
        }
        (kind, name) => Ok(kind.zip(name)),
    }
}
