//! `collection build`: a directory with a `galaxy.yml` becomes an archive that can be published and installed.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use flate2::Compression;
use flate2::write::GzEncoder;
use kapell_callback::{Color, Display};
use kapell_parsing::Diagnostic;
use tar::{Builder, EntryType, Header};

use super::collection_files::{Kind, Member, entries, members};
use super::manifest::{GalaxyYml, documents};
use crate::refusal::Refusal;

/// Builds each of `sources` into `output`.
pub(crate) fn build(
    sources: &[PathBuf],
    output: &Path,
    force: bool,
    display: &Display,
    warnings: &mut Vec<Diagnostic>,
) -> Result<(), Refusal> {
    let output = std::path::absolute(output)?;
    fs_err::create_dir_all(&output)?;
    for source in sources {
        let source = std::path::absolute(source)?;
        let galaxy = GalaxyYml::read(&source.join("galaxy.yml"), warnings)?;
        let name = format!("{}-{}-{}.tar.gz", galaxy.text("namespace"), galaxy.text("name"), galaxy.text("version"));
        if name.contains('/') {
            return Err(Diagnostic::error(format!("'{name}' is no file name: look at galaxy.yml")).into());
        }
        let target = output.join(name);
        let shown = target.display();
        if target.is_dir() {
            let message =
                format!("The output collection artifact '{shown}' already exists, but is a directory - aborting");
            return Err(Diagnostic::error(message).into());
        }
        if target.exists() && !force {
            let message =
                format!("The file '{shown}' already exists. You can use --force to re-create the collection artifact.");
            return Err(Diagnostic::error(message).into());
        }
        let bytes = packed(&source, &galaxy, warnings)?;
        let mut file = tempfile::NamedTempFile::new_in(&output)?;
        file.write_all(&bytes)?;
        fs_err::set_permissions(file.path(), std::fs::Permissions::from_mode(0o644))?;
        file.persist(&target).map_err(|error| error.error)?;
        display.out(&format!("Created collection for {} at {shown}", galaxy.full_name()), Color::Plain);
    }
    Ok(())
}

/// The archive of the collection in `source`.
fn packed(source: &Path, galaxy: &GalaxyYml, warnings: &mut Vec<Diagnostic>) -> Result<Vec<u8>, Refusal> {
    let members = members(source, galaxy, warnings)?;
    let (manifest, files) = documents(&galaxy.info, entries(&members)?);
    let mut builder = Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
    for (name, text) in [("MANIFEST.json", &manifest), ("FILES.json", &files)] {
        let mut header = header(EntryType::Regular, text.len() as u64, 0o644, now);
        builder.append_data(&mut header, name, text.as_bytes())?;
    }
    for member in &members {
        append(&mut builder, member)?;
    }
    Ok(builder.into_inner()?.finish()?)
}

fn append(builder: &mut Builder<impl Write>, member: &Member) -> Result<(), Refusal> {
    let about = fs_err::symlink_metadata(&member.path)?;
    let modified = about.modified()?.duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
    match member.kind {
        Kind::Directory => {
            let mut header = header(EntryType::Directory, 0, 0o755, modified);
            builder.append_data(&mut header, format!("{}/", member.name), std::io::empty())?;
        }
        Kind::Link => {
            let target = link_target(member)?;
            builder.append_link(&mut header(EntryType::Symlink, 0, 0o777, modified), &member.name, target)?;
        }
        Kind::File => {
            let mode = if about.permissions().mode() & 0o111 == 0 { 0o644 } else { 0o755 };
            let mut header = header(EntryType::Regular, about.len(), mode, modified);
            builder.append_data(&mut header, &member.name, fs_err::File::open(&member.path)?)?;
        }
    }
    Ok(())
}

/// Relative to the directory of the link, wherever the collection will lie.
pub(super) fn link_target(member: &Member) -> Result<PathBuf, Refusal> {
    let target = fs_err::canonicalize(&member.path)?;
    let parent = member.path.parent().map(fs_err::canonicalize).transpose()?.unwrap_or_default();
    let shared = parent.components().zip(target.components()).take_while(|(a, b)| a == b).count();
    let up = parent.components().skip(shared).map(|_| std::path::Component::ParentDir);
    Ok(up.chain(target.components().skip(shared)).collect())
}

fn header(kind: EntryType, size: u64, mode: u32, modified: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(mode);
    header.set_mtime(modified);
    header.set_uid(0);
    header.set_gid(0);
    header
}
