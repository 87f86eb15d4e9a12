//! The page of one module: its parameters with the words about them, tasks from its cases, what it returned there.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Result;
use kapell_aws::{ACCESS_ARGS, Table};
use kapell_modules::{Arg, ArgKind, Constraint, Module, Support};
use serde_json::{Map, Value};

use super::words::{ActionWords, ModuleWords};

const MOST_EXAMPLES: usize = 3;
const LONGEST_VALUE: usize = 60;

/// What a case starts with and what its runs gave.
pub(super) struct Case {
    /// Of its file.
    pub(super) name: String,
    title: String,
    args: Map<String, Value>,
    results: Vec<Map<String, Value>>,
}

pub(super) fn cases(repository: &Path, name: &str) -> Result<Vec<Case>> {
    let directory = repository.join("modules/tests/cases");
    let short = name.strip_prefix("ansible.builtin.").unwrap_or(name);
    let Ok(entries) = fs_err::read_dir(directory.join(short)) else { return Ok(Vec::new()) };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    paths.sort();
    paths.iter().map(|path| case(path)).collect()
}

fn case(path: &Path) -> Result<Case> {
    let values: Value = serde_json::from_str(&fs_err::read_to_string(path)?)?;
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let object = |value: &Value| value.as_object().cloned().unwrap_or_default();
    let phases = ["run", "again"].iter().map(|phase| object(&values["expect"][phase]["result"]));
    let results = phases.filter(|result| !result.is_empty()).collect();
    let mut args = object(&values["args"]);
    if let Some(line) = args.shift_remove("_raw_params") {
        args.shift_insert(0, "cmd".to_owned(), line);
    }
    // What a play would name there, the case brings along.
    for (content, source) in [("blob", "source.txt"), ("tree", "source/")] {
        if !values[content].is_null() && !args.contains_key("src") {
            args.insert("src".to_owned(), source.into());
        }
    }
    Ok(Case { title: sentence(&name), name, args, results })
}

/// What the name of a case's file says.
fn sentence(name: &str) -> String {
    let words = name.replace('_', " ");
    let mut letters = words.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}

fn is_true(result: &Map<String, Value>, key: &str) -> bool {
    result.get(key) == Some(&Value::Bool(true))
}

/// What a page tells of a module's definition.
pub(super) struct Definition {
    pub(super) name: &'static str,
    aliases: &'static [&'static str],
    check_mode: Support,
    diff: bool,
    /// Those for people; others are between the two halves of a module.
    pub(super) args: Vec<&'static Arg>,
    constraints: &'static [Constraint],
    /// What has to be said of all modules of its kind.
    note: &'static str,
}

impl From<&Module> for Definition {
    fn from(module: &Module) -> Self {
        let &Module { name, aliases, check_mode, diff, constraints, .. } = module;
        let args = module.all_args().filter(|arg| !arg.name.starts_with('_')).collect();
        Self { name, aliases, check_mode, diff, args, constraints, note: "" }
    }
}

impl From<&Table> for Definition {
    fn from(table: &Table) -> Self {
        let &Table { name, aliases, args, constraints } = table;
        let args = args.iter().chain(ACCESS_ARGS).collect();
        Self { name, aliases, check_mode: Support::Full, diff: false, args, constraints, note: CLOUD_NOTE }
    }
}

const CLOUD_NOTE: &str = "Runs on the control node, in builds with the feature `aws`. Credentials, and what differs from \
                          the collection's module: [EC2](../ec2.md).";

pub(super) fn page(module: &Definition, about: &str, words: &ModuleWords, cases: &[Case]) -> String {
    let mut page = format!("# {}\n\n{about}\n", module.name);
    if !module.note.is_empty() {
        let _ = writeln!(page, "\n{}", module.note);
    }
    if !module.aliases.is_empty() {
        let _ = writeln!(page, "\nAlso called {}.", module.aliases.join(", "));
    }
    let diff = if module.diff { "yes" } else { "no" };
    let _ = writeln!(page, "\nCheck mode: {}. Diff mode: {diff}.", format!("{:?}", module.check_mode).to_lowercase());
    if !module.args.is_empty() {
        page.push_str(
            "\n## Parameters\n\n| parameter | what it says | type | default | choices |\n|---|---|---|---|---|\n",
        );
        push_args(&mut page, &module.args, words, "");
    }
    if !module.constraints.is_empty() {
        page.push('\n');
        module.constraints.iter().for_each(|rule| page.push_str(&format!("- {}\n", constraint(rule))));
    }
    push_examples(&mut page, module, words, cases);
    push_results(&mut page, cases);
    push_returned(&mut page, words);
    page
}

fn push_args(page: &mut String, args: &[&Arg], words: &ModuleWords, within: &str) {
    let mut args = args.to_vec();
    args.sort_by_key(|arg| arg.name);
    for arg in args {
        let aliases = arg.aliases.iter().map(|alias| format!(", `{within}{alias}`")).collect::<String>();
        let kind = match arg.kind {
            ArgKind::List(element) => format!("list of {}", element.name()),
            kind => kind.name().to_owned(),
        };
        let default = match (arg.required, arg.default) {
            (true, _) => "required".to_owned(),
            (false, Some("")) => "empty".to_owned(),
            (false, Some(text)) => format!("`{}`", text.replace('|', "\\|").escape_default()),
            (false, None) => String::new(),
        };
        let default = match arg.fallback {
            Some(variable) => format!("`${variable}` {default}"),
            None => default,
        };
        let choices = arg.choices.iter().map(|choice| format!("`{choice}`")).collect::<Vec<_>>().join(", ");
        let name = format!("{within}{}", arg.name);
        let says = words.of(&name).unwrap_or_default().replace('|', "\\|");
        let _ = writeln!(page, "| `{name}`{aliases} | {says} | {kind} | {} | {choices} |", default.trim());
        push_args(page, &arg.options.iter().collect::<Vec<_>>(), words, &format!("{name}."));
    }
}

fn constraint(rule: &Constraint) -> String {
    let names = |names: &[&str]| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    match *rule {
        Constraint::MutuallyExclusive(all) => format!("at most one of {}", names(all)),
        Constraint::RequiredTogether(all) => format!("all or none of {}", names(all)),
        Constraint::RequiredOneOf(all) => format!("at least one of {}", names(all)),
        Constraint::RequiredIf(arg, value, then) => format!("`{arg}: {value}` needs {}", names(then)),
        Constraint::RequiredIfAny(arg, value, then) => {
            format!("`{arg}: {value}` needs at least one of {}", names(then))
        }
        Constraint::RequiredBy(arg, then) => format!("`{arg}` needs {}", names(then)),
    }
}

/// The cases somebody gave a title; else some in which the module did something, then of those in which there was
/// nothing to do.
fn push_examples(page: &mut String, module: &Definition, words: &ModuleWords, cases: &[Case]) {
    if !words.tasks.is_empty() {
        return push_tasks(page, module.name, words.tasks.iter().map(|(title, args)| (title.as_str(), args)));
    }
    let shown = if words.examples.is_empty() { chosen(cases) } else { titled(words, cases) };
    if shown.is_empty() {
        return;
    }
    let tasks = shown.into_iter().map(|(title, case)| (title, &case.args));
    push_tasks(page, module.name, tasks);
}

fn push_tasks<'t>(page: &mut String, name: &str, tasks: impl Iterator<Item = (&'t str, &'t Map<String, Value>)>) {
    page.push_str("\n## Examples\n\n```yaml\n");
    for (title, args) in tasks {
        let _ = writeln!(page, "- name: {}\n  {name}:", scalar(title));
        for (key, value) in args.iter().filter(|(key, _)| !key.starts_with('_')) {
            let text = if let Value::String(text) = value { scalar(text) } else { value.to_string() };
            let _ = writeln!(page, "    {key}: {}", text.replace("$DIR", "/srv"));
        }
    }
    page.push_str("```\n");
}

/// Of an action of the control node, which has no table.
pub(super) fn action(name: &str, words: &ActionWords) -> String {
    let mut page =
        format!("# {name}\n\n{}\n\nDone by the control node; it needs no module on the host.\n", words.about);
    page.push_str("\n## Parameters\n\n| parameter | what it says |\n|---|---|\n");
    for (parameter, says) in &words.parameters {
        let _ = writeln!(page, "| `{parameter}` | {} |", says.replace('|', "\\|"));
    }
    if !words.tasks.is_empty() {
        push_tasks(&mut page, name, words.tasks.iter().map(|(title, args)| (title.as_str(), args)));
    }
    page
}

fn titled<'c>(words: &'c ModuleWords, cases: &'c [Case]) -> Vec<(&'c str, &'c Case)> {
    let find = |name: &str| cases.iter().find(|case| case.name == name);
    words.examples.iter().filter_map(|(name, title)| Some((title.as_str(), find(name)?))).collect()
}

fn chosen(cases: &[Case]) -> Vec<(&str, &Case)> {
    let did = |case: &&Case| case.results.first().is_some_and(|result| is_true(result, "changed"));
    let good: Vec<&Case> = cases
        .iter()
        .filter(|case| !case.results.is_empty() && is_good(case))
        .filter(|case| !case.args.is_empty())
        .collect();
    let (done, rest): (Vec<&Case>, Vec<&Case>) = good.into_iter().partition(did);
    done.into_iter().chain(rest).take(MOST_EXAMPLES).map(|case| (case.title.as_str(), case)).collect()
}

/// Whether its first run went well.
pub(super) fn is_good(case: &Case) -> bool {
    case.results.first().is_none_or(|result| !is_true(result, "failed"))
}

/// Plain where YAML reads it as that text.
fn scalar(text: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "_./-$ ".contains(letter);
    let starts_well = text.starts_with(|letter: char| letter.is_ascii_alphabetic() || "/$".contains(letter));
    let is_word = !matches!(
        text.to_ascii_lowercase().as_str(),
        "y" | "n" | "yes" | "no" | "true" | "false" | "on" | "off" | "null"
    );
    let good = starts_well && is_word && !text.ends_with(' ') && text.chars().all(plain);
    if good { text.to_owned() } else { Value::from(text).to_string() }
}

/// Every key that was seen, and one of its values.
fn push_results(page: &mut String, cases: &[Case]) {
    let (failed, good): (Vec<_>, Vec<_>) =
        cases.iter().flat_map(|case| &case.results).partition(|result| is_true(result, "failed"));
    let seen = values_of(&good);
    if !seen.is_empty() {
        page.push_str("\n## Returned\n\n| key | type | for instance |\n|---|---|---|\n");
    }
    for (key, value) in &seen {
        let _ = writeln!(page, "| `{key}` | {} | {} |", type_of(value), sample(value));
    }
    let only: Vec<String> =
        values_of(&failed).into_keys().filter(|key| !seen.contains_key(key)).map(|key| format!("`{key}`")).collect();
    if !only.is_empty() {
        let _ = writeln!(page, "\nOnly when it fails: {}.", only.join(", "));
    }
}

/// Of a module without cases, what somebody wrote.
fn push_returned(page: &mut String, words: &ModuleWords) {
    if !words.returned.is_empty() {
        page.push_str("\n## Returned\n\n| key | what it says |\n|---|---|\n");
    }
    for (key, says) in &words.returned {
        let _ = writeln!(page, "| `{key}` | {} |", says.replace('|', "\\|"));
    }
}

fn values_of<'a>(results: &[&'a Map<String, Value>]) -> BTreeMap<&'a str, &'a Value> {
    let mut seen: BTreeMap<&str, &Value> = BTreeMap::new();
    for (key, value) in results.iter().flat_map(|result| result.iter()) {
        let says_more = seen.get(key.as_str()).is_none_or(|known| is_empty(known) && !is_empty(value));
        if says_more {
            seen.insert(key, value);
        }
    }
    seen
}

fn is_empty(value: &Value) -> bool {
    matches!(value, Value::Null | Value::Bool(false))
        || value.as_str() == Some("")
        || value.as_array().is_some_and(Vec::is_empty)
        || value.as_object().is_some_and(Map::is_empty)
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "none",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float",
        Value::Number(_) => "int",
        Value::String(_) => "str",
        Value::Array(_) => "list",
        Value::Object(_) => "dict",
    }
}

fn sample(value: &Value) -> String {
    let text = value.to_string().replace("$DIR", "/srv");
    let short: String = text.chars().take(LONGEST_VALUE).collect();
    let more = if short.len() < text.len() { "…" } else { "" };
    format!("`` {}{more} ``", short.replace('|', "\\|"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_text_goes_without_quotes() {
        assert_eq!(scalar("/etc/motd"), "/etc/motd");
        for text in ["yes", "1.0", "a: b", "- x", "", "a#b", "tail "] {
            assert_eq!(scalar(text), Value::from(text).to_string());
        }
    }

    #[test]
    fn the_first_value_that_says_something_is_shown() {
        let one = Map::from_iter([("changed".to_owned(), Value::Bool(false)), ("msg".to_owned(), "".into())]);
        let other = Map::from_iter([("changed".to_owned(), Value::Bool(true)), ("msg".to_owned(), "done".into())]);
        let seen = values_of(&[&one, &other]);
        assert_eq!((seen["changed"], seen["msg"]), (&Value::Bool(true), &Value::from("done")));
    }
}
