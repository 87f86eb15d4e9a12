//! Ports of a container: which are published where, as the Docker command line writes them.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{Map, ModuleError};

/// Ranges longer than all ports are mistakes.
const MOST: u32 = 65_536;

/// `8000-8002/udp` as `8000/udp`, …; TCP unless it is said.
pub(super) fn ports(text: &str) -> Result<Vec<String>, ModuleError> {
    let (range, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    Ok(numbers(range)?.into_iter().map(|number| format!("{number}/{protocol}")).collect())
}

fn numbers(range: &str) -> Result<Vec<u32>, ModuleError> {
    let wrong = || ModuleError::failed(format!("Invalid port \"{range}\""));
    let (from, to) = range.split_once('-').unwrap_or((range, range));
    let (from, to): (u32, u32) = (from.parse().map_err(|_| wrong())?, to.parse().map_err(|_| wrong())?);
    if from > to || to >= MOST {
        return Err(wrong());
    }
    Ok((from..=to).collect())
}

/// `PortBindings` of what is to be published.
pub(super) fn bindings(published: &[String], default_ip: &str) -> Result<Map, ModuleError> {
    let mut bindings = Map::new();
    for text in published {
        for (port, binding) in publish(text, default_ip)? {
            if let Value::Array(list) = bindings.entry(port).or_insert_with(|| json!([])) {
                list.push(binding);
            }
        }
    }
    Ok(bindings)
}

/// One entry: `80`, `8080:80/udp`, `127.0.0.1:8000-8001:80-81`, `[::1]::80`.
fn publish(text: &str, default_ip: &str) -> Result<Vec<(String, Value)>, ModuleError> {
    let wrong = |why: &str| ModuleError::failed(format!("Invalid port description \"{text}\" - {why}"));
    let (text, protocol) = text.rsplit_once('/').unwrap_or((text, "tcp"));
    let (rest, container) = text.rsplit_once(':').map_or((None, text), |(rest, container)| (Some(rest), container));
    let container = numbers(container)?;
    let (address, host) = match rest {
        None => (default_ip, ""),
        Some(rest) => rest.rsplit_once(':').unwrap_or((default_ip, rest)),
    };
    let address = address.trim_start_matches('[').trim_end_matches(']');
    if !address.is_empty() && address.parse::<std::net::IpAddr>().is_err() {
        return Err(wrong("the address is no IP address"));
    }
    let binding = |host: String| json!({ "HostIp": address, "HostPort": host });
    if host.is_empty() {
        return Ok(container.iter().map(|port| (format!("{port}/{protocol}"), binding(String::new()))).collect());
    }
    if container.len() == 1 && host.contains('-') {
        // The engine takes a free port of the range.
        numbers(host)?;
        return Ok(vec![(format!("{}/{protocol}", container[0]), binding(host.to_owned()))]);
    }
    let host = numbers(host)?;
    if host.len() != container.len() {
        return Err(wrong("the ranges differ in length"));
    }
    let pairs = container.iter().zip(host);
    Ok(pairs.map(|(port, host)| (format!("{port}/{protocol}"), binding(host.to_string()))).collect())
}

/// The ports a container listens on, sorted by number.
pub(super) fn sorted(all: impl IntoIterator<Item = String>) -> Vec<String> {
    let key = |port: String| {
        let number = port.split('/').next().and_then(|number| number.parse::<u32>().ok()).unwrap_or(0);
        (number, port)
    };
    let sorted: BTreeSet<(u32, String)> = all.into_iter().map(key).collect();
    sorted.into_iter().map(|(_, port)| port).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_published_as_written() {
        let at = |ip: &str, port: &str| json!([{ "HostIp": ip, "HostPort": port }]);
        for (text, port, binding) in [
            ("443", "443/tcp", at("0.0.0.0", "")),
            ("8080:80", "80/tcp", at("0.0.0.0", "8080")),
            ("127.0.0.1::7/udp", "7/udp", at("127.0.0.1", "")),
            ("[::1]:5:6", "6/tcp", at("::1", "5")),
            ("8000-8010:80", "80/tcp", at("0.0.0.0", "8000-8010")),
        ] {
            let found = bindings(&[text.to_owned()], "0.0.0.0").unwrap();
            assert_eq!(found.get(port), Some(&binding), "{text}");
        }
        assert_eq!(bindings(&["1-2:3-4".to_owned()], "").unwrap().len(), 2);
        for wrong in ["x", "1-2:3-5", "9-1", "a:1:2", "70000"] {
            assert!(bindings(&[wrong.to_owned()], "").is_err(), "{wrong}");
        }
        assert_eq!(sorted(ports("99").unwrap().into_iter().chain(ports("9").unwrap())), ["9/tcp", "99/tcp"]);
    }
}
