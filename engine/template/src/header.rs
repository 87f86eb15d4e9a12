//! The `#jinja2:` first line of a template file: options written as `name:value`, separated by commas.

use std::sync::Arc;

use kapell_parsing::{SourceFile, Text, Value, python_literal};

use crate::TextOptions;

const MARKER: &str = "#jinja2:";

pub(crate) fn is_written(text: &str) -> bool {
    text.starts_with(MARKER)
}

/// The template without its header, and the options the header changes.
pub(crate) fn apply(source: &Arc<SourceFile>, options: &TextOptions) -> Result<(Arc<SourceFile>, TextOptions), String> {
    let Some(rest) = source.text.strip_prefix(MARKER) else {
        return Ok((source.clone(), options.clone()));
    };
    let (line, body) = rest.split_once('\n').unwrap_or((rest, ""));
    let mut changed = options.clone();
    for pair in line.split(',') {
        if pair.trim().is_empty() {
            return Err("Empty '#jinja2:' override pair not allowed.".into());
        }
        let Some((name, value)) = pair.split_once(':') else {
            return Err(format!("Missing key-value separator `:` in '#jinja2:' override pair '{pair}'."));
        };
        set(&mut changed, name.trim(), value.trim())?;
    }
    Ok((SourceFile::new(source.path.clone(), body), changed))
}

fn set(options: &mut TextOptions, name: &str, value: &str) -> Result<(), String> {
    let literal = python_literal::parse(value, &|text| Text::from(text));
    let literal = literal.ok_or_else(|| format!("malformed value for override '{name}': {value}"))?;
    let wrong = |wanted: &str| {
        Err(format!("TemplateOverrides.{name} must be <class '{wanted}'> instead of <class '{}'>", literal.type_name()))
    };
    let flag = || if let Value::Bool(flag) = &literal { Ok(*flag) } else { wrong("bool") };
    let is_flag = matches!(name, "trim_blocks" | "lstrip_blocks" | "keep_trailing_newline");
    let text = match &literal {
        Value::Str(text) => text.to_string(),
        _ if is_flag => String::new(),
        _ => return wrong("str").map(|_: bool| ()),
    };
    match name {
        "trim_blocks" => options.trim_blocks = flag()?,
        "lstrip_blocks" => options.lstrip_blocks = flag()?,
        "keep_trailing_newline" => options.keep_trailing_newline = flag()?,
        "newline_sequence" => options.newline_sequence = text,
        "block_start_string" => options.block_start = text,
        "block_end_string" => options.block_end = text,
        "variable_start_string" => options.variable_start = text,
        "variable_end_string" => options.variable_end = text,
        "comment_start_string" => options.comment_start = text,
        "comment_end_string" => options.comment_end = text,
        "line_statement_prefix" => options.line_statement_prefix = text,
        "line_comment_prefix" => options.line_comment_prefix = text,
        other => return Err(format!("Invalid '#jinja2:' override key '{other}'.")),
    }
    Ok(())
}
