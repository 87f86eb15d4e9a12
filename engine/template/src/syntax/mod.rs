//! Template text to `Program`: minijinja reads the syntax, `lower` turns its tree into one we own and evaluate.

mod backslashes;
mod errors;
mod literal;
mod lower;
mod ornaments;
mod program;
mod spaces;
mod tuples;

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
pub(crate) fn parse_template(
    source: &str,
    options: &TextOptions,
    verbatim: bool,
    extensions: Extensions,
) -> Result<Program, SyntaxError> {
    let config = syntax_config(options)?;
    let source = prepared(source, options);
    let source = spaces::plain(&source, false, &config).map_or(source, Arc::from);
    let source = tuples::parenthesized(&source, &config).map_or(source, Arc::from);
    let reading = lower::Reading { verbatim, extensions, newline: &options.newline_sequence };
    with_stack_for(&source, || {
        let explain =
            |error| errors::Reading { source: &source, in_expression: false, config: config.clone() }.explain(&error);
        let tree = match machinery::parse(&source, "<template>", config.clone()) {
            Ok(tree) => tree,
            Err(error) => {
                let neutral = verbatim.then(|| backslashes::neutral(&source, &config)).flatten();
                if let Some(neutral) = neutral {
                    let plain = ornaments::blanked(&neutral, false, &config).unwrap_or(neutral);
                    let tree = machinery::parse(&plain, "<template>", config.clone()).map_err(|_| explain(error))?;
                    return lower::template(&tree, &source, &reading);
                }
                let Some(plain) = ornaments::blanked(&source, false, &config) else { return Err(explain(error)) };
                let tree = machinery::parse(&plain, "<template>", config.clone()).map_err(|_| explain(error))?;
                return lower::template(&tree, &Arc::from(plain.as_str()), &reading);
            }
        };
        lower::template(&tree, &source, &reading)
    })
}

/// Statements that are not everywhere: those of `jinja2_extensions`.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Extensions {
    pub(crate) do_statement: bool,
    pub(crate) loop_controls: bool,
}

impl Extensions {
    pub(crate) fn named(names: &[String]) -> Self {
        let has = |name: &str| names.iter().any(|known| known.trim() == name);
        Self { do_statement: has("jinja2.ext.do"), loop_controls: has("jinja2.ext.loopcontrols") }
    }
}

/// One expression without delimiters.
pub(crate) fn parse_expression(source: &str) -> Result<Program, SyntaxError> {
    let config = SyntaxConfig::default();
    let plain = spaces::plain(source, true, &config);
    let source = plain.as_deref().unwrap_or(source);
    with_stack_for(source, || {
        let tree = match machinery::parse_expr(source) {
            Ok(tree) => tree,
            Err(error) => {
                let explained =
                    || errors::Reading { source, in_expression: true, config: config.clone() }.explain(&error);
                let plain = ornaments::blanked(source, true, &config).ok_or_else(explained)?;
                let tree = machinery::parse_expr(&plain).map_err(|_| explained())?;
                return lower::expression(&tree, &plain);
            }
        };
        lower::expression(&tree, source)
    })
}

/// A long chain like `a + a + a…` makes a tree as deep as it is long, dropped recursively by its owner: a stack that
/// grows with the source keeps that from overflowing.
fn with_stack_for<T>(source: &str, work: impl FnOnce() -> T) -> T {
    let needed = 4 * 1024 * 1024 + source.len().saturating_mul(512);
    stacker::maybe_grow(needed, needed.saturating_mul(2), work)
}

/// Jinja reads every kind of line end; the template's own are made of what is left after whitespace was trimmed.
/// The line end after `{% raw %}` is not trimmed by Jinja, but would be here: it is doubled.
fn prepared(source: &str, options: &TextOptions) -> Arc<str> {
    let unix = if source.contains('\r') { source.replace("\r\n", "\n").replace('\r', "\n") } else { source.to_owned() };
    let unix = without_line_comments(unix, options);
    if !options.trim_blocks || !unix.contains("raw") {
        return unix.into();
    }
    let mut out = String::with_capacity(unix.len());
    let mut rest = unix.as_str();
    while let Some(at) = rest.find(&options.block_start) {
        let (before, after) = rest.split_at(at + options.block_start.len());
        out.push_str(before);
        rest = after;
        let tag = after.trim_start_matches(['-', '+']).trim_start().strip_prefix("raw").map(str::trim_start);
        if let Some(tail) =
            tag.and_then(|tag| tag.strip_prefix(&options.block_end)).filter(|tail| tail.starts_with('\n'))
        {
            out.push_str(&after[..after.len() - tail.len()]);
            out.push('\n');
            rest = tail;
        }
    }
    out.push_str(rest);
    out.into()
}

/// Line comments, and what is blank in front of them, are gone; their line ends stay.
fn without_line_comments(source: String, options: &TextOptions) -> String {
    let prefix = options.line_comment_prefix.as_str();
    if prefix.is_empty() || !source.contains(prefix) {
        return source;
    }
    let is_open = |before: &str, start: &str, end: &str| before.rfind(start) > before.rfind(end);
    let mut kept = String::with_capacity(source.len());
    for line in source.split_inclusive('\n') {
        let comment = line.match_indices(prefix).map(|(at, _)| &line[..at]).find(|before| {
            !is_open(before, &options.variable_start, &options.variable_end)
                && !is_open(before, &options.block_start, &options.block_end)
        });
        match comment {
            Some(before) => {
                kept.push_str(before.trim_end());
                kept.push_str(if line.ends_with('\n') { "\n" } else { "" });
            }
            None => kept.push_str(line),
        }
    }
    kept
}

fn syntax_config(options: &TextOptions) -> Result<SyntaxConfig, SyntaxError> {
    let mut builder = SyntaxConfig::builder();
    if !options.line_statement_prefix.is_empty() {
        builder.line_statement_prefix(options.line_statement_prefix.clone());
    }
    builder
        .block_delimiters(options.block_start.clone(), options.block_end.clone())
        .variable_delimiters(options.variable_start.clone(), options.variable_end.clone())
        .comment_delimiters(options.comment_start.clone(), options.comment_end.clone())
        .trim_blocks(options.trim_blocks)
        .lstrip_blocks(options.lstrip_blocks)
        .keep_trailing_newline(options.keep_trailing_newline)
        .build()
        .map_err(|error| SyntaxError { message: error.to_string(), line: 1 })
}
