//! `Selection`: which of a play's tasks run at all: tags and `--start-at-task`.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::Arc;

use kapell_parsing::{Text, Value};
use kapell_playbook::Task;
use kapell_template::RenderContext;

use crate::Run;
use crate::variables::HostVariables;

pub struct Selection {
    run: Arc<Run>,
    /// Variables tags may be templated with: those of the play.
    vars: HostVariables,
    decided: RefCell<HashMap<u64, bool>>,
    /// `--start-at-task` has not met its task yet.
    waiting: Cell<bool>,
}

impl Selection {
    pub fn new(run: &Arc<Run>, vars: HostVariables, waiting: bool) -> Self {
        Self { run: Arc::clone(run), vars, decided: RefCell::default(), waiting: Cell::new(waiting) }
    }

    pub fn is_waiting(&self) -> bool {
        self.waiting.get()
    }

    pub fn selects(&self, task: &Task) -> bool {
        self.has_started(task) && self.has_tags(task)
    }

    fn has_started(&self, task: &Task) -> bool {
        if self.waiting.get() && !task.implicit {
            let wanted = self.run.options.start_at_task.as_deref().unwrap_or_default();
            self.waiting.set(!is_named(task, wanted));
        }
        !self.waiting.get() || task.implicit
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
            Err(_) => vec![tag.to_string()],
        }
    }
}

/// A task's name, or its name with the role in front; `*` and `?` stand for anything.
pub fn is_named(task: &Task, wanted: &str) -> bool {
    let name = task.name.as_ref().map_or(task.action.as_str(), Text::as_str);
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
