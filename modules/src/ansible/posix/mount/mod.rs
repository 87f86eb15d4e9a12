//! `ansible.posix.mount`: mounted file systems and their lines in fstab.

mod fstab;

use std::path::{Path, PathBuf};

use fstab::{Entry, unescape};

use crate::{Arg, Args, CommandSpec, Constraint, Content, Context, Module, ModuleError, ModuleResult, WriteOptions};

pub(crate) static MODULE: Module = Module::new("ansible.posix.mount", ARGS, run).constraints(&[
    Constraint::RequiredIf("state", "mounted", &["src", "fstype"]),
    Constraint::RequiredIf("state", "present", &["src", "fstype"]),
    Constraint::RequiredIf("state", "ephemeral", &["src", "fstype"]),
]);

const ARGS: &[Arg] = &[
    Arg::path("path").required().alias(&["name"]),
    Arg::path("src"),
    Arg::str("fstype"),
    Arg::str("opts"),
    Arg::bool("opts_no_log").default("false"),
    Arg::str("dump").default("0"),
    Arg::str("passno").default("0"),
    Arg::str("state").required().choices(&[
        "absent",
        "absent_from_fstab",
        "mounted",
        "present",
        "unmounted",
        "remounted",
        "ephemeral",
    ]),
    Arg::str("fstab"),
    Arg::bool("boot").default("true"),
    Arg::bool("backup").default("false"),
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let mut task = Task::new(args)?;
    let changed = match args.str("state")? {
        "present" => task.set_line(cx)?,
        "mounted" => task.mounted(cx)?,
        "unmounted" => task.unmount(cx)?,
        "remounted" => task.remounted(cx)?,
        "ephemeral" => task.ephemeral(cx)?,
        "absent_from_fstab" => task.remove_line(cx)?,
        _ => task.absent(cx)?,
    };
    Ok(task.report(args).changed(changed))
}

struct Task {
    entry: Entry,
    path: PathBuf,
    fstab: PathBuf,
    wants_backup: bool,
    backup: String,
    boot: bool,
    hide_opts: bool,
}

impl Task {
    fn new(args: &Args) -> Result<Self, ModuleError> {
        let text = |name: &str| args.opt_str(name).unwrap_or_default().to_owned();
        let path = args.str("path")?;
        let boot = args.bool("boot");
        let mut opts = args.opt_str("opts").unwrap_or("defaults").to_owned();
        if !boot && !opts.split(',').any(|option| option == "noauto") {
            opts.push_str(",noauto");
        }
        let entry = Entry {
            src: text("src"),
            path: path.to_owned(),
            fstype: text("fstype"),
            opts,
            dump: text("dump"),
            passno: text("passno"),
        };
        Ok(Self {
            entry,
            path: PathBuf::from(path),
            fstab: PathBuf::from(args.opt_str("fstab").unwrap_or("/etc/fstab")),
            wants_backup: args.bool("backup"),
            backup: String::new(),
            boot,
            hide_opts: args.bool("opts_no_log"),
        })
    }

    fn report(&self, args: &Args) -> ModuleResult {
        let opts = if self.hide_opts { "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER" } else { &self.entry.opts };
        ModuleResult::ok()
            .set("name", self.entry.path.clone())
            .set("opts", opts)
            .set("dump", self.entry.dump.clone())
            .set("passno", self.entry.passno.clone())
            .set("fstab", self.fstab.to_string_lossy().into_owned())
            .set("boot", if self.boot { "yes" } else { "no" })
            .set("backup_file", self.backup.clone())
            .set_opt("src", args.opt_str("src"))
            .set_opt("fstype", args.opt_str("fstype"))
    }

    fn mounted(&mut self, cx: &mut Context<'_>) -> Result<bool, ModuleError> {
        if !cx.check_mode && !self.path.exists() {
            fs_err::create_dir_all(&self.path)?;
        }
        let line_changed = self.set_line(cx)?;
        let current = mounted_source(&self.entry.path, cx)?;
        if current.is_none() {
            self.mount(cx)?;
            return Ok(true);
        }
        if line_changed {
            self.remount(cx)?;
        }
        Ok(line_changed)
    }

    fn remounted(&mut self, cx: &mut Context<'_>) -> Result<bool, ModuleError> {
        self.remount(cx)?;
        Ok(true)
    }

    fn ephemeral(&mut self, cx: &mut Context<'_>) -> Result<bool, ModuleError> {
        if !cx.check_mode && !self.path.exists() {
            fs_err::create_dir_all(&self.path)?;
        }
        let Entry { src, path, fstype, opts, .. } = self.entry.clone();
        match mounted_source(&path, cx)? {
            Some(current) if current != src => Err(ModuleError::failed(
                "Ephemeral mount point is already mounted with a different source than the specified one. Failing in \
                 order to prevent an unwanted unmount or override operation. Try replacing this command with a \"state: \
                 unmounted\" followed by a \"state: ephemeral\", or use a different destination path.",
            )),
            Some(_) => {
                self.run(&["mount", "-o", &format!("remount,{opts}"), "-t", &fstype, &src, &path], "remounting", cx)?;
                Ok(true)
            }
            None => {
                self.run(&["mount", "-t", &fstype, "-o", &opts, &src, &path], "mounting", cx)?;
                Ok(true)
            }
        }
    }

    fn absent(&mut self, cx: &mut Context<'_>) -> Result<bool, ModuleError> {
        let mut changed = self.remove_line(cx)?;
        changed |= self.unmount(cx)?;
        if self.path.is_dir()
            && changed
            && let Err(error) = cx.remove_dir(&self.path)
        {
            return Err(ModuleError::failed(format!("Error rmdir {}: {error}", self.path.display())));
        }
        Ok(changed)
    }

    fn set_line(&mut self, cx: &mut Context<'_>) -> Result<bool, ModuleError> {
        let table = cx.read_text(&self.fstab)?.unwrap_or_default();
        self.write(fstab::set(&table, &self.entry), cx)
    }

    fn remove_line(&mut self, cx: &mut Context<'_>) -> Result<bool, ModuleError> {
        let table = cx.read_text(&self.fstab)?.unwrap_or_default();
        let src = Some(self.entry.src.as_str()).filter(|src| !src.is_empty());
        self.write(fstab::remove(&table, &self.entry.path, src), cx)
    }

    fn write(&mut self, table: Option<String>, cx: &mut Context<'_>) -> Result<bool, ModuleError> {
        let Some(table) = table else { return Ok(false) };
        if let Some(dir) = self.fstab.parent().filter(|dir| !dir.exists() && !cx.check_mode) {
            fs_err::create_dir_all(dir)?;
        }
        let options = WriteOptions { backup: self.wants_backup, new_mode: Some(0o644), ..WriteOptions::default() };
        let backup = cx.write_file(&self.fstab, Content::Bytes(table.as_bytes()), &options)?;
        self.backup = backup.unwrap_or_default();
        Ok(true)
    }

    /// Where mount looks the file system up, when that is not the system's own table.
    fn table_option(&self) -> Vec<String> {
        if self.fstab == Path::new("/etc/fstab") {
            return Vec::new();
        }
        vec!["-T".to_owned(), self.fstab.to_string_lossy().into_owned()]
    }

    fn mount(&self, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        let command = CommandSpec::new(["mount"]).args(self.table_option()).arg(&self.entry.path);
        self.checked(&command, "mounting", cx)
    }

    fn remount(&self, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        let command =
            CommandSpec::new(["mount"]).args(self.table_option()).args(["-o", "remount"]).arg(&self.entry.path);
        if cx.run(&command)?.ok() {
            return Ok(());
        }
        // Some file systems cannot change while mounted.
        self.run(&["umount", &self.entry.path], "unmounting", cx)?;
        self.mount(cx)
    }

    fn unmount(&self, cx: &mut Context<'_>) -> Result<bool, ModuleError> {
        if mounted_source(&self.entry.path, cx)?.is_none() {
            return Ok(false);
        }
        self.run(&["umount", &self.entry.path], "unmounting", cx)?;
        Ok(true)
    }

    fn run(&self, words: &[&str], what: &str, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        self.checked(&CommandSpec::new(words.iter().copied()), what, cx)
    }

    fn checked(&self, command: &CommandSpec, what: &str, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        let output = cx.run(command)?;
        if output.ok() {
            return Ok(());
        }
        let reason = format!("{}{}", output.stdout(), output.stderr());
        Err(ModuleError::failed(format!("Error {what} {}: {reason}", self.entry.path)))
    }
}

/// What is mounted at a path; the last mount is the one that shows.
fn mounted_source(path: &str, cx: &Context<'_>) -> Result<Option<String>, ModuleError> {
    let table = cx.read_text("/proc/self/mountinfo")?.unwrap_or_default();
    let real = fs_err::canonicalize(path).map_or_else(|_| path.to_owned(), |path| path.to_string_lossy().into_owned());
    Ok(table.lines().rev().find_map(|line| source_at(line, &real)))
}

/// `id parent dev root mount-point options … - fstype source …` (proc_pid_mountinfo(5)).
fn source_at(line: &str, path: &str) -> Option<String> {
    let (left, right) = line.split_once(" - ")?;
    let point = unescape(left.split(' ').nth(4)?);
    (point == path).then(|| unescape(right.split(' ').nth(1).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mounts_are_found_by_their_point() {
        let line = "36 35 98:0 /src /mnt/b\\040c rw,noatime master:1 - ext3 /dev/root rw,errors=continue";
        assert_eq!(source_at(line, "/mnt/b c").as_deref(), Some("/dev/root"));
        assert_eq!(source_at(line, "/mnt"), None);
    }
}
