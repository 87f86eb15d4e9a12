//! One level of a specification held against a mapping of arguments, and the levels below it.

use std::collections::BTreeSet;

use kapell_parsing::{Map, Value};

use super::kinds::{convert, dict, type_name};

/// Everything that is wrong with the `given` arguments.
pub fn check(spec: &Map, given: &Map) -> Vec<String> {
    let mut check = Check::default();
    let mut values = given.clone();
    check.level(&Level { spec, rules: None, path: Vec::new() }, &mut values);
    check.note_unsupported(spec, given, &[]);
    if !check.unsupported.is_empty() {
        let names = check.unsupported.iter().cloned().collect::<Vec<_>>().join(", ");
        check.errors.push(format!("{names}. Supported parameters include: {}.", check.supported));
    }
    check.errors
}

#[derive(Default)]
struct Check {
    errors: Vec<String>,
    /// With the names of the arguments around them.
    unsupported: BTreeSet<String>,
    /// The names of the level that was looked at last of those with unsupported ones.
    supported: String,
}

struct Level<'a> {
    spec: &'a Map,
    /// The option whose `options` this level is: rules over several of them stand there.
    rules: Option<&'a Map>,
    /// The arguments around this level, outermost first.
    path: Vec<String>,
}

impl Level<'_> {
    fn options(&self) -> impl Iterator<Item = (String, &Map)> {
        self.spec.iter().filter_map(|(name, option)| Some((name.to_string(), option.as_map()?)))
    }

    /// ` found in a -> b`
    fn place(&self) -> String {
        if self.path.is_empty() { String::new() } else { format!(" found in {}", self.path.join(" -> ")) }
    }

    fn rule(&self, name: &str) -> Vec<Value> {
        self.rules.and_then(|rules| rules.get(name)).and_then(Value::as_list).unwrap_or_default().to_vec()
    }
}

impl Check {
    fn level(&mut self, level: &Level<'_>, values: &mut Map) {
        self.names(level, values);
        self.exclusive(level, values);
        set_defaults(level, values);
        self.required(level, values);
        self.types(level, values);
        self.choices(level, values);
        self.rules(level, values);
        self.levels_below(level, values);
    }

    fn error(&mut self, level: &Level<'_>, message: &str) {
        self.errors.push(format!("{message}{}", level.place()));
    }

    /// Aliases become names; text that stands for a mapping becomes one.
    fn names(&mut self, level: &Level<'_>, values: &mut Map) {
        for (name, option) in level.options() {
            match option.get("aliases") {
                None | Some(Value::Null) => {}
                Some(Value::List(aliases)) => {
                    for alias in aliases.iter().map(Value::to_string) {
                        if let Some(value) = values.get(alias.as_str()).cloned() {
                            values.insert(name.as_str().into(), value);
                            values.shift_remove(alias.as_str());
                        }
                    }
                }
                Some(_) => self.errors.push("internal error: aliases must be a list or tuple".to_owned()),
            }
            if flag(option, "required") && option.get("default").is_some_and(|default| !default.is_null()) {
                self.errors.push(format!("internal error: required and default are mutually exclusive for {name}"));
            }
            if !has_level(option) {
                continue;
            }
            let texts = match values.get(name.as_str()) {
                Some(text @ Value::Str(_)) if kind(option) == "dict" => vec![text.clone()],
                Some(Value::List(items)) => items.iter().filter(|item| item.as_str().is_some()).cloned().collect(),
                _ => Vec::new(),
            };
            self.errors.extend(texts.iter().filter_map(|text| dict(text).err()));
        }
    }

    fn exclusive(&mut self, level: &Level<'_>, values: &Map) {
        let groups = level.rule("mutually_exclusive");
        let broken: Vec<String> = groups
            .iter()
            .map(texts)
            .filter(|names| names.iter().filter(|name| is_set(values, name)).count() > 1)
            .map(|names| names.join("|"))
            .collect();
        if !broken.is_empty() {
            self.error(level, &format!("parameters are mutually exclusive: {}", broken.join(", ")));
        }
    }

    fn required(&mut self, level: &Level<'_>, values: &Map) {
        let mut missing: Vec<String> = level
            .options()
            .filter(|(name, option)| flag(option, "required") && !values.contains_key(name.as_str()))
            .map(|(name, _)| name)
            .collect();
        missing.sort();
        if !missing.is_empty() {
            self.error(level, &format!("missing required arguments: {}", missing.join(", ")));
        }
    }

    fn types(&mut self, level: &Level<'_>, values: &mut Map) {
        let inside =
            if level.path.is_empty() { String::new() } else { format!("found in '{}'", level.path.join(" -> ")) };
        for (name, option) in level.options() {
            let Some(value) = values.get(name.as_str()).cloned() else { continue };
            if value.is_null() && !flag(option, "required") && option.get("default").is_none_or(Value::is_null) {
                continue;
            }
            let kind = kind(option);
            let converted = match convert(&value, &kind) {
                Ok(converted) => converted,
                Err(reason) => {
                    let place = if inside.is_empty() { String::new() } else { format!(" {inside}.") };
                    self.errors.push(format!(
                        "argument '{name}' is of type {}{place} and we were unable to convert to {kind}: {reason}",
                        type_name(&value)
                    ));
                    continue;
                }
            };
            let converted = match (option.get("elements").map(Value::to_string), &converted) {
                (Some(element), Value::List(items)) => self.elements(&name, &inside, &element, items),
                _ => converted,
            };
            values.insert(name.as_str().into(), converted);
        }
    }

    fn elements(&mut self, name: &str, inside: &str, kind: &str, items: &[Value]) -> Value {
        let place = if inside.is_empty() { String::new() } else { format!(" {inside}") };
        let mut converted = Vec::new();
        for item in items {
            match convert(item, kind) {
                Ok(item) => converted.push(item),
                Err(reason) => self.errors.push(format!(
                    "Elements value for option '{name}'{place} is of type {} and we were unable to convert to {kind}: \
                     {reason}",
                    type_name(item)
                )),
            }
        }
        Value::list(converted)
    }

    fn choices(&mut self, level: &Level<'_>, values: &Map) {
        for (name, option) in level.options() {
            let (Some(choices), Some(value)) =
                (option.get("choices").filter(|c| !c.is_null()), values.get(name.as_str()))
            else {
                continue;
            };
            let Value::List(choices) = choices else {
                let message = format!("internal error: choices for argument {name} are not iterable: {choices}");
                self.error(level, &message);
                continue;
            };
            let listed = choices.iter().map(Value::to_string).collect::<Vec<_>>().join(", ");
            if let Value::List(items) = value {
                let wrong: Vec<String> =
                    items.iter().filter(|item| !choices.contains(item)).map(Value::to_string).collect();
                if !wrong.is_empty() {
                    let wrong = wrong.join(", ");
                    let message =
                        format!("value of {name} must be one or more of: {listed}. Got no match for: {wrong}");
                    self.error(level, &message);
                }
            } else if !choices.contains(value) && !is_boolean_choice(value, choices) {
                let shown = if value.is_null() { "None".to_owned() } else { value.to_string() };
                self.error(level, &format!("value of {name} must be one of: {listed}, got: {shown}"));
            }
        }
    }

    fn rules(&mut self, level: &Level<'_>, values: &Map) {
        let absent = |names: &[String]| names.iter().filter(|name| !is_set(values, name)).cloned().collect::<Vec<_>>();
        for names in level.rule("required_together").iter().map(texts) {
            let missing = absent(&names);
            if !missing.is_empty() && missing.len() < names.len() {
                self.error(level, &format!("parameters are required together: {}", names.join(", ")));
                break;
            }
        }
        for names in level.rule("required_one_of").iter().map(texts) {
            if absent(&names).len() == names.len() {
                self.error(level, &format!("one of the following is required: {}", names.join(", ")));
                break;
            }
        }
        for rule in level.rule("required_if") {
            let Some([name, expected, needed, rest @ ..]) = rule.as_list() else { continue };
            if values.get(name.to_string().as_str()) != Some(expected) {
                continue;
            }
            let names = texts(needed);
            let missing = absent(&names);
            let (any, term) = if rest.first().is_some_and(Value::is_truthy) { (true, "any") } else { (false, "all") };
            if (any && missing.len() == names.len()) || (!any && !missing.is_empty()) {
                let missing = missing.join(", ");
                self.error(level, &format!("{name} is {expected} but {term} of the following are missing: {missing}"));
                break;
            }
        }
        let required_by = level.rules.and_then(|rules| rules.get("required_by")).and_then(Value::as_map);
        for (name, needed) in required_by.into_iter().flatten().filter(|(name, _)| is_set(values, &name.to_string())) {
            let missing = absent(&texts(needed));
            if !missing.is_empty() {
                self.error(level, &format!("missing parameter(s) required by '{name}': {}", missing.join(", ")));
            }
        }
    }

    fn levels_below(&mut self, level: &Level<'_>, values: &Map) {
        for (name, option) in level.options().filter(|(_, option)| has_level(option)) {
            let Some(spec) = option.get("options").and_then(Value::as_map) else { continue };
            let maps = match values.get(name.as_str()) {
                None | Some(Value::Null) if flag(option, "apply_defaults") && !is_set(values, &name) => {
                    vec![Value::map(Map::new())]
                }
                None | Some(Value::Null) => continue,
                Some(Value::List(items)) => items.to_vec(),
                Some(map @ Value::Map(_)) => vec![map.clone()],
                Some(other) => match dict(other) {
                    Ok(map) => vec![map],
                    Err(_) => {
                        self.errors.push(format!("value of '{name}' must be of type dict or list of dicts"));
                        continue;
                    }
                },
            };
            let path: Vec<String> = level.path.iter().cloned().chain([name.clone()]).collect();
            for map in maps.iter().filter_map(Value::as_map) {
                self.note_unsupported(spec, map, &path);
                let below = Level { spec, rules: Some(option), path: path.clone() };
                stacker::maybe_grow(64 * 1024, 1024 * 1024, || self.level(&below, &mut map.clone()));
            }
        }
    }

    fn note_unsupported(&mut self, spec: &Map, given: &Map, path: &[String]) {
        let aliases: BTreeSet<String> = spec
            .values()
            .filter_map(|option| option.get("aliases").and_then(Value::as_list))
            .flat_map(|aliases| aliases.iter().map(Value::to_string))
            .collect();
        let unknown: Vec<String> = given
            .keys()
            .filter(|key| !spec.contains_key(*key))
            .map(ToString::to_string)
            .filter(|key| !aliases.contains(key))
            .collect();
        if unknown.is_empty() {
            return;
        }
        let whole = |key: String| path.iter().cloned().chain([key]).collect::<Vec<_>>().join(".");
        self.unsupported.extend(unknown.into_iter().map(whole));
        let names: BTreeSet<String> = spec.keys().map(ToString::to_string).collect();
        self.supported = names.into_iter().collect::<Vec<_>>().join(", ");
        if !aliases.is_empty() {
            self.supported += &format!(" ({})", aliases.into_iter().collect::<Vec<_>>().join(", "));
        }
    }
}

fn set_defaults(level: &Level<'_>, values: &mut Map) {
    for (name, option) in level.options() {
        if let Some(default) = option.get("default").filter(|default| !default.is_null())
            && !values.contains_key(name.as_str())
        {
            values.insert(name.as_str().into(), default.clone());
        }
    }
}

fn kind(option: &Map) -> String {
    option.get("type").filter(|kind| !kind.is_null()).map_or_else(|| "str".to_owned(), Value::to_string)
}

/// Whether `options` counts: on mappings, and on lists of them.
fn has_level(option: &Map) -> bool {
    let kind = kind(option);
    let of_maps = option.get("elements").and_then(Value::as_str) == Some("dict");
    option.get("options").is_some_and(|options| matches!(options, Value::Map(_)))
        && (kind == "dict" || (kind == "list" && of_maps))
}

fn flag(option: &Map, name: &str) -> bool {
    option.get(name).is_some_and(Value::is_truthy)
}

fn is_set(values: &Map, name: &str) -> bool {
    values.get(name).is_some_and(|value| !value.is_null())
}

fn texts(names: &Value) -> Vec<String> {
    names.as_list().unwrap_or(std::slice::from_ref(names)).iter().map(Value::to_string).collect()
}

/// A YAML boolean where the choices are words: `state: off`, when no other choice means the same.
fn is_boolean_choice(value: &Value, choices: &[Value]) -> bool {
    let wanted = match value.to_string().as_str() {
        "True" => true,
        "False" => false,
        _ => return false,
    };
    choices.iter().filter(|choice| choice.to_bool_loose() == Some(wanted)).count() == 1
}

#[cfg(test)]
mod tests {
    use kapell_parsing::yaml::{self, LoadOptions};
    use kapell_parsing::{SourceFile, Trust, VaultSecrets};

    use super::*;

    fn errors(spec: &str, given: &str) -> Vec<String> {
        let read = |text: &str| {
            let options = LoadOptions { trust: Trust::Trusted, vault: &VaultSecrets::default() };
            let value = yaml::load(&SourceFile::new("spec.yml", text), &options, &mut Vec::new()).unwrap();
            value.as_map().cloned().unwrap()
        };
        check(&read(spec), &read(given))
    }

    #[test]
    fn errors_are_those_of_ansible_core() {
        let cases: &[(&str, &str, &[&str])] = &[
            ("{a: {type: int}}", "{a: '5.0'}", &[]),
            ("{a: {type: int}}", "{a: null}", &[]),
            (
                "{a: {type: int, required: true}}",
                "{a: null}",
                &[
                    "argument 'a' is of type NoneType and we were unable to convert to int: \"None\" cannot be converted to an int",
                ],
            ),
            ("{a: {type: str, choices: ['off', 'on']}}", "{a: false}", &[]),
            ("{a: {choices: [x], default: y}}", "{}", &["value of a must be one of: x, got: y"]),
            ("{a: {type: dict}}", "{a: 'x=1, y=2'}", &[]),
            ("{a: {type: dict}}", "{a: \"{'x': True}\"}", &[]),
            (
                "{b: {required: true, aliases: [bb]}, a: {required: true}}",
                "{bb: 1, c: 2}",
                &["missing required arguments: a", "c. Supported parameters include: a, b (bb)."],
            ),
            (
                "{a: {type: dict, options: {b: {type: dict, options: {c: {type: int, required: true}}}}}}",
                "{a: {b: {d: 1}}}",
                &["missing required arguments: c found in a -> b", "a.b.d. Supported parameters include: c."],
            ),
            (
                "{a: {type: list, elements: dict, options: {x: {type: int, required: true}}}}",
                "{a: [{x: 1}, {x: q}, {z: 1}]}",
                &[
                    "argument 'x' is of type str found in 'a'. and we were unable to convert to int: \"'q'\" cannot be converted to an int",
                    "missing required arguments: x found in a",
                    "a.z. Supported parameters include: x.",
                ],
            ),
            (
                "{a: {type: dict, required_if: [[x, '1', [y, z], true]], options: {x: {}, y: {}, z: {}}}}",
                "{a: {x: '1'}}",
                &["x is 1 but any of the following are missing: y, z found in a"],
            ),
        ];
        for (spec, given, expected) in cases {
            assert_eq!(errors(spec, given), *expected, "{spec} {given}");
        }
    }
}
