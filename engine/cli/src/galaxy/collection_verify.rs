//! `collection verify`: whether the files of an installed collection are those that were published.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use kapell_callback::{Color, Display};
use kapell_parsing::Diagnostic;
use serde_json::Value as Json;

use super::archive;
use super::collection_install::download;
use super::collection_source::{Place, Requirement};
use super::installed::find;
use super::manifest::{describe, sha256};
use super::server::Server;
use crate::refusal::Refusal;

pub(crate) struct Verify<'a> {
    pub servers: &'a [Server],
    pub paths: Vec<PathBuf>,
    pub offline: bool,
    pub ignore_errors: bool,
    pub display: &'a Display,
}

impl Verify<'_> {
    /// Whether all of them are as they should be.
    pub(crate) fn run(&self, requirements: &[Requirement], warnings: &mut Vec<Diagnostic>) -> Result<bool, Refusal> {
        let mut all_well = true;
        for requirement in requirements {
            match self.one(requirement) {
                Ok(well) => all_well &= well,
                Err(refusal) if self.ignore_errors => {
                    let why = refusal.errors.first().map(|error| error.message.clone()).unwrap_or_default();
                    let message = format!(
                        "Failed to verify collection {} but skipping due to --ignore-errors being set. Error: {why}",
                        requirement.written
                    );
                    warnings.push(Diagnostic::warning(message));
                }
                Err(refusal) => return Err(refusal),
            }
        }
        Ok(all_well)
    }

    fn one(&self, requirement: &Requirement) -> Result<bool, Refusal> {
        let error = |message: String| Refusal::from(Diagnostic::error(message));
        let (Some(name), Place::Galaxy) = (&requirement.name, &requirement.place) else {
            let message = format!(
                "'{}' is not a valid collection name. The format namespace.name is expected.",
                requirement.written
            );
            return Err(error(message));
        };
        let found = find(name, &self.paths)
            .ok_or_else(|| error(format!("Collection {name} is not installed in any of the collection paths.")))?;
        if !found.path.join("MANIFEST.json").is_file() {
            return Err(error(format!(
                "Collection {name} does not appear to have a MANIFEST.json. A MANIFEST.json is expected if the collection has been built and installed via ansible-galaxy."
            )));
        }
        let shown = format!("{name}:{}", found.version);
        self.say(&format!("Verifying '{shown}'."));
        self.say(&format!("Installed collection found at '{}'", found.path.display()));
        let own = fs_err::read(found.path.join("MANIFEST.json"))?;
        let (manifest, origin) = match self.offline {
            true => (own.clone(), "are internally consistent with its manifest"),
            false => (self.published(name, &found.version)?, "match the remote collection"),
        };
        self.say(&format!("MANIFEST.json hash: {}", sha256(&manifest)));
        let mut modified = modified(&found.path, &manifest).map_err(error)?;
        if own != manifest {
            modified.insert(0, "MANIFEST.json".into());
        }
        if modified.is_empty() {
            self.say(&format!("Successfully verified that checksums for '{shown}' {origin}."));
            return Ok(true);
        }
        let lines = modified.iter().map(|name| format!("\n    {name}")).collect::<String>();
        self.say(&format!("Collection {name} contains modified content in the following files:{lines}"));
        Ok(false)
    }

    fn say(&self, text: &str) {
        self.display.out(text, Color::Plain);
    }

    /// The manifest of that version as a server has it.
    fn published(&self, name: &str, version: &str) -> Result<Vec<u8>, Refusal> {
        let error = |message: String| Refusal::from(Diagnostic::error(message));
        let (namespace, short) = name.split_once('.').unwrap_or_default();
        for server in self.servers {
            if let Some(remote) = server.version(namespace, short, version).map_err(error)? {
                self.say(&format!("Downloading {}", remote.download_url));
                let bytes = download(server, &remote.download_url, &remote.sha256)?;
                let manifest = archive::file(&bytes, "MANIFEST.json").map_err(error)?;
                return manifest.ok_or_else(|| error("the published collection has no MANIFEST.json".into()));
            }
        }
        Err(error(format!("Failed to find remote collection {name}:{version} on any of the galaxy servers")))
    }
}

/// Names of files that are not as listed, then of those that are not listed.
fn modified(root: &Path, manifest: &[u8]) -> Result<Vec<String>, String> {
    let described = describe(manifest)?;
    let files = fs_err::read(root.join("FILES.json")).unwrap_or_default();
    if sha256(&files) != described.files_sum {
        return Ok(vec!["FILES.json".into()]);
    }
    let listed: Json = serde_json::from_slice(&files).map_err(|error| error.to_string())?;
    let mut known: BTreeSet<String> = ["MANIFEST.json", "FILES.json"].map(String::from).into();
    let mut modified = Vec::new();
    for entry in listed.get("files").and_then(Json::as_array).into_iter().flatten() {
        let text = |key: &str| entry.get(key).and_then(Json::as_str).unwrap_or_default();
        known.insert(text("name").to_owned());
        let is_whole =
            || fs_err::read(root.join(text("name"))).is_ok_and(|bytes| sha256(&bytes) == text("chksum_sha256"));
        if text("ftype") == "file" && !is_whole() {
            modified.push(text("name").to_owned());
        }
    }
    let mut there = Vec::new();
    names(root, "", &mut there).map_err(|error| error.to_string())?;
    modified.extend(there.into_iter().filter(|name| !known.contains(name)));
    Ok(modified)
}

fn names(root: &Path, below: &str, found: &mut Vec<String>) -> std::io::Result<()> {
    let mut entries = fs_err::read_dir(root.join(below))?.collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(fs_err::DirEntry::file_name);
    for entry in entries {
        let own = entry.file_name().to_string_lossy().into_owned();
        let name = if below.is_empty() { own } else { format!("{below}/{own}") };
        if [".git", "__pycache__"].contains(&name.rsplit('/').next().unwrap_or_default()) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            names(root, &name, found)?;
        }
        found.push(name);
    }
    Ok(())
}
