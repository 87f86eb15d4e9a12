//! Logical volumes, asked of LVM itself, and only where there is something to ask about.

use std::path::Path;

use serde_json::json;

use super::super::collector::Facts;
use crate::{CommandSpec, Map};

pub(super) fn collect(facts: &mut Facts<'_, '_>) {
    let may_ask = rustix::process::getuid().is_root() && facts.cx.which("vgs").is_some();
    if !may_ask {
        facts.set("lvm", "N/A");
        return;
    }
    let (mut groups, mut volumes, mut physical) = (Map::new(), Map::new(), Map::new());
    if in_use() {
        for line in ask(facts, "vgs", "vg_name,pv_count,lv_count,snap_count,vg_attr,vg_size,vg_free") {
            if let [name, _, lvs, _, _, size, free, ..] = line.as_slice() {
                groups.insert(
                    name.clone(),
                    json!({ "size_g": size, "free_g": free, "num_lvs": lvs, "num_pvs": line[1] }),
                );
            }
        }
        for line in ask(facts, "lvs", "lv_name,vg_name,lv_attr,lv_size") {
            if let [name, group, _, size, ..] = line.as_slice() {
                volumes.insert(name.clone(), json!({ "size_g": size, "vg": group }));
            }
        }
        for line in ask(facts, "pvs", "pv_name,vg_name,pv_fmt,pv_attr,pv_size,pv_free") {
            if let [name, group, _, _, size, free] = line.as_slice() {
                physical.insert(name.clone(), json!({ "size_g": size, "free_g": free, "vg": group }));
            }
        }
    }
    facts.set("lvm", json!({ "lvs": volumes, "vgs": groups, "pvs": physical }));
}

/// Whether anything here was ever made with LVM.
fn in_use() -> bool {
    let any = |dir: &str| fs_err::read_dir(dir).is_ok_and(|mut entries| entries.next().is_some());
    any("/etc/lvm/backup")
        || any("/run/lvm/pvs_online")
        || !crate::glob_paths::glob("/sys/block/dm-*").is_empty() && Path::new("/dev/mapper").exists()
}

/// A report's lines, taken apart; sizes are gigabytes.
fn ask(facts: &mut Facts<'_, '_>, program: &str, columns: &str) -> Vec<Vec<String>> {
    let options = ["--noheadings", "--nosuffix", "--units", "g", "--separator", ",", "-o", columns];
    let output = facts.cx.run_read(&CommandSpec::new([program]).args(options)).map(|output| output.stdout());
    let text = output.unwrap_or_default();
    text.lines().map(|line| line.trim().split(',').map(str::to_owned).collect()).collect()
}
