//! `OpenedTexts`: what came out of vaults in this run, and how to take it out of whatever is shown.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aho_corasick::{AhoCorasick, MatchKind};

use crate::{Diagnostic, Text, Value};

/// Stands for a secret in what is shown.
pub const HIDDEN: &str = "********";
/// Shorter ones occur everywhere: to hide them would make the rest unreadable, and tell nobody less.
const LEAST: usize = 4;
/// Of vaulted files, where much that is no secret lies beside what is.
const LEAST_OF_FILES: usize = 6;
/// Of one line of several.
const LEAST_LINE: usize = 12;

#[derive(Default)]
pub struct OpenedTexts(Mutex<State>);

#[derive(Default)]
struct State {
    texts: BTreeSet<String>,
    /// Made of all `texts`; forgotten when there is another.
    finder: Option<Arc<AhoCorasick>>,
}

impl OpenedTexts {
    pub fn is_empty(&self) -> bool {
        self.lock().texts.is_empty()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A text that was locked by itself, or a password.
    pub fn note(&self, text: &str) {
        self.note_from(text, LEAST);
    }

    /// Every text of a vaulted file.
    pub fn note_all(&self, value: &Value) {
        match value {
            Value::Str(text) => self.note_from(text, LEAST_OF_FILES),
            Value::List(items) => items.iter().for_each(|item| self.note_all(item)),
            Value::Map(map) => map.values().for_each(|item| self.note_all(item)),
            _ => {}
        }
    }

    fn note_from(&self, text: &str, least: usize) {
        // Templates are shown as what they become.
        if text.contains("{{") || text.contains("{%") {
            return;
        }
        let whole = text.trim();
        let lines = whole.lines().map(str::trim).filter(|line| line.len() >= LEAST_LINE && *line != whole);
        let wanted = lines.chain([whole].into_iter().filter(|whole| whole.len() >= least));
        let mut state = self.lock();
        for text in wanted {
            if !state.texts.contains(text) {
                state.texts.insert(text.to_owned());
                state.finder = None;
            }
        }
    }

    /// The text without secrets; `None` when there are none in it.
    pub fn scrubbed(&self, text: &str) -> Option<String> {
        let finder = self.finder()?;
        finder.is_match(text).then(|| {
            let mut shown = String::with_capacity(text.len());
            finder.replace_all_with(text, &mut shown, |_, _, shown| {
                shown.push_str(HIDDEN);
                true
            });
            shown
        })
    }

    /// The value without secrets, in keys and texts; `None` when there are none in it.
    pub fn scrubbed_value(&self, value: &Value) -> Option<Value> {
        self.finder()?;
        self.holds_any(value).then(|| self.scrub(value))
    }

    pub fn scrubbed_diagnostic(&self, mut diagnostic: Diagnostic) -> Diagnostic {
        for text in [Some(&mut diagnostic.message), diagnostic.hint.as_mut()].into_iter().flatten() {
            if let Some(shown) = self.scrubbed(text) {
                *text = shown;
            }
        }
        diagnostic
    }

    fn holds_any(&self, value: &Value) -> bool {
        match value {
            Value::Str(text) => text.is_secret() || self.scrubbed(text).is_some(),
            Value::List(items) => items.iter().any(|item| self.holds_any(item)),
            Value::Map(map) => {
                map.iter().any(|(key, item)| self.scrubbed(&key.to_string()).is_some() || self.holds_any(item))
            }
            _ => false,
        }
    }

    fn scrub(&self, value: &Value) -> Value {
        match value {
            // Not everybody who shows it asks whether it is secret.
            Value::Str(text) if text.is_secret() => Value::from(HIDDEN),
            Value::Str(text) => self.scrubbed(text).map_or_else(|| value.clone(), |text| Value::Str(Text::new(text))),
            Value::List(items) => Value::list(items.iter().map(|item| self.scrub(item)).collect()),
            Value::Map(map) => {
                let scrubbed = map.iter().map(|(key, item)| {
                    let key = self.scrubbed(&key.to_string()).map_or_else(|| key.clone(), Into::into);
                    (key, self.scrub(item))
                });
                Value::map(scrubbed.collect())
            }
            other => other.clone(),
        }
    }

    fn finder(&self) -> Option<Arc<AhoCorasick>> {
        let mut state = self.lock();
        if state.texts.is_empty() {
            return None;
        }
        if state.finder.is_none() {
            let mut builder = AhoCorasick::builder();
            let built = builder.match_kind(MatchKind::LeftmostLongest).build(&state.texts);
            state.finder = built.ok().map(Arc::new);
        }
        state.finder.clone()
    }
}

impl fmt::Debug for OpenedTexts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_hidden_wherever_they_stand() {
        let opened = OpenedTexts::default();
        assert_eq!(opened.scrubbed("anything"), None);
        opened.note("hunter2\n");
        opened.note("hunter2-long");
        opened.note("abc");
        opened.note("{{ templated }}");
        opened.note("-----BEGIN KEY-----\nline of the key\nab\n");
        let cases = [
            ("nothing here, abc", None),
            ("x=hunter2!", Some("x=********!")),
            ("hunter2-longer hunter2", Some("********er ********")),
            ("+line of the key", Some("+********")),
            ("{{ templated }} ab", None),
        ];
        for (text, expected) in cases {
            assert_eq!(opened.scrubbed(text).as_deref(), expected, "{text}");
        }
        assert_eq!(format!("{opened:?}"), "********");
    }

    #[test]
    fn values_are_searched_with_their_keys() {
        let opened = OpenedTexts::default();
        let map = |entries: &[(&str, Value)]| {
            Value::map(entries.iter().map(|(key, value)| ((*key).into(), value.clone())).collect())
        };
        let file = map(&[("user", "admin".into()), ("token", "tok-123456".into())]);
        opened.note_all(&file);
        let result = map(&[("is tok-123456", vec![Value::from("admin: tok-123456")].into())]);
        let shown = opened.scrubbed_value(&result).unwrap();
        assert_eq!(shown.to_json().to_string(), r#"{"is ********":["admin: ********"]}"#);
        assert_eq!(opened.scrubbed_value(&Value::from("admin")), None);
        assert_eq!(opened.scrubbed_value(&Value::from("admin").with_secret()), Some(Value::from(HIDDEN)));
    }
}
