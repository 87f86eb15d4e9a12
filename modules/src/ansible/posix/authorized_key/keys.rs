//! The lines of an `authorized_keys` file (sshd(8), AUTHORIZED_KEYS FILE FORMAT).

const TYPES: [&str; 12] = [
    "ssh-rsa",
    "ssh-dss",
    "ssh-ed25519",
    "ssh-ed448",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
    "ssh-rsa-cert-v01@openssh.com",
    "ssh-ed25519-cert-v01@openssh.com",
    "ecdsa-sha2-nistp256-cert-v01@openssh.com",
];

/// One key with its options and comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    pub options: Vec<String>,
    pub kind: String,
    pub blob: String,
    pub comment: String,
}

impl Key {
    /// `None` when the line is no key.
    pub(super) fn parse(line: &str) -> Option<Self> {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            return None;
        }
        let first = word(line);
        let (options, rest) = if TYPES.contains(&first) {
            (Vec::new(), line)
        } else {
            (split_options(first), line[first.len()..].trim_start())
        };
        let kind = word(rest);
        let rest = rest[kind.len()..].trim_start();
        let blob = word(rest);
        if !TYPES.contains(&kind) || blob.is_empty() {
            return None;
        }
        let comment = rest[blob.len()..].trim().to_owned();
        Some(Self { options, kind: kind.to_owned(), blob: blob.to_owned(), comment })
    }

    pub(super) fn line(&self) -> String {
        let options = self.options.join(",");
        let head = if options.is_empty() { String::new() } else { options + " " };
        // A key without a comment ends in a blank, as Ansible writes it.
        format!("{head}{} {} {}", self.kind, self.blob, self.comment)
    }

    /// The order of options does not matter.
    fn is_same(&self, other: &Self) -> bool {
        let sorted = |key: &Self| {
            let mut options = key.options.clone();
            options.sort();
            options
        };
        self.kind == other.kind && self.comment == other.comment && sorted(self) == sorted(other)
    }
}

pub(super) fn split_options(text: &str) -> Vec<String> {
    let mut options = vec![String::new()];
    let (mut quoted, mut escaped) = (false, false);
    for character in text.chars() {
        if character == ',' && !quoted {
            options.push(String::new());
            continue;
        }
        if character == '"' && !escaped {
            quoted = !quoted;
        }
        escaped = character == '\\' && !escaped;
        if let Some(last) = options.last_mut() {
            last.push(character);
        }
    }
    options.retain(|option| !option.is_empty());
    options
}

/// Up to the next blank outside quotes.
fn word(text: &str) -> &str {
    let (mut quoted, mut escaped) = (false, false);
    for (at, character) in text.char_indices() {
        if character.is_whitespace() && !quoted {
            return &text[..at];
        }
        if character == '"' && !escaped {
            quoted = !quoted;
        }
        escaped = character == '\\' && !escaped;
    }
    text
}

/// A line of the file: a key, or something that is kept as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Line {
    Key(Key),
    Other(String),
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct KeyFile {
    lines: Vec<Line>,
}

impl KeyFile {
    pub(super) fn parse(text: &str) -> Self {
        let line = |line: &str| Key::parse(line).map_or_else(|| Line::Other(line.to_owned()), Line::Key);
        Self { lines: text.lines().map(line).collect() }
    }

    pub(super) fn text(&self) -> String {
        let line = |line: &Line| match line {
            Line::Key(key) => key.line() + "\n",
            Line::Other(text) => text.clone() + "\n",
        };
        self.lines.iter().map(line).collect()
    }

    /// Adds the key, or changes the one with the same blob; true when that was necessary.
    pub(super) fn set(&mut self, key: &Key) -> bool {
        let same_blob = |line: &&mut Line| matches!(line, Line::Key(other) if other.blob == key.blob);
        match self.lines.iter_mut().find(same_blob) {
            Some(Line::Key(current)) if current.is_same(key) => false,
            Some(line) => {
                *line = Line::Key(key.clone());
                true
            }
            None => {
                self.lines.push(Line::Key(key.clone()));
                true
            }
        }
    }

    pub(super) fn remove(&mut self, key: &Key) -> bool {
        self.retain(|line| !matches!(line, Line::Key(other) if other.blob == key.blob))
    }

    /// Leaves nothing but these keys.
    pub(super) fn keep_only(&mut self, keys: &[Key]) -> bool {
        self.retain(|line| matches!(line, Line::Key(other) if keys.iter().any(|key| key.blob == other.blob)))
    }

    fn retain(&mut self, wanted: impl Fn(&Line) -> bool) -> bool {
        let before = self.lines.len();
        self.lines.retain(wanted);
        self.lines.len() != before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_taken_apart_and_put_together() {
        let line = "command=\"/bin/x \\\"y, z\\\"\",no-pty ssh-rsa AAAAB3xx three word comment";
        let key = Key::parse(line).unwrap();
        assert_eq!(key.options, ["command=\"/bin/x \\\"y, z\\\"\"", "no-pty"]);
        assert_eq!((key.kind.as_str(), key.blob.as_str()), ("ssh-rsa", "AAAAB3xx"));
        assert_eq!(key.comment, "three word comment");
        assert_eq!(key.line(), line);
        for wrong in ["", "# ssh-rsa AAAA", "garbage", "ssh-rsa", "no-pty ssh-nonsense AAAA"] {
            assert_eq!(Key::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn keys_are_set_where_they_are() {
        let mut file = KeyFile::parse("# mine\nssh-rsa AAAA one\n\nnot a key\nfrom=\"x\",no-pty ssh-rsa BBBB two\n");
        assert!(!file.set(&Key::parse("ssh-rsa AAAA one").unwrap()));
        assert!(!file.set(&Key::parse("no-pty,from=\"x\" ssh-rsa BBBB two").unwrap()));
        assert!(file.set(&Key::parse("ssh-rsa AAAA other").unwrap()));
        assert!(file.set(&Key::parse("ssh-rsa BBBB two").unwrap()));
        assert!(file.set(&Key::parse("ssh-ed25519 CCCC").unwrap()));
        assert_eq!(file.text(), "# mine\nssh-rsa AAAA other\n\nnot a key\nssh-rsa BBBB two\nssh-ed25519 CCCC \n");
        assert!(file.remove(&Key::parse("ssh-rsa BBBB").unwrap()));
        assert!(!file.remove(&Key::parse("ssh-rsa BBBB").unwrap()));
        assert!(file.keep_only(&[Key::parse("ssh-ed25519 CCCC").unwrap()]));
        assert_eq!(file.text(), "ssh-ed25519 CCCC \n");
    }
}
