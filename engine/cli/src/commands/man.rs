//! `kapell man`: the manual pages, made of the arguments' own descriptions.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Command, CommandFactory, Parser};
use kapell_parsing::Diagnostic;

use crate::args::Kapell;
use crate::exit_code::Exit;
use crate::refusal::{Refusal, conclude};

/// Prints a manual page, or writes all of them.
#[derive(Debug, Parser)]
pub(crate) struct ManArgs {
    /// The command; the whole program without one
    pub command: Option<String>,
    /// Write a page of each command into this directory
    #[arg(long, value_name = "DIRECTORY", conflicts_with = "command")]
    pub out: Option<PathBuf>,
}

pub(crate) fn main(args: ManArgs) -> ExitCode {
    conclude(|_| run(&args))
}

fn run(args: &ManArgs) -> Result<Exit, Refusal> {
    let mut kapell = Kapell::command();
    kapell.build();
    if let Some(directory) = &args.out {
        fs_err::create_dir_all(directory)?;
        for (name, page) in pages(&kapell)? {
            fs_err::write(directory.join(format!("{name}.1")), page)?;
        }
        return Ok(Exit::Ok);
    }
    let wanted = args.command.as_deref().map_or_else(|| "kapell".to_owned(), |name| format!("kapell-{name}"));
    let pages = pages(&kapell)?;
    let Some((_, page)) = pages.iter().find(|(name, _)| *name == wanted) else {
        let names = pages.iter().filter_map(|(name, _)| name.strip_prefix("kapell-"));
        let error = Diagnostic::error(format!("there is no command '{}'", args.command.as_deref().unwrap_or_default()));
        return Err(error.did_you_mean(args.command.as_deref().unwrap_or_default(), names).into());
    };
    // A reader that went away has what it wanted.
    let _ = std::io::Write::write_all(&mut std::io::stdout(), page);
    Ok(Exit::Ok)
}

/// `kapell`, `kapell-playbook`, …, each with its page.
fn pages(kapell: &Command) -> Result<Vec<(String, Vec<u8>)>, Refusal> {
    let mut all = vec![("kapell".to_owned(), page(kapell.clone())?)];
    for command in kapell.get_subcommands().filter(|command| command.get_name() != "help") {
        let name = format!("kapell-{}", command.get_name());
        all.push((name, page(command.clone())?));
    }
    Ok(all)
}

fn page(command: Command) -> Result<Vec<u8>, Refusal> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page)?;
    Ok(page)
}
