//! `Specifier`: a package with the versions of it that will do, as Python writes them (PEP 508, PEP 440).

use std::cmp::Ordering;

/// `tox`, `tox[docs]>=4,<5`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Specifier {
    pub name: String,
    clauses: Vec<(String, String)>,
}

impl Specifier {
    /// The error says what is wrong with the text.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let end = text.find(|c: char| !is_name(c)).unwrap_or(text.len());
        let (name, mut rest) = text.split_at(end);
        if name.is_empty() {
            return Err("expected the name of a package".to_owned());
        }
        rest = rest.trim_start();
        if let Some(extras) = rest.strip_prefix('[') {
            rest = extras.split_once(']').ok_or("expected a closing bracket")?.1;
        }
        let versions = rest.split(';').next().unwrap_or_default().trim();
        let versions = versions.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).unwrap_or(versions);
        let clauses = versions.split(',').map(str::trim).filter(|clause| !clause.is_empty());
        let clauses = clauses.map(clause).collect::<Result<_, _>>()?;
        Ok(Self { name: name.to_owned(), clauses })
    }

    pub(super) fn allows(&self, version: &str) -> bool {
        self.clauses.iter().all(|(operator, wanted)| holds(version, operator, wanted))
    }
}

fn clause(text: &str) -> Result<(String, String), String> {
    let operators = ["===", "~=", "==", "!=", "<=", ">=", "<", ">"];
    let operator = operators.iter().find(|operator| text.starts_with(**operator));
    let operator = operator.ok_or_else(|| format!("expected an operator before {text}"))?;
    let version = text[operator.len()..].trim();
    if version.starts_with(|c: char| c.is_ascii_digit() || c == 'v') {
        return Ok(((*operator).to_owned(), version.to_owned()));
    }
    Err(format!("expected a version after {operator}"))
}

fn holds(version: &str, operator: &str, wanted: &str) -> bool {
    let order = compare(version, wanted);
    let same_start = |start: &str| format!("{version}.").starts_with(&format!("{start}."));
    match operator {
        "===" => version == wanted,
        "==" | "!=" => {
            let same = match wanted.strip_suffix(".*") {
                Some(start) => same_start(start),
                None => order == Ordering::Equal,
            };
            same == (operator == "==")
        }
        "~=" => {
            let start = wanted.rsplit_once('.').map_or(wanted, |(start, _)| start);
            order != Ordering::Less && same_start(start)
        }
        "<=" => order != Ordering::Greater,
        ">=" => order != Ordering::Less,
        "<" => order == Ordering::Less,
        _ => order == Ordering::Greater,
    }
}

fn compare(one: &str, other: &str) -> Ordering {
    let (one, other) = (parts(one), parts(other));
    let length = one.0.len().max(other.0.len());
    let release = |numbers: &[u64]| (0..length).map(|at| numbers.get(at).copied().unwrap_or(0)).collect::<Vec<_>>();
    release(&one.0).cmp(&release(&other.0)).then(one.1.cmp(&other.1)).then(one.2.cmp(&other.2))
}

/// The numbers of a release, the rank of what follows (development, alpha, beta, candidate, final, post), its number.
fn parts(version: &str) -> (Vec<u64>, u8, u64) {
    let version = version.trim().trim_start_matches('v').to_ascii_lowercase();
    let version = version.split('+').next().unwrap_or_default();
    let end = version.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(version.len());
    let numbers = version[..end].split('.').filter(|part| !part.is_empty());
    let numbers = numbers.map(|part| part.parse().unwrap_or(u64::MAX)).collect();
    let rest = version[end..].trim_start_matches(['-', '_', '.']);
    let word: String = rest.chars().take_while(char::is_ascii_alphabetic).collect();
    let rank = match word.as_str() {
        "" if rest.is_empty() => 4,
        "dev" => 0,
        "a" | "alpha" => 1,
        "b" | "beta" => 2,
        "rc" | "c" | "pre" | "preview" => 3,
        _ => 5,
    };
    let digits = rest[word.len()..].trim_start_matches(['-', '_', '.']);
    let digits: String = digits.chars().take_while(char::is_ascii_digit).collect();
    (numbers, rank, digits.parse().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_judged_as_python_does() {
        for (text, version, allowed) in [
            ("tox", "4", true),
            ("tox<5", "4.0.0", true),
            ("tox>=4.1", "4.0.0", false),
            ("tox[docs] >= 4, < 4.2", "4.1", true),
            ("tox==4.*", "4.9", true),
            ("tox==4.0", "4.0.0", true),
            ("tox!=4", "4.0.0", false),
            ("tox~=4.1", "4.9", true),
            ("tox~=4.1", "5.0", false),
            ("tox>=4", "4rc1", false),
            ("tox>4", "4.post1", true),
            ("tox<10.0.1", "10.0.1.dev3", true),
        ] {
            assert_eq!(Specifier::parse(text).unwrap().allows(version), allowed, "{text} {version}");
        }
        assert_eq!(Specifier::parse("tox<<4").unwrap_err(), "expected a version after <");
        assert!(Specifier::parse("tox 4").is_err());
    }
}
