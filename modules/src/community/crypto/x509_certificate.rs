//! `community.crypto.x509_certificate`: certificates signed by their own key, by an authority's, or through ACME.

use jiff::Timestamp;
use rand::RngCore as _;
use serde_json::{Value, json};

use super::certificate::{Certificate, Contents, requested_time, time_text};
use super::extensions::{self, AUTHORITY_KEY_IDENTIFIER, Extension, SUBJECT_KEY_IDENTIFIER, key_identifier};
use super::names::Name;
use super::output_file::OutputFile;
use super::private_key::{PrivateKey, succeeded};
use super::public_key::{PublicKey, number};
use super::request::Request;
use crate::{Arg, Args, CommandSpec, Constraint, Context, Diff, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module = Module::new("community.crypto.x509_certificate", ARGS, run)
    .constraints(&[
        Constraint::RequiredIf("state", "present", &["provider"]),
        Constraint::MutuallyExclusive(&["csr_path", "csr_content"]),
        Constraint::MutuallyExclusive(&["privatekey_path", "privatekey_content"]),
        Constraint::MutuallyExclusive(&["ownca_path", "ownca_content"]),
        Constraint::MutuallyExclusive(&["ownca_privatekey_path", "ownca_privatekey_content"]),
    ])
    .file_args()
    .diff();

const IDENTIFIER_CHOICES: &[&str] = &["create_if_not_provided", "always_create", "never_create"];

const ARGS: &[Arg] = &[
    Arg::path("path").required(),
    Arg::str("state").default("present").choices(&["absent", "present"]),
    Arg::str("provider").choices(&["acme", "ownca", "selfsigned"]),
    Arg::bool("force").default("false"),
    Arg::bool("backup").default("false"),
    Arg::bool("return_content").default("false"),
    Arg::path("csr_path"),
    Arg::str("csr_content"),
    Arg::path("privatekey_path"),
    Arg::str("privatekey_content").no_log(),
    Arg::str("privatekey_passphrase").no_log(),
    Arg::bool("ignore_timestamps").default("true"),
    Arg::str("select_crypto_backend").default("auto").choices(&["auto", "cryptography"]),
    Arg::int("selfsigned_version").default("3").choices(&["3"]),
    Arg::str("selfsigned_digest").default("sha256"),
    Arg::str("selfsigned_not_before").default("+0s").alias(&["selfsigned_notBefore"]),
    Arg::str("selfsigned_not_after").default("+3650d").alias(&["selfsigned_notAfter"]),
    Arg::str("selfsigned_create_subject_key_identifier").default("create_if_not_provided").choices(IDENTIFIER_CHOICES),
    Arg::path("ownca_path"),
    Arg::str("ownca_content"),
    Arg::path("ownca_privatekey_path"),
    Arg::str("ownca_privatekey_content").no_log(),
    Arg::str("ownca_privatekey_passphrase").no_log(),
    Arg::str("ownca_digest").default("sha256"),
    Arg::int("ownca_version").default("3").choices(&["3"]),
    Arg::str("ownca_not_before").default("+0s"),
    Arg::str("ownca_not_after").default("+3650d"),
    Arg::str("ownca_create_subject_key_identifier").default("create_if_not_provided").choices(IDENTIFIER_CHOICES),
    Arg::bool("ownca_create_authority_key_identifier").default("true"),
    Arg::path("acme_accountkey_path"),
    Arg::path("acme_challenge_path"),
    Arg::bool("acme_chain").default("false"),
    Arg::str("acme_directory").default("https://acme-v02.api.letsencrypt.org/directory"),
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let mut file = OutputFile::new(args, None)?;
    if args.str("state")? == "absent" {
        let changed = file.remove(cx)?;
        let result = ModuleResult::ok().set("privatekey", Value::Null).set("csr", Value::Null);
        return Ok(file.complete(result.changed(changed)));
    }
    let before = file.read(cx)?;
    let current = before.as_deref().and_then(Certificate::parse);
    let provider = args.str("provider")?;
    let (made, replace, mut result) = if provider == "acme" {
        through_acme(args, current.as_ref(), cx)?
    } else {
        let signer = Signer::new(provider, args, cx)?;
        let replace = args.bool("force") || !signer.is_met_by(current.as_ref(), cx)?;
        let made = if replace && !cx.check_mode { Some(signer.make(cx)?) } else { None };
        let shown =
            if replace && cx.check_mode { None } else { made.as_deref().map(str::as_bytes).or(before.as_deref()) };
        let shown = shown.and_then(Certificate::parse).map_or(signer.contents.clone(), |shown| shown.contents);
        (made, replace, signer.described(&shown))
    };
    if let Some(text) = &made {
        file.write(text.as_bytes(), cx)?;
    }
    let changed = file.set_attributes(cx)? || replace;
    let after = made.map(String::into_bytes).or_else(|| before.clone());
    if args.bool("return_content") {
        let content = after.as_deref().map(|text| String::from_utf8_lossy(text).into_owned());
        result = result.set("certificate", json!(content));
    }
    let diff = Diff::new(Certificate::shown(before.as_deref()), Certificate::shown(after.as_deref()));
    Ok(file.complete(result.changed(changed).diff(diff)))
}

/// A file that an argument names, or the text given instead of it.
fn text_of(args: &Args, arg: &str, what: &str) -> Result<Option<Vec<u8>>, ModuleError> {
    if let Some(content) = args.opt_str(&format!("{arg}_content")) {
        return Ok(Some(content.as_bytes().to_vec()));
    }
    let Some(path) = args.opt_str(&format!("{arg}_path")) else { return Ok(None) };
    let missing = |_| ModuleError::failed(format!("The {what} {path} does not exist"));
    fs_err::read(path).map(Some).map_err(missing)
}

fn key_of(args: &Args, prefix: &str, what: &str, cx: &mut Context<'_>) -> Result<Option<PrivateKey>, ModuleError> {
    let Some(text) = text_of(args, prefix, what)? else { return Ok(None) };
    let passphrase = args.opt_str(&format!("{prefix}_passphrase"));
    Ok(Some(PrivateKey::read(&text, passphrase, cx)?))
}

/// Who signs, and what.
struct Signer<'a> {
    args: &'a Args,
    provider: &'a str,
    key: PrivateKey,
    /// The public key that the certificate is for.
    public: PublicKey,
    /// Other keys that have to be the same: the one the request is for, the private one beside an authority's.
    same_keys: Vec<PublicKey>,
    contents: Contents,
}

impl<'a> Signer<'a> {
    fn new(provider: &'a str, args: &'a Args, cx: &mut Context<'_>) -> Result<Self, ModuleError> {
        let arg = |name: &str| format!("{provider}_{name}");
        let authority = provider == "ownca";
        let request = text_of(args, "csr", "certificate signing request file")?;
        if authority && request.is_none() {
            return Err(ModuleError::failed("csr_path or csr_content is required for ownca provider"));
        }
        let prefix = if authority { "ownca_privatekey" } else { "privatekey" };
        let certificate = if authority { text_of(args, "ownca", "CA certificate file")? } else { None };
        if authority && certificate.is_none() {
            let msg = "One of ownca_path and ownca_content must be specified for the ownca provider.";
            return Err(ModuleError::failed(msg));
        }
        let missing =
            format!("One of {prefix}_path and {prefix}_content must be specified for the {provider} provider.");
        let what = if authority { "CA private key file" } else { "private key file" };
        let key = key_of(args, prefix, what, cx)?.ok_or_else(|| ModuleError::failed(missing))?;
        let own_key =
            if authority { key_of(args, "privatekey", "private key file", cx)?.map(|key| key.public) } else { None };
        let digest = args.str(&arg("digest"))?;
        if !key.takes_digest(digest) {
            let msg = format!("The digest {digest} is not supported with the cryptography backend");
            return Err(ModuleError::failed(msg));
        }
        let request = match request {
            Some(text) => Request::parse(&text).ok_or_else(|| {
                ModuleError::failed("The certificate signing request cannot be parsed: unable to load PEM file.")
            })?,
            None => Request::of_nothing(key.public.clone()),
        };
        let (issuer, issuer_key) = match &certificate {
            None => (request.subject.clone(), None),
            Some(text) => {
                let unreadable =
                    || ModuleError::failed("The CA certificate cannot be parsed: unable to load PEM file.");
                let certificate = Certificate::parse(text).ok_or_else(unreadable)?;
                if certificate.public != key.public {
                    return Err(ModuleError::failed("The CA private key does not belong to the CA certificate"));
                }
                let identifier = key_identifier(&certificate.contents.extensions);
                let identifier = identifier.unwrap_or_else(|| certificate.public.identifier());
                (certificate.contents.subject, Some(identifier))
            }
        };
        // A certificate its own key signs is for that key, whoever asked.
        let public = if authority { request.public.clone() } else { key.public.clone() };
        let same_keys = own_key.into_iter().chain([request.public.clone()]).collect();
        let extensions = wanted_extensions(args, provider, &request, &public, issuer_key.as_deref())?;
        let contents = contents(args, provider, issuer, &request, extensions)?;
        Ok(Self { args, provider, key, public, same_keys, contents })
    }

    fn is_met_by(&self, current: Option<&Certificate>, cx: &mut Context<'_>) -> Result<bool, ModuleError> {
        let Some(current) = current else { return Ok(false) };
        let (is, wanted) = (&current.contents, &self.contents);
        let same_times = (is.not_before, is.not_after) == (wanted.not_before, wanted.not_after);
        let same = current.public == self.public
            && self.same_keys.iter().all(|key| *key == current.public)
            && is.subject == wanted.subject
            && is.issuer == wanted.issuer
            && extensions::same(&is.extensions, &wanted.extensions, &[])
            && (self.args.bool("ignore_timestamps") || same_times);
        Ok(same && current.is_signed_by(&self.key.public, cx)?)
    }

    fn make(&self, cx: &mut Context<'_>) -> Result<String, ModuleError> {
        let digest = self.args.str(&format!("{}_digest", self.provider))?;
        Certificate::make(&self.contents, &self.public, &self.key, digest, cx)
    }

    fn described(&self, shown: &Contents) -> ModuleResult {
        let path = |arg: &str| json!(self.args.opt_str(arg));
        let result = ModuleResult::ok().set("privatekey", path("privatekey_path")).set("csr", path("csr_path"));
        let result = if self.provider == "ownca" {
            result.set("ca_cert", path("ownca_path")).set("ca_privatekey", path("ownca_privatekey_path"))
        } else {
            result
        };
        result
            .set("notBefore", time_text(shown.not_before))
            .set("notAfter", time_text(shown.not_after))
            .set("serial_number", number(&shown.serial))
    }
}

fn contents(
    args: &Args,
    provider: &str,
    issuer: Name,
    request: &Request,
    extensions: Vec<Extension>,
) -> Result<Contents, ModuleError> {
    let now =
        Timestamp::from_second(Timestamp::now().as_second()).map_err(|error| ModuleError::failed(error.to_string()))?;
    let time = |name: &str| {
        let arg = format!("{provider}_{name}");
        requested_time(args.str(&arg)?, &arg, now)
    };
    let (not_before, not_after) = (time("not_before")?, time("not_after")?);
    if not_after < not_before {
        return Err(ModuleError::failed("The not valid after date must be after the not valid before date."));
    }
    let mut serial = vec![0_u8; 20];
    rand::rng().fill_bytes(&mut serial);
    // Serial numbers are positive and have at most twenty bytes.
    serial[0] = serial[0] >> 1 | 1;
    Ok(Contents { serial, issuer, subject: request.subject.clone(), not_before, not_after, extensions })
}

/// The extensions of the request, with the identifiers of the keys as the task wants them.
fn wanted_extensions(
    args: &Args,
    provider: &str,
    request: &Request,
    public: &PublicKey,
    issuer_key: Option<&[u8]>,
) -> Result<Vec<Extension>, ModuleError> {
    let mut wanted = request.extensions.clone();
    let has = extensions::find(&wanted, SUBJECT_KEY_IDENTIFIER).is_some();
    let create = match args.str(&format!("{provider}_create_subject_key_identifier"))? {
        "always_create" => true,
        "never_create" => false,
        _ => !has,
    };
    if create {
        wanted.retain(|extension| extension.oid != SUBJECT_KEY_IDENTIFIER);
        wanted.push(Extension::subject_key_identifier(&public.identifier()));
    }
    if let Some(identifier) = issuer_key.filter(|_| args.bool("ownca_create_authority_key_identifier")) {
        wanted.retain(|extension| extension.oid != AUTHORITY_KEY_IDENTIFIER);
        wanted.push(Extension::authority_key_identifier(identifier));
    }
    Ok(wanted)
}

/// The text of a new certificate, whether one is due, and the result.
type Made = (Option<String>, bool, ModuleResult);

/// Asks `acme-tiny` on the node.
fn through_acme(args: &Args, current: Option<&Certificate>, cx: &mut Context<'_>) -> Result<Made, ModuleError> {
    let needed = |arg: &str| {
        let msg = format!("The {arg} option must be specified for the acme provider.");
        args.opt_str(arg).ok_or_else(|| ModuleError::failed(msg))
    };
    let (account, challenges) = (needed("acme_accountkey_path")?, needed("acme_challenge_path")?);
    let text = text_of(args, "csr", "certificate signing request file")?;
    let text = text.ok_or_else(|| ModuleError::failed("csr_path or csr_content is required for acme provider"))?;
    let program = cx.require_program("acme-tiny")?.to_string_lossy().into_owned();
    let missing = |path: &str, what: &str| ModuleError::failed(format!("The {what} {path} does not exist"));
    if !cx.exists(account) {
        return Err(missing(account, "account key file"));
    }
    if !cx.exists(challenges) {
        return Err(missing(challenges, "challenge path"));
    }
    let own_key = key_of(args, "privatekey", "private key file", cx)?.map(|key| key.public);
    let request =
        Request::parse(&text).ok_or_else(|| ModuleError::failed("The certificate signing request cannot be parsed"))?;
    let met = current.is_some_and(|current| {
        let names = extensions::same(&current.contents.extensions, &request.extensions, NOT_ASKED_FOR);
        current.public == request.public && own_key.is_none_or(|own| own == current.public) && names
    });
    let replace = args.bool("force") || !met;
    let mut made = None;
    if replace && !cx.check_mode {
        let dir = cx.temp_dir()?;
        let file = dir.path().join("request.csr");
        fs_err::write(&file, &text)?;
        let mut command = CommandSpec::new([program.as_str()]);
        if args.bool("acme_chain") {
            command = command.arg("--chain");
        }
        command = command.args(["--account-key", account, "--csr", &file.to_string_lossy()]);
        command = command.args(["--acme-dir", challenges, "--directory-url", args.str("acme_directory")?]);
        made = Some(succeeded(&command, cx.run(&command)?)?.stdout());
    }
    let path = |arg: &str| json!(args.opt_str(arg));
    let result = ModuleResult::ok()
        .set("privatekey", path("privatekey_path"))
        .set("csr", path("csr_path"))
        .set("accountkey", path("acme_accountkey_path"));
    Ok((made, replace, result))
}

/// Extensions that an authority on the network decides about.
const NOT_ASKED_FOR: &[&str] = &[
    SUBJECT_KEY_IDENTIFIER,
    AUTHORITY_KEY_IDENTIFIER,
    "2.5.29.15",
    "2.5.29.19",
    "2.5.29.31",
    "2.5.29.32",
    "2.5.29.37",
    "1.3.6.1.5.5.7.1.1",
    "1.3.6.1.5.5.7.1.24",
    "1.3.6.1.4.1.11129.2.4.2",
];
