//! `PythonSources`: inventory plugins users wrote in Python.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use kapell_inventory::{ForeignSources, Inventory};
use kapell_parsing::{Diagnostic, Map, Value};
use kapell_template::{PluginFrames, Templar};

use super::blocking::BlockingProcess;
use super::questions::Questions;
use super::{PluginFile, PluginKind, request};
use crate::ModuleLibrary;

pub struct PythonSources<'s> {
    library: &'s ModuleLibrary,
    templar: &'s Templar,
    /// Started with the first source that needs it.
    process: Mutex<Option<BlockingProcess>>,
}

impl<'s> PythonSources<'s> {
    pub fn new(library: &'s ModuleLibrary, templar: &'s Templar) -> Self {
        Self { library, templar, process: Mutex::default() }
    }

    fn plugin(&self, name: &str) -> Option<Arc<PluginFile>> {
        self.library.plugin(PluginKind::Inventory, name)
    }

    fn request(&self, message: &Value, warnings: &mut Vec<Diagnostic>) -> Result<Value, String> {
        let mut process = self.process.lock().unwrap_or_else(PoisonError::into_inner);
        let running = match process.as_mut() {
            Some(running) => running,
            None => process.insert(BlockingProcess::start(self.templar)?),
        };
        Questions { library: Some(self.library), templar: self.templar }.request(running, message, warnings)
    }
}

/// The inventory as it is so far, in the form in which programs print it.
fn known(inventory: &Inventory) -> Map {
    let names = |names: Vec<&str>| Value::list(names.into_iter().map(Value::from).collect());
    let mut known: Map = inventory
        .groups()
        .map(|group| {
            let content = [
                ("hosts", names(inventory.members(group))),
                ("children", names(inventory.children(group))),
                ("vars", Value::map(group.vars.clone())),
            ];
            (group.name.as_str().into(), request::map(content))
        })
        .collect();
    let hosts = inventory.hosts().map(|host| (host.name.as_str().into(), Value::map(host.vars.to_map())));
    known.insert("_meta".into(), request::map([("hostvars", Value::map(hosts.collect()))]));
    known
}

impl ForeignSources for PythonSources<'_> {
    fn knows(&self, name: &str) -> bool {
        self.plugin(name).is_some()
    }

    fn read(
        &self,
        name: &str,
        path: &Path,
        inventory: &Inventory,
        fresh: bool,
        warnings: &mut Vec<Diagnostic>,
    ) -> Result<Option<Map>, Diagnostic> {
        let Some(plugin) = self.plugin(name) else { return Ok(None) };
        let mut fields = Map::from_iter([
            ("op".into(), "ansible.kapell_inventory:read".into()),
            ("path".into(), path.to_string_lossy().into_owned().into()),
            ("called".into(), name.into()),
            ("cache".into(), Value::Bool(!fresh)),
            ("known".into(), Value::map(known(inventory))),
        ]);
        fields.extend(request::plugin(&plugin).as_map().cloned().unwrap_or_default());
        let printed = self.request(&Value::map(fields), warnings).map_err(Diagnostic::error)?;
        match PluginFrames::decode(&printed) {
            Value::Map(groups) => Ok(Some(Map::clone(&groups))),
            _ => Ok(None),
        }
    }
}
