//! `Engine`: the HTTP API of a container engine, over its socket or over TCP with or without TLS.

use std::io::Read;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};

use super::query::Query;
use crate::http::{Body, Client, Redirects, Request, Response};
use crate::python_repr::str_of;
use crate::{Arg, Args, Context, Map, ModuleError};

/// What every module takes that talks to an engine.
pub(super) const ENGINE_ARGS: &[Arg] = &[
    Arg::str("docker_host").default("unix:///var/run/docker.sock").fallback("DOCKER_HOST").alias(&["docker_url"]),
    Arg::str("tls_hostname").fallback("DOCKER_TLS_HOSTNAME"),
    Arg::str("api_version").default("auto").fallback("DOCKER_API_VERSION").alias(&["docker_api_version"]),
    Arg::int("timeout").default("60").fallback("DOCKER_TIMEOUT"),
    Arg::path("ca_path").alias(&["ca_cert", "tls_ca_cert", "cacert_path"]),
    Arg::path("client_cert").alias(&["tls_client_cert", "cert_path"]),
    Arg::path("client_key").alias(&["tls_client_key", "key_path"]),
    Arg::bool("tls").default("false").fallback("DOCKER_TLS"),
    Arg::bool("validate_certs").default("false").fallback("DOCKER_TLS_VERIFY").alias(&["tls_verify"]),
    Arg::bool("debug").default("false"),
];

/// Longer answers are refused.
const LONGEST: u64 = 64 * 1024 * 1024;

pub(super) struct Engine {
    client: Client,
    /// Everything of a request but what is asked.
    plain: Request,
    base: String,
    version: String,
}

/// What the engine answered, read to its end.
#[derive(Debug)]
pub(super) struct Answer {
    pub status: u16,
    reason: String,
    path: String,
    pub body: Vec<u8>,
}

impl Engine {
    /// Finds the engine and agrees on a version of the API.
    pub(super) fn connect(args: &Args, cx: &Context<'_>) -> Result<Self, ModuleError> {
        let (plain, base) = place(args, cx)?;
        let mut engine = Self { client: Client::new(cx), plain, base, version: String::new() };
        let wanted = args.str("api_version")?;
        if wanted == "auto" {
            let answer = engine.call("GET", "/version", None).map_err(|reason| {
                ModuleError::failed(format!("Error connecting: Error while fetching server API version: {reason}"))
            })?;
            let version = answer.json()["ApiVersion"].as_str().map(str::to_owned);
            engine.version = version.ok_or_else(|| {
                ModuleError::failed("Error connecting: Error while fetching server API version: the answer has none")
            })?;
        } else {
            wanted.clone_into(&mut engine.version);
        }
        Ok(engine)
    }

    /// Whether the API is at least of this version.
    pub(super) fn is_at_least(&self, major: u32, minor: u32) -> bool {
        let mut numbers = self.version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
        (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) >= (major, minor)
    }

    pub(super) fn get(&self, path: &str) -> Result<Value, ModuleError> {
        Ok(self.read(path)?.checked()?.json())
    }

    /// `None` when there is no such thing.
    pub(super) fn find(&self, path: &str) -> Result<Option<Value>, ModuleError> {
        let answer = self.read(path)?;
        if answer.status == 404 { Ok(None) } else { Ok(Some(answer.checked()?.json())) }
    }

    pub(super) fn read(&self, path: &str) -> Result<Answer, ModuleError> {
        self.call("GET", &self.path(path), None).map_err(unexpected)
    }

    pub(super) fn post(&self, path: &str, body: &Value) -> Result<Answer, ModuleError> {
        self.call("POST", &self.path(path), Some(body)).map_err(unexpected)
    }

    /// Like `post` for what the engine takes longer for than it is given otherwise. A null body is none.
    pub(super) fn post_patiently(&self, path: &str, body: &Value, longer: Duration) -> Result<Answer, ModuleError> {
        let mut headers = Vec::new();
        let mut content = None;
        if !body.is_null() {
            headers.push(("content-type".to_owned(), "application/json".to_owned()));
            content = Some(Body::Bytes(body.to_string().into_bytes()));
        }
        let (response, path) = self.stream("POST", path, headers, content, Some(self.plain.timeout + longer))?;
        Answer::read(response, &path).map_err(unexpected)
    }

    pub(super) fn delete(&self, path: &str) -> Result<Answer, ModuleError> {
        self.call("DELETE", &self.path(path), None).map_err(unexpected)
    }

    /// The answer while it comes, for what is long or takes its time.
    pub(super) fn stream(
        &self,
        method: &str,
        path: &str,
        headers: Vec<(String, String)>,
        body: Option<Body>,
        timeout: Option<Duration>,
    ) -> Result<(Response, String), ModuleError> {
        let path = self.path(path);
        let request = Request {
            url: format!("{}{path}", self.base),
            method: method.to_owned(),
            headers,
            body,
            timeout: timeout.unwrap_or(self.plain.timeout),
            ..self.plain.clone()
        };
        let response = self.client.send(&request).map_err(|error| unexpected(error.to_string()))?;
        Ok((response, path))
    }

    fn path(&self, path: &str) -> String {
        format!("/v{}{path}", self.version)
    }

    fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Answer, String> {
        let mut request =
            Request { url: format!("{}{path}", self.base), method: method.to_owned(), ..self.plain.clone() };
        if let Some(body) = body {
            request.headers.push(("content-type".to_owned(), "application/json".to_owned()));
            request.body = Some(Body::Bytes(body.to_string().into_bytes()));
        }
        let response = self.client.send(&request).map_err(|error| error.to_string())?;
        Answer::read(response, path)
    }

    /// The container of this name or id, as the engine inspects it.
    pub(super) fn container(&self, name: &str) -> Result<Option<Value>, ModuleError> {
        self.find(&format!("/containers/{}/json", Query::encoded(name)))
    }

    /// The image a name stands for.
    pub(super) fn image(&self, name: &str) -> Result<Option<Value>, ModuleError> {
        self.find(&format!("/images/{}/json", Query::encoded_path(name)))
    }
}

impl Answer {
    /// Reads the rest of a response, as far as it is allowed to be long.
    pub(super) fn read(mut response: Response, path: &str) -> Result<Self, String> {
        let mut body = Vec::new();
        let read = response.body.by_ref().take(LONGEST + 1).read_to_end(&mut body);
        read.map_err(|error| error.to_string())?;
        if body.len() as u64 > LONGEST {
            return Err(format!("the engine's answer to {path} is longer than {} MiB", LONGEST >> 20));
        }
        Ok(Self { status: response.status, reason: response.reason, path: path.to_owned(), body })
    }

    /// Null when the answer has no JSON.
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// The objects of an answer that tells how the work goes.
    pub(super) fn events(&self) -> Vec<Value> {
        serde_json::Deserializer::from_slice(&self.body).into_iter::<Value>().map_while(Result::ok).collect()
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(super) fn is_success(&self) -> bool {
        (200..400).contains(&self.status)
    }

    /// The answer, unless it is an error.
    pub(super) fn checked(self) -> Result<Self, ModuleError> {
        match self.error() {
            Some(error) => Err(unexpected(error)),
            None => Ok(self),
        }
    }

    /// The answer, unless it is an error; then what was tried is said before.
    pub(super) fn or_fail(self, doing: &str) -> Result<Self, ModuleError> {
        match self.error() {
            Some(error) => Err(ModuleError::failed(format!("{doing}: {error}"))),
            None => Ok(self),
        }
    }

    /// Nothing, or the error alone.
    pub(super) fn plainly(&self) -> Result<(), ModuleError> {
        self.error().map_or(Ok(()), |error| Err(ModuleError::failed(error)))
    }

    /// `404 Client Error for http+docker://localhost/v1.41/…: Not Found ("no such image")`.
    pub(super) fn error(&self) -> Option<String> {
        if self.is_success() {
            return None;
        }
        let whose = if self.status < 500 { "Client" } else { "Server" };
        let json = self.json();
        let said = json["message"].as_str().map_or_else(|| self.text().trim().to_owned(), str::to_owned);
        let Self { status, path, reason, .. } = self;
        Some(format!("{status} {whose} Error for http+docker://localhost{path}: {reason} (\"{said}\")"))
    }
}

fn unexpected(reason: impl std::fmt::Display) -> ModuleError {
    ModuleError::failed(format!("An unexpected Docker error occurred: {reason}"))
}

/// Where the engine is: the request without its path, and the start of its address.
fn place(args: &Args, cx: &Context<'_>) -> Result<(Request, String), ModuleError> {
    let host = args.str("docker_host")?;
    let timeout = Duration::from_secs(u64::try_from(args.int("timeout")?).unwrap_or(60));
    let mut plain = Request {
        timeout,
        use_netrc: false,
        use_proxy: false,
        redirects: Redirects::None,
        agent: "kapell".to_owned(),
        decompress: false,
        ..Request::get("")
    };
    let (scheme, rest) = host.split_once("://").unwrap_or(("tcp", host));
    let rest = rest.trim_end_matches('/');
    match scheme {
        "unix" | "http+unix" => {
            plain.unix_socket = Some(PathBuf::from(format!("/{}", rest.trim_start_matches('/'))));
            return Ok((plain, "http://localhost".to_owned()));
        }
        "tcp" | "http" | "https" => {}
        _ => {
            return Err(ModuleError::failed(format!(
                "docker_host {host} is not supported: the engine is reached at unix://, tcp:// and https:// addresses"
            )));
        }
    }
    if !(args.bool("tls") || args.bool("validate_certs") || scheme == "https") {
        return Ok((plain, format!("http://{}", with_port(rest, 2375))));
    }
    let certificates = cx.env("DOCKER_CERT_PATH").filter(|path| !path.is_empty()).map(PathBuf::from);
    let file = |name: &str, default: &str| {
        args.opt_path(name).or_else(|| certificates.as_ref().map(|dir| dir.join(default)).filter(|path| path.exists()))
    };
    plain.validate_certs = args.bool("validate_certs");
    plain.client_cert = file("client_cert", "cert.pem");
    plain.client_key = file("client_key", "key.pem");
    plain.ca_path = file("ca_path", "ca.pem");
    let address = with_port(rest, 2376);
    let name = address.rsplit_once(':').map_or(address.as_str(), |(name, _)| name);
    match args.opt_str("tls_hostname").filter(|wanted| plain.validate_certs && *wanted != name) {
        Some(wanted) => Err(ModuleError::failed(format!(
            "tls_hostname {wanted} is not supported: the certificate must be valid for {name}, the host it is asked for"
        ))),
        None => Ok((plain, format!("https://{address}"))),
    }
}

fn with_port(address: &str, port: u16) -> String {
    let host = address.split('/').next().unwrap_or(address);
    let has_port =
        host.rsplit_once(':').is_some_and(|(_, digits)| digits.parse::<u16>().is_ok() && !host.ends_with(']'));
    if has_port { host.to_owned() } else { format!("{host}:{port}") }
}

/// Text values of a dict: what an engine keeps as labels, options and the like.
pub(super) fn text_map(args: &Args, name: &str) -> Option<Map> {
    let map = args.dict(name)?;
    let text = |(key, value): (&String, &Value)| (key.clone(), json!(plain_text(value)));
    Some(map.iter().map(text).collect())
}

/// Labels, which are texts: what YAML made something else of must be quoted.
pub(super) fn labels(args: &Args) -> Result<Option<Map>, ModuleError> {
    let wrong = |value: &&Value| !(value.is_string() || value.is_number());
    let odd = args.dict("labels").into_iter().flatten().find(|(_, value)| wrong(value));
    match odd {
        Some((name, value)) => Err(ModuleError::failed(format!(
            "The value {} for '{name}' of labels is not a string or something than can be safely converted to a \
             string!",
            str_of(value)
        ))),
        None => Ok(text_map(args, "labels")),
    }
}

/// A value as the engine is told it: booleans in lower case, everything else as it reads.
pub(super) fn plain_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(truth) => truth.to_string(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_get_their_port() {
        assert_eq!(with_port("h", 2375), "h:2375");
        assert_eq!(with_port("h:1", 2375), "h:1");
        assert_eq!(with_port("[::1]", 2376), "[::1]:2376");
    }

    #[test]
    fn errors_say_what_the_engine_said() {
        let answer = Answer {
            status: 404,
            reason: "Not Found".to_owned(),
            path: "/v1.41/x".to_owned(),
            body: br#"{"message":"no such thing"}"#.to_vec(),
        };
        let text = "404 Client Error for http+docker://localhost/v1.41/x: Not Found (\"no such thing\")";
        assert_eq!(answer.error().as_deref(), Some(text));
        let events = Answer { body: b"{\"a\":1}\r\n{\"a\":2}\n".to_vec(), ..answer }.events();
        assert_eq!(events.len(), 2);
    }
}
