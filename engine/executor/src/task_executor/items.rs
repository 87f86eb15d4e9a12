//! The items of a loop, one after the other, and their results added up.

use std::sync::Arc;
use std::time::Duration;

use kapell_parsing::{Key, Map, Value};
use kapell_template::RenderContext;

use super::{Frame, HostTask, TaskOutcome};
use crate::action::Effects;
use crate::condition::{self, Verdict};
use crate::error_report::ErrorReport;
use crate::event::{CENSORED_LABEL, HostResult};
use crate::loops::LoopControl;
use crate::variables::HostVariables;
use crate::{Event, ItemNotes, TaskResult, TaskStatus};

impl HostTask {
    pub(super) async fn run_loop(&self, frame: &Frame, items: Vec<Value>) -> TaskOutcome {
        let keywords = self.keywords(&frame.vars, &frame.cx);
        let control = match LoopControl::read(&keywords) {
            Ok(control) => control,
            Err(report) => return TaskOutcome::new(&self.host, TaskResult::failed(self.in_task(report))),
        };
        if kapell_template::VariableSource::get(&frame.vars, &control.variable).is_some() {
            self.run.emit(Event::Diagnostic(control.collision()));
        }
        let mut total = LoopTotal { excused: true, ..LoopTotal::default() };
        let mut carried = Map::new();
        let (count, all) = (items.len(), Value::list(items));
        for index in 0..count {
            if index > 0 && control.pause > 0.0 {
                tokio::time::sleep(Duration::from_secs_f64(control.pause)).await;
            }
            let item_vars = control.variables(&all, index);
            let vars = frame.vars.with_locals(&carried).with_locals(&item_vars);
            let label = self.label(&control, &vars, &frame.cx);
            let mut outcome = self.run_item(frame, &vars, Some(&item_vars)).await;
            carried.extend(self.carry_over(&outcome));
            Self::describe_item(&mut outcome.result, &control, &item_vars);
            let keywords = self.keywords(&vars, &frame.cx);
            outcome.ignore_unreachable = keywords.bool("ignore_unreachable").ok().flatten().unwrap_or(false);
            outcome.result.no_log |= self.is_secret(&keywords);
            let label = label.unwrap_or_else(|message| {
                outcome.result.set("failed", true);
                outcome.result.set("msg", message);
                "None".to_owned()
            });
            let told = if outcome.result.no_log { CENSORED_LABEL } else { &label };
            outcome.effects.includes.iter_mut().for_each(|include| include.item_label = Some(told.to_owned()));
            self.emit_item(&outcome, &label);
            let written = control.label.as_ref().map(|_| label);
            total.items.push(ItemNotes { label: written, verbose_always: outcome.result.verbose_always });
            match self.breaks(&control, &vars, &frame.cx, &outcome.result) {
                Ok(false) => total.add(outcome),
                Ok(true) => {
                    total.add(outcome);
                    break;
                }
                Err(report) => {
                    let mut result = TaskResult::failed(report);
                    result.data.shift_remove("changed");
                    return TaskOutcome::new(&self.host, result);
                }
            }
        }
        total.into_outcome(&self.host)
    }

    /// `set_fact` in a loop is seen by the next item, except where extra vars win.
    fn carry_over(&self, outcome: &TaskOutcome) -> Map {
        let extra = &self.run.options.extra_vars;
        let set = outcome.effects.variables.iter().chain(&outcome.effects.included);
        set.filter(|(key, _)| !extra.contains_key(*key)).map(|(k, v)| (k.clone(), v.clone())).collect()
    }

    fn breaks(
        &self,
        control: &LoopControl,
        vars: &HostVariables,
        cx: &RenderContext,
        result: &TaskResult,
    ) -> Result<bool, ErrorReport> {
        if control.break_when.is_empty() {
            return Ok(false);
        }
        let vars = self.with_registered(vars, result).as_source();
        let conditions: Vec<&Value> = control.break_when.iter().collect();
        let verdict = condition::judge(&self.run.templar, &conditions, &vars, cx);
        verdict.map(|verdict| matches!(verdict, Verdict::True)).map_err(|error| error.report())
    }

    /// What stands for the item in the output; otherwise what is wrong with it.
    fn label(&self, control: &LoopControl, vars: &HostVariables, cx: &RenderContext) -> Result<String, String> {
        let Some(label) = &control.label else { return Ok(vars_item(vars, &control.variable)) };
        let rendered = self.run.templar.render(label, &vars.as_source(), cx);
        rendered
            .map(|value| value.to_string())
            .map_err(|error| format!("Failed to template loop_control.label: {error}"))
    }

    fn describe_item(result: &mut TaskResult, control: &LoopControl, item_vars: &Map) {
        result.set("ansible_loop_var", control.variable.as_str());
        for key in [Some(control.variable.as_str()), control.index_variable.as_deref(), Some("ansible_loop")] {
            if let Some(key) = key
                && let Some(value) = item_vars.get(key)
            {
                result.set(key, value.clone());
            }
        }
        if let Some(name) = &control.index_variable {
            result.set("ansible_index_var", name.as_str());
        }
    }

    fn emit_item(&self, outcome: &TaskOutcome, label: &str) {
        if !outcome.effects.includes.is_empty() {
            return;
        }
        if let Some(error) = &outcome.result.error {
            self.run.turn_to(&self.info);
            self.run.emit(Event::TaskError(error.clone()));
        }
        self.run.emit(Event::ItemResult(HostResult {
            host: self.host.clone(),
            delegated_to: outcome.delegated_to.clone(),
            task: Arc::clone(&self.info),
            status: match outcome.result.status() {
                TaskStatus::Unreachable => TaskStatus::Failed,
                status => status,
            },
            result: outcome.result.clone(),
            item_label: Some(label.to_owned()),
            ignore_errors: outcome.ignore_errors,
            diff_mode: outcome.diff,
        }));
    }
}

/// The items' results added up.
#[derive(Default)]
struct LoopTotal {
    results: Vec<Value>,
    items: Vec<ItemNotes>,
    changed: bool,
    failed: bool,
    /// No item counts as failed, whatever it says.
    excused: bool,
    unreachable: bool,
    /// An item could not reach its host, and does mind.
    lost: bool,
    all_skipped: bool,
    last: Option<TaskOutcome>,
    effects: Effects,
}

impl LoopTotal {
    fn add(&mut self, mut outcome: TaskOutcome) {
        let result = &outcome.result;
        self.changed |= result.is_changed();
        self.failed |= result.says_failed();
        self.excused &= !result.is_failed();
        self.unreachable |= result.unreachable;
        self.lost |= result.unreachable && !outcome.ignore_unreachable;
        self.all_skipped = result.is_skipped() && (self.results.is_empty() || self.all_skipped);
        self.results.push(result.registered());
        self.effects.append(std::mem::take(&mut outcome.effects));
        let is_worst = !self.last.as_ref().is_some_and(|last| last.result.is_failed());
        if is_worst || self.last.is_none() {
            self.last = Some(outcome);
        }
    }

    fn into_outcome(self, host: &str) -> TaskOutcome {
        let mut data = Map::new();
        data.insert("changed".into(), self.changed.into());
        let message = if self.failed { "One or more items failed" } else { "All items completed" };
        if self.failed {
            data.insert("failed".into(), true.into());
        }
        if self.unreachable {
            data.insert("unreachable".into(), true.into());
        }
        if self.results.is_empty() {
            data.insert("skipped".into(), true.into());
            data.insert("skipped_reason".into(), "No items in the list".into());
        } else if self.all_skipped {
            data.insert("msg".into(), "All items skipped".into());
            data.insert("skipped".into(), true.into());
        } else {
            data.insert("msg".into(), message.into());
            data.insert("skipped".into(), false.into());
        }
        data.insert(Key::from("results"), self.results.into());
        let mut result = TaskResult::new(data);
        result.looped = true;
        result.items = self.items;
        result.excused = self.excused;
        result.unreachable = self.unreachable;
        let Some(last) = self.last else {
            return TaskOutcome { effects: self.effects, ..TaskOutcome::new(host, result) };
        };
        result.no_log = last.result.no_log;
        TaskOutcome { result, effects: self.effects, ignore_unreachable: !self.lost, ..last }
    }
}

fn vars_item(vars: &HostVariables, name: &str) -> String {
    use kapell_template::{Variable, VariableSource};
    match vars.get(name) {
        Some(Variable::Value(value)) => value.to_string(),
        _ => String::new(),
    }
}
