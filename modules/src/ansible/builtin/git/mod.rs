//! `ansible.builtin.git`: a work tree at a version of a repository.

mod archive;
mod login;
mod remote_refs;
mod repository;
mod request;

use std::path::{Path, PathBuf};

use remote_refs::Version;
use repository::{Repository, ask_remote};
use request::Request;
use serde_json::{Value, json};

use crate::{Arg, Args, Constraint, Context, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module = Module::new("ansible.builtin.git", ARGS, run)
    .constraints(&[
        Constraint::MutuallyExclusive(&["separate_git_dir", "bare"]),
        Constraint::MutuallyExclusive(&["accept_hostkey", "accept_newhostkey"]),
        Constraint::RequiredBy("archive_prefix", &["archive"]),
    ])
    .diff();

const ARGS: &[Arg] = &[
    Arg::path("dest"),
    Arg::str("repo").required().alias(&["name"]),
    Arg::str("version").default("HEAD"),
    Arg::str("remote").default("origin"),
    Arg::str("refspec"),
    Arg::str("reference"),
    Arg::int("depth"),
    Arg::bool("force").default("false"),
    Arg::bool("clone").default("true"),
    Arg::bool("update").default("true"),
    Arg::bool("bare").default("false"),
    Arg::bool("single_branch").default("false"),
    Arg::bool("recursive").default("true"),
    Arg::bool("track_submodules").default("false"),
    Arg::path("separate_git_dir"),
    Arg::path("archive"),
    Arg::str("archive_prefix"),
    Arg::bool("verify_commit").default("false"),
    Arg::list("gpg_allowlist").default("").alias(&["gpg_whitelist"]),
    Arg::path("executable"),
    Arg::bool("accept_hostkey").default("false"),
    Arg::bool("accept_newhostkey").default("false"),
    Arg::path("key_file"),
    Arg::str("ssh_opts"),
    Arg::raw("umask"),
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let request = Request::new(args, cx)?;
    let dest = request.dest.clone().unwrap_or_else(|| PathBuf::from("/nonexistent"));
    let repository = Repository::new(&request, &dest);
    if repository.git_dir(cx).is_none() || !request.clone {
        return fresh(&request, &repository, &dest, cx);
    }
    if !request.update {
        return left_alone(&request, &repository, &dest, cx);
    }
    update(&request, &repository, &dest, cx)
}

/// There is no clone yet, or only the remote's state is asked for.
fn fresh(
    request: &Request,
    repository: &Repository<'_>,
    dest: &Path,
    cx: &mut Context<'_>,
) -> Result<ModuleResult, ModuleError> {
    let looks_only = cx.check_mode || !request.clone;
    let needs_remote = looks_only || request.version != "HEAD";
    let version = if needs_remote { Some(ask_remote(request, cx)?) } else { None };
    let mut result = ModuleResult::ok().changed(true).set("before", Value::Null);
    let after = if looks_only {
        version.map(|version| version.commit().to_owned())
    } else {
        repository.clone_from(version.as_ref(), cx).map_err(|error| repository.unreachable(cx).unwrap_or(error))?;
        repository.keep_login(cx)?;
        if let Some(version) = version.filter(|_| !request.bare) {
            settle(&version, request, repository, cx)?;
        }
        if request.verify_commit {
            repository.verify(cx)?;
        }
        if repository.has_submodules() {
            repository.update_submodules(cx)?;
            result = result.set("submodules_changed", true);
        }
        repository.head(cx)?
    };
    let after = after.unwrap_or_default();
    if cx.diff_mode {
        result = result.set("diff", json!({"prepared": format!(">> Newly checked out {after}")}));
    }
    if let Some(file) = request.archive.as_ref().filter(|_| !looks_only) {
        archive::write(file, request, dest, cx)?;
    }
    Ok(result.set("after", after))
}

/// After a clone: what `--branch` could not check out.
fn settle(
    version: &Version,
    request: &Request,
    repository: &Repository<'_>,
    cx: &mut Context<'_>,
) -> Result<(), ModuleError> {
    match version {
        Version::Other(_) => repository.check_out(version, cx),
        _ if request.refspec.is_some() => repository.check_out(version, cx),
        _ => Ok(()),
    }
}

fn left_alone(
    request: &Request,
    repository: &Repository<'_>,
    dest: &Path,
    cx: &mut Context<'_>,
) -> Result<ModuleResult, ModuleError> {
    let head = repository.head(cx)?;
    let mut changed = false;
    if let Some(file) = &request.archive {
        changed = archive::write(file, request, dest, cx)?;
    }
    Ok(ModuleResult::ok().changed(changed).set("before", head.clone()).set("after", head))
}

fn update(
    request: &Request,
    repository: &Repository<'_>,
    dest: &Path,
    cx: &mut Context<'_>,
) -> Result<ModuleResult, ModuleError> {
    let before = repository.head(cx)?;
    let mut result = ModuleResult::ok().set("before", before.clone());
    let modified = repository.has_local_modifications(cx)?;
    if modified {
        let msg = format!("Local modifications exist in the destination: {}", dest.display());
        if !request.force {
            return Err(ModuleError::with_result(format!("{msg} (force=no)."), result));
        }
        repository.reset(cx)?;
        if !cx.check_mode {
            result = result.msg(msg);
        }
    }
    let url_changed = repository.set_remote_url(cx)?;
    result = result.set("remote_url_changed", url_changed);
    let separated = repository.separate(cx)?;
    let version = ask_remote(request, cx)?;
    let mut changed = modified || url_changed || separated;
    let is_there = is_checked_out(&version, before.as_deref(), repository, cx)?;
    let after = if cx.check_mode {
        Some(version.commit().to_owned())
    } else {
        if !is_there {
            repository.fetch(&version, cx)?;
            if !request.bare {
                repository.check_out(&version, cx)?;
            }
        }
        if request.verify_commit {
            repository.verify(cx)?;
        }
        if repository.has_submodules() && update_submodules(is_there, request, repository, cx)? {
            changed = true;
            result = result.set("submodules_changed", true);
        }
        repository.head(cx)?
    };
    changed |= if cx.check_mode { !is_there && before != after } else { before != after };
    if let (Some(before), Some(after), true) = (&before, &after, cx.diff_mode && before != after) {
        let patch = repository.diff(before, after, cx)?;
        result = result.set("diff", json!({"prepared": patch}));
    }
    if let Some(file) = request.archive.as_ref().filter(|_| !cx.check_mode) {
        changed |= archive::write(file, request, dest, cx)?;
    }
    Ok(result.changed(changed).set("after", after))
}

/// The wanted commit is checked out, and for a branch it is that branch.
fn is_checked_out(
    version: &Version,
    head: Option<&str>,
    repository: &Repository<'_>,
    cx: &mut Context<'_>,
) -> Result<bool, ModuleError> {
    if head != Some(version.commit()) {
        return Ok(false);
    }
    match version {
        Version::Branch { name, .. } => Ok(repository.current_branch(cx)?.as_ref() == Some(name)),
        _ => Ok(true),
    }
}

/// Nothing is fetched when every submodule is where the checked out commit wants it.
fn update_submodules(
    is_there: bool,
    request: &Request,
    repository: &Repository<'_>,
    cx: &mut Context<'_>,
) -> Result<bool, ModuleError> {
    let before = repository.submodule_status(cx)?;
    let in_place = before.lines().all(|line| line.starts_with(' '));
    if is_there && in_place && !request.track_submodules {
        return Ok(false);
    }
    repository.update_submodules(cx)?;
    Ok(before != repository.submodule_status(cx)?)
}
