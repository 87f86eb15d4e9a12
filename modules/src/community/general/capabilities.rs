//! `community.general.capabilities`: what an executable may do beyond its user's rights (capabilities(7)).

use crate::{Arg, Args, CommandSpec, Context, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module = Module::new("community.general.capabilities", ARGS, run);

const ARGS: &[Arg] = &[
    Arg::str("path").required().alias(&["key"]),
    Arg::str("capability").required().alias(&["cap"]),
    Arg::str("state").default("present").choices(&["absent", "present"]),
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let (path, state) = (args.str("path")?, args.str("state")?);
    let text = args.str("capability")?.trim().to_lowercase();
    cx.require_program("getcap")?;
    cx.require_program("setcap")?;
    let wanted = Capability::parse(&text, state == "present")?;
    let current = current(path, cx)?;
    let after = match state {
        "present" if current.iter().any(|one| one.grants_what(&wanted)) => current.clone(),
        "present" => current.iter().filter(|one| one.name != wanted.name).cloned().chain([wanted.clone()]).collect(),
        _ => current.iter().filter(|one| one.name != wanted.name).cloned().collect::<Vec<_>>(),
    };
    if after == current {
        return Ok(ModuleResult::ok().set("state", state));
    }
    if cx.check_mode {
        return Ok(ModuleResult::ok().changed(true).msg("capabilities changed"));
    }
    let command = if after.is_empty() {
        CommandSpec::new(["setcap", "-r", path])
    } else {
        CommandSpec::new(["setcap", &words(&after), path])
    };
    let output = cx.run(&command)?;
    if !output.ok() {
        let failed = ModuleError::failed(format!("Unable to set capabilities of {path}"));
        return Err(failed.with("stdout", output.stdout()).with("stderr", output.stderr()));
    }
    let result = ModuleResult::ok().changed(true).set("state", state).msg("capabilities changed");
    Ok(result.set("stdout", output.stdout()))
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Capability {
    name: String,
    operator: char,
    flags: String,
}

impl Capability {
    /// `cap_net_raw+ep`; the operator may be missing where a capability is only named.
    fn parse(text: &str, needs_operator: bool) -> Result<Self, ModuleError> {
        match text.find(['=', '-', '+']) {
            Some(at) => {
                let mut flags: Vec<char> = text[at + 1..].chars().collect();
                flags.sort_unstable();
                let operator = text[at..].chars().next().unwrap_or('+');
                Ok(Self { name: text[..at].to_owned(), operator, flags: flags.into_iter().collect() })
            }
            None if needs_operator => Err(ModuleError::failed("Couldn't find operator (one of: ('=', '-', '+'))")),
            None => Ok(Self { name: text.to_owned(), operator: '+', flags: String::new() }),
        }
    }

    /// On a file, `=` and `+` end up the same.
    fn grants_what(&self, other: &Self) -> bool {
        let lifted = |operator| if operator == '=' { '+' } else { operator };
        self.name == other.name && lifted(self.operator) == lifted(other.operator) && self.flags == other.flags
    }
}

fn words(capabilities: &[Capability]) -> String {
    let words = capabilities.iter().map(|one| format!("{}{}{}", one.name, one.operator, one.flags));
    words.collect::<Vec<_>>().join(" ")
}

fn current(path: &str, cx: &mut Context<'_>) -> Result<Vec<Capability>, ModuleError> {
    let output = cx.run_read(&CommandSpec::new(["getcap", "-v", path]))?;
    let text = output.stdout();
    if !output.ok() || text.trim().is_empty() {
        let failed = ModuleError::failed(format!("Unable to get capabilities of {path}"));
        return Err(failed.with("stdout", text.trim()).with("stderr", output.stderr()));
    }
    parse_listing(text.trim(), path)
}

/// `path cap_a,cap_b=ep cap_c+i`; older programs write ` = ` after the path.
fn parse_listing(text: &str, path: &str) -> Result<Vec<Capability>, ModuleError> {
    let rest = text.strip_prefix(path).or_else(|| text.split_once(' ').map(|(_, rest)| rest)).unwrap_or_default();
    let rest = rest.trim().strip_prefix("= ").unwrap_or(rest.trim());
    let mut found = Vec::new();
    for word in rest.split_whitespace() {
        let at = word.find(['=', '-', '+']).unwrap_or(word.len());
        for name in word[..at].split(',') {
            found.push(Capability::parse(&format!("{name}{}", &word[at..]), true)?);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listings_are_read() {
        let text = |listing: &str| words(&parse_listing(listing, "/x y").unwrap());
        assert_eq!(text("/x y"), "");
        assert_eq!(text("/x y cap_a,cap_b=pe cap_c+i"), "cap_a=ep cap_b=ep cap_c+i");
        assert_eq!(text("/x y = cap_a+ep"), "cap_a+ep");
        let (file, wanted) =
            (Capability::parse("cap_a=ep", true).unwrap(), Capability::parse("cap_a+pe", true).unwrap());
        assert!(file.grants_what(&wanted));
    }
}
