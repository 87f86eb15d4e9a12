//! `Interpreter`: runs a template's statements and collects what they print.

use std::cell::Cell;
use std::sync::Arc;

use kapell_parsing::{Origin, SourceFile};

use super::composition::Blocks;
use super::{Fault, Locals, Rendering, concat};
use crate::object::{Missing, Object};
use crate::scope::Scope;
use crate::syntax::{FilterExpr, Program, Stmt, Target};

/// The template a piece of code belongs to: its variables and its place.
pub(crate) struct TemplateFrame {
    pub(crate) program: Arc<Program>,
    pub(crate) scope: Arc<Scope>,
    pub(crate) origin: Option<Origin>,
    /// The file, when the template is one: then errors name its line.
    pub(crate) file: Option<Arc<SourceFile>>,
    /// What messages call it.
    pub(crate) kind: &'static str,
    /// Template string constants with delimiters in them: conditionals.
    pub(crate) embedded: bool,
    pub(crate) blocks: Arc<Blocks>,
}

impl TemplateFrame {
    pub(crate) fn inline(program: Arc<Program>, scope: Arc<Scope>, origin: Option<Origin>) -> Self {
        let blocks = Arc::new(Blocks::of(&program));
        Self { program, scope, origin, file: None, kind: "template", embedded: false, blocks }
    }

    pub(crate) fn file(program: Arc<Program>, scope: Arc<Scope>, file: Arc<SourceFile>) -> Self {
        let blocks = Arc::new(Blocks::of(&program));
        Self { program, scope, origin: None, file: Some(file), kind: "template", embedded: false, blocks }
    }

    /// The place of line `line` of the template.
    pub(crate) fn place(&self, line: u32) -> Option<Origin> {
        match &self.file {
            Some(file) => Some(Origin::new(file.clone(), line, 1)),
            None => self.origin.clone(),
        }
    }
}

/// Whether a loop goes on after a statement.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flow {
    Next,
    Continue,
    Break,
}

pub(crate) struct Interpreter<'r> {
    pub(crate) rendering: &'r Rendering<'r>,
    pub(crate) frame: Arc<TemplateFrame>,
    pub(crate) locals: Arc<Locals>,
    pub(crate) output: Vec<Object>,
    pub(crate) line: Cell<u32>,
    /// The template this one extends, once `extends` was seen.
    pub(crate) parent: Option<Arc<TemplateFrame>>,
    /// The block being rendered and how many parents up it is, for `super()`.
    pub(crate) block: Option<(Arc<str>, usize)>,
    /// For what is printed as it comes: whether something was printed before. Then something undefined ends it at once.
    pub(crate) streams: Option<bool>,
}

impl<'r> Interpreter<'r> {
    pub(crate) fn new(rendering: &'r Rendering<'r>, frame: Arc<TemplateFrame>, locals: Arc<Locals>) -> Self {
        Self {
            rendering,
            frame,
            locals,
            output: Vec::new(),
            line: Cell::new(1),
            parent: None,
            block: None,
            streams: None,
        }
    }

    /// The template's value: native when it is one expression, else text.
    pub(crate) fn run(mut self) -> Result<Object, Fault> {
        if let [Stmt::Emit { expr, .. }] = self.frame.program.clone().body.as_slice() {
            return self.eval(expr);
        }
        self.streams = Some(false);
        self.run_body()?;
        concat(self.rendering, self.output)
    }

    /// Where the template is printed as it goes, the first undefined thing is the one that is reported. One that is the
    /// whole output is a value.
    fn check_printed(&self, object: &Object) -> Result<(), Fault> {
        let Some(before) = self.streams.filter(|_| !self.rendering.shows_undefined()) else { return Ok(()) };
        match (self.output.first(), object) {
            (Some(Object::Undefined(missing)), _) if self.output.len() == 1 => Err(Fault::Undefined(missing.clone())),
            (first, Object::Undefined(missing)) if before || first.is_some() => Err(Fault::Undefined(missing.clone())),
            _ => Ok(()),
        }
    }

    /// The whole template's output, parents included, as pieces.
    pub(crate) fn run_body(&mut self) -> Result<(), Fault> {
        let program = self.frame.program.clone();
        let result = self.statements(&program.body).map(|_| ()).and_then(|()| self.run_parents());
        // What was printed first and is undefined comes before whatever went wrong later.
        let result = result.map_err(|fault| match (self.streams, self.output.first()) {
            (Some(_), Some(Object::Undefined(missing))) => Fault::Undefined(missing.clone()),
            _ => fault,
        });
        let place = self.frame.place(self.line.get());
        result.map_err(|fault| if self.frame.file.is_some() { fault.at(place.as_ref()).into() } else { fault })
    }

    pub(crate) fn statements(&mut self, stmts: &[Stmt]) -> Result<Flow, Fault> {
        for stmt in stmts {
            let flow = self.statement(stmt)?;
            if flow != Flow::Next {
                return Ok(flow);
            }
        }
        Ok(Flow::Next)
    }

    fn statement(&mut self, stmt: &Stmt) -> Result<Flow, Fault> {
        match stmt {
            Stmt::Text(text) => self.output.push(text.clone()),
            Stmt::Emit { expr, line } => {
                self.line.set(*line);
                let object = self.eval(expr)?;
                self.check_printed(&object)?;
                self.output.push(object.snapshot());
            }
            Stmt::For(node) => {
                let items = self.eval(&node.items)?;
                let locals = self.locals.clone();
                self.run_loop(node, items, &locals, 0)?;
            }
            Stmt::If { test, then, otherwise, line } => {
                self.line.set(*line);
                let branch = if self.test_truth(test)? { then } else { otherwise };
                return self.statements(branch);
            }
            Stmt::With { assignments, body } => return self.with_block(assignments, body),
            Stmt::Set { target, value, line } => {
                self.line.set(*line);
                let object = self.eval(value)?;
                self.assign(target, object)?;
            }
            Stmt::SetBlock { target, filters, body } => {
                let object = self.captured(body, filters)?;
                self.assign(target, object)?;
            }
            Stmt::FilterBlock { filters, body } => {
                let object = self.captured(body, filters)?;
                self.output.push(object);
            }
            Stmt::Scoped(body) => return self.in_child(|this| this.statements(body)),
            Stmt::Do { expr, line } => {
                self.line.set(*line);
                self.eval(expr)?;
            }
            Stmt::Continue => return Ok(Flow::Continue),
            Stmt::Break => return Ok(Flow::Break),
            Stmt::Macro(def) => self.define_macro(def),
            Stmt::CallBlock { call, caller, line } => {
                self.line.set(*line);
                let object = self.call_block(call, caller)?;
                self.output.push(object);
            }
            other => self.compose(other)?,
        }
        Ok(Flow::Next)
    }

    fn with_block(&mut self, assignments: &[(Target, crate::syntax::Expr)], body: &[Stmt]) -> Result<Flow, Fault> {
        let values: Vec<Object> =
            assignments.iter().map(|(_, value)| self.eval(value)).collect::<Result<_, Fault>>()?;
        self.in_child(|this| {
            for ((target, _), value) in assignments.iter().zip(values) {
                this.assign(target, value)?;
            }
            this.statements(body)
        })
    }

    /// Runs `work` with names of its own.
    pub(crate) fn in_child<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        let child = Locals::child(&self.locals);
        let outer = std::mem::replace(&mut self.locals, child);
        let result = work(self);
        self.locals = outer;
        result
    }

    /// What `body` prints, through `filters`.
    fn captured(&mut self, body: &[Stmt], filters: &[FilterExpr]) -> Result<Object, Fault> {
        let outer = std::mem::take(&mut self.output);
        let streams = self.streams.take();
        let result = self.in_child(|this| this.statements(body));
        let printed = std::mem::replace(&mut self.output, outer);
        self.streams = streams;
        result?;
        let mut object = concat(self.rendering, printed)?;
        for filter in filters {
            object = self.filter(object, filter)?;
        }
        Ok(object)
    }

    pub(crate) fn assign(&self, target: &Target, object: Object) -> Result<(), Fault> {
        match target {
            Target::Name(name) => {
                self.locals.set(name, object);
                Ok(())
            }
            Target::Attribute(name, attribute) => match self.name(name)? {
                Object::Native(native) if native.assign(attribute, object) => Ok(()),
                _ => Err(Fault::error("cannot assign attribute on non-namespace object")),
            },
            Target::Tuple(targets) => {
                let items = super::iterate(self.rendering, &object).map_err(|fault| match fault {
                    Fault::Error(_) => {
                        Fault::error(format!("cannot unpack non-iterable {} object", object.type_name()))
                    }
                    other => other,
                })?;
                if items.len() < targets.len() {
                    let (want, got) = (targets.len(), items.len());
                    return Err(Fault::error(format!("not enough values to unpack (expected {want}, got {got})")));
                }
                if items.len() > targets.len() {
                    return Err(Fault::error(format!("too many values to unpack (expected {})", targets.len())));
                }
                targets.iter().zip(items.iter()).try_for_each(|(target, item)| self.assign(target, item.clone()))
            }
        }
    }

    /// The result, or what stands for it when that failed.
    pub(crate) fn deferred(&self, result: Result<Object, Fault>) -> Result<Object, Fault> {
        result.or_else(|fault| fault.stand_in(self.frame.place(self.line.get()).as_ref()))
    }

    /// An undefined object that knows this template's place.
    pub(crate) fn missing(&self, name: Option<&str>, reason: String) -> Object {
        Object::Undefined(Arc::new(Missing {
            name: name.map(Into::into),
            reason,
            origin: self.frame.place(self.line.get()),
            ..Missing::default()
        }))
    }
}
