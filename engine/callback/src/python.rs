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
use crate::told::Told;
use crate::{Color, Display};

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
    verbosity: u8,
    transport: String,
    natives: Natives,
    made: HashMap<String, Box<dyn Callback>>,
    /// Shows what is not for callbacks, when a plugin has standard output.
    beside: Option<Box<dyn Callback>>,
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
        let columns = display.columns() as i64;
        let has_stdout = wanted.iter().any(|wanted| wanted.stdout);
        let beside = natives("default").filter(|_| has_stdout);
        let mut callbacks = Self {
            process,
            templar,
            display,
            told: Told::new(settings),
            verbosity,
            transport: settings.transport.clone(),
            natives,
            made: HashMap::new(),
            beside,
        };
        let loaded = callbacks.request(
            &map([
                ("op", "ansible.kapell_callbacks:load".into()),
                ("plugins", Value::list(wanted.iter().map(about).collect())),
                ("verbosity", i64::from(verbosity).into()),
                ("columns", columns.into()),
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
            "info" if stderr => self.display.err(text, named_color(color)),
            "info" => self.display.out(text, named_color(color)),
            _ => {
                let level = level.strip_prefix("verbose").and_then(|level| level.parse().ok()).unwrap_or(u8::MAX);
                self.display.detail(text, level, self.verbosity);
            }
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
        if told.is_empty() {
            if let Some(beside) = &mut self.beside {
                beside.on_event(event);
            }
            return;
        }
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

pub(crate) fn map<const N: usize>(fields: [(&str, Value); N]) -> Value {
    Value::map(fields.into_iter().map(|(name, value)| (name.into(), value)).collect())
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
