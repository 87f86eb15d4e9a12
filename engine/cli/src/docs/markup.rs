//! The marks of plugins' descriptions (`B(bold)`, `O(option)`, `M(module)`) as plain text, and lines of some width.

/// Letters and what stands around their text.
const MARKS: &[(&str, &str, &str)] = &[
    ("RV", "`", "'"),
    ("I", "`", "`"),
    ("B", "*", "*"),
    ("C", "`", "'"),
    ("O", "`", "'"),
    ("V", "`", "'"),
    ("E", "`", "'"),
    ("M", "[", "]"),
    ("P", "[", "]"),
    ("U", "", ""),
    ("L", "", ""),
    ("R", "", ""),
];

/// `text` without its marks.
pub(crate) fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        let is_word_start = !out.chars().next_back().is_some_and(char::is_alphanumeric);
        let found = MARKS.iter().filter(|_| is_word_start).find_map(|mark| Some((mark, marked(rest, mark.0)?)));
        if let Some(((letter, before, after), (content, remaining))) = found {
            out.push_str(&format!("{before}{}{after}", shown(letter, &content)));
            rest = remaining;
        } else if let Some(remaining) = rest.strip_prefix("HORIZONTALLINE") {
            out.push_str(&"-".repeat(13));
            rest = remaining;
        } else {
            let mut chars = rest.chars();
            out.extend(chars.next());
            rest = chars.as_str();
        }
    }
    out
}

/// What stands in the brackets after `letter`, and what follows them.
fn marked<'a>(text: &'a str, letter: &str) -> Option<(String, &'a str)> {
    let inside = text.strip_prefix(letter)?.strip_prefix('(')?;
    let mut content = String::new();
    let mut chars = inside.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            ')' => return Some((content, &inside[at + 1..])),
            '\\' => content.extend(chars.next().map(|(_, escaped)| escaped)),
            c => content.push(c),
        }
    }
    None
}

fn shown(letter: &str, content: &str) -> String {
    match letter {
        // The option's plugin, if it is another one's.
        "O" | "RV" => content.rsplit_once(':').map_or(content, |(_, option)| option).to_owned(),
        "P" => content.split('#').next().unwrap_or_default().to_owned(),
        "L" => match content.rsplit_once(',') {
            Some((text, address)) => format!("{} <{}>", text.trim(), address.trim()),
            None => content.to_owned(),
        },
        "R" => content.split(',').next().unwrap_or_default().to_owned(),
        _ => content.to_owned(),
    }
}

/// Lines of at most `width` characters; the first begins with `first`, the others with `others`.
pub(crate) fn wrapped(text: &str, width: usize, first: &str, others: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut line = first.to_owned();
    let mut is_empty = true;
    for word in text.split_whitespace() {
        if !is_empty && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(std::mem::replace(&mut line, others.to_owned()));
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line.push_str(word);
        is_empty = false;
    }
    lines.push(line);
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_become_quotes() {
        for (marked, expected) in [
            ("Does I(things) with O(name).", "Does `things` with `name'."),
            ("B(not) C(x) V(a\\)b)", "*not* `x' `a)b'"),
            ("O(ns.coll.mod#module:opt=1) M(a.b.c)", "`opt=1' [a.b.c]"),
            ("L(here,https://example.com) R(text, ref) U(http://x)", "here <https://example.com> text http://x"),
            ("MAGIC(x) and V(open", "MAGIC(x) and V(open"),
        ] {
            assert_eq!(plain(marked), expected);
        }
    }

    #[test]
    fn lines_are_wrapped_between_words() {
        assert_eq!(wrapped("one two three four", 10, "- ", "  "), "- one two\n  three\n  four");
        assert_eq!(wrapped("", 10, "- ", "  "), "- ");
    }
}
