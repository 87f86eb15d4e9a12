//! Floats as text with a given precision: C's `%f`, `%e` and `%g`.

pub(crate) fn fixed(float: f64, precision: usize) -> String {
    special(float).unwrap_or_else(|| format!("{float:.precision$}"))
}

pub(crate) fn exponent(float: f64, precision: usize) -> String {
    special(float).unwrap_or_else(|| {
        let text = format!("{float:.precision$e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let exponent: i32 = exponent.parse().unwrap_or(0);
        let sign = if exponent < 0 { '-' } else { '+' };
        format!("{mantissa}e{sign}{:02}", exponent.abs())
    })
}

/// `%g`: the shorter of the two, without trailing zeros unless `keep_zeros`.
pub(crate) fn general(float: f64, precision: usize, keep_zeros: bool) -> String {
    if let Some(text) = special(float) {
        return text;
    }
    let precision = precision.max(1);
    let scientific = exponent(float, precision - 1);
    let power: i32 = scientific.split_once('e').and_then(|(_, e)| e.parse().ok()).unwrap_or(0);
    let wide = i32::try_from(precision).unwrap_or(i32::MAX);
    if power < -4 || power >= wide {
        if keep_zeros {
            return scientific;
        }
        let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "+00"));
        return format!("{}e{exponent}", trim_zeros(mantissa));
    }
    let decimals = usize::try_from(wide - 1 - power).unwrap_or(0);
    let text = fixed(float, decimals);
    if keep_zeros { text } else { trim_zeros(&text).to_owned() }
}

fn trim_zeros(text: &str) -> &str {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}

fn special(float: f64) -> Option<String> {
    if float.is_nan() {
        Some("nan".into())
    } else if float.is_infinite() {
        Some(if float > 0.0 { "inf" } else { "-inf" }.into())
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn general_is_the_shorter_form() {
        let cases = [
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (123_456.0, "123456"),
            (1_234_567.0, "1.23457e+06"),
            (100.0, "100"),
        ];
        for (float, text) in cases {
            assert_eq!(general(float, 6, false), text);
        }
    }
}
