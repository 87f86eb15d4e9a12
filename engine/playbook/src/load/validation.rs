//! The task that holds a role's parameters against its argument specification.

use std::sync::Arc;

use kapell_parsing::{Map, Origin, Text, Value};

use crate::load::keywords::scope_at;
use crate::scope::next_id;
use crate::{Node, Role, RoleRequest, Scope, ScopeKind, Task};

/// Put before a role's tasks when there is a specification for the entry point; it runs whatever tags are asked for.
pub(crate) fn validation(
    role: &Arc<Role>,
    parent: &Arc<Scope>,
    request: &RoleRequest,
    origin: Option<&Origin>,
) -> Option<Node> {
    let entry = entry_point(request.tasks_from.as_deref().unwrap_or("main"));
    let spec = role.argument_specs.get(entry)?;
    let origin = spec.origin().or(origin).or(parent.origin.as_ref())?.clone();
    let mut scope = scope_at(ScopeKind::Task, parent, &role.path.join("meta"), Some(&origin));
    scope.keywords.insert("tags", Value::list(vec!["always".into()]));
    let mut name = format!("Validating arguments against arg spec '{entry}'");
    if let Some(about) = spec.get("short_description").and_then(Value::as_str) {
        name = format!("{name} - {about}");
    }
    Some(Node::Task(Arc::new(Task {
        scope: Arc::new(scope),
        name: Some(Text::new(name)),
        action: "ansible.builtin.validate_argument_spec".into(),
        args: arguments(role, entry, spec),
        free_form: None,
        origin,
        is_handler: false,
        listen: Vec::new(),
        id: next_id(),
        delegate_local: false,
        implicit: false,
    })))
}

/// `install.yml` of `tasks_from` is the entry point `install`.
fn entry_point(file: &str) -> &str {
    [".yml", ".yaml", ".json"].iter().find_map(|ending| file.strip_suffix(ending)).unwrap_or(file)
}

fn arguments(role: &Role, entry: &str, spec: &Value) -> Value {
    let options = spec.get("options").filter(|options| !options.is_null()).cloned();
    let context = map([
        ("type", "role".into()),
        ("name", role.short_name().into()),
        ("argument_spec_name", entry.into()),
        ("path", role.path.display().to_string().into()),
    ]);
    map([
        ("argument_spec", options.unwrap_or_else(|| Value::map(Map::new()))),
        ("provided_arguments", Value::map(role.params.clone())),
        ("validate_args_context", context),
    ])
}

fn map<const N: usize>(entries: [(&str, Value); N]) -> Value {
    Value::map(entries.into_iter().map(|(key, value)| (key.into(), value)).collect())
}
