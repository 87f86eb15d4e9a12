//! `macro` and `call` blocks.

use std::sync::Arc;

use super::{Arguments, Fault, Interpreter, Locals, Rendering, TemplateFrame, concat};
use crate::object::{Native, Object};
use crate::syntax::{CallExpr, MacroDef};

/// A macro with the names around its definition.
pub(crate) struct Macro {
    def: Arc<MacroDef>,
    frame: Arc<TemplateFrame>,
    locals: Arc<Locals>,
}

impl Interpreter<'_> {
    pub(crate) fn define_macro(&self, def: &Arc<MacroDef>) {
        self.rendering.keep_until_done(&self.locals);
        self.locals.set(&def.name, self.macro_object(def));
    }

    fn macro_object(&self, def: &Arc<MacroDef>) -> Object {
        Object::native(Macro { def: def.clone(), frame: self.frame.clone(), locals: self.locals.clone() })
    }

    /// `{% call m(…) %}body{% endcall %}`: calls `m` with the body as its `caller`.
    pub(crate) fn call_block(&self, call: &CallExpr, caller: &Arc<MacroDef>) -> Result<Object, Fault> {
        let callee = self.eval(&call.callee)?;
        let mut arguments = self.arguments(&call.arguments)?;
        arguments.named.push(("caller".into(), self.macro_object(caller)));
        super::call(self.rendering, &super::fault::defined(callee)?, arguments)
    }
}

impl Macro {
    fn invoke(&self, rendering: &Rendering<'_>, arguments: Arguments) -> Result<Object, Fault> {
        let locals = Locals::child(&self.locals);
        let mut inner = Interpreter::new(rendering, self.frame.clone(), locals);
        self.bind(&inner, arguments)?;
        rendering.deeper(|| inner.statements(&self.def.body).map(|_| ()))?;
        concat(rendering, inner.output)
    }

    fn bind(&self, inner: &Interpreter<'_>, mut arguments: Arguments) -> Result<(), Fault> {
        let def = &self.def;
        let locals = inner.locals.clone();
        let names_caller = def.parameters.iter().any(|name| &**name == "caller");
        let caller = if def.uses_caller && !names_caller { arguments.take("caller") } else { None };
        let mut positional = arguments.positional.into_iter();
        let first_default = def.parameters.len() - def.defaults.len().min(def.parameters.len());
        for (at, name) in def.parameters.iter().enumerate() {
            let named = arguments.named.iter().position(|(known, _)| known == name);
            let given = positional.next().or_else(|| named.map(|at| arguments.named.remove(at).1));
            let object = match (given, at.checked_sub(first_default).and_then(|at| def.defaults.get(at))) {
                (Some(object), _) => object,
                (None, Some(default)) => inner.eval(default)?,
                (None, None) => Object::undefined(Some(name), format!("parameter '{name}' was not provided")),
            };
            locals.set(name, object);
        }
        let rest: Vec<Object> = positional.collect();
        if def.uses_varargs {
            locals.set(&"varargs".into(), Object::tuple(rest));
        } else if !rest.is_empty() {
            let (name, most) = (&def.name, def.parameters.len());
            return Err(Fault::error(format!("macro '{name}' takes not more than {most} argument(s)")));
        }
        if def.uses_caller && !names_caller {
            let caller = caller.unwrap_or_else(|| Object::undefined(Some("caller"), "No caller defined"));
            locals.set(&"caller".into(), caller);
        }
        if def.uses_kwargs {
            let entries = arguments.named.into_iter().map(|(name, object)| (kapell_parsing::Key::from(&*name), object));
            locals.set(&"kwargs".into(), Object::dict(entries));
        } else if arguments.named.iter().any(|(named, _)| &**named == "caller") {
            let name = &def.name;
            return Err(Fault::error(format!(
                "macro '{name}' was invoked with two values for the special caller argument. This is most likely a bug."
            )));
        } else if let Some((unknown, _)) = arguments.named.first() {
            let name = &def.name;
            return Err(Fault::error(format!("macro '{name}' takes no keyword argument '{unknown}'")));
        }
        Ok(())
    }
}

impl Native for Macro {
    fn type_name(&self) -> &'static str {
        "Macro"
    }

    fn repr(&self) -> String {
        // The body of a `call` block has no name of its own.
        if &*self.def.name == "caller" { "<Macro anonymous>".into() } else { format!("<Macro '{}'>", self.def.name) }
    }

    fn attribute(&self, name: &str) -> Option<Object> {
        match name {
            "name" => Some(Object::from(&*self.def.name)),
            "arguments" => Some(Object::tuple(self.def.parameters.iter().map(|name| Object::from(&**name)).collect())),
            "caller" => Some(self.def.uses_caller.into()),
            "catch_varargs" => Some(self.def.uses_varargs.into()),
            "catch_kwargs" => Some(self.def.uses_kwargs.into()),
            _ => None,
        }
    }

    fn call(&self, rendering: &Rendering<'_>, arguments: Arguments) -> Option<Result<Object, Fault>> {
        Some(self.invoke(rendering, arguments))
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}
