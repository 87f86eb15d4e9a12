//! `FactCache`: facts kept between runs, in files as ansible-core's `jsonfile` keeps them, or by a plugin in Python.

mod files;
mod payload;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use kapell_config::Settings;
use kapell_parsing::{Diagnostic, Map};

use crate::python_plugins::{PluginKind, PythonFacts};
use crate::run_state::RunState;
use crate::{Event, ModuleLibrary, Run};
use files::FactFiles;

/// What keys of hosts start with: the form of what is kept.
const FORM: &str = "s1_";

/// Where facts are kept; without a place they last as long as the run.
#[derive(Clone, Default)]
pub struct FactCache {
    place: Place,
    /// Hosts whose facts were asked for.
    asked: HashSet<String>,
}

#[derive(Clone, Default)]
enum Place {
    #[default]
    Nowhere,
    Files(FactFiles),
    Plugin(Arc<PythonFacts>),
}

impl FactCache {
    /// What the settings ask for; the error is what is wrong with them.
    fn open(run: &Run) -> Result<Place, Diagnostic> {
        let settings = &run.settings;
        let kind = settings.fact_caching.strip_prefix("ansible.builtin.").unwrap_or(&settings.fact_caching);
        match kind {
            "memory" => Ok(Place::Nowhere),
            "jsonfile" => FactFiles::of(settings).map(Place::Files).ok_or_else(|| {
                Diagnostic::warning("Required config '_uri' for 'jsonfile' cache plugin not provided.")
                    .hint("set fact_caching_connection: facts last for this run only")
            }),
            name => {
                let plugin = cache_plugin(&run.library, name).ok_or_else(|| {
                    Diagnostic::warning(format!("Unable to load the cache plugin '{name}'."))
                        .hint("facts last for this run only; jsonfile keeps them")
                })?;
                let opened = PythonFacts::open(run, &plugin.name);
                opened.map(|facts| Place::Plugin(Arc::new(facts))).map_err(Diagnostic::warning)
            }
        }
    }

    /// The facts kept of `hosts`, those that have some.
    fn read(&self, run: &Run, hosts: &[String]) -> Result<Vec<(String, Map)>, Diagnostic> {
        match &self.place {
            Place::Nowhere => Ok(Vec::new()),
            Place::Files(files) => {
                Ok(hosts.iter().filter_map(|host| Some((host.clone(), files.read(host)?))).collect())
            }
            Place::Plugin(plugin) => {
                let keys: Vec<String> = hosts.iter().map(|host| format!("{FORM}{host}")).collect();
                let found = plugin.read(run, &keys).map_err(|why| cannot("read facts", &why))?;
                let facts = |(key, kept)| {
                    let host: &String = &hosts[keys.iter().position(|known| *known == key)?];
                    Some((host.clone(), payload::facts(&kept)?))
                };
                Ok(found.into_iter().filter_map(facts).collect())
            }
        }
    }

    /// Keeps the facts of `host`; without any, forgets it.
    fn write(&self, run: &Run, host: &str, facts: &Map) -> Result<(), Diagnostic> {
        let why = match &self.place {
            Place::Nowhere => return Ok(()),
            Place::Files(files) => files.write(host, facts).map_err(|error| error.to_string()),
            Place::Plugin(plugin) => {
                let kept = (!facts.is_empty()).then(|| payload::kept(facts));
                plugin.write(run, &format!("{FORM}{host}"), kept)
            }
        };
        why.map_err(|why| cannot(&format!("keep the facts of {host}"), &why))
    }
}

/// The user's plugin, also under a name that ansible-core had for it once.
fn cache_plugin(library: &ModuleLibrary, name: &str) -> Option<Arc<crate::python_plugins::PluginFile>> {
    let moved = match name {
        "memcached" | "pickle" | "redis" | "yaml" => Some(format!("community.general.{name}")),
        "mongodb" => Some("community.mongodb.mongodb".to_owned()),
        _ => None,
    };
    let own = library.plugin(PluginKind::Cache, name);
    own.or_else(|| library.plugin(PluginKind::Cache, &moved?))
}

fn cannot(what: &str, why: &str) -> Diagnostic {
    Diagnostic::warning(format!("cannot {what}: {why}"))
}

fn timeout(settings: &Settings) -> Option<Duration> {
    Some(settings.fact_caching_timeout).filter(|seconds| *seconds > 0).map(Duration::from_secs)
}

/// Opens the cache and takes what is kept of the inventory's hosts into `state`.
pub fn open(run: &Run, state: &mut RunState) {
    let place = FactCache::open(run).unwrap_or_else(|warning| {
        run.emit(Event::Diagnostic(warning));
        Place::Nowhere
    });
    state.fact_cache = FactCache { place, asked: HashSet::new() };
    if !matches!(state.fact_cache.place, Place::Nowhere) {
        let hosts: Vec<String> = state.world.inventory.hosts().map(|host| host.name.clone()).collect();
        recall(run, state, &hosts);
    }
}

/// Takes what is kept of `hosts` into `state`, or forgets it when the command line says so.
pub fn recall(run: &Run, state: &mut RunState, hosts: &[String]) {
    if matches!(state.fact_cache.place, Place::Nowhere) {
        return;
    }
    let asked = &mut state.fact_cache.asked;
    let hosts: Vec<String> = hosts.iter().filter(|host| asked.insert((*host).clone())).cloned().collect();
    if run.options.flush_cache {
        for host in hosts {
            let forgotten = state.fact_cache.write(run, &host, &Map::new());
            forgotten.unwrap_or_else(|warning| run.emit(Event::Diagnostic(warning)));
        }
        return;
    }
    let found = state.fact_cache.read(run, &hosts).unwrap_or_else(|warning| {
        run.emit(Event::Diagnostic(warning));
        Vec::new()
    });
    for (host, facts) in found {
        let known = state.facts_mut(&host);
        known.gathered = facts.contains_key("module_setup") || facts.contains_key("gather_subset");
        known.add_facts(&facts);
    }
}

/// Keeps the facts of `host` as they are now.
pub fn remember(run: &Run, state: &RunState, host: &str) {
    let facts = state.world.facts(host).map(|known| known.facts.clone()).unwrap_or_default();
    state.fact_cache.write(run, host, &facts).unwrap_or_else(|warning| run.emit(Event::Diagnostic(warning)));
}
