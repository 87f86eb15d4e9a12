//! `HttpError`: why there is no response, in the words playbooks know from Python's urllib.

use std::io;

/// A request without a response. The text is what Ansible's modules put into `msg`.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HttpError {
    #[error("unknown url type: '{0}'")]
    Url(String),
    #[error("Connection failure: timed out")]
    Timeout,
    #[error("Request failed: <urlopen error [Errno -2] Name or service not known>")]
    UnknownHost,
    #[error("Request failed: <urlopen error [Errno {number}] {text}>")]
    System { number: i32, text: String },
    #[error("Request failed: <urlopen error [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: {0}>")]
    Certificate(String),
    #[error("Request failed: <urlopen error {0}>")]
    Other(String),
    #[error("An unknown error occurred: {0}")]
    Unusable(String),
}

impl From<ureq::Error> for HttpError {
    fn from(error: ureq::Error) -> Self {
        match error {
            ureq::Error::Io(error) => error.into(),
            ureq::Error::Timeout(_) => Self::Timeout,
            ureq::Error::HostNotFound => Self::UnknownHost,
            ureq::Error::Rustls(error) => Self::Certificate(certificate_fault(&error.to_string())),
            ureq::Error::BadUri(text) => Self::Unusable(text),
            other => Self::Other(other.to_string()),
        }
    }
}

impl From<io::Error> for HttpError {
    fn from(error: io::Error) -> Self {
        if matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock) {
            return Self::Timeout;
        }
        match error.raw_os_error() {
            Some(number) => Self::System { number, text: crate::error::errno_text(&error) },
            // A TLS failure comes as an error of the stream under it.
            None if error.to_string().contains("certificate") => {
                Self::Certificate(certificate_fault(&error.to_string()))
            }
            None => Self::Other(error.to_string()),
        }
    }
}

/// What is wrong with a certificate, in OpenSSL's words where there are any: content looks for them.
fn certificate_fault(text: &str) -> String {
    if let Some((_, rest)) = text.split_once("not valid for name ") {
        let name = rest.trim_start_matches('"').split('"').next().unwrap_or_default();
        return format!("Hostname mismatch, certificate is not valid for '{name}'.");
    }
    let known = [
        ("UnknownIssuer", "unable to get local issuer certificate"),
        ("CaUsedAsEndEntity", "self-signed certificate"),
        ("certificate expired", "certificate has expired"),
        ("certificate not valid yet", "certificate is not yet valid"),
        ("Revoked", "certificate revoked"),
    ];
    let found = known.iter().find(|(sign, _)| text.contains(sign));
    found.map_or_else(|| text.to_owned(), |(_, words)| (*words).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificate_faults_are_in_openssls_words() {
        let mismatch = "invalid peer certificate: certificate not valid for name \"a.example\"; certificate is only \
                        valid for DnsName(\"b\")";
        assert_eq!(certificate_fault(mismatch), "Hostname mismatch, certificate is not valid for 'a.example'.");
        assert_eq!(
            certificate_fault("invalid peer certificate: UnknownIssuer"),
            "unable to get local issuer certificate"
        );
        assert_eq!(certificate_fault("odd"), "odd");
    }
}
