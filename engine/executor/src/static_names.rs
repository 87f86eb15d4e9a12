//! Renders what must be known while content is loaded: names of imported files and roles.

use std::sync::Arc;

use kapell_parsing::{Diagnostic, Map, Value};
use kapell_playbook::Scope;
use kapell_template::{RenderContext, Templar, VariableSource};

/// `value` with the variables written around it and `extra_vars`; no host, so neither facts nor inventory variables.
pub fn render_static(templar: &Templar, value: &Value, scope: &Scope, extra_vars: &Map) -> Result<Value, Diagnostic> {
    let mut vars = Map::new();
    for (_, level) in scope.vars_chain() {
        vars.extend(level.iter().map(|(key, value)| (key.clone(), value.clone())));
    }
    vars.extend(extra_vars.iter().map(|(key, value)| (key.clone(), value.clone())));
    let vars: Arc<dyn VariableSource> = Arc::new(vars);
    let cx = RenderContext { search_path: vec![scope.dir.clone()], basedir: scope.dir.clone(), origin: None };
    let rendered = templar.render(value, &vars, &cx);
    rendered.map_err(|error| Diagnostic::error(error.to_string()).at(error.origin().or(value.origin())))
}
