//! `community.general.modprobe`: kernel modules, now and at the next start.

use std::path::{Path, PathBuf};

use crate::{Arg, Args, CommandSpec, Content, Context, Module, ModuleError, ModuleResult, WriteOptions};

pub(crate) static MODULE: Module = Module::new("community.general.modprobe", ARGS, run);

const ARGS: &[Arg] = &[
    Arg::str("name").required(),
    Arg::str("state").default("present").choices(&["absent", "present"]),
    Arg::str("params").default(""),
    Arg::str("persistent").default("disabled").choices(&["disabled", "present", "absent"]),
];

const LOADED_AT_START: &str = "/etc/modules-load.d";
const PARAMETERS: &str = "/etc/modprobe.d";

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    cx.require_program("modprobe")?;
    let (name, params) = (args.str("name")?, args.str("params")?);
    let present = args.str("state")? == "present";
    let state = ModuleResult::ok().set("name", name).set("params", params).set("state", args.str("state")?);
    let loaded = is_loaded(name, cx).map_err(|error| ModuleError::with_result(error.to_string(), state.clone()))?;
    let mut changed = loaded != present;
    if changed && present {
        let params = crate::words::split(params).map_err(ModuleError::failed)?;
        checked(&CommandSpec::new(["modprobe", name]).args(params), name, cx)?;
    } else if changed {
        checked(&CommandSpec::new(["modprobe", "-r", name]), name, cx)?;
    }
    changed |= match args.str("persistent")? {
        "present" => {
            let lists = set(LOADED_AT_START, name, &[name.to_owned()], cx)?;
            let wanted = if params.is_empty() { None } else { Some(format!("options {name} {params}")) };
            lists | set(PARAMETERS, name, wanted.as_slice(), cx)?
        }
        "absent" => set(LOADED_AT_START, name, &[], cx)? | set(PARAMETERS, name, &[], cx)?,
        _ => false,
    };
    Ok(state.changed(changed))
}

/// The kernel writes names with underscores.
fn kernel_name(name: &str) -> String {
    name.replace('-', "_")
}

fn is_loaded(name: &str, cx: &Context<'_>) -> Result<bool, ModuleError> {
    let wanted = kernel_name(name);
    let missing = || ModuleError::failed("[Errno 2] No such file or directory: '/proc/modules'");
    let modules = cx.read_text("/proc/modules")?.ok_or_else(missing)?;
    if modules.lines().any(|line| line.split(' ').next() == Some(&wanted)) {
        return Ok(true);
    }
    let release = rustix::system::uname().release().to_string_lossy().into_owned();
    let built_in = cx.read_text(Path::new("/lib/modules").join(release).join("modules.builtin"))?.unwrap_or_default();
    Ok(built_in.lines().any(|path| {
        let file = path.rsplit('/').next().unwrap_or_default();
        kernel_name(file.split(".ko").next().unwrap_or_default()) == wanted
    }))
}

fn checked(command: &CommandSpec, name: &str, cx: &mut Context<'_>) -> Result<(), ModuleError> {
    let output = cx.run(command)?;
    if output.ok() {
        return Ok(());
    }
    let failed = ModuleError::failed(output.stderr()).with("rc", output.rc).with("name", name);
    Err(failed.with("stdout", output.stdout()).with("stderr", output.stderr()))
}

/// Makes the files of `dir` say exactly `lines` about the module: other lines about it become comments, a missing one
/// goes into the module's own file.
fn set(dir: &str, name: &str, lines: &[String], cx: &mut Context<'_>) -> Result<bool, ModuleError> {
    let mut missing: Vec<&String> = lines.iter().collect();
    let mut changed = false;
    for file in files(dir, cx) {
        let Some(text) = cx.read_text(&file)? else { continue };
        let mut after = String::new();
        for line in text.split_inclusive('\n') {
            let content = line.trim();
            if let Some(at) = missing.iter().position(|wanted| *wanted == content) {
                missing.remove(at);
            } else if is_about(content, name) && !lines.iter().any(|wanted| wanted == content) {
                after.push('#');
            }
            after.push_str(line);
        }
        if after != text {
            changed = true;
            cx.write_file(&file, Content::Bytes(after.as_bytes()), &WriteOptions::default())?;
        }
    }
    if missing.is_empty() {
        return Ok(changed);
    }
    let own = Path::new(dir).join(format!("{name}.conf"));
    let mut text = cx.read_text(&own)?.unwrap_or_default();
    missing.iter().for_each(|line| text.push_str(&format!("{line}\n")));
    let options = WriteOptions { new_mode: Some(0o644), ..WriteOptions::default() };
    cx.write_file(&own, Content::Bytes(text.as_bytes()), &options)?;
    Ok(true)
}

fn files(dir: &str, cx: &Context<'_>) -> Vec<PathBuf> {
    let files = cx.list_dir(dir).unwrap_or_default();
    files.into_iter().filter(|path| path.extension().is_some_and(|end| end == "conf")).collect()
}

/// `name` alone (modules-load.d), or `options name …` (modprobe.d).
fn is_about(line: &str, name: &str) -> bool {
    let mut words = line.split_whitespace();
    match words.next() {
        Some("options") => words.next().is_some_and(|word| kernel_name(word) == kernel_name(name)),
        Some(word) => kernel_name(word) == kernel_name(name) && words.next().is_none(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::is_about;

    #[test]
    fn lines_about_a_module_are_known() {
        for (line, expected) in [
            ("br_netfilter", true),
            ("br-netfilter", true),
            ("options br_netfilter a=1", true),
            ("options other a=1", false),
            ("br_netfilter2", false),
            ("# br_netfilter", false),
            ("", false),
        ] {
            assert_eq!(is_about(line, "br_netfilter"), expected, "{line}");
        }
    }
}
