//! `ansible.posix.sysctl`: kernel parameters, in a file and in the running kernel.

use std::path::Path;

use crate::{Arg, Args, CommandSpec, Constraint, Content, Context, Module, ModuleError, ModuleResult, WriteOptions};

pub(crate) static MODULE: Module = Module::new("ansible.posix.sysctl", ARGS, run)
    .constraints(&[Constraint::RequiredIf("state", "present", &["value"])]);

const ARGS: &[Arg] = &[
    Arg::str("name").required().alias(&["key"]),
    Arg::str("value").alias(&["val"]),
    Arg::str("state").default("present").choices(&["present", "absent"]),
    Arg::bool("reload").default("true"),
    Arg::bool("sysctl_set").default("false"),
    Arg::bool("ignoreerrors").default("false"),
    Arg::path("sysctl_file").default("/etc/sysctl.conf"),
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let name = args.str("name")?.trim();
    if name.is_empty() {
        return Err(ModuleError::failed("name cannot be blank"));
    }
    let value = match args.str("state")? {
        "absent" => None,
        _ => Some(normal_value(args.str("value")?)),
    };
    if value.as_deref() == Some("") {
        return Err(ModuleError::failed("value cannot be blank"));
    }
    let file = args.path("sysctl_file")?;
    let before = cx.read_utf8(&file)?.unwrap_or_default();
    let after = plan(&before, name, value.as_deref());
    let mut changed = false;
    if let Some(value) = value.as_deref().filter(|_| args.bool("sysctl_set")) {
        changed |= set_running(name, value, args.bool("ignoreerrors"), cx)?;
    }
    if let Some(after) = &after {
        changed = true;
        write(&file, after, cx)?;
    }
    if changed && args.bool("reload") {
        reload(&file, args.bool("ignoreerrors"), cx)?;
    }
    Ok(ModuleResult::ok().changed(changed))
}

/// Truth values are 1 and 0 to the kernel.
fn normal_value(value: &str) -> String {
    let value = value.trim();
    match value.to_lowercase().as_str() {
        "y" | "yes" | "on" | "true" | "t" => "1".to_owned(),
        "n" | "no" | "off" | "false" | "f" => "0".to_owned(),
        _ => value.to_owned(),
    }
}

/// The file's new text; `None` when it says the right thing already. `None` as the value removes the parameter.
/// A file that changes ends up with one plain line for each parameter.
fn plan(text: &str, name: &str, value: Option<&str>) -> Option<String> {
    let last = text.lines().rev().find(|line| key(line) == Some(name)).and_then(|line| line.split_once('='));
    if last.map(|(_, value)| value.trim()) == value {
        return None;
    }
    let mut seen: Vec<&str> = Vec::new();
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        let Some((key, (_, current))) = key(line).zip(line.split_once('=')) else {
            lines.push(line.to_owned());
            continue;
        };
        if seen.contains(&key) {
            continue;
        }
        seen.push(key);
        let new = if key == name { value } else { Some(current.trim()) };
        lines.extend(new.map(|new| format!("{key}={new}")));
    }
    if let Some(value) = value.filter(|_| !seen.contains(&name)) {
        lines.push(format!("{name}={value}"));
    }
    Some(lines.into_iter().map(|line| line + "\n").collect())
}

/// To the kernel, values are lists of words; how they are spaced does not matter.
fn words(value: &str) -> Vec<&str> {
    value.split_whitespace().collect()
}

fn key(line: &str) -> Option<&str> {
    let line = line.trim();
    if line.starts_with(['#', ';']) { None } else { line.split_once('=').map(|(key, _)| key.trim()) }
}

fn set_running(name: &str, value: &str, ignore_errors: bool, cx: &mut Context<'_>) -> Result<bool, ModuleError> {
    let path = Path::new("/proc/sys").join(proc_path(name));
    let current = cx.read_text(&path).ok().flatten();
    if current.as_deref().map(words) == Some(words(value)) {
        return Ok(false);
    }
    let option = if ignore_errors { "-ew" } else { "-w" };
    let output = cx.run(&CommandSpec::new(["sysctl", option, &format!("{name}={value}")]))?;
    if output.ok() {
        return Ok(true);
    }
    Err(ModuleError::failed(format!("setting {name} failed: {}{}", output.stdout(), output.stderr())))
}

/// Dots separate, unless a slash comes first: then dots belong to names (`net/ipv4/conf/eth0.1/…`).
fn proc_path(name: &str) -> String {
    match (name.find('.'), name.find('/')) {
        (Some(dot), Some(slash)) if slash < dot => name.to_owned(),
        (Some(_), _) => name
            .chars()
            .map(|c| {
                if c == '.' {
                    '/'
                } else if c == '/' {
                    '.'
                } else {
                    c
                }
            })
            .collect(),
        (None, _) => name.to_owned(),
    }
}

fn write(file: &Path, text: &str, cx: &mut Context<'_>) -> Result<(), ModuleError> {
    let options = WriteOptions { new_mode: Some(0o644), ..WriteOptions::default() };
    cx.write_file(file, Content::Bytes(text.as_bytes()), &options).map(drop)
}

fn reload(file: &Path, ignore_errors: bool, cx: &mut Context<'_>) -> Result<(), ModuleError> {
    let ignore = ignore_errors.then_some("-e");
    let command = CommandSpec::new(["sysctl"]).args(ignore).arg("-p").arg(file.to_string_lossy());
    let output = cx.run(&command)?;
    let stderr = output.stderr();
    let complains = stderr.contains("Invalid argument") || stderr.contains("Read-only file system");
    if output.ok() && !complains {
        return Ok(());
    }
    Err(ModuleError::failed(format!("Failed to reload sysctl: {stderr}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_set_once() {
        let text = "# c\nx.y=1\n x.z = 2 \nx.y=3\n";
        let cases = [
            ("x.y", Some("5"), Some("# c\nx.y=5\nx.z=2\n")),
            ("x.y", Some("3"), None),
            ("x.z", Some("2"), None),
            ("x.w", Some("1"), Some("# c\nx.y=1\nx.z=2\nx.w=1\n")),
            ("x.y", None, Some("# c\nx.z=2\n")),
            ("x.w", None, None),
        ];
        for (name, value, after) in cases {
            assert_eq!(plan(text, name, value).as_deref(), after, "{name} {value:?}");
        }
    }

    #[test]
    fn names_become_paths() {
        assert_eq!(proc_path("net.ipv4.ip_forward"), "net/ipv4/ip_forward");
        assert_eq!(proc_path("net.ipv4.conf.eth0/1.forwarding"), "net/ipv4/conf/eth0.1/forwarding");
        assert_eq!(proc_path("net/ipv4/conf/eth0.1/forwarding"), "net/ipv4/conf/eth0.1/forwarding");
        assert_eq!(normal_value("Yes"), "1");
    }
}
