//! `Request`: a certificate signing request, read, made and shown.

use serde_json::{Value, json};

use super::der::{self, Element};
use super::extension_info;
use super::extensions::{self, Extension};
use super::hashes;
use super::names::Name;
use super::pem::{self, Pem};
use super::private_key::{PrivateKey, is_signed_by};
use super::public_key::PublicKey;
use crate::{Context, Map, ModuleError};

const EXTENSION_REQUEST: &str = "1.2.840.113549.1.9.14";

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) subject: Name,
    pub(super) public: PublicKey,
    pub(super) extensions: Vec<Extension>,
    signed: Vec<u8>,
    algorithm: Vec<u8>,
    signature: Vec<u8>,
    pub(super) pem: String,
}

impl Request {
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        let pem = Pem::first(text).filter(|pem| pem.label.ends_with("CERTIFICATE REQUEST"))?;
        let whole = Element::parse(&pem.der)?.tagged(der::SEQUENCE)?.children()?;
        let [signed, algorithm, signature] = whole[..] else { return None };
        let parts = signed.children()?;
        let [_version, subject, public, ref attributes @ ..] = parts[..] else { return None };
        let mut found = Vec::new();
        for attribute in attributes.first().and_then(Element::children).unwrap_or_default() {
            let [oid, values] = attribute.children()?[..] else { return None };
            if oid.oid()? == EXTENSION_REQUEST {
                found = extensions::decode(values.inner()?)?;
            }
        }
        Some(Self {
            subject: Name::decode(subject)?,
            public: PublicKey::parse(public.whole)?,
            extensions: found,
            signed: signed.whole.to_vec(),
            algorithm: algorithm.whole.to_vec(),
            signature: signature.bits()?.to_vec(),
            pem: String::from_utf8_lossy(text).into_owned(),
        })
    }

    pub(super) fn make(
        key: &PrivateKey,
        subject: Name,
        wanted: Vec<Extension>,
        digest: &str,
        cx: &mut Context<'_>,
    ) -> Result<Self, ModuleError> {
        let attributes = if wanted.is_empty() {
            Vec::new()
        } else {
            let oid = der::oid(EXTENSION_REQUEST).unwrap_or_default();
            der::sequence(&[oid, der::element(der::SET, &extensions::encode(&wanted))])
        };
        let signed = der::sequence(&[
            der::unsigned(&[0]),
            subject.encode(),
            key.public.spki.clone(),
            der::element(0xa0, &attributes),
        ]);
        let (algorithm, signature) = (key.algorithm(digest)?, key.sign(&signed, digest, cx)?);
        let whole = der::sequence(&[signed.clone(), algorithm.clone(), der::bit_string(&signature)]);
        let pem = pem::encode("CERTIFICATE REQUEST", &whole);
        Ok(Self { subject, public: key.public.clone(), extensions: wanted, signed, algorithm, signature, pem })
    }

    /// A request for a key that asks for nothing; it is never signed.
    pub(super) fn of_nothing(public: PublicKey) -> Self {
        Self {
            subject: Name::default(),
            public,
            extensions: Vec::new(),
            signed: Vec::new(),
            algorithm: Vec::new(),
            signature: Vec::new(),
            pem: String::new(),
        }
    }

    /// Whether it was signed with the key it is for.
    pub(super) fn is_valid(&self, cx: &mut Context<'_>) -> Result<bool, ModuleError> {
        is_signed_by(&self.public, &self.signed, &self.algorithm, &self.signature, cx)
    }

    /// What results say of it.
    pub(super) fn info(&self, cx: &mut Context<'_>) -> Result<Map, ModuleError> {
        let mut info = subject_info("subject", &self.subject);
        info.extend(extension_info::info(&self.extensions));
        info.extend(extension_info::name_constraints_info(&self.extensions));
        info.extend(public_key_info(&self.public));
        info.extend(extension_info::identifiers_info(&self.extensions));
        info.insert("extensions_by_oid".to_owned(), extension_info::by_oid(&self.extensions));
        info.insert("signature_valid".to_owned(), self.is_valid(cx)?.into());
        Ok(info)
    }

    /// What a comparison shows of the text of a request.
    pub(super) fn shown(text: Option<&[u8]>, cx: &mut Context<'_>) -> Result<Value, ModuleError> {
        match text.map(Self::parse) {
            None => Ok(json!({})),
            Some(None) => Ok(json!({ "can_parse_csr": false })),
            Some(Some(request)) => {
                let mut info = request.info(cx)?;
                info.insert("can_parse_csr".to_owned(), true.into());
                Ok(Value::Object(info))
            }
        }
    }
}

/// A name, by its attributes and in its order.
pub(super) fn subject_info(key: &str, name: &Name) -> Map {
    let by_name: Map = name.pairs().map(|(name, value)| (name.to_owned(), value.into())).collect();
    let ordered: Vec<[&str; 2]> = name.pairs().map(|(name, value)| [name, value]).collect();
    Map::from_iter([(key.to_owned(), Value::Object(by_name)), (format!("{key}_ordered"), json!(ordered))])
}

pub(super) fn public_key_info(public: &PublicKey) -> Map {
    Map::from_iter([
        ("public_key".to_owned(), public.pem().into()),
        ("public_key_type".to_owned(), public.type_name().into()),
        ("public_key_data".to_owned(), Value::Object(public.data())),
        ("public_key_fingerprints".to_owned(), Value::Object(hashes::fingerprint(&public.spki))),
    ])
}
