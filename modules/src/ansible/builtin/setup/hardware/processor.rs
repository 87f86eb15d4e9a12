//! Processors, from `/proc/cpuinfo`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::super::collector::Facts;
use crate::Map;

pub(super) fn collect(facts: &mut Facts<'_, '_>) {
    let text = fs_err::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let architecture = facts.text("architecture").to_owned();
    facts.extend(describe(&text, &architecture));
    let available = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    facts.set("processor_nproc", available);
}

/// Lines whose values describe a processor one by one.
const DESCRIPTIONS: [&str; 6] = ["model name", "Processor", "vendor_id", "cpu", "Vendor", "processor"];

fn describe(text: &str, architecture: &str) -> Map {
    let mut listed: Vec<Value> = Vec::new();
    let mut flags: Vec<Value> = Vec::new();
    let (mut count, mut models) = (0_u64, 0_u64);
    let mut package = String::new();
    let mut packages = BTreeSet::new();
    let (mut cores, mut siblings): (BTreeMap<String, u64>, BTreeMap<String, u64>) = Default::default();
    let mut cores_listed = BTreeSet::new();
    for (key, value) in
        text.lines().filter_map(|line| line.split_once(':')).map(|(key, value)| (key.trim(), value.trim()))
    {
        match key {
            "processor" => count += 1,
            "model name" | "Processor" => models += 1,
            "physical id" => {
                value.clone_into(&mut package);
                packages.insert(package.clone());
            }
            "core id" => drop(cores_listed.insert((package.clone(), value.to_owned()))),
            "cpu cores" => drop(cores.insert(package.clone(), value.parse().unwrap_or(1))),
            "siblings" => drop(siblings.insert(package.clone(), value.parse().unwrap_or(1))),
            "flags" | "Features" if flags.is_empty() => flags = value.split_whitespace().map(Value::from).collect(),
            _ => {}
        }
        if DESCRIPTIONS.contains(&key) {
            listed.push(value.into());
        }
    }
    // ARM and others number their processors without naming a model for each.
    let sockets = packages.len().max(1) as u64;
    let single =
        architecture.starts_with("arm") || architecture.starts_with("aarch") || architecture.starts_with("ppc");
    let vcpus = if count == 0 { models } else { count };
    let (processor_count, per_socket) =
        if packages.is_empty() { (vcpus, 1) } else { (sockets, cores.values().next().copied().unwrap_or(1)) };
    let (processor_count, per_socket) =
        if single && packages.is_empty() { (vcpus, 1) } else { (processor_count, per_socket) };
    let threads =
        siblings.values().next().copied().unwrap_or(per_socket).checked_div(per_socket.max(1)).unwrap_or(1).max(1);
    let mut facts = Map::new();
    let mut set = |key: &str, value: Value| drop(facts.insert(key.to_owned(), value));
    set("processor", listed.into());
    set("processor_count", processor_count.into());
    set("processor_cores", per_socket.into());
    set("processor_threads_per_core", threads.into());
    set("processor_vcpus", if packages.is_empty() { vcpus } else { threads * processor_count * per_socket }.into());
    if !flags.is_empty() {
        set("flags", flags.into());
    }
    facts
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::describe;

    fn processor(number: u32, package: u32) -> String {
        format!(
            "processor\t: {number}\nvendor_id\t: GenuineIntel\nmodel name\t: Xeon\nphysical id\t: {package}\nsiblings\t: 4\n\
             core id\t: {}\ncpu cores\t: 2\nflags\t: fpu vme\n\n",
            number % 2
        )
    }

    #[test]
    fn sockets_cores_and_threads_are_counted() {
        let text: String = (0..8).map(|number| processor(number, number / 4)).collect();
        let facts = describe(&text, "x86_64");
        assert_eq!(facts["processor_count"], 2);
        assert_eq!(facts["processor_cores"], 2);
        assert_eq!(facts["processor_threads_per_core"], 2);
        assert_eq!(facts["processor_vcpus"], 8);
        assert_eq!(facts["flags"], json!(["fpu", "vme"]));
        assert_eq!(facts["processor"].as_array().unwrap()[..3], [json!("0"), json!("GenuineIntel"), json!("Xeon")]);
    }

    #[test]
    fn arm_numbers_its_processors_only() {
        let text =
            "processor\t: 0\nBogoMIPS\t: 108.00\nFeatures\t: fp asimd\nCPU implementer\t: 0x41\n\nprocessor\t: 1\n";
        let facts = describe(text, "aarch64");
        assert_eq!((&facts["processor_count"], &facts["processor_vcpus"]), (&json!(2), &json!(2)));
        assert_eq!(facts["processor"], json!(["0", "1"]));
    }
}
