//! `Execution`: playbooks on a runtime of their own, their events on a thread, until all is done or interrupted.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use kapell_callback::{Color, Display};
use kapell_config::Settings;
use kapell_connection::{Connections, Secret};
use kapell_executor::playbook_executor::RunReport;
use kapell_executor::run_state::RunState;
use kapell_executor::variables::LoadedFiles;
use kapell_executor::{Callback, Event, ModuleLibrary, Run, RunOptions};
use kapell_inventory::Inventory;
use kapell_parsing::{Diagnostic, VaultSecrets};
use kapell_playbook::Playbook;
use kapell_template::Templar;

use crate::exit_code::Exit;
use crate::refusal::Refusal;
use crate::surroundings::{command_line, templar_options};
use crate::{details, events, inventory, open_files, passwords};

/// Variables are templated by recursion, so deeply nested ones need room; untouched pages cost nothing.
const TEMPLATE_STACK: usize = 16 << 20;

pub(crate) struct Execution {
    pub library: ModuleLibrary,
    pub settings: Settings,
    pub vault: VaultSecrets,
    pub inventory: Inventory,
    pub playbooks: Vec<Playbook>,
    /// As they were named; what lies beside them may bring plugins.
    pub playbook_files: Vec<PathBuf>,
    pub options: RunOptions,
    pub callback: Vec<Box<dyn Callback>>,
}

impl Execution {
    pub(crate) fn execute(self) -> Result<RunReport, Refusal> {
        open_files::allow_many();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .thread_stack_size(TEMPLATE_STACK)
            .enable_all()
            .build()
            .map_err(anyhow::Error::from)?;
        let vars_plugins = inventory::vars_plugins(&self.settings, &self.vault, &self.library);
        let variables = inventory::variables(&self.inventory, &self.settings, &self.vault, vars_plugins.as_ref());
        let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
        let listener = events::listen(receiver, self.callback);
        let interrupted = Arc::new(AtomicBool::new(false));
        let connection_events = sender.clone();
        let connections = Connections::asking(
            move |text| drop(connection_events.send(Event::Diagnostic(Diagnostic::warning(text)))),
            |question| passwords::ask_somebody(question).map(Secret::new),
        );
        let absolute = |path: &PathBuf| std::path::absolute(path).unwrap_or_else(|_| path.clone());
        let roots = self.playbook_files.iter().filter_map(|file| absolute(file).parent().map(Path::to_owned));
        let listener_of_plugins = sender.clone();
        let told = self.library.told();
        let tell = move |event| match &event {
            Event::Diagnostic(diagnostic) if told.contains(&diagnostic.message) => {}
            _ => drop(listener_of_plugins.send(event)),
        };
        let templar =
            Templar::new(templar_options(&self.settings, command_line(&self.options), &self.vault, roots, tell));
        let state = RunState::new(self.inventory, variables);
        let run = Arc::new(Run {
            settings: self.settings,
            options: self.options,
            templar,
            connections,
            library: self.library,
            processes: kapell_executor::python_plugins::PluginProcesses::default(),
            vars_plugins,
            vars_files: LoadedFiles::default(),
            vault: self.vault,
            interrupted: Arc::clone(&interrupted),
            events: sender,
        });
        let noted = Arc::downgrade(&run);
        let telling = details::tell_to(move |event| {
            if let Some(run) = noted.upgrade() {
                run.emit(event);
            }
        });
        let secrets = run.vault.clone();
        let ended = runtime.block_on(async {
            tokio::spawn(watch_interrupts(interrupted));
            kapell_executor::run(&run, &self.playbooks, state).await
        });
        drop(telling);
        drop(run);
        runtime.shutdown_background();
        let _ = listener.join();
        ended.map_err(|mut stopped| {
            let errors = stopped.errors.into_iter();
            stopped.errors = errors.map(|error| secrets.opened().scrubbed_diagnostic(error)).collect();
            stopped.into()
        })
    }
}

/// The first interrupt lets what is in flight finish; the second ends at once.
async fn watch_interrupts(interrupted: Arc<AtomicBool>) {
    let display = Display::new(false, false);
    while tokio::signal::ctrl_c().await.is_ok() {
        if interrupted.swap(true, Ordering::Relaxed) {
            display.err("[ERROR]: User interrupted execution", Color::Failed);
            #[expect(clippy::exit, reason = "the second interrupt ends the process, whatever hangs")]
            std::process::exit(Exit::Interrupted as i32);
        }
        display.err("Interrupted: waiting for the tasks in flight; once more stops at once.", Color::Warning);
    }
}
