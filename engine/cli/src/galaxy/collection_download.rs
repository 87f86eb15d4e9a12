//! `collection download`: archives of collections and all they need, with a `requirements.yml` that installs them.

use std::path::Path;

use kapell_callback::{Color, Display};
use kapell_parsing::Diagnostic;

use super::collection_build;
use super::collection_install::{Shelf, download};
use super::collection_source::{Content, Requirement};
use super::resolution::{Rules, resolve};
use super::server::Server;
use crate::refusal::Refusal;

/// Into `target`, which is made if needed.
pub(crate) fn download_all(
    requirements: &[Requirement],
    servers: &[Server],
    rules: Rules,
    target: &Path,
    display: &Display,
    warnings: &mut Vec<Diagnostic>,
) -> Result<(), Refusal> {
    let target = std::path::absolute(target)?;
    let shown = target.display();
    let say = |text: String| display.out(&text, Color::Plain);
    fs_err::create_dir_all(&target)?;
    say("Process download dependency map".into());
    let mut shelf = Shelf::new(servers, false);
    let wishes = shelf.wishes(requirements, warnings)?;
    let chosen = resolve(wishes, &mut shelf, rules).map_err(|why| Refusal::from(Diagnostic::error(why)))?;
    say(format!("Starting collection download process to '{shown}'"));
    let mut list = String::from("collections:\n");
    for candidate in chosen {
        let name = format!("{}:{}", candidate.full_name, candidate.version);
        let file = format!("{}-{}.tar.gz", candidate.full_name.replacen('.', "-", 1), candidate.version);
        if file.contains('/') {
            return Err(Diagnostic::error(format!("'{file}' is no file name")).into());
        }
        say(format!("Downloading collection '{name}' to '{shown}'"));
        match &candidate.content {
            Content::Remote { server, url, sha256 } => {
                say(format!("Downloading {url}"));
                fs_err::write(target.join(&file), download(&servers[*server], url, sha256)?)?;
            }
            Content::Archive { bytes, .. } => fs_err::write(target.join(&file), bytes.as_slice())?,
            Content::Directory { path, .. } => {
                collection_build::build(std::slice::from_ref(path), &target, true, display, warnings)?;
            }
            Content::Installed => {}
        }
        say(format!("Collection '{name}' was downloaded successfully"));
        list.push_str(&format!("- name: {file}\n  version: {}\n", candidate.version));
    }
    let requirements = target.join("requirements.yml");
    say(format!("Writing requirements.yml file of downloaded collections to '{}'", requirements.display()));
    Ok(fs_err::write(requirements, list)?)
}
