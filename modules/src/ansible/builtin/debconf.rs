//! `ansible.builtin.debconf`: answers to the questions of Debian packages.

use serde_json::Value;

use crate::python_repr::str_of;
use crate::{Arg, Args, CommandSpec, Constraint, Context, Map, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module = Module::new("ansible.builtin.debconf", ARGS, run)
    .constraints(&[Constraint::RequiredTogether(&["question", "vtype", "value"])])
    .diff();

const ARGS: &[Arg] = &[
    Arg::str("name").required().alias(&["pkg"]),
    Arg::str("question").alias(&["selection", "setting"]),
    Arg::str("vtype").choices(&[
        "boolean",
        "error",
        "multiselect",
        "note",
        "password",
        "seen",
        "select",
        "string",
        "text",
        "title",
    ]),
    Arg::raw("value").alias(&["answer"]),
    Arg::bool("unseen").default("false"),
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let name = args.str("name")?;
    let output = cx.run_read(&CommandSpec::new(["debconf-show", name]))?;
    if !output.ok() {
        return Err(ModuleError::failed(output.stderr().trim()));
    }
    let current = parse(&output.stdout());
    let (Some(question), Some(kind), Some(value)) =
        (args.opt_str("question"), args.opt_str("vtype"), args.raw("value"))
    else {
        return Ok(ModuleResult::ok().msg("").set("current", current));
    };
    if kind == "multiselect" && value.as_array().is_some_and(|items| items.iter().any(|item| !item.is_string())) {
        return Err(ModuleError::failed("Invalid value provided for 'multiselect': every choice must be a string"));
    }
    let is_list = value.is_array();
    let value = text_of(value, kind);
    let before = match kind {
        // Passwords are not shown.
        "password" => ask(question, cx)?,
        _ => current.get(question).and_then(Value::as_str).unwrap_or_default().to_owned(),
    };
    let same = if is_list { have_same_choices(&before, &value) } else { before == value };
    if same {
        return Ok(ModuleResult::ok().msg("").set("current", current));
    }
    let unseen = args.bool("unseen").then_some("-u");
    let line = format!("{name} {question} {kind} {value}\n");
    cx.run_ok(&CommandSpec::new(["debconf-set-selections"]).args(unseen).stdin(line))?;
    let hidden = |text: String| if kind == "password" { "********".to_owned() } else { text };
    let one = |text: String| Map::from_iter([(question.to_owned(), Value::from(text))]);
    let (previous, current) = (one(hidden(before)), one(hidden(value)));
    let result =
        ModuleResult::ok().changed(true).msg("").set("current", current.clone()).set("previous", previous.clone());
    let diff = if cx.diff_mode {
        serde_json::json!({"before": previous, "after": current})
    } else {
        Value::Object(Map::new())
    };
    Ok(result.set("diff", diff))
}

/// `* question: answer`; the star marks questions that were shown.
fn parse(text: &str) -> Map {
    let entry = |line: &str| {
        let (question, answer) = line.split_once(':')?;
        Some((question.trim_start_matches(['*', ' ']).to_owned(), Value::from(answer.trim())))
    };
    text.lines().filter_map(entry).collect()
}

fn text_of(value: &Value, kind: &str) -> String {
    match value {
        Value::Array(items) => items.iter().map(str_of).collect::<Vec<_>>().join(", "),
        value if kind == "boolean" => str_of(value).to_lowercase(),
        value => str_of(value),
    }
}

/// The order of several choices does not matter.
fn have_same_choices(before: &str, value: &str) -> bool {
    let choices = |text: &str| {
        let mut choices: Vec<String> = text.split(',').map(|choice| choice.trim().to_owned()).collect();
        choices.sort();
        choices
    };
    choices(before) == choices(value)
}

fn ask(question: &str, cx: &mut Context<'_>) -> Result<String, ModuleError> {
    let output = cx.run_read(&CommandSpec::new(["debconf-communicate"]).stdin(format!("GET {question}\n")))?;
    Ok(output.stdout().trim().strip_prefix("0 ").unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_and_compared() {
        let answers = parse("* tzdata/Areas: Europe\n  tzdata/Zones/Asia:\n");
        assert_eq!(answers["tzdata/Areas"], "Europe");
        assert_eq!(answers["tzdata/Zones/Asia"], "");
        assert!(have_same_choices("b, a", "a, b") && !have_same_choices("b", "a, b"));
        assert_eq!(text_of(&Value::Bool(true), "boolean"), "true");
    }
}
