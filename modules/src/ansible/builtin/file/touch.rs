//! `state=touch`: the file exists and its times are now, or what the task says.

use std::path::Path;

use super::state::{State, initial_diff};
use super::{Request, whole};
use crate::attributes::path_text;
use crate::error::os_error_bytes;
use crate::{AttributeDiff, Context, ModuleError, ModuleResult};

pub(super) fn run(request: &Request, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let path = &request.path;
    let found = State::of(path);
    let result = ModuleResult::ok().set("dest", path_text(path));
    if found == State::Absent {
        if cx.check_mode {
            return Ok(result.changed(true));
        }
        create(path, cx)?;
    }
    let mut diff = initial_diff(path, State::Touch, found);
    let changed = set(request, cx, &mut diff);
    if changed.is_err() && found == State::Absent {
        cx.remove_file(path)?;
    }
    Ok(result.changed(changed? || found == State::Absent).diff(whole(diff)))
}

fn create(path: &Path, cx: &mut Context<'_>) -> Result<(), ModuleError> {
    cx.create_file(path).map_err(|error| match error {
        ModuleError::Io(error) => ModuleError::failed("Error, could not touch target.")
            .with("path", path_text(path))
            .with("exception", os_error_bytes(&error, &path_text(path))),
        other => other,
    })
}

fn set(request: &Request, cx: &mut Context<'_>, diff: &mut AttributeDiff) -> Result<bool, ModuleError> {
    let target = request.followed();
    let mut changed = if target.exists() || !request.follow {
        cx.set_attributes_with_diff(&target, &request.attributes, diff)?
    } else {
        false
    };
    changed |= request.times.apply(&target, cx, diff)?;
    Ok(changed)
}
