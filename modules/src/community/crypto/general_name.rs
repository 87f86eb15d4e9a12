//! General names: `DNS:example.org`, `IP:10.0.0.1`, `dirName:CN=a` and the others, to DER and back.

use std::net::IpAddr;

use serde_json::Value;

use super::der::{self, Element};
use super::hashes::colons;
use super::names::Name;
use super::punycode;
use crate::{Map, ModuleError};

const OTHER: u8 = 0xa0;
const EMAIL: u8 = 0x81;
const DNS: u8 = 0x82;
const DIRECTORY: u8 = 0xa4;
const URI: u8 = 0x86;
const IP: u8 = 0x87;
const REGISTERED: u8 = 0x88;

/// The name in DER. `what` says in errors what it is meant for.
pub(super) fn encode(text: &str, what: &str) -> Result<Vec<u8>, ModuleError> {
    let refuse = |why: &str| ModuleError::failed(format!("Cannot parse {what} \"{text}\"{why}"));
    let Some((kind, value)) = text.split_once(':') else { return Err(refuse(" (forgot \"DNS:\" prefix?)")) };
    let ascii = || {
        let why = ": a name beyond ASCII has to be given in its encoded form (xn--…)";
        if value.is_ascii() { Ok(value.as_bytes()) } else { Err(refuse(why)) }
    };
    Ok(match kind {
        "DNS" => der::element(DNS, ascii()?),
        "email" => der::element(EMAIL, ascii()?),
        "URI" => der::element(URI, ascii()?),
        "IP" => der::element(IP, &address(value).map_err(|why| refuse(&format!(": {why}")))?),
        "RID" => {
            let oid = der::oid(value).ok_or_else(|| refuse(&format!(": not an object identifier: {value}")))?;
            der::element(REGISTERED, Element::parse(&oid).map_or(&[][..], |oid| oid.content))
        }
        "dirName" => der::element(DIRECTORY, &Name::parse_reversed(value)?.encode()),
        "otherName" => other_name(value).ok_or_else(|| {
            refuse(": otherName must have the form \"otherName:OID;UTF8:text\" or \"otherName:OID;00:11:22\"")
        })?,
        _ => return Err(refuse(" (potentially unsupported by cryptography backend)")),
    })
}

/// The bytes of an address, or of a network with its mask.
fn address(text: &str) -> Result<Vec<u8>, String> {
    let broken = || {
        format!(
            "'{text}' does not appear to be an IPv4 or IPv6 {}",
            if text.contains('/') { "network" } else { "address" }
        )
    };
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix)),
        None => (text, None),
    };
    let mut bytes = match address.parse().map_err(|_| broken())? {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    };
    if let Some(prefix) = prefix {
        let bits = bytes.len() * 8;
        let prefix: usize = prefix.parse().ok().filter(|prefix| *prefix <= bits).ok_or_else(broken)?;
        let mask = (0..bytes.len()).map(|index| {
            let ones = prefix.saturating_sub(index * 8).min(8) as u32;
            0xff_u8.checked_shl(8 - ones).unwrap_or(0)
        });
        bytes.extend(mask.collect::<Vec<_>>());
    }
    Ok(bytes)
}

fn other_name(text: &str) -> Option<Vec<u8>> {
    let (oid, value) = text.split_once(';')?;
    let value = match value.strip_prefix("UTF8:") {
        Some(text) => der::element(der::UTF8, text.as_bytes()),
        None => hex::decode(value.replace(':', "")).ok()?,
    };
    Element::parse(&value)?;
    Some(der::element(OTHER, &[der::oid(oid)?, der::element(0xa0, &value)].concat()))
}

/// The name as text.
pub(super) fn text(name: Element<'_>) -> Option<String> {
    let plain = || String::from_utf8_lossy(name.content);
    Some(match name.tag {
        DNS => format!("DNS:{}", plain()),
        EMAIL => format!("email:{}", plain()),
        URI => format!("URI:{}", plain()),
        IP => format!("IP:{}", address_text(name.content)?),
        REGISTERED => format!("RID:{}", Element::parse(&der::element(der::OBJECT, name.content))?.oid()?),
        DIRECTORY => format!("dirName:{}", Name::decode(name.inner()?)?.text()),
        OTHER => {
            let [oid, value] = name.children()?[..] else { return None };
            format!("otherName:{};{}", oid.oid()?, colons(value.content))
        }
        _ => return None,
    })
}

fn address_text(bytes: &[u8]) -> Option<String> {
    let one = |bytes: &[u8]| match bytes.len() {
        4 => <[u8; 4]>::try_from(bytes).ok().map(IpAddr::from),
        16 => <[u8; 16]>::try_from(bytes).ok().map(IpAddr::from),
        _ => None,
    };
    // Twice as long, four bytes or sixteen are a network with its mask.
    if bytes.len() == 8 || bytes.len() == 32 {
        let (address, mask) = bytes.split_at(bytes.len() / 2);
        let prefix: u32 = mask.iter().map(|byte| byte.leading_ones()).sum();
        return Some(format!("{}/{prefix}", one(address)?));
    }
    one(bytes).map(|address| address.to_string())
}

/// The names of a sequence of names.
pub(super) fn texts(names: Element<'_>) -> Option<Vec<String>> {
    names.children()?.into_iter().map(text).collect()
}

/// Shows hosts in the names below these keys of a result as people write them.
pub(super) fn show_in_unicode(info: &mut Map, keys: &[&str]) {
    for key in keys {
        for name in info.get_mut(*key).and_then(Value::as_array_mut).into_iter().flatten() {
            *name = name.as_str().map(in_unicode).into();
        }
    }
}

/// A general name with its host as people write it.
fn in_unicode(name: &str) -> String {
    let Some((kind, value)) = name.split_once(':') else { return name.to_owned() };
    let (before, host, after) = match kind {
        "DNS" => ("", value, ""),
        "email" => match value.rfind('@') {
            Some(at) => (&value[..=at], &value[at + 1..], ""),
            None => return name.to_owned(),
        },
        "URI" => {
            let Some(start) = value.find("://").map(|at| at + 3) else { return name.to_owned() };
            let end = value[start..].find(['/', '?', '#']).map_or(value.len(), |at| start + at);
            let start = value[start..end].rfind('@').map_or(start, |at| start + at + 1);
            let end = value[start..end].find(':').map_or(end, |at| start + at);
            (&value[..start], &value[start..end], &value[end..])
        }
        _ => return name.to_owned(),
    };
    format!("{kind}:{before}{}{after}", punycode::unicode(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_encoded_and_shown() {
        for name in [
            "DNS:*.example.org",
            "IP:10.0.0.1",
            "IP:2001:db8::/33",
            "IP:10.0.0.0/9",
            "email:a@b",
            "URI:https://x/",
            "RID:1.2.3",
            "dirName:CN=foo,O=bar",
            "otherName:1.2.3;0c:02:68:69",
        ] {
            let der = encode(name, "name").unwrap();
            assert_eq!(text(Element::parse(&der).unwrap()).as_deref(), Some(name));
        }
        let utf8 = encode("otherName:1.2.3;UTF8:hi", "name").unwrap();
        assert_eq!(utf8, encode("otherName:1.2.3;0c:02:68:69", "name").unwrap());
        for broken in ["foo", "X:y", "IP:a", "IP:1.2.3.4/33", "RID:x", "otherName:1.2", "DNS:ö"] {
            assert!(encode(broken, "name").is_err(), "{broken}");
        }
    }

    #[test]
    fn hosts_are_found_in_names() {
        for (name, shown) in [
            ("DNS:*.xn--mnchen-3ya.example", "DNS:*.münchen.example"),
            ("email:me@xn--mnchen-3ya.example", "email:me@münchen.example"),
            (
                "URI:https://a@xn--mnchen-3ya.example:8443/xn--mnchen-3ya",
                "URI:https://a@münchen.example:8443/xn--mnchen-3ya",
            ),
            ("URI:urn:xn--mnchen-3ya", "URI:urn:xn--mnchen-3ya"),
            ("IP:10.0.0.1", "IP:10.0.0.1"),
        ] {
            assert_eq!(in_unicode(name), shown);
        }
    }
}
