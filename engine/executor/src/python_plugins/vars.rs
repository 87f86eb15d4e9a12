//! `PythonVars`: sources of variables users wrote in Python, all in one process that is started when the first is asked.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use kapell_config::Settings;
use kapell_inventory::{VarsOwner, VarsPlugins};
use kapell_parsing::{Diagnostic, ErrorKind, Map, Value};
use kapell_template::{PluginFrames, Templar};

use super::blocking::BlockingProcess;
use super::questions::Questions;
use super::{PluginFile, PluginKind, request};
use crate::ModuleLibrary;

pub struct PythonVars {
    /// With whether the settings name it.
    plugins: Vec<(Arc<PluginFile>, bool)>,
    templar: Templar,
    process: Mutex<Option<BlockingProcess>>,
}

impl PythonVars {
    /// Nothing where there are no such plugins. All that lie beside content take part, unless they want to be named by the
    /// settings; those of collections have to be.
    pub fn find(
        settings: &Settings,
        library: &ModuleLibrary,
        templar: impl FnOnce() -> Templar,
    ) -> Option<Arc<dyn VarsPlugins>> {
        let enabled = &settings.vars_plugins_enabled;
        let beside = library.all_plugins(PluginKind::Vars).into_iter();
        let named =
            enabled.iter().filter(|name| name.contains('.')).filter_map(|name| library.plugin(PluginKind::Vars, name));
        let plugins: Vec<_> = beside
            .map(|file| (Arc::clone(&file), enabled.contains(&file.name)))
            .chain(named.map(|file| (file, true)))
            .collect();
        if plugins.is_empty() {
            return None;
        }
        Some(Arc::new(Self { plugins, templar: templar(), process: Mutex::default() }))
    }

    fn started(&self, warnings: &mut Vec<Diagnostic>) -> Result<BlockingProcess, String> {
        let mut process = BlockingProcess::start(&self.templar)?;
        let about = |(file, enabled): &(Arc<PluginFile>, bool)| {
            let mut about = request::plugin(file).as_map().cloned().unwrap_or_default();
            about.insert("enabled".into(), (*enabled).into());
            Value::map(about)
        };
        let plugins = Value::list(self.plugins.iter().map(about).collect());
        let message = request::map([("op", "ansible.kapell_vars:load".into()), ("plugins", plugins)]);
        Questions { library: None, templar: &self.templar }.request(&mut process, &message, warnings)?;
        Ok(process)
    }
}

impl VarsPlugins for PythonVars {
    fn vars(&self, directory: &Path, owner: VarsOwner<'_>) -> Result<Map, Diagnostic> {
        let error = |why: String| Diagnostic::error(why).of_kind(ErrorKind::Content);
        let mut process = self.process.lock().unwrap_or_else(PoisonError::into_inner);
        let mut warnings = Vec::new();
        let running = match process.as_mut() {
            Some(running) => running,
            None => process.insert(self.started(&mut warnings).map_err(error)?),
        };
        let (kind, name) = match owner {
            VarsOwner::Group(name) => ("group", name),
            VarsOwner::Host(name) => ("host", name),
        };
        let message = request::map([
            ("op", "ansible.kapell_vars:read".into()),
            ("path", directory.to_string_lossy().into_owned().into()),
            ("kind", kind.into()),
            ("name", name.into()),
        ]);
        let questions = Questions { library: None, templar: &self.templar };
        let found = questions.request(running, &message, &mut warnings).map_err(error)?;
        match PluginFrames::decode(&found) {
            Value::Map(vars) => Ok(Map::clone(&vars)),
            _ => Ok(Map::new()),
        }
    }
}
