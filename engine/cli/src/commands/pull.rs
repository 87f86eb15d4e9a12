//! `kapell pull`, and `ansible-pull`: brings a repository here and runs its playbook on this machine.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context;
use clap::{ArgAction, Parser};
use kapell_callback::{Color, Display, Minimal, Shape};
use kapell_executor::{Callback, Event};
use kapell_parsing::Diagnostic;

use crate::args::{ConnectionArgs, HostArgs, PrivilegeArgs, VaultArgs};
use crate::commands::run::AdHoc;
use crate::exit_code::Exit;
use crate::foundation::{self, Foundation};
use crate::login::Login;
use crate::passwords::Passwords;
use crate::refusal::{Refusal, conclude, tell};
use crate::version;

/// What stands for a secret.
const HIDDEN: &str = "********";
const REPOSITORY_MODULES: &[&str] = &["git", "subversion", "hg", "bzr"];

/// Brings a repository to this machine and runs its playbook here.
#[derive(Debug, Parser)]
#[command(name = "ansible-pull", disable_version_flag = true, max_term_width = 100)]
pub(crate) struct PullArgs {
    /// Playbook(s); usually the one named after the host, or local.yml
    #[arg(value_name = "playbook.yml")]
    pub playbooks: Vec<String>,
    /// The repository
    #[arg(short = 'U', long)]
    pub url: Option<String>,
    /// Where it goes
    #[arg(short, long, value_name = "DEST")]
    pub directory: Option<PathBuf>,
    /// The branch, tag or commit
    #[arg(short = 'C', long, value_name = "CHECKOUT")]
    pub checkout: Option<String>,
    /// Run the playbook only when the repository has changed
    #[arg(short = 'o', long)]
    pub only_if_changed: bool,
    /// Run the playbook even if the repository cannot be brought here
    #[arg(short, long)]
    pub force: bool,
    /// Wait for a random time of so many seconds at most
    #[arg(short, long, value_name = "SLEEP")]
    pub sleep: Option<u64>,
    /// Accept the key of the repository's host
    #[arg(long)]
    pub accept_host_key: bool,
    /// Check the signature of the commit
    #[arg(long)]
    pub verify_commit: bool,
    /// Discard what was changed in the working copy
    #[arg(long)]
    pub clean: bool,
    /// Submodules follow their branches
    #[arg(long)]
    pub track_subs: bool,
    /// The whole history, not only the last commit
    #[arg(long)]
    pub full: bool,
    /// Remove the working copy after the run
    #[arg(long)]
    pub purge: bool,
    /// The module that brings the repository
    #[arg(short = 'm', long, value_name = "MODULE_NAME", default_value = "git")]
    pub module_name: String,
    /// Only run plays and tasks tagged with these values
    #[arg(short, long, value_name = "TAGS")]
    pub tags: Vec<String>,
    /// Only run plays and tasks whose tags do not match these values
    #[arg(long, value_name = "SKIP_TAGS")]
    pub skip_tags: Vec<String>,
    /// Do not make any changes; instead, predict them
    #[arg(long)]
    pub check: bool,
    /// Show the differences in files and templates that change
    #[arg(long)]
    pub diff: bool,
    /// Where modules are searched for first
    #[arg(short = 'M', long, value_name = "MODULE_PATH")]
    pub module_path: Vec<String>,
    #[command(flatten)]
    pub hosts: HostArgs,
    #[command(flatten)]
    pub connection: ConnectionArgs,
    #[command(flatten)]
    pub privilege: PullPrivilegeArgs,
    #[command(flatten)]
    pub vault: VaultArgs,
    /// Say more; up to -vvvv
    #[arg(short, long, action = ArgAction::Count)]
    pub verbose: u8,
    /// Show the version and where things are
    #[arg(long)]
    pub version: bool,
}

#[derive(Debug, Default, clap::Args)]
pub(crate) struct PullPrivilegeArgs {
    /// Ask for the privilege escalation password
    #[arg(short = 'K', long, conflicts_with = "become_password_file")]
    pub ask_become_pass: bool,
    /// File with the privilege escalation password
    #[arg(long, visible_alias = "become-pass-file")]
    pub become_password_file: Option<PathBuf>,
}

pub(crate) fn main(args: PullArgs) -> ExitCode {
    conclude(|warnings| run(args, warnings))
}

fn run(args: PullArgs, warnings: &mut Vec<Diagnostic>) -> Result<Exit, Refusal> {
    let settings = foundation::settings(warnings)?;
    let display = Display::new(settings.nocolor, settings.force_color);
    if args.version {
        display.out(&version::text("ansible-pull", &settings), Color::Plain);
        return Ok(Exit::Ok);
    }
    if args.url.is_none() {
        return Err(Refusal::options("URL for repository not specified, use -h for help"));
    }
    if !REPOSITORY_MODULES.contains(&args.module_name.as_str()) {
        let known = REPOSITORY_MODULES.join(",");
        let message = format!("Unsupported repo module {}, choices are {known}", args.module_name);
        return Err(Refusal::options(message));
    }
    if let Some(seconds) = args.sleep.filter(|seconds| *seconds > 0) {
        let seconds = rand::random_range(0..seconds);
        display.out(&format!("Sleeping for {seconds} seconds..."), Color::Plain);
        std::thread::sleep(Duration::from_secs(seconds));
    }
    version::say_config_file(&display, &settings, args.verbose.max(settings.verbosity));
    let now = jiff::Zoned::now().strftime("%Y-%m-%d %H:%M:%S");
    let called: Vec<String> = std::env::args_os().map(|argument| argument.to_string_lossy().into_owned()).collect();
    display.out(&format!("Starting Ansible Pull at {now}\n{}", shown(&called)), Color::Plain);
    let directory = directory(&args, &settings)?;
    let changed = match bring(&args, settings, &directory, warnings)? {
        Ok(changed) => changed,
        Err(exit) if args.force => {
            let message = "Unable to update repository. Continuing with (forced) run of playbook.";
            tell(&display, &[Diagnostic::warning(message)]);
            let _ = exit;
            true
        }
        Err(exit) => return Ok(exit),
    };
    if args.only_if_changed && !changed {
        display.out("Repository has not changed, quitting.", Color::Plain);
        return Ok(Exit::Ok);
    }
    let exit = run_playbooks(&args, &directory)?;
    if args.purge {
        fs_err::remove_dir_all(&directory)?;
    }
    Ok(exit)
}

/// The command line without what may be secret in it: extra variables and logins of addresses.
fn shown(called: &[String]) -> String {
    let mut is_secret = false;
    let words = called.iter().map(|word| {
        let was_secret = std::mem::replace(&mut is_secret, ["-e", "--extra-vars"].contains(&word.as_str()));
        match (word.split_once("://"), word.split_once('=')) {
            _ if was_secret => HIDDEN.to_owned(),
            (_, Some(("--extra-vars", _))) => format!("--extra-vars={HIDDEN}"),
            _ if word.starts_with("-e") && !is_secret => format!("-e{HIDDEN}"),
            (Some((scheme, rest)), _) => {
                let authority = rest.split('/').next().unwrap_or_default();
                match authority.rfind('@').filter(|_| authority.contains(':')) {
                    Some(at) => format!("{scheme}://{HIDDEN}{}", &rest[at..]),
                    None => word.clone(),
                }
            }
            _ => word.clone(),
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

/// Where the repository goes: `~/.ansible/pull/HOST`, unless told.
fn directory(args: &PullArgs, settings: &kapell_config::Settings) -> Result<PathBuf, Refusal> {
    let usual = || settings.home.join("pull").join(host_names().first().map_or("localhost", String::as_str));
    let directory = args.directory.clone().unwrap_or_else(usual);
    let directory = std::path::absolute(&directory)?;
    if let Some(parent) = directory.parent() {
        fs_err::create_dir_all(parent)?;
    }
    Ok(directory)
}

/// The name of this machine, whole and short.
fn host_names() -> Vec<String> {
    let name = fs_err::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name = name.trim().to_owned();
    let short = name.split('.').next().unwrap_or_default().to_owned();
    let mut names: Vec<String> = [name, short].into_iter().filter(|name| !name.is_empty()).collect();
    names.dedup();
    names
}

/// The hosts that mean this machine.
fn limit(args: &PullArgs) -> String {
    args.hosts.limit.clone().unwrap_or_else(|| {
        let names = host_names().into_iter();
        ["localhost".to_owned()].into_iter().chain(names).chain(["127.0.0.1".to_owned()]).collect::<Vec<_>>().join(",")
    })
}

/// Brings the repository here: whether it changed, or how the attempt ended.
fn bring(
    args: &PullArgs,
    mut settings: kapell_config::Settings,
    directory: &Path,
    warnings: &mut Vec<Diagnostic>,
) -> Result<Result<bool, Exit>, Refusal> {
    args.connection.apply_to(&mut settings);
    let hosts = HostArgs {
        inventory: vec!["localhost,".to_owned()],
        extra_vars: args.hosts.extra_vars.clone(),
        ..HostArgs::default()
    };
    let base = Foundation::lay(settings, &hosts, &args.vault, &[], warnings)?;
    tell(&Display::new(base.settings.nocolor, base.settings.force_color), &std::mem::take(warnings));
    let connection = ConnectionArgs { connection: Some("local".to_owned()), ..ConnectionArgs::default() };
    let privilege = PrivilegeArgs::default();
    let login = Login { connection: &connection, privilege: &privilege, passwords: Passwords::default() };
    let options = login.options(&hosts, &base.settings, &base.extra_vars, args.verbose);
    let changed = Arc::new(AtomicBool::new(false));
    let callback: Vec<Box<dyn Callback>> = vec![
        Box::new(Minimal::new(&base.settings, options.verbosity, Shape::Block)),
        Box::new(Watch(Arc::clone(&changed))),
    ];
    let task = AdHoc::new(&args.module_name, &repository_arguments(args, directory), base.settings.poll_interval)?;
    match task.execute(base, "localhost", options, None, callback)? {
        Exit::Ok => Ok(Ok(changed.load(Ordering::Relaxed))),
        exit => Ok(Err(exit)),
    }
}

/// What the module is asked for, as JSON so that nothing has to be quoted.
fn repository_arguments(args: &PullArgs, directory: &Path) -> String {
    let mut map = serde_json::Map::new();
    let mut set = |name: &str, value: serde_json::Value| map.insert(name.to_owned(), value);
    let is_git = args.module_name == "git";
    set(if args.module_name == "bzr" { "name" } else { "repo" }, args.url.clone().into());
    set("dest", directory.to_string_lossy().into_owned().into());
    if let Some(version) = &args.checkout {
        set(if args.module_name == "subversion" { "revision" } else { "version" }, version.clone().into());
    }
    if args.clean {
        set("force", true.into());
    }
    if is_git {
        for (wanted, name) in [
            (args.accept_host_key, "accept_hostkey"),
            (args.verify_commit, "verify_commit"),
            (args.track_subs, "track_submodules"),
        ] {
            if wanted {
                set(name, true.into());
            }
        }
        if !args.full {
            set("depth", 1.into());
        }
        if let Some(key) = &args.connection.private_key {
            set("key_file", key.to_string_lossy().into_owned().into());
        }
    }
    serde_json::Value::Object(map).to_string()
}

/// Sees whether anything changed.
struct Watch(Arc<AtomicBool>);

impl Callback for Watch {
    fn on_event(&mut self, event: &Event) {
        if let Event::HostResult(result) = event
            && result.result.is_changed()
        {
            self.0.store(true, Ordering::Relaxed);
        }
    }
}

/// The playbooks of the repository, by this program in the repository's directory: its `ansible.cfg` counts there.
fn run_playbooks(args: &PullArgs, directory: &Path) -> Result<Exit, Refusal> {
    let playbooks = playbooks(args, directory)?;
    let program = std::env::current_exe().context("cannot find this program")?;
    let mut command = Command::new(program);
    command.arg("playbook").args(&playbooks).current_dir(directory);
    push_options(&mut command, args)?;
    let status = command.status().context("cannot run the playbook")?;
    Ok(Exit::from_code(status.code().unwrap_or(Exit::Interrupted as i32)))
}

fn playbooks(args: &PullArgs, directory: &Path) -> Result<Vec<PathBuf>, Refusal> {
    if !args.playbooks.is_empty() {
        let all: Vec<PathBuf> = args.playbooks.iter().map(|name| directory.join(name)).collect();
        return match all.iter().find(|path| !path.is_file()) {
            Some(missing) => {
                Err(Refusal::options(format!("Could not find a playbook to run: {} is not there", missing.display())))
            }
            None => Ok(all),
        };
    }
    let names = host_names().into_iter().chain(["local".to_owned()]);
    let found = names.map(|name| directory.join(format!("{name}.yml"))).find(|path| path.is_file());
    match found {
        Some(path) => Ok(vec![path]),
        None => Err(Refusal::options("Could not find a playbook to run: there is no local.yml in the repository")),
    }
}

/// What was given for the playbook, relative paths as they were meant here.
fn push_options(command: &mut Command, args: &PullArgs) -> Result<(), Refusal> {
    let mut options: Vec<(&str, String)> = Vec::new();
    let here =
        |path: &Path| -> Result<String, Refusal> { Ok(std::path::absolute(path)?.to_string_lossy().into_owned()) };
    for source in &args.hosts.inventory {
        let path = Path::new(source);
        options.push(("--inventory", if path.exists() { here(path)? } else { source.clone() }));
    }
    options.push(("--limit", limit(args)));
    options.extend(args.hosts.extra_vars.iter().map(|vars| ("--extra-vars", vars.clone())));
    options.extend(args.tags.iter().map(|tags| ("--tags", tags.clone())));
    options.extend(args.skip_tags.iter().map(|tags| ("--skip-tags", tags.clone())));
    options.extend(args.vault.vault_id.iter().map(|id| ("--vault-id", id.clone())));
    for file in &args.vault.vault_password_file {
        options.push(("--vault-password-file", here(file)?));
    }
    let connection = &args.connection;
    options.extend(connection.user.iter().map(|user| ("--user", user.clone())));
    options.push(("--connection", connection.connection.clone().unwrap_or_else(|| "local".to_owned())));
    options.extend(connection.timeout.iter().map(|timeout| ("--timeout", timeout.to_string())));
    options.extend(connection.ssh_common_args.iter().map(|text| ("--ssh-common-args", text.clone())));
    options.extend(connection.ssh_extra_args.iter().map(|text| ("--ssh-extra-args", text.clone())));
    for (name, file) in [
        ("--private-key", &connection.private_key),
        ("--connection-password-file", &connection.connection_password_file),
        ("--become-password-file", &args.privilege.become_password_file),
    ] {
        if let Some(file) = file {
            options.push((name, here(file)?));
        }
    }
    for paths in &args.module_path {
        options.push(("--module-path", paths.clone()));
    }
    for (name, value) in options {
        command.arg(format!("{name}={value}"));
    }
    let flags = [
        ("--check", args.check),
        ("--diff", args.diff),
        ("--flush-cache", args.hosts.flush_cache),
        ("--ask-pass", connection.ask_pass),
        ("--ask-become-pass", args.privilege.ask_become_pass),
        ("--ask-vault-password", args.vault.ask_vault_password),
    ];
    command.args(flags.iter().filter(|(_, given)| *given).map(|(name, _)| *name));
    command.args(std::iter::repeat_n("-v", usize::from(args.verbose)));
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn secrets_of_the_command_line_are_not_shown() {
        for (called, expected) in [
            ("p -U https://u:pass@host/x -e a=1 -C v", "p -U https://********@host/x -e ******** -C v"),
            ("p --extra-vars=a=1 -ea=1 -U git@host:x", "p --extra-vars=******** -e******** -U git@host:x"),
            ("p -U ssh://git@host/x:y@z -d d", "p -U ssh://git@host/x:y@z -d d"),
        ] {
            let words: Vec<String> = called.split(' ').map(str::to_owned).collect();
            assert_eq!(super::shown(&words), expected);
        }
    }
}
