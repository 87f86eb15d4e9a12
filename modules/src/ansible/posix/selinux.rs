//! `ansible.posix.selinux`: SELinux's mode and policy.

use std::path::{Path, PathBuf};

use crate::{Arg, Args, CommandSpec, Content, Context, Module, ModuleError, ModuleResult, WriteOptions};

pub(crate) static MODULE: Module = Module::new("ansible.posix.selinux", ARGS, run);

const ARGS: &[Arg] = &[
    Arg::str("policy"),
    Arg::str("state").required().choices(&["enforcing", "permissive", "disabled"]),
    Arg::str("configfile").default("/etc/selinux/config").alias(&["conf", "file"]),
    Arg::bool("update_kernel_param").default("false"),
];

const ENFORCE: &str = "/sys/fs/selinux/enforce";

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let state = args.str("state")?;
    let file = PathBuf::from(args.str("configfile")?);
    let Some(config) = cx.read_text(&file)? else {
        return Err(ModuleError::failed(format!("Unable to find file {}", file.display())));
    };
    let old_policy = value(&config, "SELINUXTYPE").unwrap_or_default();
    let policy = match (args.opt_str("policy"), state) {
        (Some(policy), _) => policy.to_owned(),
        (None, "disabled") => old_policy.clone(),
        (None, _) => return Err(ModuleError::failed("Policy is required if state is not 'disabled'")),
    };
    if !policy.is_empty() && state != "disabled" && !Path::new("/etc/selinux").join(&policy).is_dir() {
        return Err(ModuleError::failed(format!("Policy {policy} does not exist in /etc/selinux/")));
    }
    let mut task = Task { msgs: Vec::new(), changed: false, reboot: false };
    task.policy(&old_policy, &policy);
    task.running_mode(state, args.bool("update_kernel_param"), cx)?;
    task.stored_mode(value(&config, "SELINUX").as_deref(), state);
    let after = with_value(&with_value(&config, "SELINUXTYPE", &policy), "SELINUX", state);
    if after != config {
        cx.write_file(&file, Content::Bytes(after.as_bytes()), &WriteOptions::default())?;
    }
    Ok(ModuleResult::ok()
        .changed(task.changed)
        .msg(task.msgs.join(", "))
        .set("configfile", args.str("configfile")?)
        .set("policy", policy)
        .set("state", state)
        .set("reboot_required", task.reboot))
}

struct Task {
    msgs: Vec<String>,
    changed: bool,
    reboot: bool,
}

impl Task {
    fn policy(&mut self, old: &str, new: &str) {
        if old != new {
            self.msgs
                .push(format!("SELinux policy configuration in '/etc/selinux/config' changed from '{old}' to '{new}'"));
            self.changed = true;
        }
    }

    /// Enforcing and permissive can be switched between; switching SELinux on or off takes a restart.
    fn running_mode(&mut self, state: &str, kernel: bool, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        let now = match cx.read_text(ENFORCE)?.as_deref().map(str::trim) {
            None => "disabled",
            Some("1") => "enforcing",
            Some(_) => "permissive",
        };
        if kernel {
            self.kernel_parameter(state, cx)?;
        }
        if now == state {
            return Ok(());
        }
        match (now, state) {
            ("disabled", _) => {
                self.msgs.push(format!("Reboot is required to set SELinux state to '{state}'"));
                self.reboot = true;
            }
            (_, "disabled") => {
                if now == "permissive" {
                    self.msgs.push("SELinux state change will take effect next reboot".to_owned());
                } else {
                    cx.run_ok(&CommandSpec::new(["setenforce", "0"]))?;
                    self.msgs.push(format!(
                        "SELinux state temporarily changed from '{now}' to 'permissive'. State change will take effect next reboot."
                    ));
                    self.changed = true;
                }
                self.reboot = true;
            }
            _ => {
                cx.run_ok(&CommandSpec::new(["setenforce", if state == "enforcing" { "1" } else { "0" }]))?;
                self.msgs.push(format!("SELinux state changed from '{now}' to '{state}'"));
                self.changed = true;
            }
        }
        Ok(())
    }

    fn kernel_parameter(&mut self, state: &str, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        let grubby = cx.require_program("grubby")?.to_string_lossy().into_owned();
        let info = cx.run_read(&CommandSpec::new([grubby.as_str(), "--info=ALL"]))?.stdout();
        let kernels: Vec<&str> = info.lines().filter(|line| line.starts_with("args=")).collect();
        let off = |line: &&str| line.contains("selinux=0");
        let (differs, option) = match state {
            "disabled" => (!kernels.iter().all(off), "--args"),
            _ => (kernels.iter().any(off), "--remove-args"),
        };
        if differs {
            cx.run_ok(&CommandSpec::new([grubby.as_str(), "--update-kernel=ALL", option, "selinux=0"]))?;
            self.msgs.push(format!(
                "SELinux is {} in the kernel parameters",
                if state == "disabled" { "disabled" } else { "enabled" }
            ));
            self.changed = true;
        }
        Ok(())
    }

    fn stored_mode(&mut self, old: Option<&str>, new: &str) {
        if old != Some(new) {
            self.msgs.push(format!("Config SELinux state changed from '{}' to '{new}'", old.unwrap_or_default()));
            self.changed = true;
        }
    }
}

fn value(config: &str, key: &str) -> Option<String> {
    config.lines().find_map(|line| Some(line.strip_prefix(key)?.strip_prefix('=')?.trim().to_owned()))
}

fn with_value(config: &str, key: &str, new: &str) -> String {
    let is_it = |line: &&str| line.strip_prefix(key).is_some_and(|rest| rest.starts_with('='));
    if new.is_empty() || value(config, key).as_deref() == Some(new) {
        return config.to_owned();
    }
    let mut lines: Vec<String> =
        config.lines().map(|line| if is_it(&line) { format!("{key}={new}") } else { line.to_owned() }).collect();
    if !config.lines().any(|line| is_it(&line)) {
        lines.push(format!("{key}={new}"));
    }
    lines.iter().map(|line| format!("{line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_changed_line_by_line() {
        let config = "# c\nSELINUX=enforcing\nSELINUXTYPE=targeted\n";
        assert_eq!(with_value(config, "SELINUX", "permissive"), "# c\nSELINUX=permissive\nSELINUXTYPE=targeted\n");
        assert_eq!(with_value(config, "SELINUXTYPE", "mls"), "# c\nSELINUX=enforcing\nSELINUXTYPE=mls\n");
        assert_eq!(with_value("", "SELINUX", "disabled"), "SELINUX=disabled\n");
        assert_eq!(value(config, "SELINUX").as_deref(), Some("enforcing"));
    }
}
