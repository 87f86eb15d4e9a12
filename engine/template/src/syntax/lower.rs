//! minijinja's syntax tree to ours: names and constants owned, string constants re-read as Python reads them.

use std::collections::HashMap;
use std::sync::Arc;

use minijinja::machinery::Span;
use minijinja::machinery::ast;

use super::program::{
    Argument, BinaryOp, CallExpr, CompareOp, Expr, FilterExpr, Loop, MacroDef, Program, Stmt, Target, TestExpr,
};
use super::{Extensions, SyntaxError, literal};
use crate::object::Object;

/// Deeper trees are refused: the evaluator walks them recursively.
const MAX_DEPTH: usize = 1500;

pub(super) fn template(tree: &ast::Stmt<'_>, source: &Arc<str>, reading: &Reading<'_>) -> Result<Program, SyntaxError> {
    let mut lowering = Lowering { reading: *reading, ..Lowering::of(source) };
    let body = match tree {
        ast::Stmt::Template(template) => lowering.body(&template.children)?,
        other => vec![lowering.stmt(other)?],
    };
    Ok(Program { body, blocks: lowering.blocks })
}

pub(super) fn expression(tree: &ast::Expr<'_>, source: &str) -> Result<Program, SyntaxError> {
    let mut lowering = Lowering::of(source);
    let expr = lowering.expr(tree)?;
    Ok(Program { body: vec![Stmt::Emit { expr, line: 1 }], blocks: HashMap::new() })
}

/// How a template is read.
#[derive(Clone, Copy)]
pub(super) struct Reading<'r> {
    /// Read strings in `{{ … }}` without escapes.
    pub(super) verbatim: bool,
    pub(super) extensions: Extensions,
    /// What line ends in the template's text become.
    pub(super) newline: &'r str,
}

impl Reading<'_> {
    fn line_ends(&self, text: &str) -> String {
        if self.newline == "\n" { text.to_owned() } else { text.replace('\n', self.newline) }
    }
}

struct Lowering<'s> {
    source: &'s str,
    reading: Reading<'s>,
    in_emit: bool,
    depth: usize,
    blocks: HashMap<Arc<str>, Arc<Vec<Stmt>>>,
    /// For each macro being lowered, which of the special names its body uses.
    macro_names: Vec<SpecialNames>,
}

#[derive(Default)]
struct SpecialNames {
    caller: bool,
    varargs: bool,
    kwargs: bool,
}

type Lowered<T> = Result<T, SyntaxError>;

impl<'s> Lowering<'s> {
    fn of(source: &'s str) -> Self {
        Self {
            source,
            reading: Reading { verbatim: false, extensions: Extensions::default(), newline: "\n" },
            in_emit: false,
            depth: 0,
            blocks: HashMap::new(),
            macro_names: Vec::new(),
        }
    }

    /// minijinja reads these words over: they are looked up in the source.
    fn context_mark(&self, span: Span) -> Option<bool> {
        said_context(self.source.get(span.start_offset as usize..span.end_offset as usize)?)
    }

    fn body(&mut self, stmts: &[ast::Stmt<'_>]) -> Lowered<Vec<Stmt>> {
        stmts.iter().map(|stmt| self.stmt(stmt)).collect()
    }

    fn stmt(&mut self, stmt: &ast::Stmt<'_>) -> Lowered<Stmt> {
        Ok(match stmt {
            ast::Stmt::Template(template) => Stmt::Scoped(self.body(&template.children)?),
            ast::Stmt::EmitRaw(raw) => Stmt::Text(Object::from(self.reading.line_ends(raw.raw))),
            ast::Stmt::EmitExpr(emit) => {
                self.in_emit = true;
                let expr = self.expr(&emit.expr);
                self.in_emit = false;
                Stmt::Emit { expr: expr?, line: line(emit.span()) }
            }
            ast::Stmt::ForLoop(node) => self.for_loop(node)?,
            ast::Stmt::IfCond(node) => Stmt::If {
                test: self.expr(&node.expr)?,
                then: self.body(&node.true_body)?,
                otherwise: self.body(&node.false_body)?,
                line: line(node.span()),
            },
            ast::Stmt::WithBlock(node) => {
                let assignments = node.assignments.iter();
                let assignments = assignments.map(|(target, value)| Ok((assigned(target)?, self.expr(value)?)));
                Stmt::With { assignments: assignments.collect::<Lowered<_>>()?, body: self.body(&node.body)? }
            }
            ast::Stmt::Set(node) => {
                Stmt::Set { target: assigned(&node.target)?, value: self.expr(&node.expr)?, line: line(node.span()) }
            }
            ast::Stmt::SetBlock(node) => Stmt::SetBlock {
                target: assigned(&node.target)?,
                filters: node.filter.as_ref().map_or(Ok(Vec::new()), |filter| self.filter_chain(filter))?,
                body: self.body(&node.body)?,
            },
            ast::Stmt::AutoEscape(node) => Stmt::Scoped(self.body(&node.body)?),
            ast::Stmt::FilterBlock(node) => {
                Stmt::FilterBlock { filters: self.filter_chain(&node.filter)?, body: self.body(&node.body)? }
            }
            ast::Stmt::Do(node) if !self.reading.extensions.do_statement => return Err(unknown_tag("do", node.span())),
            ast::Stmt::Continue(node) if !self.reading.extensions.loop_controls => {
                return Err(unknown_tag("continue", node.span()));
            }
            ast::Stmt::Break(node) if !self.reading.extensions.loop_controls => {
                return Err(unknown_tag("break", node.span()));
            }
            ast::Stmt::Do(node) => {
                let call = self.call(&node.call)?;
                Stmt::Do { expr: Expr::Call(Box::new(call)), line: line(node.span()) }
            }
            ast::Stmt::Continue(_) => Stmt::Continue,
            ast::Stmt::Break(_) => Stmt::Break,
            other => self.composition(other)?,
        })
    }

    /// Statements that reach beyond the template or define callables.
    fn composition(&mut self, stmt: &ast::Stmt<'_>) -> Lowered<Stmt> {
        Ok(match stmt {
            ast::Stmt::Block(node) => {
                let name: Arc<str> = node.name.into();
                let body = self.body(&node.body)?;
                self.blocks.insert(name.clone(), Arc::new(body));
                Stmt::Block { name, required: node.required }
            }
            ast::Stmt::Extends(node) => Stmt::Extends { name: self.expr(&node.name)?, line: line(node.span()) },
            ast::Stmt::Include(node) => Stmt::Include {
                name: self.expr(&node.name)?,
                ignore_missing: node.ignore_missing,
                with_context: self.context_mark(node.span()).unwrap_or(true),
                line: line(node.span()),
            },
            ast::Stmt::Import(node) => {
                let with_context = self.context_mark(node.span()).unwrap_or(false);
                let (name, target) = (self.expr(&node.expr)?, assigned(&node.name)?);
                Stmt::Import { name, target, with_context, line: line(node.span()) }
            }
            ast::Stmt::FromImport(node) => {
                let names = node.names.iter().map(|(name, alias)| {
                    let name = variable_name(name)?;
                    let alias = alias.as_ref().map_or(Ok(name.clone()), variable_name)?;
                    Ok((name, alias))
                });
                let names = names.collect::<Lowered<_>>()?;
                let with_context = self.context_mark(node.span()).unwrap_or(false);
                Stmt::FromImport { name: self.expr(&node.expr)?, names, with_context, line: line(node.span()) }
            }
            ast::Stmt::Macro(node) => Stmt::Macro(self.macro_def(node)?),
            ast::Stmt::CallBlock(node) => Stmt::CallBlock {
                call: self.call(&node.call)?,
                caller: self.macro_def(&node.macro_decl)?,
                line: line(node.span()),
            },
            other => return Err(refuse(&format!("unsupported statement {other:?}"), 1)),
        })
    }

    fn for_loop(&mut self, node: &ast::Spanned<ast::ForLoop<'_>>) -> Lowered<Stmt> {
        Ok(Stmt::For(Arc::new(Loop {
            target: assigned(&node.target)?,
            items: self.expr(&node.iter)?,
            filter: node.filter_expr.as_ref().map(|filter| self.expr(filter)).transpose()?,
            recursive: node.recursive,
            body: self.body(&node.body)?,
            otherwise: self.body(&node.else_body)?,
            line: line(node.span()),
        })))
    }

    fn macro_def(&mut self, node: &ast::Macro<'_>) -> Lowered<Arc<MacroDef>> {
        let parameters = node.args.iter().map(variable_name).collect::<Lowered<Vec<_>>>()?;
        let defaults = node.defaults.iter().map(|default| self.expr(default)).collect::<Lowered<_>>()?;
        self.macro_names.push(SpecialNames::default());
        let body = self.body(&node.body);
        let names = self.macro_names.pop().unwrap_or_default();
        Ok(Arc::new(MacroDef {
            name: node.name.into(),
            defaults,
            body: body?,
            uses_caller: names.caller && !parameters.iter().any(|p| &**p == "caller"),
            uses_varargs: names.varargs,
            uses_kwargs: names.kwargs,
            parameters,
        }))
    }

    /// The filters of `{% filter a | b %}`, in the order in which they apply.
    fn filter_chain(&mut self, expr: &ast::Expr<'_>) -> Lowered<Vec<FilterExpr>> {
        let mut chain = Vec::new();
        let mut next = Some(expr);
        while let Some(ast::Expr::Filter(filter)) = next {
            chain.push(FilterExpr { name: filter.name.into(), arguments: self.arguments(&filter.args)? });
            next = filter.expr.as_ref();
        }
        chain.reverse();
        Ok(chain)
    }

    fn expr(&mut self, expr: &ast::Expr<'_>) -> Lowered<Expr> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(refuse("the expression is nested too deeply", line(expr.span())));
        }
        let lowered = stacker::maybe_grow(64 * 1024, 1024 * 1024, || self.expr_unguarded(expr));
        self.depth -= 1;
        lowered
    }

    fn boxed(&mut self, expr: &ast::Expr<'_>) -> Lowered<Box<Expr>> {
        self.expr(expr).map(Box::new)
    }

    fn optional(&mut self, expr: Option<&ast::Expr<'_>>) -> Lowered<Option<Expr>> {
        expr.map(|expr| self.expr(expr)).transpose()
    }

    fn expr_unguarded(&mut self, expr: &ast::Expr<'_>) -> Lowered<Expr> {
        Ok(match expr {
            ast::Expr::Var(var) => self.name(var.id),
            ast::Expr::Const(constant) => self.constant(&constant.value, constant.span())?,
            ast::Expr::List(list) => Expr::List(self.exprs(&list.items)?),
            ast::Expr::Tuple(tuple) => Expr::Tuple(self.exprs(&tuple.items)?),
            ast::Expr::Map(map) => {
                let entries = map.keys.iter().zip(&map.values);
                let entries = entries.map(|(key, value)| Ok((self.expr(key)?, self.expr(value)?)));
                Expr::Map(entries.collect::<Lowered<_>>()?)
            }
            ast::Expr::GetAttr(attr) => Expr::Attribute(self.boxed(&attr.expr)?, attr.name.into()),
            ast::Expr::GetItem(item) => Expr::Item(self.boxed(&item.expr)?, self.boxed(&item.subscript_expr)?),
            ast::Expr::Slice(slice) => {
                let bounds = [
                    self.optional(slice.start.as_ref())?,
                    self.optional(slice.stop.as_ref())?,
                    self.optional(slice.step.as_ref())?,
                ];
                Expr::Slice(self.boxed(&slice.expr)?, Box::new(bounds))
            }
            ast::Expr::Call(call) => Expr::Call(Box::new(self.call(call)?)),
            ast::Expr::Filter(filter) => {
                let Some(input) = &filter.expr else {
                    return Err(refuse("a filter without input", line(filter.span())));
                };
                let applied = FilterExpr { name: filter.name.into(), arguments: self.arguments(&filter.args)? };
                Expr::Filter(self.boxed(input)?, Box::new(applied))
            }
            ast::Expr::Test(test) => {
                let applied = TestExpr { name: test.name.into(), arguments: self.arguments(&test.args)? };
                Expr::Test(self.boxed(&test.expr)?, Box::new(applied))
            }
            ast::Expr::IfExpr(node) => Expr::If {
                test: self.boxed(&node.test_expr)?,
                then: self.boxed(&node.true_expr)?,
                otherwise: self.optional(node.false_expr.as_ref())?.map(Box::new),
            },
            ast::Expr::UnaryOp(op) => match op.op {
                ast::UnaryOpKind::Not => Expr::Not(self.boxed(&op.expr)?),
                ast::UnaryOpKind::Neg => Expr::Negate(self.boxed(&op.expr)?),
            },
            ast::Expr::BinOp(op) => self.binary(op)?,
            ast::Expr::Compare(compare) => {
                let first = self.boxed(&compare.expr)?;
                let rest = compare.ops.iter().map(|op| Ok((compare_op(op.op), self.expr(&op.expr)?)));
                Expr::Compare(first, rest.collect::<Lowered<_>>()?)
            }
        })
    }

    fn exprs(&mut self, exprs: &[ast::Expr<'_>]) -> Lowered<Vec<Expr>> {
        exprs.iter().map(|expr| self.expr(expr)).collect()
    }

    fn name(&mut self, name: &str) -> Expr {
        if let Some(names) = self.macro_names.last_mut() {
            match name {
                "caller" => names.caller = true,
                "varargs" => names.varargs = true,
                "kwargs" => names.kwargs = true,
                _ => {}
            }
        }
        Expr::Name(name.into())
    }

    fn binary(&mut self, op: &ast::Spanned<ast::BinOp<'_>>) -> Lowered<Expr> {
        let left = self.expr(&op.left)?;
        let right = self.expr(&op.right)?;
        let arithmetic = match op.op {
            ast::BinOpKind::ScAnd => return Ok(Expr::And(Box::new((left, right)))),
            ast::BinOpKind::ScOr => return Ok(Expr::Or(Box::new((left, right)))),
            ast::BinOpKind::Add => BinaryOp::Add,
            ast::BinOpKind::Sub => BinaryOp::Sub,
            ast::BinOpKind::Mul => BinaryOp::Mul,
            ast::BinOpKind::Div => BinaryOp::Div,
            ast::BinOpKind::FloorDiv => BinaryOp::FloorDiv,
            ast::BinOpKind::Rem => BinaryOp::Rem,
            ast::BinOpKind::Pow => BinaryOp::Pow,
            ast::BinOpKind::Concat => BinaryOp::Concat,
            ast::BinOpKind::Eq => return Ok(compare(left, CompareOp::Eq, right)),
            ast::BinOpKind::Ne => return Ok(compare(left, CompareOp::Ne, right)),
            ast::BinOpKind::Lt => return Ok(compare(left, CompareOp::Lt, right)),
            ast::BinOpKind::Lte => return Ok(compare(left, CompareOp::Le, right)),
            ast::BinOpKind::Gt => return Ok(compare(left, CompareOp::Gt, right)),
            ast::BinOpKind::Gte => return Ok(compare(left, CompareOp::Ge, right)),
            ast::BinOpKind::In => return Ok(compare(left, CompareOp::In, right)),
        };
        Ok(Expr::Binary(arithmetic, Box::new((left, right))))
    }

    fn call(&mut self, call: &ast::Call<'_>) -> Lowered<CallExpr> {
        Ok(CallExpr { callee: self.expr(&call.expr)?, arguments: self.arguments(&call.args)? })
    }

    fn arguments(&mut self, arguments: &[ast::CallArg<'_>]) -> Lowered<Vec<Argument>> {
        let lower = |argument: &ast::CallArg<'_>| {
            Ok(match argument {
                ast::CallArg::Pos(expr) => Argument::Positional(self.expr(expr)?),
                ast::CallArg::Kwarg(name, expr) => Argument::Named((*name).into(), self.expr(expr)?),
                ast::CallArg::PosSplat(expr) => Argument::Splat(self.expr(expr)?),
                ast::CallArg::KwargSplat(expr) => Argument::NamedSplat(self.expr(expr)?),
            })
        };
        arguments.iter().map(lower).collect()
    }

    fn constant(&self, value: &minijinja::Value, span: Span) -> Lowered<Expr> {
        use minijinja::value::ValueKind;
        let object = match value.kind() {
            ValueKind::None | ValueKind::Undefined => Object::Null,
            ValueKind::Bool => Object::Bool(value.is_true()),
            ValueKind::Number if value.is_integer() => {
                let digits = value.to_string();
                match digits.parse::<i64>() {
                    Ok(small) => Object::Int(small),
                    Err(_) => Object::from_big(digits.parse().map_err(|_| refuse("invalid integer", line(span)))?),
                }
            }
            ValueKind::Number => Object::Float(f64::try_from(value.clone()).unwrap_or(f64::NAN)),
            _ => return Ok(self.string(value.as_str().unwrap_or_default(), span)),
        };
        Ok(Expr::Const(object))
    }

    fn string(&self, read: &str, span: Span) -> Expr {
        let raw = self.source.get(span.start_offset as usize..span.end_offset as usize);
        let escapes = !(self.reading.verbatim && self.in_emit);
        let raw = raw.filter(|raw| raw.contains('\\'));
        let text = raw.and_then(|raw| literal::unquote(raw, escapes)).unwrap_or_else(|| read.into());
        if text.contains("{{") || text.contains("{%") {
            Expr::Embedded(Object::from(text))
        } else {
            Expr::Const(Object::from(text))
        }
    }
}

fn compare(left: Expr, op: CompareOp, right: Expr) -> Expr {
    Expr::Compare(Box::new(left), vec![(op, right)])
}

fn compare_op(op: ast::CompareOpKind) -> CompareOp {
    match op {
        ast::CompareOpKind::Eq => CompareOp::Eq,
        ast::CompareOpKind::Ne => CompareOp::Ne,
        ast::CompareOpKind::Lt => CompareOp::Lt,
        ast::CompareOpKind::Lte => CompareOp::Le,
        ast::CompareOpKind::Gt => CompareOp::Gt,
        ast::CompareOpKind::Gte => CompareOp::Ge,
        ast::CompareOpKind::In => CompareOp::In,
        ast::CompareOpKind::NotIn => CompareOp::NotIn,
    }
}

fn variable_name(expr: &ast::Expr<'_>) -> Lowered<Arc<str>> {
    match expr {
        ast::Expr::Var(var) => Ok(var.id.into()),
        other => Err(refuse(&format!("expected a name, got {}", other.description()), line(other.span()))),
    }
}

/// What `with context` or `without context` at the end of a statement says; nothing where neither stands there.
fn said_context(statement: &str) -> Option<bool> {
    let before = statement.trim_end().strip_suffix("context")?.trim_end();
    if before.ends_with("without") { Some(false) } else { before.ends_with("with").then_some(true) }
}

fn line(span: Span) -> u32 {
    u32::from(span.start_line).max(1)
}

fn refuse(message: &str, line: u32) -> SyntaxError {
    SyntaxError { message: message.into(), line }
}

fn assigned(expr: &ast::Expr<'_>) -> Lowered<Target> {
    Ok(match expr {
        ast::Expr::Var(var) => Target::Name(var.id.into()),
        ast::Expr::GetAttr(attr) => Target::Attribute(variable_name(&attr.expr)?, attr.name.into()),
        ast::Expr::List(list) => Target::Tuple(list.items.iter().map(assigned).collect::<Lowered<_>>()?),
        ast::Expr::Tuple(list) => Target::Tuple(list.items.iter().map(assigned).collect::<Lowered<_>>()?),
        other => return Err(refuse(&format!("can't assign to '{}'", other.description()), line(other.span()))),
    })
}

/// A statement of an extension that is not enabled.
fn unknown_tag(name: &str, span: Span) -> SyntaxError {
    let wanted = match name {
        "do" => String::new(),
        _ => " Jinja was looking for the following tags: 'endfor' or 'else'. The innermost block that needs to be closed is 'for'.".into(),
    };
    SyntaxError { message: format!("Encountered unknown tag '{name}'.{wanted}"), line: line(span) }
}
