//! `community.general.kernel_blacklist`: kernel modules that are not loaded by themselves.

use serde_json::json;

use crate::{Arg, Args, Content, Context, Module, ModuleError, ModuleResult, WriteOptions};

pub(crate) static MODULE: Module = Module::new("community.general.kernel_blacklist", ARGS, run).diff();

const ARGS: &[Arg] = &[
    Arg::str("name").required(),
    Arg::str("state").default("present").choices(&["absent", "present"]),
    Arg::str("blacklist_file").default("/etc/modprobe.d/blacklist-ansible.conf"),
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let (name, state) = (args.str("name")?, args.str("state")?);
    let path = args.path("blacklist_file")?;
    let text = cx.read_utf8(&path)?.unwrap_or_default();
    let before: Vec<String> = text.lines().map(str::to_owned).collect();
    let after = plan(&before, name, state == "present");
    let changed = before != after;
    if changed {
        let text: String = after.iter().map(|line| format!("{line}\n")).collect();
        let options = WriteOptions { new_mode: Some(0o644), ..WriteOptions::default() };
        cx.write_file(&path, Content::Bytes(text.as_bytes()), &options)?;
    }
    let diff = if changed { json!({"before": {"lines": before}, "after": {"lines": after}}) } else { json!({}) };
    Ok(ModuleResult::ok()
        .changed(changed)
        .set("name", name)
        .set("state", state)
        .set("filename", path.to_string_lossy().into_owned())
        .set("is_blacklisted", after.iter().any(|line| is_entry(line, name)))
        .set("lines", after)
        .set("diff", diff)
        .set("failed", false))
}

fn is_entry(line: &str, name: &str) -> bool {
    line.trim_end().strip_prefix("blacklist ") == Some(name)
}

fn plan(lines: &[String], name: &str, wanted: bool) -> Vec<String> {
    let found = lines.iter().any(|line| is_entry(line, name));
    let mut lines: Vec<String> = lines.iter().filter(|line| wanted || !is_entry(line, name)).cloned().collect();
    if wanted && !found {
        lines.push(format!("blacklist {name}"));
    }
    lines
}
