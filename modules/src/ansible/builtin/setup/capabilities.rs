//! The process's capabilities, in the words `capsh` has for them.

use super::collector::{Facts, content};

/// Names by number, as the kernel counts them.
const NAMES: [&str; 41] = [
    "chown",
    "dac_override",
    "dac_read_search",
    "fowner",
    "fsetid",
    "kill",
    "setgid",
    "setuid",
    "setpcap",
    "linux_immutable",
    "net_bind_service",
    "net_broadcast",
    "net_admin",
    "net_raw",
    "ipc_lock",
    "ipc_owner",
    "sys_module",
    "sys_rawio",
    "sys_chroot",
    "sys_ptrace",
    "sys_pacct",
    "sys_admin",
    "sys_boot",
    "sys_nice",
    "sys_resource",
    "sys_time",
    "sys_tty_config",
    "mknod",
    "lease",
    "audit_write",
    "audit_control",
    "setfcap",
    "mac_override",
    "mac_admin",
    "syslog",
    "wake_alarm",
    "block_suspend",
    "audit_read",
    "perfmon",
    "bpf",
    "checkpoint_restore",
];

pub(super) fn collect(facts: &mut Facts<'_, '_>) {
    if facts.cx.which("capsh").is_none() {
        facts.set("system_capabilities_enforced", "N/A");
        facts.set("system_capabilities", "N/A");
        return;
    }
    let status = fs_err::read_to_string("/proc/self/status").unwrap_or_default();
    let last = content("/proc/sys/kernel/cap_last_cap").and_then(|text| text.parse().ok()).unwrap_or(40);
    let text = describe(permitted(&status), last);
    let all = text == "=ep";
    facts.set("system_capabilities_enforced", if all { "False" } else { "True" });
    let listed = text.split_once('=').map_or("", |(_, rest)| rest);
    let list: Vec<&str> = if all { Vec::new() } else { listed.split(',').collect() };
    facts.set("system_capabilities", list);
}

fn permitted(status: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    line.and_then(|text| u64::from_str_radix(text.trim(), 16).ok()).unwrap_or(0)
}

/// All, all but some, none, or a list of some.
fn describe(set: u64, last: u32) -> String {
    let names = |set: u64| {
        let names = NAMES.iter().enumerate().filter(|(number, _)| *number <= last as usize && set >> number & 1 == 1);
        names.map(|(_, name)| format!("cap_{name}")).collect::<Vec<_>>()
    };
    let full = u64::MAX >> (63 - last.min(63));
    let missing = names(full & !set);
    match (set & full, missing.len()) {
        (0, _) => "=".to_owned(),
        (_, 0) => "=ep".to_owned(),
        (_, few) if few * 2 < NAMES.len() => format!("=ep {}-ep", missing.join(",")),
        _ => format!("{}=ep", names(set).join(",")),
    }
}

#[cfg(test)]
mod tests {
    use super::describe;

    #[test]
    fn sets_read_as_capsh_prints_them() {
        assert_eq!(describe(0x1ff_ffff_ffff, 40), "=ep");
        assert_eq!(describe(0x1ff_feff_ffff, 40), "=ep cap_sys_resource-ep");
        assert_eq!(describe(0, 40), "=");
        assert_eq!(describe(0b11, 40), "cap_chown,cap_dac_override=ep");
    }
}
