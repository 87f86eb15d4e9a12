//! `Certificate`: an X.509 certificate, read, made and shown.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::der::{self, Element};
use super::extension_info;
use super::extensions::{self, Extension};
use super::hashes;
use super::names::Name;
use super::pem::{self, Pem};
use super::private_key::{PrivateKey, algorithm_name, is_signed_by};
use super::public_key::{PublicKey, number};
use super::request::{public_key_info, subject_info};
use crate::{Context, Map, ModuleError};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Certificate {
    pub(super) contents: Contents,
    pub(super) public: PublicKey,
    version: u8,
    signed: Vec<u8>,
    algorithm: Vec<u8>,
    signature: Vec<u8>,
    der: Vec<u8>,
}

/// What a certificate says about its subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Contents {
    pub(super) serial: Vec<u8>,
    pub(super) issuer: Name,
    pub(super) subject: Name,
    pub(super) not_before: Timestamp,
    pub(super) not_after: Timestamp,
    pub(super) extensions: Vec<Extension>,
}

impl Certificate {
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        let pem = Pem::first(text).filter(|pem| pem.label.ends_with("CERTIFICATE"))?;
        Self::decode(&pem.der)
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let whole = Element::parse(bytes)?.tagged(der::SEQUENCE)?.children()?;
        let [signed, algorithm, signature] = whole[..] else { return None };
        let mut parts = signed.children()?;
        let mut version = 1;
        if let Some(first) = parts.first().filter(|part| part.tag == 0xa0) {
            version = first.inner()?.content.first()? + 1;
            parts.remove(0);
        }
        let [serial, _algorithm, issuer, validity, subject, public, ref rest @ ..] = parts[..] else { return None };
        let [not_before, not_after] = validity.children()?[..] else { return None };
        let extensions = match rest.iter().find(|part| part.tag == 0xa3) {
            Some(part) => extensions::decode(part.inner()?)?,
            None => Vec::new(),
        };
        let contents = Contents {
            serial: serial.tagged(der::INTEGER)?.content.to_vec(),
            issuer: Name::decode(issuer)?,
            subject: Name::decode(subject)?,
            not_before: decode_time(not_before)?,
            not_after: decode_time(not_after)?,
            extensions,
        };
        Some(Self {
            contents,
            public: PublicKey::parse(public.whole)?,
            version,
            signed: signed.whole.to_vec(),
            algorithm: algorithm.whole.to_vec(),
            signature: signature.bits()?.to_vec(),
            der: bytes.to_vec(),
        })
    }

    /// A certificate for `public`, signed with `key`.
    pub(super) fn make(
        contents: &Contents,
        public: &PublicKey,
        key: &PrivateKey,
        digest: &str,
        cx: &mut Context<'_>,
    ) -> Result<String, ModuleError> {
        let algorithm = key.algorithm(digest)?;
        let mut parts = vec![
            der::element(0xa0, &der::unsigned(&[2])),
            der::unsigned(&contents.serial),
            algorithm.clone(),
            contents.issuer.encode(),
            der::sequence(&[encode_time(contents.not_before), encode_time(contents.not_after)]),
            contents.subject.encode(),
            public.spki.clone(),
        ];
        if !contents.extensions.is_empty() {
            parts.push(der::element(0xa3, &extensions::encode(&contents.extensions)));
        }
        let signed = der::sequence(&parts);
        let signature = key.sign(&signed, digest, cx)?;
        Ok(pem::encode("CERTIFICATE", &der::sequence(&[signed, algorithm, der::bit_string(&signature)])))
    }

    pub(super) fn is_signed_by(&self, public: &PublicKey, cx: &mut Context<'_>) -> Result<bool, ModuleError> {
        is_signed_by(public, &self.signed, &self.algorithm, &self.signature, cx)
    }

    /// What comparisons show, with the hash they show.
    pub(super) fn info(&self) -> Map {
        let contents = &self.contents;
        let algorithm = algorithm_name(&self.algorithm).map(|(name, _)| name);
        let mut info = Map::from_iter([("signature_algorithm".to_owned(), json!(algorithm))]);
        info.extend(subject_info("subject", &contents.subject));
        info.extend(subject_info("issuer", &contents.issuer));
        info.insert("version".to_owned(), self.version.into());
        info.extend(extension_info::info(&contents.extensions));
        info.insert("not_before".to_owned(), time_text(contents.not_before).into());
        info.insert("not_after".to_owned(), time_text(contents.not_after).into());
        info.insert("expired".to_owned(), (contents.not_after < Timestamp::now()).into());
        info.extend(public_key_info(&self.public));
        info.insert("fingerprints".to_owned(), Value::Object(hashes::fingerprint(&self.der)));
        info.extend(extension_info::identifiers_info(&contents.extensions));
        info.insert("serial_number".to_owned(), number(&contents.serial));
        info.insert("extensions_by_oid".to_owned(), extension_info::by_oid(&contents.extensions));
        info.extend(extension_info::authority_information(&contents.extensions));
        info
    }

    pub(super) fn fingerprints(&self) -> Map {
        hashes::fingerprints(&self.der)
    }

    /// What a comparison shows of the text of a certificate.
    pub(super) fn shown(text: Option<&[u8]>) -> Value {
        match text.map(Self::parse) {
            None => json!({}),
            Some(None) => json!({ "can_parse_certificate": false }),
            Some(Some(certificate)) => {
                let mut info = certificate.info();
                info.insert("can_parse_certificate".to_owned(), true.into());
                Value::Object(info)
            }
        }
    }
}

/// The DER of the first certificate of a text.
pub(super) fn of_pem(text: &[u8]) -> Result<Vec<u8>, ModuleError> {
    of_block(Pem::first(text).ok_or_else(|| ModuleError::failed("Unable to load PEM file."))?)
}

/// The DER of a block that has to be a certificate.
pub(super) fn of_block(pem: Pem) -> Result<Vec<u8>, ModuleError> {
    if pem.label.ends_with("CERTIFICATE") {
        return Ok(pem.der);
    }
    Err(ModuleError::failed(
        "Valid PEM but no BEGIN CERTIFICATE/END CERTIFICATE delimiters. Are you sure this is a certificate?",
    ))
}

/// A point in time as certificates and results write it.
pub(super) fn time_text(time: Timestamp) -> String {
    time.strftime("%Y%m%d%H%M%SZ").to_string()
}

pub(super) fn encode_time(time: Timestamp) -> Vec<u8> {
    // Two digits of the year reach from 1950 to 2049.
    let year = time.to_zoned(TimeZone::UTC).year();
    if (1950..2050).contains(&year) {
        der::element(der::UTC_TIME, time.strftime("%y%m%d%H%M%SZ").to_string().as_bytes())
    } else {
        der::element(der::GENERALIZED_TIME, time_text(time).as_bytes())
    }
}

pub(super) fn decode_time(element: Element<'_>) -> Option<Timestamp> {
    let text = std::str::from_utf8(element.content).ok()?;
    let text = match element.tag {
        der::UTC_TIME => format!("{}{text}", if text.get(..2)?.parse::<u8>().ok()? >= 50 { "19" } else { "20" }),
        der::GENERALIZED_TIME => text.to_owned(),
        _ => return None,
    };
    absolute_time(&text)
}

/// `20260131235959Z`.
fn absolute_time(text: &str) -> Option<Timestamp> {
    let digits = text.strip_suffix('Z')?;
    let format = if digits.len() == 12 { "%Y%m%d%H%M" } else { "%Y%m%d%H%M%S" };
    let time = jiff::civil::DateTime::strptime(format, digits).ok()?;
    time.to_zoned(TimeZone::UTC).ok().map(|time| time.timestamp())
}

/// A time as arguments give it: `20260131235959Z`, or `+32w1d2h` from now.
pub(super) fn requested_time(text: &str, arg: &str, now: Timestamp) -> Result<Timestamp, ModuleError> {
    let sign = match text.as_bytes().first() {
        Some(b'+') => 1,
        Some(b'-') => -1,
        _ => {
            let invalid = || ModuleError::failed(format!("The time spec \"{text}\" for {arg} is invalid"));
            return absolute_time(text).ok_or_else(invalid);
        }
    };
    let invalid = || ModuleError::failed(format!("The timespec \"{text}\" for {arg} is invalid"));
    let seconds = span(&text[1..]).ok_or_else(invalid)?;
    let time = now.checked_add(jiff::SignedDuration::from_secs(sign * seconds)).map_err(|_| invalid())?;
    Timestamp::from_second(time.as_second()).map_err(|_| invalid())
}

/// The seconds of `32w1d2h3m4s`.
fn span(text: &str) -> Option<i64> {
    let mut seconds = 0_i64;
    let mut units = [('w', 604_800), ('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)].into_iter();
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let count: i64 = rest[..end].parse().ok()?;
        let unit = rest[end..].chars().next();
        // A number at the end counts seconds.
        let length = match unit {
            Some(unit) => units.find(|(name, _)| *name == unit)?.1,
            None => 1,
        };
        seconds = seconds.checked_add(count.checked_mul(length)?)?;
        rest = &rest[end + unit.map_or(0, char::len_utf8)..];
    }
    Some(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_absolute_or_from_now() {
        let now = absolute_time("20260101000000Z").unwrap();
        let at = |text: &str| requested_time(text, "x", now).map(time_text);
        assert_eq!(at("+1w1d1h1m1s").unwrap(), "20260109010101Z");
        assert_eq!((at("-1d").unwrap(), at("+0s").unwrap()), ("20251231000000Z".into(), "20260101000000Z".into()));
        assert_eq!(
            (at("+90").unwrap(), at("202001020304Z").unwrap()),
            ("20260101000130Z".into(), "20200102030400Z".into())
        );
        for broken in ["", "foo", "+foo", "+1h1d", "2020", "+99999999999999w"] {
            assert!(at(broken).is_err(), "{broken}");
        }
        for time in [now, absolute_time("20500101000000Z").unwrap(), absolute_time("19700101000000Z").unwrap()] {
            let der = encode_time(time);
            assert_eq!(decode_time(Element::parse(&der).unwrap()), Some(time));
        }
    }
}
