//! `semanage`, the program that keeps a machine's own additions to the SELinux policy.

use crate::{Args, CommandSpec, Context, ModuleError};

/// One kind of what it keeps: `port`, `fcontext`.
pub(super) struct Semanage {
    kind: &'static str,
    reload: bool,
}

impl Semanage {
    /// From the arguments that the modules share; a kernel without SELinux is an error unless the task says it is none.
    pub(super) fn new(kind: &'static str, args: &Args, cx: &Context<'_>) -> Result<Self, ModuleError> {
        if !args.bool("ignore_selinux_state") && !cx.exists("/sys/fs/selinux/enforce") {
            return Err(ModuleError::failed("SELinux is disabled on this host."));
        }
        cx.require_program("semanage")?;
        Ok(Self { kind, reload: args.bool("reload") })
    }

    /// Everything of this kind, or what was added on this machine, without headings.
    pub(super) fn list(&self, local: bool, cx: &mut Context<'_>) -> Result<String, ModuleError> {
        let command = CommandSpec::new(["semanage", self.kind, "-l", "-n"]).args(local.then_some("-C"));
        let output = cx.run_read(&command)?;
        if output.ok() { Ok(output.stdout()) } else { Err(failure(&output.stderr())) }
    }

    /// Changes something; nothing in check mode.
    pub(super) fn change(&self, words: &[&str], cx: &mut Context<'_>) -> Result<(), ModuleError> {
        let command = CommandSpec::new(["semanage", self.kind]).args((!self.reload).then_some("-N"));
        let output = cx.run(&command.args(words.iter().copied()))?;
        if output.ok() { Ok(()) } else { Err(failure(&output.stderr())) }
    }
}

/// The error is in the last line; what its libraries say comes before it.
fn failure(stderr: &str) -> ModuleError {
    let reason = stderr.trim_end().lines().last().unwrap_or_default();
    ModuleError::failed(format!("{reason}\n"))
}
