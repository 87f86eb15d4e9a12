//! The `#jinja2:` first line of a template file: options written as `name:value`, separated by commas.

use std::sync::Arc;

use kapell_parsing::SourceFile;

use crate::TextOptions;

const MARKER: &str = "#jinja2:";

/// The template without its header, and the options the header changes.
pub(crate) fn apply(source: &Arc<SourceFile>, options: &TextOptions) -> Result<(Arc<SourceFile>, TextOptions), String> {
    let Some(rest) = source.text.strip_prefix(MARKER) else {
        return Ok((source.clone(), options.clone()));
    };
    let (line, body) = rest.split_once('\n').unwrap_or((rest, ""));
    let mut changed = options.clone();
    for pair in line.split(',') {
        let Some((name, value)) = pair.split_once(':') else {
            return Err(format!("Missing key-value separator `:` in '#jinja2:' override pair '{pair}'."));
        };
        set(&mut changed, name.trim(), value.trim())?;
    }
    Ok((SourceFile::new(source.path.clone(), body), changed))
}

fn set(options: &mut TextOptions, name: &str, value: &str) -> Result<(), String> {
    let text = value.trim_matches(['\'', '"']).replace("\\n", "\n").replace("\\r", "\r");
    let flag = || match value.to_ascii_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(format!("TemplateOverrides.{name} must be <class 'bool'> instead of <class 'str'>")),
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
        other => return Err(format!("Invalid '#jinja2:' override key '{other}'.")),
    }
    Ok(())
}
