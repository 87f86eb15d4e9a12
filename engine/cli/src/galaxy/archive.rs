//! Archives of roles and collections: unpacked into a fresh directory, nothing outside of it, no more than is sane.

use std::fs::Permissions;
use std::io::{Read, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Component, Path, PathBuf};

use flate2::read::MultiGzDecoder;
use tar::{Archive, EntryType};

/// What all files of an archive may have together.
const MOST_BYTES: u64 = 2 << 30;
const MOST_ENTRIES: usize = 200_000;
const NOT_AN_ARCHIVE: &str = "the downloaded file does not appear to be a valid tar archive.";

/// The files of an archive, by the name in it.
pub(crate) fn names(bytes: &[u8]) -> Result<Vec<PathBuf>, String> {
    let mut names = Vec::new();
    each(bytes, &mut |path, _| {
        names.push(path.to_owned());
        Ok(())
    })?;
    Ok(names)
}

/// The content of the file called `name`, up to 64 MiB of it.
pub(crate) fn file(bytes: &[u8], name: &str) -> Result<Option<Vec<u8>>, String> {
    const LONGEST: u64 = 64 << 20;
    let mut found = None;
    each(bytes, &mut |path, entry| {
        if path == Path::new(name) && found.is_none() {
            let mut content = Vec::new();
            entry.take(LONGEST).read_to_end(&mut content).map_err(|error| error.to_string())?;
            found = Some(content);
        }
        Ok(())
    })?;
    Ok(found)
}

/// Writes the entries for which `place` names a path below `target`, an empty directory.
pub(crate) fn unpack(bytes: &[u8], target: &Path, place: &dyn Fn(&Path) -> Option<PathBuf>) -> Result<(), String> {
    let mut links = Vec::new();
    let mut room = MOST_BYTES;
    each(bytes, &mut |path, entry| {
        let Some(to) = place(path) else { return Ok(()) };
        let to = target.join(relative(&to)?);
        match entry.header().entry_type() {
            EntryType::Directory => fs_err::create_dir_all(&to).map_err(|error| error.to_string()),
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {
                room = room.checked_sub(entry.size()).ok_or("the archive holds more than 2 GiB")?;
                write(entry, &to).map_err(|error| error.to_string())
            }
            EntryType::Symlink => {
                let to_file = entry.link_name().ok().flatten().ok_or("a link without a target")?;
                links.push((to, to_file.into_owned()));
                Ok(())
            }
            kind => Err(format!("'{}' is neither file, directory nor link but {kind:?}", path.display())),
        }
    })?;
    // Last, so that nothing is written through them.
    links.into_iter().try_for_each(|(at, to)| link(target, &at, &to))
}

type Tell<'t> = dyn FnMut(&Path, &mut tar::Entry<'_, Box<dyn Read + '_>>) -> Result<(), String> + 't;

fn each(bytes: &[u8], tell: &mut Tell<'_>) -> Result<(), String> {
    let reader: Box<dyn Read + '_> = match bytes {
        [0x1f, 0x8b, ..] => Box::new(MultiGzDecoder::new(bytes).take(MOST_BYTES + (MOST_BYTES >> 3))),
        _ if bytes.get(257..262) == Some(b"ustar") => Box::new(bytes),
        _ => return Err(NOT_AN_ARCHIVE.into()),
    };
    let mut archive = Archive::new(reader);
    for (index, entry) in archive.entries().map_err(|_| NOT_AN_ARCHIVE)?.enumerate() {
        if index >= MOST_ENTRIES {
            return Err(format!("the archive holds more than {MOST_ENTRIES} files"));
        }
        let mut entry = entry.map_err(|error| format!("{NOT_AN_ARCHIVE} ({error})"))?;
        if matches!(entry.header().entry_type(), EntryType::XGlobalHeader) {
            continue;
        }
        let path = relative(&entry.path().map_err(|error| error.to_string())?)?;
        tell(&path, &mut entry)?;
    }
    Ok(())
}

/// Without `.`; what leads out is refused.
fn relative(path: &Path) -> Result<PathBuf, String> {
    let parts = path.components().filter(|part| *part != Component::CurDir).map(|part| match part {
        Component::Normal(name) => Ok(name),
        _ => Err(format!("'{}' would be outside of the directory it is unpacked in", path.display())),
    });
    parts.collect()
}

fn write(entry: &mut tar::Entry<'_, impl Read>, to: &Path) -> std::io::Result<()> {
    if let Some(parent) = to.parent() {
        fs_err::create_dir_all(parent)?;
    }
    let executable = entry.header().mode().is_ok_and(|mode| mode & 0o100 != 0);
    let mut file = fs_err::File::create(to)?;
    std::io::copy(entry, &mut file)?;
    file.flush()?;
    set_mode(to, executable)
}

/// A link to something in `root`, at a place that is not reached over another link.
fn link(root: &Path, at: &Path, to: &Path) -> Result<(), String> {
    let outside = || format!("the link '{}' leads out of the directory it is unpacked in", to.display());
    let inner = at.strip_prefix(root).map_err(|_| outside())?;
    let mut depth = inner.components().count().saturating_sub(1);
    for part in to.components() {
        match part {
            Component::Normal(_) => depth += 1,
            Component::ParentDir => depth = depth.checked_sub(1).ok_or_else(outside)?,
            Component::CurDir => {}
            _ => return Err(outside()),
        }
    }
    let mut place = root.to_owned();
    for part in inner.parent().into_iter().flat_map(Path::components) {
        place.push(part);
        if place.is_symlink() {
            return Err(format!("'{}' would be written over a link", at.display()));
        }
    }
    fs_err::create_dir_all(&place).map_err(|error| error.to_string())?;
    symlink(to, at).map_err(|error| format!("{}: {error}", at.display()))
}

/// `0755` for what may be executed, else `0644`.
pub(crate) fn set_mode(path: &Path, executable: bool) -> std::io::Result<()> {
    fs_err::set_permissions(path, Permissions::from_mode(if executable { 0o755 } else { 0o644 }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names are written as they are: what a careful writer would refuse is what is tested.
    fn packed(entries: &[(&str, EntryType, &str)]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for (name, kind, content) in entries {
            let mut header = tar::Header::new_gnu();
            header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
            header.set_entry_type(*kind);
            header.set_mode(0o644);
            let body: &[u8] = if *kind == EntryType::Regular { content.as_bytes() } else { b"" };
            header.set_size(body.len() as u64);
            if *kind == EntryType::Symlink {
                header.as_mut_bytes()[157..157 + content.len()].copy_from_slice(content.as_bytes());
            }
            header.set_cksum();
            builder.append(&header, body).unwrap();
        }
        builder.into_inner().unwrap()
    }

    fn unpacked(entries: &[(&str, EntryType, &str)]) -> (tempfile::TempDir, Result<(), String>) {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("in");
        std::fs::create_dir(&target).unwrap();
        let ended = unpack(&packed(entries), &target, &|path| Some(path.to_owned()));
        (dir, ended)
    }

    #[test]
    fn files_and_links_inside_arrive() {
        let (dir, ended) = unpacked(&[
            ("a/b.txt", EntryType::Regular, "text"),
            ("a/c.txt", EntryType::Symlink, "b.txt"),
            ("a/d/e", EntryType::Symlink, "../b.txt"),
        ]);
        assert_eq!(ended, Ok(()));
        assert_eq!(std::fs::read_to_string(dir.path().join("in/a/d/e")).unwrap(), "text");
    }

    #[test]
    fn nothing_leaves_the_directory() {
        let regular = EntryType::Regular;
        for entries in [
            vec![("../out", regular, "x")],
            vec![("a/../../out", regular, "x")],
            vec![("/tmp/out", regular, "x")],
            vec![("l", EntryType::Symlink, "/etc/passwd")],
            vec![("l", EntryType::Symlink, "../out")],
            vec![("a/l", EntryType::Symlink, "../../out")],
            vec![("d", EntryType::Symlink, "."), ("d/l", EntryType::Symlink, "x")],
            vec![("f", EntryType::Fifo, "")],
            vec![("h", EntryType::Link, "f")],
        ] {
            let (dir, ended) = unpacked(&entries);
            assert!(ended.is_err(), "{entries:?}");
            assert!(!dir.path().join("out").exists(), "{entries:?}");
        }
    }

    #[test]
    fn a_file_is_not_written_through_a_link() {
        let (dir, ended) = unpacked(&[("d", EntryType::Symlink, ".."), ("d/x", EntryType::Regular, "x")]);
        assert!(ended.is_err());
        assert!(!dir.path().join("x").exists());
    }

    #[test]
    fn what_is_no_archive_says_so() {
        assert_eq!(names(b"garbage").unwrap_err(), NOT_AN_ARCHIVE);
    }
}
