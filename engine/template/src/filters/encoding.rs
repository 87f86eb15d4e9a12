//! `b64encode`, `b64decode`, `to_uuid`.

use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use sha1::{Digest, Sha1};

use crate::evaluate::{Fault, FilterCall};
use crate::object::Object;

/// Ansible's own namespace for UUIDs of names.
const NAMESPACE: &str = "361E6D51-FAEC-444A-9079-341386DA8E2E";

fn engine(call: &FilterCall<'_>) -> GeneralPurpose {
    let alphabet = if call.args.truthy(1, false) { base64::alphabet::URL_SAFE } else { base64::alphabet::STANDARD };
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical)
        .with_decode_allow_trailing_bits(true);
    GeneralPurpose::new(&alphabet, config)
}

fn encode_text(text: &str, encoding: &str) -> Result<Vec<u8>, Fault> {
    match encoding.to_lowercase().replace('_', "-").as_str() {
        "utf-8" | "utf8" | "ascii" => Ok(text.as_bytes().to_vec()),
        "utf-16-le" => Ok(text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        "utf-16" => Ok([0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect()),
        "latin-1" | "iso-8859-1" => text
            .chars()
            .map(|c| u8::try_from(c as u32).map_err(|_| Fault::error("'latin-1' codec can't encode a character")))
            .collect(),
        other => Err(Fault::error(format!("unknown encoding: {other}"))),
    }
}

pub(super) fn b64encode(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let bytes = encode_text(&call.text()?, &call.args.text_or(0, "utf-8"))?;
    Ok(engine(call).encode(bytes).into())
}

pub(super) fn b64decode(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let text: String = call.text()?.chars().filter(|c| c.is_ascii_alphanumeric() || "+/=-_".contains(*c)).collect();
    let digits = text.trim_end_matches('=').len();
    if digits % 4 == 1 {
        return Err(Fault::error(format!(
            "Invalid base64-encoded string: number of data characters ({digits}) cannot be 1 more than a multiple of 4"
        )));
    }
    let bytes = engine(call).decode(text).map_err(|_| Fault::error("Incorrect padding"))?;
    let decoded = match call.args.text_or(0, "utf-8").to_lowercase().replace('_', "-").as_str() {
        "utf-16-le" => {
            let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
            String::from_utf16_lossy(&units)
        }
        "latin-1" | "iso-8859-1" => bytes.iter().map(|byte| char::from(*byte)).collect(),
        _ => String::from_utf8_lossy(&bytes).into_owned(),
    };
    Ok(decoded.into())
}

/// A name-based UUID (version 5).
pub(super) fn to_uuid(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let namespace = call.args.text_or(0, NAMESPACE);
    let digits: String = namespace.chars().filter(char::is_ascii_hexdigit).collect();
    let bytes = hex::decode(&digits).ok().filter(|bytes| bytes.len() == 16);
    let bytes = bytes.ok_or_else(|| {
        Fault::error(format!("Invalid value '{namespace}' for 'namespace': badly formed hexadecimal UUID string"))
    })?;
    let mut hash: [u8; 20] = Sha1::new().chain_update(bytes).chain_update(call.text()?.as_bytes()).finalize().into();
    hash[6] = hash[6] & 0x0f | 0x50;
    hash[8] = hash[8] & 0x3f | 0x80;
    let text = hex::encode(&hash[..16]);
    Ok(format!("{}-{}-{}-{}-{}", &text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..]).into())
}
