//! The extensions that the arguments of a request ask for.

use super::der::{self, Element};
use super::extensions::{
    AUTHORITY_KEY_IDENTIFIER, BASIC_CONSTRAINTS, CRL_DISTRIBUTION_POINTS, EXTENDED_KEY_USAGE, EXTENDED_KEY_USAGES,
    Extension, KEY_USAGE, KEY_USAGES, MUST_STAPLE, NAME_CONSTRAINTS, SUBJECT_ALT_NAME, SUBJECT_KEY_IDENTIFIER,
    TLS_FEATURE,
};
use super::general_name;
use super::names::{Name, component};
use super::public_key::PublicKey;
use crate::{Args, ModuleError};

/// Why a revocation list may be asked, by the bit of each.
const REASONS: &[(&str, usize)] = &[
    ("key_compromise", 1),
    ("ca_compromise", 2),
    ("affiliation_changed", 3),
    ("superseded", 4),
    ("cessation_of_operation", 5),
    ("certificate_hold", 6),
    ("privilege_withdrawn", 7),
    ("aa_compromise", 8),
];

/// The extensions the arguments of a request ask for, in the order requests have them.
pub(super) fn wanted(args: &Args, alternatives: &[String], public: &PublicKey) -> Result<Vec<Extension>, ModuleError> {
    let mut extensions = Vec::new();
    let mut add = |oid: &str, critical: &str, value: Option<Vec<u8>>| {
        extensions.extend(value.map(|value| Extension::new(oid, args.bool(critical), value)));
    };
    add(SUBJECT_ALT_NAME, "subject_alt_name_critical", names(alternatives, "Subject Alternative Name")?);
    add(KEY_USAGE, "key_usage_critical", key_usage(&args.list_of_str("key_usage"))?);
    add(EXTENDED_KEY_USAGE, "extended_key_usage_critical", purposes(&args.list_of_str("extended_key_usage"))?);
    add(BASIC_CONSTRAINTS, "basic_constraints_critical", basic_constraints(&args.list_of_str("basic_constraints"))?);
    let staple = args.bool("ocsp_must_staple").then(|| der::sequence(&[der::unsigned(&[MUST_STAPLE])]));
    add(TLS_FEATURE, "ocsp_must_staple_critical", staple);
    add(NAME_CONSTRAINTS, "name_constraints_critical", name_constraints(args)?);
    add(SUBJECT_KEY_IDENTIFIER, "", subject_key_identifier(args, public)?);
    add(AUTHORITY_KEY_IDENTIFIER, "", authority_key_identifier(args)?);
    add(CRL_DISTRIBUTION_POINTS, "", distribution_points(args)?);
    Ok(extensions)
}

/// The names a request is for, as its arguments say it.
pub(super) fn alternative_names(args: &Args, common_name: Option<&str>) -> Vec<String> {
    match (args.opt_list_of_str("subject_alt_name"), common_name) {
        (Some(names), _) => names,
        (None, Some(name)) if args.bool("use_common_name_for_san") => vec![format!("DNS:{name}")],
        _ => Vec::new(),
    }
}

fn names(names: &[String], what: &str) -> Result<Option<Vec<u8>>, ModuleError> {
    let encoded = names.iter().map(|name| general_name::encode(name, what)).collect::<Result<Vec<_>, _>>()?;
    Ok((!encoded.is_empty()).then(|| der::sequence(&encoded)))
}

/// A bit string of the bits that are set.
fn flags(bits: impl Iterator<Item = usize>) -> Vec<u8> {
    let mut bytes = [0_u8; 2];
    for bit in bits {
        bytes[bit / 8] |= 0x80 >> (bit % 8);
    }
    let used = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let unused = bytes[..used].last().map_or(0, |last| last.trailing_zeros() as u8);
    [&[unused], &bytes[..used]].concat()
}

fn key_usage(names: &[String]) -> Result<Option<Vec<u8>>, ModuleError> {
    let bit_of = |name: &String| {
        let bit = KEY_USAGES.iter().position(|(long, others)| long == name || others.contains(&name.as_str()));
        bit.ok_or_else(|| ModuleError::failed(format!("Unknown key usage \"{name}\"")))
    };
    let bits = names.iter().map(bit_of).collect::<Result<Vec<_>, _>>()?;
    Ok((!bits.is_empty()).then(|| der::element(der::BIT_STRING, &flags(bits.into_iter()))))
}

fn purposes(names: &[String]) -> Result<Option<Vec<u8>>, ModuleError> {
    let oid_of = |name: &String| {
        let known = EXTENDED_KEY_USAGES.iter().find(|(_, long, short)| name == long || name == short);
        let oid = known.map_or(name.as_str(), |(oid, ..)| oid);
        der::oid(oid).ok_or_else(|| ModuleError::failed(format!("Cannot find OID for \"{name}\"")))
    };
    let oids = names.iter().map(oid_of).collect::<Result<Vec<_>, _>>()?;
    Ok((!oids.is_empty()).then(|| der::sequence(&oids)))
}

fn basic_constraints(words: &[String]) -> Result<Option<Vec<u8>>, ModuleError> {
    let (mut authority, mut length) = (false, None);
    for word in words {
        let unknown = |what: String| ModuleError::failed(format!("Unknown basic constraint {what}"));
        match word.split_once(':') {
            Some(("CA", value)) => {
                authority = match value.to_lowercase().as_str() {
                    "true" => true,
                    "false" => false,
                    _ => return Err(unknown(format!("value \"{value}\" for CA"))),
                };
            }
            Some(("pathlen", value)) => {
                let parsed: u32 = value
                    .parse()
                    .map_err(|_| ModuleError::failed(format!("Cannot parse path length constraint \"{value}\"")))?;
                length = Some(parsed);
            }
            _ => return Err(unknown(format!("\"{word}\""))),
        }
    }
    if words.is_empty() {
        return Ok(None);
    }
    if length.is_some() && !authority {
        return Err(ModuleError::failed("path_length must be None when ca is False"));
    }
    let mut parts = Vec::new();
    if authority {
        parts.push(der::element(der::BOOLEAN, &[0xff]));
    }
    parts.extend(length.map(|length| der::unsigned(&length.to_be_bytes())));
    Ok(Some(der::sequence(&parts)))
}

fn name_constraints(args: &Args) -> Result<Option<Vec<u8>>, ModuleError> {
    let mut parts = Vec::new();
    for (tag, arg) in [(0xa0, "name_constraints_permitted"), (0xa1, "name_constraints_excluded")] {
        let subtree = |name: &String| {
            if name.starts_with("IP:") && !name.contains('/') {
                let msg = "Error while parsing name constraint: IPAddress name constraints must be an IPv4Network or \
                           IPv6Network object";
                return Err(ModuleError::failed(msg));
            }
            Ok(der::sequence(&[general_name::encode(name, arg)?]))
        };
        let subtrees = args.list_of_str(arg).iter().map(subtree).collect::<Result<Vec<_>, _>>()?;
        if !subtrees.is_empty() {
            parts.push(der::element(tag, &subtrees.concat()));
        }
    }
    Ok((!parts.is_empty()).then(|| der::sequence(&parts)))
}

/// The bytes of `00:11:22`.
fn identifier(args: &Args, arg: &str) -> Result<Option<Vec<u8>>, ModuleError> {
    let Some(text) = args.opt_str(arg) else { return Ok(None) };
    let bytes = hex::decode(text.replace(':', ""));
    bytes.map(Some).map_err(|_| ModuleError::failed(format!("Cannot parse {arg}: Non-hexadecimal digit found")))
}

fn subject_key_identifier(args: &Args, public: &PublicKey) -> Result<Option<Vec<u8>>, ModuleError> {
    let bytes = match identifier(args, "subject_key_identifier")? {
        None if args.bool("create_subject_key_identifier") => Some(public.identifier()),
        given => given,
    };
    Ok(bytes.map(|bytes| der::element(der::OCTET_STRING, &bytes)))
}

fn authority_key_identifier(args: &Args) -> Result<Option<Vec<u8>>, ModuleError> {
    let mut parts = Vec::new();
    parts.extend(identifier(args, "authority_key_identifier")?.map(|bytes| der::element(0x80, &bytes)));
    let issuer = args.list_of_str("authority_cert_issuer");
    if !issuer.is_empty() {
        let names = issuer.iter().map(|name| general_name::encode(name, "authority_cert_issuer"));
        parts.push(der::element(0xa1, &names.collect::<Result<Vec<_>, _>>()?.concat()));
    }
    if let Some(serial) = args.opt_int("authority_cert_serial_number") {
        let number = der::unsigned(&serial.to_be_bytes());
        parts.push(der::element(0x82, Element::parse(&number).map_or(&[][..], |number| number.content)));
    }
    Ok((!parts.is_empty()).then(|| der::sequence(&parts)))
}

fn distribution_points(args: &Args) -> Result<Option<Vec<u8>>, ModuleError> {
    let mut points = Vec::new();
    for (index, point) in args.list("crl_distribution_points").iter().enumerate() {
        let Some(point) = point.as_object() else { continue };
        let point = Args::of_map(point);
        let place = format!("crl_distribution_points[{index}]");
        let names = |arg: &str| -> Result<Vec<u8>, ModuleError> {
            let names = point.list_of_str(arg);
            let each = names.iter().map(|name| general_name::encode(name, &format!("{place}.{arg}")));
            Ok(each.collect::<Result<Vec<_>, _>>()?.concat())
        };
        let mut parts = Vec::new();
        match (point.has("full_name"), point.has("relative_name")) {
            (true, true) => {
                let msg = "parameters are mutually exclusive: full_name|relative_name found in crl_distribution_points";
                return Err(ModuleError::failed(msg));
            }
            (true, false) => parts.push(der::element(0xa0, &der::element(0xa0, &names("full_name")?))),
            (false, true) => {
                let relative = point.list_of_str("relative_name");
                let attributes = relative.iter().map(|text| component(text)).collect::<Result<_, _>>()?;
                parts.push(der::element(0xa0, &Name(attributes).encode_relative(0xa1)));
            }
            (false, false) if !point.has("crl_issuer") => {
                let msg = "one of the following is required: full_name, relative_name, crl_issuer found in \
                           crl_distribution_points";
                return Err(ModuleError::failed(msg));
            }
            (false, false) => {}
        }
        if point.has("reasons") {
            let reasons = point.list_of_str("reasons");
            let bits = REASONS.iter().filter(|(name, _)| reasons.iter().any(|reason| reason == name));
            parts.push(der::element(0x81, &flags(bits.map(|(_, bit)| *bit))));
        }
        if point.has("crl_issuer") {
            parts.push(der::element(0xa2, &names("crl_issuer")?));
        }
        points.push(der::sequence(&parts));
    }
    Ok((!points.is_empty()).then(|| der::sequence(&points)))
}

/// Says what is wrong with arguments that are judged before there is a key.
pub(super) fn judge(args: &Args) -> Result<(), ModuleError> {
    if args.has("subject_key_identifier") && args.bool("create_subject_key_identifier") {
        let msg = "subject_key_identifier cannot be specified if create_subject_key_identifier is true";
        return Err(ModuleError::failed(msg));
    }
    identifier(args, "subject_key_identifier")?;
    identifier(args, "authority_key_identifier")?;
    distribution_points(args).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_packed() {
        assert_eq!(flags([0, 4, 5].into_iter()), [2, 0x8c]);
        assert_eq!(flags([0, 8].into_iter()), [7, 0x80, 0x80]);
        assert_eq!(flags(std::iter::empty()), [0]);
    }

    #[test]
    fn usages_have_two_names_each() {
        let der = |names: [&str; 2]| key_usage(&names.map(str::to_owned)).unwrap();
        assert_eq!(der(["digitalSignature", "Certificate Sign"]), der(["Digital Signature", "keyCertSign"]));
        let der = |names: [&str; 2]| purposes(&names.map(str::to_owned)).unwrap();
        assert_eq!(der(["serverAuth", "DVCS"]), der(["TLS Web Server Authentication", "dvcs"]));
    }
}
