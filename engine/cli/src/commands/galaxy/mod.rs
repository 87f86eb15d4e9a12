//! `kapell galaxy`, and `ansible-galaxy`: roles and collections are built, installed, listed, checked and removed.

mod args;
mod collection;
mod role;

use std::path::PathBuf;
use std::process::ExitCode;

use kapell_callback::{Color, Display};
use kapell_config::Settings;
use kapell_parsing::{Diagnostic, Map, VaultSecrets};

pub(crate) use self::args::GalaxyCommand;
use self::args::{Kind, RoleAction, ServerArgs};
use crate::exit_code::Exit;
use crate::galaxy::requirements::{self, Requirements};
use crate::galaxy::server::Server;
use crate::galaxy::servers::{Chosen, servers};
use crate::refusal::{Refusal, conclude};
use crate::{extra_vars, foundation, version};

pub(crate) fn main(command: GalaxyCommand) -> ExitCode {
    conclude(|warnings| run(command, warnings))
}

fn run(command: GalaxyCommand, warnings: &mut Vec<Diagnostic>) -> Result<Exit, Refusal> {
    let settings = foundation::settings(warnings)?;
    let display = Display::new(settings.nocolor, settings.force_color);
    if command.version {
        display.out(&version::text("ansible-galaxy", &settings), Color::Plain);
        return Ok(Exit::Ok);
    }
    version::say_config_file(&display, &settings, command.verbose.max(settings.verbosity));
    let bench = Bench { settings, display };
    match command.kind {
        Some(Kind::Collection { action }) => collection::run(action, &bench, warnings),
        Some(Kind::Role { action }) => role::run(action, &bench, false, warnings),
        // Without a type it is about roles; `install -r` then installs collections, too.
        Some(Kind::Implicit(action)) => role::run(action, &bench, true, warnings),
        None => Err(Refusal::new(
            Exit::FailedHosts,
            vec![
                Diagnostic::error("say what it is about: collection or role").hint("--help shows the commands of both"),
            ],
        )),
    }
}

/// What all commands work with.
struct Bench {
    settings: Settings,
    display: Display,
}

impl Bench {
    fn servers(&self, args: &ServerArgs) -> Result<Vec<Server>, Refusal> {
        let chosen = Chosen {
            server: args.server.clone(),
            token: args.token.clone(),
            ignore_certs: args.ignore_certs,
            timeout: args.timeout,
        };
        servers(&chosen, &self.settings)
    }

    fn extra_vars(&self, texts: &[String], warnings: &mut Vec<Diagnostic>) -> Result<Map, Refusal> {
        extra_vars::load(texts, &VaultSecrets::default(), self.settings.hash_behaviour, warnings)
    }
}

/// `-r FILE` or names, one of them.
fn required(file: Option<&PathBuf>, names: &[String], what: &str) -> Result<Option<Requirements>, Refusal> {
    match (file, names) {
        (Some(_), [_, ..]) => {
            let message = "The positional collection_name arg and --requirements-file are mutually exclusive.";
            Err(Diagnostic::error(message).into())
        }
        (Some(file), []) => requirements::read(file).map(Some),
        (None, []) => Err(Refusal::from(Diagnostic::error(what.to_owned()))),
        (None, _) => Ok(None),
    }
}

/// Whole paths; several may stand in one text.
fn absolute(paths: &[String]) -> Vec<PathBuf> {
    let all = paths.iter().flat_map(|text| text.split(':')).filter(|text| !text.is_empty()).map(PathBuf::from);
    all.map(|path| std::path::absolute(&path).unwrap_or(path)).collect()
}

/// The action `install` of a role, with what it installs beside.
fn is_default_place(action: &RoleAction) -> bool {
    matches!(action, RoleAction::Install { roles_path, .. } if roles_path.is_empty())
}
