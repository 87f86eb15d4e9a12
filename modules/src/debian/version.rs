//! Debian package versions: the order dpkg gives them.

use std::cmp::Ordering;

/// Compares two versions (`[epoch:]upstream[-revision]`) as `dpkg --compare-versions` does.
pub(crate) fn compare(left: &str, right: &str) -> Ordering {
    let (left_epoch, left_upstream, left_revision) = split(left);
    let (right_epoch, right_upstream, right_revision) = split(right);
    left_epoch
        .cmp(&right_epoch)
        .then_with(|| compare_part(left_upstream, right_upstream))
        .then_with(|| compare_part(left_revision, right_revision))
}

/// The three parts; a missing epoch is 0 and a missing revision sorts like "0".
fn split(version: &str) -> (u64, &str, &str) {
    let (epoch, rest) = match version.split_once(':') {
        Some((epoch, rest)) => (epoch.parse().unwrap_or(0), rest),
        None => (0, version),
    };
    match rest.rsplit_once('-') {
        Some((upstream, revision)) => (epoch, upstream, revision),
        None => (epoch, rest, "0"),
    }
}

/// Alternates between text and digits; `~` sorts before everything, even the end.
fn compare_part(left: &str, right: &str) -> Ordering {
    let (mut left, mut right) = (left.as_bytes(), right.as_bytes());
    while !left.is_empty() || !right.is_empty() {
        let (left_text, left_rest) = take_while(left, |byte| !byte.is_ascii_digit());
        let (right_text, right_rest) = take_while(right, |byte| !byte.is_ascii_digit());
        let (left_number, left_rest) = take_while(left_rest, |byte| byte.is_ascii_digit());
        let (right_number, right_rest) = take_while(right_rest, |byte| byte.is_ascii_digit());
        let order = compare_text(left_text, right_text).then_with(|| compare_numbers(left_number, right_number));
        if order != Ordering::Equal {
            return order;
        }
        (left, right) = (left_rest, right_rest);
    }
    Ordering::Equal
}

fn take_while(bytes: &[u8], wanted: impl Fn(u8) -> bool) -> (&[u8], &[u8]) {
    let end = bytes.iter().position(|byte| !wanted(*byte)).unwrap_or(bytes.len());
    bytes.split_at(end)
}

fn compare_text(left: &[u8], right: &[u8]) -> Ordering {
    let length = left.len().max(right.len());
    (0..length)
        .map(|at| weight(left.get(at)).cmp(&weight(right.get(at))))
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
}

fn weight(byte: Option<&u8>) -> i32 {
    match byte {
        Some(b'~') => -1,
        None => 0,
        Some(byte) if byte.is_ascii_alphabetic() => i32::from(*byte),
        Some(byte) => i32::from(*byte) + 256,
    }
}

/// Digits of any length: leading zeroes do not count, longer is larger.
fn compare_numbers(left: &[u8], right: &[u8]) -> Ordering {
    let (_, left) = take_while(left, |byte| byte == b'0');
    let (_, right) = take_while(right, |byte| byte == b'0');
    left.len().cmp(&right.len()).then_with(|| left.cmp(right))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_as_dpkg_does() {
        let cases = [
            ("1.0", "1.0", Ordering::Equal),
            ("1.0-0", "1.0", Ordering::Equal),
            ("1.0", "1.00", Ordering::Equal),
            ("1.0~rc1", "1.0", Ordering::Less),
            ("1.0~~", "1.0~", Ordering::Less),
            ("1.0a", "1.0", Ordering::Greater),
            ("1.0a", "1.0+", Ordering::Less),
            ("1.10", "1.9", Ordering::Greater),
            ("1:0.1", "2.0", Ordering::Greater),
            ("1.0-1", "1.0-2", Ordering::Less),
            ("1.0-1+deb12u1", "1.0-1", Ordering::Greater),
            ("2.36-9+deb12u10", "2.36-9+deb12u9", Ordering::Greater),
            ("0.9.9", "0.9.10", Ordering::Less),
            ("1.2-3-4", "1.2-3-5", Ordering::Less),
            ("99999999999999999999999", "99999999999999999999998", Ordering::Greater),
        ];
        for (left, right, order) in cases {
            assert_eq!(compare(left, right), order, "{left} {right}");
            assert_eq!(compare(right, left), order.reverse(), "{right} {left}");
        }
    }
}
