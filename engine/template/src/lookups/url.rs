//! `url`: what servers send for URLs. The request itself is made by the program around (`Surroundings::fetch`).

use kapell_parsing::value::str_repr;

use super::{LookupCall, plugin_options};
use crate::evaluate::{Fault, defined, entries, iterate};
use crate::object::Object;
use crate::python;
use crate::surroundings::{FetchError, UrlAnswer, UrlRequest};

const REDIRECTS: [&str; 6] = ["all", "none", "safe", "urllib2", "no", "yes"];

pub(super) fn url(call: &LookupCall<'_>) -> Result<Vec<Object>, Fault> {
    let options = Options { call };
    let split = options.flag("split_lines", true)?;
    let template = request(&options)?;
    let Some(surroundings) = call.rendering.templar.options().surroundings.as_ref() else {
        return Err(Fault::error("there is no network here"));
    };
    let mut found = Vec::new();
    for url in call.texts()? {
        let answer = surroundings.fetch(&UrlRequest { url: url.clone(), ..template.clone() });
        let body = body(&url, answer)?;
        call.rendering.spend_bytes(body.len())?;
        if split {
            found.extend(lines(&body).map(Object::from));
        } else {
            found.push(body.into());
        }
    }
    Ok(found)
}

fn request(options: &Options<'_>) -> Result<UrlRequest, Fault> {
    let follow_redirects = options.text("follow_redirects")?.unwrap_or_default();
    if !REDIRECTS.contains(&follow_redirects.as_str()) {
        return Err(Fault::error(format!(
            "Invalid value {} for config 'follow_redirects' for 'url' lookup plugin.",
            str_repr(&follow_redirects)
        )));
    }
    if options.get("ciphers")?.is_some() {
        return Err(Fault::error("ciphers is not supported: the TLS library offers secure ciphers only"));
    }
    if options.flag("use_gssapi", false)? {
        return Err(Fault::error("use_gssapi is not supported"));
    }
    let mut headers = options.pairs("headers")?;
    if options.flag("force", false)? {
        headers.push(("cache-control".into(), "no-cache".into()));
    }
    Ok(UrlRequest {
        url: String::new(),
        post: None,
        headers,
        unredirected_headers: options.list("unredirected_headers")?,
        timeout: options.seconds("timeout", 10.0)?,
        follow_redirects,
        username: options.text("username")?,
        password: options.text("password")?,
        force_basic_auth: options.flag("force_basic_auth", false)?,
        use_netrc: options.flag("use_netrc", true)?,
        use_proxy: options.flag("use_proxy", true)?,
        validate_certs: options.flag("validate_certs", true)?,
        ca_path: options.text("ca_path")?,
        unix_socket: options.text("unix_socket")?,
        agent: options.text("http_agent")?.unwrap_or_default(),
    })
}

fn body(url: &str, answer: Result<UrlAnswer, FetchError>) -> Result<String, Fault> {
    match answer {
        Ok(UrlAnswer { status: 200..=299, body, .. }) => Ok(String::from_utf8_lossy(&body).into_owned()),
        Ok(UrlAnswer { status, reason, .. }) => {
            Err(Fault::error(format!("Received HTTP error for {url}: HTTP Error {status}: {reason}")))
        }
        Err(FetchError::TimedOut) => Err(Fault::error("timed out")),
        Err(FetchError::NoAnswer(reason)) => Err(Fault::error(format!("Failed lookup url for {url}: {reason}"))),
    }
}

/// The lines as Python splits bytes; no empty one at the end.
fn lines(text: &str) -> impl Iterator<Item = String> {
    let unix = text.replace("\r\n", "\n").replace('\r', "\n");
    let ended = unix.strip_suffix('\n').unwrap_or(&unix).to_owned();
    let lines = if unix.is_empty() { Vec::new() } else { ended.split('\n').map(ToOwned::to_owned).collect() };
    lines.into_iter()
}

/// The options given in the call, else where the plugin's options may be set.
struct Options<'c> {
    call: &'c LookupCall<'c>,
}

impl Options<'_> {
    fn get(&self, name: &str) -> Result<Option<Object>, Fault> {
        let given = match self.call.option(name) {
            Some(given) => Some(given.clone()),
            None => plugin_options::value(self.call, ("lookup", "url"), name)?.map(|(value, _)| value),
        };
        given.map(defined).transpose().map(|given| given.filter(|given| !given.is_null()))
    }

    fn invalid(&self, name: &str, kind: &str, given: &Object) -> Fault {
        let source = if self.call.option(name).is_some() { " from 'Direct'" } else { "" };
        let shown = python::repr(self.call.rendering, given).unwrap_or_default();
        Fault::error(format!(
            "Config '{name}' for 'url' lookup plugin{source} has an invalid value: Invalid value provided for '{kind}': {shown}"
        ))
    }

    fn text(&self, name: &str) -> Result<Option<String>, Fault> {
        self.get(name)?.map(|given| python::str(self.call.rendering, &given)).transpose()
    }

    fn flag(&self, name: &str, default: bool) -> Result<bool, Fault> {
        let Some(given) = self.get(name)? else { return Ok(default) };
        let written = python::str(self.call.rendering, &given)?.to_ascii_lowercase();
        match written.as_str() {
            "y" | "yes" | "on" | "1" | "true" | "t" | "1.0" => Ok(true),
            "n" | "no" | "off" | "0" | "false" | "f" | "0.0" => Ok(false),
            _ => Err(self.invalid(name, "boolean", &given)),
        }
    }

    fn seconds(&self, name: &str, default: f64) -> Result<f64, Fault> {
        let Some(given) = self.get(name)? else { return Ok(default) };
        let written = python::str(self.call.rendering, &given)?;
        let seconds = written.trim().parse::<f64>().ok().filter(|seconds| seconds.is_finite() && *seconds >= 0.0);
        seconds.ok_or_else(|| self.invalid(name, "float", &given))
    }

    fn list(&self, name: &str) -> Result<Vec<String>, Fault> {
        match self.get(name)? {
            None => Ok(Vec::new()),
            Some(Object::Str(text)) => Ok(text.split(',').map(|item| item.trim().to_owned()).collect()),
            Some(items) => iterate(self.call.rendering, &items)?
                .iter()
                .map(|item| python::str(self.call.rendering, &defined(item.clone())?))
                .collect(),
        }
    }

    fn pairs(&self, name: &str) -> Result<Vec<(String, String)>, Fault> {
        match self.get(name)? {
            None => Ok(Vec::new()),
            Some(mapping) if mapping.is_mapping() => entries(self.call.rendering, &mapping)?
                .into_iter()
                .map(|(key, value)| Ok((key.to_string(), python::str(self.call.rendering, &defined(value)?)?)))
                .collect(),
            Some(other) => Err(self.invalid(name, "dictionary", &other)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_those_of_bytes() {
        let split = |text: &str| lines(text).collect::<Vec<_>>();
        assert_eq!(split("a\nb\r\nc\u{85}d\n\nf\n"), ["a", "b", "c\u{85}d", "", "f"]);
        assert_eq!(split("\n"), [""]);
        assert!(split("").is_empty());
    }

    #[test]
    fn a_status_that_is_no_success_is_an_error() {
        let answer = |status| Ok(UrlAnswer { status, reason: "Not Found".into(), body: b"x".to_vec() });
        assert_eq!(body("u", answer(200)).ok().as_deref(), Some("x"));
        let Err(Fault::Error(message)) = body("u", answer(404)) else { panic!("no error") };
        assert_eq!(message, "Received HTTP error for u: HTTP Error 404: Not Found");
    }
}
