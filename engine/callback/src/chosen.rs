//! Which callbacks a run has, by the names of the settings.

use kapell_config::{ResultFormat, Settings};
use kapell_executor::Callback;
use kapell_parsing::Diagnostic;

use crate::json_report::Pace;
use crate::{Default, JsonReport, Junit, Minimal, ProfileTasks, Shape, Timer, Tree};

/// The one for standard output, then those that are enabled beside it. Names nobody knows are warnings.
pub fn callbacks(settings: &Settings, verbosity: u8, warnings: &mut Vec<Diagnostic>) -> Vec<Box<dyn Callback>> {
    let mut chosen = vec![stdout_callback(settings, verbosity, warnings)];
    for name in &settings.callbacks_enabled {
        match base_name(name) {
            "timer" => chosen.push(Box::new(Timer::new(settings))),
            "profile_tasks" => chosen.push(Box::new(ProfileTasks::new(settings))),
            "junit" => chosen.push(Box::new(Junit::new())),
            "tree" => {
                let directory = std::env::var_os("ANSIBLE_CALLBACK_TREE_DIR");
                let directory = directory.map_or_else(|| settings.home.join("tree"), Into::into);
                chosen.push(Box::new(Tree::new(&directory)));
            }
            "default" | "minimal" | "oneline" | "json" | "jsonl" => {}
            _ => warnings.push(Diagnostic::warning(format!("there is no callback '{name}': it is left out"))),
        }
    }
    chosen
}

fn stdout_callback(settings: &Settings, verbosity: u8, warnings: &mut Vec<Diagnostic>) -> Box<dyn Callback> {
    let name = settings.stdout_callback.as_str();
    match base_name(name) {
        "default" => Box::new(Default::new(settings, verbosity)),
        "minimal" => Box::new(Minimal::new(settings, verbosity, Shape::Block)),
        "oneline" => Box::new(Minimal::new(settings, verbosity, Shape::Line)),
        "json" => Box::new(JsonReport::new(settings, Pace::AtEnd)),
        "jsonl" => Box::new(JsonReport::new(settings, Pace::AsItGoes)),
        "yaml" => {
            let settings = Settings { callback_result_format: ResultFormat::Yaml, ..settings.clone() };
            Box::new(Default::new(&settings, verbosity))
        }
        "debug" => {
            let settings = Settings { callback_format_pretty: Some(true), ..settings.clone() };
            Box::new(Default::new(&settings, verbosity))
        }
        _ => {
            let message = format!("there is no callback '{name}' for standard output: 'default' stands in");
            warnings.push(Diagnostic::warning(message));
            Box::new(Default::new(settings, verbosity))
        }
    }
}

/// Without the collection it is known from elsewhere.
fn base_name(name: &str) -> &str {
    let collections = ["ansible.builtin.", "ansible.legacy.", "ansible.posix.", "community.general."];
    collections.iter().find_map(|collection| name.strip_prefix(collection)).unwrap_or(name)
}
