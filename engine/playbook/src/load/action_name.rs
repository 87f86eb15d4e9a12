//! Names of modules and actions: which exist, which are special to the loader, which take free text.

use std::collections::HashSet;

use crate::Scope;

/// Actions the loader itself knows; everything else is asked for.
const STATEMENTS: &[&str] =
    &["import_role", "import_tasks", "include_role", "include_tasks", "meta", "validate_argument_spec"];

/// A command line with a few options in it.
const COMMAND_LINES: &[&str] = &["command", "raw", "script", "shell", "win_command", "win_shell"];

/// Text that is no `k=v` means something to them.
const FREE_FORMS: &[&str] = &[
    "add_host",
    "group_by",
    "import_role",
    "import_tasks",
    "include_role",
    "include_tasks",
    "include_vars",
    "meta",
    "set_fact",
];

/// `ansible.builtin.copy` and `ansible.legacy.copy` are `copy`; other names stay whole.
pub(crate) fn base_name(action: &str) -> &str {
    action.strip_prefix("ansible.builtin.").or_else(|| action.strip_prefix("ansible.legacy.")).unwrap_or(action)
}

pub(crate) fn takes_command_line(action: &str) -> bool {
    let name = action.strip_prefix("ansible.windows.").unwrap_or(base_name(action));
    COMMAND_LINES.contains(&name)
}

pub(crate) fn takes_free_form(action: &str) -> bool {
    takes_command_line(action) || FREE_FORMS.contains(&base_name(action))
}

/// The names a task can be written with where `scope` is.
pub(crate) struct ActionNames<'a> {
    collections: Vec<String>,
    is_module: &'a dyn Fn(&str) -> bool,
}

pub(crate) fn action_names<'a>(scope: &Scope, is_module: &'a dyn Fn(&str) -> bool) -> ActionNames<'a> {
    ActionNames { collections: scope.collections(), is_module }
}

impl ActionNames<'_> {
    pub(crate) fn known(&self, name: &str) -> bool {
        STATEMENTS.contains(&base_name(name))
            || (self.is_module)(name)
            || (!name.contains('.')
                && self.collections.iter().any(|collection| (self.is_module)(&format!("{collection}.{name}"))))
    }

    /// What `name` may stand for, in collections.
    pub(crate) fn full_names(&self, name: &str) -> Vec<String> {
        match name.contains('.') {
            true => vec![name.to_owned()],
            false => self.collections.iter().map(|collection| format!("{collection}.{name}")).collect(),
        }
    }

    /// A known name that is one slip of the fingers away: a letter missing, added, wrong or swapped with its neighbour.
    pub(crate) fn nearest(&self, name: &str) -> Option<String> {
        if name.len() > 60 || !name.is_ascii() {
            return None;
        }
        slips(name).into_iter().filter(|near| self.known(near)).min_by_key(|near| near.len().abs_diff(name.len()))
    }
}

fn slips(name: &str) -> Vec<String> {
    const LETTERS: &str = "abcdefghijklmnopqrstuvwxyz_0123456789.";
    let mut near = Vec::new();
    let mut seen = HashSet::new();
    for at in 0..=name.len() {
        let (head, tail) = name.split_at(at);
        let mut rest = tail.chars();
        let mut words: Vec<String> = Vec::new();
        if let Some(first) = rest.next() {
            words.push(format!("{head}{}", rest.as_str()));
            words.extend(LETTERS.chars().map(|letter| format!("{head}{letter}{}", rest.as_str())));
            if let Some(second) = rest.clone().next() {
                words.push(format!("{head}{second}{first}{}", &rest.as_str()[1..]));
            }
        }
        words.extend(LETTERS.chars().map(|letter| format!("{head}{letter}{tail}")));
        near.extend(words.into_iter().filter(|word| word != name && seen.insert(word.clone())));
    }
    near
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_fingers_is_found() {
        let is_module = |name: &str| ["debug", "copy", "ansible.builtin.copy", "apt"].contains(&name);
        let names = ActionNames { collections: Vec::new(), is_module: &is_module };
        let cases = [
            ("debgu", Some("debug")),
            ("cop", Some("copy")),
            ("coppy", Some("copy")),
            ("ansible.builtin.cpoy", Some("ansible.builtin.copy")),
            ("yum", None),
        ];
        for (word, near) in cases {
            assert_eq!(names.nearest(word).as_deref(), near, "{word}");
        }
    }

    #[test]
    fn short_names_are_looked_for_in_the_collections_in_use() {
        let is_module = |name: &str| name == "ns.coll.thing";
        let names = ActionNames { collections: vec!["ns.coll".into()], is_module: &is_module };
        assert!(names.known("thing") && names.known("ns.coll.thing") && !names.known("other"));
    }
}
