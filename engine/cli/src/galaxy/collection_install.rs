//! `collection install`: what is asked for and all it needs, checked against the sums it brings, put in its place.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use kapell_callback::{Color, Display};
use kapell_parsing::Diagnostic;
use serde_json::Value as Json;

use super::collection_files;
use super::collection_source::{Candidate, Content, Requirement, look};
use super::installed::{Installed, collections_dir, installed_in};
use super::manifest::{GalaxyYml, describe, documents, sha256};
use super::resolution::{Provider, Rules, Wish, resolve};
use super::server::Server;
use super::version::{self, Constraint};
use super::{archive, collection_build};
use crate::refusal::Refusal;

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Options {
    pub force: bool,
    pub force_with_deps: bool,
    pub no_deps: bool,
    pub upgrade: bool,
    pub pre: bool,
    pub ignore_errors: bool,
    pub offline: bool,
}

/// What a resolution starts from.
pub(crate) struct Shelf<'s> {
    pub servers: &'s [Server],
    pub offline: bool,
    /// Those found at other places than servers.
    local: BTreeMap<String, Candidate>,
    /// Those that are there already and stay.
    kept: BTreeMap<String, Installed>,
    /// The servers that some must come from.
    bound: BTreeMap<String, String>,
    known: BTreeMap<String, Vec<(String, usize)>>,
}

impl<'s> Shelf<'s> {
    pub(crate) fn new(servers: &'s [Server], offline: bool) -> Self {
        let (local, kept) = (BTreeMap::new(), BTreeMap::new());
        Self { servers, offline, local, kept, bound: BTreeMap::new(), known: BTreeMap::new() }
    }

    /// Looks at the places `requirements` name; what is asked of each collection.
    pub(crate) fn wishes(
        &mut self,
        requirements: &[Requirement],
        warnings: &mut Vec<Diagnostic>,
    ) -> Result<Vec<(String, Wish)>, Refusal> {
        let mut wishes = Vec::new();
        for requirement in requirements {
            if let Some(name) = &requirement.name
                && matches!(requirement.place, super::collection_source::Place::Galaxy)
            {
                self.bound.extend(requirement.server.iter().map(|server| (name.clone(), server.clone())));
                wishes.push((name.clone(), Wish { constraint: requirement.constraint.clone(), by: None }));
            }
            for candidate in look(requirement, self.servers, warnings)? {
                let constraint = Constraint::parse(&candidate.version);
                wishes.push((candidate.full_name.clone(), Wish { constraint, by: None }));
                self.local.insert(candidate.full_name.clone(), candidate);
            }
        }
        Ok(wishes)
    }
}

impl Provider for Shelf<'_> {
    fn versions(&mut self, name: &str) -> Result<Vec<String>, String> {
        if let Some(candidate) = self.local.get(name) {
            return Ok(vec![candidate.version.clone()]);
        }
        let kept = self.kept.get(name).map(|installed| installed.version.clone());
        let mut versions = self.remote_versions(name, kept.is_none())?;
        version::sort_highest_first(&mut versions);
        Ok(kept.into_iter().chain(versions).collect())
    }

    fn candidate(&mut self, name: &str, version: &str) -> Result<Option<Candidate>, String> {
        if let Some(candidate) = self.local.get(name).filter(|candidate| candidate.version == version) {
            return Ok(Some(candidate.clone()));
        }
        if let Some(installed) = self.kept.get(name).filter(|installed| installed.version == version) {
            return Ok(Some(Candidate {
                full_name: name.to_owned(),
                version: version.to_owned(),
                dependencies: installed.dependencies.clone(),
                content: Content::Installed,
            }));
        }
        let at = self.known.get(name).and_then(|known| known.iter().find(|(own, _)| own == version));
        let Some((server, (namespace, short))) = at.map(|(_, server)| *server).zip(name.split_once('.')) else {
            return Ok(None);
        };
        let told = self.servers[server].version(namespace, short, version)?;
        Ok(told.map(|told| Candidate {
            full_name: name.to_owned(),
            version: version.to_owned(),
            dependencies: told.dependencies.iter().map(|(name, c)| (name.clone(), Constraint::parse(c))).collect(),
            content: Content::Remote { server, url: told.download_url, sha256: told.sha256 },
        }))
    }
}

impl Shelf<'_> {
    /// What the first server that has the collection offers. An error only counts when no other server has it.
    fn remote_versions(&mut self, name: &str, needed: bool) -> Result<Vec<String>, String> {
        if self.offline || !super::manifest::is_full_name(name) {
            return Ok(Vec::new());
        }
        if !self.known.contains_key(name) {
            let (namespace, short) = name.split_once('.').unwrap_or((name, ""));
            let bound = self.bound.get(name);
            let mut failed = None;
            let mut found = Vec::new();
            for (index, server) in self.servers.iter().enumerate() {
                if bound.is_some_and(|bound| bound != server.name() && bound.trim_end_matches('/') != server.url()) {
                    continue;
                }
                match server.versions(namespace, short) {
                    Ok(versions) if versions.is_empty() => {}
                    Ok(versions) => {
                        found = versions.into_iter().map(|version| (version, index)).collect();
                        break;
                    }
                    Err(why) => failed = failed.or(Some(why)),
                }
            }
            if let Some(why) = failed.filter(|_| found.is_empty() && needed) {
                return Err(why);
            }
            self.known.insert(name.to_owned(), found);
        }
        Ok(self.known[name].iter().map(|(version, _)| version.clone()).collect())
    }
}

pub(crate) struct Install<'a> {
    pub servers: &'a [Server],
    pub options: Options,
    /// Where they go.
    pub target: PathBuf,
    /// Where they may be already.
    pub paths: Vec<PathBuf>,
    pub display: &'a Display,
}

impl Install<'_> {
    pub(crate) fn run(&self, requirements: &[Requirement], warnings: &mut Vec<Diagnostic>) -> Result<(), Refusal> {
        self.say("Starting galaxy collection install process");
        let mut there: BTreeMap<String, Installed> = BTreeMap::new();
        for installed in self.paths.iter().rev().chain([&self.target]).flat_map(|path| installed_in(path)) {
            there.insert(installed.full_name.clone(), installed);
        }
        let mut shelf = Shelf::new(self.servers, self.options.offline);
        let wishes = shelf.wishes(requirements, warnings)?;
        let forced = self.options.force || self.options.force_with_deps;
        let is_there = |(name, wish): &(String, Wish)| {
            there.get(name).is_some_and(|installed| wish.constraint.allows(&installed.version))
        };
        if !forced && !self.options.upgrade && wishes.iter().all(is_there) {
            self.say(
                "Nothing to do. All requested collections are already installed. If you want to reinstall them, consider \
                 using `--force`.",
            );
            return Ok(());
        }
        self.say("Process install dependency map");
        let requested: Vec<&String> = wishes.iter().map(|(name, _)| name).collect();
        let is_fresh = |name: &String| {
            self.options.force_with_deps || self.options.upgrade || (forced && requested.contains(&name))
        };
        shelf.kept = there.iter().filter(|(name, _)| !is_fresh(name)).map(|(n, i)| (n.clone(), i.clone())).collect();
        let rules = Rules { prereleases: self.options.pre, dependencies: !self.options.no_deps };
        let chosen = resolve(wishes.clone(), &mut shelf, rules).map_err(|why| Refusal::from(Diagnostic::error(why)))?;
        self.say("Starting collection install process");
        for candidate in chosen {
            self.place(&candidate, &there, warnings)?;
        }
        Ok(())
    }

    fn say(&self, text: &str) {
        self.display.out(text, Color::Plain);
    }

    fn place(
        &self,
        candidate: &Candidate,
        there: &BTreeMap<String, Installed>,
        warnings: &mut Vec<Diagnostic>,
    ) -> Result<(), Refusal> {
        let shown = format!("{}:{}", candidate.full_name, candidate.version);
        let same = there.get(&candidate.full_name).is_some_and(|installed| installed.version == candidate.version);
        let is_kept = matches!(candidate.content, Content::Installed);
        if is_kept || (same && self.options.upgrade && !self.options.force && !self.options.force_with_deps) {
            self.say(&format!("'{shown}' is already installed, skipping."));
            return Ok(());
        }
        match self.install(candidate, &shown, warnings) {
            Err(refusal) if self.options.ignore_errors => {
                let why = refusal.errors.first().map(|error| error.message.clone()).unwrap_or_default();
                let message = format!(
                    "Failed to install collection {shown} but skipping due to --ignore-errors being set. Error: {why}"
                );
                warnings.push(Diagnostic::warning(message));
                Ok(())
            }
            ended => ended,
        }
    }

    fn install(&self, candidate: &Candidate, shown: &str, warnings: &mut Vec<Diagnostic>) -> Result<(), Refusal> {
        let (namespace, name) = candidate.full_name.split_once('.').unwrap_or_default();
        let parent = collections_dir(&self.target).join(namespace);
        let target = parent.join(name);
        let archive = match &candidate.content {
            Content::Remote { server, url, sha256: sum } => {
                let server = &self.servers[*server];
                self.say(&format!("Downloading {url}"));
                Some((url.clone(), download(server, url, sum)?))
            }
            Content::Archive { label, bytes } => Some((label.clone(), bytes.to_vec())),
            _ => None,
        };
        self.say(&format!("Installing '{shown}' to '{}'", target.display()));
        fs_err::create_dir_all(&parent)?;
        let fresh = tempfile::Builder::new().prefix(".kapell-").tempdir_in(&parent)?;
        let inner = fresh.path().join(name);
        fs_err::create_dir(&inner)?;
        match (&archive, &candidate.content) {
            (Some((label, bytes)), _) => {
                unpack(bytes, &inner, label).map_err(|why| Refusal::from(Diagnostic::error(why)))?;
            }
            (None, Content::Directory { path, .. }) => {
                copy(path, &inner, warnings)?;
                self.say(&format!("Created collection for {shown} at {}", target.display()));
            }
            _ => {}
        }
        replace(&inner, &target)?;
        self.say(&format!("{shown} was installed successfully"));
        Ok(())
    }
}

/// `fresh` in the place of `target`.
pub(crate) fn replace(fresh: &Path, target: &Path) -> Result<(), Refusal> {
    if target.is_symlink() || target.is_file() {
        fs_err::remove_file(target)?;
    } else if target.exists() {
        fs_err::remove_dir_all(target)?;
    }
    Ok(fs_err::rename(fresh, target)?)
}

/// An archive with the sum its server names for it.
pub(crate) fn download(server: &Server, url: &str, sum: &str) -> Result<Vec<u8>, Refusal> {
    let bytes = server.download(url).map_err(|why| Refusal::from(Diagnostic::error(why)))?;
    let own = sha256(&bytes);
    if !sum.is_empty() && own != sum {
        let message = format!("Mismatch artifact hash with downloaded file: {url} has {own}, its server names {sum}");
        return Err(Diagnostic::error(message).into());
    }
    Ok(bytes)
}

/// The files that `FILES.json` lists, each with the sum it has there, `FILES.json` with that of `MANIFEST.json`.
fn unpack(bytes: &[u8], target: &Path, label: &str) -> Result<(), String> {
    archive::unpack(bytes, target, &|path| Some(path.to_owned()))?;
    let read =
        |name: &str| fs_err::read(target.join(name)).map_err(|_| format!("The collection at '{label}' has no {name}"));
    let manifest = describe(&read("MANIFEST.json")?)?;
    let files = read("FILES.json")?;
    let mismatch = |name: &str| format!("Checksum mismatch for '{name}' inside collection at '{label}'");
    if sha256(&files) != manifest.files_sum {
        return Err(mismatch("FILES.json"));
    }
    let listed: Json = serde_json::from_slice(&files).map_err(|error| format!("FILES.json is no JSON: {error}"))?;
    let entries = listed.get("files").and_then(Json::as_array).cloned().unwrap_or_default();
    let mut expected = vec![target.join("MANIFEST.json"), target.join("FILES.json")];
    for entry in &entries {
        let text = |key: &str| entry.get(key).and_then(Json::as_str).unwrap_or_default();
        let path = target.join(text("name"));
        if text("ftype") == "file" {
            let content = fs_err::read(&path)
                .map_err(|_| format!("The collection at '{label}' lacks the file '{}' that it lists", text("name")))?;
            if sha256(&content) != text("chksum_sha256") {
                return Err(mismatch(text("name")));
            }
        } else {
            fs_err::create_dir_all(&path).map_err(|error| error.to_string())?;
        }
        expected.push(path);
    }
    expected.sort();
    remove_unlisted(target, &expected).map_err(|error| error.to_string())
}

/// What the archive holds beside what it lists is nobody's.
fn remove_unlisted(directory: &Path, expected: &[PathBuf]) -> std::io::Result<()> {
    for entry in fs_err::read_dir(directory)? {
        let entry = entry?;
        let path = entry.path();
        let is_dir = entry.file_type()?.is_dir();
        if is_dir {
            remove_unlisted(&path, expected)?;
        }
        if expected.binary_search(&path).is_err() {
            match is_dir {
                true if fs_err::read_dir(&path)?.next().is_none() => fs_err::remove_dir(&path)?,
                true => {}
                false => fs_err::remove_file(&path)?,
            }
        }
    }
    Ok(())
}

/// What would be in the archive of `source`, without one.
fn copy(source: &Path, target: &Path, warnings: &mut Vec<Diagnostic>) -> Result<(), Refusal> {
    let galaxy_yml = source.join("galaxy.yml");
    if !galaxy_yml.is_file() {
        return copy_tree(source, target);
    }
    let galaxy = GalaxyYml::read(&galaxy_yml, warnings)?;
    let members = collection_files::members(source, &galaxy, warnings)?;
    let (manifest, files) = documents(&galaxy.info, collection_files::entries(&members)?);
    fs_err::write(target.join("MANIFEST.json"), manifest)?;
    fs_err::write(target.join("FILES.json"), files)?;
    for member in &members {
        let to = target.join(&member.name);
        match member.kind {
            collection_files::Kind::Directory => fs_err::create_dir_all(&to)?,
            collection_files::Kind::Link => {
                std::os::unix::fs::symlink(collection_build::link_target(member)?, &to)?;
            }
            collection_files::Kind::File => _ = fs_err::copy(&member.path, &to)?,
        }
    }
    Ok(())
}

/// An unpacked collection as it is, without links.
fn copy_tree(source: &Path, target: &Path) -> Result<(), Refusal> {
    for entry in fs_err::read_dir(source)? {
        let entry = entry?;
        let (kind, to) = (entry.file_type()?, target.join(entry.file_name()));
        if kind.is_dir() {
            fs_err::create_dir(&to)?;
            copy_tree(&entry.path(), &to)?;
        } else if kind.is_file() {
            fs_err::copy(entry.path(), &to)?;
        }
    }
    Ok(())
}
