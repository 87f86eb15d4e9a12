//! Tests of paths on the control node.

use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use crate::evaluate::{Fault, TestCall};
use crate::object::Object;
use crate::python;

/// Relative paths count from the current directory, as in Ansible; only lookups search beside the content.
fn path(object: &Object) -> Result<PathBuf, Fault> {
    object.as_str().map(PathBuf::from).ok_or_else(|| Fault::error(python::no_path(object.type_name())))
}

fn subject(call: &TestCall<'_>) -> Result<PathBuf, Fault> {
    path(call.subject)
}

pub(super) fn abs(call: &TestCall<'_>) -> Result<bool, Fault> {
    Ok(subject(call)?.is_absolute())
}

pub(super) fn directory(call: &TestCall<'_>) -> Result<bool, Fault> {
    Ok(subject(call)?.is_dir())
}

pub(super) fn file(call: &TestCall<'_>) -> Result<bool, Fault> {
    Ok(subject(call)?.is_file())
}

pub(super) fn link(call: &TestCall<'_>) -> Result<bool, Fault> {
    Ok(subject(call)?.is_symlink())
}

pub(super) fn exists(call: &TestCall<'_>) -> Result<bool, Fault> {
    Ok(subject(call)?.exists())
}

pub(super) fn link_exists(call: &TestCall<'_>) -> Result<bool, Fault> {
    Ok(subject(call)?.symlink_metadata().is_ok())
}

pub(super) fn same_file(call: &TestCall<'_>) -> Result<bool, Fault> {
    let other = path(call.args.get(0).unwrap_or(&Object::Null))?;
    let (a, b) = (fs_err::metadata(subject(call)?)?, fs_err::metadata(other)?);
    Ok((a.dev(), a.ino()) == (b.dev(), b.ino()))
}

/// A directory on another device than its parent.
pub(super) fn mount(call: &TestCall<'_>) -> Result<bool, Fault> {
    let path = subject(call)?;
    let (Ok(own), Ok(parent)) = (path.symlink_metadata(), path.join("..").symlink_metadata()) else {
        return Ok(false);
    };
    Ok(!own.is_symlink() && (own.dev() != parent.dev() || own.ino() == parent.ino()))
}

pub(super) fn vaulted_file(call: &TestCall<'_>) -> Result<bool, Fault> {
    Ok(kapell_parsing::vault::is_encrypted(&fs_err::read(subject(call)?)?))
}
