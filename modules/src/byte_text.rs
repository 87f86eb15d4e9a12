//! Bytes as text, one character for each byte: files in any encoding can be edited without changing what is not meant.

use std::path::Path;

use crate::ModuleError;

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

/// What `escaped` makes of the byte 0; a plane for private use.
const ESCAPE: u32 = 0x10_FE00;

/// UTF-8 as it is, and each byte that is none as a character of its own, which `unescaped` turns back: a file with a few
/// bytes in another encoding can be edited as text.
pub(crate) fn escaped(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            match escaped_byte(character) {
                // What looks like ours already.
                Some(_) => text.extend(character.encode_utf8(&mut [0; 4]).bytes().filter_map(escape)),
                None => text.push(character),
            }
        }
        text.extend(chunk.invalid().iter().copied().filter_map(escape));
    }
    text
}

pub(crate) fn unescaped(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    for character in text.chars() {
        match escaped_byte(character) {
            Some(byte) => bytes.push(byte),
            None => bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    bytes
}

fn escape(byte: u8) -> Option<char> {
    char::from_u32(ESCAPE + u32::from(byte))
}

fn escaped_byte(character: char) -> Option<u8> {
    u32::from(character).checked_sub(ESCAPE).and_then(|byte| u8::try_from(byte).ok())
}

/// An escaped text as people are shown it.
pub(crate) fn legible(text: &str) -> String {
    String::from_utf8_lossy(&unescaped(text)).into_owned()
}

/// The text of the file `path`; an error, in Python's words, where it is not UTF-8.
pub(crate) fn utf8(bytes: Vec<u8>, path: &Path) -> Result<String, ModuleError> {
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let byte = error.as_bytes()[at];
        let reason = match error.utf8_error().error_len() {
            None => "unexpected end of data",
            Some(_) if matches!(byte, 0xc2..=0xf4) => "invalid continuation byte",
            Some(_) => "invalid start byte",
        };
        let path = path.display();
        ModuleError::failed(format!("{path}: 'utf-8' codec can't decode byte {byte:#04x} in position {at}: {reason}"))
    })
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

    #[test]
    fn other_encodings_are_refused_in_python_s_words() {
        let said = |bytes: &[u8]| utf8(bytes.to_vec(), Path::new("/f")).map_err(|error| error.to_string());
        assert_eq!(said("é".as_bytes()), Ok("é".to_owned()));
        for (bytes, end) in [
            (&b"caf\xe9 x"[..], "byte 0xe9 in position 3: invalid continuation byte"),
            (b"\xff", "byte 0xff in position 0: invalid start byte"),
            (b"a\xe2\x82", "byte 0xe2 in position 1: unexpected end of data"),
        ] {
            assert_eq!(said(bytes), Err(format!("/f: 'utf-8' codec can't decode {end}")));
        }
    }

    #[test]
    fn what_is_no_utf8_survives_being_text() {
        assert_eq!(escaped("é\n".as_bytes()), "é\n");
        for bytes in [&b"caf\xe9 \xc3\xa9\xe2\x82"[..], "\u{10FEE9}".as_bytes(), "\u{10FE00}\u{10FFFF}".as_bytes()] {
            assert_eq!(unescaped(&escaped(bytes)), bytes);
        }
    }
}
