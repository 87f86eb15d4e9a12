//! `Run`: what stays the same from the first play to the last, shared by everything that executes tasks.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use kapell_config::Settings;
use kapell_connection::Connections;
use kapell_inventory::{HostPattern, VarsPlugins};
use kapell_parsing::Map;
use kapell_parsing::vault::VaultSecrets;
use kapell_template::Templar;
use tokio::sync::mpsc::UnboundedSender;

use crate::module_run::ModuleLibrary;
use crate::python_plugins::PluginProcesses;
use crate::scrubbing::scrubbed;
use crate::tag_filter::TagFilter;
use crate::variables::LoadedFiles;
use crate::{Event, TaskInfo};

/// What the command line asked for, beyond settings.
#[derive(Clone, Debug)]
pub struct RunOptions {
    pub check: bool,
    pub diff: bool,
    pub tags: TagFilter,
    pub extra_vars: Arc<Map>,
    /// As it was given.
    pub limit: Option<String>,
    pub limit_pattern: Option<HostPattern>,
    pub forks: usize,
    pub verbosity: u8,
    pub remote_user: Option<String>,
    pub private_key_file: Option<PathBuf>,
    pub connection: Option<String>,
    pub timeout: Option<u64>,
    pub become_: bool,
    pub become_method: Option<String>,
    pub become_user: Option<String>,
    pub connection_password: Option<String>,
    pub become_password: Option<String>,
    pub force_handlers: bool,
    pub start_at_task: Option<String>,
    /// `--step`: each task is asked about first.
    pub step: bool,
    /// `--flush-cache`: facts kept of earlier runs are forgotten.
    pub flush_cache: bool,
    pub inventory_sources: Vec<String>,
    /// Somebody watches: what commands print is told while they run.
    pub live_output: bool,
}

pub struct Run {
    pub settings: Settings,
    pub options: RunOptions,
    pub templar: Templar,
    pub connections: Connections,
    /// Modules beyond our own, wherever the content keeps them.
    pub library: ModuleLibrary,
    /// Where plugins written in Python run.
    pub processes: PluginProcesses,
    /// Sources of variables users wrote.
    pub vars_plugins: Option<Arc<dyn VarsPlugins>>,
    /// `vars_files` whose names depend on hosts.
    pub vars_files: LoadedFiles,
    pub vault: VaultSecrets,
    /// Set by the first interrupt: what is in flight finishes, nothing new begins.
    pub interrupted: Arc<AtomicBool>,
    pub events: UnboundedSender<Event>,
}

impl Run {
    /// Events may be dropped only when nobody listens any more, at the very end.
    pub fn emit(&self, event: Event) {
        let _ = self.events.send(scrubbed(event, self.vault.opened()));
    }

    /// What is told next is about `task`; hosts that wait for each other need not be told.
    pub(crate) fn turn_to(&self, task: &Arc<TaskInfo>) {
        if task.independent {
            self.emit(Event::Turn(Arc::clone(task)));
        }
    }

    pub(crate) fn is_interrupted(&self) -> bool {
        self.interrupted.load(std::sync::atomic::Ordering::Relaxed)
    }
}
