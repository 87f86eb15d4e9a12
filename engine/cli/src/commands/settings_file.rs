//! What `kapell config init` prints: a file of settings, or of variables, with every option as it is by default.

use kapell_config::{OPTIONS, OptionRow, PluginOption};
use kapell_parsing::Value;

use super::config::{InitArgs, InitFormat, is_plugin, value_type};

/// An option as such a file shows it.
struct Shown {
    name: &'static str,
    value_type: &'static str,
    doc: &'static str,
    default: String,
    ini: Option<(&'static str, &'static str)>,
    env: Option<&'static str>,
    variable: Option<&'static str>,
}

impl Shown {
    fn of_row(row: &'static OptionRow) -> Self {
        Self {
            name: row.name,
            value_type: value_type(row),
            doc: row.doc,
            default: row.default.to_owned(),
            ini: row.ini.last().copied(),
            env: row.env.first().copied(),
            variable: None,
        }
    }

    fn of_plugin(option: &'static PluginOption) -> Self {
        let default = option.unset.value();
        Self {
            name: option.name,
            value_type: if option.value_type.is_empty() { "string" } else { option.value_type },
            doc: option.doc,
            default: match default {
                Value::Null => String::new(),
                Value::List(items) => items.iter().map(Value::to_string).collect::<Vec<_>>().join(", "),
                other => other.to_string(),
            },
            ini: option.ini.last().copied(),
            env: option.env.first().copied(),
            variable: option.variables.last().copied(),
        }
    }
}

/// The file the arguments ask for.
pub(super) fn text(args: &InitArgs) -> String {
    let shown = shown(&args.file.kind, &args.file.plugins);
    match args.format {
        InitFormat::Ini => ini(&shown, if args.disabled { ";" } else { "" }),
        InitFormat::Env => lines(&shown, if args.disabled { "#" } else { "" }, "=", |option| option.env),
        InitFormat::Vars => lines(&shown, if args.disabled { "#" } else { "" }, ": ", |option| option.variable),
    }
}

/// The options of one kind, or of all, in the order of their names; of plugins, in the order of theirs.
fn shown(kind: &str, plugins: &[String]) -> Vec<Shown> {
    let mut rows: Vec<&OptionRow> = if is_plugin(kind) { Vec::new() } else { OPTIONS.iter().collect() };
    rows.sort_by_key(|row| row.name);
    let kinds = PluginOption::KINDS.into_iter().filter(|known| kind == "all" || kind == *known);
    let names = kinds.flat_map(|kind| PluginOption::plugins(kind).into_iter().map(move |name| (kind, name)));
    let wanted = names.filter(|(_, name)| plugins.is_empty() || plugins.iter().any(|wanted| wanted == name));
    let options = wanted.flat_map(|(kind, name)| PluginOption::of(kind, name).unwrap_or_default());
    rows.into_iter().map(Shown::of_row).chain(options.map(Shown::of_plugin)).collect()
}

/// Options below their sections, each once.
fn ini(options: &[Shown], mark: &str) -> String {
    let mut sections: Vec<(&str, Vec<(&str, String)>)> = Vec::new();
    for option in options {
        let Some((section, key)) = option.ini else { continue };
        let text = format!("# ({}) {}\n{mark}{key}={}\n", option.value_type, option.doc, option.default);
        match sections.iter_mut().find(|(known, _)| *known == section) {
            Some((_, entries)) if entries.iter().any(|(known, _)| *known == key) => {}
            Some((_, entries)) => entries.push((key, text)),
            None => sections.push((section, vec![(key, text)])),
        }
    }
    let body =
        |entries: &[(&str, String)]| entries.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>().join("\n");
    let section = |(name, entries): &(&str, Vec<(&str, String)>)| format!("[{name}]\n{}", body(entries));
    sections.iter().map(section).collect::<Vec<_>>().join("\n")
}

/// Options one after the other, by the name that `called` tells, each once.
fn lines(options: &[Shown], mark: &str, assigned: &str, called: impl Fn(&Shown) -> Option<&'static str>) -> String {
    let mut entries: Vec<(&str, String)> = Vec::new();
    for option in options {
        let Some(name) = called(option).filter(|name| !entries.iter().any(|(known, _)| known == name)) else {
            continue;
        };
        let Shown { value_type, doc, default, .. } = option;
        entries.push((name, format!("# {}({value_type}): {doc}\n{mark}{name}{assigned}{default}\n", option.name)));
    }
    entries.into_iter().map(|(_, text)| text).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::config::FileArgs;

    #[test]
    fn options_of_plugins_have_files_too() {
        let of_ssh = |format| {
            let file =
                FileArgs { kind: "connection".to_owned(), plugins: vec!["ssh".to_owned()], ..FileArgs::default() };
            text(&InitArgs { file, disabled: true, format })
        };
        assert!(of_ssh(InitFormat::Ini).contains("\n;retries="));
        assert!(of_ssh(InitFormat::Env).contains("\n#ANSIBLE_SSH_RETRIES="));
        assert!(of_ssh(InitFormat::Vars).contains("\n#ansible_ssh_retries: "));
        assert!(!of_ssh(InitFormat::Ini).contains("forks"));
    }
}
