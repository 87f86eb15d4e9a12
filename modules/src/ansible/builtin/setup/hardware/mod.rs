//! Processors, memory, boards, disks and mounted file systems.

mod board;
mod devices;
mod lvm;
mod memory;
pub(crate) mod mounts;
mod processor;

use super::collector::{Facts, content};

pub(super) fn collect(facts: &mut Facts<'_, '_>) {
    processor::collect(facts);
    memory::collect(facts);
    board::collect(facts);
    devices::collect(facts);
    mounts::collect(facts);
    lvm::collect(facts);
    let uptime = content("/proc/uptime").and_then(|text| text.split('.').next()?.parse::<u64>().ok());
    if let Some(seconds) = uptime {
        facts.set("uptime_seconds", seconds);
    }
}
