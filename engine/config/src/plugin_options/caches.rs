//! Options of caches.

use super::{PluginOption, Unset, plugin_options};

plugin_options! {
    /// What the names of entries start with.
    "cache" "jsonfile" "_prefix" "" Unset::Nothing,
        ini ["defaults"."fact_caching_prefix"], env ["ANSIBLE_CACHE_PLUGIN_PREFIX"];
    /// Seconds after which entries are forgotten.
    "cache" "jsonfile" "_timeout" "integer" Unset::Number(86400),
        ini ["defaults"."fact_caching_timeout"], env ["ANSIBLE_CACHE_PLUGIN_TIMEOUT"];
    /// The directory of the entries.
    "cache" "jsonfile" "_uri" "path" Unset::Nothing,
        ini ["defaults"."fact_caching_connection"], env ["ANSIBLE_CACHE_PLUGIN_CONNECTION"], required true;
}
