//! Expressions: operands, operators and conditions.

use kapell_parsing::Text;

use super::fault::defined;
use super::rendering::mark_secret;
use super::{Fault, Interpreter};
use crate::containers::{Entries, insert};
use crate::globals;
use crate::object::Object;
use crate::operators;
use crate::syntax::{BinaryOp, CompareOp, Expr};

impl Interpreter<'_> {
    pub(crate) fn eval(&self, expr: &Expr) -> Result<Object, Fault> {
        match expr {
            Expr::Const(object) => Ok(object.clone()),
            Expr::Name(name) => self.name(name),
            nested => self.rendering.deeper(|| self.eval_nested(nested)),
        }
    }

    fn eval_nested(&self, expr: &Expr) -> Result<Object, Fault> {
        match expr {
            Expr::Embedded(object) if self.frame.embedded => self.embedded(object),
            Expr::Const(object) | Expr::Embedded(object) => Ok(object.clone()),
            Expr::Name(name) => self.name(name),
            Expr::List(items) => Ok(Object::list(self.eval_all(items)?)),
            Expr::Tuple(items) => Ok(Object::tuple(self.eval_all(items)?)),
            Expr::Map(entries) => {
                let mut all = Entries::with_capacity(entries.len());
                for (key, value) in entries {
                    insert(&mut all, self.eval(key)?.to_key()?, self.eval(value)?);
                }
                Ok(Object::dict(all))
            }
            Expr::Attribute(object, name) => {
                let object = self.eval(object)?;
                self.attribute_of(&object, name)
            }
            Expr::Item(object, key) => {
                let object = self.eval(object)?;
                if object.is_undefined() {
                    return Ok(object);
                }
                let key = self.eval(key)?;
                if let Object::Undefined(missing) = key {
                    return Err(Fault::Undefined(missing));
                }
                self.item_of(&object, key)
            }
            Expr::Slice(object, bounds) => self.slice(object, bounds),
            Expr::Call(call) => self.call_expr(call),
            Expr::Filter(input, filter) => {
                self.check_filter(&filter.name)?;
                let input = self.eval(input)?;
                self.filter(input, filter)
            }
            Expr::Test(subject, test) => {
                let subject = self.eval(subject)?;
                self.test(&subject, test)
            }
            Expr::Not(operand) => Ok(Object::Bool(!self.test_truth(operand)?)),
            Expr::Negate(operand) => operators::negate(&defined(self.eval(operand)?)?),
            Expr::Binary(op, sides) => self.binary(*op, &sides.0, &sides.1),
            Expr::And(sides) => {
                let left = defined(self.eval(&sides.0)?)?;
                if left.is_truthy() { self.eval(&sides.1) } else { Ok(left) }
            }
            Expr::Or(sides) => {
                let left = defined(self.eval(&sides.0)?)?;
                if left.is_truthy() { Ok(left) } else { self.eval(&sides.1) }
            }
            Expr::Compare(first, rest) => self.comparison(first, rest),
            Expr::If { test, then, otherwise } => match (self.test_truth(test)?, otherwise) {
                (true, _) => self.eval(then),
                (false, Some(otherwise)) => self.eval(otherwise),
                (false, None) => Ok(Object::Blank),
            },
        }
    }

    fn eval_all(&self, exprs: &[Expr]) -> Result<Vec<Object>, Fault> {
        exprs.iter().map(|expr| self.eval(expr)).collect()
    }

    /// Python's truth of an expression; undefined is an error.
    pub(crate) fn test_truth(&self, expr: &Expr) -> Result<bool, Fault> {
        match self.eval(expr)? {
            Object::Blank => Ok(false),
            object => Ok(defined(object)?.is_truthy()),
        }
    }

    /// A name: set by the template, a variable, or a global function.
    pub(crate) fn name(&self, name: &str) -> Result<Object, Fault> {
        if let Some(object) = self.locals.get(name) {
            return Ok(object);
        }
        if let Some(object) = self.rendering.variable(&self.frame.scope, name)? {
            if let Some(going) = self.frame.scope.source.deprecation(name) {
                self.rendering.deprecated(&going.at(self.frame.origin.as_ref()));
            }
            return Ok(object);
        }
        if let Some(object) = globals::find(name) {
            return Ok(object);
        }
        Ok(self.missing(Some(name), format!("'{name}' is undefined")))
    }

    /// A string constant with a template in it, templated.
    pub(crate) fn embedded(&self, constant: &Object) -> Result<Object, Fault> {
        let Some(text) = constant.as_text() else {
            return Ok(constant.clone());
        };
        let template = Text::trusted(text.as_str(), self.frame.origin.clone());
        self.rendering.template(&template, &self.frame.scope, None)
    }

    fn binary(&self, op: BinaryOp, left: &Expr, right: &Expr) -> Result<Object, Fault> {
        let left = defined(self.eval(left)?)?;
        let right = defined(self.eval(right)?)?;
        let seen = self.rendering.secrets_seen();
        let result = operators::binary(self.rendering, op, &left, &right)?;
        let used_secrets = || self.rendering.secrets_seen() > seen || left.is_secret() || right.is_secret();
        let secret = matches!(result, Object::Str(_)) && used_secrets();
        Ok(if secret { mark_secret(result) } else { result })
    }

    fn comparison(&self, first: &Expr, rest: &[(CompareOp, Expr)]) -> Result<Object, Fault> {
        let mut left = defined(self.eval(first)?)?;
        for (op, right) in rest {
            let right = defined(self.eval(right)?)?;
            if !operators::compare(self.rendering, *op, &left, &right)? {
                return Ok(Object::Bool(false));
            }
            left = right;
        }
        Ok(Object::Bool(true))
    }
}
