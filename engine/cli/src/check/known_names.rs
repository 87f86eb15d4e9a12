//! Names of variables that somebody sets: in the content of a play, in the inventory, by the engine itself.

use std::collections::HashSet;

use kapell_executor::variables::magic_names;
use kapell_parsing::{Map, Value};
use kapell_playbook::{Play, Role, Task};

/// Set by the engine where a task stands: in a loop, in a template's arguments.
const OF_TASKS: &[&str] = &["item", "omit"];

#[derive(Clone, Default)]
pub(crate) struct KnownNames {
    names: HashSet<String>,
    /// Something sets variables whose names are only known in a run.
    pub open: bool,
}

impl KnownNames {
    pub(crate) fn knows(&self, name: &str) -> bool {
        let is_given = magic_names().any(|magic| magic == name) || OF_TASKS.contains(&name);
        is_given || name.starts_with("ansible_") || self.names.contains(name)
    }

    pub(crate) fn add(&mut self, name: &str) {
        self.names.insert(name.to_owned());
    }

    pub(crate) fn add_keys(&mut self, map: &Map) {
        self.names.extend(map.keys().map(ToString::to_string));
    }

    pub(crate) fn extend(&mut self, others: &Self) {
        self.names.extend(others.names.iter().cloned());
        self.open |= others.open;
    }

    pub(crate) fn play(&mut self, play: &Play) {
        self.add_keys(&play.vars);
        for prompt in play.vars_prompt.as_list().unwrap_or_default() {
            self.names.extend(prompt.get("name").map(Value::to_string));
        }
        self.open |= !play.vars_files.is_empty();
        play.roles.iter().for_each(|role| self.role(role));
    }

    pub(crate) fn role(&mut self, role: &Role) {
        [&role.defaults, &role.vars, &role.params].into_iter().for_each(|map| self.add_keys(map));
        for spec in role.argument_specs.values() {
            if let Some(options) = spec.get("options").and_then(Value::as_map) {
                self.add_keys(options);
            }
        }
    }

    /// What a task sets, or what holds around it.
    pub(crate) fn task(&mut self, task: &Task) {
        self.lasting(task);
        for (_, vars) in task.scope.vars_chain() {
            self.add_keys(vars);
        }
        for control in task.scope.chain().filter_map(|scope| scope.own("loop_control")) {
            for key in ["loop_var", "index_var"] {
                self.names.extend(control.get(key).map(Value::to_string));
            }
        }
        if let Some(apply) = task.args.get("apply").and_then(|apply| apply.get("vars")).and_then(Value::as_map) {
            self.add_keys(apply);
        }
    }

    /// What a task leaves with its hosts, for later plays as well.
    pub(crate) fn lasting(&mut self, task: &Task) {
        if let Some(name) = task.scope.own("register").and_then(Value::as_str) {
            self.add(name);
        }
        match task.action.rsplit('.').next().unwrap_or_default() {
            "set_fact" => {
                for key in task.args.as_map().into_iter().flat_map(Map::keys) {
                    match key.to_string() {
                        name if name.contains("{{") => self.open = true,
                        name => self.add(&name),
                    }
                }
                self.open |= task.args.as_map().is_none();
            }
            "setup" | "gather_facts" | "debug" | "copy" | "template" | "file" | "command" | "shell" | "service"
            | "package" | "apt" | "assert" | "fail" | "lineinfile" | "stat" | "user" | "group" | "meta" | "systemd"
            | "ping" | "get_url" | "uri" | "git" | "blockinfile" | "pause" | "wait_for" | "replace"
            | "systemd_service" => {}
            // They bring variables of names of their own.
            _ => self.open = true,
        }
    }
}
