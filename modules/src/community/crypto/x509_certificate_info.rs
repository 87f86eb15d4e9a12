//! `community.crypto.x509_certificate_info`: what a certificate says.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::asked;
use super::certificate::{self, Certificate, requested_time};
use super::general_name::show_in_unicode;
use crate::python_repr::type_name;
use crate::{Arg, Args, Context, Map, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module =
    Module::new("community.crypto.x509_certificate_info", ARGS, run).constraints(asked::ONE_OF_BOTH);

const ARGS: &[Arg] = &[
    Arg::path("path"),
    Arg::str("content"),
    Arg::dict("valid_at"),
    Arg::str("name_encoding").default("ignore").choices(&["ignore", "idna", "unicode"]),
    Arg::str("select_crypto_backend").default("auto").choices(&["auto", "cryptography"]),
];

fn run(args: &Args, _: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let certificate = read(args)?;
    let mut info = certificate.info();
    info.insert("fingerprints".to_owned(), Value::Object(certificate.fingerprints()));
    info.insert("public_key_fingerprints".to_owned(), Value::Object(certificate.public.fingerprints()));
    // Names in certificates are in ASCII, which is what `idna` asks for.
    if args.str("name_encoding")? == "unicode" {
        show_in_unicode(&mut info, &["subject_alt_name", "authority_cert_issuer"]);
    }
    info.insert("valid_at".to_owned(), Value::Object(validity(args, &certificate)?));
    Ok(ModuleResult::ok().extend(info))
}

fn read(args: &Args) -> Result<Certificate, ModuleError> {
    let bytes = asked::bytes(args, "certificate")?;
    let is_pem = args.has("content") || bytes.windows(11).any(|window| window == b"-----BEGIN ");
    let der = if is_pem { certificate::of_pem(&bytes)? } else { bytes };
    Certificate::decode(&der).ok_or_else(|| ModuleError::failed("Cannot parse DER certificate"))
}

/// Whether the certificate is valid at each of the times asked for, by the names they were given.
fn validity(args: &Args, certificate: &Certificate) -> Result<Map, ModuleError> {
    let (begin, end) = (certificate.contents.not_before, certificate.contents.not_after);
    let now = Timestamp::now();
    let times = args.dict("valid_at").into_iter().flatten();
    times
        .map(|(name, time)| {
            let text = time.as_str().ok_or_else(|| {
                ModuleError::failed(format!(
                    "The value for valid_at.{name} must be of type string (got <class '{}'>)",
                    type_name(time)
                ))
            })?;
            let time = requested_time(text, &format!("valid_at.{name}"), now)?;
            Ok((name.clone(), json!(begin <= time && time <= end)))
        })
        .collect()
}
