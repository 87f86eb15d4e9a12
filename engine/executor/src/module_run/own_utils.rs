//! Our own `ansible.module_utils`: what modules commonly use of it, for control nodes without an ansible-core. Written
//! from the public documentation of module development; Python, because the modules that use it are.

/// Runs the module of the archive it lies in; its arguments come as JSON on standard input.
pub(super) const LAUNCHER: &str = include_str!("python/launcher.py");

macro_rules! utils {
    ($($path:literal)*) => {
        &[$(($path, include_str!(concat!("python/module_utils/", $path, ".py")))),*]
    };
}

/// Path below `ansible/module_utils` without `.py` -> source.
static FILES: &[(&str, &str)] = utils![
    "_text"
    "ansible_release"
    "basic"
    "common/arg_spec"
    "common/collections"
    "common/dict_transformations"
    "common/file"
    "common/json"
    "common/locale"
    "common/network"
    "common/parameters"
    "common/process"
    "common/respawn"
    "common/sys_info"
    "common/text/converters"
    "common/text/formatters"
    "common/validation"
    "common/warnings"
    "common/yaml"
    "compat/datetime"
    "compat/version"
    "distro"
    "errors"
    "facts/utils"
    "json_utils"
    "parsing/convert_bool"
    "six"
    "six/moves"
    "splitter"
    "urls"
];

/// Python's names of all modules, packages among them, and their sources.
pub(crate) fn own_module_utils() -> impl Iterator<Item = (String, &'static str)> {
    let dotted = |path: &str| format!("ansible.module_utils.{}", path.replace('/', "."));
    FILES.iter().map(move |(path, source)| (dotted(path), *source))
}

/// Whether it is a package, and its source.
pub(super) fn find(inside: &str) -> Option<(bool, Vec<u8>)> {
    let is_package = FILES.iter().any(|(path, _)| path.strip_prefix(inside).is_some_and(|rest| rest.starts_with('/')));
    let file = FILES.iter().find(|(path, _)| *path == inside);
    match (file, is_package) {
        (Some((_, source)), is_package) => Some((is_package, source.as_bytes().to_vec())),
        (None, true) => Some((true, Vec::new())),
        (None, false) => None,
    }
}
