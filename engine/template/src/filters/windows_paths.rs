//! Windows paths, wherever Kapell runs: `win_basename`, `win_dirname`, `win_splitdrive`.

use crate::evaluate::{Fault, FilterCall};
use crate::object::Object;

fn is_separator(c: char) -> bool {
    matches!(c, '\\' | '/')
}

/// Drive or share, and the rest.
fn split_drive(path: &str) -> (&str, &str) {
    let unc = path.len() > 2 && path.chars().take(2).all(is_separator) && !path[2..].starts_with(is_separator);
    if unc {
        let share = path[2..].find(is_separator).map(|at| at + 3);
        let end = share.and_then(|start| path[start..].find(is_separator).map(|at| start + at));
        return match (share, end) {
            (Some(_), Some(end)) => path.split_at(end),
            _ => (path, ""),
        };
    }
    if path.get(1..2) == Some(":") { path.split_at(2) } else { ("", path) }
}

pub(super) fn basename(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let path = call.path()?;
    let (_, rest) = split_drive(path);
    Ok(rest.rsplit(is_separator).next().unwrap_or_default().into())
}

pub(super) fn dirname(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let path = call.path()?;
    let (drive, rest) = split_drive(path);
    let head = rest.rfind(is_separator).map_or("", |at| &rest[..=at]);
    let trimmed = head.trim_end_matches(is_separator);
    Ok(format!("{drive}{}", if trimmed.is_empty() { head } else { trimmed }).into())
}

pub(super) fn splitdrive(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let path = call.path()?;
    let (drive, rest) = split_drive(path);
    Ok(Object::tuple(vec![drive.into(), rest.into()]))
}
