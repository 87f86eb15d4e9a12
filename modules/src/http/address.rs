//! URLs: taken apart, put together again, and resolved against the one they were found in.

/// `scheme://user:password@host:port/path?query`, without the fragment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    pub scheme: String,
    pub credentials: Option<(String, String)>,
    /// Host and port as written, without the credentials.
    pub authority: String,
    /// Path and query, starting with a slash.
    pub target: String,
}

impl Address {
    /// `None` when there is no `scheme://`.
    pub(crate) fn parse(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let rest = rest.split('#').next().unwrap_or_default();
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, target) = rest.split_at(end);
        let (credentials, authority) = match authority.rsplit_once('@') {
            Some((credentials, authority)) => (Some(split_credentials(credentials)), authority),
            None => (None, authority),
        };
        let target = if target.starts_with('/') { target.to_owned() } else { format!("/{target}") };
        Some(Self { scheme: scheme.to_ascii_lowercase(), credentials, authority: authority.to_owned(), target })
    }

    pub(crate) fn url(&self) -> String {
        format!("{}://{}{}", self.scheme, self.authority, self.target)
    }

    /// The host alone, without port and brackets.
    pub(crate) fn host(&self) -> &str {
        let host = match self.authority.rsplit_once(':') {
            Some((host, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => host,
            _ => &self.authority,
        };
        host.trim_start_matches('[').trim_end_matches(']')
    }

    /// Where a link found here leads (RFC 3986, section 5.2).
    pub(crate) fn join(&self, link: &str) -> Option<Self> {
        if link.contains("://") {
            return Self::parse(link);
        }
        if let Some(rest) = link.strip_prefix("//") {
            return Self::parse(&format!("{}://{rest}", self.scheme));
        }
        let link = link.split('#').next().unwrap_or_default();
        let path = self.target.split('?').next().unwrap_or_default();
        let target = if link.is_empty() {
            self.target.clone()
        } else if link.starts_with('/') {
            link.to_owned()
        } else if link.starts_with('?') {
            format!("{path}{link}")
        } else {
            let dir = path.rsplit_once('/').map_or("", |(dir, _)| dir);
            format!("{dir}/{link}")
        };
        Some(Self { target: without_dots(&target), ..self.clone() })
    }
}

/// Where a link found at `url` leads.
pub(crate) fn join(url: &str, link: &str) -> Option<String> {
    Some(Address::parse(url)?.join(link)?.url())
}

fn split_credentials(text: &str) -> (String, String) {
    let (user, password) = text.split_once(':').unwrap_or((text, ""));
    (percent_decode(user), percent_decode(password))
}

/// Removes `.` and `..` segments of the path.
fn without_dots(target: &str) -> String {
    let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
    let mut segments: Vec<&str> = Vec::new();
    let mut parts = path.split('/').skip(1).peekable();
    while let Some(part) = parts.next() {
        let last = parts.peek().is_none();
        match part {
            "." if last => segments.push(""),
            ".." => {
                segments.pop();
                if last {
                    segments.push("");
                }
            }
            "." => {}
            part => segments.push(part),
        }
    }
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    format!("/{}{query}", segments.join("/"))
}

pub(crate) fn percent_decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = text.get(at + 1..at + 3).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match (bytes[at], hex) {
            (b'%', Some(byte)) => {
                decoded.push(byte);
                at += 3;
            }
            (byte, _) => {
                decoded.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_taken_apart() {
        let address = Address::parse("HTTP://joe:s%40x@[::1]:80/a?b=c#d").unwrap();
        assert_eq!(address.credentials, Some(("joe".to_owned(), "s@x".to_owned())));
        assert_eq!((address.scheme.as_str(), address.host()), ("http", "::1"));
        assert_eq!(address.url(), "http://[::1]:80/a?b=c");
        assert_eq!(Address::parse("http://h?x").unwrap().url(), "http://h/?x");
        assert_eq!(Address::parse("nosuch"), None);
    }

    #[test]
    fn links_resolve_against_their_page() {
        let base = Address::parse("http://h:1/a/b/c?q").unwrap();
        let cases = [
            ("http://x/y", "http://x/y"),
            ("//x/y", "http://x/y"),
            ("/y?z", "http://h:1/y?z"),
            ("d", "http://h:1/a/b/d"),
            ("../d/./e", "http://h:1/a/d/e"),
            ("..", "http://h:1/a/"),
            ("../../../../d", "http://h:1/d"),
            ("?n", "http://h:1/a/b/c?n"),
            ("", "http://h:1/a/b/c?q"),
        ];
        for (link, url) in cases {
            assert_eq!(base.join(link).map(|joined| joined.url()).as_deref(), Some(url), "{link}");
        }
    }
}
