//! `community.general.filesystem`: makes, grows and removes file systems on devices.

use crate::{Arg, Args, CommandSpec, Constraint, Context, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module = Module::new("community.general.filesystem", ARGS, run).constraints(&[
    Constraint::MutuallyExclusive(&["resizefs", "uuid"]),
    Constraint::RequiredIf("state", "present", &["fstype"]),
]);

const ARGS: &[Arg] = &[
    Arg::str("state").default("present").choices(&["present", "absent"]),
    Arg::str("fstype")
        .choices(&[
            "ext4", "ufs", "btrfs", "f2fs", "bcachefs", "lvm", "xfs", "ext3", "reiserfs", "ext4dev", "vfat", "swap",
            "ext2", "ocfs2",
        ])
        .alias(&["type"]),
    Arg::path("dev").required().alias(&["device"]),
    Arg::str("opts"),
    Arg::bool("force").default("false"),
    Arg::bool("resizefs").default("false"),
    Arg::str("uuid"),
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let dev = args.str("dev")?;
    if !cx.exists(dev) {
        if args.str("state")? == "absent" {
            return Ok(ModuleResult::ok().msg(format!("Device {dev} not found.")));
        }
        return Err(ModuleError::failed(format!("Device {dev} not found.")));
    }
    let current = current(dev, cx)?;
    if args.str("state")? == "absent" {
        if current.is_some() {
            cx.run_ok(&CommandSpec::new(["wipefs", "--all", dev]))?;
        }
        return Ok(ModuleResult::ok().changed(current.is_some()));
    }
    let wanted = args.str("fstype")?;
    let kind = Kind::of(wanted)
        .ok_or_else(|| ModuleError::failed(format!("module does not support this filesystem ({wanted}) yet.")))?;
    let same = current.as_deref().is_some_and(|current| current == kind.blkid);
    if same && !args.bool("force") {
        if args.bool("resizefs") {
            return kind.grow(dev, cx);
        }
        if let Some(uuid) = args.opt_str("uuid") {
            return kind.set_uuid(dev, uuid, cx);
        }
        return Ok(ModuleResult::ok());
    }
    if let Some(current) = current.filter(|_| !args.bool("force")) {
        let msg = format!("'{dev}' is already used as {current}, use force=true to overwrite");
        return Err(ModuleError::failed(msg).with("rc", 0).with("err", ""));
    }
    kind.make(dev, args, cx)?;
    Ok(ModuleResult::ok().changed(true))
}

/// What blkid finds on the device.
fn current(dev: &str, cx: &mut Context<'_>) -> Result<Option<String>, ModuleError> {
    cx.require_program("blkid")?;
    let output = cx.run_read(&CommandSpec::new(["blkid", "-c", "/dev/null", "-o", "value", "-s", "TYPE", dev]))?;
    Ok(Some(output.stdout().trim().to_owned()).filter(|kind| !kind.is_empty()))
}

/// The programs for one file system.
struct Kind {
    blkid: &'static str,
    mkfs: &'static str,
    /// Makes the program not ask.
    force: &'static [&'static str],
    /// How it is told the UUID of a new file system, and of an existing one.
    uuid: &'static [&'static str],
    change_uuid: &'static [&'static str],
    grow: Grow,
}

/// How a file system is grown: not at all, by its device, or by where it is mounted.
enum Grow {
    Never,
    Device(&'static [&'static str]),
    MountPoint(&'static [&'static str]),
}

impl Kind {
    fn of(name: &str) -> Option<Self> {
        let plain = |blkid, mkfs, force| Self { blkid, mkfs, force, uuid: &[], change_uuid: &[], grow: Grow::Never };
        let ext = |name, mkfs| Self {
            blkid: name,
            mkfs,
            force: &["-F"],
            uuid: &["-U"],
            change_uuid: &["tune2fs", "-U"],
            grow: Grow::Device(&["resize2fs"]),
        };
        Some(match name {
            "ext2" => ext("ext2", "mkfs.ext2"),
            "ext3" => ext("ext3", "mkfs.ext3"),
            "ext4" => ext("ext4", "mkfs.ext4"),
            "ext4dev" => ext("ext4dev", "mkfs.ext4"),
            "xfs" => Self {
                change_uuid: &["xfs_admin", "-U"],
                grow: Grow::MountPoint(&["xfs_growfs"]),
                ..plain("xfs", "mkfs.xfs", &["-f"])
            },
            "btrfs" => Self {
                uuid: &["-U"],
                change_uuid: &["btrfstune", "-f", "-U"],
                grow: Grow::MountPoint(&["btrfs", "filesystem", "resize", "max"]),
                ..plain("btrfs", "mkfs.btrfs", &["-f"])
            },
            "bcachefs" => Self {
                grow: Grow::Device(&["bcachefs", "device", "resize"]),
                ..plain("bcachefs", "mkfs.bcachefs", &["--force"])
            },
            "f2fs" => Self { grow: Grow::Device(&["resize.f2fs"]), ..plain("f2fs", "mkfs.f2fs", &["-f"]) },
            "reiserfs" => {
                Self { grow: Grow::Device(&["resize_reiserfs"]), ..plain("reiserfs", "mkfs.reiserfs", &["-q"]) }
            }
            "ocfs2" => plain("ocfs2", "mkfs.ocfs2", &["-Fx"]),
            "vfat" => Self { grow: Grow::Device(&["fatresize", "--size", "max"]), ..plain("vfat", "mkfs.vfat", &[]) },
            "swap" => Self { uuid: &["-U"], change_uuid: &["swaplabel", "-U"], ..plain("swap", "mkswap", &["-f"]) },
            "lvm" => Self {
                uuid: &["--norestorefile", "-u"],
                change_uuid: &["pvchange", "-u"],
                grow: Grow::Device(&["pvresize"]),
                ..plain("LVM2_member", "pvcreate", &["-f"])
            },
            "ufs" => plain("ufs", "newfs", &[]),
            _ => return None,
        })
    }

    fn make(&self, dev: &str, args: &Args, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        cx.require_program(self.mkfs)?;
        let mut command = CommandSpec::new([self.mkfs]).args(self.force.iter().copied());
        if let Some(options) = args.opt_str("opts") {
            command = command.args(crate::words::split(options).map_err(ModuleError::failed)?);
        }
        let mut later = None;
        match args.opt_str("uuid") {
            Some(uuid) if !self.uuid.is_empty() => command = command.args(self.uuid.iter().copied()).arg(uuid),
            other => later = other,
        }
        cx.run_ok(&command.arg(dev))?;
        match later {
            Some(uuid) => self.set_uuid(dev, uuid, cx).map(drop),
            None => Ok(()),
        }
    }

    fn set_uuid(&self, dev: &str, uuid: &str, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
        if self.change_uuid.is_empty() {
            return Err(ModuleError::failed(format!(
                "module does not support UUID option for this filesystem ({}) yet.",
                self.blkid
            )));
        }
        let output = cx.run_read(&CommandSpec::new(["blkid", "-c", "/dev/null", "-o", "value", "-s", "UUID", dev]))?;
        if output.stdout().trim() == uuid {
            return Ok(ModuleResult::ok());
        }
        cx.run_ok(&CommandSpec::new(self.change_uuid.iter().copied()).args([uuid, dev]))?;
        Ok(ModuleResult::ok().changed(true))
    }

    fn grow(&self, dev: &str, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
        let (words, target) = match &self.grow {
            Grow::Never => {
                return Err(ModuleError::failed(format!(
                    "module does not support resizing {} filesystem yet",
                    self.blkid
                )));
            }
            Grow::Device(words) => (*words, dev.to_owned()),
            Grow::MountPoint(words) => (*words, mount_point(dev, cx)?),
        };
        if !self.can_grow(dev, &target, cx)? {
            return Ok(ModuleResult::ok().msg(format!("{} filesystem is using the whole device {dev}", self.blkid)));
        }
        let output = cx.run_ok(&CommandSpec::new(words.iter().copied()).arg(&target))?;
        Ok(ModuleResult::ok().changed(true).msg(output.stdout()))
    }

    /// Whether the file system is smaller than its device, as far as its own programs tell.
    fn can_grow(&self, dev: &str, mount_point: &str, cx: &mut Context<'_>) -> Result<bool, ModuleError> {
        let device =
            cx.run_read(&CommandSpec::new(["blockdev", "--getsize64", dev]))?.stdout().trim().parse::<u64>().ok();
        let used = match self.blkid {
            "ext2" | "ext3" | "ext4" | "ext4dev" => {
                let text = cx.run_read(&CommandSpec::new(["tune2fs", "-l", dev]))?.stdout();
                size(number_after(&text, "Block count:"), number_after(&text, "Block size:"))
            }
            "xfs" => {
                let text = cx.run_read(&CommandSpec::new(["xfs_info", mount_point]))?.stdout();
                let data = text.lines().find(|line| line.starts_with("data")).unwrap_or_default().to_owned();
                size(number_after(&data, "blocks="), number_after(&data, "bsize="))
            }
            _ => None,
        };
        Ok(match (device, used) {
            // Less than a block is no room.
            (Some(device), Some((used, block))) => device >= used + block,
            _ => true,
        })
    }
}

fn size(blocks: Option<u64>, block: Option<u64>) -> Option<(u64, u64)> {
    Some((blocks?.checked_mul(block?)?, block?))
}

fn number_after(text: &str, key: &str) -> Option<u64> {
    let (_, rest) = text.split_once(key)?;
    rest.trim_start().split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

fn mount_point(dev: &str, cx: &mut Context<'_>) -> Result<String, ModuleError> {
    let output = cx.run_read(&CommandSpec::new([
        "findmnt",
        "--noheadings",
        "--first-only",
        "--output",
        "TARGET",
        "--source",
        dev,
    ]))?;
    let point = output.stdout().trim().to_owned();
    if output.ok() && !point.is_empty() {
        return Ok(point);
    }
    Err(ModuleError::failed(format!("{dev} needs to be mounted for its file system to be resized")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read() {
        let ext = "Block count:              2560\nBlock size:               4096\n";
        assert_eq!(size(number_after(ext, "Block count:"), number_after(ext, "Block size:")), Some((10_485_760, 4096)));
        assert_eq!(number_after("data     =   bsize=4096   blocks=1000, imaxpct=25", "blocks="), Some(1000));
        assert!(Kind::of("ntfs").is_none());
    }
}
