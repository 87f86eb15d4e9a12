//! What pages promise between their blocks: links lead somewhere, and options named in the text exist.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::{LazyLock, Mutex};

/// Every page of docs/ is in the table of contents, or nobody finds it.
pub(crate) fn summary(repository: &Path) -> Vec<String> {
    let summary = fs_err::read_to_string(repository.join("docs/SUMMARY.md")).unwrap();
    let mut missing = Vec::new();
    for directory in ["", "modules/"] {
        for entry in fs_err::read_dir(repository.join("docs").join(directory)).unwrap() {
            let name = entry.unwrap().file_name().to_string_lossy().into_owned();
            let is_page = name.ends_with(".md") && name != "SUMMARY.md";
            if is_page && !summary.contains(&format!("]({directory}{name})")) {
                missing.push(format!("docs/SUMMARY.md: {directory}{name} is not in it"));
            }
        }
    }
    missing
}

/// Links to files that are not there.
pub(crate) fn links(path: &Path, name: &str) -> Vec<String> {
    let text = fs_err::read_to_string(path).unwrap();
    let mut problems = Vec::new();
    for (number, line) in text.lines().enumerate() {
        for rest in line.split("](").skip(1) {
            let link = rest.split([')', '#']).next().unwrap_or_default();
            let is_file = !link.is_empty() && !link.contains("://");
            if is_file && !path.parent().unwrap().join(link).exists() {
                problems.push(format!("{name}:{}: there is no {link}", number + 1));
            }
        }
    }
    problems
}

/// Options in `kapell COMMAND --option` within the text that the command does not have.
pub(crate) fn options(path: &Path, name: &str) -> Vec<String> {
    let text = fs_err::read_to_string(path).unwrap();
    let mut problems = Vec::new();
    for (number, line) in text.lines().enumerate() {
        for span in line.split('`').skip(1).step_by(2) {
            let mut words = span.split_whitespace();
            if words.next() != Some("kapell") {
                continue;
            }
            let Some(command) = words.next().filter(|word| word.chars().all(|letter| letter.is_ascii_lowercase()))
            else {
                continue;
            };
            let help = help(command);
            let unknown = words.filter(|word| word.starts_with("--") && !help.contains(*word));
            problems.extend(unknown.map(|word| format!("{name}:{}: {command} has no {word}", number + 1)));
        }
    }
    problems
}

fn help(command: &str) -> String {
    static KNOWN: LazyLock<Mutex<BTreeMap<String, String>>> = LazyLock::new(Mutex::default);
    let mut known = KNOWN.lock().unwrap();
    let ask = || {
        let output = Command::new(env!("CARGO_BIN_EXE_kapell")).args([command, "--help"]).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    known.entry(command.to_owned()).or_insert_with(ask).clone()
}
