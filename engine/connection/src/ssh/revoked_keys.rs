//! `RevokedKeys`: the file of `RevokedHostKeys`, a public key a line or a binary list (KRL, PROTOCOL.krl of OpenSSH).

use std::collections::HashSet;
use std::ops::RangeInclusive;
use std::path::Path;

use russh::keys::{Certificate, PublicKey};
use sha1::Sha1;
use sha2::{Digest, Sha256};

const MAGIC: &[u8] = b"SSHKRL\n\0";
const VERSION: u32 = 1;

/// Keys in the form in which they go over the wire, and what else tells a key or a certificate.
#[derive(Debug, Default)]
pub(super) struct RevokedKeys {
    blobs: HashSet<Vec<u8>>,
    sha1: HashSet<Vec<u8>>,
    sha256: HashSet<Vec<u8>>,
    certificates: Vec<Certificates>,
}

/// Certificates of one authority.
#[derive(Debug, Default)]
struct Certificates {
    /// Empty: of any.
    authority: Vec<u8>,
    serials: Vec<RangeInclusive<u64>>,
    /// The serial number of the lowest bit, and a big-endian number.
    bitmaps: Vec<(u64, Vec<u8>)>,
    key_ids: HashSet<Vec<u8>>,
}

impl RevokedKeys {
    /// Error: why the file cannot be read, as a fragment.
    pub(super) fn load(path: &Path) -> Result<Self, String> {
        let bytes = fs_err::read(path).map_err(|error| error.to_string())?;
        Self::parse(&bytes)
    }

    pub(super) fn parse(bytes: &[u8]) -> Result<Self, String> {
        match bytes.strip_prefix(MAGIC) {
            Some(rest) => Self::from_binary(rest).map_err(|reason| format!("the binary list (KRL) {reason}")),
            None => Self::from_lines(&String::from_utf8_lossy(bytes)),
        }
    }

    pub(super) fn has_key(&self, key: &PublicKey) -> bool {
        let Ok(blob) = key.to_bytes() else { return false };
        self.sha1.contains(Sha1::digest(&blob).as_slice())
            || self.sha256.contains(Sha256::digest(&blob).as_slice())
            || self.blobs.contains(&blob)
    }

    /// By what it says; its keys are asked for apart.
    pub(super) fn has_certificate(&self, certificate: &Certificate) -> bool {
        let authority = PublicKey::from(certificate.signature_key().clone()).to_bytes().unwrap_or_default();
        let of_it = |one: &&Certificates| one.authority.is_empty() || one.authority == authority;
        self.certificates
            .iter()
            .filter(of_it)
            .any(|one| one.key_ids.contains(certificate.key_id().as_bytes()) || one.has_serial(certificate.serial()))
    }

    fn from_lines(text: &str) -> Result<Self, String> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let blob = |line: &str| PublicKey::from_openssh(line).and_then(|key| key.to_bytes());
        let blobs =
            lines.map(|line| blob(line).map_err(|error| format!("{error}: {line}"))).collect::<Result<_, _>>()?;
        Ok(Self { blobs, ..Self::default() })
    }

    fn from_binary(bytes: &[u8]) -> Result<Self, String> {
        let mut list = Self::default();
        let mut input = Input(bytes);
        let version = input.u32()?;
        if version != VERSION {
            return Err(format!("has the form {version}, only {VERSION} is known"));
        }
        // Its own version, its date and flags; a reserved text and a comment.
        input.take(24)?;
        input.string()?;
        input.string()?;
        while !input.0.is_empty() {
            let kind = input.u8()?;
            let section = Input(input.string()?);
            match kind {
                1 => list.certificates.push(Certificates::read(section)?),
                2 => list.blobs.extend(section.strings()?),
                3 => list.sha1.extend(section.strings()?),
                5 => list.sha256.extend(section.strings()?),
                // Behind the key that was just read comes a signature, of which nobody takes note any more.
                4 => drop(input.string()?),
                255 => section.extension()?,
                other => return Err(format!("has a section of the unknown kind {other}")),
            }
        }
        Ok(list)
    }
}

impl Certificates {
    fn read(mut input: Input) -> Result<Self, String> {
        let mut found = Self { authority: input.string()?.to_vec(), ..Self::default() };
        // Reserved.
        input.string()?;
        while !input.0.is_empty() {
            let kind = input.u8()?;
            let mut section = Input(input.string()?);
            match kind {
                0x20 => {
                    while !section.0.is_empty() {
                        let serial = section.u64()?;
                        found.serials.push(serial..=serial);
                    }
                }
                0x21 => found.serials.push(section.u64()?..=section.u64()?),
                0x22 => found.bitmaps.push((section.u64()?, section.string()?.to_vec())),
                0x23 => found.key_ids.extend(section.strings()?),
                0x39 => section.extension()?,
                other => return Err(format!("has certificates of the unknown kind {other}")),
            }
        }
        Ok(found)
    }

    /// Zero is the number of certificates that were given none.
    fn has_serial(&self, serial: u64) -> bool {
        let in_bitmap = |(lowest, bits): &(u64, Vec<u8>)| {
            let Some(at) = serial.checked_sub(*lowest) else { return false };
            let byte = usize::try_from(at / 8).ok().and_then(|byte| bits.iter().rev().nth(byte));
            byte.is_some_and(|byte| byte >> (at % 8) & 1 == 1)
        };
        serial != 0 && (self.serials.iter().any(|range| range.contains(&serial)) || self.bitmaps.iter().any(in_bitmap))
    }
}

/// What is still to be read; lengths are never believed beyond it.
#[derive(Debug, Clone, Copy)]
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], String> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or_else(|| "is cut short".to_owned())?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], String> {
        self.take(N)?.try_into().map_err(|_| "is cut short".to_owned())
    }

    fn u8(&mut self) -> Result<u8, String> {
        Ok(self.array::<1>()?[0])
    }

    fn u32(&mut self) -> Result<u32, String> {
        Ok(u32::from_be_bytes(self.array()?))
    }

    fn u64(&mut self) -> Result<u64, String> {
        Ok(u64::from_be_bytes(self.array()?))
    }

    fn string(&mut self) -> Result<&'a [u8], String> {
        let length = self.u32()?;
        self.take(usize::try_from(length).unwrap_or(usize::MAX))
    }

    fn strings(mut self) -> Result<Vec<Vec<u8>>, String> {
        let mut found = Vec::new();
        while !self.0.is_empty() {
            found.push(self.string()?.to_vec());
        }
        Ok(found)
    }

    /// One that must be understood is one we do not understand.
    fn extension(mut self) -> Result<(), String> {
        let name = String::from_utf8_lossy(self.string()?).into_owned();
        match self.u8()? {
            0 => Ok(()),
            _ => Err(format!("has the unknown critical extension {name:?}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn string(bytes: &[u8]) -> Vec<u8> {
        [&(bytes.len() as u32).to_be_bytes()[..], bytes].concat()
    }

    fn list(sections: &[(u8, Vec<u8>)]) -> Vec<u8> {
        let head = [MAGIC, &1_u32.to_be_bytes(), &[0; 24], &[0; 8]].concat();
        sections.iter().fold(head, |text, (kind, section)| [text, vec![*kind], string(section)].concat())
    }

    #[test]
    fn serials_and_bitmaps() {
        let bitmap = [&100_u64.to_be_bytes()[..], &string(&[1, 0b10])].concat();
        let section = [vec![0; 8], vec![0x22], string(&bitmap)].concat();
        let list = RevokedKeys::parse(&list(&[(1, section)])).unwrap();
        let revoked: Vec<u64> = (0..200).filter(|serial| list.certificates[0].has_serial(*serial)).collect();
        assert_eq!(revoked, [101, 108]);
    }

    #[test]
    fn what_is_not_understood_is_an_error() {
        let extension = |critical: u8| list(&[(255, [string(b"new"), vec![critical], string(b"")].concat())]);
        assert!(RevokedKeys::parse(&extension(0)).is_ok());
        let cases = [
            (b"SSHKRL\n\0".to_vec(), "cut short"),
            ([MAGIC, &2_u32.to_be_bytes()].concat(), "form 2"),
            (extension(1), "critical extension \"new\""),
            (list(&[(7, Vec::new())]), "unknown kind 7"),
            (list(&[(2, vec![255; 4])]), "cut short"),
            (b"ssh-ed25519 x\n".to_vec(), "ssh-ed25519 x"),
        ];
        for (bytes, expected) in cases {
            let error = RevokedKeys::parse(&bytes).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }
}
