//! `Preference`: one entry of `hostnames`: what an instance is called.

use std::sync::Arc;

use kapell_modules::Map as JsonMap;
use kapell_parsing::{Diagnostic, Map, Value};
use kapell_template::{RenderContext, Templar, VariableSource};
use serde_json::Value as Json;

/// Names of the API's filters that lie elsewhere in its answer, as the documentation of DescribeInstances has them; a
/// path through lists means their first item.
const PATHS: &[(&str, &str)] = &[
    ("affinity", "placement.affinity"),
    ("availability-zone", "placement.availability_zone"),
    ("block-device-mapping.attach-time", "block_device_mappings.ebs.attach_time"),
    ("block-device-mapping.delete-on-termination", "block_device_mappings.ebs.delete_on_termination"),
    ("block-device-mapping.device-name", "block_device_mappings.device_name"),
    ("block-device-mapping.status", "block_device_mappings.ebs.status"),
    ("block-device-mapping.volume-id", "block_device_mappings.ebs.volume_id"),
    ("dns-name", "public_dns_name"),
    ("group-id", "security_groups.group_id"),
    ("group-name", "security_groups.group_name"),
    ("hibernation-options.configured", "hibernation_options.configured"),
    ("host-id", "placement.host_id"),
    ("iam-instance-profile.arn", "iam_instance_profile.arn"),
    ("instance-state-code", "state.code"),
    ("instance-state-name", "state.name"),
    ("instance.group-id", "security_groups.group_id"),
    ("instance.group-name", "security_groups.group_name"),
    ("ip-address", "public_ip_address"),
    ("launch-index", "ami_launch_index"),
    ("monitoring-state", "monitoring.state"),
    ("network-interface.addresses.association.ip-owner-id", "network_interfaces.association.ip_owner_id"),
    ("network-interface.addresses.association.public-ip", "network_interfaces.association.public_ip"),
    ("network-interface.addresses.primary", "network_interfaces.private_ip_addresses.primary"),
    ("network-interface.addresses.private-ip-address", "network_interfaces.private_ip_addresses.private_ip_address"),
    ("network-interface.association.ip-owner-id", "network_interfaces.association.ip_owner_id"),
    ("network-interface.association.public-ip", "network_interfaces.association.public_ip"),
    ("network-interface.attachment.attach-time", "network_interfaces.attachment.attach_time"),
    ("network-interface.attachment.attachment-id", "network_interfaces.attachment.attachment_id"),
    ("network-interface.attachment.delete-on-termination", "network_interfaces.attachment.delete_on_termination"),
    ("network-interface.attachment.device-index", "network_interfaces.attachment.device_index"),
    ("network-interface.attachment.status", "network_interfaces.attachment.status"),
    ("network-interface.description", "network_interfaces.description"),
    ("network-interface.group-id", "network_interfaces.groups.group_id"),
    ("network-interface.group-name", "network_interfaces.groups.group_name"),
    ("network-interface.ipv6-addresses.ipv6-address", "network_interfaces.ipv6_addresses.ipv6_address"),
    ("network-interface.mac-address", "network_interfaces.mac_address"),
    ("network-interface.network-interface-id", "network_interfaces.network_interface_id"),
    ("network-interface.owner-id", "network_interfaces.owner_id"),
    ("network-interface.private-dns-name", "network_interfaces.private_dns_name"),
    ("network-interface.source-dest-check", "network_interfaces.source_dest_check"),
    ("network-interface.status", "network_interfaces.status"),
    ("network-interface.subnet-id", "network_interfaces.subnet_id"),
    ("network-interface.vpc-id", "network_interfaces.vpc_id"),
    ("placement-group-name", "placement.group_name"),
    ("product-code", "product_codes.product_code_id"),
    ("product-code.type", "product_codes.product_code_type"),
    ("reason", "state_transition_reason"),
    ("state-reason-code", "state_reason.code"),
    ("state-reason-message", "state_reason.message"),
    ("tenancy", "placement.tenancy"),
];
/// Names of filters that are, with underscores, names of variables.
const PLAIN: &[&str] = &[
    "architecture",
    "client-token",
    "hypervisor",
    "image-id",
    "instance-id",
    "instance-lifecycle",
    "instance-type",
    "kernel-id",
    "key-name",
    "launch-time",
    "owner-id",
    "platform",
    "private-dns-name",
    "private-ip-address",
    "ramdisk-id",
    "requester-id",
    "reservation-id",
    "root-device-name",
    "root-device-type",
    "source-dest-check",
    "spot-instance-request-id",
    "subnet-id",
    "virtualization-type",
    "vpc-id",
];

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Preference {
    name: String,
    /// What is put in front of the name, a preference itself.
    prefix: Option<String>,
    separator: String,
}

impl Preference {
    pub(crate) fn plain(name: &str) -> Self {
        Self { name: name.to_owned(), prefix: None, separator: "_".to_owned() }
    }

    /// Text, or a map with `name`, `prefix` and `separator`.
    pub(crate) fn read(written: &Value) -> Result<Self, Diagnostic> {
        let refused = |message: &str| Err(Diagnostic::error(message).at(written.origin()));
        let Value::Map(map) = written else {
            return match written {
                Value::List(_) | Value::Null => refused("an entry of 'hostnames' is a string or a map"),
                plain => Ok(Self::plain(&plain.to_string())),
            };
        };
        let text = |name: &str| map.get(name).filter(|value| !value.is_null()).map(Value::to_string);
        let Some(name) = text("name") else {
            return refused("A 'name' key must be defined in a hostnames dictionary.");
        };
        Ok(Self { name, prefix: text("prefix"), separator: text("separator").unwrap_or_else(|| "_".to_owned()) })
    }

    /// The names this preference gives the instance: none where it has nothing of the kind, several for several tags.
    pub(crate) fn names(&self, instance: &JsonMap, templar: &Templar) -> Result<Vec<String>, Diagnostic> {
        let (source, filters) = match self.name.split_once('|') {
            Some((source, filters)) => (source.trim(), Some(filters)),
            None => (self.name.as_str(), None),
        };
        let mut names = found(source, instance);
        if let Some(filters) = filters {
            names = names.iter().map(|name| filtered(name, filters, templar)).collect::<Result<_, _>>()?;
        }
        if let Some(prefix) = self.prefix.as_deref().filter(|prefix| !prefix.is_empty()) {
            let Some(prefix) = found(prefix, instance).into_iter().next() else { return Ok(names) };
            names = names.iter().map(|name| format!("{prefix}{}{name}", self.separator)).collect();
        }
        Ok(names.iter().map(|name| as_hostname(name)).collect())
    }
}

fn found(source: &str, instance: &JsonMap) -> Vec<String> {
    if let Some(tags) = source.strip_prefix("tag:") {
        return of_tags(tags, instance);
    }
    let path = match PATHS.iter().find(|(name, _)| *name == source) {
        Some((_, path)) => (*path).to_owned(),
        None if PLAIN.contains(&source) => source.replace('-', "_"),
        None => return vec![source.to_owned()],
    };
    at(instance, &path).into_iter().filter(|name| !name.is_empty()).collect()
}

/// `Name` is the tag's value, `Name=web` is `Name_web` where the tag has that value; with commas, all there are.
fn of_tags(tags: &str, instance: &JsonMap) -> Vec<String> {
    let value_of = |name: &str| instance.get("tags")?.get(name)?.as_str().map(str::to_owned);
    let name = |tag: &str| match tag.split_once('=') {
        Some((name, value)) => value_of(name).filter(|found| found == value).map(|value| format!("{name}_{value}")),
        None => value_of(tag),
    };
    tags.split(',').filter_map(name).filter(|name| !name.is_empty()).collect()
}

fn at(instance: &JsonMap, path: &str) -> Option<String> {
    let mut parts = path.split('.');
    let mut value = instance.get(parts.next()?)?;
    for part in parts {
        value = first(value)?.get(part)?;
    }
    match first(value)? {
        Json::String(text) => Some(text.clone()),
        Json::Null | Json::Object(_) | Json::Array(_) | Json::Bool(false) => None,
        Json::Bool(true) => Some("True".to_owned()),
        number => Some(number.to_string()),
    }
}

fn first(value: &Json) -> Option<&Json> {
    if let Json::Array(items) = value { items.first() } else { Some(value) }
}

fn filtered(name: &str, filters: &str, templar: &Templar) -> Result<String, Diagnostic> {
    let vars: Arc<dyn VariableSource> = Arc::new(Map::from_iter([("name".into(), name.into())]));
    let expression = kapell_parsing::Text::trusted(format!("name | {filters}"), None);
    let value = templar.expression(&expression, &vars, &RenderContext::default());
    value.map(|value| value.to_string()).map_err(|error| {
        Diagnostic::error(format!("hostnames: cannot apply '{}' to '{name}': {error}", filters.trim()))
    })
}

/// A colon would look like a port.
fn as_hostname(name: &str) -> String {
    if !name.contains(':') {
        return name.to_owned();
    }
    name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn names(name: &str, prefix: Option<&str>) -> Vec<String> {
        let instance = json!({
            "private_ip_address": "10.0.0.1", "public_dns_name": "", "state": {"name": "running"},
            "security_groups": [{"group_name": "web"}, {"group_name": "db"}],
            "tags": {"Name": "web_1", "Env": "dev", "Odd": "a:b c"},
        });
        let instance = instance.as_object().cloned().unwrap();
        let preference = Preference { prefix: prefix.map(str::to_owned), ..Preference::plain(name) };
        preference.names(&instance, &Templar::new(kapell_template::TemplarOptions::default())).unwrap()
    }

    #[test]
    fn names_come_from_tags_fields_and_words() {
        let cases: &[(&str, Option<&str>, &[&str])] = &[
            ("tag:Name", None, &["web_1"]),
            ("tag:Nope,Env", None, &["dev"]),
            ("tag:Env=dev", None, &["Env_dev"]),
            ("tag:Env=prod", None, &[]),
            ("tag:Odd", None, &["a_b_c"]),
            ("dns-name", None, &[]),
            ("private-ip-address", Some("tag:Env"), &["dev_10.0.0.1"]),
            ("instance-state-name", None, &["running"]),
            ("instance.group-name", None, &["web"]),
            ("literal", Some("x"), &["x_literal"]),
            ("tag:Name | replace('web', 'db') | upper", None, &["DB_1"]),
            ("vpc-id", None, &[]),
        ];
        for (name, prefix, expected) in cases {
            assert_eq!(names(name, *prefix), *expected, "{name} {prefix:?}");
        }
    }
}
