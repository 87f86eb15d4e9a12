//! `Firewall`: firewalld, through its programs: `firewall-cmd` while the daemon runs, `firewall-offline-cmd` otherwise.

use crate::{CommandOutput, CommandSpec, Context, ModuleError};

/// What the daemon does now, or what it does after its next start.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Layer {
    Permanent,
    Runtime,
}

pub(super) struct Firewall<'a> {
    pub(super) running: bool,
    zone: Option<&'a str>,
}

impl<'a> Firewall<'a> {
    pub(super) fn find(zone: Option<&'a str>, cx: &mut Context<'_>) -> Result<Self, ModuleError> {
        cx.require_program("firewall-cmd")?;
        let running = cx.run_read(&CommandSpec::new(["firewall-cmd", "--state"]))?.ok();
        if !running {
            cx.require_program("firewall-offline-cmd")?;
        }
        Ok(Self { running, zone })
    }

    /// The zone of the task, which is the default one when it names none.
    pub(super) fn zone_name(&self, cx: &mut Context<'_>) -> Result<String, ModuleError> {
        match self.zone {
            Some(zone) => Ok(zone.to_owned()),
            None => self.plain(Layer::Runtime, "--get-default-zone", cx),
        }
    }

    /// What the firewall answers to a question about the zone.
    pub(super) fn ask(&self, layer: Layer, question: &str, cx: &mut Context<'_>) -> Result<String, ModuleError> {
        let output = cx.run_read(&self.spec(layer).args(self.zone()).arg(question))?;
        self.answer(&output)
    }

    /// What the firewall answers to a question about no zone.
    pub(super) fn plain(&self, layer: Layer, question: &str, cx: &mut Context<'_>) -> Result<String, ModuleError> {
        let output = cx.run_read(&self.spec(layer).arg(question))?;
        self.answer(&output)
    }

    fn answer(&self, output: &CommandOutput) -> Result<String, ModuleError> {
        if output.ok() {
            return Ok(output.stdout().trim().to_owned());
        }
        Err(ModuleError::failed(self.exception(&complaint(output))))
    }

    /// A question that is answered by yes or no, and by `None` when its values make no sense.
    pub(super) fn query(
        &self,
        layer: Layer,
        question: String,
        cx: &mut Context<'_>,
    ) -> Result<Option<bool>, ModuleError> {
        let output = cx.run_read(&self.spec(layer).args(self.zone()).arg(question))?;
        match output.stdout().trim() {
            "yes" if output.ok() => Ok(Some(true)),
            "no" => Ok(Some(false)),
            _ => {
                let text = complaint(&output);
                let senseless = ["INVALID_PORT", "INVALID_PROTOCOL"].iter().any(|code| text.starts_with(code));
                if senseless { Ok(None) } else { Err(ModuleError::failed(self.exception(&text))) }
            }
        }
    }

    /// Changes something of the zone; the inner error is the firewall's reason not to.
    pub(super) fn change_zone(
        &self,
        layer: Layer,
        words: &[String],
        cx: &mut Context<'_>,
    ) -> Result<Result<(), String>, ModuleError> {
        let zone = self.zone();
        self.change(layer, &zone.into_iter().chain(words.iter().cloned()).collect::<Vec<_>>(), cx)
    }

    pub(super) fn change(
        &self,
        layer: Layer,
        words: &[String],
        cx: &mut Context<'_>,
    ) -> Result<Result<(), String>, ModuleError> {
        let output = cx.run(&self.spec(layer).args(words))?;
        Ok(if output.ok() { Ok(()) } else { Err(complaint(&output)) })
    }

    fn spec(&self, layer: Layer) -> CommandSpec {
        match (self.running, layer) {
            (true, Layer::Permanent) => CommandSpec::new(["firewall-cmd", "--permanent"]),
            (true, Layer::Runtime) => CommandSpec::new(["firewall-cmd"]),
            (false, _) => CommandSpec::new(["firewall-offline-cmd"]),
        }
    }

    fn zone(&self) -> Option<String> {
        self.zone.map(|zone| format!("--zone={zone}"))
    }

    /// How Ansible shows a refusal; what is no rule at all is found out before the daemon is asked.
    pub(super) fn exception(&self, text: &str) -> String {
        let by_daemon = self.running && !text.starts_with("INVALID_RULE");
        let class = if by_daemon { "org.fedoraproject.FirewallD1.Exception: " } else { "" };
        format!("ERROR: Exception caught: {class}{text}")
    }
}

/// The last line that a program says, which is the reason of its failure.
fn complaint(output: &CommandOutput) -> String {
    let text = if output.stderr().trim().is_empty() { output.stdout() } else { output.stderr() };
    let line = text.trim().lines().last().unwrap_or_default();
    line.strip_prefix("Error: ").unwrap_or(line).to_owned()
}
