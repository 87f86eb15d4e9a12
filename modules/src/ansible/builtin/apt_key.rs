//! `ansible.builtin.apt_key`: keys that apt trusts, through the old `apt-key` program.

use std::path::{Path, PathBuf};

use crate::http::{Client, Download, Request};
use crate::{Arg, Args, CommandSpec, Constraint, Context, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module = Module::new("ansible.builtin.apt_key", ARGS, run)
    .constraints(&[Constraint::MutuallyExclusive(&["data", "file", "keyserver", "url"])]);

const ARGS: &[Arg] = &[
    Arg::str("id"),
    Arg::str("url"),
    Arg::str("data"),
    Arg::path("file"),
    Arg::path("keyring"),
    Arg::bool("validate_certs").default("true"),
    Arg::str("keyserver"),
    Arg::str("state").default("present").choices(&["absent", "present"]),
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    cx.require_program("gpg")?;
    let task = Task { program: cx.require_program("apt-key")?, keyring: args.opt_str("keyring") };
    let present = args.str("state")? == "present";
    let given = args.opt_str("id");
    if args.has("keyserver") && given.is_none() {
        return Err(ModuleError::failed("Missing key_id, required with keyserver."));
    }
    let dir = cx.temp_dir()?;
    let file = key_file(args, dir.path(), cx)?;
    let found = match (given, &file) {
        (None, Some(file)) => Some(id_in(file, &source(args), cx)?),
        _ => None,
    };
    let named = given.map(str::to_owned).or(found);
    let id = named
        .as_deref()
        .and_then(Id::parse)
        .ok_or_else(|| ModuleError::failed("Invalid key_id").with("id", named.clone()))?;
    let before = task.keys(cx)?;
    let trusted = before.iter().any(|key| id.is(key));
    let result = ModuleResult::ok()
        .set("id", named.unwrap_or_default())
        .set("short_id", id.short())
        .set("fp", id.full.clone())
        .set("key_id", id.long())
        .set("before", id.like_it(&before));
    if trusted == present {
        return Ok(result);
    }
    if present && file.is_none() && !args.has("keyserver") {
        return Err(ModuleError::failed("No key to add: give data, file, keyserver or url"));
    }
    if cx.check_mode {
        return Ok(result.changed(true));
    }
    if present {
        match (&file, args.opt_str("keyserver")) {
            (Some(file), _) => task.add(file, cx)?,
            (None, server) => task.fetch(server.unwrap_or_default(), &id, cx)?,
        }
    } else {
        task.remove(&id, cx)?;
    }
    let after = task.keys(cx)?;
    if after.iter().any(|key| id.is(key)) != present {
        let what = if present {
            "apt-key did not return an error, but failed to add the key (check that the id is correct and *not* a subkey)"
        } else {
            "apt-key did not return an error, but the key was not removed (check that the id is correct and *not* a subkey)"
        };
        return Err(ModuleError::failed(what).with("id", id.full.clone()));
    }
    Ok(result.set("after", id.like_it(&after)).changed(true))
}

/// Hex digits of a fingerprint or of its end.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Id {
    full: String,
}

impl Id {
    /// `None` for what is no id.
    fn parse(text: &str) -> Option<Self> {
        let text = text.to_uppercase();
        let digits = text.strip_prefix("0X").unwrap_or(&text);
        let is_id = digits.len() >= 8 && digits.chars().all(|c| c.is_ascii_hexdigit());
        is_id.then(|| Self { full: digits.to_owned() })
    }

    fn short(&self) -> String {
        end_of(&self.full, 8)
    }

    fn long(&self) -> String {
        end_of(&self.full, 16)
    }

    /// Fingerprints in the length of this id.
    fn like_it(&self, fingerprints: &[String]) -> Vec<String> {
        let length = if self.full.len() == 8 { 8 } else { 16 };
        fingerprints.iter().map(|key| end_of(key, length)).collect()
    }

    fn is(&self, fingerprint: &str) -> bool {
        fingerprint.ends_with(&self.full) || self.full.ends_with(fingerprint)
    }
}

fn end_of(digits: &str, length: usize) -> String {
    digits[digits.len().saturating_sub(length)..].to_owned()
}

fn source(args: &Args) -> String {
    args.opt_str("file").or_else(|| args.opt_str("url")).unwrap_or("inline data").to_owned()
}

/// The key as a file of the node.
fn key_file(args: &Args, dir: &Path, cx: &mut Context<'_>) -> Result<Option<PathBuf>, ModuleError> {
    let dest = dir.join("key");
    if let Some(file) = args.opt_path("file") {
        return Ok(Some(file));
    }
    if let Some(data) = args.opt_str("data") {
        fs_err::write(&dest, data)?;
        return Ok(Some(dest));
    }
    let Some(url) = args.opt_str("url") else { return Ok(None) };
    let failed = |reason: String| ModuleError::failed(format!("Failed to download key at {url}: {reason}"));
    let request = Request { validate_certs: args.bool("validate_certs"), ..Request::get(url) };
    let mut response = Client::new(cx).send(&request).map_err(|error| failed(error.to_string()))?;
    if !response.is_success() {
        return Err(failed(response.summary()));
    }
    Download::save(&mut response, &dest, cx)?;
    Ok(Some(dest))
}

/// The id of the first key of a file.
fn id_in(file: &Path, source: &str, cx: &mut Context<'_>) -> Result<String, ModuleError> {
    let command = CommandSpec::new(["gpg", "--no-tty", "--batch", "--with-colons"]).arg(file.to_string_lossy());
    let output = cx.run_read(&command)?;
    let text = output.stdout();
    let id = text.lines().find_map(|line| line.strip_prefix("pub:")?.split(':').nth(3));
    id.map(str::to_owned).ok_or_else(|| {
        let failed = ModuleError::failed(format!("Unable to extract key from '{source}'"));
        failed.with("stdout", text.clone()).with("stderr", output.stderr())
    })
}

/// The fingerprints of the keys and subkeys in gpg's records.
fn fingerprints(records: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut of_key = false;
    for record in records.lines().map(|line| line.split(':').collect::<Vec<_>>()) {
        match record[0] {
            "pub" | "sub" => of_key = true,
            "fpr" if of_key => {
                found.extend(record.get(9).map(|text| (*text).to_owned()));
                of_key = false;
            }
            _ => {}
        }
    }
    found
}

struct Task<'a> {
    program: PathBuf,
    keyring: Option<&'a str>,
}

impl Task<'_> {
    fn command(&self, words: &[&str]) -> CommandSpec {
        let keyring = self.keyring.map(|path| ["--keyring".to_owned(), path.to_owned()]);
        CommandSpec::new([self.program.to_string_lossy()])
            .args(keyring.into_iter().flatten())
            .args(words.iter().copied())
            .env("APT_KEY_DONT_WARN_ON_DANGEROUS_USAGE", "1")
    }

    fn keys(&self, cx: &mut Context<'_>) -> Result<Vec<String>, ModuleError> {
        let command = self.command(&["adv", "--list-public-keys", "--with-colons", "--fingerprint"]);
        let output = cx.run_read(&command)?;
        if !output.ok() && self.keyring.is_none() {
            return Err(crate::context::command_failure("Unable to list public keys", &command, &output));
        }
        Ok(fingerprints(&output.stdout()))
    }

    fn run(&self, words: &[&str], what: &str, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        let command = self.command(words);
        let output = cx.run(&command)?;
        if output.ok() {
            return Ok(());
        }
        Err(crate::context::command_failure(what, &command, &output))
    }

    fn add(&self, file: &Path, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        self.run(&["add", &file.to_string_lossy()], "Error adding a key from a file", cx)
    }

    fn fetch(&self, server: &str, id: &Id, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        let words = ["adv", "--no-tty", "--keyserver", server, "--recv", &id.full];
        self.run(&words, &format!("Error fetching key {} from keyserver: {server}", id.full), cx)
    }

    fn remove(&self, id: &Id, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        self.run(&["del", &id.short()], &format!("error removing key_id: {}", id.full), cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_ends_of_fingerprints() {
        let id = Id::parse("0xd8576a8ba88d21e9").unwrap();
        assert!(id.is("36A1D7869245C8950F966E92D8576A8BA88D21E9"));
        assert_eq!(id.short(), "A88D21E9");
        assert!(Id::parse("zz").is_none() && Id::parse("abc").is_none() && Id::parse("not hexx").is_none());
        let records = "pub:u:4096:1:D8:1::::::\nfpr:::::::::AAAA:\nsub:u:\nfpr:::::::::BBBB:\n";
        assert_eq!(fingerprints(records), ["AAAA", "BBBB"]);
    }
}
