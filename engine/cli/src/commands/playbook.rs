//! `kapell playbook`, and `ansible-playbook`: settings, inventory, playbooks, then the run.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Result, anyhow};
use kapell_callback::{Color, Display, diagnostic_text};
use kapell_config::{Environment, Settings};
use kapell_connection::Connections;
use kapell_executor::run_state::RunState;
use kapell_executor::static_names::render_static;
use kapell_executor::tag_filter::TagFilter;
use kapell_executor::{Event, Run, RunOptions};
use kapell_inventory::{HostPattern, Inventory};
use kapell_parsing::{Diagnostic, Map, Severity, Value, VaultSecrets};
use kapell_playbook::{LoadContext, Playbook, Scope, load_playbook};
use kapell_template::{Templar, TemplarOptions};

use crate::args::PlaybookArgs;
use crate::exit_code::Exit;
use crate::passwords::{Passwords, vault_secrets};
use crate::surroundings::templar_options;
use crate::{commands::listing, events, extra_vars, inventory, version};

/// Everything a run starts from.
pub(crate) struct Prepared {
    pub settings: Settings,
    pub vault: VaultSecrets,
    pub extra_vars: Map,
    pub inventory: Inventory,
    pub limit: Option<HostPattern>,
    pub playbooks: Vec<Playbook>,
}

/// Why there was no run, with the exit code that says so.
pub(crate) struct Refusal {
    exit: Exit,
    errors: Vec<Diagnostic>,
}

impl From<Diagnostic> for Refusal {
    fn from(error: Diagnostic) -> Self {
        Self { exit: Exit::Error, errors: vec![error] }
    }
}

impl From<anyhow::Error> for Refusal {
    fn from(error: anyhow::Error) -> Self {
        Diagnostic::error(format!("{error:#}")).into()
    }
}

/// The whole command; errors are told on standard error.
pub(crate) fn main(args: PlaybookArgs) -> ExitCode {
    let mut warnings = Vec::new();
    let ended = run(&args, &mut warnings);
    let display = Display::new(false, false);
    tell(&display, &warnings);
    match ended {
        Ok(exit) => exit.into(),
        Err(refusal) => {
            tell(&display, &refusal.errors);
            refusal.exit.into()
        }
    }
}

fn run(args: &PlaybookArgs, warnings: &mut Vec<Diagnostic>) -> Result<Exit, Refusal> {
    let settings = load_settings(args, warnings)?;
    if args.version {
        Display::new(true, false).out(&version::text("ansible-playbook", &settings), Color::Plain);
        return Ok(Exit::Ok);
    }
    let passwords = Passwords::collect(args, &settings)?;
    let prepared = prepare(args, settings, warnings)?;
    if listing::is_wanted(&args.listing) {
        return Ok(listing::show(args, &prepared)?);
    }
    tell(&Display::new(prepared.settings.nocolor, prepared.settings.force_color), &std::mem::take(warnings));
    execute(args, prepared, passwords)
}

fn load_settings(args: &PlaybookArgs, warnings: &mut Vec<Diagnostic>) -> Result<Settings, Refusal> {
    let cwd = std::env::current_dir().map_err(|error| anyhow!("the current directory is gone: {error}"))?;
    let mut settings = Settings::load(&Environment::of_process(), &cwd, warnings)?;
    let connection = &args.connection;
    if let Some(common) = &connection.ssh_common_args {
        settings.ssh_common_args.clone_from(common);
    }
    if let Some(extra) = &connection.ssh_extra_args {
        settings.ssh_extra_args.clone_from(extra);
    }
    if args.run.step {
        warnings.push(Diagnostic::warning("--step is not supported yet: all tasks run without asking"));
    }
    Ok(settings)
}

/// Reads everything, connects to nothing.
fn prepare(args: &PlaybookArgs, settings: Settings, warnings: &mut Vec<Diagnostic>) -> Result<Prepared, Refusal> {
    for playbook in &args.playbooks {
        if !playbook.exists() {
            return Err(Diagnostic::error(format!("the playbook: {} could not be found", playbook.display())).into());
        }
        if playbook.is_dir() {
            let message = format!("the playbook: {} does not appear to be a file", playbook.display());
            return Err(Diagnostic::error(message).into());
        }
    }
    let vault = vault_secrets(&args.vault, &settings)?;
    let extra_vars = extra_vars::load(&args.hosts.extra_vars, &vault, settings.hash_behaviour, warnings)?;
    let sources = inventory::sources(&args.hosts.inventory, &settings);
    let inventory_cx = kapell_inventory::LoadContext { settings: &settings, vault: &vault, plugins: &[] };
    let inventory = Inventory::load(&sources, &inventory_cx, warnings)?;
    let limit = args.hosts.limit.as_deref().map(HostPattern::limit).transpose()?;
    check_limit(&inventory, limit.as_ref(), warnings)?;
    let playbooks = load_playbooks(args, &settings, &vault, &extra_vars, warnings)?;
    Ok(Prepared { settings, vault, extra_vars, inventory, limit, playbooks })
}

/// A limit that leaves nothing is a mistake, not a run without hosts.
fn check_limit(
    inventory: &Inventory,
    limit: Option<&HostPattern>,
    warnings: &mut Vec<Diagnostic>,
) -> Result<(), Refusal> {
    let Some(limit) = limit else { return Ok(()) };
    let all = HostPattern::parse(["all"])?;
    let named_localhost = inventory.select(limit, None, &mut Vec::new())?;
    if named_localhost.is_empty() && inventory.select(&all, Some(limit), warnings)?.is_empty() {
        let message = "Specified inventory, host pattern and/or --limit leaves us with no hosts to target.";
        return Err(Diagnostic::error(message).into());
    }
    Ok(())
}

fn load_playbooks(
    args: &PlaybookArgs,
    settings: &Settings,
    vault: &VaultSecrets,
    extra_vars: &Map,
    warnings: &mut Vec<Diagnostic>,
) -> Result<Vec<Playbook>, Refusal> {
    let templar = Templar::new(TemplarOptions { vault: vault.clone(), ..TemplarOptions::default() });
    let render = |value: &Value, scope: &Scope| render_static(&templar, value, scope, extra_vars);
    let found = RefCell::new(Vec::new());
    let cx =
        LoadContext { settings, vault, is_module: &kapell_executor::action::exists, render: &render, warnings: &found };
    let loaded: Result<Vec<Playbook>, Vec<Diagnostic>> =
        args.playbooks.iter().map(|path| load_playbook(&absolute(path), &cx)).collect();
    warnings.extend(found.into_inner());
    loaded.map_err(|errors| Refusal { exit: Exit::PARSE_ERROR, errors })
}

/// Places in messages are whole paths, wherever the run was started.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// Variables are templated by recursion, so deeply nested ones need room; untouched pages cost nothing.
const TEMPLATE_STACK: usize = 16 << 20;

/// Runs the prepared playbooks on a runtime of its own.
fn execute(args: &PlaybookArgs, prepared: Prepared, passwords: Passwords) -> Result<Exit, Refusal> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .thread_stack_size(TEMPLATE_STACK)
        .enable_all()
        .build()
        .map_err(anyhow::Error::from)?;
    let variables = inventory::variables(&prepared.inventory, &args.playbooks, &prepared.settings, &prepared.vault);
    let callback = kapell_callback::Default::new(&prepared.settings, verbosity(args, &prepared.settings));
    let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
    let listener = events::listen(receiver, callback);
    let interrupted = Arc::new(AtomicBool::new(false));
    let connection_events = sender.clone();
    let connections =
        Connections::new(move |text| drop(connection_events.send(Event::Diagnostic(Diagnostic::warning(text)))));
    let roots = args.playbooks.iter().filter_map(|playbook| absolute(playbook).parent().map(Path::to_owned));
    let listener_of_plugins = sender.clone();
    let tell = move |event| drop(listener_of_plugins.send(event));
    let templar = Templar::new(templar_options(&prepared.settings, &prepared.vault, roots, tell));
    let options = run_options(args, &prepared, passwords);
    let state = RunState::new(prepared.inventory, variables);
    let retry = (prepared.settings.retry_files_enabled, prepared.settings.retry_files_save_path.clone());
    let run = Arc::new(Run {
        settings: prepared.settings,
        options,
        templar,
        connections,
        vault: prepared.vault,
        interrupted: Arc::clone(&interrupted),
        events: sender,
    });
    let ended = runtime.block_on(async {
        tokio::spawn(watch_interrupts(interrupted));
        kapell_executor::run(&run, &prepared.playbooks, state).await
    });
    drop(run);
    runtime.shutdown_background();
    let _ = listener.join();
    let report = ended?;
    if let Some(dir) = retry_dir(args, &retry) {
        write_retry_file(&args.playbooks, &dir, &report.failed_hosts)?;
    }
    Ok(report.status.into())
}

/// Where a retry file goes, when one is wanted.
fn retry_dir(args: &PlaybookArgs, (wanted, dir): &(bool, Option<PathBuf>)) -> Option<PathBuf> {
    let beside = || args.playbooks.first().map(|playbook| inventory::parent(playbook));
    wanted.then(|| dir.clone().or_else(beside)).flatten()
}

/// The hosts that failed, one a line, for `--limit @FILE`.
fn write_retry_file(playbooks: &[PathBuf], dir: &Path, hosts: &[String]) -> Result<(), Refusal> {
    let Some(stem) = playbooks.first().and_then(|playbook| playbook.file_stem()) else { return Ok(()) };
    if hosts.is_empty() {
        return Ok(());
    }
    let path = dir.join(stem).with_extension("retry");
    let text = hosts.iter().map(|host| format!("{host}\n")).collect::<Vec<_>>().concat();
    fs_err::write(&path, text).map_err(anyhow::Error::from)?;
    Display::new(true, false).out(&format!("\tto retry, use: --limit @{}", path.display()), Color::Plain);
    Ok(())
}

/// The first interrupt lets what is in flight finish; the second ends at once.
async fn watch_interrupts(interrupted: Arc<AtomicBool>) {
    let display = Display::new(false, false);
    while tokio::signal::ctrl_c().await.is_ok() {
        if interrupted.swap(true, Ordering::Relaxed) {
            display.err("[ERROR]: User interrupted execution", Color::Failed);
            #[expect(clippy::exit, reason = "the second interrupt ends the process, whatever hangs")]
            std::process::exit(Exit::Interrupted as i32);
        }
        display.err("Interrupted: waiting for the tasks in flight; once more stops at once.", Color::Warning);
    }
}

fn verbosity(args: &PlaybookArgs, settings: &Settings) -> u8 {
    if args.verbose > 0 { args.verbose } else { settings.verbosity.min(6) }
}

fn run_options(args: &PlaybookArgs, prepared: &Prepared, passwords: Passwords) -> RunOptions {
    let settings = &prepared.settings;
    let (connection, privilege) = (&args.connection, &args.privilege);
    RunOptions {
        check: args.run.check,
        diff: args.run.diff || settings.diff_always,
        tags: tag_filter(args, settings),
        extra_vars: Arc::new(prepared.extra_vars.clone()),
        limit: args.hosts.limit.clone(),
        limit_pattern: prepared.limit.clone(),
        forks: args.run.forks.unwrap_or(settings.forks).max(1),
        verbosity: verbosity(args, settings),
        remote_user: connection.user.clone(),
        private_key_file: connection.private_key.clone(),
        connection: connection.connection.clone(),
        timeout: connection.timeout,
        become_: privilege.become_,
        become_method: privilege.become_method.clone(),
        become_user: privilege.become_user.clone(),
        connection_password: passwords.connection,
        become_password: passwords.become_,
        force_handlers: args.run.force_handlers,
        start_at_task: args.run.start_at_task.clone(),
        inventory_sources: inventory::sources(&args.hosts.inventory, settings),
    }
}

pub(crate) fn tag_filter(args: &PlaybookArgs, settings: &Settings) -> TagFilter {
    let split = |texts: &[String]| {
        let tags = texts.iter().flat_map(|text| text.split(',')).map(|tag| tag.trim().to_owned());
        tags.filter(|tag| !tag.is_empty()).collect::<Vec<_>>()
    };
    let given = |texts: &[String], configured: &[String]| {
        if texts.is_empty() { configured.to_vec() } else { split(texts) }
    };
    TagFilter { only: given(&args.run.tags, &settings.tags_run), skip: given(&args.run.skip_tags, &settings.tags_skip) }
}

/// Findings on standard error, each with its place.
fn tell(display: &Display, diagnostics: &[Diagnostic]) {
    for diagnostic in diagnostics {
        let (word, color) = match diagnostic.severity {
            Severity::Deprecation => ("DEPRECATION WARNING", Color::Deprecation),
            Severity::Warning => ("WARNING", Color::Warning),
            Severity::Error => ("ERROR", Color::Failed),
        };
        display.err(&format!("[{word}]: {}", diagnostic_text(diagnostic)), color);
    }
}
