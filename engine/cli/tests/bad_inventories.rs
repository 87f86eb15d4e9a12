//! Broken inventories and configurations: what the user is told, and the exit code. The cases lie in
//! `tests/conformance/bad_inventories`, where `cargo xtask inventories` compares exit codes and output with ansible-core.
//! `UPDATE_EXPECTED=1` writes down what is told now.

#![expect(clippy::unwrap_used, reason = "a test that cannot prepare its files has failed")]

use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const EXPECTED: &str = "=== expected\n";

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

    /// The exit code and what stands on standard error.
    fn told(&self) -> String {
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
        command.arg("inventory").args(&self.arguments).current_dir(project.path()).stdin(Stdio::null());
        command.env_clear().env("HOME", project.path()).env("PATH", "/usr/bin:/bin").env("LANG", "C.UTF-8");
        let output = command.output().unwrap();
        let directory = fs_err::canonicalize(project.path()).unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        let told = told.replace(directory.to_str().unwrap(), "").replace(project.path().to_str().unwrap(), "");
        format!("exit {}\n{told}", output.status.code().unwrap())
    }
}

fn cases() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/conformance/bad_inventories");
    let mut paths: Vec<PathBuf> = fs_err::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

#[test]
fn what_is_wrong_is_told() {
    let mut different = String::new();
    let cases = cases();
    assert!(cases.len() >= 30);
    for path in cases {
        let text = fs_err::read_to_string(&path).unwrap();
        let case = Case::parse(&text);
        let told = case.told();
        if told == case.expected {
            continue;
        }
        if std::env::var_os("UPDATE_EXPECTED").is_some() {
            let given = text.split(EXPECTED).next().unwrap();
            fs_err::write(&path, format!("{given}{EXPECTED}{told}")).unwrap();
        } else {
            let (name, expected) = (path.file_stem().unwrap().display(), case.expected);
            let _ = writeln!(different, "{name}: expected\n{expected}\ngot\n{told}");
        }
    }
    assert!(different.is_empty(), "{different}");
}
