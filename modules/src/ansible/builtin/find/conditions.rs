//! The conditions of a search: name, type, age, size, mode and content.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use globset::{GlobBuilder, GlobMatcher};
use serde_json::Value;

use crate::mode::{self, ModeBase};
use crate::python_regex::{PythonRegex, Subject, fault};
use crate::python_repr::type_name;
use crate::text_encoding::Encoding;
use crate::{Args, ModuleError, byte_text};

pub(super) struct Conditions {
    patterns: Vec<NamePattern>,
    excludes: Vec<NamePattern>,
    hidden: bool,
    file_type: FileType,
    /// Seconds; positive means older, negative younger.
    age: Option<i64>,
    age_stamp: String,
    /// Bytes; positive means at least, negative at most.
    size: Option<i64>,
    mode: Option<Value>,
    exact_mode: bool,
    contains: Option<String>,
    whole_file: bool,
    /// One that is unknown fails the search of a path, not the module.
    encoding: Option<Result<Encoding, String>>,
    encoding_name: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FileType {
    Any,
    Directory,
    File,
    Link,
}

/// A pattern for file names. One that is not valid fails the search of a path, not the module.
enum NamePattern {
    Glob(GlobMatcher),
    Regex(PythonRegex),
    Invalid(String),
}

impl Conditions {
    pub(super) fn from_args(args: &Args) -> Result<Self, ModuleError> {
        let regex = args.bool("use_regex");
        let patterns = |name: &str| args.list_of_str(name).iter().map(|text| NamePattern::new(text, regex)).collect();
        let mode = args.raw("mode").cloned();
        if let Some(mode) = mode.as_ref().filter(|mode| !mode.is_string()) {
            let class = type_name(mode);
            return Err(ModuleError::failed(format!(
                "argument 'mode' is not a string and conversion is not allowed, value is of type {class}"
            )));
        }
        Ok(Self {
            patterns: patterns("patterns"),
            excludes: patterns("excludes"),
            hidden: args.bool("hidden"),
            file_type: FileType::named(args.str("file_type")?),
            age: scaled(args, "age", &[('s', 1), ('m', 60), ('h', 3600), ('d', 86_400), ('w', 604_800)])?,
            age_stamp: args.str("age_stamp")?.to_owned(),
            size: scaled(args, "size", &[('b', 1), ('k', 1 << 10), ('m', 1 << 20), ('g', 1 << 30), ('t', 1 << 40)])?,
            mode,
            exact_mode: args.bool("exact_mode"),
            contains: args.opt_str("contains").map(str::to_owned),
            whole_file: args.bool("read_whole_file"),
            encoding: args.opt_str("encoding").map(|name| Encoding::named(name).map_err(|error| error.to_string())),
            encoding_name: args.opt_str("encoding").map(str::to_owned),
        })
    }

    /// Whether all conditions hold; the error is what keeps them from being checked.
    pub(super) fn hold(&self, path: &Path, found: &Metadata) -> Result<bool, String> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if !self.hidden && name.starts_with('.') {
            return Ok(false);
        }
        let of_type = match self.file_type {
            FileType::Any => true,
            FileType::Directory => found.is_dir(),
            FileType::File => found.is_file(),
            FileType::Link => found.is_symlink(),
        };
        Ok(of_type
            && (self.patterns.is_empty() || any_matches(&self.patterns, &name)?)
            && !any_matches(&self.excludes, &name)?
            && self.age_fits(found)
            && self.mode_fits(found)?
            && (!matches!(self.file_type, FileType::File | FileType::Any) || self.size_fits(found))
            && (self.file_type != FileType::File || self.content_fits(path)?))
    }

    fn age_fits(&self, found: &Metadata) -> bool {
        let Some(age) = self.age else { return true };
        let (seconds, nanoseconds) = match self.age_stamp.as_str() {
            "atime" => (found.atime(), found.atime_nsec()),
            "ctime" => (found.ctime(), found.ctime_nsec()),
            _ => (found.mtime(), found.mtime_nsec()),
        };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        let since = now - mode::seconds(seconds, nanoseconds);
        if age >= 0 { since >= age as f64 } else { since <= age.unsigned_abs() as f64 }
    }

    fn size_fits(&self, found: &Metadata) -> bool {
        let Some(size) = self.size else { return true };
        if size >= 0 { found.size() >= size.unsigned_abs() } else { found.size() <= size.unsigned_abs() }
    }

    fn mode_fits(&self, found: &Metadata) -> Result<bool, String> {
        let Some(wanted) = &self.mode else { return Ok(true) };
        // A symbolic mode stands for the bits it would set on a file that has none.
        let wanted = mode::resolve(wanted, ModeBase { current: 0, is_dir: found.is_dir(), umask: 0 })?;
        let actual = found.mode() & 0o7777;
        Ok(if self.exact_mode { actual == wanted } else { actual & wanted != 0 })
    }

    fn content_fits(&self, path: &Path) -> Result<bool, String> {
        let Some(pattern) = &self.contains else { return Ok(true) };
        let bytes = fs_err::read(path).map_err(|error| error.to_string())?;
        let name = path.to_string_lossy();
        let (text, pattern, subject) = match &self.encoding {
            Some(Err(reason)) => return Err(reason.clone()),
            Some(Ok(encoding)) => {
                let undecodable = |_| {
                    let named = self.encoding_name.as_deref().unwrap_or("utf-8");
                    format!("Failed to read the file {name} due to an encoding error. current encoding: {named}")
                };
                (encoding.decode(&bytes, &name).map_err(undecodable)?, pattern.clone(), Subject::Text)
            }
            None => (byte_text::from_bytes(&bytes), byte_text::from_utf8(pattern), Subject::Bytes),
        };
        let regex = PythonRegex::new(&pattern, subject).map_err(|error| fault(&error))?;
        if self.whole_file {
            return regex.is_match(&text).map_err(|error| error.to_string());
        }
        for line in text.split_inclusive('\n') {
            if matches_at_start(&regex, line)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl FileType {
    fn named(name: &str) -> Self {
        match name {
            "any" => Self::Any,
            "directory" => Self::Directory,
            "link" => Self::Link,
            _ => Self::File,
        }
    }
}

/// Braces are braces, and a bracket that nothing closes is one, as for Python's `fnmatch`.
fn as_fnmatch(pattern: &str) -> String {
    let mut out = String::new();
    let mut rest = pattern;
    while let Some(at) = rest.find(['[', '{', '}']) {
        out.push_str(&rest[..at]);
        let class = &rest[at..];
        let end = class.char_indices().skip(2).find(|(_, c)| *c == ']').map(|(end, _)| end + 1);
        let taken = match end.filter(|_| class.starts_with('[')) {
            Some(end) => {
                out.push_str(&class[..end]);
                end
            }
            None => {
                out.push_str(&format!("[{}]", &class[..1]));
                1
            }
        };
        rest = &class[taken..];
    }
    out + rest
}

impl NamePattern {
    fn new(text: &str, regex: bool) -> Self {
        let made = if regex {
            PythonRegex::new(text, Subject::Text).map(Self::Regex).map_err(|error| fault(&error))
        } else {
            let glob = GlobBuilder::new(&as_fnmatch(text)).backslash_escape(false).build();
            glob.map(|glob| Self::Glob(glob.compile_matcher())).map_err(|error| error.to_string())
        };
        made.unwrap_or_else(Self::Invalid)
    }

    fn matches(&self, name: &str) -> Result<bool, String> {
        match self {
            Self::Glob(glob) => Ok(glob.is_match(name)),
            Self::Regex(regex) => matches_at_start(regex, name),
            Self::Invalid(reason) => Err(reason.clone()),
        }
    }
}

fn any_matches(patterns: &[NamePattern], name: &str) -> Result<bool, String> {
    patterns.iter().try_fold(false, |found, pattern| Ok(found || pattern.matches(name)?))
}

/// Python's `match`, which looks at the beginning only.
fn matches_at_start(regex: &PythonRegex, text: &str) -> Result<bool, String> {
    let found = regex.search(text).map_err(|error| error.to_string())?;
    Ok(found.and_then(|found| found.get(0)).is_some_and(|whole| whole.start() == 0))
}

/// A number with a unit's letter: `-2w`, `10k`.
fn scaled(args: &Args, name: &str, units: &[(char, i64)]) -> Result<Option<i64>, ModuleError> {
    let Some(text) = args.opt_str(name) else { return Ok(None) };
    let lower = text.to_lowercase();
    let unit = units.iter().find(|(letter, _)| lower.ends_with(*letter));
    let digits = unit.map_or(lower.as_str(), |_| &lower[..lower.len() - 1]);
    let number =
        digits.parse::<i64>().ok().and_then(|number| number.checked_mul(unit.map_or(1, |(_, factor)| *factor)));
    number.map(Some).ok_or_else(|| ModuleError::failed(format!("failed to process {name}")).with(name, text))
}
