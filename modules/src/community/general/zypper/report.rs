//! `Report`: what zypper says with `--xmlout`, element by element.

use std::fmt::Write as _;

/// The elements of a report, in order.
#[derive(Debug, Default)]
pub(super) struct Report {
    solvables: Vec<Solvable>,
}

/// A package that a search found or a transaction changes.
#[derive(Debug)]
struct Solvable {
    /// `to-install`, `to-remove`, …; empty for what a search found.
    group: String,
    name: String,
    edition: String,
    edition_old: Option<String>,
    status: Option<String>,
}

impl Report {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut report = Self::default();
        let mut open: Vec<&str> = Vec::new();
        let mut seen = false;
        for tag in tags(text)? {
            seen = true;
            if let Some(name) = tag.strip_prefix('/') {
                let expected = open.pop();
                if expected != Some(name.trim()) {
                    return Err(format!("mismatched tag: </{name}>"));
                }
                continue;
            }
            let (body, closed) = tag.strip_suffix('/').map_or((tag, false), |body| (body, true));
            let name = body.split_whitespace().next().unwrap_or_default();
            if name == "solvable" {
                report.solvables.push(Solvable::parse(body, &open));
            }
            if !closed {
                open.push(name);
            }
        }
        if !seen || !open.is_empty() {
            return Err(format!("no element found: line {}", text.lines().count().max(1)));
        }
        Ok(report)
    }

    /// The names of what a search found, as far as it is installed.
    pub(super) fn found(&self) -> Vec<String> {
        let there = self.solvables.iter().filter(|one| one.status.as_deref() != Some("not-installed"));
        there.map(|one| one.name.clone()).collect()
    }

    pub(super) fn changes(&self) -> Changes {
        let mut changes = Changes::default();
        for one in &self.solvables {
            let list = match one.group.as_str() {
                "to-install" => &mut changes.installed,
                "to-remove" => &mut changes.removed,
                "to-upgrade" => &mut changes.upgraded,
                group if group.starts_with("to-") => &mut changes.others,
                _ => continue,
            };
            let shown = match (&one.edition_old, one.group.as_str()) {
                (Some(old), "to-upgrade") => format!("{} ({old} => {})", one.name, one.edition),
                _ => one.name.clone(),
            };
            if !list.contains(&shown) {
                list.push(shown);
            }
        }
        changes
    }
}

impl Solvable {
    fn parse(body: &str, open: &[&str]) -> Self {
        let group = open.iter().rev().find(|name| name.starts_with("to-"));
        Self {
            group: group.map(|name| (*name).to_owned()).unwrap_or_default(),
            name: attribute(body, "name").unwrap_or_default(),
            edition: attribute(body, "edition").unwrap_or_default(),
            edition_old: attribute(body, "edition-old"),
            status: attribute(body, "status"),
        }
    }
}

/// The packages a transaction changes.
#[derive(Debug, Default)]
pub(super) struct Changes {
    installed: Vec<String>,
    removed: Vec<String>,
    upgraded: Vec<String>,
    /// Downgraded, reinstalled, of another vendor or architecture.
    others: Vec<String>,
}

impl Changes {
    pub(super) fn is_empty(&self) -> bool {
        [&self.installed, &self.removed, &self.upgraded, &self.others].iter().all(|list| list.is_empty())
    }

    pub(super) fn add(&mut self, other: Self) {
        let pairs = [
            (&mut self.installed, other.installed),
            (&mut self.removed, other.removed),
            (&mut self.upgraded, other.upgraded),
            (&mut self.others, other.others),
        ];
        for (list, more) in pairs {
            let new: Vec<String> = more.into_iter().filter(|one| !list.contains(one)).collect();
            list.extend(new);
        }
    }

    /// For `--diff`.
    pub(super) fn text(&self) -> String {
        let groups = [("installed", &self.installed), ("removed", &self.removed), ("upgraded", &self.upgraded)];
        let mut text = String::new();
        for (label, names) in groups.iter().filter(|(_, names)| !names.is_empty()) {
            let _ = writeln!(text, "{label}: {}", names.join(", "));
        }
        text
    }
}

/// The texts of the messages, for people; `None` where the output is no XML.
pub(super) fn messages(text: &str) -> Option<String> {
    tags(text).ok().filter(|tags| !tags.is_empty())?;
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once("<message") {
        let (content, after) = after.split_once('>')?.1.split_once("</message>")?;
        found.push(plain(content));
        rest = after;
    }
    Some(found.join(" \n"))
}

/// What stands between `<` and `>`, declarations and comments left out.
fn tags(text: &str) -> Result<Vec<&str>, String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        let line = text[..text.len() - rest.len() + at].lines().count();
        rest = &rest[at + 1..];
        if let Some(comment) = rest.strip_prefix("!--") {
            rest = comment.split_once("-->").map_or("", |(_, after)| after);
            continue;
        }
        let end = tag_end(rest).ok_or_else(|| format!("unclosed token: line {line}"))?;
        if !rest.starts_with(['?', '!']) {
            found.push(&rest[..end]);
        }
        rest = &rest[end + 1..];
    }
    Ok(found)
}

/// Where the tag ends: the first `>` outside quotes.
fn tag_end(text: &str) -> Option<usize> {
    let mut quote = None;
    for (at, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return Some(at),
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
    }
    None
}

/// The value of an attribute of a tag.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let mut rest = tag.trim_start().split_once(char::is_whitespace)?.1;
    while let Some((key, after)) = rest.split_once('=') {
        let after = after.trim_start();
        let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let (value, after) = after[1..].split_once(quote)?;
        if key.trim() == name {
            return Some(plain(value));
        }
        rest = after;
    }
    None
}

/// Text without the escapes of XML.
fn plain(text: &str) -> String {
    let pairs = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")];
    pairs.iter().fold(text.to_owned(), |text, (escape, character)| text.replace(escape, character))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_are_read() {
        let text = "<?xml version='1.0'?>\n<stream>\n<message type=\"info\">Loading</message>\n<!-- a > b -->\n\
                    <install-summary><to-install><solvable type=\"package\" name=\"a\" edition=\"1\" summary=\"x > y &lt;\"/>\
                    </to-install><to-upgrade><solvable name='b' edition='2' edition-old='1'></solvable></to-upgrade>\
                    </install-summary></stream>\n";
        let changes = Report::parse(text).unwrap().changes();
        assert_eq!(changes.text(), "installed: a\nupgraded: b (1 => 2)\n");
        assert!(!changes.is_empty());
        assert!(Report::parse("<stream><message").is_err());
        assert!(Report::parse("<stream>").is_err());
        assert!(Report::parse("").is_err());
        assert!(Report::parse("<stream></strean>").is_err());
    }

    #[test]
    fn messages_are_joined() {
        let text = "<stream><message type=\"info\">a</message><message type=\"error\">b &amp; c</message></stream>";
        assert_eq!(messages(text).as_deref(), Some("a \nb & c"));
        assert_eq!(messages("no xml"), None);
    }
}
