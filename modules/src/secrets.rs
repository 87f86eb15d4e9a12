//! Keeping the values of `no_log` arguments out of results.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::arg::Arg;
use crate::url_login::UrlLogin;
use crate::{CommandSpec, Map, Module};

/// What `invocation` shows instead of a secret argument.
pub(crate) const CENSORED: &str = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER";
const STARS: &str = "********";
/// A text of fewer bytes may be in a command line by chance.
const SHORTEST_TELLING: usize = 6;

/// The secret texts of a call.
#[derive(Default)]
pub(crate) struct Secrets {
    // Longest first, so that a secret inside another one does not leave its rest readable.
    texts: Vec<String>,
    /// Passwords in arguments that are URLs: results show them, as Ansible's do, but no command line may.
    in_urls: Vec<String>,
}

impl Secrets {
    pub(crate) fn of(module: &Module, values: &Map) -> Self {
        let mut found = BTreeSet::new();
        collect_from(module.all_args(), values, &mut found);
        let mut texts: Vec<String> = found.into_iter().filter(|text| !text.is_empty()).collect();
        texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
        let urls = values.values().filter_map(Value::as_str).filter(|text| !text.contains(char::is_whitespace));
        let in_urls = urls.filter_map(UrlLogin::of).map(|login| login.password).collect();
        Self { texts, in_urls }
    }

    /// Replaces secrets in every string and key of `map`.
    pub(crate) fn scrub(&self, map: &mut Map) {
        if self.texts.is_empty() {
            return;
        }
        let scrubbed = std::mem::take(map).into_iter().map(|(key, value)| (key, self.scrubbed(value)));
        *map = scrubbed.collect();
    }

    /// Whether everybody on the node could read one while the command runs. Short ones are words of any command line.
    pub(crate) fn are_in(&self, command: &CommandSpec) -> bool {
        let long = self.texts.iter().chain(&self.in_urls).filter(|text| text.len() >= SHORTEST_TELLING);
        long.into_iter().any(|secret| command.args.iter().any(|arg| arg.contains(secret.as_str())))
    }

    fn scrubbed(&self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.scrub_text(text)),
            Value::Array(items) => Value::Array(items.into_iter().map(|item| self.scrubbed(item)).collect()),
            Value::Object(map) => {
                let entries = map.into_iter().map(|(key, value)| (self.scrub_text(key), self.scrubbed(value)));
                Value::Object(entries.collect())
            }
            Value::Number(number) if self.texts.contains(&number.to_string()) => Value::from(CENSORED),
            other => other,
        }
    }

    fn scrub_text(&self, text: String) -> String {
        if self.texts.contains(&text) {
            return CENSORED.to_owned();
        }
        self.texts.iter().fold(text, |text, secret| {
            if text.contains(secret.as_str()) { text.replace(secret.as_str(), STARS) } else { text }
        })
    }
}

/// The arguments as `invocation` shows them: secret ones censored.
pub(crate) fn censored(module: &Module, shown: &Map) -> Map {
    let censor = |(key, value): (&String, &Value)| {
        let secret = module.arg(key).is_some_and(|arg| arg.no_log) && !value.is_null();
        (key.clone(), if secret { Value::from(CENSORED) } else { value.clone() })
    };
    shown.iter().map(censor).collect()
}

fn collect_from<'a>(specs: impl Iterator<Item = &'a Arg>, values: &Map, found: &mut BTreeSet<String>) {
    for arg in specs {
        let given = arg.aliases.iter().chain([&arg.name]).filter_map(|name| values.get(*name));
        for value in given {
            if arg.no_log {
                collect_texts(value, found);
            }
            let inner = arg.options.iter();
            match value {
                Value::Object(map) if !arg.options.is_empty() => collect_from(inner, map, found),
                Value::Array(items) if !arg.options.is_empty() => {
                    items.iter().filter_map(Value::as_object).for_each(|map| collect_from(inner.clone(), map, found));
                }
                _ => {}
            }
        }
    }
}

fn collect_texts(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => {
            found.insert(text.clone());
        }
        Value::Number(number) => {
            found.insert(number.to_string());
        }
        Value::Array(items) => items.iter().for_each(|item| collect_texts(item, found)),
        Value::Object(map) => map.values().for_each(|item| collect_texts(item, found)),
        Value::Null | Value::Bool(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_lines_that_would_tell_are_found() {
        let secrets = Secrets {
            texts: vec!["correct horse".to_owned(), "short".to_owned()],
            in_urls: vec!["battery".to_owned()],
        };
        assert!(secrets.are_in(&CommandSpec::new(["tool", "--password=correct horse"])));
        assert!(secrets.are_in(&CommandSpec::new(["git", "clone", "https://me:battery@host/"])));
        assert!(!secrets.are_in(&CommandSpec::new(["tool", "--short"]).stdin("correct horse")));
        assert!(!Secrets::default().are_in(&CommandSpec::new(["tool"])));
    }
}
