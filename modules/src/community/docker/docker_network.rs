//! `community.docker.docker_network`: networks of a container engine and the containers in them.

use serde_json::{Value, json};

use super::differences::{Differences, existence};
use super::engine::{ENGINE_ARGS, Engine, labels, text_map};
use super::query::Query;
use crate::{Arg, Args, Context, Map, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module =
    Module::new("community.docker.docker_network", ARGS, run).diff().shared_args(ENGINE_ARGS);

const ARGS: &[Arg] = &[
    Arg::str("name").required().alias(&["network_name"]),
    Arg::str("state").default("present").choices(&["present", "absent"]),
    Arg::bool("config_only"),
    Arg::str("config_from"),
    Arg::list("connected").default("").alias(&["containers"]),
    Arg::str("driver").default("bridge"),
    Arg::dict("driver_options").default(""),
    Arg::bool("force").default("false"),
    Arg::bool("appends").default("false").alias(&["incremental"]),
    Arg::str("ipam_driver"),
    Arg::dict("ipam_driver_options"),
    Arg::list_of("ipam_config", &crate::ArgKind::Dict).options(&[
        Arg::str("subnet"),
        Arg::str("iprange"),
        Arg::str("gateway"),
        Arg::dict("aux_addresses"),
    ]),
    Arg::bool("enable_ipv4"),
    Arg::bool("enable_ipv6"),
    Arg::bool("internal"),
    Arg::dict("labels").default(""),
    Arg::str("scope").choices(&["local", "global", "swarm"]),
    Arg::bool("attachable"),
    Arg::bool("ingress"),
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let engine = Engine::connect(args, cx)?;
    let wanted = Wanted::of(args)?;
    let network = Network { engine, name: args.str("name")?.to_owned(), wanted, args, actions: Vec::new() };
    match args.str("state")? {
        "absent" => network.absent(cx),
        _ => network.present(cx),
    }
}

/// What is to be, as the engine names it.
struct Wanted {
    driver_options: Map,
    ipam_driver_options: Option<Map>,
    labels: Map,
    ipam: Option<Vec<Value>>,
}

impl Wanted {
    fn of(args: &Args) -> Result<Self, ModuleError> {
        let ipam = args.has("ipam_config").then(|| args.list("ipam_config").to_vec());
        for one in ipam.iter().flatten() {
            if let Some(subnet) = one["subnet"].as_str().filter(|subnet| !is_cidr(subnet)) {
                return Err(ModuleError::failed(format!("\"{subnet}\" is not a valid CIDR")));
            }
        }
        Ok(Self {
            driver_options: text_map(args, "driver_options").unwrap_or_default(),
            ipam_driver_options: text_map(args, "ipam_driver_options"),
            labels: labels(args)?.unwrap_or_default(),
            ipam,
        })
    }
}

fn is_cidr(text: &str) -> bool {
    let Some((address, bits)) = text.split_once('/') else { return false };
    let Ok(address) = address.parse::<std::net::IpAddr>() else { return false };
    bits.parse::<u8>().is_ok_and(|bits| bits <= if address.is_ipv4() { 32 } else { 128 })
}

struct Network<'a> {
    engine: Engine,
    name: String,
    wanted: Wanted,
    args: &'a Args,
    actions: Vec<String>,
}

/// How options of an IP range are called here and by the engine.
const IPAM_KEYS: [(&str, &str); 4] =
    [("subnet", "Subnet"), ("iprange", "IPRange"), ("gateway", "Gateway"), ("aux_addresses", "AuxiliaryAddresses")];
/// Flags of a network, here and with the engine.
const FLAGS: [(&str, &str); 5] = [
    ("enable_ipv4", "EnableIPv4"),
    ("enable_ipv6", "EnableIPv6"),
    ("internal", "Internal"),
    ("attachable", "Attachable"),
    ("ingress", "Ingress"),
];

impl Network<'_> {
    fn find(&self) -> Result<Option<Value>, ModuleError> {
        let listing = self.engine.get("/networks")?;
        let mut all = listing.as_array().cloned().unwrap_or_default().into_iter();
        match all.find(|network| network["Name"] == self.name.as_str()) {
            Some(network) => self.engine.find(&format!("/networks/{}", network["Id"].as_str().unwrap_or(&self.name))),
            None => Ok(None),
        }
    }

    fn path(&self, verb: &str) -> String {
        format!("/networks/{}{verb}", Query::encoded(&self.name))
    }

    fn absent(mut self, cx: &Context<'_>) -> Result<ModuleResult, ModuleError> {
        let network = self.find()?;
        if let Some(network) = &network {
            self.remove(network, cx)?;
        }
        let result = ModuleResult::ok().changed(network.is_some()).set("actions", self.actions);
        let diff = json!({ "before": existence(network.is_some()), "after": existence(false) });
        Ok(if cx.diff_mode { result.set("diff", diff) } else { result })
    }

    fn remove(&mut self, network: &Value, cx: &Context<'_>) -> Result<(), ModuleError> {
        for container in names_of(network) {
            self.disconnect(&container, cx)?;
        }
        if !cx.check_mode {
            self.engine.delete(&self.path(""))?.checked()?;
        }
        self.actions.push(format!("Removed network {}", self.name));
        Ok(())
    }

    fn disconnect(&mut self, container: &str, cx: &Context<'_>) -> Result<(), ModuleError> {
        if !cx.check_mode {
            let body = json!({ "Container": container, "Force": true });
            self.engine.post(&self.path("/disconnect"), &body)?.checked()?;
        }
        self.actions.push(format!("Disconnected container {container}"));
        Ok(())
    }

    fn present(mut self, cx: &Context<'_>) -> Result<ModuleResult, ModuleError> {
        let there = self.find()?;
        let exists = there.is_some();
        let differences = there.as_ref().map(|there| self.differences(there)).unwrap_or_default();
        let again = exists && (self.args.bool("force") || !differences.is_empty());
        if let Some(there) = there.as_ref().filter(|_| again) {
            self.remove(there, cx)?;
        }
        if again || !exists {
            self.create(cx)?;
        }
        let connected = if again || !exists { Vec::new() } else { there.as_ref().map(names_of).unwrap_or_default() };
        let (mut before, mut after) = (existence(exists), existence(true));
        self.connect(&connected, &mut before, &mut after, cx)?;
        differences.show(&mut before, &mut after);
        let now = if cx.check_mode { there } else { self.find()? };
        let result = ModuleResult::ok().changed(!self.actions.is_empty());
        let shows = cx.check_mode || self.args.bool("debug");
        let result = if shows { result.set("actions", self.actions) } else { result };
        let result = result.set("network", now.unwrap_or(Value::Null));
        let diff = json!({ "differences": differences.names(), "before": before, "after": after });
        Ok(if cx.diff_mode { result.set("diff", diff) } else { result })
    }

    fn create(&mut self, cx: &Context<'_>) -> Result<(), ModuleError> {
        let driver = self.args.str("driver")?;
        if !cx.check_mode {
            self.engine.post("/networks/create", &self.body(driver))?.checked()?;
        }
        self.actions.push(format!("Created network {} with driver {driver}", self.name));
        Ok(())
    }

    fn body(&self, driver: &str) -> Value {
        let mut body = json!({ "Name": self.name, "Driver": driver, "Options": self.wanted.driver_options });
        let args = self.args;
        if args.has("ipam_driver") || self.wanted.ipam_driver_options.is_some() || self.wanted.ipam.is_some() {
            let ranges = self.wanted.ipam.iter().flatten().map(|one| {
                let named = |(ours, theirs): &(&str, &str)| ((*theirs).to_owned(), one[*ours].clone());
                Value::Object(IPAM_KEYS.iter().map(named).filter(|(_, value)| !value.is_null()).collect())
            });
            body["IPAM"] = json!({
                "Driver": args.opt_str("ipam_driver"),
                "Config": ranges.collect::<Vec<_>>(),
                "Options": self.wanted.ipam_driver_options,
            });
        }
        for (ours, theirs) in FLAGS {
            if let Some(flag) = args.opt_bool(ours) {
                body[theirs] = json!(flag);
            }
        }
        if let Some(only) = args.opt_bool("config_only") {
            body["ConfigOnly"] = json!(only);
        }
        if let Some(from) = args.opt_str("config_from") {
            body["ConfigFrom"] = json!({ "Network": from });
        }
        if let Some(scope) = args.opt_str("scope") {
            body["Scope"] = json!(scope);
        }
        body["Labels"] = json!(self.wanted.labels);
        body
    }

    fn connect(
        &mut self,
        connected: &[String],
        before: &mut Map,
        after: &mut Map,
        cx: &Context<'_>,
    ) -> Result<(), ModuleError> {
        let wanted = self.args.list_of_str("connected");
        for name in &wanted {
            // A container that does not exist is connected when it comes into being.
            if connected.contains(name) || self.engine.container(name)?.is_none() {
                continue;
            }
            if !cx.check_mode {
                self.engine.post(&self.path("/connect"), &json!({ "Container": name }))?.checked()?;
            }
            self.actions.push(format!("Connected container {name}"));
            before.insert(format!("connected.{name}"), json!(false));
            after.insert(format!("connected.{name}"), json!(true));
        }
        if wanted.is_empty() || self.args.bool("appends") {
            return Ok(());
        }
        for name in connected.iter().filter(|name| !wanted.contains(name)) {
            self.disconnect(name, cx)?;
            before.insert(format!("connected.{name}"), json!(true));
            after.insert(format!("connected.{name}"), json!(false));
        }
        Ok(())
    }

    fn differences(&self, there: &Value) -> Differences {
        let (args, mut found) = (self.args, Differences::default());
        if let Some(only) = args.opt_bool("config_only") {
            found.compare("config_only", Some(&json!(only)), &json!(there["ConfigOnly"].as_bool().unwrap_or(false)));
        }
        let from = args.raw("config_from");
        found.compare("config_from", from, &json!(there["ConfigFrom"]["Network"].as_str().unwrap_or_default()));
        if args.opt_bool("config_only") != Some(true) {
            found.compare("driver", args.raw("driver"), &there["Driver"]);
        }
        found.compare_map("driver_options", Some(&self.wanted.driver_options), &there["Options"], true);
        found.compare("ipam_driver", args.raw("ipam_driver"), &there["IPAM"]["Driver"]);
        let options = self.wanted.ipam_driver_options.as_ref();
        found.compare_map("ipam_driver_options", options, &there["IPAM"]["Options"], true);
        self.compare_ranges(there["IPAM"]["Config"].as_array().map_or(&[], Vec::as_slice), &mut found);
        for (ours, theirs) in &FLAGS[..3] {
            if let Some(wanted) = args.opt_bool(ours) {
                let default = *ours == "enable_ipv4";
                found.compare(ours, Some(&json!(wanted)), &json!(there[*theirs].as_bool().unwrap_or(default)));
            }
        }
        found.compare("scope", args.raw("scope"), &there["Scope"]);
        for (ours, theirs) in &FLAGS[3..] {
            if let Some(wanted) = args.opt_bool(ours) {
                found.compare(ours, Some(&json!(wanted)), &json!(there[*theirs].as_bool().unwrap_or(false)));
            }
        }
        found.compare_map("labels", Some(&self.wanted.labels), &there["Labels"], true);
        found
    }

    fn compare_ranges(&self, there: &[Value], found: &mut Differences) {
        for (index, wanted) in self.wanted.ipam.iter().flatten().enumerate() {
            let same = there.iter().find(|range| range["Subnet"] == wanted["subnet"]).unwrap_or(&Value::Null);
            for (ours, theirs) in [IPAM_KEYS[0], IPAM_KEYS[2], IPAM_KEYS[1], IPAM_KEYS[3]] {
                let differs = match (&wanted[ours], &same[theirs]) {
                    (Value::Null, _) => false,
                    (Value::Object(one), Value::Null) => !one.is_empty(),
                    (one, other) => one != other,
                };
                if differs {
                    found.add(format!("ipam_config[{index}].{ours}"), wanted[ours].clone(), same[theirs].clone());
                }
            }
        }
    }
}

/// The names of the containers in a network.
fn names_of(network: &Value) -> Vec<String> {
    let containers = network["Containers"].as_object().into_iter().flatten();
    containers.filter_map(|(_, one)| one["Name"].as_str().map(str::to_owned)).collect()
}
