//! `kapell check`: content is looked at as a whole, before any connection: what is wrong, all at once.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{ArgAction, Parser};
use kapell_callback::Display;
use kapell_parsing::Diagnostic;

use crate::args::{HostArgs, VaultArgs};
use crate::check::finding::Certainty;
use crate::check::known_names::KnownNames;
use crate::check::playbooks::Project;
use crate::check::report::{self, Format};
use crate::check::{content, tasks};
use crate::exit_code::Exit;
use crate::foundation::{self, Foundation};
use crate::inventory;
use crate::refusal::{Refusal, conclude};

/// Checks playbooks and roles without connecting to anything.
#[derive(Debug, Parser)]
pub(crate) struct CheckArgs {
    /// Playbooks, or directories with content
    #[arg(default_value = ".")]
    pub paths: Vec<PathBuf>,
    #[command(flatten)]
    pub hosts: HostArgs,
    #[command(flatten)]
    pub vault: VaultArgs,
    /// How findings are shown
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
    /// Possible findings count, too
    #[arg(long)]
    pub strict: bool,
    /// Say more
    #[arg(short, long, action = ArgAction::Count)]
    pub verbose: u8,
}

pub(crate) fn main(args: CheckArgs) -> ExitCode {
    conclude(|warnings| run(&args, warnings))
}

/// 0: nothing certain; 1: it could not be checked; 4: something is wrong.
fn run(args: &CheckArgs, warnings: &mut Vec<Diagnostic>) -> Result<Exit, Refusal> {
    let settings = foundation::settings(warnings)?;
    let display = Display::new(settings.nocolor, settings.force_color);
    if let Some(path) = args.paths.iter().find(|path| !path.exists()) {
        return Err(Diagnostic::error(format!("there is no file or directory {}", path.display())).into());
    }
    let beside: Vec<PathBuf> = args.paths.iter().map(|path| std::path::absolute(path).unwrap_or_default()).collect();
    let base = Foundation::lay(settings, &args.hosts, &args.vault, &beside, &mut Vec::new())?;
    let content = content::find(&args.paths, &base.vault);
    let has_inventory = base.inventory.hosts().any(|host| !host.implicit);
    let mut given = names_of_inventory(&base, &content.playbooks);
    given.add_keys(&base.extra_vars);
    let project =
        Project { settings: &base.settings, vault: &base.vault, extra_vars: &base.extra_vars, given, has_inventory };
    let (findings, files) = project.check(&content);
    report::show(&findings, files, args.format, &display);
    let is_wrong = |certainty| certainty == Certainty::Certain || args.strict;
    Ok(if findings.iter().any(|finding| is_wrong(finding.certainty)) { Exit::PARSE_ERROR } else { Exit::Ok })
}

/// Names any host of the inventory has.
fn names_of_inventory(base: &Foundation, playbooks: &[PathBuf]) -> KnownNames {
    let mut dirs: Vec<PathBuf> = playbooks.iter().map(|path| inventory::parent(path)).collect();
    dirs.sort();
    dirs.dedup();
    let dirs = inventory::vars_dirs(&base.inventory, &dirs, &base.settings, &base.vault, None);
    let groups = base.inventory.groups().map(|group| base.inventory.group_variables(group, &dirs));
    let hosts = base.inventory.hosts().map(|host| base.inventory.host_own_variables(host, &dirs));
    let names = tasks::names_of(groups.chain(hosts).collect::<Vec<_>>());
    // What is wrong with these files is told as findings of their own.
    drop(dirs.take_problems());
    names
}
