//! `ansible.builtin.file`: files, directories and links: their existence, attributes and times.

mod absent;
mod directory;
mod link;
mod state;
mod times;
mod touch;

use std::io::Read as _;
use std::path::PathBuf;

use crate::attributes::path_text;
use crate::real_path::real_path;
use crate::{Arg, Args, AttributeDiff, Context, FileAttributes, Module, ModuleError, ModuleResult};

use state::State;
use times::Times;

pub(crate) static MODULE: Module = Module::new("ansible.builtin.file", ARGS, run).file_args().diff();

const ARGS: &[Arg] = &[
    Arg::path("path").required().alias(&["dest", "name"]),
    Arg::str("state").choices(&["absent", "directory", "file", "hard", "link", "touch"]),
    Arg::path("src"),
    Arg::str("_original_basename"),
    Arg::bool("_diff_peek"),
    Arg::bool("recurse").default("false"),
    Arg::bool("force").default("false"),
    Arg::bool("follow").default("true"),
    Arg::str("modification_time"),
    Arg::str("modification_time_format").default("%Y%m%d%H%M.%S"),
    Arg::str("access_time"),
    Arg::str("access_time_format").default("%Y%m%d%H%M.%S"),
];

/// What a task wants of one path.
struct Request {
    path: PathBuf,
    src: Option<PathBuf>,
    state: State,
    recurse: bool,
    force: bool,
    follow: bool,
    attributes: FileAttributes,
    times: Times,
}

impl Request {
    fn from_args(args: &Args) -> Result<Self, ModuleError> {
        let mut path = args.path("path")?;
        let src = args.opt_path("src");
        let wanted = args.opt_str("state").map(State::named);
        if path.is_dir() && !matches!(wanted, Some(State::Link | State::Absent)) {
            // What would land on a directory lands in it.
            let name = args.opt_str("_original_basename").map(PathBuf::from);
            let name = name.or_else(|| src.as_ref().and_then(|src| src.file_name()).map(PathBuf::from));
            path = name.map_or(path.clone(), |name| path.join(name));
        }
        let recurse = args.bool("recurse");
        let state = wanted.unwrap_or_else(|| match State::of(&path) {
            State::Absent if recurse => State::Directory,
            State::Absent => State::File,
            found => found,
        });
        let request = Self {
            src,
            state,
            recurse,
            force: args.bool("force"),
            follow: args.bool("follow"),
            attributes: FileAttributes::from_args(args),
            times: Times::from_args(args, state)?,
            path,
        };
        request.check()?;
        Ok(request)
    }

    fn check(&self) -> Result<(), ModuleError> {
        let msg = if self.recurse && self.state != State::Directory {
            "recurse option requires state to be 'directory'"
        } else if self.src.is_some() && !matches!(self.state, State::Link | State::Hard) {
            "src option requires state to be 'link' or 'hard'"
        } else {
            return Ok(());
        };
        Err(ModuleError::failed(msg).with("path", path_text(&self.path)))
    }

    /// Where attributes go: through a link when links are followed.
    fn followed(&self) -> PathBuf {
        if self.follow && self.path.is_symlink() { real_path(&self.path) } else { self.path.clone() }
    }
}

/// Whether a diff of the file would be one of text; asked before a file is replaced.
fn peek(path: &str) -> ModuleResult {
    let mut start = Vec::new();
    if let Ok(file) = fs_err::File::open(path) {
        // What cannot be read is not shown either.
        let _ = file.take(8192).read_to_end(&mut start);
    }
    ModuleResult::ok().set("path", path).set("appears_binary", start.contains(&0))
}

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    if args.has("_diff_peek") {
        return Ok(peek(args.str("path")?));
    }
    let request = Request::from_args(args)?;
    if cx.check_mode && request.state != State::Absent {
        cx.warn_of_missing_accounts(&request.attributes);
    }
    let result = run_state(&request, cx)?;
    Ok(if cx.diff_mode { result } else { result.without("diff") })
}

fn run_state(request: &Request, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    match request.state {
        State::Absent => absent::run(request, cx),
        State::Directory => directory::run(request, cx),
        State::File => attributes_only(request, cx),
        State::Link => link::symbolic(request, cx),
        State::Hard => link::hard(request, cx),
        State::Touch => touch::run(request, cx),
    }
}

/// `state=file`: nothing is created, what exists gets its attributes.
fn attributes_only(request: &Request, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let path = request.followed();
    let found = State::of(&path);
    if !matches!(found, State::File | State::Hard) {
        let msg = format!("file ({}) is {}, cannot continue", path.display(), found.name());
        return Err(ModuleError::failed(msg).with("path", path_text(&path)).with("state", found.name()));
    }
    let mut diff = state::initial_diff(&path, found, found);
    let mut changed = cx.set_attributes_with_diff(&path, &request.attributes, &mut diff)?;
    changed |= request.times.apply(&path, cx, &mut diff)?;
    Ok(ModuleResult::ok().set("path", path_text(&path)).changed(changed).diff(whole(diff)))
}

fn whole(diff: AttributeDiff) -> crate::Diff {
    crate::Diff::of_maps(diff.before, diff.after)
}
