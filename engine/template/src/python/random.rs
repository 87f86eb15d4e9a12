//! Python's `random.Random`: the same numbers for the same seed, as `random(seed=inventory_hostname)` relies on.

use num_bigint::BigInt;
use rand::RngCore;
use sha2::{Digest, Sha512};

const WORDS: usize = 624;
const OFFSET: usize = 397;

pub(crate) enum Random {
    System,
    Seeded(Box<Twister>),
}

/// The Mersenne Twister MT19937.
pub(crate) struct Twister {
    state: [u32; WORDS],
    position: usize,
}

impl Random {
    pub(crate) fn from_system() -> Self {
        Self::System
    }

    /// Seeds as Python seeds from a string: its bytes followed by their SHA-512, as one number.
    pub(crate) fn from_text(seed: &str) -> Self {
        let mut bytes = seed.as_bytes().to_vec();
        bytes.extend(Sha512::digest(seed.as_bytes()));
        Self::Seeded(Box::new(Twister::from_key(&words(bytes.iter().rev().copied()))))
    }

    pub(crate) fn from_integer(seed: &BigInt) -> Self {
        Self::Seeded(Box::new(Twister::from_key(&words(seed.magnitude().to_bytes_le().into_iter()))))
    }

    fn bits(&mut self, count: u32) -> u64 {
        let mut next = || match self {
            Self::System => rand::rng().next_u32(),
            Self::Seeded(twister) => twister.next(),
        };
        match count {
            0 => 0,
            1..=32 => u64::from(next() >> (32 - count)),
            _ => {
                let low = u64::from(next());
                let high = u64::from(next() >> (64 - count));
                high << 32 | low
            }
        }
    }

    /// A number below `limit`, which is not 0.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        let count = u64::BITS - limit.leading_zeros();
        loop {
            let number = self.bits(count);
            if number < limit {
                return number;
            }
        }
    }

    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            let other = self.below(at as u64 + 1) as usize;
            items.swap(at, other);
        }
    }
}

/// Little-endian bytes as 32-bit words; at least one.
fn words(bytes: impl Iterator<Item = u8>) -> Vec<u32> {
    let bytes: Vec<u8> = bytes.collect();
    let mut words: Vec<u32> =
        bytes.chunks(4).map(|chunk| chunk.iter().rev().fold(0, |word, byte| word << 8 | u32::from(*byte))).collect();
    while words.len() > 1 && words.last() == Some(&0) {
        words.pop();
    }
    if words.is_empty() { vec![0] } else { words }
}

impl Twister {
    fn from_number(seed: u32) -> Self {
        let mut state = [seed; WORDS];
        for at in 1..WORDS {
            let last = state[at - 1];
            state[at] = 1_812_433_253_u32.wrapping_mul(last ^ last >> 30).wrapping_add(at as u32);
        }
        Self { state, position: WORDS }
    }

    fn from_key(key: &[u32]) -> Self {
        let mut twister = Self::from_number(19_650_218);
        let state = &mut twister.state;
        let (mut i, mut j) = (1, 0);
        for _ in 0..WORDS.max(key.len()) {
            let last = state[i - 1];
            let mixed = state[i] ^ (last ^ last >> 30).wrapping_mul(1_664_525);
            state[i] = mixed.wrapping_add(key[j]).wrapping_add(j as u32);
            i += 1;
            j = (j + 1) % key.len();
            if i >= WORDS {
                state[0] = state[WORDS - 1];
                i = 1;
            }
        }
        for _ in 0..WORDS - 1 {
            let last = state[i - 1];
            let mixed = state[i] ^ (last ^ last >> 30).wrapping_mul(1_566_083_941);
            state[i] = mixed.wrapping_sub(i as u32);
            i += 1;
            if i >= WORDS {
                state[0] = state[WORDS - 1];
                i = 1;
            }
        }
        state[0] = 0x8000_0000;
        twister
    }

    fn next(&mut self) -> u32 {
        if self.position >= WORDS {
            self.refill();
        }
        let mut word = self.state[self.position];
        self.position += 1;
        word ^= word >> 11;
        word ^= word << 7 & 0x9d2c_5680;
        word ^= word << 15 & 0xefc6_0000;
        word ^ word >> 18
    }

    fn refill(&mut self) {
        for at in 0..WORDS {
            let mixed = self.state[at] & 0x8000_0000 | self.state[(at + 1) % WORDS] & 0x7fff_ffff;
            let twist = if mixed & 1 == 0 { 0 } else { 0x9908_b0df };
            self.state[at] = self.state[(at + OFFSET) % WORDS] ^ mixed >> 1 ^ twist;
        }
        self.position = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Measured: `random.Random('web1').randrange(60)` and so on.
    #[test]
    fn seeded_numbers_are_pythons() {
        let mut random = Random::from_integer(&BigInt::from(42));
        assert_eq!([random.below(100), random.below(100), random.below(100)], [81, 14, 3]);
        let mut items = [1, 2, 3, 4, 5];
        Random::from_integer(&BigInt::from(7)).shuffle(&mut items);
        assert_eq!(items, [5, 1, 4, 2, 3]);
        assert_eq!(Random::from_text("web1").below(60), 52);
    }
}
