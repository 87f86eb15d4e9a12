//! PEM: the text around DER.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// One block: what it says it is, its headers' presence, its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pem {
    pub(super) label: String,
    /// The block has headers that say its content is encrypted.
    pub(super) encrypted: bool,
    pub(super) der: Vec<u8>,
}

impl Pem {
    /// The first block of a text.
    pub(super) fn first(text: &[u8]) -> Option<Self> {
        Self::split(std::str::from_utf8(text).ok()?).map(|(pem, _)| pem)
    }

    /// Every block of a text.
    pub(super) fn all(text: &str) -> Vec<Self> {
        let mut rest = text;
        let next = || {
            let (pem, after) = Self::split(rest)?;
            rest = after;
            Some(pem)
        };
        std::iter::from_fn(next).collect()
    }

    /// The first block and what follows it.
    fn split(text: &str) -> Option<(Self, &str)> {
        let (_, rest) = text.split_once("-----BEGIN ")?;
        let (label, rest) = rest.split_once("-----")?;
        let (body, after) = rest.split_once(&format!("-----END {label}-----"))?;
        let encrypted = label.starts_with("ENCRYPTED ") || body.contains("Proc-Type: 4,ENCRYPTED");
        // Headers end with an empty line.
        let data = if body.contains(':') { body.rsplit_once("\n\n").map_or("", |(_, data)| data) } else { body };
        let data: String = data.split_ascii_whitespace().collect();
        Some((Self { label: label.to_owned(), encrypted, der: STANDARD.decode(data).ok()? }, after))
    }
}

pub(super) fn encode(label: &str, der: &[u8]) -> String {
    let data = STANDARD.encode(der);
    let mut text = format!("-----BEGIN {label}-----\n");
    for line in data.as_bytes().chunks(64) {
        text.push_str(&String::from_utf8_lossy(line));
        text.push('\n');
    }
    text.push_str(&format!("-----END {label}-----\n"));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_written_and_read() {
        let text = encode("X Y", &[5; 60]);
        assert_eq!(text.lines().map(str::len).max(), Some(64));
        let twice = format!("comment\n{text}{text}");
        assert_eq!(Pem::all(&twice).len(), 2);
        let pem = Pem::first(twice.as_bytes()).unwrap();
        assert_eq!((pem.label.as_str(), pem.encrypted, pem.der), ("X Y", false, vec![5; 60]));
        let old = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: X,1\n\nAAAA\n-----END RSA PRIVATE KEY-----\n";
        assert_eq!(Pem::first(old.as_bytes()).map(|pem| (pem.encrypted, pem.der)), Some((true, vec![0; 3])));
        assert_eq!(Pem::first(b"junk"), None);
    }
}
