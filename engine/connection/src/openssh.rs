//! SSH through the OpenSSH client, for what the SSH built in cannot do: GSSAPI, smart cards, host-based logins, a client
//! of one's own (`ansible_ssh_executable`).

use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::program::{Program, Shape};
use crate::startup::random_token;
use crate::{ConnectionError, ConnectionSpec, Secret};

const CLIENT: &str = "ssh";

/// One client process per command; the worker is one command.
pub(crate) fn program(spec: &ConnectionSpec) -> Result<Program, ConnectionError> {
    let failed = |message: String| ConnectionError::Configuration { host: spec.host.clone(), message };
    let given = shell_words::split(&spec.ssh_args)
        .map_err(|_| failed(format!("ssh arguments with unbalanced quotes: {}", spec.ssh_args)))?;
    if spec.address.is_empty() || spec.address.starts_with('-') {
        return Err(failed(format!("'{}' is no host name", spec.address)));
    }
    let mut words = vec![spec.ssh_executable.clone().unwrap_or_else(|| CLIENT.to_owned())];
    words.extend(given);
    for (option, value) in options(spec) {
        words.extend(["-o".to_owned(), format!("{option}={value}")]);
    }
    words.extend(["-T", "--"].map(str::to_owned));
    words.push(spec.address.clone());
    let ask = spec.password.as_ref().map(AskPass::write).transpose();
    let ask = ask.map_err(|error| failed(format!("cannot hand the password to {CLIENT}: {error}")))?;
    let environment = ask.as_ref().map(AskPass::environment).unwrap_or_default();
    Ok(Program { environment, shape: Shape::Remote, _ask: ask.map(Arc::new), ..Program::new(words) })
}

/// Behind the arguments, whose values win.
fn options(spec: &ConnectionSpec) -> Vec<(&'static str, String)> {
    let seconds = |duration: std::time::Duration| duration.as_secs().max(1).to_string();
    let quoted = |path: &Path| format!("\"{}\"", path.display());
    let mut options = Vec::new();
    if !spec.host_key_checking {
        options.push(("StrictHostKeyChecking", "no".to_owned()));
    }
    if !spec.known_hosts.is_empty() {
        let files: Vec<String> = spec.known_hosts.iter().map(|path| quoted(path)).collect();
        options.push(("UserKnownHostsFile", files.join(" ")));
    }
    options.extend(spec.port.map(|port| ("Port", port.to_string())));
    options.extend(spec.user.iter().filter(|user| !user.is_empty()).map(|user| ("User", quoted(Path::new(user)))));
    options.extend(spec.private_key_file.iter().map(|path| ("IdentityFile", quoted(path))));
    options.push(("ConnectTimeout", seconds(spec.timeout)));
    options.push(("ServerAliveInterval", seconds(spec.timeout / 2)));
    options.push(("ServerAliveCountMax", "2".to_owned()));
    options.push(("ConnectionAttempts", (spec.retries + 1).to_string()));
    match spec.password {
        Some(_) => options.push(("NumberOfPasswordPrompts", "1".to_owned())),
        None => options.push(("BatchMode", "yes".to_owned())),
    }
    options
}

/// The client's way to the password: a program in a private directory that prints it. Gone with the connection.
#[derive(Debug)]
pub(crate) struct AskPass {
    directory: PathBuf,
}

impl AskPass {
    fn write(password: &Secret) -> std::io::Result<Self> {
        let base = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|path| path.is_dir());
        let directory = base.unwrap_or_else(std::env::temp_dir).join(format!("kapell-{}", random_token()));
        std::fs::DirBuilder::new().mode(0o700).create(&directory)?;
        let ask = Self { directory };
        let answer = ask.directory.join("answer");
        ask.file("answer", 0o600, &format!("{}\n", password.expose()))?;
        let quoted = answer.to_string_lossy().into_owned();
        ask.file("ask", 0o700, &format!("#!/bin/sh\nexec cat {}\n", shell_words::quote(&quoted)))?;
        Ok(ask)
    }

    fn file(&self, name: &str, mode: u32, text: &str) -> std::io::Result<()> {
        let mut options = std::fs::OpenOptions::new();
        options.create_new(true).write(true).mode(mode).open(self.directory.join(name))?.write_all(text.as_bytes())
    }

    fn environment(&self) -> Vec<(String, String)> {
        let program = self.directory.join("ask").to_string_lossy().into_owned();
        vec![("SSH_ASKPASS".to_owned(), program), ("SSH_ASKPASS_REQUIRE".to_owned(), "force".to_owned())]
    }
}

impl Drop for AskPass {
    fn drop(&mut self) {
        let _ = fs_err::remove_dir_all(&self.directory);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_client_gets_everything_but_the_password() {
        let spec = ConnectionSpec {
            port: Some(2222),
            user: Some("me".into()),
            password: Some(Secret::new("opensesame")),
            ssh_args: "-o 'ProxyCommand=nc %h %p'".into(),
            ssh_executable: Some("/opt/ssh".into()),
            ..ConnectionSpec::ssh("web")
        };
        let program = program(&spec).unwrap();
        let line = program.words.join(" ");
        assert!(line.starts_with("/opt/ssh -o ProxyCommand=nc %h %p -o Port=2222 -o User=\"me\" "), "{line}");
        assert!(line.ends_with(" -T -- web") && !line.contains("opensesame"), "{line}");
        let ask = PathBuf::from(&program.environment[0].1);
        assert!(fs_err::read_to_string(ask.with_file_name("answer")).unwrap().contains("opensesame"));
        drop(program);
        assert!(!ask.exists());
    }

    #[test]
    fn hosts_that_look_like_options_are_refused() {
        let spec = ConnectionSpec { address: "-oProxyCommand=x".into(), ..ConnectionSpec::ssh("web") };
        assert!(program(&spec).is_err());
    }
}
