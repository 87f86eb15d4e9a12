//! `ansible.builtin.known_hosts`: the host keys that SSH clients of the node trust.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use sha1::Sha1;

use crate::{Arg, Args, Content, Context, Diff, Map, Module, ModuleError, ModuleResult, WriteOptions};

pub(crate) static MODULE: Module = Module::new("ansible.builtin.known_hosts", ARGS, run).diff();

const ARGS: &[Arg] = &[
    Arg::str("name").required().alias(&["host"]),
    Arg::str("key"),
    Arg::path("path").default("~/.ssh/known_hosts"),
    Arg::bool("hash_host").default("false"),
    Arg::str("state").default("present").choices(&["absent", "present"]),
];

const HASH_PREFIX: &str = "|1|";

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let (name, path) = (args.str("name")?, args.path("path")?);
    let present = args.str("state")? == "present";
    if name.contains(',') {
        return Err(ModuleError::failed(
            "Comma separated list of names is not supported. Please pass a single name to lookup in the known_hosts file.",
        ));
    }
    let key = args.opt_str("key").filter(|key| !key.is_empty());
    let key = key.map(|lines| checked_key(lines, name)).transpose()?;
    if present && key.is_none() {
        return Err(ModuleError::failed("No key specified when adding a host"));
    }
    let old = cx.read_utf8(&path)?;
    let text = old.as_deref().unwrap_or_default();
    let new = match &key {
        Some(key) if present => with_key(text, name, key, args.bool("hash_host")),
        key => without_host(text, name, key.as_ref()),
    };
    let changed = new != text;
    let header = args.str("path")?;
    let diff = Diff::new(text, new.as_str()).headers(if old.is_some() { header } else { "/dev/null" }, header);
    let result = ModuleResult::ok().changed(changed).diff(diff);
    if cx.check_mode {
        return Ok(result);
    }
    if changed {
        cx.write_file(&path, Content::Bytes(new.as_bytes()), &WriteOptions::default())?;
    }
    let given: Map = args.values().iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    Ok(result.extend(given))
}

/// A line's parts: the names, the type of the key, and the key itself.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry<'l> {
    marker: Option<&'l str>,
    names: &'l str,
    kind: &'l str,
    key: &'l str,
    line: &'l str,
}

impl<'l> Entry<'l> {
    fn parse(line: &'l str) -> Option<Self> {
        let mut words = line.split_whitespace().filter(|_| !line.trim_start().starts_with('#')).peekable();
        let marker = words.next_if(|word| word.starts_with('@'));
        Some(Self { marker, names: words.next()?, kind: words.next()?, key: words.next()?, line })
    }

    fn is_hashed(&self) -> bool {
        self.names.starts_with(HASH_PREFIX)
    }

    fn is_for(&self, host: &str) -> bool {
        if self.is_hashed() {
            return hash_matches(self.names, host);
        }
        self.names.split(',').any(|name| name.eq_ignore_ascii_case(host))
    }

    fn has_key_of(&self, other: &Entry<'_>) -> bool {
        self.kind == other.kind && self.key == other.key && self.marker == other.marker
    }
}

/// The first key has to be one of this host; what else is written with it goes with it.
fn checked_key<'l>(lines: &'l str, host: &str) -> Result<Entry<'l>, ModuleError> {
    let entry = lines.lines().find_map(Entry::parse);
    entry
        .filter(|entry| entry.is_for(host))
        .map(|entry| Entry { line: lines.trim(), ..entry })
        .ok_or_else(|| ModuleError::failed("Host parameter does not match hashed host field in supplied key"))
}

/// The text with this key for the host in place of any other of its type.
fn with_key(text: &str, host: &str, key: &Entry<'_>, hashed: bool) -> String {
    // A host has one key of a type, but may trust several authorities.
    let same_type = |entry: &Entry<'_>| {
        let same = entry.is_for(host) && entry.kind == key.kind && entry.marker == key.marker;
        same && (key.marker.is_none() || entry.has_key_of(key))
    };
    let found: Vec<Entry<'_>> = text.lines().filter_map(Entry::parse).filter(|entry| same_type(entry)).collect();
    if let [entry] = found.as_slice()
        && entry.has_key_of(key)
        && entry.is_hashed() == (hashed || key.is_hashed())
    {
        return text.to_owned();
    }
    let kept = text.lines().filter(|line| !Entry::parse(line).is_some_and(|entry| same_type(&entry)));
    let mut new: String = kept.map(|line| format!("{line}\n")).collect();
    let line =
        if hashed && !key.is_hashed() { key.line.replacen(key.names, &hash(host), 1) } else { key.line.to_owned() };
    new.push_str(&line);
    new.push('\n');
    new
}

/// The text without the host, or without this key of it.
fn without_host(text: &str, host: &str, key: Option<&Entry<'_>>) -> String {
    let goes = |entry: &Entry<'_>| entry.is_for(host) && key.is_none_or(|key| entry.has_key_of(key));
    let kept: Vec<&str> = text.lines().filter(|line| !Entry::parse(line).is_some_and(|entry| goes(&entry))).collect();
    if kept.len() == text.lines().count() {
        return text.to_owned();
    }
    kept.iter().map(|line| format!("{line}\n")).collect()
}

/// `|1|salt|hash`, as OpenSSH hides host names.
fn hash(host: &str) -> String {
    let salt: [u8; 20] = rand::random();
    format!("{HASH_PREFIX}{}|{}", STANDARD.encode(salt), STANDARD.encode(digest(&salt, host)))
}

fn hash_matches(field: &str, host: &str) -> bool {
    let parts = field.strip_prefix(HASH_PREFIX).and_then(|rest| rest.split_once('|'));
    let Some((salt, expected)) = parts else { return false };
    STANDARD.decode(salt).is_ok_and(|salt| STANDARD.encode(digest(&salt, host)) == expected)
}

fn digest(salt: &[u8], host: &str) -> Vec<u8> {
    // HMAC takes keys of any length.
    Hmac::<Sha1>::new_from_slice(salt)
        .map(|mac| mac.chain_update(host.to_lowercase()).finalize().into_bytes().to_vec())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_openssh() {
        // Made by `ssh-keygen -H` for h2.
        assert!(hash_matches("|1|NroD8MlgjY78UEBd3wVUbIChF5I=|6I+5g+gVN3mOakiZ3ssa4SQ6iVU=", "h2"));
        assert!(!hash_matches("|1|NroD8MlgjY78UEBd3wVUbIChF5I=|6I+5g+gVN3mOakiZ3ssa4SQ6iVU=", "h1"));
        assert!(hash_matches(&hash("Web"), "web"));
    }

    #[test]
    fn a_key_replaces_those_of_its_type() {
        let key = Entry::parse("h ssh-rsa NEW").unwrap();
        let text = "# c\nh ssh-rsa OLD\nh ssh-ed25519 X\nother ssh-rsa Y\n";
        assert_eq!(with_key(text, "h", &key, false), "# c\nh ssh-ed25519 X\nother ssh-rsa Y\nh ssh-rsa NEW\n");
        assert_eq!(without_host(text, "h", None), "# c\nother ssh-rsa Y\n");
        assert_eq!(without_host(text, "h", Some(&key)), text);
        let hashed = with_key("", "h", &key, true);
        assert!(hashed.starts_with("|1|") && with_key(&hashed, "h", &key, true) == hashed);
    }
}
