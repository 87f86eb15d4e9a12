//! Banners: a line of text filled up with stars.

use console::measure_text_width;

/// `text` with stars up to `columns`, three at least.
pub(crate) fn banner(text: &str, columns: usize) -> String {
    let text = text.trim();
    let shown: String = text.chars().filter(|character| !character.is_control()).collect();
    let stars = columns.saturating_sub(measure_text_width(&shown)).max(3);
    format!("\n{text} {}", "*".repeat(stars))
}

#[cfg(test)]
mod tests {
    use super::banner;

    #[test]
    fn a_banner_is_eighty_wide() {
        let text = banner("PLAY [all]", 79);
        assert_eq!(text.trim_start().len(), 80);
        assert!(text.starts_with("\nPLAY [all] *****"));
    }

    #[test]
    fn a_long_banner_keeps_three_stars() {
        assert!(banner(&"x".repeat(100), 79).ends_with(" ***"));
    }
}
