//! Block devices and their partitions, from `/sys/block`, and the names in `/dev/disk`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::super::collector::{Facts, content};
use crate::Map;

/// Names of a device by kind (`ids`, `uuids`, `labels`, `masters`) and device.
type Links = BTreeMap<&'static str, BTreeMap<String, Vec<String>>>;

pub(super) fn collect(facts: &mut Facts<'_, '_>) {
    let links = links();
    let devices: Map =
        names("/sys/block").into_iter().filter_map(|name| Some((name.clone(), device(&name, &links)?))).collect();
    facts.set("devices", devices);
    facts.set("device_links", json!(links));
}

fn names(directory: impl AsRef<Path>) -> Vec<String> {
    let entries = fs_err::read_dir(directory.as_ref()).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn links() -> Links {
    let by = |kind: &str| {
        let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let directory = format!("/dev/disk/by-{kind}");
        for name in names(&directory) {
            let target = fs_err::canonicalize(Path::new(&directory).join(&name)).ok();
            if let Some(device) = target.as_ref().and_then(|path| path.file_name()) {
                found.entry(device.to_string_lossy().into_owned()).or_default().push(name);
            }
        }
        found
    };
    let mut masters: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for path in crate::glob_paths::glob("/sys/block/*/slaves/*") {
        let part =
            |index: usize| path.components().nth(index).map(|part| part.as_os_str().to_string_lossy().into_owned());
        if let (Some(master), Some(slave)) = (part(3), part(5)) {
            masters.entry(slave).or_default().push(master);
        }
    }
    BTreeMap::from([("ids", by("id")), ("uuids", by("uuid")), ("labels", by("label")), ("masters", masters)])
}

fn links_of(name: &str, links: &Links) -> Value {
    let of = |kind: &str| links.get(kind).and_then(|found| found.get(name)).cloned().unwrap_or_default();
    json!({ "ids": of("ids"), "uuids": of("uuids"), "labels": of("labels"), "masters": of("masters") })
}

/// `None` for RAM disks and the like.
fn device(name: &str, links: &Links) -> Option<Value> {
    let directory = PathBuf::from("/sys/block").join(name);
    if name.starts_with("ram") {
        return None;
    }
    let has_device = directory.join("device").exists();
    let read = |file: &str| content(directory.join(file));
    let hardware = |file: &str| has_device.then(|| read(file)).flatten();
    let flag = |file: &str| read(file).unwrap_or_else(|| "0".to_owned());
    let sector_size = read("queue/logical_block_size").unwrap_or_else(|| "512".to_owned());
    let sectors: u64 = read("size").and_then(|text| text.parse().ok()).unwrap_or(0);
    let mut facts = json!({
        // Ansible says so of every device.
        "virtual": 1,
        "links": links_of(name, links),
        "vendor": hardware("device/vendor"),
        "model": hardware("device/model"),
        "sas_address": hardware("device/sas_address"),
        "sas_device_handle": hardware("device/sas_device_handle"),
        "removable": flag("removable"),
        "support_discard": read("queue/discard_granularity").unwrap_or_else(|| "0".to_owned()),
        "rotational": flag("queue/rotational"),
        "scheduler_mode": scheduler(&read("queue/scheduler").unwrap_or_default()),
        "sectors": sectors,
        "sectorsize": sector_size,
        "size": human_size(sectors * 512),
        "host": "",
        "holders": names(directory.join("holders")),
        "partitions": partitions(name, &directory, links),
    });
    for (key, value) in [("serial", hardware("device/serial")), ("wwn", hardware("device/wwid"))] {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            facts[key] = value.into();
        }
    }
    Some(facts)
}

/// The scheduler in brackets.
fn scheduler(text: &str) -> String {
    let inside = text.split_once('[').and_then(|(_, rest)| rest.split_once(']'));
    inside.map_or_else(String::new, |(name, _)| name.to_owned())
}

fn partitions(name: &str, directory: &Path, links: &Links) -> Map {
    let inner = names(directory)
        .into_iter()
        .filter(|part| part.starts_with(name) && directory.join(part).join("partition").exists());
    inner.map(|part| (part.clone(), partition(&part, &directory.join(&part), links))).collect()
}

fn partition(name: &str, directory: &Path, links: &Links) -> Value {
    let read = |file: &str| content(directory.join(file));
    let sectors: u64 = read("size").and_then(|text| text.parse().ok()).unwrap_or(0);
    let sector_size =
        content(directory.join("../queue/logical_block_size")).and_then(|text| text.parse().ok()).unwrap_or(512_u64);
    let uuid = links.get("uuids").and_then(|found| found.get(name)).and_then(|names| names.first()).cloned();
    json!({
        "links": links_of(name, links),
        "start": read("start").unwrap_or_else(|| "0".to_owned()),
        "sectors": sectors,
        "sectorsize": sector_size,
        "size": human_size(sectors * 512),
        "uuid": uuid,
        "holders": names(directory.join("holders")),
    })
}

/// `20.00 GB`, as disks are labelled in facts: binary multiples.
fn human_size(bytes: u64) -> String {
    let units = [("YB", 80), ("ZB", 70), ("EB", 60), ("PB", 50), ("TB", 40), ("GB", 30), ("MB", 20), ("KB", 10)];
    let unit = units.iter().find(|(_, power)| *power < 64 && bytes >= 1 << power);
    match unit {
        Some((name, power)) => format!("{:.2} {name}", bytes as f64 / (1_u64 << power) as f64),
        None => format!("{bytes:.2} Bytes", bytes = bytes as f64),
    }
}

#[cfg(test)]
mod tests {
    use super::{human_size, scheduler};

    #[test]
    fn sizes_and_schedulers_read_as_facts_do() {
        assert_eq!(human_size(0), "0.00 Bytes");
        assert_eq!(human_size(536_870_912 * 512), "256.00 GB");
        assert_eq!(scheduler("none [mq-deadline] kyber"), "mq-deadline");
        assert_eq!(scheduler("none"), "");
    }
}
