//! `throttle`: a task that only so many hosts may do at the same time.

use std::collections::VecDeque;

use kapell_parsing::{Diagnostic, Value};

use super::Dispatcher;
use crate::resolve::Keywords;
use crate::task_executor::HostTask;

/// A task that not all hosts may do at the same time, whichever step they do it in.
#[derive(Default)]
pub(super) struct Throttle {
    running: usize,
    pub(super) held: VecDeque<(u64, HostTask)>,
}

impl Throttle {
    /// Whether one more may run, which is then counted.
    pub(super) fn admit(&mut self, limit: usize) -> bool {
        let has_room = self.running < limit;
        self.running += usize::from(has_room);
        has_room
    }
}

impl Dispatcher<'_> {
    /// At most so many hosts at a time; 0 means as many as `forks` allows.
    pub(super) fn throttle(&self, keywords: &Keywords<'_>) -> Result<usize, Diagnostic> {
        const WHAT: &str = "Failed to convert the throttle value to an integer";
        let Some(written) = keywords.scope.inherited("throttle") else { return Ok(0) };
        let wrong = |message: String| Diagnostic::error(format!("{WHAT}: {message}")).at(written.origin());
        let rendered = self.run.templar.render(written, &keywords.vars.as_source(), keywords.cx);
        let value = rendered.map_err(|error| wrong(error.to_string()))?;
        let text = value.to_string();
        let number: Result<f64, _> = match value {
            Value::Bool(flag) => Ok(f64::from(u8::from(flag))),
            Value::Null => Ok(0.0),
            _ if kapell_template::is_omit(&value) => Ok(0.0),
            _ => text.trim().parse(),
        };
        let literal = || format!("invalid literal for int() with base 10: {}", Value::from(text.as_str()).repr());
        number.map(|number| number.max(0.0) as usize).map_err(|_| wrong(literal()))
    }

    /// A host is done with a task: another that waits for it may begin.
    pub(super) fn make_room(&mut self, task: u64) {
        let Some(throttle) = self.throttles.get_mut(&task) else { return };
        throttle.running -= 1;
        if let Some(next) = throttle.held.pop_front() {
            self.pending.push_front(next);
        }
    }
}
