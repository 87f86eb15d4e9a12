//! The names by which the node is known to storage: Fibre Channel, iSCSI, NVMe.

use serde_json::Value;

use super::collector::{Facts, content};

pub(super) fn fibre_channel(facts: &mut Facts<'_, '_>) {
    let hosts = crate::glob_paths::glob("/sys/class/fc_host/*/port_name");
    let names = hosts.iter().filter_map(content);
    let names: Vec<Value> = names.map(|name| name.trim_start_matches("0x").to_owned().into()).collect();
    facts.set("fibre_channel_wwn", names);
}

pub(super) fn iscsi(facts: &mut Facts<'_, '_>) {
    let text = content("/etc/iscsi/initiatorname.iscsi").unwrap_or_default();
    let name = text.lines().find_map(|line| line.trim().strip_prefix("InitiatorName="));
    facts.set("iscsi_iqn", name.unwrap_or_default());
}

pub(super) fn nvme(facts: &mut Facts<'_, '_>) {
    let text = content("/etc/nvme/hostnqn").unwrap_or_default();
    let name = text.lines().map(str::trim).find(|line| line.starts_with("nqn."));
    facts.set("hostnqn", name.unwrap_or_default());
}
