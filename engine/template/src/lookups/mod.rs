//! Lookups: one row each, in families of one file each. Each is also reachable as `ansible.builtin.NAME`.

mod call;
mod config;
mod csvfile;
mod files;
mod first_found;
mod hashi_vault;
mod hosts;
mod ini;
mod items;
mod password;
mod plugin_options;
mod processes;
mod search;
mod sequence;
mod service;
mod template;
mod url;
mod variables;

pub(crate) use call::{LookupCall, call_function, is_function, run, takes_undefined};
pub(crate) use search::glob_files;

use crate::evaluate::Fault;
use crate::object::Object;

pub(crate) struct Lookup {
    pub(crate) name: &'static str,
    pub(crate) run: fn(&LookupCall<'_>) -> Result<Vec<Object>, Fault>,
}

const fn row(name: &'static str, run: fn(&LookupCall<'_>) -> Result<Vec<Object>, Fault>) -> Lookup {
    Lookup { name, run }
}

pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    LOOKUPS.iter().map(|lookup| lookup.name)
}

pub(crate) fn find(name: &str) -> Option<&'static Lookup> {
    const COLLECTIONS: [&str; 3] = ["ansible.builtin.", "ansible.legacy.", "community.general."];
    let short = COLLECTIONS.iter().find_map(|collection| name.strip_prefix(collection)).unwrap_or(name);
    LOOKUPS.iter().find(|lookup| lookup.name == short)
}

static LOOKUPS: &[Lookup] = &[
    row("community.hashi_vault.hashi_vault", hashi_vault::hashi_vault),
    row("community.hashi_vault.vault_kv1_get", hashi_vault::vault_kv1_get),
    row("community.hashi_vault.vault_kv2_get", hashi_vault::vault_kv2_get),
    row("community.hashi_vault.vault_read", hashi_vault::vault_read),
    row("cartesian", items::nested),
    row("config", config::config),
    row("csvfile", csvfile::csvfile),
    row("dict", items::dict),
    row("env", variables::env),
    row("file", files::file),
    row("fileglob", files::fileglob),
    row("first_found", first_found::first_found),
    row("flattened", items::flattened_deep),
    row("hashi_vault", hashi_vault::hashi_vault),
    row("indexed_items", items::indexed_items),
    row("ini", ini::ini),
    row("inventory_hostnames", hosts::inventory_hostnames),
    row("items", items::items),
    row("lines", processes::lines),
    row("list", items::list),
    row("nested", items::nested),
    row("password", password::password),
    row("pipe", processes::pipe),
    row("random_choice", items::random_choice),
    row("sequence", sequence::sequence),
    row("subelements", items::subelements),
    row("template", template::template),
    row("together", items::together),
    row("unvault", files::unvault),
    row("url", url::url),
    row("varnames", variables::varnames),
    row("vars", variables::vars),
];
