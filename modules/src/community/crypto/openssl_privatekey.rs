//! `community.crypto.openssl_privatekey`: private keys of TLS servers and authorities.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::hashes;
use super::output_file::OutputFile;
use super::pem::Pem;
use super::private_key::{KeyFormat, KeyProblem, NewKey, PrivateKey};
use super::public_key::{Curve, KeyKind, PublicKey};
use crate::{Arg, Args, Constraint, Context, Diff, Map, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module = Module::new("community.crypto.openssl_privatekey", ARGS, run)
    .constraints(&[Constraint::RequiredIf("type", "ECC", &["curve"])])
    .file_args()
    .diff();

const ARGS: &[Arg] = &[
    Arg::path("path").required(),
    Arg::str("state").default("present").choices(&["absent", "present"]),
    Arg::int("size").default("4096"),
    Arg::str("type").default("RSA").choices(&["DSA", "ECC", "Ed25519", "Ed448", "RSA", "X25519", "X448"]),
    Arg::str("curve").choices(&[
        "secp224r1",
        "secp256k1",
        "secp256r1",
        "secp384r1",
        "secp521r1",
        "secp192r1",
        "brainpoolP256r1",
        "brainpoolP384r1",
        "brainpoolP512r1",
        "sect163k1",
        "sect163r2",
        "sect233k1",
        "sect233r1",
        "sect283k1",
        "sect283r1",
        "sect409k1",
        "sect409r1",
        "sect571k1",
        "sect571r1",
    ]),
    Arg::str("passphrase").no_log(),
    Arg::str("cipher").default("auto"),
    Arg::str("format").default("auto_ignore").choices(&["pkcs1", "pkcs8", "raw", "auto", "auto_ignore"]),
    Arg::str("format_mismatch").default("regenerate").choices(&["regenerate", "convert"]),
    Arg::str("select_crypto_backend").default("auto").choices(&["auto", "cryptography"]),
    Arg::str("regenerate").default("full_idempotence").choices(&[
        "never",
        "fail",
        "partial_idempotence",
        "full_idempotence",
        "always",
    ]),
    Arg::bool("force").default("false"),
    Arg::bool("backup").default("false"),
    Arg::bool("return_content").default("false"),
];

const UNREADABLE: &str = "Unable to read the key. The key is protected with a another passphrase / no passphrase or \
    broken. Will not proceed. To force regeneration, call the module with `generate` set to `full_idempotence` or \
    `always`, or with `force=true`.";
const WRONG_KIND: &str = "Key has wrong type and/or size. Will not proceed. To force regeneration, call the module with \
    `generate` set to `partial_idempotence`, `full_idempotence` or `always`, or with `force=true`.";
const WRONG_FORMAT: &str = "Key has wrong format. Will not proceed. To force regeneration, call the module with \
    `generate` set to `partial_idempotence`, `full_idempotence` or `always`, or with `force=true`. To convert the key, \
    set `format_mismatch` to `convert`.";

/// What is to be done about a key file.
#[derive(Debug, PartialEq, Eq)]
enum Plan {
    Keep,
    Convert,
    Generate,
}

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let mut file = OutputFile::new(args, Some("0600"))?;
    let (kind, curve) = (args.str("type")?, args.opt_str("curve"));
    let result = ModuleResult::ok().set("type", kind).set("size", args.int("size")?);
    let result = if kind == "ECC" { result.set_opt("curve", curve) } else { result };
    if args.str("state")? == "absent" {
        let changed = file.remove(cx)?;
        let result = result.set("fingerprint", Value::Null).diff(Diff::new(json!({}), json!({})));
        return Ok(file.complete(result.changed(changed)));
    }
    let before = file.read(cx)?;
    let key = before.as_deref().map(|text| read(text, args, cx));
    let shown_before = shown(key.as_ref());
    let plan = plan(before.as_deref(), key.as_ref(), args)?;
    let written = if cx.check_mode { None } else { apply(&plan, key.as_ref(), args, cx)? };
    if let Some(text) = &written {
        file.write(text, cx)?;
    }
    let changed = file.set_attributes(cx)? || plan != Plan::Keep;
    let after = written.as_deref().map(|text| read(text, args, cx)).or(key);
    let fingerprints = public_of(after.as_ref()).map(PublicKey::fingerprints);
    let content = written.or(before).filter(|_| args.bool("return_content"));
    let result = result
        .set("fingerprint", json!(fingerprints))
        .set_opt("privatekey", content.map(|text| content_shown(&text)))
        .diff(Diff::new(shown_before, shown(after.as_ref())));
    Ok(file.complete(result.changed(changed)))
}

type ReadKey = Result<PrivateKey, KeyProblem>;

fn read(text: &[u8], args: &Args, cx: &mut Context<'_>) -> ReadKey {
    if Pem::first(text).is_none() {
        return PrivateKey::read_raw(text, args.str("type")?, cx);
    }
    PrivateKey::read(text, args.opt_str("passphrase"), cx)
}

fn public_of(key: Option<&ReadKey>) -> Option<&PublicKey> {
    key.and_then(|key| key.as_ref().ok()).map(|key| &key.public)
}

fn plan(text: Option<&[u8]>, key: Option<&ReadKey>, args: &Args) -> Result<Plan, ModuleError> {
    let regenerate = if args.bool("force") { "always" } else { args.str("regenerate")? };
    let (Some(text), Some(key)) = (text, key) else { return Ok(Plan::Generate) };
    if regenerate == "always" {
        return Ok(Plan::Generate);
    }
    let Ok(key) = key else {
        return if regenerate == "full_idempotence" {
            Ok(Plan::Generate)
        } else {
            Err(ModuleError::failed(UNREADABLE))
        };
    };
    if !is_wanted(&key.public, args)? {
        return match regenerate {
            "fail" => Err(ModuleError::failed(WRONG_KIND)),
            "never" => Ok(Plan::Keep),
            _ => Ok(Plan::Generate),
        };
    }
    if args.str("format")? == "auto_ignore" || format_of(text) == Some(wanted_format(&key.public, args)?) {
        return Ok(Plan::Keep);
    }
    match (args.str("format_mismatch")?, regenerate) {
        ("convert", _) => Ok(Plan::Convert),
        (_, "fail") => Err(ModuleError::failed(WRONG_FORMAT)),
        (_, "never") => Ok(Plan::Keep),
        _ => Ok(Plan::Generate),
    }
}

/// Whether a key is of the type, and where these are chosen of the size or curve, that the task asks for.
fn is_wanted(public: &PublicKey, args: &Args) -> Result<bool, ModuleError> {
    let fits = match &public.kind {
        KeyKind::Ec { curve } => args.opt_str("curve") == Some(curve.name),
        _ => public.size().is_none_or(|size| args.opt_int("size") == i64::try_from(size).ok()),
    };
    Ok(fits && public.type_name() == args.str("type")?)
}

/// The format of an existing key.
fn format_of(text: &[u8]) -> Option<KeyFormat> {
    let Some(pem) = Pem::first(text) else { return Some(KeyFormat::Raw) };
    match pem.label.as_str() {
        "PRIVATE KEY" | "ENCRYPTED PRIVATE KEY" => Some(KeyFormat::Pkcs8),
        "RSA PRIVATE KEY" | "DSA PRIVATE KEY" | "EC PRIVATE KEY" => Some(KeyFormat::Pkcs1),
        _ => None,
    }
}

fn wanted_format(public: &PublicKey, args: &Args) -> Result<KeyFormat, ModuleError> {
    Ok(match args.str("format")? {
        "pkcs1" => KeyFormat::Pkcs1,
        "pkcs8" => KeyFormat::Pkcs8,
        "raw" => KeyFormat::Raw,
        _ if matches!(public.kind, KeyKind::Edwards(_)) => KeyFormat::Pkcs8,
        _ => KeyFormat::Pkcs1,
    })
}

/// The text of the new or converted key.
fn apply(
    plan: &Plan,
    key: Option<&ReadKey>,
    args: &Args,
    cx: &mut Context<'_>,
) -> Result<Option<Vec<u8>>, ModuleError> {
    let new;
    let key = match (plan, key) {
        (Plan::Keep, _) => return Ok(None),
        (Plan::Convert, Some(Ok(key))) => key,
        _ => {
            new = generate(args, cx)?;
            &new
        }
    };
    if args.has("passphrase") && args.str("cipher")? != "auto" {
        return Err(ModuleError::failed("Cryptography backend can only use \"auto\" for cipher option."));
    }
    let format = wanted_format(&key.public, args)?;
    let text = key.written(format, args.opt_str("passphrase"), cx)?;
    let refused = || {
        let format = args.opt_str("format").unwrap_or_default();
        let msg = format!("Cryptography backend cannot serialize the private key in the required format \"{format}\"");
        ModuleError::failed(msg)
    };
    text.ok_or_else(refused).map(Some)
}

fn generate(args: &Args, cx: &mut Context<'_>) -> Result<PrivateKey, ModuleError> {
    let size = args.int("size")?;
    let upper;
    let new = match args.str("type")? {
        "RSA" if size < 1024 => return Err(ModuleError::failed("key_size must be at least 1024-bits.")),
        "RSA" => NewKey::Rsa { size },
        "DSA" if !matches!(size, 1024 | 2048 | 3072 | 4096) => {
            return Err(ModuleError::failed("Key size must be 1024, 2048, 3072, or 4096 bits."));
        }
        "DSA" => NewKey::Dsa { size },
        "ECC" => {
            let curve = args.str("curve")?;
            if !matches!(curve, "secp224r1" | "secp256k1" | "secp256r1" | "secp384r1" | "secp521r1") {
                cx.warn(format!("Elliptic curves of type {curve} should not be used for new keys!"));
            }
            let curve = Curve::named(curve).ok_or_else(|| ModuleError::failed(format!("Unknown curve {curve}")))?;
            NewKey::Ec { curve: curve.openssl }
        }
        name => {
            upper = name.to_uppercase();
            NewKey::Edwards(&upper)
        }
    };
    PrivateKey::generate(&new, cx)
}

/// What a comparison shows of a key: nothing of its secret.
fn shown(key: Option<&ReadKey>) -> Value {
    let mut shown = Map::new();
    match key {
        None => return Value::Object(shown),
        Some(key) => {
            shown.insert("can_parse_key".to_owned(), key.is_ok().into());
            shown.insert("key_is_consistent".to_owned(), Value::Null);
        }
    }
    if let Some(public) = public_of(key) {
        shown.insert("public_key".to_owned(), public.pem().into());
        shown.insert("public_key_fingerprints".to_owned(), Value::Object(hashes::fingerprint(&public.spki)));
        shown.insert("type".to_owned(), public.type_name().into());
        shown.insert("public_data".to_owned(), Value::Object(public.data()));
    }
    Value::Object(shown)
}

/// Bare keys are no text.
fn content_shown(text: &[u8]) -> String {
    match Pem::first(text) {
        Some(_) => String::from_utf8_lossy(text).into_owned(),
        None => STANDARD.encode(text),
    }
}
