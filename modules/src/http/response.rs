//! `Response`: status, headers and the body still to be read.

use std::fmt;
use std::io::{self, Read};

use flate2::read::GzDecoder;

/// What a server answered, after authentication and redirects.
pub(crate) struct Response {
    pub status: u16,
    pub reason: String,
    /// The last URL, without credentials.
    pub url: String,
    /// In the order received, names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Box<dyn Read>,
}

impl Response {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Headers by name, repeated ones joined.
    pub(crate) fn joined_headers(&self) -> Vec<(String, String)> {
        let mut joined: Vec<(String, String)> = Vec::new();
        for (name, value) in &self.headers {
            match joined.iter_mut().find(|(known, _)| known == name) {
                Some((_, known)) => {
                    known.push_str(", ");
                    known.push_str(value);
                }
                None => joined.push((name.clone(), value.clone())),
            }
        }
        joined
    }

    /// Names and values of the cookies that were set.
    pub(crate) fn cookies(&self) -> Vec<(String, String)> {
        let set = self.headers.iter().filter(|(name, _)| name == "set-cookie");
        let pair = |value: &str| {
            let (name, value) = value.split(';').next()?.split_once('=')?;
            Some((name.trim().to_owned(), value.trim().to_owned()))
        };
        set.filter_map(|(_, value)| pair(value)).collect()
    }

    /// `OK (123 bytes)`, or how urllib names an error.
    pub(crate) fn summary(&self) -> String {
        if self.is_success() {
            return format!("OK ({} bytes)", self.header("content-length").unwrap_or("unknown"));
        }
        format!("HTTP Error {}: {}", self.status, self.reason)
    }

    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Undoes the compression of the body, when it is one we know.
    pub(super) fn decompressed(mut self) -> Self {
        if self.header("content-encoding") == Some("gzip") {
            self.body = Box::new(GzDecoder::new(self.body));
        }
        self
    }

    pub(crate) fn read_body(&mut self) -> io::Result<Vec<u8>> {
        let mut content = Vec::new();
        self.body.read_to_end(&mut content)?;
        Ok(content)
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response").field("status", &self.status).field("url", &self.url).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_and_cookies_are_collected() {
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let response = Response {
            status: 200,
            reason: "OK".to_owned(),
            url: "http://h/".to_owned(),
            headers: vec![
                header("set-cookie", "a=1; Path=/"),
                header("x", "1"),
                header("set-cookie", "b=\"two\"; HttpOnly"),
                header("set-cookie", "junk"),
            ],
            body: Box::new(io::empty()),
        };
        assert_eq!(response.cookies(), [header("a", "1"), header("b", "\"two\"")]);
        assert_eq!(response.joined_headers().len(), 2);
        assert_eq!(response.summary(), "OK (unknown bytes)");
    }
}
