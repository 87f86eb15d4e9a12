//! `EditedFile`: what `lineinfile`, `blockinfile` and `replace` have in common: a file read, changed, written back.

use std::path::{Path, PathBuf};

use crate::attributes::path_text;
use crate::byte_text;
use crate::real_path::real_path;
use crate::{Args, AttributeDiff, Content, Context, Diff, FileAttributes, ModuleError, ModuleResult, WriteOptions};

/// The file of a task, as it was read.
pub(super) struct EditedFile<'a> {
    args: &'a Args,
    /// The path as the task has it.
    name: String,
    /// Where it leads to.
    path: PathBuf,
    /// One character for each byte; `None` when the file does not exist.
    pub(super) original: Option<String>,
}

impl<'a> EditedFile<'a> {
    pub(super) fn open(args: &'a Args, cx: &Context<'_>) -> Result<Self, ModuleError> {
        let name = args.str("path")?.to_owned();
        let path = if Path::new(&name).is_symlink() { real_path(Path::new(&name)) } else { PathBuf::from(&name) };
        if path.is_dir() {
            return Err(ModuleError::failed(format!("Path {name} is a directory !")).with("rc", 256));
        }
        let original = cx.read(&path)?.map(|bytes| byte_text::from_bytes(&bytes));
        Ok(Self { args, name, path, original })
    }

    /// The file does not exist and is not to be created.
    pub(super) fn missing(&self, what: &str) -> ModuleError {
        ModuleError::failed(format!("{what} {} does not exist !", self.name)).with("rc", 257)
    }

    /// Writes the new content; returns the path of the backup.
    pub(super) fn write(&self, content: &[u8], cx: &mut Context<'_>) -> Result<Option<String>, ModuleError> {
        if !cx.check_mode && self.original.is_none() {
            self.make_parent()?;
        }
        // A link's backup lies beside the link.
        let link = Path::new(&self.name);
        let backup = self.original.is_some() && self.args.bool("backup");
        let options = WriteOptions { backup: backup && link == self.path, ..WriteOptions::from_args(self.args) };
        let made = if backup && link != self.path && !cx.check_mode { Some(cx.back_up(link)?) } else { None };
        let written = cx.write_file(&self.path, Content::Bytes(content), &options).map_err(validation_message)?;
        Ok(made.or(written))
    }

    fn make_parent(&self) -> Result<(), ModuleError> {
        let Some(parent) = self.path.parent().filter(|parent| !parent.as_os_str().is_empty()) else { return Ok(()) };
        fs_err::create_dir_all(parent).map_err(|error| {
            let cause = crate::error::os_error_bytes(&error, &path_text(parent));
            ModuleError::failed(format!("Error creating {} ({cause})", parent.display()))
        })
    }

    /// The file's attributes; true when they change.
    pub(super) fn set_attributes(&self, cx: &mut Context<'_>, diff: &mut AttributeDiff) -> Result<bool, ModuleError> {
        cx.set_attributes_with_diff(&self.path, &FileAttributes::from_args(self.args), diff)
    }

    /// Both texts, or empty ones when no diff is wanted.
    pub(super) fn content_diff(&self, new: &str, cx: &Context<'_>) -> Diff {
        let header = format!("{} (content)", self.name);
        let old = self.original.as_deref().unwrap_or_default();
        let shown = |text: &str| if cx.diff_mode { byte_text::shown(text) } else { String::new() };
        Diff::new(shown(old), shown(new)).headers(header.clone(), header)
    }

    /// The result of a change of content: attributes set, both diffs.
    pub(super) fn finish(
        &self,
        new: &str,
        changed: bool,
        msg: &str,
        result: ModuleResult,
        cx: &mut Context<'_>,
    ) -> Result<ModuleResult, ModuleError> {
        let content = self.content_diff(new, cx).into_value();
        if cx.check_mode && self.original.is_none() {
            return Ok(result.changed(changed).msg(msg).set("diff", content));
        }
        let mut attributes = AttributeDiff::default();
        let other = self.set_attributes(cx, &mut attributes)?;
        let header = format!("{} (file attributes)", self.name);
        let mut diff = Diff::default().headers(header.clone(), header);
        if !attributes.after.is_empty() {
            diff = diff.with("before", attributes.before).with("after", attributes.after);
        }
        let msg = with_attributes(msg, changed, other);
        Ok(result.changed(changed || other).msg(msg).set("diff", vec![content, diff.into_value()]))
    }

    /// The path as the task has it.
    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

/// The message, and that attributes changed too.
pub(super) fn with_attributes(msg: &str, changed: bool, attributes: bool) -> String {
    let and = if changed { " and " } else { "" };
    let more = if attributes { format!("{and}ownership, perms or SE linux context changed") } else { String::new() };
    format!("{msg}{more}")
}

/// These modules put the validation's outcome into the message.
pub(super) fn validation_message(error: ModuleError) -> ModuleError {
    match &error {
        ModuleError::Failed { msg, extra } if msg == "failed to validate" => {
            let rc = extra.get("exit_status").and_then(serde_json::Value::as_i64).unwrap_or_default();
            let stderr = extra.get("stderr").and_then(serde_json::Value::as_str).unwrap_or_default();
            ModuleError::failed(format!("failed to validate: rc:{rc} error:{stderr}"))
        }
        _ => error,
    }
}
