//! Personal package archives of Launchpad: `ppa:owner/name`.

use std::path::PathBuf;

use serde_json::Value;

use crate::http::{Client, Request};
use crate::{Args, Content, Context, ModuleError, WriteOptions};

const KEY_SERVER: &str = "https://keyserver.ubuntu.com/pks/lookup?op=get&options=mr&search=0x";

pub(super) struct Ppa {
    owner: String,
    name: String,
    codename: String,
    validate_certs: bool,
}

impl Ppa {
    /// `None` when the repository is none.
    pub(super) fn parse(repo: &str, args: &Args, cx: &Context<'_>) -> Result<Option<Self>, ModuleError> {
        let Some(path) = repo.strip_prefix("ppa:") else { return Ok(None) };
        let (owner, name) = path.split_once('/').unwrap_or((path, "ppa"));
        let codename = match args.opt_str("codename") {
            Some(codename) => codename.to_owned(),
            None => codename(&cx.read_text("/etc/os-release")?.unwrap_or_default()),
        };
        let validate_certs = args.bool("validate_certs");
        Ok(Some(Self { owner: owner.to_owned(), name: name.to_owned(), codename, validate_certs }))
    }

    pub(super) fn source(&self) -> String {
        format!("deb http://ppa.launchpad.net/{}/{}/ubuntu {} main", self.owner, self.name, self.codename)
    }

    pub(super) fn file_name(&self) -> String {
        format!("ppa_{}_{}_{}", self.owner, self.name, self.codename).replace(|c: char| !c.is_ascii_alphanumeric(), "_")
    }

    /// Fetches the archive's key from where Launchpad publishes it, and trusts it.
    pub(super) fn install_key(&self, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        let path = PathBuf::from(format!("/etc/apt/trusted.gpg.d/{}-{}.asc", self.owner, self.name));
        if cx.check_mode || cx.exists(&path) {
            return Ok(());
        }
        let url = format!("https://launchpad.net/api/1.0/~{}/+archive/{}", self.owner, self.name);
        let information: Value =
            serde_json::from_slice(&self.fetch(&url, cx)?).map_err(|error| failed(&format!("{url}: {error}")))?;
        let fingerprint = information.get("signing_key_fingerprint").and_then(Value::as_str);
        let fingerprint = fingerprint.ok_or_else(|| failed("the archive has no signing key"))?;
        let key = self.fetch(&format!("{KEY_SERVER}{fingerprint}"), cx)?;
        let options = WriteOptions { new_mode: Some(0o644), ..WriteOptions::default() };
        cx.write_file(&path, Content::Bytes(&key), &options).map(drop)
    }

    fn fetch(&self, url: &str, cx: &Context<'_>) -> Result<Vec<u8>, ModuleError> {
        let headers = vec![("Accept".to_owned(), "application/json, */*".to_owned())];
        let request = Request { headers, validate_certs: self.validate_certs, ..Request::get(url) };
        let mut response = Client::new(cx).send(&request).map_err(|error| failed(&error.to_string()))?;
        if !response.is_success() {
            return Err(failed(&response.summary()));
        }
        Ok(response.read_body()?)
    }
}

fn failed(reason: &str) -> ModuleError {
    ModuleError::failed(format!("failed to fetch PPA information, error was: {reason}"))
}

fn codename(os_release: &str) -> String {
    let value = |key: &str| os_release.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    let found = value("UBUNTU_CODENAME").or_else(|| value("VERSION_CODENAME"));
    found.unwrap_or_default().trim_matches('"').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn archives_have_a_source_and_a_file() {
        let ppa = Ppa {
            owner: "nginx".to_owned(),
            name: "stable".to_owned(),
            codename: codename("NAME=x\nVERSION_CODENAME=\"jammy\"\n"),
            validate_certs: true,
        };
        assert_eq!(ppa.source(), "deb http://ppa.launchpad.net/nginx/stable/ubuntu jammy main");
        assert_eq!(ppa.file_name(), "ppa_nginx_stable_jammy");
    }
}
