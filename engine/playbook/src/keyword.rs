//! The table of every playbook keyword: where it may be written, what it takes, whether it is handed down.

use crate::ScopeKind;

/// What a keyword's value must be once templated. Literals are checked when the playbook is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeywordKind {
    Bool,
    Int,
    Float,
    /// A number or `30%`.
    Percent,
    Str,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A list; anything else is a list of one.
    List,
    /// A list of strings; one string is a list of one.
    StrList,
    Dict,
    /// A map, or a list of maps that are merged.
    DictList,
    /// An expression, a boolean, or a list of those.
    Condition,
    /// A list of tasks and blocks.
    Tasks,
    /// Checked by whoever uses it.
    Any,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Templated {
    /// Used exactly as written.
    Never,
    /// Templated when the play, role or task is used.
    AtUse,
}

#[derive(Clone, Copy, Debug)]
pub struct Keyword {
    pub name: &'static str,
    pub on: &'static [ScopeKind],
    pub kind: KeywordKind,
    /// Whether tasks, blocks and roles inside see it.
    pub inherited: bool,
    pub templated: Templated,
}

impl Keyword {
    const fn inherited(self) -> Self {
        Self { inherited: true, ..self }
    }

    const fn as_written(self) -> Self {
        Self { templated: Templated::Never, ..self }
    }

    pub fn is_on(&self, kind: ScopeKind) -> bool {
        self.on.contains(&kind)
    }
}

const fn keyword(name: &'static str, on: &'static [ScopeKind], kind: KeywordKind) -> Keyword {
    Keyword { name, on, kind, inherited: false, templated: Templated::AtUse }
}

use KeywordKind::{Any, Bool, Choice, Condition, Dict, DictList, Float, Int, List, Percent, Str, StrList, Tasks};
use ScopeKind::{Block, Handler, Include, Play, Role, Task};

/// `Include` stands for an `import_playbook` entry.
const ALL: &[ScopeKind] = &[Play, Role, Block, Task, Handler, Include];
const BELOW_PLAY: &[ScopeKind] = &[Role, Block, Task, Handler, Include];
const IN_PLAY: &[ScopeKind] = &[Play, Role, Block, Task, Handler];
const DELEGATING: &[ScopeKind] = &[Role, Block, Task, Handler];
const NOTIFYING: &[ScopeKind] = &[Block, Task, Handler];
const PLAY: &[ScopeKind] = &[Play];
const ROLE: &[ScopeKind] = &[Role];
const BLOCK: &[ScopeKind] = &[Block];
const TASK: &[ScopeKind] = &[Task, Handler];
const HANDLER: &[ScopeKind] = &[Handler];
const IMPORT: &[ScopeKind] = &[Include];

const ORDERS: &[&str] = &["inventory", "sorted", "reverse_sorted", "reverse_inventory", "shuffle"];

/// Every keyword of ansible-core 2.19, by name.
pub static KEYWORDS: &[Keyword] = &[
    keyword("action", TASK, Any),
    keyword("always", BLOCK, Tasks),
    keyword("any_errors_fatal", ALL, Bool).inherited(),
    keyword("args", TASK, Any),
    keyword("async", TASK, Int),
    keyword("become", ALL, Bool).inherited(),
    keyword("become_exe", ALL, Str).inherited(),
    keyword("become_flags", ALL, Str).inherited(),
    keyword("become_method", ALL, Str).inherited(),
    keyword("become_user", ALL, Str).inherited(),
    keyword("block", BLOCK, Tasks),
    keyword("changed_when", TASK, Condition),
    keyword("check_mode", ALL, Bool).inherited(),
    keyword("collections", IN_PLAY, StrList).inherited().as_written(),
    keyword("connection", ALL, Str).inherited(),
    keyword("debugger", ALL, Str).inherited(),
    keyword("delay", TASK, Float),
    keyword("delegate_facts", DELEGATING, Bool).inherited(),
    keyword("delegate_to", DELEGATING, Str).inherited(),
    keyword("diff", ALL, Bool).inherited(),
    keyword("environment", ALL, DictList).inherited(),
    keyword("fact_path", PLAY, Str),
    keyword("failed_when", TASK, Condition),
    keyword("force_handlers", PLAY, Bool),
    keyword("gather_facts", PLAY, Bool),
    keyword("gather_subset", PLAY, StrList),
    keyword("gather_timeout", PLAY, Int),
    keyword("handlers", PLAY, Tasks),
    keyword("hosts", PLAY, StrList),
    keyword("ignore_errors", ALL, Bool).inherited(),
    keyword("ignore_unreachable", ALL, Bool).inherited(),
    keyword("import_playbook", IMPORT, Str),
    keyword("listen", HANDLER, StrList).as_written(),
    keyword("local_action", TASK, Any),
    keyword("loop", TASK, Any),
    keyword("loop_control", TASK, Dict),
    keyword("max_fail_percentage", PLAY, Percent),
    keyword("module_defaults", ALL, DictList).inherited(),
    keyword("name", ALL, Str),
    keyword("no_log", ALL, Bool).inherited(),
    keyword("notify", NOTIFYING, StrList).inherited(),
    keyword("order", PLAY, Choice(ORDERS)),
    keyword("poll", TASK, Int),
    keyword("port", ALL, Int).inherited(),
    keyword("post_tasks", PLAY, Tasks),
    keyword("pre_tasks", PLAY, Tasks),
    keyword("register", TASK, Str).as_written(),
    keyword("remote_user", ALL, Str).inherited(),
    keyword("rescue", BLOCK, Tasks),
    keyword("retries", TASK, Int),
    keyword("role", ROLE, Str),
    keyword("roles", PLAY, List),
    keyword("run_once", ALL, Bool).inherited(),
    keyword("serial", PLAY, List),
    keyword("strategy", PLAY, Str),
    keyword("tags", ALL, Any).inherited(),
    keyword("tasks", PLAY, Tasks),
    keyword("throttle", ALL, Int).inherited(),
    keyword("timeout", ALL, Int).inherited(),
    keyword("until", TASK, Condition),
    keyword("vars", ALL, DictList).inherited().as_written(),
    keyword("vars_files", PLAY, List),
    keyword("vars_prompt", PLAY, List),
    keyword("when", BELOW_PLAY, Condition).inherited(),
];

/// The row of `name`.
pub fn find(name: &str) -> Option<&'static Keyword> {
    KEYWORDS.binary_search_by(|keyword| keyword.name.cmp(name)).ok().map(|index| &KEYWORDS[index])
}

/// The keywords that may be written on `kind`.
pub fn names_on(kind: ScopeKind) -> impl Iterator<Item = &'static str> {
    KEYWORDS.iter().filter(move |keyword| keyword.is_on(kind)).map(|keyword| keyword.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_so_that_it_can_be_searched() {
        assert!(KEYWORDS.windows(2).all(|pair| pair[0].name < pair[1].name));
    }

    #[test]
    fn listen_is_for_handlers_only() {
        let listen = find("listen").unwrap();
        assert!(listen.is_on(Handler) && !listen.is_on(Task));
    }
}
