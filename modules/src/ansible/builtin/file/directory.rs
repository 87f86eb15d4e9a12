//! `state=directory`: the directory and its parents exist; with `recurse`, everything below gets the attributes.

use std::path::{Path, PathBuf};

use super::state::{State, initial_diff};
use super::{Request, whole};
use crate::attributes::path_text;
use crate::error::os_error_bytes;
use crate::real_path::real_path;
use crate::{AttributeDiff, Context, ModuleError, ModuleResult};

pub(super) fn run(request: &Request, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let path = request.followed();
    let found = State::of(&path);
    let mut diff = initial_diff(&path, State::Directory, found);
    let result = ModuleResult::ok().set("path", path_text(&path));
    match found {
        State::Absent if cx.check_mode => return Ok(result.changed(true).diff(whole(diff))),
        State::Absent => create(request, &path, cx)?,
        State::Directory => {}
        other => {
            let msg = format!("{} already exists as a {}", path.display(), other.name());
            return Err(ModuleError::failed(msg).with("path", path_text(&path)));
        }
    }
    let mut changed = found == State::Absent;
    changed |= cx.set_attributes_with_diff(&path, &request.attributes, &mut diff)?;
    changed |= request.times.apply(&path, cx, &mut diff)?;
    if request.recurse {
        changed |= set_below(request, &path, cx)?;
    }
    Ok(result.changed(changed).diff(whole(diff)))
}

/// Makes the directory and the parents it lacks; the parents get the attributes too.
fn create(request: &Request, path: &Path, cx: &mut Context<'_>) -> Result<(), ModuleError> {
    let missing: Vec<PathBuf> =
        path.ancestors().take_while(|dir| !dir.as_os_str().is_empty() && !dir.exists()).map(Path::to_owned).collect();
    for dir in missing.iter().rev() {
        match cx.make_dir(dir) {
            // Somebody else was faster.
            Err(_) if dir.is_dir() => {}
            Err(ModuleError::Io(error)) => {
                let (dir, cause) = (dir.display(), os_error_bytes(&error, &path_text(dir)));
                let msg = format!("There was an issue creating {dir} as requested: {cause}");
                return Err(ModuleError::failed(msg).with("path", path_text(path)));
            }
            other => other?,
        }
        if dir.as_path() != path {
            cx.set_attributes(dir, &request.attributes)?;
        }
    }
    Ok(())
}

/// Gives everything below `top` the attributes; through links where they are followed.
fn set_below(request: &Request, top: &Path, cx: &mut Context<'_>) -> Result<bool, ModuleError> {
    let mut changed = false;
    let mut visited = std::collections::BTreeSet::new();
    let mut open = vec![top.to_owned()];
    while let Some(dir) = open.pop() {
        if !visited.insert(dir.clone()) {
            continue;
        }
        for path in cx.list_dir(&dir)? {
            changed |= set_one(request, &path, cx)?;
            if !path.is_symlink() {
                open.extend(path.is_dir().then_some(path));
            } else if request.follow && path.exists() {
                let target = real_path(&path);
                changed |= set_one(request, &target, cx)?;
                open.extend(target.is_dir().then_some(target));
            }
        }
    }
    Ok(changed)
}

fn set_one(request: &Request, path: &Path, cx: &mut Context<'_>) -> Result<bool, ModuleError> {
    let mut changed = cx.set_attributes(path, &request.attributes)?;
    if !path.is_symlink() {
        changed |= request.times.apply(path, cx, &mut AttributeDiff::default())?;
    }
    Ok(changed)
}
