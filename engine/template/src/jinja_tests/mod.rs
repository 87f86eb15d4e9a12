//! Jinja tests: one row each, in families of one file each. Each is also reachable as `ansible.builtin.NAME`.

mod comparisons;
mod containers;
mod files;
mod kinds;
mod results;
mod texts;
mod urls;
mod version;

pub(crate) use version::loose;

use std::collections::HashMap;
use std::sync::OnceLock;

use crate::evaluate::{Fault, TestCall};

pub(crate) struct JinjaTest {
    pub(crate) name: &'static str,
    /// See `Arguments::bind`; the subject is not among them.
    pub(crate) parameters: &'static [&'static str],
    /// Whether it answers for undefined subjects. To others, undefined is an error.
    pub(crate) takes_undefined: bool,
    pub(crate) run: fn(&TestCall<'_>) -> Result<bool, Fault>,
}

const fn row(
    name: &'static str,
    parameters: &'static [&'static str],
    run: fn(&TestCall<'_>) -> Result<bool, Fault>,
) -> JinjaTest {
    JinjaTest { name, parameters, takes_undefined: false, run }
}

const fn lenient(name: &'static str, run: fn(&TestCall<'_>) -> Result<bool, Fault>) -> JinjaTest {
    JinjaTest { name, parameters: &[], takes_undefined: true, run }
}

pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    TESTS.iter().map(|test| test.name).filter(|name| !name.starts_with("ansible._"))
}

pub(crate) fn find(name: &str) -> Option<&'static JinjaTest> {
    static BY_NAME: OnceLock<HashMap<&'static str, &'static JinjaTest>> = OnceLock::new();
    let by_name = BY_NAME.get_or_init(|| TESTS.iter().map(|test| (test.name, test)).collect());
    let short = name.strip_prefix("ansible.builtin.").or_else(|| name.strip_prefix("ansible.legacy.")).unwrap_or(name);
    by_name.get(short).copied()
}

static TESTS: &[JinjaTest] = &[
    row("!=", &["other"], comparisons::ne),
    row("<", &["other"], comparisons::lt),
    row("<=", &["other"], comparisons::le),
    row("==", &["other"], comparisons::eq),
    row(">", &["other"], comparisons::gt),
    row(">=", &["other"], comparisons::ge),
    row("abs", &[], files::abs),
    row("all", &[], containers::all),
    row("ansible._protomatter.tagged", &[], kinds::tagged),
    row("ansible._protomatter.tagged_with", &["tag_name"], kinds::tagged_with),
    row("any", &[], containers::any),
    row("boolean", &[], kinds::boolean),
    row("callable", &[], kinds::callable),
    row("change", &[], results::changed),
    row("changed", &[], results::changed),
    row("contains", &["value"], containers::contains),
    lenient("defined", kinds::defined),
    row("directory", &[], files::directory),
    row("divisibleby", &["num"], comparisons::divisibleby),
    row("eq", &["other"], comparisons::eq),
    row("equalto", &["other"], comparisons::eq),
    row("escaped", &[], kinds::escaped),
    row("even", &[], comparisons::even),
    row("exists", &[], files::exists),
    row("failed", &[], results::failed),
    row("failure", &[], results::failed),
    row("false", &[], kinds::is_false),
    row("falsy", &["convert_bool?"], kinds::falsy),
    row("file", &[], files::file),
    row("filter", &[], kinds::filter),
    row("finished", &[], results::finished),
    row("float", &[], kinds::float),
    row("ge", &["other"], comparisons::ge),
    row("greaterthan", &["other"], comparisons::gt),
    row("gt", &["other"], comparisons::gt),
    row("in", &["seq"], containers::is_in),
    row("integer", &[], kinds::integer),
    row("is_abs", &[], files::abs),
    row("is_dir", &[], files::directory),
    row("is_file", &[], files::file),
    row("is_link", &[], files::link),
    row("is_mount", &[], files::mount),
    row("is_same_file", &["other"], files::same_file),
    row("isnan", &[], kinds::nan),
    row("issubset", &["b"], containers::subset),
    row("issuperset", &["b"], containers::superset),
    row("iterable", &[], kinds::iterable),
    row("le", &["other"], comparisons::le),
    row("lessthan", &["other"], comparisons::lt),
    row("link", &[], files::link),
    row("link_exists", &[], files::link_exists),
    row("lower", &[], texts::lower),
    row("lt", &["other"], comparisons::lt),
    row("mapping", &[], kinds::mapping),
    row("match", &["pattern?", "ignorecase?", "multiline?"], texts::matches),
    row("mount", &[], files::mount),
    row("nan", &[], kinds::nan),
    row("ne", &["other"], comparisons::ne),
    row("none", &[], kinds::none),
    row("number", &[], kinds::number),
    row("odd", &[], comparisons::odd),
    row("reachable", &[], results::reachable),
    row("regex", &["pattern?", "ignorecase?", "multiline?", "match_type?"], texts::regex),
    row("same_file", &["other"], files::same_file),
    row("sameas", &["other"], kinds::sameas),
    row("search", &["pattern?", "ignorecase?", "multiline?"], texts::search),
    row("sequence", &[], kinds::sequence),
    row("skip", &[], results::skipped),
    row("skipped", &[], results::skipped),
    row("started", &[], results::started),
    row("string", &[], kinds::string),
    row("subset", &["b"], containers::subset),
    row("succeeded", &[], results::succeeded),
    row("success", &[], results::succeeded),
    row("successful", &[], results::succeeded),
    row("superset", &["b"], containers::superset),
    row("test", &[], kinds::test),
    row("timedout", &[], results::timedout),
    row("true", &[], kinds::is_true),
    row("truthy", &["convert_bool?"], kinds::truthy),
    lenient("undefined", kinds::undefined),
    row("unreachable", &[], results::unreachable),
    row("upper", &[], texts::upper),
    row("uri", &["schemes?"], urls::uri),
    row("url", &["schemes?"], urls::url),
    row("urn", &[], urls::urn),
    row("vault_encrypted", &[], texts::vault_encrypted),
    row("vaulted_file", &[], files::vaulted_file),
    row("version", &["version", "operator?", "strict?", "version_type?"], version::version),
    row("version_compare", &["version", "operator?", "strict?", "version_type?"], version::version),
];
