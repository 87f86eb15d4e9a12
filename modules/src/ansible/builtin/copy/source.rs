//! `Source`: where the content of one file comes from.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::base_name;
use crate::attributes::path_text;
use crate::checksum::Digests;
use crate::{Args, Content, Context, ModuleError};

pub(super) enum Source<'a> {
    /// A content of the engine's, by its SHA-256.
    Blob(&'a str),
    /// A content in the task itself.
    Text(&'a str),
    /// A file of this node.
    File(PathBuf),
    /// A directory of this node.
    Directory(PathBuf),
}

impl<'a> Source<'a> {
    pub(super) fn from_args(args: &'a Args) -> Result<Self, ModuleError> {
        if let Some(sha256) = args.private_str("_content_sha256") {
            return Ok(Self::Blob(sha256));
        }
        if let Some(text) = args.opt_str("content") {
            return Ok(Self::Text(text));
        }
        let src = args.opt_str("src");
        let Some(src) = src.filter(|src| Path::new(src).exists()) else {
            return Err(ModuleError::failed(format!("Source {} not found", src.unwrap_or("None"))));
        };
        if rustix::fs::access(src, rustix::fs::Access::READ_OK).is_err() {
            return Err(ModuleError::failed(format!("Source {src} not readable")));
        }
        if !Path::new(src).is_dir() {
            if args.bool("remote_src") && !Path::new(src).is_file() {
                return Err(ModuleError::failed(format!("Cannot copy invalid source '{src}': not a file")));
            }
            return Ok(Self::File(PathBuf::from(src)));
        }
        if !args.bool("remote_src") {
            return Err(ModuleError::failed(format!(
                "Remote copy does not support recursive copy of directory: {src}"
            )));
        }
        Ok(Self::Directory(PathBuf::from(src)))
    }

    /// The name a copy gets in a directory.
    pub(super) fn name(&self) -> Option<String> {
        match self {
            Self::File(path) | Self::Directory(path) => Some(base_name(&path_text(path)).to_owned()),
            Self::Blob(_) | Self::Text(_) => None,
        }
    }

    /// The mode that `preserve` means: the node's own file knows it, otherwise the engine says.
    pub(super) fn mode(&self, args: &Args) -> Result<Option<u32>, ModuleError> {
        if let Self::File(path) = self {
            return Ok(Some(fs_err::metadata(path)?.mode() & 0o7777));
        }
        Ok(args.private("_source_mode").and_then(octal))
    }

    /// A file of the node brings its mode along when it replaces one.
    pub(super) fn replacing_mode(&self) -> Result<Option<u32>, ModuleError> {
        match self {
            Self::File(path) => Ok(Some(fs_err::metadata(path)?.mode() & 0o7777)),
            _ => Ok(None),
        }
    }

    pub(super) fn content(&self) -> Content<'_> {
        match self {
            Self::Blob(sha256) => Content::Blob(sha256),
            Self::Text(text) => Content::Bytes(text.as_bytes()),
            Self::File(path) | Self::Directory(path) => Content::File(path),
        }
    }

    /// Whether a file with these digests has the content already. A blob need not be fetched to know.
    pub(super) fn is(&self, current: &Digests) -> bool {
        match self {
            Self::Blob(sha256) => current.sha256 == *sha256,
            Self::Text(text) => current.sha256 == Digests::of_bytes(text.as_bytes()).sha256,
            Self::File(path) => Digests::of_file(path).is_ok_and(|own| own.sha256 == current.sha256),
            Self::Directory(_) => false,
        }
    }

    pub(super) fn digests(&self, cx: &mut Context<'_>) -> Result<Digests, ModuleError> {
        Ok(match self {
            Self::Blob(sha256) => cx.blob_digests(sha256)?,
            Self::Text(text) => Digests::of_bytes(text.as_bytes()),
            Self::File(path) | Self::Directory(path) => Digests::of_file(path)?,
        })
    }

    /// A path where the content can be read.
    pub(super) fn bytes(&self, cx: &mut Context<'_>) -> Result<Vec<u8>, ModuleError> {
        Ok(match self {
            Self::Blob(sha256) => fs_err::read(cx.blob(sha256)?)?,
            Self::Text(text) => text.as_bytes().to_vec(),
            Self::File(path) | Self::Directory(path) => fs_err::read(path)?,
        })
    }
}

/// A mode as a number or as octal digits.
pub(super) fn octal(value: &Value) -> Option<u32> {
    match value {
        Value::String(text) => u32::from_str_radix(text, 8).ok(),
        number => number.as_u64().and_then(|number| u32::try_from(number).ok()),
    }
}
