//! What is installed in a project, read from its own files: npm itself takes half a second to say so.

use std::path::Path;

use serde_json::Value;

use crate::{Context, Map};

/// A project as its files show it. Whatever is not certain is `None`, and npm is asked.
pub(super) struct Project<'a> {
    pub dir: &'a Path,
    /// Leaves out `devDependencies`.
    pub production: bool,
    pub no_optional: bool,
}

impl Project<'_> {
    /// True when everything that `package.json` wants is installed as the lock file says.
    pub(super) fn is_complete(&self, cx: &Context<'_>) -> bool {
        self.compare(cx).unwrap_or(false)
    }

    fn compare(&self, cx: &Context<'_>) -> Option<bool> {
        let manifest = json(&self.dir.join("package.json"), cx)?;
        let lock = json(&self.dir.join("package-lock.json"), cx)?;
        let hidden = json(&self.dir.join("node_modules/.package-lock.json"), cx)?;
        let (wanted, installed) = (lock.get("packages")?.as_object()?, hidden.get("packages")?.as_object()?);
        if !same_requests(&manifest, wanted.get("")?.as_object()?) {
            return None;
        }
        Some(wanted.iter().all(|(path, package)| path.is_empty() || self.is_installed(path, package, installed, cx)))
    }

    fn is_installed(&self, path: &str, package: &Value, installed: &Map, cx: &Context<'_>) -> bool {
        let flag = |name: &str| package.get(name).and_then(Value::as_bool).unwrap_or(false);
        if (self.production && (flag("dev") || flag("devOptional"))) || (self.no_optional && flag("optional")) {
            return true;
        }
        match installed.get(path) {
            Some(found) => found.get("version") == package.get("version") && cx.exists(self.dir.join(path)),
            // Optional packages for other platforms are never installed.
            None => flag("optional") || flag("devOptional"),
        }
    }

    /// The installed version of a package that the project itself asks for.
    pub(super) fn version_of(&self, name: &str, cx: &Context<'_>) -> Option<String> {
        let manifest = json(&self.dir.join("package.json"), cx)?;
        let is_listed = |section: &str| manifest.get(section).and_then(|listed| listed.get(name)).is_some();
        if !["dependencies", "devDependencies", "optionalDependencies"].into_iter().any(is_listed) {
            return None;
        }
        let package = json(&self.dir.join("node_modules").join(name).join("package.json"), cx)?;
        package.get("version")?.as_str().map(str::to_owned)
    }
}

fn json(path: &Path, cx: &Context<'_>) -> Option<Map> {
    serde_json::from_slice(&cx.read(path).ok()??).ok()
}

/// Whether the lock file was made for the requests that `package.json` has now.
fn same_requests(manifest: &Map, root: &Map) -> bool {
    let empty = Map::new();
    let section = |of: &Map, name: &str| of.get(name).and_then(Value::as_object).unwrap_or(&empty).clone();
    ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"]
        .into_iter()
        .all(|name| section(manifest, name) == section(root, name))
        && manifest.get("workspaces").is_none()
}

/// The packages at the top of npm's tree.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Tree {
    /// Names with versions.
    pub installed: Vec<(String, String)>,
    /// Names that are wanted and not there, or there in a wrong version.
    pub missing: Vec<String>,
}

/// Reads `npm list --json --long`.
pub(super) fn parse_list(output: &str) -> Tree {
    let packages: Map = serde_json::from_str(output).unwrap_or_default();
    let mut tree = Tree::default();
    for (name, package) in packages.get("dependencies").and_then(Value::as_object).into_iter().flatten() {
        let wrong = ["missing", "invalid"].into_iter().any(|problem| is_set(package.get(problem)));
        if wrong {
            tree.missing.push(name.clone());
        } else {
            let version = package.get("version").and_then(Value::as_str).unwrap_or_default();
            tree.installed.push((name.clone(), version.to_owned()));
        }
    }
    tree
}

fn is_set(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null | Value::Bool(false)) => false,
        Some(Value::String(text)) => !text.is_empty(),
        Some(_) => true,
    }
}

/// `npm outdated --json`: names that an update would change.
pub(super) fn parse_outdated(output: &str) -> Vec<String> {
    let packages: Map = serde_json::from_str(output).unwrap_or_default();
    let entries = packages.into_iter().filter(|(_, package)| {
        // With several copies of a package there is a list.
        let copies = package.as_array().cloned().unwrap_or_else(|| vec![package.clone()]);
        copies.iter().any(|copy| copy.get("current") != copy.get("wanted"))
    });
    entries.map(|(name, _)| name).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{ModuleCall, NoBlobs, NoEvents};

    #[test]
    fn lists_and_outdated_are_understood() {
        let list = json!({"name": "app", "dependencies": {
            "a": {"version": "1.0.0"}, "b": {"required": "^1", "missing": true}, "c": {"version": "2.0.0", "invalid": "x"},
            "d": {"version": "1.1.0", "invalid": ""}}});
        let Tree { installed, missing } = parse_list(&list.to_string());
        assert_eq!(installed, [("a".to_owned(), "1.0.0".to_owned()), ("d".to_owned(), "1.1.0".to_owned())]);
        assert_eq!(missing, ["b", "c"]);
        assert_eq!(parse_list("not json"), Tree::default());
        let outdated = json!({"a": {"current": "1.0.0", "wanted": "1.0.0", "latest": "2.0.0"},
            "b": {"current": "1.0.0", "wanted": "1.1.0", "latest": "2.0.0"}, "c": {"wanted": "1.0.0", "latest": "1.0.0"}});
        assert_eq!(parse_outdated(&outdated.to_string()), ["b", "c"]);
        assert!(parse_outdated("").is_empty());
    }

    #[test]
    fn files_tell_whether_a_project_is_complete() {
        let dir = tempfile::tempdir().unwrap();
        let write = |path: &str, content: Value| {
            let path = dir.path().join(path);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, content.to_string()).unwrap();
        };
        let (call, mut blobs, mut events) = (ModuleCall::default(), NoBlobs, NoEvents);
        let cx = Context::new(&call, &mut blobs, &mut events);
        let project = Project { dir: dir.path(), production: false, no_optional: false };
        let production =
            Project { production: true, ..Project { dir: dir.path(), production: true, no_optional: false } };
        let root = json!({"dependencies": {"a": "^1"}, "devDependencies": {"t": "1"}});
        write("package.json", root.clone());
        assert!(!project.is_complete(&cx));
        let package = |version: &str, dev: bool| json!({"version": version, "dev": dev});
        write(
            "package-lock.json",
            json!({"packages": {"": root, "node_modules/a": package("1.2.0", false),
            "node_modules/t": package("1.0.0", true), "node_modules/o": {"version": "1.0.0", "optional": true}}}),
        );
        write("node_modules/a/package.json", json!({"version": "1.2.0"}));
        write("node_modules/.package-lock.json", json!({"packages": {"node_modules/a": package("1.2.0", false)}}));
        assert!(!project.is_complete(&cx));
        assert!(production.is_complete(&cx));
        assert_eq!(project.version_of("a", &cx).as_deref(), Some("1.2.0"));
        assert_eq!(project.version_of("b", &cx), None);
        write("package.json", json!({"dependencies": {"a": "^2"}}));
        assert!(!production.is_complete(&cx));
    }
}
