//! Names that Route 53 has for instances: records of its zones with one of their addresses or names.

use std::collections::{BTreeMap, BTreeSet};

use kapell_modules::Map;
use serde_json::Value as Json;

use super::options::Options;
use crate::api_error::ApiError;
use crate::service::{Kind, Service};
use crate::xml::Element;

const KIND: Kind = Kind { name: "route53", target: "", variable: "ROUTE_53", home: Some("us-east-1") };
const API: &str = "/2013-04-01";
/// Pages of a hundred.
const MOST_PAGES: usize = 10_000;
/// What a record leads to.
const LEADING_TO: &[&str] = &["public_dns_name", "private_dns_name", "public_ip_address", "private_ip_address"];
/// Where an instance keeps its names until hosts are made of it. No field of the API begins so.
pub(super) const NAMES: &str = "_route53_names";

/// Which zones and names count.
#[derive(Clone, Debug, Default)]
pub(super) struct Zones {
    pub(super) excluded: Vec<String>,
    /// Names that end with one of these; empty: all.
    pub(super) suffixes: Vec<String>,
}

impl Zones {
    fn has(&self, zone: &str) -> bool {
        !self.excluded.iter().any(|excluded| excluded.trim_end_matches('.') == zone)
    }

    fn counts(&self, name: &str) -> bool {
        self.suffixes.is_empty() || self.suffixes.iter().any(|suffix| name.ends_with(suffix.as_str()))
    }
}

/// Gives every instance its names, in order.
pub(super) fn add(instances: &mut [Map], zones: &Zones, options: &Options) -> Result<(), ApiError> {
    let names = names(&Service::reach(&KIND, options.access.clone())?, zones)?;
    for instance in instances {
        let leads = LEADING_TO.iter().filter_map(|field| names.get(instance.get(*field)?.as_str()?));
        let own: BTreeSet<&String> = leads.flatten().filter(|name| zones.counts(name)).collect();
        let own: Vec<Json> = own.into_iter().map(|name| name.as_str().into()).collect();
        instance.insert(NAMES.to_owned(), own.into());
    }
    Ok(())
}

/// The names of all records, by what they lead to.
fn names(service: &Service, zones: &Zones) -> Result<BTreeMap<String, BTreeSet<String>>, ApiError> {
    let mut names: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for zone in all_zones(service, zones)? {
        let mut query = String::new();
        for _ in 0..MOST_PAGES {
            let page = service.get("ListResourceRecordSets", &format!("{API}{zone}/rrset{query}"))?;
            for set in page.child("ResourceRecordSets").into_iter().flat_map(Element::children) {
                if !matches!(set.text_of("Type"), Some("A" | "CNAME")) {
                    continue;
                }
                let name = set.text_of("Name").unwrap_or_default().trim_end_matches('.');
                let records = set.child("ResourceRecords").into_iter().flat_map(Element::children);
                for value in records.filter_map(|record| record.text_of("Value")) {
                    names.entry(value.trim_end_matches('.').to_owned()).or_default().insert(name.to_owned());
                }
            }
            let next = [("name", "NextRecordName"), ("type", "NextRecordType"), ("identifier", "NextRecordIdentifier")];
            let next = next.iter().filter_map(|(word, field)| Some((*word, page.text_of(field)?)));
            match page.text_of("IsTruncated") {
                Some("true") => query = as_query(next),
                _ => break,
            }
        }
    }
    Ok(names)
}

/// The paths of the zones that are not left out.
fn all_zones(service: &Service, zones: &Zones) -> Result<Vec<String>, ApiError> {
    let (mut found, mut query) = (Vec::new(), String::new());
    for _ in 0..MOST_PAGES {
        let page = service.get("ListHostedZones", &format!("{API}/hostedzone{query}"))?;
        for zone in page.child("HostedZones").into_iter().flat_map(Element::children) {
            if zones.has(zone.text_of("Name").unwrap_or_default().trim_end_matches('.')) {
                found.extend(zone.text_of("Id").map(str::to_owned));
            }
        }
        match (page.text_of("IsTruncated"), page.text_of("NextMarker")) {
            (Some("true"), Some(marker)) => query = as_query([("marker", marker)].into_iter()),
            _ => break,
        }
    }
    Ok(found)
}

fn as_query<'a>(words: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let parts: Vec<String> = words.map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    format!("?{}", parts.join("&"))
}

fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_and_names_are_chosen() {
        let zones = Zones { excluded: vec!["a.org.".into()], suffixes: vec![".b.org".into(), "c.org".into()] };
        assert!(!zones.has("a.org") && zones.has("b.a.org"));
        assert_eq!(["x.b.org", "b.org", "xc.org"].map(|name| zones.counts(name)), [true, false, true]);
        assert!(Zones::default().counts("anything"));
        assert_eq!(as_query([("name", "\\052.a b"), ("type", "A")].into_iter()), "?name=%5C052.a%20b&type=A");
    }
}
