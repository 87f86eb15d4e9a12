//! `ansible.builtin.assemble`: one file out of the files of a directory, in the order of their names.

use std::path::{Path, PathBuf};

use crate::attributes::path_text;
use crate::checksum::Digests;
use crate::python_regex::{PythonRegex, Subject, fault};
use crate::{Arg, Args, Content, Context, FileAttributes, Module, ModuleError, ModuleResult, WriteOptions};

pub(crate) static MODULE: Module = Module::new("ansible.builtin.assemble", ARGS, run).file_args();

const ARGS: &[Arg] = &[
    Arg::path("src").required(),
    Arg::str("delimiter"),
    Arg::path("dest").required(),
    Arg::bool("backup").default("false"),
    // Fragments of the control node are assembled there and arrive as a copy.
    Arg::bool("remote_src").default("true"),
    Arg::str("regexp"),
    Arg::bool("ignore_hidden").default("false"),
    Arg::str("validate"),
    Arg::bool("decrypt").default("true"),
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let (src, dest) = (args.path("src")?, args.path("dest")?);
    if !src.exists() {
        return Err(ModuleError::failed(format!("Source ({}) does not exist", src.display())));
    }
    if !src.is_dir() {
        return Err(ModuleError::failed(format!("Source ({}) is not a directory", src.display())));
    }
    let fragments = Fragments::new(args.opt_str("delimiter"), args.opt_str("regexp"), !args.bool("ignore_hidden"))?;
    let texts = fragments.of(&src)?.iter().map(fs_err::read).collect::<Result<Vec<_>, _>>()?;
    let content = fragments.join(texts);
    let digests = Digests::of_bytes(&content);
    if dest.is_dir() {
        return Err(ModuleError::failed(format!("attempted to take checksum of directory: {}", dest.display())));
    }
    let old = if dest.exists() { Some(Digests::of_file(&dest)?.sha1) } else { None };
    let mut changed = old.as_ref() != Some(&digests.sha1);
    let mut backup = None;
    if changed {
        backup = write(&dest, &content, args, cx)?;
    }
    if dest.exists() || !cx.check_mode {
        changed |= cx.set_attributes(&dest, &FileAttributes::from_args(args))?;
    }
    Ok(ModuleResult::ok()
        .changed(changed)
        .set("src", path_text(&src))
        .set("dest", path_text(&dest))
        .set("checksum", digests.sha1)
        .set("md5sum", digests.md5)
        .set_opt("backup_file", backup)
        .msg("OK"))
}

/// In check mode the content is judged, too.
fn write(dest: &Path, content: &[u8], args: &Args, cx: &mut Context<'_>) -> Result<Option<String>, ModuleError> {
    if cx.check_mode {
        let judged = cx.judge(Content::Bytes(content), args.opt_str("validate"));
        judged.map_err(super::edited_file::validation_message)?;
    }
    cx.write_file(dest, Content::Bytes(content), &WriteOptions::from_args(args))
        .map_err(super::edited_file::validation_message)
}

/// Which files of a directory are put together, and what comes between them.
pub struct Fragments {
    delimiter: Option<Vec<u8>>,
    regexp: Option<PythonRegex>,
    hidden: bool,
}

impl Fragments {
    pub fn new(delimiter: Option<&str>, regexp: Option<&str>, hidden: bool) -> Result<Self, ModuleError> {
        let regexp = regexp.map(|pattern| {
            PythonRegex::new(pattern, Subject::Text)
                .map_err(|error| ModuleError::failed(format!("Invalid Regexp ({}) in \"{pattern}\"", fault(&error))))
        });
        Ok(Self {
            delimiter: delimiter.filter(|text| !text.is_empty()).map(unescape),
            regexp: regexp.transpose()?,
            hidden,
        })
    }

    /// The files of `dir` that count, in the order of their names.
    pub fn of(&self, dir: &Path) -> Result<Vec<PathBuf>, ModuleError> {
        let mut paths = Vec::new();
        for entry in fs_err::read_dir(dir)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let is_wanted = match &self.regexp {
                Some(regexp) => regexp.is_match(&name)?,
                None => true,
            };
            if is_wanted && path.is_file() && (self.hidden || !name.starts_with('.')) {
                paths.push(path);
            }
        }
        paths.sort();
        Ok(paths)
    }

    pub fn join(&self, texts: Vec<Vec<u8>>) -> Vec<u8> {
        let mut content: Vec<u8> = Vec::new();
        // An empty fragment is one without a newline at its end, too.
        let mut is_line_open = false;
        for (at, text) in texts.into_iter().enumerate() {
            if is_line_open {
                content.push(b'\n');
            }
            if let Some(delimiter) = self.delimiter.as_ref().filter(|_| at > 0) {
                content.extend(delimiter);
                if !delimiter.ends_with(b"\n") {
                    content.push(b'\n');
                }
            }
            is_line_open = !text.ends_with(b"\n");
            content.extend(text);
        }
        content
    }
}

/// Python's escapes, as written in a playbook between single quotes.
fn unescape(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&byte, behind)) = rest.split_first() {
        let (escaped, length) = if byte == b'\\' { escape(behind) } else { (Some(byte), 0) };
        out.extend(escaped);
        rest = &behind[length..];
    }
    out
}

/// The byte that what follows a backslash stands for, and how long that is; the backslash itself where it is no escape.
fn escape(behind: &[u8]) -> (Option<u8>, usize) {
    let number = |digits: &[u8], base: u32| {
        digits.iter().try_fold(0, |value, digit| Some(value * base + char::from(*digit).to_digit(base)?))
    };
    let Some(&first) = behind.first() else { return (Some(b'\\'), 0) };
    let plain = match first {
        b'\n' => return (None, 1),
        b'x' => {
            let value = behind.get(1..3).and_then(|digits| number(digits, 16));
            return value.map_or((Some(b'\\'), 0), |value| (Some(value as u8), 3));
        }
        b'0'..=b'7' => {
            let length = behind.iter().take(3).take_while(|byte| matches!(byte, b'0'..=b'7')).count();
            return (number(&behind[..length], 8).map(|value| value as u8), length);
        }
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'a' => 0x07,
        b'b' => 0x08,
        b'f' => 0x0c,
        b'v' => 0x0b,
        b'\\' | b'\'' | b'"' => first,
        _ => return (Some(b'\\'), 0),
    };
    (Some(plain), 1)
}
