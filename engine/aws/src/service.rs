//! `Service`: a service of AWS that is called without a client of the SDK: one call or two of each are needed, and their
//! clients would take minutes to compile. Requests are signed with the SDK's own signature.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use aws_sdk_ec2::config::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use kapell_modules::{Fetch, Fetched, fetch};
use serde_json::Value as Json;

use crate::access::Access;
use crate::api_error::ApiError;
use crate::runtime;
use crate::xml::Element;

const LIMIT: Duration = Duration::from_secs(30);
const ATTEMPTS: u32 = 6;
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
const CONTENT_TYPE: &str = "application/x-amz-json-1.1";

/// Names of one service.
pub(crate) struct Kind {
    /// In addresses and signatures: `ssm`.
    pub(crate) name: &'static str,
    /// Before the names of calls: `AmazonSSM`.
    pub(crate) target: &'static str,
    /// After `AWS_ENDPOINT_URL_`.
    pub(crate) variable: &'static str,
    /// The region of a service that is one for all regions.
    pub(crate) home: Option<&'static str>,
}

pub(crate) const SSM: Kind = Kind { name: "ssm", target: "AmazonSSM", variable: "SSM", home: None };

pub(crate) struct Service {
    kind: &'static Kind,
    region: String,
    address: String,
    credentials: Credentials,
}

/// One request, to be signed and sent.
struct Call<'a> {
    operation: &'a str,
    /// With the query.
    path: &'a str,
    headers: Vec<(&'a str, &'a str)>,
    /// A POST, when there is one.
    body: Option<Vec<u8>>,
}

impl Service {
    pub(crate) fn reach(kind: &'static Kind, access: Access) -> Result<Self, ApiError> {
        let mut access = access.or_environment(&HashMap::new(), kind.variable);
        if let Some(home) = kind.home {
            access.region = Some(home.to_owned());
        }
        runtime::block_on(async move {
            let session = access.session().await?;
            let region = session.region().ok_or_else(ApiError::no_region)?.to_owned();
            let suffix = if region.starts_with("cn-") { ".cn" } else { "" };
            let usual = || match kind.home {
                Some(_) => format!("https://{}.amazonaws.com", kind.name),
                None => format!("https://{}.{region}.amazonaws.com{suffix}", kind.name),
            };
            let address = session.endpoint().map_or_else(usual, |address| address.trim_end_matches('/').to_owned());
            Ok(Self { kind, address, credentials: session.credentials().await?, region })
        })
    }

    /// For services that take and give JSON.
    pub(crate) fn call(&self, operation: &str, body: &Json) -> Result<Json, ApiError> {
        let target = format!("{}.{operation}", self.kind.target);
        let headers = vec![("content-type", CONTENT_TYPE), ("x-amz-target", target.as_str())];
        let call = Call { operation, path: "/", headers, body: Some(body.to_string().into_bytes()) };
        self.answered(&call, |answer| {
            let said: Json = serde_json::from_slice(&answer.body).unwrap_or_default();
            if answer.status == 200 {
                return Ok(said);
            }
            let text = |name: &str| said.get(name).and_then(Json::as_str);
            let code = text("__type").or(text("code")).map(|code| code.rsplit('#').next().unwrap_or(code));
            let words = text("message").or(text("Message")).unwrap_or_default();
            Err(self.refused(operation, code, words, answer.status))
        })
    }

    /// For services that are asked with paths and answer in XML.
    pub(crate) fn get(&self, operation: &str, path: &str) -> Result<Element, ApiError> {
        let call = Call { operation, path, headers: Vec::new(), body: None };
        self.answered(&call, |answer| {
            let said = Element::parse(&answer.body);
            if answer.status == 200 {
                let address = &self.address;
                return said.ok_or_else(|| ApiError::new(format!("{operation}: {address} does not answer in XML")));
            }
            let error = said.as_ref().and_then(|said| said.child("Error"));
            let text = |name: &str| error.and_then(|error| error.child(name)).map(Element::text);
            Err(self.refused(operation, text("Code"), text("Message").unwrap_or_default(), answer.status))
        })
    }

    fn refused(&self, operation: &str, code: Option<&str>, words: &str, status: u16) -> ApiError {
        let usual = format!("HTTP status {status}");
        ApiError::of_answer(operation, &self.region, code.unwrap_or(&usual), words, Some(status))
    }

    /// Throttled calls, and those that nobody answered, are repeated with growing pauses.
    fn answered<T>(&self, call: &Call, read: impl Fn(&Fetched) -> Result<T, ApiError>) -> Result<T, ApiError> {
        let attempt = || self.send(call).and_then(|answer| read(&answer));
        let mut pause = Duration::from_millis(100);
        for _ in 1..ATTEMPTS {
            match attempt() {
                Err(error) if error.is_throttled() || error.status.is_none_or(|status| status >= 500) => {
                    std::thread::sleep(pause);
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
                answered => return answered,
            }
        }
        attempt()
    }

    fn send(&self, call: &Call) -> Result<Fetched, ApiError> {
        let url = format!("{}{}", self.address, call.path);
        let headers = self.signed(call, &url)?;
        let request = Fetch {
            url,
            post: call.body.clone(),
            headers,
            timeout: LIMIT,
            use_proxy: true,
            validate_certs: true,
            ca_path: std::env::var_os("AWS_CA_BUNDLE").map(Into::into),
            agent: "kapell".to_owned(),
            ..Fetch::default()
        };
        let (operation, Self { region, address, .. }) = (call.operation, self);
        fetch(&request).map_err(|reason| {
            let reason = reason.unwrap_or_else(|| "no answer in time".to_owned());
            ApiError::new(format!("{operation} in {region}: cannot reach {address}: {reason}"))
                .hint("look at the region's name, endpoint_url (AWS_ENDPOINT_URL), the proxy and the network")
        })
    }

    fn signed(&self, call: &Call, url: &str) -> Result<Vec<(String, String)>, ApiError> {
        let failed = |why: String| ApiError::new(format!("{}: cannot be signed: {why}", call.operation));
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
        let method = if call.body.is_some() { "POST" } else { "GET" };
        let body = SignableBody::Bytes(call.body.as_deref().unwrap_or_default());
        let request = SignableRequest::new(method, url, call.headers.iter().copied(), body)
            .map_err(|error| failed(error.to_string()))?;
        let (signature, _) = sign(request, &params).map_err(|error| failed(error.to_string()))?.into_parts();
        let all = call.headers.iter().copied().chain(signature.headers());
        Ok(all.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }
}
