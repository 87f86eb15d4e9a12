//! `community.crypto.openssl_publickey`: the public halves of private keys.

use serde_json::{Value, json};

use super::hashes;
use super::output_file::OutputFile;
use super::pem::Pem;
use super::private_key::PrivateKey;
use super::public_key::PublicKey;
use crate::{Arg, Args, Constraint, Context, Diff, Map, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module = Module::new("community.crypto.openssl_publickey", ARGS, run)
    .constraints(&[
        Constraint::RequiredIfAny("state", "present", &["privatekey_path", "privatekey_content"]),
        Constraint::MutuallyExclusive(&["privatekey_path", "privatekey_content"]),
    ])
    .file_args()
    .diff();

const ARGS: &[Arg] = &[
    Arg::path("path").required(),
    Arg::str("state").default("present").choices(&["absent", "present"]),
    Arg::path("privatekey_path"),
    Arg::str("privatekey_content").no_log(),
    Arg::str("privatekey_passphrase").no_log(),
    Arg::str("format").default("PEM").choices(&["OpenSSH", "PEM"]),
    Arg::bool("force").default("false"),
    Arg::bool("backup").default("false"),
    Arg::bool("return_content").default("false"),
    Arg::str("select_crypto_backend").default("auto").choices(&["auto", "cryptography"]),
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let mut file = OutputFile::new(args, None)?;
    let result = ModuleResult::ok()
        .set("privatekey", json!(args.opt_str("privatekey_path")))
        .set("format", args.str("format")?)
        .set("fingerprint", json!({}));
    if args.str("state")? == "absent" {
        let changed = file.remove(cx)?;
        return Ok(file.complete(result.changed(changed).diff(Diff::new(json!({}), json!({})))));
    }
    let before = file.read(cx)?;
    if cx.check_mode {
        // The private key may be one that check mode did not make.
        let current = match (&before, wanted(args, cx)) {
            (Some(before), Ok((public, wanted))) => is_current(before, &wanted, &public, args),
            _ => false,
        };
        let replace = args.bool("force") || !current;
        let changed = file.set_attributes(cx)? || replace;
        let result = with_content(result, before.as_deref(), args).diff(Diff::new(json!({}), json!({})));
        return Ok(file.complete(result.changed(changed)));
    }
    let (public, wanted) = wanted(args, cx)?;
    let current = before.as_deref().is_some_and(|text| is_current(text, &wanted, &public, args));
    let replace = args.bool("force") || !current;
    if replace {
        file.write(wanted.as_bytes(), cx)?;
    }
    let changed = file.set_attributes(cx)? || replace;
    let after = if replace { Some(wanted.into_bytes()) } else { before.clone() };
    let result = result.set("fingerprint", Value::Object(public.fingerprints()));
    let result =
        with_content(result, after.as_deref(), args).diff(Diff::new(shown(before.as_deref()), shown(after.as_deref())));
    Ok(file.complete(result.changed(changed)))
}

fn with_content(result: ModuleResult, content: Option<&[u8]>, args: &Args) -> ModuleResult {
    if args.bool("return_content") {
        return result.set("publickey", json!(content.map(String::from_utf8_lossy)));
    }
    result
}

/// The public key and how it is written.
fn wanted(args: &Args, cx: &mut Context<'_>) -> Result<(PublicKey, String), ModuleError> {
    if let Some(path) = args.opt_str("privatekey_path").filter(|path| !cx.exists(path)) {
        return Err(ModuleError::failed(format!("The private key {path} does not exist")));
    }
    let public = PrivateKey::of_args(args, "privatekey", cx)?.public;
    let text = text(&public, args)?;
    Ok((public, text))
}

fn text(public: &PublicKey, args: &Args) -> Result<String, ModuleError> {
    if args.str("format")? == "PEM" {
        return Ok(public.pem());
    }
    let unsupported = || ModuleError::failed(format!("OpenSSH has no public keys of type {}", public.type_name()));
    public.openssh().ok_or_else(unsupported)
}

/// Whether a file holds the key in the wanted format; an OpenSSH key may have a comment.
fn is_current(text: &[u8], wanted: &str, public: &PublicKey, args: &Args) -> bool {
    if args.opt_str("format") == Some("PEM") {
        return parsed(text).is_some_and(|found| found.spki == public.spki);
    }
    let text = String::from_utf8_lossy(text);
    text.split_whitespace().take(2).eq(wanted.split_whitespace())
}

fn parsed(text: &[u8]) -> Option<PublicKey> {
    PublicKey::parse(&Pem::first(text).filter(|pem| pem.label == "PUBLIC KEY")?.der)
}

fn shown(text: Option<&[u8]>) -> Value {
    let Some(text) = text else { return json!({}) };
    let Some(public) = parsed(text) else { return json!({ "can_parse_key": false }) };
    Value::Object(Map::from_iter([
        ("can_parse_key".to_owned(), true.into()),
        ("fingerprints".to_owned(), Value::Object(hashes::fingerprint(&public.spki))),
        ("type".to_owned(), public.type_name().into()),
        ("public_data".to_owned(), Value::Object(public.data())),
    ]))
}
