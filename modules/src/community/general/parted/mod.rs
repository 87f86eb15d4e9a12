//! `community.general.parted`: partitions of a disk.

mod disk;
mod size;

use serde_json::json;

use crate::{Arg, Args, CommandSpec, Constraint, Context, Module, ModuleError, ModuleResult};

use disk::{Disk, Partition};
use size::Size;

pub(crate) static MODULE: Module = Module::new("community.general.parted", ARGS, run).constraints(&[
    Constraint::RequiredIf("state", "present", &["number"]),
    Constraint::RequiredIf("state", "absent", &["number"]),
]);

const UNITS: &[&str] = &["s", "B", "KB", "KiB", "MB", "MiB", "GB", "GiB", "TB", "TiB", "%", "cyl", "chs", "compact"];

const ARGS: &[Arg] = &[
    Arg::str("device").required(),
    Arg::str("align").default("optimal").choices(&["cylinder", "minimal", "none", "optimal", "undefined"]),
    Arg::int("number"),
    Arg::str("unit").default("KiB").choices(UNITS),
    Arg::str("label")
        .default("msdos")
        .choices(&["aix", "amiga", "bsd", "dvh", "gpt", "loop", "mac", "msdos", "pc98", "sun"]),
    Arg::str("part_type").default("primary").choices(&["extended", "logical", "primary"]),
    Arg::str("part_start").default("0%"),
    Arg::str("part_end").default("100%"),
    Arg::str("fs_type"),
    Arg::str("name"),
    Arg::list("flags"),
    Arg::str("state").default("info").choices(&["absent", "info", "present"]),
    Arg::bool("resize").default("false"),
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let parted = Parted::new(args, cx)?;
    let state = args.str("state")?;
    if args.opt_int("number").is_some_and(|number| number < 1) {
        return Err(ModuleError::failed("The partition number must be greater then 0."));
    }
    for name in ["part_start", "part_end"] {
        check_place(name, args.str(name)?)?;
    }
    let disk = parted.print(cx)?;
    let (script, changed) = match state {
        "info" => (vec!["unit".to_owned(), args.str("unit")?.to_owned(), "print".to_owned()], false),
        "absent" => parted.remove(&disk, args.int("number")?, cx)?,
        _ => parted.make(disk, args.int("number")?, cx)?,
    };
    let (disk, partitions) = parted.print(cx)?.described();
    Ok(ModuleResult::ok().changed(changed).set("disk", disk).set("partitions", partitions).set("script", script))
}

/// A place on the disk needs its unit.
fn check_place(name: &str, place: &str) -> Result<(), ModuleError> {
    let Some(size) = Size::parse(place) else {
        return Err(ModuleError::failed(format!("Error interpreting parted size output: '{place}'")));
    };
    if UNITS.contains(&size.unit.as_str()) {
        return Ok(());
    }
    let msg = format!("The argument '{name}' doesn't respect required format.The size unit is case sensitive.");
    Err(ModuleError::failed(msg).with("err", json!([size.number, size.unit])))
}

struct Parted<'a> {
    program: String,
    args: &'a Args,
    /// Before the device's name in commands that change it.
    options: Vec<String>,
}

impl<'a> Parted<'a> {
    fn new(args: &'a Args, cx: &mut Context<'_>) -> Result<Self, ModuleError> {
        let program = cx.require_program("parted")?.to_string_lossy().into_owned();
        let version = cx.run_read(&CommandSpec::new([program.as_str(), "--version"]))?.stdout();
        let mut options = vec!["-s".to_owned()];
        if repairs(&version) {
            options.push("-f".to_owned());
        }
        options.push("-m".to_owned());
        let align = args.str("align")?;
        if align != "undefined" {
            options.extend(["-a".to_owned(), align.to_owned()]);
        }
        Ok(Self { program, args, options })
    }

    fn print(&self, cx: &mut Context<'_>) -> Result<Disk, ModuleError> {
        let (device, unit) = (self.args.str("device")?, self.args.str("unit")?);
        let command = CommandSpec::new([self.program.as_str(), "-s", "-m", device, "--", "unit", unit, "print"]);
        let output = cx.run_read(&command)?;
        let text = output.stdout();
        // A disk without a table is no mistake.
        let is_blank = text.contains("unrecognised disk label") || output.stderr().contains("unrecognised disk label");
        let disk = Disk::parse(&text, unit).filter(|_| output.ok() || is_blank);
        disk.ok_or_else(|| {
            let shown = command.args.join(" ");
            let msg = format!("Error while getting device information with parted script: '{} {shown}'", self.program);
            ModuleError::failed(msg).with("rc", output.rc).with("out", text).with("err", output.stderr())
        })
    }

    fn change(&self, script: &[String], cx: &mut Context<'_>) -> Result<(), ModuleError> {
        let command = CommandSpec::new([self.program.as_str()]).args(self.options.iter().cloned());
        let command = command.args([self.args.str("device")?, "--"]).args(script.iter().cloned());
        let output = cx.run(&command)?;
        if output.ok() {
            return Ok(());
        }
        let msg = format!("Error while running parted script: {} {}", self.program, command.args.join(" "));
        Err(ModuleError::failed(msg).with("rc", output.rc).with("out", output.stdout()).with("err", output.stderr()))
    }

    fn remove(&self, disk: &Disk, number: i64, cx: &mut Context<'_>) -> Result<(Vec<String>, bool), ModuleError> {
        if disk.partition(number).is_none() && !cx.check_mode {
            return Ok((Vec::new(), false));
        }
        let script = vec!["rm".to_owned(), number.to_string()];
        self.change(&script, cx)?;
        Ok((script, true))
    }

    fn make(&self, mut disk: Disk, number: i64, cx: &mut Context<'_>) -> Result<(Vec<String>, bool), ModuleError> {
        let mut script = self.place_script(&disk, number)?;
        if !script.is_empty() {
            self.change(&script, cx)?;
            disk = self.print(cx)?;
        }
        let partition = disk.partition(number);
        if partition.is_some() || cx.check_mode {
            let described = self.description_script(partition, number)?;
            if !described.is_empty() {
                self.change(&described, cx)?;
                script.extend(described);
            }
        }
        let changed = !script.is_empty();
        Ok((script, changed))
    }

    /// The table, the partition and where it ends.
    fn place_script(&self, disk: &Disk, number: i64) -> Result<Vec<String>, ModuleError> {
        let args = self.args;
        let (label, end) = (args.str("label")?, args.str("part_end")?);
        let is_labelled = disk.table == label;
        let mut script = Vec::new();
        if !is_labelled {
            script.extend(["mklabel", label].map(str::to_owned));
        }
        match disk.partition(number).filter(|_| is_labelled) {
            None => {
                script.extend(["mkpart", args.str("part_type")?].map(str::to_owned));
                script.extend(args.opt_str("fs_type").map(str::to_owned));
                script.extend([args.str("part_start")?, end].map(str::to_owned));
            }
            Some(partition) => {
                let wanted = Size::parse(end);
                let is_there =
                    partition.end.iter().zip(&wanted).any(|(now, wanted)| wanted.is(now, disk.size.as_ref()));
                if args.bool("resize") && !is_there {
                    return Ok(["resizepart", &number.to_string(), end].map(str::to_owned).into());
                }
            }
        }
        self.with_unit(script)
    }

    /// Its name and flags.
    fn description_script(&self, partition: Option<&Partition>, number: i64) -> Result<Vec<String>, ModuleError> {
        let number = number.to_string();
        let mut script = Vec::new();
        if let Some(name) = self.args.opt_str("name").filter(|name| partition.is_none_or(|one| one.name != *name)) {
            script.extend(["name", &number, &format!("\"{name}\"")].map(str::to_owned));
        }
        let mut wanted = self.args.list_of_str("flags");
        // An EFI system partition is a boot partition, too.
        if wanted.iter().any(|flag| flag == "esp") && !wanted.iter().any(|flag| flag == "boot") {
            wanted.push("boot".to_owned());
        }
        if !wanted.is_empty() {
            let nothing = Vec::new();
            let current = partition.map_or(&nothing, |partition| &partition.flags);
            let on = wanted.iter().filter(|flag| !current.contains(flag)).map(|flag| (flag, "on"));
            let off = current.iter().filter(|flag| !wanted.contains(flag)).map(|flag| (flag, "off"));
            for (flag, switch) in on.chain(off) {
                script.extend(["set", &number, flag, switch].map(str::to_owned));
            }
        }
        self.with_unit(script)
    }

    fn with_unit(&self, script: Vec<String>) -> Result<Vec<String>, ModuleError> {
        if script.is_empty() {
            return Ok(script);
        }
        let unit = ["unit", self.args.str("unit")?].map(str::to_owned);
        Ok(unit.into_iter().chain(script).collect())
    }
}

/// Since 3.4.64 parted asks before it repairs, unless it is told to.
fn repairs(version: &str) -> bool {
    let numbers = version.lines().next().and_then(|line| line.rsplit(' ').next()).unwrap_or_default();
    let numbers: Vec<u32> = numbers.split('.').filter_map(|part| part.parse().ok()).collect();
    numbers > vec![3, 4]
}
