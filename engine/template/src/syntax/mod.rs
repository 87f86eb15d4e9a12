//! Template text to `Program`: minijinja reads the syntax, `lower` turns its tree into one we own and evaluate.

mod errors;
mod literal;
mod lower;
mod program;

pub(crate) use program::{
    Argument, BinaryOp, CallExpr, CompareOp, Expr, FilterExpr, Loop, MacroDef, Program, Stmt, Target, TestExpr,
};

use std::sync::Arc;

use minijinja::machinery;
use minijinja::syntax::SyntaxConfig;

use crate::TextOptions;

/// A template or an expression that could not be read. The message has no place and no `Syntax error in …` in front.
#[derive(Debug)]
pub(crate) struct SyntaxError {
    pub(crate) message: String,
    pub(crate) line: u32,
}

/// A template. In `verbatim` ones, a backslash in a string constant printed by `{{ … }}` is a backslash: that is how
/// templates in playbooks are read. Statements and template files know escapes.
pub(crate) fn parse_template(source: &str, options: &TextOptions, verbatim: bool) -> Result<Program, SyntaxError> {
    let source = normalize_newlines(source, options);
    let config = syntax_config(options)?;
    with_stack_for(&source, || {
        let tree = machinery::parse(&source, "<template>", config.clone())
            .map_err(|error| errors::Reading { source: &source, in_expression: false, config }.explain(&error))?;
        lower::template(&tree, &source, verbatim)
    })
}

/// One expression without delimiters.
pub(crate) fn parse_expression(source: &str) -> Result<Program, SyntaxError> {
    with_stack_for(source, || {
        let tree = machinery::parse_expr(source).map_err(|error| {
            errors::Reading { source, in_expression: true, config: SyntaxConfig::default() }.explain(&error)
        })?;
        lower::expression(&tree, source)
    })
}

/// A long chain like `a + a + a…` makes a tree as deep as it is long, dropped recursively by its owner: a stack that
/// grows with the source keeps that from overflowing.
fn with_stack_for<T>(source: &str, work: impl FnOnce() -> T) -> T {
    let needed = 256 * 1024 + source.len().saturating_mul(512);
    stacker::maybe_grow(needed, needed.saturating_mul(2), work)
}

/// Jinja reads every kind of line end as the one it writes.
fn normalize_newlines(source: &str, options: &TextOptions) -> Arc<str> {
    let newline = options.newline_sequence.as_str();
    if !source.contains('\r') && newline == "\n" {
        return source.into();
    }
    let unix = source.replace("\r\n", "\n").replace('\r', "\n");
    if newline == "\n" { unix.into() } else { unix.replace('\n', newline).into() }
}

fn syntax_config(options: &TextOptions) -> Result<SyntaxConfig, SyntaxError> {
    SyntaxConfig::builder()
        .block_delimiters(options.block_start.clone(), options.block_end.clone())
        .variable_delimiters(options.variable_start.clone(), options.variable_end.clone())
        .comment_delimiters(options.comment_start.clone(), options.comment_end.clone())
        .trim_blocks(options.trim_blocks)
        .lstrip_blocks(options.lstrip_blocks)
        .keep_trailing_newline(options.keep_trailing_newline)
        .build()
        .map_err(|error| SyntaxError { message: error.to_string(), line: 1 })
}
