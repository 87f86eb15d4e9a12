//! `ansible.builtin.lineinfile`: a line is in a file, or is not.

mod lines;

use super::edited_file::EditedFile;
use crate::byte_text;
use crate::python_regex::{PythonRegex, Subject};
use crate::{Arg, Args, Constraint, Context, Module, ModuleError, ModuleResult};

use lines::{Insertion, Lines, Place, Wanted};

pub(crate) static MODULE: Module =
    Module::new("ansible.builtin.lineinfile", ARGS, run).constraints(CONSTRAINTS).file_args().diff();

const ARGS: &[Arg] = &[
    Arg::path("path").required().alias(&["dest", "destfile", "name"]),
    Arg::str("state").default("present").choices(&["absent", "present"]),
    Arg::str("regexp").alias(&["regex"]),
    Arg::str("search_string"),
    Arg::str("line").alias(&["value"]),
    Arg::str("insertafter"),
    Arg::str("insertbefore"),
    Arg::bool("backrefs").default("false"),
    Arg::bool("create").default("false"),
    Arg::bool("backup").default("false"),
    Arg::bool("firstmatch").default("false"),
    Arg::str("validate"),
];

const CONSTRAINTS: &[Constraint] = &[
    Constraint::MutuallyExclusive(&["insertbefore", "insertafter"]),
    Constraint::MutuallyExclusive(&["regexp", "search_string"]),
    Constraint::MutuallyExclusive(&["backrefs", "search_string"]),
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    if args.opt_str("regexp") == Some("") {
        cx.warn(
            "The regular expression is an empty string, which will match every line in the file. This may have \
             unintended consequences, such as replacing the last line in the file rather than appending. If this is \
             desired, use '^' to match every line in the file and avoid this warning.",
        );
    }
    if args.opt_str("search_string") == Some("") {
        cx.warn(
            "The search string is an empty string, which will match every line in the file. This may have unintended \
             consequences, such as replacing the last line in the file rather than appending.",
        );
    }
    if args.str("state")? == "present" { present(args, cx) } else { absent(args, cx) }
}

fn present(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    if args.bool("backrefs") && !args.has("regexp") {
        return Err(ModuleError::failed("regexp is required with backrefs=true"));
    }
    let Some(line) = args.opt_str("line") else {
        return Err(ModuleError::failed("line is required with state=present"));
    };
    let file = EditedFile::open(args, cx)?;
    if file.original.is_none() && !args.bool("create") {
        return Err(file.missing("Destination"));
    }
    let mut lines = Lines::of(file.original.as_deref().unwrap_or_default());
    let wanted = Wanted {
        line: byte_text::from_utf8(line),
        place: place(args)?,
        insertion: insertion(args)?,
        backrefs: args.bool("backrefs"),
        first_match: args.bool("firstmatch"),
    };
    let msg = lines.ensure(&wanted)?;
    let new = lines.text();
    let changed = !msg.is_empty();
    let backup = if changed { file.write(&byte_text::to_bytes(&new), cx)? } else { None };
    let result = ModuleResult::ok().set("backup", backup.unwrap_or_default());
    file.finish(&new, changed, msg, result, cx)
}

fn absent(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    if !["line", "search_string", "regexp"].iter().any(|name| args.has(name)) {
        return Err(ModuleError::failed("one of line, search_string, or regexp is required with state=absent"));
    }
    let file = EditedFile::open(args, cx)?;
    let Some(original) = &file.original else {
        return Ok(ModuleResult::ok().msg("file not present"));
    };
    let place = match place(args)? {
        Place::None => Place::Exactly(byte_text::from_utf8(args.str("line")?)),
        place => place,
    };
    let mut lines = Lines::of(original);
    let found = lines.remove(&place)?;
    let new = lines.text();
    let backup = if found > 0 { file.write(&byte_text::to_bytes(&new), cx)? } else { None };
    let msg = if found > 0 { format!("{found} line(s) removed") } else { String::new() };
    let result = ModuleResult::ok().set("found", found).set("backup", backup.unwrap_or_default());
    file.finish(&new, found > 0, &msg, result, cx)
}

/// How the line to change is found.
fn place(args: &Args) -> Result<Place, ModuleError> {
    if let Some(pattern) = args.opt_str("regexp") {
        return Ok(Place::Matching(PythonRegex::new(&byte_text::from_utf8(pattern), Subject::Bytes)?));
    }
    let search = args.opt_str("search_string").map(|text| Place::Containing(byte_text::from_utf8(text)));
    Ok(search.unwrap_or(Place::None))
}

/// Where a new line goes.
fn insertion(args: &Args) -> Result<Insertion, ModuleError> {
    let regex = |pattern: &str| PythonRegex::new(&byte_text::from_utf8(pattern), Subject::Bytes);
    Ok(match (args.opt_str("insertafter"), args.opt_str("insertbefore")) {
        (Some("BOF"), _) | (_, Some("BOF")) => Insertion::Top,
        (None | Some("EOF"), None) => Insertion::Bottom,
        (Some(pattern), _) => Insertion::After(regex(pattern)?),
        (None, Some(pattern)) => Insertion::Before(regex(pattern)?),
    })
}
