//! `Origin`: the place a value was written, cheap enough to hang on every string.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// A text that values come from: a file, or something named like `<extra vars>`.
#[derive(Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// What the user calls it: a path as it was given, or a name in angle brackets.
    pub path: PathBuf,
    /// The whole text, kept for printing the line an error is about; empty where it is read again for that.
    pub text: String,
    again: Option<ReadAgain>,
}

/// The text of a large file, once a line of it was asked for.
#[derive(Debug, Default, PartialEq, Eq)]
struct ReadAgain {
    /// Another length is another text.
    length: u64,
    text: OnceLock<String>,
}

/// Files whose texts are longer are read again when a line of theirs is to be shown: that seldom happens.
const LARGE: usize = 256 * 1024;

impl SourceFile {
    pub fn new(path: impl Into<PathBuf>, text: impl Into<String>) -> Arc<Self> {
        Arc::new(Self { path: path.into(), text: text.into(), again: None })
    }

    /// The file at `path`, whose text this is; it is not kept when it is large and can be read again.
    pub fn of_file(path: &Path, text: &str) -> Arc<Self> {
        let is_there = || fs_err::metadata(path).is_ok_and(|file| file.is_file() && file.len() == text.len() as u64);
        if text.len() < LARGE || !is_there() {
            return Self::new(path, text);
        }
        let again = ReadAgain { length: text.len() as u64, text: OnceLock::new() };
        Arc::new(Self { path: path.into(), text: String::new(), again: Some(again) })
    }

    /// The text of line `line`, counted from 1, without its line end.
    pub fn line(&self, line: u32) -> Option<&str> {
        let text = self.again.as_ref().map_or(self.text.as_str(), |again| again.text(&self.path));
        text.lines().nth((line as usize).checked_sub(1)?)
    }
}

impl ReadAgain {
    fn text(&self, path: &Path) -> &str {
        let is_same = || fs_err::metadata(path).is_ok_and(|file| file.is_file() && file.len() == self.length);
        let read = || Some(path).filter(|_| is_same()).and_then(|path| fs_err::read_to_string(path).ok());
        self.text.get_or_init(|| read().unwrap_or_default())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_large_files_are_read_again() {
        let path = std::env::temp_dir().join(format!("kapell-large-{}", std::process::id()));
        let text = "one\ntwo\n".repeat(LARGE / 8 + 1);
        fs_err::write(&path, &text).unwrap();
        let file = SourceFile::of_file(&path, &text);
        assert!(file.text.is_empty());
        assert_eq!(file.line(2), Some("two"));
        let changed = SourceFile::of_file(&path, &text);
        fs_err::write(&path, "another").unwrap();
        assert_eq!(changed.line(1), None);
        fs_err::remove_file(&path).unwrap();
        let small = SourceFile::of_file(&path, "a\nb");
        assert_eq!(small.line(2), Some("b"));
    }
}
