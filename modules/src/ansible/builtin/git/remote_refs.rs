//! What a remote repository has, from `git ls-remote --symref`.

use std::collections::HashMap;

/// What the wanted version is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Version {
    Branch {
        name: String,
        commit: String,
    },
    Tag {
        name: String,
        commit: String,
    },
    /// Nothing the remote names: a commit, or something only git can tell.
    Other(String),
}

impl Version {
    /// The commit, as far as the remote tells.
    pub(super) fn commit(&self) -> &str {
        match self {
            Self::Branch { commit, .. } | Self::Tag { commit, .. } => commit,
            Self::Other(text) => text,
        }
    }
}

#[derive(Debug, Clone, Default)]
pub(super) struct RemoteRefs {
    commits: HashMap<String, String>,
    head_branch: Option<String>,
}

impl RemoteRefs {
    /// Lines are `ref: refs/heads/main<tab>HEAD` and `<commit><tab><ref>`.
    pub(super) fn parse(output: &str) -> Self {
        let mut refs = Self::default();
        for (value, name) in output.lines().filter_map(|line| line.split_once('\t')) {
            match value.strip_prefix("ref: ") {
                Some(target) if name == "HEAD" => {
                    refs.head_branch = target.strip_prefix("refs/heads/").map(str::to_owned);
                }
                Some(_) => {}
                None => {
                    refs.commits.insert(name.to_owned(), value.to_owned());
                }
            }
        }
        refs
    }

    pub(super) fn find(&self, version: &str) -> Version {
        let commit = |name: &str| self.commits.get(name).cloned();
        if version == "HEAD" {
            let Some(head) = commit("HEAD") else { return Version::Other(version.to_owned()) };
            return match &self.head_branch {
                Some(branch) => Version::Branch { name: branch.clone(), commit: head },
                None => Version::Other(head),
            };
        }
        if let Some(commit) = commit(&format!("refs/heads/{version}")) {
            return Version::Branch { name: version.to_owned(), commit };
        }
        let tag = format!("refs/tags/{version}");
        // What an annotated tag points to.
        match commit(&format!("{tag}^{{}}")).or_else(|| commit(&tag)) {
            Some(commit) => Version::Tag { name: version.to_owned(), commit },
            None => Version::Other(version.to_owned()),
        }
    }
}

/// Whether it can only be (the beginning of) a commit's name.
pub(super) fn is_commit(version: &str) -> bool {
    version.len() == 40 && version.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "ref: refs/heads/main\tHEAD\naaa\tHEAD\naaa\trefs/heads/main\nbbb\trefs/heads/dev\n\
        ccc\trefs/tags/v1\nddd\trefs/tags/v2\neee\trefs/tags/v2^{}\n";

    #[test]
    fn versions_are_branches_tags_or_commits() {
        let refs = RemoteRefs::parse(OUTPUT);
        let branch = |name: &str, commit: &str| Version::Branch { name: name.to_owned(), commit: commit.to_owned() };
        assert_eq!(refs.find("HEAD"), branch("main", "aaa"));
        assert_eq!(refs.find("dev"), branch("dev", "bbb"));
        assert_eq!(refs.find("v1").commit(), "ccc");
        assert_eq!(refs.find("v2").commit(), "eee");
        assert_eq!(refs.find("nosuch"), Version::Other("nosuch".to_owned()));
        assert!(is_commit(&"0aF9".repeat(10)));
        assert!(!is_commit("v1"));
    }
}
