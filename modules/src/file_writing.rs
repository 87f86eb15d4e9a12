//! Replacing a file's content: written beside it, checked, given the old file's owner, mode and attributes, renamed.

use std::fs::{File, Metadata};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use fs_err::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::io::Errno;
use tempfile::NamedTempFile;

use crate::command::{CommandOutput, CommandSpec};
use crate::error::{errno_text, root_cause};
use crate::{Context, ModuleError};

/// Where a file's new content comes from.
pub enum Content<'a> {
    Bytes(&'a [u8]),
    /// A content that the engine holds, by its hex SHA-256.
    Blob(&'a str),
    /// Another file of the node.
    File(&'a Path),
}

/// How a file is to be written.
#[derive(Debug, Clone, Default)]
pub struct WriteOptions<'a> {
    pub backup: bool,
    /// A command line with `%s` where the new file's path goes; the file is not replaced when it fails.
    pub validate: Option<&'a str>,
    /// When the file cannot be replaced, its content may be overwritten in place.
    pub unsafe_writes: bool,
    /// The mode of a file that does not exist yet; 0666 without the umask by default.
    pub new_mode: Option<u32>,
    /// The mode of a file that exists: then it also gets a new owner. By default the old file's mode and owner stay.
    pub replacing_mode: Option<u32>,
}

impl<'a> WriteOptions<'a> {
    /// From the arguments `backup`, `validate` and `unsafe_writes`.
    pub fn from_args(args: &'a crate::Args) -> Self {
        Self {
            backup: args.bool("backup"),
            validate: args.opt_str("validate"),
            unsafe_writes: args.bool("unsafe_writes"),
            new_mode: None,
            replacing_mode: None,
        }
    }
}

impl Context<'_> {
    /// Writes a whole file; returns the path of the backup if one was made. Does nothing in check mode.
    pub fn write_file(
        &mut self,
        path: &Path,
        content: Content<'_>,
        options: &WriteOptions<'_>,
    ) -> Result<Option<String>, ModuleError> {
        if self.check_mode {
            return Ok(None);
        }
        // A link is replaced, not what it leads to.
        let old = self.lstat(path)?.filter(|old| !old.is_symlink());
        let mut new = match temporary_beside(path) {
            Ok(new) => new,
            Err(_) if options.unsafe_writes && old.is_some() => NamedTempFile::new()?,
            Err(error) => return Err(not_writable(path, &error)),
        };
        self.fill(&mut new, content)?;
        self.validate_file(new.path(), options.validate)?;
        let backup = if options.backup && old.is_some() { Some(self.back_up(path)?) } else { None };
        self.put_in_place(new, path, old.as_ref(), options)?;
        Ok(backup)
    }

    fn fill(&mut self, new: &mut NamedTempFile, content: Content<'_>) -> Result<(), ModuleError> {
        match content {
            Content::Bytes(bytes) => new.write_all(bytes)?,
            Content::Blob(sha256) => {
                let path = self.blob(sha256)?;
                if !self.move_blob(sha256, new.path()) {
                    copy_all(&path, new.as_file_mut())?;
                }
            }
            Content::File(path) => copy_all(path, new.as_file_mut())?,
        }
        Ok(())
    }

    /// Runs `validate` on the content without writing it anywhere to stay.
    pub(crate) fn judge(&mut self, content: Content<'_>, validate: Option<&str>) -> Result<(), ModuleError> {
        if validate.is_none() {
            return Ok(());
        }
        let mut new = NamedTempFile::new()?;
        self.fill(&mut new, content)?;
        self.validate_file(new.path(), validate)
    }

    /// Runs `validate` on the new file.
    fn validate_file(&mut self, path: &Path, validate: Option<&str>) -> Result<(), ModuleError> {
        let Some(validate) = validate else { return Ok(()) };
        if !validate.contains("%s") {
            return Err(ModuleError::failed(format!("validate must contain %s: {validate}")));
        }
        let line = validate.replace("%s", &shell_words::quote(&path.to_string_lossy()));
        let words = crate::words::split(&line).map_err(ModuleError::failed)?;
        let output: CommandOutput = self.run_read(&CommandSpec::new(words))?;
        if output.ok() {
            return Ok(());
        }
        Err(ModuleError::failed("failed to validate")
            .with("exit_status", output.rc)
            .with("stdout", output.stdout())
            .with("stderr", output.stderr()))
    }

    fn put_in_place(
        &mut self,
        new: NamedTempFile,
        path: &Path,
        old: Option<&Metadata>,
        options: &WriteOptions<'_>,
    ) -> Result<(), ModuleError> {
        match old {
            Some(old) => match options.replacing_mode {
                Some(mode) => set_mode(new.path(), mode)?,
                None => keep_attributes(new.path(), path, old)?,
            },
            None => set_mode(new.path(), options.new_mode.unwrap_or(0o666 & !self.umask()))?,
        }
        if old.is_some() && loss_is_fatal(path) {
            fs_err::File::open(new.path())?.sync_data()?;
        }
        match fs_err::rename(new.path(), path) {
            Ok(()) => {
                // The name is taken over: nothing is left to remove.
                let _ = new.into_temp_path().keep();
                Ok(())
            }
            Err(error) if options.unsafe_writes && can_overwrite_instead(&error) => {
                let mut target = fs_err::OpenOptions::new().write(true).truncate(true).create(true).open(path)?;
                Ok(copy_all(new.path(), target.file_mut())?)
            }
            Err(error) => Err(ModuleError::failed(format!(
                "Could not replace file: {} to {}: {}",
                new.path().display(),
                path.display(),
                errno_text(&root_cause(&error))
            ))),
        }
    }

    /// Copies a file to `<path>.<number>.<date>~` with its owner, mode and times.
    pub fn back_up(&mut self, path: &Path) -> Result<String, ModuleError> {
        let now = crate::local_time::now().strftime("%Y-%m-%d@%H:%M:%S~");
        let name = |number: u32| format!("{}.{number}.{now}", path.display());
        if self.check_mode {
            return Ok(name(std::process::id()));
        }
        let (backup, mut target) = new_file(std::process::id(), name)?;
        copy_all(path, target.file_mut()).inspect_err(|_| drop(fs_err::remove_file(&backup)))?;
        let old = fs_err::metadata(path)?;
        keep_attributes(Path::new(&backup), path, &old)?;
        let times = std::fs::FileTimes::new().set_accessed(old.accessed()?).set_modified(old.modified()?);
        target.file().set_times(times)?;
        Ok(backup)
    }
}

/// A file that was not there, with the first number that makes its name new: one process makes several backups of a file
/// within a second.
fn new_file(first: u32, name: impl Fn(u32) -> String) -> Result<(String, fs_err::File), ModuleError> {
    let mut number = first;
    loop {
        let name = name(number);
        match fs_err::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&name) {
            Ok(file) => return Ok((name, file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number = number.wrapping_add(1),
            Err(error) => return Err(error.into()),
        }
    }
}

fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
    fs_err::set_permissions(path, std::fs::Permissions::from_mode(mode))
}

fn temporary_beside(path: &Path) -> io::Result<NamedTempFile> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    tempfile::Builder::new().prefix(".kapell-").tempfile_in(parent)
}

fn not_writable(path: &Path, error: &io::Error) -> ModuleError {
    let dir = path.parent().unwrap_or(path).display();
    let cause = root_cause(error);
    if matches!(cause.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem) {
        let cause = errno_text(&cause);
        return ModuleError::failed(format!(
            "The destination directory ({dir}) is not writable by the current user. Error was: {cause}"
        ));
    }
    ModuleError::failed(format!("could not create a file in {dir}: {}", errno_text(&cause)))
}

fn copy_all(source: &Path, target: &mut File) -> io::Result<()> {
    // Between plain files the kernel does the copying.
    io::copy(fs_err::File::open(source)?.file_mut(), target).map(drop)
}

/// Gives `new` the owner, mode and extended attributes of `old`. Who may not give files away keeps what is possible.
fn keep_attributes(new: &Path, old_path: &Path, old: &Metadata) -> Result<(), ModuleError> {
    let (uid, gid) = (rustix::fs::Uid::from_raw(old.uid()), rustix::fs::Gid::from_raw(old.gid()));
    if rustix::fs::chown(new, Some(uid), Some(gid)).is_err() {
        let _ = rustix::fs::chown(new, None, Some(gid));
    }
    set_mode(new, old.mode() & 0o7777)?;
    copy_extended_attributes(new, old_path);
    Ok(())
}

/// Best effort: security labels, ACLs and user attributes; a file system without them has nothing to keep.
fn copy_extended_attributes(new: &Path, old: &Path) {
    let mut names = vec![0; 16 * 1024];
    let Ok(length) = rustix::fs::listxattr(old, &mut names) else { return };
    for name in names[..length].split(|&byte| byte == 0).filter(|name| !name.is_empty()) {
        let mut value = vec![0; 64 * 1024];
        let Ok(size) = rustix::fs::getxattr(old, name, &mut value) else { continue };
        let _ = rustix::fs::setxattr(new, name, &value[..size], rustix::fs::XattrFlags::empty());
    }
}

/// Files whose loss in a crash keeps a node from starting are on disk before they replace the old ones.
fn loss_is_fatal(path: &Path) -> bool {
    ["/etc", "/boot", "/usr"].iter().any(|dir| path.starts_with(dir))
}

fn can_overwrite_instead(error: &io::Error) -> bool {
    let wanted = [Errno::BUSY, Errno::PERM, Errno::ACCESS, Errno::XDEV, Errno::TXTBSY];
    root_cause(error).raw_os_error().is_some_and(|number| wanted.iter().any(|errno| errno.raw_os_error() == number))
}
