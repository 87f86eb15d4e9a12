//! Options of plugins that users wrote in Python, by what their documentation says of them.

use std::path::PathBuf;

use kapell_parsing::Value;

use super::collections::QualifiedName;
use super::{PythonPlugins, wire};
use crate::evaluate::Fault;
use crate::lookups::LookupCall;
use crate::object::Object;

/// Which option of which plugin.
pub(crate) struct PluginOptionAsked<'a> {
    pub(crate) kind: &'a str,
    pub(crate) plugin: &'a str,
    pub(crate) name: &'a str,
}

pub(crate) enum PythonOption {
    NoPlugin,
    NoOption,
    /// The value and where it was set.
    Set(Object, String),
}

impl PythonPlugins {
    pub(crate) fn option_of(
        &self,
        call: &LookupCall<'_>,
        asked: &PluginOptionAsked<'_>,
    ) -> Result<PythonOption, Fault> {
        let Some(file) = self.file_of(call, asked) else { return Ok(PythonOption::NoPlugin) };
        let fields: [(&str, Value); 5] = [
            ("op", "ansible.kapell_options:option_of".into()),
            ("file", file.to_string_lossy().into_owned().into()),
            ("kind", asked.kind.into()),
            ("plugin", asked.plugin.into()),
            ("name", asked.name.into()),
        ];
        let message = Value::map(fields.into_iter().map(|(name, value)| (name.into(), value)).collect());
        let answer = self.request(call.rendering, Some(call), &message)?;
        let [value, origin] = answer.as_list().unwrap_or_default() else { return Ok(PythonOption::NoOption) };
        Ok(PythonOption::Set(wire::decode(value), origin.to_string()))
    }

    fn file_of(&self, call: &LookupCall<'_>, asked: &PluginOptionAsked<'_>) -> Option<PathBuf> {
        let kind = asked.kind;
        let dirs: Vec<PathBuf> = match QualifiedName::parse(asked.plugin) {
            Some(name) => {
                let collection = name.directory(&self.collection_parents())?;
                return Some(collection.join(format!("plugins/{kind}/{}.py", name.name))).filter(|file| file.is_file());
            }
            None => {
                let surroundings = call.rendering.templar.options().surroundings.as_ref();
                let setting = format!("DEFAULT_{}_PLUGIN_PATH", kind.to_uppercase());
                let configured = surroundings.and_then(|surroundings| surroundings.setting(&setting));
                let configured = configured.as_ref().and_then(Value::as_list).unwrap_or_default().to_vec();
                let beside = self.roots().into_iter().map(|root| root.join(format!("{kind}_plugins")));
                beside.chain(configured.iter().map(|dir| PathBuf::from(dir.to_string()))).collect()
            }
        };
        dirs.into_iter().map(|dir| dir.join(format!("{}.py", asked.plugin))).find(|file| file.is_file())
    }
}
