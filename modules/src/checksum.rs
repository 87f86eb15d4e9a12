//! Checksums of files and bytes, in the algorithms modules offer.

use std::io::{self, Read};
use std::path::Path;

use sha2::Digest;

/// A hash algorithm by the name playbooks use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Md5,
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
    Sha3_224,
    Sha3_256,
    Sha3_384,
    Sha3_512,
    Blake2b,
    Blake2s,
}

/// The names `stat` and `find` offer.
pub(crate) const ALGORITHMS: &[&str] = &["md5", "sha1", "sha224", "sha256", "sha384", "sha512"];

/// All names, as a message lists them.
pub(crate) const ALL_ALGORITHMS: &[&str] = &[
    "blake2b", "blake2s", "md5", "sha1", "sha224", "sha256", "sha384", "sha3_224", "sha3_256", "sha3_384", "sha3_512",
    "sha512",
];

impl Algorithm {
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "md5" => Self::Md5,
            "sha1" | "sha" => Self::Sha1,
            "sha224" => Self::Sha224,
            "sha256" => Self::Sha256,
            "sha384" => Self::Sha384,
            "sha512" => Self::Sha512,
            "sha3_224" => Self::Sha3_224,
            "sha3_256" => Self::Sha3_256,
            "sha3_384" => Self::Sha3_384,
            "sha3_512" => Self::Sha3_512,
            "blake2b" => Self::Blake2b,
            "blake2s" => Self::Blake2s,
            _ => return None,
        })
    }

    /// The hex digest of everything `reader` gives.
    pub(crate) fn of_reader(self, reader: &mut dyn Read) -> io::Result<String> {
        match self {
            Self::Md5 => digest::<md5::Md5>(reader),
            Self::Sha1 => digest::<sha1::Sha1>(reader),
            Self::Sha224 => digest::<sha2::Sha224>(reader),
            Self::Sha256 => digest::<sha2::Sha256>(reader),
            Self::Sha384 => digest::<sha2::Sha384>(reader),
            Self::Sha512 => digest::<sha2::Sha512>(reader),
            Self::Sha3_224 => digest3::<sha3::Sha3_224>(reader),
            Self::Sha3_256 => digest3::<sha3::Sha3_256>(reader),
            Self::Sha3_384 => digest3::<sha3::Sha3_384>(reader),
            Self::Sha3_512 => digest3::<sha3::Sha3_512>(reader),
            Self::Blake2b => digest3::<blake2::Blake2b512>(reader),
            Self::Blake2s => digest3::<blake2::Blake2s256>(reader),
        }
    }

    pub(crate) fn of_file(self, path: &Path) -> io::Result<String> {
        self.of_reader(&mut fs_err::File::open(path)?)
    }
}

/// The digests results show and contents are compared by, from one reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digests {
    pub md5: String,
    pub sha1: String,
    pub sha256: String,
}

impl Digests {
    pub fn of_file(path: &Path) -> io::Result<Self> {
        Self::of_reader(&mut fs_err::File::open(path)?)
    }

    pub fn of_bytes(mut bytes: &[u8]) -> Self {
        // Reading from memory does not fail.
        Self::of_reader(&mut bytes).unwrap_or(Self { md5: String::new(), sha1: String::new(), sha256: String::new() })
    }

    fn of_reader(reader: &mut dyn Read) -> io::Result<Self> {
        let (mut md5, mut sha1, mut sha256) = (md5::Md5::new(), sha1::Sha1::new(), sha2::Sha256::new());
        each_block(reader, |block| {
            md5.update(block);
            sha1.update(block);
            sha256.update(block);
        })?;
        let (md5, sha1, sha256) = (md5.finalize(), sha1.finalize(), sha256.finalize());
        Ok(Self { md5: hex::encode(md5), sha1: hex::encode(sha1), sha256: hex::encode(sha256) })
    }
}

/// The same for the newer generation of the same interface.
fn digest3<D: sha3::Digest>(reader: &mut dyn Read) -> io::Result<String> {
    let mut hasher = D::new();
    each_block(reader, |block| hasher.update(block))?;
    Ok(hex::encode(hasher.finalize()))
}

fn digest<D: Digest>(reader: &mut dyn Read) -> io::Result<String> {
    let mut hasher = D::new();
    each_block(reader, |block| hasher.update(block))?;
    Ok(hex::encode(hasher.finalize()))
}

fn each_block(reader: &mut dyn Read, mut take: impl FnMut(&[u8])) -> io::Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(read) => take(&buffer[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_the_well_known_ones() {
        let cases = [
            ("md5", "900150983cd24fb0d6963f7d28e17f72"),
            ("sha1", "a9993e364706816aba3e25717850c26c9cd0d89d"),
            ("sha224", "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7"),
            ("sha256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ];
        for (name, expected) in cases {
            assert_eq!(Algorithm::named(name).unwrap().of_reader(&mut &b"abc"[..]).unwrap(), expected, "{name}");
        }
    }
}
