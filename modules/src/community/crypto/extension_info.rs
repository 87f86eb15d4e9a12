//! What extensions say, as results show it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::der::{self, Element};
use super::extensions::{
    AUTHORITY_INFORMATION, AUTHORITY_KEY_IDENTIFIER, BASIC_CONSTRAINTS, EXTENDED_KEY_USAGE, EXTENDED_KEY_USAGES,
    Extension, KEY_USAGE, KEY_USAGES, MUST_STAPLE, NAME_CONSTRAINTS, SUBJECT_ALT_NAME, TLS_FEATURE, find,
    key_identifier,
};
use super::general_name;
use super::hashes::colons;
use super::public_key::number;
use crate::Map;

/// What extensions say, under the names results have for it.
pub(super) fn info(extensions: &[Extension]) -> Map {
    let mut info = Map::new();
    let mut add = |name: &str, oid: &str, show: fn(Element<'_>) -> Option<Value>| {
        let found = find(extensions, oid);
        let shown = found.and_then(|found| show(Element::parse(&found.value)?));
        info.insert(name.to_owned(), shown.unwrap_or(Value::Null));
        let critical = found.is_some_and(|found| found.critical);
        info.insert(format!("{name}_critical"), critical.into());
    };
    add("key_usage", KEY_USAGE, |value| Some(key_usage_info(value)));
    add("extended_key_usage", EXTENDED_KEY_USAGE, purposes_info);
    add("basic_constraints", BASIC_CONSTRAINTS, basic_constraints_info);
    add("ocsp_must_staple", TLS_FEATURE, |value| {
        Some(value.children()?.iter().any(|feature| feature.content == [MUST_STAPLE]).into())
    });
    add("subject_alt_name", SUBJECT_ALT_NAME, |value| Some(general_name::texts(value)?.into()));
    info
}

/// The name constraints of requests.
pub(super) fn name_constraints_info(extensions: &[Extension]) -> Map {
    let found = find(extensions, NAME_CONSTRAINTS);
    let side = |tag: u8| {
        let value = Element::parse(&found?.value)?;
        let subtrees = value.children()?.into_iter().find(|side| side.tag == tag)?.children()?;
        let names = subtrees.into_iter().map(|subtree| general_name::text(*subtree.children()?.first()?));
        names.collect::<Option<Vec<_>>>()
    };
    Map::from_iter([
        ("name_constraints_permitted".to_owned(), json!(side(0xa0))),
        ("name_constraints_excluded".to_owned(), json!(side(0xa1))),
        ("name_constraints_critical".to_owned(), found.is_some_and(|found| found.critical).into()),
    ])
}

/// Which keys extensions name.
pub(super) fn identifiers_info(extensions: &[Extension]) -> Map {
    let subject = key_identifier(extensions).map(|bytes| colons(&bytes));
    let authority = find(extensions, AUTHORITY_KEY_IDENTIFIER).and_then(|found| Element::parse(&found.value));
    let parts = authority.and_then(|authority| authority.children()).unwrap_or_default();
    let part = |tag: u8| parts.iter().find(|part| part.tag == tag).copied();
    Map::from_iter([
        ("subject_key_identifier".to_owned(), json!(subject)),
        ("authority_key_identifier".to_owned(), json!(part(0x80).map(|part| colons(part.content)))),
        ("authority_cert_issuer".to_owned(), json!(part(0xa1).and_then(general_name::texts))),
        ("authority_cert_serial_number".to_owned(), json!(part(0x82).map(|part| number(part.content)))),
    ])
}

/// Where a certificate says its issuer and its state are found.
pub(super) fn authority_information(extensions: &[Extension]) -> Map {
    let value = find(extensions, AUTHORITY_INFORMATION).and_then(|found| Element::parse(&found.value));
    let entries = value.and_then(|value| value.children()).unwrap_or_default();
    let uri = |method: &str| {
        entries.iter().find_map(|entry| {
            let [oid, place] = entry.children()?[..] else { return None };
            (oid.oid()? == method)
                .then(|| general_name::text(place))?
                .map(|text| text.trim_start_matches("URI:").to_owned())
        })
    };
    Map::from_iter([
        ("ocsp_uri".to_owned(), json!(uri("1.3.6.1.5.5.7.48.1"))),
        ("issuer_uri".to_owned(), json!(uri("1.3.6.1.5.5.7.48.2"))),
    ])
}

/// Every extension as it is.
pub(super) fn by_oid(extensions: &[Extension]) -> Value {
    let entry = |extension: &Extension| {
        let value = json!({ "critical": extension.critical, "value": STANDARD.encode(&extension.value) });
        (extension.oid.clone(), value)
    };
    Value::Object(extensions.iter().map(entry).collect())
}

fn key_usage_info(value: Element<'_>) -> Value {
    let set = KEY_USAGES.iter().enumerate().filter(|(bit, _)| is_flag(value.content, *bit));
    let mut names: Vec<&str> = set.map(|(_, (name, _))| *name).collect();
    names.sort_unstable();
    names.into()
}

fn purposes_info(value: Element<'_>) -> Option<Value> {
    let name_of = |oid: Element<'_>| {
        let oid = oid.oid()?;
        let known = EXTENDED_KEY_USAGES.iter().find(|entry| entry.0 == oid).map(|entry| entry.1.to_owned());
        Some(known.unwrap_or(oid))
    };
    let mut names = value.children()?.into_iter().map(name_of).collect::<Option<Vec<_>>>()?;
    names.sort();
    Some(names.into())
}

fn basic_constraints_info(value: Element<'_>) -> Option<Value> {
    let parts = value.children()?;
    let authority = parts.iter().any(|part| part.tag == der::BOOLEAN && part.content != [0]);
    let mut words = vec![format!("CA:{}", if authority { "TRUE" } else { "FALSE" })];
    let length = parts.iter().find(|part| part.tag == der::INTEGER);
    words.extend(length.map(|length| format!("pathlen:{}", der::decimal(length.content))));
    Some(words.into())
}

fn is_flag(bits: &[u8], bit: usize) -> bool {
    bits.get(1 + bit / 8).is_some_and(|byte| byte & (0x80 >> (bit % 8)) != 0)
}
