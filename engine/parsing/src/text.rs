//! `Text`: a string that knows where it came from, whether it may be templated, and whether it is secret.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

use crate::Origin;

/// Whether a string may be templated. Only text from playbooks, inventories, vars files and the command line is
/// trusted; module results, facts, lookups and `!unsafe` never are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Trust {
    Trusted,
    #[default]
    Untrusted,
}

/// A shared, immutable string. Cloning costs one reference count. Equality, order and hash look at the characters only.
#[derive(Clone)]
pub struct Text(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    text: Box<str>,
    origin: Option<Origin>,
    trust: Trust,
    secret: bool,
    /// What it was decrypted from.
    vault_data: Option<Text>,
    moment: bool,
}

impl Inner {
    fn new(text: Box<str>, origin: Option<Origin>, trust: Trust) -> Self {
        Self { text, origin, trust, secret: false, vault_data: None, moment: false }
    }
}

impl Text {
    /// Untrusted text of no known place: what hosts, facts and lookups give.
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self(Arc::new(Inner::new(text.into(), None, Trust::Untrusted)))
    }

    /// Text the user wrote: it may be templated.
    pub fn trusted(text: impl Into<Box<str>>, origin: Option<Origin>) -> Self {
        Self(Arc::new(Inner::new(text.into(), origin, Trust::Trusted)))
    }

    pub fn as_str(&self) -> &str {
        &self.0.text
    }

    pub fn origin(&self) -> Option<&Origin> {
        self.0.origin.as_ref()
    }

    pub fn trust(&self) -> Trust {
        self.0.trust
    }

    pub fn is_trusted(&self) -> bool {
        self.0.trust == Trust::Trusted
    }

    pub fn is_secret(&self) -> bool {
        self.0.secret
    }

    /// Whether templating could change this text at all: trusted and holding a template delimiter.
    pub fn is_template(&self) -> bool {
        self.is_trusted() && (self.contains("{{") || self.contains("{%") || self.contains("{#"))
    }

    #[must_use]
    pub fn with_origin(&self, origin: Option<Origin>) -> Self {
        Self(Arc::new(Inner { origin, ..self.0.as_ref().clone() }))
    }

    #[must_use]
    pub fn with_trust(&self, trust: Trust) -> Self {
        if self.0.trust == trust {
            return self.clone();
        }
        Self(Arc::new(Inner { trust, ..self.0.as_ref().clone() }))
    }

    #[must_use]
    pub fn with_secret(&self, secret: bool) -> Self {
        if self.0.secret == secret {
            return self.clone();
        }
        Self(Arc::new(Inner { secret, ..self.0.as_ref().clone() }))
    }

    /// The vault data this very text was decrypted from, with which YAML and listings write it.
    pub fn vault_data(&self) -> Option<&Text> {
        self.0.vault_data.as_ref()
    }

    /// This text as the secret that `data` holds.
    #[must_use]
    pub fn decrypted_from(&self, data: Self) -> Self {
        Self(Arc::new(Inner { secret: true, vault_data: Some(data), ..self.0.as_ref().clone() }))
    }

    /// Whether it is a date or a point in time, which templates see as such: `2024-01-31` in YAML without quotes.
    pub fn is_moment(&self) -> bool {
        self.0.moment
    }

    #[must_use]
    pub fn as_moment(&self) -> Self {
        Self(Arc::new(Inner { moment: true, ..self.0.as_ref().clone() }))
    }
}

impl Deref for Text {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0.text
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}
impl Eq for Text {}
impl PartialOrd for Text {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Text {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.as_str().cmp(other.as_str())
    }
}
impl Hash for Text {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}
impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}
impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}
impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
/// A secret is never shown by `Debug`, so it cannot reach a log by accident.
impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_secret() { f.write_str("\"********\"") } else { fmt::Debug::fmt(self.as_str(), f) }
    }
}
