//! The text form of vault data: a header line, then the sealed parts, twice hexadecimal, in lines of 80.

use super::VaultError;
use super::cipher::Sealed;

pub(super) const HEADER: &str = "$ANSIBLE_VAULT;";
const LINE: usize = 80;

pub(super) struct Envelope {
    /// The vault id it was encrypted for (format 1.2).
    pub(super) label: Option<String>,
    pub(super) sealed: Sealed,
}

impl Envelope {
    pub(super) fn parse(data: &[u8]) -> Result<Self, VaultError> {
        if !super::is_encrypted(data) {
            return Err(VaultError::NotEncrypted);
        }
        let text = str::from_utf8(data).map_err(|_| VaultError::Damaged("it is not plain ASCII text"))?;
        let (header, body) = text.split_once('\n').unwrap_or((text, ""));
        Ok(Self { label: parse_header(header.trim())?, sealed: parse_body(body)? })
    }

    pub(super) fn write(&self) -> Vec<u8> {
        let header = match &self.label {
            Some(label) => format!("{HEADER}1.2;AES256;{label}"),
            None => format!("{HEADER}1.1;AES256"),
        };
        let Sealed { salt, mac, ciphertext } = &self.sealed;
        let parts = [hex::encode(salt), hex::encode(mac), hex::encode(ciphertext)].join("\n");
        let body = hex::encode(parts);
        let mut out = header.into_bytes();
        for line in body.as_bytes().chunks(LINE) {
            out.push(b'\n');
            out.extend_from_slice(line);
        }
        out.push(b'\n');
        out
    }
}

/// The label, if the header is one we can read.
fn parse_header(header: &str) -> Result<Option<String>, VaultError> {
    let fields: Vec<&str> = header.split(';').map(str::trim).collect();
    match fields.as_slice() {
        [_, "1.1", "AES256"] => Ok(None),
        [_, "1.2", "AES256", label] => Ok(Some((*label).to_owned())),
        _ => Err(VaultError::UnsupportedFormat(header.chars().take(60).collect())),
    }
}

fn parse_body(body: &str) -> Result<Sealed, VaultError> {
    let packed: String = body.split_whitespace().collect();
    let parts = decode(packed)?;
    let mut parts = parts.splitn(3, |byte| *byte == b'\n');
    let mut part = || -> Result<Vec<u8>, VaultError> {
        let part = parts.next().ok_or(VaultError::Damaged("a part is missing (is it cut off?)"))?;
        decode(part)
    };
    Ok(Sealed { salt: part()?, mac: part()?, ciphertext: part()? })
}

fn decode(text: impl AsRef<[u8]>) -> Result<Vec<u8>, VaultError> {
    hex::decode(text).map_err(|error| {
        VaultError::Damaged(match error {
            hex::FromHexError::OddLength => "Vault format unhexlify error: Odd-length string",
            _ => "Vault format unhexlify error: Non-hexadecimal digit found",
        })
    })
}
