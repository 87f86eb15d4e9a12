//! `Size`: a number with the unit parted wrote or is to read.

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Size {
    pub(super) number: f64,
    pub(super) unit: String,
}

impl Size {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let at = text.find(|c: char| !c.is_ascii_digit() && c != '.' && c != '-').unwrap_or(text.len());
        let (number, unit) = text.split_at(at);
        Some(Self { number: number.parse().ok()?, unit: unit.trim().to_owned() })
    }

    /// In bytes; a part of the whole in percent. `None` for units that depend on the device.
    fn bytes(&self, whole: Option<&Self>) -> Option<f64> {
        let factor = match self.unit.to_lowercase().as_str() {
            "b" => 1.0,
            "kb" => 1e3,
            "mb" => 1e6,
            "gb" => 1e9,
            "tb" => 1e12,
            "kib" => 1024.0,
            "mib" => 1024.0 * 1024.0,
            "gib" => 1024.0 * 1024.0 * 1024.0,
            "tib" => 1024.0 * 1024.0 * 1024.0 * 1024.0,
            "%" => whole.filter(|whole| whole.unit != "%").and_then(|whole| whole.bytes(None))? / 100.0,
            _ => return None,
        };
        Some(self.number * factor)
    }

    /// Whether both are the same place on a device of this size, as exactly as parted prints places.
    pub(super) fn is(&self, other: &Self, whole: Option<&Self>) -> bool {
        if self.unit.eq_ignore_ascii_case(&other.unit) {
            return (self.number - other.number).abs() < 0.005;
        }
        match (self.bytes(whole), other.bytes(whole), (Self { number: 1.0, unit: other.unit.clone() }).bytes(whole)) {
            (Some(one), Some(two), Some(unit)) => (one - two).abs() / unit < 0.005,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Size;

    #[test]
    fn places_are_compared_across_units() {
        let size = |text| Size::parse(text).unwrap();
        let whole = size("102400kiB");
        for (one, other, same) in [("30MiB", "30720kiB", true), ("30%", "30720kiB", true), ("40MiB", "30720kiB", false)]
        {
            assert_eq!(size(one).is(&size(other), Some(&whole)), same, "{one} {other}");
        }
    }
}
