//! `community.crypto.x509_crl`: lists of revoked certificates.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::certificate::{self, Certificate, requested_time, time_text};
use super::crl::{Contents, Crl, Encoding, REASONS, Revoked};
use super::der;
use super::extensions::{CERTIFICATE_ISSUER, Extension, INVALIDITY_DATE, REVOCATION_REASON};
use super::general_name;
use super::names::{Attribute, Name, ordered_pairs, pairs_of};
use super::output_file::OutputFile;
use super::private_key::PrivateKey;
use crate::error::os_error;
use crate::python_repr::{repr, str_of};
use crate::{Arg, ArgKind, Args, Constraint, Context, Diff, Map, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module = Module::new("community.crypto.x509_crl", ARGS, run)
    .constraints(&[
        Constraint::RequiredIfAny("state", "present", &["privatekey_path", "privatekey_content"]),
        Constraint::RequiredIfAny("state", "present", &["issuer", "issuer_ordered"]),
        Constraint::RequiredIf("state", "present", &["next_update", "revoked_certificates"]),
        Constraint::MutuallyExclusive(&["privatekey_path", "privatekey_content"]),
        Constraint::MutuallyExclusive(&["issuer", "issuer_ordered"]),
    ])
    .file_args()
    .diff();

const ARGS: &[Arg] = &[
    Arg::path("path").required(),
    Arg::str("state").default("present").choices(&["absent", "present"]),
    Arg::str("crl_mode").default("generate").choices(&["generate", "update"]),
    Arg::bool("force").default("false"),
    Arg::bool("backup").default("false"),
    Arg::bool("return_content").default("false"),
    Arg::str("format").default("pem").choices(&["pem", "der"]),
    Arg::path("privatekey_path"),
    Arg::str("privatekey_content").no_log(),
    Arg::str("privatekey_passphrase").no_log(),
    Arg::dict("issuer"),
    Arg::list_of("issuer_ordered", &ArgKind::Dict),
    Arg::str("last_update").default("+0s"),
    Arg::str("next_update"),
    Arg::str("digest").default("sha256"),
    Arg::bool("ignore_timestamps").default("false"),
    Arg::list_of("revoked_certificates", &ArgKind::Dict).options(REVOKED_ARGS),
    Arg::str("serial_numbers").default("integer").choices(&["integer", "hex-octets"]),
    Arg::str("name_encoding").default("ignore").choices(&["ignore", "idna", "unicode"]),
];

const REVOKED_ARGS: &[Arg] = &[
    Arg::path("path"),
    Arg::str("content"),
    Arg::raw("serial_number"),
    Arg::str("revocation_date").default("+0s"),
    Arg::list("issuer"),
    Arg::bool("issuer_critical").default("false"),
    Arg::str("reason").choices(&[
        "unspecified",
        "key_compromise",
        "ca_compromise",
        "affiliation_changed",
        "superseded",
        "cessation_of_operation",
        "certificate_hold",
        "privilege_withdrawn",
        "aa_compromise",
        "remove_from_crl",
    ]),
    Arg::bool("reason_critical").default("false"),
    Arg::str("invalidity_date"),
    Arg::bool("invalidity_date_critical").default("false"),
];

/// Of these, an entry has exactly one.
const CERTIFICATES: &[&str] = &["path", "content", "serial_number"];

/// What is to be done about the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Plan {
    Keep,
    /// The list is as wanted, and in the other encoding.
    Convert,
    Make,
}

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let mut file = OutputFile::new(args, None)?;
    if args.str("state")? == "absent" {
        return remove(&mut file, args, cx);
    }
    let mut wanted = Wanted::new(args, cx)?;
    let before = file.read(cx)?.as_deref().and_then(Crl::parse);
    let plan = wanted.plan(before.as_ref(), args, cx)?;
    let shown_wanted = wanted.described(args)?;
    let mut after = before.clone();
    if plan != Plan::Keep && !cx.check_mode {
        let crl = match (plan, before.clone()) {
            (Plan::Convert, Some(crl)) => crl.encoded(wanted.encoding),
            (_, before) => {
                wanted.keep_entries(before, args);
                Crl::make(wanted.contents, wanted.encoding, &wanted.key, args.str("digest")?, cx)?
            }
        };
        file.write(&crl.bytes(), cx)?;
        after = Some(crl);
    }
    let changed = file.set_attributes(cx)? || plan != Plan::Keep;
    let told = match &after {
        Some(crl) if !cx.check_mode => described(crl, args),
        _ => shown_wanted,
    };
    let mut result = ModuleResult::ok().set("privatekey", json!(args.opt_str("privatekey_path"))).extend(told);
    if args.bool("return_content") {
        result = result.set("crl", json!(after.as_ref().map(Crl::text)));
    }
    let diff = Diff::new(shown(before.as_ref(), args), shown(after.as_ref(), args));
    Ok(file.complete(result.changed(changed).diff(diff)))
}

fn remove(file: &mut OutputFile<'_>, args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let before = file.read(cx)?.as_deref().and_then(Crl::parse);
    let changed = file.remove(cx)?;
    let told = match &before {
        Some(crl) => described(crl, args),
        None => nothing_described(args),
    };
    let mut result = ModuleResult::ok().set("privatekey", json!(args.opt_str("privatekey_path"))).extend(told);
    if args.bool("return_content") {
        result = result.set("crl", json!(before.as_ref().map(Crl::text)));
    }
    let diff = Diff::new(shown(before.as_ref(), args), json!({}));
    Ok(file.complete(result.changed(changed).diff(diff)))
}

/// The same keys where there is no list.
fn nothing_described(args: &Args) -> Map {
    let unknown = ["last_update", "next_update", "digest", "issuer_ordered", "issuer"];
    let mut info: Map = unknown.iter().map(|key| ((*key).to_owned(), Value::Null)).collect();
    info.insert("format".to_owned(), json!(args.opt_str("format")));
    info.insert("revoked_certificates".to_owned(), json!([]));
    info
}

/// What a list says, as results and comparisons have it.
fn described(crl: &Crl, args: &Args) -> Map {
    let mut info = crl.info();
    info.insert("revoked_certificates".to_owned(), entries(&crl.contents.revoked, args));
    info
}

fn entries(revoked: &[Revoked], args: &Args) -> Value {
    // Names in lists are in ASCII, which is what `idna` asks for.
    let unicode = args.opt_str("name_encoding") == Some("unicode");
    revoked.iter().map(|entry| entry.info(unicode)).collect()
}

fn shown(crl: Option<&Crl>, args: &Args) -> Value {
    let Some(crl) = crl else { return json!({}) };
    let mut info = described(crl, args);
    // Ansible's module compares whole results.
    info.insert("changed".to_owned(), false.into());
    info.insert("can_parse_crl".to_owned(), true.into());
    Value::Object(info)
}

/// The list a task asks for.
struct Wanted {
    key: PrivateKey,
    /// The signature algorithm, in DER.
    algorithm: Vec<u8>,
    encoding: Encoding,
    /// The issuer's attributes as the task names them.
    issuer: Vec<(String, String)>,
    contents: Contents,
}

impl Wanted {
    fn new(args: &Args, cx: &mut Context<'_>) -> Result<Self, ModuleError> {
        let issuer = match args.dict("issuer") {
            Some(issuer) => pairs_of(issuer),
            None => ordered_pairs(args, "issuer_ordered")?,
        };
        let attributes = issuer.iter().map(|(name, value)| Attribute::new(name, value));
        let name = Name(attributes.collect::<Result<_, _>>()?);
        let now = Timestamp::from_second(Timestamp::now().as_second())
            .map_err(|error| ModuleError::failed(error.to_string()))?;
        let contents = Contents {
            issuer: name,
            last_update: requested_time(args.str("last_update")?, "last_update", now)?,
            next_update: Some(requested_time(args.str("next_update")?, "next_update", now)?),
            revoked: revoked(args, now)?,
        };
        let key = PrivateKey::of_args(args, "privatekey", cx)?;
        let digest = args.str("digest")?;
        if !key.takes_digest(digest) {
            return Err(ModuleError::failed(format!("The digest \"{digest}\" is not supported")));
        }
        let algorithm = key.algorithm(digest)?;
        let encoding = if args.str("format")? == "der" { Encoding::Der } else { Encoding::Pem };
        Ok(Self { key, algorithm, encoding, issuer, contents })
    }

    fn plan(&self, current: Option<&Crl>, args: &Args, cx: &mut Context<'_>) -> Result<Plan, ModuleError> {
        let Some(current) = current.filter(|_| !args.bool("force")) else { return Ok(Plan::Make) };
        let met =
            self.is_met_by(&current.contents, args) && current.is_signed_by(&self.key.public, &self.algorithm, cx)?;
        Ok(match met {
            false => Plan::Make,
            true if current.encoding == self.encoding => Plan::Keep,
            true => Plan::Convert,
        })
    }

    fn is_met_by(&self, current: &Contents, args: &Args) -> bool {
        let wanted = &self.contents;
        let ignore_times = args.bool("ignore_timestamps");
        let same_issuer = current.issuer == wanted.issuer
            || (args.has("issuer") && current.issuer.sorted() == wanted.issuer.sorted());
        let same_times = (current.last_update, current.next_update) == (wanted.last_update, wanted.next_update);
        let has = |entry: &Revoked| current.revoked.iter().any(|found| found.is_like(entry, ignore_times));
        let same_entries = if is_update(args) {
            wanted.revoked.iter().all(has)
        } else {
            current.revoked.len() == wanted.revoked.len()
                && current.revoked.iter().zip(&wanted.revoked).all(|(one, other)| one.is_like(other, ignore_times))
        };
        same_issuer && (ignore_times || same_times) && same_entries
    }

    /// Puts the entries that are to stay before those that come.
    fn keep_entries(&mut self, before: Option<Crl>, args: &Args) {
        let Some(before) = before.filter(|_| is_update(args)) else { return };
        let ignore_times = args.bool("ignore_timestamps");
        let mut all = before.contents.revoked;
        for entry in std::mem::take(&mut self.contents.revoked) {
            if !all.iter().any(|found| found.is_like(&entry, ignore_times)) {
                all.push(entry);
            }
        }
        self.contents.revoked = all;
    }

    /// What check mode tells: the arguments.
    fn described(&self, args: &Args) -> Result<Map, ModuleError> {
        let ordered: Vec<[&str; 2]> = self.issuer.iter().map(|(name, value)| [name.as_str(), value.as_str()]).collect();
        let by_name: Map = self.issuer.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
        Ok(Map::from_iter([
            ("format".to_owned(), self.encoding.name().into()),
            ("last_update".to_owned(), time_text(self.contents.last_update).into()),
            ("next_update".to_owned(), json!(self.contents.next_update.map(time_text))),
            ("digest".to_owned(), args.str("digest")?.into()),
            ("issuer".to_owned(), Value::Object(by_name)),
            ("issuer_ordered".to_owned(), json!(ordered)),
            ("revoked_certificates".to_owned(), entries(&self.contents.revoked, args)),
        ]))
    }
}

fn is_update(args: &Args) -> bool {
    args.opt_str("crl_mode") == Some("update")
}

/// The entries the task lists.
fn revoked(args: &Args, now: Timestamp) -> Result<Vec<Revoked>, ModuleError> {
    let given = args.list("revoked_certificates").iter().filter_map(Value::as_object).enumerate();
    let in_octets = args.str("serial_numbers")? == "hex-octets";
    given.map(|(index, entry)| Entry { args: Args::of_map(entry), index }.revoked(in_octets, now)).collect()
}

/// One entry of the task's list.
struct Entry {
    args: Args,
    index: usize,
}

impl Entry {
    fn revoked(&self, in_octets: bool, now: Timestamp) -> Result<Revoked, ModuleError> {
        let given = CERTIFICATES.iter().filter(|name| self.args.has(name)).count();
        if given != 1 {
            let (rule, names) = match given {
                0 => ("one of the following is required", CERTIFICATES.join(", ")),
                _ => ("parameters are mutually exclusive", CERTIFICATES.join("|")),
            };
            return Err(ModuleError::failed(format!("{rule}: {names} found in revoked_certificates")));
        }
        let time = |arg: &str, text: &str| requested_time(text, &self.place(arg), now);
        let date = time("revocation_date", self.args.opt_str("revocation_date").unwrap_or("+0s"))?;
        let invalid_since =
            self.args.opt_str("invalidity_date").map(|text| time("invalidity_date", text)).transpose()?;
        Ok(Revoked { serial: self.serial(in_octets)?, date, extensions: self.extensions(invalid_since)? })
    }

    fn place(&self, arg: &str) -> String {
        format!("revoked_certificates[{}].{arg}", self.index)
    }

    fn serial(&self, in_octets: bool) -> Result<Vec<u8>, ModuleError> {
        if let Some(given) = self.args.raw("serial_number").filter(|given| !given.is_null()) {
            // Counted from one in these messages.
            let place = format!("revoked_certificates[{}].serial_number", self.index + 1);
            return if in_octets { octets(&str_of(given), &place) } else { integer(given, &place) };
        }
        let (text, failure) = match (self.args.opt_str("content"), self.args.opt_str("path")) {
            (Some(content), _) => {
                (Ok(content.as_bytes().to_vec()), format!("Cannot parse certificate from {}: ", self.place("content")))
            }
            (None, path) => {
                let path = path.unwrap_or_default();
                let text = fs_err::read(path).map_err(|error| os_error(&error, path));
                (text, format!("Cannot read certificate \"{path}\" from {}: ", self.place("path")))
            }
        };
        let der = text.and_then(|text| certificate::of_pem(&text).map_err(|error| error.to_string()));
        let der = der.map_err(|reason| ModuleError::failed(format!("{failure}{reason}")))?;
        let certificate = Certificate::decode(&der);
        let certificate = certificate.ok_or_else(|| ModuleError::failed(format!("{failure}no X.509 certificate")))?;
        Ok(der::without_zeros(&certificate.contents.serial).to_vec())
    }

    fn extensions(&self, invalid_since: Option<Timestamp>) -> Result<Vec<Extension>, ModuleError> {
        let critical = |name: &str| self.args.bool(&format!("{name}_critical"));
        let mut extensions = Vec::new();
        if self.args.has("issuer") {
            let names = self.args.list_of_str("issuer");
            let names = names.iter().map(|name| general_name::encode(name, "issuer")).collect::<Result<Vec<_>, _>>()?;
            extensions.push(Extension::new(CERTIFICATE_ISSUER, critical("issuer"), der::sequence(&names)));
        }
        if let Some(reason) = self.args.opt_str("reason") {
            let number = REASONS.iter().find(|(name, _)| *name == reason).map_or(0, |(_, number)| *number);
            let value = der::element(der::ENUMERATED, &[number]);
            extensions.push(Extension::new(REVOCATION_REASON, critical("reason"), value));
        }
        if let Some(time) = invalid_since {
            let value = der::element(der::GENERALIZED_TIME, time_text(time).as_bytes());
            extensions.push(Extension::new(INVALIDITY_DATE, critical("invalidity_date"), value));
        }
        Ok(extensions)
    }
}

/// The bytes of `66223`.
fn integer(given: &Value, place: &str) -> Result<Vec<u8>, ModuleError> {
    let text = str_of(given);
    der::of_decimal(text.trim()).ok_or_else(|| {
        let shown = repr(&Value::from(text));
        let msg = format!("Error while parsing {place} as an integer: \"{shown}\" cannot be converted to an int");
        ModuleError::failed(msg)
    })
}

/// The bytes of `01:02:AF`.
fn octets(text: &str, place: &str) -> Result<Vec<u8>, ModuleError> {
    let parts = text.split(':').enumerate().map(|(index, part)| octet(part).ok_or((index + 1, part)));
    let bytes = parts.collect::<Result<Vec<_>, _>>().map_err(|(position, part)| {
        let ordinal = match position {
            1 => "1st".to_owned(),
            2 => "2nd".to_owned(),
            3 => "3rd".to_owned(),
            _ => format!("{position}th"),
        };
        let shown = repr(&part.into());
        let digits = !part.is_empty() && part.chars().all(|c| c.is_ascii_hexdigit());
        let reason = match digits {
            true => "the value is not in range [0, 255]".to_owned(),
            false => format!("invalid literal for int() with base 16: {shown}"),
        };
        let why = format!("The {ordinal} part {shown} is not a hexadecimal number in range [0, 255]: {reason}");
        ModuleError::failed(format!("Error while parsing {place} as an colon-separated hex octet string: {why}"))
    })?;
    Ok(der::without_zeros(&bytes).to_vec())
}

fn octet(text: &str) -> Option<u8> {
    text.chars().all(|c| c.is_ascii_hexdigit()).then(|| u8::from_str_radix(text, 16).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serial_numbers_are_numbers_or_octets() {
        assert_eq!(integer(&66223.into(), "x").unwrap(), [1, 2, 0xaf]);
        assert_eq!(integer(&"18446744073709551616".into(), "x").unwrap(), [1, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(octets("00:01:02:aF", "x").unwrap(), [1, 2, 0xaf]);
        assert!(integer(&"-1".into(), "x").is_err() && octets("1:+2", "x").is_err() && octets("", "x").is_err());
    }
}
