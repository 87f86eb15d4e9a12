//! Which callbacks a run has, by the names of the settings.

use kapell_config::Settings;
use kapell_executor::python_plugins::PluginKind;
use kapell_executor::{Callback, ModuleLibrary};
use kapell_parsing::{Deprecation, Diagnostic};
use kapell_template::Templar;

use crate::json_report::Pace;
use crate::python::{Natives, PythonCallbacks, Wanted};
use crate::result_text::Form;
use crate::{Color, Default, Dense, Display, JsonReport, Junit, Minimal, ProfileTasks, Shape, Silent, Timer, Tree};

/// Callbacks of collections that are built in.
const BUILT_IN: [&str; 6] = [
    "ansible.posix.debug",
    "ansible.posix.json",
    "ansible.posix.profile_tasks",
    "ansible.posix.timer",
    "community.general.null",
    "community.general.yaml",
];

/// Callbacks that a name without a collection means, if the collection is there.
const ELSEWHERE: &[(&str, &[&str])] = &[
    ("amazon.aws", &["aws_resource_actions"]),
    ("ansible.posix", &["cgroup_perf_recap", "profile_roles", "skippy"]),
    (
        "community.general",
        &[
            "actionable",
            "cgroup_memory_recap",
            "context_demo",
            "counter_enabled",
            "full_skip",
            "hipchat",
            "jabber",
            "log_plays",
            "logdna",
            "logentries",
            "logstash",
            "mail",
            "nrdp",
            "osx_say",
            "say",
            "selective",
            "slack",
            "splunk",
            "stderr",
            "sumologic",
            "syslog_json",
            "unixy",
        ],
    ),
    ("community.grafana", &["grafana_annotations"]),
    ("theforeman.foreman", &["foreman"]),
];

/// Where callbacks written in Python are found, and what answers their questions.
pub struct Content<'c> {
    pub library: &'c ModuleLibrary,
    pub templar: Templar,
}

/// The one for standard output, then those that are enabled beside it. Names nobody knows are warnings; a plugin for
/// standard output that cannot be loaded is an error.
pub fn callbacks(
    settings: &Settings,
    verbosity: u8,
    content: Content<'_>,
    warnings: &mut Vec<Diagnostic>,
) -> Result<Vec<Box<dyn Callback>>, Diagnostic> {
    let settings = &routed(settings, content.library)?;
    let wanted = wanted(settings, content.library);
    warnings.extend(content.library.take_notices());
    let is_python = |name: &str| wanted.iter().any(|wanted| wanted.file.name == name);
    let has_stdout = wanted.iter().any(|wanted| wanted.stdout);
    let mut chosen = Vec::new();
    let python = match python(settings, verbosity, &wanted, content.templar) {
        Ok(python) => python,
        Err(why) if has_stdout => return Err(Diagnostic::error(why)),
        Err(why) => {
            warnings.push(Diagnostic::warning(why));
            None
        }
    };
    if !has_stdout {
        warnings.extend(deprecation(&settings.stdout_callback));
        chosen.push(stdout_callback(settings, verbosity).ok_or_else(|| unknown(&settings.stdout_callback))?);
    }
    chosen.extend(python.map(|python| Box::new(python) as Box<dyn Callback>));
    for name in settings.callbacks_enabled.iter().filter(|name| !is_python(name)) {
        warnings.extend(deprecation(name).filter(|_| base_name(name) == "tree"));
        match base_name(name) {
            "timer" => chosen.push(Box::new(Timer::new(settings))),
            "profile_tasks" => chosen.push(Box::new(ProfileTasks::new(settings))),
            "junit" => chosen.push(Box::new(Junit::new())),
            "tree" => {
                let directory = std::env::var_os("ANSIBLE_CALLBACK_TREE_DIR");
                let directory = directory.map_or_else(|| settings.home.join("tree"), Into::into);
                chosen.push(Box::new(Tree::new(&directory)));
            }
            "default" | "minimal" | "oneline" | "dense" | "json" | "jsonl" | "null" => {}
            _ => warnings.push(Diagnostic::warning(format!("Skipping callback plugin '{name}', unable to load"))),
        }
    }
    Ok(chosen)
}

/// What is said of a callback that goes away.
pub fn deprecation(name: &str) -> Option<Diagnostic> {
    let name = base_name(name);
    let message = || format!("The {name} callback plugin is deprecated.");
    ["oneline", "tree"].contains(&name).then(|| Deprecation::of_core(message(), "2.23").diagnostic())
}

/// The settings with the names that collections' redirects lead to.
fn routed(settings: &Settings, library: &ModuleLibrary) -> Result<Settings, Diagnostic> {
    let full = |name: &str| {
        let (collection, _) = ELSEWHERE.iter().find(|(_, names)| names.contains(&name))?;
        let full = format!("{collection}.{name}");
        library.plugin(PluginKind::Callback, &full).map(|_| full)
    };
    let route = |name: &String| match library.removed("callback", name) {
        Some(gone) => Err(Diagnostic::error(gone)),
        None => {
            let is_short = library.plugin(PluginKind::Callback, name).is_none();
            let name = full(name).filter(|_| is_short).unwrap_or_else(|| name.clone());
            let target = library.routed("callback", &name);
            let is_there = library.plugin(PluginKind::Callback, &target).is_some() || base_name(&target) != target;
            Ok(if is_there { target } else { name })
        }
    };
    let mut enabled: Vec<String> = Vec::new();
    for name in settings.callbacks_enabled.iter().map(route) {
        let name = name?;
        if !enabled.contains(&name) {
            enabled.push(name);
        }
    }
    Ok(Settings { callbacks_enabled: enabled, stdout_callback: route(&settings.stdout_callback)?, ..settings.clone() })
}

/// The user's callbacks that may take part: the one for standard output, those the settings name, and all that lie
/// beside content or in the configured directories, which say themselves whether they have to be named.
fn wanted(settings: &Settings, library: &ModuleLibrary) -> Vec<Wanted> {
    let find = |name: &str| library.plugin(PluginKind::Callback, name).filter(|_| !BUILT_IN.contains(&name));
    let stdout = find(&settings.stdout_callback).map(|file| Wanted { file, enabled: true, stdout: true });
    let enabled = settings.callbacks_enabled.iter().filter_map(|name| find(name));
    let enabled = enabled.map(|file| Wanted { file, enabled: true, stdout: false });
    let others = library.all_plugins(PluginKind::Callback).into_iter();
    let others = others.map(|file| Wanted { file, enabled: false, stdout: false });
    let mut wanted: Vec<Wanted> = Vec::new();
    for next in stdout.into_iter().chain(enabled).chain(others) {
        if !wanted.iter().any(|known| known.file.path == next.file.path) {
            wanted.push(next);
        }
    }
    wanted
}

fn python(
    settings: &Settings,
    verbosity: u8,
    wanted: &[Wanted],
    templar: Templar,
) -> Result<Option<PythonCallbacks>, String> {
    if wanted.is_empty() {
        return Ok(None);
    }
    let own = settings.clone();
    let natives: Natives = Box::new(move |name| native(&own, verbosity, name));
    PythonCallbacks::start(settings, verbosity, wanted, templar, natives)
}

/// A callback of ours for a plugin that extends it.
fn native(settings: &Settings, verbosity: u8, name: &str) -> Option<Box<dyn Callback>> {
    match name {
        "timer" => Some(Box::new(Timer::new(settings))),
        "profile_tasks" => Some(Box::new(ProfileTasks::new(settings))),
        "junit" => Some(Box::new(Junit::new())),
        name => {
            let settings = Settings { stdout_callback: name.to_owned(), ..settings.clone() };
            stdout_callback(&settings, verbosity)
        }
    }
}

/// None for a name nobody knows.
fn stdout_callback(settings: &Settings, verbosity: u8) -> Option<Box<dyn Callback>> {
    Some(match base_name(&settings.stdout_callback) {
        "default" => Box::new(Default::new(settings, verbosity)),
        "minimal" => Box::new(Minimal::new(settings, verbosity, Shape::Block)),
        "oneline" => Box::new(Minimal::new(settings, verbosity, Shape::Line)),
        "dense" => Box::new(Dense::new(settings)),
        "json" => Box::new(JsonReport::new(settings, Pace::AtEnd)),
        "jsonl" => Box::new(JsonReport::new(settings, Pace::AsItGoes)),
        "null" => Box::new(Silent::new(settings)),
        "yaml" => Box::new(Default::new(settings, verbosity).in_form(Form::Headed)),
        "debug" => Box::new(Default::new(settings, verbosity).in_form(Form::Sections)),
        _ => return None,
    })
}

fn unknown(name: &str) -> Diagnostic {
    let known = ["default", "minimal", "oneline", "dense", "json", "jsonl", "null", "yaml", "debug"];
    Diagnostic::error(format!("Could not load '{name}' callback plugin.")).did_you_mean(name, known)
}

/// With `-vv`, those for standard output that come with the program and are not the one in use.
pub fn say_unused(settings: &Settings, verbosity: u8, chosen: &str) {
    let display = Display::new(settings.nocolor, settings.force_color);
    let chosen = base_name(chosen);
    for name in ["default", "minimal", "oneline"].into_iter().filter(|name| verbosity > 1 && *name != chosen) {
        display.out(&format!("Skipping callback '{name}', as we already have a stdout callback."), Color::Verbose);
    }
}

/// Without the collection it is known from elsewhere.
fn base_name(name: &str) -> &str {
    let collections = ["ansible.builtin.", "ansible.legacy.", "ansible.posix.", "community.general."];
    collections.iter().find_map(|collection| name.strip_prefix(collection)).unwrap_or(name)
}
