//! A directory of the control node: its files, directories and links, each brought to its place below `dest`.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use super::destination::{check_way, directory_attributes, make_parents};
use super::source::{Source, octal};
use super::{Request, below, copy_file, with_slash};
use crate::{Args, Context, ModuleError, ModuleResult};

/// What the engine found in the directory; paths are relative to `dest`.
pub(super) struct Tree<'a> {
    files: Vec<TreeFile<'a>>,
    directories: Vec<(&'a str, Option<u32>)>,
    links: Vec<(&'a str, &'a str)>,
}

struct TreeFile<'a> {
    path: &'a str,
    sha256: &'a str,
    size: Option<u64>,
    mode: Option<u32>,
}

/// So many contents are asked for before they are needed: none has to wait for the way there and back.
const AHEAD: usize = 32;
/// Larger ones take their time anyway, and would fill the disk where many lie about.
const SMALL: u64 = 1024 * 1024;

impl<'a> Tree<'a> {
    /// `None` when the task copies a single file.
    pub(super) fn from_args(args: &'a Args) -> Result<Option<Self>, ModuleError> {
        let list = |name: &str| args.private(name).and_then(Value::as_array);
        let (files, directories, links) = (list("_files"), list("_dirs"), list("_links"));
        if files.is_none() && directories.is_none() && links.is_none() {
            return Ok(None);
        }
        let text = |entry: &'a Value, key: &str| entry.get(key).and_then(Value::as_str).ok_or_else(|| malformed(key));
        let file = |entry: &'a Value| -> Result<_, ModuleError> {
            let mode = entry.get("mode").and_then(octal);
            let size = entry.get("size").and_then(Value::as_u64);
            Ok(TreeFile { path: below_dest(text(entry, "path")?)?, sha256: text(entry, "sha256")?, size, mode })
        };
        let link = |entry: &'a Value| Ok((below_dest(text(entry, "path")?)?, text(entry, "target")?));
        let directory = |entry: &'a Value| -> Result<_, ModuleError> {
            Ok((below_dest(text(entry, "path")?)?, entry.get("mode").and_then(octal)))
        };
        Ok(Some(Self {
            files: files.into_iter().flatten().map(file).collect::<Result<_, _>>()?,
            directories: directories.into_iter().flatten().map(directory).collect::<Result<_, _>>()?,
            links: links.into_iter().flatten().map(link).collect::<Result<_, ModuleError>>()?,
        }))
    }

    pub(super) fn copy(
        &self,
        request: &Request<'_>,
        dest: &str,
        cx: &mut Context<'_>,
    ) -> Result<ModuleResult, ModuleError> {
        let mut changed = false;
        let mut made = BTreeSet::new();
        let mut single = None;
        self.files.iter().take(AHEAD).for_each(|file| file.expect(request, dest, cx));
        for (index, file) in self.files.iter().enumerate() {
            if let Some(later) = self.files.get(index + AHEAD) {
                later.expect(request, dest, cx);
            }
            let path = below(dest, file.path);
            check_way(&path)?;
            changed |=
                path.parent().is_some_and(|parent| made.insert(parent.to_owned())) && make_parents(request, &path, cx)?;
            let result = copy_file(&file.request(request, dest), &Source::Blob(file.sha256), &path, cx)?;
            changed |= result.is_changed();
            single = Some(result).filter(|result| self.files.len() == 1 && result.get("diff").is_some());
        }
        for (path, mode) in &self.directories {
            changed |= ensure_directory(request, &below(dest, path), *mode, cx)?;
        }
        for (path, target) in &self.links {
            changed |= ensure_link(request, &below(dest, path), Path::new(target), cx)?;
        }
        // Of a directory with one file, the file's own result is more telling.
        let result = single.unwrap_or_else(|| {
            ModuleResult::ok().set("dest", with_slash(dest)).set("src", request.src.clone()).without_path_facts()
        });
        Ok(result.changed(changed))
    }
}

impl TreeFile<'_> {
    /// Asks for the content where a look at the destination tells that it will be needed.
    fn expect(&self, request: &Request<'_>, dest: &str, cx: &mut Context<'_>) {
        let found = fs_err::symlink_metadata(below(dest, self.path)).ok();
        let differs = found
            .is_none_or(|found| request.force && found.is_file() && self.size.is_some_and(|size| size != found.len()));
        if differs && !cx.check_mode && self.size.is_some_and(|size| size <= SMALL) {
            cx.expect_blob(self.sha256);
        }
    }

    fn request<'b>(&self, whole: &Request<'b>, dest: &str) -> Request<'b> {
        let mut request = Request {
            src: whole.src.as_ref().map(|src| source_path(src, dest, self.path)),
            remote: false,
            checksum: None,
            attributes: whole.attributes.clone(),
            directory_mode: whole.directory_mode.clone(),
            options: whole.options.clone(),
            ..*whole
        };
        request.preserve_mode(self.mode);
        request
    }
}

/// Where a file of the tree lies on the control node: `path` begins with the directory's name unless `src` ends in a slash.
fn source_path(src: &str, _dest: &str, path: &str) -> String {
    if src.ends_with('/') {
        return format!("{src}{path}");
    }
    let parent = src.rfind('/').map_or("", |at| &src[..=at]);
    format!("{parent}{path}")
}

/// Only names that stay below `dest`.
fn below_dest(path: &str) -> Result<&str, ModuleError> {
    let safe = !path.starts_with('/') && !path.split('/').any(|part| part == "..");
    if safe { Ok(path) } else { Err(ModuleError::failed(format!("{path} does not lie below the destination"))) }
}

/// `mode` is the source's, for `directory_mode: preserve`.
fn ensure_directory(
    request: &Request<'_>,
    path: &Path,
    mode: Option<u32>,
    cx: &mut Context<'_>,
) -> Result<bool, ModuleError> {
    let parents = make_parents(request, path, cx)?;
    let exists = path.is_dir();
    if !exists {
        if cx.check_mode {
            return Ok(true);
        }
        cx.make_dir(path)?;
    }
    let mut attributes = directory_attributes(request);
    if request.preserves_directory_modes() {
        attributes.mode = mode.map(Value::from);
    }
    let attributes = cx.set_attributes(path, &attributes)?;
    Ok(parents || !exists || attributes)
}

fn ensure_link(request: &Request<'_>, path: &Path, target: &Path, cx: &mut Context<'_>) -> Result<bool, ModuleError> {
    let parents = make_parents(request, path, cx)?;
    if fs_err::read_link(path).is_ok_and(|current| current == target) {
        return Ok(parents);
    }
    cx.remove(path)?;
    cx.symlink(target, path)?;
    Ok(true)
}

fn malformed(what: &str) -> ModuleError {
    ModuleError::failed(format!("the engine sent a directory without {what}"))
}
