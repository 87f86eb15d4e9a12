//! `Setting`: the one thing of a zone that a task is about.

use serde_json::Value;

use super::firewall::{Firewall, Layer};
use crate::python_repr::str_of;
use crate::{Args, Context, Map, ModuleError};

pub(super) enum Setting<'a> {
    /// One of several: the name of their kind in options, and in messages.
    Entry {
        option: &'static str,
        word: &'static str,
        value: String,
    },
    /// A switch with its name in options, and what the task says of it.
    Switch {
        option: &'static str,
        value: bool,
    },
    Source(&'a str),
    Interface(&'a str),
    Target(&'a str),
}

const ENTRIES: &[(&str, &str, &str)] = &[
    ("icmp_block", "icmp-block", "icmp-block"),
    ("service", "service", "service"),
    ("protocol", "protocol", "protocol"),
    ("rich_rule", "rich-rule", "rich_rule"),
];

const SWITCHES: &[(&str, &str)] =
    &[("icmp_block_inversion", "icmp-block-inversion"), ("masquerade", "masquerade"), ("forward", "forward")];

impl<'a> Setting<'a> {
    /// `None` when the task is about a zone as a whole.
    pub(super) fn of(args: &'a Args) -> Result<Option<Self>, ModuleError> {
        if let Some((name, option, word)) = ENTRIES.iter().find(|(name, ..)| args.has(name)) {
            return Ok(Some(Self::Entry { option, word, value: args.str(name)?.to_owned() }));
        }
        if let Some((name, option)) = SWITCHES.iter().find(|(name, _)| args.has(name)) {
            return Ok(Some(Self::Switch { option, value: args.bool(name) }));
        }
        if let Some(port) = args.opt_str("port") {
            return Ok(Some(Self::Entry { option: "port", word: "port", value: port_of(port)? }));
        }
        if args.has("port_forward") {
            let value = forwarding_of(args.list("port_forward"))?;
            return Ok(Some(Self::Entry { option: "forward-port", word: "port_forward", value }));
        }
        let source = args.opt_str("source").map(Self::Source);
        let interface = args.opt_str("interface").map(Self::Interface);
        Ok(source.or(interface).or(args.opt_str("target").map(Self::Target)))
    }

    /// A switch that is told to be `false` is told the opposite of its state.
    pub(super) fn wants(&self, enabled: bool) -> bool {
        match self {
            Self::Switch { value, .. } => *value == enabled,
            _ => enabled,
        }
    }

    pub(super) fn is_enabled(
        &self,
        firewall: &Firewall<'_>,
        layer: Layer,
        cx: &mut Context<'_>,
    ) -> Result<bool, ModuleError> {
        let listed = match self {
            // Ports of the running daemon are covered by ranges, too; rules have several spellings.
            Self::Entry { option: option @ ("rich-rule" | "forward-port"), value, .. } => {
                return Ok(firewall.query(layer, format!("--query-{option}={value}"), cx)?.unwrap_or(false));
            }
            Self::Entry { option: "port", value, .. } if layer == Layer::Runtime => {
                // A port that makes no sense is refused where it is to be set, and a zone that is missing, here.
                return Ok(firewall.query(layer, format!("--query-port={value}"), cx)?.unwrap_or(false));
            }
            Self::Switch { option, .. } => {
                return Ok(firewall.query(layer, format!("--query-{option}"), cx)?.unwrap_or(false));
            }
            Self::Entry { option, value, .. } => (format!("--list-{option}s"), value.as_str()),
            Self::Source(source) => ("--list-sources".to_owned(), *source),
            Self::Interface(interface) => ("--list-interfaces".to_owned(), *interface),
            Self::Target(_) => return Ok(false),
        };
        let (question, wanted) = listed;
        Ok(firewall.ask(layer, &question, cx)?.split_whitespace().any(|one| one == wanted))
    }

    /// The inner error is the firewall's reason to refuse.
    pub(super) fn apply(
        &self,
        firewall: &Firewall<'_>,
        layer: Layer,
        enable: bool,
        timeout: i64,
        cx: &mut Context<'_>,
    ) -> Result<Result<(), String>, ModuleError> {
        let verb = if enable { "add" } else { "remove" };
        let mut words = match self {
            // Of the program for a firewall at rest, `--remove-service` is another, older option.
            Self::Entry { option: "service", value, .. } if !enable && !firewall.running => {
                vec![format!("--remove-service-from-zone={value}")]
            }
            Self::Entry { option, value, .. } => vec![format!("--{verb}-{option}={value}")],
            Self::Switch { option, .. } => vec![format!("--{verb}-{option}")],
            Self::Source(source) => vec![format!("--{verb}-source={source}")],
            Self::Interface(interface) if enable => vec![format!("--change-interface={interface}")],
            Self::Interface(interface) => vec![format!("--remove-interface={interface}")],
            Self::Target(_) => Vec::new(),
        };
        if enable && timeout > 0 && layer == Layer::Runtime && self.may_time_out() {
            words.push(format!("--timeout={timeout}"));
        }
        let done = firewall.change_zone(layer, &words, cx)?;
        Ok(done.map_err(|text| self.as_daemon_says(text)))
    }

    fn may_time_out(&self) -> bool {
        match self {
            Self::Entry { .. } => true,
            Self::Switch { option, .. } => *option == "masquerade",
            _ => false,
        }
    }

    /// The programs look at ports before they tell the daemon, and say so in other words than the daemon.
    fn as_daemon_says(&self, text: String) -> String {
        let Self::Entry { option: "port", value, .. } = self else { return text };
        let port = value.split('/').next().unwrap_or_default();
        if text.starts_with("INVALID_PORT") {
            return format!("INVALID_PORT: '{port}' is invalid port range");
        }
        text.replace("' not in {", "' not from {")
    }

    /// What a refusal is followed by.
    pub(super) fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Entry { option: "service", .. } => Some(
                "Services are defined by port/tcp relationship and named as they are in /etc/services (on most systems)",
            ),
            _ => None,
        }
    }

    pub(super) fn message(
        &self,
        enable: bool,
        state: &str,
        firewall: &Firewall<'_>,
        cx: &mut Context<'_>,
    ) -> Result<String, ModuleError> {
        let named = |name: &str, cx: &mut Context<'_>| {
            let zone = firewall.zone_name(cx)?;
            Ok(if enable { format!("Added {name} to zone {zone}") } else { format!("Removed {name} from zone {zone}") })
        };
        match self {
            Self::Entry { word, value, .. } => Ok(format!("Changed {word} {value} to {state}")),
            Self::Switch { option: option @ "icmp-block-inversion", value } => {
                Ok(format!("Changed {option} {} to {state}", if *value { "True" } else { "False" }))
            }
            Self::Switch { option, .. } => named(option, cx),
            Self::Interface(interface) if enable => {
                Ok(format!("Changed {interface} to zone {}", firewall.zone_name(cx)?))
            }
            Self::Source(name) | Self::Interface(name) | Self::Target(name) => named(name, cx),
        }
    }
}

/// `8081/tcp`, `161-162/udp`.
fn port_of(text: &str) -> Result<String, ModuleError> {
    let text = text.trim();
    match text.split('/').count() {
        1 => Err(ModuleError::failed("improper port format (missing protocol?)")),
        2 if text.ends_with('/') => Err(ModuleError::failed("improper port format (missing protocol?)")),
        2 => Ok(text.to_owned()),
        _ => Err(ModuleError::failed(format!("a port is PORT/PROTOCOL or PORT-PORT/PROTOCOL, not {text}"))),
    }
}

/// The one forwarding a task may have, as the firewall writes it.
fn forwarding_of(list: &[Value]) -> Result<String, ModuleError> {
    let one = match list {
        [Value::Object(one)] => one,
        [] => return Err(ModuleError::failed("port_forward is empty")),
        _ => return Err(ModuleError::failed("Only one port forward supported at a time")),
    };
    let text = |one: &Map, key: &str| one.get(key).filter(|value| !value.is_null()).map(str_of);
    let needed = |key: &str, what: &str| {
        text(one, key).ok_or_else(|| ModuleError::failed(format!("{what} must be specified for port forward")))
    };
    let (port, protocol, to) =
        (needed("port", "port")?, needed("proto", "proto udp/tcp")?, needed("toport", "toport")?);
    let address = text(one, "toaddr").unwrap_or_default();
    Ok(format!("port={port}:proto={protocol}:toport={to}:toaddr={address}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ports_have_a_protocol() {
        assert_eq!(port_of(" 8081/tcp ").unwrap(), "8081/tcp");
        for bad in ["8081", "8081/", "8081/tcp/udp"] {
            assert!(port_of(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn forwardings_are_written_as_the_firewall_does() {
        let list = [json!({ "port": 443, "proto": "tcp", "toport": "8443" })];
        assert_eq!(forwarding_of(&list).unwrap(), "port=443:proto=tcp:toport=8443:toaddr=");
        assert!(forwarding_of(&[]).is_err());
        assert!(forwarding_of(&[json!({ "port": 1 })]).unwrap_err().to_string().starts_with("proto"));
    }
}
