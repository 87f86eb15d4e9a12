//! Rules about source files: names, first lines, printing.

use std::path::Path;

use crate::workspace::{assert_none, read, root, rust_files};

/// A name that says nothing: the noun is missing.
const FORBIDDEN: [&str; 9] = ["util", "utils", "common", "helper", "helpers", "manager", "core", "types", "imp"];

/// Where results are printed, and programs that have nobody else to speak for them.
const MAY_PRINT: [&str; 5] = ["engine/cli", "engine/callback", "modules/worker/src/main.rs", "xtask", "tests"];

#[test]
fn no_file_or_folder_has_a_name_that_says_nothing() {
    let is_forbidden = |path: &Path| {
        path.iter().any(|part| {
            let stem = Path::new(part).file_stem().unwrap_or(part).to_string_lossy();
            FORBIDDEN.contains(&stem.as_ref())
        })
    };
    let offenders: Vec<String> =
        rust_files().iter().filter(|path| is_forbidden(path)).map(|path| path.display().to_string()).collect();
    assert_none("find the noun that these files own", &offenders);
}

#[test]
fn every_file_says_first_what_it_owns() {
    let offenders: Vec<String> = rust_files()
        .iter()
        .filter(|path| {
            let first = read(&root().join(path)).lines().next().unwrap_or_default().to_owned();
            // A sentence, not a word.
            !first.starts_with("//! ") || first.split_whitespace().count() < 4
        })
        .map(|path| path.display().to_string())
        .collect();
    assert_none("the first line of a file is `//!` and a sentence that says what it owns", &offenders);
}

#[test]
fn only_the_callback_and_the_command_line_print() {
    let mut offenders = Vec::new();
    for path in rust_files() {
        if MAY_PRINT.iter().any(|printer| path.starts_with(printer)) || is_test(&path) {
            continue;
        }
        let text = read(&root().join(&path));
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for (number, line) in code.lines().enumerate() {
            let line = line.trim_start();
            let prints = ["println!(", "print!(", "eprintln!(", "eprint!("].iter().any(|macro_| line.contains(macro_));
            if prints && !line.starts_with("//") {
                offenders.push(format!("{}:{}", path.display(), number + 1));
            }
        }
    }
    assert_none("only engine/callback and engine/cli print", &offenders);
}

/// Not part of the product: tests, examples, build scripts.
fn is_test(path: &Path) -> bool {
    path.iter().any(|part| part == "tests" || part == "tests.rs") || !path.iter().any(|part| part == "src")
}
