//! Replacement templates: `\1`, `\g<name>` and the escapes Python knows in them.

use fancy_regex::Captures;

/// The template for one match. `groups` counts the pattern's groups with the whole match.
pub(super) fn expand(template: &str, captures: &Captures<'_, str>, groups: usize) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = template;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = escape(&rest[at + 1..], captures, groups, &mut out)?;
    }
    out.push_str(rest);
    Ok(out)
}

/// Expands what follows a backslash and returns what is left.
fn escape<'t>(text: &'t str, captures: &Captures<'_, str>, groups: usize, out: &mut String) -> Result<&'t str, String> {
    let Some(first) = text.chars().next() else { return Err("bad escape (end of pattern)".to_owned()) };
    let rest = &text[first.len_utf8()..];
    match first {
        'g' => {
            let name = rest.strip_prefix('<').and_then(|rest| rest.split_once('>')).ok_or("missing group name")?;
            out.push_str(named(name.0, captures, groups)?);
            return Ok(name.1);
        }
        '0' => return octal(text, out),
        '1'..='9' => {
            let is_octal = text.len() >= 3 && text.as_bytes()[..3].iter().all(|digit| matches!(digit, b'0'..=b'7'));
            if is_octal && first <= '3' {
                return octal(text, out);
            }
            let two = rest.starts_with(|c: char| c.is_ascii_digit());
            let (number, rest) = text.split_at(if two { 2 } else { 1 });
            out.push_str(named(number, captures, groups)?);
            return Ok(rest);
        }
        'a' => out.push('\x07'),
        'b' => out.push('\x08'),
        'f' => out.push('\x0c'),
        'n' => out.push('\n'),
        'r' => out.push('\r'),
        't' => out.push('\t'),
        'v' => out.push('\x0b'),
        '\\' => out.push('\\'),
        letter if letter.is_ascii_alphabetic() => return Err(format!("bad escape \\{letter}")),
        other => {
            out.push('\\');
            out.push(other);
        }
    }
    Ok(rest)
}

/// A group's text; a group that did not take part is empty.
fn named<'c>(name: &str, captures: &Captures<'c, str>, groups: usize) -> Result<&'c str, String> {
    let found = match name.parse::<usize>() {
        Ok(number) if number < groups => captures.get(number),
        Ok(number) => return Err(format!("invalid group reference {number}")),
        Err(_) => captures.name(name),
    };
    Ok(found.map_or("", |found| found.as_str()))
}

fn octal<'t>(text: &'t str, out: &mut String) -> Result<&'t str, String> {
    let length = text.bytes().take(3).take_while(|digit| matches!(digit, b'0'..=b'7')).count();
    let (digits, rest) = text.split_at(length);
    let number = u32::from_str_radix(digits, 8).ok().and_then(char::from_u32);
    out.push(number.ok_or_else(|| format!("octal escape value \\{digits} outside of range"))?);
    Ok(rest)
}
