//! The password hashes web servers understand.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};
use rand::Rng as _;

use crate::{CommandSpec, Context, ModuleError};

const CRYPT64: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// How a new password is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    /// MD5 crypt with Apache's own mark, or with crypt's.
    Md5(&'static str),
    Sha1,
    Bcrypt,
    Plain,
    /// What the node's own crypt(3) knows, asked for with this salt prefix and salt length.
    System(&'static str, usize),
}

impl Scheme {
    pub(super) fn named(name: &str) -> Result<Self, ModuleError> {
        Ok(match name {
            "apr_md5_crypt" | "portable" | "portable_apache22" | "portable_apache_22" => Self::Md5("$apr1$"),
            "md5_crypt" => Self::Md5("$1$"),
            "ldap_sha1" => Self::Sha1,
            "bcrypt" | "portable_apache24" | "portable_apache_24" | "host_apache24" | "host_apache_24" => Self::Bcrypt,
            "plaintext" => Self::Plain,
            "des_crypt" => Self::System("", 2),
            "sha256_crypt" => Self::System("$5$", 16),
            "sha512_crypt" => Self::System("$6$", 16),
            other => return Err(ModuleError::failed(format!("hash_scheme {other} is not supported"))),
        })
    }

    pub(super) fn hash(self, password: &str, cx: &mut Context<'_>) -> Result<String, ModuleError> {
        Ok(match self {
            Self::Md5(mark) => md5_crypt(password.as_bytes(), mark, &salt(8)),
            Self::Sha1 => sha1(password),
            Self::Bcrypt => bcrypt::hash(password, 12).map_err(|error| ModuleError::failed(error.to_string()))?,
            Self::Plain => password.to_owned(),
            Self::System(mark, length) => system_crypt(password, &format!("{mark}{}", salt(length)), cx)?,
        })
    }
}

/// Whether a stored hash is this password's, whatever its scheme.
pub(super) fn matches(password: &str, hash: &str, cx: &mut Context<'_>) -> bool {
    for mark in ["$apr1$", "$1$"] {
        if let Some(rest) = hash.strip_prefix(mark) {
            let salt = rest.split('$').next().unwrap_or_default();
            return md5_crypt(password.as_bytes(), mark, salt) == hash;
        }
    }
    if hash.starts_with("{SHA}") {
        return sha1(password) == hash;
    }
    if hash.starts_with("$2") {
        return bcrypt::verify(password, hash).unwrap_or(false);
    }
    let is_des = hash.len() == 13 && hash.bytes().all(|byte| CRYPT64.contains(&byte));
    if hash.starts_with('$') || is_des {
        // Without a crypt(3) to ask, a plain password is still one.
        return system_crypt(password, hash, cx).is_ok_and(|again| again == hash) || hash == password;
    }
    hash == password
}

fn salt(length: usize) -> String {
    let mut rng = rand::rng();
    (0..length).map(|_| char::from(CRYPT64[rng.random_range(0..64)])).collect()
}

fn sha1(password: &str) -> String {
    format!("{{SHA}}{}", STANDARD.encode(sha1::Sha1::digest(password)))
}

/// Perl is there wherever dpkg or git are, and hands crypt(3) out. The password, and the setting, which may be a whole
/// hash, go through its standard input.
fn system_crypt(password: &str, setting: &str, cx: &mut Context<'_>) -> Result<String, ModuleError> {
    let script = "my $s = <STDIN>; chomp $s; local $/; my $p = <STDIN> // ''; print crypt($p, $s) // ''";
    let input = format!("{}\n{password}", setting.lines().next().unwrap_or_default());
    let output = cx.run_read(&CommandSpec::new(["perl", "-e", script]).stdin(input))?;
    let hash = output.stdout();
    if output.ok() && !hash.is_empty() && !hash.starts_with('*') {
        return Ok(hash);
    }
    Err(ModuleError::failed("this system's crypt does not know the hash scheme").with("stderr", output.stderr()))
}

/// Poul-Henning Kamp's MD5 crypt.
fn md5_crypt(password: &[u8], mark: &str, salt: &str) -> String {
    let salt = &salt.as_bytes()[..salt.len().min(8)];
    let alternate = Md5::new().chain_update(password).chain_update(salt).chain_update(password).finalize();
    let mut first = Md5::new().chain_update(password).chain_update(mark).chain_update(salt);
    for chunk in password.chunks(16) {
        first.update(&alternate[..chunk.len()]);
    }
    let mut length = password.len();
    while length > 0 {
        first.update(if length & 1 == 1 { &[0] } else { &password[..1] });
        length >>= 1;
    }
    let mut digest = first.finalize();
    for round in 0..1000 {
        let odd = round % 2 == 1;
        let mut next = Md5::new();
        next.update(if odd { password } else { &digest });
        if round % 3 != 0 {
            next.update(salt);
        }
        if round % 7 != 0 {
            next.update(password);
        }
        next.update(if odd { &digest } else { password });
        digest = next.finalize();
    }
    let mut encoded = String::new();
    for group in [[0, 6, 12], [1, 7, 13], [2, 8, 14], [3, 9, 15], [4, 10, 5]] {
        encode(group.iter().fold(0, |bits, at| bits << 8 | u32::from(digest[*at])), 4, &mut encoded);
    }
    encode(u32::from(digest[11]), 2, &mut encoded);
    format!("{mark}{}${encoded}", String::from_utf8_lossy(salt))
}

/// Characters of six bits, least significant first.
fn encode(mut bits: u32, characters: usize, out: &mut String) {
    for _ in 0..characters {
        out.push(char::from(CRYPT64[(bits & 0x3f) as usize]));
        bits >>= 6;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_hashes_come_out() {
        // From `openssl passwd -apr1 -salt abcdefgh secret` and `openssl passwd -1 -salt abcdefgh secret`.
        assert_eq!(md5_crypt(b"secret", "$apr1$", "abcdefgh"), "$apr1$abcdefgh$h9FWgUz3n9YxylKLlR5SQ/");
        assert_eq!(md5_crypt(b"secret", "$1$", "abcdefgh"), "$1$abcdefgh$cHJi5PXp/ki/ktXzqlk6I1");
        assert_eq!(sha1("test"), "{SHA}qUqP5cyxm6YcTAhz05Hph5gvu9M=");
        assert!(Scheme::named("rot13").is_err());
    }
}
