//! `amazon.aws.secretsmanager_secret`: secrets of AWS Secrets Manager by their names, by a key within one, or by a path.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kapell_parsing::Value;
use kapell_template::{ServiceAnswer, ServiceQuestion};
use serde_json::{Map, Value as Json, json};

use super::options::{Options, Otherwise};
use crate::api_error::ApiError;
use crate::service::{Kind, Service};

const KIND: Kind = Kind { name: "secretsmanager", target: "secretsmanager", variable: "SECRETS_MANAGER", home: None };
/// Pages of names; a path has not more.
const MOST_PAGES: usize = 1000;

pub(super) fn look_up(question: ServiceQuestion) -> Result<ServiceAnswer, String> {
    run(question).map_err(ApiError::with_hint)
}

fn run(question: ServiceQuestion) -> Result<ServiceAnswer, ApiError> {
    let options = Options::new("secretsmanager_secret", question.options);
    let lookup = Secrets {
        missing: options.otherwise("on_missing")?,
        denied: options.otherwise("on_denied")?,
        deleted: options.otherwise("on_deleted")?,
        nested: options.flag("nested", false)?,
        version_id: options.text(&["version_id"]),
        version_stage: options.text(&["version_stage"]),
        service: Service::reach(&KIND, options.access())?,
    };
    let (join, by_path) = (options.flag("join", false)?, options.flag("bypath", false)?);
    let mut answer = ServiceAnswer::default();
    for term in &question.terms {
        let term = term.as_str().ok_or_else(|| ApiError::new(format!("the name of a secret is text, not {term}")))?;
        let found = match by_path {
            true => Some(lookup.by_path(term, &mut answer.warnings)?),
            false => lookup.secret(term, &mut answer.warnings)?.map(Json::from),
        };
        answer.values.extend(found.map(|found| (found, true)));
    }
    if join && !by_path {
        let whole: String = answer.values.iter().filter_map(|(value, _)| value.as_str()).collect();
        answer.values = vec![(whole.into(), true)];
    }
    Ok(answer)
}

struct Secrets {
    service: Service,
    missing: Otherwise,
    denied: Otherwise,
    deleted: Otherwise,
    nested: bool,
    version_id: Option<String>,
    version_stage: Option<String>,
}

impl Secrets {
    /// The secret, or what is at the keys within it that follow its name; nothing when it is to be skipped.
    fn secret(&self, term: &str, warnings: &mut Vec<String>) -> Result<Option<String>, ApiError> {
        let (name, keys) = match (self.nested, term.split_once('.')) {
            (false, _) => (term, None),
            (true, Some((name, keys))) => (name, Some(keys)),
            (true, None) => {
                let message = "Nested query must use the following syntax: `aws_secret_name.<key_name>.<key_name>";
                return Err(ApiError::new(message));
            }
        };
        let mut body = json!({ "SecretId": name });
        for (field, value) in [("VersionId", &self.version_id), ("VersionStage", &self.version_stage)] {
            if let Some(value) = value {
                body[field] = value.as_str().into();
            }
        }
        let answer = match self.service.call("GetSecretValue", &body) {
            Ok(answer) => answer,
            Err(error) => return self.without(term, error, warnings).map(|()| None),
        };
        let text = match (answer["SecretString"].as_str(), answer["SecretBinary"].as_str()) {
            (Some(text), _) => text.to_owned(),
            (None, Some(encoded)) => {
                let bytes = STANDARD.decode(encoded).map_err(|error| ApiError::new(error.to_string()))?;
                String::from_utf8_lossy(&bytes).into_owned()
            }
            (None, None) => return Ok(None),
        };
        let Some(keys) = keys else { return Ok(Some(text)) };
        let document: Json = serde_json::from_str(&text).unwrap_or_default();
        match keys.split('.').try_fold(&document, |value, key| value.get(key)) {
            Some(value) => Ok(Some(Value::from_json(value).to_string())),
            None => {
                let message = format!("Successfully retrieved secret but there exists no key {keys} in the secret");
                self.missing.settle(
                    ApiError::new(message),
                    || format!("Skipping, did not find secret {term}"),
                    warnings,
                )?;
                Ok(None)
            }
        }
    }

    /// All secrets whose names begin so, by their names.
    fn by_path(&self, path: &str, warnings: &mut Vec<String>) -> Result<Json, ApiError> {
        let mut found = Map::new();
        let mut body = json!({"Filters": [{"Key": "name", "Values": [path]}]});
        for _ in 0..MOST_PAGES {
            let page = match self.service.call("ListSecrets", &body) {
                Ok(page) => page,
                Err(error) => return self.without(path, error, warnings).map(|()| json!({})),
            };
            for name in page["SecretList"].as_array().into_iter().flatten().filter_map(|one| one["Name"].as_str()) {
                if let Some(secret) = self.secret(name, warnings)? {
                    found.insert(name.to_owned(), secret.into());
                }
            }
            match page["NextToken"].as_str() {
                Some(token) => body["NextToken"] = token.into(),
                None => break,
            }
        }
        Ok(found.into())
    }

    /// What the task says about a secret that cannot be had.
    fn without(&self, term: &str, error: ApiError, warnings: &mut Vec<String>) -> Result<(), ApiError> {
        if error.is_code("ResourceNotFoundException") {
            let told = ApiError::new(format!("Failed to find secret {term} (ResourceNotFound)"));
            return self.missing.settle(told, || format!("Skipping, did not find secret {term}"), warnings);
        }
        if error.is_code("AccessDeniedException") {
            let told = ApiError::new(format!("Failed to access secret {term} (AccessDenied)"));
            return self.denied.settle(told, || format!("Skipping, access denied for secret {term}"), warnings);
        }
        if error.message.contains("marked for deletion") || error.message.contains("marked deleted") {
            let told = ApiError::new(format!("Failed to find secret {term} (marked for deletion)"));
            let skipping = || format!("Skipping, did not find secret (marked for deletion) {term}");
            return self.deleted.settle(told, skipping, warnings);
        }
        Err(ApiError { message: format!("Failed to retrieve secret: {}", error.message), ..error })
    }
}
