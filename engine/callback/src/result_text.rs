//! A result as the text behind `=>`: what is left out, and whether it goes on one line.

use kapell_config::{ResultFormat, Settings};
use kapell_executor::event::HostResult;
use kapell_parsing::{Map, Text, Value};

use crate::json_text::{Layout, map_text};

pub(crate) const CENSORED: &str =
    "the output has been hidden due to the fact that 'no_log: true' was specified for this result";

/// Keys only wanted at high verbosity, or never.
const HIDDEN: &[&str] = &["exception", "diff", "deprecations", "warnings", "ansible_facts_gathered"];

/// When a command ran, and for how long.
const TIMES: [&str; 3] = ["start", "end", "delta"];

/// How results are written, as the settings say.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    pub(crate) verbosity: u8,
    pub(crate) format: ResultFormat,
    /// On several lines always or never; by default where a result is better read so.
    pub(crate) pretty: Option<bool>,
    /// Without what no two hosts share, so that results that are otherwise the same read the same.
    pub(crate) timeless: bool,
}

impl Look {
    pub(crate) fn new(settings: &Settings, verbosity: u8) -> Self {
        let (format, pretty) = (settings.callback_result_format, settings.callback_format_pretty);
        Self { verbosity, format, pretty, timeless: settings.fold }
    }

    fn text(self, map: &Map, is_whole: bool) -> String {
        match self.format {
            ResultFormat::Json => {
                let several_lines = self.pretty.unwrap_or(is_whole || self.verbosity > 2);
                map_text(map, if several_lines { Layout::Indented } else { Layout::Line })
            }
            ResultFormat::Yaml => yaml_text(map, self.pretty.unwrap_or(true)),
        }
    }
}

/// Begins on a line of its own. Where it should be easy to read, what YAML could not show as lines is left out.
pub(crate) fn yaml_text(map: &Map, easy: bool) -> String {
    let hidden = |text: &Text| if text.is_secret() { "********".into() } else { text.clone() };
    let mut shown = map.clone();
    for stream in ["stdout", "stderr"].into_iter().filter(|_| easy) {
        let lines = format!("{stream}_lines");
        if shown.contains_key(stream) && shown.contains_key(lines.as_str()) {
            shown.insert(lines.into(), "<omitted>".into());
        }
    }
    let value = Value::map(shown).map_strings(&|text| if easy { readable(&hidden(text)) } else { hidden(text) });
    let text = kapell_template::yaml_blocks(&value, if easy { 4 } else { 2 });
    let lines = text.trim_end_matches('\n').lines();
    let lines = lines.map(|line| if line.trim().is_empty() { format!("\n{line}") } else { format!("\n    {line}") });
    lines.collect()
}

/// Text of several lines without what would keep it from being shown as lines: tabs, blanks at line ends, controls.
fn readable(text: &Text) -> Text {
    if !text.contains('\n') {
        return text.clone();
    }
    let line = |line: &str| {
        let mut out = String::new();
        let mut column = 0;
        for c in line.chars() {
            let blanks = if c == '\t' { 8 - column % 8 } else { 0 };
            out.extend(std::iter::repeat_n(' ', blanks));
            if blanks == 0 && !c.is_control() {
                out.push(c);
            }
            column = out.chars().count();
        }
        out.trim_end_matches(' ').to_owned()
    };
    let lines: Vec<String> = text.trim_end().split('\n').map(line).collect();
    Text::new(lines.join("\n"))
}

/// The result as text.
pub(crate) fn result_text(event: &HostResult, look: Look) -> String {
    let result = &event.result;
    if result.no_log {
        let mut censored = Map::new();
        censored.insert("censored".into(), CENSORED.into());
        censored.insert("changed".into(), result.is_changed().into());
        return look.text(&censored, false);
    }
    let mut data = shown(event, look.verbosity);
    if look.timeless {
        TIMES.iter().for_each(|key| drop(data.shift_remove(*key)));
    }
    look.text(&data, result.verbose_always && !result.is_skipped())
}

/// The result as ad-hoc commands show it: of a debug task what it says, unless it failed.
pub(crate) fn bare_result(event: &HostResult, verbosity: u8) -> Map {
    let only_message = is_debug(&event.task.action) && !event.result.is_failed();
    result_with(event, verbosity, only_message)
}

/// The same, with everything that debug tasks return.
pub(crate) fn whole_result(event: &HostResult, verbosity: u8) -> Map {
    result_with(event, verbosity, false)
}

fn result_with(event: &HostResult, verbosity: u8, only_message: bool) -> Map {
    if event.result.no_log {
        let mut censored = Map::new();
        censored.insert("censored".into(), CENSORED.into());
        censored.insert("changed".into(), event.result.is_changed().into());
        return censored;
    }
    let mut data = kept(event, verbosity, only_message);
    // Whoever shows it says so.
    data.shift_remove("failed");
    if data.get("skipped").is_some_and(|skipped| !skipped.is_truthy()) {
        data.shift_remove("skipped");
    }
    for stream in ["stdout", "stderr"] {
        let lines = format!("{stream}_lines");
        if let Some(Value::Str(text)) = data.get(stream)
            && !data.contains_key(lines.as_str())
        {
            let list = text.lines().map(Value::from).collect::<Vec<_>>();
            data.insert(lines.into(), list.into());
        }
    }
    if !only_message && !data.contains_key("changed") {
        data.insert("changed".into(), false.into());
    }
    data
}

/// The keys of the result that are shown.
fn shown(event: &HostResult, verbosity: u8) -> Map {
    kept(event, verbosity, is_debug(&event.task.action))
}

fn kept(event: &HostResult, verbosity: u8, only_message: bool) -> Map {
    let mut data = event.result.data.clone();
    data.retain(|key, _| key.as_str().is_none_or(|key| !key.starts_with("_ansible") && !HIDDEN.contains(&key)));
    if verbosity < 3 {
        data.shift_remove("invocation");
    }
    if !event.result.is_failed() || event.result.error.is_some() {
        data.shift_remove("failed");
    }
    if only_message {
        if let Some(message) = data.get("msg").cloned() {
            return Map::from([("msg".into(), message)]);
        }
        for key in ["changed", "failed", "skipped", "skip_reason", "ansible_loop_var"] {
            data.shift_remove(key);
        }
    }
    if event.result.is_skipped() {
        data.shift_remove("skipped");
        if data.contains_key("results") {
            data.shift_remove("results");
        }
    }
    data
}

/// What `debug` says is all that is shown of it.
pub(crate) fn is_debug(action: &str) -> bool {
    action.rsplit('.').next() == Some("debug")
}

/// Whether a result is shown without being asked for by `-v`.
pub(crate) fn is_shown(event: &HostResult, verbosity: u8) -> bool {
    (verbosity > 0 || (event.result.verbose_always && !event.result.no_log)) && !event.result.data.is_empty()
}
