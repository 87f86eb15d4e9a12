//! The grammar of XPath 1.0.

use super::XpathError;

/// Expressions may be nested this deep.
const DEEPEST: usize = 100;

#[derive(Debug, Clone, PartialEq)]
pub(in super::super) enum Expression {
    Binary(Operator, Box<Expression>, Box<Expression>),
    Negated(Box<Expression>),
    Number(f64),
    Literal(String),
    Call(String, Vec<Expression>),
    Path(Path),
    /// A value that is narrowed by conditions.
    Filtered(Box<Expression>, Vec<Expression>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Operator {
    Or,
    And,
    Equal,
    Different,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Plus,
    Minus,
    Times,
    Divide,
    Modulo,
    Union,
}

#[derive(Debug, Clone, PartialEq)]
pub(in super::super) struct Path {
    pub(super) start: Start,
    pub(super) steps: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Start {
    Here,
    Top,
    Value(Box<Expression>),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Step {
    pub(super) axis: Axis,
    pub(super) test: Test,
    pub(super) conditions: Vec<Expression>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Axis {
    Ancestor,
    AncestorOrSelf,
    Attribute,
    Child,
    Descendant,
    DescendantOrSelf,
    Following,
    FollowingSibling,
    Parent,
    Preceding,
    PrecedingSibling,
    Itself,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Test {
    /// Prefix and name; `*` is every name.
    Name(Option<String>, String),
    Text,
    Comment,
    Instruction,
    Node,
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Number(f64),
    Literal(String),
    Name(String),
    Symbol(&'static str),
}

/// The longer ones first.
const SYMBOLS: &[&str] = &[
    "::", "//", "..", "!=", "<=", ">=", "/", ".", "@", "[", "]", "(", ")", ",", "|", "+", "-", "=", "<", ">", "*", "$",
    ":",
];

fn tokens(text: &str) -> Result<Vec<Token>, XpathError> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        if first == '"' || first == '\'' {
            let (literal, after) = rest[1..].split_once(first).ok_or(XpathError::Syntax)?;
            tokens.push(Token::Literal(literal.to_owned()));
            rest = after;
        } else if first.is_ascii_digit() || (first == '.' && rest[1..].starts_with(|c: char| c.is_ascii_digit())) {
            let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
            tokens.push(Token::Number(rest[..end].parse().map_err(|_| XpathError::Syntax)?));
            rest = &rest[end..];
        } else if first.is_alphabetic() || first == '_' {
            let end = rest.find(|c: char| !c.is_alphanumeric() && !"_-.".contains(c)).unwrap_or(rest.len());
            tokens.push(Token::Name(rest[..end].to_owned()));
            rest = &rest[end..];
        } else {
            let symbol = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol)).ok_or(XpathError::Syntax)?;
            tokens.push(Token::Symbol(symbol));
            rest = &rest[symbol.len()..];
        }
        rest = rest.trim_start();
    }
    Ok(tokens)
}

pub(in super::super) fn parse(text: &str) -> Result<Expression, XpathError> {
    let mut parser = Parser { tokens: tokens(text)?, at: 0, depth: 0 };
    let expression = parser.expression()?;
    if parser.at == parser.tokens.len() { Ok(expression) } else { Err(XpathError::Syntax) }
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
}

/// Binary operators, the loosest first.
const LEVELS: &[&[(&str, Operator)]] = &[
    &[("or", Operator::Or)],
    &[("and", Operator::And)],
    &[("=", Operator::Equal), ("!=", Operator::Different)],
    &[("<=", Operator::LessOrEqual), (">=", Operator::GreaterOrEqual), ("<", Operator::Less), (">", Operator::Greater)],
    &[("+", Operator::Plus), ("-", Operator::Minus)],
    &[("*", Operator::Times), ("div", Operator::Divide), ("mod", Operator::Modulo)],
];

const AXES: &[(&str, Axis)] = &[
    ("ancestor", Axis::Ancestor),
    ("ancestor-or-self", Axis::AncestorOrSelf),
    ("attribute", Axis::Attribute),
    ("child", Axis::Child),
    ("descendant", Axis::Descendant),
    ("descendant-or-self", Axis::DescendantOrSelf),
    ("following", Axis::Following),
    ("following-sibling", Axis::FollowingSibling),
    ("parent", Axis::Parent),
    ("preceding", Axis::Preceding),
    ("preceding-sibling", Axis::PrecedingSibling),
    ("self", Axis::Itself),
];

const NODE_TYPES: &[&str] = &["comment", "text", "processing-instruction", "node"];

impl Parser {
    fn peek(&self, ahead: usize) -> Option<&Token> {
        self.tokens.get(self.at + ahead)
    }

    fn is_symbol(&self, ahead: usize, symbol: &str) -> bool {
        matches!(self.peek(ahead), Some(Token::Symbol(found)) if *found == symbol)
    }

    fn take(&mut self, symbol: &str) -> bool {
        let found = self.is_symbol(0, symbol);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, symbol: &str) -> Result<(), XpathError> {
        if self.take(symbol) { Ok(()) } else { Err(XpathError::Syntax) }
    }

    fn name(&mut self) -> Result<String, XpathError> {
        let Some(Token::Name(name)) = self.peek(0) else { return Err(XpathError::Syntax) };
        let name = name.clone();
        self.at += 1;
        Ok(name)
    }

    fn expression(&mut self) -> Result<Expression, XpathError> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(XpathError::Effort);
        }
        let expression = self.binary(0);
        self.depth -= 1;
        expression
    }

    fn binary(&mut self, level: usize) -> Result<Expression, XpathError> {
        let Some(operators) = LEVELS.get(level) else { return self.negated() };
        let mut left = self.binary(level + 1)?;
        // Where an operator may stand, a name is one.
        while let Some(operator) = self.operator(operators) {
            self.at += 1;
            let right = self.binary(level + 1)?;
            left = Expression::Binary(operator, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn operator(&self, among: &[(&str, Operator)]) -> Option<Operator> {
        let text = match self.peek(0)? {
            Token::Symbol(symbol) => symbol,
            Token::Name(name) => name.as_str(),
            _ => return None,
        };
        among.iter().find(|(name, _)| *name == text).map(|(_, operator)| *operator)
    }

    fn negated(&mut self) -> Result<Expression, XpathError> {
        let mut minus = 0;
        while self.take("-") {
            minus += 1;
        }
        let mut value = self.union()?;
        // Twice is not nothing: it makes a number.
        for _ in 0..if minus == 0 { 0 } else { 2 - minus % 2 } {
            value = Expression::Negated(Box::new(value));
        }
        Ok(value)
    }

    fn union(&mut self) -> Result<Expression, XpathError> {
        let mut left = self.path()?;
        while self.take("|") {
            let right = self.path()?;
            left = Expression::Binary(Operator::Union, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn path(&mut self) -> Result<Expression, XpathError> {
        if self.starts_value() {
            let mut value = self.primary()?;
            let conditions = self.conditions()?;
            if !conditions.is_empty() {
                value = Expression::Filtered(Box::new(value), conditions);
            }
            let mut steps = Vec::new();
            if !self.is_symbol(0, "/") && !self.is_symbol(0, "//") {
                return Ok(value);
            }
            self.steps(&mut steps)?;
            return Ok(Expression::Path(Path { start: Start::Value(Box::new(value)), steps }));
        }
        let mut steps = Vec::new();
        if self.is_symbol(0, "//") {
            self.steps(&mut steps)?;
            return Ok(Expression::Path(Path { start: Start::Top, steps }));
        }
        let start = if self.take("/") { Start::Top } else { Start::Here };
        if start == Start::Here || self.starts_step() {
            steps.push(self.step()?);
            self.steps(&mut steps)?;
        }
        Ok(Expression::Path(Path { start, steps }))
    }

    /// What follows the first step.
    fn steps(&mut self, steps: &mut Vec<Step>) -> Result<(), XpathError> {
        loop {
            if self.take("//") {
                steps.push(Step { axis: Axis::DescendantOrSelf, test: Test::Node, conditions: Vec::new() });
            } else if !self.take("/") {
                return Ok(());
            }
            steps.push(self.step()?);
        }
    }

    /// Whether a value stands here that is no step: a call of a function is one, a test of a type is not.
    fn starts_value(&self) -> bool {
        match self.peek(0) {
            Some(Token::Number(_) | Token::Literal(_) | Token::Symbol("(" | "$")) => true,
            Some(Token::Name(name)) => self.is_symbol(1, "(") && !NODE_TYPES.contains(&name.as_str()),
            _ => false,
        }
    }

    fn starts_step(&self) -> bool {
        matches!(self.peek(0), Some(Token::Name(_) | Token::Symbol("." | ".." | "@" | "*")))
    }

    fn primary(&mut self) -> Result<Expression, XpathError> {
        let token = self.peek(0).cloned().ok_or(XpathError::Syntax)?;
        self.at += 1;
        match token {
            Token::Number(number) => Ok(Expression::Number(number)),
            Token::Literal(text) => Ok(Expression::Literal(text)),
            Token::Symbol("(") => {
                let inner = self.expression()?;
                self.expect(")")?;
                // The parentheses matter: conditions after them count on the whole.
                Ok(Expression::Filtered(Box::new(inner), Vec::new()))
            }
            Token::Name(name) => {
                self.expect("(")?;
                let mut arguments = Vec::new();
                while !self.take(")") {
                    if !arguments.is_empty() {
                        self.expect(",")?;
                    }
                    arguments.push(self.expression()?);
                }
                Ok(Expression::Call(name, arguments))
            }
            Token::Symbol(_) => Err(XpathError::Syntax),
        }
    }

    fn step(&mut self) -> Result<Step, XpathError> {
        let short = |axis| Ok(Step { axis, test: Test::Node, conditions: Vec::new() });
        if self.take("..") {
            return short(Axis::Parent);
        }
        if self.take(".") {
            return short(Axis::Itself);
        }
        let axis = if self.take("@") {
            Axis::Attribute
        } else if self.is_symbol(1, "::") {
            let name = self.name()?;
            self.expect("::")?;
            AXES.iter().find(|(known, _)| *known == name).ok_or(XpathError::Syntax)?.1
        } else {
            Axis::Child
        };
        let test = self.test()?;
        Ok(Step { axis, test, conditions: self.conditions()? })
    }

    fn test(&mut self) -> Result<Test, XpathError> {
        if self.take("*") {
            return Ok(Test::Name(None, "*".to_owned()));
        }
        let name = self.name()?;
        if self.take(":") {
            let local = if self.take("*") { "*".to_owned() } else { self.name()? };
            return Ok(Test::Name(Some(name), local));
        }
        if !self.take("(") {
            return Ok(Test::Name(None, name));
        }
        if name == "processing-instruction" && matches!(self.peek(0), Some(Token::Literal(_))) {
            self.at += 1;
        }
        self.expect(")")?;
        match name.as_str() {
            "text" => Ok(Test::Text),
            "comment" => Ok(Test::Comment),
            "processing-instruction" => Ok(Test::Instruction),
            "node" => Ok(Test::Node),
            _ => Err(XpathError::Syntax),
        }
    }

    fn conditions(&mut self) -> Result<Vec<Expression>, XpathError> {
        let mut conditions = Vec::new();
        while self.take("[") {
            conditions.push(self.expression()?);
            self.expect("]")?;
        }
        Ok(conditions)
    }
}
