//! `community.general.locale_gen`: the locales a Debian system has.

use serde_json::json;

use crate::{Arg, Args, CommandSpec, Content, Context, Module, ModuleError, ModuleResult, WriteOptions};

pub(crate) static MODULE: Module = Module::new("community.general.locale_gen", ARGS, run).diff();

const ARGS: &[Arg] =
    &[Arg::list("name").required(), Arg::str("state").default("present").choices(&["absent", "present"])];

const LIST: &str = "/etc/locale.gen";
const SUPPORTED: &str = "/usr/share/i18n/SUPPORTED";
const UBUNTU_LIST: &str = "/var/lib/locales/supported.d";

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let names = args.list_of_str("name");
    let present = args.str("state")? == "present";
    let installed = installed(cx)?;
    let todo: Vec<&String> = names.iter().filter(|name| installed.contains(&normal(name)) != present).collect();
    let ubuntu = cx.exists(UBUNTU_LIST) && !cx.exists(LIST);
    if !ubuntu && !cx.exists(LIST) {
        let msg = format!("{UBUNTU_LIST} and {LIST} are missing. Is the package \"locales\" installed?");
        return Err(failed(msg, &ModuleResult::default().set("name", json!(names))));
    }
    let mechanism = if ubuntu { "ubuntu_legacy" } else { "glibc" };
    let result = ModuleResult::ok()
        .changed(!todo.is_empty())
        .set("name", json!(names))
        .set("ubuntu_mode", ubuntu)
        .set("mechanism", mechanism);
    if !ubuntu {
        check_known(&names, &result, cx)?;
    }
    let result = result.set("diff", json!({}));
    if todo.is_empty() {
        return Ok(result);
    }
    match (ubuntu, present) {
        (true, true) => cx.run_ok(&CommandSpec::new(["locale-gen"]).args(todo.into_iter().cloned()))?,
        (true, false) => {
            return Err(ModuleError::failed(
                "removing locales is not supported where they are kept in /var/lib/locales",
            ));
        }
        (false, _) => {
            let text = cx.read_text(LIST)?.unwrap_or_default();
            let after = plan(&text, &todo, present);
            let options = WriteOptions { new_mode: Some(0o644), ..WriteOptions::default() };
            cx.write_file(std::path::Path::new(LIST), Content::Bytes(after.as_bytes()), &options)?;
            cx.run_ok(&CommandSpec::new(["locale-gen"]))?
        }
    };
    Ok(result)
}

/// What `locale -a` knows, in normal form.
fn installed(cx: &mut Context<'_>) -> Result<Vec<String>, ModuleError> {
    let output = cx.run_read(&CommandSpec::new(["locale", "-a"]))?;
    Ok(output.stdout().lines().map(normal).collect())
}

/// `de_CH.UTF-8@euro` and `de_CH.utf8@euro` are the same.
fn normal(name: &str) -> String {
    let (name, modifier) = name.trim().split_once('@').map_or((name.trim(), ""), |(name, modifier)| (name, modifier));
    let (language, encoding) = name.split_once('.').unwrap_or((name, ""));
    let encoding: String = encoding.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
    format!("{language}.{encoding}@{modifier}")
}

/// The locale a line of the list is about, whether or not it is a comment.
fn locale_of(line: &str) -> Option<&str> {
    let line = line.trim_start_matches(['#', ' ', '\t']);
    let mut words = line.split_whitespace();
    let (name, charset) = (words.next()?, words.next()?);
    (words.next().is_none() && charset.chars().all(|c| c.is_ascii_alphanumeric() || "-_+".contains(c))).then_some(name)
}

/// A failure repeats the module's state, twice, as all modules of this kind do.
fn failed(msg: String, result: &ModuleResult) -> ModuleError {
    let state = result.clone().without("changed");
    let output = state.clone().set("diff", json!({})).into_map();
    let failure = ModuleError::failed(msg).with("output", output.clone()).with("vars", state.into_map());
    output.into_iter().fold(failure, |failure, (key, value)| failure.with(&key, value))
}

fn check_known(names: &[String], result: &ModuleResult, cx: &Context<'_>) -> Result<(), ModuleError> {
    let list = cx.read_text(LIST)?.unwrap_or_default();
    let supported = cx.read_text(SUPPORTED)?.unwrap_or_default();
    let known: Vec<String> = list.lines().chain(supported.lines()).filter_map(locale_of).map(normal).collect();
    let unknown: Vec<&str> = names.iter().filter(|name| !known.contains(&normal(name))).map(String::as_str).collect();
    if unknown.is_empty() {
        return Ok(());
    }
    let msg =
        format!("The following locales you have entered are not available on your system: {}", unknown.join(", "));
    Err(failed(msg, result))
}

/// The list with these locales switched on or off.
fn plan(text: &str, names: &[&String], present: bool) -> String {
    let mut left: Vec<&String> = names.to_vec();
    let mut lines = Vec::new();
    for line in text.lines() {
        let found = locale_of(line).and_then(|locale| names.iter().find(|name| normal(name) == normal(locale)));
        let Some(name) = found else {
            lines.push(line.to_owned());
            continue;
        };
        left.retain(|other| other != name);
        let content = line.trim_start_matches(['#', ' ', '\t']);
        lines.push(if present { content.to_owned() } else { format!("# {content}") });
    }
    if present {
        let charset = |name: &str| {
            name.split('@').next().and_then(|name| name.split_once('.')).map_or("ISO-8859-1", |(_, set)| set).to_owned()
        };
        lines.extend(left.iter().map(|name| format!("{name} {}", charset(name))));
    }
    lines.iter().map(|line| format!("{line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locales_are_switched_on_and_off() {
        let list = "# This file lists locales that you wish\n\n# de_CH.UTF-8 UTF-8\nen_US.UTF-8 UTF-8\n";
        let (german, english, other) = ("de_CH.UTF-8".to_owned(), "en_US.utf8".to_owned(), "eo.UTF-8".to_owned());
        assert!(plan(list, &[&german], true).contains("\nde_CH.UTF-8 UTF-8\n"));
        assert!(plan(list, &[&english], false).contains("\n# en_US.UTF-8 UTF-8\n"));
        assert!(plan(list, &[&other], true).ends_with("eo.UTF-8 UTF-8\n"));
        assert_eq!(normal("de_CH.UTF-8@euro"), normal("de_CH.utf8@euro"));
        assert_eq!(locale_of("# This file lists locales"), None);
    }
}
