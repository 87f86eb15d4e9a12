//! Filters of `community.general` many roles use, under its name: nothing has to be installed for them.

mod collections;
mod json_functions;
mod json_query;
mod keys;
mod random_mac;

use super::{Filter, row};

pub(super) static FILTERS: &[Filter] = &[
    row("community.general.counter", &[], collections::counter),
    row("community.general.dict", &[], collections::dict),
    row("community.general.dict_kv", &["key"], collections::dict_kv),
    row("community.general.groupby_as_dict", &["attribute"], collections::groupby_as_dict),
    row("community.general.json_query", &["expr"], json_query::json_query),
    row("community.general.keep_keys", &["target", "matching_parameter?"], keys::keep_keys),
    row("community.general.lists_mergeby", &["*terms", "**options"], collections::lists_mergeby),
    row("community.general.random_mac", &["seed?"], random_mac::random_mac),
    row("community.general.remove_keys", &["target", "matching_parameter?"], keys::remove_keys),
    row("community.general.replace_keys", &["target", "matching_parameter?"], keys::replace_keys),
    row("community.general.version_sort", &["reverse?"], collections::version_sort),
];
