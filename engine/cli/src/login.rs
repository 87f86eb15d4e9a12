//! `Login`: how the command line says to connect and to become, as part of the options of a run.

use std::sync::Arc;

use kapell_config::Settings;
use kapell_executor::RunOptions;
use kapell_executor::tag_filter::TagFilter;
use kapell_parsing::Map;

use crate::args::{ConnectionArgs, HostArgs, PrivilegeArgs};
use crate::inventory;
use crate::passwords::Passwords;

pub(crate) struct Login<'a> {
    pub connection: &'a ConnectionArgs,
    pub privilege: &'a PrivilegeArgs,
    pub passwords: Passwords,
}

impl Login<'_> {
    /// What all commands with hosts share; the rest is as without any option.
    pub(crate) fn options(self, hosts: &HostArgs, settings: &Settings, extra_vars: &Map, verbose: u8) -> RunOptions {
        let (connection, privilege) = (self.connection, self.privilege);
        RunOptions {
            check: false,
            diff: settings.diff_always,
            tags: TagFilter { only: Vec::new(), skip: Vec::new() },
            extra_vars: Arc::new(extra_vars.clone()),
            limit: hosts.limit.clone(),
            limit_pattern: None,
            forks: settings.forks.max(1),
            verbosity: if verbose > 0 { verbose } else { settings.verbosity.min(6) },
            remote_user: connection.user.clone(),
            private_key_file: connection.private_key.clone(),
            connection: connection.connection.clone(),
            timeout: connection.timeout,
            become_: privilege.become_,
            become_method: privilege.become_method.clone(),
            become_user: privilege.become_user.clone(),
            connection_password: self.passwords.connection,
            become_password: self.passwords.become_,
            force_handlers: false,
            start_at_task: None,
            step: false,
            flush_cache: hosts.flush_cache,
            inventory_sources: inventory::sources(&hosts.inventory, settings),
            live_output: kapell_callback::is_watched(),
        }
    }
}
