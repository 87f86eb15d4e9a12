//! Magic variables: what the engine itself tells about the run, the play, the host and the task.

use std::path::Path;
use std::sync::Arc;

use indexmap::IndexSet;
use kapell_inventory::host::short_name;
use kapell_inventory::magic_names;
use kapell_parsing::{Deprecation, Key, Map, Text, Value};
use kapell_playbook::{Role, Scope};
use kapell_template::{ANSIBLE_VERSION, Variable, VariableSource};

use super::HostVariables;
use crate::run_state::PlayState;

/// What an inventory sets by these names is listed all the same.
const LISTED: [&str; 8] = [
    "ansible_check_mode",
    "ansible_delegated_vars",
    "ansible_parent_role_names",
    "ansible_parent_role_paths",
    "ansible_play_name",
    "ansible_search_path",
    "environment",
    "vars",
];

/// Every magic variable there can be.
pub fn names() -> impl Iterator<Item = &'static str> {
    magic_names::NAMES.into_iter().chain(LISTED)
}

/// What is said of a magic variable that goes away.
pub(super) fn deprecation(name: &str) -> Option<Deprecation> {
    (name == "play_hosts").then(|| {
        Deprecation::of_core("The `play_hosts` magic variable is deprecated.", "2.23")
            .instead("Use `ansible_play_batch` instead.")
    })
}

impl HostVariables {
    pub(super) fn magic(&self, name: &str) -> Option<Variable> {
        match name {
            "hostvars" => Some(Variable::Map(Arc::new(Hostvars(self.clone())))),
            "vars" => Some(Variable::Map(Arc::new(self.clone()))),
            "ansible_delegated_vars" => self.delegated_to.as_ref().map(|host| {
                let only = Hostvars(self.clone());
                Variable::Map(Arc::new(OneHost(only, Arc::clone(host))))
            }),
            _ => self.magic_value(name).map(Variable::Value),
        }
    }

    fn magic_value(&self, name: &str) -> Option<Value> {
        self.magic_of_host(name).or_else(|| self.magic_of_play(name)).or_else(|| self.magic_of_role(name))
    }

    fn magic_of_host(&self, name: &str) -> Option<Value> {
        let inventory = &self.world.inventory;
        match name {
            "inventory_hostname" | "inventory_hostname_short" | "group_names" if &*self.host == Self::NO_HOST => None,
            "inventory_hostname" => Some(self.host.as_ref().into()),
            "inventory_hostname_short" => Some(short_name(&self.host).into()),
            "group_names" => {
                let names = inventory.host(&self.host).map(|host| inventory.group_names(host)).unwrap_or_default();
                Some(list(names))
            }
            "groups" => Some(self.world.inventory_variables.groups(inventory)),
            "inventory_file" => inventory.host(&self.host)?.source.as_deref().map(path),
            "inventory_dir" => inventory.host(&self.host)?.inventory_dir().map(path),
            "ansible_facts" => Some(
                self.world
                    .facts(&self.host)
                    .map_or_else(|| Value::map(Map::new()), super::super::host_facts::HostFacts::ansible_facts),
            ),
            _ => None,
        }
    }

    fn magic_of_play(&self, name: &str) -> Option<Value> {
        let (options, settings) = (&self.run.options, &self.run.settings);
        let play = self.world.play.as_deref();
        match name {
            "ansible_check_mode" => Some(options.check.into()),
            "ansible_diff_mode" => Some(options.diff.into()),
            "ansible_verbosity" => Some(i64::from(options.verbosity).into()),
            "ansible_forks" => Some((options.forks as i64).into()),
            "ansible_version" => Some(version()),
            "ansible_run_tags" => {
                let tags = &options.tags.only;
                Some(if tags.is_empty() { list(["all"]) } else { list(tags.iter().map(String::as_str)) })
            }
            "ansible_skip_tags" => Some(list(options.tags.skip.iter().map(String::as_str))),
            "ansible_limit" => options.limit.as_deref().map(Value::from),
            "ansible_inventory_sources" => Some(list(options.inventory_sources.iter().map(String::as_str))),
            "ansible_config_file" => Some(settings.config_file.as_deref().map_or(Value::Null, path)),
            "ansible_playbook_python" => Some(control_python().into()),
            "ansible_play_name" => play.map(|play| play.title.as_str().into()),
            "ansible_play_hosts_all" => play.map(|play| play.all_hosts.clone()),
            "ansible_play_hosts" => play.map(|play| play.hosts.clone()),
            "ansible_play_batch" | "play_hosts" => play.map(|play| play.batch.clone()),
            "playbook_dir" => play.map(|play| path(&play.play.basedir)),
            "ansible_play_role_names" | "role_names" => play
                .map(|play| list(play_roles(play).filter(|role| !role.is_dependency).map(|role| role.name.as_str()))),
            "ansible_role_names" => {
                play.map(|play| list(play_roles(play).map(|role| role.name.as_str()).collect::<IndexSet<_>>()))
            }
            "ansible_dependent_role_names" => play.map(|play| {
                let dependencies = play_roles(play).filter(|role| role.is_dependency);
                list(dependencies.map(|role| role.name.as_str()).collect::<IndexSet<_>>())
            }),
            _ => None,
        }
    }

    fn magic_of_role(&self, name: &str) -> Option<Value> {
        let task = self.task.as_deref()?;
        match name {
            "ansible_search_path" => {
                let dirs = crate::resolve::search_path(&task.scope, self.world.play.as_deref());
                Some(Value::list(dirs.iter().map(|dir| path(dir)).collect()))
            }
            "environment" => {
                let levels = task.scope.all("environment").into_iter();
                let items = levels.flat_map(|level| level.as_list().unwrap_or(std::slice::from_ref(level)));
                Some(Value::list(items.cloned().collect()))
            }
            _ => Self::magic_of_this_role(name, task.scope.role()?, &task.scope),
        }
    }

    fn magic_of_this_role(name: &str, role: &Role, scope: &Scope) -> Option<Value> {
        match name {
            "role_name" => Some(role.short_name().into()),
            "ansible_role_name" => Some(role.name.as_str().into()),
            "role_path" => Some(path(&role.path)),
            "ansible_collection_name" => Some(role.collection.as_deref().map_or(Value::Null, Value::from)),
            "ansible_parent_role_names" => {
                let parents = scope.including_roles();
                (!parents.is_empty()).then(|| list(parents.iter().map(|role| role.name.as_str())))
            }
            "ansible_parent_role_paths" => {
                let parents = scope.including_roles();
                (!parents.is_empty()).then(|| Value::list(parents.iter().map(|role| path(&role.path)).collect()))
            }
            _ => None,
        }
    }
}

/// Every use of a role in the play so far.
fn play_roles(play: &PlayState) -> impl Iterator<Item = &Role> {
    let included = play.included_roles.iter();
    let with_dependencies = included.flat_map(|role| role.dependencies().iter().chain([role]));
    play.play.roles.iter().chain(with_dependencies).map(AsRef::as_ref)
}

/// `hostvars`: host name to that host's variables, made when asked for.
struct Hostvars(HostVariables);

impl VariableSource for Hostvars {
    fn get(&self, name: &str) -> Option<Variable> {
        self.0.world.inventory.host(name)?;
        Some(Variable::Scope(Arc::new(self.0.of_other_host(name))))
    }

    fn names(&self) -> Vec<Text> {
        self.0.world.inventory.hosts().map(|host| Text::from(host.name.as_str())).collect()
    }
}

/// `ansible_delegated_vars`: the one host a task is delegated to.
struct OneHost(Hostvars, Arc<str>);

impl VariableSource for OneHost {
    fn get(&self, name: &str) -> Option<Variable> {
        let Hostvars(own) = &self.0;
        (name == &*self.1).then(|| {
            let delegate = own.of_delegate(name).with_local("inventory_hostname", own.host().into());
            Variable::Scope(Arc::new(delegate))
        })
    }

    fn names(&self) -> Vec<Text> {
        vec![Text::from(&*self.1)]
    }
}

fn list<'a>(items: impl IntoIterator<Item = &'a str>) -> Value {
    Value::list(items.into_iter().map(Value::from).collect())
}

fn path(path: &Path) -> Value {
    path.to_string_lossy().into_owned().into()
}

fn version() -> Value {
    let (major, minor, revision) = ANSIBLE_VERSION;
    let full = format!("{major}.{minor}.{revision}");
    let entries = [
        ("string", full.as_str().into()),
        ("full", full.as_str().into()),
        ("major", major.into()),
        ("minor", minor.into()),
        ("revision", revision.into()),
    ];
    Value::map(entries.into_iter().map(|(key, value): (&str, Value)| (Key::from(key), value)).collect())
}

/// The `python3` of the control node, for content that runs things with it; empty where there is none.
fn control_python() -> &'static str {
    static FOUND: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    FOUND.get_or_init(|| {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut candidates = std::env::split_paths(&path).map(|dir| dir.join("python3"));
        candidates.find(|path| path.is_file()).map_or_else(String::new, |path| path.to_string_lossy().into_owned())
    })
}
