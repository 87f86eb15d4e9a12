//! `amazon.aws.ec2_metadata_facts`: what EC2's metadata service tells an instance about itself, as facts.

use std::io::Read;
use std::time::Duration;

use serde_json::Value;

use crate::http::{Client, Request};
use crate::{Arg, Args, Context, Map, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module = Module::new("amazon.aws.ec2_metadata_facts", ARGS, run);

const ARGS: &[Arg] = &[Arg::int("metadata_token_ttl_seconds").default("60")];

const SERVICE: &str = "http://169.254.169.254/latest";
const LIMIT: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_secs(3);
/// A service that names more, nests deeper or says more is not EC2's.
const MOST_QUESTIONS: usize = 2000;
const DEEPEST: usize = 16;
const LONGEST: u64 = 1 << 20;
const PREFIX: &str = "ansible_ec2_";
const KEYS: &str = "public-keys";
const CREDENTIALS: &str = "iam/security-credentials/";
const DOCUMENTED_REGION: &str = "instance-identity/document_region";
const TAGS: &str = "tags/instance/";

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let lifetime = args.int("metadata_token_ttl_seconds")?;
    if !(1..=21600).contains(&lifetime) {
        let message = "The option 'metadata_token_ttl_seconds' must be set to a value between 1 and 21600.";
        return Err(ModuleError::failed(message));
    }
    let mut service = Service { client: Client::new(cx), token: None, questions: 0 };
    service.token = service.new_token(lifetime, cx)?;
    let mut leaves = Vec::new();
    service.walk("meta-data", "", 0, &mut leaves, cx)?;
    service.walk("dynamic", "", 0, &mut leaves, cx)?;
    let mut facts = facts(&leaves);
    let key = service.ask(&format!("meta-data/{KEYS}/0/openssh-key"), cx)?;
    facts.insert(format!("{PREFIX}public_key"), key.unwrap_or_else(nothing).into());
    let data = service.ask("user-data", cx)?;
    facts.insert(format!("{PREFIX}user_data"), data.unwrap_or_else(nothing).into());
    facts.sort_keys();
    Ok(ModuleResult::ok().set("ansible_facts", facts))
}

/// What facts say that are not there.
fn nothing() -> String {
    "None".to_owned()
}

struct Service {
    client: Client,
    token: Option<String>,
    questions: usize,
}

/// What the service answered, or why it did not.
struct Answer {
    url: String,
    /// None where there was no answer.
    status: Option<u16>,
    /// How it went, in the words of Python's urllib.
    summary: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Service {
    /// What the second version of the service wants to see with every question. Services of the first version have none.
    fn new_token(&mut self, lifetime: i64, cx: &mut Context<'_>) -> Result<Option<String>, ModuleError> {
        let header = ("X-aws-ec2-metadata-token-ttl-seconds".to_owned(), lifetime.to_string());
        let url = format!("{SERVICE}/api/token");
        let request = Request { method: "PUT".to_owned(), headers: vec![header], ..Request::get(&url) };
        self.answer(request, cx).text("metadata token")
    }

    /// What the service says there; nothing where there is nothing.
    fn ask(&mut self, path: &str, cx: &mut Context<'_>) -> Result<Option<String>, ModuleError> {
        self.questions += 1;
        if self.questions > MOST_QUESTIONS {
            let message = format!("Failed to retrieve metadata from AWS: {path}: more than {MOST_QUESTIONS} entries");
            return Err(ModuleError::failed(message));
        }
        let headers = self.token.iter().map(|token| ("X-aws-ec2-metadata-token".to_owned(), token.clone())).collect();
        let url = format!("{SERVICE}/{path}");
        self.answer(Request { headers, ..Request::get(&url) }, cx).text("metadata")
    }

    /// A service that does not answer, or is in trouble itself, is asked once more.
    fn answer(&self, request: Request, cx: &mut Context<'_>) -> Answer {
        let request = Request { timeout: LIMIT, use_proxy: false, use_netrc: false, ..request };
        let first = Answer::to(&self.client, &request);
        if first.status.is_some_and(|status| status < 500) {
            return first;
        }
        cx.warn(format!("Retrying query to metadata service. First attempt failed: {}", first.summary));
        std::thread::sleep(PAUSE);
        Answer::to(&self.client, &request)
    }

    /// All paths below `path` with what they hold. Names of directories end with a slash.
    fn walk(
        &mut self,
        part: &str,
        path: &str,
        depth: usize,
        leaves: &mut Vec<(String, String)>,
        cx: &mut Context<'_>,
    ) -> Result<(), ModuleError> {
        let Some(listing) = self.ask(&format!("{part}/{path}"), cx)? else { return Ok(()) };
        for name in listing.lines().filter(|name| !name.is_empty() && !name.starts_with(KEYS)) {
            let place = format!("{path}{name}");
            if !name.ends_with('/') {
                let text = self.ask(&format!("{part}/{place}"), cx)?;
                leaves.push((place, text.unwrap_or_else(nothing)));
            } else if depth < DEEPEST {
                self.walk(part, &place, depth + 1, leaves, cx)?;
            }
        }
        Ok(())
    }
}

impl Answer {
    fn to(client: &Client, request: &Request) -> Self {
        let url = request.url.clone();
        let silent = |why: String| Self { url, status: None, summary: why, headers: Vec::new(), body: String::new() };
        let mut response = match client.send(request) {
            Ok(response) => response,
            Err(error) => return silent(error.to_string()),
        };
        let mut body = Vec::new();
        if let Err(error) = response.body.by_ref().take(LONGEST).read_to_end(&mut body) {
            return silent(error.to_string());
        }
        Self {
            status: Some(response.status),
            summary: response.summary(),
            headers: response.joined_headers(),
            url: response.url,
            body: String::from_utf8_lossy(&body).into_owned(),
        }
    }

    /// Nothing where there is nothing.
    fn text(self, what: &str) -> Result<Option<String>, ModuleError> {
        match self.status {
            Some(200) => Ok(Some(self.body)),
            Some(404) => Ok(None),
            _ => {
                let message = format!("Failed to retrieve {what} from AWS: {}", self.summary);
                Err(ModuleError::failed(message).with("response", self.told()))
            }
        }
    }

    fn told(self) -> Map {
        let mut told: Map = self.headers.into_iter().map(|(name, value)| (name, value.into())).collect();
        told.insert("url".to_owned(), self.url.into());
        told.insert("msg".to_owned(), self.summary.into());
        told.insert("status".to_owned(), self.status.map_or(-1, i64::from).into());
        if self.status.is_some() {
            told.insert("body".to_owned(), self.body.into());
        }
        told
    }
}

fn facts(leaves: &[(String, String)]) -> Map {
    let named = |path: &str| format!("{PREFIX}{}", path.replace(['/', '-', ':'], "_"));
    let mut facts = Map::new();
    let mut tags = Map::new();
    for (path, text) in leaves {
        if let Ok(Value::Object(document)) = serde_json::from_str(text) {
            let parts =
                document.into_iter().map(|(key, value)| (named(&format!("{path}_{}", key.to_lowercase())), value));
            facts.extend(parts);
        }
        let is_list = path.contains("security-group");
        facts.insert(named(path), if is_list { text.replace('\n', ",") } else { text.clone() }.into());
        if let Some(role) = path.strip_prefix(CREDENTIALS) {
            facts.insert(format!("{PREFIX}iam_instance_profile_role"), role.into());
        }
        if let Some(tag) = path.strip_prefix(TAGS) {
            tags.insert(tag.to_owned(), text.as_str().into());
        }
    }
    // Old services name the region in the instance's document only.
    if let Some(region) = facts.get(&named(DOCUMENTED_REGION)).cloned() {
        facts.entry(named("placement/region")).or_insert(region);
    }
    facts.insert(format!("{PREFIX}instance_tags_keys"), tags.keys().map(String::as_str).collect());
    facts.insert(format!("{PREFIX}instance_tags"), tags.into());
    facts
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_become_names_and_documents_their_parts() {
        let leaf = |path: &str, text: &str| (path.to_owned(), text.to_owned());
        let facts = facts(&[
            leaf("network/interfaces/macs/02:29/security-groups", "web\nssh"),
            leaf("iam/security-credentials/front", r#"{"Code": "Success", "Not-Yet": 1}"#),
            leaf("tags/instance/Role-x", "front"),
            leaf("product-codes", "a\nb"),
        ]);
        let expected = json!({
            "ansible_ec2_network_interfaces_macs_02_29_security_groups": "web,ssh",
            "ansible_ec2_iam_security_credentials_front_code": "Success",
            "ansible_ec2_iam_security_credentials_front_not_yet": 1,
            "ansible_ec2_iam_security_credentials_front": r#"{"Code": "Success", "Not-Yet": 1}"#,
            "ansible_ec2_iam_instance_profile_role": "front",
            "ansible_ec2_tags_instance_Role_x": "front",
            "ansible_ec2_product_codes": "a\nb",
            "ansible_ec2_instance_tags_keys": ["Role-x"],
            "ansible_ec2_instance_tags": {"Role-x": "front"},
        });
        assert_eq!(Value::Object(facts), expected);
    }
}
