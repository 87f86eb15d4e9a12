//! `community.general.timezone`: the system's time zone and how its clock counts.

use std::path::Path;

use serde_json::json;

use crate::services::systemd_is_running;
use crate::{
    Arg, Args, CommandSpec, Constraint, Content, Context, Map, Module, ModuleError, ModuleResult, WriteOptions,
};

pub(crate) static MODULE: Module = Module::new("community.general.timezone", ARGS, run)
    .constraints(&[Constraint::RequiredOneOf(&["hwclock", "name"])])
    .diff();

const ARGS: &[Arg] = &[Arg::str("name"), Arg::str("hwclock").choices(&["local", "UTC"]).alias(&["rtc"])];

const ZONES: &str = "/usr/share/zoneinfo";

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let (mut before, mut after) = (Map::new(), Map::new());
    let mut changed = false;
    if let Some(name) = args.opt_str("name") {
        let is_zone = !name.contains("..") && Path::new(ZONES).join(name).is_file();
        if !is_zone {
            return Err(ModuleError::failed(format!("Error message:\ngiven timezone \"{name}\" is not available")));
        }
        let current = current_zone(cx)?;
        if current != name || !named_in_file(name, cx)? {
            set_zone(name, cx)?;
            changed = true;
        }
        before.insert("name".to_owned(), current.into());
        after.insert("name".to_owned(), name.into());
    }
    if let Some(clock) = args.opt_str("hwclock") {
        let current = match cx.read_text("/etc/adjtime")? {
            Some(adjustment) if adjustment.lines().nth(2) == Some("LOCAL") => "local",
            None if !systemd_is_running() => "n/a",
            _ => "UTC",
        };
        if current != clock {
            set_clock(clock == "local", cx)?;
            changed = true;
        }
        before.insert("hwclock".to_owned(), current.into());
        after.insert("hwclock".to_owned(), clock.into());
    }
    Ok(ModuleResult::ok().changed(changed).set("diff", json!({"before": before, "after": after})))
}

fn current_zone(cx: &Context<'_>) -> Result<String, ModuleError> {
    if let Ok(target) = std::fs::read_link("/etc/localtime")
        && let Some((_, name)) = target.to_string_lossy().split_once("zoneinfo/")
    {
        return Ok(name.to_owned());
    }
    let named = cx.read_text("/etc/timezone")?.map(|text| text.trim().to_owned()).filter(|name| !name.is_empty());
    Ok(named.unwrap_or_else(|| "UTC".to_owned()))
}

/// Debian and its relatives also keep the zone's name in a file, whether or not it is there.
fn keeps_name(cx: &Context<'_>) -> bool {
    cx.exists("/etc/timezone") || cx.exists("/etc/debian_version")
}

/// Whether the file, where there has to be one, says the same as the link. systemd minds it itself.
fn named_in_file(name: &str, cx: &Context<'_>) -> Result<bool, ModuleError> {
    if systemd_is_running() || !keeps_name(cx) {
        return Ok(true);
    }
    Ok(cx.read_text("/etc/timezone")?.is_some_and(|text| text.trim() == name))
}

fn set_zone(name: &str, cx: &mut Context<'_>) -> Result<(), ModuleError> {
    if systemd_is_running() && cx.which("timedatectl").is_some() {
        return cx.run_ok(&CommandSpec::new(["timedatectl", "set-timezone", name])).map(drop);
    }
    let (link, new) = (Path::new("/etc/localtime"), Path::new("/etc/localtime.kapell"));
    cx.remove_file(new)?;
    cx.symlink(&Path::new(ZONES).join(name), new)?;
    cx.rename(new, link)?;
    if keeps_name(cx) {
        let options = WriteOptions { unsafe_writes: true, new_mode: Some(0o644), ..WriteOptions::default() };
        cx.write_file(Path::new("/etc/timezone"), Content::Bytes(format!("{name}\n").as_bytes()), &options)?;
    }
    Ok(())
}

fn set_clock(local: bool, cx: &mut Context<'_>) -> Result<(), ModuleError> {
    if systemd_is_running() && cx.which("timedatectl").is_some() {
        let answer = if local { "yes" } else { "no" };
        return cx.run_ok(&CommandSpec::new(["timedatectl", "set-local-rtc", answer])).map(drop);
    }
    let option = if local { "--localtime" } else { "--utc" };
    let command = CommandSpec::new(["hwclock", "--systohc", option]);
    cx.run_ok(&command).map(drop)
}
