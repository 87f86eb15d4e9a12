//! `ansible.builtin.group`: makes, changes and removes groups.

use crate::{
    Arg, Args, CommandOutput, CommandSpec, Constraint, Context, Group, Module, ModuleError, ModuleResult, accounts,
};

pub(crate) static MODULE: Module = Module::new("ansible.builtin.group", ARGS, run)
    .constraints(&[Constraint::RequiredIf("non_unique", "True", &["gid"])]);

const ARGS: &[Arg] = &[
    Arg::str("name").required(),
    Arg::str("state").default("present").choices(&["absent", "present"]),
    Arg::int("gid"),
    Arg::bool("force").default("false"),
    Arg::bool("system").default("false"),
    Arg::bool("local").default("false"),
    Arg::bool("non_unique").default("false"),
    Arg::int("gid_min"),
    Arg::int("gid_max"),
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let wanted = Wanted::new(args)?;
    let current = find(&wanted, cx);
    if wanted.local && wanted.present {
        check_gid_is_free(&wanted)?;
    }
    let Some(command) = plan(&wanted, current.as_ref(), Tools::found(&wanted, cx)) else {
        return Ok(report(&wanted, current.as_ref()).changed(false));
    };
    if cx.check_mode {
        let result =
            if wanted.present && current.is_some() { report(&wanted, current.as_ref()) } else { ModuleResult::ok() };
        return Ok(result.changed(true));
    }
    cx.require_program(&command[0])?;
    let output = cx.run(&CommandSpec::new(command))?;
    if !output.ok() {
        return Err(ModuleError::failed(output.stderr()).with("name", wanted.name));
    }
    let now = find(&wanted, cx);
    Ok(with_output(report(&wanted, now.as_ref()).changed(true), &output))
}

struct Wanted {
    name: String,
    present: bool,
    gid: Option<i64>,
    force: bool,
    system: bool,
    local: bool,
    non_unique: bool,
    gid_min: Option<i64>,
    gid_max: Option<i64>,
}

impl Wanted {
    fn new(args: &Args) -> Result<Self, ModuleError> {
        let wanted = Self {
            name: args.str("name")?.to_owned(),
            present: args.str("state")? == "present",
            gid: args.opt_int("gid"),
            force: args.bool("force"),
            system: args.bool("system"),
            local: args.bool("local"),
            non_unique: args.bool("non_unique"),
            gid_min: args.opt_int("gid_min"),
            gid_max: args.opt_int("gid_max"),
        };
        for (name, value) in [("gid_min", wanted.gid_min), ("gid_max", wanted.gid_max)] {
            if value.is_some() && wanted.local {
                return Err(ModuleError::failed(format!("'{name}' can not be used with 'local'")));
            }
        }
        if wanted.force && wanted.local {
            return Err(ModuleError::failed(
                "force is not a valid option for local, force=True and local=True are mutually exclusive",
            ));
        }
        Ok(wanted)
    }
}

/// Which programs edit the group database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tools {
    /// `groupadd` and its family.
    Shadow,
    /// `lgroupadd` and its family: the local files, whatever else holds groups.
    Libuser,
    /// `addgroup`, where nothing better is installed (Alpine).
    Busybox,
}

impl Tools {
    fn found(wanted: &Wanted, cx: &Context<'_>) -> Self {
        if wanted.local {
            Self::Libuser
        } else if cx.which("groupadd").is_none() && cx.which("addgroup").is_some() {
            Self::Busybox
        } else {
            Self::Shadow
        }
    }
}

fn find(wanted: &Wanted, cx: &mut Context<'_>) -> Option<Group> {
    if wanted.local {
        return accounts::groups().into_iter().find(|group| group.name == wanted.name);
    }
    cx.accounts.group(&wanted.name)
}

/// The libuser tools would take a number twice.
fn check_gid_is_free(wanted: &Wanted) -> Result<(), ModuleError> {
    let Some(gid) = wanted.gid.filter(|_| !wanted.non_unique) else { return Ok(()) };
    let other = accounts::groups().into_iter().find(|group| i64::from(group.gid) == gid && group.name != wanted.name);
    match other {
        Some(other) => Err(ModuleError::failed(format!("GID '{gid}' already exists with group '{}'", other.name))),
        None => Ok(()),
    }
}

/// The command that brings the group to what is wanted; `None` when it is there already.
fn plan(wanted: &Wanted, current: Option<&Group>, tools: Tools) -> Option<Vec<String>> {
    let mut line = match (wanted.present, current) {
        (true, None) => create(wanted, tools),
        (true, Some(group)) => change(wanted, group, tools)?,
        (false, Some(_)) => remove(wanted, tools),
        (false, None) => return None,
    };
    line.push(wanted.name.clone());
    Some(line)
}

fn create(wanted: &Wanted, tools: Tools) -> Vec<String> {
    let mut line = vec![["groupadd", "lgroupadd", "addgroup"][tools as usize].to_owned()];
    line.extend(wanted.gid.iter().flat_map(|gid| ["-g".to_owned(), gid.to_string()]));
    if wanted.gid.is_some() && wanted.non_unique && tools == Tools::Shadow {
        line.push("-o".to_owned());
    }
    if wanted.system {
        line.push(if tools == Tools::Busybox { "-S" } else { "-r" }.to_owned());
    }
    if wanted.force && tools == Tools::Shadow {
        line.push("-f".to_owned());
    }
    let limits = [("GID_MIN", wanted.gid_min), ("GID_MAX", wanted.gid_max)];
    for (name, value) in limits.into_iter().filter_map(|(name, value)| Some((name, value?))) {
        line.extend(["-K".to_owned(), format!("{name}={value}")]);
    }
    line
}

fn change(wanted: &Wanted, group: &Group, tools: Tools) -> Option<Vec<String>> {
    let gid = wanted.gid.filter(|gid| *gid != i64::from(group.gid))?;
    // Without groupmod the call fails and says which program is missing.
    let program = if tools == Tools::Libuser { "lgroupmod" } else { "groupmod" };
    let mut line = vec![program.to_owned(), "-g".to_owned(), gid.to_string()];
    if wanted.non_unique && tools != Tools::Libuser {
        line.push("-o".to_owned());
    }
    Some(line)
}

fn remove(wanted: &Wanted, tools: Tools) -> Vec<String> {
    let mut line = vec![["groupdel", "lgroupdel", "delgroup"][tools as usize].to_owned()];
    if wanted.force && tools == Tools::Shadow {
        line.push("-f".to_owned());
    }
    line
}

fn report(wanted: &Wanted, group: Option<&Group>) -> ModuleResult {
    let state = if wanted.present { "present" } else { "absent" };
    let result = ModuleResult::ok().set("name", wanted.name.clone()).set("state", state);
    match group.filter(|_| wanted.present) {
        Some(group) => result.set("system", wanted.system).set("gid", group.gid),
        None => result,
    }
}

fn with_output(result: ModuleResult, output: &CommandOutput) -> ModuleResult {
    let text = |text: String| Some(text).filter(|text| !text.is_empty());
    result.set_opt("stdout", text(output.stdout())).set_opt("stderr", text(output.stderr()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(name: &str) -> Wanted {
        Wanted {
            name: name.to_owned(),
            present: true,
            gid: None,
            force: false,
            system: false,
            local: false,
            non_unique: false,
            gid_min: None,
            gid_max: None,
        }
    }

    fn line(wanted: &Wanted, current: Option<&Group>, tools: Tools) -> Option<String> {
        plan(wanted, current, tools).map(|words| words.join(" "))
    }

    #[test]
    fn plans_the_command_that_is_needed() {
        let web = Group { name: "web".to_owned(), password: "x".to_owned(), gid: 7, members: Vec::new() };
        let plain = wanted("web");
        assert_eq!(line(&plain, None, Tools::Shadow).as_deref(), Some("groupadd web"));
        assert_eq!(line(&plain, Some(&web), Tools::Shadow), None);
        let numbered = Wanted { gid: Some(8), non_unique: true, system: true, ..wanted("web") };
        assert_eq!(line(&numbered, None, Tools::Shadow).as_deref(), Some("groupadd -g 8 -o -r web"));
        assert_eq!(line(&numbered, None, Tools::Busybox).as_deref(), Some("addgroup -g 8 -S web"));
        assert_eq!(line(&numbered, Some(&web), Tools::Shadow).as_deref(), Some("groupmod -g 8 -o web"));
        assert_eq!(line(&numbered, Some(&web), Tools::Libuser).as_deref(), Some("lgroupmod -g 8 web"));
        let same = Wanted { gid: Some(7), ..wanted("web") };
        assert_eq!(line(&same, Some(&web), Tools::Shadow), None);
        let ranged = Wanted { gid_min: Some(500), ..wanted("web") };
        assert_eq!(line(&ranged, None, Tools::Shadow).as_deref(), Some("groupadd -K GID_MIN=500 web"));
        let absent = Wanted { present: false, force: true, ..wanted("web") };
        assert_eq!(line(&absent, Some(&web), Tools::Shadow).as_deref(), Some("groupdel -f web"));
        assert_eq!(line(&absent, None, Tools::Shadow), None);
    }
}
