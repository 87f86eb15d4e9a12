//! `kapell doc`, and `ansible-doc`: modules and their arguments, roles and theirs, plugins in files, keywords.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use clap::{ArgAction, Parser};
use kapell_callback::{Color, Display};
use kapell_config::{PluginOption, Settings};
use kapell_executor::ModuleLibrary;
use kapell_executor::strategy::Strategy;
use kapell_parsing::Diagnostic;
use kapell_template::NativePlugins;
use serde_json::{Map, Value as Json};

use crate::docs::modules::{self, Described};
use crate::docs::plugins::DescribedPlugin;
use crate::docs::{keywords, roles};
use crate::exit_code::Exit;
use crate::json_text::indented;
use crate::refusal::{Refusal, conclude};
use crate::{cloud, foundation, module_pages, version};

/// What can be asked about besides plugins that have options.
const OTHER_KINDS: [&str; 6] = ["module", "strategy", "test", "filter", "role", "keyword"];
/// What tasks and configurations can be written of.
const WITH_SNIPPETS: [&str; 3] = ["inventory", "lookup", "module"];
/// How wide a name may be beside its description.
const LEAST_DESCRIPTION: usize = 20;

/// Shows what modules, roles and plugins say of themselves.
#[derive(Debug, Parser)]
#[command(name = "ansible-doc", disable_version_flag = true, max_term_width = 100)]
pub(crate) struct DocArgs {
    /// Plugins; with --list: the collections to list
    #[arg(value_name = "plugin")]
    pub names: Vec<String>,
    /// List what there is
    #[arg(short, long)]
    pub list: bool,
    /// List the files of what there is
    #[arg(short = 'F', long = "list_files", alias = "list-files", conflicts_with_all = ["list", "snippet"])]
    pub list_files: bool,
    /// Show a task to start from
    #[arg(short, long, conflicts_with = "list")]
    pub snippet: bool,
    /// JSON in place of text
    #[arg(short, long)]
    pub json: bool,
    /// What kind of plugin it is
    #[arg(short = 't', long = "type", value_name = "TYPE", default_value = "module", value_parser = kinds())]
    pub kind: String,
    /// Directories of roles that are searched first
    #[arg(short = 'r', long, value_name = "ROLES_PATH")]
    pub roles_path: Vec<String>,
    /// With -t role: only this entry point
    #[arg(short, long, value_name = "ENTRY_POINT")]
    pub entry_point: Option<String>,
    /// The directory taken as the playbook's: roles, modules and plugins beside it are found
    #[arg(long, value_name = "BASEDIR")]
    pub playbook_dir: Option<PathBuf>,
    /// Where modules are searched for first
    #[arg(short = 'M', long, value_name = "MODULE_PATH")]
    pub module_path: Vec<String>,
    /// Say more
    #[arg(short, long, action = ArgAction::Count)]
    pub verbose: u8,
    /// Show the version and where things are
    #[arg(long)]
    pub version: bool,
}

pub(crate) fn main(args: DocArgs) -> ExitCode {
    conclude(|warnings| run(&args, warnings))
}

fn run(args: &DocArgs, warnings: &mut Vec<Diagnostic>) -> Result<Exit, Refusal> {
    let mut settings = foundation::settings(warnings)?;
    let display = Display::new(settings.nocolor, settings.force_color);
    if args.version {
        display.out(&version::text("ansible-doc", &settings), Color::Plain);
        return Ok(Exit::Ok);
    }
    let modules = paths(&args.module_path);
    settings.library.splice(0..0, modules);
    let library = cloud::library(&settings);
    if let Some(dir) = args.playbook_dir.as_ref().or(settings.playbook_dir.as_ref()) {
        library.add_content(&std::path::absolute(dir)?);
    }
    if args.snippet && !WITH_SNIPPETS.contains(&args.kind.as_str()) {
        let kinds = WITH_SNIPPETS.join(", ");
        let message = format!("Snippets are only available for the following plugin types: {kinds}");
        return Err(Diagnostic::error(message).into());
    }
    let is_listing = args.list || args.list_files;
    if args.names.is_empty() && !is_listing {
        return Err(Refusal::options("Missing name(s), incorrect options passed for detailed documentation."));
    }
    let bench = Bench { args, settings: &settings, library: &library, columns: display.columns() };
    let text = match args.kind.as_str() {
        "role" => bench.roles(warnings)?,
        "keyword" => bench.keywords(warnings),
        _ if is_listing => bench.list()?,
        _ => bench.describe(warnings),
    };
    if !text.is_empty() {
        display.out(&text, Color::Plain);
    }
    Ok(Exit::Ok)
}

fn kinds() -> PossibleValuesParser {
    PossibleValuesParser::new(PluginOption::KINDS.into_iter().chain(OTHER_KINDS))
}

/// Directories separated by colons, as they are seen from here.
fn paths(given: &[String]) -> Vec<PathBuf> {
    let paths = given.iter().flat_map(|paths| paths.split(':')).filter(|path| !path.is_empty()).map(PathBuf::from);
    paths.map(|path| std::path::absolute(&path).unwrap_or(path)).collect()
}

/// What every answer is made from.
struct Bench<'a> {
    args: &'a DocArgs,
    settings: &'a Settings,
    library: &'a ModuleLibrary,
    columns: usize,
}

impl Bench<'_> {
    fn width(&self) -> usize {
        (self.columns - self.columns / 5).max(70)
    }

    fn roles(&self, warnings: &mut Vec<Diagnostic>) -> Result<String, Refusal> {
        let beside = self
            .args
            .playbook_dir
            .iter()
            .chain(&self.settings.playbook_dir)
            .flat_map(|dir| [dir.join("roles"), dir.clone()]);
        let given = paths(&self.args.roles_path);
        let dirs: Vec<PathBuf> = beside.chain(given).chain(self.settings.roles_path.iter().cloned()).collect();
        let found = roles::find(&dirs, &self.library.collections(), warnings);
        if self.args.list || self.args.list_files {
            let wanted = self.wanted()?;
            let listed: Vec<_> = found.values().filter(|role| wanted(&role.name)).collect();
            return Ok(if self.args.json { indented(&roles::list_json(&listed)) } else { roles::list(&listed) });
        }
        let entry_point = self.args.entry_point.as_deref();
        let known = |name: &&String| found.contains_key(name.as_str());
        warnings.extend(self.args.names.iter().filter(|name| !known(name)).map(|name| not_found(name, found.keys())));
        let asked = self.args.names.iter().filter_map(|name| found.get(name));
        if self.args.json {
            let all = asked.filter_map(|role| Some((role.name.clone(), role.json(entry_point)?)));
            return Ok(indented(&Json::Object(all.collect())));
        }
        let texts: Vec<String> = asked.filter_map(|role| role.text(entry_point, self.width())).collect();
        Ok(texts.join("\n"))
    }

    fn keywords(&self, warnings: &mut Vec<Diagnostic>) -> String {
        let all: Vec<String> = kapell_playbook::KEYWORDS.iter().map(|keyword| keyword.name.to_owned()).collect();
        let is_listing = self.args.list || self.args.list_files;
        let (described, unknown) = keywords::describe(if is_listing { &all } else { &self.args.names });
        for name in unknown {
            let warning = Diagnostic::warning(format!("Skipping invalid keyword '{name}'"));
            warnings.push(warning.did_you_mean(name, all.iter().map(String::as_str)));
        }
        if self.args.json {
            return indented(&Json::Object(described));
        }
        if is_listing {
            return all.join("\n");
        }
        let mut names: Vec<(&String, &Json)> = described.iter().collect();
        names.sort_by_key(|(name, _)| *name);
        let yaml = |(name, value): (&String, &Json)| {
            let one: Map<String, Json> = [(name.clone(), value.clone())].into_iter().collect();
            kapell_template::yaml_text(&kapell_parsing::Value::from_json(&Json::Object(one)))
        };
        names.into_iter().map(yaml).collect::<String>().trim_end().to_owned()
    }

    /// Whether a name is among the collections asked for.
    fn wanted(&self) -> Result<impl Fn(&str) -> bool, Refusal> {
        if let Some(bad) = self.args.names.iter().find(|name| !name.contains('.')) {
            let message = format!("Invalid collection name (must be of the form namespace.collection): {bad}");
            return Err(Diagnostic::error(message).into());
        }
        let starts: Vec<String> = self.args.names.iter().map(|name| format!("{name}.")).collect();
        Ok(move |name: &str| starts.is_empty() || starts.iter().any(|start| name.starts_with(start.as_str())))
    }

    /// Names with what they are for, or with their files.
    fn list(&self) -> Result<String, Refusal> {
        let wanted = self.wanted()?;
        let kind = self.args.kind.as_str();
        let mut found: Map<String, Json> = Map::new();
        if !self.args.list_files {
            for name in self.native() {
                let about = if kind == "module" { modules::short_description(&name) } else { String::new() };
                found.insert(name, about.into());
            }
        }
        for (name, path) in self.library.catalogue(kind) {
            if !wanted(&name) || found.contains_key(&name) {
                continue;
            }
            if self.args.list_files {
                found.insert(name, path.display().to_string().into());
            } else if let Some(plugin) = DescribedPlugin::read(self.library, kind, &name, &path) {
                found.insert(name, plugin.short_description().into());
            }
        }
        found.retain(|name, _| wanted(name));
        if self.args.json {
            return Ok(indented(&Json::Object(found)));
        }
        let mut rows: Vec<(&String, &str)> =
            found.iter().map(|(name, about)| (name, about.as_str().unwrap_or_default())).collect();
        rows.sort();
        let width = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
        let room = self.columns.saturating_sub(width + 5).max(LEAST_DESCRIPTION);
        let line = |(name, about): (&String, &str)| {
            let about = if self.args.list_files { about.to_owned() } else { cut(about, room) };
            format!("{name:<width$} {about}").trim_end().to_owned()
        };
        Ok(rows.into_iter().map(line).collect::<Vec<_>>().join("\n"))
    }

    /// The names of what needs no file.
    fn native(&self) -> Vec<String> {
        let builtin = |name: &str| if name.contains('.') { name.to_owned() } else { format!("ansible.builtin.{name}") };
        match self.args.kind.as_str() {
            "module" => {
                let public = Described::names().filter(|name| !name.starts_with("kapell."));
                public.chain(module_pages::names()).map(str::to_owned).collect()
            }
            "filter" => NativePlugins::filters().map(builtin).collect(),
            "test" => NativePlugins::tests().map(builtin).collect(),
            "lookup" => NativePlugins::lookups().map(builtin).collect(),
            "strategy" => Strategy::NAMES.map(builtin).to_vec(),
            kind => PluginOption::plugins(kind).into_iter().map(builtin).collect(),
        }
    }

    fn describe(&self, warnings: &mut Vec<Diagnostic>) -> String {
        let mut all = Map::new();
        let mut texts = Vec::new();
        for name in &self.args.names {
            match self.described(name) {
                Some(Answer::Json(full)) => drop(all.insert(name.clone(), full)),
                Some(Answer::Text(text)) => texts.push(text),
                None => warnings.push(self.without_words(name)),
            }
        }
        if self.args.json { indented(&Json::Object(all)) } else { texts.join("\n\n") }
    }

    /// What is not there, or is and has no description.
    fn without_words(&self, name: &str) -> Diagnostic {
        let native = self.native();
        if native.iter().any(|known| known == name || known.rsplit('.').next() == Some(name)) {
            return Diagnostic::warning(format!("{name} comes with this program, which has no description of it"));
        }
        not_found(name, native.iter().map(|known| known.rsplit('.').next().unwrap_or(known)))
    }

    /// Modules of ours first, unless a file beside content or on the path of modules has their name.
    fn described(&self, name: &str) -> Option<Answer> {
        let kind = self.args.kind.as_str();
        let file = self.library.plugin_in_file(kind, name);
        let plugin = file.and_then(|(full, path)| DescribedPlugin::read(self.library, kind, &full, &path));
        if let Some(plugin) = plugin {
            return Some(match (self.args.json, self.args.snippet) {
                (true, _) => Answer::Json(plugin.json()),
                (_, true) => Answer::Text(plugin.snippet()),
                _ => Answer::Text(plugin.text(self.width())),
            });
        }
        if kind != "module" {
            return None;
        }
        let Some(module) = Described::find(name) else {
            return if self.args.json {
                modules::action_json(name).map(Answer::Json)
            } else {
                modules::action(name).map(Answer::Text)
            };
        };
        Some(match (self.args.json, self.args.snippet) {
            (true, _) => Answer::Json(modules::as_json(&module)),
            (_, true) => Answer::Text(modules::snippet(&module)),
            _ => Answer::Text(modules::text(&module)),
        })
    }
}

enum Answer {
    Json(Json),
    Text(String),
}

fn not_found<S: AsRef<str>>(name: &str, known: impl Iterator<Item = S>) -> Diagnostic {
    let known: Vec<S> = known.collect();
    Diagnostic::warning(format!("{name} was not found")).did_you_mean(name, known.iter().map(AsRef::as_ref))
}

/// `room` characters of `text`, and a sign that there are more.
fn cut(text: &str, room: usize) -> String {
    if text.chars().count() <= room {
        return text.to_owned();
    }
    format!("{}...", text.chars().take(room).collect::<String>())
}
