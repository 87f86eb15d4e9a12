//! The meaning of expressions: values, paths and operators.
#![expect(clippy::float_cmp, reason = "XPath compares numbers exactly")]

use std::collections::HashMap;

use super::super::document::{Document, Id, Kind, TOP};
use super::XpathError;
use super::functions::call;
use super::syntax::{Axis, Expression, Operator, Path, Start, Step, Test};

/// Nodes looked at in one evaluation, at most.
const MOST_EFFORT: usize = 20_000_000;

/// A node, or an attribute by its place in its element.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in super::super) enum Found {
    Node(Id),
    Attribute(Id, usize),
}

#[derive(Debug, Clone, PartialEq)]
pub(in super::super) enum Value {
    Nodes(Vec<Found>),
    Number(f64),
    Text(String),
    Bool(bool),
}

/// A document with the prefixes that expressions use.
pub(in super::super) struct Evaluation<'a> {
    pub(super) document: &'a Document,
    namespaces: &'a [(String, String)],
    order: HashMap<Id, usize>,
    effort: std::cell::Cell<usize>,
}

/// Where an expression is evaluated: a node, its place among those found with it, and how many these are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Here {
    pub(super) node: Found,
    pub(super) position: usize,
    pub(super) size: usize,
}

impl<'a> Evaluation<'a> {
    pub(in super::super) fn new(document: &'a Document, namespaces: &'a [(String, String)]) -> Self {
        let order = std::iter::once(TOP).chain(document.descendants(TOP)).enumerate();
        let order = order.map(|(place, id)| (id, place)).collect();
        Self { document, namespaces, order, effort: std::cell::Cell::new(0) }
    }

    /// The value of the whole document.
    pub(in super::super) fn value(&self, expression: &Expression) -> Result<Value, XpathError> {
        self.evaluate(expression, Here { node: Found::Node(TOP), position: 1, size: 1 })
    }

    pub(super) fn evaluate(&self, expression: &Expression, here: Here) -> Result<Value, XpathError> {
        self.count(1)?;
        Ok(match expression {
            Expression::Number(number) => Value::Number(*number),
            Expression::Literal(text) => Value::Text(text.clone()),
            Expression::Negated(value) => Value::Number(-self.number(&self.evaluate(value, here)?)),
            Expression::Binary(operator, left, right) => self.binary(*operator, left, right, here)?,
            Expression::Call(name, arguments) => {
                let values = arguments.iter().map(|argument| self.evaluate(argument, here));
                call(self, name, &values.collect::<Result<Vec<_>, _>>()?, here)?
            }
            Expression::Path(path) => Value::Nodes(self.path(path, here)?),
            Expression::Filtered(value, conditions) => match self.evaluate(value, here)? {
                Value::Nodes(mut nodes) => {
                    for condition in conditions {
                        nodes = self.narrowed(nodes, condition)?;
                    }
                    Value::Nodes(nodes)
                }
                value if conditions.is_empty() => value,
                _ => return Err(XpathError::Type),
            },
        })
    }

    fn count(&self, steps: usize) -> Result<(), XpathError> {
        self.effort.set(self.effort.get() + steps);
        if self.effort.get() > MOST_EFFORT { Err(XpathError::Effort) } else { Ok(()) }
    }

    fn binary(
        &self,
        operator: Operator,
        left: &Expression,
        right: &Expression,
        here: Here,
    ) -> Result<Value, XpathError> {
        let left = self.evaluate(left, here)?;
        if matches!((operator, self.truth(&left)), (Operator::Or, true) | (Operator::And, false)) {
            return Ok(Value::Bool(operator == Operator::Or));
        }
        let right = self.evaluate(right, here)?;
        let numbers = || (self.number(&left), self.number(&right));
        Ok(match operator {
            Operator::Or | Operator::And => Value::Bool(self.truth(&right)),
            Operator::Plus => Value::Number(numbers().0 + numbers().1),
            Operator::Minus => Value::Number(numbers().0 - numbers().1),
            Operator::Times => Value::Number(numbers().0 * numbers().1),
            Operator::Divide => Value::Number(numbers().0 / numbers().1),
            Operator::Modulo => Value::Number(numbers().0 % numbers().1),
            Operator::Union => match (left, right) {
                (Value::Nodes(mut left), Value::Nodes(right)) => {
                    left.extend(right);
                    Value::Nodes(self.in_order(left))
                }
                _ => return Err(XpathError::Type),
            },
            _ => Value::Bool(self.compare(operator, &left, &right)?),
        })
    }

    /// Whether a comparison holds, for one of the nodes where there are several.
    fn compare(&self, operator: Operator, left: &Value, right: &Value) -> Result<bool, XpathError> {
        match (left, right) {
            (Value::Bool(_), _) | (_, Value::Bool(_)) if matches!(operator, Operator::Equal | Operator::Different) => {
                Ok((self.truth(left) == self.truth(right)) == (operator == Operator::Equal))
            }
            (Value::Nodes(nodes), other) | (other, Value::Nodes(nodes)) => {
                let turned = !matches!(left, Value::Nodes(_));
                for node in nodes {
                    self.count(1)?;
                    let one = Value::Text(self.text_of(*node));
                    let holds = if turned {
                        self.compare(operator, other, &one)?
                    } else {
                        self.compare(operator, &one, other)?
                    };
                    if holds {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            (Value::Text(left), Value::Text(right)) if operator == Operator::Equal => Ok(left == right),
            (Value::Text(left), Value::Text(right)) if operator == Operator::Different => Ok(left != right),
            _ => {
                let (left, right) = (self.number(left), self.number(right));
                Ok(match operator {
                    Operator::Equal => left == right,
                    Operator::Different => left != right,
                    Operator::Less => left < right,
                    Operator::LessOrEqual => left <= right,
                    Operator::Greater => left > right,
                    _ => left >= right,
                })
            }
        }
    }

    fn path(&self, path: &Path, here: Here) -> Result<Vec<Found>, XpathError> {
        let mut nodes = match &path.start {
            Start::Here => vec![here.node],
            Start::Top => vec![Found::Node(TOP)],
            Start::Value(value) => match self.evaluate(value, here)? {
                Value::Nodes(nodes) => nodes,
                _ => return Err(XpathError::Type),
            },
        };
        for step in &path.steps {
            let mut next = Vec::new();
            for node in nodes {
                next.extend(self.step(step, node)?);
            }
            nodes = self.in_order(next);
        }
        Ok(nodes)
    }

    /// What a step finds from a node, the nearest first.
    fn step(&self, step: &Step, from: Found) -> Result<Vec<Found>, XpathError> {
        let on_axis = self.axis(step.axis, from);
        self.count(on_axis.len())?;
        let mut found = Vec::new();
        for node in on_axis {
            if self.passes(&step.test, step.axis, node)? {
                found.push(node);
            }
        }
        for condition in &step.conditions {
            found = self.narrowed(found, condition)?;
        }
        Ok(found)
    }

    /// The nodes for which a condition holds; a number means a place.
    fn narrowed(&self, nodes: Vec<Found>, condition: &Expression) -> Result<Vec<Found>, XpathError> {
        let size = nodes.len();
        let mut kept = Vec::new();
        for (index, node) in nodes.into_iter().enumerate() {
            let holds = match self.evaluate(condition, Here { node, position: index + 1, size })? {
                Value::Number(number) => number == (index + 1) as f64,
                value => self.truth(&value),
            };
            if holds {
                kept.push(node);
            }
        }
        Ok(kept)
    }

    fn axis(&self, axis: Axis, from: Found) -> Vec<Found> {
        let document = self.document;
        let id = match from {
            Found::Node(id) => id,
            Found::Attribute(owner, _) => {
                let owner_up = || std::iter::once(owner).chain(self.ancestors(owner)).map(Found::Node);
                return match axis {
                    Axis::Itself | Axis::DescendantOrSelf => vec![from],
                    Axis::Parent => vec![Found::Node(owner)],
                    Axis::Ancestor => owner_up().collect(),
                    Axis::AncestorOrSelf => std::iter::once(from).chain(owner_up()).collect(),
                    _ => Vec::new(),
                };
            }
        };
        let siblings = |after: bool| {
            let Some((parent, place)) = document.place(id) else { return Vec::new() };
            let all = document.children(parent);
            if after { all[place + 1..].to_vec() } else { all[..place].iter().rev().copied().collect() }
        };
        let attributes = document.element(id).map_or(0, |element| element.attributes.len());
        let ids: Vec<Id> = match axis {
            Axis::Attribute => return (0..attributes).map(|index| Found::Attribute(id, index)).collect(),
            Axis::Itself => vec![id],
            Axis::Child => document.children(id).to_vec(),
            Axis::Parent => document.parent(id).into_iter().collect(),
            Axis::Ancestor => self.ancestors(id),
            Axis::AncestorOrSelf => std::iter::once(id).chain(self.ancestors(id)).collect(),
            Axis::Descendant => document.descendants(id),
            Axis::DescendantOrSelf => std::iter::once(id).chain(document.descendants(id)).collect(),
            Axis::FollowingSibling => siblings(true),
            Axis::PrecedingSibling => siblings(false),
            Axis::Following | Axis::Preceding => {
                let after = axis == Axis::Following;
                let place = self.order.get(&id).copied().unwrap_or_default();
                let (up, down) = (self.ancestors(id), document.descendants(id));
                let apart = |other: &Id| {
                    let there = self.order.get(other).copied().unwrap_or_default();
                    if after { there > place && !down.contains(other) } else { there < place && !up.contains(other) }
                };
                let mut found: Vec<Id> = document.descendants(TOP).into_iter().filter(apart).collect();
                if !after {
                    found.reverse();
                }
                found
            }
        };
        ids.into_iter().map(Found::Node).collect()
    }

    fn ancestors(&self, id: Id) -> Vec<Id> {
        std::iter::successors(self.document.parent(id), |id| self.document.parent(*id)).collect()
    }

    fn passes(&self, test: &Test, axis: Axis, node: Found) -> Result<bool, XpathError> {
        let Test::Name(prefix, local) = test else {
            return Ok(match (test, node) {
                (Test::Node, _) => true,
                (Test::Text, Found::Node(id)) => self.document.is_text(id),
                (Test::Comment, Found::Node(id)) => matches!(self.document.kind(id), Kind::Comment(_)),
                (Test::Instruction, Found::Node(id)) => matches!(self.document.kind(id), Kind::Instruction(_)),
                _ => false,
            });
        };
        let uri = match prefix {
            Some(prefix) => Some(self.namespace(prefix)?),
            None => None,
        };
        let name = match node {
            Found::Attribute(id, index) if axis == Axis::Attribute || axis == Axis::Itself => {
                self.document.element(id).and_then(|element| element.attributes.get(index)).map(|(name, _)| name)
            }
            Found::Node(id) => self.document.element(id).map(|element| &element.name),
            Found::Attribute(..) => None,
        };
        let Some(name) = name else { return Ok(false) };
        let same_place = match uri {
            Some(uri) => name.uri == uri,
            // A name without a prefix is in no namespace; every name is in any.
            None => local == "*" || name.uri.is_empty(),
        };
        Ok(same_place && (local == "*" || name.local == *local))
    }

    fn namespace(&self, prefix: &str) -> Result<&str, XpathError> {
        let found = self.namespaces.iter().find(|(own, _)| own == prefix).map(|(_, uri)| uri.as_str());
        found.or((prefix == "xml").then_some("http://www.w3.org/XML/1998/namespace")).ok_or(XpathError::Prefix)
    }

    /// Each once, in the order of the document.
    fn in_order(&self, mut nodes: Vec<Found>) -> Vec<Found> {
        nodes.sort_by_key(|node| match node {
            Found::Node(id) => (self.order.get(id).copied().unwrap_or_default(), 0),
            Found::Attribute(id, index) => (self.order.get(id).copied().unwrap_or_default(), index + 1),
        });
        nodes.dedup();
        nodes
    }

    pub(super) fn text_of(&self, node: Found) -> String {
        match node {
            Found::Node(id) => self.document.string_value(id),
            Found::Attribute(id, index) => {
                let attribute = self.document.element(id).and_then(|element| element.attributes.get(index));
                attribute.map(|(_, value)| value.clone()).unwrap_or_default()
            }
        }
    }

    pub(super) fn text(&self, value: &Value) -> String {
        match value {
            Value::Nodes(nodes) => nodes.first().map(|node| self.text_of(*node)).unwrap_or_default(),
            Value::Number(number) if number.is_infinite() => {
                if *number > 0.0 {
                    "Infinity".to_owned()
                } else {
                    "-Infinity".to_owned()
                }
            }
            Value::Number(number) => number.to_string(),
            Value::Text(text) => text.clone(),
            Value::Bool(truth) => truth.to_string(),
        }
    }

    pub(super) fn number(&self, value: &Value) -> f64 {
        match value {
            Value::Number(number) => *number,
            Value::Bool(truth) => f64::from(u8::from(*truth)),
            other => {
                let text = self.text(other);
                let plain = text.trim_matches([' ', '\t', '\n', '\r']);
                let digits = plain.chars().all(|c| c.is_ascii_digit() || c == '.' || c == '-');
                plain.parse().ok().filter(|_| digits).unwrap_or(f64::NAN)
            }
        }
    }

    #[expect(clippy::unused_self, reason = "beside its likes, which need the document")]
    pub(super) fn truth(&self, value: &Value) -> bool {
        match value {
            Value::Nodes(nodes) => !nodes.is_empty(),
            Value::Number(number) => *number != 0.0 && !number.is_nan(),
            Value::Text(text) => !text.is_empty(),
            Value::Bool(truth) => *truth,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::parsing::{Reading, parse};
    use super::super::syntax;
    use super::*;

    const SOURCE: &str = "<a x='1'><b>one</b><b y='2'>two</b><c><b>3</b></c><!-- n --></a>";

    fn shown(expression: &str) -> String {
        let document = parse(SOURCE, Reading::default()).unwrap();
        let evaluation = Evaluation::new(&document, &[]);
        match syntax::parse(expression).and_then(|expression| evaluation.value(&expression)) {
            Ok(Value::Nodes(nodes)) => nodes.iter().map(|node| evaluation.text_of(*node)).collect::<Vec<_>>().join("|"),
            Ok(value) => evaluation.text(&value),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn paths_find_nodes() {
        for (expression, found) in [
            ("/a/b", "one|two"),
            ("//b", "one|two|3"),
            ("a/b[2]/@y", "2"),
            ("//b[last()]", "two|3"),
            ("(//b)[last()]", "3"),
            ("/a/*[b]/b", "3"),
            ("//b[@y='2']/preceding-sibling::b", "one"),
            ("//c/b/ancestor::a/@x", "1"),
            ("/a/b[1]/following::b", "two|3"),
            ("/a/c/b/preceding::b", "one|two"),
            ("//@*", "1|2"),
            ("/a/comment()", " n "),
            ("/a/b/text() | /a/@x", "1|one|two"),
            ("//b[not(@y) and position() = 1]", "one|3"),
            ("/a/b[contains(., 'w')]/..//c/b", "3"),
            ("/a/b[.='one' or .='two'][2]", "two"),
        ] {
            assert_eq!(shown(expression), found, "{expression}");
        }
    }

    #[test]
    fn values_are_computed() {
        for (expression, found) in [
            ("count(//b) * 2 - 1", "5"),
            ("string-length('abc') div 2", "1.5"),
            ("concat('a', 1 + 1, true())", "a2true"),
            ("substring('12345', 2, 3)", "234"),
            ("substring-before('a=b', '=')", "a"),
            ("translate('bar', 'abc', 'AB')", "BAr"),
            ("normalize-space('  a   b ')", "a b"),
            ("name(/a/*[3])", "c"),
            ("sum(//@*) = 3", "true"),
            ("//b != 'one'", "true"),
            ("-count(//b) < 0", "true"),
            ("round(1.5) + floor(1.9) + ceiling(0.1)", "4"),
            ("/a/[", "Invalid expression"),
            ("//q:b", "Undefined namespace prefix"),
            ("nothing(1)", "Unregistered function"),
            ("", "Invalid expression"),
        ] {
            assert_eq!(shown(expression), found, "{expression}");
        }
    }
}
