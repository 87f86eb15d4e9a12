//! Walking the repository: its members and their source files.

use std::path::{Path, PathBuf};

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("the suite is two levels down").to_path_buf()
}

pub(crate) struct Member {
    pub(crate) name: String,
    /// Relative to the root.
    pub(crate) directory: PathBuf,
    pub(crate) manifest: String,
}

/// The members, in the order of the manifest.
pub(crate) fn members() -> Vec<Member> {
    let manifest = read(&root().join("Cargo.toml"));
    let list = manifest.split_once("members = [").expect("a list of members").1;
    let list = list.split_once(']').expect("the list ends").0;
    list.split('"').skip(1).step_by(2).map(member).collect()
}

fn member(directory: &str) -> Member {
    let manifest = read(&root().join(directory).join("Cargo.toml"));
    let name = manifest.lines().find_map(|line| line.strip_prefix("name = \"")).expect("a package has a name");
    Member { name: name.trim_end_matches('"').to_owned(), directory: directory.into(), manifest }
}

/// Every Rust file of the repository, relative to the root.
pub(crate) fn rust_files() -> Vec<PathBuf> {
    let mut files = Vec::new();
    for top in ["engine", "modules", "tests", "xtask"] {
        visit(&root().join(top), &mut files);
    }
    files.sort();
    files
}

fn visit(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs_err::read_dir(directory).expect("a readable directory") {
        let path = entry.expect("a readable entry").path();
        if path.is_dir() {
            visit(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path.strip_prefix(root()).expect("below the root").to_path_buf());
        }
    }
}

pub(crate) fn read(path: &Path) -> String {
    fs_err::read_to_string(path).expect("a readable file")
}

/// Fails with all of them, not with the first.
#[track_caller]
pub(crate) fn assert_none(rule: &str, offenders: &[String]) {
    assert!(offenders.is_empty(), "{rule}:\n  {}", offenders.join("\n  "));
}
