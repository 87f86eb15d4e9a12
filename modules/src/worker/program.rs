//! `kapell.worker.program`: runs a program that is sent along, a module of the user's own, and returns what it wrote.

use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::find_object;
use crate::{Arg, ArgKind, Args, CommandOutput, CommandSpec, Context, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module = Module::new("kapell.worker.program", ARGS, run);

const ARGS: &[Arg] = &[
    // SHA-256 of the program; without it, only an interpreter is looked for.
    Arg::str("program"),
    Arg::str("name").default("program"),
    // The first that exists runs the program; without any, it runs itself.
    Arg::list("interpreters"),
    Arg::list("interpreter_args"),
    // Taken when none of several interpreters exists.
    Arg::str("fallback"),
    // Whether the interpreter reads the program from where contents are kept, by whatever name.
    Arg::bool("in_place").default("false"),
    // Content of a file whose path is the program's argument.
    Arg::new("arguments", ArgKind::Raw),
    Arg::new("stdin", ArgKind::Raw),
    // Whether the result of the program is the result.
    Arg::bool("is_job").default("false"),
    // Where a copy of everything is left.
    Arg::str("keep_in"),
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let wanted = args.list_of_str("interpreters");
    let found = match wanted.as_slice() {
        [only] => find_program(only, cx),
        several => first_that_runs(several, cx),
    };
    let mut result = ModuleResult::ok();
    if let Some(path) = &found {
        result = result.set("found", path.to_string_lossy().into_owned());
    }
    let Some(program) = args.opt_str("program") else { return Ok(result) };
    let fallback = args.opt_str("fallback").map(PathBuf::from);
    let interpreter = match (found, fallback, wanted.first()) {
        (Some(path), ..) => Some(path),
        (None, Some(path), _) if path.exists() => Some(path),
        (None, Some(path), _) => return Ok(result.set("missing", path.to_string_lossy().into_owned())),
        (None, None, Some(name)) => return Ok(result.set("missing", name.as_str())),
        (None, None, None) => None,
    };
    let content = cx.blob(program)?;
    let place = Place::new(args, cx)?;
    let script = if args.bool("in_place") && place.kept.is_none() { content } else { place.copy(&content, args)? };
    let mut words: Vec<String> = Vec::new();
    if let Some(interpreter) = &interpreter {
        words.push(interpreter.to_string_lossy().into_owned());
        words.extend(args.list_of_str("interpreter_args"));
    }
    words.push(script.to_string_lossy().into_owned());
    if let Some(text) = raw_text(args, "arguments") {
        words.push(place.write("args", text.as_bytes())?.to_string_lossy().into_owned());
    }
    let mut spec = CommandSpec::new(words).user_locale();
    if let Some(text) = raw_text(args, "stdin") {
        spec = spec.stdin(text);
    }
    // Whether it changes anything in check mode is the program's own business.
    let output = cx.run_read(&spec)?;
    if args.bool("is_job") {
        return own_result(&output);
    }
    Ok(result.set("rc", output.rc).set("stdout", output.stdout()).set("stderr", output.stderr()))
}

/// What the program says is the result, there being no engine to read its output.
fn own_result(output: &CommandOutput) -> Result<ModuleResult, ModuleError> {
    let (stdout, stderr) = (output.stdout(), output.stderr());
    let (object, junk) = find_object(&stdout).map_err(|reason| {
        ModuleError::failed(format!("Module result deserialization failed: {reason}"))
            .with("module_stdout", stdout.as_str())
            .with("module_stderr", stderr.as_str())
            .with("rc", output.rc)
    })?;
    let mut result = object.into_iter().fold(ModuleResult::ok(), |result, (key, value)| result.set(&key, value));
    if !junk.trim().is_empty() {
        let warning = format!("Module invocation had junk after the JSON data: {}", junk.trim());
        result = result.set("warnings", vec![warning]);
    }
    Ok(result)
}

/// A launcher of some version manager may lead nowhere, so that a choice is tried.
fn first_that_runs(names: &[String], cx: &mut Context<'_>) -> Option<PathBuf> {
    names.iter().find_map(|name| {
        let path = find_program(name, cx)?;
        let trial = CommandSpec::new([path.to_string_lossy().into_owned(), "-c".to_owned(), String::new()]);
        cx.run_read(&trial).is_ok_and(|output| output.ok()).then_some(path)
    })
}

/// The directory for the program's files: removed afterwards, unless they are to be kept.
struct Place {
    path: PathBuf,
    kept: Option<PathBuf>,
    _removed: Option<tempfile::TempDir>,
}

impl Place {
    fn new(args: &Args, cx: &Context<'_>) -> Result<Self, ModuleError> {
        let Some(base) = args.opt_str("keep_in") else {
            let dir = cx.temp_dir()?;
            return Ok(Self { path: dir.path().to_owned(), kept: None, _removed: Some(dir) });
        };
        let base = PathBuf::from(crate::conversion::expand(base, cx));
        fs_err::create_dir_all(&base)?;
        let path = tempfile::Builder::new().prefix("kapell-tmp-").tempdir_in(&base)?.keep();
        Ok(Self { kept: Some(path.clone()), path, _removed: None })
    }

    fn copy(&self, content: &Path, args: &Args) -> Result<PathBuf, ModuleError> {
        let name = args.str("name")?;
        let name = Path::new(name).file_name().ok_or_else(|| ModuleError::failed("the program has no name"))?;
        self.write(&name.to_string_lossy(), &fs_err::read(content)?)
    }

    fn write(&self, name: &str, content: &[u8]) -> Result<PathBuf, ModuleError> {
        let path = self.path.join(name);
        fs_err::write(&path, content)?;
        fs_err::set_permissions(&path, std::fs::Permissions::from_mode(0o700))?;
        Ok(path)
    }
}

/// `~` and a bare name are looked up as a shell does.
fn find_program(name: &str, cx: &Context<'_>) -> Option<PathBuf> {
    if !name.contains('/') {
        return cx.which(name);
    }
    let path = PathBuf::from(crate::conversion::expand(name, cx));
    let is_program = |found: io::Result<std::fs::Metadata>| {
        found.is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
    };
    is_program(fs_err::metadata(&path)).then_some(path)
}

fn raw_text(args: &Args, name: &str) -> Option<String> {
    args.raw(name).and_then(serde_json::Value::as_str).map(str::to_owned)
}
