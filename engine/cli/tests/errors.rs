//! The catalogue of errors: broken content, inventories, configurations and command lines, what the user is told, and the
//! exit code. The cases lie in `tests/conformance/bad_content` and `bad_inventories`; for the latter `cargo xtask
//! inventories` compares exit codes and output with ansible-core. `UPDATE_EXPECTED=1` writes down what is told now.

#![expect(clippy::unwrap_used, reason = "a test that cannot prepare its files has failed")]

use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use regex::Regex;

const EXPECTED: &str = "=== expected\n";
/// The directory of a case, where messages name it.
const PROJECT: &str = "/project";

struct Case<'a> {
    arguments: Vec<&'a str>,
    files: Vec<(&'a str, &'a str)>,
    expected: &'a str,
}

impl<'a> Case<'a> {
    /// `args: …`, then `=== NAME` and its lines for each file, at last `=== expected`.
    fn parse(text: &'a str) -> Self {
        let (given, expected) = text.split_once(EXPECTED).unwrap_or((text, ""));
        let mut parts = given.split("=== ");
        let arguments = parts.next().and_then(|first| first.strip_prefix("args:")).unwrap();
        let files = parts.map(|part| part.split_once('\n').unwrap()).collect();
        Self { arguments: arguments.split_whitespace().collect(), files, expected }
    }

    /// The exit code, what stands on standard error, and how tasks failed.
    fn told(&self, subcommand: Option<&str>) -> String {
        let project = tempfile::tempdir().unwrap();
        for (name, text) in &self.files {
            let path = project.path().join(name);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(&path, text).unwrap();
            if text.starts_with("#!") {
                fs_err::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
            }
        }
        let mut command = Command::new(env!("CARGO_BIN_EXE_kapell"));
        command.args(subcommand).args(&self.arguments).current_dir(project.path()).stdin(Stdio::null());
        command.env_clear().env("HOME", project.path()).env("PATH", "/usr/bin:/bin").env("LANG", "C.UTF-8");
        let output = command.output().unwrap();
        let mut told = String::from_utf8(output.stderr).unwrap();
        if subcommand.is_none() {
            told.push_str(&results(&String::from_utf8(output.stdout).unwrap()));
        }
        for directory in [fs_err::canonicalize(project.path()).unwrap().as_path(), project.path()] {
            told = told.replace(directory.to_str().unwrap(), PROJECT);
        }
        format!("exit {}\n{}", output.status.code().unwrap(), without_times(&told))
    }
}

/// What is told of tasks that failed: the lines between their title and the recap.
fn results(output: &str) -> String {
    let is_told = |line: &&str| {
        !["PLAY [", "TASK [", "ok: ", "changed: "].iter().any(|start| line.starts_with(start)) && !line.is_empty()
    };
    let tasks = output.split("PLAY RECAP").next().unwrap_or_default();
    tasks.lines().filter(is_told).map(|line| format!("{line}\n")).collect()
}

fn without_times(told: &str) -> String {
    let times = Regex::new(r#""(delta|start|end)": "[^"]*", "#).unwrap();
    times.replace_all(told, "").into_owned()
}

fn cases(kind: &str) -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/conformance").join(kind);
    let mut paths: Vec<PathBuf> = fs_err::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn check(paths: &[PathBuf], subcommand: Option<&str>) {
    let mut different = String::new();
    for path in paths {
        let text = fs_err::read_to_string(path).unwrap();
        let case = Case::parse(&text);
        let told = case.told(subcommand);
        if told == case.expected {
            continue;
        }
        if std::env::var_os("UPDATE_EXPECTED").is_some() {
            let given = text.split(EXPECTED).next().unwrap();
            fs_err::write(path, format!("{given}{EXPECTED}{told}")).unwrap();
        } else {
            let (name, expected) = (path.file_stem().unwrap().display(), case.expected);
            let _ = writeln!(different, "{name}: expected\n{expected}\ngot\n{told}");
        }
    }
    assert!(different.is_empty(), "{different}");
}

#[test]
fn what_is_wrong_with_inventories_is_told() {
    let cases = cases("bad_inventories");
    assert!(cases.len() >= 30);
    check(&cases, Some("inventory"));
}

#[test]
fn what_is_wrong_with_content_and_commands_is_told() {
    let cases = cases("bad_content");
    assert!(cases.len() >= 100);
    check(&cases, None);
}
