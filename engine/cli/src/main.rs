//! `kapell`: arguments in, exit code out. Called under an Ansible name, it is that tool.

mod args;
mod check;
mod cloud;
mod commands;
mod details;
mod docs;
mod events;
mod execution;
mod exit_code;
mod extra_vars;
mod foundation;
mod galaxy;
mod inventory;
mod json_text;
mod login;
mod module_pages;
mod open_files;
mod passwords;
mod refusal;
mod run_lock;
mod surroundings;
mod version;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};

use crate::args::{Kapell, PlaybookArgs, Subcommand};
use crate::commands::config::ConfigCommand;
use crate::commands::console::ConsoleArgs;
use crate::commands::doc::DocArgs;
use crate::commands::galaxy::GalaxyCommand;
use crate::commands::inventory::InventoryArgs;
use crate::commands::pull::PullArgs;
use crate::commands::run::RunArgs;
use crate::commands::vault::VaultCommand;

fn main() -> ExitCode {
    let argv: Vec<OsString> = std::env::args_os().collect();
    match program_name(&argv).as_str() {
        "ansible-playbook" => finish::<PlaybookArgs>(argv, commands::playbook::main),
        "ansible" => finish::<RunArgs>(argv, commands::run::main),
        "ansible-inventory" => finish::<InventoryArgs>(argv, commands::inventory::main),
        "ansible-vault" => finish::<VaultCommand>(argv, commands::vault::main),
        "ansible-config" => finish::<ConfigCommand>(argv, commands::config::main),
        "ansible-galaxy" => finish::<GalaxyCommand>(argv, commands::galaxy::main),
        "ansible-doc" => finish::<DocArgs>(argv, commands::doc::main),
        "ansible-console" => finish::<ConsoleArgs>(argv, commands::console::main),
        "ansible-pull" => finish::<PullArgs>(argv, commands::pull::main),
        _ => finish::<Kapell>(argv, run),
    }
}

fn run(kapell: Kapell) -> ExitCode {
    match kapell.command {
        Subcommand::Playbook(args) => commands::playbook::main(args),
        Subcommand::Run(args) => commands::run::main(args),
        Subcommand::Inventory(args) => commands::inventory::main(args),
        Subcommand::Vault(args) => commands::vault::main(args),
        Subcommand::Config(args) => commands::config::main(args),
        Subcommand::Galaxy(args) => commands::galaxy::main(args),
        Subcommand::Doc(args) => commands::doc::main(args),
        Subcommand::Console(args) => commands::console::main(args),
        Subcommand::Pull(args) => commands::pull::main(args),
        Subcommand::Check(args) => commands::check::main(args),
        Subcommand::Explain(args) => commands::explain::main(args),
        Subcommand::Man(args) => commands::man::main(args),
        Subcommand::Completions(args) => commands::completions::main(args),
    }
}

/// The last part of `argv[0]`.
fn program_name(argv: &[OsString]) -> String {
    let program = argv.first().map(std::path::Path::new).and_then(std::path::Path::file_name);
    program.map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Help and version end well; bad arguments end with 2, as argparse does.
fn finish<A: CommandFactory + FromArgMatches>(argv: Vec<OsString>, run: impl FnOnce(A) -> ExitCode) -> ExitCode {
    match parse::<A>(argv) {
        Ok(args) => run(args),
        Err(error) => {
            let _ = error.print();
            if error.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS }
        }
    }
}

/// As argparse reads: what is said again counts in place of what was said before, and options may be cut short.
fn parse<A: CommandFactory + FromArgMatches>(argv: Vec<OsString>) -> Result<A, clap::Error> {
    let mut command = A::command().args_override_self(true).infer_long_args(true);
    let mut matches = command.try_get_matches_from_mut(argv)?;
    A::from_arg_matches_mut(&mut matches).map_err(|error| error.format(&mut command))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn playbook(arguments: &[&str]) -> Result<PlaybookArgs, clap::Error> {
        parse(["ansible-playbook", "site.yml"].iter().chain(arguments).map(OsString::from).collect())
    }

    #[test]
    fn what_is_said_again_counts() {
        let args =
            playbook(&["--limit", "a", "-l", "b", "-C", "--check", "-e", "a=1", "-e", "b=2", "-vv", "-v"]).unwrap();
        assert_eq!(args.hosts.limit.as_deref(), Some("b"));
        assert!(args.run.check);
        assert_eq!(args.hosts.extra_vars, ["a=1", "b=2"]);
        assert_eq!(args.verbose, 3);
    }

    #[test]
    fn options_may_be_cut_short() {
        let args = playbook(&["--chec", "--inv", "hosts", "--start", "x", "--list-ho"]).unwrap();
        assert!(args.run.check && args.listing.list_hosts && !args.listing.list_tasks);
        assert_eq!(args.hosts.inventory, ["hosts"]);
        assert_eq!(args.run.start_at_task.as_deref(), Some("x"));
        assert!(playbook(&["--list-t"]).is_err(), "--list-tasks or --list-tags");
    }

    #[test]
    fn contradictions_are_refused() {
        for arguments in [
            &["-f", "0"] as &[&str],
            &["-f", "many"],
            &["-J", "--vault-password-file", "x"],
            &["-k", "--conn-pass-file", "x"],
            &["-K", "--become-pass-file", "x"],
        ] {
            assert!(playbook(arguments).is_err(), "{arguments:?}");
        }
    }
}
