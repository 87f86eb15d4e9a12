//! Texts that a Python file assigns to names: `DOCUMENTATION = r'''…'''`. Nothing is run for that.

const QUOTES: &[&str] = &["'''", "\"\"\"", "'", "\""];

/// The text assigned to `name`, anywhere in the file: of a module at its margin, of a fragment within its class.
pub(crate) fn assigned(source: &str, name: &str) -> Option<String> {
    let mut at = 0;
    for line in source.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let Some(rest) = line.trim_start().strip_prefix(name) else { continue };
        let Some(value) = rest.trim_start().strip_prefix('=') else { continue };
        let offset = start + line.len() - value.trim_start().len();
        if let Some(text) = literal(&source[offset..]) {
            return Some(text);
        }
    }
    None
}

/// The literal that `text` begins with.
fn literal(text: &str) -> Option<String> {
    let prefix = text.len() - text.trim_start_matches(['r', 'R', 'u', 'U']).len();
    let raw = text[..prefix].contains(['r', 'R']);
    let body = &text[prefix..];
    let quote = QUOTES.iter().find(|quote| body.starts_with(**quote))?;
    let body = &body[quote.len()..];
    let mut out = String::new();
    let mut rest = body;
    while !rest.starts_with(quote) {
        let mut chars = rest.chars();
        let next = chars.next()?;
        if next == '\n' && quote.len() == 1 {
            return None;
        }
        if next == '\\' {
            push_escaped(&mut out, chars.next()?, raw);
        } else {
            out.push(next);
        }
        rest = chars.as_str();
    }
    Some(out)
}

fn push_escaped(out: &mut String, escaped: char, raw: bool) {
    match escaped {
        _ if raw => out.extend(['\\', escaped]),
        'n' => out.push('\n'),
        't' => out.push('\t'),
        '\n' => {}
        '\\' | '\'' | '"' => out.push(escaped),
        other => out.extend(['\\', other]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_found_where_they_are_assigned() {
        let source = "import x\nDOCUMENTATION = r'''\na: \\d\n'''\nclass F:\n    OTHER = \"\"\"b: 'c'\"\"\"\nRETURN = 'one\\n'\n";
        assert_eq!(assigned(source, "DOCUMENTATION").as_deref(), Some("\na: \\d\n"));
        assert_eq!(assigned(source, "OTHER").as_deref(), Some("b: 'c'"));
        assert_eq!(assigned(source, "RETURN").as_deref(), Some("one\n"));
        assert_eq!(assigned(source, "EXAMPLES"), None);
        assert_eq!(assigned("DOCUMENTATION = x", "DOCUMENTATION"), None);
        assert_eq!(assigned("RETURN = '''open", "RETURN"), None);
    }
}
