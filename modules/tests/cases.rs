//! Runs every case under `cases/` and compares results and files with what ansible-core did (see `measure.py`).
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod engine;
mod throwaway;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, UNIX_EPOCH};

use kapell_modules::{BlobSource, Map, ModuleCall, NoEvents, run};
use regex::Regex;
use serde_json::{Value, json};
use sha2::Digest as _;

/// Results that differ from run to run; `measure.py` leaves out the same.
const VOLATILE: &[&str] = &[
    "invocation",
    "start",
    "end",
    "delta",
    "backup_file",
    "atime",
    "mtime",
    "ctime",
    "inode",
    "dev",
    "version",
    "exception",
    "elapsed",
    "deprecations",
    "stdout_lines",
    "stderr_lines",
    "attr_flags",
    "attributes",
    "blocks",
    "block_size",
    "birthtime",
];

#[test]
fn modules_do_what_ansible_does() {
    if let Some(path) = throwaway::case_to_run_here() {
        let lines: String = failures_here(&path).iter().map(|failure| format!("{failure:?}\n")).collect();
        return std::io::stdout().write_all(throwaway::framed(&lines).as_bytes()).unwrap();
    }
    // Those of another directory are tried before they are kept.
    let own = || Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let cases = std::env::var_os("CASES").map_or_else(own, PathBuf::from);
    let only = std::env::var("CASE").unwrap_or_default();
    let paths: Vec<PathBuf> = sorted(&cases).iter().flat_map(|folder| sorted(folder)).collect();
    let paths: Vec<&PathBuf> =
        paths.iter().filter(|path| only.split(',').any(|part| label(path).contains(part))).collect();
    let count = paths.len();
    // Some cases wait: they share their waiting.
    let failures: Vec<(&PathBuf, Vec<String>)> = std::thread::scope(|scope| {
        let shares = paths.chunks(count.div_ceil(8).max(1));
        let threads: Vec<_> = shares
            .map(|share| {
                scope.spawn(|| share.iter().filter_map(|path| Some((*path, failures_of(path)?))).collect::<Vec<_>>())
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert!(count > 0, "no cases match");
    throwaway::tell_what_was_skipped();
    let complaints = beside_what_is_known(&failures);
    assert!(complaints.is_empty(), "{} complaints:\n{}", complaints.len(), complaints.join("\n"));
}

/// Differences of cases that `known_differences.txt` does not list, and cases it lists that do not differ.
fn beside_what_is_known(failures: &[(&PathBuf, Vec<String>)]) -> Vec<String> {
    let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/known_differences.txt");
    let list = fs::read_to_string(list).unwrap();
    let lines = list.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let known: BTreeSet<&str> = lines.map(|line| line.split_once(": ").unwrap().0).collect();
    let mut complaints = Vec::new();
    for (path, differences) in failures {
        let label = label(path);
        match (known.contains(label.as_str()), differences.is_empty()) {
            (false, false) => complaints.extend(differences.iter().cloned()),
            (true, true) => complaints.push(format!("{label} does not differ: remove it from known_differences.txt")),
            _ => {}
        }
    }
    complaints
}

/// `module/case`.
fn label(path: &Path) -> String {
    let folder = path.parent().and_then(Path::file_name).unwrap().to_string_lossy();
    format!("{folder}/{}", path.file_stem().unwrap().to_string_lossy())
}

fn sorted(dir: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

/// What a case says and where it runs.
struct Case {
    label: String,
    values: Map,
    module: String,
    dir: tempfile::TempDir,
    ignore: Vec<String>,
}

impl Case {
    fn load(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap();
        let values: Map = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let folder = path.parent().and_then(Path::file_name).unwrap().to_string_lossy().into_owned();
        let module = values.get("module").and_then(Value::as_str).map_or_else(|| folder.clone(), str::to_owned);
        let ignore = values.get("ignore").and_then(Value::as_array).into_iter().flatten();
        let from_engine = values.contains_key("blob") || values.contains_key("tree");
        let ignore = ignore.map(|key| key.as_str().unwrap().to_owned());
        let ignore =
            ignore.chain(VOLATILE.iter().map(ToString::to_string)).chain(from_engine.then(|| "src".to_owned()));
        let dir = tempfile::Builder::new().prefix("kapell-case-").tempdir().unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        Self { label: label(path), ignore: ignore.collect(), module, dir, values }
    }

    fn root(&self) -> String {
        self.dir.path().to_string_lossy().into_owned()
    }

    /// Files that exist under both but whose bytes differ, such as archives, without their content.
    fn without_opaque(&self, mut tree: Value) -> Value {
        let names = self.values.get("opaque").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        for name in names {
            if let Some(entry) = tree.get_mut(name).and_then(Value::as_object_mut) {
                entry.retain(|key, _| key != "content" && key != "hex");
            }
        }
        tree
    }

    fn build(&self) {
        let Some(tree) = self.values.get("before").and_then(Value::as_object) else { return };
        for (name, spec) in tree {
            let path = self.dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            let text = |key: &str| spec.get(key).and_then(Value::as_str);
            if spec.get("dir").is_some() {
                fs::create_dir_all(&path).unwrap();
            } else if let Some(target) = text("link") {
                symlink(target.replace("$DIR", &self.root()), &path).unwrap();
                continue;
            } else if let Some(other) = text("hard") {
                fs::hard_link(self.dir.path().join(other), &path).unwrap();
                continue;
            } else if spec.get("fifo").is_some() {
                let mode = rustix::fs::Mode::from_raw_mode(0o644);
                rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, mode, 0).unwrap();
            } else if let Some(digits) = text("hex") {
                fs::write(&path, hex::decode(digits).unwrap()).unwrap();
            } else {
                fs::write(&path, spec.as_str().or(text("content")).unwrap_or_default()).unwrap();
            }
            let default = if spec.get("dir").is_some() { "0755" } else { "0644" };
            let mode = u32::from_str_radix(text("mode").unwrap_or(default), 8).unwrap();
            if path.is_file() && mode & 0o111 != 0 {
                rewritten_by_another(&path);
            }
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            if let Some(seconds) = spec.get("mtime").and_then(Value::as_u64) {
                let time = UNIX_EPOCH + Duration::from_secs(seconds);
                let times = fs::FileTimes::new().set_accessed(time).set_modified(time);
                fs::File::open(&path).unwrap().set_times(times).unwrap();
            }
        }
    }

    /// What has to be done first, such as starting a server.
    fn set_up(&self) {
        let lines = self.values.get("setup").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        for line in lines {
            let mut shell = Command::new("sh");
            shell.args(["-ec", &line.replace("$DIR", &self.root())]).current_dir(self.dir.path());
            let status = shell.stdin(Stdio::null()).stdout(Stdio::null()).status().unwrap();
            assert!(status.success(), "{}: setup fails: {line}", self.label);
        }
    }

    /// The case's directory, and the files of the system it names.
    fn snapshot(&self) -> Value {
        let mut tree = snapshot(self.dir.path());
        let files = self.values.get("files").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        for name in files {
            if let Ok(info) = fs::symlink_metadata(name) {
                tree[name] = entry(Path::new(name), &info, &self.root());
                tree[name].as_object_mut().unwrap().remove("mtime");
            }
        }
        tree
    }

    fn run(&self, phase: &str, failures: &mut Vec<String>) -> Value {
        let mut args = substituted(&self.values["args"], &self.root());
        let exchanges = self.values.get("engine").map(|engine| engine[phase].as_array().cloned().unwrap_or_default());
        let engine = exchanges.map(engine::Engine::start);
        if let Some(engine) = &engine {
            args["docker_host"] = engine.address().into();
        }
        let mut blobs = CaseBlobs { dir: tempfile::tempdir().unwrap() };
        if let Some(content) = self.values.get("blob").and_then(Value::as_str) {
            args["src"] = "$SRC/source.txt".into();
            args["_original_basename"] = "source.txt".into();
            args["_content_sha256"] = blobs.add(content).into();
        }
        if let Some(tree) = self.values.get("tree").and_then(Value::as_object) {
            send_tree(tree, self.values.get("slash").is_some(), &mut args, &mut blobs);
        }
        let environment = self.values.get("environment").and_then(Value::as_object).into_iter().flatten();
        let environment = environment
            .map(|(name, value)| (name.clone(), value.as_str().unwrap().replace("$DIR", &self.root())))
            .collect();
        let call = ModuleCall {
            environment,
            module: self.module.clone(),
            args: args.as_object().unwrap().clone(),
            check_mode: phase == "check",
            diff_mode: true,
            ..ModuleCall::default()
        };
        let mut result = run(&call, &mut blobs, &mut NoEvents);
        // Some of Ansible's modules say what goes without saying.
        if result.get("failed") == Some(&Value::Bool(false)) {
            result.shift_remove("failed");
        }
        for left in engine.map(engine::Engine::finish).unwrap_or_default() {
            failures.push(format!("{} {phase} engine: {left}", self.label));
        }
        cleaned(&Value::Object(result), &self.root(), &self.ignore)
    }
}

/// Here, or in a copy of the lab's image, as the case asks; `None` when it cannot run on this machine.
fn failures_of(path: &Path) -> Option<Vec<String>> {
    let text = fs::read_to_string(path).unwrap();
    let values: Map = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    if values.contains_key("system") { throwaway::failures_of(path) } else { Some(failures_here(path)) }
}

fn failures_here(path: &Path) -> Vec<String> {
    let case = Case::load(path);
    case.build();
    case.set_up();
    let Some(expect) = case.values.get("expect").and_then(Value::as_object) else {
        return vec![format!("{}: not measured yet", case.label)];
    };
    let mut failures = Vec::new();
    let mut tree = case.snapshot();
    for (phase, expected) in expect {
        let result = case.run(phase, &mut failures);
        compare(&format!("{} {phase} result", case.label), &expected["result"], &result, &mut failures);
        tree = expected.get("tree").cloned().unwrap_or(tree);
        let found = case.without_opaque(case.snapshot());
        compare(&format!("{} {phase} files", case.label), &case.without_opaque(tree.clone()), &found, &mut failures);
    }
    failures
}

/// Notes every leaf that differs.
fn compare(at: &str, expected: &Value, actual: &Value, failures: &mut Vec<String>) {
    match (expected, actual) {
        (Value::Object(expected), Value::Object(actual)) => {
            let is_volatile = |key: &str| key == "size" && is_of_directory(expected, actual);
            for (key, value) in expected.iter().filter(|(key, _)| !is_volatile(key)) {
                compare(&format!("{at}.{key}"), value, actual.get(key).unwrap_or(&json!("<absent>")), failures);
            }
            for key in actual.keys().filter(|key| !expected.contains_key(*key)) {
                failures.push(format!("{at}.{key}: unexpected {}", actual[key]));
            }
        }
        (Value::Array(expected), Value::Array(actual)) if expected.len() == actual.len() => {
            for (index, (expected, actual)) in expected.iter().zip(actual).enumerate() {
                compare(&format!("{at}[{index}]"), expected, actual, failures);
            }
        }
        (Value::Number(one), Value::Number(other)) if one.as_f64() == other.as_f64() => {}
        _ if expected != actual => failures.push(format!("{at}: expected {expected}, got {actual}")),
        _ => {}
    }
}

/// How many bytes a directory has is a matter of its file system.
fn is_of_directory(expected: &Map, actual: &Map) -> bool {
    [expected, actual].iter().all(|told| told.get("state").is_some_and(|state| state == "directory"))
}

/// What the engine sends of a directory on the control node.
fn send_tree(tree: &Map, contents_only: bool, args: &mut Value, blobs: &mut CaseBlobs) {
    let prefix = if contents_only { "" } else { "source/" };
    let (mut files, mut dirs, mut links) = (Vec::new(), Vec::new(), Vec::new());
    if !contents_only {
        dirs.push(json!({ "path": "source", "mode": "0755" }));
    }
    for (name, spec) in tree {
        let path = format!("{prefix}{name}");
        if spec.get("dir").is_some() {
            dirs.push(json!({ "path": path, "mode": spec.get("mode").cloned().unwrap_or("0755".into()) }));
        } else if let Some(target) = spec.get("link") {
            links.push(json!({ "path": path, "target": target }));
        } else {
            let content = spec.as_str().or(spec.get("content").and_then(Value::as_str)).unwrap_or_default();
            let mode = spec.get("mode").cloned().unwrap_or("0644".into());
            files.push(json!({ "path": path, "sha256": blobs.add(content), "size": content.len(), "mode": mode }));
        }
    }
    args["src"] = if contents_only { "$SRC/source/" } else { "$SRC/source" }.into();
    (args["_files"], args["_dirs"], args["_links"]) = (json!(files), json!(dirs), json!(links));
}

struct CaseBlobs {
    dir: tempfile::TempDir,
}

impl CaseBlobs {
    fn add(&mut self, content: &str) -> String {
        let sha256 = hex::encode(sha2::Sha256::digest(content));
        fs::write(self.dir.path().join(&sha256), content).unwrap();
        sha256
    }
}

impl BlobSource for CaseBlobs {
    fn open(&mut self, sha256: &str) -> std::io::Result<PathBuf> {
        Ok(self.dir.path().join(sha256))
    }
}

fn substituted(value: &Value, root: &str) -> Value {
    match value {
        Value::String(text) => text.replace("$DIR", root).into(),
        Value::Array(items) => items.iter().map(|item| substituted(item, root)).collect(),
        Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), substituted(value, root))).collect(),
        other => other.clone(),
    }
}

fn cleaned(value: &Value, root: &str, ignore: &[String]) -> Value {
    match value {
        Value::String(text) => clean_text(text, root).into(),
        Value::Array(items) => {
            // Directories are listed in any order.
            let mut items: Vec<Value> = items.iter().map(|item| cleaned(item, root, ignore)).collect();
            items.sort_by_key(|item| item.get("path").and_then(Value::as_str).unwrap_or_default().to_owned());
            items.into()
        }
        Value::Object(map) => {
            let kept = map.iter().filter(|(key, _)| !ignore.contains(key));
            kept.map(|(key, value)| (key.replace(root, "$DIR"), cleaned(value, root, ignore))).collect()
        }
        other => other.clone(),
    }
}

fn clean_text(text: &str, root: &str) -> String {
    // A random part of it.
    static PAUSE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^Sleeping for \d+ seconds").unwrap());
    static TEMPORARY: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(\$DIR/\.kapell-|/tmp/kapell-|/tmp/\.tmp)[A-Za-z0-9_./-]*").unwrap());
    let text = text.replace(root, "$DIR");
    without_date(&PAUSE.replace(&TEMPORARY.replace_all(&text, "$$TMP"), "Sleeping for N seconds"))
}

/// The line `pamd` leaves in what it edits, and the one `crontab` adds.
fn without_moment(text: &str) -> String {
    static MOMENT: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(Updated by Ansible - )[0-9T:.-]+").unwrap());
    static CRONTAB: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"# \(\S+ installed on [^)]*\)").unwrap());
    CRONTAB.replace_all(&MOMENT.replace_all(text, "${1}DATE"), "# (INSTALLED)").into_owned()
}

fn without_date(text: &str) -> String {
    static DATE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\.\d+\.\d{4}-\d\d-\d\d@\d\d:\d\d:\d\d~").unwrap());
    DATE.replace_all(text, ".BACKUP~").into_owned()
}

/// Everything under `root`, by relative path.
fn snapshot(root: &Path) -> Value {
    let mut tree = BTreeMap::new();
    let mut open = vec![root.to_owned()];
    while let Some(dir) = open.pop() {
        for path in sorted(&dir) {
            let info = fs::symlink_metadata(&path).unwrap();
            let key = without_date(&path.strip_prefix(root).unwrap().to_string_lossy());
            tree.insert(key, entry(&path, &info, &root.to_string_lossy()));
            if info.is_dir() {
                open.push(path);
            }
        }
    }
    json!(tree)
}

fn entry(path: &Path, info: &fs::Metadata, root: &str) -> Value {
    if info.is_symlink() {
        return json!({ "link": fs::read_link(path).unwrap().to_string_lossy().replace(root, "$DIR") });
    }
    let mut entry = json!({ "mode": format!("{:04o}", info.mode() & 0o7777) });
    if info.is_dir() {
        entry["dir"] = true.into();
    } else if info.is_file() {
        match String::from_utf8(fs::read(path).unwrap()) {
            Ok(text) => entry["content"] = without_moment(&text.replace(root, "$DIR")).into(),
            Err(error) => entry["hex"] = hex::encode(error.into_bytes()).into(),
        }
        if info.nlink() > 1 {
            entry["names"] = info.nlink().into();
        }
    }
    if info.mtime() < 1_700_000_000 {
        entry["mtime"] = info.mtime().into();
    }
    entry
}

/// A program this process has written cannot be started while a child that another thread has just forked still holds
/// the file open; one that `cp` has written can.
fn rewritten_by_another(path: &Path) {
    let fresh = path.with_file_name("being-written");
    assert!(Command::new("cp").arg(path).arg(&fresh).status().unwrap().success());
    fs::rename(fresh, path).unwrap();
}
