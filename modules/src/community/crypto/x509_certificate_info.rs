//! `community.crypto.x509_certificate_info`: what a certificate says.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::certificate::{Certificate, requested_time};
use super::pem::Pem;
use super::punycode;
use crate::error::os_error;
use crate::python_repr::type_name;
use crate::{Arg, Args, Constraint, Context, Map, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module = Module::new("community.crypto.x509_certificate_info", ARGS, run).constraints(&[
    Constraint::MutuallyExclusive(&["path", "content"]),
    Constraint::RequiredOneOf(&["path", "content"]),
]);

const ARGS: &[Arg] = &[
    Arg::path("path"),
    Arg::str("content"),
    Arg::dict("valid_at"),
    Arg::str("name_encoding").default("ignore").choices(&["ignore", "idna", "unicode"]),
    Arg::str("select_crypto_backend").default("auto").choices(&["auto", "cryptography"]),
];

fn run(args: &Args, _: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let certificate = match (args.opt_str("content"), args.opt_str("path")) {
        (Some(content), _) => of_pem(content.as_bytes())?,
        (None, path) => of_file(path.unwrap_or_default())?,
    };
    let mut info = certificate.info();
    info.insert("fingerprints".to_owned(), Value::Object(certificate.fingerprints()));
    info.insert("public_key_fingerprints".to_owned(), Value::Object(certificate.public.fingerprints()));
    // Names in certificates are in ASCII, which is what `idna` asks for.
    if args.str("name_encoding")? == "unicode" {
        for key in ["subject_alt_name", "authority_cert_issuer"] {
            for name in info.get_mut(key).and_then(Value::as_array_mut).into_iter().flatten() {
                *name = name.as_str().map(in_unicode).into();
            }
        }
    }
    info.insert("valid_at".to_owned(), Value::Object(validity(args, &certificate)?));
    Ok(ModuleResult::ok().extend(info))
}

fn of_pem(text: &[u8]) -> Result<Certificate, ModuleError> {
    let pem = Pem::first(text).ok_or_else(|| ModuleError::failed("Unable to load PEM file."))?;
    if !pem.label.ends_with("CERTIFICATE") {
        return Err(ModuleError::failed(
            "Valid PEM but no BEGIN CERTIFICATE/END CERTIFICATE delimiters. Are you sure this is a certificate?",
        ));
    }
    of_der(&pem.der)
}

fn of_der(bytes: &[u8]) -> Result<Certificate, ModuleError> {
    Certificate::decode(bytes).ok_or_else(|| ModuleError::failed("Cannot parse DER certificate"))
}

fn of_file(path: &str) -> Result<Certificate, ModuleError> {
    let bytes = fs_err::read(path).map_err(|error| {
        let reason = os_error(&error, path);
        ModuleError::failed(format!("Error while reading certificate file from disk: {reason}"))
    })?;
    let is_pem = bytes.windows(11).any(|window| window == b"-----BEGIN ");
    if is_pem { of_pem(&bytes) } else { of_der(&bytes) }
}

/// A general name with its host as people write it.
fn in_unicode(name: &str) -> String {
    let Some((kind, value)) = name.split_once(':') else { return name.to_owned() };
    let (before, host, after) = match kind {
        "DNS" => ("", value, ""),
        "email" => match value.rfind('@') {
            Some(at) => (&value[..=at], &value[at + 1..], ""),
            None => return name.to_owned(),
        },
        "URI" => {
            let Some(start) = value.find("://").map(|at| at + 3) else { return name.to_owned() };
            let end = value[start..].find(['/', '?', '#']).map_or(value.len(), |at| start + at);
            let start = value[start..end].rfind('@').map_or(start, |at| start + at + 1);
            let end = value[start..end].find(':').map_or(end, |at| start + at);
            (&value[..start], &value[start..end], &value[end..])
        }
        _ => return name.to_owned(),
    };
    format!("{kind}:{before}{}{after}", punycode::unicode(host))
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

#[cfg(test)]
mod tests {
    use super::in_unicode;

    #[test]
    fn hosts_are_found_in_names() {
        for (name, shown) in [
            ("DNS:*.xn--mnchen-3ya.example", "DNS:*.münchen.example"),
            ("email:me@xn--mnchen-3ya.example", "email:me@münchen.example"),
            (
                "URI:https://a@xn--mnchen-3ya.example:8443/xn--mnchen-3ya",
                "URI:https://a@münchen.example:8443/xn--mnchen-3ya",
            ),
            ("URI:urn:xn--mnchen-3ya", "URI:urn:xn--mnchen-3ya"),
            ("IP:10.0.0.1", "IP:10.0.0.1"),
        ] {
            assert_eq!(in_unicode(name), shown);
        }
    }
}
