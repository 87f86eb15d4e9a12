//! Credentials of registries: as the Docker command line keeps them, and as engines are told them.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use serde_json::{Value, json};

use crate::conversion::expand;
use crate::{Context, Map};

pub(super) const DEFAULT_REGISTRY: &str = "https://index.docker.io/v1/";

/// The header with which an engine identifies itself to a registry; nothing when nothing is known.
pub(super) fn header(registry: &str, cx: &Context<'_>) -> Vec<(String, String)> {
    let dir = cx.env("DOCKER_CONFIG").unwrap_or_else(|| "~/.docker".to_owned());
    let path = expand(&format!("{dir}/config.json"), cx);
    let text = cx.read_text(path).ok().flatten().unwrap_or_default();
    let config: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
    let Some((username, password)) = stored(&config, registry) else { return Vec::new() };
    let told = json!({ "username": username, "password": password, "serveraddress": registry });
    vec![("X-Registry-Auth".to_owned(), URL_SAFE.encode(told.to_string()))]
}

/// What a configuration has for a registry.
pub(super) fn stored(config: &Value, registry: &str) -> Option<(String, String)> {
    let entry = config["auths"].as_object()?.iter().find(|(name, _)| host(name) == host(registry))?.1;
    decoded(entry["auth"].as_str()?)
}

/// The base64 form of a name and a password.
pub(super) fn encoded(username: &str, password: &str) -> String {
    STANDARD.encode(format!("{username}:{password}"))
}

fn decoded(text: &str) -> Option<(String, String)> {
    let bytes = STANDARD.decode(text.trim_end_matches('\0')).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (username, password) = text.split_once(':')?;
    Some((username.to_owned(), password.trim_end_matches('\0').to_owned()))
}

/// A registry without what addresses have around it.
fn host(name: &str) -> &str {
    let name = name.split_once("://").map_or(name, |(_, rest)| rest);
    name.split('/').next().unwrap_or(name)
}

/// The program that keeps the credentials of a registry, where one does.
pub(super) fn helper(config: &Map, registry: &str) -> Option<String> {
    let named = config.get("credHelpers").and_then(|helpers| helpers[registry].as_str());
    let named = named.or_else(|| config.get("credsStore").and_then(Value::as_str));
    named.filter(|name| !name.is_empty()).map(|name| format!("docker-credential-{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_found_by_host() {
        let config = json!({ "auths": { "https://h.x/v2/": { "auth": encoded("u", "p:q") }, "bad": { "auth": "!" } } });
        assert_eq!(stored(&config, "h.x"), Some(("u".to_owned(), "p:q".to_owned())));
        assert_eq!(stored(&config, "bad"), None);
        assert_eq!(stored(&config, DEFAULT_REGISTRY), None);
    }

    #[test]
    fn helpers_of_a_registry_come_first() {
        let config = json!({ "credsStore": "pass", "credHelpers": { "h": "ecr" } });
        let config = config.as_object().unwrap();
        assert_eq!(helper(config, "h").as_deref(), Some("docker-credential-ecr"));
        assert_eq!(helper(config, "x").as_deref(), Some("docker-credential-pass"));
    }
}
