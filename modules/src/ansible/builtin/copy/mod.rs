//! `ansible.builtin.copy`: a file or a directory from the control node, or from the node itself.
//!
//! The engine sends what it has on the control node as private arguments: for a file `_content_sha256` and
//! `_original_basename`; for a directory `_files` (`path` below `dest`, `sha256`, `size`, `mode`), `_dirs` (`path`,
//! `mode`) and `_links` (`path`, `target`). `src` is then only the name that results and diffs show.
//! Contents are fetched only where the destination differs.

mod destination;
mod file_diff;
mod remote_tree;
mod source;
mod tree;

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::attributes::path_text;
use crate::checksum::{Algorithm, Digests};
use crate::real_path::real_path;
use crate::{Arg, Args, AttributeDiff, Context, Diff, FileAttributes, Module, ModuleError, ModuleResult, WriteOptions};

use remote_tree::keep_times;
use source::Source;

pub(crate) static MODULE: Module = Module::new("ansible.builtin.copy", ARGS, run).file_args().diff();

const ARGS: &[Arg] = &[
    Arg::path("src"),
    Arg::str("_original_basename"),
    Arg::str("content").no_log(),
    Arg::path("dest").required(),
    Arg::bool("backup").default("false"),
    Arg::bool("force").default("true"),
    Arg::str("validate"),
    Arg::raw("directory_mode"),
    Arg::bool("remote_src").default("false"),
    Arg::bool("local_follow"),
    Arg::str("checksum"),
    Arg::bool("follow").default("false"),
];

/// What applies to every file of a task.
struct Request<'a> {
    /// The source as results and diffs name it.
    src: Option<String>,
    /// For a private copy of the node's own file, keys differ a little.
    remote: bool,
    force: bool,
    follow: bool,
    checksum: Option<&'a str>,
    attributes: FileAttributes,
    directory_mode: Option<Value>,
    options: WriteOptions<'a>,
}

impl<'a> Request<'a> {
    fn from_args(args: &'a Args) -> Self {
        Self {
            src: args.opt_str("src").map(str::to_owned),
            remote: args.bool("remote_src"),
            force: args.bool("force"),
            follow: args.bool("follow"),
            checksum: args.opt_str("checksum"),
            attributes: FileAttributes::from_args(args),
            directory_mode: args.raw("directory_mode").cloned(),
            options: WriteOptions::from_args(args),
        }
    }

    fn preserves_directory_modes(&self) -> bool {
        self.directory_mode.as_ref().and_then(Value::as_str) == Some("preserve")
    }

    /// `mode: preserve` becomes the source's mode.
    fn preserve_mode(&mut self, source: Option<u32>) {
        if self.attributes.mode.as_ref().and_then(Value::as_str) == Some("preserve") {
            self.attributes.mode = source.map(Value::from);
        }
    }
}

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let mut request = Request::from_args(args);
    let dest = args.str("dest")?;
    if let Some(tree) = tree::Tree::from_args(args)? {
        return tree.copy(&request, dest, cx);
    }
    let source = Source::from_args(args)?;
    if let Source::Directory(dir) = &source {
        request.preserve_mode(None);
        return remote_tree::copy(&request, args, dir, dest, cx);
    }
    request.preserve_mode(source.mode(args)?);
    let name = args.opt_str("_original_basename").map(str::to_owned).or_else(|| source.name());
    let Some(dest) = destination::resolve(&request, dest, name.as_deref(), cx)? else {
        return Ok(destination::would_be_created(&request, dest));
    };
    copy_file(&request, &source, &dest, cx)
}

/// Brings one file to `dest`.
fn copy_file(
    request: &Request<'_>,
    source: &Source<'_>,
    dest: &Path,
    cx: &mut Context<'_>,
) -> Result<ModuleResult, ModuleError> {
    if !request.remote {
        destination::check_way(dest)?;
    }
    // Where nobody may look, nothing is found; what follows from that says why.
    let found = fs_err::symlink_metadata(dest).ok();
    let is_link = found.as_ref().is_some_and(std::fs::Metadata::is_symlink);
    let target = if is_link && request.follow { real_path(dest) } else { dest.to_owned() };
    if found.is_some() && !request.force {
        return Ok(left_alone(request, &path_text(&target)));
    }
    if request.remote {
        ready(request, source, &target, cx)?;
    }
    let replaces_link = is_link && !request.follow;
    let current = if replaces_link || !target.is_file() { None } else { Some(Digests::of_file(&target)?) };
    match current {
        Some(current) if source.is(&current) => unchanged(request, &target, &current, cx),
        _ => changed(request, source, dest, &target, cx),
    }
}

/// There is a directory to put the file in, and the content is the one the task expects.
fn ready(request: &Request<'_>, source: &Source<'_>, dest: &Path, cx: &mut Context<'_>) -> Result<(), ModuleError> {
    destination::check_parent(request, dest)?;
    verify(request, source, cx)
}

/// `force=false` and there is something already.
fn left_alone(request: &Request<'_>, dest: &str) -> ModuleResult {
    let result = ModuleResult::ok().set("dest", dest).set("src", request.src.clone());
    if request.remote { result.msg("file already exists") } else { result.without_path_facts() }
}

/// The content is as the task's `checksum` says.
fn verify(request: &Request<'_>, source: &Source<'_>, cx: &mut Context<'_>) -> Result<(), ModuleError> {
    let Some(expected) = request.checksum else { return Ok(()) };
    let actual = source.digests(cx)?.sha1;
    if actual == expected {
        return Ok(());
    }
    Err(ModuleError::failed("Copied file does not match the expected checksum. Transfer failed.")
        .with("checksum", actual)
        .with("expected_checksum", expected))
}

/// The content is there already: only attributes can change.
fn unchanged(
    request: &Request<'_>,
    dest: &Path,
    current: &Digests,
    cx: &mut Context<'_>,
) -> Result<ModuleResult, ModuleError> {
    let mut diff = AttributeDiff::default();
    for side in [&mut diff.before, &mut diff.after] {
        side.insert("path".to_owned(), path_text(dest).into());
    }
    let changed = cx.set_attributes_with_diff(dest, &request.attributes, &mut diff);
    let changed = if request.remote { changed } else { changed.map_err(|error| error.with("diff", no_diff())) }?;
    let result =
        ModuleResult::ok().changed(changed).set("dest", path_text(dest)).set("checksum", current.sha1.as_str());
    if request.remote {
        return Ok(result.set("md5sum", current.md5.as_str()).set("src", request.src.clone()));
    }
    let result = result.set("path", path_text(dest));
    Ok(if cx.diff_mode { result.diff(Diff::of_maps(diff.before, diff.after)) } else { result.set("diff", no_diff()) })
}

/// The content differs or nothing is there. `dest` is the name the task uses, `target` what that leads to.
fn changed(
    request: &Request<'_>,
    source: &Source<'_>,
    dest: &Path,
    target: &Path,
    cx: &mut Context<'_>,
) -> Result<ModuleResult, ModuleError> {
    if request.remote {
        return write(request, source, target, cx);
    }
    let diff = if cx.diff_mode {
        Value::from(vec![file_diff::of(request, source, dest, cx)?.into_value()])
    } else {
        no_diff()
    };
    if cx.check_mode {
        return Ok(ModuleResult::ok().changed(true).set("diff", diff));
    }
    let written = ready(request, source, target, cx).and_then(|()| write(request, source, target, cx));
    match written {
        Ok(result) => Ok(result.set("diff", diff)),
        Err(error) => Err(error.with("checksum", source.digests(cx)?.sha1).with("diff", diff)),
    }
}

fn write(
    request: &Request<'_>,
    source: &Source<'_>,
    dest: &Path,
    cx: &mut Context<'_>,
) -> Result<ModuleResult, ModuleError> {
    let digests = source.digests(cx)?;
    let mut options = request.options.clone();
    options.replacing_mode = source.replacing_mode()?;
    if request.remote && dest.is_symlink() {
        // In the place of a link, too, the file has its source's mode.
        options.new_mode = options.replacing_mode;
    }
    let backup = cx.write_file(dest, source.content(), &options)?;
    if let Source::File(original) = source
        && request.remote
        && !cx.check_mode
    {
        keep_times(&fs_err::metadata(original)?, dest)?;
    }
    cx.set_attributes(dest, &request.attributes)?;
    Ok(ModuleResult::ok()
        .changed(true)
        .set("dest", path_text(dest))
        .set_opt("src", request.src.clone())
        .set("checksum", digests.sha1)
        .set("md5sum", digests.md5)
        .set_opt("backup_file", backup))
}

fn no_diff() -> Value {
    Value::Array(Vec::new())
}

/// The file name of a path as it was written: nothing after a trailing slash.
fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The SHA-256 that blobs are addressed by.
fn sha256_of(path: &Path) -> Result<String, ModuleError> {
    Ok(Algorithm::Sha256.of_file(path)?)
}

/// `dir/` as results name a directory that was copied into.
fn with_slash(dest: &str) -> String {
    format!("{}/", dest.trim_end_matches('/'))
}

/// `dir/name` without doubling the slash.
fn below(dest: &str, name: &str) -> PathBuf {
    Path::new(dest.trim_end_matches('/')).join(name)
}
