//! `community.general.ini_file`: options of INI files.

mod ini;

use indexmap::IndexSet;
use ini::{Edit, Wanted, edit};

use crate::{
    Arg, ArgKind, Args, Constraint, Content, Context, Diff, FileAttributes, Module, ModuleError, ModuleResult,
    WriteOptions,
};

pub(crate) static MODULE: Module = Module::new("community.general.ini_file", ARGS, run)
    .constraints(&[Constraint::MutuallyExclusive(&["value", "values"])])
    .file_args()
    .diff();

const ARGS: &[Arg] = &[
    Arg::path("path").required().alias(&["dest"]),
    Arg::str("section"),
    Arg::list_of("section_has_values", &ArgKind::Dict).options(SECTION_HAS),
    Arg::str("option"),
    Arg::str("value"),
    Arg::list("values"),
    Arg::bool("backup").default("false"),
    Arg::str("state").default("present").choices(&["absent", "present"]),
    Arg::bool("exclusive").default("true"),
    Arg::bool("no_extra_spaces").default("false"),
    Arg::bool("ignore_spaces").default("false"),
    Arg::bool("allow_no_value").default("false"),
    Arg::bool("modify_inactive_option").default("true"),
    Arg::bool("create").default("true"),
    Arg::bool("follow").default("false"),
];

const SECTION_HAS: &[Arg] = &[Arg::str("option").required(), Arg::str("value"), Arg::list("values")];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let wanted = wanted(args)?;
    let mut path = args.path("path")?;
    let name = path.to_string_lossy().into_owned();
    if args.bool("follow") {
        path = fs_err::canonicalize(&path).unwrap_or(path);
    }
    let before = cx.read_utf8(&path)?.map(|text| plain(&text));
    if before.is_none() && !args.bool("create") {
        let msg = format!("Destination {} does not exist!", path.display());
        return Err(ModuleError::failed(msg).with("rc", 257));
    }
    let existed = before.is_some();
    let before = before.unwrap_or_default();
    let after = edit(&before, &wanted);
    let mut result = ModuleResult::ok();
    if after.changed {
        if let Some(dir) = path.parent().filter(|dir| !cx.check_mode && !dir.exists()) {
            fs_err::create_dir_all(dir)?;
        }
        let backup = cx.write_file(&path, Content::Bytes(after.text.as_bytes()), &WriteOptions::from_args(args))?;
        if args.bool("backup") && !cx.check_mode {
            result = result.set("backup_file", backup.filter(|_| existed).unwrap_or_default());
        }
    }
    let mut changed = after.changed;
    if cx.exists(&path) {
        changed |= cx.set_attributes(&path, &FileAttributes::from_args(args))?;
    }
    Ok(result.changed(changed).msg(after.msg).diff(diff(&name, &before, &after, cx.diff_mode)).set("path", name))
}

/// Without a byte order mark and with plain line ends.
fn plain(text: &str) -> String {
    text.trim_start_matches('\u{feff}').replace("\r\n", "\n").replace('\r', "\n")
}

/// The texts are there in diff mode only, the headers always.
fn diff(name: &str, before: &str, after: &Edit, with_text: bool) -> Diff {
    let header = format!("{name} (content)");
    let text = |text: &str| if with_text { text.to_owned() } else { String::new() };
    Diff::new(text(before), text(&after.text)).headers(header.clone(), header)
}

fn wanted(args: &Args) -> Result<Wanted, ModuleError> {
    let values: IndexSet<String> = match args.opt_str("value") {
        Some(value) => [value.to_owned()].into(),
        None => args.list_of_str("values").into_iter().collect(),
    };
    let given = |name: &str| args.opt_str(name).filter(|text| !text.is_empty()).map(str::to_owned);
    let wanted = Wanted {
        section: given("section"),
        section_has: args.list("section_has_values").iter().filter_map(section_has).collect(),
        option: given("option"),
        values: values.into_iter().collect(),
        present: args.str("state")? == "present",
        exclusive: args.bool("exclusive"),
        no_extra_spaces: args.bool("no_extra_spaces"),
        ignore_spaces: args.bool("ignore_spaces"),
        allow_no_value: args.bool("allow_no_value"),
        modify_inactive: args.bool("modify_inactive_option"),
    };
    if wanted.present && wanted.values.is_empty() && !wanted.allow_no_value {
        return Err(ModuleError::failed(
            "Parameter 'value(s)' must be defined if state=present and allow_no_value=False.",
        ));
    }
    Ok(wanted)
}

fn section_has(entry: &serde_json::Value) -> Option<(String, Vec<String>)> {
    let text = |name: &str| entry.get(name).and_then(serde_json::Value::as_str).map(str::to_owned);
    let list = entry.get("values").and_then(serde_json::Value::as_array).into_iter().flatten();
    let values = list.map(crate::python_repr::str_of).chain(text("value")).collect();
    Some((text("option")?, values))
}
