//! `community.general.htpasswd`: users of web servers' basic authentication.

mod hashing;

use hashing::{Scheme, matches};

use crate::{Arg, Args, Content, Context, FileAttributes, Module, ModuleError, ModuleResult, WriteOptions};

pub(crate) static MODULE: Module = Module::new("community.general.htpasswd", ARGS, run).file_args();

const ARGS: &[Arg] = &[
    Arg::path("path").required().alias(&["dest", "destfile"]),
    Arg::str("name").required().alias(&["username"]),
    Arg::str("password").no_log(),
    Arg::str("hash_scheme").default("apr_md5_crypt").alias(&["crypt_scheme"]),
    Arg::str("state").default("present").choices(&["present", "absent"]),
    Arg::bool("create").default("true"),
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let (path, name) = (args.path("path")?, args.str("name")?);
    let shown = path.display().to_string();
    let before = cx.read_text(&path)?;
    let (after, msg) = if args.str("state")? == "absent" {
        let Some(text) = &before else {
            cx.warn(format!("{shown} does not exist"));
            return Ok(ModuleResult::ok().msg(format!("{name} not present")));
        };
        match without(text, name) {
            Some(after) => (Some(after), format!("Remove {name}")),
            None => (None, format!("{name} not present")),
        }
    } else {
        let Some(password) = args.opt_str("password") else {
            return Err(ModuleError::failed("password is required when state is present"));
        };
        if before.is_none() && !args.bool("create") {
            return Err(ModuleError::failed(format!("Destination {shown} does not exist")));
        }
        let scheme = Scheme::named(args.str("hash_scheme")?)?;
        let text = before.clone().unwrap_or_default();
        let current = entries(&text).find(|(user, _)| *user == name).map(|(_, hash)| hash.to_owned());
        if let Some(hash) = current
            && matches(password, &hash, cx)
        {
            (None, format!("{name} already present"))
        } else {
            let hash = scheme.hash(password, cx)?;
            let msg = match &before {
                Some(_) => format!("Add/update {name}"),
                None if cx.check_mode => format!("Create {shown}"),
                None => format!("Created {shown} and added {name}"),
            };
            (Some(with(&text, name, &hash)), msg)
        }
    };
    let mut changed = after.is_some();
    if let Some(after) = &after {
        if let Some(dir) = path.parent().filter(|dir| !cx.check_mode && !dir.exists()) {
            fs_err::create_dir_all(dir)?;
        }
        cx.write_file(&path, Content::Bytes(after.as_bytes()), &WriteOptions::from_args(args))?;
    }
    let mut msg = msg;
    if (cx.exists(&path) || cx.check_mode) && cx.set_attributes(&path, &FileAttributes::from_args(args))? {
        changed = true;
        msg.push_str(" and ownership, perms or SE linux context changed");
    }
    Ok(ModuleResult::ok().changed(changed).msg(msg))
}

/// Users and hashes; comments and empty lines are neither.
fn entries(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.lines().filter(|line| !line.trim_start().starts_with('#')).filter_map(|line| line.trim_end().split_once(':'))
}

fn is_of(line: &str, name: &str) -> bool {
    entries(line).next().is_some_and(|(user, _)| user == name)
}

fn without(text: &str, name: &str) -> Option<String> {
    let kept: String = text.split_inclusive('\n').filter(|line| !is_of(line, name)).collect();
    (kept != text).then_some(kept)
}

fn with(text: &str, name: &str, hash: &str) -> String {
    let new = format!("{name}:{hash}\n");
    let mut replaced = false;
    let mut after = String::new();
    for line in text.split_inclusive('\n') {
        if !is_of(line, name) {
            after.push_str(line);
        } else if !replaced {
            after.push_str(&new);
            replaced = true;
        }
    }
    if !replaced {
        if !after.is_empty() && !after.ends_with('\n') {
            after.push('\n');
        }
        after.push_str(&new);
    }
    after
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_set_and_removed() {
        let text = "# users\na:1\nb:2";
        assert_eq!(with(text, "a", "3"), "# users\na:3\nb:2");
        assert_eq!(with(text, "c", "3"), "# users\na:1\nb:2\nc:3\n");
        assert_eq!(without(text, "a").as_deref(), Some("# users\nb:2"));
        assert_eq!(without(text, "# users"), None);
    }
}
