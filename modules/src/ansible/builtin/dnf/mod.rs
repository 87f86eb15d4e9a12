//! `ansible.builtin.dnf` (and `yum`, `dnf5`): packages of Fedora and its kin, through the dnf program.

mod listing;
mod request;
mod rpm_database;
mod transaction_table;

use request::{Request, State};
use rpm_database::Installed;
use serde_json::json;
use transaction_table::{Kind, Step};

use crate::{Arg, Args, CommandOutput, CommandSpec, Constraint, Context, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module = Module::new("ansible.builtin.dnf", ARGS, run)
    .aliases(&["ansible.builtin.dnf5", "ansible.builtin.yum"])
    .constraints(&[
        Constraint::MutuallyExclusive(&["name", "list"]),
        Constraint::MutuallyExclusive(&["best", "nobest"]),
    ])
    .diff();

const ARGS: &[Arg] = &[
    Arg::list("name").default("").alias(&["pkg"]),
    Arg::str("state").choices(&["absent", "installed", "latest", "present", "removed"]),
    Arg::str("list"),
    Arg::bool("update_cache").default("false").alias(&["expire-cache"]),
    Arg::bool("update_only").default("false"),
    Arg::bool("autoremove").default("false"),
    Arg::bool("allow_downgrade").default("false"),
    Arg::bool("allowerasing").default("false"),
    Arg::bool("best"),
    Arg::bool("nobest"),
    Arg::bool("bugfix").default("false"),
    Arg::bool("security").default("false"),
    Arg::bool("cacheonly").default("false"),
    Arg::str("conf_file"),
    Arg::list("enablerepo").default(""),
    Arg::list("disablerepo").default(""),
    Arg::list("enable_plugin").default(""),
    Arg::list("disable_plugin").default(""),
    Arg::list("exclude").default(""),
    Arg::str("disable_excludes"),
    Arg::bool("disable_gpg_check").default("false"),
    Arg::bool("download_only").default("false"),
    Arg::str("download_dir"),
    Arg::bool("install_weak_deps").default("true"),
    Arg::bool("install_repoquery").default("true"),
    Arg::str("installroot").default("/"),
    Arg::int("lock_timeout").default("30"),
    Arg::str("releasever"),
    Arg::bool("skip_broken").default("false"),
    Arg::bool("sslverify").default("true"),
    Arg::bool("validate_certs").default("true"),
    // Of dnf5, whose bindings are not needed here.
    Arg::bool("auto_install_module_deps").default("true"),
    Arg::str("use_backend").default("auto").choices(&["auto", "dnf", "dnf4", "dnf5", "yum", "yum4"]),
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let request = Request::new(args, cx)?;
    if let Some(what) = args.opt_str("list") {
        return listing::list(what, &request, cx);
    }
    if request.refresh && request.names.is_empty() && !request.upgrade_all {
        request.dnf(&["makecache", "--refresh"], cx)?;
        return Ok(nothing_to_do(Vec::new()).msg("Cache updated"));
    }
    let files = request.fetch_files(cx)?;
    let mut task = Task::new(&request);
    match request.state {
        State::Absent => task.remove(cx)?,
        State::Present => task.install(&files.paths, cx)?,
        State::Latest => task.update(&files.paths, cx)?,
    }
    task.finish(cx)
}

fn nothing_to_do(notes: Vec<String>) -> ModuleResult {
    ModuleResult::ok().msg("Nothing to do").set("results", notes).set("rc", 0)
}

/// One task: what was installed before it, and what it has to say.
struct Task<'a> {
    request: &'a Request,
    /// Read only when something has to be done.
    before: Option<Installed>,
    notes: Vec<String>,
    /// What check mode and downloads foresee.
    planned: Vec<String>,
}

impl<'a> Task<'a> {
    fn new(request: &'a Request) -> Self {
        Self { request, before: None, notes: Vec::new(), planned: Vec::new() }
    }

    fn before(&mut self, cx: &mut Context<'_>) -> Result<&Installed, ModuleError> {
        if self.before.is_none() {
            self.before = Some(Installed::read(&self.request.root, cx)?);
        }
        Ok(self.before.get_or_insert_default())
    }

    fn install(&mut self, files: &[String], cx: &mut Context<'_>) -> Result<(), ModuleError> {
        let missing = rpm_database::not_installed(&self.request.root, &self.request.names, cx)?;
        let mut wanted = Vec::new();
        for name in missing {
            let is_held_back = self.would_downgrade(&name, cx)?;
            wanted.extend((!is_held_back).then_some(name));
        }
        wanted.extend(self.needed_files(files, cx)?);
        if wanted.is_empty() {
            return Ok(());
        }
        let groups = wanted.iter().filter_map(|name| name.strip_prefix('@'));
        self.notes.extend(groups.map(|group| format!("Group {group} installed.")));
        self.transact("install", &wanted, cx)
    }

    fn update(&mut self, files: &[String], cx: &mut Context<'_>) -> Result<(), ModuleError> {
        if self.request.upgrade_all {
            return self.transact("upgrade", &[], cx);
        }
        let names = self.request.names.clone();
        let before = self.before(cx)?;
        let (installed, mut others): (Vec<_>, Vec<_>) = names.into_iter().partition(|name| before.has(name));
        if self.request.update_only {
            let passed_over = |name| format!("Packages providing {name} not installed due to update_only specified");
            let notes: Vec<String> = others.drain(..).map(passed_over).collect();
            self.notes.extend(notes);
        }
        others.extend(self.needed_files(files, cx)?);
        if !others.is_empty() {
            self.transact("install", &others, cx)?;
        }
        if installed.is_empty() { Ok(()) } else { self.transact("upgrade", &installed, cx) }
    }

    fn remove(&mut self, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        if self.request.names.is_empty() {
            return if self.request.autoremove { self.transact("autoremove", &[], cx) } else { Ok(()) };
        }
        let missing = rpm_database::not_installed(&self.request.root, &self.request.names, cx)?;
        let is_plain = |name: &String| !name.contains(['*', '?', '[']) && !name.starts_with('@');
        let gone: Vec<String> = missing.into_iter().filter(is_plain).collect();
        self.notes.extend(gone.iter().map(|name| format!("No match for argument: {name}")));
        let names: Vec<String> = self.request.names.iter().filter(|name| !gone.contains(name)).cloned().collect();
        if names.is_empty() { Ok(()) } else { self.transact("remove", &names, cx) }
    }

    /// `foo-1.0` while `foo-2.0` is installed is left alone unless going back is allowed.
    fn would_downgrade(&mut self, name: &str, cx: &mut Context<'_>) -> Result<bool, ModuleError> {
        if self.request.allow_downgrade || name.starts_with(['@', '/']) || !self.before(cx)?.may_change_version(name) {
            return Ok(false);
        }
        let output = cx.run_read(&self.request.command("--assumeno", &["install", "--", name]))?;
        let steps = transaction_table::parse(&output.stdout());
        let goes_back = |step: &Step| step.kind == Kind::Downgrade && name.starts_with(&step.name);
        Ok(steps.iter().any(goes_back))
    }

    /// Package files whose package is not there yet, or there in an older version.
    fn needed_files(&mut self, files: &[String], cx: &mut Context<'_>) -> Result<Vec<String>, ModuleError> {
        let mut needed = Vec::new();
        for file in files {
            let (name, nevra) = rpm_database::of_file(file, cx)?;
            let present = Installed::read(&self.request.root, cx)?;
            if present.changes_to(&Installed::default()).contains(&format!("Removed: {nevra}")) {
                self.notes.push(format!("Installed {file}"));
                continue;
            }
            if present.has(&name) && !self.request.allow_downgrade {
                let output = cx.run_read(&self.request.command("--assumeno", &["install", "--", file]))?;
                let steps = transaction_table::parse(&output.stdout());
                if steps.is_empty() || steps.iter().any(|step| step.kind == Kind::Downgrade) {
                    self.notes.push(format!("Installed {file}"));
                    continue;
                }
            }
            self.notes.push(format!("Installed {file}"));
            needed.push(file.clone());
        }
        Ok(needed)
    }

    fn transact(&mut self, verb: &str, names: &[String], cx: &mut Context<'_>) -> Result<(), ModuleError> {
        self.before(cx)?;
        let foresee = cx.check_mode || self.request.download_only;
        let words: Vec<&str> = [verb].into_iter().chain(names.iter().map(String::as_str)).collect();
        if foresee {
            let output = cx.run_read(&self.request.command("--assumeno", &words))?;
            let steps = transaction_table::parse(&output.stdout());
            if steps.is_empty() {
                check(&output, names)?;
            }
            self.foresee(&steps);
        }
        if cx.check_mode {
            return Ok(());
        }
        let output = cx.run(&self.request.command("-y", &words).live())?;
        check(&output, names)
    }

    fn foresee(&mut self, steps: &[Step]) {
        let removed = |step: &Step| {
            let old = self.before.as_ref().and_then(|before| before.replaced_by(&step.name, &step.architecture));
            old.map(|old| format!("Removed: {old}"))
        };
        let mut planned = Vec::new();
        for step in steps {
            match step.kind {
                Kind::Remove => planned.push(format!("Removed: {}", step.nevra())),
                _ if self.request.download_only => planned.push(format!("Downloaded: {}", step.nevra())),
                Kind::Upgrade | Kind::Downgrade => {
                    planned.push(format!("Installed: {}", step.nevra()));
                    planned.extend(removed(step));
                }
                Kind::Install | Kind::Reinstall => planned.push(format!("Installed: {}", step.nevra())),
            }
        }
        planned.sort();
        self.planned.extend(planned);
    }

    fn finish(mut self, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
        let changes = match &self.before {
            _ if cx.check_mode || self.request.download_only => std::mem::take(&mut self.planned),
            None => Vec::new(),
            Some(before) => before.changes_to(&Installed::read(&self.request.root, cx)?),
        };
        if changes.is_empty() {
            return Ok(nothing_to_do(self.notes));
        }
        self.notes.extend(changes);
        let msg = if cx.check_mode { "Check mode: No changes made, but would have if not in check mode" } else { "" };
        Ok(ModuleResult::ok().changed(true).msg(msg).set("results", self.notes).set("rc", 0))
    }
}

/// dnf's failures in the words of Ansible's module.
fn check(output: &CommandOutput, names: &[String]) -> Result<(), ModuleError> {
    if output.ok() {
        return Ok(());
    }
    let text = format!("{}{}", output.stdout(), output.stderr());
    if let Some(group) = between(&text, "Module or Group '", "' is not available") {
        return Err(ModuleError::failed(format!("No group {group} available.")).with("results", json!([])));
    }
    let has_nowhere_to_look = text.contains("There are no enabled repositories");
    let missing = if has_nowhere_to_look { names.to_vec() } else { missing_packages(&text) };
    if !missing.is_empty() {
        let failures: Vec<String> = missing.iter().map(|name| format!("No package {name} available.")).collect();
        return Err(
            failed("Failed to install some of the specified packages".to_owned()).with("failures", json!(failures))
        );
    }
    let reason: Vec<&str> = text.lines().skip_while(|line| !line.starts_with("Error")).collect();
    if reason.first().is_some_and(|line| line.contains("Nothing to do")) || text.contains("Operation aborted") {
        return Ok(());
    }
    let reason = if reason.is_empty() { text.trim().to_owned() } else { reason.join("\n").trim().to_owned() };
    Err(failed(reason.trim_start_matches("Error:").trim().to_owned()))
}

fn failed(msg: String) -> ModuleError {
    ModuleError::failed(msg).with("results", json!([])).with("rc", 1)
}

fn between<'t>(text: &'t str, start: &str, end: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(start)?;
    rest.split_once(end).map(|(found, _)| found)
}

/// `Error: Unable to find a match: a b` (dnf 4), `No match for argument: a` (dnf 5), `No package a available.` (yum).
fn missing_packages(text: &str) -> Vec<String> {
    let mut missing = Vec::new();
    for line in text.lines() {
        if let Some(names) = line.strip_prefix("Error: Unable to find a match: ") {
            return names.split_whitespace().map(str::to_owned).collect();
        }
        let name = line.trim().strip_prefix("No match for argument: ");
        let name = name.or_else(|| line.strip_prefix("No package ")?.strip_suffix(" available."));
        missing.extend(name.map(str::to_owned));
    }
    missing
}

impl Request {
    /// Runs dnf for something that is no transaction.
    fn dnf(&self, words: &[&str], cx: &mut Context<'_>) -> Result<CommandOutput, ModuleError> {
        let output = cx.run(&self.command("-y", words))?;
        if output.ok() { Ok(output) } else { Err(failed(output.stderr().trim().to_owned())) }
    }

    fn command(&self, answer: &str, words: &[&str]) -> CommandSpec {
        // Without a capable terminal there are no colours in the table.
        CommandSpec::new([self.program.as_str(), answer])
            .args(self.options.iter().cloned())
            .args(words.iter().copied())
            .env("TERM", "dumb")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_told_apart() {
        let result = |stderr: &str| {
            let output = CommandOutput { rc: 1, stderr: stderr.into(), ..CommandOutput::default() };
            check(&output, &[]).map_err(|error| error.to_string())
        };
        assert_eq!(missing_packages("Error: Unable to find a match: a b\n"), ["a", "b"]);
        assert_eq!(missing_packages("No match for argument: a\n"), ["a"]);
        assert_eq!(
            result("Module or Group 'x' is not available.\nError: Nothing to do.\n").unwrap_err(),
            "No group x available."
        );
        assert_eq!(result("Error: \n Problem: conflict\n").unwrap_err(), "Problem: conflict");
        assert!(result("Operation aborted.\n").is_ok());
    }
}
