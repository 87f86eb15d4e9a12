//! `ansible.builtin.assemble`: one file out of the files of a directory, in the order of their names.

use std::path::Path;

use crate::attributes::path_text;
use crate::checksum::Digests;
use crate::python_regex::{PythonRegex, Subject};
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
    let regexp = args.opt_str("regexp").map(|pattern| {
        PythonRegex::new(pattern, Subject::Text)
            .map_err(|error| ModuleError::failed(format!("Invalid Regexp ({error}) in \"{pattern}\"")))
    });
    let content = assemble(&src, args, regexp.transpose()?.as_ref(), cx)?;
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

fn write(dest: &Path, content: &[u8], args: &Args, cx: &mut Context<'_>) -> Result<Option<String>, ModuleError> {
    cx.write_file(dest, Content::Bytes(content), &WriteOptions::from_args(args))
        .map_err(super::edited_file::validation_message)
}

fn assemble(src: &Path, args: &Args, regexp: Option<&PythonRegex>, cx: &Context<'_>) -> Result<Vec<u8>, ModuleError> {
    let delimiter = args.opt_str("delimiter").map(unescape);
    let mut content: Vec<u8> = Vec::new();
    let mut first = true;
    for path in cx.list_dir(src)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let unwanted = match regexp {
            Some(regexp) => !regexp.is_match(&name)?,
            None => false,
        };
        if unwanted || !path.is_file() || args.bool("ignore_hidden") && name.starts_with('.') {
            continue;
        }
        let fragment = fs_err::read(&path)?;
        if !first && !content.ends_with(b"\n") && !content.is_empty() {
            content.push(b'\n');
        }
        if let Some(delimiter) = delimiter.as_ref().filter(|_| !first) {
            content.extend(delimiter);
            if !delimiter.ends_with(b"\n") {
                content.push(b'\n');
            }
        }
        content.extend(fragment);
        first = false;
    }
    Ok(content)
}

/// `\n` and the like, as written in a playbook between single quotes.
fn unescape(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.extend(rest[..at].bytes());
        let escaped = rest[at + 1..].chars().next();
        match escaped {
            Some('n') => out.push(b'\n'),
            Some('r') => out.push(b'\r'),
            Some('t') => out.push(b'\t'),
            Some('\\') | None => out.push(b'\\'),
            Some(other) => {
                out.push(b'\\');
                out.extend(other.to_string().bytes());
            }
        }
        rest = &rest[at + 1 + escaped.map_or(0, char::len_utf8)..];
    }
    out.extend(rest.bytes());
    out
}
