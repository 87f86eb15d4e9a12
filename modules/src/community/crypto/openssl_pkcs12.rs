//! `community.crypto.openssl_pkcs12`: PKCS#12 files: a key with its certificates in one file, or taken out of it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::der::{Element, SEQUENCE};
use super::output_file::OutputFile;
use super::pem::{self, Pem};
use super::pkcs12::{Encryption, Pkcs12, is_for, shown_names};
use super::private_key::{KeyFormat, PrivateKey};
use super::{certificate, output_file};
use crate::error::os_error;
use crate::{Arg, ArgKind, Args, Constraint, Context, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module = Module::new("community.crypto.openssl_pkcs12", ARGS, run)
    .constraints(&[
        Constraint::RequiredIf("action", "parse", &["src"]),
        Constraint::MutuallyExclusive(&["privatekey_path", "privatekey_content"]),
        Constraint::MutuallyExclusive(&["certificate_path", "certificate_content"]),
        Constraint::MutuallyExclusive(&["other_certificates", "other_certificates_content"]),
    ])
    .file_args();

const ARGS: &[Arg] = &[
    Arg::str("action").default("export").choices(&["export", "parse"]),
    Arg::path("path").required(),
    Arg::str("state").default("present").choices(&["absent", "present"]),
    Arg::path("src"),
    Arg::str("friendly_name").alias(&["name"]),
    Arg::path("privatekey_path"),
    Arg::str("privatekey_content").no_log(),
    Arg::str("privatekey_passphrase").no_log(),
    Arg::path("certificate_path"),
    Arg::str("certificate_content"),
    Arg::list_of("other_certificates", &ArgKind::Path).alias(&["ca_certificates"]),
    Arg::list("other_certificates_content"),
    Arg::bool("other_certificates_parse_all").default("false"),
    Arg::str("passphrase").no_log(),
    Arg::str("encryption_level").default("auto").choices(&["auto", "compatibility2022"]),
    Arg::int("iter_size"),
    Arg::int("maciter_size"),
    Arg::bool("force").default("false"),
    Arg::bool("backup").default("false"),
    Arg::bool("return_content").default("false"),
    Arg::str("select_crypto_backend").default("auto").choices(&["auto", "cryptography"]),
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    refuse_missing_directory(args)?;
    let mut file = OutputFile::new(args, Some("0400"))?;
    if args.str("state")? == "absent" {
        let changed = file.remove(cx)?;
        let left = file.read(cx)?;
        return Ok(file.complete(described(args, left.as_deref()).changed(changed)));
    }
    let before = file.read(cx)?;
    let new = match args.str("action")? {
        "export" => export(args, before.as_deref(), cx)?,
        _ => parse(args, before.as_deref(), cx)?,
    };
    if let New::Content(content) = &new {
        file.write(content, cx)?;
    }
    let changed = file.set_attributes(cx)? || !matches!(new, New::Nothing);
    let after = match new {
        New::Content(content) => Some(content),
        _ => before,
    };
    let mut result = described(args, after.as_deref());
    if !cx.check_mode {
        result = result.set_opt("mode", file.mode(cx)?);
    }
    Ok(file.complete(result.changed(changed)))
}

/// What becomes of the file.
enum New {
    /// It stays.
    Nothing,
    /// It would get another content: check mode makes none.
    Unknown,
    Content(Vec<u8>),
}

fn refuse_missing_directory(args: &Args) -> Result<(), ModuleError> {
    let dir = output_file::directory(&args.path("path")?);
    if dir.is_dir() {
        return Ok(());
    }
    let dir = dir.display().to_string();
    let msg = format!("The directory '{dir}' does not exist or the path is not a directory");
    Err(ModuleError::failed(msg).with("name", dir))
}

fn described(args: &Args, content: Option<&[u8]>) -> ModuleResult {
    let mut result = ModuleResult::ok().set_opt("privatekey_path", args.opt_str("privatekey_path"));
    if args.bool("return_content") {
        result = result.set("pkcs12", json!(content.map(|content| STANDARD.encode(content))));
    }
    result
}

fn export(args: &Args, before: Option<&[u8]>, cx: &mut Context<'_>) -> Result<New, ModuleError> {
    if cx.check_mode && before.is_none() {
        // The key may be one that check mode did not make.
        return Ok(New::Unknown);
    }
    let name = args.opt_str("friendly_name").filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| ModuleError::failed("Friendly_name is required"))?;
    let wanted = wanted(args, cx)?;
    let passphrase = args.opt_str("passphrase").unwrap_or_default();
    if let Some(before) = before.filter(|_| !args.bool("force"))
        && let Some(found) = Pkcs12::read(before, passphrase, cx)?
        && wanted.holds_same(&found)
        && has_name(&found, name)
    {
        return Ok(New::Nothing);
    }
    if cx.check_mode {
        return Ok(New::Unknown);
    }
    let encryption = match args.str("encryption_level")? {
        _ if passphrase.is_empty() => Encryption::None,
        "auto" => Encryption::Best,
        _ => Encryption::Compatible(args.opt_int("iter_size").unwrap_or(50_000)),
    };
    wanted.written(name, passphrase, &encryption, cx).map(New::Content)
}

/// Certificates without a key or one of their own have no name.
fn has_name(found: &Pkcs12, name: &str) -> bool {
    let nameless = found.key.is_none() && found.certificate.is_none();
    nameless || found.name.as_ref().is_some_and(|found| shown_names(name).contains(found))
}

/// What the arguments say is to be in the file.
fn wanted(args: &Args, cx: &mut Context<'_>) -> Result<Pkcs12, ModuleError> {
    let has_key = args.has("privatekey_path") || args.has("privatekey_content");
    let key = if has_key { Some(PrivateKey::of_args(args, "privatekey", cx)?) } else { None };
    let text = match (args.opt_str("certificate_content"), args.opt_str("certificate_path")) {
        (Some(content), _) => Some(content.as_bytes().to_vec()),
        (None, Some(path)) => Some(read(path)?),
        (None, None) => None,
    };
    let certificate = text.map(|text| certificate::of_pem(&text)).transpose()?;
    if let (Some(key), Some(certificate)) = (&key, &certificate)
        && !is_for(certificate, &key.public)
    {
        return Err(ModuleError::failed("Certificate public key and provided private key do not match"));
    }
    let paths = args.list_of_str("other_certificates");
    let mut texts = paths.iter().map(|path| read(path)).collect::<Result<Vec<_>, _>>()?;
    texts.extend(args.list_of_str("other_certificates_content").into_iter().map(String::into_bytes));
    let mut others = Vec::new();
    for text in texts {
        if args.bool("other_certificates_parse_all") {
            let blocks = Pem::all(&String::from_utf8_lossy(&text)).into_iter();
            others.extend(blocks.map(certificate::of_block).collect::<Result<Vec<_>, _>>()?);
        } else {
            others.push(certificate::of_pem(&text)?);
        }
    }
    Ok(Pkcs12 { key, certificate, others, name: None })
}

/// Takes key and certificates out of a file.
fn parse(args: &Args, before: Option<&[u8]>, cx: &mut Context<'_>) -> Result<New, ModuleError> {
    let content = taken_out(args, cx);
    let same = content.as_ref().is_ok_and(|content| before == Some(content));
    match content {
        _ if same && !args.bool("force") => Ok(New::Nothing),
        // The file may be one that check mode did not make.
        _ if cx.check_mode => Ok(New::Unknown),
        content => content.map(New::Content),
    }
}

fn taken_out(args: &Args, cx: &mut Context<'_>) -> Result<Vec<u8>, ModuleError> {
    let bytes = read(args.str("src")?)?;
    if Element::parse(&bytes).and_then(|whole| whole.tagged(SEQUENCE)).is_none() {
        return Err(ModuleError::failed("Could not deserialize PKCS12 data"));
    }
    let found = Pkcs12::read(&bytes, args.opt_str("passphrase").unwrap_or_default(), cx)?;
    let found = found.ok_or_else(|| ModuleError::failed("Invalid password or PKCS12 data"))?;
    let mut content = match &found.key {
        Some(key) => plain(key, cx)?,
        None => Vec::new(),
    };
    for certificate in found.certificate.iter().chain(&found.others) {
        content.extend(pem::encode("CERTIFICATE", certificate).into_bytes());
    }
    Ok(content)
}

/// In the traditional form, where there is one.
fn plain(key: &PrivateKey, cx: &mut Context<'_>) -> Result<Vec<u8>, ModuleError> {
    for format in [KeyFormat::Pkcs1, KeyFormat::Pkcs8] {
        if let Some(text) = key.written(format, None, cx)? {
            return Ok(text);
        }
    }
    Ok(Vec::new())
}

fn read(path: &str) -> Result<Vec<u8>, ModuleError> {
    fs_err::read(path).map_err(|error| ModuleError::failed(os_error(&error, path)))
}
