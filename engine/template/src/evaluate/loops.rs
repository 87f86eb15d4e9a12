//! `for` loops and their `loop` variable.

use std::sync::{Arc, Mutex, PoisonError};

use super::interpreter::Flow;
use super::{Arguments, Fault, Interpreter, Locals, Rendering, concat, iterate};
use crate::object::{Native, Object};
use crate::operators;
use crate::syntax::Loop;

/// `loop`: where a `for` is. One per loop; its position moves on.
pub(crate) struct LoopVariable {
    node: Arc<Loop>,
    items: Arc<Vec<Object>>,
    depth: usize,
    index: Mutex<usize>,
    changed: Mutex<Option<Vec<Object>>>,
    /// The names around the loop, for `loop(…)` to start from.
    outer: Arc<Locals>,
}

impl Interpreter<'_> {
    pub(crate) fn run_loop(
        &mut self,
        node: &Arc<Loop>,
        items: Object,
        outer: &Arc<Locals>,
        depth: usize,
    ) -> Result<(), Fault> {
        self.line.set(node.line);
        let items = self.loop_items(node, &items, outer)?;
        if items.is_empty() {
            let around = std::mem::replace(&mut self.locals, Locals::child(outer));
            let result = self.statements(&node.otherwise);
            self.locals = around;
            return result.map(|_| ());
        }
        let variable = Arc::new(LoopVariable {
            node: node.clone(),
            items: items.clone(),
            depth,
            index: Mutex::new(0),
            changed: Mutex::default(),
            outer: outer.clone(),
        });
        let around = self.locals.clone();
        let result = self.iterations(node, &items, &variable);
        self.locals = around;
        result
    }

    fn iterations(&mut self, node: &Loop, items: &[Object], variable: &Arc<LoopVariable>) -> Result<(), Fault> {
        let loop_name: Arc<str> = "loop".into();
        for (index, item) in items.iter().enumerate() {
            self.rendering.spend(1)?;
            *variable.index.lock().unwrap_or_else(PoisonError::into_inner) = index;
            self.locals = Locals::child(&variable.outer);
            self.locals.set(&loop_name, Object::Native(variable.clone()));
            self.assign(&node.target, item.clone())?;
            if self.statements(&node.body)? == Flow::Break {
                break;
            }
        }
        Ok(())
    }

    /// The items, those that pass the loop's `if`.
    fn loop_items(&mut self, node: &Loop, items: &Object, outer: &Arc<Locals>) -> Result<Arc<Vec<Object>>, Fault> {
        let items = iterate(self.rendering, items)?;
        let Some(filter) = &node.filter else {
            return Ok(items);
        };
        let around = self.locals.clone();
        let mut kept = Vec::new();
        for item in items.iter() {
            self.locals = Locals::child(outer);
            let passes = self.assign(&node.target, item.clone()).and_then(|()| self.test_truth(filter));
            match passes {
                Ok(true) => kept.push(item.clone()),
                Ok(false) => {}
                Err(fault) => {
                    self.locals = around;
                    return Err(fault);
                }
            }
        }
        self.locals = around;
        Ok(Arc::new(kept))
    }

    /// `loop(children)`: the same loop over other items, as a value.
    pub(crate) fn recurse(&self, variable: &LoopVariable, mut arguments: Arguments) -> Result<Object, Fault> {
        if !variable.node.recursive {
            return Err(Fault::error("The loop must have the 'recursive' marker to be called recursively."));
        }
        let items = arguments.positional.pop().unwrap_or(Object::Null);
        let mut inner = Interpreter::new(self.rendering, self.frame.clone(), variable.outer.clone());
        let (node, outer) = (variable.node.clone(), variable.outer.clone());
        self.rendering.deeper(|| inner.run_loop(&node, items, &outer, variable.depth + 1))?;
        concat(self.rendering, inner.output)
    }
}

impl LoopVariable {
    fn position(&self) -> usize {
        *self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn neighbour(&self, at: Option<usize>, which: &str) -> Object {
        at.and_then(|at| self.items.get(at))
            .cloned()
            .unwrap_or_else(|| Object::undefined(None, format!("there is no {which} item")))
    }
}

impl Native for LoopVariable {
    fn type_name(&self) -> &'static str {
        "LoopContext"
    }

    fn attribute(&self, name: &str) -> Option<Object> {
        let index = self.position();
        let length = self.items.len();
        Some(match name {
            "index" => (index + 1).into(),
            "index0" => index.into(),
            "revindex" => (length - index).into(),
            "revindex0" => (length - index - 1).into(),
            "first" => (index == 0).into(),
            "last" => (index + 1 == length).into(),
            "length" => length.into(),
            "depth" => (self.depth + 1).into(),
            "depth0" => self.depth.into(),
            "previtem" => self.neighbour(index.checked_sub(1), "previous"),
            "nextitem" => self.neighbour(Some(index + 1), "next"),
            _ => return None,
        })
    }

    fn call_method(
        &self,
        rendering: &Rendering<'_>,
        name: &str,
        arguments: &mut Arguments,
    ) -> Option<Result<Object, Fault>> {
        let given = std::mem::take(&mut arguments.positional);
        match name {
            "cycle" if given.is_empty() => Some(Err(Fault::error("no items for cycling given"))),
            "cycle" => Some(Ok(given[self.position() % given.len()].clone())),
            "changed" => Some(self.changed(rendering, given).map(Object::Bool)),
            _ => None,
        }
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

impl LoopVariable {
    fn changed(&self, rendering: &Rendering<'_>, given: Vec<Object>) -> Result<bool, Fault> {
        let before = self.changed.lock().unwrap_or_else(PoisonError::into_inner).take();
        let same = match &before {
            Some(before) if before.len() == given.len() => {
                let mut same = true;
                for (a, b) in before.iter().zip(&given) {
                    same &= operators::equal(rendering, a, b)?;
                }
                same
            }
            _ => false,
        };
        *self.changed.lock().unwrap_or_else(PoisonError::into_inner) = Some(given);
        Ok(!same)
    }
}
