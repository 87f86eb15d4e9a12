//! `community.crypto.openssl_csr` and `openssl_csr_pipe`: certificate signing requests, in a file or as a result.

use serde_json::{Value, json};

use super::extensions;
use super::names::{Attribute, Name, ordered_pairs, pairs_of};
use super::output_file::OutputFile;
use super::private_key::PrivateKey;
use super::request::Request;
use super::wanted_extensions::{self, alternative_names};
use crate::arg::FILE_ARGS;
use crate::{Arg, ArgKind, Args, Constraint, Context, Diff, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module = Module::new("community.crypto.openssl_csr", REQUEST_ARGS, run)
    .constraints(&[
        Constraint::RequiredTogether(&["authority_cert_issuer", "authority_cert_serial_number"]),
        Constraint::RequiredIfAny("state", "present", &["privatekey_path", "privatekey_content"]),
        Constraint::MutuallyExclusive(&["privatekey_path", "privatekey_content"]),
        Constraint::MutuallyExclusive(&["subject", "subject_ordered"]),
    ])
    .shared_args(IN_FILE_ARGS)
    .diff();

pub(crate) static PIPE: Module = Module::new("community.crypto.openssl_csr_pipe", REQUEST_ARGS, run_pipe)
    .constraints(&[
        Constraint::RequiredTogether(&["authority_cert_issuer", "authority_cert_serial_number"]),
        Constraint::RequiredOneOf(&["privatekey_path", "privatekey_content"]),
        Constraint::MutuallyExclusive(&["privatekey_path", "privatekey_content"]),
        Constraint::MutuallyExclusive(&["subject", "subject_ordered"]),
    ])
    .shared_args(&[Arg::str("content")])
    .diff();

/// What both take.
const REQUEST_ARGS: &[Arg] = &[
    Arg::str("digest").default("sha256"),
    Arg::path("privatekey_path"),
    Arg::str("privatekey_content").no_log(),
    Arg::str("privatekey_passphrase").no_log(),
    Arg::int("version").default("1").choices(&["1"]),
    Arg::dict("subject"),
    Arg::list_of("subject_ordered", &ArgKind::Dict),
    Arg::str("country_name").alias(&["C", "countryName"]),
    Arg::str("state_or_province_name").alias(&["ST", "stateOrProvinceName"]),
    Arg::str("locality_name").alias(&["L", "localityName"]),
    Arg::str("organization_name").alias(&["O", "organizationName"]),
    Arg::str("organizational_unit_name").alias(&["OU", "organizationalUnitName"]),
    Arg::str("common_name").alias(&["CN", "commonName"]),
    Arg::str("email_address").alias(&["E", "emailAddress"]),
    Arg::list("subject_alt_name").alias(&["subjectAltName"]),
    Arg::bool("subject_alt_name_critical").default("false").alias(&["subjectAltName_critical"]),
    Arg::bool("use_common_name_for_san").default("true").alias(&["useCommonNameForSAN"]),
    Arg::list("key_usage").alias(&["keyUsage"]),
    Arg::bool("key_usage_critical").default("false").alias(&["keyUsage_critical"]),
    Arg::list("extended_key_usage").alias(&["extKeyUsage", "extendedKeyUsage"]),
    Arg::bool("extended_key_usage_critical")
        .default("false")
        .alias(&["extKeyUsage_critical", "extendedKeyUsage_critical"]),
    Arg::list("basic_constraints").alias(&["basicConstraints"]),
    Arg::bool("basic_constraints_critical").default("false").alias(&["basicConstraints_critical"]),
    Arg::bool("ocsp_must_staple").default("false").alias(&["ocspMustStaple"]),
    Arg::bool("ocsp_must_staple_critical").default("false").alias(&["ocspMustStaple_critical"]),
    Arg::list("name_constraints_permitted"),
    Arg::list("name_constraints_excluded"),
    Arg::bool("name_constraints_critical").default("false"),
    Arg::bool("create_subject_key_identifier").default("false"),
    Arg::str("subject_key_identifier"),
    Arg::str("authority_key_identifier"),
    Arg::list("authority_cert_issuer"),
    Arg::int("authority_cert_serial_number"),
    Arg::list_of("crl_distribution_points", &ArgKind::Dict).options(&[
        Arg::list("full_name"),
        Arg::list("relative_name"),
        Arg::list("crl_issuer"),
        Arg::list("reasons").choices(&[
            "key_compromise",
            "ca_compromise",
            "affiliation_changed",
            "superseded",
            "cessation_of_operation",
            "certificate_hold",
            "privilege_withdrawn",
            "aa_compromise",
        ]),
    ]),
    Arg::str("select_crypto_backend").default("auto").choices(&["auto", "cryptography"]),
];

const IN_FILE_ARGS: &[Arg] = &[
    Arg::path("path").required(),
    Arg::str("state").default("present").choices(&["absent", "present"]),
    Arg::bool("force").default("false"),
    Arg::bool("backup").default("false"),
    Arg::bool("return_content").default("false"),
    FILE_ARGS[0],
    FILE_ARGS[1],
    FILE_ARGS[2],
    FILE_ARGS[3],
    FILE_ARGS[4],
    FILE_ARGS[5],
    FILE_ARGS[6],
    FILE_ARGS[7],
    FILE_ARGS[8],
];

/// The arguments that stand for one attribute of the subject, in the order subjects have them.
const SUBJECT_ARGS: &[(&str, &str)] = &[
    ("country_name", "C"),
    ("state_or_province_name", "ST"),
    ("locality_name", "L"),
    ("organization_name", "O"),
    ("organizational_unit_name", "OU"),
    ("common_name", "CN"),
    ("email_address", "emailAddress"),
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    if args.str("state")? == "absent" {
        let mut file = OutputFile::new(args, None)?;
        let changed = file.remove(cx)?;
        let result = described(args, &[], &[]).diff(Diff::new(json!({}), json!({})));
        return Ok(file.complete(result.changed(changed)));
    }
    let mut file = OutputFile::new(args, None)?;
    let asked = Asked::new(args)?;
    let before = file.read(cx)?;
    let current = before.as_deref().and_then(Request::parse);
    // The key may be one that check mode did not make.
    let unpredictable = cx.check_mode && (current.is_none() || args.bool("force") || !has_key(args, cx));
    let wanted = if unpredictable { None } else { Some(Wanted::new(&asked, args, cx)?) };
    let mut after = before.clone();
    let replace = match &wanted {
        None => true,
        Some(wanted) => args.bool("force") || !wanted.is_met_by(current.as_ref(), cx)?,
    };
    if let Some(wanted) = wanted.filter(|_| replace && !cx.check_mode) {
        let new = wanted.make(args, cx)?.pem.into_bytes();
        file.write(&new, cx)?;
        after = Some(new);
    }
    let changed = file.set_attributes(cx)? || replace;
    let mut result = described(args, &asked.subject, &asked.alternatives);
    if args.bool("return_content") {
        result = result.set("csr", json!(after.as_deref().map(String::from_utf8_lossy)));
    }
    let diff = Diff::new(Request::shown(before.as_deref(), cx)?, Request::shown(after.as_deref(), cx)?);
    Ok(file.complete(result.changed(changed).diff(diff)))
}

fn has_key(args: &Args, cx: &Context<'_>) -> bool {
    args.opt_str("privatekey_path").is_none_or(|path| cx.exists(path))
}

fn run_pipe(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let asked = Asked::new(args)?;
    let wanted = Wanted::new(&asked, args, cx)?;
    let before = args.opt_str("content").map(str::as_bytes);
    let current = before.and_then(Request::parse);
    let keep = wanted.is_met_by(current.as_ref(), cx)?;
    let request = match current {
        Some(current) if keep => current,
        // Nothing of the system changes: check mode makes one as well.
        _ => wanted.make(args, cx)?,
    };
    let diff = Diff::new(Request::shown(before, cx)?, Request::shown(Some(request.pem.as_bytes()), cx)?);
    let result = described(args, &asked.subject, &asked.alternatives).set("csr", request.pem);
    Ok(result.changed(!keep).diff(diff))
}

/// What results say about every request.
fn described(args: &Args, subject: &[(String, String)], alternatives: &[String]) -> ModuleResult {
    let list = |list: Vec<String>| if list.is_empty() { Value::Null } else { list.into() };
    let list_of = |arg: &str| list(args.list_of_str(arg));
    let absent = args.opt_str("state") == Some("absent");
    let key = args.opt_str("privatekey_path").filter(|_| !absent);
    let subject: Vec<[&str; 2]> = subject.iter().map(|(name, value)| [name.as_str(), value.as_str()]).collect();
    ModuleResult::ok()
        .set("privatekey", json!(key))
        .set("subject", json!(subject))
        .set("subjectAltName", list(alternatives.to_vec()))
        .set("keyUsage", list_of("key_usage"))
        .set("extendedKeyUsage", list_of("extended_key_usage"))
        .set("basicConstraints", list_of("basic_constraints"))
        .set("ocspMustStaple", args.bool("ocsp_must_staple"))
        .set("name_constraints_permitted", args.list_of_str("name_constraints_permitted"))
        .set("name_constraints_excluded", args.list_of_str("name_constraints_excluded"))
}

/// What the arguments alone say.
struct Asked {
    /// As the arguments name the attributes.
    subject: Vec<(String, String)>,
    alternatives: Vec<String>,
}

impl Asked {
    fn new(args: &Args) -> Result<Self, ModuleError> {
        wanted_extensions::judge(args)?;
        let subject = subject(args)?;
        let common_name = subject.iter().find(|(name, _)| matches!(name.as_str(), "CN" | "commonName"));
        let alternatives = alternative_names(args, common_name.map(|(_, value)| value.as_str()));
        Ok(Self { subject, alternatives })
    }
}

/// The request a task asks for.
struct Wanted {
    key: PrivateKey,
    name: Name,
    /// The order of the attributes matters.
    ordered: bool,
    extensions: Vec<extensions::Extension>,
}

impl Wanted {
    fn new(asked: &Asked, args: &Args, cx: &mut Context<'_>) -> Result<Self, ModuleError> {
        let key = PrivateKey::of_args(args, "privatekey", cx)?;
        let attributes = asked.subject.iter().map(|(name, value)| Attribute::new(name, value));
        let name = Name(attributes.collect::<Result<_, _>>()?);
        let extensions = wanted_extensions::wanted(args, &asked.alternatives, &key.public)?;
        Ok(Self { key, name, ordered: args.has("subject_ordered"), extensions })
    }

    fn is_met_by(&self, current: Option<&Request>, cx: &mut Context<'_>) -> Result<bool, ModuleError> {
        let Some(current) = current else { return Ok(false) };
        let same_name =
            current.subject == self.name || (!self.ordered && current.subject.sorted() == self.name.sorted());
        let same = same_name && current.public == self.key.public;
        Ok(same && extensions::same(&current.extensions, &self.extensions, &[]) && current.is_valid(cx)?)
    }

    fn make(&self, args: &Args, cx: &mut Context<'_>) -> Result<Request, ModuleError> {
        let digest = args.str("digest")?;
        if !self.key.takes_digest(digest) {
            return Err(ModuleError::failed(format!("Unsupported digest \"{digest}\"")));
        }
        Request::make(&self.key, self.name.clone(), self.extensions.clone(), digest, cx)
    }
}

/// Names and values of the subject's attributes.
fn subject(args: &Args) -> Result<Vec<(String, String)>, ModuleError> {
    let single =
        SUBJECT_ARGS.iter().filter_map(|(arg, name)| Some(((*name).to_owned(), args.opt_str(arg)?.to_owned())));
    let mut subject: Vec<_> = single.collect();
    subject.extend(args.dict("subject").into_iter().flat_map(pairs_of));
    if args.has("subject_ordered") && !subject.is_empty() {
        return Err(ModuleError::failed("subject_ordered cannot be combined with any other subject field"));
    }
    subject.extend(ordered_pairs(args, "subject_ordered")?);
    Ok(subject)
}
