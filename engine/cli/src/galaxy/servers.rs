//! Which Galaxy servers are asked, in which order: the command line, `server_list` of `ansible.cfg`, the default.

use std::time::Duration;

use kapell_config::{Environment, Settings, ini};
use kapell_parsing::yaml::{self, LoadOptions};
use kapell_parsing::{Diagnostic, SourceFile, Trust, VaultSecrets};

use super::server::{Login, Server};
use crate::refusal::Refusal;

/// What the command line says of servers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Chosen {
    /// The name of a configured server, or an address.
    pub server: Option<String>,
    pub token: Option<String>,
    pub ignore_certs: bool,
    pub timeout: Option<u64>,
}

/// Options of a configured server, as the sections `galaxy_server.NAME` and the environment know them.
const OPTIONS: &[&str] =
    &["url", "username", "password", "token", "auth_url", "api_version", "validate_certs", "client_id", "timeout"];

pub(crate) fn servers(chosen: &Chosen, settings: &Settings) -> Result<Vec<Server>, Refusal> {
    let timeout = Duration::from_secs(chosen.timeout.unwrap_or(settings.galaxy_timeout));
    let validate_certs = !(chosen.ignore_certs || settings.galaxy_ignore_certs);
    let configured = configured(settings, chosen, timeout)?;
    let plain = |url: &str| {
        let token = chosen.token.clone().or_else(|| token_of_file(settings));
        Server::new(url, url, token.map_or(Login::None, Login::Token), validate_certs, timeout)
    };
    Ok(match &chosen.server {
        Some(wanted) => {
            let mut matching: Vec<Server> =
                configured.into_iter().filter(|server| server.name() == wanted || server.url() == wanted).collect();
            if matching.is_empty() {
                matching.push(plain(wanted));
            }
            matching
        }
        None if configured.is_empty() => vec![plain(&settings.galaxy_server)],
        None => configured,
    })
}

fn configured(settings: &Settings, chosen: &Chosen, timeout: Duration) -> Result<Vec<Server>, Refusal> {
    let entries = entries(settings)?;
    let environment = Environment::of_process();
    let find = |name: &str, option: &str| {
        let variable = format!("ANSIBLE_GALAXY_SERVER_{}_{}", name.to_uppercase(), option.to_uppercase());
        let section = format!("galaxy_server.{name}");
        let entry = || entries.iter().find(|entry| entry.section == section && entry.key == option);
        let found = environment.get(&variable).map(ToOwned::to_owned).or_else(|| entry().map(|e| e.value.clone()));
        found.filter(|text| !text.is_empty())
    };
    let mut servers = Vec::new();
    for name in settings.galaxy_server_list.iter().filter(|name| !name.is_empty()) {
        let Some(url) = find(name, "url") else {
            let message = format!("No setting was provided for required configuration setting: url of server '{name}'");
            let hint =
                format!("write it in [galaxy_server.{name}] of ansible.cfg; its options: {}", OPTIONS.join(", "));
            return Err(Diagnostic::error(message).hint(hint).into());
        };
        if find(name, "auth_url").is_some() {
            let message = format!("server '{name}' wants a login through auth_url, which this program does not do");
            return Err(Diagnostic::error(message).hint("give it an API token under 'token'").into());
        }
        let login = match (find(name, "username"), find(name, "password"), find(name, "token")) {
            (Some(user), password, _) => Login::Password(user, password.unwrap_or_default()),
            (None, _, Some(token)) => Login::Token(token),
            _ => chosen.token.clone().map_or(Login::None, Login::Token),
        };
        let is_no = |text: String| ["no", "false", "0", "off"].contains(&text.to_lowercase().as_str());
        let validate =
            !chosen.ignore_certs && !find(name, "validate_certs").map_or(settings.galaxy_ignore_certs, is_no);
        let own = find(name, "timeout").and_then(|text| text.parse().ok()).map(Duration::from_secs);
        let timeout = if chosen.timeout.is_some() { timeout } else { own.unwrap_or(timeout) };
        servers.push(Server::new(name, &url, login, validate, timeout));
    }
    Ok(servers)
}

fn entries(settings: &Settings) -> Result<Vec<ini::IniEntry>, Refusal> {
    let Some(path) = &settings.config_file else { return Ok(Vec::new()) };
    let text = fs_err::read_to_string(path)?;
    Ok(ini::parse(&SourceFile::new(path, text))?)
}

/// `token: …` of the file of `token_path`.
fn token_of_file(settings: &Settings) -> Option<String> {
    let text = fs_err::read_to_string(&settings.galaxy_token_path).ok()?;
    let options = LoadOptions { trust: Trust::Untrusted, vault: &VaultSecrets::default() };
    let value = yaml::load(&SourceFile::new(&settings.galaxy_token_path, text), &options, &mut Vec::new()).ok()?;
    let token = value.get("token")?.as_str()?.to_owned();
    Some(token).filter(|token| !token.is_empty())
}
