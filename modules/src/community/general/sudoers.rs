//! `community.general.sudoers`: rules of sudo, a file each.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use crate::{Arg, Args, Constraint, Content, Context, FileAttributes, Module, ModuleError, ModuleResult, WriteOptions};

pub(crate) static MODULE: Module = Module::new("community.general.sudoers", ARGS, run).constraints(&[
    Constraint::MutuallyExclusive(&["user", "group"]),
    Constraint::RequiredIf("state", "present", &["commands"]),
]);

const ARGS: &[Arg] = &[
    Arg::list("commands"),
    Arg::str("group"),
    Arg::str("name").required(),
    Arg::bool("noexec").default("false"),
    Arg::bool("nopassword").default("true"),
    Arg::bool("setenv").default("false"),
    Arg::str("host").default("ALL"),
    Arg::str("runas"),
    Arg::str("sudoers_path").default("/etc/sudoers.d"),
    Arg::str("state").default("present").choices(&["present", "absent"]),
    Arg::str("user"),
    Arg::str("validation").default("detect").choices(&["absent", "detect", "required"]),
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let file = PathBuf::from(args.str("sudoers_path")?).join(args.str("name")?);
    let current = cx.read_text(&file)?;
    if args.str("state")? == "absent" {
        if current.is_some() {
            cx.remove_file(&file)?;
        }
        return Ok(ModuleResult::ok().changed(current.is_some()));
    }
    let rule = rule(args)?;
    let mode_differs = cx.stat(&file)?.is_some_and(|info| info.permissions().mode() & 0o7777 != 0o440);
    if current.as_deref() == Some(rule.as_str()) && !mode_differs {
        return Ok(ModuleResult::ok());
    }
    let visudo = match args.str("validation")? {
        "absent" => None,
        "required" => Some(cx.require_program("visudo")?),
        _ => cx.which("visudo"),
    };
    let validate = visudo.map(|program| format!("{} -c -f %s", program.display()));
    let options = WriteOptions { validate: validate.as_deref(), new_mode: Some(0o440), ..WriteOptions::default() };
    cx.write_file(&file, Content::Bytes(rule.as_bytes()), &options).map_err(|error| match &error {
        ModuleError::Failed { msg, .. } if msg == "failed to validate" => {
            ModuleError::failed("Failed to validate sudoers rule")
        }
        _ => error,
    })?;
    if !cx.check_mode {
        cx.set_attributes(&file, &FileAttributes::default().with_mode(Some("0440".into())))?;
    }
    Ok(ModuleResult::ok().changed(true))
}

fn rule(args: &Args) -> Result<String, ModuleError> {
    let owner = match (args.opt_str("user"), args.opt_str("group")) {
        (Some(user), _) => user.to_owned(),
        (None, Some(group)) => format!("%{group}"),
        (None, None) => return Err(ModuleError::failed("one of user, group is needed for state=present")),
    };
    let tags = [("noexec", "NOEXEC:"), ("nopassword", "NOPASSWD:"), ("setenv", "SETENV:")];
    let tags: String = tags.into_iter().filter(|(name, _)| args.bool(name)).map(|(_, tag)| tag).collect();
    let runas = args.opt_str("runas").map(|user| format!("({user})")).unwrap_or_default();
    let commands = args.list_of_str("commands").join(", ");
    Ok(format!("{owner} {}={runas}{tags} {commands}\n", args.str("host")?))
}
