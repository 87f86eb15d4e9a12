//! The arguments every module shares that fetches URLs, and the request they describe.

use std::time::Duration;

use serde_json::Value;

use super::client::Request;
use crate::python_repr::str_of;
use crate::{Args, ModuleError};

impl Request {
    /// From `url`, `headers`, `timeout`, `validate_certs`, `url_username` and so on, as far as the module has them.
    pub(crate) fn from_args(args: &Args) -> Result<Self, ModuleError> {
        refuse_unsupported(args)?;
        let text = |name: &str| args.opt_str(name).map(str::to_owned);
        let seconds = args.opt_int("timeout").unwrap_or(10).max(0);
        let plain = Self::get(args.str("url")?);
        Ok(Self {
            headers: headers(args.raw("headers")),
            unredirected_headers: args.list_of_str("unredirected_headers"),
            timeout: Duration::from_secs(seconds as u64),
            username: text("url_username"),
            password: text("url_password"),
            force_basic_auth: args.bool("force_basic_auth"),
            use_netrc: args.opt_bool("use_netrc").unwrap_or(true),
            use_proxy: args.opt_bool("use_proxy").unwrap_or(true),
            validate_certs: args.opt_bool("validate_certs").unwrap_or(true),
            ca_path: args.opt_path("ca_path"),
            client_cert: args.opt_path("client_cert"),
            client_key: args.opt_path("client_key"),
            unix_socket: args.opt_path("unix_socket"),
            agent: text("http_agent").unwrap_or(plain.agent.clone()),
            decompress: args.opt_bool("decompress").unwrap_or(true),
            ..plain
        })
    }

    /// Sets a header unless the task set it itself.
    pub(crate) fn default_header(&mut self, name: &str, value: impl Into<String>) {
        if !self.headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)) {
            self.headers.push((name.to_owned(), value.into()));
        }
    }
}

/// What rustls cannot do must not be ignored silently.
fn refuse_unsupported(args: &Args) -> Result<(), ModuleError> {
    if args.has("ciphers") {
        return Err(ModuleError::failed("ciphers is not supported: the TLS library offers secure ciphers only"));
    }
    if args.bool("use_gssapi") {
        return Err(ModuleError::failed("use_gssapi is not supported"));
    }
    Ok(())
}

fn headers(given: Option<&Value>) -> Vec<(String, String)> {
    let entries = given.and_then(Value::as_object).into_iter().flatten();
    entries.map(|(name, value)| (name.clone(), str_of(value))).collect()
}
