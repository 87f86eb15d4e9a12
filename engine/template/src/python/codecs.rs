//! Text as bytes and back, by the names Python has for encodings.

use encoding_rs::Encoding;

fn plain_name(name: &str) -> String {
    name.trim().to_lowercase().replace(['_', ' '], "-")
}

/// The text in the encoding `name`; Python's message when there is no such encoding or it lacks a character.
pub fn encode(text: &str, name: &str) -> Result<Vec<u8>, String> {
    let units = |write: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(write);
    Ok(match plain_name(name).as_str() {
        "utf-8" | "utf8" | "u8" => text.as_bytes().to_vec(),
        "utf-8-sig" => [b"\xef\xbb\xbf", text.as_bytes()].concat(),
        "utf-16" | "utf16" => [0xff, 0xfe].into_iter().chain(units(u16::to_le_bytes)).collect(),
        "utf-16-le" | "utf-16le" => units(u16::to_le_bytes).collect(),
        "utf-16-be" | "utf-16be" => units(u16::to_be_bytes).collect(),
        "utf-32" => [0xff, 0xfe, 0, 0].into_iter().chain(text.chars().flat_map(|c| (c as u32).to_le_bytes())).collect(),
        "utf-32-le" => text.chars().flat_map(|c| (c as u32).to_le_bytes()).collect(),
        "utf-32-be" => text.chars().flat_map(|c| (c as u32).to_be_bytes()).collect(),
        "ascii" | "us-ascii" | "646" => below(text, 128, "ascii")?,
        "latin-1" | "latin1" | "iso-8859-1" | "iso8859-1" | "l1" => below(text, 256, "latin-1")?,
        plain => table(plain, name)?.encode(text)?,
    })
}

/// Bytes as text; what is no text in that encoding is shown by U+FFFD.
pub(crate) fn decode(bytes: &[u8], name: &str) -> Result<String, String> {
    let wide = |read: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| read([pair[0], pair[1]])).collect();
        String::from_utf16_lossy(&units)
    };
    Ok(match plain_name(name).as_str() {
        "utf-8" | "utf8" | "u8" | "ascii" | "us-ascii" => String::from_utf8_lossy(bytes).into_owned(),
        "utf-8-sig" => String::from_utf8_lossy(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)).into_owned(),
        "utf-16-le" | "utf-16le" => wide(u16::from_le_bytes),
        "utf-16-be" | "utf-16be" => wide(u16::from_be_bytes),
        "utf-16" | "utf16" if bytes.starts_with(&[0xfe, 0xff]) => decode(&bytes[2..], "utf-16-be")?,
        "utf-16" | "utf16" => decode(bytes.strip_prefix(&[0xff, 0xfe]).unwrap_or(bytes), "utf-16-le")?,
        "latin-1" | "latin1" | "iso-8859-1" | "iso8859-1" | "l1" => {
            bytes.iter().map(|byte| char::from(*byte)).collect()
        }
        plain => table(plain, name)?.0.decode_without_bom_handling(bytes).0.into_owned(),
    })
}

fn below(text: &str, limit: u32, codec: &str) -> Result<Vec<u8>, String> {
    let byte = |(at, c): (usize, char)| {
        let fits = u8::try_from(c as u32).ok().filter(|byte| u32::from(*byte) < limit);
        fits.ok_or_else(|| cannot_encode(codec, c, at, &format!("ordinal not in range({limit})")))
    };
    text.chars().enumerate().map(byte).collect()
}

fn cannot_encode(codec: &str, c: char, at: usize, why: &str) -> String {
    let code = c as u32;
    let shown = if code > 0xffff { format!("\\U{code:08x}") } else { format!("\\u{code:04x}") };
    let shown = if code < 256 { format!("\\x{code:02x}") } else { shown };
    format!("'{codec}' codec can't encode character '{shown}' in position {at}: {why}")
}

struct Table(&'static Encoding);

fn table(plain: &str, name: &str) -> Result<Table, String> {
    let found =
        Encoding::for_label(plain.as_bytes()).or_else(|| Encoding::for_label(plain.replace('-', "").as_bytes()));
    found.map(Table).ok_or_else(|| format!("unknown encoding: {name}"))
}

impl Table {
    fn encode(&self, text: &str) -> Result<Vec<u8>, String> {
        let (bytes, _, lossy) = self.0.encode(text);
        if !lossy {
            return Ok(bytes.into_owned());
        }
        let lacks = |c: &char| self.0.encode(c.encode_utf8(&mut [0; 4])).2;
        let (at, c) = text.chars().enumerate().find(|(_, c)| lacks(c)).unwrap_or((0, '?'));
        Err(cannot_encode("charmap", c, at, "character maps to <undefined>"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_go_by_pythons_names() {
        assert_eq!(encode("é", "latin_1").unwrap(), [0xe9]);
        assert_eq!(encode("€", "windows-1252").unwrap(), [0x80]);
        assert_eq!(encode("é", "UTF-16-LE").unwrap(), [0xe9, 0]);
        assert_eq!(decode(&[0x80], "cp1252").unwrap(), "€");
        assert_eq!(encode("a", "klingon").unwrap_err(), "unknown encoding: klingon");
        let lacking = "'latin-1' codec can't encode character '\\u20ac' in position 1: ordinal not in range(256)";
        assert_eq!(encode("a€", "latin-1").unwrap_err(), lacking);
    }
}
