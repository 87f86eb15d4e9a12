//! `template`: a template file, rendered with the variables in reach.

use std::sync::Arc;

use kapell_parsing::{Key, SourceFile};

use super::LookupCall;
use crate::TextOptions;
use crate::evaluate::{Fault, Locals, defined, entries, find_template, piece_text};
use crate::object::Object;

fn options(call: &LookupCall<'_>) -> Result<TextOptions, Fault> {
    let mut options = TextOptions::default();
    for (name, slot) in [
        ("variable_start_string", &mut options.variable_start),
        ("variable_end_string", &mut options.variable_end),
        ("block_start_string", &mut options.block_start),
        ("block_end_string", &mut options.block_end),
        ("comment_start_string", &mut options.comment_start),
        ("comment_end_string", &mut options.comment_end),
    ] {
        if let Some(text) = call.text_option(name)? {
            *slot = text;
        }
    }
    options.trim_blocks = call.flag("trim_blocks", true);
    options.lstrip_blocks = call.flag("lstrip_blocks", false);
    Ok(options)
}

pub(super) fn template(call: &LookupCall<'_>) -> Result<Vec<Object>, Fault> {
    let options = options(call)?;
    let locals = match &call.locals {
        Some(locals) => Locals::child(locals),
        None => Locals::root(),
    };
    if let Some(vars) = call.option("template_vars") {
        for (key, value) in entries(call.rendering, &defined(vars.clone())?)? {
            if let Key::Str(name) = key {
                locals.set(&Arc::from(name.as_str()), value);
            }
        }
    }
    let mut found = Vec::new();
    for name in call.texts()? {
        let Some(path) = find_template(call.rendering.cx, None, &crate::filters::with_home(&name)) else {
            return Err(Fault::error(format!("the template file {name} could not be found for the lookup")));
        };
        let (text, secret) = call.read_text(&path)?;
        let file = SourceFile::new(path, text);
        let rendered =
            call.rendering.templar.render_file(call.rendering, &file, &options, call.scope, locals.clone())?;
        let rendered = Object::from(piece_text(call.rendering, &rendered)?);
        found.push(if secret { crate::evaluate::mark_secret(rendered) } else { rendered });
    }
    Ok(found)
}
