//! The task debugger: a task that failed (or whatever `debugger` asks for) waits for orders on standard input.

use std::sync::Arc;

use kapell_parsing::{Key, Map, Text, Value};
use kapell_playbook::Task;
use kapell_template::{Variable, VariableSource};

use crate::error_report::ErrorReport;
use crate::resolve::{Keywords, render_context};
use crate::run_state::World;
use crate::task_executor::{Overrides, TaskOutcome};
use crate::variables::{HostVariables, TaskVariables};
use crate::{Event, Run, TaskStatus, terminal};

const HELP: &str = "
Documented commands (type help <topic>):
========================================
EOF  c  continue  h  help  p  pprint  q  quit  r  redo  u  update_task
";

/// What the debugger was told to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Continue,
    Redo,
    Quit,
}

/// One task on one host under the debugger.
pub(crate) struct Debugger<'a> {
    pub run: &'a Arc<Run>,
    pub world: World,
    pub host: String,
    pub task: Arc<Task>,
    /// The task's name as its banner shows it.
    pub name: &'a str,
    pub outcome: &'a TaskOutcome,
    /// What redoing the task takes along.
    pub overrides: Overrides,
}

/// When the keyword may ask for the debugger.
const MOMENTS: [&str; 5] = ["never", "always", "on_failed", "on_unreachable", "on_skipped"];

/// That `debugger` names a moment there is.
pub(crate) fn check(keywords: &Keywords<'_>) -> Result<(), ErrorReport> {
    let Some(when) = keywords.string("debugger")? else { return Ok(()) };
    if MOMENTS.contains(&when.as_str()) {
        return Ok(());
    }
    let origin = keywords.scope.inherited("debugger").and_then(Value::origin);
    let message = format!("'{when}' is not a valid value for debugger. Must be one of {}", MOMENTS.join(", "));
    Err(ErrorReport::new(message, origin).wrap("Error processing keyword 'debugger'.", origin))
}

impl Debugger<'_> {
    /// Whether `debugger`, the strategy or a setting wants this result looked at.
    pub(crate) fn is_wanted(&self, globally: bool) -> bool {
        let vars = self.variables();
        let cx = render_context(&self.task.scope, self.world.play.as_deref());
        let keywords = Keywords { run: self.run, vars: &vars, scope: &self.task.scope, cx: &cx };
        let when = keywords.string("debugger").ok().flatten();
        let failed = self.outcome.result.status() == TaskStatus::Failed && !self.is_forgiven();
        let unreachable = self.outcome.result.unreachable;
        match when.as_deref() {
            Some("always") => true,
            Some("never") => false,
            Some("on_failed") => failed,
            Some("on_unreachable") => unreachable,
            Some("on_skipped") => self.outcome.result.is_skipped(),
            _ => globally && (failed || unreachable),
        }
    }

    /// A failure that is ignored is not debugged, unless the settings say otherwise.
    fn is_forgiven(&self) -> bool {
        self.outcome.ignore_errors && self.run.settings.task_debugger_ignore_errors
    }

    /// Takes orders until one of them ends the conversation.
    pub(crate) async fn converse(&mut self) -> Order {
        let prompt = format!("[{}] TASK: {} (debug)> ", self.host, self.name);
        loop {
            let Some(line) = terminal::ask(self.run, prompt.as_str()).await else {
                self.say("User interrupted execution");
                return Order::Quit;
            };
            let (word, rest) = line.trim().split_once(char::is_whitespace).unwrap_or((line.trim(), ""));
            match word {
                "" => {}
                "c" | "continue" => return Order::Continue,
                "r" | "redo" => return Order::Redo,
                "q" | "quit" | "EOF" => {
                    self.say("User interrupted execution");
                    return Order::Quit;
                }
                "u" | "update_task" => self.overrides.args = None,
                "h" | "help" | "?" => self.say(HELP),
                "p" | "pprint" if !rest.trim_start().starts_with('=') => self.print(rest),
                _ => self.execute(line.trim()),
            }
        }
    }

    fn say(&self, text: impl Into<String>) {
        self.run.emit(Event::Message(text.into()));
    }

    fn variables(&self) -> HostVariables {
        let task = Arc::new(TaskVariables::new(&self.task.scope, self.run.settings.hash_behaviour));
        HostVariables::new(self.run, &self.world, &self.host, Some(&task)).with_locals(&self.overrides.vars)
    }

    fn print(&self, expression: &str) {
        match expression.trim() {
            "task" => self.say(format!("TASK: {}", self.name)),
            "host" => self.say(self.host.as_str()),
            expression => match self.evaluate(expression) {
                Ok(value) => self.say(pretty(&value)),
                Err(message) => self.say(format!("***{message}")),
            },
        }
    }

    /// `task.args['name'] = value`, `task.args = {…}`, `task_vars['name'] = value`, and `del` of an entry.
    fn execute(&mut self, statement: &str) {
        if let Err(message) = self.change(statement) {
            self.say(format!("***{message}"));
        }
    }

    fn change(&mut self, statement: &str) -> Result<(), String> {
        if let Some(target) = statement.strip_prefix("del ") {
            let (place, name) = Target::parse(target).ok_or_else(|| syntax(statement))?;
            let (Place::Args, Some(name)) = (place, name) else { return Err(syntax(statement)) };
            self.arguments().shift_remove(name.as_str());
            return Ok(());
        }
        let Some((target, value)) = assignment(statement) else {
            return self.evaluate(statement).map(drop);
        };
        let target = Target::parse(target).ok_or_else(|| syntax(statement))?;
        let value = self.evaluate(value)?;
        match (target, value) {
            ((Place::Args, Some(name)), value) => _ = self.arguments().insert(Key::from(name), value),
            ((Place::Args, None), Value::Map(map)) => self.overrides.args = Some(map.as_ref().clone()),
            ((Place::Variables, Some(name)), value) => _ = self.overrides.vars.insert(Key::from(name), value),
            _ => return Err(syntax(statement)),
        }
        Ok(())
    }

    fn arguments(&mut self) -> &mut Map {
        let rendered = self.outcome.failed_task.get("args").and_then(Value::as_map);
        self.overrides.args.get_or_insert_with(|| rendered.cloned().unwrap_or_default())
    }

    /// The value of an expression over `task`, `task_vars`, `host` and `result`.
    fn evaluate(&self, expression: &str) -> Result<Value, String> {
        let vars = self.variables();
        let cx = render_context(&self.task.scope, self.world.play.as_deref());
        let source: Arc<dyn VariableSource> = Arc::new(self.names(vars));
        let text = Text::trusted(expression, None);
        let value = self.run.templar.expression(&text, &source, &cx).map_err(|error| {
            let kind = if error.is_undefined() { "NameError" } else { "SyntaxError" };
            format!("{kind}:{kind}({})", Value::from(error.to_string()).repr())
        })?;
        if value.is_undefined() {
            return Err(format!("NameError:NameError(\"name '{expression}' is not defined\")"));
        }
        Ok(value)
    }

    fn names(&self, vars: HostVariables) -> Names {
        let mut task = self.outcome.failed_task.as_map().cloned().unwrap_or_default();
        if let Some(args) = &self.overrides.args {
            task.insert("args".into(), Value::map(args.clone()));
        }
        let result = Map::from_iter([
            ("_host".into(), self.host.as_str().into()),
            ("_result".into(), Value::map(self.outcome.result.data.clone())),
        ]);
        Names { task: Value::map(task), result: Value::map(result), host: self.host.as_str().into(), vars }
    }
}

/// What expressions see.
struct Names {
    task: Value,
    result: Value,
    host: Value,
    vars: HostVariables,
}

impl VariableSource for Names {
    fn get(&self, name: &str) -> Option<Variable> {
        match name {
            "task" => Some(Variable::Value(self.task.clone())),
            "result" => Some(Variable::Value(self.result.clone())),
            "host" => Some(Variable::Value(self.host.clone())),
            "task_vars" => Some(Variable::Scope(Arc::new(self.vars.clone()))),
            _ => None,
        }
    }

    fn names(&self) -> Vec<Text> {
        ["task", "result", "host", "task_vars"].map(Text::from).to_vec()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Args,
    Variables,
}

/// The left side of an assignment.
struct Target;

impl Target {
    /// The place and the entry in it: `task.args['name']`.
    fn parse(text: &str) -> Option<(Place, Option<String>)> {
        let text = text.trim();
        let (place, rest) = match (text.strip_prefix("task.args"), text.strip_prefix("task_vars")) {
            (Some(rest), _) => (Place::Args, rest.trim()),
            (_, Some(rest)) => (Place::Variables, rest.trim()),
            _ => return None,
        };
        if rest.is_empty() {
            return Some((place, None));
        }
        let inner = rest.strip_prefix('[')?.strip_suffix(']')?.trim();
        let quote = inner.chars().next().filter(|quote| matches!(quote, '\'' | '"'))?;
        let name = inner.strip_prefix(quote)?.strip_suffix(quote)?;
        (!name.contains(quote)).then(|| (place, Some(name.to_owned())))
    }
}

/// The two sides of a statement's first single `=`.
fn assignment(statement: &str) -> Option<(&str, &str)> {
    let bytes = statement.as_bytes();
    let is_single = |at: &usize| {
        let around = [at.checked_sub(1).and_then(|before| bytes.get(before)), bytes.get(at + 1)];
        !around.iter().flatten().any(|byte| matches!(byte, b'=' | b'!' | b'<' | b'>'))
    };
    let at = statement.match_indices('=').map(|(at, _)| at).find(is_single)?;
    Some((&statement[..at], statement[at + 1..].trim()))
}

fn syntax(statement: &str) -> String {
    format!("SyntaxError:SyntaxError({})", Value::from(format!("cannot carry out: {statement}")).repr())
}

fn key_repr(key: &Key) -> String {
    key.as_str().map_or_else(|| key.to_string(), kapell_parsing::value::str_repr)
}

/// A value the way Python's `pprint` shows it: on one line when that is short, else an entry a line, keys sorted.
fn pretty(value: &Value) -> String {
    const WIDTH: usize = 80;
    fn lines(value: &Value, indent: usize) -> String {
        let whole = value.repr();
        if whole.len() + indent <= WIDTH {
            return whole;
        }
        let pad = format!(",\n{}", " ".repeat(indent + 1));
        match value {
            Value::Map(map) => {
                let mut entries: Vec<_> = map.iter().map(|(key, value)| (key_repr(key), value)).collect();
                entries.sort_by(|a, b| a.0.cmp(&b.0));
                let shown =
                    entries.iter().map(|(key, value)| format!("{key}: {}", lines(value, indent + key.len() + 3)));
                format!("{{{}}}", shown.collect::<Vec<_>>().join(&pad))
            }
            Value::List(items) => {
                let shown: Vec<String> = items.iter().map(|item| lines(item, indent + 1)).collect();
                format!("[{}]", shown.join(&pad))
            }
            _ => whole,
        }
    }
    lines(value, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_and_values_of_assignments() {
        let cases = [
            ("task.args['x'] = 1", Some((Place::Args, Some("x"), "1"))),
            ("task.args[\"that\"] = []", Some((Place::Args, Some("that"), "[]"))),
            ("task_vars['v']='a == b'", Some((Place::Variables, Some("v"), "'a == b'"))),
            ("task.args = {'a': 1}", Some((Place::Args, None, "{'a': 1}"))),
            ("task_vars['v'] == 1", None),
            ("other['v'] = 1", None),
        ];
        for (statement, expected) in cases {
            let parsed = assignment(statement).and_then(|(target, value)| {
                let (place, name) = Target::parse(target)?;
                Some((place, name, value))
            });
            let parsed = parsed.as_ref().map(|(place, name, value)| (*place, name.as_deref(), *value));
            assert_eq!(parsed, expected, "{statement}");
        }
    }

    #[test]
    fn long_values_take_a_line_an_entry() {
        let value = Value::from_json(&serde_json::json!({"b": "x".repeat(60), "a": ["y".repeat(30)], "c": 1}));
        let expected = format!("{{'a': ['{}'],\n 'b': '{}',\n 'c': 1}}", "y".repeat(30), "x".repeat(60));
        assert_eq!(pretty(&value), expected);
    }
}
