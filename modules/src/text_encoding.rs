//! Text encodings that files can be said to have.

use crate::{ModuleError, byte_text};

/// An encoding by the name Python has for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Utf8,
    Latin1,
    Ascii,
    Utf16Le,
    Utf16Be,
    /// Anything else that the Encoding Standard knows.
    Other(&'static encoding_rs::Encoding),
}

impl Encoding {
    pub(crate) fn named(name: &str) -> Result<Self, ModuleError> {
        let plain = name.to_lowercase().replace(['_', ' '], "-");
        Ok(match plain.as_str() {
            "utf-8" | "utf8" | "u8" => Self::Utf8,
            "latin-1" | "latin1" | "iso-8859-1" | "iso8859-1" | "l1" => Self::Latin1,
            "ascii" | "us-ascii" | "646" => Self::Ascii,
            "utf-16-le" | "utf-16le" => Self::Utf16Le,
            "utf-16-be" | "utf-16be" => Self::Utf16Be,
            other => match encoding_rs::Encoding::for_label(standard_label(other).as_bytes()) {
                Some(encoding) => Self::Other(encoding),
                None => return Err(ModuleError::failed(format!("unknown encoding: {name}"))),
            },
        })
    }

    pub(crate) fn decode(self, bytes: &[u8], path: &str) -> Result<String, ModuleError> {
        let wide = |unit: fn([u8; 2]) -> u16| {
            let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]])).collect();
            String::from_utf16(&units).ok().filter(|_| bytes.len().is_multiple_of(2))
        };
        let text = match self {
            Self::Latin1 => Some(byte_text::from_bytes(bytes)),
            Self::Ascii if !bytes.is_ascii() => None,
            Self::Utf8 | Self::Ascii => String::from_utf8(bytes.to_vec()).ok(),
            Self::Utf16Le => wide(u16::from_le_bytes),
            Self::Utf16Be => wide(u16::from_be_bytes),
            Self::Other(encoding) => {
                encoding.decode_without_bom_handling_and_without_replacement(bytes).map(std::borrow::Cow::into_owned)
            }
        };
        text.ok_or_else(|| ModuleError::failed(format!("{path} is not {} text", self.name())))
    }

    pub(crate) fn encode(self, text: &str) -> Result<Vec<u8>, ModuleError> {
        if let Self::Other(encoding) = self {
            let (bytes, _, lossy) = encoding.encode(text);
            if lossy {
                return Err(ModuleError::failed(format!("not every character exists in {}", self.name())));
            }
            return Ok(bytes.into_owned());
        }
        let limit = match self {
            Self::Latin1 => 0xff,
            Self::Ascii => 0x7f,
            _ => u32::MAX,
        };
        if let Some(character) = text.chars().find(|&character| u32::from(character) > limit) {
            return Err(ModuleError::failed(format!("'{character}' does not exist in {}", self.name())));
        }
        Ok(match self {
            Self::Latin1 => byte_text::to_bytes(text),
            Self::Utf8 | Self::Ascii | Self::Other(_) => text.as_bytes().to_vec(),
            Self::Utf16Le => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            Self::Utf16Be => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Latin1 => "ISO 8859-1",
            Self::Ascii => "ASCII",
            Self::Utf16Le => "UTF-16LE",
            Self::Utf16Be => "UTF-16BE",
            Self::Other(encoding) => encoding.name(),
        }
    }
}

/// The Encoding Standard's name for one of Python's: `cp1251` is `windows-1251`, `euc_jp` is `euc-jp`.
fn standard_label(name: &str) -> String {
    match name.strip_prefix("cp").filter(|page| page.len() == 4 && page.starts_with("125")) {
        Some(page) => format!("windows-{page}"),
        None => name.replace("iso8859", "iso-8859").replace("shift-jis", "shift_jis"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_survives_its_encoding() {
        for name in ["utf-8", "latin-1", "UTF_16_LE", "utf-16-be", "cp1252", "iso8859_15"] {
            let encoding = Encoding::named(name).unwrap();
            let bytes = encoding.encode("café\n").unwrap();
            assert_eq!(encoding.decode(&bytes, "f").unwrap(), "café\n", "{name}");
        }
        assert_eq!(Encoding::named("gbk").unwrap().decode(b"\xc4\xe3", "f").unwrap(), "你");
        assert!(Encoding::named("gbk").unwrap().decode(b"\xff\xff", "f").is_err());
        assert!(Encoding::named("bad").is_err());
        assert!(Encoding::Ascii.encode("é").is_err());
        assert!(Encoding::Utf8.decode(b"\xff", "f").is_err());
    }
}
