//! The user that runs the module, and its environment.

use serde_json::Value;

use super::collector::Facts;
use crate::Map;

pub(super) fn user(facts: &mut Facts<'_, '_>) {
    let (uid, gid) = (rustix::process::getuid().as_raw(), rustix::process::getgid().as_raw());
    let named = ["LOGNAME", "USER", "LNAME", "USERNAME"]
        .iter()
        .find_map(|name| facts.cx.env(name).filter(|name| !name.is_empty()));
    let account = match &named {
        Some(name) => facts.cx.accounts.user(name).or_else(|| facts.cx.accounts.user_by_id(uid)),
        None => facts.cx.accounts.user_by_id(uid),
    };
    if let Some(account) = account {
        facts.set("user_id", named.unwrap_or(account.name));
        facts.set("user_uid", account.uid);
        facts.set("user_gid", account.gid);
        facts.set("user_gecos", account.gecos);
        facts.set("user_dir", account.home);
        facts.set("user_shell", account.shell);
    }
    facts.set("real_user_id", uid);
    facts.set("effective_user_id", rustix::process::geteuid().as_raw());
    facts.set("real_group_id", gid);
    facts.set("effective_group_id", rustix::process::getegid().as_raw());
}

pub(super) fn environment(facts: &mut Facts<'_, '_>) {
    let own = std::env::vars_os()
        .map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()));
    let all = own.chain(facts.cx.environment.iter().cloned());
    let map: Map = all.map(|(name, value)| (name, Value::from(value))).collect();
    facts.set("env", map);
}
