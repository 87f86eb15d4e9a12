//! A playbook file: plays, and the playbooks it imports in their place.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use kapell_parsing::{Diagnostic, ErrorKind, Key, Map, Origin, SourceFile, Text, Value};

use crate::load::Fault;
use crate::load::check::shown;
use crate::load::include::near_file;
use crate::load::keywords::unknown_keyword;
use crate::load::loader::{Loader, key_place, normal, place};
use crate::{Play, Scope, ScopeKind};

const IMPORT: &[&str] = &["import_playbook", "ansible.builtin.import_playbook", "ansible.legacy.import_playbook"];

/// What `import_playbook` hands to the plays of the file it names; imports inside imports add up.
#[derive(Clone, Default)]
pub(crate) struct Handed {
    /// Over the plays' own.
    pub(crate) vars: Map,
    pub(crate) tags: Vec<Value>,
    /// For the tasks of the plays, outermost first.
    pub(crate) when: Vec<Value>,
}

impl Loader<'_> {
    pub(crate) fn playbook_file(&mut self, path: &Path, handed: &Handed) -> Option<Vec<Arc<Play>>> {
        let looked_at = (self.looks && handed.is_nothing()).then(|| absolute(path));
        if looked_at.as_ref().is_some_and(|path| self.files.was_looked_at(path)) {
            return Some(Vec::new());
        }
        let content = self.read(path)?;
        let start = Origin::new(SourceFile::new(path, ""), 1, 1);
        let origin = content.origin().unwrap_or(&start).clone();
        let entries = match &content {
            Value::List(entries) if !entries.is_empty() => entries,
            Value::Null | Value::List(_) => {
                let error = Diagnostic::error(format!("the playbook {} is empty: nothing to do", path.display()));
                self.error(error);
                return None;
            }
            other => {
                let error = Diagnostic::error(format!("a playbook must be a list of plays, not {}", shown(other)));
                self.error(error.at(Some(&origin)).hint("start each play with a dash: `- hosts: all`"));
                return None;
            }
        };
        self.basedir = directory(path);
        (self.cx.content_dir)(&self.basedir);
        let mut plays = Vec::new();
        for entry in entries.iter() {
            self.entry(entry, &origin, handed, &mut plays);
        }
        if let Some(path) = looked_at {
            self.files.looked_at(path);
        }
        Some(plays)
    }

    fn entry(&mut self, entry: &Value, start: &Origin, handed: &Handed, plays: &mut Vec<Arc<Play>>) {
        let origin = entry.origin().unwrap_or(start).clone();
        let Value::Map(entries) = entry else {
            let message = format!("a playbook holds plays and import_playbook entries, not {}", shown(entry));
            return self.error(Diagnostic::error(message).at(Some(&origin)));
        };
        match IMPORT.iter().find_map(|name| entries.get_key_value(*name)) {
            Some((key, value)) => {
                let basedir = self.basedir.clone();
                plays.extend(self.import_playbook(entries, (key, value), &origin, handed).unwrap_or_default());
                self.basedir = basedir;
            }
            None => plays.extend(self.play(entries, &origin, handed)),
        }
    }

    fn import_playbook(
        &mut self,
        entries: &Map,
        (key, file): (&Key, &Value),
        origin: &Origin,
        handed: &Handed,
    ) -> Option<Vec<Arc<Play>>> {
        let mut scope = Scope::new(ScopeKind::Include, None, self.basedir.clone());
        scope.origin = Some(origin.clone());
        for (unknown, _) in self.keywords(&mut scope, entries, &["import_playbook"]) {
            if unknown != key {
                self.error(unknown_keyword(unknown, ScopeKind::Include));
            }
        }
        let handed = handed.with(&scope);
        scope.keywords.insert("vars", Value::map(handed.vars.clone()));
        let Value::Str(name) = file else {
            let message = format!("'{key}' must be the name of a file, not {}", shown(file));
            self.error(Diagnostic::error(message).at(place(key, file)));
            return None;
        };
        let name = self.render_text(name, &scope, "the playbook to import", Fault::Content)?;
        let path = self.find_playbook(&name, key)?;
        let hint = "a playbook cannot import itself";
        self.nested(path.display().to_string(), (ErrorKind::Endless, hint), Some(origin), |loader| {
            loader.playbook_file(&path, &handed)
        })
    }

    fn find_playbook(&mut self, name: &Text, key: &Key) -> Option<PathBuf> {
        let beside = normal(&self.basedir.join(name.as_str()));
        if beside.is_file() {
            return Some(beside);
        }
        if let Some(path) = self.collection_playbook(name) {
            return Some(path);
        }
        self.error_missing(missing(&beside).at(name.origin().or(key_place(key))));
        None
    }
}

impl Handed {
    fn is_nothing(&self) -> bool {
        self.vars.is_empty() && self.tags.is_empty() && self.when.is_empty()
    }

    /// With what one more import says.
    fn with(&self, scope: &Scope) -> Self {
        let mut handed = self.clone();
        let mut vars = scope.own("vars").and_then(Value::as_map).cloned().unwrap_or_default();
        vars.extend(self.vars.clone());
        handed.vars = vars;
        handed.tags.extend(scope.own("tags").map(items).unwrap_or_default());
        handed.when.extend(scope.own("when").map(items).unwrap_or_default());
        handed
    }
}

fn items(value: &Value) -> Vec<Value> {
    value.as_list().map_or_else(|| vec![value.clone()], <[Value]>::to_vec)
}

/// A playbook that is not there.
pub(crate) fn missing(path: &Path) -> Diagnostic {
    let error = Diagnostic::error(format!("could not find the playbook '{}'", path.display()));
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    match near_file(&[directory(path)], &name) {
        Some(near) => error.hint(format!("did you mean '{}'?", path.with_file_name(near).display())),
        None => error,
    }
}

fn absolute(path: &Path) -> PathBuf {
    directory(path).join(path.file_name().unwrap_or_default())
}

/// The directory a file is in, independent of the current directory.
pub(crate) fn directory(path: &Path) -> PathBuf {
    let parent = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    match std::path::absolute(parent) {
        Ok(absolute) => normal(&absolute),
        Err(_) => parent.to_path_buf(),
    }
}
