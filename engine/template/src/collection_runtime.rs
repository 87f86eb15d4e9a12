//! `CollectionRuntime`: what a collection's `meta/runtime.yml` says: where its plugins went, what is going, which versions of
//! Ansible it is for.

use std::path::Path;

use kapell_parsing::yaml::{LoadOptions, load_file};
use kapell_parsing::{Deprecation, Deprecator, Trust, Value, VaultSecrets};

/// The version of ansible-core whose behaviour this program has.
pub const ANSIBLE_VERSION: (i64, i64, i64) = (2, 19, 14);

pub struct CollectionRuntime {
    /// `namespace.name`.
    collection: String,
    content: Value,
}

/// What is said of one plugin.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Route {
    /// The full name that takes its place.
    pub redirect: Option<String>,
    /// When it goes, and what its users should do, in sentences.
    pub deprecation: Option<String>,
    /// Since when it is gone, in sentences.
    pub tombstone: Option<String>,
}

impl CollectionRuntime {
    /// Of the collection in a directory, if it says anything.
    pub fn read(directory: &Path) -> Option<Self> {
        let path = directory.join("meta/runtime.yml");
        let secrets = VaultSecrets::default();
        let options = LoadOptions { trust: Trust::Untrusted, vault: &secrets };
        let content = path.is_file().then(|| load_file(&path, &options, &mut Vec::new()).ok())??;
        let name = |path: Option<&Path>| path?.file_name().map(|name| name.to_string_lossy().into_owned());
        let collection = format!("{}.{}", name(directory.parent())?, name(Some(directory))?);
        Some(Self { collection, content })
    }

    /// `kind` as `plugin_routing` calls it: `modules`, `filter` and so on.
    pub fn route(&self, kind: &str, name: &str) -> Route {
        let entry = ["plugin_routing", kind, name].iter().try_fold(&self.content, |value, key| value.get(key));
        let Some(entry) = entry else { return Route::default() };
        let about = |key: &str| {
            let about = entry.get(key).filter(|about| about.as_map().is_some())?;
            Some(self.deprecation(about))
        };
        Route {
            redirect: entry.get("redirect").and_then(Value::as_str).map(str::to_owned),
            deprecation: about("deprecation").map(|going| going.sentences()),
            tombstone: about("tombstone").map(|gone| gone.gone().sentences()),
        }
    }

    /// Another text that is said of a plugin.
    pub fn entry(&self, kind: &str, name: &str, key: &str) -> Option<String> {
        let path = ["plugin_routing", kind, name, key];
        path.iter().try_fold(&self.content, |value, key| value.get(key))?.as_str().map(str::to_owned)
    }

    fn deprecation(&self, about: &Value) -> Deprecation {
        let text = |key: &str| about.get(key).filter(|value| !value.is_null()).map(Value::to_string);
        Deprecation::new(text("warning_text").unwrap_or_default())
            .by(Deprecator::collection(&self.collection))
            .due(text("removal_date"), text("removal_version"))
    }

    /// What is wrong with running it here, if anything.
    pub fn mismatch(&self) -> Option<String> {
        let required = self.content.get("requires_ansible")?.to_string();
        let (major, minor, patch) = ANSIBLE_VERSION;
        let fits = required.split(',').all(|condition| holds(condition.trim(), &[major, minor, patch]));
        let collection = &self.collection;
        (!fits).then(|| format!("Collection {collection} does not support Ansible version {major}.{minor}.{patch}"))
    }
}

/// One condition of Python's version specifiers; what cannot be read holds.
fn holds(condition: &str, version: &[i64]) -> bool {
    const SIGNS: [&str; 8] = ["===", "==", "!=", "~=", ">=", "<=", ">", "<"];
    let Some((sign, wanted)) = SIGNS.iter().find_map(|sign| Some((*sign, condition.strip_prefix(sign)?.trim()))) else {
        return true;
    };
    let any_below = wanted.ends_with(".*");
    let digits = |part: &str| part.chars().take_while(char::is_ascii_digit).collect::<String>().parse::<i64>().ok();
    let Some(wanted) = wanted.trim_end_matches(".*").split('.').map(digits).collect::<Option<Vec<i64>>>() else {
        return true;
    };
    let padded = |parts: &[i64]| (0..4).map(|at| parts.get(at).copied().unwrap_or(0)).collect::<Vec<i64>>();
    let (ours, theirs) = (padded(version), padded(&wanted));
    let starts = |count: usize| ours[..count.min(4)] == theirs[..count.min(4)];
    match sign {
        "==" | "===" if any_below => starts(wanted.len()),
        "==" | "===" => ours == theirs,
        "!=" if any_below => !starts(wanted.len()),
        "!=" => ours != theirs,
        "~=" => ours >= theirs && starts(wanted.len().saturating_sub(1)),
        ">=" => ours >= theirs,
        "<=" => ours <= theirs,
        ">" => ours > theirs,
        _ => ours < theirs,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runtime(text: &str) -> CollectionRuntime {
        let secrets = VaultSecrets::default();
        let options = LoadOptions { trust: Trust::Untrusted, vault: &secrets };
        let source = kapell_parsing::SourceFile::new("runtime.yml", text);
        let content = kapell_parsing::yaml::load(&source, &options, &mut Vec::new()).unwrap();
        CollectionRuntime { collection: "acme.old".to_owned(), content }
    }

    #[test]
    fn what_goes_says_when_and_why() {
        let runtime = runtime(
            "plugin_routing:\n  modules:\n    a:\n      redirect: acme.new.a\n      deprecation: {removal_version: 9.9.9, \
             warning_text: use b}\n    b:\n      tombstone: {removal_date: 2020-01-01, warning_text: Gone!}\n",
        );
        let a = runtime.route("modules", "a");
        assert_eq!(a.redirect.as_deref(), Some("acme.new.a"));
        let going = "use b. This feature will be removed from collection 'acme.old' version 9.9.9.";
        assert_eq!(a.deprecation.as_deref(), Some(going));
        let gone = "Gone! This feature was removed from collection 'acme.old' in a release after 2020-01-01.";
        assert_eq!(runtime.route("modules", "b").tombstone.as_deref(), Some(gone));
        assert_eq!(runtime.route("filter", "a"), Route::default());
    }

    #[test]
    fn versions_are_held_against_conditions() {
        for (condition, fits) in [
            (">=2.9.10", true),
            (">=2.19.0,<2.20", true),
            (">=2.30", false),
            ("<2.19.14", false),
            ("==2.19.*", true),
            ("!=2.19.*", false),
            ("~=2.18.0", false),
            ("~=2.18", true),
            (">=2.19.0b1", true),
            ("anything", true),
        ] {
            let runtime = runtime(&format!("requires_ansible: '{condition}'\n"));
            assert_eq!(runtime.mismatch().is_none(), fits, "{condition}");
        }
    }
}
