//! `json_query`: JMESPath over values. The jmespath crate reads the query; it is evaluated here, so that entries keep
//! their order and secrets stay marked.

use jmespath::Variable;
use jmespath::ast::{Ast, Comparator};
use kapell_parsing::{Key, Map, Value};

use super::json_functions;
use crate::evaluate::{Fault, FilterCall, Rendering};
use crate::object::Object;
use crate::python;

pub(super) fn json_query(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let query = call.args.text_or(0, "");
    if query.is_empty() {
        return Err(failed("Invalid JMESPath expression: cannot be empty."));
    }
    let value = python::to_value(call.rendering, &call.input)?;
    let needed = 1024 * 1024 + query.len().saturating_mul(2048);
    stacker::maybe_grow(needed, needed.saturating_mul(2), || {
        let query = with_quoted_literals(&query);
        let ast = jmespath::parse(&query).map_err(|error| {
            let place = " ".repeat(error.column);
            failed(&format!("Invalid jmespath expression: {}:\n\"{query}\"\n{place}^", error.reason))
        })?;
        let found = Evaluation { rendering: call.rendering }.of(&ast, &value)?;
        Ok(Object::finished(&found))
    })
}

pub(super) fn failed(reason: &str) -> Fault {
    Fault::error(format!("JMESPathError in json_query filter plugin:\n{reason}"))
}

/// A literal that is no JSON is a string: `` `up` ``.
fn with_quoted_literals(query: &str) -> String {
    let mut out = String::with_capacity(query.len());
    let mut quote = None;
    let mut literal = String::new();
    let mut chars = query.chars();
    while let Some(c) = chars.next() {
        let target = if quote == Some('`') { &mut literal } else { &mut out };
        match c {
            '\\' if quote.is_some() => {
                target.push(c);
                target.extend(chars.next());
            }
            '`' if quote == Some('`') => {
                quote = None;
                let is_json = serde_json::from_str::<serde_json::Value>(&literal.replace("\\`", "`")).is_ok();
                match is_json {
                    true => out.push_str(&format!("`{literal}`")),
                    false => out.push_str(&format!("`\"{}\"`", literal.trim_start())),
                }
                literal.clear();
            }
            '`' if quote.is_none() => quote = Some('`'),
            '\'' | '"' if quote.is_none() => {
                quote = Some(c);
                target.push(c);
            }
            c => {
                quote = quote.filter(|open| *open != c);
                target.push(c);
            }
        }
    }
    if quote == Some('`') {
        out.push('`');
        out.push_str(&literal);
    }
    out
}

pub(super) struct Evaluation<'r> {
    pub(super) rendering: &'r Rendering<'r>,
}

impl Evaluation<'_> {
    pub(super) fn of(&self, ast: &Ast, value: &Value) -> Result<Value, Fault> {
        self.rendering.deeper(|| self.nested(ast, value))
    }

    fn nested(&self, ast: &Ast, value: &Value) -> Result<Value, Fault> {
        Ok(match ast {
            Ast::Identity { .. } => value.clone(),
            Ast::Literal { value, .. } => literal(value),
            Ast::Field { name, .. } => value.get(name).cloned().unwrap_or(Value::Null),
            Ast::Index { idx, .. } => value.as_list().and_then(|items| at(items, *idx)).unwrap_or(Value::Null),
            Ast::Slice { start, stop, step, .. } => match value.as_list() {
                Some(items) => Value::list(sliced(items, *start, *stop, *step)?),
                None => Value::Null,
            },
            Ast::Subexpr { lhs, rhs, .. } => self.of(rhs, &self.of(lhs, value)?)?,
            Ast::And { lhs, rhs, .. } => {
                let left = self.of(lhs, value)?;
                if is_true(&left) { self.of(rhs, value)? } else { left }
            }
            Ast::Or { lhs, rhs, .. } => {
                let left = self.of(lhs, value)?;
                if is_true(&left) { left } else { self.of(rhs, value)? }
            }
            Ast::Not { node, .. } => Value::Bool(!is_true(&self.of(node, value)?)),
            Ast::Condition { predicate, then, .. } => match is_true(&self.of(predicate, value)?) {
                true => self.of(then, value)?,
                false => Value::Null,
            },
            Ast::Comparison { comparator, lhs, rhs, .. } => {
                compare(comparator, &self.of(lhs, value)?, &self.of(rhs, value)?)
            }
            Ast::Flatten { node, .. } => flattened(&self.of(node, value)?),
            Ast::ObjectValues { node, .. } => match self.of(node, value)? {
                Value::Map(map) => Value::list(map.values().cloned().collect()),
                _ => Value::Null,
            },
            Ast::Projection { lhs, rhs, .. } => self.projection(&self.of(lhs, value)?, rhs)?,
            Ast::MultiList { .. } | Ast::MultiHash { .. } if value.is_null() => Value::Null,
            Ast::MultiList { elements, .. } => {
                Value::list(elements.iter().map(|element| self.of(element, value)).collect::<Result<_, _>>()?)
            }
            Ast::MultiHash { elements, .. } => {
                let entry = |pair: &jmespath::ast::KeyValuePair| {
                    Ok::<_, Fault>((Key::from(pair.key.as_str()), self.of(&pair.value, value)?))
                };
                Value::map(elements.iter().map(entry).collect::<Result<Map, _>>()?)
            }
            Ast::Function { name, args, .. } => json_functions::call(self, name, args, value)?,
            Ast::Expref { .. } => return Err(failed("an expression type is only of use to a function")),
        })
    }

    fn projection(&self, items: &Value, rhs: &Ast) -> Result<Value, Fault> {
        let Some(items) = items.as_list() else { return Ok(Value::Null) };
        self.rendering.spend(items.len())?;
        let mut found = Vec::new();
        for item in items {
            let item = self.of(rhs, item)?;
            if !item.is_null() {
                found.push(item);
            }
        }
        Ok(Value::list(found))
    }
}

fn literal(variable: &Variable) -> Value {
    match variable {
        Variable::String(text) => text.as_str().into(),
        Variable::Bool(flag) => Value::Bool(*flag),
        Variable::Number(number) => Value::from_json(&serde_json::Value::Number(number.clone())),
        Variable::Array(items) => Value::list(items.iter().map(|item| literal(item)).collect()),
        Variable::Object(entries) => {
            Value::map(entries.iter().map(|(key, value)| (Key::from(key.as_str()), literal(value))).collect())
        }
        Variable::Null | Variable::Expref(_) => Value::Null,
    }
}

fn at(items: &[Value], index: i32) -> Option<Value> {
    let index = i64::from(index);
    let index = if index < 0 { index + i64::try_from(items.len()).ok()? } else { index };
    items.get(usize::try_from(index).ok()?).cloned()
}

/// Python's slice.
fn sliced(items: &[Value], start: Option<i32>, stop: Option<i32>, step: i32) -> Result<Vec<Value>, Fault> {
    if step == 0 {
        return Err(failed("slice step cannot be zero"));
    }
    let len = i64::try_from(items.len()).unwrap_or(i64::MAX);
    let (low, high) = if step < 0 { (-1, len - 1) } else { (0, len) };
    let bound = |given: Option<i32>, default: i64| match given.map(i64::from) {
        None => default,
        Some(index) if index < 0 => (index + len).max(low),
        Some(index) => index.min(high),
    };
    let (first, last) = if step < 0 { (len - 1, -1) } else { (0, len) };
    let (mut index, stop) = (bound(start, first), bound(stop, last));
    let mut found = Vec::new();
    while if step < 0 { index > stop } else { index < stop } {
        found.extend(usize::try_from(index).ok().and_then(|index| items.get(index).cloned()));
        index += i64::from(step);
    }
    Ok(found)
}

fn flattened(value: &Value) -> Value {
    let Some(items) = value.as_list() else { return Value::Null };
    let mut flat = Vec::new();
    for item in items {
        match item {
            Value::List(inner) => flat.extend(inner.iter().cloned()),
            other => flat.push(other.clone()),
        }
    }
    Value::list(flat)
}

/// JMESPath's truth: numbers are true.
pub(super) fn is_true(value: &Value) -> bool {
    match value {
        Value::Null | Value::Undefined(_) => false,
        Value::Bool(flag) => *flag,
        Value::Str(text) => !text.is_empty(),
        Value::List(items) => !items.is_empty(),
        Value::Map(map) => !map.is_empty(),
        _ => true,
    }
}

pub(super) fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Int(int) => Some(*int as f64),
        Value::Float(float) => Some(*float),
        Value::BigInt(big) => Some(crate::operators::big_to_float(big)),
        _ => None,
    }
}

pub(super) fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Int(a), Value::Int(b)) => a == b,
        (Value::List(a), Value::List(b)) => {
            a.len() == b.len()
                && a.iter().zip(b.iter()).all(|(a, b)| stacker::maybe_grow(32 * 1024, 1 << 20, || same(a, b)))
        }
        (Value::Map(a), Value::Map(b)) => {
            let has_same = |(key, value): (&Key, &Value)| {
                b.get(key).is_some_and(|other| stacker::maybe_grow(32 * 1024, 1 << 20, || same(value, other)))
            };
            a.len() == b.len() && a.iter().all(has_same)
        }
        (Value::Str(a), Value::Str(b)) => a.as_str() == b.as_str(),
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Null, Value::Null) => true,
        _ => number(left)
            .zip(number(right))
            .is_some_and(|(a, b)| a.partial_cmp(&b).is_some_and(std::cmp::Ordering::is_eq)),
    }
}

/// Numbers by size, strings by their characters; nothing else has an order.
pub(super) fn order(left: &Value, right: &Value) -> Option<std::cmp::Ordering> {
    match (left, right) {
        (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
        (Value::Str(a), Value::Str(b)) => Some(a.as_str().cmp(b.as_str())),
        _ => number(left)?.partial_cmp(&number(right)?),
    }
}

fn compare(comparator: &Comparator, left: &Value, right: &Value) -> Value {
    let ordered =
        |holds: fn(std::cmp::Ordering) -> bool| order(left, right).map_or(Value::Null, |o| Value::Bool(holds(o)));
    match comparator {
        Comparator::Equal => Value::Bool(same(left, right)),
        Comparator::NotEqual => Value::Bool(!same(left, right)),
        Comparator::LessThan => ordered(std::cmp::Ordering::is_lt),
        Comparator::LessThanEqual => ordered(std::cmp::Ordering::is_le),
        Comparator::GreaterThan => ordered(std::cmp::Ordering::is_gt),
        Comparator::GreaterThanEqual => ordered(std::cmp::Ordering::is_ge),
    }
}
