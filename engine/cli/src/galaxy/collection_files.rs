//! The files of a collection's directory that belong into its archive, with their sums.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use globset::GlobBuilder;
use kapell_parsing::Diagnostic;
use serde_json::Value as Json;

use super::directives;
use super::manifest::{GalaxyYml, file_entry, sha256};
use crate::refusal::Refusal;

/// Never part of an archive.
const IGNORED: &[&str] =
    &["MANIFEST.json", "FILES.json", "galaxy.yml", "galaxy.yaml", ".git", "*.pyc", "*.retry", "tests/output"];

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Directory,
    File,
    /// To another file of the collection.
    Link,
}

/// One member of an archive. `name` is relative, with `/`.
pub(crate) struct Member {
    pub name: String,
    pub path: PathBuf,
    pub kind: Kind,
}

/// What of `root` belongs to the collection, directories before what is in them.
pub(crate) fn members(root: &Path, galaxy: &GalaxyYml, warnings: &mut Vec<Diagnostic>) -> Result<Vec<Member>, Refusal> {
    let root = fs_err::canonicalize(root)?;
    let mut found = Vec::new();
    match &galaxy.manifest {
        None => walk(&root, "", &ignore(galaxy)?, &mut found, warnings)?,
        Some((omit, own)) => {
            let mut all = Vec::new();
            walk(&root, "", &|_| false, &mut all, warnings)?;
            let files: Vec<String> =
                all.iter().filter(|member| member.kind != Kind::Directory).map(|member| member.name.clone()).collect();
            let lines = directives::directives(*omit, own, &galaxy.full_name(), galaxy.text("license_file"));
            let chosen: BTreeSet<String> = directives::chosen(&files, &lines)
                .map_err(|why| Refusal::from(Diagnostic::error(why)))?
                .into_iter()
                .collect();
            let holds = |directory: &str| {
                let start = format!("{directory}/");
                chosen.range(start.clone()..).next().is_some_and(|name| name.starts_with(&start))
            };
            all.retain(|member| match member.kind {
                Kind::Directory => holds(&member.name),
                _ => chosen.contains(&member.name),
            });
            found = all;
        }
    }
    Ok(found)
}

type Ignore = dyn Fn(&str) -> bool;

fn ignore(galaxy: &GalaxyYml) -> Result<Box<Ignore>, Refusal> {
    let archives = format!("{}-{}-*.tar.gz", galaxy.text("namespace"), galaxy.text("name"));
    let patterns =
        IGNORED.iter().map(|text| (*text).to_owned()).chain([archives]).chain(galaxy.build_ignore.iter().cloned());
    let globs = patterns.map(|pattern| {
        // As fnmatch has it: `*` stands for anything, directories too.
        let glob = GlobBuilder::new(&pattern).literal_separator(false).backslash_escape(false).build();
        glob.map(|glob| glob.compile_matcher())
            .map_err(|error| Refusal::from(Diagnostic::error(format!("build_ignore: {error}"))))
    });
    let globs = globs.collect::<Result<Vec<_>, _>>()?;
    Ok(Box::new(move |name| globs.iter().any(|glob| glob.is_match(name))))
}

fn walk(
    root: &Path,
    below: &str,
    ignored: &Ignore,
    found: &mut Vec<Member>,
    warnings: &mut Vec<Diagnostic>,
) -> Result<(), Refusal> {
    let mut entries = fs_err::read_dir(root.join(below))?.collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(fs_err::DirEntry::file_name);
    for entry in entries {
        let own = entry.file_name().to_string_lossy().into_owned();
        let name = if below.is_empty() { own } else { format!("{below}/{own}") };
        if ignored(&name) {
            continue;
        }
        let (path, kind) = (entry.path(), entry.file_type()?);
        if kind.is_symlink() {
            match fs_err::canonicalize(&path) {
                Ok(target) if target.starts_with(root) => found.push(Member { name, path, kind: Kind::Link }),
                _ => warnings.push(Diagnostic::warning(format!(
                    "Skipping '{}' as it is a symbolic link to something outside the collection",
                    path.display()
                ))),
            }
        } else if kind.is_dir() {
            found.push(Member { name: name.clone(), path, kind: Kind::Directory });
            walk(root, &name, ignored, found, warnings)?;
        } else if kind.is_file() {
            found.push(Member { name, path, kind: Kind::File });
        }
    }
    Ok(())
}

/// The entries of `FILES.json`.
pub(crate) fn entries(members: &[Member]) -> Result<Vec<Json>, Refusal> {
    let entry = |member: &Member| {
        Ok(if member.path.is_dir() {
            file_entry(&member.name, None)
        } else {
            file_entry(&member.name, Some(&sha256(&fs_err::read(&member.path)?)))
        })
    };
    std::iter::once(Ok(file_entry(".", None))).chain(members.iter().map(entry)).collect()
}
