//! `module_defaults`: arguments that tasks of one action, or of a group of actions, have unless they say otherwise.

use kapell_parsing::{Map, Value};
use kapell_playbook::Scope;
use kapell_template::RenderContext;

use crate::Run;
use crate::error_report::ErrorReport;
use crate::resolve::qualified;
use crate::variables::HostVariables;

const GROUP: &str = "group/";

/// The defaults of `action` (fully qualified) as written at `scope`: those of its groups, then its own on top. Of an
/// action's entries on several levels the nearest counts alone.
pub fn defaults(
    run: &Run,
    scope: &Scope,
    action: &str,
    vars: &HostVariables,
    cx: &RenderContext,
) -> Result<Map, ErrorReport> {
    let mut arguments = Map::new();
    for (_, written) in for_action(scope, action, vars)? {
        let rendered = match &written {
            Value::Map(map) => map.as_ref().clone(),
            Value::Null => continue,
            template => match run.templar.render(template, &vars.as_source(), cx) {
                Ok(Value::Map(map)) => map.as_ref().clone(),
                Ok(other) => return Err(not_a_map(action, &other, template)),
                Err(error) => return Err(ErrorReport::of_template(&error, template.origin())),
            },
        };
        arguments.extend(rendered);
    }
    Ok(arguments)
}

/// The entries that are for `action`: groups in the order in which they were first named, the action's own last.
fn for_action(scope: &Scope, action: &str, vars: &HostVariables) -> Result<Vec<(String, Value)>, ErrorReport> {
    let (mut groups, mut own) = (indexmap::IndexMap::new(), None);
    for level in scope.all("module_defaults") {
        let maps = level.as_list().unwrap_or(std::slice::from_ref(level)).iter().filter_map(Value::as_map);
        for (name, value) in maps.flatten() {
            let Some(name) = name.as_str() else { continue };
            match name.strip_prefix(GROUP) {
                Some(group) => _ = groups.insert(group.to_owned(), value.clone()),
                None if qualified(name) == action => own = Some(value.clone()),
                None => {}
            }
        }
    }
    let mut entries = Vec::new();
    for (name, value) in groups {
        if is_in_group(action, &name, &value, vars)? {
            entries.push((name, value));
        }
    }
    entries.extend(own.map(|value| (action.to_owned(), value)));
    Ok(entries)
}

fn is_in_group(action: &str, name: &str, value: &Value, vars: &HostVariables) -> Result<bool, ErrorReport> {
    let Some(play) = vars.world().play.as_deref() else { return Ok(false) };
    let found = play.action_groups.find(name);
    let found = found.ok_or_else(|| {
        let name = if name.contains('.') { name.to_owned() } else { format!("ansible.builtin.{name}") };
        ErrorReport::new(
            format!("Error loading module_defaults: could not resolve the module_defaults group {name}"),
            value.origin(),
        )
    })?;
    Ok(found.contains(action))
}

fn not_a_map(action: &str, found: &Value, written: &Value) -> ErrorReport {
    let message = format!("The module_defaults of '{action}' must be a dictionary, not '{}'.", found.type_name());
    ErrorReport::new(message, written.origin())
}
