//! `ForeignModule`: a module's file, which of the known ways of taking arguments it follows, and what is sent for it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use regex::bytes::Regex;
use sha2::{Digest, Sha256};

use super::bundle;
use super::library::ModuleLibrary;
use super::shebang::Shebang;

pub(super) const JSON_MARK: &str = "<<INCLUDE_ANSIBLE_MODULE_JSON_ARGS>>";
const COMMON_MARK: &str = "#<<INCLUDE_ANSIBLE_MODULE_COMMON>>";
/// As much of a file is looked at to tell a program from a script.
const BINARY_PROBE: usize = 1024;

/// How a module takes its arguments and what runs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// An executable; a file of JSON is its argument.
    Binary,
    /// Python that imports `ansible.module_utils`.
    Python,
    /// The JSON stands in the script itself, in place of a mark.
    JsonInside,
    /// A script that says WANT_JSON: a file of JSON is its argument.
    WantJson,
    /// Any other script: a file of `key=value` is its argument.
    KeyValue,
}

/// A module of the user's content.
pub struct ForeignModule {
    /// Fully qualified; `ansible.legacy.NAME` outside of collections.
    pub name: String,
    pub path: PathBuf,
    program: OnceLock<Result<Arc<Program>, String>>,
}

/// What is sent to a node.
pub(super) struct Program {
    pub(super) style: Style,
    pub(super) shebang: Option<Shebang>,
    pub(super) content: Content,
}

/// Bytes and their SHA-256.
pub(super) struct Content {
    pub(super) bytes: Arc<[u8]>,
    pub(super) sha256: String,
}

impl From<Vec<u8>> for Content {
    fn from(bytes: Vec<u8>) -> Self {
        Self { sha256: hex::encode(Sha256::digest(&bytes)), bytes: bytes.into() }
    }
}

impl ForeignModule {
    pub(super) fn new(name: &str, path: &Path) -> Self {
        Self { name: name.to_owned(), path: path.to_owned(), program: OnceLock::new() }
    }

    pub(super) fn short_name(&self) -> &str {
        self.name.rsplit('.').next().unwrap_or(&self.name)
    }

    /// Reads and bundles at first use.
    pub(super) fn program(&self, library: &ModuleLibrary) -> Result<Arc<Program>, String> {
        self.program.get_or_init(|| self.prepare(library).map(Arc::new)).clone()
    }

    fn prepare(&self, library: &ModuleLibrary) -> Result<Program, String> {
        let mut source = fs_err::read(&self.path).map_err(|error| error.to_string())?;
        let style = style(&source);
        let shebang = Shebang::read(&source);
        if contains(&source, COMMON_MARK) {
            let text = String::from_utf8_lossy(&source);
            source = text.replace(COMMON_MARK, "from ansible.module_utils.basic import *").into_bytes();
        }
        if style == Style::Python {
            source = bundle::bundle(self, &String::from_utf8_lossy(&source), library)?;
        }
        Ok(Program { style, shebang, content: source.into() })
    }
}

fn style(source: &[u8]) -> Style {
    let probe = &source[..source.len().min(BINARY_PROBE)];
    if probe.iter().any(|&byte| matches!(byte, 0..=6 | 11 | 14..=26 | 28..=31 | 127)) {
        Style::Binary
    } else if contains(source, COMMON_MARK) || imports_module_utils(source) {
        Style::Python
    } else if contains(source, JSON_MARK) {
        Style::JsonInside
    } else if contains(source, "WANT_JSON") {
        Style::WantJson
    } else {
        Style::KeyValue
    }
}

/// A line that imports what Ansible offers to modules; a mention in a text does not count.
fn imports_module_utils(source: &[u8]) -> bool {
    const IMPORT: &str = r"(?m)^[ \t]*(?:try[ \t]*:[ \t]*)?(?:from[ \t]+(?:ansible\.module_utils|ansible_collections\.\w+\.\w+\.plugins\.module_utils|\.+module_utils)\b|import[ \t]+(?:ansible\.module_utils|ansible_collections\.\w+\.\w+\.plugins\.module_utils)\.|from[ \t]+(?:ansible|\.+)[ \t]+import[ \t]+module_utils\b)";
    Regex::new(IMPORT).is_ok_and(|import| import.is_match(source))
}

fn contains(source: &[u8], text: &str) -> bool {
    source.windows(text.len()).any(|window| window == text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn styles_are_told_by_content() {
        let cases: &[(&[u8], Style)] = &[
            (b"\x7fELF\x02\x01\x01\0\0", Style::Binary),
            (b"#!/usr/bin/python\nfrom ansible.module_utils.basic import AnsibleModule\n", Style::Python),
            (b"if x:\n    import ansible.module_utils.basic\n", Style::Python),
            (b"from ..module_utils.thing import x\n", Style::Python),
            (b"from ansible_collections.a.b.plugins.module_utils.c import d\n", Style::Python),
            (b"#<<INCLUDE_ANSIBLE_MODULE_COMMON>>\n", Style::Python),
            (
                b"# from ansible.module_utils.basic\njson = '''<<INCLUDE_ANSIBLE_MODULE_JSON_ARGS>>'''",
                Style::JsonInside,
            ),
            (b"#!/usr/bin/python\n# WANT_JSON\n", Style::WantJson),
            (b"#!/bin/sh\n. $1\n", Style::KeyValue),
        ];
        for (source, expected) in cases {
            assert_eq!(style(source), *expected, "{}", String::from_utf8_lossy(source));
        }
    }
}
