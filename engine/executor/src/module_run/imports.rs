//! The imports of a Python source, read from its tokens without running it.

/// One name a source imports.
#[derive(Debug, PartialEq, Eq, Clone)]
pub(super) struct Import {
    /// Leading dots of `from ..x import y`.
    pub(super) level: usize,
    /// `a.b` of `from a.b import c` and of `import a.b`.
    pub(super) module: String,
    /// `c` of `from a.b import c`.
    pub(super) name: Option<String>,
    /// Whether the source may do without: it stands in a function, a condition or a `try`.
    pub(super) optional: bool,
}

pub(super) fn imports(source: &str) -> Vec<Import> {
    statements(source).iter().flat_map(|(indented, text)| statement_imports(text, *indented)).collect()
}

/// Statements with their strings emptied and comments removed; whether they are indented.
fn statements(source: &str) -> Vec<(bool, String)> {
    let mut scanner = Scanner { rest: source, depth: 0, current: String::new(), found: Vec::new() };
    while scanner.step() {}
    scanner.end();
    scanner.found
}

struct Scanner<'a> {
    rest: &'a str,
    /// Open brackets: line ends mean nothing inside.
    depth: usize,
    current: String,
    found: Vec<(bool, String)>,
}

impl Scanner<'_> {
    fn step(&mut self) -> bool {
        let Some(next) = self.rest.chars().next() else { return false };
        match next {
            '#' => self.rest = &self.rest[self.rest.find('\n').unwrap_or(self.rest.len())..],
            '"' | '\'' => self.skip_string(next),
            '\\' => self.rest = self.rest[1..].trim_start_matches('\r').strip_prefix('\n').unwrap_or(&self.rest[1..]),
            '\n' if self.depth == 0 => {
                self.rest = &self.rest[1..];
                self.end();
            }
            ';' if self.depth == 0 => {
                self.rest = self.rest[1..].trim_start_matches([' ', '\t']);
                let indented = self.current.starts_with([' ', '\t']);
                self.end();
                if indented {
                    self.current.push(' ');
                }
            }
            _ => {
                match next {
                    '(' | '[' | '{' => self.depth += 1,
                    ')' | ']' | '}' => self.depth = self.depth.saturating_sub(1),
                    _ => {}
                }
                self.current.push(if next == '\n' { ' ' } else { next });
                self.rest = &self.rest[next.len_utf8()..];
            }
        }
        true
    }

    /// To the end of the string, or of its line when nothing ends it there.
    fn skip_string(&mut self, quote: char) {
        let triple: String = std::iter::repeat_n(quote, 3).collect();
        let long = self.rest.starts_with(&triple);
        let mark = if long { triple } else { quote.to_string() };
        let mut rest = &self.rest[mark.len()..];
        loop {
            if let Some(after) = rest.strip_prefix(mark.as_str()) {
                self.rest = after;
                break;
            }
            let mut chars = rest.chars();
            match chars.next() {
                Some('\\') => drop(chars.next()),
                Some('\n') if !long => {
                    self.rest = rest;
                    break;
                }
                Some(_) => {}
                None => {
                    self.rest = "";
                    break;
                }
            }
            rest = chars.as_str();
        }
        self.current.push_str("''");
    }

    fn end(&mut self) {
        let text = std::mem::take(&mut self.current);
        if !text.trim().is_empty() {
            self.found.push((text.starts_with([' ', '\t']), text.trim().to_owned()));
        }
    }
}

fn statement_imports(text: &str, indented: bool) -> Vec<Import> {
    for word in ["try", "else", "finally"] {
        if let Some(rest) = text.strip_prefix(word).and_then(|rest| rest.trim_start().strip_prefix(':')) {
            return statement_imports(rest.trim(), true);
        }
    }
    if let Some(rest) = keyword(text, "import") {
        return rest.split(',').filter_map(|part| first_name(part)).map(|module| plain(module, indented)).collect();
    }
    let Some(rest) = keyword(text, "from") else { return Vec::new() };
    let Some((module, names)) = rest.split_once(" import").or_else(|| rest.split_once(")import")) else {
        return Vec::new();
    };
    let module = module.trim();
    let name = module.trim_start_matches('.');
    let level = module.len() - name.len();
    let names = names.trim().trim_start_matches('(').trim_end_matches(')');
    names
        .split(',')
        .filter_map(|part| first_name(part))
        .map(|imported| Import { level, module: name.to_owned(), name: Some(imported.to_owned()), optional: indented })
        .collect()
}

fn plain(module: &str, indented: bool) -> Import {
    Import { level: 0, module: module.to_owned(), name: None, optional: indented }
}

fn keyword<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    text.strip_prefix(word)?.strip_prefix([' ', '\t', '.', '(']).map(|_| text[word.len()..].trim_start())
}

/// `a.b` of `a.b as c`.
fn first_name(part: &str) -> Option<&str> {
    part.split_whitespace().next()
}

#[cfg(test)]
mod tests {
    use super::imports;

    #[test]
    fn every_form_is_seen_and_text_is_not() {
        let source = r#"
"""from ansible.module_utils.no import no"""
import os, ansible.module_utils.a as b
from ansible.module_utils.basic import (  # comment with from x import y
    AnsibleModule,
    env_fallback as e)
from .. import top
from ..module_utils.x import \
    y; import z
def f():
    from ansible.module_utils import late
try: import simple
except ImportError: pass
s = 'it\'s "' + "import no"
from a import *
"#;
        let shown: Vec<String> = imports(source)
            .iter()
            .map(|i| {
                let name = i.name.as_deref().map(|name| format!(" {name}")).unwrap_or_default();
                format!("{}{}{name}{}", ".".repeat(i.level), i.module, if i.optional { " ?" } else { "" })
            })
            .collect();
        assert_eq!(
            shown,
            [
                "os",
                "ansible.module_utils.a",
                "ansible.module_utils.basic AnsibleModule",
                "ansible.module_utils.basic env_fallback",
                ".. top",
                "..module_utils.x y",
                "z",
                "ansible.module_utils late ?",
                "simple ?",
                "a *"
            ]
        );
    }
}
