//! `ansible.builtin.subversion`: a working copy or an export of a Subversion repository.

use crate::context::command_failure;
use crate::{Arg, Args, CommandOutput, CommandSpec, Context, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module = Module::new("ansible.builtin.subversion", ARGS, run);

const ARGS: &[Arg] = &[
    Arg::path("dest"),
    Arg::str("repo").required().alias(&["name", "repository"]),
    Arg::str("revision").default("HEAD").alias(&["rev", "version"]),
    Arg::bool("force").default("false"),
    Arg::str("username"),
    Arg::str("password").no_log(),
    Arg::path("executable"),
    Arg::bool("export").default("false"),
    Arg::bool("checkout").default("true"),
    Arg::bool("update").default("true"),
    Arg::bool("switch").default("true"),
    Arg::bool("in_place").default("false"),
    Arg::bool("validate_certs").default("false"),
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let (checkout, export) = (args.bool("checkout"), args.bool("export"));
    let svn = Subversion::new(args, cx)?;
    let Some(dest) = args.opt_str("dest") else {
        if checkout || export || args.bool("update") {
            let msg = "the destination directory must be specified unless checkout=no, update=no, and export=no";
            return Err(ModuleError::failed(msg));
        }
        let found = svn.look(&["info", svn.repo], cx)?;
        return Ok(ModuleResult::ok().set("after", line_of(&found, "Revision").unwrap_or_default()));
    };
    if export || !cx.exists(dest) {
        return svn.fetch(dest, checkout, export, cx);
    }
    if svn.is_working_copy(dest, cx)? {
        return svn.bring_up_to_date(dest, cx);
    }
    if !args.bool("in_place") {
        let msg = format!("ERROR: {dest} folder already exists, but its not a subversion repository.");
        return Err(ModuleError::failed(msg));
    }
    if !cx.check_mode {
        svn.change(&["checkout", "--force", "-r", svn.revision, svn.repo, dest], cx)?;
        if svn.is_modified(dest, cx)? && args.bool("force") {
            svn.change(&["revert", "-R", dest], cx)?;
        }
    }
    svn.done(dest, None, true, cx)
}

struct Subversion<'a> {
    args: &'a Args,
    program: String,
    repo: &'a str,
    revision: &'a str,
}

impl<'a> Subversion<'a> {
    fn new(args: &'a Args, cx: &mut Context<'_>) -> Result<Self, ModuleError> {
        let program = match args.opt_str("executable") {
            Some(program) => program.to_owned(),
            None => cx.require_program("svn")?.to_string_lossy().into_owned(),
        };
        let svn = Self { args, program, repo: args.str("repo")?, revision: args.str("revision")? };
        if args.has("password") {
            svn.check_password_is_kept(cx)?;
        }
        Ok(svn)
    }

    /// Others can read command lines.
    fn check_password_is_kept(&self, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        let version = cx.run_read(&CommandSpec::new([self.program.as_str(), "--version", "--quiet"]))?.stdout();
        let numbers: Vec<u32> = version.trim().split('.').filter_map(|part| part.parse().ok()).collect();
        if numbers < vec![1, 10] {
            let version = version.trim();
            return Err(ModuleError::failed(format!(
                "password: Subversion {version} takes a password only on its command line, where others can read it; \
                 1.10 is needed"
            )));
        }
        Ok(())
    }

    fn command(&self, words: &[&str]) -> CommandSpec {
        let mut command = CommandSpec::new([self.program.as_str(), "--non-interactive", "--no-auth-cache"]);
        if !self.args.bool("validate_certs") {
            command = command.arg("--trust-server-cert");
        }
        if let Some(user) = self.args.opt_str("username") {
            command = command.args(["--username", user]);
        }
        if let Some(password) = self.args.opt_str("password") {
            command = command.arg("--password-from-stdin").stdin(password);
        }
        // Names of files need UTF-8.
        command.args(words.iter().copied()).env("LC_ALL", "C.UTF-8").env("LC_CTYPE", "C.UTF-8")
    }

    fn look(&self, words: &[&str], cx: &mut Context<'_>) -> Result<String, ModuleError> {
        let command = self.command(words);
        succeeded(&command, cx.run_read(&command)?)
    }

    fn change(&self, words: &[&str], cx: &mut Context<'_>) -> Result<String, ModuleError> {
        let command = self.command(words);
        succeeded(&command, cx.run(&command)?)
    }

    fn fetch(
        &self,
        dest: &str,
        checkout: bool,
        export: bool,
        cx: &mut Context<'_>,
    ) -> Result<ModuleResult, ModuleError> {
        let result = ModuleResult::ok();
        if cx.check_mode {
            return Ok(result.changed(true));
        }
        if export {
            let force: &[&str] = if self.args.bool("force") { &["--force"] } else { &[] };
            self.change(&[&["export"], force, &["-r", self.revision, self.repo, dest]].concat(), cx)?;
            return Ok(result.changed(true));
        }
        if !checkout {
            return Ok(result);
        }
        self.change(&["checkout", "-r", self.revision, self.repo, dest], cx)?;
        self.done(dest, None, true, cx)
    }

    fn is_working_copy(&self, dest: &str, cx: &mut Context<'_>) -> Result<bool, ModuleError> {
        Ok(cx.run_read(&self.command(&["info", dest]))?.ok())
    }

    fn bring_up_to_date(&self, dest: &str, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
        if !self.args.bool("update") {
            return Ok(ModuleResult::ok());
        }
        let force = self.args.bool("force");
        let modified = |svn: &Self, cx: &mut Context<'_>| svn.is_modified(dest, cx);
        let refused = || ModuleError::failed("ERROR: modified files exist in the repository.");
        if cx.check_mode {
            if modified(self, cx)? && !force {
                return Err(refused());
            }
            return self.predicted(dest, cx);
        }
        let before = self.revision_and_url(dest, cx)?;
        let is_modified = modified(self, cx)?;
        let mut changed = is_modified;
        if self.args.bool("switch") {
            changed |= touches(&self.change(&["switch", "--revision", self.revision, self.repo, dest], cx)?);
        }
        if is_modified && !force {
            return Err(refused());
        }
        if is_modified {
            self.change(&["revert", "-R", dest], cx)?;
        }
        changed |= touches(&self.change(&["update", "-r", self.revision, dest], cx)?);
        self.done(dest, Some(before), changed, cx)
    }

    fn predicted(&self, dest: &str, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
        let here = self.look(&["info", dest], cx)?;
        let there = self.look(&["info", "-r", self.revision, dest], cx)?;
        let [before, after] = [here, there].map(|text| line_of(&text, "Revision").unwrap_or_default());
        Ok(ModuleResult::ok().changed(before != after).set("before", before).set("after", after))
    }

    fn is_modified(&self, dest: &str, cx: &mut Context<'_>) -> Result<bool, ModuleError> {
        let status = self.look(&["status", "--quiet", "--ignore-externals", dest], cx)?;
        Ok(status.lines().any(|line| !line.trim().is_empty() && !line.starts_with(['?', 'X'])))
    }

    fn revision_and_url(&self, dest: &str, cx: &mut Context<'_>) -> Result<Vec<String>, ModuleError> {
        let found = self.look(&["info", dest], cx)?;
        Ok(["Revision", "URL"].iter().filter_map(|key| line_of(&found, key)).collect())
    }

    fn done(
        &self,
        dest: &str,
        before: Option<Vec<String>>,
        changed: bool,
        cx: &mut Context<'_>,
    ) -> Result<ModuleResult, ModuleError> {
        if cx.check_mode {
            return Ok(ModuleResult::ok().changed(changed));
        }
        let after = self.revision_and_url(dest, cx)?;
        let changed = changed || before.as_ref().is_some_and(|before| *before != after);
        Ok(ModuleResult::ok().changed(changed).set("before", before).set("after", after))
    }
}

fn succeeded(command: &CommandSpec, output: CommandOutput) -> Result<String, ModuleError> {
    if output.ok() {
        return Ok(output.stdout());
    }
    Err(command_failure(output.stderr().trim_end(), command, &output))
}

/// `Key: value` of an `info`.
fn line_of(info: &str, key: &str) -> Option<String> {
    info.lines().find(|line| line.strip_prefix(key).is_some_and(|rest| rest.starts_with(':'))).map(str::to_owned)
}

/// Whether a switch or an update names a file it changed.
fn touches(output: &str) -> bool {
    let named = |line: &str| {
        let mut characters = line.chars();
        characters.next().is_some_and(|first| "ABDUCGE".contains(first)) && characters.next() == Some(' ')
    };
    output.lines().any(named)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_is_understood() {
        assert!(touches("Updating 'x':\nU    x/a\nUpdated to revision 3.\n"));
        assert!(!touches("Updating 'x':\nAt revision 3.\n"));
        assert_eq!(line_of("URL: u\nRevision: 3\n", "Revision").as_deref(), Some("Revision: 3"));
    }
}
