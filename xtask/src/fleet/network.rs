//! The fleet's network: a namespace with a bridge in it, and the control node's address on that bridge.

use std::process::Command;

use anyhow::Result;

use crate::command::{command, run};

/// The control node's own address; hosts count from `.10`.
pub(super) const GATEWAY: &str = "10.77.0.1";
pub(super) const BRIDGE: &str = "fleet0";

pub(super) struct Network {
    namespace: String,
}

impl Network {
    pub(super) fn new(fleet: &str) -> Self {
        Self { namespace: format!("kapell-{fleet}") }
    }

    pub(super) fn up(&self) -> Result<()> {
        run(&mut command(["ip", "netns", "add", &self.namespace]))?;
        for words in [
            &["link", "set", "lo", "up"][..],
            &["link", "add", BRIDGE, "type", "bridge"],
            &["address", "add", &format!("{GATEWAY}/24"), "dev", BRIDGE],
            &["link", "set", BRIDGE, "up"],
        ] {
            run(self.enter().arg("ip").args(words))?;
        }
        Ok(())
    }

    pub(super) fn down(&self) -> Result<()> {
        if self.path().exists() {
            run(&mut command(["ip", "netns", "delete", &self.namespace]))?;
        }
        Ok(())
    }

    /// The start of a command line that runs inside. `ip netns exec` would remount /sys, and nspawn then finds no cgroups.
    pub(super) fn enter(&self) -> Command {
        command(["nsenter", &format!("--net={}", self.path().display())])
    }

    fn path(&self) -> std::path::PathBuf {
        std::path::Path::new("/var/run/netns").join(&self.namespace)
    }
}
