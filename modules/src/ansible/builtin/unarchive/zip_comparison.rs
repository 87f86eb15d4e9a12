//! How the files below a directory differ from the members of a zip archive.

use std::fs::Metadata;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use super::zip_directory::{Member, has_content};
use crate::mode::{self, ModeBase};
use crate::{Args, Context, ModuleError};

/// What an unpacked member is to be like.
pub(super) struct ZipComparison<'a> {
    dest: &'a Path,
    args: &'a Args,
    uid: u32,
    gid: u32,
    umask: u32,
}

impl<'a> ZipComparison<'a> {
    pub(super) fn new(args: &'a Args, dest: &'a Path, cx: &mut Context<'_>) -> Result<Self, ModuleError> {
        let uid = args.opt_str("owner").map(|owner| cx.uid_of(owner)).transpose()?;
        let gid = args.opt_str("group").map(|group| cx.gid_of(group)).transpose()?;
        Ok(Self {
            dest,
            args,
            uid: uid.unwrap_or_else(|| rustix::process::geteuid().as_raw()),
            gid: gid.unwrap_or_else(|| rustix::process::getegid().as_raw()),
            umask: cx.umask(),
        })
    }

    /// A line in rsync's short form (`.f..tp...?? name`) when something has to be done for the member.
    pub(super) fn line(&self, member: &Member) -> Result<Option<String>, ModuleError> {
        let path = self.dest.join(&member.name);
        let kind = if member.is_dir() { 'd' } else { 'f' };
        let name = &member.name;
        let Ok(now) = std::fs::symlink_metadata(&path) else {
            return Ok(Some(format!(">{kind}++++++.?? {name}")));
        };
        if now.is_symlink() && !member.is_dir() {
            // The target of a link is its content.
            let same = std::fs::read_link(&path).is_ok_and(|target| target.as_os_str().len() as u64 == member.size);
            return Ok((!same).then(|| format!(".Lc......?? {name}")));
        }
        let Ok(now) = std::fs::metadata(&path) else {
            return Ok(Some(format!(">{kind}++++++.?? {name}")));
        };
        if now.is_dir() != member.is_dir() {
            return Ok(Some(format!(">{kind}++++++.?? {name}")));
        }
        let is_newer = member.modified.is_some_and(|modified| now.mtime() > modified);
        if now.is_file() && is_newer && self.args.bool("keep_newer") {
            return Ok(None);
        }
        let signs = self.signs(member, &path, &now)?;
        Ok((signs != ".......").then(|| format!(".{kind}{signs}?? {name}")))
    }

    /// A letter for each property that differs: content, size, time, permissions, owner, group.
    fn signs(&self, member: &Member, path: &Path, now: &Metadata) -> Result<String, ModuleError> {
        let is_file = now.is_file();
        let differs = [
            ('c', is_file && !has_content(member, path)?),
            ('s', is_file && member.known_size().is_some_and(|size| size != now.len())),
            ('t', is_file && member.modified.is_some_and(|modified| modified != now.mtime())),
            ('p', self.wanted_mode(member, now)? != now.permissions().mode() & 0o7777),
            ('o', self.sets_owner("owner") && now.uid() != self.uid),
            ('g', self.sets_owner("group") && now.gid() != self.gid),
        ];
        Ok(differs.iter().map(|(sign, differs)| if *differs { *sign } else { '.' }).chain(['.']).collect())
    }

    /// Only root gives files away by itself.
    fn sets_owner(&self, name: &str) -> bool {
        self.args.has(name) || rustix::process::geteuid().is_root()
    }

    fn wanted_mode(&self, member: &Member, now: &Metadata) -> Result<u32, ModuleError> {
        let kept = now.permissions().mode() & 0o7777;
        let base = ModeBase { current: kept, is_dir: now.is_dir(), umask: self.umask };
        match self.args.raw("mode") {
            Some(wanted) => mode::resolve(wanted, base).map_err(|details| {
                ModuleError::failed("mode must be in octal or symbolic form").with("details", details)
            }),
            None => Ok(member.mode.unwrap_or(kept)),
        }
    }
}
