//! `OutputFile`: the file a module of this collection keeps: read, written with a backup, given its attributes, removed.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::{Args, Content, Context, FileAttributes, ModuleError, ModuleResult, WriteOptions};

pub(super) struct OutputFile<'a> {
    path: PathBuf,
    args: &'a Args,
    /// The mode of a file whose mode is not said.
    mode: Option<&'static str>,
    backup: Option<String>,
}

impl<'a> OutputFile<'a> {
    /// The file of the argument `path`; its directory has to exist.
    pub(super) fn new(args: &'a Args, mode: Option<&'static str>) -> Result<Self, ModuleError> {
        let path = args.path("path")?;
        let dir = directory(&path);
        if args.opt_str("state") != Some("absent") && !dir.is_dir() {
            let dir = dir.display().to_string();
            let msg = format!("The directory {dir} does not exist or the file is not a directory");
            return Err(ModuleError::failed(msg).with("name", dir));
        }
        Ok(Self { path, args, mode, backup: None })
    }

    pub(super) fn shown(&self) -> String {
        self.path.display().to_string()
    }

    pub(super) fn read(&self, cx: &Context<'_>) -> Result<Option<Vec<u8>>, ModuleError> {
        cx.read(&self.path)
            .map_err(|error| ModuleError::failed(format!("Error while loading {}: {error}", self.shown())))
    }

    /// Replaces the content; nothing in check mode.
    pub(super) fn write(&mut self, content: &[u8], cx: &mut Context<'_>) -> Result<(), ModuleError> {
        self.backup = None;
        let options = WriteOptions {
            backup: self.args.bool("backup"),
            unsafe_writes: self.args.bool("unsafe_writes"),
            // Nobody else may read a secret in the moment before it has its mode.
            new_mode: self.mode.and_then(|mode| u32::from_str_radix(mode, 8).ok()),
            ..WriteOptions::default()
        };
        self.backup = cx.write_file(&self.path, Content::Bytes(content), &options)?;
        Ok(())
    }

    /// Owner, group, mode: true when they had to change.
    pub(super) fn set_attributes(&self, cx: &mut Context<'_>) -> Result<bool, ModuleError> {
        if cx.check_mode && !cx.exists(&self.path) {
            return Ok(false);
        }
        let mode = self.args.raw("mode").cloned().or(self.mode.map(Value::from));
        cx.set_attributes(&self.path, &FileAttributes::from_args(self.args).with_mode(mode))
    }

    /// The permissions it has, as results show them.
    pub(super) fn mode(&self, cx: &Context<'_>) -> Result<Option<String>, ModuleError> {
        Ok(cx.stat(&self.path)?.map(|info| format!("{:04o}", info.mode() & 0o7777)))
    }

    /// Removes the file; true when there was one.
    pub(super) fn remove(&mut self, cx: &mut Context<'_>) -> Result<bool, ModuleError> {
        if cx.lstat(&self.path)?.is_none() {
            return Ok(false);
        }
        if self.args.bool("backup") && !cx.check_mode {
            self.backup = Some(cx.back_up(&self.path)?);
        }
        cx.remove_file(&self.path)?;
        Ok(true)
    }

    /// The result with what is known about the file.
    pub(super) fn complete(&self, result: ModuleResult) -> ModuleResult {
        result.set("filename", self.shown()).set_opt("backup_file", self.backup.clone())
    }
}

/// Where a file lies or will lie.
pub(super) fn directory(path: &Path) -> PathBuf {
    path.parent().filter(|dir| !dir.as_os_str().is_empty()).map_or(PathBuf::from("."), PathBuf::from)
}
