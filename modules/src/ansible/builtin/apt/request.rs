//! What an `apt` task asks for.

use std::time::Duration;

use super::cache::Updating;
use crate::{Args, ModuleError};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Present,
    Latest,
    Fixed,
    Absent,
    BuildDep,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Upgrade {
    /// Nothing is removed.
    Safe,
    Dist,
    Full,
}

#[derive(Debug, Clone)]
pub(super) struct Request {
    pub packages: Vec<String>,
    pub state: State,
    pub deb: Option<String>,
    pub upgrade: Option<Upgrade>,
    pub options: Options,
    pub clean: bool,
    pub autoclean: bool,
    pub update_cache: bool,
    pub cache_valid_time: Duration,
    pub updating: Updating,
    pub policy_rc_d: Option<i64>,
    pub force_apt_get: bool,
}

/// What shapes every apt-get command line.
#[derive(Debug, Clone, Default)]
pub(super) struct Options {
    pub dpkg: Vec<String>,
    pub install_recommends: Option<bool>,
    pub default_release: Option<String>,
    pub only_upgrade: bool,
    pub fix_broken: bool,
    pub force: bool,
    pub purge: bool,
    pub autoremove: bool,
    pub fail_on_autoremove: bool,
    pub allow_unauthenticated: bool,
    pub allow_downgrade: bool,
    pub allow_change_held_packages: bool,
    /// Seconds; negative waits for ever.
    pub lock_timeout: i64,
    pub simulate: bool,
}

impl Request {
    pub(super) fn new(args: &Args, check_mode: bool) -> Result<Self, ModuleError> {
        let state = state(args.str("state")?);
        let valid = args.opt_int("cache_valid_time").unwrap_or(0);
        let packages = args.list_of_str("package");
        let mut request = Self {
            state,
            deb: args.opt_str("deb").map(str::to_owned),
            upgrade: upgrade(args.str("upgrade")?),
            options: options(args, state, check_mode)?,
            clean: args.bool("clean"),
            autoclean: args.bool("autoclean"),
            update_cache: args.bool("update_cache") || valid > 0,
            cache_valid_time: Duration::from_secs(valid.max(0) as u64),
            updating: Updating {
                retries: args.int("update_cache_retries")?,
                max_delay: args.int("update_cache_retry_max_delay")?,
                lock_timeout: args.int("lock_timeout")?,
                of_sources: false,
            },
            policy_rc_d: args.opt_int("policy_rc_d"),
            force_apt_get: args.bool("force_apt_get"),
            packages,
        };
        request.read_star()?;
        Ok(request)
    }

    /// `name: "*"` with `state: latest` is an upgrade of everything.
    fn read_star(&mut self) -> Result<(), ModuleError> {
        if self.state != State::Latest || !self.packages.iter().any(|name| name == "*") {
            return Ok(());
        }
        if self.packages.len() > 1 {
            return Err(ModuleError::failed(
                "unable to install additional packages when upgrading all installed packages",
            ));
        }
        self.packages.clear();
        self.upgrade = Some(Upgrade::Safe);
        Ok(())
    }
}

fn state(text: &str) -> State {
    match text {
        "absent" => State::Absent,
        "latest" => State::Latest,
        "fixed" => State::Fixed,
        "build-dep" => State::BuildDep,
        _ => State::Present,
    }
}

fn upgrade(text: &str) -> Option<Upgrade> {
    match text {
        "yes" | "safe" => Some(Upgrade::Safe),
        "dist" => Some(Upgrade::Dist),
        "full" => Some(Upgrade::Full),
        _ => None,
    }
}

fn options(args: &Args, state: State, simulate: bool) -> Result<Options, ModuleError> {
    let dpkg = args.str("dpkg_options")?;
    Ok(Options {
        dpkg: dpkg.split(',').map(str::trim).filter(|option| !option.is_empty()).map(str::to_owned).collect(),
        install_recommends: args.opt_bool("install_recommends"),
        default_release: args.opt_str("default_release").map(str::to_owned),
        only_upgrade: args.bool("only_upgrade"),
        fix_broken: state == State::Fixed,
        force: args.bool("force"),
        purge: args.bool("purge"),
        autoremove: args.bool("autoremove"),
        fail_on_autoremove: args.bool("fail_on_autoremove"),
        allow_unauthenticated: args.bool("allow_unauthenticated"),
        allow_downgrade: args.bool("allow_downgrade"),
        allow_change_held_packages: args.bool("allow_change_held_packages"),
        lock_timeout: args.int("lock_timeout")?,
        simulate,
    })
}
