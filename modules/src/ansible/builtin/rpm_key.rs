//! `ansible.builtin.rpm_key`: the public keys that rpm trusts.

use std::path::{Path, PathBuf};

use crate::http::{Client, Download, Request};
use crate::python_repr::quoted;
use crate::{Arg, Args, CommandSpec, Context, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module = Module::new("ansible.builtin.rpm_key", ARGS, run);

const ARGS: &[Arg] = &[
    Arg::str("state").default("present").choices(&["absent", "present"]),
    Arg::str("key").required(),
    Arg::list("fingerprint"),
    Arg::bool("validate_certs").default("true"),
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let rpm = Rpm::find(cx)?;
    let key = args.str("key")?;
    let dir = cx.temp_dir()?;
    let file = key_file(key, args.bool("validate_certs"), &dir.path().join("key"), cx)?;
    let id = match &file {
        Some(file) => rpm.id_of(file, cx)?,
        None => normal_id(key).ok_or_else(|| ModuleError::failed(format!("Not a valid key {key}")))?,
    };
    let trusted = Rpm::trusts(&id, cx)?;
    if args.str("state")? == "absent" {
        if trusted {
            Rpm::forget(&id, cx)?;
        }
        return Ok(ModuleResult::ok().changed(trusted));
    }
    let Some(file) = file else {
        return Err(ModuleError::failed("When importing a key, a valid file must be given"));
    };
    if trusted {
        return Ok(ModuleResult::ok());
    }
    let wanted: Vec<String> = args.list_of_str("fingerprint").iter().map(|text| normal_fingerprint(text)).collect();
    let found = if wanted.is_empty() { Vec::new() } else { rpm.fingerprints(&file, cx)? };
    if !wanted.is_empty() && !wanted.iter().any(|text| found.contains(text)) {
        return Err(ModuleError::failed(format!(
            "The specified fingerprint, '{}', does not match any key fingerprints in '{}'",
            set_of(&wanted),
            set_of(&found)
        )));
    }
    Rpm::trust(&file, cx)?;
    Ok(ModuleResult::ok().changed(true))
}

/// Where the key lies, downloaded if need be; `None` when it is given by its id.
fn key_file(key: &str, check: bool, dest: &Path, cx: &Context<'_>) -> Result<Option<PathBuf>, ModuleError> {
    if key.contains("://") {
        let request = Request { validate_certs: check, ..Request::get(key) };
        let failed =
            |reason: String| ModuleError::failed(format!("failed to fetch key at {key} , error was: {reason}"));
        let mut response = Client::new(cx).send(&request).map_err(|error| failed(error.to_string()))?;
        if !response.is_success() {
            return Err(failed(response.summary()));
        }
        Download::save(&mut response, dest, cx)?;
        return Ok(Some(dest.to_owned()));
    }
    if normal_id(key).is_some() {
        return Ok(None);
    }
    let path = PathBuf::from(key);
    if path.is_file() { Ok(Some(path)) } else { Err(ModuleError::failed(format!("Not a valid key {key}"))) }
}

/// An id of eight hex digits, upper case, without `0x`; longer ones are cut.
fn normal_id(text: &str) -> Option<String> {
    let text = text.trim().to_uppercase();
    let digits = text.strip_prefix("0X").unwrap_or(&text);
    let is_id = digits.len() >= 8 && digits.chars().all(|c| c.is_ascii_hexdigit());
    is_id.then(|| digits[digits.len() - 8..].to_owned())
}

fn normal_fingerprint(text: &str) -> String {
    text.split_whitespace().collect::<String>().to_uppercase()
}

/// As Python prints a set.
fn set_of(texts: &[String]) -> String {
    format!("{{{}}}", texts.iter().map(|text| quoted(text)).collect::<Vec<_>>().join(", "))
}

struct Rpm {
    gpg: PathBuf,
}

impl Rpm {
    fn find(cx: &Context<'_>) -> Result<Self, ModuleError> {
        cx.require_program("rpm")?;
        let gpg = ["gpg2", "gpg"].into_iter().find_map(|name| cx.which(name));
        Ok(Self { gpg: gpg.map_or_else(|| cx.require_program("gpg"), Ok)? })
    }

    /// gpg's records on the keys of a file.
    fn records(
        &self,
        option: Option<&str>,
        file: &Path,
        cx: &mut Context<'_>,
    ) -> Result<Vec<Vec<String>>, ModuleError> {
        let options = ["--no-tty", "--batch", "--with-colons", "--fixed-list-mode"];
        let command = CommandSpec::new([self.gpg.to_string_lossy()]).args(options).args(option);
        let output = cx.run_read(&command.arg(file.to_string_lossy()))?;
        if !output.ok() {
            return Err(ModuleError::failed(output.stderr()));
        }
        Ok(output.stdout().lines().map(|line| line.split(':').map(str::to_owned).collect()).collect())
    }

    /// The id of the first key of a file.
    fn id_of(&self, file: &Path, cx: &mut Context<'_>) -> Result<String, ModuleError> {
        let records = self.records(None, file, cx)?;
        let first = records.iter().find(|record| record[0] == "pub").and_then(|record| normal_id(record.get(4)?));
        first.ok_or_else(|| ModuleError::failed("Unexpected gpg output"))
    }

    fn fingerprints(&self, file: &Path, cx: &mut Context<'_>) -> Result<Vec<String>, ModuleError> {
        let records = self.records(Some("--with-fingerprint"), file, cx)?;
        let found = records.iter().filter(|record| record[0] == "fpr").filter_map(|record| record.get(9).cloned());
        Ok(found.collect())
    }

    /// rpm calls a key by the end of its id; newer versions by its whole fingerprint.
    fn packages(id: &str, cx: &mut Context<'_>) -> Result<Vec<String>, ModuleError> {
        let output = cx.run_read(&CommandSpec::new(["rpm", "-q", "--qf", "%{VERSION} %{NVR}\\n", "gpg-pubkey"]))?;
        let text = output.stdout();
        let entries = text.lines().filter_map(|line| line.split_once(' '));
        let found = entries.filter(|(version, _)| version.to_uppercase().ends_with(id));
        Ok(found.map(|(_, name)| name.to_owned()).collect())
    }

    fn trusts(id: &str, cx: &mut Context<'_>) -> Result<bool, ModuleError> {
        Ok(!Self::packages(id, cx)?.is_empty())
    }

    fn trust(file: &Path, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        cx.run_ok(&CommandSpec::new(["rpm", "--import"]).arg(file.to_string_lossy())).map(drop)
    }

    fn forget(id: &str, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        let packages = Self::packages(id, cx)?;
        cx.run_ok(&CommandSpec::new(["rpm", "--erase", "--allmatches"]).args(packages)).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::normal_id;

    #[test]
    fn ids_have_eight_digits() {
        assert_eq!(normal_id("0xdeadb33f").as_deref(), Some("DEADB33F"));
        assert_eq!(normal_id("4BD6EC30ABCDEF01").as_deref(), Some("ABCDEF01"));
        assert_eq!(normal_id("/etc/key"), None);
        assert_eq!(normal_id("abc"), None);
    }
}
