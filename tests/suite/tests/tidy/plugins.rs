//! A file that nobody declares is never compiled, and a module that is not in its table is never found.

use std::path::{Path, PathBuf};

use crate::workspace::{assert_none, members, read, root, rust_files};

#[test]
fn every_source_file_is_declared() {
    let mut offenders = Vec::new();
    for member in members() {
        let sources = member.directory.join("src");
        let files: Vec<PathBuf> = rust_files().into_iter().filter(|file| file.starts_with(&sources)).collect();
        for file in &files {
            let parent = file.parent().expect("a file is in a directory");
            let stem = file.file_stem().expect("a file has a name").to_string_lossy().into_owned();
            let is_root = parent == sources && ["lib", "main"].contains(&stem.as_str());
            if is_root || file.starts_with(sources.join("bin")) {
                continue;
            }
            // `a/b.rs` is declared in `a/mod.rs`, `a.rs`, or the crate's root; `a/b/mod.rs` is `a/b.rs` by another name.
            let (name, within) = match stem.as_str() {
                "mod" => (file_name(parent), parent.parent().expect("below src")),
                _ => (stem, parent),
            };
            if !declarers(within, &sources).iter().any(|declarer| declares(&root().join(declarer), &name)) {
                offenders.push(file.display().to_string());
            }
        }
    }
    assert_none("these files are in no `mod` line, so they are not compiled", &offenders);
}

#[test]
fn every_module_is_in_its_table() {
    let mut offenders = Vec::new();
    for file in rust_files().iter().filter(|file| file.starts_with("modules/src")) {
        if !read(&root().join(file)).contains("static MODULE: Module") {
            continue;
        }
        let is_folder = file.file_name().is_some_and(|name| name == "mod.rs");
        let plugin = if is_folder { file.parent().expect("a folder").to_path_buf() } else { file.with_extension("") };
        let table = root().join(plugin.parent().expect("a folder of modules")).join("mod.rs");
        if !read(&table).contains(&format!("&{}::MODULE", file_name(&plugin))) {
            offenders.push(file.display().to_string());
        }
    }
    assert_none("these modules have no row in the table of their folder's mod.rs", &offenders);
}

fn file_name(path: &Path) -> String {
    path.file_name().expect("a named path").to_string_lossy().into_owned()
}

fn declarers(directory: &Path, sources: &Path) -> Vec<PathBuf> {
    if directory == sources {
        vec![sources.join("lib.rs"), sources.join("main.rs")]
    } else {
        vec![directory.join("mod.rs"), directory.with_extension("rs")]
    }
}

fn declares(file: &Path, name: &str) -> bool {
    let text = fs_err::read_to_string(file).unwrap_or_default();
    let declaration = format!("mod {name};");
    text.lines().any(|line| {
        let line = line.trim_start();
        let line = line
            .strip_prefix("pub ")
            .or_else(|| {
                line.split_once(") ")
                    .filter(|(open, _)| *open == "pub(crate" || *open == "pub(super")
                    .map(|(_, rest)| rest)
            })
            .unwrap_or(line);
        line.starts_with(&declaration)
    })
}
