//! `ansible.cfg`'s INI dialect, as Python's `configparser` reads it: continued lines, `;` comments at line ends, no interpolation.

use std::sync::Arc;

use kapell_parsing::{Diagnostic, Origin, SourceFile};

/// One `key = value`, with the place of the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IniEntry {
    pub section: String,
    /// Lower case, as `configparser` makes it.
    pub key: String,
    /// The lines of the value, joined with line feeds.
    pub value: String,
    pub origin: Origin,
}

/// The entries of `source`, in order. Keys written twice and lines without a `=` are errors.
pub fn parse(source: &Arc<SourceFile>) -> Result<Vec<IniEntry>, Diagnostic> {
    let mut reader = Reader { source, entries: Vec::new(), section: None, indent: None };
    for (number, line) in (1..).zip(source.text.lines()) {
        reader.line(line, number)?;
    }
    for entry in &mut reader.entries {
        entry.value.truncate(entry.value.trim_end().len());
    }
    Ok(reader.entries)
}

struct Reader<'a> {
    source: &'a Arc<SourceFile>,
    entries: Vec<IniEntry>,
    section: Option<String>,
    /// The indentation of the entry that deeper lines continue; none when there is nothing to continue.
    indent: Option<usize>,
}

impl Reader<'_> {
    fn line(&mut self, line: &str, number: u32) -> Result<(), Diagnostic> {
        let content = without_comment(line);
        if content.is_empty() {
            // An empty line belongs to the value before it, a comment does not.
            if line.trim().is_empty() && self.indent.is_some() {
                self.continue_value("");
            }
            return Ok(());
        }
        let indent = line.chars().take_while(|c| c.is_whitespace()).count();
        if self.indent.is_some_and(|first| indent > first) {
            self.continue_value(content);
            return Ok(());
        }
        let column = u32::try_from(indent + 1).unwrap_or(u32::MAX);
        let origin = Origin::new(self.source.clone(), number, column);
        match content.strip_prefix('[').and_then(|rest| rest.rsplit_once(']')) {
            Some((section, _)) => self.start_section(section, &origin),
            None => self.start_entry(content, indent, origin),
        }
    }

    fn continue_value(&mut self, content: &str) {
        if let Some(entry) = self.entries.last_mut() {
            entry.value.push('\n');
            entry.value.push_str(content);
        }
    }

    fn start_section(&mut self, section: &str, origin: &Origin) -> Result<(), Diagnostic> {
        self.indent = None;
        if section != "DEFAULT" && self.entries.iter().any(|entry| entry.section == section) {
            return Err(Diagnostic::error(format!("section '{section}' is there twice")).at(Some(origin)));
        }
        self.section = Some(section.to_owned());
        Ok(())
    }

    fn start_entry(&mut self, content: &str, indent: usize, origin: Origin) -> Result<(), Diagnostic> {
        let Some(section) = &self.section else {
            let message = "an option stands before the first section";
            return Err(Diagnostic::error(message).at(Some(&origin)).hint("start the file with `[defaults]`"));
        };
        let parts = content.split_once(['=', ':']).map(|(key, value)| (key.trim(), value.trim()));
        let Some((key, value)) = parts.filter(|(key, _)| !key.is_empty()) else {
            return Err(Diagnostic::error("this line is not `option = value`").at(Some(&origin)));
        };
        let (section, key) = (section.clone(), key.to_lowercase());
        if let Some(first) = self.entries.iter().find(|entry| entry.section == section && entry.key == key) {
            let message =
                format!("option '{key}' is there twice in section '{section}' (first in line {})", first.origin.line);
            return Err(Diagnostic::error(message).at(Some(&origin)));
        }
        self.indent = Some(indent);
        self.entries.push(IniEntry { section, key, value: value.to_owned(), origin });
        Ok(())
    }
}

/// The trimmed line without comments: a whole line after `#` or `;`, the end of one after white space and `;`.
fn without_comment(line: &str) -> &str {
    let trimmed = line.trim();
    if trimmed.starts_with(['#', ';']) {
        return "";
    }
    let mut before = ' ';
    for (place, c) in trimmed.char_indices() {
        if c == ';' && before.is_whitespace() {
            return trimmed[..place].trim_end();
        }
        before = c;
    }
    trimmed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<(String, String, String)>, String> {
        let entries = parse(&SourceFile::new("ansible.cfg", text)).map_err(|error| error.to_string())?;
        Ok(entries.into_iter().map(|entry| (entry.section, entry.key, entry.value)).collect())
    }

    /// Measured with Python's `ConfigParser(inline_comment_prefixes=(';',))`.
    #[test]
    fn values_are_what_configparser_makes_of_them() {
        let cases: &[(&str, &[(&str, &str)])] = &[
            ("[a]\nx = 1\n  2\n\n   3\ny=4\n", &[("x", "1\n2\n\n3"), ("y", "4")]),
            ("[a]\nx=\n y\n z\n", &[("x", "\ny\nz")]),
            ("[a]\n  x = 1\n  y = 2\n", &[("x", "1"), ("y", "2")]),
            ("[a]\nx = 1\n# c\n  2\n; d\n  3\n", &[("x", "1\n2\n3")]),
            ("[a]\nx = a ;b\n", &[("x", "a")]),
            ("[a]\nx = a; b\n", &[("x", "a; b")]),
            ("[a]\nx=1 ; a\n  ; b\n  2 ;c\n", &[("x", "1\n2")]),
            ("[a]\nX Y = 1\n", &[("x y", "1")]),
            ("[a] junk\nx=1", &[("x", "1")]),
            ("[a]\nx = 1\n\n\n\ny = 2", &[("x", "1"), ("y", "2")]),
            ("[a]\nx==1\ny:=2\nz=:3", &[("x", "=1"), ("y", "=2"), ("z", ":3")]),
            ("  [a]\nx=1", &[("x", "1")]),
            ("[a]\nx=1\n  [b]\ny=2", &[("x", "1\n[b]"), ("y", "2")]),
            ("[a]\nx=1\n  y=2\nz=3", &[("x", "1\ny=2"), ("z", "3")]),
            ("[a]\nx=1 #2\nv = 100% %(x)s", &[("x", "1 #2"), ("v", "100% %(x)s")]),
            ("[a]\nx = 1\n  \n  2", &[("x", "1\n\n2")]),
        ];
        for (text, expected) in cases {
            let expected = expected.iter().map(|(k, v)| ("a".to_owned(), (*k).to_owned(), (*v).to_owned())).collect();
            assert_eq!(read(text), Ok(expected), "{text:?}");
        }
    }

    #[test]
    fn errors_name_file_and_line() {
        let cases = [
            ("[a]\nx\n", "this line is not `option = value`\n  --> ansible.cfg:2:1"),
            ("[a]\n= 1", "this line is not `option = value`\n  --> ansible.cfg:2:1"),
            ("x = 1", "an option stands before the first section\n  --> ansible.cfg:1:1"),
            ("[a]\nx=1\nX=2", "option 'x' is there twice in section 'a' (first in line 2)\n  --> ansible.cfg:3:1"),
            ("[a]\nx=1\n[a]\ny=2", "section 'a' is there twice\n  --> ansible.cfg:3:1"),
        ];
        for (text, expected) in cases {
            let error = read(text).unwrap_err();
            assert!(error.starts_with(expected), "{text:?} gives {error}");
        }
    }
}
