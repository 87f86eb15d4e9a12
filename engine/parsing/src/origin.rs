//! `Origin`: the place a value was written, cheap enough to hang on every string.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A text that values come from: a file, or something named like `<extra vars>`.
#[derive(Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// What the user calls it: a path as it was given, or a name in angle brackets.
    pub path: PathBuf,
    /// The whole text, kept for printing the line an error is about.
    pub text: String,
}

impl SourceFile {
    pub fn new(path: impl Into<PathBuf>, text: impl Into<String>) -> Arc<Self> {
        Arc::new(Self { path: path.into(), text: text.into() })
    }

    /// The text of line `line`, counted from 1, without its line end.
    pub fn line(&self, line: u32) -> Option<&str> {
        self.text.lines().nth((line as usize).checked_sub(1)?)
    }
}

/// File, line and column (both counted from 1; the column in characters). Line 0 stands for a source as a whole.
#[derive(Clone, PartialEq, Eq)]
pub struct Origin {
    pub source: Arc<SourceFile>,
    pub line: u32,
    pub column: u32,
}

impl Origin {
    pub fn new(source: Arc<SourceFile>, line: u32, column: u32) -> Self {
        Self { source, line, column }
    }

    pub fn path(&self) -> &Path {
        &self.source.path
    }

    /// Of the first key of a mapping in braces: where the brace stands.
    pub fn at_brace(self) -> Self {
        let before = |line: &str| line.chars().take(self.column.saturating_sub(1) as usize).collect::<String>();
        let Some(text) = self.source_line().map(before) else { return self };
        match text.trim_end().strip_suffix('{') {
            Some(outside) => Self { column: outside.chars().count() as u32 + 1, ..self },
            None => self,
        }
    }

    /// The source line this place is on.
    pub fn source_line(&self) -> Option<&str> {
        self.source.line(self.line)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line == 0 {
            return write!(f, "{}", self.source.path.display());
        }
        write!(f, "{}:{}:{}", self.source.path.display(), self.line, self.column)
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}
