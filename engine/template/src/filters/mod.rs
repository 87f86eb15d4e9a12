//! Filters: one row each, in families of one file each. Each is also reachable as `ansible.builtin.NAME`.

mod addresses;
mod ansible_text;
mod attributes;
mod basics;
mod combinatorics;
mod dicts;
mod encoding;
mod general;
mod hashing;
mod higher_order;
mod integer_set;
mod json;
mod links;
mod numbers;
mod password_hash;
mod paths;
mod regexes;
mod sequences;
mod sets;
mod sizes;
mod text;
mod time;
pub(crate) mod trust;
mod urls;
mod vault;
mod windows_paths;
mod wrapping;
mod yaml;

pub(crate) use combinatorics::cartesian;
pub(crate) use dicts::{key_value_items, subelements_of};
pub(crate) use paths::{normalized, with_home};

use std::collections::HashMap;
use std::sync::OnceLock;

use crate::evaluate::{Fault, FilterCall};
use crate::object::Object;

pub(crate) struct Filter {
    pub(crate) name: &'static str,
    /// See `Arguments::bind`; the input is not among them.
    pub(crate) parameters: &'static [&'static str],
    /// Whether it runs on undefined input and arguments. Others hand an undefined one through.
    pub(crate) takes_undefined: bool,
    pub(crate) run: fn(&FilterCall<'_>) -> Result<Object, Fault>,
}

const fn row(
    name: &'static str,
    parameters: &'static [&'static str],
    run: fn(&FilterCall<'_>) -> Result<Object, Fault>,
) -> Filter {
    Filter { name, parameters, takes_undefined: false, run }
}

/// A row of a filter that looks at undefined values itself.
const fn lenient(
    name: &'static str,
    parameters: &'static [&'static str],
    run: fn(&FilterCall<'_>) -> Result<Object, Fault>,
) -> Filter {
    Filter { name, parameters, takes_undefined: true, run }
}

/// Those for people; the others are for ansible-core's own tests.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    let tables = [FILTERS, addresses::FILTERS, general::FILTERS];
    tables.into_iter().flatten().map(|filter| filter.name).filter(|name| !name.starts_with("ansible._"))
}

pub(crate) fn find(name: &str) -> Option<&'static Filter> {
    static BY_NAME: OnceLock<HashMap<&'static str, &'static Filter>> = OnceLock::new();
    let by_name = BY_NAME.get_or_init(|| {
        let tables = [FILTERS, addresses::FILTERS, general::FILTERS];
        tables.into_iter().flatten().map(|filter| (filter.name, filter)).collect()
    });
    let short = name.strip_prefix("ansible.builtin.").or_else(|| name.strip_prefix("ansible.legacy.")).unwrap_or(name);
    by_name.get(short).copied()
}

static FILTERS: &[Filter] = &[
    row("ansible._protomatter.apply_trust", &[], trust::apply_trust),
    row("ansible._protomatter.dump_object", &[], trust::unmask),
    row("ansible._protomatter.finalize", &[], basics::finalize),
    row("ansible._protomatter.origin", &[], trust::origin),
    row("ansible._protomatter.tag_names", &[], trust::tag_names),
    lenient("ansible._protomatter.true_type", &[], trust::true_type),
    row("ansible._protomatter.unmask", &["type_names"], trust::unmask),
    row("abs", &[], numbers::abs),
    row("attr", &["name"], attributes::attr),
    row("b64decode", &["encoding?", "urlsafe?"], encoding::b64decode),
    row("b64encode", &["encoding?", "urlsafe?"], encoding::b64encode),
    row("basename", &[], paths::basename),
    row("batch", &["linecount", "fill_with?"], sequences::batch),
    row("bool", &[], basics::bool),
    row("capitalize", &[], text::capitalize),
    row("center", &["width?"], text::center),
    row("checksum", &[], hashing::sha1),
    row("combinations", &["r"], combinatorics::combinations),
    row("combine", &["*terms", "**options"], dicts::combine),
    row("comment", &["style?", "**options"], ansible_text::comment),
    row("commonpath", &[], paths::commonpath),
    row("count", &[], sequences::length),
    lenient("d", &["default_value?", "boolean?"], basics::default),
    lenient("default", &["default_value?", "boolean?"], basics::default),
    row("dict2items", &["key_name?", "value_name?"], dicts::dict2items),
    row("dictsort", &["case_sensitive?", "by?", "reverse?"], dicts::dictsort),
    row("difference", &["b"], sets::difference),
    row("dirname", &[], paths::dirname),
    row("e", &[], text::escape),
    row("escape", &[], text::escape),
    row("expanduser", &[], paths::expanduser),
    row("expandvars", &[], paths::expandvars),
    row("extract", &["container", "morekeys?"], dicts::extract),
    row("fileglob", &[], paths::fileglob),
    row("filesizeformat", &["binary?"], sizes::filesizeformat),
    row("first", &[], sequences::first),
    row("flatten", &["levels?", "skip_nulls?"], combinatorics::flatten),
    row("float", &["default?"], basics::float),
    row("forceescape", &[], text::escape),
    row("format", &["*args", "**kwargs"], text::format),
    row("from_json", &["profile?"], json::from_json),
    row("from_yaml", &[], yaml::from_yaml),
    row("from_yaml_all", &[], yaml::from_yaml_all),
    row("groupby", &["attribute", "default?", "case_sensitive?"], sequences::groupby),
    row("hash", &["hashtype?"], hashing::hash),
    row("human_readable", &["isbits?", "unit?"], sizes::human_readable),
    row("human_to_bytes", &["default_unit?", "isbits?"], sizes::human_to_bytes),
    row("indent", &["width?", "first?", "blank?"], text::indent),
    row("int", &["default?", "base?"], basics::int),
    row("intersect", &["b"], sets::intersect),
    row("items", &[], dicts::items),
    row("items2dict", &["key_name?", "value_name?"], dicts::items2dict),
    row("join", &["d?", "attribute?"], sequences::join),
    row("last", &[], sequences::last),
    row("length", &[], sequences::length),
    row("list", &[], sequences::list),
    row("log", &["base?"], numbers::log),
    row("lower", &[], text::lower),
    lenient("mandatory", &["msg?"], basics::mandatory),
    row("map", &["*args", "**kwargs"], higher_order::map),
    row("max", &["case_sensitive?", "attribute?"], sequences::max),
    row("md5", &[], hashing::md5),
    row("min", &["case_sensitive?", "attribute?"], sequences::min),
    row("normpath", &[], paths::normpath),
    row("password_hash", &["hashtype?", "salt?", "salt_size?", "rounds?", "ident?"], password_hash::password_hash),
    row("path_join", &[], paths::path_join),
    row("permutations", &["r?"], combinatorics::permutations),
    row("pow", &["exp"], numbers::pow),
    row("pprint", &[], text::pprint),
    row("product", &["*others", "**options"], combinatorics::product),
    row("quote", &[], ansible_text::quote),
    row("random", &["start?", "step?", "seed?"], sequences::random),
    row("realpath", &[], paths::realpath),
    row("regex_escape", &["re_type?"], regexes::regex_escape),
    row("regex_findall", &["regex", "multiline?", "ignorecase?"], regexes::regex_findall),
    row(
        "regex_replace",
        &["pattern?", "replacement?", "ignorecase?", "multiline?", "count?", "mandatory_count?"],
        regexes::regex_replace,
    ),
    row("regex_search", &["regex", "*groups", "**options"], regexes::regex_search),
    row("reject", &["*args", "**kwargs"], higher_order::reject),
    row("rejectattr", &["*args", "**kwargs"], higher_order::rejectattr),
    row("rekey_on_member", &["key", "duplicates?"], dicts::rekey_on_member),
    row("relpath", &["start?"], paths::relpath),
    row("replace", &["old", "new", "count?"], text::replace),
    row("reverse", &[], sequences::reverse),
    row("root", &["base?"], numbers::root),
    row("round", &["precision?", "method?"], numbers::round),
    row("safe", &[], text::string),
    row("select", &["*args", "**kwargs"], higher_order::select),
    row("selectattr", &["*args", "**kwargs"], higher_order::selectattr),
    row("sha1", &[], hashing::sha1),
    row("shuffle", &["seed?"], sequences::shuffle),
    row("slice", &["slices", "fill_with?"], sequences::slice),
    row("sort", &["reverse?", "case_sensitive?", "attribute?"], sequences::sort),
    row("split", &["separator?", "maxsplit?"], text::split),
    row("splitext", &[], paths::splitext),
    row("strftime", &["second?", "utc?"], time::strftime),
    row("string", &[], text::string),
    row("striptags", &[], text::striptags),
    row("subelements", &["subelements", "skip_missing?"], dicts::subelements),
    row("sum", &["attribute?", "start?"], sequences::sum),
    row("symmetric_difference", &["b"], sets::symmetric_difference),
    lenient("ternary", &["true_val", "false_val?", "none_val?"], basics::ternary),
    row("title", &[], text::title),
    row("to_datetime", &["format?"], time::to_datetime),
    row("to_json", &["**options"], json::to_json),
    row("to_nice_json", &["indent?", "sort_keys?", "**options"], json::to_nice_json),
    row("to_nice_yaml", &["indent?", "**options"], yaml::to_nice_yaml),
    row("to_uuid", &["namespace?"], encoding::to_uuid),
    row("to_yaml", &["default_flow_style?", "**options"], yaml::to_yaml),
    row("tojson", &["indent?"], json::tojson),
    row("trim", &["chars?"], text::trim),
    row("truncate", &["length?", "killwords?", "end?", "leeway?"], wrapping::truncate),
    lenient("type_debug", &[], basics::type_debug),
    row("union", &["b"], sets::union),
    row("unique", &["case_sensitive?", "attribute?"], sets::unique),
    lenient("unvault", &["secret", "vault_id?", "vaultid?"], vault::unvault),
    row("upper", &[], text::upper),
    row("urldecode", &["plus?"], urls::urldecode),
    row("urlencode", &[], urls::urlencode),
    row("urlize", &["trim_url_limit?", "nofollow?", "target?", "rel?", "extra_schemes?"], links::urlize),
    row("urlsplit", &["query?"], urls::urlsplit),
    row("vault", &["secret", "salt?", "vault_id?", "wrap_object?", "vaultid?"], vault::vault),
    row("win_basename", &[], windows_paths::basename),
    row("win_dirname", &[], windows_paths::dirname),
    row("win_splitdrive", &[], windows_paths::splitdrive),
    row("wordcount", &[], text::wordcount),
    row("wordwrap", &["width?", "break_long_words?", "wrapstring?", "break_on_hyphens?"], wrapping::wordwrap),
    row("xmlattr", &["autospace?"], text::xmlattr),
    row("zip", &["*others", "**options"], combinatorics::zip),
    row("zip_longest", &["*others", "**options"], combinatorics::zip_longest),
];
