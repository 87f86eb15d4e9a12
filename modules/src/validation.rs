//! Checking a call's arguments against a module's table, in Ansible's order and with its messages.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::arg::{Arg, ArgKind, Constraint};
use crate::conversion::{PathVariables, convert, kind_name};
use crate::python_repr::{str_of, type_name};
use crate::{Accounts, Args, Map, Module};

/// Validated arguments, or the first thing that is wrong with them. Both carry what `invocation` shows.
#[derive(Debug)]
pub(crate) struct Validation {
    pub(crate) outcome: Result<Args, String>,
    pub(crate) shown: Map,
    pub(crate) warnings: Vec<String>,
}

/// Validates the arguments of a call of `module`.
/// `called` is the name the task has for it.
pub(crate) fn validate(module: &Module, called: &str, given: &Map, paths: &dyn PathVariables) -> Validation {
    let (private, public) = split_private(module, given);
    let mut warnings = Vec::new();
    let specs: Vec<&Arg> = module.all_args().collect();
    let mut values = canonical_names(&specs, &public, &mut warnings);
    let given_names = specs.iter().filter(|arg| values.contains_key(arg.name)).map(|arg| arg.name.to_owned()).collect();
    let checked =
        check(&specs, module.constraints, &mut values, paths).and_then(|()| unsupported(called, &specs, &public));
    // What is shown includes aliases as they were given, as Ansible does.
    let mut shown = values.clone();
    for (key, value) in &public {
        if !values.contains_key(key) {
            let canonical = specs.iter().find(|arg| arg.is_called(key)).and_then(|arg| values.get(arg.name));
            shown.insert(key.clone(), canonical.unwrap_or(value).clone());
        }
    }
    Validation { outcome: checked.map(|()| Args::new(values, private, given_names)), shown, warnings }
}

/// The arguments of something that runs on the control node, checked as a module's are: converted, defaults filled
/// in, null for what is not set. The error is what its user sees.
pub fn check_arguments(called: &str, args: &[Arg], constraints: &[Constraint], given: &Map) -> Result<Map, String> {
    let specs: Vec<&Arg> = args.iter().collect();
    let mut values = canonical_names(&specs, given, &mut Vec::new());
    check(&specs, constraints, &mut values, &ProcessEnvironment)?;
    unsupported(called, &specs, given)?;
    Ok(values)
}

/// What only the engine may send is refused where a task has it. The error is what its user sees.
pub fn refuse_private(module: &Module, called: &str, given: &Map) -> Result<(), String> {
    let (private, _) = split_private(module, given);
    if private.is_empty() {
        return Ok(());
    }
    unsupported(called, &module.all_args().collect::<Vec<_>>(), &private)
}

/// `~` and `$NAME` as this process has them.
struct ProcessEnvironment;

impl PathVariables for ProcessEnvironment {
    fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn home_of(&self, user: &str) -> Option<String> {
        let own = || std::env::var("HOME").ok();
        if user.is_empty() { own() } else { Accounts::default().user(user).map(|user| user.home) }
    }
}

/// `_content_sha256` and the like come from the engine; they are private unless the module declares them.
fn split_private(module: &Module, given: &Map) -> (Map, Map) {
    let is_private = |key: &str| key.starts_with('_') && module.arg(key).is_none();
    given.clone().into_iter().partition(|(key, _)| is_private(key))
}

fn canonical_names(specs: &[&Arg], given: &Map, warnings: &mut Vec<String>) -> Map {
    let mut values = Map::new();
    for arg in specs {
        let by_name = given.get(arg.name);
        let aliases: Vec<_> = arg.aliases.iter().filter(|alias| given.contains_key(**alias)).collect();
        if let (Some(_), Some(alias)) = (by_name, aliases.last()) {
            warnings.push(format!("Both option {} and its alias {alias} are set.", arg.name));
        }
        // An alias wins over the name, the last alias over the others.
        let value = aliases.last().and_then(|alias| given.get(**alias)).or(by_name);
        if let Some(value) = value {
            values.insert(arg.name.to_owned(), value.clone());
        }
    }
    values
}

/// Everything but unsupported names. On return `values` has every argument, converted as far as checking came.
fn check(
    specs: &[&Arg],
    constraints: &[Constraint],
    values: &mut Map,
    paths: &dyn PathVariables,
) -> Result<(), String> {
    let result = check_exclusive(constraints, values).and_then(|()| missing_required(specs, values));
    fill_defaults(specs, values, paths);
    result?;
    for arg in specs {
        convert_argument(arg, values, paths)?;
    }
    specs.iter().try_for_each(|arg| check_choices(arg, values))?;
    constraints.iter().try_for_each(|rule| check_constraint(rule, values))?;
    specs.iter().try_for_each(|arg| check_options(arg, values, paths))
}

fn missing_required(specs: &[&Arg], values: &Map) -> Result<(), String> {
    let mut missing: Vec<&str> =
        specs.iter().filter(|arg| arg.required && !values.contains_key(arg.name)).map(|arg| arg.name).collect();
    missing.sort_unstable();
    if missing.is_empty() { Ok(()) } else { Err(format!("missing required arguments: {}", missing.join(", "))) }
}

/// Defaults count as not given, so constraints see nulls... but an explicit default is a value for `required_if`.
fn fill_defaults(specs: &[&Arg], values: &mut Map, paths: &dyn PathVariables) {
    for arg in specs {
        if values.contains_key(arg.name) {
            continue;
        }
        let fallback = arg.fallback.and_then(|name| paths.variable(name));
        let default = fallback.as_deref().or(arg.default);
        let value = default.map_or(Value::Null, |text| default_value(arg.kind, text, paths));
        values.insert(arg.name.to_owned(), value);
    }
}

fn default_value(kind: ArgKind, text: &str, paths: &dyn PathVariables) -> Value {
    match kind {
        ArgKind::List(_) if text.is_empty() => Value::Array(Vec::new()),
        ArgKind::Dict if text.is_empty() => Value::Object(Map::new()),
        _ => convert(&Value::from(text), kind, paths).unwrap_or_else(|_| Value::from(text)),
    }
}

fn convert_argument(arg: &Arg, values: &mut Map, paths: &dyn PathVariables) -> Result<(), String> {
    let Some(value) = values.get(arg.name) else { return Ok(()) };
    if value.is_null() && !arg.required && arg.default.is_none() {
        return Ok(());
    }
    let converted = convert(value, arg.kind, paths).map_err(|reason| {
        if let Some(reason) = reason.strip_prefix("Elements value: ") {
            let element = match arg.kind {
                ArgKind::List(element) => kind_name(*element),
                other => kind_name(other),
            };
            return element_message(arg.name, value, element, reason);
        }
        let (kind, class) = (kind_name(arg.kind), type_name(value));
        format!("argument '{}' is of type {class} and we were unable to convert to {kind}: {reason}", arg.name)
    })?;
    values.insert(arg.name.to_owned(), converted);
    Ok(())
}

fn element_message(name: &str, value: &Value, element: &str, reason: &str) -> String {
    let class = match value {
        Value::Array(items) => items.iter().find(|item| !item.is_string()).map_or("str", type_name),
        other => type_name(other),
    };
    format!(
        "Elements value for option '{name}' is of type {class} and we were unable to convert to {element}: {reason}"
    )
}

fn check_choices(arg: &Arg, values: &mut Map) -> Result<(), String> {
    let Some(value) = values.get(arg.name).filter(|value| !value.is_null()) else { return Ok(()) };
    if arg.choices.is_empty() {
        return Ok(());
    }
    let listed = arg.choices.join(", ");
    if let Value::Array(items) = value {
        let wrong: Vec<String> =
            items.iter().map(str_of).filter(|item| !arg.choices.contains(&item.as_str())).collect();
        if wrong.is_empty() {
            return Ok(());
        }
        let wrong = wrong.join(", ");
        return Err(format!("value of {} must be one or more of: {listed}. Got no match for: {wrong}", arg.name));
    }
    let text = str_of(value);
    if arg.choices.contains(&text.as_str()) {
        return Ok(());
    }
    // A YAML boolean where the choices are words: `upgrade: yes`.
    if let Some(word) = boolean_choice(&text, arg.choices) {
        values.insert(arg.name.to_owned(), word.into());
        return Ok(());
    }
    Err(format!("value of {} must be one of: {listed}, got: {text}", arg.name))
}

fn boolean_choice(text: &str, choices: &[&'static str]) -> Option<&'static str> {
    let wanted = match text {
        "True" => true,
        "False" => false,
        _ => return None,
    };
    let mut words = choices.iter().filter(|choice| crate::conversion::truth(choice) == Some(wanted));
    words.next().copied().filter(|_| words.next().is_none())
}

/// All rules that are broken are named, as these are looked at before anything else.
fn check_exclusive(constraints: &[Constraint], values: &Map) -> Result<(), String> {
    let set = |name: &&str| values.get(*name).is_some_and(|value| !value.is_null());
    let broken: Vec<String> = constraints
        .iter()
        .filter_map(|rule| match rule {
            Constraint::MutuallyExclusive(names) => Some(names),
            _ => None,
        })
        .filter(|names| names.iter().filter(|name| set(name)).count() > 1)
        .map(|names| names.join("|"))
        .collect();
    if broken.is_empty() { Ok(()) } else { Err(format!("parameters are mutually exclusive: {}", broken.join(", "))) }
}

fn check_constraint(rule: &Constraint, values: &Map) -> Result<(), String> {
    let set = |name: &str| values.get(name).is_some_and(|value| !value.is_null());
    let absent = |names: &[&'static str]| names.iter().copied().filter(|name| !set(name)).collect::<Vec<_>>();
    match *rule {
        Constraint::RequiredTogether(names) if !absent(names).is_empty() && absent(names).len() < names.len() => {
            Err(format!("parameters are required together: {}", names.join(", ")))
        }
        Constraint::RequiredOneOf(names) if absent(names).len() == names.len() => {
            Err(format!("one of the following is required: {}", names.join(", ")))
        }
        Constraint::RequiredIf(arg, value, then) if has_value(values, arg, value) && !absent(then).is_empty() => {
            Err(format!("{arg} is {value} but all of the following are missing: {}", absent(then).join(", ")))
        }
        Constraint::RequiredIfAny(arg, value, then)
            if has_value(values, arg, value) && absent(then).len() == then.len() =>
        {
            Err(format!("{arg} is {value} but any of the following are missing: {}", then.join(", ")))
        }
        Constraint::RequiredBy(arg, then) if set(arg) && !absent(then).is_empty() => {
            Err(format!("missing parameter(s) required by '{arg}': {}", absent(then).join(", ")))
        }
        _ => Ok(()),
    }
}

fn has_value(values: &Map, arg: &str, expected: &str) -> bool {
    values.get(arg).is_some_and(|value| !value.is_null() && str_of(value) == expected)
}

/// Validates dicts (and dicts in lists) that have arguments of their own.
fn check_options(arg: &Arg, values: &mut Map, paths: &dyn PathVariables) -> Result<(), String> {
    if arg.options.is_empty() {
        return Ok(());
    }
    let specs: Vec<&Arg> = arg.options.iter().collect();
    let validated = |map: &mut Map| -> Result<(), String> {
        let mut warnings = Vec::new();
        let mut inner = canonical_names(&specs, map, &mut warnings);
        check(&specs, &[], &mut inner, paths).map_err(|message| format!("{message} found in {}", arg.name))?;
        let unknown: BTreeSet<_> = map.keys().filter(|key| !specs.iter().any(|spec| spec.is_called(key))).collect();
        if let Some(first) = unknown.first() {
            return Err(format!(
                "Unsupported parameters for ({0}) module: {0}.{first}. Supported parameters include: {1}.",
                arg.name,
                supported(&specs)
            ));
        }
        *map = inner;
        Ok(())
    };
    match values.get_mut(arg.name) {
        Some(Value::Object(map)) => validated(map),
        Some(Value::Array(items)) => items.iter_mut().filter_map(Value::as_object_mut).try_for_each(validated),
        _ => Ok(()),
    }
}

fn unsupported(called: &str, specs: &[&Arg], given: &Map) -> Result<(), String> {
    let unknown: BTreeSet<&str> =
        given.keys().map(String::as_str).filter(|key| !specs.iter().any(|arg| arg.is_called(key))).collect();
    if unknown.is_empty() {
        return Ok(());
    }
    let unknown = unknown.into_iter().collect::<Vec<_>>().join(", ");
    Err(format!(
        "Unsupported parameters for ({called}) module: {unknown}. Supported parameters include: {}.",
        supported(specs)
    ))
}

fn supported(specs: &[&Arg]) -> String {
    let names: BTreeSet<&str> = specs.iter().map(|arg| arg.name).collect();
    let aliases: BTreeSet<&str> = specs.iter().flat_map(|arg| arg.aliases.iter().copied()).collect();
    let mut text = names.into_iter().collect::<Vec<_>>().join(", ");
    if !aliases.is_empty() {
        text = format!("{text} ({})", aliases.into_iter().collect::<Vec<_>>().join(", "));
    }
    text
}
