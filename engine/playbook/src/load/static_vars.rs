//! The variables that names of static imports may use: those known before a play runs.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use kapell_parsing::yaml::{self, LoadOptions};
use kapell_parsing::{Map, Trust, Value};

use crate::load::loader::{Loader, normal};
use crate::{Role, Scope, ScopeKind};

impl Loader<'_> {
    /// `scope` alone, with everything it sees as its `vars`: role defaults, play vars, vars files, role vars, the vars
    /// of blocks, imports and tasks, role parameters. Later ones win.
    pub(crate) fn static_scope(&mut self, scope: &Scope) -> Scope {
        let mut roles: Vec<Arc<Role>> = self.play_roles.clone();
        for role in scope.roles_upwards().into_iter().rev() {
            roles.extend(role.all_dependencies());
            roles.push(Arc::clone(role));
        }
        let levels = scope.vars_chain();
        let (of_play, inside): (Vec<_>, Vec<_>) = levels.into_iter().partition(|(kind, _)| *kind == ScopeKind::Play);
        let mut vars = Map::new();
        roles.iter().for_each(|role| add(&mut vars, &role.defaults));
        of_play.iter().for_each(|(_, level)| add(&mut vars, level));
        self.add_vars_files(scope, &mut vars);
        roles.iter().for_each(|role| add(&mut vars, &role.vars));
        inside.iter().for_each(|(_, level)| add(&mut vars, level));
        scope.roles_upwards().into_iter().rev().for_each(|role| add(&mut vars, &role.params));
        add(&mut vars, &self.known_names(scope));
        alone(scope, vars)
    }

    /// What is known of the place before there is a host.
    fn known_names(&self, scope: &Scope) -> Map {
        let path = |path: &Path| Value::from(path.to_string_lossy().into_owned());
        let mut names: Vec<(&str, Value)> = vec![("playbook_dir", path(&self.basedir))];
        if let Some(role) = scope.role() {
            let around = scope.including_roles();
            let name = Value::from(role.name.as_str());
            let short = Value::from(role.short_name());
            names.extend([("role_name", short), ("ansible_role_name", name), ("role_path", path(&role.path))]);
            if let Some(collection) = &role.collection {
                names.push(("ansible_collection_name", Value::from(collection.as_str())));
            }
            if !around.is_empty() {
                let list = around.iter().map(|role| Value::from(role.name.as_str())).collect();
                names.push(("ansible_parent_role_names", Value::list(list)));
                let list = around.iter().map(|role| path(&role.path)).collect();
                names.push(("ansible_parent_role_paths", Value::list(list)));
            }
        }
        names.into_iter().map(|(name, value)| (name.into(), value)).collect()
    }

    /// The files of the play's `vars_files` that can be had now; what is wrong with others is said when the play runs.
    fn add_vars_files(&mut self, scope: &Scope, vars: &mut Map) {
        let Some(play) = scope.chain().last().filter(|play| play.kind == ScopeKind::Play) else { return };
        if let Some((id, known)) = &self.vars_files
            && *id == play.id
        {
            return add(vars, known);
        }
        let mut found = Map::new();
        for choice in play.own("vars_files").and_then(Value::as_list).unwrap_or_default() {
            let names = choice.as_list().unwrap_or(std::slice::from_ref(choice));
            let at_hand = alone(play, vars.clone());
            let content = names.iter().find_map(|name| self.vars_file(name, &at_hand));
            if let Some(Value::Map(content)) = content {
                add(&mut found, &content);
                add(vars, &content);
            }
        }
        self.vars_files = Some((play.id, found));
    }

    fn vars_file(&self, name: &Value, scope: &Scope) -> Option<Value> {
        let rendered = match name.as_text() {
            Some(text) if text.is_template() => (self.cx.render)(name, scope).ok()?,
            _ => name.clone(),
        };
        let name = rendered.as_str()?;
        let places: [PathBuf; 2] = [self.basedir.join("vars").join(name), self.basedir.join(name)];
        let path = places.iter().map(|path| normal(path)).find(|path| path.is_file())?;
        let options = LoadOptions { trust: Trust::Trusted, vault: self.cx.vault };
        yaml::load_file(&path, &options, &mut Vec::new()).ok()
    }
}

fn add(vars: &mut Map, more: &Map) {
    vars.extend(more.iter().map(|(key, value)| (key.clone(), value.clone())));
}

fn alone(scope: &Scope, vars: Map) -> Scope {
    let mut alone = Scope::new(scope.kind, None, scope.dir.clone());
    alone.origin.clone_from(&scope.origin);
    alone.role.clone_from(&scope.role);
    alone.keywords.insert("vars", Value::map(vars));
    alone
}
