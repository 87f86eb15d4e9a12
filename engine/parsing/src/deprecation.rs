//! `Deprecation`: what goes away, of what, and when: as a result carries it, and in the words users read.

use crate::{Diagnostic, Key, Map, Origin, Value};

/// The collection that stands for the engine's own modules and plugins.
const CORE: &str = "ansible.builtin";

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deprecation {
    message: String,
    /// What to do instead.
    help: Option<String>,
    /// Where the text that is affected stands.
    origin: Option<Origin>,
    deprecator: Option<Deprecator>,
    due: Option<Due>,
    is_gone: bool,
}

/// Who says it. Without a name it is somebody whose releases are not known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deprecator {
    /// Of a collection or, with a kind, of a plugin: `acme.web` or `acme.web.vhost`.
    name: Option<String>,
    /// `module`, `lookup` and so on.
    kind: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Due {
    Date(String),
    Version(String),
}

impl Deprecation {
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), ..Self::default() }
    }

    /// Of a part of the engine itself, which goes with `version`.
    pub fn of_core(message: impl Into<String>, version: &str) -> Self {
        Self::new(message).by(Deprecator::collection(CORE)).due(None, Some(version.to_owned()))
    }

    #[must_use]
    pub fn by(mut self, deprecator: Deprecator) -> Self {
        self.deprecator = Some(deprecator);
        self
    }

    /// `deprecator` where none is known yet.
    #[must_use]
    pub fn or_by(mut self, deprecator: Option<Deprecator>) -> Self {
        self.deprecator = self.deprecator.or(deprecator);
        self
    }

    /// A date weighs more than a version.
    #[must_use]
    pub fn due(mut self, date: Option<String>, version: Option<String>) -> Self {
        self.due = date.map(Due::Date).or(version.map(Due::Version));
        self
    }

    #[must_use]
    pub fn instead(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    #[must_use]
    pub fn at(mut self, origin: Option<&Origin>) -> Self {
        self.origin = origin.cloned();
        self
    }

    /// It has already happened.
    #[must_use]
    pub fn gone(mut self) -> Self {
        self.is_gone = true;
        self
    }

    /// An entry under `deprecations`: a text, a text and a version, or a map.
    pub fn from_entry(entry: &Value) -> Self {
        let text = |value: &Value| Some(value).filter(|value| !value.is_null()).map(Value::to_string);
        match entry {
            Value::Map(map) => Self::from_map(map),
            Value::List(parts) => {
                let part = |at: usize| parts.get(at).and_then(text);
                Self::new(part(0).unwrap_or_default()).due(None, part(1))
            }
            other => Self::new(other.to_string()),
        }
    }

    pub fn from_map(map: &Map) -> Self {
        let text = |map: &Map, key: &str| map.get(key).filter(|value| !value.is_null()).map(Value::to_string);
        let deprecator = match map.get("deprecator") {
            Some(Value::Map(by)) => Some(Deprecator { name: text(by, "resolved_name"), kind: text(by, "type") }),
            _ => text(map, "collection_name").map(|name| Deprecator::collection(&name)),
        };
        Self {
            message: text(map, "msg").unwrap_or_default(),
            help: text(map, "help_text"),
            origin: map.get("msg").and_then(Value::origin).cloned(),
            deprecator,
            due: None,
            is_gone: false,
        }
        .due(text(map, "date"), text(map, "version"))
    }

    /// The entry under `deprecations` of a result.
    pub fn to_entry(&self) -> Value {
        let optional = |text: Option<&String>| text.map_or(Value::Null, |text| Value::from(text.as_str()));
        let message = crate::Text::new(self.message.as_str()).with_origin(self.origin.clone());
        let deprecator = self.deprecator.as_ref().map_or(Value::Null, |by| {
            let parts = [("resolved_name", optional(by.name.as_ref())), ("type", optional(by.kind.as_ref()))];
            Value::map(parts.map(|(key, value)| (Key::from(key), value)).into_iter().collect())
        });
        let collection = self.deprecator.as_ref().and_then(Deprecator::collection_name);
        let due = match &self.due {
            Some(Due::Date(date)) => ("date", Value::from(date.as_str())),
            Some(Due::Version(version)) => ("version", version.as_str().into()),
            None => ("version", Value::Null),
        };
        let help = self.help.as_deref().map(|help| ("help_text", Value::from(help)));
        let entry = [
            ("msg", Value::Str(message)),
            ("collection_name", collection.map_or(Value::Null, Value::from)),
            ("deprecator", deprecator),
            due,
        ];
        Value::map(entry.into_iter().chain(help).map(|(key, value)| (Key::from(key), value)).collect())
    }

    /// All of it in sentences.
    pub fn sentences(&self) -> String {
        let sentences = [Some(self.what_and_when()), self.help.clone()];
        sentences.into_iter().flatten().filter(|sentence| !sentence.is_empty()).collect::<Vec<_>>().join(" ")
    }

    fn what_and_when(&self) -> String {
        let verb = if self.is_gone { "was" } else { "will be" };
        let nobody = Deprecator::default();
        let by = self.deprecator.as_ref().unwrap_or(&nobody);
        let going = [format!("This feature {verb} removed"), by.owner(), self.when(by)];
        let going = going.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ") + ".";
        [as_sentence(&self.message), going].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    }

    /// With a place, what to do instead stands below it.
    pub fn diagnostic(&self) -> Diagnostic {
        match (&self.origin, &self.help) {
            (Some(_), Some(help)) => Diagnostic::deprecation(self.what_and_when()).at(self.origin.as_ref()).hint(help),
            _ => Diagnostic::deprecation(self.sentences()).at(self.origin.as_ref()),
        }
    }

    fn when(&self, by: &Deprecator) -> String {
        match &self.due {
            // Versions and dates are those of a collection.
            _ if by.collection_name().is_none() => if self.is_gone { "" } else { "in the future" }.to_owned(),
            Some(Due::Date(date)) => format!("in a release after {date}"),
            Some(Due::Version(version)) => format!("version {version}"),
            None => if self.is_gone { "" } else { "in a future release" }.to_owned(),
        }
    }
}

impl Deprecator {
    pub fn collection(name: &str) -> Self {
        Self { name: Some(name.to_owned()), kind: None }
    }

    /// `name` with its collection.
    pub fn plugin(kind: &str, name: &str) -> Self {
        Self { name: Some(name.to_owned()), kind: Some(kind.to_owned()) }
    }

    fn collection_name(&self) -> Option<String> {
        let name = self.name.as_deref()?;
        let parts: Vec<&str> = name.split('.').collect();
        match (&self.kind, parts.as_slice()) {
            (Some(_), [_]) => None,
            (_, [namespace, collection, ..]) => Some(format!("{namespace}.{collection}")),
            _ => Some(name.to_owned()),
        }
    }

    /// `from module 'vhost' in collection 'acme.web'`.
    fn owner(&self) -> String {
        let plugin = self.kind.as_deref().map(|kind| {
            let kind = if kind == "module" { kind.to_owned() } else { format!("{kind} plugin") };
            match self.name.as_deref() {
                Some(CORE) => format!("the {kind} API"),
                name => format!("{kind} '{}'", name.and_then(|name| name.rsplit('.').next()).unwrap_or_default()),
            }
        });
        let collection = self.collection_name().map(|name| match name.as_str() {
            CORE => "ansible-core".to_owned(),
            name => format!("collection '{name}'"),
        });
        match (plugin, collection) {
            (Some(plugin), Some(collection)) => format!("from {plugin} in {collection}"),
            (Some(one), None) | (None, Some(one)) => format!("from {one}"),
            (None, None) => String::new(),
        }
    }
}

fn as_sentence(text: &str) -> String {
    let text = text.trim();
    if text.is_empty() || text.ends_with(['.', '!', '?']) { text.to_owned() } else { format!("{text}.") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(json: &str) -> Value {
        Value::from_json(&serde_json::from_str(json).unwrap())
    }

    #[test]
    fn it_says_what_goes_of_what_and_when() {
        let cases = [
            (r#""old""#, "old. This feature will be removed in the future."),
            (r#"["old", "4"]"#, "old. This feature will be removed in the future."),
            (
                r#"{"msg": "old", "version": "3.0", "collection_name": "a.b"}"#,
                "old. This feature will be removed from collection 'a.b' version 3.0.",
            ),
            (
                r#"{"msg": "old!", "date": "2031-02-03", "collection_name": "a.b", "help_text": "Use new"}"#,
                "old! This feature will be removed from collection 'a.b' in a release after 2031-02-03. Use new",
            ),
            (
                r#"{"msg": "old", "version": "2.25", "collection_name": "ansible.builtin"}"#,
                "old. This feature will be removed from ansible-core version 2.25.",
            ),
            (
                r#"{"msg": "old", "deprecator": {"resolved_name": "a.b.c", "type": "module"}}"#,
                "old. This feature will be removed from module 'c' in collection 'a.b' in a future release.",
            ),
            (
                r#"{"msg": "old", "version": "9", "deprecator": {"resolved_name": "ansible.builtin", "type": "callback"}}"#,
                "old. This feature will be removed from the callback plugin API in ansible-core version 9.",
            ),
            (
                r#"{"msg": "old", "version": "9", "deprecator": {"resolved_name": null, "type": null}}"#,
                "old. This feature will be removed in the future.",
            ),
        ];
        for (written, expected) in cases {
            assert_eq!(Deprecation::from_entry(&entry(written)).sentences(), expected, "{written}");
        }
    }

    #[test]
    fn an_entry_names_its_collection() {
        let cases = [
            (r#""old""#, r#"{"collection_name":null,"deprecator":null,"msg":"old","version":null}"#),
            (
                r#"{"msg": "old", "date": "2030-01-01", "collection_name": "a.b"}"#,
                r#"{"collection_name":"a.b","date":"2030-01-01","deprecator":{"resolved_name":"a.b","type":null},"msg":"old"}"#,
            ),
            (
                r#"{"msg": "old", "version": "7", "deprecator": {"resolved_name": "a.b.c", "type": "module"}}"#,
                r#"{"collection_name":"a.b","deprecator":{"resolved_name":"a.b.c","type":"module"},"msg":"old","version":"7"}"#,
            ),
        ];
        for (written, expected) in cases {
            let made = Deprecation::from_entry(&entry(written)).to_entry();
            assert_eq!(made, entry(expected), "{written}");
            assert_eq!(Deprecation::from_entry(&made).to_entry(), made);
        }
    }
}
