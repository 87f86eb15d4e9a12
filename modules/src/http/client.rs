//! One request with everything a task may ask of it: authentication, redirects, proxies, certificates.

use std::io::Read;
use std::path::PathBuf;
use std::time::Duration;

use ureq::config::{AutoHeaderValue, Config};
use ureq::http::{self, HeaderName, HeaderValue, Method};
use ureq::unversioned::transport::DefaultConnector;
use ureq::{Agent, Proxy, SendBody};

use super::address::Address;
use super::authentication::Credentials;
use super::error::HttpError;
use super::redirects::{self, Redirects};
use super::resolver::NodeResolver;
use super::response::Response;
use super::unix_socket::UnixSocket;
use super::{netrc, trust};
use crate::Context;

/// A body that can be sent again after a redirect or a challenge.
#[derive(Debug, Clone)]
pub(crate) enum Body {
    Bytes(Vec<u8>),
    File(PathBuf),
}

#[derive(Clone)]
pub(crate) struct Request {
    pub url: String,
    pub method: String,
    pub headers: Vec<(String, String)>,
    /// Names of headers that are not sent on after a redirect.
    pub unredirected_headers: Vec<String>,
    pub body: Option<Body>,
    pub timeout: Duration,
    pub redirects: Redirects,
    pub username: Option<String>,
    pub password: Option<String>,
    /// Sends the credentials without being asked.
    pub force_basic_auth: bool,
    pub use_netrc: bool,
    pub use_proxy: bool,
    pub validate_certs: bool,
    pub ca_path: Option<PathBuf>,
    /// `SSL_CERT_FILE` of the task's environment.
    pub ca_bundle: Option<String>,
    pub client_cert: Option<PathBuf>,
    pub client_key: Option<PathBuf>,
    pub unix_socket: Option<PathBuf>,
    pub agent: String,
    pub decompress: bool,
}

impl Request {
    /// A plain GET with Ansible's defaults.
    pub(crate) fn get(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            method: "GET".to_owned(),
            headers: Vec::new(),
            unredirected_headers: Vec::new(),
            body: None,
            timeout: Duration::from_secs(10),
            redirects: Redirects::Safe,
            username: None,
            password: None,
            force_basic_auth: false,
            use_netrc: true,
            use_proxy: true,
            validate_certs: true,
            ca_path: None,
            ca_bundle: None,
            client_cert: None,
            client_key: None,
            unix_socket: None,
            agent: "ansible-httpget".to_owned(),
            decompress: true,
        }
    }
}

/// Sends requests; knows the environment of the task.
pub(crate) struct Client {
    http_proxy: Option<String>,
    https_proxy: Option<String>,
    no_proxy: Option<String>,
    netrc: Option<String>,
    ca_bundle: Option<String>,
}

impl Client {
    pub(crate) fn new(cx: &Context<'_>) -> Self {
        let env = |name: &str| cx.env(name).or_else(|| cx.env(&name.to_uppercase())).filter(|value| !value.is_empty());
        let netrc = cx.env("NETRC").or_else(|| Some(format!("{}/.netrc", cx.env("HOME")?)));
        Self {
            http_proxy: env("http_proxy"),
            https_proxy: env("https_proxy"),
            no_proxy: env("no_proxy"),
            netrc: netrc.and_then(|path| cx.read_text(path).ok().flatten()),
            ca_bundle: cx.env("SSL_CERT_FILE"),
        }
    }

    /// For this process itself, on the control node.
    pub(super) fn of_process() -> Self {
        let env = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let either = |name: &str| env(name).or_else(|| env(&name.to_uppercase()));
        let netrc = env("NETRC").or_else(|| Some(format!("{}/.netrc", env("HOME")?)));
        Self {
            http_proxy: either("http_proxy"),
            https_proxy: either("https_proxy"),
            no_proxy: either("no_proxy"),
            netrc: netrc.and_then(|path| std::fs::read_to_string(path).ok()),
            ca_bundle: env("SSL_CERT_FILE"),
        }
    }

    /// Sends the request and follows where it leads. Any status is a response.
    pub(crate) fn send(&self, request: &Request) -> Result<Response, HttpError> {
        let mut request = request.clone();
        request.ca_bundle = request.ca_bundle.or_else(|| self.ca_bundle.clone());
        let mut address = Address::parse(&request.url).ok_or_else(|| HttpError::Url(request.url.clone()))?;
        for _ in 0..=redirects::MOST {
            let response = self.authenticated(&request, &address)?;
            let Some(next) = redirects::target(&request, &response, &address) else {
                return Ok(if request.decompress { response.decompressed() } else { response });
            };
            redirects::follow(&mut request, response.status);
            address = next;
        }
        let response = self.authenticated(&request, &address)?;
        Ok(if redirects::target(&request, &response, &address).is_some() {
            redirects::looping(response)
        } else {
            response
        })
    }

    /// Sends once more when the server asks who we are and we know.
    fn authenticated(&self, request: &Request, address: &Address) -> Result<Response, HttpError> {
        let known = self.credentials(request, address);
        let says_who = request.headers.iter().any(|(name, _)| is_authorization(name));
        // Those of `~/.netrc` come before what the task says itself.
        let unasked = |source: &Source| match source {
            Source::Netrc => true,
            Source::Address => !says_who || request.force_basic_auth,
            Source::Task => request.force_basic_auth,
        };
        let first = known.as_ref().filter(|(_, source)| unasked(source)).map(|(credentials, _)| credentials);
        let credentials = known.as_ref().map(|(credentials, _)| credentials);
        let response = self.exchange(request, address, first.map(Credentials::basic))?;
        if response.status != 401 || says_who {
            return Ok(response);
        }
        let challenges = response.headers.iter().filter(|(name, _)| name == "www-authenticate");
        let answer = |credentials: &Credentials| {
            let answer =
                |(_, challenge): &(String, String)| credentials.answer(challenge, &request.method, &address.target);
            challenges.clone().find_map(answer)
        };
        match credentials.and_then(answer) {
            Some(answer) if first.map(Credentials::basic).as_ref() != Some(&answer) => {
                self.exchange(request, address, Some(answer))
            }
            _ => Ok(response),
        }
    }

    fn credentials(&self, request: &Request, address: &Address) -> Option<(Credentials, Source)> {
        let pair = |(user, password): (String, String)| Credentials { user, password };
        if let Some(user) = request.username.clone() {
            return Some((pair((user, request.password.clone().unwrap_or_default())), Source::Task));
        }
        if let Some(own) = address.credentials.clone() {
            return Some((pair(own), Source::Address));
        }
        let netrc = self.netrc.as_deref().filter(|_| request.use_netrc)?;
        netrc::credentials(address.host(), netrc).map(|found| (pair(found), Source::Netrc))
    }

    fn exchange(
        &self,
        request: &Request,
        address: &Address,
        authorization: Option<String>,
    ) -> Result<Response, HttpError> {
        if address.scheme == "file" {
            return local_file(address);
        }
        if !matches!(address.scheme.as_str(), "http" | "https") {
            return Err(HttpError::Other(format!("unknown url type: {}", address.scheme)));
        }
        let agent = agent(self.config(request, address)?, request.unix_socket.clone());
        let mut message = message(request, address, authorization)?;
        let response = match &request.body {
            None if matches!(request.method.as_str(), "POST" | "PUT" | "PATCH") => agent.run(message.body(&[][..])?)?,
            None => agent.run(message.body(())?)?,
            Some(Body::Bytes(bytes)) => agent.run(message.body(bytes.as_slice())?)?,
            Some(Body::File(path)) => {
                let file = std::fs::File::open(path)?;
                message = message.header("content-length", file.metadata()?.len());
                agent.run(message.body(SendBody::from_owned_reader(file))?)?
            }
        };
        Ok(received(response, address))
    }

    fn config(&self, request: &Request, address: &Address) -> Result<Config, HttpError> {
        let timeout = Some(request.timeout).filter(|timeout| !timeout.is_zero());
        let builder = Config::builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .allow_non_standard_methods(true)
            .max_idle_connections(0)
            .user_agent(request.agent.as_str())
            .accept(AutoHeaderValue::None)
            .accept_encoding("identity")
            .proxy(self.proxy(request, address)?)
            .timeout_connect(timeout)
            .timeout_per_read(timeout)
            .timeout_per_write(timeout);
        let builder = if address.scheme == "https" { builder.tls_config(trust::config(request)?) } else { builder };
        Ok(builder.build())
    }

    fn proxy(&self, request: &Request, address: &Address) -> Result<Option<Proxy>, HttpError> {
        let url = if address.scheme == "https" { &self.https_proxy } else { &self.http_proxy };
        let Some(url) = url.as_ref().filter(|_| request.use_proxy && request.unix_socket.is_none()) else {
            return Ok(None);
        };
        let excluded = self.no_proxy.as_deref().is_some_and(|list| is_excluded(address.host(), list));
        if excluded { Ok(None) } else { Ok(Some(Proxy::new(url)?)) }
    }
}

/// Whether `no_proxy` names the host, its domain, or everything.
fn is_excluded(host: &str, list: &str) -> bool {
    list.split(',').map(str::trim).filter(|entry| !entry.is_empty()).any(|entry| {
        let suffix = entry.trim_start_matches('.');
        entry == "*" || host == suffix || host.strip_suffix(suffix).is_some_and(|rest| rest.ends_with('.'))
    })
}

/// Who told the credentials.
enum Source {
    Task,
    Address,
    Netrc,
}

fn is_authorization(name: &str) -> bool {
    name.eq_ignore_ascii_case("authorization")
}

fn agent(config: Config, unix_socket: Option<PathBuf>) -> Agent {
    match unix_socket {
        Some(path) => Agent::with_parts(config, UnixSocket(path), NodeResolver),
        None => Agent::with_parts(config, DefaultConnector::default(), NodeResolver),
    }
}

fn message(
    request: &Request,
    address: &Address,
    authorization: Option<String>,
) -> Result<http::request::Builder, HttpError> {
    let url = address.url();
    if let Some(odd) = url.chars().find(|character| character.is_control() || *character == ' ') {
        let target = &address.target;
        return Err(HttpError::Unusable(format!(
            "URL can't contain control characters. '{target}' (found at least {odd:?})"
        )));
    }
    let method = Method::from_bytes(request.method.as_bytes()).map_err(http::Error::from)?;
    let mut message = http::Request::builder().method(method).uri(percent_encode_text(&url));
    for (name, value) in &request.headers {
        if authorization.is_some() && is_authorization(name) {
            continue;
        }
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(http::Error::from)?;
        let value = HeaderValue::from_bytes(value.as_bytes()).map_err(http::Error::from)?;
        message = message.header(name, value);
    }
    if let Some(authorization) = authorization {
        message = message.header("authorization", authorization);
    }
    Ok(message.header("connection", "close"))
}

/// Characters beyond ASCII cannot stand in a request line.
fn percent_encode_text(url: &str) -> String {
    let mut encoded = String::with_capacity(url.len());
    for byte in url.bytes() {
        if byte.is_ascii() {
            encoded.push(char::from(byte));
        } else {
            encoded.extend(format!("%{byte:02X}").chars());
        }
    }
    encoded
}

fn received(response: http::Response<ureq::Body>, address: &Address) -> Response {
    let (parts, body) = response.into_parts();
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    Response {
        status: parts.status.as_u16(),
        reason: parts.status.canonical_reason().unwrap_or_default().to_owned(),
        url: address.url(),
        headers: parts.headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect(),
        body: Box::new(body.into_reader()) as Box<dyn Read>,
    }
}

fn local_file(address: &Address) -> Result<Response, HttpError> {
    let path = super::address::percent_decode(&address.target);
    let file = std::fs::File::open(&path)?;
    let length = file.metadata()?.len().to_string();
    Ok(Response {
        status: 200,
        reason: "OK".to_owned(),
        url: format!("file://{}", address.target),
        headers: vec![("content-length".to_owned(), length)],
        body: Box::new(file),
    })
}

impl From<http::Error> for HttpError {
    fn from(error: http::Error) -> Self {
        Self::Unusable(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_proxy_names_hosts_and_domains() {
        for (host, list, excluded) in [
            ("a.example", "example", true),
            ("a.example", ".example", true),
            ("example", ".example", true),
            ("anexample", "example", false),
            ("x", "*", true),
            ("x", "", false),
        ] {
            assert_eq!(is_excluded(host, list), excluded, "{host} {list}");
        }
    }
}
