//! `vars`: a map, or (deprecated) a list of maps. Names must be usable in templates.

use kapell_parsing::{Diagnostic, ErrorKind, Key, Map, Origin, Value};

use crate::keyword;
use crate::load::loader::{Loader, key_place};

/// Words that are taken in templates, besides the keywords.
const RESERVED: &[&str] = &[
    "async_val",
    "cycler",
    "dict",
    "joiner",
    "lipsum",
    "lookup",
    "loop_with",
    "namespace",
    "now",
    "omit",
    "q",
    "query",
    "range",
    "undef",
    "with_",
];

/// Keywords that may well be variables.
const FREE: &[&str] =
    &["gather_subset", "import_playbook", "listen", "role", "tags", "user", "validate_argspec", "vars", "when"];

impl Loader<'_> {
    /// The variables of a `vars` keyword on a `noun`. What is wrong is reported and left out.
    pub(crate) fn vars(&mut self, value: &Value, origin: Option<&Origin>, noun: &str) -> Map {
        match value {
            Value::Null => Map::new(),
            Value::Map(map) => self.checked_vars(map),
            Value::List(items) if items.iter().all(|item| matches!(item, Value::Map(_))) => {
                let hint = "write one mapping: ansible-core 2.19 takes nothing else";
                self.warn(Diagnostic::deprecation(format!("the vars of a {noun} are a list")).at(origin).hint(hint));
                items
                    .iter()
                    .filter_map(Value::as_map)
                    .map(|map| self.checked_vars(map))
                    .reduce(merged)
                    .unwrap_or_default()
            }
            other => {
                let message =
                    format!("the vars of a {noun} must be a mapping, not {}", crate::load::check::shown(other));
                self.error(Diagnostic::error(message).at(value.origin().or(origin)));
                Map::new()
            }
        }
    }

    fn checked_vars(&mut self, map: &Map) -> Map {
        for key in map.keys() {
            match key {
                Key::Str(name) if is_variable_name(name) => {
                    if is_reserved(name) {
                        let message = format!("Found variable using reserved name '{name}'.");
                        self.warn(Diagnostic::warning(message).at(name.origin()));
                    }
                }
                other => {
                    let hint = "a variable name starts with a letter or an underscore and goes on with letters, \
                                digits and underscores";
                    let message = format!("'{other}' is not a variable name");
                    let error = Diagnostic::error(message).at(key_place(other)).hint(hint);
                    self.error(error.of_kind(ErrorKind::Usage));
                }
            }
        }
        Map::clone(map)
    }
}

/// Whether templates can name it.
pub(crate) fn is_variable_name(name: &str) -> bool {
    let mut characters = name.chars();
    characters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && characters.all(|character| character.is_ascii_alphanumeric() || character == '_')
        && !matches!(name, "true" | "True" | "false" | "False" | "none" | "None")
}

/// Whether a variable of this name is worth a warning: keywords, and functions of templates.
pub fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name) || (keyword::find(name).is_some() && !FREE.contains(&name))
}

fn merged(mut all: Map, more: Map) -> Map {
    all.extend(more);
    all
}
