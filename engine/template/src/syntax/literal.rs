//! String constants as Python reads them. minijinja's own reading differs for `\/` and a few rarer escapes.

/// The characters of one or more adjacent quoted strings, taken from the source text `raw`. Without `escapes`, a
/// backslash stands for itself.
pub(crate) fn unquote(raw: &str, escapes: bool) -> Option<String> {
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw.trim_start();
    while let Some(quote) = rest.chars().next() {
        if quote != '\'' && quote != '"' {
            return None;
        }
        let (body, tail) = split_string(&rest[1..], quote)?;
        if escapes {
            decode(body, &mut out);
        } else {
            out.push_str(body);
        }
        rest = tail.trim_start();
    }
    Some(out)
}

/// Body of a string up to its closing quote, and what follows it.
fn split_string(text: &str, quote: char) -> Option<(&str, &str)> {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return Some((&text[..at], &text[at + 1..])),
            _ => {}
        }
    }
    None
}

/// Python's escapes; an unknown one keeps its backslash.
fn decode(body: &str, out: &mut String) {
    let mut rest = body;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        rest = decode_escape(rest, out);
    }
    out.push_str(rest);
}

/// Decodes the escape whose backslash was just passed and gives what follows it.
fn decode_escape<'a>(text: &'a str, out: &mut String) -> &'a str {
    let Some(c) = text.chars().next() else {
        out.push('\\');
        return text;
    };
    let tail = &text[c.len_utf8()..];
    let simple = match c {
        '\n' => return tail,
        '\\' | '\'' | '"' => c,
        'a' => '\u{7}',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\u{b}',
        'x' => return code_point(text, tail, 2, 16, out),
        'u' => return code_point(text, tail, 4, 16, out),
        'U' => return code_point(text, tail, 8, 16, out),
        '0'..='7' => {
            let digits = text.bytes().take(3).take_while(|b| (b'0'..=b'7').contains(b)).count();
            return code_point("", text, digits, 8, out);
        }
        _ => {
            out.push('\\');
            out.push(c);
            return tail;
        }
    };
    out.push(simple);
    tail
}

fn code_point<'a>(whole: &'a str, digits: &'a str, count: usize, radix: u32, out: &mut String) -> &'a str {
    let decoded = digits.get(..count).and_then(|d| u32::from_str_radix(d, radix).ok()).and_then(char::from_u32);
    match decoded {
        Some(c) => {
            out.push(c);
            &digits[count..]
        }
        None => {
            out.push('\\');
            out.push_str(&whole[..whole.len() - digits.len()]);
            digits
        }
    }
}

#[cfg(test)]
mod tests {
    use super::unquote;

    #[test]
    fn escapes_are_pythons() {
        let cases = [
            (r"'a\/b'", r"a\/b"),
            (r"'\.\d'", r"\.\d"),
            (r"'\\1'", r"\1"),
            (r"'\n\t'", "\n\t"),
            (r"'\x41\u00e9\101'", "AéA"),
            (r#"'a' "b'c""#, "ab'c"),
            (r"'it\'s'", "it's"),
        ];
        for (raw, text) in cases {
            assert_eq!(unquote(raw, true).as_deref(), Some(text), "{raw}");
        }
    }
}
