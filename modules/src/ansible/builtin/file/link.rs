//! `state=link` and `state=hard`: a second name for something.

use std::path::{Path, PathBuf};

use super::state::{State, initial_diff};
use super::{Request, whole};
use crate::attributes::path_text;
use crate::error::{errno_text, root_cause};
use crate::real_path::real_path;
use crate::{AttributeDiff, Context, ModuleError, ModuleResult};

pub(super) fn symbolic(request: &Request, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let path = &request.path;
    let found = State::of(path);
    let src = match &request.src {
        None if request.follow && path.exists() => fs_err::read_link(path).ok(),
        src => src.clone(),
    };
    if src.is_none() && found != State::Link {
        return Err(ModuleError::failed("src is required for creating new symlinks"));
    }
    if let Some(src) = &src {
        check_target(request, src, found)?;
    }
    let mut diff = initial_diff(path, State::Link, found);
    let mut changed = found != State::Link;
    if let Some(src) = src.as_ref().filter(|_| found == State::Link) {
        changed |= note_other_target(path, src, &mut diff);
    }
    if let Some(src) = src.as_ref().filter(|_| changed) {
        put(request, src, found, cx, LinkKind::Symbolic)?;
    }
    let result = ModuleResult::ok().set("dest", path_text(path)).set("src", src.as_deref().map(path_text));
    finish(request, changed, diff, result, cx)
}

pub(super) fn hard(request: &Request, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let path = &request.path;
    let found = State::of(path);
    let src = request.src.as_deref();
    let fail = |msg: &str| {
        let error = ModuleError::failed(msg).with("dest", path_text(path));
        Err(src.map_or(ModuleError::failed(msg), |src| error.with("src", path_text(src))))
    };
    match src {
        None if found != State::Hard => return fail("src is required for creating new hardlinks"),
        Some(src) if !src.exists() => return fail("src does not exist"),
        _ => {}
    }
    let mut diff = initial_diff(path, State::Hard, found);
    let changed = match (found, src) {
        (_, None) => false,
        (State::Hard, Some(src)) => !same_file(src, path),
        (State::Link, Some(src)) => note_other_target(path, src, &mut diff),
        _ => true,
    };
    if changed && !request.force {
        match found {
            State::Hard => return fail("Cannot link, different hard link exists at destination"),
            State::File => return fail("Cannot link, file exists at destination"),
            State::Directory => return fail("Cannot link, directory exists at destination"),
            _ => {}
        }
    }
    if let Some(src) = src.filter(|_| changed) {
        put(request, src, found, cx, LinkKind::Hard)?;
    }
    let result = ModuleResult::ok().set("dest", path_text(path)).set("src", src.map(path_text));
    finish(request, changed, diff, result, cx)
}

/// A link's target has to exist, and what is in the link's place has to be replaceable, unless forced.
fn check_target(request: &Request, src: &Path, found: State) -> Result<(), ModuleError> {
    let path = &request.path;
    let base = if found == State::Directory { path.as_path() } else { path.parent().unwrap_or(Path::new("")) };
    let target = base.join(src);
    if !request.force && !target.exists() {
        let msg = format!(
            "src file does not exist, use 'force=yes' if you really want to create the link: {}",
            target.display()
        );
        return Err(ModuleError::failed(msg).with("path", path_text(path)).with("src", path_text(src)));
    }
    let msg = match found {
        State::Directory if request.force && !is_empty(path) => {
            format!("the directory {} is not empty, refusing to convert it", path.display())
        }
        State::Directory | State::File | State::Hard if !request.force => {
            format!("refusing to convert from {} to symlink for {}", found.name(), path.display())
        }
        _ => return Ok(()),
    };
    Err(ModuleError::failed(msg).with("path", path_text(path)))
}

fn note_other_target(path: &Path, src: &Path, diff: &mut AttributeDiff) -> bool {
    let Ok(old) = fs_err::read_link(path) else { return true };
    if old == src {
        return false;
    }
    diff.before.insert("src".to_owned(), path_text(&old).into());
    diff.after.insert("src".to_owned(), path_text(src).into());
    true
}

#[derive(Debug, Clone, Copy)]
enum LinkKind {
    Symbolic,
    Hard,
}

impl LinkKind {
    fn make(self, src: &Path, path: &Path, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        match self {
            Self::Symbolic => cx.symlink(src, path),
            Self::Hard => cx.hard_link(src, path),
        }
    }
}

/// Makes the link: at once where nothing is, otherwise beside what is there, which it then replaces.
fn put(request: &Request, src: &Path, found: State, cx: &mut Context<'_>, kind: LinkKind) -> Result<(), ModuleError> {
    let path = &request.path;
    if found == State::Absent {
        return kind.make(src, path, cx).map_err(|error| not_linked("linking", error, src, path));
    }
    if found == State::Directory {
        cx.remove_dir(path)?;
    }
    let beside = temporary_name(path);
    let made = kind.make(src, &beside, cx).and_then(|()| cx.rename(&beside, path));
    if made.is_err() {
        cx.remove_file(&beside)?;
    }
    made.map_err(|error| not_linked("replacing", error, src, path))
}

fn temporary_name(path: &Path) -> PathBuf {
    let unique = rand::random::<u64>();
    path.with_file_name(format!(".kapell-{unique:x}"))
}

fn not_linked(what: &str, error: ModuleError, src: &Path, path: &Path) -> ModuleError {
    let ModuleError::Io(error) = error else { return error };
    let cause = root_cause(&error);
    let number = cause.raw_os_error().unwrap_or_default();
    let msg = format!(
        "Error while {what}: [Errno {number}] {}: b'{}' -> b'{}'",
        errno_text(&cause),
        src.display(),
        path.display()
    );
    ModuleError::failed(msg).with("path", path_text(path))
}

/// Attributes and times, of the link itself or of what it leads to.
fn finish(
    request: &Request,
    mut changed: bool,
    mut diff: AttributeDiff,
    result: ModuleResult,
    cx: &mut Context<'_>,
) -> Result<ModuleResult, ModuleError> {
    let path = &request.path;
    if cx.check_mode && !path.exists() {
        return Ok(result.changed(changed).diff(whole(diff)));
    }
    let through = request.follow && path.is_symlink();
    if through && !path.exists() {
        cx.warn(
            "Cannot set fs attributes on a non-existent symlink target. follow should be set to False to avoid this.",
        );
        return Ok(result.changed(changed).diff(whole(diff)));
    }
    let target = if through { real_path(path) } else { path.clone() };
    changed |= cx.set_attributes_with_diff(&target, &request.attributes, &mut diff)?;
    if path.exists() {
        changed |= request.times.apply(path, cx, &mut diff)?;
    }
    Ok(result.changed(changed).diff(whole(diff)))
}

fn is_empty(dir: &Path) -> bool {
    fs_err::read_dir(dir).is_ok_and(|mut entries| entries.next().is_none())
}

fn same_file(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let id = |path: &Path| path.metadata().map(|found| (found.dev(), found.ino())).ok();
    id(one).is_some() && id(one) == id(other)
}
