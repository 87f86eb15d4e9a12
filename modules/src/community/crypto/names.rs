//! Distinguished names: their attributes by name, their DER, their text.

use super::der::{self, Element};
use crate::python_repr::str_of;
use crate::{Args, Map, ModuleError};

/// Attributes of names: short name, long name, object identifier, kind of string.
#[rustfmt::skip]
const ATTRIBUTES: &[(&str, &str, &str, u8)] = &[
    ("CN", "commonName", "2.5.4.3", der::UTF8),
    ("SN", "surname", "2.5.4.4", der::UTF8),
    ("serialNumber", "serialNumber", "2.5.4.5", der::PRINTABLE),
    ("C", "countryName", "2.5.4.6", der::PRINTABLE),
    ("L", "localityName", "2.5.4.7", der::UTF8),
    ("ST", "stateOrProvinceName", "2.5.4.8", der::UTF8),
    ("street", "streetAddress", "2.5.4.9", der::UTF8),
    ("O", "organizationName", "2.5.4.10", der::UTF8),
    ("OU", "organizationalUnitName", "2.5.4.11", der::UTF8),
    ("title", "title", "2.5.4.12", der::UTF8),
    ("description", "description", "2.5.4.13", der::UTF8),
    ("businessCategory", "businessCategory", "2.5.4.15", der::UTF8),
    ("postalAddress", "postalAddress", "2.5.4.16", der::UTF8),
    ("postalCode", "postalCode", "2.5.4.17", der::UTF8),
    ("telephoneNumber", "telephoneNumber", "2.5.4.20", der::PRINTABLE),
    ("name", "name", "2.5.4.41", der::UTF8),
    ("GN", "givenName", "2.5.4.42", der::UTF8),
    ("initials", "initials", "2.5.4.43", der::UTF8),
    ("generationQualifier", "generationQualifier", "2.5.4.44", der::UTF8),
    ("x500UniqueIdentifier", "x500UniqueIdentifier", "2.5.4.45", der::UTF8),
    ("dnQualifier", "dnQualifier", "2.5.4.46", der::PRINTABLE),
    ("pseudonym", "pseudonym", "2.5.4.65", der::UTF8),
    ("organizationIdentifier", "organizationIdentifier", "2.5.4.97", der::UTF8),
    ("emailAddress", "emailAddress", "1.2.840.113549.1.9.1", der::IA5),
    ("unstructuredName", "unstructuredName", "1.2.840.113549.1.9.2", der::UTF8),
    ("unstructuredAddress", "unstructuredAddress", "1.2.840.113549.1.9.8", der::UTF8),
    ("DC", "domainComponent", "0.9.2342.19200300.100.1.25", der::IA5),
    ("UID", "userId", "0.9.2342.19200300.100.1.1", der::UTF8),
    ("jurisdictionL", "jurisdictionLocalityName", "1.3.6.1.4.1.311.60.2.1.1", der::UTF8),
    ("jurisdictionST", "jurisdictionStateOrProvinceName", "1.3.6.1.4.1.311.60.2.1.2", der::UTF8),
    ("jurisdictionC", "jurisdictionCountryName", "1.3.6.1.4.1.311.60.2.1.3", der::PRINTABLE),
];

/// Attributes of a fixed number of characters, by object identifier.
const LENGTHS: &[(&str, usize, usize)] = &[("2.5.4.6", 2, 2), ("1.3.6.1.4.1.311.60.2.1.3", 2, 2), ("2.5.4.3", 1, 64)];

/// An attribute: its object identifier and value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Attribute {
    pub(super) oid: String,
    pub(super) value: String,
}

/// A name, in the order of its encoding.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Name(pub(super) Vec<Attribute>);

/// The object identifier an attribute is known by: one of its names, or the identifier itself.
fn oid_of(name: &str) -> Option<String> {
    let known = ATTRIBUTES.iter().find(|(short, long, ..)| *short == name || *long == name);
    known.map(|(_, _, oid, _)| (*oid).to_owned()).or_else(|| der::oid(name).map(|_| name.to_owned()))
}

impl Attribute {
    pub(super) fn new(name: &str, value: &str) -> Result<Self, ModuleError> {
        let oid = oid_of(name).ok_or_else(|| ModuleError::failed(format!("Cannot find OID for \"{name}\"")))?;
        let length = value.chars().count();
        if let Some((_, least, most)) = LENGTHS.iter().find(|(limited, ..)| *limited == oid)
            && !(*least..=*most).contains(&length)
        {
            let msg = format!("Attribute's length must be >= {least} and <= {most}, but it was {length}");
            return Err(ModuleError::failed(msg));
        }
        Ok(Self { oid, value: value.to_owned() })
    }

    fn long_name(&self) -> &str {
        ATTRIBUTES.iter().find(|entry| entry.2 == self.oid).map_or(&self.oid, |entry| entry.1)
    }

    fn short_name(&self) -> &str {
        ATTRIBUTES.iter().find(|entry| entry.2 == self.oid).map_or(&self.oid, |entry| entry.0)
    }

    /// The attribute without the set around it.
    fn encode(&self) -> Vec<u8> {
        let tag = ATTRIBUTES.iter().find(|entry| entry.2 == self.oid).map_or(der::UTF8, |entry| entry.3);
        let value = der::element(tag, self.value.as_bytes());
        der::sequence(&[der::oid(&self.oid).unwrap_or_default(), value])
    }
}

impl Name {
    pub(super) fn encode(&self) -> Vec<u8> {
        let sets: Vec<_> = self.0.iter().map(|attribute| der::element(der::SET, &attribute.encode())).collect();
        der::sequence(&sets)
    }

    /// The attributes in one set, as relative names have them.
    pub(super) fn encode_relative(&self, tag: u8) -> Vec<u8> {
        let mut attributes: Vec<_> = self.0.iter().map(Attribute::encode).collect();
        attributes.sort();
        der::element(tag, &attributes.concat())
    }

    pub(super) fn decode(element: Element<'_>) -> Option<Self> {
        let mut attributes = Vec::new();
        for set in element.tagged(der::SEQUENCE)?.children()? {
            for attribute in set.tagged(der::SET)?.children()? {
                let [oid, value] = attribute.children()?[..] else { return None };
                attributes.push(Attribute { oid: oid.oid()?, value: text_of(value) });
            }
        }
        Some(Self(attributes))
    }

    /// Pairs of long names and values.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|attribute| (attribute.long_name(), attribute.value.as_str()))
    }

    /// The same attributes in an order of their own.
    pub(super) fn sorted(&self) -> Vec<&Attribute> {
        let mut attributes: Vec<_> = self.0.iter().collect();
        attributes.sort();
        attributes
    }

    /// Reads `CN=a, O=b` or `/CN=a/O=b`; the last attribute written is the first of the name.
    pub(super) fn parse_reversed(text: &str) -> Result<Self, ModuleError> {
        let (text, separator) = match text.strip_prefix('/') {
            Some(rest) => (rest, '/'),
            None => (text, ','),
        };
        let parts = split_unescaped(text, separator);
        let attributes = parts.iter().rev().map(|part| component(part)).collect::<Result<_, _>>()?;
        Ok(Self(attributes))
    }

    /// `CN=a,O=b`, the last attribute first.
    pub(super) fn text(&self) -> String {
        let parts = self.0.iter().rev().map(|attribute| {
            let mut value = String::new();
            for (index, c) in attribute.value.char_indices() {
                if ",+\"\\<>;".contains(c) || (c == '#' && index == 0) {
                    value.push('\\');
                }
                value.push(c);
            }
            format!("{}={value}", attribute.short_name())
        });
        parts.collect::<Vec<_>>().join(",")
    }
}

/// Attributes by name, as arguments have them; one with several values stands several times.
pub(super) fn pairs_of(given: &Map) -> Vec<(String, String)> {
    let pairs = given.iter().flat_map(|(name, value)| {
        let values = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        values.iter().map(move |value| (name.clone(), str_of(value)))
    });
    pairs.collect()
}

/// The attributes of an argument that lists them in their order.
pub(super) fn ordered_pairs(args: &Args, arg: &str) -> Result<Vec<(String, String)>, ModuleError> {
    let mut pairs = Vec::new();
    for (index, entry) in args.list(arg).iter().enumerate() {
        let entry = entry.as_object().filter(|entry| entry.len() == 1).ok_or_else(|| {
            let place = format!("Entry #{} in {arg}", index + 1);
            ModuleError::failed(format!("{place} must be a dictionary with exactly one key-value pair"))
        })?;
        pairs.extend(pairs_of(entry));
    }
    Ok(pairs)
}

/// One `CN=a`.
pub(super) fn component(text: &str) -> Result<Attribute, ModuleError> {
    let broken = || {
        ModuleError::failed(format!("Error while parsing distinguished name component: cannot split {text:?} at '='"))
    };
    let (name, value) = text.split_once('=').ok_or_else(broken)?;
    let mut plain = String::new();
    let mut characters = value.trim().chars();
    while let Some(c) = characters.next() {
        plain.push(if c == '\\' { characters.next().unwrap_or('\\') } else { c });
    }
    Attribute::new(name.trim(), &plain)
}

fn split_unescaped(text: &str, separator: char) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut escaped = false;
    for c in text.chars() {
        if c == separator && !escaped {
            parts.push(String::new());
            continue;
        }
        escaped = c == '\\' && !escaped;
        if let Some(part) = parts.last_mut() {
            part.push(c);
        }
    }
    parts
}

/// A string of any kind as text.
fn text_of(value: Element<'_>) -> String {
    match value.tag {
        0x1e => {
            let units: Vec<u16> =
                value.content.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
            String::from_utf16_lossy(&units)
        }
        0x14 => value.content.iter().map(|byte| char::from(*byte)).collect(),
        _ => String::from_utf8_lossy(value.content).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_and_read() {
        let name = Name(vec![Attribute::new("C", "DE").unwrap(), Attribute::new("commonName", "a,b").unwrap()]);
        let der = name.encode();
        assert_eq!(Name::decode(Element::parse(&der).unwrap()), Some(name.clone()));
        assert_eq!(name.text(), "CN=a\\,b,C=DE");
        assert_eq!(Name::parse_reversed("CN=a\\,b, C=DE").unwrap(), name);
        assert_eq!(Name::parse_reversed("/CN=a,b/C=DE").unwrap(), name);
        assert!(Attribute::new("C", "DEU").is_err() && Attribute::new("nothing", "x").is_err());
    }
}
