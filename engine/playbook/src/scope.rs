//! `Scope`: one level of the static nesting (play, role, block, include, task) and the keywords written there.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use indexmap::IndexMap;
use kapell_parsing::{Map, Origin, Text, Value};

use crate::{Role, keyword};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ScopeKind {
    Play,
    Role,
    Block,
    Task,
    Handler,
    /// An include: what it hands down to the tasks it brings in.
    Include,
    /// An import of tasks or of a role. Its variables are those of a block, not above facts as an include's are.
    Import,
}

impl ScopeKind {
    /// As messages name it: `a play`, `a task`.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Play => "play",
            Self::Role => "role",
            Self::Block => "block",
            Self::Task => "task",
            Self::Handler => "handler",
            Self::Include | Self::Import => "playbook import",
        }
    }

    /// As ansible-core's messages name it.
    pub fn class(self) -> &'static str {
        match self {
            Self::Play => "Play",
            Self::Role => "RoleDefinition",
            Self::Block => "Block",
            Self::Task => "Task",
            Self::Handler => "Handler",
            Self::Include | Self::Import => "PlaybookInclude",
        }
    }
}

/// Keywords as they were written, nothing templated. `vars` is always a map; every other value is the source value.
/// A loop is kept as `loop`, with the lookup's name in `loop_with` when it was written `with_<lookup>`.
#[derive(Debug)]
pub struct Scope {
    pub kind: ScopeKind,
    pub keywords: IndexMap<&'static str, Value>,
    pub parent: Option<Arc<Scope>>,
    /// Set on every scope inside a role.
    pub role: Option<Arc<Role>>,
    pub origin: Option<Origin>,
    /// The directory of the file it was written in.
    pub dir: PathBuf,
    /// Whether the tasks inside are handlers.
    pub in_handlers: bool,
    /// Unique in this process.
    pub id: u64,
}

impl Scope {
    /// An empty level below `parent`.
    pub fn new(kind: ScopeKind, parent: Option<&Arc<Scope>>, dir: impl Into<PathBuf>) -> Self {
        Self {
            kind,
            keywords: IndexMap::new(),
            parent: parent.cloned(),
            role: parent.and_then(|parent| parent.role.clone()),
            origin: None,
            dir: dir.into(),
            in_handlers: parent.is_some_and(|parent| parent.in_handlers),
            id: next_id(),
        }
    }

    /// The keyword as written on this very level.
    pub fn own(&self, keyword: &str) -> Option<&Value> {
        self.keywords.get(keyword)
    }

    /// The nearest value of the keyword: own, else the nearest parent's. Keywords that do not inherit are looked up
    /// on this level only. Keywords that add up (`tags`, `when`, `vars`, `environment`, `module_defaults`) have their
    /// own walks; here they give the nearest level's value.
    pub fn inherited(&self, keyword: &str) -> Option<&Value> {
        if keyword::find(keyword).is_some_and(|keyword| !keyword.inherited) {
            return self.own(keyword);
        }
        self.chain().find_map(|scope| scope.own(keyword))
    }

    /// The keyword's values from the nearest level on; only the own one when it is not handed down.
    pub fn inherited_all(&self, keyword: &str) -> impl Iterator<Item = &Value> {
        let is_own = keyword::find(keyword).is_some_and(|keyword| !keyword.inherited);
        let levels = if is_own { 1 } else { usize::MAX };
        self.chain().take(levels).filter_map(move |scope| scope.own(keyword))
    }

    /// Every level's value of the keyword, outermost first.
    pub fn all(&self, keyword: &str) -> Vec<&Value> {
        let mut values: Vec<&Value> = self.chain().filter_map(|scope| scope.own(keyword)).collect();
        values.reverse();
        values
    }

    /// This scope first, the play last.
    pub fn chain(&self) -> impl Iterator<Item = &Scope> {
        std::iter::successors(Some(self), |scope| scope.parent.as_deref())
    }

    /// The tags of all levels, play first, each once. Text is as written: a tag may be a template. Templates that
    /// give lists, and commas inside templates, are the reader's to split.
    pub fn tags(&self) -> Vec<Text> {
        let mut tags: Vec<Text> = Vec::new();
        for value in self.all("tags") {
            for tag in split_tags(value) {
                if !tags.contains(&tag) {
                    tags.push(tag);
                }
            }
        }
        tags
    }

    /// The `when` conditions of all levels but the play (which has none), outermost first, lists flattened.
    pub fn conditions(&self) -> Vec<&Value> {
        self.all("when").into_iter().flat_map(|when| when.as_list().unwrap_or(std::slice::from_ref(when))).collect()
    }

    /// `vars` of every level, outermost (the play) first.
    pub fn vars_chain(&self) -> Vec<(ScopeKind, &Map)> {
        let mut levels: Vec<_> =
            self.chain().filter_map(|scope| Some((scope.kind, scope.own("vars")?.as_map()?))).collect();
        levels.reverse();
        levels
    }

    /// The collections in which short module and role names are looked for first, as written nearest.
    pub fn collections(&self) -> Vec<String> {
        let Some(value) = self.inherited("collections") else { return Vec::new() };
        let items = value.as_list().unwrap_or(std::slice::from_ref(value));
        items.iter().filter_map(Value::as_str).map(str::to_string).collect()
    }

    pub fn role(&self) -> Option<&Arc<Role>> {
        self.role.as_ref()
    }

    /// The roles whose tasks brought in the role of this scope, nearest first: those that depend on it are none of them.
    pub fn including_roles(&self) -> Vec<&Arc<Role>> {
        let depends = |scope: &Scope| {
            let parent = scope.parent.as_deref().filter(|parent| parent.kind == ScopeKind::Role)?;
            (scope.kind == ScopeKind::Role).then(|| parent.role.as_ref().map(|role| role.id))?
        };
        let dependents: HashSet<u64> = self.chain().filter_map(depends).collect();
        self.roles_upwards().into_iter().skip(1).filter(|role| !dependents.contains(&role.id)).collect()
    }

    /// The roles this scope lies in: the innermost first, then the roles that depend on or include it.
    pub fn roles_upwards(&self) -> Vec<&Arc<Role>> {
        let mut known = HashSet::new();
        self.chain().filter_map(|scope| scope.role.as_ref()).filter(|role| known.insert(role.id)).collect()
    }
}

/// `a, b` or `[a, "b,c", 3]` as single tags. A template is kept whole.
fn split_tags(value: &Value) -> Vec<Text> {
    let items = value.as_list().unwrap_or(std::slice::from_ref(value));
    items.iter().flat_map(split_tag).collect()
}

fn split_tag(value: &Value) -> Vec<Text> {
    match value {
        Value::Str(text) if text.is_template() => vec![text.clone()],
        Value::Str(text) => text
            .split(',')
            .map(|tag| Text::trusted(tag.trim(), text.origin().cloned()).with_trust(text.trust()))
            .filter(|tag| !tag.is_empty())
            .collect(),
        Value::Null => Vec::new(),
        other => vec![Text::trusted(other.to_string(), None)],
    }
}

/// Scopes, tasks and roles are told apart by number: included files are loaded while a play runs, by many callers,
/// so the counter is the process's.
pub(crate) fn next_id() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}
