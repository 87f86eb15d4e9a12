//! `Extension`: an extension of a request or certificate, read, written and compared.

use super::der::{self, Element};

pub(super) const SUBJECT_KEY_IDENTIFIER: &str = "2.5.29.14";
pub(super) const AUTHORITY_KEY_IDENTIFIER: &str = "2.5.29.35";
pub(super) const KEY_USAGE: &str = "2.5.29.15";
pub(super) const SUBJECT_ALT_NAME: &str = "2.5.29.17";
pub(super) const BASIC_CONSTRAINTS: &str = "2.5.29.19";
pub(super) const REVOCATION_REASON: &str = "2.5.29.21";
pub(super) const INVALIDITY_DATE: &str = "2.5.29.24";
pub(super) const CERTIFICATE_ISSUER: &str = "2.5.29.29";
pub(super) const NAME_CONSTRAINTS: &str = "2.5.29.30";
pub(super) const CRL_DISTRIBUTION_POINTS: &str = "2.5.29.31";
pub(super) const EXTENDED_KEY_USAGE: &str = "2.5.29.37";
pub(super) const AUTHORITY_INFORMATION: &str = "1.3.6.1.5.5.7.1.1";
pub(super) const TLS_FEATURE: &str = "1.3.6.1.5.5.7.1.24";
/// The TLS feature that a certificate must be used with: its number is that of status_request.
pub(super) const MUST_STAPLE: u8 = 5;

/// By the bit of each: its two names.
#[rustfmt::skip]
pub(super) const KEY_USAGES: &[(&str, &[&str])] = &[
    ("Digital Signature", &["digitalSignature"]),
    ("Non Repudiation", &["nonRepudiation", "Content Commitment", "contentCommitment"]),
    ("Key Encipherment", &["keyEncipherment"]),
    ("Data Encipherment", &["dataEncipherment"]),
    ("Key Agreement", &["keyAgreement"]),
    ("Certificate Sign", &["keyCertSign"]),
    ("CRL Sign", &["cRLSign"]),
    ("Encipher Only", &["encipherOnly"]),
    ("Decipher Only", &["decipherOnly"]),
];

#[rustfmt::skip]
pub(super) const EXTENDED_KEY_USAGES: &[(&str, &str, &str)] = &[
    ("1.3.6.1.5.5.7.3.1", "TLS Web Server Authentication", "serverAuth"),
    ("1.3.6.1.5.5.7.3.2", "TLS Web Client Authentication", "clientAuth"),
    ("1.3.6.1.5.5.7.3.3", "Code Signing", "codeSigning"),
    ("1.3.6.1.5.5.7.3.4", "E-mail Protection", "emailProtection"),
    ("1.3.6.1.5.5.7.3.5", "IPSec End System", "ipsecEndSystem"),
    ("1.3.6.1.5.5.7.3.6", "IPSec Tunnel", "ipsecTunnel"),
    ("1.3.6.1.5.5.7.3.7", "IPSec User", "ipsecUser"),
    ("1.3.6.1.5.5.7.3.8", "Time Stamping", "timeStamping"),
    ("1.3.6.1.5.5.7.3.9", "OCSP Signing", "OCSPSigning"),
    ("1.3.6.1.5.5.7.3.10", "dvcs", "DVCS"),
    ("1.3.6.1.5.5.7.3.17", "ipsec Internet Key Exchange", "ipsecIKE"),
    ("1.3.6.1.5.5.7.3.18", "Ctrl/provision WAP Access", "capwapAC"),
    ("1.3.6.1.5.5.7.3.21", "SSH Client", "secureShellClient"),
    ("1.3.6.1.5.5.7.3.22", "SSH Server", "secureShellServer"),
    ("1.3.6.1.5.5.7.1.2", "Biometric Info", "biometricInfo"),
    ("1.3.6.1.5.5.7.1.3", "qcStatements", "qcStatements"),
    ("2.5.29.37.0", "Any Extended Key Usage", "anyExtendedKeyUsage"),
    ("1.3.6.1.4.1.311.2.1.21", "Microsoft Individual Code Signing", "msCodeInd"),
    ("1.3.6.1.4.1.311.2.1.22", "Microsoft Commercial Code Signing", "msCodeCom"),
    ("1.3.6.1.4.1.311.10.3.1", "Microsoft Trust List Signing", "msCTLSign"),
    ("1.3.6.1.4.1.311.10.3.3", "Microsoft Server Gated Crypto", "msSGC"),
    ("1.3.6.1.4.1.311.10.3.4", "Microsoft Encrypted File System", "msEFS"),
    ("1.3.6.1.4.1.311.20.2.2", "Microsoft Smartcard Login", "msSmartcardLogin"),
    ("2.16.840.1.113730.4.1", "Netscape Server Gated Crypto", "nsSGC"),
    ("1.3.6.1.5.2.3.4", "PKINIT Client Auth", "pkInitClientAuth"),
    ("1.3.6.1.5.2.3.5", "Signing KDC Response", "pkInitKDC"),
];

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Extension {
    pub(super) oid: String,
    pub(super) critical: bool,
    /// The DER within.
    pub(super) value: Vec<u8>,
}

impl Extension {
    pub(super) fn new(oid: &str, critical: bool, value: Vec<u8>) -> Self {
        Self { oid: oid.to_owned(), critical, value }
    }

    pub(super) fn subject_key_identifier(identifier: &[u8]) -> Self {
        Self::new(SUBJECT_KEY_IDENTIFIER, false, der::element(der::OCTET_STRING, identifier))
    }

    /// Names the key that signs.
    pub(super) fn authority_key_identifier(identifier: &[u8]) -> Self {
        Self::new(AUTHORITY_KEY_IDENTIFIER, false, der::sequence(&[der::element(0x80, identifier)]))
    }

    /// What two equal extensions have in common: the order of names and purposes does not matter.
    fn comparable(&self) -> (bool, Vec<Vec<u8>>) {
        let whole = || vec![self.value.clone()];
        let parts = match self.oid.as_str() {
            SUBJECT_ALT_NAME | EXTENDED_KEY_USAGE => {
                Element::parse(&self.value).and_then(|value| value.children()).map_or_else(whole, |children| {
                    let mut parts: Vec<_> = children.iter().map(|child| child.whole.to_vec()).collect();
                    parts.sort();
                    parts.dedup();
                    parts
                })
            }
            _ => whole(),
        };
        (self.critical, parts)
    }
}

pub(super) fn encode(extensions: &[Extension]) -> Vec<u8> {
    let each = extensions.iter().map(|extension| {
        let mut parts = vec![der::oid(&extension.oid).unwrap_or_default()];
        if extension.critical {
            parts.push(der::element(der::BOOLEAN, &[0xff]));
        }
        parts.push(der::element(der::OCTET_STRING, &extension.value));
        der::sequence(&parts)
    });
    der::sequence(&each.collect::<Vec<_>>())
}

pub(super) fn decode(list: Element<'_>) -> Option<Vec<Extension>> {
    let each = list.tagged(der::SEQUENCE)?.children()?.into_iter().map(|extension| {
        let parts = extension.children()?;
        let critical = parts.get(1).is_some_and(|part| part.tag == der::BOOLEAN && part.content != [0]);
        let value = parts.last()?.tagged(der::OCTET_STRING)?.content.to_vec();
        Some(Extension { oid: parts.first()?.oid()?, critical, value })
    });
    each.collect()
}

pub(super) fn find<'a>(extensions: &'a [Extension], oid: &str) -> Option<&'a Extension> {
    extensions.iter().find(|extension| extension.oid == oid)
}

/// Whether both have the same extensions, whatever their order; those of `except` do not count.
pub(super) fn same(one: &[Extension], other: &[Extension], except: &[&str]) -> bool {
    let counted = |list: &[Extension]| {
        let mut counted: Vec<_> = list
            .iter()
            .filter(|extension| !except.contains(&extension.oid.as_str()))
            .map(|extension| (extension.oid.clone(), extension.comparable()))
            .collect();
        counted.sort();
        counted
    };
    counted(one) == counted(other)
}

/// The identifier of the subject's key.
pub(super) fn key_identifier(extensions: &[Extension]) -> Option<Vec<u8>> {
    let found = find(extensions, SUBJECT_KEY_IDENTIFIER)?;
    Some(Element::parse(&found.value)?.content.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_matters_only_where_it_has_a_meaning() {
        let purposes = |oids: [&str; 2]| {
            let oids = oids.map(|oid| der::oid(oid).unwrap());
            vec![Extension::new(EXTENDED_KEY_USAGE, false, der::sequence(&oids))]
        };
        let (one, other) = (purposes(["1.2.3", "1.2.4"]), purposes(["1.2.4", "1.2.3"]));
        assert!(same(&one, &other, &[]));
        assert!(!same(&one, &[], &[]) && same(&one, &[], &[EXTENDED_KEY_USAGE]));
        assert_eq!(decode(Element::parse(&encode(&one)).unwrap()), Some(one));
    }
}
