//! `ResolvedTask`: a task's keywords and arguments, templated for one host and, in a loop, one item.

use std::path::PathBuf;
use std::sync::Arc;

use kapell_parsing::{Diagnostic, Key, Map, Value};
use kapell_playbook::{Scope, Task};
use kapell_template::{RenderContext, is_omit};

use crate::controller_module::ControllerModule;
use crate::error_report::ErrorReport;
use crate::module_defaults::defaults;
use crate::module_run::ForeignModule;
use crate::python_plugins::PluginFile;
use crate::run_state::PlayState;
use crate::variables::HostVariables;
use crate::{Event, Run, TaskInfo};

/// Where a task's relative file names are looked for, nearest first: its role and the roles around it, the directory
/// of its file, the playbook's directory.
pub fn search_path(scope: &Scope, play: Option<&PlayState>) -> Vec<PathBuf> {
    let mut dirs: Vec<PathBuf> = scope.roles_upwards().iter().map(|role| role.path.clone()).collect();
    let mut add = |dir: PathBuf| {
        if !dirs.contains(&dir) {
            dirs.push(dir);
        }
    };
    add(scope.dir.clone());
    if let Some(play) = play {
        add(play.play.basedir.clone());
    }
    dirs
}

pub fn render_context(scope: &Scope, play: Option<&PlayState>) -> RenderContext {
    RenderContext {
        search_path: search_path(scope, play),
        basedir: play.map_or_else(|| scope.dir.clone(), |play| play.play.basedir.clone()),
        origin: scope.origin.clone(),
    }
}

/// `async` and `poll`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Background {
    /// Seconds the job may take.
    pub limit: u64,
    /// Seconds between two looks at it; 0 when nobody waits.
    pub poll: u64,
}

/// Everything an action needs to know about its task.
#[derive(Clone)]
pub struct ResolvedTask {
    pub task: Arc<Task>,
    pub info: Arc<TaskInfo>,
    /// The fully qualified name of the action or module.
    pub action: String,
    /// The module when it is not one of ours.
    pub foreign: Option<Arc<ForeignModule>>,
    /// The module when it runs on the control node, in this process.
    pub controller: Option<&'static ControllerModule>,
    /// The user's action plugin.
    pub plugin: Option<Arc<PluginFile>>,
    pub args: Map,
    pub check: bool,
    pub diff: bool,
    pub no_log: bool,
    pub environment: Vec<(String, String)>,
    /// Seconds, from `timeout`.
    pub timeout: Option<u64>,
    /// `async`: its module runs as a job.
    pub background: Option<Background>,
    pub delegate_to: Option<String>,
    pub delegate_facts: bool,
    /// The handlers to tell when something has changed.
    pub notify: Vec<String>,
}

const ABSENT_ENV: &str = "'ansible_env' is undefined";

/// Reads the keywords of one scope with one host's variables.
pub struct Keywords<'a> {
    pub run: &'a Run,
    pub vars: &'a HostVariables,
    pub scope: &'a Scope,
    pub cx: &'a RenderContext,
}

impl Keywords<'_> {
    /// The keyword's rendered value; `None` when it is not given or null. Where it is omitted the next level counts.
    pub fn value(&self, name: &str) -> Result<Option<Value>, ErrorReport> {
        for written in self.scope.inherited_all(name) {
            let value = if written.is_null() { Value::Null } else { self.rendered(name, written)? };
            if !is_omit(&value) {
                return Ok(Some(value).filter(|value| !value.is_null()));
            }
        }
        Ok(None)
    }

    fn render(&self, name: &str, written: &Value) -> Result<Option<Value>, ErrorReport> {
        Ok(Some(self.rendered(name, written)?).filter(|value| !is_omit(value) && !value.is_null()))
    }

    fn rendered(&self, name: &str, written: &Value) -> Result<Value, ErrorReport> {
        self.run.templar.render(written, &self.vars.as_source(), self.cx).map_err(|error| {
            ErrorReport::of_template(&error, written.origin())
                .wrap(format!("Error processing keyword '{name}'."), written.origin())
        })
    }

    pub fn bool(&self, name: &str) -> Result<Option<bool>, ErrorReport> {
        let Some(value) = self.value(name)? else { return Ok(None) };
        value.to_bool_loose().map(Some).ok_or_else(|| self.wrong(name, "a boolean", &value))
    }

    pub fn string(&self, name: &str) -> Result<Option<String>, ErrorReport> {
        Ok(self.value(name)?.map(|value| value.to_string()))
    }

    /// A number, also as text; fractions are kept.
    pub fn number(&self, name: &str) -> Result<Option<f64>, ErrorReport> {
        let Some(value) = self.value(name)? else { return Ok(None) };
        let number = match &value {
            Value::Int(n) => Some(*n as f64),
            Value::Float(n) => Some(*n),
            Value::Str(text) => text.trim().trim_end_matches('%').parse().ok(),
            _ => None,
        };
        number.map(Some).ok_or_else(|| self.wrong(name, "a number", &value))
    }

    /// The names in `notify`.
    pub fn notified(&self) -> Result<Vec<String>, ErrorReport> {
        Ok(match self.value("notify")? {
            None => Vec::new(),
            Some(Value::List(names)) => names.iter().filter(|name| !is_omit(name)).map(Value::to_string).collect(),
            Some(name) => vec![name.to_string()],
        })
    }

    /// A whole number, also as text. `shown` is what messages call the keyword.
    pub fn integer(&self, name: &str, shown: &str) -> Result<Option<i64>, ErrorReport> {
        let Some(value) = self.value(name)? else { return Ok(None) };
        let number = match &value {
            Value::Int(number) => Some(*number),
            Value::Bool(flag) => Some(i64::from(*flag)),
            Value::Float(number) if number.fract() == 0.0 => Some(*number as i64),
            Value::Str(text) => text.trim().parse().ok(),
            _ => None,
        };
        let origin = self.scope.inherited(name).and_then(Value::origin).or(self.scope.origin.as_ref());
        number.map(Some).ok_or_else(|| {
            let message = format!("The value {} could not be converted to 'int'.", value.repr());
            ErrorReport::new(message, origin).wrap(format!("Error processing keyword '{shown}'."), origin)
        })
    }

    /// `async` and `poll`, when the task is to run in the background.
    pub fn background(&self) -> Result<Option<Background>, ErrorReport> {
        let limit = self.integer("async", "async_val")?.unwrap_or(0);
        let poll = self.integer("poll", "poll")?.map_or(self.run.settings.poll_interval, |poll| poll.max(0) as u64);
        Ok((limit > 0).then_some(Background { limit: limit.max(0) as u64, poll }))
    }

    /// `environment` of all levels, the innermost last.
    pub fn environment(&self) -> Result<Vec<(String, String)>, ErrorReport> {
        let mut merged = Map::new();
        for level in self.scope.all("environment") {
            let items = level.as_list().unwrap_or(std::slice::from_ref(level));
            for item in items {
                match self.render("environment", &self.without_absent_env(item))? {
                    None => {}
                    Some(Value::Map(map)) => merged.extend(map.iter().map(|(k, v)| (k.clone(), v.clone()))),
                    Some(value) => self.run.emit(Event::Diagnostic(
                        Diagnostic::warning(format!("could not parse environment value, skipping: {}", value.repr()))
                            .at(item.origin())
                            .hint("write a mapping of names to values"),
                    )),
                }
            }
        }
        // What nothing is to ansible-core, as text.
        let as_text = |value: &Value| if value.is_null() { "None".to_owned() } else { value.to_string() };
        merged.iter().map(|(key, value)| Ok((self.environment_name(key)?, as_text(value)))).collect()
    }

    /// Shells assign it unquoted.
    fn environment_name(&self, key: &Key) -> Result<String, ErrorReport> {
        let is_name = |name: &str| {
            name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
                && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        };
        if let Some(name) = key.as_str().filter(|name| is_name(name)) {
            return Ok(name.to_owned());
        }
        let message = format!(
            "'{key}' is no name of a variable: 'environment' takes names of letters, digits and underscores, as text"
        );
        Err(ErrorReport::new(message, key.origin().or(self.scope.origin.as_ref())))
    }

    /// Entries made of `ansible_env` are left out while there are no facts: the task that gathers them needs an
    /// environment, too.
    fn without_absent_env(&self, item: &Value) -> Value {
        let Value::Map(map) = item else { return item.clone() };
        let needs_facts = |value: &Value| {
            value.to_string().contains("ansible_env")
                && self
                    .render("environment", value)
                    .is_err_and(|report| report.causes.iter().any(|cause| cause.message.contains(ABSENT_ENV)))
        };
        let kept = map.iter().filter(|(_, value)| !needs_facts(value));
        Value::from(kept.map(|(key, value)| (key.clone(), value.clone())).collect::<Map>())
    }

    fn wrong(&self, name: &str, expected: &str, found: &Value) -> ErrorReport {
        let origin = self.scope.inherited(name).and_then(Value::origin).or(self.scope.origin.as_ref());
        ErrorReport::new(format!("The value '{found}' of keyword '{name}' is not {expected}."), origin)
    }
}

/// The task's arguments as written, on top of what `module_defaults` say for `action`.
pub fn written_arguments(
    run: &Run,
    task: &Task,
    action: &str,
    vars: &HostVariables,
    cx: &RenderContext,
) -> Result<Map, ErrorReport> {
    let mut written = defaults(run, &task.scope, action, vars, cx)?;
    match &task.args {
        Value::Map(map) => written.extend(map.iter().map(|(key, value)| (key.clone(), value.clone()))),
        Value::Null => {}
        whole => _ = written.insert(Key::from(Task::VARIABLE_ARGS), whole.clone()),
    }
    Ok(written)
}

/// Whether the task's action is a plugin of the user that takes text as it is.
fn takes_raw(run: &Run, task: &Task) -> bool {
    let plugin = run.library.action_plugin(&task.action, &task.scope.collections());
    plugin.is_some_and(|plugin| plugin.takes_raw_params())
}

/// `written` arguments of `task`, and its free form, rendered.
pub fn map_arguments(
    run: &Run,
    task: &Task,
    written: &Map,
    action: &str,
    vars: &HostVariables,
    cx: &RenderContext,
) -> Result<Map, ErrorReport> {
    let source = vars.as_source();
    let render = |name: &str, value: &Value| {
        run.templar.render(value, &source, cx).map_err(|error| {
            ErrorReport::of_template(&error, value.origin())
                .wrap(format!("Error while resolving value for '{name}'."), value.origin())
                .wrap(format!("Finalization of task args for '{action}' failed."), task.action.origin())
        })
    };
    let mut args = Map::new();
    for (key, value) in written {
        let name = key.to_string();
        if name != Task::VARIABLE_ARGS {
            args.insert(key.clone(), render(&name, value)?);
            continue;
        }
        for written in value.as_list().unwrap_or(std::slice::from_ref(value)) {
            let rendered = render(&name, written)?;
            let map = match rendered {
                rendered if is_omit(&rendered) => continue,
                Value::Map(map) => map,
                rendered if takes_raw(run, task) => {
                    args.insert("_raw_params".into(), rendered);
                    continue;
                }
                rendered => {
                    let message = format!("Task args must resolve to a 'dict' not '{}'.", rendered.type_name());
                    return Err(ErrorReport::new(message, written.origin())
                        .wrap(format!("Finalization of task args for '{action}' failed."), task.action.origin()));
                }
            };
            args.extend(map.iter().map(|(key, value)| (key.clone(), value.clone())));
        }
    }
    if let Some(free_form) = &task.free_form {
        args.insert("_raw_params".into(), render("_raw_params", &Value::Str(free_form.clone()))?);
    }
    // What is left out also hides what weaker levels say.
    args.retain(|_, value| !is_omit(value));
    Ok(args)
}

/// The fully qualified name of `action`, for messages and for choosing what runs it.
pub fn qualified(action: &str) -> String {
    if let Some(module) = kapell_modules::find(action) {
        return module.name.to_owned();
    }
    match action.strip_prefix("ansible.legacy.") {
        Some(rest) => format!("ansible.builtin.{rest}"),
        None if action.contains('.') => action.to_owned(),
        None => format!("ansible.builtin.{action}"),
    }
}
