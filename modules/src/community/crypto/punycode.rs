//! Punycode (RFC 3492): the labels `xn--…` of host names as the text they stand for.

const BASE: u32 = 36;
const LEAST: u32 = 1;
const MOST: u32 = 26;
const SKEW: u32 = 38;
const DAMP: u32 = 700;
const FIRST_BIAS: u32 = 72;

/// A host name with all of its labels as text; those that cannot be read stay.
pub(super) fn unicode(host: &str) -> String {
    let label = |label: &str| {
        let encoded = label.get(..4).filter(|prefix| prefix.eq_ignore_ascii_case("xn--")).map(|_| &label[4..]);
        encoded.and_then(decode).unwrap_or_else(|| label.to_owned())
    };
    host.split('.').map(label).collect::<Vec<_>>().join(".")
}

/// The part after `xn--`: the ASCII letters, a dash, and where the others go.
fn decode(text: &str) -> Option<String> {
    let (basic, deltas) = text.rsplit_once('-').unwrap_or(("", text));
    let mut letters: Vec<char> = basic.chars().collect();
    let (mut code, mut at, mut bias) = (0x80_u32, 0_u32, FIRST_BIAS);
    let mut digits = deltas.chars();
    while !digits.as_str().is_empty() {
        let before = at;
        let mut weight = 1_u32;
        for position in 1_u32.. {
            let digit = digits.next()?.to_digit_of_punycode()?;
            at = at.checked_add(digit.checked_mul(weight)?)?;
            let threshold = (BASE * position).saturating_sub(bias).clamp(LEAST, MOST);
            if digit < threshold {
                break;
            }
            weight = weight.checked_mul(BASE - threshold)?;
        }
        let count = u32::try_from(letters.len()).ok()? + 1;
        bias = adapted(at - before, count, before == 0);
        code = code.checked_add(at / count)?;
        at %= count;
        letters.insert(usize::try_from(at).ok()?, char::from_u32(code)?);
        at += 1;
    }
    Some(letters.into_iter().collect())
}

trait Digit {
    /// Letters are 0 to 25, digits 26 to 35.
    fn to_digit_of_punycode(self) -> Option<u32>;
}

impl Digit for char {
    fn to_digit_of_punycode(self) -> Option<u32> {
        match self.to_digit(BASE)? {
            digit @ 0..=9 => Some(digit + 26),
            letter => Some(letter - 10),
        }
    }
}

fn adapted(delta: u32, count: u32, is_first: bool) -> u32 {
    let mut delta = if is_first { delta / DAMP } else { delta / 2 };
    delta += delta / count;
    let mut bias = 0;
    while delta > (BASE - LEAST) * MOST / 2 {
        delta /= BASE - LEAST;
        bias += BASE;
    }
    bias + (BASE - LEAST + 1) * delta / (delta + SKEW)
}

#[cfg(test)]
mod tests {
    use super::unicode;

    #[test]
    fn labels_are_read() {
        assert_eq!(unicode("*.xn--mnchen-3ya.example"), "*.münchen.example");
        assert_eq!(unicode("XN--r8jz45g.xn--zckzah"), "例え.テスト");
        assert_eq!(unicode("www.example.org"), "www.example.org");
        assert_eq!(unicode("xn--ü.xn--99999999"), "xn--ü.xn--99999999");
    }
}
