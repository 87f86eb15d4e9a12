//! Where collections send those who ask for their plugins: `plugin_routing` of `meta/runtime.yml`, with what is said of
//! plugins that go or are gone.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use kapell_parsing::{Diagnostic, Severity};
use kapell_template::CollectionRuntime;

use super::ModuleLibrary;

/// How many redirects lead to a plugin at most.
const MOST_REDIRECTS: usize = 10;

/// Where a plugin of a collection is.
pub(crate) enum Whereabouts {
    Here,
    Gone,
    /// Under another name.
    At(String),
}

impl ModuleLibrary {
    /// Where the plugin `name` is, which is `inner` in the collection at `dir`. Its deprecation is noted.
    pub(crate) fn route(&self, dir: &Path, name: &str, kind: &str, inner: &str) -> Whereabouts {
        let Some(runtime) = self.runtime(dir) else { return Whereabouts::Here };
        let route = runtime.route(kind, inner);
        if route.tombstone.is_some() {
            return Whereabouts::Gone;
        }
        if let Some(going) = route.deprecation {
            self.note(Diagnostic::deprecation(format!("{name} has been deprecated. {going}")));
        }
        route.redirect.map_or(Whereabouts::Here, Whereabouts::At)
    }

    /// The last name on the way of redirects that begins with `name`.
    pub fn routed(&self, kind: &str, name: &str) -> String {
        let mut name = name.to_owned();
        for _ in 0..MOST_REDIRECTS {
            let Some((dir, inner)) = self.place_in_collection(&name) else { break };
            let Whereabouts::At(target) = self.route(&dir, &name, kind, &inner) else { break };
            name = target;
        }
        name
    }

    /// Why there is no such module, action or other plugin any more, where its collection says so. `kind` is that of
    /// `plugin_routing`.
    pub fn removed(&self, kind: &str, name: &str) -> Option<String> {
        let name = self.routed(kind, name);
        let (dir, inner) = self.place_in_collection(&name)?;
        let gone = self.runtime(&dir)?.route(kind, &inner).tombstone?;
        let what = if kind == "modules" { "module".to_owned() } else { format!("{kind} plugin") };
        Some(format!("The '{name}' {what} has been removed. {gone}"))
    }

    /// Why no task can run `name` any more.
    pub fn removed_action(&self, name: &str) -> Option<String> {
        self.removed("action", name).or_else(|| self.removed("modules", name))
    }

    /// What users of collections should hear since the last time.
    pub fn take_notices(&self) -> Vec<Diagnostic> {
        std::mem::take(&mut self.content().notices)
    }

    /// The texts of all notices so far.
    pub fn told(&self) -> HashSet<String> {
        self.content().told.clone()
    }

    /// The directory of the collection of a full name, and the rest of the name.
    fn place_in_collection(&self, name: &str) -> Option<(std::path::PathBuf, String)> {
        let (namespace, rest) = name.split_once('.')?;
        let (collection, inner) = rest.split_once('.')?;
        Some((self.collection(namespace, collection)?, inner.to_owned()))
    }

    pub(crate) fn runtime(&self, dir: &Path) -> Option<Arc<CollectionRuntime>> {
        if let Some(known) = self.content().runtimes.get(dir) {
            return known.clone();
        }
        let runtime = CollectionRuntime::read(dir).map(Arc::new);
        let mismatch = runtime.as_ref().and_then(|runtime| runtime.mismatch());
        if let Some((message, severity)) = mismatch.zip(self.mismatch) {
            self.note(match severity {
                Severity::Error => Diagnostic::error(message),
                _ => Diagnostic::warning(message),
            });
        }
        self.content().runtimes.insert(dir.to_owned(), runtime.clone());
        runtime
    }

    fn note(&self, notice: Diagnostic) {
        let mut content = self.content();
        if content.told.insert(notice.message.clone()) {
            content.notices.push(notice);
        }
    }
}
