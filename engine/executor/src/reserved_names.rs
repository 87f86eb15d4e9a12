//! Warnings of variables made while a run goes on whose names are keywords or functions of templates.

use kapell_parsing::{Diagnostic, Map, Origin};
use kapell_playbook::is_reserved;

use crate::{Event, Run};

/// Warns of a variable called `name`.
pub fn warn(run: &Run, name: &str, origin: Option<&Origin>) {
    if is_reserved(name) {
        let warning = Diagnostic::warning(format!("Found variable using reserved name '{name}'.")).at(origin);
        run.emit(Event::Diagnostic(warning));
    }
}

pub fn warn_of_all(run: &Run, variables: &Map) {
    variables.keys().filter_map(|key| Some((key.as_str()?, key))).for_each(|(name, key)| warn(run, name, key.origin()));
}
