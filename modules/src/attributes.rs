//! Owner, group, mode and the other attributes that every file module can set.

use std::ffi::CString;
use std::fs::Metadata;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Gid, Uid, XattrFlags, chownat};
use serde_json::Value;

use crate::command::CommandSpec;
use crate::error::os_error_bytes;
use crate::mode::{self, ModeBase};
use crate::{Args, Context, Map, ModuleError};

/// The attributes a task asks for; `None` leaves one as it is.
#[derive(Debug, Clone, Default)]
pub struct FileAttributes {
    pub owner: Option<String>,
    pub group: Option<String>,
    pub mode: Option<Value>,
    /// chattr flags: `+i`, `-a`, `=e`.
    pub flags: Option<String>,
    /// SELinux user, role, type and level.
    pub selinux: [Option<String>; 4],
}

/// Attributes before and after, by name.
#[derive(Debug, Clone, Default)]
pub struct AttributeDiff {
    pub before: Map,
    pub after: Map,
}

impl AttributeDiff {
    fn note(&mut self, key: &str, before: impl Into<Value>, after: impl Into<Value>) {
        self.before.insert(key.to_owned(), before.into());
        self.after.insert(key.to_owned(), after.into());
    }
}

impl FileAttributes {
    pub fn from_args(args: &Args) -> Self {
        let text = |name: &str| args.opt_str(name).map(str::to_owned);
        Self {
            owner: text("owner"),
            group: text("group"),
            mode: args.raw("mode").cloned(),
            flags: text("attributes").filter(|flags| !flags.is_empty()),
            selinux: ["seuser", "serole", "setype", "selevel"].map(text),
        }
    }

    pub fn with_mode(mut self, mode: Option<Value>) -> Self {
        self.mode = mode;
        self
    }

    pub fn is_empty(&self) -> bool {
        self.owner.is_none()
            && self.group.is_none()
            && self.mode.is_none()
            && self.flags.is_none()
            && self.selinux.iter().all(Option::is_none)
    }
}

impl Context<'_> {
    /// Gives `path` (never what it links to) the attributes; true when something changed or, in check mode, would.
    pub fn set_attributes(&mut self, path: &Path, wanted: &FileAttributes) -> Result<bool, ModuleError> {
        self.set_attributes_with_diff(path, wanted, &mut AttributeDiff::default())
    }

    /// The same, noting what changes in `diff`.
    pub fn set_attributes_with_diff(
        &mut self,
        path: &Path,
        wanted: &FileAttributes,
        diff: &mut AttributeDiff,
    ) -> Result<bool, ModuleError> {
        if wanted.is_empty() {
            return Ok(false);
        }
        let Some(now) = self.lstat(path)? else {
            // What check mode did not create would get all of them.
            return if self.check_mode { Ok(true) } else { Err(absent(path)) };
        };
        let mut changed = self.set_selinux(path, wanted, diff)?;
        changed |= self.set_owner(path, &now, wanted.owner.as_deref(), diff)?;
        changed |= self.set_group(path, &now, wanted.group.as_deref(), diff)?;
        changed |= self.set_mode(path, wanted.mode.as_ref(), diff)?;
        changed |= self.set_flags(path, &now, wanted.flags.as_deref(), diff)?;
        Ok(changed)
    }

    fn set_owner(
        &mut self,
        path: &Path,
        now: &Metadata,
        owner: Option<&str>,
        diff: &mut AttributeDiff,
    ) -> Result<bool, ModuleError> {
        let Some(owner) = owner else { return Ok(false) };
        let uid = self.uid_of(owner).map_err(|error| error.with("path", path_text(path)))?;
        if now.uid() == uid {
            return Ok(false);
        }
        diff.note("owner", now.uid(), uid);
        if !self.check_mode {
            chownat(CWD, path, Some(Uid::from_raw(uid)), None, AtFlags::SYMLINK_NOFOLLOW)
                .map_err(|error| refused("chown failed", path, &error.into()))?;
        }
        Ok(true)
    }

    fn set_group(
        &mut self,
        path: &Path,
        now: &Metadata,
        group: Option<&str>,
        diff: &mut AttributeDiff,
    ) -> Result<bool, ModuleError> {
        let Some(group) = group else { return Ok(false) };
        let gid = self.gid_of(group).map_err(|error| error.with("path", path_text(path)))?;
        if now.gid() == gid {
            return Ok(false);
        }
        diff.note("group", now.gid(), gid);
        if !self.check_mode {
            chownat(CWD, path, None, Some(Gid::from_raw(gid)), AtFlags::SYMLINK_NOFOLLOW)
                .map_err(|error| refused("chgrp failed", path, &error.into()))?;
        }
        Ok(true)
    }

    /// Says which of the accounts a task names are not there yet, which need not be an error in a real run.
    pub(crate) fn warn_of_missing_accounts(&mut self, wanted: &FileAttributes) {
        let later = "up to this point in real play";
        if let Some(owner) = &wanted.owner {
            match owner.parse() {
                Ok(uid) if self.accounts.user_by_id(uid).is_none() => {
                    self.warn(format!("failed to look up user with uid {uid}. Create user {later}"));
                }
                Err(_) if self.accounts.user(owner).is_none() => {
                    self.warn(format!("failed to look up user {owner}. Create user {later}"));
                }
                _ => {}
            }
        }
        if let Some(group) = &wanted.group {
            match group.parse() {
                Ok(gid) if self.accounts.group_by_id(gid).is_none() => {
                    self.warn(format!("failed to look up group with gid {gid}. Create group {later}"));
                }
                Err(_) if self.accounts.group(group).is_none() => {
                    self.warn(format!("failed to look up group {group}. Create group {later}"));
                }
                _ => {}
            }
        }
    }

    /// The number of a user given by name or number. A number needs no user.
    pub(crate) fn uid_of(&mut self, owner: &str) -> Result<u32, ModuleError> {
        let Ok(uid) = owner.parse() else {
            let user = self.accounts.user(owner).map(|user| user.uid);
            return user.ok_or_else(|| ModuleError::failed(format!("chown failed: failed to look up user {owner}")));
        };
        Ok(uid)
    }

    pub(crate) fn gid_of(&mut self, group: &str) -> Result<u32, ModuleError> {
        let Ok(gid) = group.parse() else {
            let found = self.accounts.group(group).map(|group| group.gid);
            return found.ok_or_else(|| ModuleError::failed(format!("chgrp failed: failed to look up group {group}")));
        };
        Ok(gid)
    }

    fn set_mode(&mut self, path: &Path, wanted: Option<&Value>, diff: &mut AttributeDiff) -> Result<bool, ModuleError> {
        let Some(wanted) = wanted else { return Ok(false) };
        // Read anew: a change of owner may have taken the set-id bits away.
        let Some(now) = self.lstat(path)? else { return Ok(true) };
        let (before, after) = (now.mode() & 0o7777, self.resolve_mode(wanted, path, &now)?);
        if before == after {
            return Ok(false);
        }
        diff.note("mode", mode::zero_octal(before), mode::zero_octal(after));
        if now.is_symlink() {
            // Linux keeps no mode for links, and what they lead to is not meant. Ansible predicts a change all the same.
            return Ok(self.check_mode);
        }
        if !self.check_mode {
            fs_err::set_permissions(path, std::fs::Permissions::from_mode(after))
                .map_err(|error| refused("chmod failed", path, &error))?;
        }
        Ok(true)
    }

    /// The numeric mode that `wanted` means for the file at `path`.
    pub fn resolve_mode(&self, wanted: &Value, path: &Path, now: &Metadata) -> Result<u32, ModuleError> {
        let base = ModeBase { current: now.mode() & 0o7777, is_dir: now.is_dir(), umask: self.umask() };
        mode::resolve(wanted, base).map_err(|details| {
            ModuleError::failed("mode must be in octal or symbolic form")
                .with("path", path_text(path))
                .with("details", details)
        })
    }

    fn set_flags(
        &mut self,
        path: &Path,
        now: &Metadata,
        wanted: Option<&str>,
        diff: &mut AttributeDiff,
    ) -> Result<bool, ModuleError> {
        let Some(wanted) = wanted.filter(|_| !now.is_symlink()) else { return Ok(false) };
        let current = self.file_flags(path).unwrap_or_default();
        let operation = if wanted.starts_with(['+', '-', '=']) { wanted.to_owned() } else { format!("={wanted}") };
        let is_set = match operation.split_at(1) {
            ("+", letters) => letters.chars().all(|letter| current.contains(letter)),
            // What is taken away counts as a change, there or not.
            ("-", _) => false,
            (_, letters) => sorted(&current) == sorted(letters),
        };
        if is_set {
            return Ok(false);
        }
        diff.note("attributes", current, wanted);
        if self.check_mode {
            return Ok(true);
        }
        let chattr = self.require_program("chattr")?;
        let target = path_text(path);
        let output = self.run(&CommandSpec::new([chattr.to_string_lossy().into_owned(), operation, target.clone()]))?;
        if output.ok() && output.stderr.is_empty() {
            return Ok(true);
        }
        let details = format!("Error while setting attributes: {}{}", output.stdout(), output.stderr());
        Err(ModuleError::failed("chattr failed").with("path", target).with("details", details))
    }

    /// The chattr flags of a file, without the dashes `lsattr` shows; `None` when the file system has none.
    pub fn file_flags(&self, path: &Path) -> Option<String> {
        let file = rustix::fs::open(path, read_flags(), rustix::fs::Mode::empty()).ok()?;
        let flags = rustix::fs::ioctl_getflags(&file).ok()?.bits();
        Some(FLAG_LETTERS.iter().filter(|(bit, _, _)| flags & bit != 0).map(|(_, letter, _)| *letter).collect())
    }

    fn set_selinux(
        &mut self,
        path: &Path,
        wanted: &FileAttributes,
        diff: &mut AttributeDiff,
    ) -> Result<bool, ModuleError> {
        if wanted.selinux.iter().all(Option::is_none) || !Path::new("/sys/fs/selinux/enforce").exists() {
            return Ok(false);
        }
        let Some(current) = selinux_context(path) else { return Ok(false) };
        let parts: Vec<&str> = current.splitn(4, ':').collect();
        let new = parts.iter().zip(&wanted.selinux).map(|(now, wanted)| match wanted.as_deref() {
            None | Some("_default") => *now,
            Some(wanted) => wanted,
        });
        let new = new.collect::<Vec<_>>().join(":");
        if new == current {
            return Ok(false);
        }
        diff.note("secontext", current.as_str(), new.as_str());
        if !self.check_mode {
            let value = CString::new(new).map_err(|_| ModuleError::failed("invalid selinux context"))?;
            rustix::fs::lsetxattr(path, SELINUX_ATTRIBUTE, value.as_bytes_with_nul(), XattrFlags::empty())
                .map_err(|error| refused("set selinux context failed", path, &error.into()))?;
        }
        Ok(true)
    }
}

const SELINUX_ATTRIBUTE: &str = "security.selinux";

/// The SELinux context of a file; `None` when it has no label.
pub(crate) fn selinux_context(path: &Path) -> Option<String> {
    let mut value = vec![0; 1024];
    let length = rustix::fs::lgetxattr(path, SELINUX_ATTRIBUTE, &mut value).ok()?;
    let text = String::from_utf8_lossy(&value[..length]);
    Some(text.trim_end_matches('\0').to_owned())
}

/// Flag bits with the letter and the word for them, in the order `lsattr` prints them.
pub(crate) const FLAG_LETTERS: &[(u32, char, &str)] = &[
    (0x1, 's', "secure-deletion"),
    (0x2, 'u', "undelete"),
    (0x8, 'S', "synchronous"),
    (0x10000, 'D', "synchronous-directory-updates"),
    (0x10, 'i', "immutable"),
    (0x20, 'a', "append-only"),
    (0x40, 'd', "nodump"),
    (0x80, 'A', "noatime"),
    (0x4, 'c', "compressed"),
    (0x800, 'E', "compresserror"),
    (0x4000, 'j', "journalling"),
    (0x1000, 'I', "indexed-directory"),
    (0x8000, 't', "notailmerging"),
    (0x20000, 'T', "tophierarchy"),
    (0x80000, 'e', "extents"),
    (0x0080_0000, 'C', "nocow"),
    (0x1000_0000, 'N', "inline-data"),
    (0x2000_0000, 'P', "project-hierarchy"),
];

/// The generation number of a file's inode; `None` when the file system has none.
pub(crate) fn file_version(path: &Path) -> Option<u32> {
    use rustix::ioctl::{Getter, ioctl, opcode};
    // FS_IOC_GETVERSION is declared with a long, and the kernel writes an int.
    const GET_VERSION: rustix::ioctl::Opcode = opcode::read::<std::ffi::c_long>(b'v', 1);
    let file = rustix::fs::open(path, read_flags(), rustix::fs::Mode::empty()).ok()?;
    #[expect(unsafe_code, reason = "rustix has no safe call for it; the buffer is as long as the opcode says")]
    let version = unsafe { ioctl(&file, Getter::<GET_VERSION, [u32; 2]>::new()) }.ok()?;
    Some(if cfg!(target_endian = "little") { version[0] } else { version[1] })
}

fn read_flags() -> rustix::fs::OFlags {
    use rustix::fs::OFlags;
    OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::CLOEXEC
}

fn sorted(text: &str) -> Vec<char> {
    let mut letters: Vec<char> = text.chars().collect();
    letters.sort_unstable();
    letters
}

pub(crate) fn path_text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn absent(path: &Path) -> ModuleError {
    ModuleError::failed(format!("file not found: {}", path.display())).with("path", path_text(path))
}

fn refused(what: &str, path: &Path, error: &std::io::Error) -> ModuleError {
    let path = path_text(path);
    ModuleError::failed(what).with("exception", os_error_bytes(error, &path)).with("path", path)
}
