//! Telling a host name or address from its port: `web1:2222`, `[2001:db8::1]:22`, `web[01:20].example.com:2222`.

use std::net::{Ipv4Addr, Ipv6Addr};

/// The name and the port of `text`; `None` when it is no valid name or address, with ranges in brackets allowed.
pub fn split_port(text: &str) -> Option<(&str, Option<u32>)> {
    let (text, bracket_port) = split_bracketed(text).map_or((text, None), |(inner, port)| (inner, Some(port)));
    let (name, port) = split_plain(text).map_or((text, None), |(name, port)| (name, Some(port)));
    (is_address(name) || is_host_name(name)).then_some((name, port.or(bracket_port)))
}

/// `[inner]:22`
fn split_bracketed(text: &str) -> Option<(&str, u32)> {
    let (head, port) = text.rsplit_once(':')?;
    Some((head.strip_prefix('[')?.strip_suffix(']')?, parse_port(port)?))
}

/// `name:22` where the name has colons in brackets only.
fn split_plain(text: &str) -> Option<(&str, u32)> {
    let (name, port) = text.rsplit_once(':')?;
    let port = parse_port(port)?;
    (!name.is_empty() && !has_bare_colon(name)).then_some((name, port))
}

fn parse_port(digits: &str) -> Option<u32> {
    digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok())?
}

fn has_bare_colon(text: &str) -> bool {
    let mut depth = 0u32;
    for c in text.chars() {
        match c {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            ':' if depth == 0 => return true,
            _ => {}
        }
    }
    false
}

/// IPv4 or IPv6, with ranges standing for parts of it.
fn is_address(text: &str) -> bool {
    let Some(plain) = without_ranges(text, "1") else { return false };
    plain.parse::<Ipv6Addr>().is_ok() || plain.parse::<Ipv4Addr>().is_ok()
}

/// Labels of letters, digits, `-` and `_` that begin and end with a letter or digit, joined by dots.
fn is_host_name(text: &str) -> bool {
    let Some(plain) = without_ranges(text, "0") else { return false };
    plain.split('.').all(|label| {
        label.starts_with(char::is_alphanumeric)
            && label.ends_with(char::is_alphanumeric)
            && label.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'))
    })
}

/// `text` with `stand_in` for every range; `None` when brackets hold anything else.
fn without_ranges(text: &str, stand_in: &str) -> Option<String> {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((head, tail)) = rest.split_once('[') {
        let (range, after) = tail.split_once(']')?;
        if !is_range(range) {
            return None;
        }
        plain.push_str(head);
        plain.push_str(stand_in);
        rest = after;
    }
    plain.push_str(rest);
    Some(plain)
}

/// `1:30`, `01:30:2`, `a:f`, `a:z:2`
fn is_range(text: &str) -> bool {
    let parts: Vec<&str> = text.split(':').collect();
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let is_letter = |part: &str| part.len() == 1 && part.as_bytes()[0].is_ascii_alphabetic();
    match parts[..] {
        [a, b] => is_number(a) && is_number(b) || is_letter(a) && is_letter(b),
        [a, b, step] => is_number(step) && (is_number(a) && is_number(b) || is_letter(a) && is_letter(b)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What ansible-core 2.19 makes of the same texts.
    #[test]
    fn names_and_ports_are_told_apart() {
        let cases = [
            ("a", Some(("a", None))),
            ("a:1", Some(("a", Some(1)))),
            ("a:b", None),
            ("a:", None),
            (":1", None),
            ("a_b.c:22", Some(("a_b.c", Some(22)))),
            ("-a:22", None),
            ("a_:22", None),
            ("a..b:22", None),
            ("ä:22", Some(("ä", Some(22)))),
            ("a*:22", None),
            ("[a]:22", Some(("a", Some(22)))),
            ("[a]", None),
            ("[a:b]:22", None),
            ("[1:3]:22", Some(("1", Some(3)))),
            ("w[01:10:2]:22", Some(("w[01:10:2]", Some(22)))),
            ("w[a:c].x", Some(("w[a:c].x", None))),
            ("w[a:cc]:22", None),
            ("w[1]:22", None),
            ("a[:3]:22", None),
            ("::1", Some(("::1", None))),
            ("::1:22", Some(("::1:22", None))),
            ("[::1]:22", Some(("::1", Some(22)))),
            ("[::1]", None),
            ("1:2:3:4:5:6:7", None),
            ("::ffff:1.2.3.4", Some(("::ffff:1.2.3.4", None))),
            ("[2001:db8::[1:9]]:22", Some(("2001:db8::[1:9]", Some(22)))),
            ("user:22:33", None),
            ("f::1", Some(("f::1", None))),
            ("g::1", None),
            ("a b:22", None),
        ];
        for (text, expected) in cases {
            assert_eq!(split_port(text), expected, "{text}");
        }
    }
}
