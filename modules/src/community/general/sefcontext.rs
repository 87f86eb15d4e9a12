//! `community.general.sefcontext`: which SELinux context files at a path get, and paths that are treated like others.

use serde_json::json;

use super::semanage::Semanage;
use crate::{Arg, Args, Constraint, Context, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module = Module::new("community.general.sefcontext", ARGS, run).diff().constraints(&[
    Constraint::MutuallyExclusive(&["setype", "substitute"]),
    Constraint::MutuallyExclusive(&["substitute", "ftype"]),
    Constraint::MutuallyExclusive(&["substitute", "seuser"]),
    Constraint::MutuallyExclusive(&["substitute", "selevel"]),
    Constraint::RequiredIfAny("state", "present", &["setype", "substitute"]),
]);

const ARGS: &[Arg] = &[
    Arg::bool("ignore_selinux_state").default("false"),
    Arg::str("target").required().alias(&["path"]),
    Arg::str("ftype").default("a").choices(&["a", "b", "c", "d", "f", "l", "p", "s"]),
    Arg::str("setype"),
    Arg::str("substitute").alias(&["equal"]),
    Arg::str("seuser"),
    Arg::str("selevel").alias(&["serange"]),
    Arg::str("state").default("present").choices(&["absent", "present"]),
    Arg::bool("reload").default("true"),
];

/// What `semanage` calls the types of files.
const FILE_TYPES: &[(&str, &str)] = &[
    ("a", "all files"),
    ("b", "block device"),
    ("c", "character device"),
    ("d", "directory"),
    ("f", "regular file"),
    ("l", "symbolic link"),
    ("p", "named pipe"),
    ("s", "socket"),
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let semanage = Semanage::new("fcontext", args, cx)?;
    let target = args.str("target")?;
    let known = Known::of(&semanage.list(false, cx)?, target, args.str("ftype")?);
    let plan = match (args.str("state")?, args.opt_str("substitute")) {
        ("absent", _) => absent(args, &known)?,
        (_, Some(substitute)) => substituted(target, substitute, &known),
        _ => mapped(args, &known)?,
    };
    for command in &plan.commands {
        let words: Vec<&str> = command.iter().map(String::as_str).collect();
        semanage.change(&words, cx)?;
    }
    let result = ModuleResult::ok().changed(!plan.commands.is_empty());
    let result = if args.str("state")? == "present" {
        let own = plan.context.unwrap_or_default();
        result.set("seuser", own.user).set("serange", own.range)
    } else {
        result
    };
    let shows = cx.diff_mode && !plan.diff.is_empty();
    let result = if shows { result.set("diff", json!({ "prepared": plan.diff })) } else { result };
    Ok(result
        .set("target", target)
        .set("ftype", args.str("ftype")?)
        .set("setype", args.opt_str("setype"))
        .set("substitute", args.opt_str("substitute"))
        .set("state", args.str("state")?))
}

/// What is to be done, and how it looks.
#[derive(Debug, Default)]
struct Plan {
    commands: Vec<Vec<String>>,
    diff: String,
    /// What the target has in the end, for results.
    context: Option<Shown>,
}

#[derive(Debug, Default)]
struct Shown {
    user: Option<String>,
    range: Option<String>,
}

impl Plan {
    fn command(&mut self, words: &[&str]) {
        self.commands.push(words.iter().map(|word| (*word).to_owned()).collect());
    }
}

fn mapped(args: &Args, known: &Known) -> Result<Plan, ModuleError> {
    let (target, ftype, setype) = (args.str("target")?, args.str("ftype")?, args.str("setype")?);
    let current = known.mapping.as_ref();
    let current_parts = current.and_then(Mapping::parts);
    let kept = |given: Option<&str>, current: Option<&str>, fresh: &str| given.or(current).unwrap_or(fresh).to_owned();
    let user = kept(args.opt_str("seuser"), current_parts.map(|parts| parts.user), "system_u");
    let range = kept(args.opt_str("selevel"), current_parts.map(|parts| parts.range), "s0");
    let wanted = Mapping(format!("{user}:object_r:{setype}:{range}"));
    let mut plan =
        Plan { context: Some(Shown { user: Some(user.clone()), range: Some(range.clone()) }), ..Plan::default() };
    if current == Some(&wanted) || setype == NO_CONTEXT && current.is_some_and(|context| context.parts().is_none()) {
        return Ok(plan);
    }
    let line = |sign: &str, mapping: &Mapping| format!("{sign}{target}      {ftype}      {}\n", mapping.0);
    let (action, heading) = if current.is_some() { ("-m", "Change") } else { ("-a", "Addition") };
    plan.diff = format!("# {heading} to semanage file context mappings\n");
    plan.diff.extend(current.map(|current| line("-", current)));
    plan.diff.push_str(&line("+", &wanted));
    plan.command(&[action, "-f", ftype, "-t", setype, "-s", &user, "-r", &range, "--", target]);
    Ok(plan)
}

fn substituted(target: &str, substitute: &str, known: &Known) -> Plan {
    let mut plan = Plan::default();
    match known.substitute.as_deref() {
        Some(current) if current == substitute => return plan,
        Some(current) => {
            // Not every `semanage` can change one.
            plan.command(&["-d", "-e", current, "--", target]);
            plan.diff = format!("# Change to semanage file context path substitutions\n-{target} = {current}\n");
        }
        None => plan.diff.push_str("# Addition to semanage file context path substitutions\n"),
    }
    plan.diff.push_str(&format!("+{target} = {substitute}\n"));
    plan.command(&["-a", "-e", substitute, "--", target]);
    plan
}

/// Of a mapping and a substitution, `setype` and `substitute` say which one goes; without both, either does.
fn absent(args: &Args, known: &Known) -> Result<Plan, ModuleError> {
    let (target, ftype) = (args.str("target")?, args.str("ftype")?);
    let (setype, wanted) = (args.opt_str("setype"), args.opt_str("substitute"));
    let mut plan = Plan::default();
    let substitute = known.substitute.as_deref();
    let mapping = known.mapping.as_ref().filter(|_| wanted.is_none());
    let goes = substitute.filter(|current| setype.is_none() && wanted.is_none_or(|wanted| wanted == *current));
    if let Some(mapping) = mapping {
        plan.diff =
            format!("# Deletion to semanage file context mappings\n-{target}      {ftype}      {}\n", mapping.0);
    }
    if let Some(current) = goes {
        plan.diff.push_str(&format!("# Deletion to semanage file context path substitutions\n-{target} = {current}\n"));
    }
    // Where there are both, `semanage` takes the substitution, whatever it was asked for.
    if let Some(current) = substitute.filter(|_| goes.is_some() || mapping.is_some()) {
        plan.command(&["-d", "-e", current, "--", target]);
    }
    if mapping.is_some() {
        plan.command(&["-d", "-f", ftype, "--", target]);
    }
    if let Some(current) = substitute.filter(|_| goes.is_none() && mapping.is_some()) {
        plan.command(&["-a", "-e", current, "--", target]);
    }
    Ok(plan)
}

/// How `setype` says that files get no context.
const NO_CONTEXT: &str = "<<none>>";

/// A context as listings show it: `user:role:type:range`, or `<<None>>`.
#[derive(Debug, PartialEq, Eq)]
struct Mapping(String);

#[derive(Debug, Clone, Copy)]
struct Parts<'a> {
    user: &'a str,
    range: &'a str,
}

impl Mapping {
    fn parts(&self) -> Option<Parts<'_>> {
        let mut words = self.0.splitn(4, ':');
        let user = words.next()?;
        Some(Parts { user, range: words.nth(2)? })
    }
}

/// What is defined for the target, by the policy or on this machine; the latter is listed later and counts.
#[derive(Debug, Default)]
struct Known {
    mapping: Option<Mapping>,
    substitute: Option<String>,
}

impl Known {
    fn of(listing: &str, target: &str, ftype: &str) -> Self {
        let type_name = FILE_TYPES.iter().find(|(short, _)| *short == ftype).map_or("", |(_, name)| name);
        let mut known = Self::default();
        for rest in listing.lines().filter_map(|line| line.strip_prefix(target)) {
            if let Some(substitute) = rest.strip_prefix(" = ") {
                known.substitute = Some(substitute.trim_end().to_owned());
            } else if let Some(context) = rest.strip_prefix(' ').and_then(|rest| rest.trim().strip_prefix(type_name)) {
                known.mapping = Some(Mapping(context.trim().to_owned()));
            }
        }
        known
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LISTING: &str = "/srv/x(/.*)?                                       all files          system_u:object_r:var_t:s0:c1 \n\
                           /srv/x(/.*)?                                       regular file       <<None>>\n\
                           /srv/x = /var\n";

    #[test]
    fn listings_are_read() {
        let known = Known::of(LISTING, "/srv/x(/.*)?", "a");
        let parts = known.mapping.as_ref().and_then(Mapping::parts).unwrap();
        assert_eq!((parts.user, parts.range), ("system_u", "s0:c1"));
        assert!(Known::of(LISTING, "/srv/x(/.*)?", "f").mapping.is_some_and(|mapping| mapping.parts().is_none()));
        assert_eq!(Known::of(LISTING, "/srv/x", "a").substitute.as_deref(), Some("/var"));
        assert!(Known::of(LISTING, "/srv/x", "a").mapping.is_none());
    }

    #[test]
    fn a_substitution_outlives_the_mapping_beside_it() {
        let args = json!({"target": "/x", "ftype": "a", "setype": "var_t", "state": "absent"});
        let args = Args::of_map(args.as_object().unwrap());
        let known = Known::of("/x    all files   u:r:t:s0\n/x = /y\n", "/x", "a");
        let plan = absent(&args, &known).unwrap();
        assert_eq!(plan.commands.last().unwrap().join(" "), "-a -e /y -- /x");
        assert_eq!(plan.commands.len(), 3);
    }
}
