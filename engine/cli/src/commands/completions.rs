//! `kapell completions`: what a shell needs to complete this program's command lines.

use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use clap_complete::Shell;

use crate::args::Kapell;

/// Prints a completion script.
#[derive(Debug, Parser)]
pub(crate) struct CompletionsArgs {
    /// The shell to write for
    pub shell: Shell,
}

pub(crate) fn main(args: CompletionsArgs) -> ExitCode {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Kapell::command(), "kapell", &mut script);
    // A reader that went away has what it wanted.
    let _ = std::io::Write::write_all(&mut std::io::stdout(), &script);
    ExitCode::SUCCESS
}
