//! What a `git` task asks for.

use std::path::PathBuf;

use crate::url_login::UrlLogin;
use crate::{Args, CommandSpec, Context, ModuleError};

pub(super) struct Request {
    pub repo: String,
    pub login: Option<UrlLogin>,
    pub dest: Option<PathBuf>,
    pub version: String,
    pub remote: String,
    pub refspec: Option<String>,
    pub reference: Option<String>,
    pub depth: Option<i64>,
    pub force: bool,
    pub clone: bool,
    pub update: bool,
    pub bare: bool,
    pub single_branch: bool,
    pub recursive: bool,
    pub track_submodules: bool,
    pub separate_git_dir: Option<PathBuf>,
    pub archive: Option<PathBuf>,
    pub archive_prefix: Option<String>,
    pub verify_commit: bool,
    pub gpg_allowlist: Vec<String>,
    program: String,
    umask: Option<String>,
    ssh_command: Option<String>,
    /// What the task's environment sets already.
    settings: Option<String>,
}

impl Request {
    pub(super) fn new(args: &Args, cx: &Context<'_>) -> Result<Self, ModuleError> {
        let text = |name: &str| args.opt_str(name).map(str::to_owned);
        let program = match args.opt_str("executable") {
            Some(program) => program.to_owned(),
            None => cx.require_program("git")?.to_string_lossy().into_owned(),
        };
        let request = Self {
            repo: args.str("repo")?.to_owned(),
            login: UrlLogin::of(args.str("repo")?),
            dest: args.opt_path("dest"),
            version: args.str("version")?.to_owned(),
            remote: args.str("remote")?.to_owned(),
            refspec: text("refspec"),
            reference: text("reference"),
            depth: args.opt_int("depth"),
            force: args.bool("force"),
            clone: args.bool("clone"),
            update: args.bool("update"),
            bare: args.bool("bare"),
            single_branch: args.bool("single_branch"),
            recursive: args.bool("recursive"),
            track_submodules: args.bool("track_submodules"),
            separate_git_dir: args.opt_path("separate_git_dir"),
            archive: args.opt_path("archive"),
            archive_prefix: text("archive_prefix"),
            verify_commit: args.bool("verify_commit"),
            gpg_allowlist: args.list_of_str("gpg_allowlist"),
            program,
            umask: umask(args)?,
            ssh_command: ssh_command(args, cx),
            settings: cx.env("GIT_CONFIG_PARAMETERS").filter(|settings| !settings.is_empty()),
        };
        if request.dest.is_none() && request.clone {
            return Err(ModuleError::failed("the destination directory must be specified unless clone=no"));
        }
        Ok(request)
    }

    /// The repository's address as everybody may see it.
    pub(super) fn address(&self) -> &str {
        self.login.as_ref().map_or(&self.repo, |login| &login.plain)
    }

    /// A git command; it never asks for anything.
    pub(super) fn git(&self, words: &[&str]) -> CommandSpec {
        let command = match &self.umask {
            Some(umask) => {
                let script = format!("umask {umask}; exec \"$@\"");
                CommandSpec::new(["/bin/sh", "-c", &script, "sh", &self.program])
            }
            None => CommandSpec::new([self.program.as_str()]),
        };
        let command = command.args(words.iter().copied()).env("GIT_TERMINAL_PROMPT", "0");
        let command = match &self.ssh_command {
            Some(ssh) => command.env("GIT_SSH_COMMAND", ssh),
            None => command,
        };
        match &self.login {
            Some(login) => {
                let variables = login.git_environment(&self.remote, self.settings.as_deref());
                variables.into_iter().fold(command, |command, (name, value)| command.env(name, value))
            }
            None => command,
        }
    }
}

fn umask(args: &Args) -> Result<Option<String>, ModuleError> {
    let Some(given) = args.raw("umask") else { return Ok(None) };
    let text = crate::python_repr::str_of(given);
    if text.is_empty() || !text.bytes().all(|byte| (b'0'..=b'7').contains(&byte)) {
        return Err(ModuleError::failed("umask must be an octal integer"));
    }
    Ok(Some(text))
}

/// `ssh` with the task's options, when it has any.
fn ssh_command(args: &Args, cx: &Context<'_>) -> Option<String> {
    let mut words = Vec::new();
    if let Some(key) = args.opt_str("key_file") {
        words.push(format!("-i {} -o IdentitiesOnly=yes", shell_words::quote(key)));
    }
    if args.bool("accept_newhostkey") {
        words.push("-o StrictHostKeyChecking=accept-new".to_owned());
    } else if args.bool("accept_hostkey") {
        words.push("-o StrictHostKeyChecking=no".to_owned());
    }
    words.extend(args.opt_str("ssh_opts").map(str::to_owned));
    let base = cx.env("GIT_SSH_COMMAND").or_else(|| cx.env("GIT_SSH"));
    if words.is_empty() && base.is_some() {
        return None;
    }
    Some(format!("{} -o BatchMode=yes {}", base.as_deref().unwrap_or("ssh"), words.join(" ")).trim_end().to_owned())
}
