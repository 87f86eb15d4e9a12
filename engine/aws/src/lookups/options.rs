//! `Options`: what a lookup is called with: how AWS is reached, and what happens when something cannot be had.

use serde_json::Value as Json;

use crate::access::Access;
use crate::api_error::ApiError;

pub(super) struct Options {
    plugin: &'static str,
    given: Vec<(String, Json)>,
}

/// What becomes of a term that cannot be answered.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Otherwise {
    Error,
    Skip,
    Warn,
}

impl Otherwise {
    /// Fails with `error`, or warns, or says nothing.
    pub(super) fn settle(
        self,
        error: ApiError,
        skipping: impl FnOnce() -> String,
        warnings: &mut Vec<String>,
    ) -> Result<(), ApiError> {
        match self {
            Self::Error => return Err(error),
            Self::Skip => {}
            Self::Warn => warnings.push(skipping()),
        }
        Ok(())
    }
}

impl Options {
    pub(super) fn new(plugin: &'static str, given: Vec<(String, Json)>) -> Self {
        Self { plugin, given }
    }

    fn find(&self, names: &[&str]) -> Option<&Json> {
        let is_it = |(name, value): &&(String, Json)| names.contains(&name.as_str()) && !value.is_null();
        self.given.iter().find(is_it).map(|(_, value)| value)
    }

    pub(super) fn text(&self, names: &[&str]) -> Option<String> {
        let text = |value: &Json| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        self.find(names).map(text).filter(|text| !text.is_empty())
    }

    pub(super) fn flag(&self, name: &str, usual: bool) -> Result<bool, ApiError> {
        match self.find(&[name]) {
            None => Ok(usual),
            Some(Json::Bool(flag)) => Ok(*flag),
            Some(other) => {
                let text = other.as_str().map_or_else(|| other.to_string(), str::to_lowercase);
                match text.as_str() {
                    "yes" | "on" | "1" | "true" | "y" | "t" => Ok(true),
                    "no" | "off" | "0" | "false" | "n" | "f" => Ok(false),
                    _ => {
                        Err(ApiError::new(format!("the option '{name}' of {} is a boolean, not {other}", self.plugin)))
                    }
                }
            }
        }
    }

    pub(super) fn otherwise(&self, name: &str) -> Result<Otherwise, ApiError> {
        match self.text(&[name]).as_deref() {
            None | Some("error") => Ok(Otherwise::Error),
            Some("skip") => Ok(Otherwise::Skip),
            Some("warn") => Ok(Otherwise::Warn),
            Some(other) => {
                let message =
                    format!("Invalid value '{other}' for config '{name}' for '{}' lookup plugin.", self.plugin);
                Err(ApiError::new(message).hint("error, skip or warn"))
            }
        }
    }

    pub(super) fn access(&self) -> Access {
        Access {
            region: self.text(&["region", "aws_region"]),
            profile: self.text(&["profile", "aws_profile"]),
            key_id: self.text(&["access_key", "aws_access_key_id", "aws_access_key"]),
            secret_key: self.text(&["secret_key", "aws_secret_access_key", "aws_secret_key"]),
            session_token: self.text(&["session_token", "aws_session_token"]),
            endpoint_url: self.text(&["endpoint_url", "aws_endpoint_url"]),
            ..Access::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn options_are_read_as_they_are_written() {
        let given =
            [("on_missing", json!("warn")), ("join", json!("yes")), ("bypath", json!([])), ("region", json!(""))];
        let options = Options::new("x", given.map(|(name, value)| (name.to_owned(), value)).into());
        assert!(options.otherwise("on_missing").is_ok_and(|it| it == Otherwise::Warn));
        assert!(options.otherwise("on_denied").is_ok_and(|it| it == Otherwise::Error));
        assert!(options.flag("join", false).is_ok_and(|flag| flag));
        assert!(options.flag("bypath", false).is_err());
        assert_eq!(options.access().region, None);
    }
}
