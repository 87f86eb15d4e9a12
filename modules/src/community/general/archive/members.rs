//! `Members`: the files and directories that go into an archive.

use std::path::{Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};

use crate::glob_paths::{glob, has_wildcards};
use crate::{Args, ModuleError};

pub(super) struct Members {
    /// What the task names, wildcards expanded.
    pub(super) paths: Vec<String>,
    pub(super) excluded: Vec<String>,
    /// What of it exists.
    pub(super) found: Vec<PathBuf>,
    pub(super) missing: Vec<String>,
    /// The directory that names in the archive are relative to; ends in a slash.
    pub(super) root: String,
    /// More than one plain file could be meant.
    pub(super) many: bool,
    patterns: Vec<GlobMatcher>,
}

/// One entry of an archive.
pub(super) struct Member {
    pub(super) path: PathBuf,
    pub(super) name: String,
}

impl Members {
    pub(super) fn from_args(args: &Args) -> Result<Self, ModuleError> {
        let given = args.list_of_str("path");
        let paths = expanded(&given);
        let excluded = expanded(&args.list_of_str("exclude_path"));
        let wanted: Vec<&String> = paths.iter().filter(|path| !excluded.contains(path)).collect();
        if wanted.is_empty() {
            let msg = "Error, no source paths were found";
            return Err(ModuleError::failed(msg)
                .with("path", given.join(", "))
                .with("expanded_paths", paths.join(", "))
                .with("expanded_exclude_paths", excluded.join(", ")));
        }
        let (found, missing): (Vec<&String>, Vec<&String>) =
            wanted.iter().copied().partition(|path| Path::new(path).symlink_metadata().is_ok());
        let many = given.iter().any(|path| has_wildcards(path))
            || wanted.len() > 1
            || wanted.iter().any(|path| Path::new(path).is_dir());
        Ok(Self {
            root: root(&wanted),
            found: found.into_iter().map(PathBuf::from).collect(),
            missing: missing.into_iter().cloned().collect(),
            many,
            patterns: patterns(args)?,
            paths,
            excluded,
        })
    }

    /// Every entry: plain files first, then each tree, directories before the files beside them. `dest` is left out.
    pub(super) fn list(&self, dest: &Path) -> Result<Vec<Member>, ModuleError> {
        let mut list = Vec::new();
        let is_tree = |path: &&PathBuf| path.is_dir();
        for path in self.found.iter().filter(|path| !is_tree(path)) {
            self.add(path, dest, &mut list);
        }
        for tree in self.found.iter().filter(is_tree) {
            self.walk(tree, dest, &mut list)?;
        }
        Ok(list)
    }

    fn walk(&self, dir: &Path, dest: &Path, list: &mut Vec<Member>) -> Result<(), ModuleError> {
        let mut entries: Vec<PathBuf> =
            fs_err::read_dir(dir)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
        entries.sort();
        let (dirs, files): (Vec<_>, Vec<_>) = entries.into_iter().partition(|path| path.is_dir());
        dirs.iter().chain(&files).for_each(|path| self.add(path, dest, list));
        dirs.iter().filter(|dir| !dir.is_symlink()).try_for_each(|dir| self.walk(dir, dest, list))
    }

    fn add(&self, path: &Path, dest: &Path, list: &mut Vec<Member>) {
        let text = path.to_string_lossy();
        let name = text.strip_prefix(self.root.as_str()).unwrap_or(&text).trim_start_matches('/').to_owned();
        if path != dest && !self.patterns.iter().any(|pattern| pattern.is_match(&name)) {
            list.push(Member { path: path.to_owned(), name });
        }
    }
}

/// Patterns replaced by what they match.
fn expanded(paths: &[String]) -> Vec<String> {
    let matches = |path: &String| match has_wildcards(path) {
        true => glob(path).into_iter().map(|path| path.to_string_lossy().into_owned()).collect(),
        false => vec![path.clone()],
    };
    paths.iter().flat_map(matches).collect()
}

/// The directory of what all paths begin with.
fn root(paths: &[&String]) -> String {
    let first = paths[0].as_bytes();
    let same = |length: &usize| paths.iter().all(|path| path.as_bytes().get(..*length) == first.get(..*length));
    let length = (0..=first.len()).take_while(same).last().unwrap_or(0);
    let slash = first[..length].iter().rposition(|&byte| byte == b'/');
    match slash {
        Some(slash) => String::from_utf8_lossy(&first[..=slash]).into_owned(),
        None => "/".to_owned(),
    }
}

/// A wildcard also matches slashes, as in Python's `fnmatch`.
fn patterns(args: &Args) -> Result<Vec<GlobMatcher>, ModuleError> {
    let compiled = args.list_of_str("exclusion_patterns").into_iter().map(|pattern| {
        let glob = GlobBuilder::new(&pattern).literal_separator(false).build();
        glob.map(|glob| glob.compile_matcher()).map_err(|error| ModuleError::failed(error.to_string()))
    });
    compiled.collect()
}

#[cfg(test)]
mod tests {
    use super::root;

    #[test]
    fn the_root_holds_everything() {
        for (paths, expected) in
            [(&["/a/b"][..], "/a/"), (&["/a/b/"], "/a/b/"), (&["/a/xx", "/a/xy/z"], "/a/"), (&["/x", "/y"], "/")]
        {
            let paths: Vec<String> = paths.iter().map(ToString::to_string).collect();
            assert_eq!(root(&paths.iter().collect::<Vec<_>>()), expected);
        }
    }
}
