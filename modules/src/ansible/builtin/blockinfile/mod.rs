//! `ansible.builtin.blockinfile`: a block of lines between two markers.

mod block;

use super::edited_file::EditedFile;
use crate::byte_text;
use crate::python_regex::{PythonRegex, Subject};
use crate::{Arg, Args, Constraint, Context, Module, ModuleError, ModuleResult};

use block::{Block, Insertion};

pub(crate) static MODULE: Module =
    Module::new("ansible.builtin.blockinfile", ARGS, run).constraints(CONSTRAINTS).file_args().diff();

const ARGS: &[Arg] = &[
    Arg::path("path").required().alias(&["dest", "destfile", "name"]),
    Arg::str("state").default("present").choices(&["absent", "present"]),
    Arg::str("marker").default("# {mark} ANSIBLE MANAGED BLOCK"),
    Arg::str("block").default("").alias(&["content"]),
    Arg::str("insertafter"),
    Arg::str("insertbefore"),
    Arg::bool("create").default("false"),
    Arg::bool("backup").default("false"),
    Arg::str("validate"),
    Arg::str("marker_begin").default("BEGIN"),
    Arg::str("marker_end").default("END"),
    Arg::bool("append_newline").default("false"),
    Arg::bool("prepend_newline").default("false"),
];

const CONSTRAINTS: &[Constraint] = &[Constraint::MutuallyExclusive(&["insertbefore", "insertafter"])];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let file = EditedFile::open(args, cx)?;
    if file.original.is_none() && !args.bool("create") {
        return Err(file.missing("Path"));
    }
    let original = file.original.as_deref().unwrap_or_default();
    let block = block(args)?;
    let new = block.put_into(original)?;
    let (changed, msg) = match &file.original {
        None => (true, "File created"),
        Some(original) if *original == new => (false, ""),
        Some(_) if block.is_empty() => (true, "Block removed"),
        Some(_) => (true, "Block inserted"),
    };
    let backup = if changed { file.write(&byte_text::to_bytes(&new), cx)? } else { None };
    file.finish(&new, changed, msg, ModuleResult::ok().set_opt("backup_file", backup), cx)
}

fn block(args: &Args) -> Result<Block, ModuleError> {
    let present = args.str("state")? == "present";
    let marker = |name: &str| -> Result<String, ModuleError> {
        Ok(format!("{}\n", byte_text::from_utf8(&args.str("marker")?.replace("{mark}", args.str(name)?))))
    };
    Ok(Block {
        present,
        begin: marker("marker_begin")?,
        end: marker("marker_end")?,
        content: byte_text::from_utf8(if present { args.str("block")? } else { "" }),
        insertion: insertion(args)?,
        empty_line_before: args.bool("prepend_newline"),
        empty_line_after: args.bool("append_newline"),
    })
}

fn insertion(args: &Args) -> Result<Insertion, ModuleError> {
    let regex = |pattern: &str| PythonRegex::new(&byte_text::from_utf8(pattern), Subject::Bytes);
    Ok(match (args.opt_str("insertafter"), args.opt_str("insertbefore")) {
        (_, Some("BOF")) => Insertion::Top,
        (None | Some("EOF"), None) => Insertion::Bottom,
        (Some(pattern), _) => Insertion::After(regex(pattern)?, spans_lines(pattern)),
        (None, Some(pattern)) => Insertion::Before(regex(pattern)?, spans_lines(pattern)),
    })
}

/// A pattern with the flag `m` is matched against the whole file instead of each line.
fn spans_lines(pattern: &str) -> bool {
    let flags = pattern.strip_prefix("(?").and_then(|rest| rest.split_once(')')).map_or("", |(flags, _)| flags);
    flags.chars().all(|flag| flag.is_ascii_alphabetic()) && flags.contains('m')
}
