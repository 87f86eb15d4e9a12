//! `DockerCli`: the program `docker`, the engine it is told to talk to, and the version of its Compose plugin.

use serde_json::Value;

use crate::context::command_failure;
use crate::{Args, CommandSpec, Context, ModuleError};

pub(super) struct DockerCli {
    program: String,
    /// Which engine, and how it is trusted.
    engine: Vec<String>,
    environment: Vec<(&'static str, String)>,
    version: (u32, u32),
}

impl DockerCli {
    pub(super) fn find(args: &Args, cx: &mut Context<'_>) -> Result<Self, ModuleError> {
        let program = match args.opt_str("docker_cli") {
            Some(path) => path.to_owned(),
            None => cx.require_program("docker")?.to_string_lossy().into_owned(),
        };
        let mut cli = Self { program, engine: engine_words(args), environment: Vec::new(), version: (0, 0) };
        if let Some(version) = args.opt_str("api_version").filter(|version| *version != "auto") {
            cli.environment.push(("DOCKER_API_VERSION", version.to_owned()));
        }
        if let Some(name) = args.opt_str("tls_hostname") {
            cli.environment.push(("DOCKER_TLS_HOSTNAME", name.to_owned()));
        }
        cli.ask_json(&["version"], cx)?;
        let version = cli.compose_version(cx)?;
        let shown = version.strip_prefix('v').unwrap_or(&version);
        cli.version = version_of(shown).ok_or_else(|| cli.bad_version(&version))?;
        if cli.version < (2, 18) {
            return Err(ModuleError::failed(format!(
                "Docker CLI {} has the compose plugin with version {shown}; need version 2.18.0 or later",
                cli.program
            )));
        }
        if args.bool("assume_yes") && cli.version < (2, 32) {
            return Err(ModuleError::failed(format!(
                "assume_yes=true needs Docker Compose 2.32.0 or newer, not version {shown}"
            )));
        }
        Ok(cli)
    }

    pub(super) fn is_at_least(&self, major: u32, minor: u32) -> bool {
        self.version >= (major, minor)
    }

    /// Newer versions say what they do in JSON.
    pub(super) fn has_json_events(&self) -> bool {
        self.is_at_least(2, 29)
    }

    pub(super) fn progress(&self) -> Option<&'static str> {
        if self.has_json_events() {
            return Some("json");
        }
        self.is_at_least(2, 19).then_some("plain")
    }

    pub(super) fn command(&self, words: &[String]) -> CommandSpec {
        let mut spec = CommandSpec::new([self.program.as_str()]).args(&self.engine).args(words).user_locale();
        for (name, value) in &self.environment {
            spec = spec.env(*name, value);
        }
        spec
    }

    /// A command as results show it: without the engine.
    pub(super) fn line(&self, words: &[String]) -> String {
        let words: Vec<String> = std::iter::once(&self.program).chain(words).map(|word| quoted(word)).collect();
        words.join(" ")
    }

    fn ask_json(&self, question: &[&str], cx: &mut Context<'_>) -> Result<Value, ModuleError> {
        let words: Vec<String> =
            question.iter().chain(&["--format", "{{ json . }}"]).map(|word| (*word).to_owned()).collect();
        let spec = self.command(&words);
        let output = cx.run_read(&spec)?;
        if !output.ok() {
            return Err(command_failure(output.stderr().trim(), &spec, &output));
        }
        serde_json::from_slice(&output.stdout).map_err(|error| {
            let msg = format!(
                "Error while parsing JSON output of {}: {error}\nJSON output: {}\n\nError output:\n{}",
                spec.line(),
                output.stdout(),
                output.stderr()
            );
            command_failure(msg, &spec, &output)
        })
    }

    fn compose_version(&self, cx: &mut Context<'_>) -> Result<String, ModuleError> {
        let words = ["compose", "version", "--format", "json"].map(str::to_owned);
        let output = cx.run_read(&self.command(&words))?;
        let told: Value = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
        if let Some(version) = told["version"].as_str().filter(|version| output.ok() && *version != "dev") {
            return Ok(version.to_owned());
        }
        let info = self.ask_json(&["info"], cx)?;
        let plugins = info["ClientInfo"]["Plugins"].as_array().cloned().unwrap_or_default();
        let compose = plugins.iter().find(|plugin| plugin["Name"] == "compose").ok_or_else(|| {
            ModuleError::failed(format!("Docker CLI {} does not have the compose plugin installed", self.program))
        })?;
        Ok(compose["Version"].as_str().unwrap_or_default().to_owned())
    }

    fn bad_version(&self, version: &str) -> ModuleError {
        ModuleError::failed(format!(
            "Docker CLI {} has a compose plugin installed, but it reports version \"{version}\". Please use a version of \
             the plugin that returns a proper version.",
            self.program
        ))
    }
}

fn engine_words(args: &Args) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut pair = |option: &str, value: &str| words.extend([option.to_owned(), value.to_owned()]);
    match args.opt_str("cli_context") {
        Some(context) => pair("--context", context),
        None => pair("--host", args.opt_str("docker_host").unwrap_or("unix:///var/run/docker.sock")),
    }
    if args.bool("validate_certs") {
        words.push("--tlsverify".to_owned());
    } else if args.bool("tls") {
        words.push("--tls".to_owned());
    }
    for (option, name) in [("--tlscacert", "ca_path"), ("--tlscert", "client_cert"), ("--tlskey", "client_key")] {
        if let Some(path) = args.opt_str(name) {
            words.extend([option.to_owned(), path.to_owned()]);
        }
    }
    words
}

/// In quotes where Python's `shlex` takes a word into quotes.
fn quoted(word: &str) -> String {
    let safe = |letter: char| letter.is_ascii_alphanumeric() || "_@%+=:,./-".contains(letter);
    if !word.is_empty() && word.chars().all(safe) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\"'\"'"))
}

/// `2.40.3-desktop.1`: what counts is the beginning.
fn version_of(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.split('.').map(|part| part.parse::<u32>().ok());
    Some((numbers.next()??, numbers.next()??))
}

#[cfg(test)]
mod tests {
    use super::{quoted, version_of};

    #[test]
    fn few_words_need_quotes() {
        assert_eq!(quoted("web=2"), "web=2");
        assert_eq!(quoted("it's"), "'it'\"'\"'s'");
        assert_eq!(quoted(""), "''");
    }

    #[test]
    fn versions_begin_with_two_numbers() {
        assert_eq!(version_of("2.40.3-desktop.1"), Some((2, 40)));
        assert_eq!(version_of("dev"), None);
        assert_eq!(version_of("2"), None);
    }
}
