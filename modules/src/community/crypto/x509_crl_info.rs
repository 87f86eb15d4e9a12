//! `community.crypto.x509_crl_info`: what a list of revoked certificates says.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::asked;
use super::crl::Crl;
use super::pem::Pem;
use crate::{Arg, Args, Context, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module =
    Module::new("community.crypto.x509_crl_info", ARGS, run).constraints(asked::ONE_OF_BOTH);

const ARGS: &[Arg] = &[
    Arg::path("path"),
    Arg::str("content"),
    Arg::bool("list_revoked_certificates").default("true"),
    Arg::str("name_encoding").default("ignore").choices(&["ignore", "idna", "unicode"]),
];

fn run(args: &Args, _: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let mut bytes = asked::bytes(args, "CRL")?;
    if args.has("content") && !bytes.starts_with(b"-----") {
        let unreadable = |error| ModuleError::failed(format!("Error while Base64 decoding content: {error}"));
        bytes = STANDARD.decode(&bytes).map_err(unreadable)?;
    }
    let crl = Crl::parse(&bytes).ok_or_else(|| undecodable(&bytes))?;
    let mut info = crl.info();
    if args.bool("list_revoked_certificates") {
        // Names in lists are in ASCII, which is what `idna` asks for.
        let unicode = args.str("name_encoding")? == "unicode";
        let entries: Vec<Value> = crl.contents.revoked.iter().map(|entry| entry.info(unicode)).collect();
        info.insert("revoked_certificates".to_owned(), entries.into());
    }
    Ok(ModuleResult::ok().extend(info))
}

fn undecodable(bytes: &[u8]) -> ModuleError {
    let why = match Pem::first(bytes) {
        Some(pem) if pem.label != Crl::LABEL => {
            "Valid PEM but no BEGIN X509 CRL/END X509 delimiters. Are you sure this is a CRL?"
        }
        _ => "it is no X.509 CRL",
    };
    ModuleError::failed(format!("Error while decoding CRL: {why}"))
}
