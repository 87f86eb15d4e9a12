//! `kapell inventory`, and `ansible-inventory`: the inventory as it was understood.

use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{ArgAction, Parser};
use kapell_callback::{Color, Display};
use kapell_inventory::listing::{self, Format, ListOptions};
use kapell_inventory::{HostPattern, VarsDirs};
use kapell_parsing::{Diagnostic, Severity};

use crate::args::{HostArgs, VaultArgs};
use crate::exit_code::Exit;
use crate::foundation::{self, Foundation};
use crate::refusal::{Refusal, conclude};
use crate::{cloud, inventory, version};

/// Shows hosts, groups and their variables as the inventory gives them.
#[derive(Debug, Parser)]
#[command(name = "ansible-inventory", disable_version_flag = true, max_term_width = 100)]
pub(crate) struct InventoryArgs {
    /// The group to graph
    #[arg(value_name = "group")]
    pub group: Option<String>,
    /// Show all hosts and groups, as an inventory program does
    #[arg(long, help_heading = "Actions (one of them)")]
    pub list: bool,
    /// Show the variables of one host, as an inventory program does
    #[arg(long, value_name = "HOST", help_heading = "Actions (one of them)")]
    pub host: Option<String>,
    /// Show the groups as a tree
    #[arg(long, help_heading = "Actions (one of them)")]
    pub graph: bool,
    #[command(flatten)]
    pub hosts: HostArgs,
    #[command(flatten)]
    pub vault: VaultArgs,
    /// The directory taken as the playbook's: its group_vars and host_vars count
    #[arg(long, value_name = "BASEDIR")]
    pub playbook_dir: Option<PathBuf>,
    /// YAML in place of JSON
    #[arg(short, long)]
    pub yaml: bool,
    /// TOML in place of JSON
    #[arg(long)]
    pub toml: bool,
    /// With --graph: show variables, too
    #[arg(long)]
    pub vars: bool,
    /// With --list: variables where they were written, not merged into the hosts
    #[arg(long)]
    pub export: bool,
    /// With --list: write to this file
    #[arg(long, value_name = "OUTPUT_FILE")]
    pub output: Option<PathBuf>,
    /// Say more
    #[arg(short, long, action = ArgAction::Count)]
    pub verbose: u8,
    /// Show the version and where things are
    #[arg(long)]
    pub version: bool,
}

pub(crate) fn main(args: InventoryArgs) -> ExitCode {
    conclude(|warnings| run(&args, warnings))
}

fn run(args: &InventoryArgs, warnings: &mut Vec<Diagnostic>) -> Result<Exit, Refusal> {
    let settings = foundation::settings(warnings)?;
    let display = Display::new(settings.nocolor, settings.force_color);
    if args.version {
        display.out(&version::text("ansible-inventory", &settings), Color::Plain);
        return Ok(Exit::Ok);
    }
    match [args.list, args.host.is_some(), args.graph].into_iter().filter(|chosen| *chosen).count() {
        0 => {
            let message = "No action selected, at least one of --host, --graph or --list needs to be specified.";
            return Err(Refusal::options(message));
        }
        1 => {}
        _ => {
            let message =
                "Conflicting options used, only one of --host, --graph or --list can be used at the same time.";
            return Err(Refusal::options(message));
        }
    }
    version::say_config_file(&display, &settings, args.verbose.max(settings.verbosity));
    let playbook_dir = foundation::playbook_dir(args.playbook_dir.as_ref(), &settings);
    let beside = [playbook_dir.clone()];
    let base = Foundation::lay(settings, &args.hosts, &args.vault, &beside, warnings)?;
    let dirs = variables_beside(&base, playbook_dir);
    show(args, &base, &dirs, &display, warnings)?;
    Ok(Exit::Ok)
}

/// What counts where no task runs.
fn variables_beside(base: &Foundation, playbook_dir: PathBuf) -> VarsDirs {
    if base.settings.vars_stage.as_deref() == Some("task") {
        return VarsDirs::default();
    }
    let library = cloud::library(&base.settings);
    library.add_content(&playbook_dir);
    let plugins = inventory::vars_plugins(&base.settings, &base.vault, &library);
    let playbook = if base.settings.reads_vars_of_playbooks() { vec![playbook_dir] } else { Vec::new() };
    inventory::vars_dirs(&base.inventory, &playbook, &base.settings, &base.vault, plugins.as_ref())
}

/// What was asked for.
fn show(
    args: &InventoryArgs,
    base: &Foundation,
    dirs: &VarsDirs,
    display: &Display,
    warnings: &mut Vec<Diagnostic>,
) -> Result<(), Refusal> {
    let format = match (args.yaml, args.toml) {
        (true, _) => Format::Yaml,
        (_, true) => Format::Toml,
        _ => Format::Json,
    };
    let export = args.export || base.settings.inventory_export;
    // What stands beside the working directory by chance is shown of hosts, not as written in the inventory.
    let is_asked_for = args.playbook_dir.is_some() || base.settings.playbook_dir.is_some();
    let playbook = if is_asked_for { dirs.playbook.clone() } else { Vec::new() };
    let own = VarsDirs { inventory: dirs.inventory.clone(), playbook };
    let options = ListOptions { export, hosts: None, extra_vars: Some(&base.extra_vars), own_dirs: Some(&own) };
    if let Some(name) = &args.host {
        let pattern = HostPattern::parse([name.as_str()])?;
        let found = base.inventory.select(&pattern, None, warnings)?;
        let host = match found.as_slice() {
            [only] => base.inventory.host(only),
            _ => None,
        };
        let host = host.ok_or_else(|| Refusal::options("You must pass a single valid host to --host parameter"))?;
        let shown = listing::host(&base.inventory, host, dirs, &options, format);
        check_vars_files(dirs, warnings)?;
        return write(args, display, &shown?);
    }
    if args.graph {
        let group = args.group.as_deref().unwrap_or("all");
        let graph = listing::graph(&base.inventory, group, args.vars.then_some((dirs, &options)));
        check_vars_files(dirs, warnings)?;
        return write(args, display, &graph.map_err(|error| Refusal::new(Exit::BadOptions, vec![error]))?);
    }
    let hosts = match &base.limit {
        Some(limit) => Some(base.inventory.select(&HostPattern::parse(["all"])?, Some(limit), warnings)?),
        None => None,
    };
    let options = ListOptions { hosts: hosts.as_deref(), ..options };
    listing::read_files(&base.inventory, dirs, &options);
    check_vars_files(dirs, warnings)?;
    write_pieces(args, display, |sink| listing::list_in_pieces(&base.inventory, dirs, &options, format, sink))
}

/// Files of variables that cannot be read end the command.
fn check_vars_files(dirs: &VarsDirs, warnings: &mut Vec<Diagnostic>) -> Result<(), Refusal> {
    let problems = dirs.inventory.iter().chain(&dirs.playbook).flat_map(|dir| dir.take_problems());
    let (errors, others): (Vec<_>, Vec<_>) = problems.partition(|problem| problem.severity == Severity::Error);
    warnings.extend(others);
    if errors.is_empty() { Ok(()) } else { Err(Refusal::new(Exit::Error, errors)) }
}

fn write(args: &InventoryArgs, display: &Display, text: &str) -> Result<(), Refusal> {
    write_pieces(args, display, |sink| {
        sink(text);
        Ok(())
    })
}

fn write_pieces(
    args: &InventoryArgs,
    display: &Display,
    make: impl FnOnce(&mut dyn FnMut(&str)) -> Result<(), Diagnostic>,
) -> Result<(), Refusal> {
    let Some(path) = &args.output else { return Ok(display.out_in_pieces(make)?) };
    let mut file = BufWriter::new(fs_err::File::create(path)?);
    let mut written = Ok(());
    make(&mut |piece| {
        if written.is_ok() {
            written = file.write_all(piece.as_bytes());
        }
    })?;
    written.and_then(|()| file.flush()).map_err(Into::into)
}
