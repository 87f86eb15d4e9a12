//! `hash`, `checksum`, `md5`, `sha1`.

use sha2::Digest;

use crate::evaluate::{Fault, FilterCall};
use crate::object::Object;

fn hex_digest<D: Digest>(text: &str) -> Object {
    hex::encode(D::digest(text.as_bytes())).into()
}

pub(super) fn sha1(call: &FilterCall<'_>) -> Result<Object, Fault> {
    Ok(hex_digest::<sha1::Sha1>(&call.encoded_text()?))
}

pub(super) fn md5(call: &FilterCall<'_>) -> Result<Object, Fault> {
    Ok(hex_digest::<md5::Md5>(&call.encoded_text()?))
}

pub(super) fn hash(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let text = call.encoded_text()?;
    match call.args.text_or(0, "sha1").as_str() {
        "sha1" => sha1(call),
        "md5" => md5(call),
        "sha224" => Ok(hex_digest::<sha2::Sha224>(&text)),
        "sha256" => Ok(hex_digest::<sha2::Sha256>(&text)),
        "sha384" => Ok(hex_digest::<sha2::Sha384>(&text)),
        "sha512" => Ok(hex_digest::<sha2::Sha512>(&text)),
        other => Err(Fault::error(format!("unsupported hash type {other}"))),
    }
}
