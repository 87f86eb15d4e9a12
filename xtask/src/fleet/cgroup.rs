//! A control group per host. systemd-nspawn with `--keep-unit` puts every host's processes in `payload` below its own
//! group: hosts that were started from the same one would manage each other's services.

use std::path::PathBuf;

use anyhow::Result;

/// Where the machine's systemd-relevant hierarchies are mounted: one on a unified system, two on a hybrid one.
fn hierarchies() -> Vec<PathBuf> {
    ["/sys/fs/cgroup", "/sys/fs/cgroup/unified", "/sys/fs/cgroup/systemd"]
        .into_iter()
        .map(PathBuf::from)
        .filter(|mount| mount.join("cgroup.procs").exists())
        .collect()
}

/// Creates the groups; returns the `cgroup.procs` files a process writes itself into.
pub(super) fn create(name: &str) -> Result<Vec<PathBuf>> {
    let mut entrances = Vec::new();
    for hierarchy in hierarchies() {
        let group = hierarchy.join(name);
        fs_err::create_dir_all(&group)?;
        entrances.push(group.join("cgroup.procs"));
    }
    Ok(entrances)
}

/// Removes the groups, deepest first. One that is still busy stays: an empty leftover does no harm.
pub(super) fn remove(name: &str) {
    for hierarchy in hierarchies() {
        remove_tree(&hierarchy.join(name));
    }
}

fn remove_tree(group: &std::path::Path) {
    for entry in fs_err::read_dir(group).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_tree(&entry.path());
        }
    }
    let _ = fs_err::remove_dir(group);
}
