//! `community.hashi_vault`: secrets that a HashiCorp Vault keeps, over its HTTP API. What comes from there is secret.

use serde_json::{Value as Json, json};

use super::LookupCall;
use super::service::secret_object;
use crate::evaluate::{Fault, defined};
use crate::object::Object;
use crate::python;
use crate::surroundings::{FetchError, UrlAnswer, UrlRequest};

const METHODS: [&str; 10] = ["token", "userpass", "ldap", "approle", "aws_iam", "azure", "jwt", "cert", "gcp", "none"];
const FORMATS: [&str; 3] = ["dict", "values", "raw"];
/// Seconds, as the `hvac` library has it.
const TIMEOUT: f64 = 30.0;

/// Terms are `path[:field]`, or options and values: `secret=path:field url=…`.
pub(super) fn hashi_vault(call: &LookupCall<'_>) -> Result<Vec<Object>, Fault> {
    let mut found = Vec::new();
    for term in call.texts()? {
        let options = Options::of_term(call, "hashi_vault", &term)?;
        let secret = options.text("secret")?;
        let secret = secret
            .ok_or_else(|| Fault::error(format!("Required config 'secret' for {} not provided.", options.plugin())))?;
        let (path, field) =
            secret.rsplit_once(':').map_or((secret.as_str(), None), |(path, field)| (path, Some(field)));
        let format = options.one_of("return_format", &FORMATS, "dict")?;
        let answer = Server::of(&options)?.get(path, "")?;
        let whole = match answer {
            Answer::Data(whole) => whole,
            Answer::Missing(_) => return Err(Fault::error(format!("The secret '{path}' doesn't seem to exist."))),
            Answer::Forbidden(_) => {
                return Err(Fault::error(format!("Forbidden: Permission Denied to secret '{path}'.")));
            }
        };
        if format == "raw" {
            found.push(secret_object(call, &whole));
            continue;
        }
        let data = versioned(&whole).unwrap_or(&whole["data"]);
        match (field, data) {
            (Some(field), data) => {
                let value = data.get(field).ok_or_else(|| {
                    Fault::error(format!(
                        "The secret {path} does not contain the field '{field}'. for hashi_vault lookup"
                    ))
                })?;
                found.push(secret_object(call, value));
            }
            (None, Json::Object(entries)) if format == "values" => {
                found.extend(entries.values().map(|value| secret_object(call, value)));
            }
            (None, data) => found.push(secret_object(call, data)),
        }
    }
    Ok(found)
}

/// Of the second version of the key/value store, what is kept, without what is known about it.
fn versioned(whole: &Json) -> Option<&Json> {
    let data = whole.get("data")?;
    data.get("metadata")?;
    data.get("data").filter(|data| data.is_object())
}

pub(super) fn vault_kv2_get(call: &LookupCall<'_>) -> Result<Vec<Object>, Fault> {
    each(call, "vault_kv2_get", |options, term| {
        let mount = options.text("engine_mount_point")?.unwrap_or_else(|| "secret".to_owned());
        let version = options.text("version")?;
        let query = version.as_deref().map(|version| format!("?version={version}")).unwrap_or_default();
        match Server::of(options)?.get(&format!("{mount}/data/{term}"), &query)? {
            Answer::Data(whole) => {
                let data = &whole["data"];
                Ok(json!({"raw": whole, "data": data, "secret": data["data"], "metadata": data["metadata"]}))
            }
            Answer::Missing(said) => {
                let version = version.unwrap_or_else(|| "latest".to_owned());
                let message = format!("Invalid or missing path ['{term}'] with secret version '{version}'");
                Err(Fault::error(format!("{message}. Check the path or secret version: {said}")))
            }
            Answer::Forbidden(said) => {
                Err(Fault::error(format!("Forbidden: Permission Denied to path ['{term}']: {said}")))
            }
        }
    })
}

pub(super) fn vault_kv1_get(call: &LookupCall<'_>) -> Result<Vec<Object>, Fault> {
    each(call, "vault_kv1_get", |options, term| {
        let mount = options.text("engine_mount_point")?.unwrap_or_else(|| "kv".to_owned());
        match Server::of(options)?.get(&format!("{mount}/{term}"), "")? {
            Answer::Data(whole) => {
                let mut metadata = whole.clone();
                let data = metadata.as_object_mut().and_then(|map| map.shift_remove("data")).unwrap_or_default();
                Ok(json!({"raw": whole, "data": data, "secret": data, "metadata": metadata}))
            }
            Answer::Missing(said) => Err(Fault::error(format!("Invalid or missing path ['{term}']: {said}"))),
            Answer::Forbidden(said) => {
                Err(Fault::error(format!("Forbidden: Permission Denied to path ['{term}']: {said}")))
            }
        }
    })
}

pub(super) fn vault_read(call: &LookupCall<'_>) -> Result<Vec<Object>, Fault> {
    each(call, "vault_read", |options, term| match Server::of(options)?.get(term, "")? {
        Answer::Data(whole) => Ok(whole),
        Answer::Missing(_) => Err(Fault::error(format!("The path '{term}' doesn't seem to exist."))),
        Answer::Forbidden(_) => Err(Fault::error(format!("Forbidden: Permission Denied to path '{term}'."))),
    })
}

fn each(
    call: &LookupCall<'_>,
    plugin: &'static str,
    read: impl Fn(&Options<'_>, &str) -> Result<Json, Fault>,
) -> Result<Vec<Object>, Fault> {
    let options = Options { call, plugin, of_term: Vec::new() };
    call.texts()?.iter().map(|term| Ok(secret_object(call, &read(&options, term.trim_matches('/'))?))).collect()
}

/// The term's own options, then the call's, then where the collection's may be set.
struct Options<'c> {
    call: &'c LookupCall<'c>,
    plugin: &'static str,
    of_term: Vec<(String, String)>,
}

impl<'c> Options<'c> {
    fn of_term(call: &'c LookupCall<'c>, plugin: &'static str, term: &str) -> Result<Self, Fault> {
        let words =
            shell_words::split(term).map_err(|error| Fault::error(format!("Error splitting '{term}': {error}")))?;
        let mut of_term = Vec::new();
        for (at, word) in words.into_iter().enumerate() {
            match word.split_once('=') {
                Some((name, value)) => of_term.push((name.to_owned(), value.to_owned())),
                None if at == 0 => of_term.push(("secret".to_owned(), word)),
                None => {
                    return Err(Fault::error(format!(
                        "hashi_vault lookup plugin needs key=value pairs, but received {term}"
                    )));
                }
            }
        }
        Ok(Self { call, plugin, of_term })
    }

    fn text(&self, name: &str) -> Result<Option<String>, Fault> {
        let names: &[&str] = match name {
            "return_format" => &["return_format", "as"],
            "ca_cert" => &["ca_cert", "cacert"],
            _ => &[name],
        };
        if let Some((_, value)) = self.of_term.iter().find(|(known, _)| names.contains(&known.as_str())) {
            return Ok(Some(value.clone()));
        }
        let given = names.iter().find_map(|name| self.call.option(name)).cloned();
        let given = match given {
            Some(given) => Some(given),
            None => self.call.rendering.variable(self.call.scope, &format!("ansible_hashi_vault_{name}"))?,
        };
        if let Some(given) = given.map(defined).transpose()?.filter(|given| !given.is_null()) {
            return python::str(self.call.rendering, &given).map(Some);
        }
        let surroundings = self.call.rendering.templar.options().surroundings.as_ref();
        let from_environment = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let last = match name {
            "url" => "VAULT_ADDR",
            "token" => "VAULT_TOKEN",
            "namespace" => "VAULT_NAMESPACE",
            "ca_cert" => "VAULT_CACERT",
            "token_path" => "HOME",
            _ => "",
        };
        Ok(from_environment(&format!("ANSIBLE_HASHI_VAULT_{}", name.to_uppercase()))
            .or_else(|| surroundings?.ini("hashi_vault_collection", name))
            .or_else(|| from_environment(last)))
    }

    fn flag(&self, name: &str) -> Result<Option<bool>, Fault> {
        let text = self.text(name)?;
        Ok(text
            .map(|text| !matches!(text.to_ascii_lowercase().as_str(), "no" | "off" | "0" | "false" | "n" | "f" | "")))
    }

    fn one_of(&self, name: &str, choices: &[&'static str], default: &'static str) -> Result<&'static str, Fault> {
        let Some(given) = self.text(name)? else { return Ok(default) };
        let chosen = choices.iter().find(|choice| **choice == given);
        chosen
            .copied()
            .ok_or_else(|| Fault::error(format!("Invalid value '{given}' for config '{name}' for {}.", self.plugin())))
    }

    /// As ansible-core calls it.
    fn plugin(&self) -> String {
        format!("'ansible_collections.community.hashi_vault.plugins.lookup.{}' lookup plugin", self.plugin)
    }
}

/// Errors are the server's own words, behind which the request stands.
enum Answer {
    Data(Json),
    Missing(String),
    Forbidden(String),
}

struct Server<'c> {
    options: &'c Options<'c>,
    url: String,
    request: UrlRequest,
}

impl<'c> Server<'c> {
    /// Logged in.
    fn of(options: &'c Options<'c>) -> Result<Self, Fault> {
        let url = options.text("url")?.ok_or_else(|| Fault::error("Required option url was not set."))?;
        if options.text("proxies")?.is_some() {
            return Err(Fault::error("proxies is not supported: set https_proxy in the environment"));
        }
        let timeout = options.text("timeout")?.and_then(|timeout| timeout.trim().parse().ok()).unwrap_or(TIMEOUT);
        let skipped =
            std::env::var("VAULT_SKIP_VERIFY").is_ok_and(|skip| matches!(skip.as_str(), "1" | "true" | "True"));
        let mut headers = vec![("X-Vault-Request".to_owned(), "true".to_owned())];
        if let Some(namespace) = options.text("namespace")? {
            headers.push(("X-Vault-Namespace".to_owned(), namespace));
        }
        let request = UrlRequest {
            url: String::new(),
            post: None,
            headers,
            unredirected_headers: Vec::new(),
            timeout,
            follow_redirects: "all".to_owned(),
            username: None,
            password: None,
            force_basic_auth: false,
            use_netrc: false,
            use_proxy: true,
            validate_certs: options.flag("validate_certs")?.unwrap_or(!skipped),
            ca_path: options.text("ca_cert")?,
            unix_socket: None,
            agent: "kapell".to_owned(),
        };
        let mut server = Self { options, url: url.trim_end_matches('/').to_owned(), request };
        if let Some(token) = server.token()? {
            options.call.rendering.templar.options().vault.opened().note(&token);
            server.request.headers.push(("X-Vault-Token".to_owned(), token));
        }
        Ok(server)
    }

    fn token(&self) -> Result<Option<String>, Fault> {
        let options = self.options;
        let method = options.one_of("auth_method", &METHODS, "token")?;
        let mount = options.text("mount_point")?.unwrap_or_else(|| method.to_owned());
        match method {
            "none" => Ok(None),
            "token" => {
                self.given_token()?.map(Some).ok_or_else(|| Fault::error("No Vault Token specified or discovered."))
            }
            "userpass" | "ldap" => {
                let missing = || {
                    Fault::error(format!(
                        "Authentication method {method} requires options ['username', 'password'] to be set, but these are missing."
                    ))
                };
                let user = options.text("username")?.ok_or_else(missing)?;
                let password = options.text("password")?.ok_or_else(missing)?;
                self.log_in(&format!("auth/{mount}/login/{user}"), &json!({"password": password})).map(Some)
            }
            "approle" => {
                let (role, secret) = (self.options.text("role_id")?, self.options.text("secret_id")?);
                let role = role.ok_or_else(|| Fault::error("Required option role_id was not set."))?;
                self.log_in(&format!("auth/{mount}/login"), &json!({"role_id": role, "secret_id": secret})).map(Some)
            }
            "jwt" => {
                let jwt = options.text("jwt")?.ok_or_else(|| Fault::error("Required option jwt was not set."))?;
                let login = json!({"role": options.text("role_id")?, "jwt": jwt});
                self.log_in(&format!("auth/{mount}/login"), &login).map(Some)
            }
            other => Err(Fault::error(format!(
                "the auth method '{other}' is not supported; token, userpass, ldap, approle, jwt and none are"
            ))),
        }
    }

    /// The option, else what `vault login` has left.
    fn given_token(&self) -> Result<Option<String>, Fault> {
        if let Some(token) = self.options.text("token")? {
            return Ok(Some(token));
        }
        let Some(directory) = self.options.text("token_path")? else { return Ok(None) };
        let file = self.options.text("token_file")?.unwrap_or_else(|| ".vault-token".to_owned());
        let token = std::fs::read_to_string(std::path::Path::new(&directory).join(file)).unwrap_or_default();
        Ok(Some(token.trim().to_owned()).filter(|token| !token.is_empty()))
    }

    fn log_in(&self, path: &str, credentials: &Json) -> Result<String, Fault> {
        let url = format!("{}/v1/{path}", self.url);
        let mut request =
            UrlRequest { url: url.clone(), post: Some(credentials.to_string().into()), ..self.request.clone() };
        request.headers.push(("Content-Type".to_owned(), "application/json".to_owned()));
        let answer = self.send(&request)?;
        let said = parsed(&answer);
        let token = said.as_ref().and_then(|said| said["auth"]["client_token"].as_str());
        match (answer.status, token) {
            (200..=299, Some(token)) => Ok(token.to_owned()),
            _ => Err(Fault::error(format!("{}, on post {url}", errors(said.as_ref(), &answer)))),
        }
    }

    fn get(&self, path: &str, query: &str) -> Result<Answer, Fault> {
        let url = format!("{}/v1/{}", self.url, path.trim_matches('/').replace(' ', "%20"));
        let answer = self.send(&UrlRequest { url: format!("{url}{query}"), ..self.request.clone() })?;
        let said = parsed(&answer);
        let words = || format!("{}, on get {url}", errors(said.as_ref(), &answer));
        match (answer.status, said.clone()) {
            (200..=299, Some(whole)) => Ok(Answer::Data(whole)),
            (404, _) => Ok(Answer::Missing(words())),
            (403, _) => Ok(Answer::Forbidden(words())),
            _ => Err(Fault::error(words())),
        }
    }

    fn send(&self, request: &UrlRequest) -> Result<UrlAnswer, Fault> {
        let Some(surroundings) = self.options.call.rendering.templar.options().surroundings.as_ref() else {
            return Err(Fault::error("there is no network here"));
        };
        let mut retries = self.options.text("retries")?.and_then(|count| count.trim().parse().ok()).unwrap_or(0_u32);
        loop {
            let answer = surroundings.fetch(request);
            let is_passing = match &answer {
                Ok(answer) => matches!(answer.status, 412 | 500 | 502 | 503 | 504),
                Err(_) => true,
            };
            if is_passing && retries > 0 {
                retries -= 1;
                std::thread::sleep(std::time::Duration::from_millis(300));
                continue;
            }
            return answer.map_err(|error| match error {
                FetchError::TimedOut => Fault::error(format!("{} timed out", self.url)),
                FetchError::NoAnswer(reason) => Fault::error(format!("{}: {reason}", self.url)),
            });
        }
    }
}

fn parsed(answer: &UrlAnswer) -> Option<Json> {
    serde_json::from_slice(&answer.body).ok()
}

fn errors(said: Option<&Json>, answer: &UrlAnswer) -> String {
    let errors = said.and_then(|said| said["errors"].as_array());
    let errors: Vec<&str> = errors.into_iter().flatten().filter_map(Json::as_str).collect();
    match (errors.is_empty(), answer.status) {
        (false, _) => errors.join(", "),
        (true, 404) => "None".to_owned(),
        (true, status) => format!("HTTP {status} {}", answer.reason),
    }
}
