//! `ansible.builtin.iptables`: one rule of the packet filter, a chain, or its policy.

use crate::{Arg, Args, CommandSpec, Constraint, Context, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module = Module::new("ansible.builtin.iptables", ARGS, run).constraints(&[
    Constraint::MutuallyExclusive(&["set_dscp_mark", "set_dscp_mark_class"]),
    Constraint::MutuallyExclusive(&["flush", "policy"]),
    Constraint::RequiredBy("set_dscp_mark", &["jump"]),
    Constraint::RequiredBy("set_dscp_mark_class", &["jump"]),
    Constraint::RequiredIf("jump", "TEE", &["gateway"]),
    Constraint::RequiredIf("jump", "tee", &["gateway"]),
    Constraint::RequiredIf("flush", "False", &["chain"]),
]);

const ARGS: &[Arg] = &[
    Arg::str("table").default("filter").choices(&["filter", "nat", "mangle", "raw", "security"]),
    Arg::str("state").default("present").choices(&["absent", "present"]),
    Arg::str("action").default("append").choices(&["append", "insert"]),
    Arg::str("ip_version").default("ipv4").choices(&["ipv4", "ipv6", "both"]),
    Arg::str("chain"),
    Arg::str("rule_num"),
    Arg::str("protocol"),
    Arg::str("wait"),
    Arg::str("source"),
    Arg::str("to_source"),
    Arg::str("destination"),
    Arg::str("to_destination"),
    Arg::list("match").default(""),
    Arg::dict("tcp_flags").options(&[Arg::list("flags"), Arg::list("flags_set")]),
    Arg::str("jump"),
    Arg::str("gateway"),
    Arg::str("log_prefix"),
    Arg::str("log_level").choices(&[
        "0", "1", "2", "3", "4", "5", "6", "7", "emerg", "alert", "crit", "error", "warning", "notice", "info", "debug",
    ]),
    Arg::str("goto"),
    Arg::str("in_interface"),
    Arg::str("out_interface"),
    Arg::str("fragment"),
    Arg::str("set_counters"),
    Arg::str("source_port"),
    Arg::str("destination_port"),
    Arg::list("destination_ports").default(""),
    Arg::str("to_ports"),
    Arg::str("set_dscp_mark"),
    Arg::str("set_dscp_mark_class"),
    Arg::str("comment"),
    Arg::list("ctstate").default(""),
    Arg::str("src_range"),
    Arg::str("dst_range"),
    Arg::str("match_set"),
    Arg::str("match_set_flags").choices(&["src", "dst", "src,dst", "dst,src", "dst,dst", "src,src"]),
    Arg::str("limit"),
    Arg::str("limit_burst"),
    Arg::str("uid_owner"),
    Arg::str("gid_owner"),
    Arg::str("reject_with"),
    Arg::str("icmp_type"),
    Arg::str("syn").default("ignore").choices(&["ignore", "match", "negate"]),
    Arg::bool("flush").default("false"),
    Arg::str("policy").choices(&["ACCEPT", "DROP", "QUEUE", "RETURN"]),
    Arg::bool("chain_management").default("false"),
    Arg::bool("numeric").default("false"),
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let reported = rule(args, args.opt_str("jump").or(implied_by_reject(args)), false).join(" ");
    let jump = jump(args)?;
    let programs: &[(&str, bool)] = match args.str("ip_version")? {
        "ipv4" => &[("iptables", false)],
        "ipv6" => &[("ip6tables", true)],
        _ => &[("iptables", false), ("ip6tables", true)],
    };
    let mut changed = false;
    for (program, v6) in programs {
        let program = cx.require_program(program)?.to_string_lossy().into_owned();
        let filter = Filter { args, program, rule: rule(args, jump, *v6) };
        changed |= filter.bring_about(cx)?;
    }
    Ok(ModuleResult::ok()
        .changed(changed)
        .set("ip_version", args.str("ip_version")?)
        .set("table", args.str("table")?)
        .set("chain", args.opt_str("chain"))
        .set("flush", args.bool("flush"))
        .set("rule", if args.str("ip_version")? == "ipv6" { rule(args, jump, true).join(" ") } else { reported })
        .set("state", args.str("state")?)
        .set("chain_management", args.bool("chain_management"))
        .set("wait", args.opt_str("wait")))
}

fn implied_by_reject(args: &Args) -> Option<&'static str> {
    args.has("reject_with").then_some("REJECT")
}

/// The target: given, or the only one the other arguments make sense with.
fn jump(args: &Args) -> Result<Option<&str>, ModuleError> {
    let jump = args.opt_str("jump");
    if args.has("log_prefix") || args.has("log_level") {
        return match jump {
            None | Some("LOG") => Ok(Some("LOG")),
            Some(_) => Err(ModuleError::failed("Logging options can only be used with the LOG jump target.")),
        };
    }
    if args.has("set_dscp_mark") || args.has("set_dscp_mark_class") {
        return Ok(Some("DSCP"));
    }
    Ok(jump.or(implied_by_reject(args)))
}

/// The rule's words after the chain.
fn rule(args: &Args, jump: Option<&str>, v6: bool) -> Vec<String> {
    let mut words = Words { args, words: Vec::new() };
    let matches = args.list_of_str("match");
    let matched = |name: &str| matches.iter().any(|given| given == name);
    words.option("-p", "protocol");
    words.option("-s", "source");
    words.option("-d", "destination");
    matches.iter().for_each(|name| words.add(&["-m", name]));
    words.tcp_flags();
    // A rejection that only `reject_with` speaks of is named beside it.
    let is_implied = !args.has("jump") && args.has("reject_with");
    let (jump, rejection) = if is_implied { (None, jump) } else { (jump, None) };
    if let Some(jump) = jump {
        words.add(&["-j", jump]);
    }
    for (flag, name) in [("--gateway", "gateway"), ("--log-prefix", "log_prefix"), ("--log-level", "log_level")] {
        if name != "gateway" || jump.is_some_and(|jump| jump.eq_ignore_ascii_case("tee")) {
            words.option(flag, name);
        }
    }
    words.option("--to-destination", "to_destination");
    let ports = args.list_of_str("destination_ports");
    if !ports.is_empty() {
        words.add(&["-m", "multiport", "--dports", &ports.join(",")]);
    }
    let plain = [
        ("--to-source", "to_source"),
        ("-g", "goto"),
        ("-i", "in_interface"),
        ("-o", "out_interface"),
        ("-f", "fragment"),
        ("-c", "set_counters"),
        ("--source-port", "source_port"),
        ("--destination-port", "destination_port"),
        ("--to-ports", "to_ports"),
        ("--set-dscp", "set_dscp_mark"),
        ("--set-dscp-class", "set_dscp_mark_class"),
    ];
    plain.iter().for_each(|(flag, name)| words.option(flag, name));
    match args.opt_str("syn") {
        Some("match") => words.add(&["--syn"]),
        Some("negate") => words.add(&["!", "--syn"]),
        _ => {}
    }
    words.states(matched("state"), matched("conntrack"));
    words.loaded("iprange", !matched("iprange"), &[("--src-range", "src_range"), ("--dst-range", "dst_range")]);
    words.match_set(!matched("set"));
    words.loaded("limit", true, &[("--limit", "limit"), ("--limit-burst", "limit_burst")]);
    words.loaded("owner", true, &[("--uid-owner", "uid_owner")]);
    words.loaded("owner", true, &[("--gid-owner", "gid_owner")]);
    if let Some(rejection) = rejection {
        words.add(&["-j", rejection]);
    }
    words.option("--reject-with", "reject_with");
    words.option(if v6 { "--icmpv6-type" } else { "--icmp-type" }, "icmp_type");
    words.loaded("comment", true, &[("--comment", "comment")]);
    words.words
}

struct Words<'a> {
    args: &'a Args,
    words: Vec<String>,
}

impl Words<'_> {
    fn add(&mut self, words: &[&str]) {
        self.words.extend(words.iter().map(|word| (*word).to_owned()));
    }

    /// A value that begins with `!` negates its option.
    fn option(&mut self, flag: &str, name: &str) {
        match self.args.opt_str(name).map(|value| (value, value.strip_prefix('!'))) {
            None => {}
            Some((_, Some(negated))) => self.add(&["!", flag, negated.trim_start()]),
            Some((value, None)) => self.add(&[flag, value]),
        }
    }

    /// Options of a match extension, which is loaded unless the task does.
    fn loaded(&mut self, extension: &str, load: bool, options: &[(&str, &str)]) {
        if !options.iter().any(|(_, name)| self.args.has(name)) {
            return;
        }
        if load {
            self.add(&["-m", extension]);
        }
        options.iter().for_each(|(flag, name)| self.option(flag, name));
    }

    fn tcp_flags(&mut self) {
        let Some(flags) = self.args.dict("tcp_flags") else { return };
        let list = |name: &str| {
            let flags = flags.get(name).and_then(serde_json::Value::as_array)?;
            Some(flags.iter().filter_map(serde_json::Value::as_str).collect::<Vec<_>>().join(","))
        };
        if let (Some(examined), Some(set)) = (list("flags"), list("flags_set")) {
            self.add(&["--tcp-flags", &examined, &set]);
        }
    }

    fn states(&mut self, by_state: bool, by_conntrack: bool) {
        let states = self.args.list_of_str("ctstate").join(",");
        if states.is_empty() {
            return;
        }
        match (by_conntrack, by_state) {
            (true, _) => self.add(&["--ctstate", &states]),
            (false, true) => self.add(&["--state", &states]),
            (false, false) => self.add(&["-m", "conntrack", "--ctstate", &states]),
        }
    }

    fn match_set(&mut self, load: bool) {
        self.loaded("set", load, &[("--match-set", "match_set")]);
        if let Some(flags) = self.args.opt_str("match_set_flags").filter(|_| self.args.has("match_set")) {
            self.add(&[flags]);
        }
    }
}

/// The packet filter of one protocol.
struct Filter<'a> {
    args: &'a Args,
    program: String,
    rule: Vec<String>,
}

impl Filter<'_> {
    /// True when something changed or, in check mode, would.
    fn bring_about(&self, cx: &mut Context<'_>) -> Result<bool, ModuleError> {
        let present = self.args.opt_str("state") == Some("present");
        if self.args.bool("flush") {
            cx.run_ok(&self.command(&["-F"], &[]))?;
            return Ok(true);
        }
        if let Some(policy) = self.args.opt_str("policy") {
            return self.set_policy(policy, cx);
        }
        if self.rule.is_empty() {
            return self.manage_chain(present, cx);
        }
        let is_there = cx.run_read(&self.command(&["-C"], &self.rule))?.ok();
        if is_there == present {
            return Ok(false);
        }
        let number = self.args.opt_str("rule_num").filter(|_| self.args.opt_str("action") == Some("insert"));
        let numbered: Vec<String> = number.map(str::to_owned).into_iter().collect();
        let action = match (present, self.args.opt_str("action")) {
            (false, _) => "-D",
            (true, Some("insert")) => "-I",
            (true, _) => "-A",
        };
        let numbered = if present { numbered } else { Vec::new() };
        cx.run_ok(&self.numbered(action, &numbered, &self.rule))?;
        Ok(true)
    }

    fn set_policy(&self, policy: &str, cx: &mut Context<'_>) -> Result<bool, ModuleError> {
        let spec = self.listing();
        let output = cx.run_read(&spec)?;
        if !output.ok() {
            return Err(crate::context::command_failure(output.stderr(), &spec, &output));
        }
        let stdout = output.stdout();
        let current = stdout.lines().next().and_then(|line| line.split_once("(policy ")).map(|(_, rest)| rest);
        if current.is_some_and(|rest| rest.split([')', ' ']).next() == Some(policy)) {
            return Ok(false);
        }
        cx.run_ok(&self.command(&["-P"], &[policy.to_owned()]))?;
        Ok(true)
    }

    /// Without a rule the task is about the chain itself.
    fn manage_chain(&self, present: bool, cx: &mut Context<'_>) -> Result<bool, ModuleError> {
        let exists = cx.run_read(&self.listing())?.ok();
        if exists == present {
            return Ok(false);
        }
        if self.args.bool("chain_management") {
            cx.run_ok(&self.command(&[if present { "-N" } else { "-X" }], &[]))?;
        }
        Ok(true)
    }

    fn listing(&self) -> CommandSpec {
        let numeric = if self.args.bool("numeric") { vec!["--numeric".to_owned()] } else { Vec::new() };
        self.command(&["-L"], &numeric)
    }

    fn command(&self, action: &[&str], rest: &[String]) -> CommandSpec {
        self.numbered(action[0], &[], rest)
    }

    fn numbered(&self, action: &str, number: &[String], rest: &[String]) -> CommandSpec {
        let table = self.args.opt_str("table").unwrap_or("filter");
        let mut line = vec![self.program.clone(), "-t".to_owned(), table.to_owned(), action.to_owned()];
        line.extend(self.args.opt_str("chain").map(str::to_owned));
        line.extend_from_slice(number);
        if let Some(wait) = self.args.opt_str("wait") {
            line.extend(["-w".to_owned(), wait.to_owned()]);
        }
        line.extend_from_slice(rest);
        CommandSpec::new(line)
    }
}
