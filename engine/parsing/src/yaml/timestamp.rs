//! YAML 1.1 timestamps. There is no date type here: a date is the text that Python's `str()` makes of it.

/// `2024-01-31` as it is; `2001-12-14t21:59:43.1-05:00` as `2001-12-14 21:59:43.100000-05:00`. `None` for other text.
pub(super) fn iso(_text: &str) -> Option<String> {
    None
}
