//! What Systems Manager knows of instances: the variable `ssm_inventory`.

use std::collections::{BTreeMap, HashMap};

use kapell_modules::Map;
use serde_json::{Value as Json, json};

use super::options::Options;
use crate::access::Access;
use crate::api_error::ApiError;
use crate::service::{SSM, Service};

const VARIABLE: &str = "ssm_inventory";
const KIND: &str = "AWS:InstanceInformation";
/// Ids that one call takes.
const IDS: usize = 40;
const MOST_PAGES: usize = 10_000;

/// Gives its variable to every instance that Systems Manager knows.
pub(super) fn add(instances: &mut [Map], options: &Options) -> Result<(), ApiError> {
    let mut by_region: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for instance in &*instances {
        let region = instance.get("placement").and_then(|placement| placement.get("region")).and_then(Json::as_str);
        by_region.entry(region.unwrap_or_default().to_owned()).or_default().extend(id(instance).map(str::to_owned));
    }
    let mut known = HashMap::new();
    for (region, ids) in by_region {
        let service = Service::reach(&SSM, Access { region: Some(region), ..options.access.clone() })?;
        for ids in ids.chunks(IDS) {
            ask(&service, ids, &mut known)?;
        }
    }
    for instance in instances {
        if let Some(said) = id(instance).and_then(|id| known.remove(id)) {
            instance.insert(VARIABLE.to_owned(), said.into());
        }
    }
    Ok(())
}

fn id(instance: &Map) -> Option<&str> {
    instance.get("instance_id")?.as_str()
}

fn ask(service: &Service, ids: &[String], known: &mut HashMap<String, Map>) -> Result<(), ApiError> {
    let mut body = json!({"Filters": [{"Key": format!("{KIND}.InstanceId"), "Values": ids}]});
    for _ in 0..MOST_PAGES {
        let page = service.call("GetInventory", &body)?;
        for entity in page.get("Entities").and_then(Json::as_array).into_iter().flatten() {
            let said = entity.get("Data").and_then(|data| data.get(KIND)).and_then(|kind| kind.get("Content")?.get(0));
            if let (Some(id), Some(Json::Object(said))) = (entity.get("Id").and_then(Json::as_str), said) {
                let said = said.iter().map(|(name, value)| (underscored(name), value.clone())).collect();
                known.insert(id.to_owned(), said);
            }
        }
        match page.get("NextToken").and_then(Json::as_str) {
            Some(next) if !next.is_empty() => body["NextToken"] = next.into(),
            _ => break,
        }
    }
    Ok(())
}

/// `AgentType` is `agent_type`, `IPAddress` is `ip_address`.
fn underscored(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut text = String::new();
    for (at, letter) in letters.iter().enumerate() {
        let after_small = at > 0 && !letters[at - 1].is_uppercase();
        let before_small = at > 0 && letters.get(at + 1).is_some_and(|next| next.is_lowercase());
        if letter.is_uppercase() && (after_small || before_small) {
            text.push('_');
        }
        text.extend(letter.to_lowercase());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_underscored() {
        let names = ["AgentType", "IpAddress", "IPAddress", "InstanceId", "Name", "ComputerNameDNS"].map(underscored);
        assert_eq!(names, ["agent_type", "ip_address", "ip_address", "instance_id", "name", "computer_name_dns"]);
    }
}
