//! `PythonCallbacks`: callbacks users wrote in Python, all in one `python3`, told of every event and asked in order.

use std::collections::HashMap;
use std::sync::Arc;

use kapell_config::Settings;
use kapell_executor::event::HostResult;
use kapell_executor::python_plugins::{BlockingProcess, PluginFile, Reply};
use kapell_executor::{Callback, Event};
use kapell_parsing::{Diagnostic, Map, Value};
use kapell_template::{PluginFrames, RenderContext, Templar, VariableSource};

use crate::python_events::told;
use crate::result_text::yaml_text;
use crate::told::Told;
use crate::{Color, Display, diff_text};

/// One plugin to load.
pub(crate) struct Wanted {
    pub(crate) file: Arc<PluginFile>,
    /// Whether the settings name it.
    pub(crate) enabled: bool,
    /// Whether it is the one for standard output.
    pub(crate) stdout: bool,
}

/// A callback of ours by its name, for plugins that extend it.
pub(crate) type Natives = Box<dyn Fn(&str) -> Option<Box<dyn Callback>> + Send>;

pub(crate) struct PythonCallbacks {
    process: BlockingProcess,
    templar: Templar,
    display: Display,
    told: Told,
    diff_context: usize,
    verbosity: u8,
    transport: String,
    natives: Natives,
    made: HashMap<String, Box<dyn Callback>>,
    /// Shows what is not for callbacks, when a plugin has standard output.
    beside: Option<Box<dyn Callback>>,
    /// The error whose result comes next.
    error: Option<Event>,
}

impl PythonCallbacks {
    /// Loads `wanted`; nothing where none of them takes part.
    pub(crate) fn start(
        settings: &Settings,
        verbosity: u8,
        wanted: &[Wanted],
        templar: Templar,
        natives: Natives,
    ) -> Result<Option<Self>, String> {
        let process = BlockingProcess::start(&templar)?;
        let display = Display::new(settings.nocolor, settings.force_color);
        let (columns, colored) = (display.columns() as i64, display.colored);
        let has_stdout = wanted.iter().any(|wanted| wanted.stdout);
        let beside = natives("default").filter(|_| has_stdout);
        let mut callbacks = Self {
            process,
            templar,
            display,
            told: Told::new(settings),
            diff_context: settings.diff_context,
            verbosity,
            transport: settings.transport.clone(),
            natives,
            made: HashMap::new(),
            beside,
            error: None,
        };
        let loaded = callbacks.request(
            &map([
                ("op", "ansible.kapell_callbacks:load".into()),
                ("plugins", Value::list(wanted.iter().map(about).collect())),
                ("verbosity", i64::from(verbosity).into()),
                ("columns", columns.into()),
                ("colored", colored.into()),
            ]),
            None,
        )?;
        let loaded = loaded.as_list().unwrap_or_default();
        let stdout = wanted.iter().find(|wanted| wanted.stdout);
        if let Some(stdout) =
            stdout.filter(|stdout| !loaded.iter().any(|name| name.as_str() == Some(&stdout.file.name)))
        {
            return Err(format!("Could not load '{}' callback plugin.", stdout.file.name));
        }
        Ok((!loaded.is_empty()).then_some(callbacks))
    }

    /// One request, and what is asked meanwhile. `event` is what it tells of.
    fn request(&mut self, message: &Value, event: Option<&Event>) -> Result<Value, String> {
        self.process.send(message)?;
        loop {
            match self.process.reply()? {
                Reply::Result(result) => return Ok(result),
                Reply::Raised(raised) => return Err(raised.message),
                Reply::Question(question) => {
                    let answer = self.answer(&question, event);
                    self.process.send(&answer)?;
                }
            }
        }
    }

    fn answer(&mut self, question: &Map, event: Option<&Event>) -> Value {
        let text = |name: &str| question.get(name).and_then(Value::as_str).unwrap_or_default();
        match text("ask") {
            "notice" => {
                self.notice(
                    text("level"),
                    &PluginFrames::notice_text(question),
                    text("color"),
                    question.get("stderr").is_some_and(Value::is_truthy),
                );
                map([("answer", Value::Null)])
            }
            "diff_text" => {
                let data = question.get("diff").map(|diff| ("diff".into(), PluginFrames::decode(diff)));
                let text = diff_text::text(&data.into_iter().collect(), self.diff_context);
                map([("answer", diff_text::painted(&self.display, &text).into())])
            }
            "yaml_text" => {
                let data = question.get("data").map(PluginFrames::decode);
                let easy = question.get("pretty").is_some_and(Value::is_truthy);
                let text = data.as_ref().and_then(Value::as_map).map(|data| yaml_text(data, easy));
                map([("answer", text.unwrap_or_default().into())])
            }
            "native_callback" => {
                if let Some(event) = event {
                    self.show(text("name"), event, question.get("result"));
                }
                map([("answer", Value::Null)])
            }
            _ => {
                let none: Arc<dyn VariableSource> = Arc::new(Map::new());
                self.templar.answer_plugin(question, &none, &RenderContext::default())
            }
        }
    }

    fn notice(&mut self, level: &str, text: &str, color: &str, stderr: bool) {
        match level {
            "warning" => self.told.tell(&self.display, &Diagnostic::warning(text)),
            "deprecated" => self.told.tell(&self.display, &Diagnostic::deprecation(text)),
            "error" => {
                let text = format!("[ERROR]: {text}");
                match self.told.is_new(&text) {
                    true if stderr => self.display.err(&text, Color::Failed),
                    true => self.display.out(&text, Color::Failed),
                    false => {}
                }
            }
            "info" if stderr => self.display.err(text, named_color(color)),
            "info" => self.display.out(text, named_color(color)),
            _ => {
                let level = level.strip_prefix("verbose").and_then(|level| level.parse().ok()).unwrap_or(u8::MAX);
                self.display.detail(text, level, self.verbosity);
            }
        }
    }

    /// What is not for plugins. The error of a result is told, or not, by the plugin that has standard output.
    fn tell_beside(&mut self, event: &Event, is_for_nobody: bool) {
        let Some(beside) = &mut self.beside else { return };
        let has_error =
            matches!(event, Event::HostResult(told) | Event::ItemResult(told) if told.result.error.is_some());
        if let Some(error) = self.error.take().filter(|_| !has_error) {
            beside.on_event(&error);
        }
        match event {
            Event::TaskError(_) => self.error = Some(event.clone()),
            Event::Turn(_) => {}
            _ if is_for_nobody => beside.on_event(event),
            _ => {}
        }
    }

    /// What a callback of ours makes of `event`, with the result as the plugin left it.
    fn show(&mut self, name: &str, event: &Event, result: Option<&Value>) {
        if !self.made.contains_key(name) {
            let Some(native) = (self.natives)(name) else { return };
            self.made.insert(name.to_owned(), native);
        }
        let Some(native) = self.made.get_mut(name) else { return };
        let result = result.map(PluginFrames::decode);
        let changed = result.as_ref().and_then(Value::as_map).map(|data| with_result(event, data));
        native.on_event(changed.as_ref().unwrap_or(event));
    }
}

impl Callback for PythonCallbacks {
    fn on_event(&mut self, event: &Event) {
        let told = told(event, &self.transport);
        self.tell_beside(event, told.is_empty());
        for told in told {
            let message = map([("op", "ansible.kapell_callbacks:tell".into()), ("event", told)]);
            if let Err(why) = self.request(&message, Some(event)) {
                self.notice("warning", &why, "", true);
            }
        }
    }
}

fn with_result(event: &Event, data: &Map) -> Event {
    let changed = |told: &HostResult| {
        let mut told = told.clone();
        let own = data.iter().filter(|(key, _)| !key.as_str().is_some_and(|key| key.starts_with("_ansible_")));
        told.result.data = own.map(|(key, value)| (key.clone(), value.clone())).collect();
        told
    };
    match event {
        Event::HostResult(told) => Event::HostResult(changed(told)),
        Event::ItemResult(told) => Event::ItemResult(changed(told)),
        other => other.clone(),
    }
}

fn about(wanted: &Wanted) -> Value {
    map([
        ("file", wanted.file.path.to_string_lossy().into_owned().into()),
        ("package", wanted.file.package.as_deref().map_or(Value::Null, Value::from)),
        ("name", wanted.file.name.as_str().into()),
        ("enabled", wanted.enabled.into()),
        ("stdout", wanted.stdout.into()),
    ])
}

pub(crate) fn map<const N: usize>(entries: [(&str, Value); N]) -> Value {
    Value::map(fields(entries))
}

pub(crate) fn fields<const N: usize>(entries: [(&str, Value); N]) -> Map {
    entries.into_iter().map(|(name, value)| (name.into(), value)).collect()
}

fn named_color(name: &str) -> Color {
    match name {
        "green" => Color::Ok,
        "yellow" => Color::Changed,
        "cyan" => Color::Skipped,
        "red" => Color::Failed,
        "bright red" => Color::Unreachable,
        "bright purple" | "magenta" => Color::Warning,
        "purple" => Color::Deprecation,
        "blue" => Color::Verbose,
        "white" => Color::Highlight,
        _ => Color::Plain,
    }
}
