//! `kapell`: arguments in, exit code out. Called under an Ansible name, it is that tool.

mod args;
mod check;
mod cloud;
mod commands;
mod details;
mod events;
mod execution;
mod exit_code;
mod extra_vars;
mod foundation;
mod galaxy;
mod inventory;
mod login;
mod module_pages;
mod passwords;
mod refusal;
mod run_lock;
mod surroundings;
mod version;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

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
        "ansible-playbook" => finish(PlaybookArgs::try_parse_from(argv), commands::playbook::main),
        "ansible" => finish(RunArgs::try_parse_from(argv), commands::run::main),
        "ansible-inventory" => finish(InventoryArgs::try_parse_from(argv), commands::inventory::main),
        "ansible-vault" => finish(VaultCommand::try_parse_from(argv), commands::vault::main),
        "ansible-config" => finish(ConfigCommand::try_parse_from(argv), commands::config::main),
        "ansible-galaxy" => finish(GalaxyCommand::try_parse_from(argv), commands::galaxy::main),
        "ansible-doc" => finish(DocArgs::try_parse_from(argv), commands::doc::main),
        "ansible-console" => finish(ConsoleArgs::try_parse_from(argv), commands::console::main),
        "ansible-pull" => finish(PullArgs::try_parse_from(argv), commands::pull::main),
        _ => finish(Kapell::try_parse_from(argv), run),
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
fn finish<A>(parsed: Result<A, clap::Error>, run: impl FnOnce(A) -> ExitCode) -> ExitCode {
    match parsed {
        Ok(args) => run(args),
        Err(error) => {
            let _ = error.print();
            if error.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS }
        }
    }
}
