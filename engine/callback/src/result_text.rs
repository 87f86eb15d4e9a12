//! A result as the text behind `=>`: what is left out, and whether it goes on one line.

use kapell_config::{ResultFormat, Settings};
use kapell_executor::event::HostResult;
use kapell_parsing::{Map, Text, Value, vault};

use crate::json_text::{Layout, map_text};

pub(crate) const CENSORED: &str =
    "the output has been hidden due to the fact that 'no_log: true' was specified for this result";

/// The same as a callback of its own words says it.
const CENSORED_SENTENCE: &str =
    "The output has been hidden due to the fact that 'no_log: true' was specified for this result";

/// Keys only wanted at high verbosity, or never.
const HIDDEN: &[&str] = &["exception", "diff", "deprecations", "warnings", "ansible_facts_gathered"];

/// When a command ran, and for how long.
const TIMES: [&str; 3] = ["start", "end", "delta"];

/// The ways to write a result.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Form {
    Json,
    Yaml,
    /// `changed` behind the arrow, the rest as YAML below it.
    Headed,
    /// JSON, and below it what was said and printed, each under a heading.
    Sections,
}

/// How results are written, as the settings say.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    pub(crate) verbosity: u8,
    pub(crate) form: Form,
    /// On several lines always or never; by default where a result is better read so.
    pub(crate) pretty: Option<bool>,
    /// Without what no two hosts share, so that results that are otherwise the same read the same.
    pub(crate) timeless: bool,
}

impl Look {
    pub(crate) fn new(settings: &Settings, verbosity: u8) -> Self {
        let form = match settings.callback_result_format {
            ResultFormat::Json => Form::Json,
            ResultFormat::Yaml => Form::Yaml,
        };
        Self { verbosity, form, pretty: settings.callback_format_pretty, timeless: settings.fold }
    }

    fn text(self, map: &Map, is_whole: bool) -> String {
        match self.form {
            Form::Json => {
                let several_lines = self.pretty.unwrap_or(is_whole || self.verbosity > 2);
                map_text(map, if several_lines { Layout::Indented } else { Layout::Line })
            }
            Form::Yaml => yaml_text(map, self.pretty.unwrap_or(true)),
            Form::Headed => headed_text(map.clone()),
            Form::Sections => text_in_sections(map.clone()),
        }
    }

    fn censored_text(self, censored: &Map) -> String {
        match self.form {
            Form::Headed => map_text(&Map::from([("censored".into(), CENSORED_SENTENCE.into())]), Layout::Line),
            _ => self.text(censored, false),
        }
    }
}

fn headed_text(mut map: Map) -> String {
    let flag = |map: &mut Map, name: &str| {
        let value = map.shift_remove(name).map(|value| value.to_string().to_lowercase());
        value.map(|value| format!("{name}={value} ")).unwrap_or_default()
    };
    let mut text = flag(&mut map, "changed") + &flag(&mut map, "skipped");
    omit_lines(&mut map);
    if !map.is_empty() {
        let value = Value::map(map).map_strings(&|text| readable(&seen(text)));
        text.push('\n');
        text.push_str(&kapell_template::wide_yaml_blocks(&value));
    }
    text.replace('\n', "\n  ").trim_end().to_owned()
}

fn text_in_sections(mut map: Map) -> String {
    const SAID: [&str; 5] = ["stdout", "stderr", "msg", "module_stdout", "module_stderr"];
    let said = SAID.map(|name| (name, map.shift_remove(name)));
    map.retain(|key, _| !matches!(key.as_str(), Some("stdout_lines" | "stderr_lines")));
    let mut text = map_text(&map, Layout::Indented);
    for (name, value) in said {
        if let Some(value) = value.filter(Value::is_truthy) {
            let value = value.map_strings(&seen);
            text.push_str(&format!("\n\n{}:\n\n{value}\n", name.to_uppercase()));
        }
    }
    // The end of the line is the display's.
    text.strip_suffix('\n').map(str::to_owned).unwrap_or(text)
}

fn seen(text: &Text) -> Text {
    if text.is_secret() { vault::HIDDEN.into() } else { text.clone() }
}

/// What is there as text is not shown a second time as lines.
fn omit_lines(map: &mut Map) {
    for stream in ["stdout", "stderr"] {
        let lines = format!("{stream}_lines");
        if map.contains_key(stream) && map.contains_key(lines.as_str()) {
            map.insert(lines.into(), "<omitted>".into());
        }
    }
}

/// Begins on a line of its own. Where it should be easy to read, what YAML could not show as lines is left out.
pub(crate) fn yaml_text(map: &Map, easy: bool) -> String {
    let mut shown = map.clone();
    if easy {
        omit_lines(&mut shown);
    }
    let value = Value::map(shown).map_strings(&|text| if easy { readable(&seen(text)) } else { seen(text) });
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
        if !is_debug(&event.task.action) {
            censored.insert("changed".into(), result.is_changed().into());
        }
        return look.censored_text(&censored);
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

/// Facts that were gathered: too many to be shown, however much is asked for.
pub(crate) fn is_of_facts(action: &str, data: &Map) -> bool {
    let name = action.rsplit('.').next().unwrap_or_default();
    ["setup", "gather_facts"].contains(&name) && data.contains_key("ansible_facts")
}

/// Whether a result is shown: asked for by `-v`, or without.
pub(crate) fn is_shown(event: &HostResult, verbosity: u8) -> bool {
    if is_of_facts(&event.task.action, &event.result.data) {
        return false;
    }
    (verbosity > 0 || (event.result.verbose_always && !event.result.no_log)) && !event.result.data.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(json: &str) -> Map {
        let value = Value::from_json(&serde_json::from_str(json).unwrap());
        value.as_map().cloned().unwrap()
    }

    #[test]
    fn headed_results_begin_with_what_changed() {
        let command = r#"{"changed": true, "cmd": ["false"], "rc": 1, "stdout": "", "stdout_lines": []}"#;
        let cases = [
            (r#"{"msg": "hello"}"#, "\n  msg: hello"),
            (r#"{"changed": false}"#, "changed=false"),
            (command, "changed=true \n  cmd:\n  - 'false'\n  rc: 1\n  stdout: ''\n  stdout_lines: <omitted>"),
            (r#"{"msg": "a\nb\tc \n"}"#, "\n  msg: |-\n    a\n    b       c"),
        ];
        for (written, expected) in cases {
            assert_eq!(headed_text(map(written)), expected, "{written}");
        }
        let long = "word ".repeat(60);
        assert_eq!(headed_text(Map::from([("msg".into(), long.trim().into())])), format!("\n  msg: {}", long.trim()));
    }

    #[test]
    fn what_was_said_stands_in_sections() {
        let cases = [
            (r#"{"msg": "hello"}"#, "{}\n\nMSG:\n\nhello"),
            (r#"{"msg": "", "changed": false}"#, "{\n    \"changed\": false\n}"),
            (
                r#"{"rc": 3, "stdout": "out", "stdout_lines": ["out"], "stderr": "err", "stderr_lines": ["err"], "msg": [1]}"#,
                "{\n    \"rc\": 3\n}\n\nSTDOUT:\n\nout\n\n\nSTDERR:\n\nerr\n\n\nMSG:\n\n[1]",
            ),
        ];
        for (written, expected) in cases {
            assert_eq!(text_in_sections(map(written)), expected, "{written}");
        }
    }
}
