//! `kapell explain`: which value a variable has on a host, where it is set, and which settings that beat.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::{ArgAction, Parser};
use kapell_callback::{Color, Display};
use kapell_executor::static_names::render_static;
use kapell_inventory::{HostPattern, VarsDir};
use kapell_parsing::{Diagnostic, Key, Map, Origin, Trust, Value, yaml};
use kapell_playbook::{LoadContext, Play, Scope, load_playbook, tasks_of};
use kapell_template::{RenderContext, Templar, TemplarOptions, VariableSource};
use serde_json::{Value as Json, json};

use crate::args::{HostArgs, VaultArgs};
use crate::exit_code::Exit;
use crate::foundation::{self, Foundation};
use crate::refusal::{Refusal, conclude};
use crate::{cloud, inventory};

/// Shows where the value of a variable comes from.
#[derive(Debug, Parser)]
pub(crate) struct ExplainArgs {
    /// The host
    pub host: String,
    /// The variable
    pub variable: String,
    #[command(flatten)]
    pub hosts: HostArgs,
    #[command(flatten)]
    pub vault: VaultArgs,
    /// With the variables of this playbook's plays and roles
    #[arg(long, value_name = "PLAYBOOK")]
    pub playbook: Option<PathBuf>,
    /// JSON in place of text
    #[arg(short, long)]
    pub json: bool,
    /// Say more
    #[arg(short, long, action = ArgAction::Count)]
    pub verbose: u8,
}

pub(crate) fn main(args: ExplainArgs) -> ExitCode {
    conclude(|warnings| run(&args, warnings))
}

/// One place that sets variables.
struct Level {
    /// Such as `group_vars of the group web, beside the inventory`.
    what: String,
    vars: Map,
}

/// One place that sets the variable.
struct Setting {
    what: String,
    value: Value,
    origin: Option<Origin>,
}

fn run(args: &ExplainArgs, warnings: &mut Vec<Diagnostic>) -> Result<Exit, Refusal> {
    let settings = foundation::settings(warnings)?;
    let display = Display::new(settings.nocolor, settings.force_color);
    let beside: Vec<PathBuf> = args.playbook.iter().map(|path| inventory::parent(path)).collect();
    let base = Foundation::lay(settings, &args.hosts, &args.vault, &beside, warnings)?;
    let plays = args.playbook.as_ref().map(|path| plays(path, &args.host, &base)).transpose()?.unwrap_or_default();
    let levels = levels(&args.host, &base, &plays, &beside)?;
    let mut settings = found(&args.variable, &levels);
    let later = later(&args.variable, &plays);
    let rendered = rendered(&args.variable, &args.host, &base, &levels);
    let Some(winner) = settings.pop() else {
        let names: Vec<String> = levels.iter().flat_map(|level| level.vars.keys().map(ToString::to_string)).collect();
        let message = format!("nothing sets '{}' for the host {}", args.variable, args.host);
        let error = Diagnostic::error(message).did_you_mean(&args.variable, names.iter().map(String::as_str));
        return Err(match later.is_empty() {
            true => error.into(),
            false => error.hint(format!("a run may set it: {}", later.join("; "))).into(),
        });
    };
    settings.reverse();
    match args.json {
        true => {
            let text = as_json(args, &winner, rendered.as_ref(), &settings, &later);
            display.out(&serde_json::to_string_pretty(&text).unwrap_or_default(), Color::Plain);
        }
        false => show(args, &winner, rendered.as_ref(), &settings, &later, &display),
    }
    Ok(Exit::Ok)
}

/// The plays of the playbook that are for the host.
fn plays(path: &Path, host: &str, base: &Foundation) -> Result<Vec<Arc<Play>>, Refusal> {
    let library = cloud::library(&base.settings);
    let templar = Templar::new(TemplarOptions { vault: base.vault.clone(), ..TemplarOptions::default() });
    let render = |value: &Value, scope: &Scope| render_static(&templar, value, scope, &base.extra_vars);
    let found = RefCell::new(Vec::new());
    let cx = LoadContext {
        settings: &base.settings,
        vault: &base.vault,
        removed: &|name| library.removed_action(name),
        has_action_group: &|_| true,
        is_module: &|name| name.matches('.').count() >= 2 || library.may_be_named(name),
        content_dir: &|dir| library.add_content(dir),
        render: &render,
        warnings: &found,
    };
    let path = std::path::absolute(path)?;
    let loaded = load_playbook(&path, &cx).map_err(|errors| Refusal::new(Exit::PARSE_ERROR, errors.errors))?;
    let is_for_host = |play: &Arc<Play>| {
        let hosts = render(&play.hosts, &play.scope).unwrap_or_else(|_| play.hosts.clone());
        let Ok(pattern) = HostPattern::from_value(&hosts) else { return true };
        base.inventory.select(&pattern, None, &mut Vec::new()).is_ok_and(|hosts| hosts.iter().any(|own| own == host))
    };
    Ok(loaded.plays.into_iter().filter(is_for_host).collect())
}

/// Weakest first.
fn levels(host: &str, base: &Foundation, plays: &[Arc<Play>], beside: &[PathBuf]) -> Result<Vec<Level>, Refusal> {
    let Some(found) = base.inventory.host(host) else {
        let names: Vec<String> = base.inventory.hosts().map(|host| host.name.clone()).collect();
        let error = Diagnostic::error(format!("there is no host '{host}' in the inventory"));
        return Err(error.did_you_mean(host, names.iter().map(String::as_str)).into());
    };
    let mut levels = Vec::new();
    let mut add = |what: String, vars: &Map| levels.push(Level { what, vars: vars.clone() });
    for role in plays.iter().flat_map(|play| &play.roles) {
        add(format!("defaults of the role {}", role.name), &role.defaults);
    }
    let groups = base.inventory.groups_of(found);
    let (all, others) = groups.split_at(1);
    let playbook_dirs: Vec<PathBuf> = beside.iter().filter_map(|dir| std::path::absolute(dir).ok()).collect();
    let dirs = inventory::vars_dirs(&base.inventory, &playbook_dirs, &base.settings, &base.vault, None);
    for layer in &base.settings.precedence {
        let groups = if layer.starts_with("all_") { all } else { others };
        let (files, place): (&[Arc<VarsDir>], _) = match layer.as_str() {
            name if name.ends_with("plugins_inventory") => (&dirs.inventory, "inventory"),
            name if name.ends_with("plugins_play") => (&dirs.playbook, "playbook"),
            _ => {
                groups.iter().for_each(|group| add(format!("the group {}, in the inventory", group.name), &group.vars));
                continue;
            }
        };
        for group in groups {
            for vars in files.iter().filter_map(|dir| dir.group_vars(&group.name)) {
                add(format!("group_vars of the group {}, beside the {place}", group.name), &vars);
            }
        }
    }
    add("the host, in the inventory".into(), &found.vars.to_map());
    for (files, place) in [(&dirs.inventory, "inventory"), (&dirs.playbook, "playbook")] {
        for vars in files.iter().filter_map(|dir| dir.host_vars(host)) {
            add(format!("host_vars of the host, beside the {place}"), &vars);
        }
    }
    for play in plays {
        add(format!("vars of {}", named(play)), &play.vars);
    }
    for play in plays {
        for vars in vars_files(play, base) {
            add(format!("vars_files of {}", named(play)), &vars);
        }
    }
    for role in plays.iter().flat_map(|play| &play.roles) {
        add(format!("vars of the role {}", role.name), &role.vars);
    }
    add("extra variables of the command line".into(), &base.extra_vars);
    dirs.take_problems().into_iter().next().map_or(Ok(levels), |problem| Err(problem.into()))
}

fn named(play: &Play) -> String {
    play.name.as_ref().map_or_else(|| "a play".to_owned(), |name| format!("the play '{name}'"))
}

/// Those with names that are no templates.
fn vars_files(play: &Play, base: &Foundation) -> Vec<Map> {
    let options = yaml::LoadOptions { trust: Trust::Trusted, vault: &base.vault };
    let names = play.vars_files.iter().filter_map(Value::as_text).filter(|name| !name.is_template());
    let loaded = names.filter_map(|name| {
        let path = play.basedir.join(name.as_str());
        let path = if path.exists() { path } else { play.basedir.join("vars").join(name.as_str()) };
        yaml::load_file(&path, &options, &mut Vec::new()).ok()
    });
    loaded.filter_map(|value| value.as_map().cloned()).collect()
}

/// Weakest first.
fn found(variable: &str, levels: &[Level]) -> Vec<Setting> {
    let setting = |level: &Level| {
        let (key, value) = level.vars.get_key_value(variable)?;
        let origin = key_origin(key).or(value.origin()).cloned();
        Some(Setting { what: level.what.clone(), value: value.clone(), origin })
    };
    levels.iter().filter_map(setting).collect()
}

fn key_origin(key: &Key) -> Option<&Origin> {
    key.origin()
}

/// What tasks may set while they run.
fn later(variable: &str, plays: &[Arc<Play>]) -> Vec<String> {
    let mut all = Vec::new();
    for play in plays {
        for nodes in [&play.pre_tasks, &play.role_tasks, &play.tasks, &play.post_tasks] {
            for task in tasks_of(nodes) {
                let place = format!("{}:{}", task.origin.path().display(), task.origin.line);
                let is_fact = task.action.ends_with("set_fact") && task.args.get(variable).is_some();
                let is_registered = task.scope.own("register").and_then(Value::as_str) == Some(variable);
                let is_own = task
                    .scope
                    .vars_chain()
                    .iter()
                    .any(|(kind, vars)| *kind != kapell_playbook::ScopeKind::Play && vars.contains_key(variable));
                for (is_so, what) in [(is_fact, "set_fact"), (is_registered, "register"), (is_own, "vars of the task")]
                {
                    if is_so && !all.contains(&format!("{what} at {place}")) {
                        all.push(format!("{what} at {place}"));
                    }
                }
            }
        }
    }
    all
}

/// The value of a template, as far as it can be told without a connection.
fn rendered(variable: &str, host: &str, base: &Foundation, levels: &[Level]) -> Option<Result<Value, String>> {
    let mut vars = Map::from([
        ("inventory_hostname".into(), Value::from(host)),
        ("groups".into(), Value::map(base.inventory.groups_map())),
    ]);
    levels.iter().for_each(|level| vars.extend(level.vars.iter().map(|(key, value)| (key.clone(), value.clone()))));
    let value = vars.get(variable)?.clone();
    let is_template = std::cell::Cell::new(false);
    let _ = value.map_strings(&|text| {
        is_template.set(is_template.get() || text.is_template());
        text.clone()
    });
    if !is_template.get() {
        return None;
    }
    let templar = Templar::new(TemplarOptions { vault: base.vault.clone(), ..TemplarOptions::default() });
    let source: Arc<dyn VariableSource> = Arc::new(vars);
    Some(templar.render(&value, &source, &RenderContext::default()).map_err(|error| error.to_string()))
}

/// Secrets are not shown, nor lines beyond the first.
fn shown(value: &Value) -> String {
    let hidden = value.map_strings(&|text| if text.is_secret() { "********".into() } else { text.clone() });
    match &hidden {
        Value::Str(text) => text.to_string(),
        other => other.to_json().to_string(),
    }
}

fn place(origin: Option<&Origin>) -> String {
    let at = |origin: &Origin| match origin.line {
        0 => origin.path().display().to_string(),
        line => format!("{}:{line}", origin.path().display()),
    };
    origin.map_or_else(|| "(no place)".to_owned(), at)
}

fn show(
    args: &ExplainArgs,
    winner: &Setting,
    rendered: Option<&Result<Value, String>>,
    beaten: &[Setting],
    later: &[String],
    display: &Display,
) {
    display.out(&format!("{} on {}: {}", args.variable, args.host, shown(&winner.value)), Color::Ok);
    match rendered {
        Some(Ok(value)) => display.out(&format!("  gives   {}", shown(value)), Color::Ok),
        Some(Err(why)) => display.out(&format!("  gives   (not known without facts: {why})"), Color::Skipped),
        None => {}
    }
    display.out(&format!("  set by  {}\n  at      {}", winner.what, place(winner.origin.as_ref())), Color::Plain);
    if !beaten.is_empty() {
        display.out("\nIt beats, the strongest first:", Color::Plain);
    }
    for setting in beaten {
        let text =
            format!("  {}\n    by {}\n    at {}", shown(&setting.value), setting.what, place(setting.origin.as_ref()));
        display.out(&text, Color::Skipped);
    }
    if !later.is_empty() {
        display.out("\nA run may set it, too:", Color::Plain);
        later.iter().for_each(|line| display.out(&format!("  {line}"), Color::Changed));
    }
}

fn as_json(
    args: &ExplainArgs,
    winner: &Setting,
    rendered: Option<&Result<Value, String>>,
    beaten: &[Setting],
    later: &[String],
) -> Json {
    let hide =
        |value: &Value| value.map_strings(&|text| if text.is_secret() { "********".into() } else { text.clone() });
    let one = |setting: &Setting| {
        let at = setting.origin.as_ref();
        json!({
            "value": hide(&setting.value).to_json(),
            "by": setting.what,
            "file": at.map(|at| at.path().to_string_lossy().into_owned()),
            "line": at.map(|at| at.line),
        })
    };
    json!({
        "host": args.host,
        "variable": args.variable,
        "set": one(winner),
        "gives": rendered.and_then(|rendered| rendered.as_ref().ok()).map(|value| hide(value).to_json()),
        "beats": beaten.iter().map(one).collect::<Vec<_>>(),
        "later": later,
    })
}
