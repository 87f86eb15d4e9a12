//! `community.general.archive`: files and trees packed into one archive, or one file compressed.

mod compression;
mod members;
mod tarball;
mod zip;

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::error::os_error;
use crate::{Arg, ArgKind, Args, Content, Context, FileAttributes, Module, ModuleError, ModuleResult, WriteOptions};

use compression::Compression;
use members::{Member, Members};

pub(crate) static MODULE: Module = Module::new("community.general.archive", ARGS, run).file_args();

const ARGS: &[Arg] = &[
    Arg::list_of("path", &ArgKind::Path).required(),
    Arg::str("format").default("gz").choices(&["bz2", "gz", "tar", "xz", "zip"]),
    Arg::path("dest"),
    Arg::list_of("exclude_path", &ArgKind::Path).default(""),
    Arg::list_of("exclusion_patterns", &ArgKind::Path),
    Arg::bool("force_archive").default("false"),
    Arg::bool("remove").default("false"),
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let members = Members::from_args(args)?;
    let packing = Packing::new(args, &members)?;
    let attributes = FileAttributes::from_args(args);
    let result = ModuleResult::ok()
        .set("dest", packing.dest.to_string_lossy())
        .set("arcroot", members.root.as_str())
        .set("missing", members.missing.clone())
        .set("expanded_paths", members.paths.clone())
        .set("expanded_exclude_paths", members.excluded.clone());
    if cx.check_mode {
        let nothing: Vec<Value> = Vec::new();
        // As measured: of one compressed file it only counts whether it is there.
        let is_there = matches!(packing.kind, Kind::File(_)) && packing.dest.exists();
        let changed = !members.found.is_empty() && !is_there;
        return Ok(result.set("archived", nothing).set("dest_state", "absent").changed(changed));
    }
    let list = members.list(&packing.dest)?;
    let mut changed = false;
    let mut archived: Vec<String> = Vec::new();
    if !members.found.is_empty() {
        let dir = cx.temp_dir()?;
        let new = packing.pack(&list, dir.path(), cx)?;
        changed = packing.differs(&new, dir.path(), cx)?;
        if changed {
            let written = cx.write_file(&packing.dest, Content::File(&new), &WriteOptions::from_args(args));
            written.map_err(|error| packing.not_writable(error, &members))?;
        }
        archived = packing.named(&list);
        if args.bool("remove") {
            members.found.iter().try_for_each(|path| cx.remove(path))?;
        }
    }
    if packing.dest.exists() {
        changed |= cx.set_attributes(&packing.dest, &attributes)?;
    }
    let state = packing.state(&members, archived.is_empty());
    Ok(result.set("archived", archived).set("dest_state", state).changed(changed))
}

/// What is made of the members, and where.
struct Packing {
    dest: PathBuf,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// One file, compressed as it is.
    File(Compression),
    Tar(Compression),
    Zip,
}

impl Packing {
    fn new(args: &Args, members: &Members) -> Result<Self, ModuleError> {
        let format = args.str("format")?;
        let must_archive = args.bool("force_archive") || members.many;
        let dest = match args.opt_path("dest") {
            Some(dest) => dest,
            None if must_archive => {
                let msg = "Error, must specify \"dest\" when archiving multiple files or trees";
                let paths = args.list_of_str("path").join(", ");
                return Err(ModuleError::failed(msg).with("dest", "None").with("path", paths));
            }
            None => PathBuf::from(format!("{}.{format}", members.paths[0])),
        };
        let kind = match (format, Compression::of(format)) {
            ("zip", _) => Kind::Zip,
            ("tar", compression) => Kind::Tar(compression),
            (_, compression) if must_archive => Kind::Tar(compression),
            (_, compression) => Kind::File(compression),
        };
        Ok(Self { dest, kind })
    }

    /// The new archive in `dir`.
    fn pack(&self, list: &[Member], dir: &Path, cx: &mut Context<'_>) -> Result<PathBuf, ModuleError> {
        let plain = dir.join("archive");
        match self.kind {
            Kind::File(compression) => {
                let [member, ..] = list else { return Err(ModuleError::failed("there is nothing to compress")) };
                fs_err::copy(&member.path, &plain)?;
                compression.compress(&plain, cx)
            }
            Kind::Tar(compression) => {
                tarball::write(&plain, list)?;
                compression.compress(&plain, cx)
            }
            Kind::Zip => {
                zip::write(&plain, list)?;
                Ok(plain)
            }
        }
    }

    /// Whether the archive that is there holds something else. What cannot be read does.
    fn differs(&self, new: &Path, dir: &Path, cx: &mut Context<'_>) -> Result<bool, ModuleError> {
        if !self.dest.is_file() {
            return Ok(true);
        }
        let (new, old) = match self.kind {
            Kind::Zip => (zip::contents(new).ok(), zip::contents(&self.dest).ok()),
            Kind::Tar(compression) | Kind::File(compression) => {
                let read = if matches!(self.kind, Kind::Tar(_)) { tarball::contents } else { whole };
                let new = compression.expand(new, &dir.join("new"), cx)?.and_then(|path| read(&path).ok());
                let old = compression.expand(&self.dest, &dir.join("old"), cx)?.and_then(|path| read(&path).ok());
                (new, old)
            }
        };
        Ok(new.is_none() || new != old)
    }

    /// What the result lists: a zip's directories are not named.
    fn named(&self, list: &[Member]) -> Vec<String> {
        let named = list.iter().filter(|member| self.kind != Kind::Zip || !member.path.is_dir());
        named.map(|member| member.path.to_string_lossy().into_owned()).collect()
    }

    fn state(&self, members: &Members, nothing_new: bool) -> &'static str {
        if !self.dest.exists() {
            return "absent";
        }
        // Without members only the name tells what an earlier run left there.
        let name = self.dest.to_string_lossy();
        let named_so = [".tar", ".tgz", ".zip", ".tar.gz", ".tar.bz2", ".tar.xz"].iter().any(|end| name.ends_with(end));
        let is_archive = !matches!(self.kind, Kind::File(_)) || members.found.is_empty() && named_so;
        match (is_archive, members.missing.is_empty() || nothing_new) {
            (true, true) => "archive",
            (true, false) => "incomplete",
            (false, _) => "compress",
        }
    }

    fn not_writable(&self, error: ModuleError, members: &Members) -> ModuleError {
        let dest = self.dest.to_string_lossy();
        let parent = self.dest.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let cause = fs_err::metadata(parent).err().map(|error| os_error(&error, &dest));
        let cause = cause.unwrap_or_else(|| error.to_string());
        let msg = match self.kind {
            Kind::File(_) => format!("Unable to write to compressed file: {cause}"),
            Kind::Tar(_) | Kind::Zip => format!("Failed to archive to {dest}: {cause}"),
        };
        ModuleError::failed(msg).with("path", members.paths.join(", ")).with("dest", dest.into_owned())
    }
}

/// A file as the one entry of a list, to be compared like archives are.
fn whole(path: &Path) -> std::io::Result<Vec<String>> {
    Ok(vec![crate::checksum::Digests::of_file(path)?.sha256])
}
