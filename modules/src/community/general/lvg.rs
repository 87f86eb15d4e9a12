//! `community.general.lvg`: LVM volume groups.

use crate::context::command_failure;
use crate::{Arg, Args, CommandOutput, CommandSpec, Constraint, Context, Module, ModuleError, ModuleResult, words};

pub(crate) static MODULE: Module = Module::new("community.general.lvg", ARGS, run)
    .constraints(&[Constraint::RequiredIf("reset_pv_uuid", "True", &["pvs"])]);

const ARGS: &[Arg] = &[
    Arg::str("vg").required(),
    Arg::list("pvs"),
    Arg::str("pesize").default("4"),
    Arg::str("pv_options").default(""),
    Arg::bool("pvresize").default("false"),
    Arg::str("vg_options").default(""),
    Arg::str("state").default("present").choices(&["absent", "present", "active", "inactive"]),
    Arg::bool("force").default("false"),
    Arg::bool("reset_vg_uuid").default("false"),
    Arg::bool("reset_pv_uuid").default("false"),
    Arg::bool("remove_extra_pvs").default("true"),
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let group = Group { name: args.str("vg")?, args, devices: args.list_of_str("pvs") };
    let volumes = group.logical_volumes(cx)?;
    if args.str("state")? == "absent" {
        return match volumes {
            Some(count) => group.remove(count, cx),
            None => Ok(ModuleResult::ok()),
        };
    }
    if volumes.is_none() && group.devices.is_empty() {
        return Err(ModuleError::failed("No physical volumes given."));
    }
    if let Some(missing) = group.devices.iter().find(|device| !cx.exists(device)) {
        return Err(ModuleError::failed(format!("Device {missing} not found.")));
    }
    let physical = group.physical_volumes(cx)?;
    if let Some(taken) = physical
        .iter()
        .find(|one| !one.group.is_empty() && one.group != group.name && group.devices.contains(&one.device))
    {
        return Err(ModuleError::failed(format!(
            "Device {} is already in {} volume group.",
            taken.device, taken.group
        )));
    }
    let changed = if volumes.is_none() { group.create(cx)? } else { group.update(&physical, cx)? };
    Ok(ModuleResult::ok().changed(changed))
}

struct Group<'a> {
    name: &'a str,
    args: &'a Args,
    devices: Vec<String>,
}

/// A device LVM knows, and the group it is in, if any.
struct PhysicalVolume {
    device: String,
    group: String,
}

impl Group<'_> {
    /// How many logical volumes the group has; `None` when there is no such group.
    fn logical_volumes(&self, cx: &mut Context<'_>) -> Result<Option<u64>, ModuleError> {
        let fields = ["vgs", "--noheadings", "-o", "vg_name,pv_count,lv_count", "--separator", ";"];
        let listing = read(&CommandSpec::new(fields), cx, |_| "Failed executing vgs command.".to_owned())?;
        let of_group = listing.lines().map(|line| line.trim().split(';').collect::<Vec<_>>());
        Ok(of_group
            .into_iter()
            .find(|fields| fields[0] == self.name)
            .map(|fields| fields.get(2).and_then(|count| count.parse().ok()).unwrap_or(0)))
    }

    fn physical_volumes(&self, cx: &mut Context<'_>) -> Result<Vec<PhysicalVolume>, ModuleError> {
        let fields = ["pvs", "--noheadings", "-o", "pv_name,vg_name", "--separator", ";"];
        let listing = read(&CommandSpec::new(fields), cx, |_| "Failed executing pvs command.".to_owned())?;
        let parse = |line: &str| {
            let (device, group) = line.trim().split_once(';')?;
            Some(PhysicalVolume { device: self.as_given(device), group: group.trim().to_owned() })
        };
        Ok(listing.lines().filter_map(parse).collect())
    }

    /// The name the task has for the device.
    fn as_given(&self, device: &str) -> String {
        let real = crate::real_path::real_path(device.as_ref());
        let same = |given: &&String| *given == device || crate::real_path::real_path(given.as_ref()) == real;
        self.devices.iter().find(same).cloned().unwrap_or_else(|| device.to_owned())
    }

    fn remove(&self, volumes: u64, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
        if volumes > 0 && !self.args.bool("force") && !cx.check_mode {
            return Err(ModuleError::failed(format!(
                "Refuse to remove non-empty volume group {} without force=true",
                self.name
            )));
        }
        change(&["vgremove", "--force", self.name], &format!("Failed to remove volume group {}", self.name), cx)?;
        Ok(ModuleResult::ok().changed(true))
    }

    fn create(&self, cx: &mut Context<'_>) -> Result<bool, ModuleError> {
        let mut command = vec!["vgcreate".to_owned()];
        command.extend(options(self.args, "vg_options")?);
        let state = self.args.str("state")?;
        let says_itself = command.iter().any(|option| option.contains("autoactivation"));
        if matches!(state, "active" | "inactive") && !says_itself && knows_autoactivation("vgcreate", cx)? {
            command.extend(["--setautoactivation", if state == "active" { "y" } else { "n" }].map(str::to_owned));
        }
        command.extend(["-s", self.args.str("pesize")?, self.name].map(str::to_owned));
        command.extend(self.devices.iter().cloned());
        self.initialize(self.devices.iter(), cx)?;
        change(&command, &format!("Creating volume group '{}' failed", self.name), cx)?;
        Ok(true)
    }

    /// Makes the devices physical volumes.
    fn initialize<'d>(
        &self,
        devices: impl Iterator<Item = &'d String>,
        cx: &mut Context<'_>,
    ) -> Result<(), ModuleError> {
        for device in devices {
            let mut command = vec!["pvcreate".to_owned()];
            command.extend(options(self.args, "pv_options")?);
            command.extend(["-f".to_owned(), device.clone()]);
            change(&command, &format!("Creating physical volume '{device}' failed"), cx)?;
        }
        Ok(())
    }

    fn update(&self, physical: &[PhysicalVolume], cx: &mut Context<'_>) -> Result<bool, ModuleError> {
        let mut changed = false;
        if self.args.bool("reset_vg_uuid") {
            run_or_tell(&["vgchange", "-u", self.name], cx)?;
            changed = true;
        }
        if matches!(self.args.str("state")?, "active" | "inactive") {
            changed |= self.activate(self.args.str("state")? == "active", cx)?;
        }
        if self.devices.is_empty() {
            return Ok(changed);
        }
        let own: Vec<&String> = physical.iter().filter(|one| one.group == self.name).map(|one| &one.device).collect();
        if self.args.bool("pvresize") {
            changed |= resize(own.iter().filter(|device| self.devices.contains(device)), cx)?;
        }
        if self.args.bool("reset_pv_uuid") {
            for device in &self.devices {
                run_or_tell(&["pvchange", "-u", device], cx)?;
            }
            changed = true;
        }
        let new: Vec<&String> = self.devices.iter().filter(|device| !own.contains(device)).collect();
        let extra: Vec<&String> = own.into_iter().filter(|device| !self.devices.contains(device)).collect();
        let shown = |devices: &[&String]| devices.iter().map(|device| device.as_str()).collect::<Vec<_>>().join(" ");
        if !new.is_empty() {
            self.initialize(new.iter().copied(), cx)?;
            let failure = format!("Unable to extend {} by {}.", self.name, shown(&new));
            change(&[&["vgextend".to_owned(), self.name.to_owned()][..], &owned(&new)].concat(), &failure, cx)?;
            changed = true;
        }
        if !extra.is_empty() && self.args.bool("remove_extra_pvs") {
            let failure = format!("Unable to reduce {} by {}.", self.name, shown(&extra));
            let start = ["vgreduce", "--force", self.name].map(str::to_owned);
            change(&[&start[..], &owned(&extra)].concat(), &failure, cx)?;
            changed = true;
        }
        Ok(changed)
    }

    /// The state of the group's volumes, and whether they are activated by themselves.
    fn activate(&self, active: bool, cx: &mut Context<'_>) -> Result<bool, ModuleError> {
        let automatic = knows_autoactivation("vgchange", cx)?;
        let fields = if automatic { "lv_attr,autoactivation" } else { "lv_attr" };
        let command = CommandSpec::new(["vgs", "--noheadings", "-o", fields, "--separator", ";", self.name]);
        let listing = read(&command, cx, |_| "Failed executing vgs command.".to_owned())?;
        let rows: Vec<(&str, &str)> = listing
            .lines()
            .map(|line| line.trim().split_once(';').unwrap_or((line.trim(), "")))
            .filter(|(attributes, automatic)| !attributes.is_empty() || !automatic.is_empty())
            .collect();
        let is_active = |attributes: &str| attributes.chars().nth(4) == Some('a');
        let wrong_now = rows.iter().any(|(attributes, _)| attributes.len() > 4 && is_active(attributes) != active);
        let wrong_later = automatic && rows_automatic(&rows) != active;
        if wrong_later {
            run_or_tell(&["vgchange", "--setautoactivation", if active { "y" } else { "n" }, self.name], cx)?;
        }
        if wrong_now {
            run_or_tell(&["vgchange", "--activate", if active { "y" } else { "n" }, self.name], cx)?;
        }
        Ok(wrong_now || wrong_later)
    }
}

fn rows_automatic(rows: &[(&str, &str)]) -> bool {
    rows.iter().any(|(_, automatic)| automatic.trim() == "enabled")
}

fn owned(words: &[&String]) -> Vec<String> {
    words.iter().map(|word| (*word).clone()).collect()
}

/// Words of an argument that holds options.
fn options(args: &Args, name: &str) -> Result<Vec<String>, ModuleError> {
    words::split(args.opt_str(name).unwrap_or_default()).map_err(ModuleError::failed)
}

fn knows_autoactivation(program: &str, cx: &mut Context<'_>) -> Result<bool, ModuleError> {
    Ok(cx.run_read(&CommandSpec::new([program, "--help"]))?.stdout().contains("--setautoactivation"))
}

/// Physical volumes whose device has grown by more than what one extent takes.
fn resize<'d>(devices: impl Iterator<Item = &'d &'d String>, cx: &mut Context<'_>) -> Result<bool, ModuleError> {
    let mut changed = false;
    for device in devices {
        let fields = "dev_size,pv_size,pe_start,vg_extent_size";
        let command =
            ["pvdisplay", "--units", "b", "--columns", "--noheadings", "--nosuffix", "--separator", ";", "-o"];
        let command = CommandSpec::new(command).args([fields, device]);
        let listing = read(&command, cx, |_| "Failed executing pvdisplay command.".to_owned())?;
        let sizes: Vec<u64> = listing.trim().split(';').filter_map(|size| size.trim().parse().ok()).collect();
        let [whole, used, start, extent] = sizes[..] else { continue };
        if whole.saturating_sub(start + used) > extent {
            change(&["pvresize", device], "Failed executing pvresize command.", cx)?;
            changed = true;
        }
    }
    Ok(changed)
}

/// A command that only looks; its failure is told with the key `err`.
fn read(
    command: &CommandSpec,
    cx: &mut Context<'_>,
    failure: impl Fn(&CommandOutput) -> String,
) -> Result<String, ModuleError> {
    let output = cx.run_read(command)?;
    if output.ok() { Ok(output.stdout()) } else { Err(failed(failure(&output), &output)) }
}

fn change(words: &[impl AsRef<str>], failure: &str, cx: &mut Context<'_>) -> Result<(), ModuleError> {
    let output = cx.run(&CommandSpec::new(words.iter().map(|word| word.as_ref().to_owned())))?;
    if output.ok() { Ok(()) } else { Err(failed(failure, &output)) }
}

fn failed(msg: impl Into<String>, output: &CommandOutput) -> ModuleError {
    ModuleError::failed(msg).with("rc", output.rc).with("err", output.stderr())
}

/// Its failure is told in the program's own words.
fn run_or_tell(words: &[&str], cx: &mut Context<'_>) -> Result<(), ModuleError> {
    let command = CommandSpec::new(words.iter().copied());
    let output = cx.run(&command)?;
    if output.ok() { Ok(()) } else { Err(command_failure(output.stderr().trim_end(), &command, &output)) }
}
