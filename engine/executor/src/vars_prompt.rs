//! `vars_prompt`: variables a play asks the person at the terminal for.

use std::io::IsTerminal;

use kapell_parsing::{Diagnostic, Key, Map, Value};
use kapell_playbook::Play;

use crate::{Event, Run};

/// One question of a play.
struct Question<'a> {
    written: &'a Map,
    name: String,
}

/// Asks every question that extra variables do not answer already.
pub fn ask(run: &Run, play: &Play) -> Result<Map, Diagnostic> {
    let mut answers = Map::new();
    for entry in play.vars_prompt.as_list().unwrap_or_default() {
        let Some(written) = entry.as_map() else { continue };
        let Some(name) = written.get("name").map(Value::to_string) else {
            return Err(Diagnostic::error("Invalid vars_prompt data structure, missing 'name' key").at(entry.origin()));
        };
        if written.get("encrypt").is_some_and(Value::is_truthy) {
            let message = "'encrypt' of vars_prompt is recognised but not built yet";
            return Err(Diagnostic::error(message).at(entry.origin()));
        }
        if !run.options.extra_vars.contains_key(name.as_str()) {
            let question = Question { written, name };
            let answer = question.answer(run)?;
            answers.insert(Key::from(question.name.as_str()), answer);
        }
    }
    Ok(answers)
}

impl Question<'_> {
    fn answer(&self, run: &Run) -> Result<Value, Diagnostic> {
        let default = self.written.get("default").filter(|value| !value.is_null());
        if !std::io::stdin().is_terminal() {
            let message = "Not prompting as we are not in interactive mode";
            run.emit(Event::Diagnostic(Diagnostic::warning(message)));
            return Ok(default.cloned().unwrap_or(Value::Null));
        }
        let flag = |name: &str, otherwise| self.written.get(name).and_then(Value::to_bool_loose).unwrap_or(otherwise);
        let (private, confirm) = (flag("private", true), flag("confirm", false));
        loop {
            let typed = self.read(private, "")?;
            if confirm && typed != self.read(private, "confirm ")? {
                run.emit(Event::Message("***** VALUES ENTERED DO NOT MATCH ****".into()));
                continue;
            }
            return Ok(match (typed.as_str(), default) {
                ("", Some(default)) => default.clone(),
                _ => Value::from(typed),
            });
        }
    }

    fn read(&self, private: bool, prefix: &str) -> Result<String, Diagnostic> {
        let text = self.written.get("prompt").map_or_else(|| self.name.clone(), Value::to_string);
        let default = match self.written.get("default") {
            Some(default) if !private && !default.is_null() => format!(" [{default}]"),
            _ => String::new(),
        };
        let terminal = console::Term::stderr();
        let typed = terminal
            .write_str(&format!("{prefix}{text}{default}: "))
            .and_then(|()| if private { terminal.read_secure_line() } else { terminal.read_line() });
        typed.map_err(|error| Diagnostic::error(format!("cannot ask for {}: {error}", self.name)))
    }
}
