//! `ansible.builtin.setup`: what is to be known about a node, as facts.
//!
//! Nearly everything is read from `/proc`, `/sys` and `/etc`: a fact costs microseconds, not a process.

mod accounts;
mod capabilities;
mod collector;
mod command_line;
mod date_time;
mod distribution;
mod dns;
pub(crate) mod hardware;
mod local;
mod lsb;
mod network;
mod package_manager;
mod platform;
mod python;
mod security;
mod service_manager;
mod ssh_keys;
mod storage_initiators;
mod subsets;
mod virtualization;

use globset::GlobBuilder;
use serde_json::Value;

use crate::{Arg, Args, Context, Map, Module, ModuleError, ModuleResult};

use collector::Facts;

pub(crate) static MODULE: Module = Module::new("ansible.builtin.setup", ARGS, run);

const ARGS: &[Arg] = &[
    Arg::list("gather_subset").default("all"),
    Arg::int("gather_timeout").default("10"),
    Arg::list("filter").default(""),
    Arg::path("fact_path").default("/etc/ansible/facts.d"),
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let wanted = args.list_of_str("gather_subset");
    let chosen = subsets::choose(&wanted)?;
    let mut facts = Facts::new(args, cx);
    for collector in collector::COLLECTORS.iter().filter(|collector| chosen.contains(collector.name)) {
        (collector.collect)(&mut facts);
    }
    let mut found: Map = facts.into_map().into_iter().map(|(key, value)| (prefixed(&key), value)).collect();
    found.insert("gather_subset".to_owned(), Value::from(wanted));
    found.insert("module_setup".to_owned(), Value::Bool(true));
    Ok(ModuleResult::ok().set("ansible_facts", filtered(found, &args.list_of_str("filter"))))
}

/// Facts of other tools keep their own prefix.
fn prefixed(key: &str) -> String {
    if key.starts_with("facter_") || key.starts_with("ohai_") { key.to_owned() } else { format!("ansible_{key}") }
}

/// The facts whose names match one of the patterns, with or without `ansible_`.
fn filtered(found: Map, patterns: &[String]) -> Map {
    let glob = |pattern: &str| {
        // Braces stand for themselves.
        GlobBuilder::new(&pattern.replace('{', "[{]"))
            .backslash_escape(false)
            .build()
            .map(|glob| glob.compile_matcher())
            .ok()
    };
    if patterns.iter().all(String::is_empty) || patterns.iter().any(|pattern| pattern == "*") {
        return found;
    }
    let globs: Vec<_> =
        patterns.iter().flat_map(|pattern| [glob(pattern), glob(&format!("ansible_{pattern}"))]).flatten().collect();
    found.into_iter().filter(|(key, _)| globs.iter().any(|glob| glob.is_match(key))).collect()
}
