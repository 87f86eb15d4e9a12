//! `Service`: a service of AWS that takes and gives JSON, called without a client of the SDK: two calls of each are needed,
//! and their clients would take minutes to compile. Requests are signed with the SDK's own signature.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use aws_sdk_ec2::config::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use kapell_modules::{Fetch, fetch};
use serde_json::Value as Json;

use super::options::Options;
use crate::api_error::ApiError;
use crate::runtime;

const LIMIT: Duration = Duration::from_secs(30);
const ATTEMPTS: u32 = 6;
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
const CONTENT_TYPE: &str = "application/x-amz-json-1.1";

/// Names of one service.
pub(super) struct Kind {
    /// In addresses and signatures: `ssm`.
    pub(super) name: &'static str,
    /// Before the names of calls: `AmazonSSM`.
    pub(super) target: &'static str,
    /// After `AWS_ENDPOINT_URL_`.
    pub(super) variable: &'static str,
}

pub(super) struct Service {
    kind: &'static Kind,
    region: String,
    address: String,
    credentials: Credentials,
}

impl Service {
    pub(super) fn reach(kind: &'static Kind, options: &Options) -> Result<Self, ApiError> {
        let access = options.access().or_environment(&HashMap::new(), kind.variable);
        runtime::block_on(async move {
            let session = access.session().await?;
            let region = session.region().ok_or_else(ApiError::no_region)?.to_owned();
            let suffix = if region.starts_with("cn-") { ".cn" } else { "" };
            let usual = || format!("https://{}.{region}.amazonaws.com{suffix}", kind.name);
            let address = session.endpoint().map_or_else(usual, |address| address.trim_end_matches('/').to_owned());
            Ok(Self { kind, address, credentials: session.credentials().await?, region })
        })
    }

    /// Throttled calls, and those that nobody answered, are repeated with growing pauses.
    pub(super) fn call(&self, operation: &str, body: &Json) -> Result<Json, ApiError> {
        let mut pause = Duration::from_millis(100);
        for _ in 1..ATTEMPTS {
            match self.attempt(operation, body) {
                Err(error) if error.is_throttled() || error.status.is_none_or(|status| status >= 500) => {
                    std::thread::sleep(pause);
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
                answered => return answered,
            }
        }
        self.attempt(operation, body)
    }

    fn attempt(&self, operation: &str, body: &Json) -> Result<Json, ApiError> {
        let url = format!("{}/", self.address);
        let body = body.to_string().into_bytes();
        let headers = self.signed(operation, &url, &body)?;
        let request = Fetch {
            url,
            post: Some(body),
            headers,
            timeout: LIMIT,
            use_proxy: true,
            validate_certs: true,
            ca_path: std::env::var_os("AWS_CA_BUNDLE").map(Into::into),
            agent: "kapell".to_owned(),
            ..Fetch::default()
        };
        let Self { region, address, .. } = self;
        let answer = fetch(&request).map_err(|reason| {
            let reason = reason.unwrap_or_else(|| "no answer in time".to_owned());
            ApiError::new(format!("{operation} in {region}: cannot reach {address}: {reason}"))
                .hint("look at the region's name, endpoint_url (AWS_ENDPOINT_URL), the proxy and the network")
        })?;
        let said: Json = serde_json::from_slice(&answer.body).unwrap_or_default();
        if answer.status == 200 {
            return Ok(said);
        }
        let text = |name: &str| said.get(name).and_then(Json::as_str);
        let code = text("__type").or(text("code")).map(|code| code.rsplit('#').next().unwrap_or(code));
        let usual = format!("HTTP status {}", answer.status);
        let words = text("message").or(text("Message")).unwrap_or_default();
        Err(ApiError::of_answer(operation, region, code.unwrap_or(&usual), words, Some(answer.status)))
    }

    fn signed(&self, operation: &str, url: &str, body: &[u8]) -> Result<Vec<(String, String)>, ApiError> {
        let failed = |why: String| ApiError::new(format!("{operation}: cannot be signed: {why}"));
        let target = format!("{}.{operation}", self.kind.target);
        let headers = [("content-type", CONTENT_TYPE), ("x-amz-target", target.as_str())];
        let identity = self.credentials.clone().into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(self.kind.name)
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()
            .map_err(|error| failed(error.to_string()))?
            .into();
        let request = SignableRequest::new("POST", url, headers.into_iter(), SignableBody::Bytes(body))
            .map_err(|error| failed(error.to_string()))?;
        let (signature, _) = sign(request, &params).map_err(|error| failed(error.to_string()))?.into_parts();
        let all = headers.into_iter().chain(signature.headers());
        Ok(all.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }
}
