//! `SETTINGS`: every option of a container that the engine keeps, where it keeps it, and how it is compared.

use serde_json::{Value, json};

/// What a value is, as far as comparing goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Value,
    List,
    Set,
    Dict,
}

/// How far what is there may differ from what is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Strictness {
    Strict,
    MoreMayBeThere,
    Ignore,
}

/// One row: the option (or the name a difference of it has), its place in what the engine tells and is told.
#[derive(Debug)]
pub(super) struct Setting {
    pub name: &'static str,
    /// `Config` fields are at the top when a container is created.
    pub section: &'static str,
    pub key: &'static str,
    pub shape: Shape,
    /// Whether it can be changed while the container exists.
    pub updatable: bool,
}

impl Setting {
    const fn new(name: &'static str, section: &'static str, key: &'static str, shape: Shape) -> Self {
        Self { name, section, key, shape, updatable: false }
    }

    const fn updatable(mut self) -> Self {
        self.updatable = true;
        self
    }

    pub(super) fn default_strictness(&self) -> Strictness {
        match (self.name, self.shape) {
            ("stop_timeout" | "platform", _) => Strictness::Ignore,
            (_, Shape::Value | Shape::List) => Strictness::Strict,
            (_, Shape::Set | Shape::Dict) => Strictness::MoreMayBeThere,
        }
    }

    /// What a container has, as it is compared with what is wanted.
    pub(super) fn of(&self, container: &Value) -> Value {
        if self.name == "mac_address" {
            let now = &container["NetworkSettings"]["MacAddress"];
            return if now.is_null() { container["Config"]["MacAddress"].clone() } else { now.clone() };
        }
        let mut value = &container[self.section];
        for key in self.key.split('.') {
            value = &value[key];
        }
        match (self.name, self.shape, value) {
            ("restart_policy", _, Value::Null) => json!(""),
            (_, Shape::List | Shape::Set, Value::Object(map)) => map.keys().map(|key| json!(key)).collect(),
            (_, Shape::List | Shape::Set, Value::Null) => json!([]),
            (_, Shape::Dict, Value::Null) => json!({}),
            _ => value.clone(),
        }
    }

    /// Puts the value where the engine wants it when a container is created.
    pub(super) fn put(&self, value: &Value, body: &mut Value) {
        let mut place = if self.section == "Config" { body } else { &mut body[self.section] };
        for key in self.key.split('.') {
            place = &mut place[key];
        }
        *place = match (self.name, value) {
            ("volumes" | "exposed_ports", Value::Array(items)) => {
                items.iter().filter_map(Value::as_str).map(|item| (item.to_owned(), json!({}))).collect()
            }
            _ => value.clone(),
        };
    }
}

const CONFIG: &str = "Config";
const HOST: &str = "HostConfig";

#[rustfmt::skip]
pub(super) static SETTINGS: &[Setting] = &[
    Setting::new("auto_remove", HOST, "AutoRemove", Shape::Value),
    Setting::new("blkio_weight", HOST, "BlkioWeight", Shape::Value).updatable(),
    Setting::new("capabilities", HOST, "CapAdd", Shape::Set),
    Setting::new("cap_drop", HOST, "CapDrop", Shape::Set),
    Setting::new("cgroupns_mode", HOST, "CgroupnsMode", Shape::Value),
    Setting::new("cgroup_parent", HOST, "CgroupParent", Shape::Value),
    Setting::new("command", CONFIG, "Cmd", Shape::List),
    Setting::new("entrypoint", CONFIG, "Entrypoint", Shape::List),
    Setting::new("cpu_period", HOST, "CpuPeriod", Shape::Value).updatable(),
    Setting::new("cpu_quota", HOST, "CpuQuota", Shape::Value).updatable(),
    Setting::new("cpuset_cpus", HOST, "CpusetCpus", Shape::Value).updatable(),
    Setting::new("cpuset_mems", HOST, "CpusetMems", Shape::Value).updatable(),
    Setting::new("cpu_shares", HOST, "CpuShares", Shape::Value).updatable(),
    Setting::new("cpus", HOST, "NanoCpus", Shape::Value).updatable(),
    Setting::new("devices", HOST, "Devices", Shape::Set),
    Setting::new("device_read_bps", HOST, "BlkioDeviceReadBps", Shape::Set),
    Setting::new("device_write_bps", HOST, "BlkioDeviceWriteBps", Shape::Set),
    Setting::new("device_read_iops", HOST, "BlkioDeviceReadIOps", Shape::Set),
    Setting::new("device_write_iops", HOST, "BlkioDeviceWriteIOps", Shape::Set),
    Setting::new("device_requests", HOST, "DeviceRequests", Shape::Set),
    Setting::new("device_cgroup_rules", HOST, "DeviceCgroupRules", Shape::List),
    Setting::new("dns_servers", HOST, "Dns", Shape::List),
    Setting::new("dns_opts", HOST, "DnsOptions", Shape::Set),
    Setting::new("dns_search_domains", HOST, "DnsSearch", Shape::List),
    Setting::new("domainname", CONFIG, "Domainname", Shape::Value),
    Setting::new("env", CONFIG, "Env", Shape::Set),
    Setting::new("etc_hosts", HOST, "ExtraHosts", Shape::Set),
    Setting::new("groups", HOST, "GroupAdd", Shape::Set),
    Setting::new("healthcheck", CONFIG, "Healthcheck", Shape::Dict),
    Setting::new("hostname", CONFIG, "Hostname", Shape::Value),
    Setting::new("init", HOST, "Init", Shape::Value),
    Setting::new("interactive", CONFIG, "OpenStdin", Shape::Value),
    Setting::new("ipc_mode", HOST, "IpcMode", Shape::Value),
    Setting::new("kernel_memory", HOST, "KernelMemory", Shape::Value).updatable(),
    Setting::new("labels", CONFIG, "Labels", Shape::Dict),
    Setting::new("links", HOST, "Links", Shape::Set),
    Setting::new("log_driver", HOST, "LogConfig.Type", Shape::Value),
    Setting::new("log_options", HOST, "LogConfig.Config", Shape::Dict),
    Setting::new("mac_address", CONFIG, "MacAddress", Shape::Value),
    Setting::new("memory", HOST, "Memory", Shape::Value).updatable(),
    Setting::new("memory_reservation", HOST, "MemoryReservation", Shape::Value).updatable(),
    Setting::new("memory_swap", HOST, "MemorySwap", Shape::Value).updatable(),
    Setting::new("memory_swappiness", HOST, "MemorySwappiness", Shape::Value),
    Setting::new("mounts", HOST, "Mounts", Shape::Set),
    Setting::new("stop_timeout", CONFIG, "StopTimeout", Shape::Value),
    Setting::new("network_mode", HOST, "NetworkMode", Shape::Value),
    Setting::new("oom_killer", HOST, "OomKillDisable", Shape::Value),
    Setting::new("oom_score_adj", HOST, "OomScoreAdj", Shape::Value),
    Setting::new("pid_mode", HOST, "PidMode", Shape::Value),
    Setting::new("pids_limit", HOST, "PidsLimit", Shape::Value),
    Setting::new("privileged", HOST, "Privileged", Shape::Value),
    Setting::new("read_only", HOST, "ReadonlyRootfs", Shape::Value),
    Setting::new("restart_policy", HOST, "RestartPolicy.Name", Shape::Value).updatable(),
    Setting::new("restart_retries", HOST, "RestartPolicy.MaximumRetryCount", Shape::Value).updatable(),
    Setting::new("runtime", HOST, "Runtime", Shape::Value),
    Setting::new("security_opts", HOST, "SecurityOpt", Shape::Set),
    Setting::new("shm_size", HOST, "ShmSize", Shape::Value),
    Setting::new("stop_signal", CONFIG, "StopSignal", Shape::Value),
    Setting::new("storage_opts", HOST, "StorageOpt", Shape::Dict),
    Setting::new("sysctls", HOST, "Sysctls", Shape::Dict),
    Setting::new("tmpfs", HOST, "Tmpfs", Shape::Dict),
    Setting::new("tty", CONFIG, "Tty", Shape::Value),
    Setting::new("ulimits", HOST, "Ulimits", Shape::Set),
    Setting::new("user", CONFIG, "User", Shape::Value),
    Setting::new("userns_mode", HOST, "UsernsMode", Shape::Value),
    Setting::new("uts", HOST, "UTSMode", Shape::Value),
    Setting::new("volume_driver", HOST, "VolumeDriver", Shape::Value),
    Setting::new("volumes_from", HOST, "VolumesFrom", Shape::Set),
    Setting::new("working_dir", CONFIG, "WorkingDir", Shape::Value),
    Setting::new("volumes", CONFIG, "Volumes", Shape::Set),
    Setting::new("volume_binds", HOST, "Binds", Shape::Set),
    Setting::new("exposed_ports", CONFIG, "ExposedPorts", Shape::Set),
    Setting::new("published_ports", HOST, "PortBindings", Shape::Dict),
    Setting::new("publish_all_ports", HOST, "PublishAllPorts", Shape::Value),
];

#[cfg(test)]
fn setting(name: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.name == name)
}

/// Whether what is there will do.
pub(super) fn will_do(shape: Shape, strictness: Strictness, wanted: &Value, there: &Value) -> bool {
    if strictness == Strictness::Ignore {
        return true;
    }
    let strict = strictness == Strictness::Strict;
    match (shape, wanted, there) {
        (Shape::List, Value::Array(wanted), Value::Array(there)) if !strict => {
            let mut rest = there.iter();
            wanted.iter().all(|one| rest.any(|other| one == other))
        }
        (Shape::Set, Value::Array(wanted), Value::Array(there)) => {
            let covers = |there: &[Value], one: &Value| there.iter().any(|other| entry_will_do(one, other));
            wanted.iter().all(|one| covers(there, one)) && (!strict || there.len() == wanted.len())
        }
        (Shape::Dict, Value::Object(wanted), Value::Object(there)) => {
            let same = |(key, one): (&String, &Value)| there.get(key).is_some_and(|other| entry_will_do(one, other));
            wanted.iter().all(same) && (!strict || there.len() == wanted.len())
        }
        (Shape::Value, _, Value::Null) => is_nothing(wanted),
        _ => wanted == there,
    }
}

/// Dicts within sets have what is wanted of them; what is not said does not matter.
fn entry_will_do(wanted: &Value, there: &Value) -> bool {
    match (wanted, there) {
        (Value::Object(wanted), Value::Object(there)) => wanted.iter().all(|(key, one)| {
            is_nothing(one) && there.get(key).is_none_or(is_nothing)
                || there.get(key).is_some_and(|other| one.is_null() || entry_will_do(one, other))
        }),
        (Value::Array(wanted), Value::Array(there)) => {
            wanted.len() == there.len() && wanted.iter().zip(there).all(|(one, other)| entry_will_do(one, other))
        }
        _ => wanted == there,
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Bool(true) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_will_do_or_not() {
        use Shape::{Dict, List, Set};
        use Strictness::{Ignore, MoreMayBeThere as More, Strict};
        for (shape, strictness, wanted, there, fine) in [
            (List, Strict, json!(["a", "b"]), json!(["a", "b"]), true),
            (List, Strict, json!(["a"]), json!(["a", "b"]), false),
            (List, More, json!(["a", "c"]), json!(["a", "b", "c"]), true),
            (List, More, json!(["c", "a"]), json!(["a", "b", "c"]), false),
            (Set, More, json!(["b"]), json!(["a", "b"]), true),
            (Set, Strict, json!(["b"]), json!(["a", "b"]), false),
            (Set, Strict, json!(["b", "a"]), json!(["a", "b"]), true),
            (Set, More, json!([{"Path": "/x", "Rate": null}]), json!([{"Path": "/x", "Rate": 3}]), true),
            (Dict, More, json!({"a": "1"}), json!({"a": "1", "b": "2"}), true),
            (Dict, Strict, json!({"a": "1"}), json!({"a": "1", "b": "2"}), false),
            (Dict, More, json!({"a": "2"}), json!({"a": "1"}), false),
            (Shape::Value, Ignore, json!(1), json!(2), true),
            (Shape::Value, Strict, json!(false), Value::Null, true),
            (Shape::Value, Strict, json!(true), Value::Null, false),
        ] {
            assert_eq!(will_do(shape, strictness, &wanted, &there), fine, "{wanted} {there}");
        }
    }

    #[test]
    fn values_find_their_place() {
        let mut body = json!({});
        setting("log_driver").unwrap().put(&json!("none"), &mut body);
        setting("volumes").unwrap().put(&json!(["/v"]), &mut body);
        assert_eq!(body, json!({ "HostConfig": { "LogConfig": { "Type": "none" } }, "Volumes": { "/v": {} } }));
        assert_eq!(setting("volumes").unwrap().of(&json!({ "Config": { "Volumes": { "/v": {} } } })), json!(["/v"]));
    }
}
