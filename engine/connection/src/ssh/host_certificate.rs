//! Host certificates: whether a certificate of a trusted authority speaks for a host (PROTOCOL.certkeys of OpenSSH).

use std::time::{SystemTime, UNIX_EPOCH};

use russh::keys::ssh_key::certificate::CertType;
use russh::keys::{Certificate, HashAlg, PublicKey};

use super::wildcard::Wildcard;

/// `authority` is trusted for this host; `principal` is the host's name. Error: what is wrong, as a fragment.
pub(super) fn check(certificate: &Certificate, authority: &PublicKey, principal: &str) -> Result<(), String> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    if certificate.cert_type() != CertType::Host {
        return Err("it is a user's, not a host's".to_owned());
    }
    if now < certificate.valid_after() {
        return Err("it is not valid yet; is the clock of this machine right?".to_owned());
    }
    if now >= certificate.valid_before() {
        return Err("it has expired; is the clock of this machine right?".to_owned());
    }
    if certificate.critical_options().iter().next().is_some() {
        return Err("it has critical options, of which there are none for hosts".to_owned());
    }
    let principal = principal.to_lowercase();
    let principals = certificate.valid_principals();
    if !principals.is_empty() && !principals.iter().any(|name| is_named_as(name, &principal)) {
        return Err(format!("it is for {}, not for {principal}", principals.join(", ")));
    }
    let fingerprint = authority.fingerprint(HashAlg::Sha256);
    certificate.validate_at(now, [&fingerprint]).map_err(|_| "its signature is wrong".to_owned())
}

fn is_named_as(name: &str, principal: &str) -> bool {
    Wildcard::new(&name.to_lowercase()).is_match(principal)
}
