//! `TaskResult`: what a task did on one host, and `TaskStatus`, the one word for it.

use kapell_parsing::{Deprecation, Deprecator, Diagnostic, Key, Map, Value};

use crate::error_report::ErrorReport;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskStatus {
    Ok,
    Changed,
    Skipped,
    Failed,
    Unreachable,
    /// Failed, and the enclosing block's rescue goes on.
    Rescued,
    /// Failed or unreachable, and the task says not to mind.
    Ignored,
}

/// Stands where ansible-core has one, or says the same.
pub const NO_TRACEBACK: &str = "(traceback unavailable)";

/// What callbacks know of a loop's item besides its result.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ItemNotes {
    /// What stands for the item, where the task says so.
    pub label: Option<String>,
    /// See `TaskResult::verbose_always`.
    pub verbose_always: bool,
}

/// The result as the module or action gave it, and what the engine knows besides.
#[derive(Clone, Debug)]
pub struct TaskResult {
    /// The result's own keys, in order: `changed`, `msg`, `rc`, …
    pub data: Map,
    pub unreachable: bool,
    /// `no_log` was in force: callbacks show a censored result only.
    pub no_log: bool,
    /// What the module was called with, where that is no part of the result: for callbacks.
    pub invocation: Option<Value>,
    /// How a delegated task reached its host, for callbacks.
    pub delegate: Option<Map>,
    /// Of a loop's items, in their order.
    pub items: Vec<ItemNotes>,
    /// Why it failed, for the error stream.
    pub error: Option<ErrorReport>,
    /// The controller asked for the result to be shown whole (`debug`).
    pub verbose_always: bool,
    /// `failed_when` says it has not failed, although its retries ran out: told as `failed`, not counted as such.
    pub excused: bool,
    /// A module on the node gave it, maybe through an action.
    pub by_module: bool,
    /// `results` are those of a loop's items; modules may return something of that name, too.
    pub looped: bool,
    /// Attempts made, when the task has `until` or `retries`.
    pub attempts: Option<u64>,
}

impl TaskResult {
    pub fn new(data: Map) -> Self {
        Self {
            data,
            unreachable: false,
            no_log: false,
            invocation: None,
            delegate: None,
            items: Vec::new(),
            error: None,
            verbose_always: false,
            excused: false,
            by_module: false,
            looped: false,
            attempts: None,
        }
    }

    pub fn failed(report: ErrorReport) -> Self {
        let mut data = Map::new();
        data.insert("changed".into(), false.into());
        data.insert("failed".into(), true.into());
        data.insert("msg".into(), report.message().into());
        Self { error: Some(report), ..Self::new(data) }
    }

    /// Of an action that cannot tell what it would do, and so does nothing in check mode.
    pub fn untold_in_check_mode() -> Self {
        let flags = [("changed", false), ("failed", false), ("skipped", true)];
        Self::new(flags.into_iter().map(|(name, flag)| (name.into(), flag.into())).collect())
    }

    /// What an action itself says against the task.
    pub fn refused(message: impl Into<Value>) -> Self {
        let mut result = Self::new(Map::new());
        result.set("changed", false);
        result.set("failed", true);
        result.set("msg", message);
        result
    }

    pub fn unreachable(message: impl Into<String>) -> Self {
        let mut data = Map::new();
        data.insert("changed".into(), false.into());
        data.insert("msg".into(), message.into().into());
        data.insert("unreachable".into(), true.into());
        Self { unreachable: true, ..Self::new(data) }
    }

    /// `condition` is the text of the condition that was false.
    pub fn skipped(reason: &str, condition: Option<Value>) -> Self {
        let mut data = Map::new();
        data.insert("changed".into(), false.into());
        if let Some(condition) = condition {
            data.insert("false_condition".into(), condition);
        }
        data.insert("skip_reason".into(), reason.into());
        data.insert("skipped".into(), true.into());
        Self::new(data)
    }

    fn flag(&self, key: &str) -> bool {
        self.data.get(key).is_some_and(|value| value.to_bool_loose().unwrap_or_else(|| value.is_truthy()))
    }

    pub fn is_failed(&self) -> bool {
        self.says_failed() && !self.excused
    }

    /// What the result itself says, excused or not.
    pub fn says_failed(&self) -> bool {
        self.flag("failed")
    }

    pub fn is_changed(&self) -> bool {
        self.flag("changed")
    }

    pub fn is_skipped(&self) -> bool {
        self.flag("skipped")
    }

    pub fn set(&mut self, key: &str, value: impl Into<Value>) {
        self.data.insert(Key::from(key), value.into());
    }

    /// `failed_when` turned a failure into a success. What merely reports a failure never had an exception.
    pub fn suppress_exception(&mut self, action: &str) {
        self.data.shift_remove("exception");
        if !matches!(action, "ansible.builtin.fail" | "ansible.builtin.assert") {
            self.set("failed_when_suppressed_exception", NO_TRACEBACK);
        }
    }

    /// What the result amounts to before `ignore_errors` and rescue are looked at.
    pub fn status(&self) -> TaskStatus {
        if self.unreachable {
            TaskStatus::Unreachable
        } else if self.is_failed() {
            TaskStatus::Failed
        } else if self.is_skipped() {
            TaskStatus::Skipped
        } else if self.is_changed() {
            TaskStatus::Changed
        } else {
            TaskStatus::Ok
        }
    }

    /// Entries of `deprecations` in their full form; `by` of those that do not say of whom they are.
    pub fn complete_deprecations(&mut self, by: Option<&Deprecator>) {
        let Some(Value::List(entries)) = self.data.get("deprecations") else { return };
        let complete = |entry| Deprecation::from_entry(entry).or_by(by.cloned()).to_entry();
        let entries = entries.iter().map(complete).collect::<Vec<_>>();
        self.set("deprecations", entries);
    }

    /// Warnings and deprecations of the module or action, for the error stream.
    pub fn diagnostics(&self) -> Vec<Diagnostic> {
        let list = |key: &str| self.data.get(key).and_then(Value::as_list).unwrap_or_default();
        let warning = |text: &Value| Diagnostic::warning(text.to_string()).at(text.origin());
        let deprecation = |entry: &Value| Deprecation::from_entry(entry).diagnostic();
        if self.no_log {
            return Vec::new();
        }
        list("warnings").iter().map(warning).chain(list("deprecations").iter().map(deprecation)).collect()
    }

    /// The value `register` stores: with `changed`, and with `failed` unless the task was skipped or looped. A failed
    /// one has an `exception`; there is no traceback to tell.
    pub fn registered(&self) -> Value {
        let mut data = self.data.clone();
        let flags: &[&str] = if self.is_skipped() || self.looped { &["changed"] } else { &["changed", "failed"] };
        for flag in flags {
            if !data.contains_key(*flag) {
                data.insert((*flag).into(), false.into());
            }
        }
        if self.is_failed() && !self.looped {
            data.insert("exception".into(), NO_TRACEBACK.into());
        }
        for stream in ["stdout", "stderr"] {
            let lines = format!("{stream}_lines");
            if let Some(Value::Str(text)) = data.get(stream)
                && !data.contains_key(lines.as_str())
            {
                let list = text.lines().map(Value::from).collect::<Vec<_>>();
                data.insert(lines.into(), list.into());
            }
        }
        Value::map(data)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_skipped_result_does_not_say_failed() {
        let registered = TaskResult::skipped("Conditional result was False", None).registered();
        assert_eq!(registered.get("changed"), Some(&Value::Bool(false)));
        assert_eq!(registered.get("failed"), None);
        assert_eq!(registered.get("skipped"), Some(&Value::Bool(true)));
    }

    #[test]
    fn failed_wins_over_changed() {
        let mut result = TaskResult::new(Map::new());
        result.set("changed", true);
        result.set("failed", true);
        assert_eq!(result.status(), TaskStatus::Failed);
    }
}
