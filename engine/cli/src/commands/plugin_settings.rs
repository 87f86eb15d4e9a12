//! What `kapell config list` and `dump` say of the options of one kind of plugins.

use kapell_config::ini::{self, IniEntry};
use kapell_config::{Environment, PluginOption, Settings};
use kapell_parsing::{Diagnostic, Key, Map, SourceFile, Value};

/// Every option of every plugin of `kind`, described.
pub(crate) fn listed(kind: &str) -> Value {
    let plugin = |name: &&str| {
        let options = PluginOption::of(kind, name).unwrap_or_default();
        let options = options.into_iter().filter(|option| !option.name.starts_with('_'));
        let described = options.map(|option| (Key::from(option.name), described(option)));
        (Key::from(*name), Value::map(described.collect()))
    };
    let plugins = Value::map(PluginOption::plugins(kind).iter().map(plugin).collect());
    map([("PLUGINS", Some(map([(kind, Some(plugins))])))])
}

fn described(option: &PluginOption) -> Value {
    let names = |names: &[&str]| {
        let named = names.iter().map(|name| map([("name", Some(Value::from(*name)))]));
        (!names.is_empty()).then(|| Value::list(named.collect()))
    };
    let texts = |texts: &[&str]| Value::list(texts.iter().map(|text| Value::from(*text)).collect());
    let placed = option
        .ini
        .iter()
        .map(|(section, key)| map([("key", Some(Value::from(*key))), ("section", Some(Value::from(*section)))]));
    map([
        ("choices", (!option.choices.is_empty()).then(|| texts(option.choices))),
        ("cli", names(option.command_line)),
        ("default", Some(option.unset.value()).filter(|value| !value.is_null())),
        ("description", Some(texts(&[option.doc]))),
        ("env", names(option.env)),
        ("ini", (!option.ini.is_empty()).then(|| Value::list(placed.collect()))),
        ("keyword", names(option.keywords)),
        ("required", option.required.then(|| true.into())),
        ("type", Some(Value::from(option.value_type)).filter(Value::is_truthy)),
        ("vars", names(option.variables)),
    ])
}

fn map<const N: usize>(fields: [(&str, Option<Value>); N]) -> Value {
    Value::map(fields.into_iter().filter_map(|(key, value)| Some((Key::from(key), value?))).collect::<Map>())
}

/// What stands in the file of settings.
pub(crate) fn entries(settings: &Settings) -> Result<Vec<IniEntry>, Diagnostic> {
    let Some(path) = &settings.config_file else { return Ok(Vec::new()) };
    let text = fs_err::read_to_string(path).map_err(|error| Diagnostic::error(error.to_string()))?;
    ini::parse(&SourceFile::new(path, text))
}

/// One option as it is set: name, origin, value.
type Set = (&'static str, String, Value);

/// Each plugin of `kind` with its options as they are set.
pub(crate) fn set(
    kind: &str,
    only_changed: bool,
    settings: &Settings,
    environment: &Environment,
) -> Result<Vec<(&'static str, Vec<Set>)>, Diagnostic> {
    let entries = entries(settings)?;
    let file = settings.config_file.as_ref().map(|path| path.display().to_string()).unwrap_or_default();
    let entry = |section: &str, key: &str| {
        let found = entries.iter().find(|entry| entry.section == section && entry.key == key)?;
        Some((found.value.clone(), file.clone()))
    };
    let mut plugins = Vec::new();
    for plugin in PluginOption::plugins(kind) {
        let mut options = Vec::new();
        for option in PluginOption::of(kind, plugin).unwrap_or_default() {
            let found = option.find(environment, &entry);
            let is_default = found.origin == "default";
            let is_missing = option.required && found.value.is_null();
            let origin = if is_missing { "REQUIRED".to_owned() } else { found.origin.clone() };
            if !(only_changed && is_default) {
                options.push((option.name, origin, option.typed(found, environment).map_err(Diagnostic::error)?));
            }
        }
        if !options.is_empty() {
            plugins.push((plugin, options));
        }
    }
    Ok(plugins)
}

/// As `ansible-config dump` prints them.
pub(crate) fn shown(plugins: &[(&'static str, Vec<Set>)]) -> String {
    let plugin = |(name, options): &(&str, Vec<Set>)| {
        let lines: String =
            options.iter().map(|(name, origin, value)| format!("{name}({origin}) = {}\n", python(value))).collect();
        format!("\n{name}:\n{}\n{lines}", "_".repeat(name.len()))
    };
    plugins.iter().map(plugin).collect()
}

/// As Python prints it.
fn python(value: &Value) -> String {
    if value.is_null() { "None".to_owned() } else { value.to_string() }
}

/// The same as data.
pub(crate) fn as_data(plugins: Vec<(&'static str, Vec<Set>)>) -> Value {
    let option = |(name, origin, value): Set| {
        map([("name", Some(Value::from(name))), ("origin", Some(origin.into())), ("value", Some(value))])
    };
    let plugin =
        |(name, options): (&str, Vec<Set>)| map([(name, Some(Value::list(options.into_iter().map(option).collect())))]);
    Value::list(plugins.into_iter().map(plugin).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_shown_with_their_places() {
        let environment = Environment::from_iter([("ANSIBLE_SSH_PIPELINING", "True")]);
        let changed = set("connection", true, &Settings::default(), &environment).unwrap();
        assert_eq!(shown(&changed), "\nssh:\n___\npipelining(env: ANSIBLE_SSH_PIPELINING) = True\n");
        let all = set("cache", false, &Settings::default(), &Environment::default()).unwrap();
        let expected =
            "\njsonfile:\n________\n_prefix(default) = None\n_timeout(default) = 86400\n_uri(REQUIRED) = None\n";
        assert_eq!(shown(&all), expected);
        let stage = listed("vars")
            .get("PLUGINS")
            .and_then(|kinds| kinds.get("vars")?.get("host_group_vars")?.get("stage").cloned());
        assert_eq!(stage.unwrap().get("type").and_then(Value::as_str), Some("str"));
    }
}
