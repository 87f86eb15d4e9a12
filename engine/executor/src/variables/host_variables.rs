//! `HostVariables`: what a name means on one host at one task. The order of the layers is Ansible's precedence list.

use std::path::PathBuf;
use std::sync::Arc;

use kapell_config::HashBehaviour;
use kapell_parsing::{Deprecation, Key, Map, Text, Value};
use kapell_template::{Variable, VariableSource};

use super::{TaskVariables, combine};
use crate::Run;
use crate::host_facts::HostFacts;
use crate::run_state::World;

/// Cheap to clone: everything in it is shared.
#[derive(Clone)]
pub struct HostVariables {
    pub(super) run: Arc<Run>,
    pub(super) world: World,
    pub(super) host: Arc<str>,
    pub(super) task: Option<Arc<TaskVariables>>,
    /// Levels 2 to 22, weakest first.
    layers: Arc<Vec<Layer>>,
    /// Loop variables, the result being judged, and the like: stronger than everything.
    locals: Arc<Map>,
    pub(super) delegated_to: Option<Arc<str>>,
}

/// One level's variables, shared with whoever made them.
#[derive(Clone)]
enum Layer {
    Map(Arc<Map>),
    Task(Arc<TaskVariables>, TaskLevel),
}

#[derive(Clone, Copy)]
enum TaskLevel {
    RoleDefaults,
    RoleVars,
    TaskVars,
    Params,
}

impl Layer {
    fn map(&self) -> &Map {
        match self {
            Self::Map(map) => map,
            Self::Task(task, level) => match level {
                TaskLevel::RoleDefaults => &task.role_defaults,
                TaskLevel::RoleVars => &task.role_vars,
                TaskLevel::TaskVars => &task.task_vars,
                TaskLevel::Params => &task.params,
            },
        }
    }
}

impl HostVariables {
    /// For what is rendered for no host in particular.
    pub const NO_HOST: &'static str = "";

    /// The variables of `host` at `task`; without a task, those every task of the play sees. `world.play` decides
    /// whether play variables are seen at all: `hostvars` takes a world without a play.
    pub fn new(run: &Arc<Run>, world: &World, host: &str, task: Option<&Arc<TaskVariables>>) -> Self {
        Self {
            run: Arc::clone(run),
            world: world.clone(),
            host: host.into(),
            task: task.cloned(),
            layers: Arc::new(layers(run, world, host, task)),
            locals: Arc::default(),
            delegated_to: None,
        }
    }

    /// The variables of another host as `hostvars` gives them: no play, no task.
    pub fn of_other_host(&self, host: &str) -> Self {
        let world = World { play: None, ..self.world.clone() };
        let mut other = Self::new(&self.run, &world, host, None);
        // Magic variables of the play are still seen through `hostvars`.
        other.world = self.world.clone();
        other
    }

    /// The same with one more variable on top of everything.
    #[must_use]
    pub fn with_local(&self, name: &str, value: Value) -> Self {
        let mut locals = self.locals.as_ref().clone();
        locals.insert(Key::from(name), value);
        Self { locals: Arc::new(locals), ..self.clone() }
    }

    #[must_use]
    pub fn with_locals(&self, more: &Map) -> Self {
        let mut locals = self.locals.as_ref().clone();
        locals.extend(more.iter().map(|(k, v)| (k.clone(), v.clone())));
        Self { locals: Arc::new(locals), ..self.clone() }
    }

    #[must_use]
    pub fn with_delegate(&self, host: &str) -> Self {
        Self { delegated_to: Some(host.into()), ..self.clone() }
    }

    /// As if the task were not delegated.
    #[must_use]
    pub fn without_delegate(&self) -> Self {
        Self { delegated_to: None, ..self.clone() }
    }

    /// The same with `vars_files` of this host between play and role variables.
    #[must_use]
    pub fn with_layer_over_play(&self, map: Map) -> Self {
        let mut layers = self.layers.as_ref().clone();
        let above_vars_files = PLAY_FILES_LAYER + 1 + usize::from(self.task.is_some());
        layers.insert(above_vars_files, Layer::Map(Arc::new(map)));
        Self { layers: Arc::new(layers), ..self.clone() }
    }

    pub fn host(&self) -> &str {
        &self.host
    }

    pub fn world(&self) -> &World {
        &self.world
    }

    pub fn as_source(&self) -> Arc<dyn VariableSource> {
        Arc::new(self.clone())
    }

    /// The written value of a variable that is no magic one.
    pub fn lookup_named(&self, name: &str) -> Option<Value> {
        self.locals.get(name).cloned().or_else(|| self.lookup(name))
    }

    /// The written value of a variable of the task itself or of a block around it.
    pub fn own(&self, name: &str) -> Option<Value> {
        self.task.as_ref().and_then(|task| task.task_vars.get(name)).cloned()
    }

    fn lookup(&self, name: &str) -> Option<Value> {
        if self.run.settings.hash_behaviour == HashBehaviour::Merge {
            return self.lookup_merged(name);
        }
        self.layers.iter().rev().find_map(|layer| layer.map().get(name)).cloned()
    }

    /// The variables of the host a task is delegated to, as the task sees them: its own levels hold there, too.
    pub fn of_delegate(&self, host: &str) -> Self {
        let mut other = Self::new(&self.run, &self.world, host, self.task.as_ref());
        other.locals = Arc::clone(&self.locals);
        other
    }

    /// In a task `ansible_host` is always there: unless somebody sets it, the address of the host the task runs on. So
    /// are the delegate's user, port and connection when a task is delegated.
    fn connection_default(&self, name: &str) -> Option<Value> {
        self.task.as_ref()?;
        let names: &[&str] = match name {
            "ansible_host" | "ansible_ssh_host" => &["ansible_host", "ansible_ssh_host"],
            "ansible_user" | "ansible_ssh_user" => &["ansible_user", "ansible_ssh_user"],
            "ansible_port" | "ansible_ssh_port" => &["ansible_port", "ansible_ssh_port"],
            "ansible_connection" => &["ansible_connection"],
            _ => return None,
        };
        let Some(delegate) = self.delegated_to.as_deref() else {
            return (name == "ansible_host").then(|| self.host.as_ref().into());
        };
        let others = self.of_delegate(delegate);
        let set = names.iter().find_map(|name| others.lookup_named(name));
        set.or_else(|| name.ends_with("_host").then(|| delegate.into()))
    }

    /// A variable that content or inventory sets, or that every task has: nothing of keywords and the command line.
    pub fn given(&self, name: &str) -> Option<Variable> {
        if let Some(value) = self.locals.get(name) {
            return Some(Variable::Value(value.clone()));
        }
        let found = self.magic(name).or_else(|| self.lookup(name).map(Variable::Value));
        found.or_else(|| self.connection_default(name).map(Variable::Value))
    }

    /// How a task reaches its host, where no variable says so: by its keywords, the command line and the settings.
    fn of_connection(&self, name: &str) -> Option<Value> {
        let task = self.task.as_ref().filter(|_| self.delegated_to.is_none())?;
        let (options, settings) = (&self.run.options, &self.run.settings);
        let keyword = |name: &str| task.scope.inherited(name).filter(|value| !value.is_null()).cloned();
        let text = |text: Option<&String>| text.map(|text| Value::from(text.as_str()));
        let path = |path: Option<&PathBuf>| path.map(|path| Value::from(path.to_string_lossy().as_ref()));
        match name {
            "ansible_connection" => keyword("connection")
                .or_else(|| text(options.connection.as_ref()))
                .or_else(|| text(Some(&settings.transport))),
            "ansible_user" | "ansible_ssh_user" => (["ansible_user", "ansible_ssh_user"].iter())
                .find_map(|name| self.lookup_named(name))
                .or_else(|| keyword("remote_user"))
                .or_else(|| text(options.remote_user.as_ref()))
                .or_else(|| text(settings.remote_user.as_ref())),
            "ansible_password" | "ansible_ssh_pass" => {
                let password = options.connection_password.as_deref();
                password.map(|password| Value::Str(Text::new(password).with_secret(true)))
            }
            "ansible_timeout" | "ansible_ssh_timeout" => {
                Some(Value::Int(options.timeout.unwrap_or(settings.timeout) as i64))
            }
            "ansible_private_key_file" | "ansible_ssh_private_key_file" => {
                path(options.private_key_file.as_ref()).or_else(|| path(settings.private_key_file.as_ref()))
            }
            "ansible_shell_executable" => text(Some(&settings.executable)),
            _ => None,
        }
    }

    fn lookup_merged(&self, name: &str) -> Option<Value> {
        let mut found = self.layers.iter().filter_map(|layer| layer.map().get(name));
        let first = found.next()?;
        let mut merged = Map::from_iter([(Key::from(name), first.clone())]);
        for value in found {
            combine(&mut merged, &Map::from_iter([(Key::from(name), value.clone())]), HashBehaviour::Merge);
        }
        merged.swap_remove(name)
    }
}

/// Where `layers` puts play-level `vars_files`; a task's role defaults push it up by one.
const PLAY_FILES_LAYER: usize = 5;

fn layers(run: &Run, world: &World, host: &str, task: Option<&Arc<TaskVariables>>) -> Vec<Layer> {
    let play = world.play.as_deref();
    let facts = world.facts(host);
    let of_inventory = world
        .inventory
        .host(host)
        .map(|host| world.inventory_variables.of_host(&world.inventory, host))
        .unwrap_or_default();
    let shared = |map: Option<&Arc<Map>>| Layer::Map(map.cloned().unwrap_or_default());
    let facts_layer = match run.settings.inject_facts_as_vars {
        true => shared(facts.map(|facts| &facts.injected)),
        false if host == HostVariables::NO_HOST => shared(None),
        false => Layer::Map(Arc::new(local_facts(facts))),
    };
    let mut layers = vec![
        shared(play.map(|play| &play.role_defaults)),
        Layer::Map(of_inventory),
        facts_layer,
        shared(play.map(|play| &play.vars)),
        shared(play.map(|play| &play.prompted)),
        shared(play.map(|play| &play.vars_files)),
        shared(play.map(|play| &play.role_vars)),
    ];
    if let Some(task) = task {
        layers.insert(1, Layer::Task(Arc::clone(task), TaskLevel::RoleDefaults));
        layers.push(Layer::Task(Arc::clone(task), TaskLevel::RoleVars));
        layers.push(Layer::Task(Arc::clone(task), TaskLevel::TaskVars));
    }
    layers.push(shared(facts.map(|facts| &facts.included)));
    layers.push(shared(facts.map(|facts| &facts.variables)));
    if let Some(task) = task {
        layers.push(Layer::Task(Arc::clone(task), TaskLevel::Params));
    }
    layers.push(Layer::Map(Arc::clone(&run.options.extra_vars)));
    layers
}

/// Every host has its own facts as `ansible_local`, even where no other fact is a variable.
fn local_facts(facts: Option<&HostFacts>) -> Map {
    let found = facts.and_then(|facts| facts.facts.get("ansible_local")).cloned();
    Map::from([("ansible_local".into(), found.unwrap_or_else(|| Value::map(Map::new())))])
}

impl VariableSource for HostVariables {
    fn get(&self, name: &str) -> Option<Variable> {
        self.given(name).or_else(|| self.of_connection(name).map(Variable::Value))
    }

    fn names(&self) -> Vec<Text> {
        let maps = self.layers.iter().map(Layer::map).chain([self.locals.as_ref()]);
        let mut names: indexmap::IndexSet<Text> = indexmap::IndexSet::new();
        for key in maps.flat_map(Map::keys) {
            if let Key::Str(name) = key {
                names.insert(name.clone());
            }
        }
        names.extend(super::magic::names().filter(|name| self.magic(name).is_some()).map(Text::from));
        names.into_iter().collect()
    }

    fn deprecation(&self, name: &str) -> Option<Deprecation> {
        super::magic::deprecation(name)
    }
}
