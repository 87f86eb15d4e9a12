//! Loops: from `loop` and `with_*` to the items, and what an item adds to the variables.

use kapell_parsing::{Diagnostic, Key, Map, Origin, Value};
use kapell_playbook::Task;
use kapell_template::{RenderContext, TemplateError};

use crate::Run;
use crate::error_report::ErrorReport;
use crate::resolve::Keywords;
use crate::variables::HostVariables;

/// `loop_control`, templated.
#[derive(Clone, Debug)]
pub struct LoopControl {
    pub variable: String,
    /// Where it is written.
    named_at: Option<Origin>,
    pub index_variable: Option<String>,
    /// Templated anew for each item.
    pub label: Option<Value>,
    pub pause: f64,
    pub extended: bool,
    pub extended_allitems: bool,
    pub break_when: Vec<Value>,
}

impl LoopControl {
    pub fn read(keywords: &Keywords<'_>) -> Result<Self, ErrorReport> {
        let mut control = Self {
            variable: "item".into(),
            named_at: None,
            index_variable: None,
            label: None,
            pause: 0.0,
            extended: false,
            extended_allitems: true,
            break_when: Vec::new(),
        };
        let Some(Value::Map(written)) = keywords.scope.own("loop_control") else { return Ok(control) };
        control.label = written.get("label").cloned();
        control.break_when = match written.get("break_when") {
            None => Vec::new(),
            Some(Value::List(conditions)) => conditions.to_vec(),
            Some(condition) => vec![condition.clone()],
        };
        let render = |name: &str| -> Result<Option<Value>, ErrorReport> {
            let Some(value) = written.get(name) else { return Ok(None) };
            let rendered = keywords.run.templar.render(value, &keywords.vars.as_source(), keywords.cx);
            rendered.map(Some).map_err(|error| ErrorReport::new(error.to_string(), value.origin()))
        };
        let flag = |value: Option<Value>, default| value.and_then(|v| v.to_bool_loose()).unwrap_or(default);
        if let Some(name) = render("loop_var")? {
            control.variable = name.to_string();
            control.named_at = written.get("loop_var").and_then(Value::origin).cloned();
        }
        control.index_variable = render("index_var")?.map(|name| name.to_string());
        control.pause = render("pause")?.and_then(|value| value.to_string().parse().ok()).unwrap_or(0.0);
        control.extended = flag(render("extended")?, false);
        control.extended_allitems = flag(render("extended_allitems")?, true);
        Ok(control)
    }

    /// For a loop whose variable hides another.
    pub fn collision(&self) -> Diagnostic {
        Diagnostic::warning(format!("The loop variable '{}' is already in use.", self.variable))
            .at(self.named_at.as_ref())
            .hint(
                "You should set the `loop_var` value in the `loop_control` option for the task to something else to avoid \
                 variable collisions and unexpected behavior.",
            )
    }

    /// The variables the item at `index` of `all` brings: the loop variable, its index, `ansible_loop`.
    pub fn variables(&self, all: &Value, index: usize) -> Map {
        let items = all.as_list().unwrap_or_default();
        let mut vars = Map::new();
        vars.insert(Key::from(self.variable.as_str()), items[index].clone());
        vars.insert("ansible_loop_var".into(), self.variable.as_str().into());
        if let Some(name) = &self.index_variable {
            vars.insert(Key::from(name.as_str()), (index as i64).into());
            vars.insert("ansible_index_var".into(), name.as_str().into());
        }
        if self.extended {
            vars.insert("ansible_loop".into(), self.extended_variable(all, index));
        }
        vars
    }

    fn extended_variable(&self, all: &Value, index: usize) -> Value {
        let items = all.as_list().unwrap_or_default();
        let length = items.len();
        let mut info = Map::new();
        if self.extended_allitems {
            info.insert("allitems".into(), all.clone());
        }
        let numbers = [
            ("index", index + 1),
            ("index0", index),
            ("length", length),
            ("revindex", length - index),
            ("revindex0", length - index - 1),
        ];
        info.insert("first".into(), (index == 0).into());
        info.insert("last".into(), (index + 1 == length).into());
        numbers.iter().for_each(|(name, n)| drop(info.insert((*name).into(), (*n as i64).into())));
        if let Some(next) = items.get(index + 1) {
            info.insert("nextitem".into(), next.clone());
        }
        if index > 0 {
            info.insert("previtem".into(), items[index - 1].clone());
        }
        Value::map(info)
    }
}

/// The items `task` loops over on one host; `None` when it does not loop.
pub fn items(
    run: &Run,
    task: &Task,
    vars: &HostVariables,
    cx: &RenderContext,
) -> Result<Option<Vec<Value>>, LoopError> {
    let Some(source) = task.looping() else { return Ok(None) };
    let rendered = match source.lookup {
        None => run.templar.render(source.items, &vars.as_source(), cx)?,
        Some(lookup) => return with_lookup(run, task, lookup, source.items, vars, cx).map(Some),
    };
    match rendered {
        Value::List(items) => Ok(Some(items.to_vec())),
        other => Err(LoopError::NotAList(ErrorReport {
            causes: vec![
                Diagnostic::error(format!("The `loop` value must resolve to a 'list', not '{}'.", other.type_name()))
                    .at(source.items.origin())
                    .hint("Provide a list of items/templates, or a template resolving to a list."),
            ],
        })),
    }
}

/// `with_NAME`: the lookup's results. A bare variable name is templated as an expression, as it always was.
fn with_lookup(
    run: &Run,
    task: &Task,
    lookup: &str,
    items: &Value,
    vars: &HostVariables,
    cx: &RenderContext,
) -> Result<Vec<Value>, LoopError> {
    let source = vars.as_source();
    if matches!(lookup, "first_found" | "ansible.builtin.first_found") {
        // As written: terms may be made of something undefined, and are passed over then.
        let terms = items.as_list().map_or_else(|| vec![items.clone()], <[Value]>::to_vec);
        let options = Map::from([("_subdir".into(), file_directory(&task.action).into())]);
        return Ok(run.templar.lookup(lookup, &terms, &options, &source, cx)?);
    }
    let rendered = run.templar.render(items, &source, cx)?;
    let terms = match (&rendered, lookup) {
        (Value::Map(_), _) | (_, "dict" | "ansible.builtin.dict") => vec![rendered],
        (Value::List(list), _) => list.to_vec(),
        _ => vec![rendered],
    };
    Ok(run.templar.lookup(lookup, &terms, &Map::new(), &source, cx)?)
}

/// The directory of a role where the files of such a task are.
fn file_directory(action: &str) -> &'static str {
    match action {
        action if action.contains("template") => "templates",
        action if action.contains("var") => "vars",
        _ => "files",
    }
}

/// Why there are no items.
#[derive(Debug, thiserror::Error)]
pub enum LoopError {
    #[error("{0}")]
    Template(#[from] TemplateError),
    #[error("{}", .0.message())]
    NotAList(ErrorReport),
}

impl LoopError {
    pub fn into_report(self, task: &Task) -> ErrorReport {
        match self {
            Self::NotAList(report) => report,
            Self::Template(error) => {
                let written = task.looping().and_then(|looping| looping.items.origin());
                let report = ErrorReport::of_template(&error, written);
                if error.is_undefined() { report.wrap("Task failed.", Some(&task.origin)) } else { report }
            }
        }
    }
}
