//! Hashes as results show them: pairs of hex digits with colons, by the name of each algorithm.

use blake2::{Blake2b512, Blake2s256};
use sha3::Digest as _;
use shake::{ExtendableOutput, XofReader};

use crate::Map;

/// How much of an endless hash is shown.
const SHAKE_BYTES: usize = 32;

pub(super) fn colons(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":")
}

pub(super) fn sha1(bytes: &[u8]) -> Vec<u8> {
    use sha1::Digest as _;
    sha1::Sha1::digest(bytes).to_vec()
}

pub(super) fn sha256(bytes: &[u8]) -> Vec<u8> {
    use sha2::Digest as _;
    sha2::Sha256::digest(bytes).to_vec()
}

/// The hash that comparisons show.
pub(super) fn fingerprint(bytes: &[u8]) -> Map {
    Map::from_iter([("sha256".to_owned(), colons(&sha256(bytes)).into())])
}

pub(super) fn fingerprints(bytes: &[u8]) -> Map {
    let mut all = Map::new();
    let mut add = |name: &str, hash: &[u8]| all.insert(name.to_owned(), colons(hash).into());
    add("md5", &sha2_family::<md5::Md5>(bytes));
    add("sha1", &sha1(bytes));
    add("sha224", &sha2_family::<sha2::Sha224>(bytes));
    add("sha256", &sha256(bytes));
    add("sha384", &sha2_family::<sha2::Sha384>(bytes));
    add("sha512", &sha2_family::<sha2::Sha512>(bytes));
    add("sha3_224", &sha3::Sha3_224::digest(bytes));
    add("sha3_256", &sha3::Sha3_256::digest(bytes));
    add("sha3_384", &sha3::Sha3_384::digest(bytes));
    add("sha3_512", &sha3::Sha3_512::digest(bytes));
    add("shake_128", &endless(shake::Shake128::default(), bytes));
    add("shake_256", &endless(shake::Shake256::default(), bytes));
    add("blake2b", &Blake2b512::digest(bytes));
    add("blake2s", &Blake2s256::digest(bytes));
    all
}

fn sha2_family<D: sha2::Digest>(bytes: &[u8]) -> Vec<u8> {
    D::digest(bytes).to_vec()
}

fn endless(mut hasher: impl ExtendableOutput, bytes: &[u8]) -> Vec<u8> {
    hasher.update(bytes);
    let mut out = vec![0; SHAKE_BYTES];
    hasher.finalize_xof().read(&mut out);
    out
}
