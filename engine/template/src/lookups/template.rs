//! `template`: a template file, rendered with the variables in reach.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use kapell_parsing::{Key, SourceFile};

use super::LookupCall;
use crate::TextOptions;
use crate::dates::{DateTime, now};
use crate::evaluate::{Fault, Interpreter, Locals, TemplateFrame, defined, entries, find_template, piece_text};
use crate::file_owner;
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
        describe(&locals, &name, &path);
        if text.contains("ansible_managed") && call.scope.source.get("ansible_managed").is_none() {
            let managed = managed(call, &locals, &path)?;
            locals.set(&Arc::from("ansible_managed"), managed);
        }
        let file = SourceFile::new(path, text);
        let rendered =
            call.rendering.templar.render_file(call.rendering, &file, &options, call.scope, locals.clone())?;
        if !matches!(rendered, Object::Str(_) | Object::Blank) {
            found.push(defined(rendered)?);
            continue;
        }
        let rendered = Object::from(piece_text(call.rendering, &rendered)?);
        found.push(if secret { crate::evaluate::mark_secret(rendered) } else { rendered });
    }
    Ok(found)
}

/// The value of `ansible_managed` in the template at `path`.
fn managed(call: &LookupCall<'_>, locals: &Arc<Locals>, path: &Path) -> Result<Object, Fault> {
    let rendering = call.rendering;
    let setting = rendering.templar.options().surroundings.as_ref().and_then(|s| s.setting("DEFAULT_MANAGED_STR"));
    let setting = setting.map_or_else(|| "Ansible managed".to_owned(), |setting| setting.to_string());
    if !setting.contains(['{', '}', '%']) {
        return Ok(setting.into());
    }
    let modified = path.metadata()?.modified()?;
    let text = rendering.templar.managed_text(&setting, modified, rendering.cx)?;
    let program = rendering.templar.programs().template(&text);
    let program = program.map_err(|error| Fault::from(error.worded("template", None)))?;
    let frame = TemplateFrame::inline(program, call.scope.clone(), None);
    rendering.deeper(|| Interpreter::new(rendering, frame.into(), locals.clone()).run())
}

/// What a template can know about itself.
fn describe(locals: &Locals, name: &str, path: &Path) {
    let full = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let uid = path.metadata().map_or(0, |metadata| metadata.uid());
    let owner = file_owner::owner_name(uid).map_or(Object::Int(uid.into()), Object::from);
    let modified = path.metadata().and_then(|metadata| metadata.modified()).ok();
    let since_epoch = modified.and_then(|time| time.duration_since(UNIX_EPOCH).ok()).map_or(0.0, |d| d.as_secs_f64());
    let mtime = DateTime::from_epoch(since_epoch, false).map_or(Object::Null, Object::native);
    for (name, object) in [
        ("template_host", file_owner::host_name().into()),
        ("template_uid", owner),
        ("template_path", name.into()),
        ("template_fullpath", full.to_string_lossy().into_owned().into()),
        ("template_mtime", mtime),
        ("template_run_date", Object::native(now(false))),
    ] {
        locals.set(&Arc::from(name), object);
    }
}
