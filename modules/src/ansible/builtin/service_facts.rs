//! `ansible.builtin.service_facts`: the state of every service as a fact.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::services::systemd_is_running;
use crate::{Arg, Args, CommandSpec, Context, Map, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module = Module::new("ansible.builtin.service_facts", ARGS, run);

const ARGS: &[Arg] = &[];

fn run(_: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let mut services = Map::new();
    for (name, service) in scripts(cx)?.into_iter().chain(openrc(cx)?) {
        services.insert(name, service);
    }
    for (name, service) in units(cx)? {
        services.insert(name, service);
    }
    if services.is_empty() {
        return Ok(ModuleResult::ok()
            .skipped()
            .msg("Failed to find any services. This can be due to privileges or some other configuration issue."));
    }
    Ok(ModuleResult::ok().fact("services", services))
}

fn service(name: &str, state: &str, status: Option<&str>, source: &str) -> Value {
    let mut service = json!({"name": name, "state": state});
    if let Some(status) = status {
        service["status"] = status.into();
    }
    service["source"] = source.into();
    service
}

/// `service --status-all`: ` [ + ]  cron`.
fn scripts(cx: &mut Context<'_>) -> Result<BTreeMap<String, Value>, ModuleError> {
    if cx.which("service").is_none() || cx.which("rc-service").is_some() {
        return Ok(BTreeMap::new());
    }
    let output = cx.run_read(&CommandSpec::new(["service", "--status-all"]))?;
    Ok(parse_status_all(&output.stdout()))
}

fn parse_status_all(text: &str) -> BTreeMap<String, Value> {
    let line = |line: &str| {
        let (sign, name) = line.trim().strip_prefix('[')?.split_once(']')?;
        let name = name.trim();
        let state = if sign.trim() == "+" { "running" } else { "stopped" };
        (!name.is_empty()).then(|| (name.to_owned(), service(name, state, None, "sysv")))
    };
    text.lines().filter_map(line).collect()
}

fn openrc(cx: &mut Context<'_>) -> Result<BTreeMap<String, Value>, ModuleError> {
    if cx.which("rc-status").is_none() {
        return Ok(BTreeMap::new());
    }
    let output = cx.run_read(&CommandSpec::new(["rc-status", "-a", "-s", "-r"]))?;
    Ok(parse_rc_status(&output.stdout()))
}

/// ` sshd  [  started  ]`.
fn parse_rc_status(text: &str) -> BTreeMap<String, Value> {
    let line = |line: &str| {
        let (name, rest) = line.split_once('[')?;
        let (name, word) = (name.trim(), rest.split(']').next()?.trim());
        let state = if word.starts_with("started") { "running" } else { "stopped" };
        (!name.is_empty()).then(|| (name.to_owned(), service(name, state, None, "openrc")))
    };
    text.lines().filter_map(line).collect()
}

/// Units that are loaded, then unit files nobody loaded.
fn units(cx: &mut Context<'_>) -> Result<BTreeMap<String, Value>, ModuleError> {
    if !systemd_is_running() || cx.which("systemctl").is_none() {
        return Ok(BTreeMap::new());
    }
    let files = listing("list-unit-files", cx)?;
    let files: BTreeMap<&str, &str> = files.lines().filter_map(two_words).collect();
    let loaded = listing("list-units", cx)?;
    let mut services = BTreeMap::new();
    for line in loaded.lines() {
        if let Some((name, service)) = loaded_unit(line, &files) {
            services.insert(name, service);
        }
    }
    let others: Vec<&str> = files.keys().copied().filter(|name| !services.contains_key(*name)).collect();
    for (name, state) in active_states(&others, cx)? {
        services.insert(name.to_owned(), service(name, &state, files.get(name).copied(), "systemd"));
    }
    Ok(services)
}

/// What systemd says of units that nobody loaded; templates have no state.
fn active_states<'a>(names: &[&'a str], cx: &mut Context<'_>) -> Result<Vec<(&'a str, String)>, ModuleError> {
    let (templates, units): (Vec<&str>, Vec<&str>) = names.iter().partition(|name| name.contains("@."));
    let mut states: Vec<_> = templates.into_iter().map(|name| (name, "unknown".to_owned())).collect();
    if !units.is_empty() {
        let command =
            CommandSpec::new(["systemctl", "show", "--property=ActiveState", "--"]).args(units.iter().copied());
        let output = cx.run_read(&command)?.stdout();
        // One line for each unit, in the order asked.
        let answers = output.lines().filter_map(|line| line.strip_prefix("ActiveState=")).map(str::to_owned);
        states.extend(units.into_iter().zip(answers));
    }
    Ok(states)
}

fn listing(verb: &str, cx: &mut Context<'_>) -> Result<String, ModuleError> {
    let options = ["--no-pager", "--no-legend", "--plain", "--type=service", "--all"];
    Ok(cx.run_read(&CommandSpec::new(["systemctl", verb]).args(options))?.stdout())
}

fn two_words(line: &str) -> Option<(&str, &str)> {
    let mut words = line.split_whitespace();
    Some((words.next()?, words.next()?))
}

/// `name load active sub description…`.
fn loaded_unit(line: &str, files: &BTreeMap<&str, &str>) -> Option<(String, Value)> {
    let mut words = line.trim_start_matches(['●', '*', ' ']).split_whitespace();
    let (name, load, active, sub) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let state = if sub == "running" { "running" } else { "stopped" };
    let problem = [load, active, sub].into_iter().find(|word| matches!(*word, "not-found" | "masked" | "failed"));
    let status = problem.or_else(|| files.get(name).copied()).unwrap_or(active);
    Some((name.to_owned(), service(name, state, Some(status), "systemd")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listings_are_understood() {
        let scripts = parse_status_all(" [ + ]  cron\n [ - ]  hwclock.sh\n [ ? ]  x\n");
        assert_eq!(scripts["cron"], json!({"name": "cron", "state": "running", "source": "sysv"}));
        assert_eq!(scripts.len(), 3);
        let openrc = parse_rc_status("Runlevel: default\n sshd     [  started  ]\n crond   [ stopped ]\n");
        assert_eq!(openrc["sshd"]["state"], "running");
        assert_eq!(openrc.len(), 2);
    }

    #[test]
    fn units_show_their_problem_or_their_file() {
        let files = BTreeMap::from([("cron.service", "enabled")]);
        let status = |line: &str| loaded_unit(line, &files).map(|(_, service)| service["status"].clone()).unwrap();
        assert_eq!(status("cron.service loaded active running Regular"), "enabled");
        assert_eq!(status("bad.service loaded failed failed bad"), "failed");
        assert_eq!(status("● gone.service not-found inactive dead gone"), "not-found");
    }
}
