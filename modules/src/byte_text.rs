//! Bytes as text, one character for each byte: files in any encoding can be edited without changing what is not meant.

/// Each byte as the character of that number.
pub(crate) fn from_bytes(bytes: &[u8]) -> String {
    bytes.iter().map(|&byte| char::from(byte)).collect()
}

/// The bytes of a text made by `from_bytes`; it has no characters beyond 255.
pub(crate) fn to_bytes(text: &str) -> Vec<u8> {
    text.chars().map(|character| u8::try_from(u32::from(character)).unwrap_or(b'?')).collect()
}

/// UTF-8 as the text of its bytes, to be put among others.
pub(crate) fn from_utf8(text: &str) -> String {
    from_bytes(text.as_bytes())
}

/// How people are shown it: as UTF-8 again.
pub(crate) fn shown(text: &str) -> String {
    String::from_utf8_lossy(&to_bytes(text)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_survives() {
        let bytes: Vec<u8> = (0..=255).collect();
        assert_eq!(to_bytes(&from_bytes(&bytes)), bytes);
        assert_eq!(shown(&from_utf8("é")), "é");
    }
}
