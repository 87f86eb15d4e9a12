//! `ansible.builtin.systemd_service` (`systemd`): units of systemd.

use crate::services::systemd::{Scope, Wanted, manage};
use crate::{Arg, Args, Constraint, Context, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module =
    Module::new("ansible.builtin.systemd_service", ARGS, run).aliases(&["ansible.builtin.systemd"]).constraints(&[
        Constraint::RequiredBy("state", &["name"]),
        Constraint::RequiredBy("enabled", &["name"]),
        Constraint::RequiredBy("masked", &["name"]),
    ]);

const ARGS: &[Arg] = &[
    Arg::str("name").alias(&["service", "unit"]),
    Arg::str("state").choices(&["reloaded", "restarted", "started", "stopped"]),
    Arg::bool("enabled"),
    Arg::bool("masked"),
    Arg::bool("force"),
    Arg::bool("daemon_reload").default("false").alias(&["daemon-reload"]),
    Arg::bool("daemon_reexec").default("false").alias(&["daemon-reexec"]),
    Arg::str("scope").default("system").choices(&["system", "user", "global"]),
    Arg::bool("no_block").default("false"),
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let scope = match args.str("scope")? {
        "user" => Scope::User,
        "global" => Scope::Global,
        _ => Scope::System,
    };
    let wanted = Wanted {
        name: args.opt_str("name").map(str::to_owned),
        state: args.opt_str("state").map(str::to_owned),
        enabled: args.opt_bool("enabled"),
        masked: args.opt_bool("masked"),
        daemon_reload: args.bool("daemon_reload"),
        daemon_reexec: args.bool("daemon_reexec"),
        scope,
        no_block: args.bool("no_block"),
        force: args.bool("force"),
    };
    manage(&wanted, cx)
}
