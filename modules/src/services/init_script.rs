//! Services without systemd: init scripts with their run level links, and OpenRC.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::{CommandOutput, CommandSpec, Context, ModuleError};

/// Answers that mean "not running" although the script's exit code says 0.
const NOT_RUNNING: [&str; 6] = ["not running", "is stopped", "isn't running", "is not active", "is dead", "inactive"];

/// The script of a service.
pub(crate) fn path(name: &str) -> Option<PathBuf> {
    let path = Path::new("/etc/init.d").join(name.strip_suffix(".service").unwrap_or(name));
    path.is_file().then_some(path)
}

/// Whether a start link exists in any run level.
pub(crate) fn is_enabled(name: &str) -> bool {
    ["0", "1", "2", "3", "4", "5", "6", "S"].iter().any(|level| is_enabled_in(name, level))
}

/// Whether the service starts in this run level.
pub(crate) fn is_enabled_in(name: &str, level: &str) -> bool {
    ["/etc", "/etc/rc.d"].iter().any(|dir| has_start_link(&Path::new(dir).join(format!("rc{level}.d")), name))
}

fn has_start_link(dir: &Path, name: &str) -> bool {
    let Ok(entries) = std::fs::read_dir(dir) else { return false };
    entries.flatten().any(|entry| is_start_link(&entry.file_name().to_string_lossy(), name))
}

/// `S20name`.
fn is_start_link(link: &str, name: &str) -> bool {
    let rest = link.strip_prefix('S').unwrap_or_default();
    rest.get(..2).is_some_and(|order| order.bytes().all(|byte| byte.is_ascii_digit())) && rest.get(2..) == Some(name)
}

/// How services are controlled on this node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Control {
    /// `rc-service` and `rc-update`.
    OpenRc,
    /// `service`, which runs the script in a clean environment.
    ServiceCommand,
    /// The script itself.
    Script,
}

impl Control {
    pub(crate) fn found(cx: &Context<'_>) -> Self {
        if cx.which("rc-service").is_some() {
            Self::OpenRc
        } else if cx.which("service").is_some() {
            Self::ServiceCommand
        } else {
            Self::Script
        }
    }

    /// The command line of an action of the service's script.
    pub(crate) fn command(self, name: &str, action: &str, arguments: &str) -> CommandSpec {
        let line = match self {
            Self::OpenRc => CommandSpec::new(["rc-service", name, action]),
            Self::ServiceCommand => CommandSpec::new(["service", name, action]),
            Self::Script => CommandSpec::new([format!("/etc/init.d/{name}").as_str(), action]),
        };
        line.args(shell_words::split(arguments).unwrap_or_default())
    }

    pub(crate) fn is_running(self, name: &str, arguments: &str, cx: &mut Context<'_>) -> Result<bool, ModuleError> {
        let output = cx.run_read(&self.command(name, "status", arguments))?;
        Ok(says_running(&output))
    }

    /// Stops and starts separately, for scripts that lack a `restart` worth the name.
    pub(crate) fn act(
        self,
        name: &str,
        action: &str,
        arguments: &str,
        pause: Duration,
        cx: &mut Context<'_>,
    ) -> Result<CommandOutput, ModuleError> {
        if action != "restart" {
            return cx.run(&self.command(name, action, arguments));
        }
        // A service that is down already may refuse to stop: only the start counts.
        cx.run(&self.command(name, "stop", arguments))?;
        if !cx.check_mode {
            cx.sleep(pause)?;
        }
        cx.run(&self.command(name, "start", arguments))
    }

    /// The commands that make the service start at boot, or not.
    pub(crate) fn enable_commands(self, name: &str, enable: bool, level: &str, cx: &Context<'_>) -> Vec<CommandSpec> {
        let level = if level.is_empty() { "default" } else { level };
        if self == Self::OpenRc {
            let verb = if enable { "add" } else { "del" };
            return vec![CommandSpec::new(["rc-update", verb, name, level])];
        }
        if cx.which("update-rc.d").is_some() {
            let verb = if enable { "enable" } else { "disable" };
            let defaults = CommandSpec::new(["update-rc.d", name, "defaults"]);
            return vec![defaults, CommandSpec::new(["update-rc.d", name, verb])];
        }
        if cx.which("insserv").is_some() && cx.which("chkconfig").is_none() {
            let removing = if enable { &[][..] } else { &["-r"][..] };
            return vec![CommandSpec::new(["insserv"]).args(removing.iter().copied()).arg(name)];
        }
        let verb = if enable { "on" } else { "off" };
        vec![CommandSpec::new(["chkconfig", "--add", name]), CommandSpec::new(["chkconfig", name, verb])]
    }

    pub(crate) fn is_enabled(self, name: &str, level: &str, cx: &mut Context<'_>) -> Result<bool, ModuleError> {
        if self != Self::OpenRc {
            return Ok(is_enabled(name));
        }
        let level = if level.is_empty() { "default" } else { level };
        let output = cx.run_read(&CommandSpec::new(["rc-update", "show", level]))?;
        Ok(output.stdout().lines().any(|line| line.split('|').next().is_some_and(|listed| listed.trim() == name)))
    }
}

fn says_running(output: &CommandOutput) -> bool {
    let text = format!("{}{}", output.stdout(), output.stderr()).to_lowercase();
    output.ok() && !NOT_RUNNING.iter().any(|phrase| text.contains(phrase))
}

/// Whether some process' command line contains the text.
pub(crate) fn process_matches(pattern: &str) -> bool {
    let own = std::process::id().to_string();
    let Ok(entries) = std::fs::read_dir("/proc") else { return false };
    entries.flatten().any(|entry| {
        let name = entry.file_name();
        let is_process = name.to_string_lossy().bytes().all(|byte| byte.is_ascii_digit());
        is_process && name.to_string_lossy() != own && command_line(&entry.path()).contains(pattern)
    })
}

fn command_line(process: &Path) -> String {
    let bytes = std::fs::read(process.join("cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&bytes).replace('\0', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn start_links_carry_the_name() {
        assert!(is_start_link("S01cron", "cron"));
        assert!(!is_start_link("K01cron", "cron"));
        assert!(!is_start_link("S01anacron", "cron"));
        assert!(!is_start_link("Scron", "cron"));
    }

    #[test]
    fn status_is_read_from_code_and_words() {
        let output = |rc, text: &str| CommandOutput { rc, stdout: text.into(), ..CommandOutput::default() };
        assert!(says_running(&output(0, "mysv is running\n")));
        assert!(says_running(&output(0, "")));
        assert!(!says_running(&output(0, "mysv is NOT running\n")));
        assert!(!says_running(&output(3, "mysv is running\n")));
    }
}
