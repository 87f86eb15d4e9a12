//! `Shebang`: the interpreter a module's first line asks for.

/// `#!/usr/bin/env python3` is `/usr/bin/env` with `python3`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shebang {
    pub(super) interpreter: String,
    pub(super) args: Vec<String>,
}

impl Shebang {
    pub(super) fn read(content: &[u8]) -> Option<Self> {
        let line = content.strip_prefix(b"#!")?.split(|&byte| byte == b'\n').next()?;
        let line = String::from_utf8_lossy(line);
        let mut words = line.split_whitespace().map(str::to_owned);
        Some(Self { interpreter: words.next()?, args: words.collect() })
    }

    /// `python` of `/usr/bin/python`.
    pub(super) fn name(&self) -> &str {
        self.interpreter.rsplit('/').next().unwrap_or(&self.interpreter)
    }
}

#[cfg(test)]
mod tests {
    use super::Shebang;

    #[test]
    fn first_lines() {
        let read = |text: &str| Shebang::read(text.as_bytes()).map(|found| (found.name().to_owned(), found.args.len()));
        assert_eq!(read("#!/usr/bin/python -tt\nimport os"), Some(("python".into(), 1)));
        assert_eq!(read("#! /bin/sh"), Some(("sh".into(), 0)));
        assert_eq!(read("import os\n#!/bin/sh"), None);
        assert_eq!(read("#!\n"), None);
    }
}
