//! Finds the Python package `ansible` of an ansible-core that is installed on the control node.

use std::path::{Path, PathBuf};

/// The package's directory in the active virtual environment, the user's or the system's Python.
pub(super) fn find() -> Option<PathBuf> {
    let home = std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".local"));
    let environment = std::env::var_os("VIRTUAL_ENV").map(PathBuf::from);
    let roots = environment.into_iter().chain(home).chain(["/usr/local", "/usr"].map(PathBuf::from));
    roots.flat_map(|root| pythons(&root.join("lib"))).find_map(|python| package(&python))
}

/// `lib/python3.13`, `lib/python3`, newest first.
fn pythons(lib: &Path) -> Vec<PathBuf> {
    let entries = fs_err::read_dir(lib).into_iter().flatten().flatten().map(|entry| entry.path());
    let is_python = |path: &PathBuf| path.file_name().is_some_and(|n| n.to_string_lossy().starts_with("python3"));
    let mut found: Vec<PathBuf> = entries.filter(is_python).collect();
    let minor = |path: &Path| {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        name.rsplit_once('.').and_then(|(_, minor)| minor.parse::<u32>().ok()).unwrap_or(0)
    };
    found.sort_by_key(|path| std::cmp::Reverse(minor(path)));
    found
}

fn package(python: &Path) -> Option<PathBuf> {
    let places = ["site-packages", "dist-packages"].map(|place| python.join(place).join("ansible"));
    places.into_iter().find(|dir| dir.join("module_utils/basic.py").is_file())
}
