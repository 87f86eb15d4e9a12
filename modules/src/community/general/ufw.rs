//! `community.general.ufw`: the uncomplicated firewall.

use crate::{Arg, Args, CommandSpec, Constraint, Context, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module = Module::new("community.general.ufw", ARGS, run).constraints(&[
    Constraint::MutuallyExclusive(&["name", "proto", "logging"]),
    Constraint::MutuallyExclusive(&["direction", "interface_in"]),
    Constraint::MutuallyExclusive(&["direction", "interface_out"]),
    Constraint::RequiredOneOf(&["state", "default", "rule", "logging"]),
    Constraint::RequiredBy("interface", &["direction"]),
]);

const ARGS: &[Arg] = &[
    Arg::str("state").choices(&["enabled", "disabled", "reloaded", "reset"]),
    Arg::str("default").choices(&["allow", "deny", "reject"]).alias(&["policy"]),
    Arg::str("logging").choices(&["full", "high", "low", "medium", "off", "on"]),
    Arg::str("direction").choices(&["in", "incoming", "out", "outgoing", "routed"]),
    Arg::bool("delete").default("false"),
    Arg::bool("route").default("false"),
    Arg::int("insert"),
    Arg::str("insert_relative_to").default("zero").choices(&[
        "zero",
        "first-ipv4",
        "last-ipv4",
        "first-ipv6",
        "last-ipv6",
    ]),
    Arg::str("rule").choices(&["allow", "deny", "limit", "reject"]),
    Arg::str("interface").alias(&["if"]),
    Arg::str("interface_in").alias(&["if_in"]),
    Arg::str("interface_out").alias(&["if_out"]),
    Arg::bool("log").default("false"),
    Arg::str("from_ip").default("any").alias(&["from", "src"]),
    Arg::str("from_port"),
    Arg::str("to_ip").default("any").alias(&["dest", "to"]),
    Arg::str("to_port").alias(&["port"]),
    Arg::str("proto").choices(&["ah", "any", "esp", "ipv6", "tcp", "udp", "gre", "igmp", "vrrp"]).alias(&["protocol"]),
    Arg::str("name").alias(&["app"]),
    Arg::str("comment"),
];

const RULES: [&str; 6] = [
    "/lib/ufw/user.rules",
    "/lib/ufw/user6.rules",
    "/etc/ufw/user.rules",
    "/etc/ufw/user6.rules",
    "/var/lib/ufw/user.rules",
    "/var/lib/ufw/user6.rules",
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let mut ufw = Ufw { program: cx.require_program("ufw")?.to_string_lossy().into_owned(), commands: Vec::new() };
    let before = (ufw.status(cx)?, rules(cx)?);
    let mut changed = false;
    // What ends as it began was no change, save for a reset, a reload, or another level of logging.
    let mut always = matches!(args.opt_str("state"), Some("reset" | "reloaded"));
    if let Some(state) = args.opt_str("state") {
        changed |= ufw.set_state(state, &before.0, cx)?;
    }
    if let Some(level) = args.opt_str("logging") {
        always |= !logs_at(&before.0, level);
        ufw.change(&["logging", level], cx)?;
    }
    if let Some(policy) = args.opt_str("default") {
        let direction = args.opt_str("direction");
        if direction.is_some_and(|direction| !matches!(direction, "incoming" | "outgoing" | "routed")) {
            return Err(ModuleError::failed(
                "For default, direction must be one of \"outgoing\", \"incoming\" and \"routed\", or direction must not be specified.",
            ));
        }
        changed |= policy_of(&before.0, direction.unwrap_or("incoming")) != Some(policy);
        let words: Vec<&str> = ["default", policy].into_iter().chain(direction).collect();
        ufw.change(&words, cx)?;
    }
    if let Some(action) = args.opt_str("rule") {
        changed |= ufw.rule(action, args, &before.1, cx)?;
    }
    if cx.check_mode {
        return Ok(ModuleResult::ok().changed(changed || always).set("commands", ufw.commands));
    }
    let after = (ufw.status(cx)?, rules(cx)?);
    let msg = after.0.trim_end().to_owned();
    Ok(ModuleResult::ok().changed(always || before != after).set("commands", ufw.commands).msg(msg))
}

struct Ufw {
    program: String,
    commands: Vec<String>,
}

impl Ufw {
    fn spec(&mut self, words: &[&str]) -> CommandSpec {
        let spec = CommandSpec::new([self.program.as_str()]).args(words.iter().copied());
        self.commands
            .push(std::iter::once(self.program.as_str()).chain(words.iter().copied()).collect::<Vec<_>>().join(" "));
        spec
    }

    fn ask(&mut self, words: &[&str], cx: &mut Context<'_>) -> Result<String, ModuleError> {
        let spec = self.spec(words);
        let output = cx.run_read(&spec)?;
        if !output.ok() {
            let text = if output.stderr().is_empty() { output.stdout() } else { output.stderr() };
            return Err(ModuleError::failed(text).with("commands", self.commands.clone()));
        }
        Ok(output.stdout())
    }

    fn status(&mut self, cx: &mut Context<'_>) -> Result<String, ModuleError> {
        self.ask(&["status", "verbose"], cx)
    }

    /// Runs a command that changes something; a prediction leaves it out.
    fn change(&mut self, words: &[&str], cx: &mut Context<'_>) -> Result<(), ModuleError> {
        if cx.check_mode {
            return Ok(());
        }
        self.ask(words, cx).map(drop)
    }

    fn set_state(&mut self, state: &str, status: &str, cx: &mut Context<'_>) -> Result<bool, ModuleError> {
        let active = status.contains("Status: active");
        let (verb, changes) = match state {
            "enabled" => ("enable", !active),
            "disabled" => ("disable", active),
            "reloaded" => ("reload", true),
            _ => ("reset", true),
        };
        self.change(&["-f", verb], cx)?;
        Ok(changes)
    }

    fn rule(&mut self, action: &str, args: &Args, before: &str, cx: &mut Context<'_>) -> Result<bool, ModuleError> {
        if args.opt_str("direction").is_some_and(|direction| !matches!(direction, "in" | "out")) {
            return Err(ModuleError::failed(
                "For rules, direction must be one of \"in\" and \"out\", or direction must not be specified.",
            ));
        }
        if !args.bool("route") && args.has("interface_in") && args.has("interface_out") {
            return Err(ModuleError::failed("Only route rules can combine interface_in and interface_out"));
        }
        let mut words = rule_words(action, args);
        if let Some(place) = args.opt_int("insert") {
            let place = self.place(place, args.str("insert_relative_to")?, cx)?;
            let at = words.iter().position(|word| word == action).unwrap_or(0);
            if let Some(place) = place {
                words.splice(at..at, ["insert".to_owned(), place.to_string()]);
            }
        }
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        if !cx.check_mode {
            self.ask(&words, cx)?;
            return Ok(true);
        }
        let dry: Vec<&str> = std::iter::once("--dry-run").chain(words).collect();
        let predicted = self.ask(&dry, cx)?;
        if predicted.contains("Skipping") {
            return Ok(false);
        }
        Ok(tuples(&predicted) != tuples(before))
    }

    /// The number of a rule that is counted from the first or last rule of a kind; `None` puts it at the end.
    fn place(&mut self, place: i64, relative_to: &str, cx: &mut Context<'_>) -> Result<Option<i64>, ModuleError> {
        if relative_to == "zero" {
            return Ok(Some(place));
        }
        let listing = self.ask(&["status", "numbered"], cx)?;
        Ok(relative_place(&listing, place, relative_to))
    }
}

/// `[ 1] 22/tcp (v6) ALLOW IN Anywhere`: rules of IPv6 come after those of IPv4.
fn relative_place(listing: &str, place: i64, relative_to: &str) -> Option<i64> {
    let number = |line: &str| line.strip_prefix('[')?.split(']').next()?.trim().parse::<i64>().ok();
    let rules: Vec<(i64, bool)> =
        listing.lines().filter_map(|line| Some((number(line)?, line.contains("(v6)")))).collect();
    let last4 = rules.iter().filter(|(_, six)| !six).map(|(at, _)| *at).max();
    let first6 = rules.iter().filter(|(_, six)| *six).map(|(at, _)| *at).min();
    let last = rules.iter().map(|(at, _)| *at).max().unwrap_or(0);
    let base = match relative_to {
        "first-ipv4" => 1,
        "last-ipv4" => last4.unwrap_or(1).max(1),
        "first-ipv6" => first6.or(last4.map(|at| at + 1)).unwrap_or(1),
        _ => {
            if first6.is_some() {
                last
            } else {
                last4.map_or(1, |at| at + 1)
            }
        }
    };
    let wanted = base + place;
    (wanted <= last).then_some(wanted.max(1))
}

fn rule_words(action: &str, args: &Args) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut add = |new: &[&str]| words.extend(new.iter().map(|word| (*word).to_owned()));
    if args.bool("route") {
        add(&["route"]);
    }
    if args.bool("delete") {
        add(&["delete"]);
    }
    add(&[action]);
    add(&args.opt_str("direction").into_iter().collect::<Vec<_>>());
    for (keys, name) in [(&["on"][..], "interface"), (&["in", "on"], "interface_in"), (&["out", "on"], "interface_out")]
    {
        if let Some(value) = args.opt_str(name) {
            add(keys);
            add(&[value]);
        }
    }
    if args.bool("log") {
        add(&["log"]);
    }
    for (keys, name) in [
        (&["from"][..], "from_ip"),
        (&["port"], "from_port"),
        (&["to"], "to_ip"),
        (&["port"], "to_port"),
        (&["proto"], "proto"),
        (&["app"], "name"),
        (&["comment"], "comment"),
    ] {
        if let Some(value) = args.opt_str(name) {
            add(keys);
            add(&[value]);
        }
    }
    if args.bool("delete") && args.has("comment") {
        // A rule is told by what it does, not by its comment.
        words.truncate(words.len() - 2);
    }
    words
}

/// The rules as ufw stores them.
fn rules(cx: &Context<'_>) -> Result<String, ModuleError> {
    let mut all = String::new();
    for file in RULES {
        all.push_str(&cx.read_text(file)?.unwrap_or_default());
    }
    Ok(tuples(&all).join("\n"))
}

fn tuples(text: &str) -> Vec<&str> {
    text.lines().filter(|line| line.starts_with("### tuple")).collect()
}

/// `Logging: on (low)`; `on` alone is any level.
fn logs_at(status: &str, level: &str) -> bool {
    let line = status.lines().find_map(|line| line.strip_prefix("Logging: ")).unwrap_or("off");
    match level {
        "off" => line.starts_with("off"),
        "on" => line.starts_with("on"),
        level => line.contains(&format!("({level})")),
    }
}

/// `Default: deny (incoming), allow (outgoing), disabled (routed)`.
fn policy_of<'s>(status: &'s str, direction: &str) -> Option<&'s str> {
    let line = status.lines().find_map(|line| line.strip_prefix("Default: "))?;
    let part = line.split(", ").find(|part| part.ends_with(&format!("({direction})")))?;
    part.split(' ').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_is_understood() {
        let status =
            "Status: active\nLogging: on (low)\nDefault: deny (incoming), allow (outgoing), disabled (routed)\n";
        assert_eq!(policy_of(status, "outgoing"), Some("allow"));
        assert_eq!(policy_of("Status: inactive", "outgoing"), None);
        assert!(logs_at(status, "low") && logs_at(status, "on") && !logs_at(status, "high"));
    }

    #[test]
    fn places_are_counted_from_kinds_of_rules() {
        let listing = "[ 1] 22 ALLOW IN Anywhere\n[ 2] 80 ALLOW IN Anywhere\n[ 3] 22 (v6) ALLOW IN Anywhere (v6)\n";
        assert_eq!(relative_place(listing, 0, "first-ipv6"), Some(3));
        assert_eq!(relative_place(listing, -1, "last-ipv4"), Some(1));
        assert_eq!(relative_place(listing, 1, "last-ipv6"), None);
    }
}
