//! `Server`: one Galaxy server and its API: version 3 for collections, version 1 for roles.

use std::cell::OnceCell;
use std::time::Duration;

use kapell_modules::{Fetch, Fetched, fetch};
use serde_json::Value as Json;

/// Pages of a listing that are read; a server that always names a next one is not followed for ever.
const MOST_PAGES: usize = 500;

/// Who asks. Not `Debug`: it holds secrets.
pub(crate) enum Login {
    None,
    Token(String),
    Password(String, String),
}

pub(crate) struct Server {
    name: String,
    url: String,
    login: Login,
    validate_certs: bool,
    timeout: Duration,
    /// Where its API is and what it offers.
    api: OnceCell<Api>,
}

struct Api {
    root: String,
    versions: Json,
}

/// A version of a collection, as its server describes it.
#[derive(Clone, Debug)]
pub(crate) struct RemoteVersion {
    pub download_url: String,
    pub sha256: String,
    /// Collections and what is asked of their versions.
    pub dependencies: Vec<(String, String)>,
}

impl Server {
    pub(crate) fn new(name: &str, url: &str, login: Login, validate_certs: bool, timeout: Duration) -> Self {
        let (name, url) = (name.to_owned(), url.trim_end_matches('/').to_owned());
        Self { name, url, login, validate_certs, timeout, api: OnceCell::new() }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Versions there are of a collection; none where the server does not have it.
    pub(crate) fn versions(&self, namespace: &str, name: &str) -> Result<Vec<String>, String> {
        let first = format!("{}/collections/{namespace}/{name}/versions/?limit=100", self.base("v3")?);
        let pages = self.pages(&first, "data", |page| page.pointer("/links/next").cloned())?;
        let version = |entry: &Json| entry.get("version").and_then(Json::as_str).map(ToOwned::to_owned);
        Ok(pages.iter().filter_map(version).collect())
    }

    /// What is told of one version of a collection.
    pub(crate) fn version(&self, namespace: &str, name: &str, version: &str) -> Result<Option<RemoteVersion>, String> {
        let url = format!("{}/collections/{namespace}/{name}/versions/{version}/", self.base("v3")?);
        let Some(told) = self.json(&url)? else { return Ok(None) };
        let text = |path: &str| told.pointer(path).and_then(Json::as_str).unwrap_or_default().to_owned();
        let dependencies = told.pointer("/metadata/dependencies").and_then(Json::as_object);
        let dependencies = dependencies.into_iter().flatten();
        let dependencies = dependencies.filter_map(|(name, wanted)| Some((name.clone(), wanted.as_str()?.to_owned())));
        let download_url = self.absolute(&text("/download_url"));
        Ok(Some(RemoteVersion { download_url, sha256: text("/artifact/sha256"), dependencies: dependencies.collect() }))
    }

    /// The role `owner.name`, as the server describes it.
    pub(crate) fn role(&self, owner: &str, name: &str) -> Result<Option<Json>, String> {
        let url = format!("{}/roles/?owner__username={owner}&name={name}", self.base("v1")?);
        let answer = self.json(&url)?.unwrap_or_default();
        Ok(answer.pointer("/results/0").cloned())
    }

    /// The versions of a role by its number.
    pub(crate) fn role_versions(&self, id: u64) -> Result<Vec<Json>, String> {
        let first = format!("{}/roles/{id}/versions/?page_size=50", self.base("v1")?);
        self.pages(&first, "results", |page| page.get("next_link").or_else(|| page.get("next")).cloned())
    }

    /// The content of `url`, with the login only where it is this server's.
    pub(crate) fn download(&self, url: &str) -> Result<Vec<u8>, String> {
        let fetched = self.fetch(url)?;
        match fetched.status {
            200..=299 => Ok(fetched.body),
            status => Err(format!("{url} (HTTP Code: {status}, Message: {})", fetched.reason)),
        }
    }

    fn pages(&self, first: &str, list: &str, next: impl Fn(&Json) -> Option<Json>) -> Result<Vec<Json>, String> {
        let mut found = Vec::new();
        let mut url = first.to_owned();
        for _ in 0..MOST_PAGES {
            let Some(page) = self.json(&url)? else { break };
            found.extend(page.get(list).and_then(Json::as_array).cloned().unwrap_or_default());
            match next(&page).as_ref().and_then(Json::as_str) {
                Some(link) => url = self.absolute(link),
                None => break,
            }
        }
        Ok(found)
    }

    /// The address under which `version` of the API lies.
    fn base(&self, version: &str) -> Result<String, String> {
        let api = match self.api.get() {
            Some(api) => api,
            None => {
                let found = self.find_api()?;
                self.api.get_or_init(|| found)
            }
        };
        let path = api.versions.get(version).and_then(Json::as_str).ok_or_else(|| {
            let offered = api.versions.as_object().into_iter().flatten().map(|(name, _)| name.as_str());
            let offered = offered.collect::<Vec<_>>().join(", ");
            format!("Galaxy server {} has no API {version}, only: {offered}", self.url)
        })?;
        Ok(format!("{}/{}", api.root, path.trim_matches('/')))
    }

    /// At the address itself, or under `/api` of it.
    fn find_api(&self) -> Result<Api, String> {
        for root in [self.url.clone(), format!("{}/api", self.url)] {
            let fetched = self.fetch(&format!("{root}/"))?;
            let answer: Json = serde_json::from_slice(&fetched.body).unwrap_or_default();
            if let Some(versions) = answer.get("available_versions").filter(|_| fetched.status == 200) {
                return Ok(Api { root, versions: versions.clone() });
            }
        }
        Err(format!("Tried to find galaxy API root at {}/api/ but no 'available_versions' are available", self.url))
    }

    /// Nothing for what is not there.
    fn json(&self, url: &str) -> Result<Option<Json>, String> {
        let fetched = self.fetch(url)?;
        match fetched.status {
            404 => Ok(None),
            200..=299 => serde_json::from_slice(&fetched.body)
                .map(Some)
                .map_err(|error| format!("Galaxy server {} did not answer {url} with JSON: {error}", self.url)),
            status => Err(format!("{url} (HTTP Code: {status}, Message: {})", fetched.reason)),
        }
    }

    fn fetch(&self, url: &str) -> Result<Fetched, String> {
        let mut request = Fetch {
            url: url.to_owned(),
            timeout: self.timeout,
            follow_redirects: true,
            use_proxy: true,
            use_netrc: true,
            validate_certs: self.validate_certs,
            agent: format!("ansible-galaxy/{} (kapell)", env!("CARGO_PKG_VERSION")),
            ..Fetch::default()
        };
        if origin(url) == origin(&self.url) {
            match &self.login {
                Login::None => {}
                Login::Token(token) => {
                    request.headers.push(("Authorization".into(), format!("Token {token}")));
                    request.unredirected_headers.push("Authorization".into());
                }
                Login::Password(user, password) => {
                    request.username = Some(user.clone());
                    request.password = Some(password.clone());
                    request.force_basic_auth = true;
                }
            }
        }
        fetch(&request).map_err(|reason| {
            let reason = reason.unwrap_or_else(|| "the server did not answer in time".into());
            format!("Unknown error when attempting to call Galaxy at '{url}': {reason}")
        })
    }

    /// `link`, which may be a path on this server.
    fn absolute(&self, link: &str) -> String {
        if link.starts_with('/') { format!("{}{link}", origin(&self.url)) } else { link.to_owned() }
    }
}

/// `https://host:port` of an address.
fn origin(url: &str) -> &str {
    let start = url.find("://").map_or(0, |at| at + 3);
    let end = url[start..].find('/').map_or(url.len(), |at| start + at);
    &url[..end]
}
