//! `ansible.posix.firewalld`: what the zones of firewalld let through.

use crate::{Arg, ArgKind, Args, Constraint, Context, Module, ModuleError, ModuleResult};

mod firewall;
mod setting;

use firewall::{Firewall, Layer};
use setting::Setting;

pub(crate) static MODULE: Module = Module::new("ansible.posix.firewalld", ARGS, run).constraints(&[
    Constraint::MutuallyExclusive(&[
        "icmp_block",
        "icmp_block_inversion",
        "service",
        "protocol",
        "port",
        "port_forward",
        "rich_rule",
        "interface",
        "forward",
        "masquerade",
        "source",
        "target",
    ]),
    Constraint::RequiredBy("interface", &["zone"]),
    Constraint::RequiredBy("target", &["zone"]),
]);

const ARGS: &[Arg] = &[
    Arg::str("icmp_block"),
    Arg::bool("icmp_block_inversion"),
    Arg::str("service"),
    Arg::str("protocol"),
    Arg::str("port"),
    Arg::list_of("port_forward", &ArgKind::Dict),
    Arg::str("rich_rule"),
    Arg::str("source"),
    Arg::str("interface"),
    Arg::bool("masquerade"),
    Arg::bool("forward"),
    Arg::str("target").choices(&["default", "ACCEPT", "DROP", "%%REJECT%%"]),
    Arg::str("zone"),
    Arg::bool("immediate").default("false"),
    Arg::bool("permanent").default("false"),
    Arg::str("state").required().choices(&["absent", "disabled", "enabled", "present"]),
    Arg::int("timeout").default("0"),
    Arg::bool("offline").default("false"),
];

const ONLY_PERMANENT: &str = "Zone operations must be permanent. Make sure you didn't set the 'permanent' flag to \
                              'false' or the 'immediate' flag to 'true'.";

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let permanent = args.bool("permanent");
    if args.bool("offline") && !permanent {
        return Err(ModuleError::failed("offline cannot be enabled unless permanent changes are allowed"));
    }
    let setting = Setting::of(args)?;
    let wanted_now = args.bool("immediate") || !permanent;
    let firewall = Firewall::find(args.opt_str("zone"), cx)?;
    if wanted_now && !firewall.running && !args.bool("offline") {
        return Err(ModuleError::failed(
            "firewall is not currently running, unable to perform immediate actions without a running firewall daemon",
        ));
    }
    let layers = Layers { permanent, immediate: wanted_now && firewall.running };
    let state = args.str("state")?;
    let work = Work { args, layers, firewall };
    match (setting, state) {
        (Some(Setting::Target(target)), _) => work.set_target(target, cx),
        (Some(_), "absent" | "present") => {
            Err(ModuleError::failed("absent and present state can only be used in zone level operations"))
        }
        (Some(setting), _) => work.set(&setting, cx),
        (None, "absent" | "present") => work.set_zone(state == "present", cx),
        (None, _) => Ok(work.result(false, Vec::new())),
    }
}

/// The configurations a task is about.
#[derive(Clone, Copy)]
struct Layers {
    permanent: bool,
    immediate: bool,
}

impl Layers {
    fn list(self) -> impl Iterator<Item = Layer> {
        let permanent = self.permanent.then_some(Layer::Permanent);
        permanent.into_iter().chain(self.immediate.then_some(Layer::Runtime))
    }

    fn title(self) -> &'static str {
        match (self.permanent, self.immediate) {
            (true, true) => "Permanent and Non-Permanent(immediate) operation",
            (true, false) => "Permanent operation",
            _ => "Non-permanent operation",
        }
    }
}

struct Work<'a> {
    args: &'a Args,
    layers: Layers,
    firewall: Firewall<'a>,
}

impl Work<'_> {
    fn set(&self, setting: &Setting, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
        let enable = setting.wants(self.args.str("state")? == "enabled");
        let mut behind = Vec::new();
        for layer in self.layers.list() {
            if setting.is_enabled(&self.firewall, layer, cx)? != enable {
                behind.push(layer);
            }
        }
        if cx.check_mode && !behind.is_empty() {
            return Ok(ModuleResult::ok().changed(true));
        }
        let timeout = self.args.opt_int("timeout").unwrap_or(0);
        for layer in &behind {
            let applied = setting.apply(&self.firewall, *layer, enable, timeout, cx)?;
            applied.map_err(|text| self.refused(&text, setting.hint()))?;
        }
        let mut messages = vec![self.layers.title().to_owned()];
        if !behind.is_empty() {
            messages.push(setting.message(enable, self.args.str("state")?, &self.firewall, cx)?);
        }
        Ok(self.result(!behind.is_empty(), messages))
    }

    /// Lets a zone treat what no rule names in this way; `absent` and `disabled` undo that.
    fn set_target(&self, target: &str, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
        self.only_permanent()?;
        let enable = matches!(self.args.str("state")?, "present" | "enabled");
        let current = self.firewall.ask(Layer::Permanent, "--get-target", cx)?;
        let changes = (current == target) != enable;
        let zone = self.args.str("zone")?;
        let (target, message) = if enable {
            (target, format!("Set zone {zone} target to {target}"))
        } else {
            ("default", format!("Reset zone {zone} target to default"))
        };
        self.change(changes, &[format!("--zone={zone}"), format!("--set-target={target}")], vec![message], cx)
    }

    fn set_zone(&self, present: bool, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
        self.only_permanent()?;
        let zone = self.firewall.zone_name(cx)?;
        let zones = self.firewall.plain(Layer::Permanent, "--get-zones", cx)?;
        let exists = zones.split_whitespace().any(|name| name == zone);
        let (verb, done, state) = if present { ("new", "Added", "present") } else { ("delete", "Removed", "absent") };
        let messages = vec![format!("{done} zone {zone}"), format!("Changed zone {zone} to {state}")];
        self.change(exists != present, &[format!("--{verb}-zone={zone}")], messages, cx)
    }

    fn only_permanent(&self) -> Result<(), ModuleError> {
        if self.layers.immediate || !self.layers.permanent {
            return Err(ModuleError::failed(ONLY_PERMANENT));
        }
        Ok(())
    }

    fn change(
        &self,
        changes: bool,
        words: &[String],
        messages: Vec<String>,
        cx: &mut Context<'_>,
    ) -> Result<ModuleResult, ModuleError> {
        if cx.check_mode && changes {
            return Ok(ModuleResult::ok().changed(true));
        }
        let mut all = vec![self.layers.title().to_owned()];
        if changes {
            self.firewall.change(Layer::Permanent, words, cx)?.map_err(|text| self.refused(&text, None))?;
            all.extend(messages);
        }
        Ok(self.result(changes, all))
    }

    fn refused(&self, text: &str, hint: Option<&str>) -> ModuleError {
        let said: Vec<&str> = std::iter::once(self.layers.title()).chain(hint).collect();
        let reason = self.firewall.exception(text);
        ModuleError::failed(format!("{reason} {}", said.join(", ")))
    }

    fn result(&self, changed: bool, mut messages: Vec<String>) -> ModuleResult {
        if !self.firewall.running {
            messages.push("(offline operation: only on-disk configs were altered)".to_owned());
        }
        ModuleResult::ok().changed(changed).msg(messages.join(", "))
    }
}
