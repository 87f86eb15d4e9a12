//! `PublicKey`: what a SubjectPublicKeyInfo says, as results show it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::der::{Element, INTEGER, SEQUENCE, bit_length, decimal, without_zeros};
use super::{hashes, pem};
use crate::Map;

/// A public key with its encoding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PublicKey {
    pub(super) spki: Vec<u8>,
    pub(super) kind: KeyKind,
    /// The key within the encoding, of which key identifiers are made.
    bits: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum KeyKind {
    Rsa {
        modulus: Vec<u8>,
        exponent: Vec<u8>,
    },
    Dsa {
        p: Vec<u8>,
        q: Vec<u8>,
        g: Vec<u8>,
        y: Vec<u8>,
    },
    Ec {
        curve: &'static Curve,
    },
    /// Ed25519, Ed448, X25519, X448.
    Edwards(&'static str),
}

/// A named elliptic curve.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Curve {
    pub(super) name: &'static str,
    oid: &'static str,
    /// As OpenSSL calls it.
    pub(super) openssl: &'static str,
    bits: usize,
}

const fn curve(name: &'static str, oid: &'static str, openssl: &'static str, bits: usize) -> Curve {
    Curve { name, oid, openssl, bits }
}

#[rustfmt::skip]
static CURVES: &[Curve] = &[
    curve("secp224r1", "1.3.132.0.33", "secp224r1", 224),
    curve("secp256k1", "1.3.132.0.10", "secp256k1", 256),
    curve("secp256r1", "1.2.840.10045.3.1.7", "prime256v1", 256),
    curve("secp384r1", "1.3.132.0.34", "secp384r1", 384),
    curve("secp521r1", "1.3.132.0.35", "secp521r1", 521),
    curve("secp192r1", "1.2.840.10045.3.1.1", "prime192v1", 192),
    curve("brainpoolP256r1", "1.3.36.3.3.2.8.1.1.7", "brainpoolP256r1", 256),
    curve("brainpoolP384r1", "1.3.36.3.3.2.8.1.1.11", "brainpoolP384r1", 384),
    curve("brainpoolP512r1", "1.3.36.3.3.2.8.1.1.13", "brainpoolP512r1", 512),
    curve("sect163k1", "1.3.132.0.1", "sect163k1", 163),
    curve("sect163r2", "1.3.132.0.15", "sect163r2", 163),
    curve("sect233k1", "1.3.132.0.26", "sect233k1", 233),
    curve("sect233r1", "1.3.132.0.27", "sect233r1", 233),
    curve("sect283k1", "1.3.132.0.16", "sect283k1", 283),
    curve("sect283r1", "1.3.132.0.17", "sect283r1", 283),
    curve("sect409k1", "1.3.132.0.36", "sect409k1", 409),
    curve("sect409r1", "1.3.132.0.37", "sect409r1", 409),
    curve("sect571k1", "1.3.132.0.38", "sect571k1", 571),
    curve("sect571r1", "1.3.132.0.39", "sect571r1", 571),
];

impl Curve {
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        CURVES.iter().find(|curve| curve.name == name)
    }
}

impl PublicKey {
    /// `None` for what is no public key, or one of an unknown kind.
    pub(super) fn parse(spki: &[u8]) -> Option<Self> {
        let parts = Element::parse(spki)?.tagged(SEQUENCE)?.children()?;
        let [algorithm, key] = parts[..] else { return None };
        let algorithm = algorithm.children()?;
        let bits = key.bits()?;
        let kind = match algorithm.first()?.oid()?.as_str() {
            "1.2.840.113549.1.1.1" | "1.2.840.113549.1.1.10" => {
                let [modulus, exponent] = <[_; 2]>::try_from(integers(Element::parse(bits)?)?).ok()?;
                KeyKind::Rsa { modulus, exponent }
            }
            "1.2.840.10040.4.1" => {
                let [p, q, g] = <[_; 3]>::try_from(integers(*algorithm.get(1)?)?).ok()?;
                let y = without_zeros(Element::parse(bits)?.tagged(INTEGER)?.content).to_vec();
                KeyKind::Dsa { p, q, g, y }
            }
            "1.2.840.10045.2.1" => {
                let oid = algorithm.get(1)?.oid()?;
                KeyKind::Ec { curve: CURVES.iter().find(|curve| curve.oid == oid)? }
            }
            "1.3.101.110" => KeyKind::Edwards("X25519"),
            "1.3.101.111" => KeyKind::Edwards("X448"),
            "1.3.101.112" => KeyKind::Edwards("Ed25519"),
            "1.3.101.113" => KeyKind::Edwards("Ed448"),
            _ => return None,
        };
        Some(Self { spki: spki.to_vec(), kind, bits: bits.to_vec() })
    }

    pub(super) fn type_name(&self) -> &'static str {
        match self.kind {
            KeyKind::Rsa { .. } => "RSA",
            KeyKind::Dsa { .. } => "DSA",
            KeyKind::Ec { .. } => "ECC",
            KeyKind::Edwards(name) => name,
        }
    }

    /// The number of bits of a key that has a size to choose.
    pub(super) fn size(&self) -> Option<usize> {
        match &self.kind {
            KeyKind::Rsa { modulus, .. } => Some(bit_length(modulus)),
            KeyKind::Dsa { p, .. } => Some(bit_length(p)),
            _ => None,
        }
    }

    /// The numbers a key consists of.
    pub(super) fn data(&self) -> Map {
        let mut data = Map::new();
        let mut number = |name: &str, bytes: &[u8]| data.insert(name.to_owned(), number(bytes));
        match &self.kind {
            KeyKind::Rsa { modulus, exponent } => {
                number("modulus", modulus);
                number("exponent", exponent);
            }
            KeyKind::Dsa { p, q, g, y } => {
                for (name, bytes) in [("p", p), ("q", q), ("g", g), ("y", y)] {
                    number(name, bytes);
                }
            }
            KeyKind::Ec { curve } => {
                // A point is its form and two numbers of the same length.
                let (x, y) = self.bits[1..].split_at((self.bits.len() - 1) / 2);
                number("x", x);
                number("y", y);
                data.insert("curve".to_owned(), curve.name.into());
                data.insert("exponent_size".to_owned(), curve.bits.into());
            }
            KeyKind::Edwards(_) => {}
        }
        if let Some(size) = self.size() {
            data.insert("size".to_owned(), size.into());
        }
        data
    }

    pub(super) fn pem(&self) -> String {
        pem::encode("PUBLIC KEY", &self.spki)
    }

    /// By the name of the hash.
    pub(super) fn fingerprints(&self) -> Map {
        hashes::fingerprints(&self.spki)
    }

    /// What certificates call the key by.
    pub(super) fn identifier(&self) -> Vec<u8> {
        hashes::sha1(&self.bits)
    }

    /// The line OpenSSH takes; `None` for what it has no keys of.
    pub(super) fn openssh(&self) -> Option<String> {
        let mut blob = Vec::new();
        let mut part = |bytes: &[u8]| {
            blob.extend((bytes.len() as u32).to_be_bytes());
            blob.extend(bytes);
        };
        let name = match &self.kind {
            KeyKind::Rsa { modulus, exponent } => {
                part(b"ssh-rsa");
                part(&positive(exponent));
                part(&positive(modulus));
                "ssh-rsa".to_owned()
            }
            KeyKind::Dsa { p, q, g, y } => {
                part(b"ssh-dss");
                [p, q, g, y].into_iter().for_each(|number| part(&positive(number)));
                "ssh-dss".to_owned()
            }
            KeyKind::Ec { curve } => {
                let nist = match curve.name {
                    "secp256r1" => "nistp256",
                    "secp384r1" => "nistp384",
                    "secp521r1" => "nistp521",
                    _ => return None,
                };
                let name = format!("ecdsa-sha2-{nist}");
                part(name.as_bytes());
                part(nist.as_bytes());
                part(&self.bits);
                name
            }
            KeyKind::Edwards("Ed25519") => {
                part(b"ssh-ed25519");
                part(&self.bits);
                "ssh-ed25519".to_owned()
            }
            KeyKind::Edwards(_) => return None,
        };
        Some(format!("{name} {}", STANDARD.encode(blob)))
    }
}

/// The numbers of a sequence of numbers.
fn integers(element: Element<'_>) -> Option<Vec<Vec<u8>>> {
    let numbers = element.tagged(SEQUENCE)?.children()?;
    numbers
        .into_iter()
        .map(|number| number.tagged(INTEGER).map(|number| without_zeros(number.content).to_vec()))
        .collect()
}

/// With a zero in front where it would read as negative.
fn positive(number: &[u8]) -> Vec<u8> {
    if number.first().is_some_and(|first| *first >= 0x80) { [&[0], number].concat() } else { number.to_vec() }
}

/// A number as results carry it: those that do not fit into 64 bits as their digits.
pub(super) fn number(bytes: &[u8]) -> Value {
    let digits = without_zeros(bytes);
    if digits.len() <= 8 {
        return digits.iter().fold(0_u64, |value, byte| value << 8 | u64::from(*byte)).into();
    }
    decimal(digits).into()
}
