//! `Selection`: which of a play's tasks run at all: tags and `--start-at-task`.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use kapell_parsing::{Diagnostic, Text, Value};
use kapell_playbook::Task;
use kapell_template::RenderContext;

use crate::Run;
use crate::variables::HostVariables;

pub struct Selection {
    run: Arc<Run>,
    /// Variables tags may be templated with: those of the play.
    vars: HostVariables,
    decided: RefCell<HashMap<u64, bool>>,
    /// Of the first tag that could not be rendered.
    failure: RefCell<Option<Diagnostic>>,
    /// `--start-at-task` had not met its task when the play began.
    waiting: bool,
    /// The hosts that have met it since.
    started: RefCell<HashSet<String>>,
}

impl Selection {
    pub fn new(run: &Arc<Run>, vars: HostVariables, waiting: bool) -> Self {
        Self {
            run: Arc::clone(run),
            vars,
            decided: RefCell::default(),
            failure: RefCell::default(),
            waiting,
            started: RefCell::default(),
        }
    }

    /// Whether no host has met the task to start at.
    pub fn is_waiting(&self) -> bool {
        self.waiting && self.started.borrow().is_empty()
    }

    /// Why what was selected is not to be trusted.
    pub fn take_failure(&self) -> Option<Diagnostic> {
        self.failure.take()
    }

    pub fn selects(&self, host: &str, task: &Task) -> bool {
        self.has_tags(task) && self.has_started(host, task)
    }

    /// Every host looks for the task to start at on its own.
    fn has_started(&self, host: &str, task: &Task) -> bool {
        if !self.waiting || task.implicit || self.started.borrow().contains(host) {
            return true;
        }
        let wanted = self.run.options.start_at_task.as_deref().unwrap_or_default();
        let begins = is_named(task, wanted);
        if begins {
            self.started.borrow_mut().insert(host.to_owned());
        }
        begins
    }

    fn has_tags(&self, task: &Task) -> bool {
        if let Some(known) = self.decided.borrow().get(&task.id) {
            return *known;
        }
        let selected = self.run.options.tags.selects(&self.tags(task));
        self.decided.borrow_mut().insert(task.id, selected);
        selected
    }

    fn tags(&self, task: &Task) -> Vec<String> {
        task.scope.tags().into_iter().flat_map(|tag| self.render(&tag)).collect()
    }

    /// A tag that is a template may give several.
    fn render(&self, tag: &Text) -> Vec<String> {
        if !tag.is_template() {
            return vec![tag.to_string()];
        }
        let rendered =
            self.run.templar.render(&Value::Str(tag.clone()), &self.vars.as_source(), &RenderContext::default());
        match rendered {
            Ok(Value::List(tags)) => tags.iter().map(Value::to_string).collect(),
            Ok(Value::Str(tags)) => tags.split(',').map(|tag| tag.trim().to_owned()).collect(),
            Ok(other) => vec![other.to_string()],
            Err(error) => {
                let place = error.origin().or(tag.origin());
                self.failure.borrow_mut().get_or_insert_with(|| Diagnostic::error(error.to_string()).at(place));
                Vec::new()
            }
        }
    }
}

/// A task's name, or what its banner says: its name, else its action, with the role in front; `*` and `?` stand for anything.
pub fn is_named(task: &Task, wanted: &str) -> bool {
    let name = task.name.as_ref().map_or("", Text::as_str);
    [name.to_owned(), task.path_name()].iter().any(|candidate| candidate == wanted || matches_glob(wanted, candidate))
}

fn matches_glob(pattern: &str, text: &str) -> bool {
    match pattern.chars().next() {
        None => text.is_empty(),
        Some('*') => {
            (0..=text.len()).filter(|at| text.is_char_boundary(*at)).any(|at| matches_glob(&pattern[1..], &text[at..]))
        }
        Some(first) => {
            let mut rest = text.chars();
            rest.next().is_some_and(|c| first == '?' || c == first)
                && matches_glob(&pattern[first.len_utf8()..], rest.as_str())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::matches_glob;

    #[test]
    fn names_match_as_in_a_shell() {
        assert!(matches_glob("install*", "install nginx"));
        assert!(matches_glob("?nstall", "install"));
        assert!(!matches_glob("install", "install nginx"));
    }
}
