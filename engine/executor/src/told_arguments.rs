//! A task's arguments as they were written, for banners and reports that show them.

use kapell_config::Settings;
use kapell_parsing::{Text, Value};
use kapell_playbook::Task;

/// ` key=value, key=value`; nothing where nobody asks for it.
pub(crate) fn told_arguments(task: &Task, is_secret: bool, settings: &Settings) -> Option<String> {
    let reports = settings.callbacks_enabled.iter().any(|name| name.rsplit('.').next() == Some("junit"));
    let is_wanted = settings.display_args_to_stdout || reports;
    (is_wanted && !is_secret).then(|| text(task)).filter(|text| !text.is_empty())
}

fn text(task: &Task) -> String {
    let hidden = |text: &Text| if text.is_secret() { "********".into() } else { text.clone() };
    let told = |value: &Value| value.map_strings(&hidden).to_string();
    let mut arguments: Vec<String> = match &task.args {
        Value::Map(args) => args.iter().map(|(key, value)| format!("{key}={}", told(value))).collect(),
        Value::Null => Vec::new(),
        whole => vec![format!("{}={}", Task::VARIABLE_ARGS, told(whole))],
    };
    arguments.extend(task.free_form.iter().map(|text| format!("_raw_params={}", hidden(text))));
    if arguments.is_empty() { String::new() } else { format!(" {}", arguments.join(", ")) }
}
