//! The networks of a container: which it is in, and how.

use serde_json::{Value, json};

use super::super::engine::Engine;
use super::super::query::Query;
use crate::{Args, Map, ModuleError};

/// A network that is wanted, with its id.
#[derive(Debug)]
pub(super) struct Membership {
    pub name: String,
    pub id: String,
    pub given: Value,
}

/// What is to be done about one network.
#[derive(Debug)]
pub(super) struct Deviation<'a> {
    pub wanted: &'a Membership,
    /// What is there; null when the container is not in the network.
    pub there: Value,
}

/// The wanted networks; each must exist.
pub(super) fn memberships(args: &Args, engine: &Engine) -> Result<Vec<Membership>, ModuleError> {
    let mut found = Vec::new();
    for given in args.list("networks") {
        let name = given["name"].as_str().unwrap_or_default().to_owned();
        let filters = json!({ "name": [name] }).to_string();
        let listing = engine.get(&Query::new().with("filters", filters).after("/networks"))?;
        let network = listing.as_array().into_iter().flatten().find(|network| network["Name"] == name.as_str());
        let id = network.and_then(|network| network["Id"].as_str()).map(str::to_owned).ok_or_else(|| {
            ModuleError::failed(format!("Parameter error: network named {name} could not be found. Does it exist?"))
        })?;
        found.push(Membership { name, id, given: given.clone() });
    }
    Ok(found)
}

impl Membership {
    /// The endpoint as the engine is told it.
    pub(super) fn endpoint(&self) -> Value {
        let mut endpoint = Map::new();
        let get = |name: &str| Some(self.given[name].clone()).filter(|value| !value.is_null());
        if let Some(aliases) = get("aliases") {
            endpoint.insert("Aliases".to_owned(), aliases);
        }
        if let Some(links) = get("links") {
            endpoint.insert("Links".to_owned(), links);
        }
        let mut addresses = Map::new();
        for (ours, theirs) in [("ipv4_address", "IPv4Address"), ("ipv6_address", "IPv6Address")] {
            if let Some(address) = get(ours) {
                addresses.insert(theirs.to_owned(), address);
            }
        }
        if !addresses.is_empty() {
            endpoint.insert("IPAMConfig".to_owned(), Value::Object(addresses));
        }
        if let Some(address) = get("mac_address") {
            endpoint.insert("MacAddress".to_owned(), address);
        }
        Value::Object(endpoint)
    }

    fn is_as_wanted(&self, there: &Value) -> bool {
        let addresses = &there["IPAMConfig"];
        let address = |ours: &str, theirs: &str, fallback: &str| {
            let wanted = self.given[ours].as_str();
            wanted.is_none_or(|wanted| addresses[theirs] == wanted || there[fallback] == wanted)
        };
        let list = |ours: &str, theirs: &str| {
            let mut wanted = self.given[ours].as_array().into_iter().flatten();
            let there = there[theirs].as_array().cloned().unwrap_or_default();
            wanted.all(|one| there.contains(one))
        };
        let mac = self.given["mac_address"].as_str();
        address("ipv4_address", "IPv4Address", "IPAddress")
            && address("ipv6_address", "IPv6Address", "GlobalIPv6Address")
            && list("aliases", "Aliases")
            && list("links", "Links")
            && mac.is_none_or(|mac| there["MacAddress"].as_str().is_some_and(|now| now.eq_ignore_ascii_case(mac)))
    }
}

/// The networks the container is in.
fn joined(container: &Value) -> Map {
    container["NetworkSettings"]["Networks"].as_object().cloned().unwrap_or_default()
}

pub(super) fn deviations<'a>(wanted: &'a [Membership], container: &Value) -> Vec<Deviation<'a>> {
    let joined = joined(container);
    let deviates = |one: &'a Membership| match joined.get(&one.name) {
        Some(there) if one.is_as_wanted(there) => None,
        Some(there) => Some(Deviation { wanted: one, there: there.clone() }),
        None => Some(Deviation { wanted: one, there: Value::Null }),
    };
    wanted.iter().filter_map(deviates).collect()
}

/// The networks the container is in and should not be.
pub(super) fn superfluous(wanted: &[Membership], container: &Value) -> Vec<String> {
    let joined = joined(container);
    joined.into_iter().map(|(name, _)| name).filter(|name| !wanted.iter().any(|one| one.name == *name)).collect()
}

pub(super) fn leave(engine: &Engine, network: &str, container: &str) -> Result<(), ModuleError> {
    let path = format!("/networks/{}/disconnect", Query::encoded(network));
    let answer = engine.post(&path, &json!({ "Container": container }))?;
    answer.or_fail(&format!("Error disconnecting container from network {network}")).map(drop)
}

pub(super) fn join(engine: &Engine, network: &Membership, container: &str) -> Result<(), ModuleError> {
    let path = format!("/networks/{}/connect", Query::encoded(&network.id));
    let body = json!({ "Container": container, "EndpointConfig": network.endpoint() });
    let answer = engine.post(&path, &body)?;
    answer.or_fail(&format!("Error connecting container to network {}", network.name)).map(drop)
}
