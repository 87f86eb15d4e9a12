//! `ApiError`: why a call of the AWS API did not work, in words for people: what was asked, where, and what to do.

use std::error::Error;
use std::fmt;

use aws_sdk_ec2::error::{ProvideErrorMetadata, SdkError};

/// Codes with which AWS says that the account may not do this.
const FORBIDDEN: &[&str] = &["UnauthorizedOperation", "AccessDenied", "AccessDeniedException", "Forbidden"];
const BAD_CREDENTIALS: &[&str] = &[
    "AuthFailure",
    "InvalidClientTokenId",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
    "ExpiredToken",
    "RequestExpired",
    "InvalidAccessKeyId",
];
const THROTTLED: &[&str] = &["RequestLimitExceeded", "Throttling", "ThrottlingException", "TooManyRequestsException"];

#[derive(Clone, Debug)]
pub(crate) struct ApiError {
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
    /// The API's own word for what is wrong: `InvalidGroup.NotFound`.
    pub(crate) code: Option<String>,
    /// The status of the HTTP answer, where there was one.
    pub(crate) status: Option<u16>,
}

/// Where a call went.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) region: String,
    pub(crate) address: String,
}

impl ApiError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None, code: None, status: None }
    }

    /// In one line, for places that have no other for hints.
    pub(crate) fn with_hint(self) -> String {
        match &self.hint {
            Some(hint) => format!("{}. {hint}", self.message.trim_end_matches('.')),
            None => self.message,
        }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// What became of the call `operation`.
    pub(crate) fn of_call<E, R>(operation: &str, error: &SdkError<E, R>, place: &Place) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
        SdkError<E, R>: Error,
        R: Status + 'static,
    {
        let Place { region, address } = place;
        let status = error.raw_response().map(Status::status);
        if let Some(code) = error.code() {
            return Self::of_answer(operation, region, code, error.message().unwrap_or_default(), status);
        }
        let cause = innermost(error);
        let (message, hint) = match error {
            SdkError::TimeoutError(_) => (
                format!("{operation} in {region}: no answer in time from {address}"),
                "the service is down or throttles this account; try again later",
            ),
            SdkError::DispatchFailure(_) => (
                format!("{operation} in {region}: cannot reach {address}: {cause}"),
                "look at the region's name, endpoint_url (AWS_ENDPOINT_URL), the proxy and the network",
            ),
            _ if status.is_some() => (
                format!(
                    "{operation} in {region}: an answer of {address} that is not the API's (HTTP status {}): {cause}",
                    status.unwrap_or_default()
                ),
                "is endpoint_url (AWS_ENDPOINT_URL) the address of an EC2 API?",
            ),
            _ => (
                format!("{operation} in {region}: {cause}"),
                "look at the region's name and endpoint_url (AWS_ENDPOINT_URL)",
            ),
        };
        Self { message, hint: Some(hint.to_owned()), code: None, status }
    }

    /// What the API answered in place of a result.
    pub(crate) fn of_answer(operation: &str, region: &str, code: &str, said: &str, status: Option<u16>) -> Self {
        let message = format!("{operation} in {region}: {code}: {said}").trim_end_matches([':', ' ']).to_owned();
        Self { message, hint: hint_of(code), code: Some(code.to_owned()), status }
    }

    pub(crate) fn is_throttled(&self) -> bool {
        self.code.as_deref().is_some_and(|code| THROTTLED.contains(&code))
    }

    pub(crate) fn no_credentials() -> Self {
        Self::new("Unable to locate AWS credentials").hint(
            "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or give the control node an instance role",
        )
    }

    pub(crate) fn incomplete_keys() -> Self {
        Self::new("an access key without its secret key, or a secret key without its access key")
            .hint("set both access_key and secret_key (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY)")
    }

    /// Why the SDK's chain found no credentials, or could not assume the role.
    pub(crate) fn credentials(error: &(dyn Error + 'static), profile: Option<&str>, role: Option<&str>) -> Self {
        let cause = innermost(error);
        match (role, profile) {
            (Some(role), _) => Self::new(format!("cannot assume the role {role}: {cause}"))
                .hint("its trust policy has to allow these credentials sts:AssumeRole"),
            (None, Some(profile)) => Self::new(format!("no credentials of the AWS profile '{profile}': {cause}")).hint(
                "profiles are in ~/.aws/config and ~/.aws/credentials (AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE)",
            ),
            (None, None) => {
                Self { message: format!("Unable to locate AWS credentials: {cause}"), ..Self::no_credentials() }
            }
        }
    }

    pub(crate) fn no_region() -> Self {
        Self::new("no AWS region is set").hint("set region (AWS_REGION), or a region in the profile")
    }

    /// Whether the account lacks the permission.
    pub(crate) fn is_forbidden(&self) -> bool {
        self.status == Some(403) || self.code.as_deref().is_some_and(|code| FORBIDDEN.contains(&code))
    }

    pub(crate) fn is_code(&self, code: &str) -> bool {
        self.code.as_deref() == Some(code)
    }

    /// Codes such as `InvalidInstanceID.NotFound`.
    pub(crate) fn is_not_found(&self) -> bool {
        self.code.as_deref().is_some_and(|code| code.ends_with(".NotFound") || code.ends_with(".NotFoundException"))
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// The status of an HTTP answer.
pub(crate) trait Status {
    fn status(&self) -> u16;
}

impl Status for aws_sdk_ec2::config::http::HttpResponse {
    fn status(&self) -> u16 {
        self.status().as_u16()
    }
}

fn hint_of(code: &str) -> Option<String> {
    let hint = if FORBIDDEN.contains(&code) {
        "the account behind these credentials lacks this permission"
    } else if BAD_CREDENTIALS.contains(&code) {
        "look at the credentials: AWS_PROFILE, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and the clock of this machine"
    } else if THROTTLED.contains(&code) {
        "the API throttles this account; fewer regions and filters at once help"
    } else {
        return None;
    };
    Some(hint.to_owned())
}

/// The last of a chain of causes says what really happened.
fn innermost(error: &(dyn Error + 'static)) -> String {
    let mut cause: &dyn Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}
