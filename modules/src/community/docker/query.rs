//! `Query`: what follows the path of a request, encoded.

use std::fmt::Write as _;

#[derive(Debug, Default)]
pub(super) struct Query {
    text: String,
}

impl Query {
    pub(super) fn new() -> Self {
        Self::default()
    }

    pub(super) fn with(mut self, name: &str, value: impl ToString) -> Self {
        let mark = if self.text.is_empty() { '?' } else { '&' };
        let _ = write!(self.text, "{mark}{name}={}", Self::encoded(&value.to_string()));
        self
    }

    pub(super) fn with_opt(self, name: &str, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    pub(super) fn after(self, path: &str) -> String {
        format!("{path}{}", self.text)
    }

    /// One segment of a path, or a value.
    pub(super) fn encoded(text: &str) -> String {
        encoded(text, false)
    }

    /// A name with slashes in it, as images have.
    pub(super) fn encoded_path(text: &str) -> String {
        encoded(text, true)
    }
}

fn encoded(text: &str, slashes: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        let plain = byte.is_ascii_alphanumeric() || b"-_.~:@".contains(&byte) || (slashes && byte == b'/');
        if plain {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_encoded() {
        assert_eq!(Query::new().with("a", "x/y z").with("b", 1).after("/p"), "/p?a=x%2Fy%20z&b=1");
        assert_eq!(Query::encoded_path("a.b/c:1@x"), "a.b/c:1@x");
        assert_eq!(Query::new().with_opt("a", None::<&str>).after("/p"), "/p");
    }
}
