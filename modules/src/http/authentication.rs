//! Basic and Digest authentication (RFC 7617, RFC 7616).

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use md5::{Digest, Md5};
use sha2::Sha256;

/// A user name with its password.
#[derive(Clone)]
pub(crate) struct Credentials {
    pub user: String,
    pub password: String,
}

impl Credentials {
    /// The `Authorization` of Basic authentication.
    pub(super) fn basic(&self) -> String {
        format!("Basic {}", BASE64_STANDARD.encode(format!("{}:{}", self.user, self.password)))
    }

    /// The answer to a `WWW-Authenticate`; `None` when the scheme is not known.
    pub(super) fn answer(&self, challenge: &str, method: &str, target: &str) -> Option<String> {
        let (scheme, rest) = challenge.split_once(' ').unwrap_or((challenge, ""));
        match scheme.to_ascii_lowercase().as_str() {
            "basic" => Some(self.basic()),
            "digest" => self.digest(&parameters(rest), method, target, &nonce()),
            _ => None,
        }
    }

    fn digest(&self, given: &[(String, String)], method: &str, target: &str, cnonce: &str) -> Option<String> {
        let value = |name: &str| given.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let (realm, nonce) = (value("realm")?, value("nonce")?);
        let algorithm = value("algorithm").unwrap_or("MD5");
        let hash = hash_of(algorithm)?;
        let mut secret = hash(&format!("{}:{realm}:{}", self.user, self.password));
        if algorithm.to_ascii_lowercase().ends_with("-sess") {
            secret = hash(&format!("{secret}:{nonce}:{cnonce}"));
        }
        let what = hash(&format!("{method}:{target}"));
        let with_qop = value("qop").is_some_and(|offers| offers.split(',').any(|offer| offer.trim() == "auth"));
        let response = if with_qop {
            hash(&format!("{secret}:{nonce}:00000001:{cnonce}:auth:{what}"))
        } else {
            hash(&format!("{secret}:{nonce}:{what}"))
        };
        let mut answer = format!(
            "Digest username=\"{}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{target}\", response=\"{response}\", \
             algorithm=\"{algorithm}\"",
            self.user
        );
        answer += &value("opaque").map(|opaque| format!(", opaque=\"{opaque}\"")).unwrap_or_default();
        if with_qop {
            answer += &format!(", qop=auth, nc=00000001, cnonce=\"{cnonce}\"");
        }
        Some(answer)
    }
}

fn hash_of(algorithm: &str) -> Option<fn(&str) -> String> {
    match algorithm.to_ascii_lowercase().trim_end_matches("-sess") {
        "md5" => Some(|text| hex::encode(Md5::digest(text))),
        "sha-256" => Some(|text| hex::encode(Sha256::digest(text))),
        _ => None,
    }
}

fn nonce() -> String {
    hex::encode(rand::random::<[u8; 8]>())
}

/// `a=b, c="d, e"` as pairs, names in lower case.
fn parameters(text: &str) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    let mut rest = text.trim_start_matches([' ', ',']);
    while let Some((name, value)) = rest.split_once('=') {
        let value = value.trim_start();
        let (value, after) = match value.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => value.split_once(',').unwrap_or((value, "")),
        };
        pairs.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        rest = after.trim_start_matches([' ', ',']);
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digest_answers_as_the_rfc_example_does() {
        let mufasa = Credentials { user: "Mufasa".to_owned(), password: "Circle of Life".to_owned() };
        let given = parameters(
            "realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm=MD5, \
             nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"",
        );
        let cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
        let answer = mufasa.digest(&given, "GET", "/dir/index.html", cnonce).unwrap();
        assert!(answer.contains("response=\"8ca523f5e9506fed4657c9700eebdbec\""), "{answer}");
        assert!(answer.contains("nc=00000001") && answer.contains("opaque=\"FQhe"), "{answer}");
    }

    #[test]
    fn schemes_are_told_apart() {
        let joe = Credentials { user: "joe".to_owned(), password: "secret".to_owned() };
        assert_eq!(joe.answer("Basic realm=\"x\"", "GET", "/").as_deref(), Some("Basic am9lOnNlY3JldA=="));
        assert_eq!(joe.answer("Negotiate", "GET", "/"), None);
        assert_eq!(joe.answer("Digest realm=\"x\", nonce=\"y\", algorithm=ROT13", "GET", "/"), None);
    }
}
