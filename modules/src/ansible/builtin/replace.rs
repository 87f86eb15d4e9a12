//! `ansible.builtin.replace`: replaces what a regular expression matches, everywhere in a file or in a part of it.

use super::edited_file::{EditedFile, with_attributes};
use crate::byte_text;
use crate::python_regex::{PythonRegex, Subject};
use crate::text_encoding::Encoding;
use crate::{Arg, Args, AttributeDiff, Context, Diff, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module = Module::new("ansible.builtin.replace", ARGS, run).file_args().diff();

const ARGS: &[Arg] = &[
    Arg::path("path").required().alias(&["dest", "destfile", "name"]),
    Arg::str("regexp").required(),
    Arg::str("replace").default(""),
    Arg::str("after"),
    Arg::str("before"),
    Arg::bool("backup").default("false"),
    Arg::str("validate"),
    Arg::str("encoding").default("utf-8"),
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let file = EditedFile::open(args, cx)?;
    let Some(original) = &file.original else { return Err(file.missing("Path")) };
    let encoding = Encoding::named(args.str("encoding")?)?;
    let text = decoded(encoding, &byte_text::to_bytes(original), file.name())?;
    let result = ModuleResult::ok().set("rc", 0);
    let Some((start, end)) = section(args, &text)? else {
        let pattern = section_pattern(args).unwrap_or_default();
        let msg = format!("Pattern for before/after params did not match the given file: {pattern}");
        return Ok(result.msg(msg));
    };
    let regex = PythonRegex::multi_line(args.str("regexp")?, Subject::Text)?;
    let misfit = |reason| ModuleError::failed(format!("Unable to process replace due to error: {reason}"));
    regex.check_replacement(args.str("replace")?).map_err(misfit)?;
    let (section, count) = regex.replace_all(&text[start..end], args.str("replace")?)?;
    let new = format!("{}{section}{}", &text[..start], &text[end..]);
    let changed = count > 0 && new != text;
    let mut result = result;
    let mut msg = String::new();
    if changed {
        msg = format!("{count} replacements made");
        result = result.set_opt("backup_file", file.write(&encoded(encoding, &new)?, cx)?);
        if cx.diff_mode {
            let diff = Diff::new(byte_text::legible(&text), byte_text::legible(&new));
            result = result.diff(diff.headers(file.name(), file.name()));
        }
    }
    let attributes = file.set_attributes(cx, &mut AttributeDiff::default())?;
    let msg = with_attributes(&msg, changed, attributes);
    Ok(result.changed(changed || attributes).msg(msg))
}

/// What is not UTF-8 in a file of that stays as it is.
fn decoded(encoding: Encoding, bytes: &[u8], name: &str) -> Result<String, ModuleError> {
    if encoding == Encoding::Utf8 { Ok(byte_text::escaped(bytes)) } else { encoding.decode(bytes, name) }
}

fn encoded(encoding: Encoding, text: &str) -> Result<Vec<u8>, ModuleError> {
    if encoding == Encoding::Utf8 { Ok(byte_text::unescaped(text)) } else { encoding.encode(text) }
}

/// The pattern whose group is the part of the file to work on.
fn section_pattern(args: &Args) -> Option<String> {
    match (args.opt_str("after"), args.opt_str("before")) {
        (Some(after), Some(before)) => Some(format!("{after}(?P<subsection>.*?){before}")),
        (Some(after), None) => Some(format!("{after}(?P<subsection>.*)")),
        (None, Some(before)) => Some(format!("(?P<subsection>.*){before}")),
        (None, None) => None,
    }
}

/// Where the part to work on begins and ends; `None` when `after` and `before` are not in the text.
fn section(args: &Args, text: &str) -> Result<Option<(usize, usize)>, ModuleError> {
    let Some(pattern) = section_pattern(args) else { return Ok(Some((0, text.len()))) };
    let regex = PythonRegex::new(&format!("(?s){pattern}"), Subject::Text)?;
    let found = regex.search(text)?;
    Ok(found.and_then(|found| found.name("subsection")).map(|part| (part.start(), part.end())))
}
