//! `PythonFacts`: a cache of facts users wrote in Python, in a process of its own for as long as the run.

use std::sync::{Mutex, PoisonError};

use kapell_parsing::{Map, Value};
use kapell_template::PluginFrames;
use serde_json::Value as Json;

use super::blocking::BlockingProcess;
use super::questions::Questions;
use super::request;
use crate::{Event, Run};

pub struct PythonFacts {
    process: Mutex<BlockingProcess>,
}

impl PythonFacts {
    /// Starts the cache plugin `name`.
    pub fn open(run: &Run, name: &str) -> Result<Self, String> {
        let facts = Self { process: Mutex::new(BlockingProcess::start(&run.templar)?) };
        facts.request(run, &request::map([("op", "ansible.kapell_facts:open_cache".into()), ("name", name.into())]))?;
        Ok(facts)
    }

    /// What is kept under those of `keys` that are known.
    pub fn read(&self, run: &Run, keys: &[String]) -> Result<Vec<(String, Json)>, String> {
        let keys = Value::list(keys.iter().map(|key| Value::from(key.as_str())).collect());
        let message = request::map([("op", "ansible.kapell_facts:read".into()), ("keys", keys)]);
        let found = PluginFrames::decode(&self.request(run, &message)?);
        let found: Option<Vec<_>> =
            found.as_map().map(|map| map.iter().map(|(key, kept)| (key.to_string(), kept.to_json())).collect());
        Ok(found.unwrap_or_default())
    }

    /// Keeps something, or forgets what was kept.
    pub fn write(&self, run: &Run, key: &str, kept: Option<Json>) -> Result<(), String> {
        let kept = kept.map_or(Value::Null, |kept| Value::from_json(&kept));
        let message = Map::from_iter([
            ("op".into(), "ansible.kapell_facts:write".into()),
            ("key".into(), key.into()),
            ("kept".into(), kept),
        ]);
        self.request(run, &Value::map(message)).map(drop)
    }

    fn request(&self, run: &Run, message: &Value) -> Result<Value, String> {
        let mut process = self.process.lock().unwrap_or_else(PoisonError::into_inner);
        let mut warnings = Vec::new();
        let questions = Questions { library: Some(&run.library), templar: &run.templar };
        let result = questions.request(&mut process, message, &mut warnings);
        warnings.into_iter().for_each(|warning| run.emit(Event::Diagnostic(warning)));
        result
    }
}
