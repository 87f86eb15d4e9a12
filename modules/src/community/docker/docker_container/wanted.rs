//! `Wanted`: the options of a task in the engine's terms.

use serde_json::{Value, json};

use super::super::engine::{labels, plain_text, text_map};
use super::settings::{SETTINGS, Setting};
use super::{mounts, ports, units};
use crate::{Args, Context, Map, ModuleError};

/// The values that are wanted, by the names of their settings.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    values: Map,
}

/// What of the surroundings the options mean something in.
pub(super) struct Surroundings<'a> {
    pub name: &'a str,
    /// Where ports without an address are published.
    pub default_ip: String,
    /// The id of the container a mode such as `container:other` names.
    pub id_of: &'a dyn Fn(&str) -> Result<Option<String>, ModuleError>,
}

impl Wanted {
    pub(super) fn of(args: &Args, around: &Surroundings<'_>, cx: &Context<'_>) -> Result<Self, ModuleError> {
        let mut wanted = Self::default();
        wanted.plain(args);
        if let Some(labels) = labels(args)? {
            wanted.set("labels", labels);
        }
        wanted.amounts(args)?;
        wanted.command(args)?;
        wanted.lists(args, around.name)?;
        wanted.environment(args, cx)?;
        wanted.health(args)?;
        wanted.modes(args, around)?;
        wanted.devices(args)?;
        wanted.ports(args, &around.default_ip)?;
        mounts::add(args, cx, &mut wanted)?;
        wanted.compatible_defaults(args);
        Ok(wanted)
    }

    pub(super) fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.values.insert(name.to_owned(), value.into());
    }

    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.values.get(name)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// In the order of the table.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&'static Setting, &Value)> {
        SETTINGS.iter().filter_map(|setting| Some((setting, self.values.get(setting.name)?)))
    }

    /// What the engine takes as it is given.
    fn plain(&mut self, args: &Args) {
        const NAMES: &[&str] = &[
            "auto_remove",
            "blkio_weight",
            "cgroupns_mode",
            "cgroup_parent",
            "cpu_period",
            "cpu_quota",
            "cpuset_cpus",
            "cpuset_mems",
            "cpu_shares",
            "domainname",
            "hostname",
            "init",
            "interactive",
            "log_driver",
            "memory_swappiness",
            "stop_timeout",
            "oom_killer",
            "oom_score_adj",
            "pids_limit",
            "privileged",
            "read_only",
            "restart_policy",
            "restart_retries",
            "runtime",
            "stop_signal",
            "tty",
            "user",
            "userns_mode",
            "uts",
            "volume_driver",
            "working_dir",
            "publish_all_ports",
        ];
        for name in NAMES {
            if let Some(value) = args.raw(name) {
                self.set(name, value.clone());
            }
        }
        if let Some(address) = args.opt_str("mac_address") {
            self.set("mac_address", address.replace('-', ":"));
        }
        for name in ["log_options", "storage_opts", "sysctls"] {
            if let Some(map) = text_map(args, name) {
                self.set(name, map);
            }
        }
    }

    fn amounts(&mut self, args: &Args) -> Result<(), ModuleError> {
        for name in ["kernel_memory", "memory", "memory_reservation", "shm_size"] {
            if let Some(text) = args.opt_str(name) {
                self.set(name, units::bytes(name, text)?);
            }
        }
        if let Some(text) = args.opt_str("memory_swap") {
            let unlimited = matches!(text, "unlimited" | "-1");
            self.set("memory_swap", if unlimited { -1 } else { units::bytes("memory_swap", text)? });
        }
        if let Some(cpus) = args.opt_float("cpus") {
            self.set("cpus", (cpus * 1e9).round() as i64);
        }
        Ok(())
    }

    fn command(&mut self, args: &Args) -> Result<(), ModuleError> {
        let split = |text: &str| {
            shell_words::split(text).map_err(|_| ModuleError::failed(format!("cannot split into words: {text}")))
        };
        let old_way = args.opt_str("command_handling") == Some("compatibility");
        let joined = |items: Vec<String>| if old_way { split(&items.join(" ")) } else { Ok(items) };
        match args.raw("command") {
            Some(Value::Array(items)) => {
                let items = joined(items.iter().map(plain_text).collect())?;
                self.set("command", items);
            }
            Some(value) => self.set("command", split(&plain_text(value))?),
            None => {}
        }
        if let Some(items) = args.opt_list_of_str("entrypoint") {
            self.set("entrypoint", joined(items)?);
        }
        Ok(())
    }

    fn lists(&mut self, args: &Args, own_name: &str) -> Result<(), ModuleError> {
        let names =
            ["capabilities", "cap_drop", "device_cgroup_rules", "dns_servers", "dns_opts", "dns_search_domains"];
        for name in names.into_iter().chain(["groups", "security_opts", "volumes_from"]) {
            if let Some(list) = args.opt_list_of_str(name) {
                self.set(name, list);
            }
        }
        if let Some(hosts) = text_map(args, "etc_hosts") {
            let lines = hosts.iter().map(|(name, address)| format!("{name}:{}", plain_text(address)));
            self.set("etc_hosts", lines.collect::<Vec<_>>());
        }
        if let Some(links) = args.opt_list_of_str("links") {
            let link = |text: String| {
                let (other, alias) = text.split_once(':').unwrap_or((&text, &text));
                format!("/{other}:/{own_name}/{alias}")
            };
            self.set("links", links.into_iter().map(link).collect::<Vec<_>>());
        }
        if let Some(limits) = args.opt_list_of_str("ulimits") {
            self.set("ulimits", limits.iter().map(|text| limit(text)).collect::<Result<Vec<_>, _>>()?);
        }
        if let Some(places) = args.opt_list_of_str("tmpfs") {
            let place = |text: &String| {
                let (path, options) = text.split_once(':').unwrap_or((text, ""));
                (path.to_owned(), json!(options))
            };
            self.set("tmpfs", places.iter().map(place).collect::<Map>());
        }
        Ok(())
    }

    fn environment(&mut self, args: &Args, cx: &Context<'_>) -> Result<(), ModuleError> {
        let mut variables = Map::new();
        if let Some(path) = args.opt_path("env_file") {
            let text = cx.read_text(&path)?;
            let text =
                text.ok_or_else(|| ModuleError::failed(format!("env_file {} does not exist", path.display())))?;
            let lines = text.lines().map(str::trim_start).filter(|line| !line.is_empty() && !line.starts_with('#'));
            for line in lines {
                let (name, value) = line.split_once('=').ok_or_else(|| {
                    ModuleError::failed(format!("Invalid line in environment file {}:\n{line}", path.display()))
                })?;
                variables.insert(name.trim().to_owned(), json!(value));
            }
        }
        for (name, value) in args.dict("env").into_iter().flatten() {
            if !value.is_string() {
                return Err(ModuleError::failed(format!(
                    "Non-string value found for env option. Ambiguous env options must be wrapped in quotes to avoid \
                     them being interpreted. Key: {name}"
                )));
            }
            variables.insert(name.clone(), value.clone());
        }
        if args.has("env") || args.has("env_file") {
            let lines = variables.iter().map(|(name, value)| format!("{name}={}", plain_text(value)));
            self.set("env", lines.collect::<Vec<_>>());
        }
        Ok(())
    }

    fn health(&mut self, args: &Args) -> Result<(), ModuleError> {
        let Some(given) = args.dict("healthcheck") else { return Ok(()) };
        let compatible = given.get("test_cli_compatible").and_then(Value::as_bool).unwrap_or(false);
        let mut check = Map::new();
        match given.get("test").filter(|test| !test.is_null()) {
            None if compatible => {}
            None => {
                check.insert("Test".to_owned(), json!(["NONE"]));
            }
            Some(Value::Array(words)) => {
                let words: Vec<String> = words.iter().map(plain_text).collect();
                let whole = words.first().is_some_and(|first| matches!(first.as_str(), "NONE" | "CMD" | "CMD-SHELL"));
                if !whole {
                    return Err(ModuleError::failed("healthcheck.test must begin with NONE, CMD or CMD-SHELL"));
                }
                check.insert("Test".to_owned(), json!(words));
            }
            Some(text) => {
                let text = plain_text(text);
                let test = if text == "NONE" { json!(["NONE"]) } else { json!(["CMD-SHELL", text]) };
                check.insert("Test".to_owned(), test);
            }
        }
        if check.get("Test") != Some(&json!(["NONE"])) {
            let times = [
                ("interval", "Interval"),
                ("timeout", "Timeout"),
                ("start_period", "StartPeriod"),
                ("start_interval", "StartInterval"),
            ];
            for (ours, theirs) in times {
                if let Some(text) = given.get(ours).and_then(Value::as_str) {
                    check.insert(theirs.to_owned(), json!(units::nanoseconds(text)?));
                }
            }
            if let Some(retries) = given.get("retries").and_then(Value::as_i64) {
                check.insert("Retries".to_owned(), json!(retries));
            }
        }
        if !check.is_empty() {
            self.set("healthcheck", check);
        }
        Ok(())
    }

    /// Modes may name another container.
    fn modes(&mut self, args: &Args, around: &Surroundings<'_>) -> Result<(), ModuleError> {
        for name in ["ipc_mode", "pid_mode", "network_mode"] {
            let Some(mode) = args.opt_str(name) else { continue };
            let mode = match mode.strip_prefix("container:") {
                Some(other) => match (around.id_of)(other)? {
                    Some(id) => format!("container:{id}"),
                    None => mode.to_owned(),
                },
                None => mode.to_owned(),
            };
            self.set(name, mode);
        }
        let first = args.list("networks").first().and_then(|network| network["name"].as_str());
        if let Some(first) = first.filter(|_| args.bool("networks_cli_compatible") && !self.has("network_mode")) {
            self.set("network_mode", first);
        }
        Ok(())
    }

    fn devices(&mut self, args: &Args) -> Result<(), ModuleError> {
        if let Some(devices) = args.opt_list_of_str("devices") {
            let device = |text: &String| {
                let parts: Vec<&str> = text.splitn(3, ':').collect();
                json!({
                    "CgroupPermissions": parts.get(2).copied().unwrap_or("rwm"),
                    "PathInContainer": parts.get(1).copied().unwrap_or(parts[0]),
                    "PathOnHost": parts[0],
                })
            };
            self.set("devices", devices.iter().map(device).collect::<Vec<_>>());
        }
        for name in ["device_read_bps", "device_write_bps", "device_read_iops", "device_write_iops"] {
            if !args.has(name) {
                continue;
            }
            let rate = |one: &Value| match one["rate"].as_str() {
                Some(text) => Ok(json!({ "Path": one["path"], "Rate": units::bytes(name, text)? })),
                None => Ok::<_, ModuleError>(json!({ "Path": one["path"], "Rate": one["rate"] })),
            };
            self.set(name, args.list(name).iter().map(rate).collect::<Result<Vec<_>, _>>()?);
        }
        if args.has("device_requests") {
            let request = |one: &Value| {
                json!({
                    "Driver": one["driver"], "Count": one["count"], "DeviceIDs": one["device_ids"],
                    "Capabilities": one["capabilities"], "Options": one["options"],
                })
            };
            self.set("device_requests", args.list("device_requests").iter().map(request).collect::<Vec<_>>());
        }
        Ok(())
    }

    fn ports(&mut self, args: &Args, default_ip: &str) -> Result<(), ModuleError> {
        let mut exposed = Vec::new();
        for text in args.list_of_str("exposed_ports") {
            exposed.extend(ports::ports(&text)?);
        }
        let mut published = args.list_of_str("published_ports");
        if published.iter().any(|port| port.eq_ignore_ascii_case("all")) {
            published.clear();
            self.set("publish_all_ports", true);
        } else if args.has("published_ports") {
            let bindings = ports::bindings(&published, default_ip)?;
            exposed.extend(bindings.keys().cloned());
            self.set("published_ports", bindings);
        }
        if !exposed.is_empty() || args.has("exposed_ports") {
            self.set("exposed_ports", ports::sorted(exposed));
        }
        Ok(())
    }

    /// What older content relies on.
    fn compatible_defaults(&mut self, args: &Args) {
        if args.opt_str("container_default_behavior") != Some("compatibility") {
            return;
        }
        for name in ["auto_remove", "init", "interactive", "privileged", "read_only", "tty"] {
            if !self.has(name) {
                self.set(name, false);
            }
        }
        if !self.has("memory") {
            self.set("memory", 0);
        }
    }
}

/// `nofile:1024:2048`; one number is both limits.
fn limit(text: &str) -> Result<Value, ModuleError> {
    let wrong = || ModuleError::failed(format!("Invalid ulimit \"{text}\": expected name:soft[:hard]"));
    let mut parts = text.split(':');
    let name = parts.next().unwrap_or_default();
    let soft: i64 = parts.next().and_then(|part| part.parse().ok()).ok_or_else(wrong)?;
    let hard: i64 = parts.next().map_or(Ok(soft), |part| part.parse().map_err(|_| wrong()))?;
    Ok(json!({ "Name": name, "Soft": soft, "Hard": hard }))
}
