//! `fetch`: a GET, or a small POST, for the control node, with the client modules use.

use std::io::Read;
use std::path::PathBuf;
use std::time::Duration;

use super::client::{Body, Client, Request};
use super::error::HttpError;
use super::redirects::Redirects;

/// Longer answers are refused.
const LONGEST: u64 = 256 * 1024 * 1024;

/// What to get and how. Not `Debug`: it may hold a password.
#[derive(Clone, Default)]
pub struct Fetch {
    pub url: String,
    /// Sent as a POST, when there is one.
    pub post: Option<Vec<u8>>,
    pub headers: Vec<(String, String)>,
    /// Names of headers that are not sent on after a redirect.
    pub unredirected_headers: Vec<String>,
    pub timeout: Duration,
    pub follow_redirects: bool,
    pub username: Option<String>,
    pub password: Option<String>,
    /// Sends the credentials without being asked.
    pub force_basic_auth: bool,
    pub use_netrc: bool,
    pub use_proxy: bool,
    pub validate_certs: bool,
    pub ca_path: Option<PathBuf>,
    pub unix_socket: Option<PathBuf>,
    pub agent: String,
}

/// What a server answered, whatever the status.
#[derive(Debug)]
pub struct Fetched {
    pub status: u16,
    pub reason: String,
    pub body: Vec<u8>,
}

/// Sends the request from this process, with its environment's proxies and `~/.netrc`. The error is a reason as
/// Python's urllib words it; `None` is a timeout.
pub fn fetch(fetch: &Fetch) -> Result<Fetched, Option<String>> {
    let mut response = Client::of_process().send(&request(fetch)).map_err(reason)?;
    let mut body = Vec::new();
    let read = response.body.by_ref().take(LONGEST + 1).read_to_end(&mut body);
    read.map_err(|error| reason(error.into()))?;
    if body.len() as u64 > LONGEST {
        return Err(Some("the answer is longer than 256 MiB".into()));
    }
    Ok(Fetched { status: response.status, reason: response.reason, body })
}

fn request(fetch: &Fetch) -> Request {
    Request {
        method: if fetch.post.is_some() { "POST" } else { "GET" }.to_owned(),
        body: fetch.post.clone().map(Body::Bytes),
        headers: fetch.headers.clone(),
        unredirected_headers: fetch.unredirected_headers.clone(),
        timeout: fetch.timeout,
        redirects: if fetch.follow_redirects { Redirects::All } else { Redirects::None },
        username: fetch.username.clone(),
        password: fetch.password.clone(),
        force_basic_auth: fetch.force_basic_auth,
        use_netrc: fetch.use_netrc,
        use_proxy: fetch.use_proxy,
        validate_certs: fetch.validate_certs,
        ca_path: fetch.ca_path.clone(),
        unix_socket: fetch.unix_socket.clone(),
        agent: fetch.agent.clone(),
        ..Request::get(&fetch.url)
    }
}

fn reason(error: HttpError) -> Option<String> {
    match error {
        HttpError::Timeout => None,
        other => {
            let text = other.to_string();
            Some(text.strip_prefix("Request failed: ").map_or_else(|| text.clone(), ToOwned::to_owned))
        }
    }
}
