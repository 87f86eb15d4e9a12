//! The table of contents of a run: plays, their batches, the steps of a batch.

use std::path::PathBuf;
use std::sync::Arc;

use kapell_parsing::{Diagnostic, Value};
use kapell_playbook::{Play, Playbook};
use kapell_template::RenderContext;

use crate::batch::batches;
use crate::dispatcher::{BatchEnd, Dispatcher};
use crate::play_setup;
use crate::run_state::RunState;
use crate::variables::HostVariables;
use crate::{Event, Run, Stats, Stopped, fact_cache};

/// How a run ended; exit codes are made of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunStatus {
    Ok,
    FailedHosts,
    UnreachableHosts,
    Interrupted,
}

/// What is left when all is done.
pub struct RunReport {
    pub status: RunStatus,
    pub stats: Stats,
    /// Hosts for the retry file.
    pub failed_hosts: Vec<String>,
}

/// Runs the playbooks one after the other, up to the first that leaves failed or unreachable hosts. `Err` means the
/// run could not go on: content or settings are wrong.
pub async fn run(run: &Arc<Run>, playbooks: &[Playbook], mut state: RunState) -> Result<RunReport, Stopped> {
    let mut ended = Ok(());
    fact_cache::open(run, &mut state);
    'playbooks: for playbook in playbooks {
        run.emit(Event::PlaybookStart {
            path: playbook.named.clone(),
            plays: playbook.plays.len(),
            check: run.options.check,
        });
        for play in &playbook.plays {
            state.read_beside(vec![play.basedir.clone()], run);
            match run_play(run, play, &mut state).await {
                Ok(PlayEnd::Complete) => {}
                Ok(PlayEnd::Break) => break,
                Ok(PlayEnd::Interrupted) => {
                    run.emit(Event::Stats(state.stats.clone()));
                    break 'playbooks;
                }
                Err(error) => {
                    ended = Err(error);
                    break 'playbooks;
                }
            }
        }
        run.emit(Event::Stats(state.stats.clone()));
        if !state.failed.is_empty() || !state.unreachable.is_empty() {
            break;
        }
    }
    if let Some(name) = run.options.start_at_task.as_deref().filter(|_| ended.is_ok() && !state.start_task_met) {
        let message =
            format!("No matching task \"{name}\" found. Note: --start-at-task can only follow static includes.");
        run.emit(Event::Diagnostic(Diagnostic::error(message)));
    }
    run.connections.close_all().await;
    run.processes.close();
    run.emit(Event::RunEnd);
    ended.map(|()| report(run, state))
}

fn report(run: &Run, state: RunState) -> RunReport {
    let status = if run.is_interrupted() {
        RunStatus::Interrupted
    } else if !state.unreachable.is_empty() {
        RunStatus::UnreachableHosts
    } else if !state.failed.is_empty() {
        RunStatus::FailedHosts
    } else {
        RunStatus::Ok
    };
    let mut failed_hosts: Vec<String> = state.failed.into_iter().chain(state.unreachable).collect();
    failed_hosts.sort();
    RunReport { status, stats: state.stats, failed_hosts }
}

/// Whether the next play may start.
enum PlayEnd {
    Complete,
    /// A batch failed as a whole, or too many hosts did: the plays after this one do not run.
    Break,
    Interrupted,
}

/// What the play itself says of check mode.
fn own_check_mode(play: &Play) -> Option<bool> {
    play.scope.own("check_mode").and_then(Value::to_bool_loose)
}

async fn run_play(run: &Arc<Run>, play: &Arc<Play>, state: &mut RunState) -> Result<PlayEnd, Stopped> {
    play_setup::enter_play(run, play, state)?;
    play_setup::ask(run, play, state)?;
    let settings = play_setup::read_settings(run, play, state).map_err(Stopped::content)?;
    let hosts = play_setup::hosts(run, &settings, state)?;
    fact_cache::recall(run, state, &hosts.ordered);
    if hosts.ordered.is_empty() {
        run.emit(Event::PlayStart {
            name: settings.title,
            origin: play.origin.clone(),
            pattern: settings.written_pattern,
            hosts: hosts.ordered,
            batch: 1,
            batches: 1,
            check_mode: false,
        });
        run.emit(Event::NoHostsMatched);
        return Ok(PlayEnd::Complete);
    }
    let serial = batches(&hosts.ordered, settings.serial.as_ref())
        .map_err(|error| Diagnostic::error(error.to_string()).at(Some(&play.origin)))?;
    let count = serial.len();
    for (index, batch) in serial.into_iter().enumerate() {
        let size = batch.len();
        let batch: Vec<String> = batch.into_iter().filter(|host| !state.is_out(host)).collect();
        play_setup::enter_batch(run, state, &hosts, &batch)?;
        let check_mode = own_check_mode(play).unwrap_or(run.options.check);
        run.emit(Event::PlayStart {
            name: settings.title.clone(),
            origin: play.origin.clone(),
            pattern: settings.written_pattern.clone(),
            hosts: batch.clone(),
            batch: index + 1,
            batches: count,
            check_mode,
        });
        if batch.is_empty() {
            continue;
        }
        let mut dispatcher = Dispatcher::new(run, play, &settings, state, (&batch, size))?;
        match dispatcher.run().await? {
            BatchEnd::Complete => {}
            BatchEnd::EndPlay => return Ok(PlayEnd::Complete),
            BatchEnd::Break => return Ok(PlayEnd::Break),
            BatchEnd::Interrupted => return Ok(PlayEnd::Interrupted),
        }
    }
    Ok(PlayEnd::Complete)
}

/// Renders what the play that was entered says of itself, with its variables alone: no host's, and not `localhost`'s.
pub(crate) fn render_for_play(
    run: &Arc<Run>,
    state: &RunState,
    value: &Value,
    play: &Play,
) -> Result<Value, Diagnostic> {
    let vars = HostVariables::new(run, &state.world, HostVariables::NO_HOST, None);
    let cx =
        RenderContext { basedir: play.basedir.clone(), search_path: vec![PathBuf::from(&play.basedir)], origin: None };
    run.templar
        .render(value, &vars.as_source(), &cx)
        .map_err(|error| Diagnostic::error(error.to_string()).at(error.origin().or(value.origin())))
}
