//! `PluginOption`: one option of a plugin that is built in: where it may be set, and what it is when nobody sets it.

use std::path::Path;

use kapell_parsing::{Map, Value};

use crate::{Environment, paths, plugin_options};

#[derive(Clone, Copy, Debug)]
pub struct PluginOption {
    /// `connection`, `become` and so on.
    pub kind: &'static str,
    /// A plugin of a collection has its full name.
    pub plugin: &'static str,
    pub name: &'static str,
    pub doc: &'static str,
    /// As documentation words it: `bool` or `boolean`; nothing where any value will do.
    pub value_type: &'static str,
    pub unset: Unset,
    /// Section and key. Of all places of a kind the last one counts.
    pub ini: &'static [(&'static str, &'static str)],
    pub env: &'static [&'static str],
    pub variables: &'static [&'static str],
    pub command_line: &'static [&'static str],
    pub keywords: &'static [&'static str],
    pub choices: &'static [&'static str],
    pub required: bool,
}

/// An entry of `ansible.cfg` by section and key: its text, and the file.
pub type IniEntries<'a> = dyn Fn(&str, &str) -> Option<(String, String)> + 'a;

/// What an option is when nobody sets it.
#[derive(Clone, Copy, Debug)]
pub enum Unset {
    Nothing,
    Text(&'static str),
    Number(i64),
    Flag(bool),
    List(&'static [&'static str]),
    Map,
}

/// A value and where it was set: `var: ansible_port`, `env: ANSIBLE_TIMEOUT`, a path, `default`.
#[derive(Clone, Debug, PartialEq)]
pub struct FoundValue {
    pub value: Value,
    pub origin: String,
}

impl Unset {
    pub fn value(self) -> Value {
        match self {
            Self::Nothing => Value::Null,
            Self::Text(text) => text.into(),
            Self::Number(number) => number.into(),
            Self::Flag(flag) => flag.into(),
            Self::List(items) => Value::list(items.iter().map(|item| Value::from(*item)).collect()),
            Self::Map => Value::map(Map::new()),
        }
    }
}

impl PluginOption {
    /// The kinds of plugins that may have options.
    pub const KINDS: [&'static str; 11] = [
        "become",
        "cache",
        "callback",
        "cliconf",
        "connection",
        "httpapi",
        "inventory",
        "lookup",
        "netconf",
        "shell",
        "vars",
    ];

    /// Every option, those of one plugin together.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        plugin_options::all()
    }

    /// The options of one plugin; `None` where there is no such plugin.
    pub fn of(kind: &str, plugin: &str) -> Option<Vec<&'static Self>> {
        let short = plugin.strip_prefix("ansible.builtin.").or_else(|| plugin.strip_prefix("ansible.legacy."));
        let names = [Some(plugin), short];
        let is_it = |known: &str| {
            let last = known.rsplit('.').next();
            names.contains(&Some(known)) || names.contains(&last) && !plugin.contains('.')
        };
        let options: Vec<&Self> = Self::all().filter(|option| option.kind == kind && is_it(option.plugin)).collect();
        let has_none = || plugin_options::WITHOUT_OPTIONS.iter().any(|(known, name)| *known == kind && is_it(name));
        (!options.is_empty() || has_none()).then_some(options)
    }

    /// Names of the plugins of a kind that come with every Ansible.
    pub fn plugins(kind: &str) -> Vec<&'static str> {
        let with = Self::all().filter(|option| option.kind == kind).map(|option| option.plugin);
        let without = plugin_options::WITHOUT_OPTIONS.iter().filter(|(known, _)| *known == kind).map(|(_, name)| *name);
        let mut names: Vec<&str> = with.chain(without).filter(|name| !name.contains('.')).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// What the environment says, else the file of settings, else the default. `ini` gives an entry of that file.
    pub fn find(&self, environment: &Environment, ini: &IniEntries<'_>) -> FoundValue {
        let own = |name: &&str| name.replacen("ANSIBLE_", "KAPELL_", 1);
        let names = self.env.iter().rev().map(own).chain(self.env.iter().rev().map(|name| (*name).to_owned()));
        let from_environment = names
            .filter_map(|name| environment.get(&name).map(|text| (text.to_owned(), format!("env: {name}"))))
            .find(|(text, _)| !text.is_empty());
        let written = from_environment.or_else(|| {
            self.ini.iter().rev().find_map(|(section, key)| ini(section, key)).filter(|(text, _)| !text.is_empty())
        });
        match written {
            Some((text, origin)) => FoundValue { value: text.into(), origin },
            None => FoundValue { value: self.unset.value(), origin: "default".to_owned() },
        }
    }

    /// The value as the type of the option has it; the error says what is wrong with it.
    pub fn typed(&self, found: FoundValue, environment: &Environment) -> Result<Value, String> {
        let FoundValue { value, origin } = found;
        if value.is_null() {
            return Ok(value);
        }
        let typed = typed(self.value_type, &value, environment).ok_or_else(|| {
            let (name, plugin, kind) = (self.name, self.plugin, self.kind);
            let shown = value.repr();
            format!(
                "Config '{name}' for '{plugin}' {kind} plugin from '{origin}' has an invalid value: Invalid value \
                 provided for '{}': {shown}",
                self.value_type
            )
        })?;
        match typed.as_str() {
            Some(text) if !self.choices.is_empty() && !self.choices.contains(&text) => Err(format!(
                "Invalid value \"{text}\" for configuration option \"plugin_type: {} plugin: {} setting: {} \", valid \
                 values are: {}",
                self.kind,
                self.plugin,
                self.name,
                self.choices.join(", ")
            )),
            _ => Ok(typed),
        }
    }
}

fn typed(value_type: &str, value: &Value, environment: &Environment) -> Option<Value> {
    match value_type {
        "bool" | "boolean" => value.to_bool_loose().map(Value::from),
        "int" | "integer" => match value {
            Value::Int(_) => Some(value.clone()),
            Value::Bool(flag) => Some(Value::Int(i64::from(*flag))),
            other => {
                let number: f64 = other.to_string().trim().parse().ok()?;
                (number.fract() == 0.0 && number.abs() < 9e15).then_some(Value::Int(number as i64))
            }
        },
        "float" => value.to_string().trim().parse().ok().map(Value::Float),
        "list" => match value {
            Value::List(_) => Some(value.clone()),
            Value::Str(text) => {
                Some(Value::list(text.as_str().split(',').map(|item| Value::from(item.trim())).collect()))
            }
            _ => None,
        },
        "str" | "string" => match value {
            Value::List(_) | Value::Map(_) => None,
            Value::Str(_) => Some(value.clone()),
            other => Some(other.to_string().into()),
        },
        "path" => {
            let cwd = std::env::current_dir().unwrap_or_default();
            let path = paths::resolve(&value.to_string(), Path::new(&cwd), &cwd, environment);
            Some(path.to_string_lossy().into_owned().into())
        }
        "dict" | "dictionary" => value.as_map().map(|_| value.clone()),
        _ => Some(value.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn option(kind: &str, plugin: &str, name: &str) -> &'static PluginOption {
        PluginOption::of(kind, plugin).unwrap().into_iter().find(|option| option.name == name).unwrap()
    }

    #[test]
    fn options_are_named_once_and_their_defaults_have_their_type() {
        let all: Vec<&PluginOption> = PluginOption::all().collect();
        for (at, one) in all.iter().enumerate() {
            let named = (one.kind, one.plugin, one.name);
            assert!(!all[at + 1..].iter().any(|other| (other.kind, other.plugin, other.name) == named), "{named:?}");
            let found = FoundValue { value: one.unset.value(), origin: "default".into() };
            assert!(one.typed(found, &Environment::default()).is_ok() && !one.doc.is_empty(), "{named:?}");
        }
    }

    #[test]
    fn plugins_go_by_short_and_full_names() {
        assert_eq!(PluginOption::of("become", "doas").unwrap().len(), 5);
        assert_eq!(PluginOption::of("become", "community.general.doas").unwrap().len(), 5);
        assert!(PluginOption::of("connection", "ansible.builtin.ssh").is_some());
        assert!(PluginOption::of("connection", "other.collection.ssh").is_none());
        assert_eq!(PluginOption::of("cache", "memory").map(|options| options.len()), Some(0));
        assert_eq!(PluginOption::plugins("become"), ["su", "sudo"]);
    }

    #[test]
    fn the_environment_wins_over_the_file_and_the_last_name_over_the_first() {
        let timeout = option("connection", "ssh", "timeout");
        let file = |section: &str, _: &str| (section == "defaults").then(|| ("20".to_owned(), "/a.cfg".to_owned()));
        let both = Environment::from_iter([("ANSIBLE_TIMEOUT", "30"), ("ANSIBLE_SSH_TIMEOUT", "40")]);
        for (environment, value, origin) in
            [(both, 40, "env: ANSIBLE_SSH_TIMEOUT"), (Environment::default(), 20, "/a.cfg")]
        {
            let found = timeout.find(&environment, &file);
            assert_eq!(found.origin, origin);
            assert_eq!(timeout.typed(found, &environment).unwrap(), Value::Int(value));
        }
        let nothing = timeout.find(&Environment::default(), &|_, _| None);
        assert_eq!((nothing.value, nothing.origin.as_str()), (Value::Int(10), "default"));
    }

    #[test]
    fn what_is_written_takes_the_type() {
        let none = Environment::default();
        let read = |kind, plugin, name, value: Value| {
            option(kind, plugin, name).typed(FoundValue { value, origin: "var: x".into() }, &none)
        };
        let texts = Value::list(vec!["a".into(), "b".into()]);
        assert_eq!(read("become", "su", "prompt_l10n", "a, b".into()), Ok(texts));
        assert_eq!(read("connection", "ssh", "pipelining", "yes".into()), Ok(true.into()));
        assert_eq!(read("connection", "ssh", "ssh_args", 5.into()), Ok("5".into()));
        assert_eq!(
            read("connection", "ssh", "port", "abc".into()).unwrap_err(),
            "Config 'port' for 'ssh' connection plugin from 'var: x' has an invalid value: Invalid value provided for \
             'int': 'abc'"
        );
    }
}
