//! `SessionRequests`: what goes before a command on its session: the agent that is forwarded, variables that go along.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use russh::Channel;
use russh::client::Msg;

use super::options::{SshOptions, flag};
use super::paths::Tokens;
use super::wildcard::Wildcard;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct SessionRequests {
    /// The agent on this side that the host may talk to.
    pub(crate) agent: Option<PathBuf>,
    environment: BTreeMap<String, String>,
}

impl SessionRequests {
    /// `agent` is the one that would be used for logging in.
    pub(crate) fn new(options: &SshOptions, agent: Option<&Path>, tokens: &Tokens) -> Self {
        let own =
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        Self {
            agent: forwarded_agent(options.forward_agent.as_deref(), agent, tokens),
            environment: environment(options, own),
        }
    }

    /// None of them waits for an answer: a server that does not want them ignores them.
    pub(crate) async fn send(&self, channel: &Channel<Msg>) -> Result<(), russh::Error> {
        if self.agent.is_some() {
            channel.agent_forward(false).await?;
        }
        for (name, value) in &self.environment {
            channel.set_env(false, name, value).await?;
        }
        Ok(())
    }

    pub(crate) fn without_agent(&self) -> Self {
        Self { agent: None, ..self.clone() }
    }
}

fn forwarded_agent(option: Option<&str>, agent: Option<&Path>, tokens: &Tokens) -> Option<PathBuf> {
    let option = option?;
    match (flag(option), option.strip_prefix('$')) {
        (Some(wanted), _) => agent.filter(|_| wanted).map(Path::to_owned),
        (None, Some(name)) => std::env::var_os(name).map(PathBuf::from),
        (None, None) => Some(tokens.expand_path(option.as_ref())),
    }
}

/// `SendEnv` takes variables of this process by their names, `SetEnv` says its own.
fn environment(options: &SshOptions, own: impl Iterator<Item = (String, String)>) -> BTreeMap<String, String> {
    let patterns = sent_patterns(&options.send_env);
    let is_sent = |name: &str| patterns.iter().any(|pattern| pattern.is_match(name));
    let mut environment: BTreeMap<String, String> =
        if patterns.is_empty() { BTreeMap::new() } else { own.filter(|(name, _)| is_sent(name)).collect() };
    // The first to set a variable wins.
    let set = options.set_env.iter().rev().filter_map(|word| word.split_once('='));
    environment.extend(set.map(|(name, value)| (name.to_owned(), value.to_owned())));
    environment
}

/// A `-` takes back what earlier words have named.
fn sent_patterns(words: &[String]) -> Vec<Wildcard> {
    let mut kept: Vec<&str> = Vec::new();
    for word in words {
        match word.strip_prefix('-') {
            Some(pattern) => {
                let pattern = Wildcard::new(pattern);
                kept.retain(|word| !pattern.is_match(word));
            }
            None => kept.push(word),
        }
    }
    kept.into_iter().map(Wildcard::new).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect()
    }

    #[test]
    fn variables_that_go_along() {
        let own = [("LANG", "C.UTF-8"), ("LC_ALL", "C"), ("TOKEN", "x")];
        let cases = [
            ("", "", ""),
            ("LANG LC_*", "", "LANG=C.UTF-8 LC_ALL=C"),
            ("LANG LC_* -LC_*", "", "LANG=C.UTF-8"),
            ("TOKEN", "TOKEN=y A=1 A=2", "A=1 TOKEN=y"),
        ];
        for (send, set, expected) in cases {
            let options = SshOptions { send_env: words(send), set_env: words(set), ..SshOptions::default() };
            let own = own.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            let found: Vec<String> =
                environment(&options, own).iter().map(|(name, value)| format!("{name}={value}")).collect();
            assert_eq!(found.join(" "), expected, "{send} {set}");
        }
    }

    #[test]
    fn agents_that_are_forwarded() {
        let tokens = Tokens { alias: "web", host: "web", port: 22, user: "me" };
        let own = Some(Path::new("/run/agent"));
        let forwarded = |option, agent| forwarded_agent(option, agent, &tokens);
        assert_eq!(forwarded(None, own), None);
        assert_eq!(forwarded(Some("no"), own), None);
        assert_eq!(forwarded(Some("yes"), None), None);
        assert_eq!(forwarded(Some("yes"), own).as_deref(), own);
        assert_eq!(forwarded(Some("/run/%r"), None), Some(PathBuf::from("/run/me")));
    }
}
