//! `version`: comparisons of version numbers, in Python's loose and strict ways, semantic and PEP 440 versions.

use std::cmp::Ordering;

use crate::evaluate::{Fault, TestCall};
use crate::object::Object;
use crate::python;

pub(super) fn version(call: &TestCall<'_>) -> Result<bool, Fault> {
    let wanted = call.args.get(0).unwrap_or(&Object::Null);
    let (left, right) = (python::str(call.rendering, call.subject)?, python::str(call.rendering, wanted)?);
    if !call.subject.is_truthy() {
        return Err(Fault::error("Input version value cannot be empty"));
    }
    if !wanted.is_truthy() {
        return Err(Fault::error("Version parameter to compare against cannot be empty"));
    }
    let strict = call.args.some(2).map(Object::is_truthy);
    let kind = call.args.text(3);
    if strict.is_some() && kind.is_some() {
        return Err(Fault::error("Cannot specify both 'strict' and 'version_type'"));
    }
    let kind = kind.unwrap_or_else(|| if strict == Some(true) { "strict".into() } else { "loose".into() });
    let compare: fn(&str, &str) -> Result<Ordering, String> = match kind.as_str() {
        "loose" => loose,
        "strict" => |left, right| Ok(strict_key(left)?.cmp(&strict_key(right)?)),
        "semver" | "semantic" => |left, right| Ok(semantic(left)?.cmp(&semantic(right)?)),
        "pep440" => |left, right| Ok(pep440(left)?.cmp(&pep440(right)?)),
        other => {
            return Err(Fault::error(format!(
                "Invalid version type ({other}). Must be one of 'loose', 'strict', 'semver', 'semantic', 'pep440'"
            )));
        }
    };
    let holds = operator(&call.args.text_or(1, "eq"))?;
    let ordering = compare(&left, &right).map_err(|why| Fault::error(format!("Version comparison failed: {why}")))?;
    Ok(holds(ordering))
}

/// What an operator asks of the order of two versions.
fn operator(name: &str) -> Result<fn(Ordering) -> bool, Fault> {
    Ok(match name {
        "==" | "=" | "eq" => Ordering::is_eq,
        "<" | "lt" => Ordering::is_lt,
        "<=" | "le" => Ordering::is_le,
        ">" | "gt" => Ordering::is_gt,
        ">=" | "ge" => Ordering::is_ge,
        "!=" | "<>" | "ne" => Ordering::is_ne,
        _ => {
            return Err(Fault::error(format!(
                "Invalid operator type ({name}). Must be one of '==', '=', 'eq', '<', 'lt', '<=', 'le', '>', 'gt', '>=', 'ge', '!=', '<>', 'ne'"
            )));
        }
    })
}

/// A part of a loose version: runs of digits and of letters.
#[derive(Debug, PartialEq, Eq)]
enum Part {
    Number(u128),
    Word(String),
}

fn loose_parts(text: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let class = |c: char| {
            if c.is_ascii_digit() {
                0
            } else if c.is_ascii_lowercase() {
                1
            } else if c == '.' {
                2
            } else {
                3
            }
        };
        let kind = class(c);
        let end = if kind == 2 { 1 } else { rest.find(|c| class(c) != kind).unwrap_or(rest.len()) };
        let run = &rest[..end];
        match kind {
            0 => parts.push(run.parse().map_or_else(|_| Part::Word(run.into()), Part::Number)),
            2 => {}
            _ => parts.push(Part::Word(run.into())),
        }
        rest = &rest[end..];
    }
    parts
}

pub(crate) fn loose(left: &str, right: &str) -> Result<Ordering, String> {
    let (left, right) = (loose_parts(left), loose_parts(right));
    for (a, b) in left.iter().zip(&right) {
        let ordering = match (a, b) {
            (Part::Number(a), Part::Number(b)) => a.cmp(b),
            (Part::Word(a), Part::Word(b)) => a.cmp(b),
            (Part::Number(_), Part::Word(_)) => {
                return Err("'<' not supported between instances of 'int' and 'str'".into());
            }
            (Part::Word(_), Part::Number(_)) => {
                return Err("'<' not supported between instances of 'str' and 'int'".into());
            }
        };
        if ordering != Ordering::Equal {
            return Ok(ordering);
        }
    }
    Ok(left.len().cmp(&right.len()))
}

/// `1.2`, `1.2.3`, with an optional `a1` or `b2` that comes before the release.
fn strict_key(text: &str) -> Result<([u64; 3], (u8, u64)), String> {
    let invalid = || format!("invalid version number '{text}'");
    let (numbers, pre) = text.find(['a', 'b']).map_or((text, None), |at| (&text[..at], Some(&text[at..])));
    let numbers: Option<Vec<u64>> = numbers.split('.').map(|part| part.parse().ok()).collect();
    let numbers = numbers.filter(|numbers| (2..=3).contains(&numbers.len())).ok_or_else(invalid)?;
    let pre = match pre {
        None => (b'z', 0),
        Some(pre) => (pre.as_bytes()[0], pre[1..].parse().map_err(|_| invalid())?),
    };
    Ok(([numbers[0], numbers[1], numbers.get(2).copied().unwrap_or(0)], pre))
}

/// Order of one dot-separated identifier of a pre-release: numbers before words.
type Identifier = (u8, u64, String);

/// Release, whether it is final, pre-release identifiers.
fn semantic(text: &str) -> Result<([u64; 3], bool, Vec<Identifier>), String> {
    let invalid = || format!("invalid semantic version '{text}'");
    let without_build = text.split_once('+').map_or(text, |(version, _)| version);
    let (numbers, pre) = without_build.split_once('-').map_or((without_build, None), |(n, pre)| (n, Some(pre)));
    let number = |part: &str| part.parse::<u64>().ok().filter(|_| part == "0" || !part.starts_with('0'));
    let numbers: Option<Vec<u64>> = numbers.split('.').map(number).collect();
    let numbers: [u64; 3] = numbers.and_then(|numbers| numbers.try_into().ok()).ok_or_else(invalid)?;
    let identifiers = pre.map_or_else(Vec::new, |pre| {
        pre.split('.')
            .map(|part| part.parse().map_or_else(|_| (1, 0, part.to_owned()), |number| (0, number, String::new())))
            .collect()
    });
    if pre.is_some() && identifiers.iter().any(|(kind, _, word)| *kind == 1 && word.is_empty()) {
        return Err(invalid());
    }
    Ok((numbers, pre.is_none(), identifiers))
}

/// PEP 440's order: epoch, release without trailing zeros, then pre-release, post-release and development release.
type PepKey = (u64, Vec<u64>, (i8, u64), (i8, u64), (i8, u64), String);

fn pep440(text: &str) -> Result<PepKey, String> {
    let pattern = concat!(
        r"(?i)^\s*v?(?:(\d+)!)?(\d+(?:\.\d+)*)(?:[-_.]?(alpha|beta|preview|pre|rc|a|b|c)[-_.]?(\d*))?",
        r"(?:-(\d+)|[-_.]?(post|rev|r)[-_.]?(\d*))?(?:[-_.]?(dev)[-_.]?(\d*))?(?:\+([a-z0-9]+(?:[-_.][a-z0-9]+)*))?\s*$"
    );
    let regex = regex::Regex::new(pattern).map_err(|error| error.to_string())?;
    let found = regex.captures(text).ok_or_else(|| format!("Invalid version: '{text}'"))?;
    let group = |at: usize| found.get(at).map(|found| found.as_str());
    let number = |at: usize| group(at).and_then(|digits| digits.parse().ok()).unwrap_or(0);
    let mut release: Vec<u64> = group(2).unwrap_or("0").split('.').filter_map(|part| part.parse().ok()).collect();
    while release.len() > 1 && release.last() == Some(&0) {
        release.pop();
    }
    let (has_post, has_dev) = (group(5).is_some() || group(6).is_some(), group(8).is_some());
    let pre = match group(3).map(str::to_lowercase).as_deref() {
        Some("alpha" | "a") => (0, number(4)),
        Some("beta" | "b") => (1, number(4)),
        Some(_) => (2, number(4)),
        None if has_dev && !has_post => (-1, 0),
        None => (3, 0),
    };
    let post = if has_post { (1, number(5).max(number(7))) } else { (0, 0) };
    let dev = if has_dev { (0, number(9)) } else { (1, 0) };
    Ok((number(1), release, pre, post, dev, group(10).unwrap_or_default().to_lowercase()))
}
