//! `ansible.builtin.assert`: fails unless every expression holds.

use kapell_modules::Arg;
use kapell_parsing::{Map, Value};

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
    let that = as_conditions(task.args.get("that").unwrap_or(&Value::Null), cx)?;
    for condition in that.iter().flat_map(condition::as_list) {
        let verdict = condition::judge(&cx.run.templar, &[condition], &cx.vars.as_source(), cx.cx);
        let verdict = verdict.map_err(|(error, _)| ActionError::from(error))?;
        if let Verdict::False(condition) = verdict {
            let mut result = TaskResult::new(Map::new());
            result.set("failed", true);
            result.set("evaluated_to", false);
            result.set("assertion", condition.with_trust(kapell_parsing::Trust::Untrusted));
            result.set("msg", fail_message.unwrap_or_else(|| "Assertion failed".into()));
            result.set("changed", false);
            result.verbose_always = !quiet;
            return Ok(result.into());
        }
    }
    let mut result = TaskResult::new(Map::new());
    result.set("changed", false);
    result.set("msg", success_message.unwrap_or_else(|| "All assertions passed".into()));
    result.verbose_always = !quiet;
    Ok(result.into())
}

/// `that` may itself be a template that gives a list of conditions.
fn as_conditions(that: &Value, cx: &ActionContext<'_>) -> Result<Vec<Value>, ActionError> {
    match that {
        Value::List(items) => Ok(items.to_vec()),
        Value::Str(text) if text.is_template() => {
            let rendered = cx.run.templar.render(that, &cx.vars.as_source(), cx.cx)?;
            Ok(match rendered {
                Value::List(items) => items.to_vec(),
                Value::Bool(b) => vec![Value::Bool(b)],
                _ => vec![that.clone()],
            })
        }
        other => Ok(vec![other.clone()]),
    }
}
