//! `kapell playbook`, and `ansible-playbook`: settings, inventory, playbooks, then the run.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use kapell_callback::{Color, Content, Display, HtmlReport, callbacks};
use kapell_config::Settings;
use kapell_executor::action_groups::ActionGroups;
use kapell_executor::static_names::render_static;
use kapell_executor::tag_filter::TagFilter;
use kapell_executor::{ModuleLibrary, RunOptions};
use kapell_inventory::{HostPattern, Inventory};
use kapell_parsing::{Diagnostic, Map, Severity, Value, VaultSecrets};
use kapell_playbook::{Fault, LoadContext, LoadErrors, Playbook, Scope, load_playbook};
use kapell_template::{Templar, TemplarOptions};

use crate::args::PlaybookArgs;
use crate::execution::Execution;
use crate::exit_code::Exit;
use crate::foundation::{self, Foundation};
use crate::login::Login;
use crate::passwords::Passwords;
use crate::refusal::{Refusal, conclude, tell_through};
use crate::run_lock::RunLock;
use crate::surroundings::plugin_templar;
use crate::{cloud, commands::listing, extra_vars, inventory, version};

/// Everything a run starts from.
pub(crate) struct Prepared {
    pub library: ModuleLibrary,
    pub settings: Settings,
    pub vault: VaultSecrets,
    pub extra_vars: Map,
    pub inventory: Inventory,
    pub limit: Option<HostPattern>,
    pub playbooks: Vec<Playbook>,
}

/// The whole command; errors are told on standard error.
pub(crate) fn main(args: PlaybookArgs) -> ExitCode {
    conclude(|warnings| run(&args, warnings))
}

fn run(args: &PlaybookArgs, warnings: &mut Vec<Diagnostic>) -> Result<Exit, Refusal> {
    let settings = load_settings(args, warnings)?;
    if args.version {
        Display::new(true, false).out(&version::text("ansible-playbook", &settings), Color::Plain);
        return Ok(Exit::Ok);
    }
    let verbosity = args.verbose.max(settings.verbosity.min(6));
    version::say_version("ansible-playbook", &settings, verbosity);
    kapell_callback::say_unused(&settings, verbosity, &settings.stdout_callback);
    if listing::is_wanted(&args.listing) {
        let prepared = prepare(args, settings, warnings)?;
        return listing::show(args, &prepared, std::mem::take(warnings));
    }
    let passwords = Passwords::collect(&args.connection, &args.privilege, &settings)?;
    let prepared = prepare(args, settings, warnings)?;
    let _lock = RunLock::take(&prepared.settings, &inventory::sources(&args.hosts.inventory, &prepared.settings))?;
    execute(args, prepared, passwords, warnings)
}

fn load_settings(args: &PlaybookArgs, warnings: &mut Vec<Diagnostic>) -> Result<Settings, Refusal> {
    let mut settings = foundation::settings(warnings)?;
    args.connection.apply_to(&mut settings);
    settings.fold |= args.run.fold;
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
    let beside: Vec<PathBuf> = args.playbooks.iter().map(|path| inventory::parent(&absolute(path))).collect();
    let base = Foundation::lay(settings, &args.hosts, &args.vault, &beside, warnings)?;
    foundation::check_forks(&base.settings, args.run.forks)?;
    warn_of_no_hosts(&base.inventory, &base.settings, warnings);
    check_limit(&base.inventory, base.limit.as_ref(), warnings)?;
    let library = cloud::library(&base.settings);
    let playbooks = load_playbooks(args, &base.settings, &base.vault, &base.extra_vars, &library, warnings)?;
    let Foundation { settings, vault, extra_vars, inventory, limit } = base;
    warnings.extend(extra_vars::reserved(&extra_vars));
    Ok(Prepared { library, settings, vault, extra_vars, inventory, limit, playbooks })
}

/// Without hosts plays for `all` do nothing, which is seldom meant.
fn warn_of_no_hosts(inventory: &Inventory, settings: &Settings, warnings: &mut Vec<Diagnostic>) {
    if settings.localhost_warning && inventory.hosts().all(|host| host.implicit) {
        let message = "provided hosts list is empty, only localhost is available. Note that the implicit localhost does \
                       not match 'all'";
        warnings.push(Diagnostic::warning(message));
    }
}

/// A limit that leaves nothing of what is there is a mistake, not a run without hosts.
fn check_limit(
    inventory: &Inventory,
    limit: Option<&HostPattern>,
    warnings: &mut Vec<Diagnostic>,
) -> Result<(), Refusal> {
    let Some(limit) = limit.filter(|_| inventory.hosts().any(|host| !host.implicit)) else { return Ok(()) };
    let all = HostPattern::parse(["all"])?;
    if inventory.select(&all, Some(limit), warnings)?.is_empty() {
        let message = "Specified inventory, host pattern and/or --limit leaves us with no hosts to target.";
        return Err(Diagnostic::error(message).into());
    }
    Ok(())
}

/// Plays of a command that has no playbook; `path` names a file that could be in their directory.
pub(crate) fn load_plays(path: &Path, plays: Value, base: &Foundation) -> Result<Playbook, Refusal> {
    let templar = Templar::new(TemplarOptions { vault: base.vault.clone(), ..TemplarOptions::default() });
    let render = |value: &Value, scope: &Scope| render_static(&templar, value, scope, &base.extra_vars);
    let found = RefCell::new(Vec::new());
    let cx = LoadContext {
        settings: &base.settings,
        vault: &base.vault,
        removed: &|_| None,
        is_module: &|_| true,
        has_action_group: &|_| true,
        content_dir: &|_| {},
        render: &render,
        warnings: &found,
    };
    kapell_playbook::load_plays(path, plays, &cx).map_err(|failed| Refusal::new(exit_of(&failed), failed.errors))
}

fn load_playbooks(
    args: &PlaybookArgs,
    settings: &Settings,
    vault: &VaultSecrets,
    extra_vars: &Map,
    library: &ModuleLibrary,
    warnings: &mut Vec<Diagnostic>,
) -> Result<Vec<Playbook>, Refusal> {
    let templar = Templar::new(TemplarOptions { vault: vault.clone(), ..TemplarOptions::default() });
    let render = |value: &Value, scope: &Scope| render_static(&templar, value, scope, extra_vars);
    let groups = action_groups(args, settings);
    let found = RefCell::new(Vec::new());
    let cx = LoadContext {
        settings,
        vault,
        removed: &|name| library.removed_action(name),
        is_module: &|name| library.may_be_named(name),
        has_action_group: &|name| groups.find(name).is_some(),
        content_dir: &|dir| library.add_content(dir),
        render: &render,
        warnings: &found,
    };
    let loaded =
        args.playbooks.iter().map(|path| Ok(Playbook { named: path.clone(), ..load_playbook(&absolute(path), &cx)? }));
    let loaded: Result<Vec<Playbook>, LoadErrors> = loaded.collect();
    warnings.extend(found.into_inner());
    let (unsupported, notices): (Vec<_>, Vec<_>) =
        library.take_notices().into_iter().partition(|notice| notice.severity == Severity::Error);
    warnings
        .extend(notices.into_iter().filter(|n| settings.deprecation_warnings || n.severity != Severity::Deprecation));
    if !unsupported.is_empty() {
        return Err(Refusal::new(Exit::Error, unsupported));
    }
    loaded.map_err(|failed| Refusal::new(exit_of(&failed), failed.errors))
}

/// The groups of actions in collections beside the playbooks and in those of the settings.
fn action_groups(args: &PlaybookArgs, settings: &Settings) -> ActionGroups {
    let beside = args.playbooks.iter().map(|path| inventory::parent(&absolute(path)).join("collections"));
    ActionGroups::new(beside.chain(settings.collections_paths.iter().cloned()).collect())
}

/// What cannot be found or unlocked is no mistake in the content.
fn exit_of(failed: &LoadErrors) -> Exit {
    let is_locked = |error: &Diagnostic| error.message.contains("vault data cannot be decrypted");
    if failed.fault == Fault::Missing || failed.iter().any(is_locked) { Exit::Error } else { Exit::PARSE_ERROR }
}

/// Places in messages are whole paths, wherever the run was started.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// Runs the prepared playbooks.
fn execute(
    args: &PlaybookArgs,
    prepared: Prepared,
    passwords: Passwords,
    warnings: &mut Vec<Diagnostic>,
) -> Result<Exit, Refusal> {
    let options = run_options(args, &prepared, passwords);
    let retry = (prepared.settings.retry_files_enabled, prepared.settings.retry_files_save_path.clone());
    let templar = plugin_templar(&prepared.settings, &prepared.vault, &prepared.library);
    let content = Content { library: &prepared.library, templar };
    let mut callback = callbacks(&prepared.settings, options.verbosity, content, warnings)?;
    tell_through(&mut callback, std::mem::take(warnings));
    if let Some(path) = &args.run.report {
        callback.push(Box::new(HtmlReport::new(&prepared.settings, absolute(path))));
    }
    let Prepared { library, settings, vault, inventory, playbooks, .. } = prepared;
    let playbook_files = args.playbooks.clone();
    let execution = Execution { library, settings, vault, inventory, playbooks, playbook_files, options, callback };
    let report = execution.execute()?;
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
    let path = absolute(dir).join(stem).with_extension("retry");
    let text = hosts.iter().map(|host| format!("{host}\n")).collect::<Vec<_>>().concat();
    fs_err::write(&path, text).map_err(anyhow::Error::from)?;
    Display::new(true, false).out(&format!("\tto retry, use: --limit @{}", path.display()), Color::Plain);
    Ok(())
}

fn run_options(args: &PlaybookArgs, prepared: &Prepared, passwords: Passwords) -> RunOptions {
    let settings = &prepared.settings;
    let login = Login { connection: &args.connection, privilege: &args.privilege, passwords };
    RunOptions {
        check: args.run.check,
        diff: args.run.diff || settings.diff_always,
        tags: tag_filter(args, settings),
        limit_pattern: prepared.limit.clone(),
        forks: args.run.forks.unwrap_or(settings.forks).max(1),
        force_handlers: args.run.force_handlers,
        start_at_task: args.run.start_at_task.clone(),
        step: args.run.step,
        ..login.options(&args.hosts, settings, &prepared.extra_vars, args.verbose)
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
