//! `community.general.lvol`: LVM logical volumes, snapshots and thin pools.

mod size;

use std::sync::LazyLock;

use regex::Regex;

use crate::{Arg, Args, CommandOutput, CommandSpec, Constraint, Context, Module, ModuleError, ModuleResult, words};

use size::Size;

pub(crate) static MODULE: Module =
    Module::new("community.general.lvol", ARGS, run).constraints(&[Constraint::RequiredOneOf(&["lv", "thinpool"])]);

const ARGS: &[Arg] = &[
    Arg::str("vg").required(),
    Arg::str("lv"),
    Arg::str("size"),
    Arg::str("opts"),
    Arg::str("state").default("present").choices(&["absent", "present"]),
    Arg::bool("force").default("false"),
    Arg::bool("shrink").default("true"),
    Arg::bool("active").default("true"),
    Arg::str("snapshot"),
    Arg::list("pvs"),
    Arg::bool("resizefs").default("false"),
    Arg::str("thinpool"),
];

/// The first that can answer its own questions: `--yes`.
const ANSWERS: [u32; 3] = [2, 2, 99];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let can_answer = version(cx)? >= ANSWERS;
    let size = args.opt_str("size").map(Size::parse).transpose()?;
    if size.as_ref().is_some_and(|size| size.is_of("ORIGIN")) && !args.has("snapshot") {
        return Err(ModuleError::failed("Percentage of ORIGIN supported only for snapshot volumes"));
    }
    let vg = args.str("vg")?;
    let unit = size.as_ref().map_or('m', Size::unit).to_ascii_lowercase();
    let Some((group, volumes)) = look(vg, unit, args, cx)? else {
        return Ok(ModuleResult::ok().set("stdout", format!("Volume group {vg} does not exist.")));
    };
    let name = target(args, &volumes)?;
    let request = Request { args, vg, name, size, unit, group, can_answer };
    match (volumes.iter().find(|volume| volume.name == name), args.str("state")?) {
        (None, "absent") => Ok(ModuleResult::ok().msg("")),
        (Some(_), "absent") => request.remove(cx),
        (None, _) => request.create(&volumes, cx),
        (Some(volume), _) => request.adjust(volume, cx),
    }
}

struct Group {
    size: f64,
    free: f64,
    extent: f64,
}

struct Volume {
    name: String,
    size: f64,
    /// As `lvs` shows it, such as `-wi-a-----`.
    attributes: String,
}

impl Volume {
    fn is_active(&self) -> bool {
        self.attributes.chars().nth(4) == Some('a')
    }

    fn is_thin(&self) -> bool {
        self.attributes.starts_with('V')
    }

    fn is_pool(&self) -> bool {
        self.attributes.starts_with('t')
    }
}

fn version(cx: &mut Context<'_>) -> Result<[u32; 3], ModuleError> {
    static VERSION: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"LVM version:\s+(\d+)\.(\d+)\.(\d+).*\d{4}-\d{2}-\d{2}").ok());
    let output = cx.run_read(&CommandSpec::new(["lvm", "version"]))?;
    let text = output.stdout();
    let found = VERSION.as_ref().and_then(|version| version.captures(&text));
    let found = found.ok_or_else(|| ModuleError::failed("Failed to get LVM version number"))?;
    Ok([1, 2, 3].map(|part| found[part].parse().unwrap_or(0)))
}

/// The group and its volumes; `None` when there is no group and none is needed.
fn look(vg: &str, unit: char, args: &Args, cx: &mut Context<'_>) -> Result<Option<(Group, Vec<Volume>)>, ModuleError> {
    let unit = unit.to_string();
    let ask = |program: &str, fields: &str| {
        let words = [program, "--noheadings", "--nosuffix", "-o", fields, "--units", &unit, "--separator", ";", vg];
        let all: &[&str] = if program == "lvs" { &["-a"] } else { &[] };
        CommandSpec::new(words).args(all.iter().copied())
    };
    let mut listings = Vec::new();
    for command in [ask("vgs", "vg_name,size,free,vg_extent_size"), ask("lvs", "lv_name,size,lv_attr")] {
        let output = cx.run_read(&command)?;
        if !output.ok() {
            let absent = args.str("state")? == "absent";
            let error = || failed(format!("Volume group {vg} does not exist."), &output);
            return if absent { Ok(None) } else { Err(error()) };
        }
        listings.push(output.stdout());
    }
    let numbers = |line: &str| line.split(';').filter_map(|field| field.trim().parse().ok()).collect::<Vec<f64>>();
    let after_name = listings[0].lines().find_map(|line| line.split_once(';')).map(|(_, rest)| numbers(rest));
    let [size, free, extent] = after_name.as_deref().unwrap_or_default()[..] else {
        return Err(ModuleError::failed(format!("vgs says nothing about {vg}: {}", listings[0].trim())));
    };
    Ok(Some((Group { size, free, extent }, listings[1].lines().filter_map(parse_volume).collect())))
}

fn parse_volume(line: &str) -> Option<Volume> {
    let mut fields = line.trim().split(';');
    // Hidden volumes are in brackets.
    let name = fields.next()?.trim_matches(['[', ']']).to_owned();
    let size = fields.next()?.trim().parse().ok()?;
    Some(Volume { name, size, attributes: fields.next()?.to_owned() })
}

/// The volume the task is about.
fn target<'a>(args: &'a Args, volumes: &[Volume]) -> Result<&'a str, ModuleError> {
    let (vg, lv) = (args.str("vg")?, args.opt_str("lv"));
    let missing =
        |what: &str, name: &str| ModuleError::failed(format!("{what} {name} does not exist in volume group {vg}."));
    let known = |name: &str| volumes.iter().any(|volume| volume.name == name);
    match (args.opt_str("snapshot"), args.opt_str("thinpool"), lv) {
        (Some(_), Some(_), _) => Err(ModuleError::failed("Snapshots of thin pool LVs are not supported.")),
        (Some(_), None, Some(origin)) if !known(origin) => Err(missing("Snapshot origin LV", origin)),
        (Some(snapshot), None, _) => Ok(snapshot),
        (None, Some(pool), Some(lv)) => {
            let is_pool = volumes.iter().any(|volume| volume.name == pool && volume.is_pool());
            if is_pool { Ok(lv) } else { Err(missing("Thin pool LV", pool)) }
        }
        (None, Some(pool), None) => Ok(pool),
        (None, None, lv) => Ok(lv.unwrap_or_default()),
    }
}

struct Request<'a> {
    args: &'a Args,
    vg: &'a str,
    name: &'a str,
    size: Option<Size>,
    unit: char,
    group: Group,
    can_answer: bool,
}

impl Request<'_> {
    fn remove(&self, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
        let name = self.name;
        if !self.args.bool("force") {
            return Err(ModuleError::failed(format!("Sorry, no removal of logical volume {name} without force=true.")));
        }
        let mut command = CommandSpec::new(["lvremove"]);
        if cx.check_mode {
            command = command.arg("--test");
        }
        let output = cx.run_read(&command.args(["--force", &self.path()]))?;
        if output.ok() {
            return Ok(ModuleResult::ok().changed(true));
        }
        Err(failed(format!("Failed to remove logical volume {name}"), &output))
    }

    fn path(&self) -> String {
        format!("{}/{}", self.vg, self.name)
    }

    fn create(&self, volumes: &[Volume], cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
        let (lv, pool) = (self.args.opt_str("lv"), self.args.opt_str("thinpool"));
        let is_snapshot = self.args.has("snapshot");
        let of_thin = is_snapshot && volumes.iter().any(|volume| Some(volume.name.as_str()) == lv && volume.is_thin());
        if self.size.is_none() && !of_thin {
            return Err(ModuleError::failed("No size given."));
        }
        if self.size.as_ref().is_some_and(|size| size.sign.is_some()) {
            let written = self.args.opt_str("size").unwrap_or_default();
            return Err(ModuleError::failed(format!("Bad size specification of '{written}' for creating LV")));
        }
        let mut command = CommandSpec::new(["lvcreate"]);
        if cx.check_mode {
            command = command.arg("--test");
        }
        if self.can_answer {
            command = command.arg("--yes");
        }
        let size = self.size.as_ref().map(Size::option).into_iter().flatten();
        let options = words::split(self.args.opt_str("opts").unwrap_or_default()).map_err(ModuleError::failed)?;
        let command = match (is_snapshot, pool, lv) {
            (true, _, lv) => {
                let origin = format!("{}/{}", self.vg, lv.unwrap_or_default());
                command.args(size).args(["-s", "-n", self.name]).args(options).arg(origin)
            }
            (false, Some(pool), Some(lv)) => {
                let [option, size] = self.size.as_ref().map(Size::option).unwrap_or_default();
                if option == "-l" {
                    return Err(ModuleError::failed("Thin volume sizing with percentage not supported."));
                }
                command.args(["-n", lv, "-V", &size]).args(options).args(["-T", &format!("{}/{pool}", self.vg)])
            }
            (false, Some(_), None) => command.args(size).args(options).args(["-T", &self.path()]),
            (false, None, _) => {
                let pvs = self.args.list_of_str("pvs");
                command.args(["-n", self.name]).args(size).args(options).arg(self.vg).args(pvs)
            }
        };
        let output = cx.run_read(&command)?;
        if output.ok() {
            return Ok(ModuleResult::ok().changed(true).msg(""));
        }
        Err(failed(format!("Creating logical volume '{}' failed", self.name), &output))
    }

    /// The size and the activity of a volume that is there.
    fn adjust(&self, volume: &Volume, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
        let result = ModuleResult::ok().set("vg", self.vg).set("lv", volume.name.as_str()).set("size", volume.size);
        let mut changed = false;
        if let Some(program) = self.program(volume)? {
            match self.resize(program, cx)? {
                Resized::Yes => changed = true,
                Resized::NoNeed => return Ok(result),
            }
        }
        let active = self.args.bool("active");
        let output = cx.run(&CommandSpec::new(["lvchange", if active { "-ay" } else { "-an" }, &self.path()]))?;
        if !output.ok() {
            let verb = if active { "activate" } else { "deactivate" };
            return Err(failed(format!("Failed to {verb} logical volume {}", self.name), &output));
        }
        Ok(result.changed(changed || volume.is_active() != active))
    }

    /// Which program makes the volume as large as the task says; none when it is.
    fn program(&self, volume: &Volume) -> Result<Option<&'static str>, ModuleError> {
        let Some(size) = &self.size else { return Ok(None) };
        let (wanted, tolerated) = if size.is_percentage() {
            (self.share(size, volume), self.group.extent)
        } else {
            let wanted = match size.sign {
                Some('+') => volume.size + size.number,
                Some(_) => volume.size - size.number,
                None => size.number,
            };
            (wanted, 0.0)
        };
        let missing = wanted - volume.size;
        if missing > 0.0 {
            if size.is_percentage() && missing > self.group.free {
                return Err(ModuleError::failed(format!(
                    "Logical Volume {} could not be extended. Not enough free space left ({:?}{unit} required / {:?}{unit} \
                     available)",
                    volume.name,
                    missing,
                    self.group.free,
                    unit = self.unit
                )));
            }
            return Ok(Some("lvextend"));
        }
        if missing + tolerated >= 0.0 || !self.args.bool("shrink") {
            return Ok(None);
        }
        if wanted <= 0.0 {
            return Err(ModuleError::failed(format!("Sorry, no shrinking of {} to 0 permitted.", volume.name)));
        }
        if !self.args.bool("force") {
            return Err(ModuleError::failed(format!("Sorry, no shrinking of {} without force=true.", volume.name)));
        }
        Ok(Some("lvreduce"))
    }

    /// A percentage as a size, in whole extents.
    fn share(&self, size: &Size, volume: &Volume) -> f64 {
        let whole = if size.is_of("FREE") { self.group.free } else { self.group.size };
        let share = whole * size.number / 100.0;
        let wanted = match size.sign {
            Some('+') => volume.size + share,
            Some(_) => volume.size - share,
            None => share,
        };
        if self.group.extent > 0.0 { wanted - wanted % self.group.extent } else { wanted }
    }

    fn resize(&self, program: &str, cx: &mut Context<'_>) -> Result<Resized, ModuleError> {
        let Some(size) = &self.size else { return Ok(Resized::NoNeed) };
        let mut command = CommandSpec::new([program]);
        if program == "lvreduce" {
            command = command.arg("--force");
        }
        if self.args.bool("resizefs") {
            command = command.arg("--resizefs");
        }
        if cx.check_mode {
            command = command.arg("--test");
        }
        let command = command.args(size.option()).arg(self.path()).args(self.args.list_of_str("pvs"));
        let output = cx.run_read(&command)?;
        let text = format!("{}{}", output.stdout(), output.stderr());
        if text.contains("Reached maximum COW size") {
            let msg = format!("Unable to resize {} to {}", self.name, size.written());
            return Err(failed(msg, &output));
        }
        if output.ok() {
            return Ok(Resized::Yes);
        }
        if text.contains("matches existing size") || text.contains("not larger than existing size") {
            return Ok(Resized::NoNeed);
        }
        Err(failed(format!("Unable to resize {} to {}", self.name, size.written()), &output))
    }
}

enum Resized {
    Yes,
    NoNeed,
}

fn failed(msg: impl Into<String>, output: &CommandOutput) -> ModuleError {
    ModuleError::failed(msg).with("rc", output.rc).with("err", output.stderr())
}
