//! `Program`: a template as the evaluator walks it. Owns its names and constants, so it can be cached and shared.

use std::collections::HashMap;
use std::sync::Arc;

use crate::object::Object;

/// A whole template, or a bare expression (then the body is one `Emit`).
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) body: Vec<Stmt>,
    pub(crate) blocks: HashMap<Arc<str>, Arc<Vec<Stmt>>>,
}

#[derive(Debug)]
pub(crate) enum Stmt {
    Text(Object),
    Emit { expr: Expr, line: u32 },
    For(Arc<Loop>),
    If { test: Expr, then: Vec<Stmt>, otherwise: Vec<Stmt>, line: u32 },
    With { assignments: Vec<(Target, Expr)>, body: Vec<Stmt> },
    Set { target: Target, value: Expr, line: u32 },
    SetBlock { target: Target, filters: Vec<FilterExpr>, body: Vec<Stmt> },
    FilterBlock { filters: Vec<FilterExpr>, body: Vec<Stmt> },
    Scoped(Vec<Stmt>),
    Block { name: Arc<str>, required: bool },
    Extends { name: Expr, line: u32 },
    Include { name: Expr, ignore_missing: bool, with_context: bool, line: u32 },
    Import { name: Expr, target: Target, with_context: bool, line: u32 },
    FromImport { name: Expr, names: Vec<(Arc<str>, Arc<str>)>, with_context: bool, line: u32 },
    Macro(Arc<MacroDef>),
    CallBlock { call: CallExpr, caller: Arc<MacroDef>, line: u32 },
    Do { expr: Expr, line: u32 },
    Continue,
    Break,
}

#[derive(Debug)]
pub(crate) struct Loop {
    pub(crate) target: Target,
    pub(crate) items: Expr,
    pub(crate) filter: Option<Expr>,
    pub(crate) recursive: bool,
    pub(crate) body: Vec<Stmt>,
    pub(crate) otherwise: Vec<Stmt>,
    pub(crate) line: u32,
}

#[derive(Debug)]
pub(crate) struct MacroDef {
    pub(crate) name: Arc<str>,
    pub(crate) parameters: Vec<Arc<str>>,
    /// Defaults of the last parameters.
    pub(crate) defaults: Vec<Expr>,
    pub(crate) body: Vec<Stmt>,
    pub(crate) uses_caller: bool,
    pub(crate) uses_varargs: bool,
    pub(crate) uses_kwargs: bool,
}

/// What `set`, `for` and `with` assign to.
#[derive(Debug)]
pub(crate) enum Target {
    Name(Arc<str>),
    Attribute(Arc<str>, Arc<str>),
    Tuple(Vec<Target>),
}

#[derive(Debug)]
pub(crate) enum Expr {
    Const(Object),
    /// A string constant that holds template delimiters. Templated in conditionals and as a lookup's argument, as
    /// older content relies on; text everywhere else.
    Embedded(Object),
    Name(Arc<str>),
    List(Vec<Expr>),
    Tuple(Vec<Expr>),
    Map(Vec<(Expr, Expr)>),
    Attribute(Box<Expr>, Arc<str>),
    Item(Box<Expr>, Box<Expr>),
    Slice(Box<Expr>, Box<[Option<Expr>; 3]>),
    Call(Box<CallExpr>),
    Filter(Box<Expr>, Box<FilterExpr>),
    Test(Box<Expr>, Box<TestExpr>),
    Not(Box<Expr>),
    Negate(Box<Expr>),
    Binary(BinaryOp, Box<(Expr, Expr)>),
    And(Box<(Expr, Expr)>),
    Or(Box<(Expr, Expr)>),
    Compare(Box<Expr>, Vec<(CompareOp, Expr)>),
    If {
        test: Box<Expr>,
        then: Box<Expr>,
        otherwise: Option<Box<Expr>>,
    },
}

#[derive(Debug)]
pub(crate) struct CallExpr {
    pub(crate) callee: Expr,
    pub(crate) arguments: Vec<Argument>,
}

#[derive(Debug)]
pub(crate) struct FilterExpr {
    pub(crate) name: Arc<str>,
    pub(crate) arguments: Vec<Argument>,
}

#[derive(Debug)]
pub(crate) struct TestExpr {
    pub(crate) name: Arc<str>,
    pub(crate) arguments: Vec<Argument>,
}

#[derive(Debug)]
pub(crate) enum Argument {
    Positional(Expr),
    Named(Arc<str>, Expr),
    Splat(Expr),
    NamedSplat(Expr),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BinaryOp {
    Add,
    Sub,
    Mul,
    Div,
    FloorDiv,
    Rem,
    Pow,
    Concat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CompareOp {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    In,
    NotIn,
}
