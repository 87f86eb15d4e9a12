//! `Setting`: how the text of an option becomes a value of its type.

use std::path::{Path, PathBuf};

use crate::{Environment, paths};

/// The text of an option and what its paths are relative to.
pub(crate) struct Raw<'a> {
    pub(crate) text: &'a str,
    /// The directory of `ansible.cfg` for what is written there, the working directory for the environment.
    pub(crate) base: &'a Path,
    pub(crate) cwd: &'a Path,
    pub(crate) environment: &'a Environment,
}

pub(crate) trait Setting: Sized {
    /// For messages and documentation: `an integer`.
    const KIND: &'static str;

    fn read(raw: &Raw) -> Option<Self>;

    /// The value of an option that is set to nothing, where that means something else than its default.
    fn empty() -> Option<Self> {
        None
    }
}

impl Setting for bool {
    const KIND: &'static str = "a boolean";

    fn read(raw: &Raw) -> Option<Self> {
        kapell_parsing::Value::from(raw.text).to_bool_loose()
    }
}

macro_rules! integer {
    ($($type:ty),+) => {$(
        impl Setting for $type {
            const KIND: &'static str = "an integer";

            fn read(raw: &Raw) -> Option<Self> {
                let whole = match raw.text.split_once('.') {
                    Some((whole, zeros)) if zeros.bytes().all(|b| b == b'0') => whole,
                    _ => raw.text,
                };
                whole.parse().ok()
            }
        }
    )+};
}
integer!(usize, u64, u16, u8);

impl Setting for f64 {
    const KIND: &'static str = "a number";

    fn read(raw: &Raw) -> Option<Self> {
        raw.text.parse().ok()
    }
}

impl Setting for String {
    const KIND: &'static str = "a string";

    fn read(raw: &Raw) -> Option<Self> {
        Some(raw.text.to_owned())
    }

    fn empty() -> Option<Self> {
        Some(Self::new())
    }
}

impl Setting for PathBuf {
    const KIND: &'static str = "a path";

    fn read(raw: &Raw) -> Option<Self> {
        Some(paths::resolve(raw.text, raw.base, raw.cwd, raw.environment))
    }
}

impl Setting for Vec<PathBuf> {
    const KIND: &'static str = "paths separated by colons";

    fn read(raw: &Raw) -> Option<Self> {
        let parts = raw.text.split(':').map(str::trim).filter(|part| !part.is_empty());
        Some(parts.map(|part| paths::resolve(part, raw.base, raw.cwd, raw.environment)).collect())
    }
}

impl Setting for Vec<String> {
    const KIND: &'static str = "a list separated by commas";

    fn read(raw: &Raw) -> Option<Self> {
        Some(list(raw.text).map(str::to_owned).collect())
    }

    fn empty() -> Option<Self> {
        Some(Self::new())
    }
}

/// A comma-separated list of paths, kept as strings: inventory sources.
pub(crate) struct PathList(Vec<String>);

impl Setting for PathList {
    const KIND: &'static str = "paths separated by commas";

    fn read(raw: &Raw) -> Option<Self> {
        let resolve = |part| paths::resolve(part, raw.base, raw.cwd, raw.environment).to_string_lossy().into_owned();
        Some(Self(list(raw.text).map(resolve).collect()))
    }

    fn empty() -> Option<Self> {
        Some(Self(Vec::new()))
    }
}

impl From<PathList> for Vec<String> {
    fn from(list: PathList) -> Self {
        list.0
    }
}

impl<T: Setting> Setting for Option<T> {
    const KIND: &'static str = T::KIND;

    fn read(raw: &Raw) -> Option<Self> {
        T::read(raw).map(Some)
    }

    fn empty() -> Option<Self> {
        Some(None)
    }
}

fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(|part| unquote(part.trim())).filter(|part| !part.is_empty())
}

/// Without the pair of quotes around all of it.
pub(crate) fn unquote(text: &str) -> &str {
    for quote in ['"', '\''] {
        let inner = text.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
        if let Some(inner) = inner.filter(|inner| !inner.ends_with('\\')) {
            return inner;
        }
    }
    text
}
