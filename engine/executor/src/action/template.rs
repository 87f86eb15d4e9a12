//! `ansible.builtin.template`: renders on the control node, then copies the text.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::SystemTime;

use kapell_parsing::{Map, SourceFile, Value};
use kapell_template::{RenderContext, TextOptions, file_owner};

use super::copy_call::{CopyCall, staged_name};
use super::{Action, ActionContext, ActionError, ActionFuture, ActionOutput, bool_arg, copy, text_arg};
use crate::resolve::ResolvedTask;

pub(super) static ACTION: Action = Action { name: "template", run: start };

/// Arguments that are about rendering and mean nothing to copy.
const OWN: &[&str] = &[
    "src",
    "newline_sequence",
    "block_start_string",
    "block_end_string",
    "variable_start_string",
    "variable_end_string",
    "comment_start_string",
    "comment_end_string",
    "trim_blocks",
    "lstrip_blocks",
    "output_encoding",
];

fn start<'a>(task: &'a ResolvedTask, cx: &'a ActionContext<'a>) -> ActionFuture<'a> {
    Box::pin(run(task, cx))
}

async fn run(task: &ResolvedTask, cx: &ActionContext<'_>) -> Result<ActionOutput, ActionError> {
    let args = &task.args;
    if text_arg(args, "state").is_some() {
        return Err(ActionError::failed("'state' cannot be specified on a template"));
    }
    let (Some(src), Some(dest)) = (text_arg(args, "src"), text_arg(args, "dest")) else {
        return Err(ActionError::failed("src and dest are required"));
    };
    let path = cx.find_file("templates", &src)?;
    let text = render(&path, (&src, &dest), args, cx)?;
    let encoding = text_arg(args, "output_encoding");
    let mut args: Map = args
        .iter()
        .filter(|(key, _)| key.as_str().is_none_or(|key| !OWN.contains(&key)))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    copy::preserve_mode(&mut args, "mode", &path)?;
    let call = called(&args, &path, cx);
    let basename = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    args.insert("_template".into(), true.into());
    args.insert("src".into(), path.to_string_lossy().into_owned().into());
    let encoding = encoding.filter(|name| !name.is_empty()).unwrap_or_else(|| "utf-8".into());
    let content = kapell_template::encode(&text, &encoding).map_err(ActionError::failed)?;
    args.insert("_original_basename".into(), basename.into());
    let mut output = copy::send_content(task, cx, args, content, &call).await?;
    if output.data.get("src").is_some_and(|src| src.to_string() == path.to_string_lossy()) {
        output.set("src", call.staged.as_str());
    }
    Ok(output.into())
}

/// The copy of a rendered text, whose source is a file of its own.
fn called(args: &Map, path: &Path, cx: &ActionContext<'_>) -> CopyCall {
    let mut call = CopyCall::of_file(args, &cx.spec.remote_tmp, path);
    let rendered = staged_name(&cx.spec.remote_tmp, &path.to_string_lossy());
    call.given.insert("src".into(), rendered.into());
    call.given.insert("follow".into(), false.into());
    call.given.entry("mode".into()).or_insert(Value::Null);
    call
}

/// `names`: the source and the destination as written.
fn render(path: &Path, names: (&str, &str), args: &Map, cx: &ActionContext<'_>) -> Result<String, ActionError> {
    if path.is_dir() {
        return Err(ActionError::failed(format!("{} is a directory, not a template", path.display())));
    }
    let source = match copy::decrypted(cx, path)? {
        Some(plain) => plain,
        None => fs_err::read(path)?,
    };
    let source = String::from_utf8(source)
        .map_err(|_| ActionError::failed(format!("the template {} is not valid UTF-8", path.display())))?;
    let options = options(args)?;
    let vars = cx.vars.with_locals(&file_variables(path, names, cx)?).as_source();
    let mut search_path: Vec<_> = path.parent().map(Path::to_owned).into_iter().collect();
    search_path.extend(cx.cx.search_path.iter().flat_map(|dir| [dir.join("templates"), dir.clone()]));
    let render_cx = RenderContext { search_path, ..cx.cx.clone() };
    Ok(cx.run.templar.render_text(&SourceFile::new(path, source), &options, &vars, &render_cx)?)
}

fn options(args: &Map) -> Result<TextOptions, ActionError> {
    let mut options = TextOptions::default();
    if let Some(trim) = bool_arg(args, "trim_blocks")? {
        options.trim_blocks = trim;
    }
    if let Some(strip) = bool_arg(args, "lstrip_blocks")? {
        options.lstrip_blocks = strip;
    }
    let texts = [
        ("block_start_string", &mut options.block_start),
        ("block_end_string", &mut options.block_end),
        ("variable_start_string", &mut options.variable_start),
        ("variable_end_string", &mut options.variable_end),
        ("comment_start_string", &mut options.comment_start),
        ("comment_end_string", &mut options.comment_end),
    ];
    for (name, option) in texts {
        if let Some(text) = text_arg(args, name) {
            *option = text;
        }
    }
    match text_arg(args, "newline_sequence").as_deref() {
        None => {}
        Some("\\n" | "\n") => options.newline_sequence = "\n".into(),
        Some("\\r" | "\r") => options.newline_sequence = "\r".into(),
        Some("\\r\\n" | "\r\n") => options.newline_sequence = "\r\n".into(),
        Some(_) => return Err(ActionError::failed("newline_sequence needs to be one of: \\n, \\r or \\r\\n")),
    }
    Ok(options)
}

/// `template_path` and its like, and `ansible_managed`.
fn file_variables(path: &Path, (shown, dest): (&str, &str), cx: &ActionContext<'_>) -> Result<Map, ActionError> {
    let metadata = fs_err::metadata(path)?;
    let full = path.canonicalize().unwrap_or_else(|_| path.to_owned()).to_string_lossy().into_owned();
    let uid = metadata.uid();
    let owner = file_owner::owner_name(uid).map_or_else(|| i64::from(uid).into(), Value::from);
    let mut vars = Map::new();
    vars.insert("template_host".into(), file_owner::host_name().into());
    vars.insert("template_path".into(), shown.into());
    vars.insert("template_fullpath".into(), full.into());
    vars.insert("template_destpath".into(), dest.into());
    vars.insert("template_uid".into(), owner);
    vars.insert("template_mtime".into(), local_time(metadata.modified()?));
    vars.insert("template_run_date".into(), local_time(SystemTime::now()));
    if !cx.run.options.extra_vars.contains_key("ansible_managed") && cx.vars.lookup_named("ansible_managed").is_none() {
        let setting = cx.run.settings.ansible_managed.as_str();
        let managed = cx.run.templar.managed_text(setting, metadata.modified()?, cx.cx)?;
        vars.insert("ansible_managed".into(), Value::Str(managed));
    }
    Ok(vars)
}

/// As text, which is what dates are to values here.
fn local_time(time: SystemTime) -> Value {
    match jiff::Timestamp::try_from(time) {
        Ok(time) => time.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S%.6f").to_string().into(),
        Err(_) => Value::Null,
    }
}
