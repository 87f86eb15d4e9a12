//! crypt(3) password hashes: SHA-512, SHA-256, MD5 and bcrypt.

use md5::{Digest, Md5};
use rand::Rng;

const CRYPT64: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

#[derive(Default)]
pub(crate) struct Options {
    pub(crate) salt: Option<String>,
    pub(crate) salt_size: Option<i64>,
    pub(crate) rounds: Option<u32>,
    pub(crate) ident: Option<String>,
}

/// How much work a hash is, in about the steps of a template.
pub(crate) fn work(scheme: &str, options: &Options) -> usize {
    let rounds = match scheme {
        "bcrypt" | "blowfish" => 1_u64.checked_shl(options.rounds.unwrap_or(12).saturating_add(4)).unwrap_or(u64::MAX),
        _ => (options.rounds.unwrap_or(656_000) / 8).into(),
    };
    usize::try_from(rounds).unwrap_or(usize::MAX)
}

/// As passlib hashes, which Ansible uses: its default rounds, its limits, its messages.
pub(crate) fn hash(password: &str, scheme: &str, options: &Options) -> Result<String, String> {
    let hashed = match scheme {
        "sha512" | "sha512_crypt" => sha(password, options, "6"),
        "sha256" | "sha256_crypt" => sha(password, options, "5"),
        "md5" | "md5_crypt" => salt(options, 8, "md5_crypt").map(|salt| md5_crypt(password.as_bytes(), &salt)),
        "blowfish" | "bcrypt" => bcrypt_hash(password, options),
        other => return check_scheme(other).map(|()| String::new()),
    };
    hashed.map_err(|reason| format!("Could not hash the secret: {reason}"))
}

/// Whether there is such a scheme.
pub(crate) fn check_scheme(scheme: &str) -> Result<(), String> {
    const KNOWN: [&str; 8] =
        ["sha512", "sha512_crypt", "sha256", "sha256_crypt", "md5", "md5_crypt", "blowfish", "bcrypt"];
    if KNOWN.contains(&scheme) {
        return Ok(());
    }
    Err(format!("{scheme} is not in the list of supported passlib algorithms: md5, blowfish, sha256, sha512"))
}

/// Random characters of crypt's alphabet.
pub(crate) fn random_salt(length: usize) -> String {
    let mut rng = rand::rng();
    (0..length).map(|_| char::from(CRYPT64[rng.random_range(0..64)])).collect()
}

fn salt(options: &Options, longest: usize, scheme: &str) -> Result<String, String> {
    let Some(salt) = &options.salt else {
        let size = options.salt_size.unwrap_or(longest as i64);
        return match usize::try_from(size) {
            Err(_) => Err(format!("{scheme}: salt_size ({size}) below min_salt_size (0)")),
            Ok(size) if size > longest => Err(format!("{scheme}: salt_size ({size}) above max_salt_size ({longest})")),
            Ok(size) => Ok(random_salt(size)),
        };
    };
    if salt.bytes().any(|byte| !CRYPT64.contains(&byte)) {
        return Err(format!("invalid characters in {scheme} salt"));
    }
    if salt.len() > longest {
        return Err(format!("salt too large ({scheme} requires <= {longest} chars)"));
    }
    Ok(salt.clone())
}

/// SHA-crypt. The C library's default of 5000 rounds is not written out.
fn sha(password: &str, options: &Options, ident: &str) -> Result<String, String> {
    let (scheme, default) = if ident == "6" { ("sha512_crypt", 656_000) } else { ("sha256_crypt", 535_000) };
    let salt = salt(options, 16, scheme)?;
    let rounds = options.rounds.unwrap_or(default);
    if rounds < 1000 {
        return Err(format!("{scheme}: min_desired_rounds ({rounds}) is too low, must be at least 1000"));
    }
    let params = sha_crypt::Params::new(rounds).map_err(|error| error.to_string())?;
    let digest = if ident == "6" {
        encode(&sha_crypt::sha512_crypt(password.as_bytes(), salt.as_bytes(), params), &sha512_order())
    } else {
        encode(&sha_crypt::sha256_crypt(password.as_bytes(), salt.as_bytes(), params), &sha256_order())
    };
    let rounds = if rounds == 5000 { String::new() } else { format!("rounds={rounds}$") };
    Ok(format!("${ident}${rounds}{salt}${digest}"))
}

/// Each group of bytes, most significant first, as characters of six bits, least significant first.
fn encode(digest: &[u8], groups: &[Vec<usize>]) -> String {
    let mut out = String::new();
    for group in groups {
        let mut bits = group.iter().fold(0_u32, |bits, at| bits << 8 | u32::from(digest[*at]));
        let characters = match group.len() {
            1 => 2,
            2 => 3,
            _ => 4,
        };
        for _ in 0..characters {
            out.push(char::from(CRYPT64[(bits & 0x3f) as usize]));
            bits >>= 6;
        }
    }
    out
}

fn sha512_order() -> Vec<Vec<usize>> {
    let mut groups = Vec::new();
    let mut next = [0, 21, 42];
    for _ in 0..21 {
        groups.push(next.to_vec());
        next = [next[1] + 1, next[2] + 1, next[0] + 1];
    }
    groups.push(vec![63]);
    groups
}

fn sha256_order() -> Vec<Vec<usize>> {
    let mut groups = Vec::new();
    let mut next = [0, 10, 20];
    for _ in 0..10 {
        groups.push(next.to_vec());
        next = [next[2] + 1, next[0] + 1, next[1] + 1];
    }
    groups.push(vec![31, 30]);
    groups
}

/// Poul-Henning Kamp's MD5 crypt.
fn md5_crypt(password: &[u8], salt: &str) -> String {
    let salt = salt.as_bytes();
    let alternate = Md5::new().chain_update(password).chain_update(salt).chain_update(password).finalize();
    let mut first = Md5::new().chain_update(password).chain_update(b"$1$").chain_update(salt);
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
        let mut next = Md5::new();
        let odd = round % 2 == 1;
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
    let order: Vec<Vec<usize>> =
        [[0, 6, 12], [1, 7, 13], [2, 8, 14], [3, 9, 15], [4, 10, 5]].map(|group| group.to_vec()).to_vec();
    let mut encoded = encode(&digest, &order);
    encoded.push_str(&encode(&digest, &[vec![11]]));
    format!("$1${}${encoded}", String::from_utf8_lossy(salt))
}

fn bcrypt_hash(password: &str, options: &Options) -> Result<String, String> {
    let cost = options.rounds.unwrap_or(12);
    let version = match options.ident.as_deref() {
        None | Some("2b") => bcrypt::Version::TwoB,
        Some("2a") => bcrypt::Version::TwoA,
        Some("2y") => bcrypt::Version::TwoY,
        Some("2x") => bcrypt::Version::TwoX,
        Some(other) => return Err(format!("invalid bcrypt ident '{other}'")),
    };
    let salt = match &options.salt {
        None => rand::random(),
        Some(text) => decode_bcrypt_salt(text)?,
    };
    let parts = bcrypt::hash_with_salt(password, cost, salt).map_err(|error| error.to_string())?;
    Ok(parts.format_for_version(version))
}

/// 22 characters of bcrypt's own alphabet to 16 bytes.
fn decode_bcrypt_salt(text: &str) -> Result<[u8; 16], String> {
    const ALPHABET: &[u8; 64] = b"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    if text.len() != 22 {
        let size = if text.len() < 22 { "small" } else { "large" };
        return Err(format!("salt too {size} (bcrypt requires exactly 22 chars)"));
    }
    let mut bits = 0_u32;
    let mut held = 0;
    let mut bytes = Vec::with_capacity(16);
    for byte in text.bytes() {
        let six = ALPHABET.iter().position(|known| *known == byte).ok_or("invalid characters in bcrypt salt")?;
        bits = bits << 6 | six as u32;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held & 0xff) as u8);
        }
    }
    bytes.truncate(16);
    bytes.try_into().map_err(|_| "invalid bcrypt salt".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn salted(salt: &str, rounds: Option<u32>) -> Options {
        Options { salt: Some(salt.into()), rounds, ..Options::default() }
    }

    /// Measured with `mkpasswd`, `openssl passwd` and Python's `crypt` and passlib.
    #[test]
    fn hashes_are_those_of_the_c_library() {
        let bcrypt = Options { rounds: Some(5), ..salted("abcdefghijklmnopqrstuu", None) };
        let cases = [
            (
                "sha512",
                "Hello",
                salted("saltstring", Some(5000)),
                "$6$saltstring$aQzKv7HhksN4CNT5HySRdxOEHxZvlWWP2je/lOgbrHx5iLYj3NJfVnC287n/dwkODYWL1.LZUdO9vX84fkCna/",
            ),
            (
                "sha512",
                "Hello",
                salted("saltstring", Some(10000)),
                "$6$rounds=10000$saltstring$yy5bmlbxshdSuo2RSNQzqk4WyexBtQAo2vDyYmje9ZkO04kuD08RwTvvNI3HiyeGp6DNniJQ7GZeZSgLFUunD/",
            ),
            (
                "sha256",
                "Hello",
                salted("saltstring", Some(5000)),
                "$5$saltstring$jfZe1.O5rA9aUKHLYLEqMjNCNYEqmZMJ.KAMmcgZPz5",
            ),
            ("md5", "password", salted("saltsalt", None), "$1$saltsalt$qjXMvbEw8oaL.CzflDtaK/"),
            ("bcrypt", "password", bcrypt, "$2b$05$abcdefghijklmnopqrstuuWG29KuyeAicPCJODk1zjyGvyQUU2awu"),
        ];
        for (scheme, password, options, expected) in cases {
            assert_eq!(hash(password, scheme, &options).unwrap(), expected, "{scheme}");
        }
    }
}
