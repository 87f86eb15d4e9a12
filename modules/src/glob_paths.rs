//! The paths and names a shell pattern matches.

use std::path::{Path, PathBuf};

use globset::GlobBuilder;

/// Existing paths that match `pattern`, sorted. A pattern without wildcards matches the path it is, when that exists
/// (also as a link that leads nowhere).
pub(crate) fn glob(pattern: &str) -> Vec<PathBuf> {
    if !has_wildcards(pattern) {
        let path = PathBuf::from(pattern);
        return if path.symlink_metadata().is_ok() { vec![path] } else { Vec::new() };
    }
    let mut found = vec![PathBuf::from(if pattern.starts_with('/') { "/" } else { "" })];
    for component in pattern.split('/').filter(|component| !component.is_empty()) {
        found = found.iter().flat_map(|base| children(base, component)).collect();
    }
    found.sort();
    found
}

/// Shell pattern matching of a name as `fnmatch` does it: `*` also crosses slashes.
pub(crate) fn matches_name(pattern: &str, name: &str) -> bool {
    GlobBuilder::new(pattern)
        .literal_separator(false)
        .backslash_escape(false)
        .build()
        .is_ok_and(|glob| glob.compile_matcher().is_match(name))
}

pub(crate) fn has_wildcards(pattern: &str) -> bool {
    pattern.contains(['*', '?', '['])
}

fn children(base: &Path, component: &str) -> Vec<PathBuf> {
    if !has_wildcards(component) {
        let path = base.join(component);
        return if path.symlink_metadata().is_ok() { vec![path] } else { Vec::new() };
    }
    let Ok(matcher) = GlobBuilder::new(component).literal_separator(true).build().map(|glob| glob.compile_matcher())
    else {
        return Vec::new();
    };
    let dir = if base.as_os_str().is_empty() { Path::new(".") } else { base };
    let Ok(entries) = fs_err::read_dir(dir) else { return Vec::new() };
    // Hidden names are matched only by a pattern that begins with the point.
    let visible = |name: &str| component.starts_with('.') || !name.starts_with('.');
    let names = entries.flatten().map(|entry| entry.file_name());
    names
        .filter(|name| visible(&name.to_string_lossy()) && matcher.is_match(name))
        .map(|name| base.join(name))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::glob;

    #[test]
    fn patterns_match_existing_paths() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["a.conf", "b.conf", ".c.conf", "sub"] {
            std::fs::write(dir.path().join(name), "").unwrap();
        }
        let names = |pattern: &str| {
            let found = glob(&format!("{}/{pattern}", dir.path().display()));
            found.iter().map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect::<Vec<_>>()
        };
        assert_eq!(names("*.conf"), ["a.conf", "b.conf"]);
        assert_eq!(names("[ab].*"), ["a.conf", "b.conf"]);
        assert_eq!(names(".*"), [".c.conf"]);
        assert_eq!(names("sub"), ["sub"]);
        assert!(names("none*").is_empty() && names("none").is_empty());
    }
}
