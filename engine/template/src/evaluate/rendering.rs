//! `Rendering`: one call of the `Templar`. Bounds its work, finds loops, and templates values when they are read.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use kapell_parsing::{Deprecation, Origin, Text, Value};

use super::memory::{ITEM, Memory};
use super::{Fault, Interpreter, Locals, TemplateFrame, concat};
use crate::object::{Dict, List, Object};
use crate::scope::{Scope, Variables};
use crate::{RenderContext, Templar, TemplateError, TextOptions, Variable};

/// Evaluation steps one rendering may take.
const FUEL: u64 = 50_000_000;
/// Nested expressions, templates, macros and containers.
const DEPTH: usize = 3000;
/// Bytes that are looked at or made in the time of one step.
const BYTES_A_STEP: usize = 8;

pub(crate) struct Rendering<'r> {
    pub(crate) templar: &'r Templar,
    pub(crate) cx: &'r RenderContext,
    fuel: Cell<u64>,
    memory: Memory,
    depth: Cell<usize>,
    secrets_seen: Cell<u64>,
    /// Templates being evaluated, outermost first.
    active: RefCell<Vec<Active>>,
    /// Scopes that hold macros, which hold their scope.
    cyclic: RefCell<Vec<Arc<Locals>>>,
    /// Scopes with variables templated in them, which hold their scope.
    scopes: RefCell<Vec<Arc<Scope>>>,
    /// Where the filters and tests that run now were called, the innermost last.
    callers: RefCell<Vec<(Arc<Scope>, Arc<Locals>)>>,
    /// How template files are read: those of the file being rendered.
    text_options: RefCell<TextOptions>,
    /// Undefined things shown in place so far, when that is wanted.
    shown: RefCell<Option<Vec<TemplateError>>>,
    shown_before: Cell<usize>,
}

struct Active {
    text: Text,
    scope: Arc<Scope>,
    /// The variable it is the value of, where it is one.
    name: Option<String>,
}

impl Drop for Rendering<'_> {
    fn drop(&mut self) {
        for locals in self.cyclic.borrow_mut().drain(..) {
            locals.clear();
        }
        for scope in self.scopes.borrow_mut().drain(..) {
            scope.forget();
        }
    }
}

impl<'r> Rendering<'r> {
    /// Tells the user, where somebody listens.
    pub(crate) fn notice(&self, level: &str, text: &str) {
        if let Some(surroundings) = &self.templar.options().surroundings {
            surroundings.notice(level, text);
        }
    }

    pub(crate) fn deprecated(&self, what: &Deprecation) {
        if let Some(surroundings) = &self.templar.options().surroundings {
            surroundings.deprecated(what);
        }
    }

    pub(crate) fn new(templar: &'r Templar, cx: &'r RenderContext) -> Self {
        Self {
            templar,
            cx,
            fuel: Cell::new(templar.options().max_steps.unwrap_or(FUEL)),
            memory: Memory::default(),
            secrets_seen: Cell::new(0),
            depth: Cell::new(0),
            active: RefCell::default(),
            cyclic: RefCell::default(),
            scopes: RefCell::default(),
            callers: RefCell::default(),
            text_options: RefCell::default(),
            shown: RefCell::default(),
            shown_before: Cell::default(),
        }
    }

    /// Runs a filter or test that a template with these names calls.
    pub(crate) fn called_from<T>(&self, scope: &Arc<Scope>, locals: &Arc<Locals>, work: impl FnOnce() -> T) -> T {
        self.callers.borrow_mut().push((scope.clone(), locals.clone()));
        let result = work();
        self.callers.borrow_mut().pop();
        result
    }

    /// The names that the innermost call of a filter or test sees.
    pub(crate) fn caller(&self) -> Option<(Arc<Scope>, Arc<Locals>)> {
        self.callers.borrow().last().cloned()
    }

    /// From now on, values are converted with what is undefined in them shown instead of ending it all.
    /// `before`: how many were shown by others, for the numbers in the texts.
    pub(crate) fn show_undefined(&self, before: usize) {
        *self.shown.borrow_mut() = Some(Vec::new());
        self.shown_before.set(before);
    }

    pub(crate) fn shows_undefined(&self) -> bool {
        self.shown.borrow().is_some()
    }

    /// Keeps the error of something undefined and gives the text that stands for it. Other errors stay errors.
    pub(crate) fn show(&self, fault: Fault) -> Result<Value, Fault> {
        let error = fault.at(self.cx.origin.as_ref());
        if !error.is_undefined() {
            return Err(error.into());
        }
        let mut shown = self.shown.borrow_mut();
        let errors = shown.get_or_insert_default();
        let text = format!("<< error {} - {error} >>", self.shown_before.get() + errors.len() + 1);
        errors.push(error);
        Ok(text.into())
    }

    pub(crate) fn shown_errors(&self) -> Vec<TemplateError> {
        self.shown.take().unwrap_or_default()
    }

    /// Changes how included files are read; gives what was before.
    pub(crate) fn set_text_options(&self, options: TextOptions) -> TextOptions {
        self.text_options.replace(options)
    }

    pub(crate) fn text_options(&self) -> TextOptions {
        self.text_options.borrow().clone()
    }

    pub(crate) fn keep_until_done(&self, locals: &Arc<Locals>) {
        self.cyclic.borrow_mut().push(locals.clone());
    }

    /// Counts work done: steps, or kilobytes of text made.
    pub(crate) fn spend(&self, units: usize) -> Result<(), Fault> {
        let left = self.fuel.get().saturating_sub(units as u64);
        self.fuel.set(left);
        if left == 0 { Err(Fault::error("the template takes too many steps")) } else { Ok(()) }
    }

    /// Counts text that is looked at or made.
    pub(crate) fn spend_bytes(&self, bytes: usize) -> Result<(), Fault> {
        self.memory.claim(bytes)?;
        self.spend(bytes / BYTES_A_STEP)
    }

    /// Counts items that are about to be made, before there is memory for them.
    pub(crate) fn spend_items(&self, items: usize) -> Result<(), Fault> {
        self.memory.claim(items.saturating_mul(ITEM))?;
        self.spend(items)
    }

    /// Counts the text of an object that is looked at; containers are counted when they are gone through.
    pub(crate) fn spend_text(&self, object: &Object) -> Result<(), Fault> {
        object.as_str().map_or(Ok(()), |text| self.spend(text.len() / BYTES_A_STEP))
    }

    /// Counts items that are gone through.
    pub(crate) fn spend_visits(&self, items: usize) -> Result<(), Fault> {
        self.memory.claim(items.saturating_mul(ITEM))?;
        self.spend(items / 8)
    }

    /// Counts the text or the items of an object that was made.
    pub(crate) fn spend_object(&self, object: &Object) -> Result<(), Fault> {
        match object {
            Object::Str(text) => self.spend_bytes(text.len()),
            Object::List(list) => self.spend_visits(list.len()),
            Object::Tuple(items) => self.spend_visits(items.len()),
            Object::Dict(dict) => self.spend_visits(dict.len()),
            _ => Ok(()),
        }
    }

    /// Runs something that recurses, with stack for it.
    pub(crate) fn deeper<T>(&self, work: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
        self.spend(1)?;
        let depth = self.depth.get() + 1;
        if depth > DEPTH {
            return Err(Fault::error("maximum recursion depth exceeded"));
        }
        self.depth.set(depth);
        let result = stacker::maybe_grow(128 * 1024, 2 * 1024 * 1024, work);
        self.depth.set(depth - 1);
        result
    }

    /// A source value as an object: a template's value when it is one, containers as they are.
    pub(crate) fn resolve(&self, value: &Value, scope: &Arc<Scope>) -> Result<Object, Fault> {
        self.resolve_named(value, scope, None)
    }

    /// How many secret strings were read so far: what was made while it grew is secret.
    pub(crate) fn secrets_seen(&self) -> u64 {
        self.secrets_seen.get()
    }

    fn resolve_named(&self, value: &Value, scope: &Arc<Scope>, name: Option<&str>) -> Result<Object, Fault> {
        let object = self.resolved(value, scope, name)?;
        if object.as_text().is_some_and(Text::is_secret) {
            self.secrets_seen.set(self.secrets_seen.get() + 1);
        }
        Ok(object)
    }

    fn resolved(&self, value: &Value, scope: &Arc<Scope>, name: Option<&str>) -> Result<Object, Fault> {
        match value {
            Value::Str(text) if text.is_template() => self.template(text, scope, name),
            Value::List(items) => Ok(Object::List(List::from_source(items.clone(), scope.clone()))),
            Value::Map(map) => Ok(Object::Dict(Dict::from_source(map.clone(), scope.clone()))),
            Value::Undefined(undefined) if crate::templar::is_omit_marker(undefined) => Ok(Object::Omit),
            scalar => Ok(Object::finished(scalar)),
        }
    }

    fn remember(&self, scope: &Arc<Scope>, name: &str, object: &Object) {
        if scope.remember(name, object) {
            self.scopes.borrow_mut().push(scope.clone());
        }
    }

    /// The variable `name`, templated, or nothing when there is no such variable.
    pub(crate) fn variable(&self, scope: &Arc<Scope>, name: &str) -> Result<Option<Object>, Fault> {
        if let Some(object) = scope.templated(name) {
            return Ok(Some(object));
        }
        let Some(variable) = scope.source.get(name) else {
            return Ok(None);
        };
        let object = self.of_variable(variable, scope, Some(name))?;
        self.remember(scope, name, &object);
        Ok(Some(object))
    }

    fn of_variable(&self, variable: Variable, scope: &Arc<Scope>, name: Option<&str>) -> Result<Object, Fault> {
        Ok(match variable {
            Variable::Value(value) => self.resolve_named(&value, scope, name)?,
            Variable::Map(source) => Object::Variables(Arc::new(Variables {
                scope: Scope::new(source),
                asker: Some(scope.clone()),
                by_host: name == Some("hostvars"),
            })),
            Variable::Scope(source) => {
                Object::Variables(Arc::new(Variables { scope: Scope::new(source), asker: None, by_host: false }))
            }
        })
    }

    /// The entry `name` of a map that is made on demand.
    pub(crate) fn entry(&self, variables: &Variables, name: &str) -> Result<Option<Object>, Fault> {
        let Some(asker) = &variables.asker else {
            return self.variable(&variables.scope, name);
        };
        if let Some(object) = variables.scope.templated(name) {
            return Ok(Some(object));
        }
        let Some(variable) = variables.scope.source.get(name) else {
            return Ok(None);
        };
        let object = self.of_variable(variable, asker, None)?;
        self.remember(&variables.scope, name, &object);
        Ok(Some(object))
    }

    /// Evaluates the template `text` with the variables of `scope`.
    pub(crate) fn template(&self, text: &Text, scope: &Arc<Scope>, name: Option<&str>) -> Result<Object, Fault> {
        self.check_loop(text, scope, name)?;
        let program = self
            .templar
            .programs()
            .template(text)
            .map_err(|error| error.worded("template", text.origin().or(self.cx.origin.as_ref())));
        let program = match program {
            Ok(program) => program,
            Err(error) => return Ok(Object::failed(error)),
        };
        self.active.borrow_mut().push(Active { text: text.clone(), scope: scope.clone(), name: name.map(Into::into) });
        let frame = TemplateFrame::inline(program, scope.clone(), text.origin().cloned());
        let result = self.deeper(|| Interpreter::new(self, frame.into(), Locals::root()).run());
        self.active.borrow_mut().pop();
        let object = match result.map_err(|fault| fault.at(text.origin().or(self.cx.origin.as_ref()))) {
            Ok(object) => object,
            // Made of something undefined, it is undefined itself: `is defined` and `default` may ask.
            Err(TemplateError::Undefined { message, origin }) => return Ok(Object::undefined_at(message, origin)),
            Err(error) => return Ok(Object::failed(error)),
        };
        let object = concat::with_final_newlines(object, text, "\n");
        Ok(if text.is_secret() { mark_secret(object) } else { object })
    }

    /// Where the template being evaluated stands.
    pub(crate) fn place(&self) -> Option<Origin> {
        self.active.borrow().last().and_then(|active| active.text.origin()).or(self.cx.origin.as_ref()).cloned()
    }

    /// A template that is being evaluated already, with the same variables, would never end.
    fn check_loop(&self, text: &Text, scope: &Arc<Scope>, name: Option<&str>) -> Result<(), Fault> {
        let active = self.active.borrow();
        let same =
            |other: &Active| std::ptr::eq(other.text.as_str(), text.as_str()) && Arc::ptr_eq(&other.scope, scope);
        let Some(start) = active.iter().position(same) else {
            return Ok(());
        };
        let label = |text: &Text, name: Option<&str>| name.map_or_else(|| text.to_string(), Into::into);
        let mut cycle: Vec<String> = active[start..].iter().map(|a| label(&a.text, a.name.as_deref())).collect();
        cycle.push(label(text, name.or(active[start].name.as_deref())));
        Err(TemplateError::Failed {
            message: format!("Recursive loop detected in template: {}", cycle.join(" -> ")),
            origin: text.origin().cloned(),
        }
        .into())
    }
}

/// The object, secret when it is a string.
pub(crate) fn mark_secret(object: Object) -> Object {
    match object {
        Object::Str(text) => Object::Str(text.with_secret(true)),
        other => other,
    }
}
