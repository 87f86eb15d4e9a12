//! Where a collection sends those who ask for a module it no longer has: `plugin_routing` of its `meta/runtime.yml`.

use std::path::Path;

use kapell_parsing::yaml::{self, LoadOptions};
use kapell_parsing::{Trust, Value, VaultSecrets};

/// The full name that takes the place of `module` in the collection at `dir`.
pub(super) fn redirect(dir: &Path, module: &str) -> Option<String> {
    plugin_route(dir, "modules", module, "redirect")
}

/// What `plugin_routing` says under `key` of a plugin of some kind.
pub(crate) fn plugin_route(dir: &Path, kind: &str, name: &str, key: &str) -> Option<String> {
    let path = dir.join("meta/runtime.yml");
    if !path.is_file() {
        return None;
    }
    let vault = VaultSecrets::default();
    let options = LoadOptions { trust: Trust::Untrusted, vault: &vault };
    let content = yaml::load_file(&path, &options, &mut Vec::new()).ok()?;
    let entry = content.get("plugin_routing")?.get(kind)?.get(name)?;
    entry.get(key).and_then(Value::as_str).map(str::to_owned)
}
