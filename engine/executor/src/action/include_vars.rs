//! `ansible.builtin.include_vars`: loads variables from files or directories on the control node.

use std::path::{Path, PathBuf};

use kapell_parsing::yaml::{self, LoadOptions};
use kapell_parsing::{Key, Map, Trust, Value};

use super::{Action, ActionContext, ActionError, ActionFuture, ActionOutput, Effects, bool_arg, text_arg};
use crate::resolve::ResolvedTask;
use crate::variables::combine;
use crate::{Event, TaskResult, reserved_names};

pub(super) static ACTION: Action = Action { name: "include_vars", run: start };

/// What only a directory has.
const OF_DIRECTORIES: [&str; 6] =
    ["dir", "depth", "files_matching", "ignore_files", "extensions", "ignore_unknown_extensions"];
const OF_FILES: [&str; 2] = ["file", "_raw_params"];
const OF_BOTH: [&str; 2] = ["name", "hash_behaviour"];

fn start<'a>(task: &'a ResolvedTask, cx: &'a ActionContext<'a>) -> ActionFuture<'a> {
    Box::pin(async move {
        check_options(&task.args)?;
        run(task, cx).map_err(told)
    })
}

fn check_options(args: &Map) -> Result<(), ActionError> {
    let has = |names: &[&str]| names.iter().any(|name| args.contains_key(*name));
    let is_known = |name: &str| [&OF_DIRECTORIES[..], &OF_FILES, &OF_BOTH].concat().contains(&name);
    if let Some(unknown) = args.keys().map(ToString::to_string).find(|name| !is_known(name)) {
        return Err(ActionError::raised(format!("{unknown} is not a valid option in include_vars"), None));
    }
    if has(&OF_DIRECTORIES) && has(&OF_FILES) {
        let message = "You are mixing file only and dir only arguments, these are incompatible";
        return Err(ActionError::raised(message, None));
    }
    Ok(())
}

/// A failure with the keys its result has in Ansible, where the reason is in `message`.
fn told(error: ActionError) -> ActionError {
    let extra = |message: String| {
        Map::from_iter([
            (Key::from("ansible_facts"), Value::map(Map::new())),
            (Key::from("ansible_included_var_files"), Value::list(Vec::new())),
            (Key::from("message"), message.into()),
        ])
    };
    error.with_extra(extra)
}

fn run(task: &ResolvedTask, cx: &ActionContext<'_>) -> Result<ActionOutput, ActionError> {
    let args = &task.args;
    let files = match text_arg(args, "dir") {
        Some(dir) => directory_files(args, &dir, cx)?,
        None => {
            let file = text_arg(args, "file").or_else(|| text_arg(args, "_raw_params"));
            let Some(file) = file else { return Err(ActionError::failed("No file or dir was given to include_vars")) };
            vec![cx.find_file("vars", &file).map_err(ActionError::plain)?]
        }
    };
    let behaviour = match text_arg(args, "hash_behaviour").as_deref() {
        Some("merge") => kapell_config::HashBehaviour::Merge,
        Some("replace") => kapell_config::HashBehaviour::Replace,
        _ => cx.run.settings.hash_behaviour,
    };
    let mut loaded = Map::new();
    for file in &files {
        combine(&mut loaded, &load(cx, file)?, behaviour);
    }
    if let Some(name) = text_arg(args, "name") {
        loaded = Map::from_iter([(Key::from(name), Value::map(loaded))]);
    }
    let mut result = TaskResult::new(Map::new());
    result.set("ansible_facts", Value::map(loaded.clone()));
    let names = files.iter().map(|file| file.to_string_lossy().into_owned().into()).collect();
    result.set("ansible_included_var_files", Value::list(names));
    result.set("changed", false);
    reserved_names::warn_of_all(cx.run, &loaded);
    Ok(ActionOutput { result, effects: Effects { included: loaded, ..Effects::default() } })
}

fn load(cx: &ActionContext<'_>, path: &Path) -> Result<Map, ActionError> {
    let mut warnings = Vec::new();
    let options = LoadOptions { trust: Trust::Trusted, vault: &cx.run.vault };
    let value =
        yaml::load_file(path, &options, &mut warnings).map_err(|diagnostic| ActionError::failed(diagnostic.message))?;
    warnings.into_iter().for_each(|warning| cx.emit(Event::Diagnostic(warning)));
    match value {
        Value::Null => Ok(Map::new()),
        Value::Map(map) => Ok(map.as_ref().clone()),
        _ => Err(ActionError::failed(format!("{} must be stored as a dictionary/hash", path.display()))),
    }
}

/// The files of `dir` that `extensions`, `files_matching`, `ignore_files` and `depth` leave, sorted by path.
fn directory_files(args: &Map, dir: &str, cx: &ActionContext<'_>) -> Result<Vec<PathBuf>, ActionError> {
    let root = cx.find_file("vars", dir).map_err(ActionError::plain)?;
    if !root.is_dir() {
        return Err(ActionError::failed(format!("{} is not a directory", root.display())));
    }
    let list = |name: &str, default: &[&str]| match args.get(name) {
        Some(Value::List(items)) => items.iter().map(Value::to_string).collect(),
        Some(Value::Null) | None => default.iter().map(|item| (*item).to_owned()).collect::<Vec<String>>(),
        Some(one) => vec![one.to_string()],
    };
    let filter = DirectoryFilter {
        extensions: list("extensions", &["yaml", "yml", "json"]),
        ignored: list("ignore_files", &[]),
        matching: text_arg(args, "files_matching"),
        skip_unknown: bool_arg(args, "ignore_unknown_extensions")?.unwrap_or(false),
        depth: text_arg(args, "depth").and_then(|depth| depth.parse().ok()).unwrap_or(0),
    };
    let mut files = Vec::new();
    filter.walk(&root, 1, &mut files)?;
    files.sort();
    Ok(files)
}

struct DirectoryFilter {
    extensions: Vec<String>,
    ignored: Vec<String>,
    matching: Option<String>,
    skip_unknown: bool,
    /// 0 means no limit.
    depth: usize,
}

impl DirectoryFilter {
    fn walk(&self, dir: &Path, level: usize, files: &mut Vec<PathBuf>) -> Result<(), ActionError> {
        for entry in fs_err::read_dir(dir)? {
            let path = entry?.path();
            if path.is_dir() {
                if self.depth == 0 || level < self.depth {
                    self.walk(&path, level + 1, files)?;
                }
            } else if self.wants(&path)? {
                files.push(path);
            }
        }
        Ok(())
    }

    fn wants(&self, path: &Path) -> Result<bool, ActionError> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let matches = |pattern: &str| {
            fancy_regex::Regex::new(pattern)
                .map(|regex| regex.is_match(name.as_ref()).unwrap_or(false))
                .map_err(|error| ActionError::failed(format!("'{pattern}' is not a regular expression: {error}")))
        };
        for pattern in &self.ignored {
            if matches(&format!("{pattern}$"))? {
                return Ok(false);
            }
        }
        if let Some(pattern) = &self.matching
            && !matches(pattern)?
        {
            return Ok(false);
        }
        let extension = path.extension().unwrap_or_default().to_string_lossy().into_owned();
        if self.extensions.contains(&extension) {
            return Ok(true);
        }
        if self.skip_unknown {
            return Ok(false);
        }
        Err(ActionError::failed(format!(
            "{} does not have a valid extension: {}",
            path.display(),
            self.extensions.join(", ")
        )))
    }
}
