//! `ModuleError`: why a module failed, and what else its result says.

use std::io;

use serde_json::Value;

use crate::python_repr::quoted;
use crate::{Map, ModuleResult};

/// A failed module. It becomes `{"failed": true, "msg": …}` with the extra keys.
#[derive(Debug, thiserror::Error)]
pub enum ModuleError {
    #[error("{msg}")]
    Failed { msg: String, extra: Map },
    /// An operation of the system failed; `fs-err` puts the path into the text.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The task was cancelled by the engine.
    #[error("the task was cancelled")]
    Cancelled,
}

impl ModuleError {
    pub fn failed(msg: impl Into<String>) -> Self {
        Self::Failed { msg: msg.into(), extra: Map::new() }
    }

    /// A failure that reports everything `result` says.
    pub fn with_result(msg: impl Into<String>, result: ModuleResult) -> Self {
        Self::Failed { msg: msg.into(), extra: result.into_map() }
    }

    /// Adds a key to the failed result.
    pub fn with(self, key: &str, value: impl Into<Value>) -> Self {
        let (msg, mut extra) = self.into_parts();
        extra.insert(key.to_owned(), value.into());
        Self::Failed { msg, extra }
    }

    pub(crate) fn into_parts(self) -> (String, Map) {
        match self {
            Self::Failed { msg, extra } => (msg, extra),
            other => (other.to_string(), Map::new()),
        }
    }
}

/// `io::Error` without the "(os error N)" that Rust adds.
pub(crate) fn errno_text(error: &io::Error) -> String {
    let text = error.to_string();
    text.split_once(" (os error ").map_or(text.as_str(), |(text, _)| text).to_owned()
}

/// An errno as Python prints an `OSError`: `[Errno 13] Permission denied: '/etc/shadow'`.
pub(crate) fn os_error(error: &io::Error, path: &str) -> String {
    let cause = root_cause(error);
    match cause.raw_os_error() {
        Some(number) => format!("[Errno {number}] {}: {}", errno_text(&cause), quoted(path)),
        None => format!("{}: {}", errno_text(error), quoted(path)),
    }
}

/// The same where Ansible works with paths as bytes: `[Errno 2] No such file or directory: b'/nonexistent'`.
pub(crate) fn os_error_bytes(error: &io::Error, path: &str) -> String {
    let text = os_error(error, path);
    let at = text.len() - quoted(path).len();
    format!("{}b{}", &text[..at], &text[at..])
}

/// The system's own error. `fs-err` and `tempfile` wrap it and keep only its text, with the number.
pub(crate) fn root_cause(error: &io::Error) -> io::Error {
    let text = error.to_string();
    let number = text.rsplit_once("(os error ").and_then(|(_, rest)| rest.split_once(')'));
    match number.and_then(|(number, _)| number.parse().ok()) {
        Some(number) => io::Error::from_raw_os_error(number),
        None => io::Error::new(error.kind(), text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn system_errors_read_like_pythons() {
        let error = fs_err::read("/nonexistent/it's").unwrap_err();
        assert_eq!(os_error(&error, "/nonexistent/it's"), "[Errno 2] No such file or directory: \"/nonexistent/it's\"");
        assert_eq!(os_error_bytes(&error, "x"), "[Errno 2] No such file or directory: b'x'");
        assert_eq!(errno_text(&root_cause(&error)), "No such file or directory");
    }
}
