//! `Event`: everything a run tells its audience. Callbacks turn events into text; nothing else prints.

use std::path::PathBuf;
use std::sync::Arc;

use kapell_parsing::{Diagnostic, Map, Origin};
use kapell_playbook::Task;

use crate::error_report::ErrorReport;
use crate::resolve::qualified;
use crate::told_arguments;
use crate::{Stats, TaskResult, TaskStatus};

/// A task as callbacks see it.
#[derive(Clone, Debug)]
pub struct TaskInfo {
    pub id: u64,
    /// As the banner shows it: the task's name rendered, or its action, with `role : ` in front inside a role.
    pub name: String,
    /// The action as it was written; a template as the first host sees it.
    pub action: String,
    pub origin: Option<Origin>,
    pub is_handler: bool,
    pub check_mode: bool,
    pub no_log: bool,
    /// Each host does it when it gets there: it is announced with its results, not when it starts.
    pub independent: bool,
    /// ` key=value, key=value`, as written, where banners or reports are to show it.
    pub args: Option<String>,
    /// Where it is one of a playbook.
    pub written: Option<Arc<Task>>,
}

impl TaskInfo {
    /// What stands in the playbook, for callbacks in Python. What nobody may see is left out.
    pub fn as_written(&self) -> Map {
        self.written.as_deref().map(|task| told_arguments::as_written(task, self.no_log)).unwrap_or_default()
    }

    /// Whether it puts tasks in its place, which tell more than its own result.
    pub fn is_include(&self) -> bool {
        matches!(qualified(&self.action).as_str(), "ansible.builtin.include_tasks" | "ansible.builtin.include_role")
    }
}

/// What stands for an item of a task whose results are kept secret.
pub const CENSORED_LABEL: &str = "(censored due to no_log)";

/// One result of one host, or of one item of a loop on one host.
#[derive(Clone, Debug)]
pub struct HostResult {
    pub host: String,
    pub delegated_to: Option<String>,
    pub task: Arc<TaskInfo>,
    pub result: TaskResult,
    /// The status that counts, after `ignore_errors` and rescue.
    pub status: TaskStatus,
    /// The label of the loop item, when this is one item's result.
    pub item_label: Option<String>,
    pub ignore_errors: bool,
    pub diff_mode: bool,
}

#[derive(Clone, Debug)]
pub enum Event {
    PlaybookStart {
        path: PathBuf,
        plays: usize,
        /// The whole run changes nothing.
        check: bool,
    },
    /// `batch` counts from 1 to `batches`.
    PlayStart {
        name: String,
        origin: Origin,
        /// What selects its hosts.
        pattern: Vec<String>,
        hosts: Vec<String>,
        batch: usize,
        batches: usize,
        check_mode: bool,
    },
    NoHostsMatched,
    NoHostsRemaining,
    TaskStart(Arc<TaskInfo>),
    /// A meta task nobody wrote begins; for callbacks that ask for these.
    ImplicitTask(Arc<TaskInfo>),
    /// A task begins on a host (shown at high verbosity and by progress).
    HostStart {
        host: String,
        task: Arc<TaskInfo>,
    },
    HostResult(HostResult),
    ItemResult(HostResult),
    Retry {
        host: String,
        task: Arc<TaskInfo>,
        retries_left: u64,
        result: TaskResult,
    },
    Included {
        task: Arc<TaskInfo>,
        file: PathBuf,
        hosts: Vec<String>,
        item_label: Option<String>,
        /// What it was given besides the file or the role.
        args: Map,
        /// What its loop adds.
        vars: Map,
        is_role: bool,
    },
    Notified {
        host: String,
        handler: String,
    },
    /// A job was looked at and goes on.
    JobPoll {
        host: String,
        job: String,
    },
    /// A job that was waited for has ended.
    JobEnd {
        host: String,
        job: String,
        failed: bool,
    },
    /// A line a running command just printed.
    Output {
        host: String,
        line: String,
    },
    /// What follows is about a task whose hosts do not wait for each other.
    Turn(Arc<TaskInfo>),
    /// A failure's chain of causes, for the error stream.
    TaskError(ErrorReport),
    Diagnostic(Diagnostic),
    /// Shown from this verbosity on.
    Detail {
        verbosity: u8,
        text: String,
    },
    /// A question to whoever sits at the terminal; the answer is read by who asked.
    Prompt(String),
    /// What follows an answered question: the question as a banner.
    Banner(String),
    /// `vars_prompt`, `pause` and the like wrote text for the person at the terminal.
    Message(String),
    Stats(Stats),
    /// Nothing comes after this.
    RunEnd,
}

/// Receives every event of a run, in order.
pub trait Callback: Send {
    fn on_event(&mut self, event: &Event);
}

/// Several callbacks see the same events in the order they stand in.
impl<T: Callback + ?Sized> Callback for Vec<Box<T>> {
    fn on_event(&mut self, event: &Event) {
        for callback in self {
            callback.on_event(event);
        }
    }
}
