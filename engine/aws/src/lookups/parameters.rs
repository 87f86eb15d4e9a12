//! `amazon.aws.ssm_parameter`: parameters of Systems Manager by their names, or all below a path.

use kapell_template::{ServiceAnswer, ServiceQuestion};
use serde_json::{Map, Value as Json, json};

use super::options::{Options, Otherwise};
use crate::api_error::ApiError;
use crate::service::{SSM, Service};

/// Pages of ten parameters.
const MOST_PAGES: usize = 10_000;

pub(super) fn look_up(question: ServiceQuestion) -> Result<ServiceAnswer, String> {
    run(question).map_err(ApiError::with_hint)
}

fn run(question: ServiceQuestion) -> Result<ServiceAnswer, ApiError> {
    let options = Options::new("ssm_parameter", question.options);
    let naming = match (options.flag("shortnames", false)?, options.flag("droppath", false)?) {
        (false, false) => Naming::Whole,
        (true, false) => Naming::Short,
        (false, true) => Naming::Below,
        (true, true) => {
            let message = "shortnames and droppath are mutually exclusive. They cannot both be set to true.";
            return Err(ApiError::new(message));
        }
    };
    let mut answer = ServiceAnswer::default();
    if question.terms.is_empty() {
        return Ok(answer);
    }
    let lookup = Parameters {
        missing: options.otherwise("on_missing")?,
        denied: options.otherwise("on_denied")?,
        decrypt: options.flag("decrypt", true)?,
        recursive: options.flag("recursive", false)?,
        naming,
        service: Service::reach(&SSM, options.access())?,
    };
    let by_path = options.flag("bypath", false)?;
    for term in &question.terms {
        let term =
            term.as_str().ok_or_else(|| ApiError::new(format!("the name of a parameter is text, not {term}")))?;
        answer.values.push(match by_path {
            true => lookup.by_path(term, &mut answer.warnings)?,
            false => lookup.parameter(term, &mut answer.warnings)?,
        });
    }
    Ok(answer)
}

/// How parameters below a path are called.
#[derive(Clone, Copy)]
enum Naming {
    Whole,
    /// By the last part of the name.
    Short,
    /// Without the path.
    Below,
}

impl Naming {
    fn of(self, name: &str, path: &str) -> String {
        match self {
            Self::Whole => name.to_owned(),
            Self::Short => name.rsplit('/').next().unwrap_or(name).to_owned(),
            Self::Below => name.strip_prefix(path).unwrap_or(name).to_owned(),
        }
    }
}

struct Parameters {
    service: Service,
    missing: Otherwise,
    denied: Otherwise,
    decrypt: bool,
    recursive: bool,
    naming: Naming,
}

impl Parameters {
    /// The value, and whether it is secret; null when it is to be skipped.
    fn parameter(&self, name: &str, warnings: &mut Vec<String>) -> Result<(Json, bool), ApiError> {
        let body = json!({"Name": name, "WithDecryption": self.decrypt});
        match self.service.call("GetParameter", &body) {
            Ok(mut answer) => Ok((answer["Parameter"]["Value"].take(), is_secure(&answer["Parameter"]))),
            Err(error) => self.without(&format!("parameter {name}"), error, warnings).map(|()| (Json::Null, false)),
        }
    }

    fn by_path(&self, path: &str, warnings: &mut Vec<String>) -> Result<(Json, bool), ApiError> {
        let (mut found, mut is_secret) = (Map::new(), false);
        let mut body = json!({"Path": path, "Recursive": self.recursive, "WithDecryption": self.decrypt});
        for _ in 0..MOST_PAGES {
            let page = match self.service.call("GetParametersByPath", &body) {
                Ok(page) => page,
                Err(error) => {
                    return self
                        .without(&format!("parameter path {path}"), error, warnings)
                        .map(|()| (json!({}), false));
                }
            };
            for one in page["Parameters"].as_array().into_iter().flatten() {
                is_secret |= is_secure(one);
                let name = self.naming.of(one["Name"].as_str().unwrap_or_default(), path);
                found.insert(name, one["Value"].clone());
            }
            match page["NextToken"].as_str() {
                Some(token) => body["NextToken"] = token.into(),
                None => break,
            }
        }
        if found.is_empty() {
            let (told, skipping) = not_found(&format!("parameter path {path}"));
            self.missing.settle(told, || skipping, warnings)?;
        }
        Ok((found.into(), is_secret))
    }

    fn without(&self, what: &str, error: ApiError, warnings: &mut Vec<String>) -> Result<(), ApiError> {
        if error.is_code("ParameterNotFound") {
            let (told, skipping) = not_found(what);
            return self.missing.settle(told, || skipping, warnings);
        }
        if error.is_code("AccessDeniedException") {
            let told = ApiError::new(format!("Failed to access SSM {what} (AccessDenied)"));
            return self.denied.settle(told, || format!("Skipping, access denied for SSM {what}"), warnings);
        }
        Err(ApiError { message: format!("SSM lookup exception: {}", error.message), ..error })
    }
}

/// Only these are encrypted; the others anybody may see.
fn is_secure(parameter: &Json) -> bool {
    parameter["Type"] == "SecureString"
}

fn not_found(what: &str) -> (ApiError, String) {
    let told = ApiError::new(format!("Failed to find SSM {what} (ResourceNotFound)"));
    (told, format!("Skipping, did not find SSM {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_below_a_path() {
        assert_eq!(Naming::Whole.of("/web/db/user", "/web"), "/web/db/user");
        assert_eq!(Naming::Short.of("/web/db/user", "/web"), "user");
        assert_eq!(Naming::Below.of("/web/db/user", "/web"), "/db/user");
        assert_eq!(Naming::Below.of("/web/db/user", "/web/"), "db/user");
    }
}
