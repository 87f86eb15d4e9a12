//! `ansible.builtin.unarchive`: unpacks an archive that is on the node, behind a URL, or sent along.

mod archive;
mod zip_comparison;
mod zip_directory;

use std::path::{Path, PathBuf};

use archive::Archive;
use serde_json::json;

use crate::http::{Client, Download, Request};
use crate::{Arg, Args, Constraint, Context, FileAttributes, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module = Module::new("ansible.builtin.unarchive", ARGS, run)
    .constraints(&[Constraint::MutuallyExclusive(&["include", "exclude"])])
    .file_args()
    .diff();

const ARGS: &[Arg] = &[
    Arg::path("src").required(),
    Arg::path("dest").required(),
    Arg::bool("remote_src").default("false"),
    Arg::bool("copy").default("true"),
    Arg::bool("decrypt").default("true"),
    Arg::path("creates"),
    Arg::bool("list_files").default("false"),
    Arg::bool("keep_newer").default("false"),
    Arg::list("exclude").default(""),
    Arg::list("include").default(""),
    Arg::list("extra_opts").default(""),
    Arg::bool("validate_certs").default("true"),
    Arg::int("io_buffer_size").default("65536"),
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    if let Some(path) = args.opt_str("creates").filter(|path| cx.exists(path)) {
        return Ok(ModuleResult::ok().skipped().msg(format!("skipped, since {path} exists")));
    }
    let (src, dest) = (args.str("src")?, args.path("dest")?);
    let source = Source::get(args, cx)?;
    if !dest.is_dir() {
        return Err(ModuleError::failed(format!("dest '{}' must be an existing dir", dest.display())));
    }
    let archive = Archive::open(args, &source.file, &dest, cx)?;
    let result = ModuleResult::ok()
        .set("handler", archive.kind.handler())
        .set("dest", dest.to_string_lossy().into_owned())
        .set("src", src);
    let difference = archive.difference(cx)?;
    let mut result = result.changed(difference.differs);
    // Of other archives, a run that changes something does not say what.
    if difference.differs && (archive.kind == archive::Kind::Zip || (cx.check_mode && cx.diff_mode)) {
        result = result.set("diff", json!({"prepared": difference.text}));
    }
    if difference.differs && !cx.check_mode {
        let (report, done) = archive.extract(cx)?;
        result = result.set("extract_results", report);
        if !done {
            return Err(ModuleError::with_result(format!("failed to unpack {src} to {}", dest.display()), result));
        }
    }
    let attributes = set_attributes(args, &archive.names, &dest, cx)?;
    let result = if attributes { result.changed(true) } else { result };
    Ok(if args.bool("list_files") { result.set("files", archive.names.clone()) } else { result })
}

/// The archive on this node; a downloaded one goes away with this value.
struct Source {
    file: PathBuf,
    _dir: Option<tempfile::TempDir>,
}

impl Source {
    fn get(args: &Args, cx: &mut Context<'_>) -> Result<Self, ModuleError> {
        if let Some(sha256) = args.private_str("_content_sha256") {
            return Ok(Self { file: cx.blob(sha256)?, _dir: None });
        }
        let src = args.str("src")?;
        if src.contains("://") {
            return Self::download(src, args, cx);
        }
        let file = PathBuf::from(src);
        if !cx.exists(&file) {
            return Err(ModuleError::failed(format!("Source '{src}' does not exist")));
        }
        Ok(Self { file, _dir: None })
    }

    fn download(url: &str, args: &Args, cx: &Context<'_>) -> Result<Self, ModuleError> {
        let failed = |reason: String| ModuleError::failed(format!("Failure downloading {url}, {reason}"));
        let request = Request { validate_certs: args.bool("validate_certs"), ..Request::get(url) };
        let mut response = Client::new(cx).send(&request).map_err(|error| failed(error.to_string()))?;
        if !response.is_success() {
            return Err(failed(response.summary()));
        }
        let dir = cx.temp_dir()?;
        let file = dir.path().join("archive");
        Download::save(&mut response, &file, cx)?;
        Ok(Self { file, _dir: Some(dir) })
    }
}

/// Gives every unpacked file the attributes the task asks for.
fn set_attributes(args: &Args, names: &[String], dest: &Path, cx: &mut Context<'_>) -> Result<bool, ModuleError> {
    let attributes = FileAttributes::from_args(args);
    let mut changed = false;
    if attributes.is_empty() {
        return Ok(false);
    }
    for name in names {
        let path = dest.join(name.trim_end_matches('/'));
        // Nothing outside the destination is touched, and a link's mode means nothing.
        let is_inside = !Path::new(name).components().any(|part| part == std::path::Component::ParentDir);
        let is_link = path.is_symlink();
        if !is_inside || cx.lstat(&path)?.is_none() {
            continue;
        }
        let wanted = if is_link { attributes.clone().with_mode(None) } else { attributes.clone() };
        changed |= cx.set_attributes(&path, &wanted)?;
    }
    Ok(changed)
}
