//! `ansible.builtin.apt_repository`: sources of packages in apt's one-line format, and PPAs.

mod ppa;
mod sources;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;
use sources::{Sources, file_for, normal_form};

use super::apt::cache::Updating;
use crate::{Arg, Args, Content, Context, Diff, FileAttributes, Module, ModuleError, ModuleResult, WriteOptions};

pub(crate) static MODULE: Module = Module::new("ansible.builtin.apt_repository", ARGS, run).diff();

const ARGS: &[Arg] = &[
    Arg::str("repo").required(),
    Arg::str("state").default("present").choices(&["absent", "present"]),
    Arg::str("filename"),
    Arg::raw("mode"),
    Arg::bool("update_cache").default("true").alias(&["update-cache"]),
    Arg::int("update_cache_retries").default("5"),
    Arg::int("update_cache_retry_max_delay").default("12"),
    Arg::str("codename"),
    Arg::bool("validate_certs").default("true"),
    // There is nothing to install.
    Arg::bool("install_python_apt").default("true"),
];

type Texts = BTreeMap<PathBuf, Option<String>>;

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let repo = args.str("repo")?;
    if repo.is_empty() {
        return Err(ModuleError::failed("Please set argument 'repo' to a non-empty value"));
    }
    let present = args.str("state")? == "present";
    let ppa = ppa::Ppa::parse(repo, args, cx)?;
    let source = match &ppa {
        Some(ppa) => ppa.source(),
        None => normal_form(repo).ok_or_else(|| ModuleError::failed(format!("Invalid repository string: {repo}")))?,
    };
    let mut sources = Sources::read(cx)?;
    let before = sources.texts();
    if present {
        let name = args.opt_str("filename").map(str::to_owned).or_else(|| ppa.as_ref().map(ppa::Ppa::file_name));
        sources.add(&source, &file_for(&source, name.as_deref()));
    } else {
        sources.remove(&source);
    }
    let after = sources.texts();
    let changes = Changes::between(&before, &after);
    if !changes.0.is_empty() {
        if let Some(ppa) = ppa.filter(|_| present) {
            ppa.install_key(cx)?;
        }
        changes.apply(args, cx)?;
    }
    Ok(changes.report(cx.diff_mode).set("repo", repo).set("state", if present { "present" } else { "absent" }))
}

/// Files with their text before and after.
struct Changes(Vec<(PathBuf, Option<String>, Option<String>)>);

impl Changes {
    fn between(before: &Texts, after: &Texts) -> Self {
        let change = |(path, new): (&PathBuf, &Option<String>)| {
            let old = before.get(path).cloned().flatten();
            (old != *new).then(|| (path.clone(), old, new.clone()))
        };
        Self(after.iter().filter_map(change).collect())
    }

    /// Writes the files; when the lists cannot be fetched then, everything is as before.
    fn apply(&self, args: &Args, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        for (path, _, new) in &self.0 {
            write(path, new.as_deref(), cx)?;
            if new.is_some() && args.has("mode") {
                let attributes = FileAttributes::default().with_mode(args.raw("mode").cloned());
                if !cx.check_mode {
                    cx.set_attributes(path, &attributes)?;
                }
            }
        }
        if !args.bool("update_cache") || cx.check_mode {
            return Ok(());
        }
        let updating = Updating {
            retries: args.int("update_cache_retries")?,
            max_delay: args.int("update_cache_retry_max_delay")?,
            lock_timeout: 60,
            of_sources: true,
        };
        let updated = updating.run(cx);
        if updated.is_err() {
            for (path, old, _) in &self.0 {
                write(path, old.as_deref(), cx)?;
            }
        }
        updated
    }

    fn report(&self, with_diff: bool) -> ModuleResult {
        let names = |wanted: fn(&Option<String>, &Option<String>) -> bool| -> Vec<String> {
            let found = self.0.iter().filter(|(_, old, new)| wanted(old, new));
            found.map(|(path, ..)| path.to_string_lossy().into_owned()).collect()
        };
        let diffs: Vec<Value> = if with_diff { self.0.iter().map(diff).collect() } else { Vec::new() };
        ModuleResult::ok()
            .changed(!self.0.is_empty())
            .set("sources_added", names(|old, new| old.is_none() && new.is_some()))
            .set("sources_removed", names(|old, new| old.is_some() && new.is_none()))
            .set("diff", diffs)
    }
}

fn diff((path, old, new): &(PathBuf, Option<String>, Option<String>)) -> Value {
    let header =
        |text: &Option<String>| text.as_ref().map_or("/dev/null".into(), |_| path.to_string_lossy().into_owned());
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    Diff::new(text(old), text(new)).headers(header(old), header(new)).into_value()
}

fn write(path: &Path, text: Option<&str>, cx: &mut Context<'_>) -> Result<(), ModuleError> {
    let Some(text) = text else { return cx.remove_file(path) };
    if let Some(dir) = path.parent().filter(|dir| !dir.exists()) {
        cx.make_dir(dir)?;
    }
    let options = WriteOptions { new_mode: Some(0o644), ..WriteOptions::default() };
    cx.write_file(path, Content::Bytes(text.as_bytes()), &options).map(drop)
}
