//! Host ranges: `web[01:20]`, `db[a:f]`, `n[0:10:2].rack[1:2]`, expanded to names.

use std::ops::RangeInclusive;

/// More names than this from one pattern are a slip of the fingers.
const MAX_HOSTS: usize = 1_000_000;

/// Letters in the order in which an alphabetic range counts them.
const LETTERS: &[u8; 52] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum RangeError {
    #[error("a host range is [begin:end] or [begin:end:step], this is [{0}]")]
    Shape(String),
    #[error("the host range [{0}] has no end")]
    NoEnd(String),
    #[error("the bracket of a host range is not closed in '{0}'")]
    NotClosed(String),
    #[error("begin and end of the host range [{0}] have different lengths although the begin has leading zeros")]
    Width(String),
    #[error("the host range [{0}] runs backwards")]
    Backwards(String),
    #[error("the host range [{0}] has a part that is no number and no single letter")]
    NotANumber(String),
    #[error("the host range [{0}] has a step of zero")]
    ZeroStep(String),
    #[error("the pattern '{0}' stands for more than a million hosts")]
    TooMany(String),
}

/// All names `pattern` stands for, the last range counting fastest; itself when it has no range.
pub(crate) fn expand(pattern: &str) -> Result<Vec<String>, RangeError> {
    let mut names = vec![String::new()];
    let mut rest = pattern;
    while let Some((head, tail)) = rest.split_once('[') {
        let (range, after) = tail.split_once(']').ok_or_else(|| RangeError::NotClosed(pattern.into()))?;
        let parts = parts(range)?;
        if names.len().saturating_mul(parts.len()) > MAX_HOSTS {
            return Err(RangeError::TooMany(pattern.into()));
        }
        names = names.iter().flat_map(|name| parts.iter().map(move |part| format!("{name}{head}{part}"))).collect();
        rest = after;
    }
    for name in &mut names {
        name.push_str(rest);
    }
    Ok(names)
}

fn parts(range: &str) -> Result<Vec<String>, RangeError> {
    let (begin, end, step) = match range.split(':').collect::<Vec<_>>()[..] {
        [begin, end] => (begin, end, "1"),
        [begin, end, step] => (begin, end, step),
        _ => return Err(RangeError::Shape(range.into())),
    };
    if end.is_empty() {
        return Err(RangeError::NoEnd(range.into()));
    }
    let number = |text: &str| text.parse::<i64>().map_err(|_| RangeError::NotANumber(range.into()));
    let step = number(step)?;
    if let (Some(first), Some(last)) = (letter(begin), letter(end)) {
        if first > last {
            return Err(RangeError::Backwards(range.into()));
        }
        let places = stepped(first as i64..=last as i64, step, range)?;
        return Ok(places.map(|place| char::from(LETTERS[place as usize]).to_string()).collect());
    }
    let begin = if begin.is_empty() { "0" } else { begin };
    let width = if begin.len() > 1 && begin.starts_with('0') { begin.len() } else { 0 };
    if width > 0 && width != end.len() {
        return Err(RangeError::Width(range.into()));
    }
    let numbers = stepped(number(begin)?..=number(end)?, step, range)?;
    Ok(numbers.map(|number| format!("{number:0width$}")).collect())
}

fn letter(text: &str) -> Option<usize> {
    let [letter] = text.as_bytes() else { return None };
    LETTERS.iter().position(|known| known == letter)
}

/// Every `step`th number; none when the step is negative.
fn stepped(numbers: RangeInclusive<i64>, step: i64, range: &str) -> Result<impl Iterator<Item = i64>, RangeError> {
    let stride = match usize::try_from(step) {
        Ok(0) => return Err(RangeError::ZeroStep(range.into())),
        Ok(stride) => stride,
        Err(_) => 1,
    };
    let count = numbers.end().saturating_sub(*numbers.start()) / stride as i64;
    if count >= MAX_HOSTS as i64 {
        return Err(RangeError::TooMany(format!("[{range}]")));
    }
    Ok(numbers.step_by(stride).filter(move |_| step > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What ansible-core 2.19 expands the same patterns to.
    #[test]
    fn ranges_are_expanded() {
        let cases = [
            ("a", "a"),
            ("a[1:3]", "a1 a2 a3"),
            ("a[01:03]", "a01 a02 a03"),
            ("a[08:11]", "a08 a09 a10 a11"),
            ("a[1:03]", "a1 a2 a3"),
            ("a[:3]", "a0 a1 a2 a3"),
            ("a[0:0]", "a0"),
            ("a[1:10:4]", "a1 a5 a9"),
            ("a[-1:1]", "a-1 a0 a1"),
            ("a[+1:2]", "a1 a2"),
            ("a[3:1]", ""),
            ("a[1:3:-1]", ""),
            ("a[a:c]", "aa ab ac"),
            ("a[a:e:2]", "aa ac ae"),
            ("a[y:B]", "ay az aA aB"),
            ("a[1:2]b[1:2]", "a1b1 a1b2 a2b1 a2b2"),
            ("a[1:2][a:b]", "a1a a1b a2a a2b"),
            ("[1:3]x", "1x 2x 3x"),
            ("a[1:2]]", "a1] a2]"),
            ("a1:3]", "a1:3]"),
            ("2001:db8::[a:c]", "2001:db8::a 2001:db8::b 2001:db8::c"),
        ];
        for (pattern, names) in cases {
            assert_eq!(expand(pattern).unwrap().join(" "), names, "{pattern}");
        }
    }

    #[test]
    fn bad_ranges_are_refused() {
        let cases = [
            ("a[]", RangeError::Shape(String::new())),
            ("a[1]", RangeError::Shape("1".into())),
            ("a[1-3]", RangeError::Shape("1-3".into())),
            ("a[1:3:2:1]", RangeError::Shape("1:3:2:1".into())),
            ("a[1:]", RangeError::NoEnd("1:".into())),
            ("a[:]", RangeError::NoEnd(":".into())),
            ("a[1:3", RangeError::NotClosed("a[1:3".into())),
            ("a[1:3]x[", RangeError::NotClosed("a[1:3]x[".into())),
            ("a[001:3]", RangeError::Width("001:3".into())),
            ("a[00:1]", RangeError::Width("00:1".into())),
            ("a[Z:a]", RangeError::Backwards("Z:a".into())),
            ("a[a:bb]", RangeError::NotANumber("a:bb".into())),
            ("a[a:3]", RangeError::NotANumber("a:3".into())),
            ("a[:c]", RangeError::NotANumber(":c".into())),
            ("a[1:3:]", RangeError::NotANumber("1:3:".into())),
            ("a[1:3:0]", RangeError::ZeroStep("1:3:0".into())),
            ("a[0:9999999999]", RangeError::TooMany("[0:9999999999]".into())),
        ];
        for (pattern, error) in cases {
            assert_eq!(expand(pattern), Err(error), "{pattern}");
        }
    }
}
