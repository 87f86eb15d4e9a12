//! SELinux, AppArmor, FIPS mode, and whether the node's root is a changed one.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use serde_json::Value;

use super::collector::{Facts, content};
use crate::Map;

pub(super) fn selinux(facts: &mut Facts<'_, '_>) {
    facts.set("selinux_python_present", true);
    facts.set("selinux", Value::Object(selinux_status()));
}

fn selinux_status() -> Map {
    let mut status = Map::new();
    let mut set = |key: &str, value: &str| drop(status.insert(key.to_owned(), value.into()));
    let Some(enforce) = content("/sys/fs/selinux/enforce") else {
        set("status", "disabled");
        return status;
    };
    set("status", "enabled");
    set("mode", if enforce == "1" { "enforcing" } else { "permissive" });
    let config = fs_err::read_to_string("/etc/selinux/config").unwrap_or_default();
    let setting =
        |name: &str| config.lines().find_map(|line| line.trim().strip_prefix(name)?.strip_prefix('=').map(str::trim));
    set("config_mode", setting("SELINUX").unwrap_or("unknown"));
    set("type", setting("SELINUXTYPE").unwrap_or("unknown"));
    set("policyvers", content("/sys/fs/selinux/policyvers").as_deref().unwrap_or("unknown"));
    status
}

pub(super) fn apparmor(facts: &mut Facts<'_, '_>) {
    let status = if Path::new("/sys/kernel/security/apparmor").exists() { "enabled" } else { "disabled" };
    facts.set("apparmor", Map::from_iter([("status".to_owned(), status.into())]));
}

pub(super) fn fips(facts: &mut Facts<'_, '_>) {
    facts.set("fips", content("/proc/sys/crypto/fips_enabled").as_deref() == Some("1"));
}

pub(super) fn chroot(facts: &mut Facts<'_, '_>) {
    let changed = facts.cx.env("debian_chroot").is_some() || root_differs();
    facts.set("is_chroot", changed);
}

/// Whether `/` is another directory than the first process has; who may not look there knows the usual root inodes.
fn root_differs() -> bool {
    let Ok(own) = fs_err::metadata("/") else { return false };
    if let Ok(first) = fs_err::metadata("/proc/1/root/.") {
        return (own.dev(), own.ino()) != (first.dev(), first.ino());
    }
    // ext: 2, btrfs: 256, xfs: 128 or near it.
    !matches!(own.ino(), 2 | 256 | 128 | 96 | 64)
}
