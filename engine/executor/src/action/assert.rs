//! `ansible.builtin.assert`: fails unless every expression holds.

use kapell_modules::Arg;
use kapell_parsing::{Deprecation, Map, Origin, Text, Value};

use super::arguments::{ArgumentSpec, checked, required, text_or_list};
use super::{Action, ActionContext, ActionError, ActionFuture, ActionOutput};
use crate::TaskResult;
use crate::condition::{self, Verdict};
use crate::resolve::ResolvedTask;

pub(super) static ACTION: Action = Action { name: "assert", run: start };

const SPEC: ArgumentSpec = ArgumentSpec {
    args: &[
        Arg::raw("fail_msg").alias(&["msg"]),
        Arg::raw("success_msg"),
        Arg::bool("quiet").default("false"),
        required("that"),
    ],
    constraints: &[],
};

fn start<'a>(task: &'a ResolvedTask, cx: &'a ActionContext<'a>) -> ActionFuture<'a> {
    Box::pin(async move { run(task, cx) })
}

fn run(task: &ResolvedTask, cx: &ActionContext<'_>) -> Result<ActionOutput, ActionError> {
    let args = checked(task, &SPEC)?;
    let fail_message = text_or_list(&args, "fail_msg")?;
    let success_message = text_or_list(&args, "success_msg")?;
    let quiet = args.get("quiet").is_some_and(Value::is_truthy);
    // As written: what was checked is not trusted any more.
    let mut wrapped = Wrapped::default();
    let that = as_conditions(task.args.get("that").unwrap_or(&Value::Null), cx, &mut wrapped)?;
    for condition in that.iter().flat_map(condition::as_list) {
        let verdict = condition::judge(&cx.run.templar, &[condition], &cx.vars.as_source(), cx.cx);
        let verdict = verdict.map_err(|error| ActionError::from(error.report()))?;
        wrapped.look_at(condition, cx);
        if let Verdict::False(condition) = verdict {
            let mut result = TaskResult::new(Map::new());
            result.set("failed", true);
            result.set("evaluated_to", false);
            result.set("assertion", condition.with_trust(kapell_parsing::Trust::Untrusted));
            result.set("msg", fail_message.unwrap_or_else(|| "Assertion failed".into()));
            result.set("changed", false);
            result.verbose_always = !quiet;
            wrapped.report(&mut result);
            return Ok(result.into());
        }
    }
    let mut result = TaskResult::new(Map::new());
    result.set("changed", false);
    result.set("msg", success_message.unwrap_or_else(|| "All assertions passed".into()));
    result.verbose_always = !quiet;
    wrapped.report(&mut result);
    Ok(result.into())
}

/// Conditions that are templates where an expression would do.
#[derive(Default)]
struct Wrapped {
    count: usize,
    origin: Option<Origin>,
}

impl Wrapped {
    const NOTE: &str = "Conditionals should not be surrounded by templating delimiters such as {{ }} or {% %}.";

    fn add(&mut self, written: &Value) {
        self.count += 1;
        self.origin = self.origin.take().or_else(|| written.origin().cloned());
    }

    /// A template that gives another expression is fine, one that gives the answer is not.
    fn look_at(&mut self, condition: &Value, cx: &ActionContext<'_>) {
        if condition.as_text().is_some_and(Text::is_template)
            && let Ok(Value::Bool(_)) = cx.run.templar.render(condition, &cx.vars.as_source(), cx.cx)
        {
            self.add(condition);
        }
    }

    fn report(&self, result: &mut TaskResult) {
        if self.count == 0 {
            return;
        }
        let entry = Deprecation::of_core(Self::NOTE, "2.23").at(self.origin.as_ref()).to_entry();
        result.set("deprecations", vec![entry; self.count]);
    }
}

/// `that` may itself be a template that gives a list of conditions.
fn as_conditions(that: &Value, cx: &ActionContext<'_>, wrapped: &mut Wrapped) -> Result<Vec<Value>, ActionError> {
    match that {
        Value::List(items) => Ok(items.to_vec()),
        // An expression may hold templates of its own, in the terms of a lookup.
        Value::Str(text) if text.is_template() && condition::is_delimited(text) => {
            let rendered = cx.run.templar.render(that, &cx.vars.as_source(), cx.cx)?;
            Ok(match rendered {
                Value::List(items) => {
                    items.iter().filter(|item| matches!(item, Value::Bool(_))).for_each(|_| wrapped.add(that));
                    items.to_vec()
                }
                Value::Bool(b) => {
                    wrapped.add(that);
                    vec![Value::Bool(b)]
                }
                _ => vec![that.clone()],
            })
        }
        other => Ok(vec![other.clone()]),
    }
}
