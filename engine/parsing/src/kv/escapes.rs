//! Backslash escapes in `k=v` pairs, some of those of Python's string literals.

/// `text` with its escapes decoded. What is no escape stays as it is.
pub(super) fn decode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        rest = if let Some((c, length)) = escape(after) {
            out.push(c);
            &after[length..]
        } else {
            out.push('\\');
            after
        };
    }
    out + rest
}

/// The character that `text` (what follows a backslash) stands for, and how many bytes of it.
fn escape(text: &str) -> Option<(char, usize)> {
    let first = text.chars().next()?;
    let simple = match first {
        '\\' | '\'' | '"' => first,
        'a' => '\x07',
        'b' => '\x08',
        'f' => '\x0c',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\x0b',
        'x' => return hexadecimal(text, 2),
        'u' => return hexadecimal(text, 4),
        'U' => return hexadecimal(text, 8),
        _ => return None,
    };
    Some((simple, 1))
}

fn hexadecimal(text: &str, digits: usize) -> Option<(char, usize)> {
    let digits = text.get(1..=digits).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))?;
    let c = char::from_u32(u32::from_str_radix(digits, 16).ok()?)?;
    Some((c, 1 + digits.len()))
}
