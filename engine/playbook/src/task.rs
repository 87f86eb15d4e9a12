//! `Task`: one action with its arguments, as written.

use std::sync::Arc;

use kapell_parsing::{Origin, Text, Value};

use crate::load::base_name;
use crate::{Role, Scope};

#[derive(Debug)]
pub struct Task {
    /// Kind `Task` or `Handler`.
    pub scope: Arc<Scope>,
    pub name: Option<Text>,
    /// The module's or action's name as written, short or fully qualified.
    pub action: Text,
    /// A map whose strings may be templates; or a template string that gives the whole map (`args: "{{ d }}"`).
    /// When both were written, the template (or the templates: a list, weakest first) is the map's first entry,
    /// [`Task::VARIABLE_ARGS`]; the others win over it.
    pub args: Value,
    /// What a free-form action was given: the command line of `command`, `flush_handlers` of `meta`, a file name of
    /// `include_tasks`, …
    pub free_form: Option<Text>,
    pub origin: Origin,
    pub is_handler: bool,
    /// The topics a handler listens to, besides its name.
    pub listen: Vec<Text>,
    /// Unique in this process.
    pub id: u64,
    /// Written as `local_action`: `delegate_to: localhost` is among its keywords.
    pub delegate_local: bool,
    /// Not written by the user, and no part of any list of tasks: gathering facts, what stands between sections.
    pub implicit: bool,
}

/// What a task loops over.
#[derive(Clone, Copy, Debug)]
pub struct LoopSource<'a> {
    /// `items` of `with_items`; `None` for `loop`.
    pub lookup: Option<&'a str>,
    pub items: &'a Value,
}

impl Task {
    pub const VARIABLE_ARGS: &'static str = "_variable_params";

    pub fn looping(&self) -> Option<LoopSource<'_>> {
        let items = self.scope.own("loop")?;
        Some(LoopSource { lookup: self.scope.own("loop_with").and_then(Value::as_str), items })
    }

    /// The names to look the action up by, in order: a short name first in the collections in use.
    pub fn action_names(&self) -> Vec<String> {
        let action = self.action.as_str();
        let mut names = Vec::new();
        if !action.contains('.') {
            names.extend(self.scope.collections().iter().map(|collection| format!("{collection}.{action}")));
        }
        names.push(action.to_string());
        names
    }

    pub fn role(&self) -> Option<&Arc<Role>> {
        self.scope.role()
    }

    pub fn is_include_role(&self) -> bool {
        base_name(&self.action) == "include_role"
    }

    /// `name`, else the action, with the role in front: `web : install nginx`. Not templated. An `include_role` is
    /// named after the role it brings in.
    pub fn path_name(&self) -> String {
        let name = self.name.as_deref().filter(|name| !name.is_empty());
        if self.is_include_role() {
            let role = self.args.get("name").or_else(|| self.args.get("role"));
            let role = role.map(Value::to_string).unwrap_or_default();
            return name.map_or_else(|| format!("{} : {role}", self.action), str::to_string);
        }
        let name = name.unwrap_or(&self.action);
        match self.role() {
            Some(role) => format!("{} : {name}", role.name),
            None => name.to_string(),
        }
    }
}
