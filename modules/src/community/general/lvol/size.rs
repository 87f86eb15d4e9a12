//! `Size`: how large a logical volume is to be.

use crate::ModuleError;

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Size {
    /// To be added to or taken from what is there.
    pub(super) sign: Option<char>,
    pub(super) number: f64,
    pub(super) measure: Measure,
    /// As it was written, without the sign.
    written: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Measure {
    /// A letter as LVM has them.
    Unit(char),
    /// Percent of this: `VG`, `PVS`, `FREE` or `ORIGIN`.
    Of(String),
}

const UNITS: &str = "bBsSkKmMgGtTpPeE";

impl Size {
    pub(super) fn parse(text: &str) -> Result<Self, ModuleError> {
        let sign = text.chars().next().filter(|c| matches!(c, '+' | '-'));
        let written = if sign.is_some() { &text[1..] } else { text };
        let bad = || ModuleError::failed(format!("Bad size specification of '{text}'"));
        if let Some((percent, whole)) = written.split_once('%') {
            let number: u32 = percent.parse().map_err(|_| bad())?;
            if number > 100 {
                return Err(ModuleError::failed("Size percentage cannot be larger than 100%"));
            }
            if !matches!(whole, "VG" | "PVS" | "FREE" | "ORIGIN") {
                return Err(ModuleError::failed("Specify extents as a percentage of VG|PVS|FREE|ORIGIN"));
            }
            let measure = Measure::Of(whole.to_owned());
            return Ok(Self { sign, number: f64::from(number), measure, written: written.to_owned() });
        }
        let unit = written.chars().last().filter(|last| UNITS.contains(*last));
        let digits = if unit.is_some() { &written[..written.len() - 1] } else { written };
        let number = digits.parse().ok().filter(|_| digits.starts_with(|c: char| c.is_ascii_digit()));
        let written = if unit.is_some() { written.to_owned() } else { format!("{written}m") };
        Ok(Self { sign, number: number.ok_or_else(bad)?, measure: Measure::Unit(unit.unwrap_or('m')), written })
    }

    /// The unit LVM is to report in, so that sizes can be compared.
    pub(super) fn unit(&self) -> char {
        match self.measure {
            Measure::Unit(unit) => unit,
            Measure::Of(_) => 'm',
        }
    }

    pub(super) fn is_of(&self, whole: &str) -> bool {
        self.measure == Measure::Of(whole.to_owned())
    }

    pub(super) fn is_percentage(&self) -> bool {
        matches!(self.measure, Measure::Of(_))
    }

    /// `-L 5g` or `-l 50%VG`.
    pub(super) fn option(&self) -> [String; 2] {
        let option = if self.is_percentage() { "-l" } else { "-L" };
        [option.to_owned(), format!("{}{}", self.sign.map(String::from).unwrap_or_default(), self.written)]
    }

    pub(super) fn written(&self) -> &str {
        &self.written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read() {
        let option = |text| Size::parse(text).map(|size| size.option().join(" ")).map_err(|error| error.to_string());
        for (text, expected) in
            [("100", "-L 100m"), ("+1.5g", "-L +1.5g"), ("50%VG", "-l 50%VG"), ("-5%FREE", "-l -5%FREE")]
        {
            assert_eq!(option(text).as_deref(), Ok(expected), "{text}");
        }
        for text in ["x5", "5q", "", "120%VG", "5%ALL"] {
            assert!(option(text).is_err(), "{text}");
        }
    }
}
