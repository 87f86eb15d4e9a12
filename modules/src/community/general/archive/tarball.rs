//! Tar archives: writing one, and what one holds.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write as _};
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::members::Member;
use crate::ModuleError;

pub(super) fn write(target: &Path, members: &[Member]) -> Result<(), ModuleError> {
    let file: File = fs_err::File::create(target)?.into_parts().0;
    let mut archive = tar::Builder::new(BufWriter::new(file));
    archive.follow_symlinks(false);
    for member in members {
        // Sockets have no place in an archive.
        if is_socket(&member.path)? {
            continue;
        }
        archive.append_path_with_name(&member.path, &member.name)?;
    }
    archive.into_inner()?.flush()?;
    Ok(())
}

fn is_socket(path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::FileTypeExt as _;
    Ok(fs_err::symlink_metadata(path)?.file_type().is_socket())
}

/// A line for every member: its name, attributes and a checksum of its content, sorted.
pub(super) fn contents(path: &Path) -> io::Result<Vec<String>> {
    let mut archive = tar::Archive::new(BufReader::new(fs_err::File::open(path)?));
    let mut lines = Vec::new();
    for entry in archive.entries()? {
        let mut entry = entry?;
        let header = entry.header();
        let attributes = (header.mode()? & 0o7777, header.uid()?, header.gid()?, header.mtime()?);
        let kind = header.entry_type().as_byte();
        let name = String::from_utf8_lossy(&entry.path_bytes()).trim_end_matches('/').to_owned();
        let link = entry.link_name_bytes().map(|link| String::from_utf8_lossy(&link).into_owned());
        let mut digest = Sha256::new();
        let mut buffer = vec![0; 64 * 1024];
        loop {
            match entry.read(&mut buffer)? {
                0 => break,
                read => digest.update(&buffer[..read]),
            }
        }
        lines.push(format!("{name:?} {kind} {attributes:?} {link:?} {}", hex::encode(digest.finalize())));
    }
    lines.sort();
    Ok(lines)
}
