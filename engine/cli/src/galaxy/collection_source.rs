//! Where a collection comes from, and the `Candidate` that is made of it.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use kapell_parsing::Diagnostic;
use tempfile::TempDir;

use super::manifest::{Described, GalaxyYml, dependencies, describe};
use super::server::Server;
use super::version::Constraint;
use super::{archive, git};
use crate::refusal::Refusal;

/// A collection somebody asked for.
#[derive(Clone, Debug)]
pub(crate) struct Requirement {
    /// `namespace.name`, where it is known before looking.
    pub name: Option<String>,
    pub constraint: Constraint,
    pub place: Place,
    /// The server it must come from: its name or address.
    pub server: Option<String>,
    pub written: String,
}

#[derive(Clone, Debug)]
pub(crate) enum Place {
    Galaxy,
    File(PathBuf),
    /// With a `galaxy.yml`, or unpacked.
    Directory(PathBuf),
    /// Whose directories are collections.
    Subdirectories(PathBuf),
    Git {
        url: String,
        directory: Option<String>,
    },
    Url(String),
}

impl Place {
    /// `git+https://host/repository.git#directory`
    pub(crate) fn git(written: &str) -> Self {
        let url = written.strip_prefix("git+").unwrap_or(written);
        let (url, directory) = url.split_once('#').map_or((url, None), |(url, dir)| (url, Some(dir.to_owned())));
        Self::Git { url: url.to_owned(), directory: directory.map(|dir| dir.trim_matches('/').to_owned()) }
    }
}

/// A collection that could be installed.
#[derive(Clone)]
pub(crate) struct Candidate {
    pub full_name: String,
    pub version: String,
    pub dependencies: Vec<(String, Constraint)>,
    pub content: Content,
}

/// Where its files are.
#[derive(Clone)]
pub(crate) enum Content {
    Archive {
        label: String,
        bytes: Rc<Vec<u8>>,
    },
    /// The directory is kept as long as somebody needs it.
    Directory {
        path: PathBuf,
        _kept: Option<Rc<TempDir>>,
    },
    /// At the server of this number.
    Remote {
        server: usize,
        url: String,
        sha256: String,
    },
    /// It is there and stays.
    Installed,
}

/// The candidates at a place other than a Galaxy server. `cache` fetches addresses.
pub(crate) fn look(
    requirement: &Requirement,
    servers: &[Server],
    warnings: &mut Vec<Diagnostic>,
) -> Result<Vec<Candidate>, Refusal> {
    match &requirement.place {
        Place::Galaxy => Ok(Vec::new()),
        Place::File(path) => {
            let bytes = fs_err::read(path)?;
            Ok(vec![of_archive(&std::path::absolute(path)?.display().to_string(), bytes)?])
        }
        Place::Url(url) => {
            let bytes = match (url.strip_prefix("file://"), servers.first()) {
                (Some(path), _) => fs_err::read(path)?,
                (None, Some(server)) => server.download(url).map_err(|why| Refusal::from(Diagnostic::error(why)))?,
                (None, None) => Vec::new(),
            };
            Ok(vec![of_archive(url, bytes)?])
        }
        Place::Directory(path) => Ok(vec![of_directory(path, None, warnings)?]),
        Place::Subdirectories(path) => subdirectories(path, None, &requirement.written, warnings),
        Place::Git { url, directory } => {
            let kept = Rc::new(tempfile::tempdir()?);
            let clone = kept.path().join("clone");
            let version = Some(requirement.constraint.to_string());
            git::checkout(url, version.as_deref(), &clone).map_err(|why| Refusal::from(Diagnostic::error(why)))?;
            let path = inside(&clone, directory.as_deref().unwrap_or_default())?;
            if path.join("galaxy.yml").is_file() || path.join("MANIFEST.json").is_file() {
                return Ok(vec![of_directory(&path, Some(kept), warnings)?]);
            }
            subdirectories(&path, Some(&kept), &requirement.written, warnings)
        }
    }
}

/// A directory of a repository, and not one beside it.
fn inside(root: &Path, directory: &str) -> Result<PathBuf, Refusal> {
    let path = fs_err::canonicalize(root.join(directory))?;
    if path.starts_with(fs_err::canonicalize(root)?) {
        return Ok(path);
    }
    Err(Diagnostic::error(format!("'{directory}' is not in the repository")).into())
}

fn subdirectories(
    path: &Path,
    kept: Option<&Rc<TempDir>>,
    written: &str,
    warnings: &mut Vec<Diagnostic>,
) -> Result<Vec<Candidate>, Refusal> {
    let mut paths: Vec<PathBuf> = fs_err::read_dir(path)?.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| path.join("galaxy.yml").is_file() || path.join("MANIFEST.json").is_file());
    paths.sort();
    if paths.is_empty() {
        let message = format!("{written} is not a collection or a directory of collections: there is no galaxy.yml");
        return Err(Diagnostic::error(message).into());
    }
    paths.iter().map(|path| of_directory(path, kept.cloned(), warnings)).collect()
}

fn of_archive(label: &str, bytes: Vec<u8>) -> Result<Candidate, Refusal> {
    let described = described(&bytes)
        .map_err(|why| Refusal::from(Diagnostic::error(format!("Collection at '{label}' cannot be read: {why}"))))?;
    let content = Content::Archive { label: label.to_owned(), bytes: Rc::new(bytes) };
    Ok(candidate(described, content))
}

/// What an archive says of itself.
pub(crate) fn described(bytes: &[u8]) -> Result<Described, String> {
    let manifest = archive::file(bytes, "MANIFEST.json")?;
    describe(&manifest.ok_or("the collection tar archive does not contain the required file MANIFEST.json")?)
}

fn candidate(described: Described, content: Content) -> Candidate {
    let Described { full_name, version, dependencies, .. } = described;
    Candidate { full_name, version, dependencies, content }
}

fn of_directory(path: &Path, kept: Option<Rc<TempDir>>, warnings: &mut Vec<Diagnostic>) -> Result<Candidate, Refusal> {
    let path = std::path::absolute(path)?;
    let content = Content::Directory { path: path.clone(), _kept: kept };
    let manifest = path.join("MANIFEST.json");
    if !path.join("galaxy.yml").is_file() && manifest.is_file() {
        let described = describe(&fs_err::read(manifest)?).map_err(|why| Refusal::from(Diagnostic::error(why)))?;
        return Ok(candidate(described, content));
    }
    let galaxy = GalaxyYml::read(&path.join("galaxy.yml"), warnings)?;
    let (full_name, version) = (galaxy.full_name(), galaxy.text("version").to_owned());
    if !super::manifest::is_full_name(&full_name) {
        return Err(Diagnostic::error(format!("'{full_name}' of {} is no name of a collection", path.display())).into());
    }
    Ok(Candidate { full_name, version, dependencies: dependencies(galaxy.info.get("dependencies")), content })
}
