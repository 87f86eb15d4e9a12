//! Findings as text, JSON and SARIF (<https://docs.oasis-open.org/sarif/sarif/v2.1.0/>).

use std::path::Path;

use kapell_callback::{Color, Display, diagnostic_text};
use serde_json::{Value as Json, json};

use super::finding::{Certainty, Finding, Rule};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    #[default]
    Text,
    Json,
    Sarif,
}

pub(crate) fn show(findings: &[Finding], files: usize, format: Format, display: &Display) {
    match format {
        Format::Text => text(findings, files, display),
        Format::Json => display.out(&pretty(&as_json(findings, files)), Color::Plain),
        Format::Sarif => display.out(&pretty(&sarif(findings)), Color::Plain),
    }
}

fn pretty(value: &Json) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

fn count(findings: &[Finding], certainty: Certainty) -> usize {
    findings.iter().filter(|finding| finding.certainty == certainty).count()
}

fn text(findings: &[Finding], files: usize, display: &Display) {
    for finding in findings {
        let (word, color) = match finding.certainty {
            Certainty::Certain => ("error", Color::Failed),
            Certainty::Possible => ("possible", Color::Warning),
        };
        display.out(&format!("{word}[{}]: {}\n", finding.rule.id(), diagnostic_text(&finding.diagnostic)), color);
    }
    let (certain, possible) = (count(findings, Certainty::Certain), count(findings, Certainty::Possible));
    let color = if certain > 0 { Color::Failed } else { Color::Ok };
    display.out(&format!("{files} files checked: {certain} certain, {possible} possible"), color);
}

fn as_json(findings: &[Finding], files: usize) -> Json {
    let all = findings.iter().map(|finding| {
        let at = finding.diagnostic.origin.as_ref();
        json!({
            "rule": finding.rule,
            "certainty": finding.certainty,
            "message": finding.diagnostic.message,
            "hint": finding.diagnostic.hint,
            "file": at.map(|at| at.path().to_string_lossy().into_owned()),
            "line": at.map(|at| at.line),
            "column": at.map(|at| at.column),
        })
    });
    json!({
        "version": 1,
        "files": files,
        "certain": count(findings, Certainty::Certain),
        "possible": count(findings, Certainty::Possible),
        "findings": all.collect::<Vec<_>>(),
    })
}

fn sarif(findings: &[Finding]) -> Json {
    let rules = Rule::ALL.iter().map(|(_, id, about)| json!({"id": id, "shortDescription": {"text": about}}));
    let here = std::env::current_dir().unwrap_or_default();
    let results = findings.iter().map(|finding| {
        let message = match &finding.diagnostic.hint {
            Some(hint) => format!("{} ({hint})", finding.diagnostic.message),
            None => finding.diagnostic.message.clone(),
        };
        let locations: Vec<Json> =
            finding.diagnostic.origin.iter().map(|at| location(at.path(), &here, at.line, at.column)).collect();
        json!({
            "ruleId": finding.rule.id(),
            "level": if finding.certainty == Certainty::Certain { "error" } else { "warning" },
            "message": {"text": message},
            "locations": locations,
        })
    });
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "kapell check",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules.collect::<Vec<_>>(),
            }},
            "results": results.collect::<Vec<_>>(),
        }],
    })
}

fn location(path: &Path, here: &Path, line: u32, column: u32) -> Json {
    let inside = path.strip_prefix(here).unwrap_or(path);
    json!({"physicalLocation": {
        "artifactLocation": {"uri": address(inside)},
        "region": {"startLine": line.max(1), "startColumn": column.max(1)},
    }})
}

/// A path as the reference of an address: what is no letter, digit or harmless sign is escaped.
fn address(path: &Path) -> String {
    let bytes = path.as_os_str().as_encoded_bytes();
    let escaped = bytes.iter().map(|byte| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => char::from(*byte).to_string(),
        other => format!("%{other:02X}"),
    });
    let text: String = escaped.collect();
    if path.is_absolute() { format!("file://{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_escaped() {
        assert_eq!(address(Path::new("a b/ü.yml")), "a%20b/%C3%BC.yml");
        assert_eq!(address(Path::new("/x.yml")), "file:///x.yml");
    }
}
