//! Our own `ansible.module_utils`: what modules and plugins in Python commonly use of it, for control nodes without an
//! ansible-core. Written from the public documentation of module development; Python, because what uses it is.

use std::collections::BTreeMap;
use std::path::Path;

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
    "common/_collections_compat"
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

/// Sources of `ansible.module_utils`.
pub struct ModuleUtils;

impl ModuleUtils {
    /// Python's names of all modules and packages, and their sources.
    pub(super) fn all() -> BTreeMap<String, &'static str> {
        let dotted = |path: &Path| format!("ansible.module_utils.{}", path.display()).replace('/', ".");
        let parents = |path: &'static str| Path::new(path).ancestors().skip(1);
        let packages = FILES.iter().flat_map(|(path, _)| parents(path)).map(|path| (dotted(path), ""));
        let modules = FILES.iter().map(|(path, source)| (dotted(Path::new(path)), *source));
        packages.chain(modules).map(|(name, source)| (name.trim_end_matches('.').to_owned(), source)).collect()
    }

    /// Whether `path`, below `ansible/module_utils`, is a package, and its source.
    pub fn find(path: &str) -> Option<(bool, &'static str)> {
        let inside = |file: &str| file.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'));
        let is_package = FILES.iter().any(|(file, _)| inside(file));
        let source = FILES.iter().find(|(file, _)| *file == path).map(|(_, source)| *source);
        (is_package || source.is_some()).then(|| (is_package, source.unwrap_or_default()))
    }
}
