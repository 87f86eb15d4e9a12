//! DER: elements with tag and content, read within bounds and written; what they mean is known to who reads them.

pub(super) const BOOLEAN: u8 = 0x01;
pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const OBJECT: u8 = 0x06;
pub(super) const ENUMERATED: u8 = 0x0a;
pub(super) const UTF8: u8 = 0x0c;
pub(super) const PRINTABLE: u8 = 0x13;
pub(super) const IA5: u8 = 0x16;
pub(super) const UTC_TIME: u8 = 0x17;
pub(super) const GENERALIZED_TIME: u8 = 0x18;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;

/// Longer inputs are none of the things read here.
const MOST_BYTES: usize = 16 << 20;

/// One element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Element<'a> {
    pub(super) tag: u8,
    pub(super) content: &'a [u8],
    /// Tag, length and content.
    pub(super) whole: &'a [u8],
}

impl<'a> Element<'a> {
    /// The one element `bytes` consist of.
    pub(super) fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (element, rest) = Self::split(bytes)?;
        rest.is_empty().then_some(element)
    }

    /// The first element and what follows it.
    fn split(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (&tag, after) = bytes.split_first()?;
        let (&first, mut after) = after.split_first()?;
        if tag & 0x1f == 0x1f || bytes.len() > MOST_BYTES {
            return None;
        }
        let mut length = usize::from(first);
        if first >= 0x80 {
            let count = usize::from(first & 0x7f);
            let digits = after.get(..count).filter(|_| (1..=4).contains(&count))?;
            length = digits.iter().fold(0, |length, &byte| length << 8 | usize::from(byte));
            after = &after[count..];
        }
        let content = after.get(..length)?;
        let rest = &after[length..];
        Some((Self { tag, content, whole: &bytes[..bytes.len() - rest.len()] }, rest))
    }

    /// The elements within.
    pub(super) fn children(&self) -> Option<Vec<Self>> {
        let mut children = Vec::new();
        let mut rest = self.content;
        while !rest.is_empty() {
            let (child, after) = Self::split(rest)?;
            children.push(child);
            rest = after;
        }
        Some(children)
    }

    /// The element within one that is only a wrapper, such as an explicit tag.
    pub(super) fn inner(&self) -> Option<Self> {
        Self::parse(self.content)
    }

    /// Itself when it has this tag.
    pub(super) fn tagged(self, tag: u8) -> Option<Self> {
        (self.tag == tag).then_some(self)
    }

    /// The content of a bit string of whole bytes.
    pub(super) fn bits(&self) -> Option<&'a [u8]> {
        self.content.split_first().filter(|(unused, _)| **unused == 0 && self.tag == BIT_STRING).map(|(_, bits)| bits)
    }

    /// An object identifier with dots.
    pub(super) fn oid(&self) -> Option<String> {
        (self.tag == OBJECT).then(|| oid_text(self.content))
    }
}

pub(super) fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    match content.len() {
        length @ 0..=0x7f => out.push(length as u8),
        length => {
            let digits = length.to_be_bytes();
            let digits = &digits[digits.iter().take_while(|byte| **byte == 0).count()..];
            out.push(0x80 | digits.len() as u8);
            out.extend(digits);
        }
    }
    out.extend(content);
    out
}

pub(super) fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    element(SEQUENCE, &parts.concat())
}

/// A number that is not negative, from its bytes, the highest first.
pub(super) fn unsigned(bytes: &[u8]) -> Vec<u8> {
    let digits = without_zeros(bytes);
    match digits.first() {
        None => element(INTEGER, &[0]),
        Some(first) if *first >= 0x80 => element(INTEGER, &[&[0], digits].concat()),
        Some(_) => element(INTEGER, digits),
    }
}

pub(super) fn bit_string(bytes: &[u8]) -> Vec<u8> {
    element(BIT_STRING, &[&[0], bytes].concat())
}

/// An object identifier; `None` when the text is none.
pub(super) fn oid(text: &str) -> Option<Vec<u8>> {
    let arcs: Vec<u64> = text.split('.').map(|arc| arc.parse().ok()).collect::<Option<_>>()?;
    let (&[first, second], rest) = arcs.split_first_chunk::<2>()?;
    if first > 2 || (first < 2 && second > 39) || second > u64::MAX - 80 {
        return None;
    }
    let mut out = Vec::new();
    for arc in std::iter::once(first * 40 + second).chain(rest.iter().copied()) {
        let groups = (64 - arc.leading_zeros()).div_ceil(7).max(1);
        for group in (0..groups).rev() {
            let bits = (arc >> (7 * group)) as u8 & 0x7f;
            out.push(if group == 0 { bits } else { bits | 0x80 });
        }
    }
    Some(element(OBJECT, &out))
}

fn oid_text(content: &[u8]) -> String {
    let mut arcs: Vec<u64> = Vec::new();
    let mut arc = 0_u64;
    for byte in content {
        arc = arc << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            if arcs.is_empty() {
                let first = (arc / 40).min(2);
                arcs.extend([first, arc - 40 * first]);
            } else {
                arcs.push(arc);
            }
            arc = 0;
        }
    }
    arcs.iter().map(u64::to_string).collect::<Vec<_>>().join(".")
}

pub(super) fn without_zeros(bytes: &[u8]) -> &[u8] {
    &bytes[bytes.iter().take_while(|byte| **byte == 0).count()..]
}

/// The decimal digits of a number of any size.
pub(super) fn decimal(bytes: &[u8]) -> String {
    // Groups of nine digits, the lowest first.
    let mut groups = vec![0_u64];
    for byte in bytes {
        let mut carry = u64::from(*byte);
        for group in &mut groups {
            let value = *group * 256 + carry;
            *group = value % 1_000_000_000;
            carry = value / 1_000_000_000;
        }
        if carry > 0 {
            groups.push(carry);
        }
    }
    let mut text = groups.last().map(u64::to_string).unwrap_or_default();
    for group in groups.iter().rev().skip(1) {
        text.push_str(&format!("{group:09}"));
    }
    text
}

/// The bytes of a number from its decimal digits; `None` when they are none.
pub(super) fn of_decimal(digits: &str) -> Option<Vec<u8>> {
    if digits.is_empty() {
        return None;
    }
    // The lowest byte first.
    let mut bytes: Vec<u8> = Vec::new();
    for digit in digits.chars() {
        let mut carry = digit.to_digit(10)?;
        for byte in &mut bytes {
            let value = u32::from(*byte) * 10 + carry;
            *byte = value as u8;
            carry = value >> 8;
        }
        if carry > 0 {
            bytes.push(carry as u8);
        }
    }
    bytes.reverse();
    Some(bytes)
}

/// How many bits a number has.
pub(super) fn bit_length(bytes: &[u8]) -> usize {
    let digits = without_zeros(bytes);
    digits.first().map_or(0, |first| digits.len() * 8 - first.leading_zeros() as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let long = element(OCTET_STRING, &[7; 300]);
        assert_eq!(long[..4], [OCTET_STRING, 0x82, 1, 44]);
        let both = sequence(&[unsigned(&[0, 0x80]), long.clone()]);
        let children = Element::parse(&both).unwrap().children().unwrap();
        assert_eq!((children[0].content, children[1].whole), (&[0, 0x80][..], &long[..]));
        for text in ["1.2.840.113549.1.1.11", "2.5.29.17", "0.9.2342.19200300.100.1.1", "2.999.0"] {
            assert_eq!(Element::parse(&oid(text).unwrap()).unwrap().oid().as_deref(), Some(text));
        }
        assert_eq!((oid("foo"), oid("1"), oid("1.40")), (None, None, None));
    }

    #[test]
    fn broken_lengths_are_nothing() {
        for bytes in [&[][..], &[0x30], &[0x30, 2, 1], &[0x30, 0x80], &[0x30, 0x85, 1, 1, 1, 1, 1], &[0x1f, 0]] {
            assert_eq!(Element::parse(bytes), None, "{bytes:?}");
        }
    }

    #[test]
    fn numbers_of_any_size_have_digits() {
        assert_eq!(decimal(&[]), "0");
        assert_eq!(decimal(&[1, 0, 0, 0, 0, 0, 0, 0, 0]), "18446744073709551616");
        assert_eq!(of_decimal("18446744073709551616"), Some(vec![1, 0, 0, 0, 0, 0, 0, 0, 0]));
        assert_eq!((of_decimal("0"), of_decimal(""), of_decimal("-1")), (Some(vec![]), None, None));
        assert_eq!((bit_length(&[0, 1]), bit_length(&[0x80, 0]), bit_length(&[0])), (1, 16, 0));
    }
}
