//! What `--diff` shows of a copied file: both texts, or why not.

use std::path::Path;

use serde_json::Value;

use super::{Request, Source};
use crate::attributes::path_text;
use crate::{Context, Diff, ModuleError};

/// Longer texts are not shown.
const MAX_DIFF_SIZE: usize = 104_448;

pub(super) fn of(
    request: &Request<'_>,
    source: &Source<'_>,
    dest: &Path,
    cx: &mut Context<'_>,
) -> Result<Diff, ModuleError> {
    let mut diff = Diff::default();
    let found = cx.stat(dest)?;
    diff = match found {
        None => diff.with("before", ""),
        Some(found) if found.is_dir() => return Ok(diff.with("before", "")),
        Some(found) if found.len() > MAX_DIFF_SIZE as u64 => diff.with("dst_larger", MAX_DIFF_SIZE),
        Some(_) => match text(fs_err::read(dest)?) {
            Some(text) => diff.with("before_header", path_text(dest)).with("before", text),
            None => diff.with("dst_binary", 1),
        },
    };
    let content = source.bytes(cx)?;
    if content.len() > MAX_DIFF_SIZE {
        return Ok(diff.with("src_larger", MAX_DIFF_SIZE));
    }
    Ok(match text(content) {
        Some(text) => {
            diff.with("after_header", request.src.clone().unwrap_or_else(|| path_text(dest))).with("after", text)
        }
        None => diff.with("src_binary", 1),
    })
}

/// Contents with a zero byte are binary.
fn text(content: Vec<u8>) -> Option<Value> {
    if content.contains(&0) {
        return None;
    }
    Some(String::from_utf8_lossy(&content).into_owned().into())
}
