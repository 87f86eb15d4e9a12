//! Paths as SSH options write them: a tilde, and `%` tokens.

use std::path::{Path, PathBuf};

/// `~` and `~/…` are the user's home; everything else stays.
pub(crate) fn expand_tilde(path: &str) -> PathBuf {
    match (path.strip_prefix('~'), std::env::home_dir()) {
        (Some(""), Some(home)) => home,
        (Some(rest), Some(home)) if rest.starts_with('/') => home.join(&rest[1..]),
        _ => PathBuf::from(path),
    }
}

/// What `%` tokens stand for.
pub(crate) struct Tokens<'a> {
    /// As given by the user, `%n`.
    pub(crate) alias: &'a str,
    /// `%h`.
    pub(crate) host: &'a str,
    pub(crate) port: u16,
    /// `%r`.
    pub(crate) user: &'a str,
}

impl Tokens<'_> {
    pub(crate) fn expand(&self, text: &str) -> String {
        let mut expanded = String::new();
        let mut characters = text.chars();
        while let Some(character) = characters.next() {
            if character != '%' {
                expanded.push(character);
                continue;
            }
            match characters.next() {
                Some('n') => expanded.push_str(self.alias),
                Some('h') => expanded.push_str(self.host),
                Some('p') => expanded.push_str(&self.port.to_string()),
                Some('r') => expanded.push_str(self.user),
                Some('u') => expanded.push_str(&local_user()),
                Some('d') => expanded.push_str(&std::env::home_dir().unwrap_or_default().to_string_lossy()),
                Some('%') => expanded.push('%'),
                other => expanded.extend(['%'].into_iter().chain(other)),
            }
        }
        expanded
    }

    pub(crate) fn expand_path(&self, path: &Path) -> PathBuf {
        expand_tilde(&self.expand(&path.to_string_lossy()))
    }
}

/// Who runs this program: from the user database, as `ssh` does, not from the environment.
pub(crate) fn local_user() -> String {
    let uid = rustix::process::getuid().as_raw().to_string();
    let passwd = fs_err::read_to_string("/etc/passwd").unwrap_or_default();
    let entry = passwd
        .lines()
        .map(|line| line.split(':').collect::<Vec<_>>())
        .find(|fields| fields.get(2) == Some(&uid.as_str()));
    let name = entry.and_then(|fields| fields.first().map(|name| (*name).to_owned()));
    name.or_else(|| std::env::var("USER").ok()).unwrap_or(uid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens() {
        let tokens = Tokens { alias: "web", host: "10.0.0.1", port: 22, user: "me" };
        assert_eq!(tokens.expand("%n/%h:%p@%r%%%x"), "web/10.0.0.1:22@me%%x");
    }
}
