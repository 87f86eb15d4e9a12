//! Errors and warnings as text: message, place, source lines around it with a mark, hint.

use std::fmt::Write;

use kapell_executor::error_report::ErrorReport;
use kapell_parsing::{Diagnostic, Origin, Severity};

use crate::Color;

/// A diagnostic the way ansible-playbook 2.19 prints one, without the `[ERROR]: ` in front.
pub fn diagnostic_text(diagnostic: &Diagnostic) -> String {
    let mut text = diagnostic.message.clone();
    append_place(&mut text, diagnostic);
    text
}

/// The same with its word in front, and the colour of that; blanks around a warning are not shown.
pub fn diagnostic_line(diagnostic: &Diagnostic) -> (String, Color) {
    let (word, color) = match diagnostic.severity {
        Severity::Deprecation => ("DEPRECATION WARNING", Color::Deprecation),
        Severity::Warning => ("WARNING", Color::Warning),
        Severity::Error => ("ERROR", Color::Failed),
    };
    let mut text = match diagnostic.severity {
        Severity::Error => diagnostic.message.clone(),
        Severity::Warning | Severity::Deprecation => diagnostic.message.trim().to_owned(),
    };
    append_place(&mut text, diagnostic);
    let is_long = text.contains('\n');
    let text = with_blank_end(text, is_long);
    (format!("[{word}]: {text}"), color)
}

/// A chain of causes: all of it on the first line, then one paragraph a cause when there are several.
pub(crate) fn report_text(report: &ErrorReport) -> String {
    if let [only] = report.causes.as_slice() {
        let text = diagnostic_text(only);
        let is_long = text.contains('\n');
        return with_blank_end(text, is_long);
    }
    let mut text = report.message();
    for (index, cause) in report.causes.iter().enumerate() {
        text.push_str(if index == 0 { "\n\n" } else { "\n\n<<< caused by >>>\n\n" });
        text.push_str(diagnostic_text(cause).trim_end());
    }
    with_blank_end(text, true)
}

fn with_blank_end(text: String, blank: bool) -> String {
    if blank { format!("{}\n", text.trim_end()) } else { text }
}

fn append_place(text: &mut String, diagnostic: &Diagnostic) {
    if let Some(origin) = &diagnostic.origin {
        let _ = write!(text, "\nOrigin: {origin}");
        if let Some(excerpt) = excerpt(origin) {
            let _ = write!(text, "\n\n{excerpt}");
        }
    }
    if let Some(hint) = &diagnostic.hint {
        let _ = write!(text, "\n\n{hint}");
    }
}

/// Up to three source lines that end with the one in question, numbered, and a mark under the column.
fn excerpt(origin: &Origin) -> Option<String> {
    if origin.line == 0 {
        return Some(origin.source.text.clone()).filter(|text| !text.is_empty());
    }
    origin.source_line()?;
    let first = origin.line.saturating_sub(2).max(1);
    let width = origin.line.to_string().len();
    let mut text = String::new();
    for number in first..=origin.line {
        let line = origin.source.line(number).unwrap_or_default();
        let _ = writeln!(text, "{}", cut(format!("{number:>width$} {line}").trim_end()));
    }
    let indent = " ".repeat(width + origin.column as usize);
    let _ = write!(text, "{indent}^ column {}", origin.column);
    Some(text)
}

/// Lines longer than ansible-core shows end in dots.
fn cut(line: &str) -> String {
    const LONGEST: usize = 120;
    if line.chars().count() <= LONGEST {
        return line.to_owned();
    }
    line.chars().take(LONGEST - 3).chain("...".chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use kapell_parsing::SourceFile;

    #[test]
    fn a_place_shows_its_lines_and_a_mark() {
        let source = SourceFile::new("site.yml", "- hosts: all\n  tasks:\n    - command: /bin/false\n");
        let origin = Origin::new(source, 3, 7);
        let text = diagnostic_text(&Diagnostic::error("Task failed").at(Some(&origin)));
        assert_eq!(
            text,
            "Task failed\nOrigin: site.yml:3:7\n\n1 - hosts: all\n2   tasks:\n3     - command: /bin/false\n        ^ column 7"
        );
    }

    #[test]
    fn blanks_around_a_warning_are_not_shown() {
        let line = |diagnostic: Diagnostic| diagnostic_line(&diagnostic).0;
        assert_eq!(line(Diagnostic::warning("  not a directory\n\n")), "[WARNING]: not a directory");
        assert_eq!(line(Diagnostic::deprecation("two\nlines\n")), "[DEPRECATION WARNING]: two\nlines\n");
    }
}
