//! The AES256 cipher of vault data: PBKDF2-HMAC-SHA256 key, AES-256-CTR, HMAC-SHA256 over the ciphertext.

use aes::Aes256;
use ctr::Ctr128BE;
use ctr::cipher::{KeyIvInit, StreamCipher};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::VaultError;

const ROUNDS: u32 = 10_000;
/// Plain text is padded to whole blocks as PKCS#7 does, although CTR would not need it.
const BLOCK: usize = 16;

pub(super) struct Sealed {
    pub(super) salt: Vec<u8>,
    pub(super) mac: Vec<u8>,
    pub(super) ciphertext: Vec<u8>,
}

/// Wiped when it is no longer needed.
#[derive(Zeroize, ZeroizeOnDrop)]
struct Keys {
    cipher: [u8; 32],
    mac: [u8; 32],
    counter: [u8; 16],
}

pub(super) fn seal(plain: &[u8], password: &[u8], salt: &[u8]) -> Sealed {
    let keys = derive(password, salt);
    let padding = BLOCK - plain.len() % BLOCK;
    let mut ciphertext = plain.to_vec();
    ciphertext.resize(plain.len() + padding, padding as u8);
    keys.apply(&mut ciphertext);
    let mac = keys.mac_of(&ciphertext).finalize().into_bytes().to_vec();
    Sealed { salt: salt.to_vec(), mac, ciphertext }
}

/// The plain bytes, or `None` when the password is not the right one (or the data was changed).
pub(super) fn open(sealed: &Sealed, password: &[u8]) -> Result<Option<Vec<u8>>, VaultError> {
    let keys = derive(password, &sealed.salt);
    if keys.mac_of(&sealed.ciphertext).verify_slice(&sealed.mac).is_err() {
        return Ok(None);
    }
    let mut plain = sealed.ciphertext.clone();
    keys.apply(&mut plain);
    let padding = plain.last().map_or(0, |byte| usize::from(*byte));
    if !(1..=BLOCK).contains(&padding) || padding > plain.len() {
        return Err(VaultError::Damaged("the padding is wrong"));
    }
    plain.truncate(plain.len() - padding);
    Ok(Some(plain))
}

fn derive(password: &[u8], salt: &[u8]) -> Keys {
    let mut bytes = Zeroizing::new([0; 80]);
    pbkdf2::pbkdf2_hmac::<Sha256>(password, salt, ROUNDS, &mut *bytes);
    let mut keys = Keys { cipher: [0; 32], mac: [0; 32], counter: [0; 16] };
    keys.cipher.copy_from_slice(&bytes[..32]);
    keys.mac.copy_from_slice(&bytes[32..64]);
    keys.counter.copy_from_slice(&bytes[64..]);
    keys
}

impl Keys {
    /// Encrypts or decrypts: in counter mode it is the same.
    fn apply(&self, data: &mut [u8]) {
        Ctr128BE::<Aes256>::new(&self.cipher.into(), &self.counter.into()).apply_keystream(data);
    }

    fn mac_of(&self, data: &[u8]) -> Hmac<Sha256> {
        #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.mac).expect("any key length fits");
        mac.update(data);
        mac
    }
}
