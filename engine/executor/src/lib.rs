//! The loop: plays and hosts in, events and an exit status out. Owns the run's state; knows tasks, not terminals.

pub mod action;
pub mod action_groups;
mod added_items;
pub mod argument_spec;
pub mod background;
pub mod batch;
pub mod condition;
pub mod connection_variables;
pub mod dispatcher;
pub mod error_report;
pub mod event;
pub mod failure_policy;
pub mod handlers;
pub mod host_facts;
pub mod include;

pub mod loops;
pub mod meta;
pub mod module_defaults;
pub mod play_iterator;
pub mod play_setup;
pub mod playbook_executor;
pub mod resolve;
pub mod run;
pub mod run_state;
pub mod selection;
pub mod static_names;
pub mod stats;
pub mod strategy;
pub mod tag_filter;
pub mod task_executor;
pub mod task_result;
pub mod variables;
pub mod vars_prompt;

pub use event::{Callback, Event, TaskInfo};
pub use playbook_executor::{RunStatus, run};
pub use run::{Run, RunOptions};
pub use stats::{HostStats, Stats};
pub use task_result::{TaskResult, TaskStatus};
