//! The commands about collections.

use std::path::{Path, PathBuf};

use kapell_parsing::Diagnostic;

use super::args::{CollectionAction, QuietArgs};
use super::{Bench, absolute, required};
use crate::exit_code::Exit;
use crate::galaxy::collection_download::download_all;
use crate::galaxy::collection_install::{Install, Options};
use crate::galaxy::collection_source::Requirement;
use crate::galaxy::collection_verify::Verify;
use crate::galaxy::requirements::of_argument;
use crate::galaxy::resolution::Rules;
use crate::galaxy::server::Server;
use crate::galaxy::skeleton::Init;
use crate::galaxy::{collection_build, collection_list};
use crate::refusal::Refusal;

pub(super) fn run(action: CollectionAction, bench: &Bench, warnings: &mut Vec<Diagnostic>) -> Result<Exit, Refusal> {
    let display = &bench.display;
    match action {
        CollectionAction::Init { collection_name, force, init_path, collection_skeleton, extra_vars, .. } => {
            let skeleton = collection_skeleton.or_else(|| bench.settings.galaxy_collection_skeleton.clone());
            let extra_vars = bench.extra_vars(&extra_vars, warnings)?;
            let name = collection_name.as_str();
            Init { name, below: init_path, force, skeleton, kind: "", extra_vars, display }.collection()?;
        }
        CollectionAction::Build { collections, force, output_path, .. } => {
            collection_build::build(&collections, &output_path, force, display, warnings)?;
        }
        CollectionAction::Install {
            collections,
            servers,
            quiet,
            force,
            ignore_errors,
            no_deps,
            force_with_deps,
            collections_path,
            requirements_file,
            pre,
            upgrade,
            offline,
        } => {
            refuse_signatures(&quiet)?;
            let wanted = requirements(requirements_file.as_ref(), &collections)?;
            let options = Options { force, force_with_deps, no_deps, upgrade, pre, ignore_errors, offline };
            let servers = bench.servers(&servers)?;
            install(&wanted, &servers, options, collections_path.as_deref(), bench, warnings)?;
        }
        CollectionAction::List { collection, collections_path, output_format, .. } => {
            let given = absolute(&collections_path);
            let paths = searched(&given, bench);
            collection_list::list(collection.as_deref(), &paths, &given, output_format, display, warnings)?;
        }
        CollectionAction::Verify {
            collections,
            servers,
            quiet,
            collections_path,
            ignore_errors,
            offline,
            requirements_file,
        } => {
            refuse_signatures(&quiet)?;
            let wanted = requirements(requirements_file.as_ref(), &collections)?;
            let servers = bench.servers(&servers)?;
            let paths = searched(&absolute(&collections_path), bench);
            let verify = Verify { servers: &servers, paths, offline, ignore_errors, display };
            return Ok(if verify.run(&wanted, warnings)? { Exit::Ok } else { Exit::Error });
        }
        CollectionAction::Download { collections, servers, quiet, no_deps, download_path, requirements_file, pre } => {
            refuse_signatures(&quiet)?;
            let wanted = requirements(requirements_file.as_ref(), &collections)?;
            let rules = Rules { prereleases: pre, dependencies: !no_deps };
            download_all(&wanted, &bench.servers(&servers)?, rules, &download_path, display, warnings)?;
        }
    }
    Ok(Exit::Ok)
}

/// Those of the command line first, then the configured ones.
fn searched(given: &[PathBuf], bench: &Bench) -> Vec<PathBuf> {
    given.iter().chain(&bench.settings.collections_paths).cloned().collect()
}

fn requirements(file: Option<&PathBuf>, names: &[String]) -> Result<Vec<Requirement>, Refusal> {
    match required(file, names, "You must specify a collection name or a requirements file.")? {
        Some(found) => Ok(found.collections),
        None => names.iter().map(|name| of_argument(name)).collect(),
    }
}

/// To `path`, or the first configured one.
pub(super) fn install(
    wanted: &[Requirement],
    servers: &[Server],
    options: Options,
    path: Option<&Path>,
    bench: &Bench,
    warnings: &mut Vec<Diagnostic>,
) -> Result<(), Refusal> {
    let configured = &bench.settings.collections_paths;
    let target = match path {
        Some(path) => std::path::absolute(path)?,
        None => configured.first().cloned().unwrap_or_default(),
    };
    let is_read = configured.iter().any(|path| {
        let same =
            |a: &Path, b: &Path| a == b || a.join("ansible_collections") == b || b.join("ansible_collections") == a;
        same(path, &target)
    });
    if !is_read && bench.settings.galaxy_collections_path_warning {
        let all = configured.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(":");
        let message = format!(
            "The specified collections path '{}' is not part of the configured Ansible collections paths '{all}'. The \
             installed collection will not be picked up in an Ansible run, unless within a playbook-adjacent collections \
             directory.",
            target.display()
        );
        warnings.push(Diagnostic::warning(message));
    }
    let install = Install { servers, options, target, paths: configured.clone(), display: &bench.display };
    install.run(wanted, warnings)
}

/// Who asks for signatures should not think that they were verified.
fn refuse_signatures(args: &QuietArgs) -> Result<(), Refusal> {
    if args.keyring.is_none() && args.signature.is_empty() {
        return Ok(());
    }
    let message = "this program does not verify signatures of collections";
    Err(Diagnostic::error(message).hint("leave out --keyring and --signature; sums are checked").into())
}
