//! `KnownHosts`: the keys of hosts, as `known_hosts` files record them (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT).
//!
//! The files are read once; plain names are looked up in an index, so a file with ten thousand hosts costs nothing per
//! host. Hashed names and wildcards have to be tried one by one.

use std::collections::HashMap;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use russh::keys::{Algorithm, PublicKey, parse_public_key_base64};
use sha1::Sha1;

use super::wildcard::Wildcard;

/// What the files say about a key offered by a host.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Verdict {
    Known,
    Unknown,
    /// Another key of the same kind is recorded there.
    Changed {
        recorded: Box<PublicKey>,
        place: String,
    },
    Revoked {
        place: String,
    },
}

#[derive(Debug, Default)]
pub(crate) struct KnownHosts {
    entries: Vec<Entry>,
    /// Entries by plain name.
    named: HashMap<String, Vec<usize>>,
    /// Entries that have to be tried.
    others: Vec<usize>,
}

#[derive(Debug)]
struct Entry {
    names: Vec<Name>,
    mark: Mark,
    key: String,
    place: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    None,
    Revoked,
    /// The key signs certificates of hosts.
    Authority,
}

#[derive(Debug)]
enum Name {
    Plain(String),
    Hashed { salt: Vec<u8>, hash: Vec<u8> },
    Wildcard { is_negated: bool, matcher: Wildcard },
}

impl KnownHosts {
    /// Absent files are empty.
    pub(crate) fn load<'a>(files: impl IntoIterator<Item = &'a Path>) -> Self {
        let mut known = Self::default();
        for file in files {
            let text = fs_err::read(file).unwrap_or_default();
            for (number, line) in String::from_utf8_lossy(&text).lines().enumerate() {
                if let Some(entry) = Entry::parse(line, || format!("{}:{}", file.display(), number + 1)) {
                    known.insert(entry);
                }
            }
        }
        known
    }

    /// Records a key for a name, for the rest of this run.
    pub(crate) fn learn(&mut self, name: &str, key: &PublicKey) {
        if let Ok(key) = key.to_openssh() {
            let line = format!("{} {key}", name.to_lowercase());
            if let Some(entry) = Entry::parse(&line, || "learned in this run".to_owned()) {
                self.insert(entry);
            }
        }
    }

    pub(crate) fn verdict(&self, name: &str, key: &PublicKey) -> Verdict {
        let mut verdict = Verdict::Unknown;
        for entry in self.matching(name) {
            let Ok(recorded) = parse_public_key_base64(&entry.key) else { continue };
            let is_same = recorded.key_data() == key.key_data();
            if entry.mark == Mark::Revoked {
                if is_same {
                    return Verdict::Revoked { place: entry.place.clone() };
                }
            } else if entry.mark == Mark::Authority {
                // Signs certificates, is no host's own.
            } else if is_same {
                verdict = Verdict::Known;
            } else if verdict == Verdict::Unknown && recorded.algorithm() == key.algorithm() {
                verdict = Verdict::Changed { recorded: Box::new(recorded), place: entry.place.clone() };
            }
        }
        verdict
    }

    /// Kinds of keys recorded for a host: what to ask it for, so that an RSA entry is not missed for an Ed25519 key.
    pub(crate) fn algorithms(&self, name: &str) -> Vec<Algorithm> {
        let keys = self.matching(name).into_iter().filter(|entry| entry.mark == Mark::None);
        keys.filter_map(|entry| Some(parse_public_key_base64(&entry.key).ok()?.algorithm())).collect()
    }

    /// Whether `key` may sign certificates for this host.
    pub(crate) fn is_authority(&self, name: &str, key: &PublicKey) -> bool {
        self.marked(name, key, Mark::Authority).is_some()
    }

    /// Whether certificates of this host are wanted at all.
    pub(crate) fn has_authority(&self, name: &str) -> bool {
        self.matching(name).iter().any(|entry| entry.mark == Mark::Authority)
    }

    /// Where the files revoke the key.
    pub(crate) fn revocation(&self, name: &str, key: &PublicKey) -> Option<String> {
        self.marked(name, key, Mark::Revoked)
    }

    fn marked(&self, name: &str, key: &PublicKey, mark: Mark) -> Option<String> {
        let entries = self.matching(name).into_iter().filter(|entry| entry.mark == mark);
        let is_same = |entry: &&Entry| {
            parse_public_key_base64(&entry.key).is_ok_and(|recorded| recorded.key_data() == key.key_data())
        };
        entries.into_iter().find(is_same).map(|entry| entry.place.clone())
    }

    fn insert(&mut self, entry: Entry) {
        let index = self.entries.len();
        for name in &entry.names {
            match name {
                Name::Plain(name) => self.named.entry(name.clone()).or_default().push(index),
                Name::Hashed { .. } | Name::Wildcard { .. } => {
                    if self.others.last() != Some(&index) {
                        self.others.push(index);
                    }
                }
            }
        }
        self.entries.push(entry);
    }

    /// In the order of the files.
    fn matching(&self, name: &str) -> Vec<&Entry> {
        let name = name.to_lowercase();
        let tried = self.others.iter().filter(|index| self.entries[**index].matches(&name));
        let mut indices: Vec<usize> = self.named.get(&name).into_iter().flatten().chain(tried).copied().collect();
        indices.sort_unstable();
        indices.dedup();
        indices.retain(|index| !self.entries[*index].is_excluded(&name));
        indices.into_iter().map(|index| &self.entries[index]).collect()
    }
}

impl Entry {
    fn parse(line: &str, place: impl Fn() -> String) -> Option<Self> {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            return None;
        }
        let mut words = line.split_ascii_whitespace();
        let mut first = words.next()?;
        let mark = match first {
            "@revoked" => Mark::Revoked,
            "@cert-authority" => Mark::Authority,
            other if other.starts_with('@') => return None,
            _ => Mark::None,
        };
        if mark != Mark::None {
            first = words.next()?;
        }
        let names = first.split(',').filter_map(Name::parse).collect();
        let _algorithm = words.next()?;
        Some(Self { names, mark, key: words.next()?.to_owned(), place: place() })
    }

    fn matches(&self, name: &str) -> bool {
        self.names.iter().any(|candidate| match candidate {
            Name::Plain(plain) => plain == name,
            Name::Hashed { salt, hash } => hashed(salt, name) == *hash,
            Name::Wildcard { is_negated, matcher } => !is_negated && matcher.is_match(name),
        })
    }

    fn is_excluded(&self, name: &str) -> bool {
        self.names.iter().any(|candidate| match candidate {
            Name::Wildcard { is_negated, matcher } => *is_negated && matcher.is_match(name),
            Name::Plain(_) | Name::Hashed { .. } => false,
        })
    }
}

impl Name {
    fn parse(text: &str) -> Option<Self> {
        if let Some(rest) = text.strip_prefix("|1|") {
            let (salt, hash) = rest.split_once('|')?;
            return Some(Self::Hashed { salt: STANDARD.decode(salt).ok()?, hash: STANDARD.decode(hash).ok()? });
        }
        let text = text.to_lowercase();
        if text.starts_with('!') || text.contains(['*', '?']) {
            let (is_negated, pattern) = text.strip_prefix('!').map_or((false, text.as_str()), |rest| (true, rest));
            return Some(Self::Wildcard { is_negated, matcher: Wildcard::new(pattern) });
        }
        Some(Self::Plain(text))
    }
}

fn hashed(salt: &[u8], name: &str) -> Vec<u8> {
    // An HMAC takes keys of any length.
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(salt) else { return Vec::new() };
    mac.update(name.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// How a host is written in the files.
pub(crate) fn entry_name(host: &str, port: u16) -> String {
    if port == 22 { host.to_owned() } else { format!("[{host}]:{port}") }
}

/// The line to add to a file.
pub(crate) fn entry_line(name: &str, key: &PublicKey, is_hashed: bool) -> Option<String> {
    let name = if is_hashed {
        let salt: [u8; 20] = rand::random();
        format!("|1|{}|{}", STANDARD.encode(salt), STANDARD.encode(hashed(&salt, name)))
    } else {
        name.to_owned()
    };
    Some(format!("{name} {}\n", key.to_openssh().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ";
    const TWO: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILIG2T/B0l0gaqj3puu510tu9N1OkQ4znY3LYuEm5zCF";

    fn key(text: &str) -> PublicKey {
        PublicKey::from_openssh(text).unwrap()
    }

    fn known(text: &str) -> KnownHosts {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs_err::write(file.path(), text).unwrap();
        KnownHosts::load([file.path()])
    }

    #[test]
    fn verdicts() {
        let hashed_line = entry_line("hashed.example", &key(ONE), true).unwrap();
        assert!(hashed_line.starts_with("|1|"));
        let file = known(&format!(
            "# a comment\n\nplain,10.0.0.1 {ONE} comment\n[port]:2222 {ONE}\n{hashed_line}*.wild,!no.wild {ONE}\n\
             @revoked * {TWO}\n@cert-authority * {ONE}\nmixed {TWO}\nmixed {ONE}\nbroken line\nUPPER {ONE}\n"
        ));
        let cases = [
            ("plain", ONE, "known"),
            ("10.0.0.1", ONE, "known"),
            ("[port]:2222", ONE, "known"),
            ("port", ONE, "unknown"),
            ("hashed.example", ONE, "known"),
            ("a.wild", ONE, "known"),
            ("no.wild", ONE, "unknown"),
            ("elsewhere", ONE, "unknown"),
            ("elsewhere", TWO, "revoked"),
            ("mixed", TWO, "revoked"),
            ("mixed", ONE, "known"),
            ("upper", ONE, "known"),
        ];
        for (name, offered, expected) in cases {
            let found = match file.verdict(name, &key(offered)) {
                Verdict::Known => "known",
                Verdict::Unknown => "unknown",
                Verdict::Changed { .. } => "changed",
                Verdict::Revoked { .. } => "revoked",
            };
            assert_eq!(found, expected, "{name}");
        }
    }

    #[test]
    fn a_changed_key_names_the_recorded_one() {
        let file = known(&format!("host {ONE}\n"));
        let Verdict::Changed { recorded, place } = file.verdict("host", &key(TWO)) else { panic!("not changed") };
        assert_eq!(recorded.key_data(), key(ONE).key_data());
        assert!(place.ends_with(":1"));
        assert_eq!(file.algorithms("host"), [Algorithm::Ed25519]);
    }

    #[test]
    fn learned_keys_count_at_once() {
        let mut file = KnownHosts::default();
        file.learn(&entry_name("host", 2222), &key(ONE));
        assert_eq!(file.verdict("[host]:2222", &key(ONE)), Verdict::Known);
    }
}
