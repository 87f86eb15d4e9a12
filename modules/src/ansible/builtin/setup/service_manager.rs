//! Which program starts the node's services, and systemd's version.

use std::path::Path;

use serde_json::json;

use super::collector::{Facts, content};
use crate::CommandSpec;

pub(super) fn collect(facts: &mut Facts<'_, '_>) {
    let manager = manager(content("/proc/1/comm").as_deref());
    facts.set("service_mgr", manager);
}

fn manager(first: Option<&str>) -> String {
    // A shell is no service manager; the rest may be any program a container was started with.
    let named = match first {
        Some("procd") => Some("openwrt_init"),
        Some("runit-init") => Some("runit"),
        Some("svscan") => Some("svc"),
        Some("openrc-init") => Some("openrc"),
        Some(other) if !matches!(other, "init" | "systemd") && !other.ends_with("sh") => Some(other),
        _ => None,
    };
    named.map_or_else(|| by_its_traces().to_owned(), str::to_owned)
}

fn by_its_traces() -> &'static str {
    let exists = |path: &str| Path::new(path).exists();
    let links_to_systemd = fs_err::read_link("/sbin/init").is_ok_and(|target| target.ends_with("systemd"));
    if is_booted_with_systemd() {
        "systemd"
    } else if exists("/sbin/initctl") && exists("/etc/init") {
        "upstart"
    } else if exists("/sbin/openrc") {
        "openrc"
    } else if links_to_systemd {
        "systemd"
    } else if exists("/etc/init.d") {
        "sysvinit"
    } else if exists("/etc/dinit.d") {
        "dinit"
    } else {
        "service"
    }
}

fn is_booted_with_systemd() -> bool {
    ["/run/systemd/system", "/dev/.run/systemd", "/dev/.systemd"].iter().any(|path| Path::new(path).exists())
}

pub(super) fn systemd(facts: &mut Facts<'_, '_>) {
    if !is_booted_with_systemd() {
        return;
    }
    let Ok(output) = facts.cx.run_read(&CommandSpec::new(["systemctl", "--version"])) else { return };
    let text = output.stdout();
    let mut lines = text.lines();
    let version = lines.next().and_then(|line| line.split_whitespace().nth(1)?.parse::<u32>().ok());
    if let Some(version) = version.filter(|_| output.ok()) {
        facts.set("systemd", json!({ "version": version, "features": lines.next().unwrap_or_default() }));
    }
}
