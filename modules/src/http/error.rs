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
            ureq::Error::Rustls(error) => Self::Certificate(error.to_string()),
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
            None if error.to_string().contains("certificate") => Self::Certificate(error.to_string()),
            None => Self::Other(error.to_string()),
        }
    }
}
