//! A clone on the node, and what is done to it.

use std::path::{Path, PathBuf};

use super::login;
use super::remote_refs::{RemoteRefs, Version, is_commit};
use super::request::Request;
use crate::{CommandOutput, Context, ModuleError};

pub(super) struct Repository<'a> {
    request: &'a Request,
    dest: &'a Path,
}

impl<'a> Repository<'a> {
    pub(super) fn new(request: &'a Request, dest: &'a Path) -> Self {
        Self { request, dest }
    }

    /// The directory that holds the repository itself; `None` when there is none.
    pub(super) fn git_dir(&self, cx: &Context<'_>) -> Option<PathBuf> {
        if self.request.bare {
            return self.dest.join("config").is_file().then(|| self.dest.to_owned());
        }
        let path = self.dest.join(".git");
        if path.is_dir() {
            return path.join("config").is_file().then_some(path);
        }
        let link = cx.read_text(&path).ok().flatten()?;
        let target = self.dest.join(link.trim().strip_prefix("gitdir:")?.trim());
        target.join("config").is_file().then_some(target)
    }

    fn read(&self, words: &[&str], cx: &mut Context<'_>) -> Result<CommandOutput, ModuleError> {
        cx.run_read(&self.request.git(words).cwd(self.dest))
    }

    fn run_ok(&self, words: &[&str], cx: &mut Context<'_>) -> Result<CommandOutput, ModuleError> {
        cx.run_ok(&self.request.git(words).cwd(self.dest))
    }

    pub(super) fn head(&self, cx: &mut Context<'_>) -> Result<Option<String>, ModuleError> {
        let output = self.read(&["rev-parse", "HEAD"], cx)?;
        Ok(output.ok().then(|| output.stdout().trim().to_owned()))
    }

    pub(super) fn current_branch(&self, cx: &mut Context<'_>) -> Result<Option<String>, ModuleError> {
        let output = self.read(&["symbolic-ref", "--quiet", "--short", "HEAD"], cx)?;
        Ok(output.ok().then(|| output.stdout().trim().to_owned()))
    }

    /// Changes to files that git tracks.
    pub(super) fn has_local_modifications(&self, cx: &mut Context<'_>) -> Result<bool, ModuleError> {
        if self.request.bare {
            return Ok(false);
        }
        let output = self.read(&["status", "--porcelain"], cx)?;
        Ok(output.stdout().lines().any(|line| !line.starts_with("??")))
    }

    pub(super) fn reset(&self, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        self.run_ok(&["reset", "--hard", "HEAD", "--"], cx).map(drop)
    }

    /// Points the remote to the wanted address; true when it pointed elsewhere.
    pub(super) fn set_remote_url(&self, cx: &mut Context<'_>) -> Result<bool, ModuleError> {
        let (remote, repo) = (self.request.remote.as_str(), self.request.repo.as_str());
        let current = self.read(&["config", "--local", "--get", &format!("remote.{remote}.url")], cx)?;
        if current.stdout().trim() == repo {
            return Ok(false);
        }
        let output =
            cx.run(&self.request.git(&["remote", "set-url", remote, self.request.address()]).cwd(self.dest))?;
        if output.ok() {
            self.keep_login(cx)?;
            return Ok(true);
        }
        let reason = format!("{} {}", output.stdout().trim(), output.stderr());
        Err(ModuleError::failed(format!("Failed to set a new url {repo} for {remote}: {reason}")))
    }

    /// What later runs, and people, find as the remote's address.
    pub(super) fn keep_login(&self, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        match self.git_dir(cx).filter(|_| !cx.check_mode) {
            Some(git_dir) => login::keep(self.request, &git_dir, cx),
            None => Ok(()),
        }
    }

    pub(super) fn clone_from(&self, version: Option<&Version>, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        let request = self.request;
        if let Some(parent) = self.dest.parent() {
            fs_err::create_dir_all(parent)?;
        }
        let mut words: Vec<String> = ["clone", "--origin", &request.remote].map(str::to_owned).to_vec();
        if request.bare {
            words.push("--bare".to_owned());
        }
        words.extend(request.reference.iter().flat_map(|path| ["--reference".to_owned(), path.clone()]));
        if request.single_branch {
            words.push("--single-branch".to_owned());
        }
        if let Some(Version::Branch { name, .. } | Version::Tag { name, .. }) = version
            && request.version != "HEAD"
        {
            words.extend(["--branch".to_owned(), name.clone()]);
        }
        let named = !matches!(version, Some(Version::Other(_)));
        if let Some(depth) = request.depth.filter(|_| named && request.refspec.is_none()) {
            words.extend(["--depth".to_owned(), depth.to_string()]);
        }
        words.extend(request.separate_git_dir.iter().map(|dir| format!("--separate-git-dir={}", dir.display())));
        words.extend([request.address().to_owned(), self.dest.to_string_lossy().into_owned()]);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        cx.run_ok(&request.git(&words))?;
        if let Some(refspec) = &request.refspec {
            self.run_ok(&["fetch", &request.remote, refspec], cx)?;
        }
        Ok(())
    }

    /// Why the remote cannot be asked for the branch; `None` when it can.
    pub(super) fn unreachable(&self, cx: &mut Context<'_>) -> Option<ModuleError> {
        let branch = format!("refs/heads/{}", self.request.version);
        let command = self.request.git(&["ls-remote", self.request.address(), "-h", &branch]);
        let output = cx.run_read(&command).ok()?;
        (!output.ok()).then(|| crate::context::command_failure(output.stderr().trim(), &command, &output))
    }

    pub(super) fn fetch(&self, version: &Version, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        let request = self.request;
        let remote = request.remote.as_str();
        let depth = request.depth.map(|depth| depth.to_string());
        let mut words = vec!["fetch", "--force"];
        if let Some(depth) = &depth {
            words.extend(["--depth", depth]);
        } else {
            words.push("--tags");
        }
        words.push(remote);
        let one = match version {
            Version::Branch { name, .. } => format!("+refs/heads/{name}:{}/{name}", self.branches()),
            Version::Tag { name, .. } => format!("+refs/tags/{name}:refs/tags/{name}"),
            Version::Other(_) => String::new(),
        };
        let all = format!("+refs/heads/*:{}/*", self.branches());
        let is_narrow = (depth.is_some() || request.single_branch) && !one.is_empty();
        words.push(if is_narrow { &one } else { &all });
        words.extend(request.refspec.as_deref());
        if self.run_ok(&words, cx)?.ok() && self.lacks(version, cx)? {
            // A commit that no branch leads to; not every server hands it out.
            self.read(&["fetch", remote, version.commit()], cx)?;
        }
        Ok(())
    }

    fn lacks(&self, version: &Version, cx: &mut Context<'_>) -> Result<bool, ModuleError> {
        let commit = version.commit();
        Ok(is_commit(commit) && !self.read(&["cat-file", "-e", commit], cx)?.ok())
    }

    /// Where the remote's branches are kept.
    fn branches(&self) -> String {
        if self.request.bare { "refs/heads".to_owned() } else { format!("refs/remotes/{}", self.request.remote) }
    }

    pub(super) fn check_out(&self, version: &Version, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        let remote = self.request.remote.as_str();
        let Version::Branch { name, .. } = version else {
            // A branch that only the refspec made known is tracked like any other.
            let name = match version {
                Version::Tag { name, .. } => name.clone(),
                other => other.commit().to_owned(),
            };
            return self.force_checkout(&[&name], &name, cx);
        };
        let tracked = format!("{remote}/{name}");
        let exists = self.read(&["show-ref", "--verify", "--quiet", &format!("refs/heads/{name}")], cx)?.ok();
        if exists {
            self.force_checkout(&[name], name, cx)?;
        } else {
            self.force_checkout(&["--track", "-b", name, &tracked], name, cx)?;
        }
        self.run_ok(&["reset", "--hard", &tracked, "--"], cx).map(drop)
    }

    fn force_checkout(&self, words: &[&str], name: &str, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        let words: Vec<&str> = ["checkout", "--force"].into_iter().chain(words.iter().copied()).collect();
        let command = self.request.git(&words).cwd(self.dest);
        let output = cx.run(&command)?;
        if output.ok() {
            return Ok(());
        }
        Err(crate::context::command_failure(format!("Failed to checkout {name}"), &command, &output))
    }

    pub(super) fn has_submodules(&self) -> bool {
        self.request.recursive && !self.request.bare && self.dest.join(".gitmodules").is_file()
    }

    /// The commits that are checked out in submodules.
    pub(super) fn submodule_status(&self, cx: &mut Context<'_>) -> Result<String, ModuleError> {
        Ok(self.read(&["submodule", "status", "--recursive"], cx)?.stdout())
    }

    pub(super) fn update_submodules(&self, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        self.run_ok(&["submodule", "sync", "--recursive"], cx)?;
        let mut words = vec!["submodule", "update", "--init", "--recursive"];
        if self.request.track_submodules {
            words.push("--remote");
        }
        if self.request.force {
            words.push("--force");
        }
        self.run_ok(&words, cx).map(drop)
    }

    /// Moves the repository out of the work tree; true when it was not there yet.
    pub(super) fn separate(&self, cx: &mut Context<'_>) -> Result<bool, ModuleError> {
        let Some(wanted) = &self.request.separate_git_dir else { return Ok(false) };
        let current = self.git_dir(cx).and_then(|path| fs_err::canonicalize(path).ok());
        if current.is_none() || current == fs_err::canonicalize(wanted).ok() {
            return Ok(false);
        }
        self.run_ok(&["init", &format!("--separate-git-dir={}", wanted.display())], cx)?;
        Ok(true)
    }

    /// The patch between two commits, when both are here.
    pub(super) fn diff(&self, before: &str, after: &str, cx: &mut Context<'_>) -> Result<String, ModuleError> {
        let output = self.read(&["diff", "--no-color", before, after], cx)?;
        if output.ok() {
            return Ok(output.stdout());
        }
        let reason = output.stderr();
        Ok(format!(">> Failed to get proper diff between {before} and {after}:\n>> {reason}"))
    }

    /// Checks the signature of the checked out version.
    pub(super) fn verify(&self, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        let (version, allowed) = (self.request.version.as_str(), &self.request.gpg_allowlist);
        let is_tag = self.read(&["cat-file", "-t", &format!("refs/tags/{version}")], cx)?.stdout().trim() == "tag";
        let verb = if is_tag { "verify-tag" } else { "verify-commit" };
        let output = self.read(&[verb, "--raw", version], cx)?;
        if !output.ok() {
            return Err(ModuleError::failed(format!("Failed to verify GPG signature of commit/tag \"{version}\""))
                .with("rc", output.rc)
                .with("stdout", output.stdout())
                .with("stderr", output.stderr()));
        }
        let stderr = output.stderr();
        let fingerprint = stderr.lines().find_map(|line| line.strip_prefix("[GNUPG:] VALIDSIG ")?.split(' ').next());
        if allowed.is_empty() || fingerprint.is_some_and(|found| allowed.iter().any(|allowed| allowed == found)) {
            return Ok(());
        }
        let found = fingerprint.unwrap_or_default();
        Err(ModuleError::failed(format!(
            "The gpg_allowlist does not include the public key \"{found}\" for this commit"
        )))
    }
}

/// Asks the remote for the version and for its default branch, in one connection.
pub(super) fn ask_remote(request: &Request, cx: &mut Context<'_>) -> Result<Version, ModuleError> {
    let version = request.version.as_str();
    if is_commit(version) {
        return Ok(Version::Other(version.to_owned()));
    }
    let tag = format!("refs/tags/{version}");
    let (branch, target) = (format!("refs/heads/{version}"), format!("{tag}^{{}}"));
    let mut words = vec!["ls-remote", "--symref", request.address(), "HEAD"];
    if version != "HEAD" {
        words.extend([branch.as_str(), tag.as_str(), target.as_str()]);
    }
    let output = cx.run_read(&request.git(&words))?;
    if !output.ok() {
        // The question as Ansible asks it, whose command users know.
        let asked = if version == "HEAD" { version } else { branch.as_str() };
        let spec = request.git(&["ls-remote", request.address(), "-h", asked]);
        let output = cx.run_read(&spec)?;
        return Err(crate::context::command_failure(output.stderr().trim(), &spec, &output));
    }
    Ok(RemoteRefs::parse(&output.stdout()).find(version))
}
