//! Reads the keywords of a mapping onto a `Scope`: known ones are checked and kept, unknown ones are reported.

use std::sync::Arc;

use indexmap::IndexMap;
use kapell_parsing::diagnostic::closest;
use kapell_parsing::{Diagnostic, ErrorKind, Key, Map, Origin, Text, Value};

use crate::keyword::{self, Keyword};
use crate::load::check;
use crate::load::loader::{Loader, key_place, place};
use crate::{KEYWORDS, Scope, ScopeKind};

impl Loader<'_> {
    /// Puts every keyword of `entries` that is not in `typed` (fields of their own, checked elsewhere) on `scope`.
    /// Returns the entries that are no keywords of this kind.
    pub(crate) fn keywords<'v>(
        &mut self,
        scope: &mut Scope,
        entries: &'v Map,
        typed: &[&str],
    ) -> Vec<(&'v Key, &'v Value)> {
        let mut unknown = Vec::new();
        for (key, value) in entries {
            match key.as_str().and_then(keyword::find).filter(|keyword| keyword.is_on(scope.kind)) {
                Some(keyword) if typed.contains(&keyword.name) => {}
                Some(keyword) => self.keyword(scope, keyword, key, value),
                None => unknown.push((key, value)),
            }
        }
        unknown
    }

    fn keyword(&mut self, scope: &mut Scope, keyword: &'static Keyword, key: &Key, value: &Value) {
        if value.is_null() {
            return;
        }
        if keyword.name == "vars" {
            let vars = self.vars(value, key_place(key), scope.kind.noun());
            scope.keywords.insert("vars", Value::map(vars));
            return;
        }
        match self.check_keyword(keyword, key, value) {
            Some(error) => self.error(error),
            None => {
                scope.keywords.insert(keyword.name, value.clone());
            }
        }
    }

    fn check_keyword(&mut self, keyword: &Keyword, key: &Key, value: &Value) -> Option<Diagnostic> {
        let at = place(key, value);
        match keyword.name {
            // A wrong environment entry is skipped with a warning, as in Ansible.
            "environment" => {
                if let Some(expected) = check::expected(keyword, value) {
                    let message = format!("'environment' must be {expected}, not {}", check::shown(value));
                    self.warn(Diagnostic::warning(message + ": what is not is ignored").at(at));
                }
                None
            }
            // Whatever a notification names is looked up when it is sent.
            "notify" => None,
            "tags" => check_tags(value).map(|error| error.at(at)),
            "serial" => check_serial(value).map(|error| error.at(at)),
            "listen" => check_listen(value).map(|error| error.at(at)),
            "register" => check_register(value).map(|error| error.at(at)),
            "loop_control" => {
                self.loop_control(key, value);
                None
            }
            "module_defaults" => self.unexpected(keyword, value, at).or_else(|| self.unknown_group(value)),
            _ => self.unexpected(keyword, value, at),
        }
    }

    fn unexpected(&mut self, keyword: &Keyword, value: &Value, at: Option<&Origin>) -> Option<Diagnostic> {
        let expected = check::expected(keyword, value)?;
        let message = format!("'{}' must be {expected}, not {}", keyword.name, check::shown(value));
        if waits_for_use(keyword) {
            self.warn(Diagnostic::warning(message).at(at));
            return None;
        }
        let error = Diagnostic::error(message).at(at);
        Some(if keyword.name == "order" { error.of_kind(ErrorKind::Options) } else { error })
    }

    /// The first group of `module_defaults` that nobody defines.
    fn unknown_group(&self, value: &Value) -> Option<Diagnostic> {
        let maps = value.as_list().unwrap_or(std::slice::from_ref(value)).iter().filter_map(Value::as_map);
        let groups = maps.flat_map(Map::keys).filter_map(|key| Some((key, key.as_str()?.strip_prefix("group/")?)));
        let (key, group) = groups.into_iter().find(|(_, group)| !(self.cx.has_action_group)(group))?;
        let full = if group.contains('.') { group.to_owned() } else { format!("ansible.builtin.{group}") };
        let message = format!("Error loading module_defaults: could not resolve the module_defaults group {full}");
        Some(Diagnostic::error(message).at(key_place(key)))
    }

    fn loop_control(&mut self, key: &Key, value: &Value) {
        const KNOWN: &[(&str, keyword::KeywordKind)] = &[
            ("break_when", keyword::KeywordKind::Condition),
            ("extended", keyword::KeywordKind::Bool),
            ("extended_allitems", keyword::KeywordKind::Bool),
            ("index_var", keyword::KeywordKind::Str),
            ("label", keyword::KeywordKind::Any),
            ("loop_var", keyword::KeywordKind::Str),
            ("pause", keyword::KeywordKind::Float),
        ];
        let Value::Map(entries) = value else {
            let message = format!("'loop_control' must be a mapping, not {}", check::shown(value));
            let hint = "it cannot be a template as a whole; its values can";
            return self.error(Diagnostic::error(message).at(place(key, value)).hint(hint));
        };
        for (key, value) in entries.iter() {
            let Some((name, kind)) = KNOWN.iter().find(|(name, _)| key.as_str() == Some(name)) else {
                let error =
                    Diagnostic::error(format!("'{key}' is not a valid attribute for a LoopControl")).at(key_place(key));
                self.error(error.did_you_mean(&key.to_string(), KNOWN.iter().map(|(name, _)| *name)));
                continue;
            };
            let row = Keyword { kind: *kind, ..KEYWORDS[0] };
            if let Some(expected) = check::expected(&row, value).filter(|_| !value.is_null()) {
                let message = format!("'{name}' of loop_control must be {expected}, not {}", check::shown(value));
                self.error(Diagnostic::error(message).at(place(key, value)));
            }
        }
    }

    /// Reports a key that is no keyword where it stands.
    pub(crate) fn unknown_keyword(&mut self, key: &Key, kind: ScopeKind) {
        let error = unknown_keyword(key, kind);
        let forgiven =
            matches!(kind, ScopeKind::Task | ScopeKind::Handler) && !self.cx.settings.invalid_task_attribute_failed;
        if forgiven {
            self.warn(Diagnostic { severity: kapell_parsing::Severity::Warning, ..error });
        } else {
            self.error(error);
        }
    }
}

pub(crate) fn unknown_keyword(key: &Key, kind: ScopeKind) -> Diagnostic {
    let text = key.to_string();
    let message = format!("'{key}' is not a valid attribute for a {}", kind.class());
    let error = Diagnostic::error(message).at(key_place(key));
    if let Some(lookup) = text.strip_prefix("with_").filter(|_| matches!(kind, ScopeKind::Task | ScopeKind::Handler)) {
        return match closest(lookup, super::task_entry::LOOKUPS.iter().copied()) {
            Some(near) => error.hint(format!("did you mean 'with_{near}'?")),
            None => error.hint(format!("there is no lookup named '{lookup}'")),
        };
    }
    let with_hint = error.did_you_mean(&text, keyword::names_on(kind));
    if with_hint.hint.is_some() {
        return with_hint;
    }
    match keyword::find(&text) {
        Some(elsewhere) => {
            let mut nouns: Vec<&str> = elsewhere.on.iter().map(|kind| kind.noun()).collect();
            nouns.dedup();
            with_hint.hint(format!("'{text}' belongs on a {}", nouns.join(" or ")))
        }
        None => with_hint,
    }
}

/// Flags, numbers and conditions of tasks are looked at when a task needs them: one that never runs does no harm.
fn waits_for_use(keyword: &Keyword) -> bool {
    use keyword::KeywordKind::{Bool, Condition, Float, Int};
    matches!(keyword.kind, Bool | Condition | Float | Int) && keyword.is_on(ScopeKind::Task)
}

/// Only what hands down: the scope an import makes of its statement's keywords.
pub(crate) fn inheritable(keywords: &IndexMap<&'static str, Value>) -> IndexMap<&'static str, Value> {
    let inherited = |name: &str| keyword::find(name).is_some_and(|keyword| keyword.inherited);
    keywords.iter().filter(|(name, _)| inherited(name)).map(|(name, value)| (*name, value.clone())).collect()
}

fn check_tags(value: &Value) -> Option<Diagnostic> {
    let wrong = match value {
        Value::Str(_) | Value::Int(_) => false,
        Value::List(items) => items.iter().any(|item| matches!(item, Value::Map(_))),
        _ => true,
    };
    let message = format!("'tags' must be text or a list of texts, not {}", check::shown(value));
    wrong.then(|| Diagnostic::error(message).of_kind(ErrorKind::Usage))
}

fn check_serial(value: &Value) -> Option<Diagnostic> {
    let items = value.as_list().unwrap_or(std::slice::from_ref(value));
    let wrong = items.iter().find(|item| !check::is_percent(item))?;
    let message = format!("'serial' must be numbers or percentages like 30%, not {}", check::shown(wrong));
    Some(Diagnostic::error(message).of_kind(ErrorKind::Endless))
}

fn check_listen(value: &Value) -> Option<Diagnostic> {
    let items = value.as_list().unwrap_or(std::slice::from_ref(value));
    let wrong = items.iter().find(|item| !matches!(item, Value::Str(_)))?;
    Some(Diagnostic::error(format!("'listen' must be text or a list of texts, not {}", check::shown(wrong))))
}

fn check_register(value: &Value) -> Option<Diagnostic> {
    if value.as_str().is_some_and(super::vars::is_variable_name) {
        return None;
    }
    let error = Diagnostic::error(format!("'register' must be a variable name, not {}", check::shown(value)));
    Some(match value.as_text() {
        Some(text) if text.is_template() => error.hint("it is used as written, never templated"),
        _ => error,
    })
}

/// A `Scope` and the place it was written at.
pub(crate) fn scope_at(kind: ScopeKind, parent: &Arc<Scope>, dir: &std::path::Path, origin: Option<&Origin>) -> Scope {
    let mut scope = Scope::new(kind, Some(parent), dir);
    scope.origin = origin.cloned();
    scope
}

/// `name`, which may be any scalar.
pub(crate) fn name_of(entries: &Map) -> Option<Text> {
    match entries.get("name")? {
        Value::Str(text) => Some(text.clone()),
        Value::Null | Value::List(_) | Value::Map(_) => None,
        scalar => Some(Text::trusted(scalar.to_string(), None)),
    }
}
