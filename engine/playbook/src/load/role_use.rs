//! `RoleUse`: one use of a role, as an entry of `roles` or `dependencies` or by an import or include.

use std::path::Path;
use std::sync::Arc;

use kapell_parsing::{Diagnostic, ErrorKind, Key, Map, Origin, Text, Value};

use crate::load::Fault;
use crate::load::check::shown;
use crate::load::keywords::scope_at;
use crate::load::loader::{Loader, key_place};
use crate::{RoleRequest, Scope, ScopeKind};

pub(crate) struct RoleUse {
    /// Rendered.
    pub(crate) name: Text,
    /// Kind `Role`, with the entry's keywords; `role` is set once the role is known.
    pub(crate) scope: Scope,
    pub(crate) request: RoleRequest,
    /// By an import or include, not an entry of a list.
    pub(crate) included: bool,
}

impl RoleUse {
    pub(crate) fn included(request: RoleRequest, parent: &Arc<Scope>, name: &Text) -> Self {
        let scope = scope_at(ScopeKind::Role, parent, &parent.dir, parent.origin.as_ref());
        Self { name: name.clone(), scope, request, included: true }
    }

    /// What makes two uses the same role; see [`crate::Role::identity`].
    pub(crate) fn identity(&self, path: &Path) -> String {
        let shown = |keyword: &str| self.scope.own(keyword).map(Value::repr).unwrap_or_default();
        let vars = if self.included {
            let vars = self.scope.parent.as_ref().and_then(|parent| parent.own("vars"));
            vars.filter(|vars| vars.is_truthy()).map(Value::repr).unwrap_or_default()
        } else {
            shown("vars")
        };
        let files = [
            &self.request.tasks_from,
            &self.request.vars_from,
            &self.request.defaults_from,
            &self.request.handlers_from,
        ];
        format!(
            "{} {} {:?} when={} tags={} vars={vars} params={}",
            path.display(),
            if self.included { "included" } else { "listed" },
            files,
            shown("when"),
            shown("tags"),
            Value::map(self.request.params.clone()).repr(),
        )
    }
}

impl Loader<'_> {
    /// The uses in a list of roles. `what` names the list: `roles`, `dependencies`.
    pub(crate) fn role_list(
        &mut self,
        value: &Value,
        parent: &Arc<Scope>,
        dir: &Path,
        what: &str,
        origin: Option<&Origin>,
    ) -> Vec<RoleUse> {
        match value {
            Value::Null => Vec::new(),
            Value::List(entries) => {
                entries.iter().filter_map(|entry| self.role_entry(entry, parent, dir, origin)).collect()
            }
            other => {
                let message = format!("'{what}' must be a list of roles, not {}", shown(other));
                self.error(Diagnostic::error(message).at(origin));
                Vec::new()
            }
        }
    }

    fn role_entry(
        &mut self,
        entry: &Value,
        parent: &Arc<Scope>,
        dir: &Path,
        origin: Option<&Origin>,
    ) -> Option<RoleUse> {
        let origin = entry.origin().or(origin);
        let mut scope = scope_at(ScopeKind::Role, parent, dir, origin);
        let (name, params) = match entry {
            Value::Map(entries) => {
                let params = self.keywords(&mut scope, entries, &["name", "role"]);
                let params: Map = params.into_iter().map(|(key, value)| (key.clone(), value.clone())).collect();
                (self.role_name(entries, origin)?, params)
            }
            Value::Str(name) => (name.clone(), Map::new()),
            Value::Int(number) => (Text::trusted(number.to_string(), origin.cloned()), Map::new()),
            other => {
                let message = format!("a role must be a name or a mapping with one, not {}", shown(other));
                self.error(Diagnostic::error(message).at(origin));
                return None;
            }
        };
        let name = self.render_text(&name, &scope, "the role", Fault::Missing)?;
        if name.contains(',') && entry.as_str().is_some() {
            let error = Diagnostic::error(format!("'{name}' is no role name")).at(origin);
            self.error(error.hint("write parameters as a mapping: {role: name, parameter: value}"));
            return None;
        }
        let request = RoleRequest {
            name: name.to_string(),
            params,
            public: !self.cx.settings.private_role_vars,
            validate: true,
            ..RoleRequest::default()
        };
        Some(RoleUse { name, scope, request, included: false })
    }

    fn role_name(&mut self, entries: &Map, origin: Option<&Origin>) -> Option<Text> {
        let named = ["role", "name", "src"].iter().find_map(|key| entries.get_key_value(*key));
        match named {
            Some((Key::Str(key), Value::Str(source))) if key.as_str() == "src" => {
                Some(Text::trusted(repository_name(source), source.origin().cloned()))
            }
            Some((_, Value::Str(name))) => Some(name.clone()),
            Some((_, Value::Int(number))) => Some(Text::trusted(number.to_string(), origin.cloned())),
            Some((key, other)) => {
                let message = format!("the name of a role must be text, not {}", shown(other));
                self.error(Diagnostic::error(message).at(key_place(key)));
                None
            }
            None => {
                let error = Diagnostic::error("a role entry without a role name").at(origin).of_kind(ErrorKind::Usage);
                self.error(error.hint("name it under 'role'"));
                None
            }
        }
    }
}

/// `git+https://host/ansible-role.git,v1` as galaxy names it: `ansible-role`.
fn repository_name(source: &str) -> String {
    let place = source.split(',').next().unwrap_or(source);
    let last = place.rsplit('/').next().unwrap_or(place);
    last.strip_suffix(".git").or_else(|| last.strip_suffix(".tar.gz")).unwrap_or(last).to_string()
}
