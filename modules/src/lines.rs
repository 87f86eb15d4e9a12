//! Lines of text as Python counts them.

/// `str.splitlines()`: every kind of line end, none of them kept, no empty last line.
pub(crate) fn split_lines(text: &str) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(is_line_end) {
        lines.push(&rest[..at]);
        let end = if rest[at..].starts_with("\r\n") { 2 } else { rest[at..].chars().next().map_or(1, char::len_utf8) };
        rest = &rest[at + end..];
    }
    if !rest.is_empty() {
        lines.push(rest);
    }
    lines
}

/// `bytes.splitlines(True)`: a carriage return ends a line, too; the ends are kept.
pub(crate) fn split_byte_lines(text: &str) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['\n', '\r']) {
        let end = at + if rest[at..].starts_with("\r\n") { 2 } else { 1 };
        lines.push(&rest[..end]);
        rest = &rest[end..];
    }
    if !rest.is_empty() {
        lines.push(rest);
    }
    lines
}

fn is_line_end(character: char) -> bool {
    matches!(character, '\n' | '\r' | '\x0b' | '\x0c' | '\x1c'..='\x1e' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::{split_byte_lines, split_lines};

    #[test]
    fn bytes_have_three_line_ends() {
        assert_eq!(split_byte_lines("a\r\nb\rc\n\n\x0bd"), ["a\r\n", "b\r", "c\n", "\n", "\x0bd"]);
    }

    #[test]
    fn all_line_ends_count() {
        let cases: &[(&str, &[&str])] = &[
            ("", &[]),
            ("a", &["a"]),
            ("a\nb\n", &["a", "b"]),
            ("a\r\nb\rc\n\nd", &["a", "b", "c", "", "d"]),
            ("x\x0by\u{2028}z", &["x", "y", "z"]),
        ];
        for (text, lines) in cases {
            assert_eq!(split_lines(text), *lines, "{text:?}");
        }
    }
}
