//! Syntax errors as Jinja words them, from what minijinja says.

use super::SyntaxError;

pub(super) fn explain(error: &minijinja::Error, source: &str) -> SyntaxError {
    let detail = error.detail().unwrap_or("invalid syntax");
    let place = error.range().and_then(|range| source.get(range)).unwrap_or_default();
    let message = reword(&detail.replacen("unexpected identifier", &format!("unexpected {place}"), 1));
    SyntaxError { message, line: error.line().map_or(1, |line| u32::try_from(line).unwrap_or(1)) }
}

fn reword(detail: &str) -> String {
    if let Some(name) = detail.strip_prefix("unknown statement ") {
        return format!("Encountered unknown tag '{name}'.");
    }
    if let Some(rest) = detail.strip_prefix("unexpected ")
        && let Some((got, expected)) = rest.split_once(", expected ")
    {
        return reword_expected(got, expected);
    }
    match detail {
        "unexpected input after expression" | "unexpected input after end of variable block" => {
            "chunk after expression".into()
        }
        other => other.into(),
    }
}

fn reword_expected(got: &str, expected: &str) -> String {
    let got = token(got);
    match expected {
        "expression" => format!("unexpected '{got}'"),
        "end of variable block" => format!("expected token 'end of print statement', got '{got}'"),
        "end of block" => format!("expected token 'end of statement block', got '{got}'"),
        "identifier" | "identifier or integer" => format!("expected token 'name', got '{got}'"),
        other => format!("expected token '{}', got '{got}'", token(other)),
    }
}

fn token(name: &str) -> &str {
    match name {
        "end of input" => "end of template",
        "end of variable block" => "end of print statement",
        "end of block" => "end of statement block",
        other => other.trim_matches('`'),
    }
}
