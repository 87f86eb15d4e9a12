//! `Loader`: one loading run: the errors found so far, the files read, and the imports that are open.

use std::collections::{HashMap, HashSet};
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kapell_parsing::yaml::{self, LoadOptions};
use kapell_parsing::{Diagnostic, ErrorKind, Key, Map, Origin, Text, Trust, Value};

use crate::load::{Fault, LoadContext, LoadErrors};
use crate::{Role, Scope, Task};

/// A file may be imported from itself as long as names are templates that change; beyond this it never ends.
const MAX_REENTRY: usize = 16;

/// What one look at several playbooks remembers, for all who look at once.
#[derive(Debug, Default)]
pub struct ReadFiles(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    /// The content of files; `None` where one could not be read, which was an error then.
    contents: HashMap<PathBuf, Option<Value>>,
    /// Playbooks whose plays were looked at as they stand in their file, with nothing that an import adds.
    looked_at: HashSet<PathBuf>,
}

impl ReadFiles {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn remember(&self, path: &Path, content: Option<Value>) {
        self.known().contents.insert(path.to_path_buf(), content);
    }

    pub(crate) fn was_looked_at(&self, playbook: &Path) -> bool {
        self.known().looked_at.contains(playbook)
    }

    pub(crate) fn looked_at(&self, playbook: PathBuf) {
        self.known().looked_at.insert(playbook);
    }
}

pub(crate) struct Loader<'a> {
    pub(crate) cx: &'a LoadContext<'a>,
    /// The directory of the playbook file whose play is loaded.
    pub(crate) basedir: PathBuf,
    /// The roles of the play whose tasks are loaded, for names of static imports.
    pub(crate) play_roles: Vec<Arc<Role>>,
    /// The play whose `vars_files` were read, and their variables.
    pub(crate) vars_files: Option<(u64, Map)>,
    /// What statically imported roles add to the play.
    pub(crate) imported_roles: Vec<Arc<Role>>,
    pub(crate) imported_handlers: Vec<Arc<Task>>,
    errors: Vec<Diagnostic>,
    /// What the first error is about.
    fault: Fault,
    pub(crate) files: Arc<ReadFiles>,
    /// Playbooks that were looked at before are left out.
    pub(crate) looks: bool,
    open: Vec<String>,
}

impl<'a> Loader<'a> {
    pub(crate) fn new(cx: &'a LoadContext<'a>, basedir: PathBuf) -> Self {
        Self {
            cx,
            basedir,
            play_roles: Vec::new(),
            vars_files: None,
            imported_roles: Vec::new(),
            imported_handlers: Vec::new(),
            errors: Vec::new(),
            fault: Fault::Content,
            files: Arc::default(),
            looks: false,
            open: Vec::new(),
        }
    }

    /// A loader that need not read `files`.
    pub(crate) fn having(cx: &'a LoadContext<'a>, basedir: PathBuf, files: &Arc<ReadFiles>) -> Self {
        Self { files: Arc::clone(files), ..Self::new(cx, basedir) }
    }

    /// `result`, unless anything went wrong on the way.
    pub(crate) fn finish<T>(self, result: Option<T>) -> Result<T, LoadErrors> {
        match result {
            Some(result) if self.errors.is_empty() => Ok(result),
            _ => Err(LoadErrors { errors: self.errors, fault: self.fault }),
        }
    }

    pub(crate) fn into_errors(self) -> Vec<Diagnostic> {
        self.errors
    }

    /// Records an error; loading goes on to find more. The same file may be loaded several times: an error counts once.
    pub(crate) fn error(&mut self, error: Diagnostic) {
        if !self.errors.contains(&error) {
            self.errors.push(error);
        }
    }

    /// Records that a file or role is not there.
    pub(crate) fn error_missing(&mut self, error: Diagnostic) {
        self.error_of(Fault::Missing, error);
    }

    pub(crate) fn error_of(&mut self, fault: Fault, error: Diagnostic) {
        if self.errors.is_empty() {
            self.fault = fault;
        }
        self.error(error);
    }

    pub(crate) fn warn(&self, warning: Diagnostic) {
        let mut warnings = self.cx.warnings.borrow_mut();
        if !warnings.contains(&warning) {
            warnings.push(warning);
        }
    }

    /// The content of a YAML file, read once per run. `None`: it could not be read, and that has been reported.
    pub(crate) fn read(&mut self, path: &Path) -> Option<Value> {
        if let Some(known) = self.files.known().contents.get(path) {
            return known.clone();
        }
        let options = LoadOptions { trust: Trust::Trusted, vault: self.cx.vault };
        let mut warnings = Vec::new();
        let content = match yaml::load_file(path, &options, &mut warnings) {
            Ok(content) => Some(content),
            Err(error) => {
                self.error(error);
                None
            }
        };
        for warning in warnings {
            self.warn(warning);
        }
        self.files.remember(path, content.clone());
        content
    }

    /// Takes `content` for what is in the file.
    pub(crate) fn assume(&mut self, path: &Path, content: Value) {
        self.files.remember(path, Some(content));
    }

    /// Runs `load` with `what` (a file, a role) marked as being loaded. What comes back to itself without end is
    /// reported at `origin`.
    pub(crate) fn nested<T>(
        &mut self,
        what: String,
        (kind, hint): (ErrorKind, &str),
        origin: Option<&Origin>,
        load: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<T> {
        if self.open.iter().filter(|open| **open == what).count() >= MAX_REENTRY {
            let first = self.open.iter().position(|open| *open == what).unwrap_or_default();
            let mut circle = self.open.split_off(first);
            circle.truncate(1 + circle.iter().skip(1).position(|open| *open == what).unwrap_or(circle.len()));
            circle.push(what);
            let error = Diagnostic::error(format!("this never ends: {}", circle.join(" -> "))).at(origin);
            self.error(error.hint(hint).of_kind(kind));
            return None;
        }
        self.open.push(what);
        let depth = self.open.len();
        let loaded = load(self);
        self.open.truncate(depth - 1);
        loaded
    }

    /// A statically used text: a file name, a role name. What cannot be told is a mistake of the content, but for roles,
    /// which ansible-playbook counts as not found.
    pub(crate) fn render_text(&mut self, text: &Text, scope: &Scope, what: &str, fault: Fault) -> Option<Text> {
        if !text.is_template() {
            return Some(text.clone());
        }
        let seen = self.static_scope(scope);
        match (self.cx.render)(&Value::Str(text.clone()), &seen) {
            Ok(Value::Str(rendered)) => Some(rendered.with_origin(text.origin().cloned())),
            Ok(scalar @ (Value::Int(_) | Value::Float(_) | Value::Bool(_))) => {
                Some(Text::trusted(scalar.to_string(), text.origin().cloned()))
            }
            Ok(other) => {
                let message = format!("{what} must be text, but '{text}' gives a {}", other.type_name());
                self.error(Diagnostic::error(message).at(text.origin()));
                None
            }
            Err(error) => {
                let origin = error.origin.as_ref().or(text.origin());
                let hint = "what is imported must be known before the play runs: it sees play vars, vars_files and \
                            extra vars, not facts and inventory variables";
                let message = format!("cannot tell {what} '{text}': {}", error.message);
                self.error_of(fault, Diagnostic::error(message).at(origin).hint(hint));
                None
            }
        }
    }
}

/// A path without `.` and `..`, as far as its text tells: `roles/../x` is `x` even when there is no `roles`.
pub(crate) fn normal(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(plain.components().next_back(), Some(Component::Normal(_))) => {
                plain.pop();
            }
            part => plain.push(part),
        }
    }
    plain
}

/// Where an entry of a map is: at its value when that is text, else at its key.
pub(crate) fn place<'v>(key: &'v Key, value: &'v Value) -> Option<&'v Origin> {
    match (value, key) {
        (Value::Str(text), _) if text.origin().is_some() => text.origin(),
        (_, Key::Str(key)) if key.origin().is_some() => key.origin(),
        _ => value.origin(),
    }
}

/// Where a key is.
pub(crate) fn key_place(key: &Key) -> Option<&Origin> {
    match key {
        Key::Str(text) => text.origin(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_made_plain() {
        let cases =
            [("/a/./b/../c", "/a/c"), ("/a/../../b", "/../b"), ("../a", "../a"), ("a/..", ""), ("/a/b/..", "/a")];
        for (path, plain) in cases {
            assert_eq!(normal(Path::new(path)), Path::new(plain), "{path}");
        }
    }
}
