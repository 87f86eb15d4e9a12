//! The commands about roles.

use std::path::PathBuf;

use kapell_parsing::Diagnostic;

use super::args::RoleAction;
use super::{Bench, absolute, collection, is_default_place};
use crate::exit_code::Exit;
use crate::galaxy::requirements::{self, Requirements};
use crate::galaxy::role_install::{Install, Options};
use crate::galaxy::role_source::RoleSource;
use crate::galaxy::skeleton::Init;
use crate::galaxy::{role_info, roles};
use crate::refusal::Refusal;

pub(super) fn run(
    action: RoleAction,
    bench: &Bench,
    implicit: bool,
    warnings: &mut Vec<Diagnostic>,
) -> Result<Exit, Refusal> {
    let paths = |given: &[String]| {
        let mut paths = absolute(given);
        paths.extend(bench.settings.roles_path.iter().cloned());
        paths
    };
    let with_collections = implicit && is_default_place(&action);
    match action {
        RoleAction::Init { role_name, force, init_path, role_skeleton, kind, extra_vars, .. } => {
            let skeleton = role_skeleton.or_else(|| bench.settings.galaxy_role_skeleton.clone());
            let extra_vars = bench.extra_vars(&extra_vars, warnings)?;
            let (name, display) = (role_name.as_str(), &bench.display);
            Init { name, below: init_path, force, skeleton, kind: &kind, extra_vars, display }.role()?;
        }
        RoleAction::Remove { roles, roles_path, .. } => {
            roles::remove(&roles, &first(&paths(&roles_path)), &bench.display)?;
        }
        RoleAction::List { role, roles_path, .. } => {
            roles::list(role.as_deref(), &paths(&roles_path), &bench.display, warnings);
        }
        RoleAction::Info { roles, roles_path, offline, servers } => {
            let servers = if offline { Vec::new() } else { bench.servers(&servers)? };
            role_info::show(&roles, &paths(&roles_path), &servers, &bench.display)?;
        }
        RoleAction::Install {
            roles,
            servers,
            force,
            roles_path,
            ignore_errors,
            no_deps,
            force_with_deps,
            role_file,
            keep_scm_meta,
        } => {
            let found = sources(&roles, role_file.as_ref())?;
            let options = Options { force, force_with_deps, no_deps, ignore_errors, keep_scm_meta };
            let servers = bench.servers(&servers)?;
            let target = first(&paths(&roles_path));
            if !found.roles.is_empty() || !with_collections {
                if found.roles.is_empty() {
                    bench.display.out("Skipping install, no requirements found", kapell_callback::Color::Plain);
                } else {
                    Install { servers: &servers, options, target, display: &bench.display }
                        .run(found.roles, warnings)?;
                }
            }
            if !found.collections.is_empty() {
                if with_collections {
                    let options = crate::galaxy::collection_install::Options {
                        force,
                        force_with_deps,
                        no_deps,
                        ignore_errors,
                        ..Default::default()
                    };
                    collection::install(&found.collections, &servers, options, None, bench, warnings)?;
                } else if implicit {
                    warnings.push(Diagnostic::warning(ignored(role_file.as_ref())));
                }
            }
        }
    }
    Ok(Exit::Ok)
}

fn first(paths: &[PathBuf]) -> PathBuf {
    paths.first().cloned().unwrap_or_default()
}

fn sources(names: &[String], file: Option<&PathBuf>) -> Result<Requirements, Refusal> {
    if let Some(file) = file {
        let is_yaml = file.extension().is_some_and(|ending| ending == "yml" || ending == "yaml");
        let found = requirements::read(file)?;
        if !is_yaml {
            return Err(Diagnostic::error(
                "Invalid role requirements file, it must end with a .yml or .yaml extension",
            )
            .into());
        }
        return Ok(found);
    }
    if names.is_empty() {
        return Err(Refusal::options("- you must specify a user/role name or a roles file"));
    }
    let roles = names.iter().map(|name| RoleSource::parse(name)).collect::<Result<_, _>>();
    let roles = roles.map_err(|why| Refusal::from(Diagnostic::error(why)))?;
    Ok(Requirements { roles, collections: Vec::new() })
}

fn ignored(file: Option<&PathBuf>) -> String {
    let file = file.map(|file| std::path::absolute(file).unwrap_or_else(|_| file.clone())).unwrap_or_default();
    format!(
        "The requirements file '{}' contains collections which will be ignored. To install these collections run \
         'ansible-galaxy collection install -r' or to install both at the same time run 'ansible-galaxy install -r' \
         without a custom install path.",
        file.display()
    )
}
