//! `~/.ssh/config` and `/etc/ssh/ssh_config`: sections with their conditions, read once and asked per host.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use super::networks::Network;
use super::options::{SshOptions, Understood};
use super::paths::{Tokens, local_user};
use super::wildcard::Wildcard;

const MAX_INCLUDES: usize = 16;
/// Files in all: two that include each other twice would be read sixty thousand times.
const MAX_FILES: usize = 200;

#[derive(Debug, Default)]
pub(crate) struct ConfigFile {
    lines: Vec<Line>,
    files: usize,
    pub(crate) warnings: Vec<String>,
}

#[derive(Debug)]
struct Line {
    /// All of them must hold: an included file inherits the conditions of the place it is included from.
    conditions: Arc<[Condition]>,
    keyword: String,
    arguments: Vec<String>,
}

#[derive(Debug, Clone)]
enum Condition {
    /// `Host`: one pattern must match, no negated one may.
    Host(Vec<Pattern>),
    /// `Match host` sees the name after `HostName`.
    MatchHost(Vec<Pattern>),
    MatchUser(Vec<Pattern>),
    /// `Match localuser`.
    LocalUser(Vec<Pattern>),
    /// `Match tagged`: by `Tag` or `ssh -P`.
    Tagged(Vec<Pattern>),
    /// `Match localnetwork`: an address of the control node is in one of them.
    LocalNetwork(Vec<Network>),
    /// A command of the control node that says so by its exit status.
    Exec(String),
    /// `Match !…`.
    Not(Box<Condition>),
    Always,
    Never,
}

#[derive(Debug, Clone)]
struct Pattern {
    is_negated: bool,
    matcher: Wildcard,
}

impl ConfigFile {
    /// The user's file and the system's, in this order; absent files are empty.
    pub(crate) fn load_default() -> Self {
        let mut config = Self::default();
        if let Some(home) = std::env::home_dir() {
            config.read(&home.join(".ssh/config"), &[], 0);
        }
        config.read(Path::new("/etc/ssh/ssh_config"), &[], 0);
        config
    }

    /// `ssh -F path`.
    pub(crate) fn load(path: &Path) -> Self {
        let mut config = Self::default();
        if path != Path::new("none") {
            config.read(path, &[], 0);
        }
        config
    }

    /// Adds what the file says about this host to what is known already.
    pub(crate) fn apply(&self, host: &str, options: &mut SshOptions) {
        for line in &self.lines {
            if line.conditions.iter().all(|condition| condition.holds(host, options)) {
                options.set(&line.keyword, &line.arguments);
            }
        }
    }

    fn read(&mut self, path: &Path, inherited: &[Condition], depth: usize) {
        let Ok(text) = fs_err::read(path) else { return };
        self.files += 1;
        let text = String::from_utf8_lossy(&text);
        let mut conditions: Arc<[Condition]> = inherited.into();
        for (number, line) in text.lines().enumerate() {
            let Some((keyword, arguments)) = split_line(line) else { continue };
            match keyword.to_ascii_lowercase().as_str() {
                "host" => conditions = with(inherited, Condition::Host(patterns(&arguments))),
                "match" => conditions = [inherited, &self.match_conditions(&arguments, path)].concat().into(),
                "include" if depth < MAX_INCLUDES => {
                    for included in included_files(&arguments, path) {
                        if self.files >= MAX_FILES {
                            break;
                        }
                        self.read(&included, &conditions, depth + 1);
                    }
                }
                _ => self.keep(keyword, arguments, &conditions, (path, number + 1)),
            }
        }
    }

    fn keep(&mut self, keyword: String, arguments: Vec<String>, conditions: &Arc<[Condition]>, place: (&Path, usize)) {
        let place = format!("{}:{}", place.0.display(), place.1);
        match SshOptions::default().set(&keyword, &arguments) {
            Understood::Yes => self.lines.push(Line { conditions: Arc::clone(conditions), keyword, arguments }),
            Understood::BadValue => {
                self.warnings.push(format!("{place}: {keyword} does not take '{}'", arguments.join(" ")));
            }
            // Forwardings and the like: nobody expects them of us, and one line per host would drown the rest.
            Understood::Unsupported => tracing::debug!("{place}: the ssh option {keyword} has no effect"),
        }
    }

    fn match_conditions(&mut self, arguments: &[String], path: &Path) -> Vec<Condition> {
        let mut conditions = Vec::new();
        // `host=name` is as good as `host name`.
        let mut words = arguments.iter().flat_map(|word| match word.split_once('=') {
            Some((criterion, value)) if !criterion.contains([' ', '/']) => vec![criterion.to_owned(), value.to_owned()],
            _ => vec![word.clone()],
        });
        while let Some(word) = words.next() {
            let mut list = || words.next().map(|list| patterns_of_list(&list)).unwrap_or_default();
            let criterion = word.to_ascii_lowercase();
            let (is_negated, criterion) =
                criterion.strip_prefix('!').map_or((false, &*criterion), |criterion| (true, criterion));
            let condition = match criterion {
                // There is one pass over the files, which is the final one.
                "all" | "final" => Condition::Always,
                "canonical" => Condition::Never,
                "host" => Condition::MatchHost(list()),
                "originalhost" => Condition::Host(list()),
                "user" => Condition::MatchUser(list()),
                "localuser" => Condition::LocalUser(list()),
                "exec" => Condition::Exec(words.next().unwrap_or_default()),
                "tagged" => Condition::Tagged(list()),
                // What we run on hosts are commands.
                "sessiontype" => match matches(&list(), "exec") {
                    true => Condition::Always,
                    false => Condition::Never,
                },
                "localnetwork" => match Network::parse_list(&words.next().unwrap_or_default()) {
                    Ok(networks) => Condition::LocalNetwork(networks),
                    Err(wrong) => {
                        self.warnings.push(format!("{}: 'Match localnetwork' does not take '{wrong}'", path.display()));
                        return vec![Condition::Never];
                    }
                },
                other => {
                    self.warnings
                        .push(format!("{}: 'Match {other}' is not supported, its section is not used", path.display()));
                    return vec![Condition::Never];
                }
            };
            conditions.push(if is_negated { Condition::Not(Box::new(condition)) } else { condition });
        }
        conditions
    }
}

impl Condition {
    fn holds(&self, host: &str, options: &SshOptions) -> bool {
        match self {
            Self::Host(patterns) => matches(patterns, host),
            Self::MatchHost(patterns) => matches(patterns, options.host_name.as_deref().unwrap_or(host)),
            Self::MatchUser(patterns) => options.user.as_deref().is_some_and(|user| matches(patterns, user)),
            Self::LocalUser(patterns) => matches(patterns, &local_user()),
            Self::Tagged(patterns) => matches(patterns, options.tag.as_deref().unwrap_or_default()),
            Self::LocalNetwork(networks) => networks.iter().any(Network::is_local),
            Self::Exec(command) => succeeds(command, host, options),
            Self::Not(condition) => !condition.holds(host, options),
            Self::Always => true,
            Self::Never => false,
        }
    }
}

fn succeeds(command: &str, host: &str, options: &SshOptions) -> bool {
    let user = options.user.clone().unwrap_or_else(local_user);
    let name = options.host_name.as_deref().unwrap_or(host);
    let tokens = Tokens { alias: host, host: name, port: options.port.unwrap_or(22), user: &user };
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", &tokens.expand(command)]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    shell.status().is_ok_and(|status| status.success())
}

/// A negated match beats every other.
fn matches(patterns: &[Pattern], name: &str) -> bool {
    let hit = |pattern: &Pattern| pattern.matcher.is_match(name);
    !patterns.iter().any(|pattern| pattern.is_negated && hit(pattern))
        && patterns.iter().any(|pattern| !pattern.is_negated && hit(pattern))
}

fn patterns(words: &[String]) -> Vec<Pattern> {
    words.iter().flat_map(|word| patterns_of_list(word)).collect()
}

fn patterns_of_list(list: &str) -> Vec<Pattern> {
    list.split(',')
        .map(|text| {
            let (is_negated, text) = text.strip_prefix('!').map_or((false, text), |rest| (true, rest));
            Pattern { is_negated, matcher: Wildcard::new(text) }
        })
        .collect()
}

fn with(inherited: &[Condition], condition: Condition) -> Arc<[Condition]> {
    inherited.iter().cloned().chain([condition]).collect()
}

/// Keyword and arguments: separated by white space or one `=`, quoted with double quotes.
fn split_line(line: &str) -> Option<(String, Vec<String>)> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    let end = line.find(|c: char| c.is_whitespace() || c == '=').unwrap_or(line.len());
    let (keyword, rest) = line.split_at(end);
    let rest = rest.trim_start().strip_prefix('=').unwrap_or(rest).trim();
    let arguments = if keyword.eq_ignore_ascii_case("proxycommand") {
        vec![rest.to_owned()]
    } else {
        shell_words::split(rest).unwrap_or_else(|_| vec![rest.to_owned()])
    };
    Some((keyword.to_owned(), arguments))
}

/// Relative names are in the directory of the user's or the system's configuration.
fn included_files(arguments: &[String], from: &Path) -> Vec<PathBuf> {
    let base = from.parent().unwrap_or(Path::new("/"));
    arguments.iter().flat_map(|argument| expand(&base.join(super::paths::expand_tilde(argument)))).collect()
}

/// Wildcards in the last component, sorted.
fn expand(path: &Path) -> Vec<PathBuf> {
    let (Some(directory), Some(name)) = (path.parent(), path.file_name().and_then(|name| name.to_str())) else {
        return Vec::new();
    };
    if !name.contains(['*', '?']) {
        return vec![path.to_owned()];
    }
    let Ok(entries) = fs_err::read_dir(directory) else { return Vec::new() };
    let matcher = Wildcard::new(name);
    let mut found: Vec<PathBuf> = entries
        .flatten()
        .filter(|entry| matcher.is_match(&entry.file_name().to_string_lossy()))
        .map(|entry| entry.path())
        .collect();
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(text: &str, host: &str) -> SshOptions {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config");
        fs_err::write(&path, text).unwrap();
        fs_err::write(dir.path().join("extra.conf"), "User included\n").unwrap();
        let mut options = SshOptions::default();
        ConfigFile::load(&path).apply(host, &mut options);
        options
    }

    #[test]
    fn sections_patterns_and_the_first_value() {
        let text = "Port 2200\nHost web* !web9\n  User=web\n\tHostName \"10.0.0.1\"\nHost *\nUser all\nPort 1\n";
        assert_eq!(options(text, "web1").user.as_deref(), Some("web"));
        assert_eq!(options(text, "web1").host_name.as_deref(), Some("10.0.0.1"));
        assert_eq!(options(text, "web9").user.as_deref(), Some("all"));
        assert_eq!(options(text, "web9").port, Some(2200));
    }

    #[test]
    fn match_sections() {
        let text = "Host alias\nHostName real\nMatch host real\nUser m\nMatch exec false\nPort 9\n\
                    Match !host other exec \"test %h = real\"\nPort 8\nMatch final all\nPort 7\nCiphers +a\n";
        let found = options(text, "alias");
        assert_eq!((found.user.as_deref(), found.port), (Some("m"), Some(8)));
        assert_eq!((options(text, "other").port, found.ciphers.as_deref()), (Some(7), Some("+a")));
    }

    #[test]
    fn tags_and_networks() {
        let text = "Host dmz*\nTag outside\nMatch tagged out*\nUser o\nMatch !tagged=outside sessiontype exec\nUser i\n\
                    Match localnetwork 192.0.2.0/24,127.0.0.0/8\nPort 7\nMatch localnetwork 240.0.0.0/8\nHostName x\n\
                    Match localnetwork 127.0.0.0/99\nHostName y\n";
        for (host, user) in [("dmz1", "o"), ("lan1", "i")] {
            let found = options(text, host);
            assert_eq!((found.user.as_deref(), found.port, found.host_name), (Some(user), Some(7), None), "{host}");
        }
    }

    #[test]
    fn includes_keep_the_conditions_of_their_place() {
        let text = "Host a\nInclude *.conf\nHost b\nUser b\n";
        assert_eq!(options(text, "a").user.as_deref(), Some("included"));
        assert_eq!(options(text, "b").user.as_deref(), Some("b"));
    }
}
