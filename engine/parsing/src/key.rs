//! `Key`: what a map is keyed by. Nearly always text; YAML also allows integers, floats, booleans and null.

use std::fmt;
use std::hash::{Hash, Hasher};

use indexmap::Equivalent;

use crate::{Origin, Text};

#[derive(Clone, Debug)]
pub enum Key {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Str(Text),
}

impl Key {
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Str(text) => Some(text),
            _ => None,
        }
    }

    /// Where it was written, when it is text.
    pub fn origin(&self) -> Option<&Origin> {
        match self {
            Self::Str(text) => text.origin(),
            _ => None,
        }
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Int(a), Self::Int(b)) => a == b,
            (Self::Float(a), Self::Float(b)) => a.to_bits() == b.to_bits(),
            (Self::Str(a), Self::Str(b)) => a == b,
            _ => false,
        }
    }
}
impl Eq for Key {}

/// A text key hashes as its `str`, so maps can be asked with a plain `&str`.
impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Self::Null => 0u8.hash(state),
            Self::Bool(b) => b.hash(state),
            Self::Int(i) => i.hash(state),
            Self::Float(f) => f.to_bits().hash(state),
            Self::Str(text) => text.as_str().hash(state),
        }
    }
}
impl Equivalent<Key> for str {
    fn equivalent(&self, key: &Key) -> bool {
        key.as_str() == Some(self)
    }
}
impl Equivalent<Key> for String {
    fn equivalent(&self, key: &Key) -> bool {
        key.as_str() == Some(self.as_str())
    }
}

impl From<&str> for Key {
    fn from(text: &str) -> Self {
        Self::Str(text.into())
    }
}
impl From<String> for Key {
    fn from(text: String) -> Self {
        Self::Str(text.into())
    }
}
impl From<Text> for Key {
    fn from(text: Text) -> Self {
        Self::Str(text)
    }
}

/// As Python's `str()` prints the key.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("None"),
            Self::Bool(true) => f.write_str("True"),
            Self::Bool(false) => f.write_str("False"),
            Self::Int(i) => write!(f, "{i}"),
            Self::Float(x) => f.write_str(&crate::value::float_repr(*x)),
            Self::Str(text) => f.write_str(text),
        }
    }
}
