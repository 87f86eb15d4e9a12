//! Replacement templates: `\1`, `\g<name>` and the escapes Python knows in them.

use fancy_regex::{Captures, Regex};

/// Groups of a pattern, with what they matched, if it did match.
pub(super) struct Groups<'g> {
    pub(super) regex: &'g Regex,
    pub(super) captures: Option<&'g Captures<'g, str>>,
}

/// Why a template does not fit its pattern, and how far behind the backslash that shows.
type Misfit = (String, Option<usize>);

/// The template for one match, or for none: then it is only checked.
pub(super) fn expand(template: &str, groups: &Groups<'_>) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = template;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let placed = |(reason, behind): Misfit| match behind {
            Some(behind) => {
                let position = template[..template.len() - rest.len() + at].chars().count() + behind;
                format!("{reason} at position {position}")
            }
            None => reason,
        };
        rest = escape(&rest[at + 1..], groups, &mut out).map_err(placed)?;
    }
    out.push_str(rest);
    Ok(out)
}

/// Expands what follows a backslash and returns what is left.
fn escape<'t>(text: &'t str, groups: &Groups<'_>, out: &mut String) -> Result<&'t str, Misfit> {
    let Some(first) = text.chars().next() else { return Err(("bad escape (end of pattern)".to_owned(), Some(0))) };
    let rest = &text[first.len_utf8()..];
    match first {
        'g' => {
            let name = rest
                .strip_prefix('<')
                .and_then(|rest| rest.split_once('>'))
                .ok_or(("missing group name".to_owned(), Some(2)))?;
            out.push_str(groups.text(name.0, 3)?);
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
            out.push_str(groups.text(number, 1)?);
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
        letter if letter.is_ascii_alphabetic() => return Err((format!("bad escape \\{letter}"), Some(0))),
        other => {
            out.push('\\');
            out.push(other);
        }
    }
    Ok(rest)
}

impl<'g> Groups<'g> {
    /// A group's text; a group that did not take part is empty.
    fn text(&self, name: &str, behind: usize) -> Result<&'g str, Misfit> {
        let found = match name.parse::<usize>() {
            Ok(number) if number < self.regex.captures_len() => self.captures.and_then(|captures| captures.get(number)),
            Ok(number) => return Err((format!("invalid group reference {number}"), Some(behind))),
            Err(_) if self.regex.capture_names().flatten().any(|known| known == name) => {
                self.captures.and_then(|captures| captures.name(name))
            }
            Err(_) => return Err((format!("unknown group name '{name}'"), None)),
        };
        Ok(found.map_or("", |found| found.as_str()))
    }
}

fn octal<'t>(text: &'t str, out: &mut String) -> Result<&'t str, Misfit> {
    let length = text.bytes().take(3).take_while(|digit| matches!(digit, b'0'..=b'7')).count();
    let (digits, rest) = text.split_at(length);
    let number = u32::from_str_radix(digits, 8).ok().and_then(char::from_u32);
    out.push(number.ok_or_else(|| (format!("octal escape value \\{digits} outside of range 0-0o377"), Some(0)))?);
    Ok(rest)
}
