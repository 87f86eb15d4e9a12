//! `vars_prompt`: variables a play asks the person at the terminal for.

use std::io::IsTerminal;
use std::sync::Arc;

use kapell_parsing::{Diagnostic, Key, Map, Text, Trust, Value};
use kapell_playbook::Play;
use kapell_template::{RenderContext, VariableSource};

use crate::playbook_executor::render_for_play;
use crate::run_state::RunState;
use crate::{Event, Run};

/// One question of a play.
struct Question<'a> {
    written: &'a Map,
    name: String,
    /// Rendered with the play's variables.
    prompt: String,
    default: Option<Value>,
}

/// Asks every question that extra variables do not answer already.
pub fn ask(run: &Arc<Run>, play: &Play, state: &RunState) -> Result<Map, Diagnostic> {
    let mut answers = Map::new();
    for entry in play.vars_prompt.as_list().unwrap_or_default() {
        let Some(written) = entry.as_map() else { continue };
        let Some(name) = written.get("name").map(Value::to_string) else {
            return Err(Diagnostic::error("Invalid vars_prompt data structure, missing 'name' key").at(entry.origin()));
        };
        let render = |key: &str| written.get(key).map(|value| render_for_play(run, state, value, play)).transpose();
        let prompt = render("prompt")?.map_or_else(|| name.clone(), |prompt| prompt.to_string());
        let default = render("default")?.filter(|default| !default.is_null());
        // Even a question that is not asked has to make sense.
        if run.options.extra_vars.contains_key(name.as_str()) {
            continue;
        }
        let question = Question { written, name, prompt, default };
        let answer = question.hashed(run, question.answer(run)?)?;
        answers.insert(Key::from(question.name.as_str()), answer);
    }
    Ok(answers)
}

impl Question<'_> {
    fn flag(&self, name: &str, otherwise: bool) -> bool {
        self.written.get(name).and_then(Value::to_bool_loose).unwrap_or(otherwise)
    }

    fn answer(&self, run: &Run) -> Result<Value, Diagnostic> {
        if !std::io::stdin().is_terminal() {
            let message = "Not prompting as we are not in interactive mode";
            run.emit(Event::Diagnostic(Diagnostic::warning(message)));
            // What ansible-core makes of no answer and no default.
            return Ok(self.default.clone().unwrap_or_else(|| Value::from("None")));
        }
        let (private, confirm) = (self.flag("private", true), self.flag("confirm", false));
        loop {
            let typed = self.read(run, private, "")?;
            if confirm && typed != self.read(run, private, "confirm ")? {
                run.emit(Event::Message("***** VALUES ENTERED DO NOT MATCH ****".into()));
                continue;
            }
            return Ok(match (typed.as_str(), &self.default) {
                ("", Some(default)) => default.clone(),
                _ => self.trusted(&typed),
            });
        }
    }

    /// What is typed is a template like any variable of the play, unless it is `unsafe`.
    fn trusted(&self, typed: &str) -> Value {
        let trust = if self.flag("unsafe", false) { Trust::Untrusted } else { Trust::Trusted };
        Value::Str(Text::from(typed)).with_trust(trust)
    }

    fn read(&self, run: &Run, private: bool, prefix: &str) -> Result<String, Diagnostic> {
        let default = self.default.as_ref().map(|default| format!(" [{default}]")).unwrap_or_default();
        run.emit(Event::Prompt(format!("{prefix}{}{default}: ", self.prompt)));
        let terminal = console::Term::stderr();
        let typed = if private { terminal.read_secure_line() } else { terminal.read_line() };
        typed.map_err(|error| Diagnostic::error(format!("cannot ask for {}: {error}", self.name)))
    }

    /// With `encrypt` the variable is the hash of what was typed.
    fn hashed(&self, run: &Run, answer: Value) -> Result<Value, Diagnostic> {
        let given = |name: &str| self.written.get(name).filter(|value| !value.is_null()).cloned();
        let Some(scheme) = given("encrypt").filter(Value::is_truthy) else { return Ok(answer) };
        let names =
            [("typed", Some(answer)), ("scheme", Some(scheme)), ("salt", given("salt")), ("size", given("salt_size"))];
        let given: Map = names.into_iter().filter_map(|(name, value)| Some((Key::from(name), value?))).collect();
        let mut expression = "typed | string | password_hash(scheme".to_owned();
        for (name, argument) in [("salt", "salt=salt"), ("size", "salt_size=size")] {
            if given.contains_key(name) {
                expression = format!("{expression}, {argument}");
            }
        }
        let source: Arc<dyn VariableSource> = Arc::new(given);
        let expression = Text::trusted(format!("{expression})"), None);
        let hash = run.templar.expression(&expression, &source, &RenderContext::default());
        hash.map_err(|error| {
            let at = self.written.get("encrypt").and_then(Value::origin);
            Diagnostic::error(format!("cannot hash {}: {error}", self.name)).at(at)
        })
    }
}
