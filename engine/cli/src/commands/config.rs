//! `kapell config`, and `ansible-config`: the settings there are, what they are set to, and where.

use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use kapell_callback::{Color, Display};
use kapell_config::{Environment, OPTIONS, OptionRow, PluginOption, Settings, ValueOrigin, misplaced};
use kapell_parsing::{Diagnostic, Key, Map, Severity, Value};

use crate::commands::{plugin_settings, settings_file};
use crate::exit_code::Exit;
use crate::json_text::indented;
use crate::refusal::{Refusal, conclude};
use crate::{foundation, version};

/// Shows settings and where they come from.
#[derive(Debug, Parser)]
#[command(name = "ansible-config", disable_version_flag = true, max_term_width = 100)]
pub(crate) struct ConfigCommand {
    #[command(subcommand)]
    pub action: Option<Action>,
    /// Say more
    #[arg(short, long, action = ArgAction::Count)]
    pub verbose: u8,
    /// Show the version and where things are
    #[arg(long)]
    pub version: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// Every option, with what it is for and where it is set.
    List(ListArgs),
    /// Every option with its value and where that comes from.
    Dump(DumpArgs),
    /// The file of settings that counts.
    View(FileArgs),
    /// A file of settings with every option.
    Init(InitArgs),
    /// Whether the file of settings and the environment can be read.
    Validate(ValidateArgs),
}

/// What has options besides plugins: Ansible itself, or it and all of them.
const OTHER_KINDS: [&str; 2] = ["all", "base"];

#[derive(Debug, Default, Args)]
pub(crate) struct FileArgs {
    /// The file of settings, in place of the first one found
    #[arg(short, long, value_name = "CONFIG_FILE")]
    pub config: Option<PathBuf>,
    /// The kind of options
    #[arg(short = 't', long = "type", value_name = "TYPE", default_value = "base", value_parser = kinds())]
    pub kind: String,
    /// With --type: the plugins
    #[arg(value_name = "args")]
    pub plugins: Vec<String>,
    /// Say more
    #[arg(short, long, action = ArgAction::Count)]
    pub verbose: u8,
}

#[derive(Debug, Default, Args)]
pub(crate) struct ValidateArgs {
    #[command(flatten)]
    pub file: FileArgs,
    /// What is looked at: the file or the environment
    #[arg(short, long, value_name = "FORMAT", default_value = "ini")]
    pub format: ValidateFormat,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ValidateFormat {
    #[default]
    Ini,
    Env,
}

#[derive(Debug, Default, Args)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    pub file: FileArgs,
    #[arg(short, long, value_name = "FORMAT", default_value = "yaml")]
    pub format: DataFormat,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum DataFormat {
    #[default]
    Yaml,
    Json,
}

#[derive(Debug, Default, Args)]
pub(crate) struct DumpArgs {
    #[command(flatten)]
    pub file: FileArgs,
    /// Only what is not as by default
    #[arg(long, visible_alias = "changed-only")]
    pub only_changed: bool,
    #[arg(short, long, value_name = "FORMAT", default_value = "display")]
    pub format: DumpFormat,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum DumpFormat {
    #[default]
    Display,
    Yaml,
    Json,
}

#[derive(Debug, Default, Args)]
pub(crate) struct InitArgs {
    #[command(flatten)]
    pub file: FileArgs,
    /// A comment sign before every option
    #[arg(long)]
    pub disabled: bool,
    #[arg(short, long, value_name = "FORMAT", default_value = "ini")]
    pub format: InitFormat,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum InitFormat {
    #[default]
    Ini,
    Env,
    /// Variables of hosts, which only options of plugins have
    Vars,
}

pub(crate) fn main(args: ConfigCommand) -> ExitCode {
    conclude(|warnings| run(&args, warnings))
}

fn run(args: &ConfigCommand, warnings: &mut Vec<Diagnostic>) -> Result<Exit, Refusal> {
    if args.version {
        let settings = foundation::settings(warnings)?;
        Display::new(true, false).out(&version::text("ansible-config", &settings), Color::Plain);
        return Ok(Exit::Ok);
    }
    let Some(action) = &args.action else {
        return Err(Refusal::usage("the following arguments are required: action"));
    };
    let file = match action {
        Action::List(args) => &args.file,
        Action::Dump(args) => &args.file,
        Action::Init(args) => &args.file,
        Action::Validate(args) => &args.file,
        Action::View(args) => args,
    };
    let cwd = std::env::current_dir()?;
    let environment = environment(file, &cwd)?;
    let loaded = Settings::load(&environment, &cwd, warnings);
    let settings = match action {
        Action::Validate(_) => loaded?,
        _ => loaded.map_err(|error| Refusal::new(Exit::BadOptions, vec![error]))?,
    };
    // As ansible-config does, for what follows it; nothing is kept there now.
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&settings.local_tmp);
    made.unwrap_or_else(|error| tracing::debug!("{}: {error}", settings.local_tmp.display()));
    let display = Display::new(settings.nocolor, settings.force_color);
    version::say_config_file(&display, &settings, args.verbose.max(file.verbose).max(settings.verbosity));
    let text = match action {
        Action::List(args) if is_plugin(&args.file.kind) => {
            data(&plugin_settings::listed(&args.file.kind), args.format)
        }
        Action::Dump(args) if is_plugin(&args.file.kind) => dump_plugins(args, &settings, &environment)?,
        Action::List(args) => list(args.format),
        Action::Dump(args) => dump(args, &settings, &Settings::origins(&environment, &cwd)?),
        Action::View(_) => view(&settings)?,
        Action::Init(args) => settings_file::text(args),
        Action::Validate(args) => validate(args.format, &settings, &environment, warnings)?,
    };
    display.out(text.trim_end_matches('\n'), Color::Plain);
    Ok(Exit::Ok)
}

/// That an option is unknown is a warning elsewhere, and what was asked about here.
fn validate(
    format: ValidateFormat,
    settings: &Settings,
    environment: &Environment,
    warnings: &mut Vec<Diagnostic>,
) -> Result<String, Refusal> {
    let (unknown, others): (Vec<_>, Vec<_>) =
        std::mem::take(warnings).into_iter().partition(|warning| warning.message.starts_with("unknown "));
    *warnings = others;
    let error = |warning: Diagnostic| Diagnostic { severity: Severity::Error, ..warning };
    let errors: Vec<Diagnostic> = match format {
        ValidateFormat::Env => misplaced::variables(environment),
        ValidateFormat::Ini => {
            let sections = misplaced::sections(&plugin_settings::entries(settings)?);
            unknown.into_iter().map(error).chain(sections).collect()
        }
    };
    if errors.is_empty() {
        return Ok("All configurations seem valid!".to_owned());
    }
    Err(Refusal::new(Exit::Error, errors))
}

fn kinds() -> PossibleValuesParser {
    PossibleValuesParser::new(OTHER_KINDS.into_iter().chain(PluginOption::KINDS))
}

pub(super) fn is_plugin(kind: &str) -> bool {
    !OTHER_KINDS.contains(&kind)
}

fn dump_plugins(args: &DumpArgs, settings: &Settings, environment: &Environment) -> Result<String, Refusal> {
    let plugins = plugin_settings::set(&args.file.kind, args.only_changed, settings, environment)?;
    Ok(match args.format {
        DumpFormat::Display => plugin_settings::shown(&plugins),
        DumpFormat::Json => data(&plugin_settings::as_data(plugins), DataFormat::Json),
        DumpFormat::Yaml => data(&plugin_settings::as_data(plugins), DataFormat::Yaml),
    })
}

fn data(value: &Value, format: DataFormat) -> String {
    match format {
        DataFormat::Yaml => kapell_template::yaml_text(value),
        DataFormat::Json => indented(&value.to_json()),
    }
}

/// The process's environment, with the file of `--config` in place of any other.
fn environment(args: &FileArgs, cwd: &Path) -> Result<Environment, Refusal> {
    let process = Environment::of_process();
    let Some(file) = &args.config else { return Ok(process) };
    let path = cwd.join(file);
    if !path.is_file() {
        let message = format!("The provided configuration file is missing or not accessible: {}", path.display());
        return Err(Refusal::options(message));
    }
    if !path.extension().is_some_and(|ending| ["cfg", "ini", "yml", "yaml"].iter().any(|known| ending == *known)) {
        return Err(Refusal::options(format!("Unsupported configuration file extension for {}", file.display())));
    }
    let named = path.to_string_lossy().into_owned();
    let others = process.iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
    let own = ["ANSIBLE_CONFIG", "KAPELL_CONFIG"].map(|name| (name.to_owned(), named.clone()));
    Ok(others.chain(own).collect())
}

fn sorted() -> Vec<(usize, &'static OptionRow)> {
    let mut rows: Vec<(usize, &OptionRow)> = OPTIONS.iter().enumerate().collect();
    rows.sort_by_key(|(_, row)| row.name);
    rows
}

fn view(settings: &Settings) -> Result<String, Refusal> {
    let Some(path) = &settings.config_file else {
        return Err(Diagnostic::error("Invalid or no config file was supplied").into());
    };
    Ok(fs_err::read_to_string(path)?)
}

fn list(format: DataFormat) -> String {
    let described = sorted().into_iter().map(|(_, row)| (Key::from(row.name), described(row)));
    data(&Value::map(described.collect()), format)
}

fn described(row: &OptionRow) -> Value {
    let named = |name: &&str| Value::map(Map::from([(Key::from("name"), Value::from(*name))]));
    let placed = |(section, key): &(&str, &str)| {
        Value::map(Map::from([("key".into(), Value::from(*key)), ("section".into(), Value::from(*section))]))
    };
    let mut map = Map::new();
    map.insert("default".into(), if row.default.is_empty() { Value::Null } else { row.default.into() });
    map.insert("description".into(), Value::list(vec![row.doc.into()]));
    if !row.env.is_empty() {
        map.insert("env".into(), Value::list(row.env.iter().map(named).collect()));
    }
    if !row.ini.is_empty() {
        map.insert("ini".into(), Value::list(row.ini.iter().map(placed).collect()));
    }
    map.insert("type".into(), value_type(row).into());
    if let Some(choices) = row.kind.strip_prefix("one of ") {
        map.insert("choices".into(), Value::list(choices.split(' ').map(Value::from).collect()));
    }
    Value::map(map)
}

/// The kind by Ansible's word for it.
pub(super) fn value_type(row: &OptionRow) -> &'static str {
    match row.kind {
        "a boolean" => "boolean",
        "an integer" => "integer",
        "a number" => "float",
        "a path" => "path",
        "paths separated by colons" => "pathspec",
        "paths separated by commas" => "pathlist",
        "a list separated by commas" => "list",
        _ => "string",
    }
}

fn dump(args: &DumpArgs, settings: &Settings, origins: &[ValueOrigin]) -> String {
    let mut entries: Vec<(&str, String, Value)> = Vec::new();
    for (index, row) in sorted() {
        let origin = match &origins[index] {
            ValueOrigin::Default if args.only_changed => continue,
            ValueOrigin::Default => "default".to_owned(),
            ValueOrigin::Environment(name) => format!("env: {name}"),
            ValueOrigin::File(path) => path.display().to_string(),
        };
        entries.push((row.name, origin, settings.value(row.name).unwrap_or(Value::Null)));
    }
    let config_file = settings.value("CONFIG_FILE").unwrap_or(Value::Null);
    if !args.only_changed || !config_file.is_null() {
        entries.push(("CONFIG_FILE", String::new(), config_file));
    }
    entries.sort_by_key(|(name, ..)| *name);
    if args.format == DumpFormat::Display {
        return entries.iter().map(|(name, origin, value)| format!("{name}({origin}) = {value}\n")).collect();
    }
    let entries = entries.into_iter().map(|(name, origin, value)| {
        let fields = [("name", Value::from(name)), ("origin", origin.into()), ("value", value)];
        Value::map(fields.into_iter().map(|(key, value)| (Key::from(key), value)).collect())
    });
    let all = Value::list(entries.collect());
    if args.format == DumpFormat::Json { indented(&all.to_json()) } else { kapell_template::yaml_text(&all) }
}
