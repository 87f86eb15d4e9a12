//! What modules that only look are asked about: a text, or a file.

use crate::error::os_error;
use crate::{Args, Constraint, ModuleError};

pub(super) const ONE_OF_BOTH: &[Constraint] =
    &[Constraint::MutuallyExclusive(&["path", "content"]), Constraint::RequiredOneOf(&["path", "content"])];

/// The text of `content`, or the file at `path`; errors call it `what`.
pub(super) fn bytes(args: &Args, what: &str) -> Result<Vec<u8>, ModuleError> {
    if let Some(content) = args.opt_str("content") {
        return Ok(content.as_bytes().to_vec());
    }
    let path = args.str("path")?;
    let unreadable = |error| {
        let reason = os_error(&error, path);
        ModuleError::failed(format!("Error while reading {what} file from disk: {reason}"))
    };
    fs_err::read(path).map_err(unreadable)
}
