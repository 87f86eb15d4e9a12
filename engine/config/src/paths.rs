//! Paths in settings: `~`, `$VAR`, `{{CWD}}`, relative to where they were written, without `.` and `..`.

use std::path::{Component, Path, PathBuf};

use crate::Environment;

/// `text` as an absolute path; a relative one is taken from `base`.
pub(crate) fn resolve(text: &str, base: &Path, cwd: &Path, environment: &Environment) -> PathBuf {
    let text = text.replace("{{CWD}}", &cwd.to_string_lossy());
    let expanded = expand_home(&expand_variables(&text, environment), environment);
    normalise(&base.join(expanded))
}

/// `~` and `~/…`; another user's home is left as it is written.
fn expand_home(text: &str, environment: &Environment) -> String {
    match (text.strip_prefix('~'), environment.home()) {
        (Some(rest), Some(home)) if rest.is_empty() || rest.starts_with('/') => {
            format!("{}{rest}", home.trim_end_matches('/'))
        }
        _ => text.to_owned(),
    }
}

/// `$NAME` and `${NAME}`; a variable that is not set stays as it is written.
fn expand_variables(text: &str, environment: &Environment) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        let (name, written) = variable(after);
        match environment.get(name) {
            Some(value) if !name.is_empty() => out.push_str(value),
            _ => {
                out.push('$');
                out.push_str(written);
            }
        }
        rest = &after[written.len()..];
    }
    out + rest
}

/// The name of the variable that `text` (what follows a `$`) starts with, and the name as written.
fn variable(text: &str) -> (&str, &str) {
    if let Some((name, _)) = text.strip_prefix('{').and_then(|inner| inner.split_once('}')) {
        return (name, &text[..name.len() + 2]);
    }
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    (&text[..end], &text[..end])
}

fn normalise(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                out.pop();
            }
            part => out.push(part),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_expanded_and_normalised() {
        let environment: Environment = [("HOME", "/home/ann"), ("TEAM", "web")].into_iter().collect();
        let cases = [
            ("/a/./b/../c", "/a/c"),
            ("roles", "/etc/kapell/roles"),
            ("../roles/", "/etc/roles"),
            ("~/roles", "/home/ann/roles"),
            ("~", "/home/ann"),
            ("~bob/x", "/etc/kapell/~bob/x"),
            ("/x/$TEAM/${TEAM}s/$NOPE/${NOPE}", "/x/web/webs/$NOPE/${NOPE}"),
            ("$HOME/$", "/home/ann/$"),
            ("{{CWD}}/x", "/srv/x"),
            ("/../..", "/"),
        ];
        for (text, expected) in cases {
            let path = resolve(text, Path::new("/etc/kapell"), Path::new("/srv"), &environment);
            assert_eq!(path, Path::new(expected), "{text}");
        }
    }
}
