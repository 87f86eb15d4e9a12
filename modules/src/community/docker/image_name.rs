//! `ImageName`: repository and tag (or digest) of an image, and pulling it.

use std::time::Duration;

use serde_json::Value;

use super::credentials;
use super::engine::{Answer, Engine};
use super::query::Query;
use crate::{Context, ModuleError};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ImageName {
    pub repository: String,
    /// A tag or a digest.
    pub tag: String,
}

impl ImageName {
    /// `default_tag` for a name without one.
    pub(super) fn parse(text: &str, default_tag: &str) -> Self {
        if let Some((repository, digest)) = text.split_once('@') {
            return Self { repository: repository.to_owned(), tag: digest.to_owned() };
        }
        match text.rsplit_once(':') {
            Some((repository, tag)) if !tag.contains('/') => {
                Self { repository: repository.to_owned(), tag: tag.to_owned() }
            }
            _ => Self { repository: text.to_owned(), tag: default_tag.to_owned() },
        }
    }

    /// `sha256:…`, or a part of it, is no name.
    pub(super) fn is_id(text: &str) -> bool {
        let digits = text.strip_prefix("sha256:").unwrap_or(text);
        let hexadecimal = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        hexadecimal && (digits.len() == 64 || text.starts_with("sha256:"))
    }

    pub(super) fn full(&self) -> String {
        let mark = if self.tag.contains(':') { '@' } else { ':' };
        format!("{}{mark}{}", self.repository, self.tag)
    }

    /// The host of the registry, as credentials name it.
    pub(super) fn registry(&self) -> &str {
        match self.repository.split_once('/') {
            Some((host, _)) if host.contains(['.', ':']) || host == "localhost" => host,
            _ => credentials::DEFAULT_REGISTRY,
        }
    }

    /// Gets the image from its registry.
    pub(super) fn pull(&self, engine: &Engine, platform: Option<&str>, cx: &Context<'_>) -> Result<(), ModuleError> {
        let query = Query::new().with("tag", &self.tag).with("fromImage", &self.repository);
        let path = query.with_opt("platform", platform).after("/images/create");
        let headers = credentials::header(self.registry(), cx);
        let failed = |code: &str, message: &str| {
            ModuleError::failed(format!("Error pulling {} - code: {code} message: {message}", self.repository))
        };
        // How long it may be silent; a large image takes its time.
        let (response, path) = engine.stream("POST", &path, headers, None, Some(Duration::from_mins(10)))?;
        let answer = Answer::read(response, &path).map_err(|reason| failed("None", &reason))?;
        if let Some(error) = answer.error() {
            return Err(ModuleError::failed(format!("Error pulling image {} - {error}", self.full())));
        }
        match answer.events().iter().find_map(error_of) {
            Some((code, message)) => Err(failed(&code, &message)),
            None => Ok(()),
        }
    }
}

/// The error an engine tells while it works: code and message.
pub(super) fn error_of(event: &Value) -> Option<(String, String)> {
    let detail = &event["errorDetail"];
    let message = detail["message"].as_str().or_else(|| event["error"].as_str())?;
    let code = detail["code"].as_i64().map_or_else(|| "None".to_owned(), |code| code.to_string());
    Some((code, message.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_apart() {
        for (text, repository, tag, registry) in [
            ("nginx", "nginx", "latest", credentials::DEFAULT_REGISTRY),
            ("a/b:1", "a/b", "1", credentials::DEFAULT_REGISTRY),
            ("h:5000/a", "h:5000/a", "latest", "h:5000"),
            ("h.x/a@sha256:12", "h.x/a", "sha256:12", "h.x"),
        ] {
            let name = ImageName::parse(text, "latest");
            assert_eq!((name.repository.as_str(), name.tag.as_str()), (repository, tag), "{text}");
            assert_eq!(name.registry(), registry, "{text}");
        }
        assert_eq!(ImageName::parse("a@sha256:1", "latest").full(), "a@sha256:1");
        assert!(ImageName::is_id(&format!("sha256:{}", "a1".repeat(32))) && !ImageName::is_id("cafe"));
    }
}
