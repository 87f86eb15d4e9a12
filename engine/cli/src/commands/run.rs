//! `kapell run`, and `ansible`: one task on the hosts of a pattern.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{ArgAction, Parser};
use kapell_callback::{Color, Content, Display, Minimal, Shape, Tree, callbacks};
use kapell_config::Settings;
use kapell_executor::{Callback, RunOptions};
use kapell_inventory::HostPattern;
use kapell_parsing::yaml::{self, LoadOptions};
use kapell_parsing::{Deprecation, Diagnostic, Key, Map, Origin, SourceFile, Text, Trust, Value};

use crate::args::{ConnectionArgs, HostArgs, PrivilegeArgs, VaultArgs};
use crate::commands::playbook::load_plays;
use crate::execution::Execution;
use crate::exit_code::Exit;
use crate::foundation::{self, Foundation};
use crate::login::Login;
use crate::passwords::Passwords;
use crate::refusal::{Refusal, conclude, tell_through};
use crate::surroundings::plugin_templar;
use crate::{cloud, extra_vars, version};

/// Modules that have nothing to do without arguments.
const NEED_ARGUMENTS: &[&str] = &["command", "shell", "script", "raw", "win_command", "win_shell"];
/// Tasks that run others; their description says nothing of a background.
const RUN_OTHER_TASKS: [&str; 4] = ["include_tasks", "import_tasks", "include_role", "import_role"];
/// Statements that are no tasks.
const NOT_AD_HOC: &[&str] = &["import_playbook"];

/// Runs one task on the hosts of a pattern.
#[derive(Debug, Parser)]
#[command(name = "ansible", disable_version_flag = true, max_term_width = 100)]
pub(crate) struct RunArgs {
    /// Host pattern
    #[arg(required_unless_present = "version", value_name = "pattern")]
    pub pattern: Option<String>,
    /// The module to run
    #[arg(short = 'm', long, value_name = "MODULE_NAME")]
    pub module_name: Option<String>,
    /// The module's arguments: key=value pairs or JSON
    #[arg(short = 'a', long, value_name = "MODULE_ARGS", allow_hyphen_values = true)]
    pub args: Option<String>,
    /// Run in the background, for so many seconds at most
    #[arg(short = 'B', long, value_name = "SECONDS")]
    pub background: Option<u64>,
    /// With -B: seconds between two looks
    #[arg(short = 'P', long, value_name = "POLL_INTERVAL")]
    pub poll: Option<u64>,
    /// One line for each host
    #[arg(short = 'o', long)]
    pub one_line: bool,
    /// Write the results to files in this directory
    #[arg(short = 't', long, value_name = "TREE")]
    pub tree: Option<PathBuf>,
    #[command(flatten)]
    pub task: TaskArgs,
}

/// What single tasks are run with, ad hoc and in the console.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct TaskArgs {
    /// List the matching hosts; run nothing
    #[arg(long)]
    pub list_hosts: bool,
    /// The directory taken as the playbook's: roles, group_vars and files are found there
    #[arg(long, value_name = "BASEDIR")]
    pub playbook_dir: Option<PathBuf>,
    /// Seconds the task may take
    #[arg(long, value_name = "TASK_TIMEOUT")]
    pub task_timeout: Option<u64>,
    /// Hosts to work on at the same time
    #[arg(short, long, value_name = "FORKS", value_parser = crate::args::forks)]
    pub forks: Option<usize>,
    /// Do not make any changes; instead, predict them
    #[arg(short = 'C', long)]
    pub check: bool,
    /// Show the differences in files and templates that change
    #[arg(short = 'D', long)]
    pub diff: bool,
    /// Where modules are searched for first
    #[arg(short = 'M', long, value_name = "MODULE_PATH")]
    pub module_path: Vec<String>,
    #[command(flatten)]
    pub hosts: HostArgs,
    #[command(flatten)]
    pub connection: ConnectionArgs,
    #[command(flatten)]
    pub privilege: PrivilegeArgs,
    #[command(flatten)]
    pub vault: VaultArgs,
    /// Say more; up to -vvvv
    #[arg(short, long, action = ArgAction::Count)]
    pub verbose: u8,
    /// Show the version and where things are
    #[arg(long)]
    pub version: bool,
}

pub(crate) fn main(args: RunArgs) -> ExitCode {
    conclude(|warnings| run(&args, warnings))
}

fn run(args: &RunArgs, warnings: &mut Vec<Diagnostic>) -> Result<Exit, Refusal> {
    let mut settings = foundation::settings(warnings)?;
    let display = Display::new(settings.nocolor, settings.force_color);
    if args.task.version {
        display.out(&version::text("ansible", &settings), Color::Plain);
        return Ok(Exit::Ok);
    }
    args.task.connection.apply_to(&mut settings);
    args.task.apply_to(&mut settings);
    version::say_version("ansible", &settings, args.task.verbose.max(settings.verbosity));
    let chosen = match (args.one_line, settings.bin_ansible_callbacks) {
        (true, _) => "oneline",
        (false, true) => settings.stdout_callback.as_str(),
        (false, false) => "minimal",
    };
    kapell_callback::say_unused(&settings, args.task.verbose.max(settings.verbosity), chosen);
    let passwords = Passwords::collect(&args.task.connection, &args.task.privilege, &settings)?;
    let beside = [foundation::playbook_dir(args.task.playbook_dir.as_ref(), &settings)];
    let base = Foundation::lay(settings, &args.task.hosts, &args.task.vault, &beside, warnings)?;
    foundation::check_forks(&base.settings, args.task.forks)?;
    let given = args.pattern.as_deref().unwrap_or_default();
    let mut unmatched = Vec::new();
    let selected = HostPattern::parse([given])
        .and_then(|pattern| base.inventory.select(&pattern, base.limit.as_ref(), &mut unmatched));
    let hosts = match selected {
        // Nobody is hurt by a listing: Ansible's goes on, too.
        Err(error) if args.task.list_hosts && base.limit.is_none() => {
            warnings.push(Diagnostic::warning(error.message));
            Vec::new()
        }
        hosts => hosts?,
    };
    if hosts.is_empty() || args.task.list_hosts {
        // Otherwise the run says so.
        warnings.append(&mut unmatched);
    }
    if hosts.is_empty() {
        // An empty one is none.
        if args.task.hosts.limit.as_deref().is_some_and(|limit| !limit.is_empty()) {
            let message = "Specified inventory, host pattern and/or --limit leaves us with no hosts to target.";
            return Err(Diagnostic::error(message).into());
        }
        warnings.push(Diagnostic::warning("No hosts matched, nothing to do"));
    }
    if args.task.list_hosts {
        let lines = hosts.iter().map(|host| format!("\n    {host}")).collect::<String>();
        display.out(&format!("  hosts ({}):{lines}", hosts.len()), Color::Plain);
        return Ok(Exit::Ok);
    }
    let task = AdHoc::of(args, &base.settings)?;
    warnings.extend(extra_vars::reserved(&base.extra_vars));
    if hosts.is_empty() {
        return Ok(Exit::Ok);
    }
    let login = Login { connection: &args.task.connection, privilege: &args.task.privilege, passwords };
    let options = login.options(&args.task.hosts, &base.settings, &base.extra_vars, args.task.verbose);
    warnings.extend(deprecated_options(args, &base.settings));
    let mut callback = chosen_callbacks(args, &base, options.verbosity, warnings)?;
    tell_through(&mut callback, std::mem::take(warnings));
    task.execute(base, given, args.task.options(options), args.task.playbook_dir.as_ref(), callback)
}

/// Options whose callbacks are to be chosen by settings, and these callbacks.
fn deprecated_options(args: &RunArgs, settings: &Settings) -> Vec<Diagnostic> {
    let options = [("-o", "oneline", args.one_line), ("-t", "tree", args.tree.is_some())];
    let given = || options.iter().filter(|(_, _, is_given)| *is_given && settings.deprecation_warnings);
    let option = |(option, callback, _): &(&str, &str, bool)| {
        let instead = format!("Use callback configuration to enable the {callback} callback instead.");
        Deprecation::of_core(format!("The '{option}' argument is deprecated."), "2.23").instead(instead).diagnostic()
    };
    given().map(option).chain(given().filter_map(|(_, callback, _)| kapell_callback::deprecation(callback))).collect()
}

/// `minimal`, unless another is asked for.
fn chosen_callbacks(
    args: &RunArgs,
    base: &Foundation,
    verbosity: u8,
    warnings: &mut Vec<Diagnostic>,
) -> Result<Vec<Box<dyn Callback>>, Refusal> {
    let settings = &base.settings;
    let mut chosen: Vec<Box<dyn Callback>> = Vec::new();
    if args.one_line {
        chosen.push(Box::new(Minimal::new(settings, verbosity, Shape::Line)));
    } else if settings.bin_ansible_callbacks {
        let library = cloud::library(settings);
        library.add_content(&foundation::playbook_dir(args.task.playbook_dir.as_ref(), settings));
        let content = Content { library: &library, templar: plugin_templar(settings, &base.vault, &library) };
        chosen = callbacks(settings, verbosity, content, warnings)?;
    } else {
        chosen.push(Box::new(Minimal::new(settings, verbosity, Shape::Block)));
    }
    if let Some(directory) = &args.tree {
        chosen.push(Box::new(Tree::new(directory)));
    }
    Ok(chosen)
}

impl TaskArgs {
    pub(crate) fn apply_to(&self, settings: &mut Settings) {
        if let Some(seconds) = self.task_timeout {
            settings.task_timeout = seconds;
        }
        let paths = self.module_path.iter().flat_map(|paths| paths.split(':')).map(PathBuf::from);
        let paths: Vec<PathBuf> = paths.map(|path| std::path::absolute(&path).unwrap_or(path)).collect();
        settings.library.splice(0..0, paths);
    }

    pub(crate) fn options(&self, options: RunOptions) -> RunOptions {
        RunOptions {
            check: self.check,
            diff: self.diff || options.diff,
            forks: self.forks.unwrap_or(options.forks).max(1),
            ..options
        }
    }
}

/// For how many seconds it may run in the background, and how often it is looked at; both may be 0.
#[derive(Clone, Copy)]
struct Background {
    seconds: u64,
    poll: u64,
}

/// One task without a playbook.
pub(crate) struct AdHoc {
    module: String,
    arguments: Value,
    background: Background,
}

impl AdHoc {
    fn of(args: &RunArgs, settings: &Settings) -> Result<Self, Refusal> {
        let module = args.module_name.clone().unwrap_or_else(|| settings.module_name.clone());
        let arguments = args.args.clone().or_else(|| settings.module_args.clone()).unwrap_or_default();
        let poll = args.poll.unwrap_or(settings.poll_interval);
        let background = Background { seconds: args.background.unwrap_or(0), poll };
        Ok(Self { background, ..Self::new(&module, &arguments, poll)? })
    }

    /// One that does not run in the background, though its description may say how often it would be looked at.
    pub(crate) fn new(module: &str, arguments: &str, poll: u64) -> Result<Self, Refusal> {
        let base = module.rsplit('.').next().unwrap_or(module);
        if NEED_ARGUMENTS.contains(&base) && arguments.trim().is_empty() {
            return Err(Refusal::options(format!("No argument passed to {module} module")));
        }
        if NOT_AD_HOC.contains(&base) {
            return Err(Refusal::options(format!("'{module}' is not a valid action for ad-hoc commands")));
        }
        let arguments = parse_arguments(arguments)?;
        Ok(Self { module: module.to_owned(), arguments, background: Background { seconds: 0, poll } })
    }

    /// The play, with places that say what was asked for.
    fn play(&self, pattern: &str, settings: &Settings) -> Value {
        let source = SourceFile::new(format!("<adhoc '{}' task>", self.module), self.description(settings));
        let origin = Origin::new(source, 0, 0);
        let text = |text: &str| Value::Str(Text::trusted(text, Some(origin.clone())));
        let key = |name: &str| Key::Str(Text::trusted(name, Some(origin.clone())));
        let of_option = |option: &str, text: &str| {
            let place = Origin::new(SourceFile::new(format!("<CLI option '{option}'>"), text), 0, 0);
            Text::trusted(text, Some(place))
        };
        let module = of_option("-m", &self.module);
        let arguments = match &self.arguments {
            Value::Str(arguments) => match self.pairs(arguments) {
                Some(pairs) => {
                    let of_pair = |(key, value): (Key, Value)| (key, Value::Str(of_option("-a", &value.to_string())));
                    Value::map(pairs.into_iter().map(of_pair).collect())
                }
                None => Value::Str(of_option("-a", arguments)),
            },
            Value::Map(map) => Value::Map(map.clone()),
            _ => Value::map(Map::new()),
        };
        // The first key is where the task is.
        let timeout = Value::Int(settings.task_timeout as i64);
        let mut task = Map::from([(key("timeout"), timeout), (Key::Str(module), arguments)]);
        let Background { seconds, poll } = self.background;
        if seconds > 0 {
            task.insert(key("async"), Value::Int(seconds as i64));
            task.insert(key("poll"), Value::Int(poll as i64));
        }
        let play = Map::from([
            (key("name"), text("Ansible Ad-Hoc")),
            (key("hosts"), text(pattern)),
            (key("gather_facts"), Value::from("no")),
            (key("tasks"), Value::list(vec![Value::map(task)])),
        ]);
        Value::list(vec![Value::map(play)])
    }

    /// `key=value key=value`, and nothing else.
    fn pairs(&self, arguments: &Text) -> Option<Map> {
        let is_free = NEED_ARGUMENTS.contains(&self.module.rsplit('.').next().unwrap_or_default());
        let parsed = kapell_parsing::kv::parse(arguments).ok().filter(|_| !is_free)?;
        (parsed.rest.is_empty() && !parsed.pairs.is_empty()).then_some(parsed.pairs)
    }

    /// As Ansible shows where an ad-hoc task comes from.
    fn description(&self, settings: &Settings) -> String {
        let mut args = match &self.arguments {
            Value::Map(map) => map.clone().as_ref().clone(),
            Value::Str(text) if NEED_ARGUMENTS.contains(&self.module.as_str()) => {
                Map::from([(Key::from("_raw_params"), Value::Str(text.clone()))])
            }
            Value::Str(text) => kapell_parsing::kv::parse(text).map(|parsed| parsed.pairs).unwrap_or_default(),
            _ => Map::new(),
        };
        let mut task = Map::from([(Key::from("action"), Value::from(self.module.as_str()))]);
        task.insert("args".into(), Value::map(std::mem::take(&mut args)));
        task.insert("timeout".into(), Value::Int(settings.task_timeout as i64));
        let Background { seconds, poll } = self.background;
        let base = self.module.rsplit('.').next().unwrap_or(&self.module);
        if (seconds > 0 || poll > 0) && !RUN_OTHER_TASKS.contains(&base) {
            task.insert("async_val".into(), Value::Int(seconds as i64));
            task.insert("poll".into(), Value::Int(poll as i64));
        }
        Value::map(task).repr()
    }

    pub(crate) fn execute(
        &self,
        base: Foundation,
        pattern: &str,
        options: RunOptions,
        playbook_dir: Option<&PathBuf>,
        callback: Vec<Box<dyn Callback>>,
    ) -> Result<Exit, Refusal> {
        let path = foundation::playbook_dir(playbook_dir, &base.settings).join("__adhoc_playbook__");
        let plays = self.play(pattern, &base.settings);
        let playbook = load_plays(&path, plays, &base)?;
        let library = cloud::library(&base.settings);
        library.add_content(path.parent().unwrap_or(&path));
        let Foundation { settings, vault, inventory, limit, .. } = base;
        let options = RunOptions { limit_pattern: limit, ..options };
        let (playbooks, playbook_files) = (vec![playbook], vec![path]);
        let execution = Execution { library, settings, vault, inventory, playbooks, playbook_files, options, callback };
        Ok(execution.execute()?.status.into())
    }
}

/// Text, or the map that JSON stands for.
fn parse_arguments(text: &str) -> Result<Value, Refusal> {
    if text.trim().starts_with('{') && text.trim().ends_with('}') {
        let source = SourceFile::new("<CLI option '-a'>", text);
        let options = LoadOptions { trust: Trust::Trusted, vault: &kapell_parsing::VaultSecrets::default() };
        if let value @ Value::Map(_) = yaml::load(&source, &options, &mut Vec::new())? {
            return Ok(value);
        }
    }
    if text.trim().is_empty() { Ok(Value::Null) } else { Ok(Value::trusted(text)) }
}
