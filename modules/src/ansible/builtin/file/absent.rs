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
    let is_tree = found == State::Directory;
    let removed = if is_tree { cx.remove_tree(path) } else { cx.remove_file(path) };
    removed.map_err(|error| match error {
        ModuleError::Io(error) => {
            let cause = os_error_bytes(&error, &path_text(path));
            let msg = if is_tree { format!("rmtree failed: {cause}") } else { "Unlinking failed.".to_owned() };
            ModuleError::failed(msg).with("path", path_text(path)).with("exception", cause)
        }
        other => other,
    })?;
    Ok(result.changed(true).diff(whole(diff)))
}
