//! `state=absent`: whatever is at the path goes, links are not followed.

use super::state::{State, initial_diff};
use super::{Request, whole};
use crate::attributes::path_text;
use crate::error::os_error_bytes;
use crate::{Context, ModuleError, ModuleResult};

pub(super) fn run(request: &Request, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let path = &request.path;
    let found = State::of(path);
    let result = ModuleResult::ok().set("path", path_text(path)).set("state", State::Absent.name());
    if found == State::Absent {
        return Ok(result);
    }
    let diff = initial_diff(path, State::Absent, found);
    let (removed, what) = if found == State::Directory {
        (cx.remove_tree(path), "rmtree failed")
    } else {
        (cx.remove_file(path), "unlinking failed")
    };
    removed.map_err(|error| match error {
        ModuleError::Io(error) => {
            let msg = format!("{what}: {}", os_error_bytes(&error, &path_text(path)));
            ModuleError::failed(msg).with("path", path_text(path))
        }
        other => other,
    })?;
    Ok(result.changed(true).diff(whole(diff)))
}
