//! `Crl`: a list of revoked certificates, read, made and shown.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::certificate::{decode_time, encode_time, time_text};
use super::der::{self, Element};
use super::extensions::{self, CERTIFICATE_ISSUER, Extension, INVALIDITY_DATE, REVOCATION_REASON, find};
use super::general_name::{self, show_in_unicode};
use super::names::Name;
use super::pem::{self, Pem};
use super::private_key::{PrivateKey, algorithm_name, is_signed_by};
use super::public_key::{PublicKey, number};
use super::request::subject_info;
use crate::{Context, Map, ModuleError};

#[derive(Debug, Clone)]
pub(super) struct Crl {
    pub(super) contents: Contents,
    /// As the file has it.
    pub(super) encoding: Encoding,
    der: Vec<u8>,
    signed: Vec<u8>,
    algorithm: Vec<u8>,
    signature: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Pem,
    Der,
}

/// What a list says.
#[derive(Debug, Clone)]
pub(super) struct Contents {
    pub(super) issuer: Name,
    pub(super) last_update: Timestamp,
    pub(super) next_update: Option<Timestamp>,
    pub(super) revoked: Vec<Revoked>,
}

/// An entry of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Revoked {
    pub(super) serial: Vec<u8>,
    pub(super) date: Timestamp,
    pub(super) extensions: Vec<Extension>,
}

/// Why a certificate is revoked, with the number of each reason.
pub(super) const REASONS: &[(&str, u8)] = &[
    ("unspecified", 0),
    ("key_compromise", 1),
    ("ca_compromise", 2),
    ("affiliation_changed", 3),
    ("superseded", 4),
    ("cessation_of_operation", 5),
    ("certificate_hold", 6),
    ("remove_from_crl", 8),
    ("privilege_withdrawn", 9),
    ("aa_compromise", 10),
];

impl Crl {
    /// What PEM calls it.
    pub(super) const LABEL: &'static str = "X509 CRL";

    /// A list in PEM or DER.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        match Pem::first(bytes) {
            Some(pem) if pem.label == Self::LABEL => Self::decode(&pem.der, Encoding::Pem),
            Some(_) => None,
            None => Self::decode(bytes, Encoding::Der),
        }
    }

    fn decode(der: &[u8], encoding: Encoding) -> Option<Self> {
        let [signed, algorithm, signature] = Element::parse(der)?.tagged(der::SEQUENCE)?.children()?[..] else {
            return None;
        };
        Some(Self {
            contents: Contents::decode(signed)?,
            encoding,
            der: der.to_vec(),
            signed: signed.whole.to_vec(),
            algorithm: algorithm.whole.to_vec(),
            signature: signature.bits()?.to_vec(),
        })
    }

    pub(super) fn make(
        contents: Contents,
        encoding: Encoding,
        key: &PrivateKey,
        digest: &str,
        cx: &mut Context<'_>,
    ) -> Result<Self, ModuleError> {
        let algorithm = key.algorithm(digest)?;
        let signed = contents.encode(&algorithm);
        let signature = key.sign(&signed, digest, cx)?;
        let der = der::sequence(&[signed.clone(), algorithm.clone(), der::bit_string(&signature)]);
        Ok(Self { contents, encoding, der, signed, algorithm, signature })
    }

    /// Whether it was signed with the key of `public` by this algorithm.
    pub(super) fn is_signed_by(
        &self,
        public: &PublicKey,
        algorithm: &[u8],
        cx: &mut Context<'_>,
    ) -> Result<bool, ModuleError> {
        Ok(self.algorithm == algorithm && is_signed_by(public, &self.signed, algorithm, &self.signature, cx)?)
    }

    /// The same list in an encoding.
    pub(super) fn encoded(self, encoding: Encoding) -> Self {
        Self { encoding, ..self }
    }

    /// What the file is to hold.
    pub(super) fn bytes(&self) -> Vec<u8> {
        match self.encoding {
            Encoding::Pem => pem::encode(Self::LABEL, &self.der).into_bytes(),
            Encoding::Der => self.der.clone(),
        }
    }

    /// As results carry it.
    pub(super) fn text(&self) -> String {
        match self.encoding {
            Encoding::Pem => pem::encode(Self::LABEL, &self.der),
            Encoding::Der => STANDARD.encode(&self.der),
        }
    }

    /// What it says, without the entries; times are those of `contents`.
    pub(super) fn info(&self) -> Map {
        let contents = &self.contents;
        let mut info = Map::from_iter([
            ("format".to_owned(), self.encoding.name().into()),
            ("last_update".to_owned(), time_text(contents.last_update).into()),
            ("next_update".to_owned(), json!(contents.next_update.map(time_text))),
            ("digest".to_owned(), json!(algorithm_name(&self.algorithm).map(|(name, _)| name))),
        ]);
        info.extend(subject_info("issuer", &contents.issuer));
        info
    }
}

impl Encoding {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Pem => "pem",
            Self::Der => "der",
        }
    }
}

impl Contents {
    fn decode(signed: Element<'_>) -> Option<Self> {
        let mut parts = signed.children()?;
        // Version 1 goes without saying.
        if parts.first()?.tag == der::INTEGER {
            parts.remove(0);
        }
        let [_algorithm, issuer, last_update, ref rest @ ..] = parts[..] else { return None };
        let (next_update, rest) = match rest {
            [time, rest @ ..] if matches!(time.tag, der::UTC_TIME | der::GENERALIZED_TIME) => {
                (Some(decode_time(*time)?), rest)
            }
            _ => (None, rest),
        };
        let revoked = rest.first().filter(|entries| entries.tag == der::SEQUENCE);
        let revoked = match revoked {
            Some(entries) => entries.children()?.into_iter().map(Revoked::decode).collect::<Option<_>>()?,
            None => Vec::new(),
        };
        Some(Self { issuer: Name::decode(issuer)?, last_update: decode_time(last_update)?, next_update, revoked })
    }

    fn encode(&self, algorithm: &[u8]) -> Vec<u8> {
        let mut parts =
            vec![der::unsigned(&[1]), algorithm.to_vec(), self.issuer.encode(), encode_time(self.last_update)];
        parts.extend(self.next_update.map(encode_time));
        if !self.revoked.is_empty() {
            parts.push(der::sequence(&self.revoked.iter().map(Revoked::encode).collect::<Vec<_>>()));
        }
        der::sequence(&parts)
    }
}

impl Revoked {
    fn decode(entry: Element<'_>) -> Option<Self> {
        let parts = entry.children()?;
        let extensions = parts.get(2).map_or(Some(Vec::new()), |list| extensions::decode(*list))?;
        let serial = parts.first()?.tagged(der::INTEGER)?.content;
        let serial = der::without_zeros(serial).to_vec();
        Some(Self { serial, date: decode_time(*parts.get(1)?)?, extensions })
    }

    fn encode(&self) -> Vec<u8> {
        let mut parts = vec![der::unsigned(&self.serial), encode_time(self.date)];
        if !self.extensions.is_empty() {
            parts.push(extensions::encode(&self.extensions));
        }
        der::sequence(&parts)
    }

    /// Whether both say the same; the date of revocation may not count.
    pub(super) fn is_like(&self, other: &Self, ignore_date: bool) -> bool {
        self.serial == other.serial
            && (ignore_date || self.date == other.date)
            && extensions::same(&self.extensions, &other.extensions, &[])
    }

    /// What it says, with hosts as people write them when `unicode`.
    pub(super) fn info(&self, unicode: bool) -> Value {
        let mut info = Map::from_iter([
            ("serial_number".to_owned(), number(&self.serial)),
            ("revocation_date".to_owned(), time_text(self.date).into()),
        ]);
        let mut add = |name: &str, oid: &str, show: fn(Element<'_>) -> Option<Value>| {
            let found = find(&self.extensions, oid);
            let shown = found.and_then(|found| show(Element::parse(&found.value)?));
            info.insert(name.to_owned(), shown.unwrap_or(Value::Null));
            info.insert(format!("{name}_critical"), found.is_some_and(|found| found.critical).into());
        };
        add("issuer", CERTIFICATE_ISSUER, |value| Some(general_name::texts(value)?.into()));
        add("reason", REVOCATION_REASON, |value| {
            let number = *value.content.first()?;
            REASONS.iter().find(|(_, known)| *known == number).map(|(name, _)| (*name).into())
        });
        add("invalidity_date", INVALIDITY_DATE, |value| Some(time_text(decode_time(value)?).into()));
        if unicode {
            show_in_unicode(&mut info, &["issuer"]);
        }
        Value::Object(info)
    }
}
