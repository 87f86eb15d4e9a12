//! `Refused`: what the kinds of sources that could not read a file say of it, and which of that is worth telling.

use std::path::Path;

use kapell_parsing::Diagnostic;

use crate::sources::{self, Source};

pub(crate) struct Refused {
    pub(crate) kind: String,
    pub(crate) error: Diagnostic,
    /// What it noticed before.
    pub(crate) warnings: Vec<Diagnostic>,
}

/// A file that says what it is has its own kind's refusal shown only: what INI makes of a program or of YAML helps nobody.
pub(crate) fn telling(source: &Source, refusals: Vec<Refused>) -> Vec<Refused> {
    let data = source.path.and_then(|path| fs_err::read(path).ok()).unwrap_or_default();
    let ending = source.path.and_then(Path::extension);
    let is_yaml = ending.is_some_and(|ending| ["yml", "yaml", "json"].iter().any(|known| ending == *known));
    let kinds: &[&str] = match () {
        () if data.starts_with(b"#!") => &["script"],
        () if is_yaml || ending.is_none() && looks_like_yaml(&data) => &["auto", "yaml"],
        () => &["ini"],
    };
    let (mut own, others): (Vec<_>, Vec<_>) =
        refusals.into_iter().partition(|refused| kinds.contains(&refused.kind.as_str()));
    // `auto` and `yaml` stumble over the same syntax error, and each refuses what the other is for.
    own.dedup_by(|second, first| {
        second.error.message == first.error.message
            || first.error.origin.is_some()
            || second.kind == "yaml" && sources::is_for_plugin(&second.error)
    });
    if own.is_empty() { others } else { own }
}

/// Of a file whose name does not say: its first line that is no comment.
fn looks_like_yaml(data: &[u8]) -> bool {
    let text = String::from_utf8_lossy(data);
    let mut lines = text.lines().map(str::trim_end).filter(|line| !line.is_empty() && !line.starts_with(['#', ';']));
    lines.next().is_some_and(|line| {
        line == "---" || line.starts_with("- ") || line.ends_with(':') && !line.contains(['[', ' '])
    })
}
