//! `community.crypto.openssl_csr_info`: what a certificate signing request asks for.

use serde_json::Value;

use super::asked;
use super::general_name::show_in_unicode;
use super::pem::Pem;
use super::request::Request;
use crate::{Arg, Args, Context, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module =
    Module::new("community.crypto.openssl_csr_info", ARGS, run).constraints(asked::ONE_OF_BOTH);

const ARGS: &[Arg] = &[
    Arg::path("path"),
    Arg::str("content"),
    Arg::str("name_encoding").default("ignore").choices(&["ignore", "idna", "unicode"]),
    Arg::str("select_crypto_backend").default("auto").choices(&["auto", "cryptography"]),
];

/// The keys under which general names are told.
const NAMES: &[&str] =
    &["subject_alt_name", "name_constraints_permitted", "name_constraints_excluded", "authority_cert_issuer"];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let request = parse(&asked::bytes(args, "CSR")?)?;
    let mut info = request.info(cx)?;
    info.insert("public_key_fingerprints".to_owned(), Value::Object(request.public.fingerprints()));
    // Names in requests are in ASCII, which is what `idna` asks for.
    if args.str("name_encoding")? == "unicode" {
        show_in_unicode(&mut info, NAMES);
    }
    let valid = info.get("signature_valid") == Some(&Value::Bool(true));
    let result = ModuleResult::ok().extend(info);
    if valid { Ok(result) } else { Err(ModuleError::with_result("CSR signature is invalid!", result)) }
}

fn parse(text: &[u8]) -> Result<Request, ModuleError> {
    let pem = Pem::first(text).ok_or_else(|| ModuleError::failed("Unable to load PEM file."))?;
    if !pem.label.ends_with("CERTIFICATE REQUEST") {
        return Err(ModuleError::failed(
            "Valid PEM but no BEGIN CERTIFICATE REQUEST/END CERTIFICATE REQUEST delimiters. Are you sure this is a CSR?",
        ));
    }
    Request::parse(text).ok_or_else(|| ModuleError::failed("Cannot parse DER certificate signing request"))
}
