//! `b64encode`, `b64decode`, `to_uuid`.

use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use sha1::{Digest, Sha1};

use crate::evaluate::{Fault, FilterCall};
use crate::object::Object;
use crate::python;

/// Ansible's own namespace for UUIDs of names.
const NAMESPACE: &str = "361E6D51-FAEC-444A-9079-341386DA8E2E";

fn engine(call: &FilterCall<'_>) -> GeneralPurpose {
    let alphabet = if call.args.truthy(1, false) { base64::alphabet::URL_SAFE } else { base64::alphabet::STANDARD };
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical)
        .with_decode_allow_trailing_bits(true);
    GeneralPurpose::new(&alphabet, config)
}

pub(super) fn b64encode(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let bytes = python::encode(&call.encoded_text()?, &call.args.text_or(0, "utf-8")).map_err(Fault::error)?;
    Ok(engine(call).encode(bytes).into())
}

pub(super) fn b64decode(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let text: String =
        call.encoded_text()?.chars().filter(|c| c.is_ascii_alphanumeric() || "+/=-_".contains(*c)).collect();
    let digits = text.trim_end_matches('=').len();
    if digits % 4 == 1 {
        return Err(Fault::error(format!(
            "Invalid base64-encoded string: number of data characters ({digits}) cannot be 1 more than a multiple of 4"
        )));
    }
    let bytes = engine(call).decode(text).map_err(|_| Fault::error("Incorrect padding"))?;
    python::decode(&bytes, &call.args.text_or(0, "utf-8")).map(Object::from).map_err(Fault::error)
}

/// A name-based UUID (version 5).
pub(super) fn to_uuid(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let namespace = match call.args.get(0) {
        None => NAMESPACE.to_owned(),
        Some(Object::Str(namespace)) => namespace.to_string(),
        Some(other) => {
            let (shown, kind) = (python::scalar_text(other), other.type_name());
            return Err(Fault::error(format!(
                "Invalid value '{shown}' for 'namespace': '{kind}' object has no attribute 'replace'"
            )));
        }
    };
    let digits: String = namespace.chars().filter(char::is_ascii_hexdigit).collect();
    let bytes = hex::decode(&digits).ok().filter(|bytes| bytes.len() == 16);
    let bytes = bytes.ok_or_else(|| {
        Fault::error(format!("Invalid value '{namespace}' for 'namespace': badly formed hexadecimal UUID string"))
    })?;
    let mut hash: [u8; 20] =
        Sha1::new().chain_update(bytes).chain_update(call.encoded_text()?.as_bytes()).finalize().into();
    hash[6] = hash[6] & 0x0f | 0x50;
    hash[8] = hash[8] & 0x3f | 0x80;
    let text = hex::encode(&hash[..16]);
    Ok(format!("{}-{}-{}-{}-{}", &text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..]).into())
}
