//! `ansible.posix.authorized_key`: who may log in to an account with which SSH key.

mod keys;

use std::path::{Path, PathBuf};

use keys::{Key, KeyFile, split_options};
use rustix::fs::{Gid, Mode, OFlags, Uid, fchmod, fchown, open};
use rustix::io::Errno;
use serde_json::Value;

use crate::http::{Client, Request};
use crate::{Arg, Args, Content, Context, Diff, Module, ModuleError, ModuleResult, User, WriteOptions};

pub(crate) static MODULE: Module = Module::new("ansible.posix.authorized_key", ARGS, run).diff();

const ARGS: &[Arg] = &[
    Arg::str("user").required(),
    Arg::str("key").required(),
    Arg::path("path"),
    Arg::bool("manage_dir").default("true"),
    Arg::str("state").default("present").choices(&["absent", "present"]),
    Arg::str("key_options"),
    Arg::bool("exclusive").default("false"),
    Arg::str("comment"),
    Arg::bool("validate_certs").default("true"),
    Arg::bool("follow").default("false"),
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let target = Target::new(args, cx)?;
    let keys = wanted_keys(args, cx)?;
    let before = cx.read_utf8(&target.file)?.unwrap_or_default();
    let mut file = KeyFile::parse(&before);
    let changed = plan(args, &keys, &mut file)?;
    let after = file.text();
    if changed {
        target.write(&after, cx)?;
    }
    let mut result = ModuleResult::ok();
    for arg in ARGS {
        result = result.set(arg.name, args.raw(arg.name).cloned().unwrap_or(Value::Null));
    }
    let path = target.file.to_string_lossy().into_owned();
    let result = result.set("keyfile", path.clone()).changed(changed);
    Ok(if changed && cx.diff_mode { result.diff(Diff::new(before, after).headers(path.clone(), path)) } else { result })
}

fn plan(args: &Args, keys: &[Key], file: &mut KeyFile) -> Result<bool, ModuleError> {
    let mut changed = false;
    for key in keys {
        changed |= if args.str("state")? == "present" { file.set(key) } else { file.remove(key) };
    }
    if args.bool("exclusive") && args.str("state")? == "present" {
        changed |= file.keep_only(keys);
    }
    Ok(changed)
}

/// The keys of `key`, with the options and the comment the task gives them.
fn wanted_keys(args: &Args, cx: &Context<'_>) -> Result<Vec<Key>, ModuleError> {
    let text = args.str("key")?;
    let text = if is_url(text) { fetch(text, args, cx)? } else { text.to_owned() };
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let read = |line: &str| {
        let invalid = || ModuleError::failed(format!("invalid key specified: {line}"));
        let mut key = Key::parse(line).ok_or_else(invalid)?;
        if let Some(options) = args.opt_str("key_options") {
            key.options = split_options(options);
        }
        if let Some(comment) = args.opt_str("comment") {
            comment.clone_into(&mut key.comment);
        }
        Ok(key)
    };
    lines.map(read).collect()
}

fn is_url(text: &str) -> bool {
    ["http://", "https://", "file://"].iter().any(|scheme| text.starts_with(scheme))
}

fn fetch(url: &str, args: &Args, cx: &Context<'_>) -> Result<String, ModuleError> {
    let failed = || ModuleError::failed(format!("Error getting key from: {url}"));
    let request = Request { validate_certs: args.bool("validate_certs"), ..Request::get(url) };
    let mut response = Client::new(cx).send(&request).map_err(|_| failed())?;
    if !response.is_success() {
        return Err(failed());
    }
    Ok(String::from_utf8_lossy(&response.read_body()?).into_owned())
}

/// The file of a user.
struct Target {
    user: Option<User>,
    file: PathBuf,
    manage_dir: bool,
}

impl Target {
    fn new(args: &Args, cx: &mut Context<'_>) -> Result<Self, ModuleError> {
        let name = args.str("user")?;
        let user = cx.accounts.user(name);
        let path = args.opt_path("path");
        let file = match (&user, path) {
            (_, Some(path)) if user.is_some() || cx.check_mode => path,
            (Some(user), None) => Path::new(&user.home).join(".ssh/authorized_keys"),
            (None, None) if cx.check_mode => {
                return Err(ModuleError::failed(format!(
                    "Either user must exist or you must provide full path to key file in check mode (user {name})"
                )));
            }
            _ => {
                let reason = format!("\"getpwnam(): name not found: '{name}'\"");
                return Err(ModuleError::failed(format!("Failed to lookup user {name}: {reason}")));
            }
        };
        let file = if args.bool("follow") { fs_err::canonicalize(&file).unwrap_or(file) } else { file };
        Ok(Self { user, file, manage_dir: args.bool("manage_dir") })
    }

    fn write(&self, text: &str, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        if cx.check_mode {
            return Ok(());
        }
        let Some(user) = &self.user else { return Ok(()) };
        if let Some(dir) = self.file.parent() {
            self.prepare_directory(dir, user)?;
        }
        // A link is replaced by a file, unless the task wants it followed.
        if cx.lstat(&self.file)?.is_some_and(|found| found.is_symlink()) {
            cx.remove_file(&self.file)?;
        }
        let options = WriteOptions { new_mode: Some(0o600), ..WriteOptions::default() };
        cx.write_file(&self.file, Content::Bytes(text.as_bytes()), &options)?;
        own(&self.file, user, 0o600)
    }

    fn prepare_directory(&self, dir: &Path, user: &User) -> Result<(), ModuleError> {
        if !dir.exists() {
            fs_err::create_dir_all(dir)?;
        }
        if self.manage_dir { own(dir, user, 0o700) } else { Ok(()) }
    }
}

/// The user may have put a link there to have another file given to them: links are not followed.
fn own(path: &Path, user: &User, mode: u32) -> Result<(), ModuleError> {
    let failed = |error: Errno| ModuleError::failed(format!("{}: {error}", path.display()));
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = match open(path, flags, Mode::empty()) {
        Ok(file) => file,
        Err(Errno::LOOP) => return Ok(()),
        Err(error) => return Err(failed(error)),
    };
    if rustix::process::geteuid().is_root() {
        fchown(&file, Some(Uid::from_raw(user.uid)), Some(Gid::from_raw(user.gid))).map_err(failed)?;
    }
    fchmod(&file, Mode::from_raw_mode(mode)).map_err(failed)
}
