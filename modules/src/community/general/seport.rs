//! `community.general.seport`: which SELinux type a network port has.

use super::semanage::Semanage;
use crate::{Arg, Args, Context, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module = Module::new("community.general.seport", ARGS, run);

const ARGS: &[Arg] = &[
    Arg::bool("ignore_selinux_state").default("false"),
    Arg::list("ports").required(),
    Arg::str("proto").required().choices(&["tcp", "udp"]),
    Arg::str("setype").required(),
    Arg::str("state").default("present").choices(&["absent", "present"]),
    Arg::bool("reload").default("true"),
    Arg::bool("local").default("false"),
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let semanage = Semanage::new("port", args, cx)?;
    let (ports, proto, setype, state) =
        (args.list_of_str("ports"), args.str("proto")?, args.str("setype")?, args.str("state")?);
    let known = definitions(&semanage.list(false, cx)?);
    let looked_at = if args.bool("local") { definitions(&semanage.list(true, cx)?) } else { known.clone() };
    let mut changed = false;
    for port in ports.iter().map(|port| port.trim()) {
        let has_type = looked_at.iter().any(|one| one.is(proto, port) && one.setype == setype);
        if has_type == (state == "present") {
            continue;
        }
        changed = true;
        if state == "absent" {
            semanage.change(&["-d", "-p", proto, "--", port], cx)?;
        } else {
            let action = if known.iter().any(|one| one.is(proto, port)) { "-m" } else { "-a" };
            semanage.change(&[action, "-t", setype, "-p", proto, "--", port], cx)?;
        }
    }
    Ok(ModuleResult::ok()
        .changed(changed)
        .set("ports", ports)
        .set("proto", proto)
        .set("setype", setype)
        .set("state", state))
}

/// A line of `semanage port -l`: a type and its ports, those of this machine before those of the policy.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Definition {
    setype: String,
    proto: String,
    ports: Vec<String>,
}

impl Definition {
    fn is(&self, proto: &str, port: &str) -> bool {
        self.proto == proto && self.ports.iter().any(|one| one == port)
    }
}

fn definitions(listing: &str) -> Vec<Definition> {
    let definition = |line: &str| {
        let mut words = line.split_whitespace().map(str::to_owned);
        let (setype, proto) = (words.next()?, words.next()?);
        Some(Definition { setype, proto, ports: words.map(|port| port.trim_end_matches(',').to_owned()).collect() })
    };
    listing.lines().filter_map(definition).collect()
}

#[cfg(test)]
mod tests {
    use super::definitions;

    #[test]
    fn listings_are_read() {
        let found = definitions("http_port_t                    tcp      8888, 80, 9000-9010\nssh_port_t   tcp   22\n");
        assert!(found[0].is("tcp", "80") && found[0].is("tcp", "9000-9010") && !found[0].is("udp", "80"));
        assert_eq!(found[1].setype, "ssh_port_t");
    }
}
