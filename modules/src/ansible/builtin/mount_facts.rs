//! `ansible.builtin.mount_facts`: what is mounted or to be mounted, from files and the program `mount`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

use globset::{GlobBuilder, GlobMatcher};
use serde_json::{Value, json};

use super::setup::hardware::mounts::{statistics, unescape, uuids_by_device};
use crate::python_repr::repr;
use crate::real_path::real_path;
use crate::{Arg, Args, CommandSpec, Context, Map, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module = Module::new("ansible.builtin.mount_facts", ARGS, run);

const ARGS: &[Arg] = &[
    Arg::list("devices"),
    Arg::list("fstypes"),
    Arg::list("sources"),
    Arg::raw("mount_binary").default("mount"),
    Arg::float("timeout"),
    Arg::str("on_timeout").default("error").choices(&["error", "warn", "ignore"]),
    Arg::bool("include_aggregate_mounts"),
];

const DYNAMIC: &[&str] = &["/etc/mtab", "/proc/mounts", "/etc/mnttab"];
const STATIC: &[&str] = &["/etc/fstab", "/etc/vfstab"];
/// The source that is a program.
const PROGRAM: &str = "mount";

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let limit = limit(args)?;
    let program = match args.raw("mount_binary") {
        None => None,
        Some(Value::String(name)) => Some(name.clone()),
        Some(other) => {
            let msg = format!("argument 'mount_binary' must be a string or null, not {}", repr(other));
            return Err(ModuleError::failed(msg));
        }
    };
    let gathering =
        Gathering { limit, program, devices: matchers(args, "devices")?, fstypes: matchers(args, "fstypes")? };
    let mut found = Vec::new();
    for (name, mounts) in gathering.sources(args, cx)? {
        let wanted = mounts.into_iter().filter(|mount| gathering.wants(mount)).collect::<Vec<_>>();
        found.push((name, wanted));
    }
    let uuids = uuids_by_device(Path::new("/dev/disk/by-uuid"));
    let mut points = Map::new();
    let mut all = Vec::new();
    for (source, mounts) in &found {
        for mount in mounts {
            let described = gathering.describe(mount, source, &uuids, args, cx)?;
            all.push(described.clone());
            points.entry(mount.text("mount")).or_insert(described);
        }
    }
    match args.opt_bool("include_aggregate_mounts") {
        Some(true) => {}
        Some(false) => all.clear(),
        None => {
            all.clear();
            warn_of_repeats(&found, cx);
        }
    }
    Ok(ModuleResult::ok().fact("mount_points", points).fact("aggregate_mounts", all))
}

fn limit(args: &Args) -> Result<Option<Duration>, ModuleError> {
    let Some(seconds) = args.opt_float("timeout") else { return Ok(None) };
    let limit = Duration::try_from_secs_f64(seconds).ok().filter(|limit| !limit.is_zero());
    limit.map(Some).ok_or_else(|| {
        let shown = repr(&json!(seconds));
        ModuleError::failed(format!("argument 'timeout' must be a positive number or null, not {shown}"))
    })
}

/// Patterns as Python's `fnmatch` has them; none at all match everything.
fn matchers(args: &Args, name: &str) -> Result<Vec<GlobMatcher>, ModuleError> {
    let compiled = args.list_of_str(name).into_iter().map(|pattern| {
        let glob = GlobBuilder::new(&pattern).literal_separator(false).build();
        glob.map(|glob| glob.compile_matcher()).map_err(|error| ModuleError::failed(format!("{name}: {error}")))
    });
    compiled.collect()
}

/// What a line says, key by key as the fact has them.
struct Mount {
    line: String,
    fields: Map,
}

impl Mount {
    fn new(line: &str, fields: &[(&str, Value)]) -> Self {
        let fields = fields.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
        Self { line: line.to_owned(), fields }
    }

    fn text(&self, key: &str) -> String {
        self.fields.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
    }
}

struct Gathering {
    limit: Option<Duration>,
    program: Option<String>,
    devices: Vec<GlobMatcher>,
    fstypes: Vec<GlobMatcher>,
}

impl Gathering {
    /// Every source with what it holds, in the order they count.
    fn sources(&self, args: &Args, cx: &mut Context<'_>) -> Result<Vec<(String, Vec<Mount>)>, ModuleError> {
        let asked = args.opt_list_of_str("sources").filter(|sources| !sources.is_empty());
        let asked = asked.unwrap_or_else(|| vec!["all".to_owned()]);
        if asked.iter().any(String::is_empty) {
            return Err(ModuleError::failed("sources contains an empty string"));
        }
        if asked.iter().collect::<BTreeSet<_>>().len() < asked.len() {
            cx.warn(format!(
                "mount_facts option 'sources' contains duplicate entries, repeat sources will be ignored: {}",
                repr(&json!(asked))
            ));
        }
        let mut seen = BTreeSet::new();
        let mut found = Vec::new();
        for source in &asked {
            let (files, needs_program): (Vec<&str>, bool) = match source.as_str() {
                "all" => (DYNAMIC.iter().chain(STATIC).copied().collect(), true),
                "dynamic" => (DYNAMIC.to_vec(), true),
                "static" => (STATIC.to_vec(), false),
                PROGRAM => (Vec::new(), true),
                file => (vec![file], false),
            };
            let mut dynamic = false;
            for file in files {
                let text = fs_err::read_to_string(file).unwrap_or_default();
                let mounts = parse_file(&text);
                dynamic |= DYNAMIC.contains(&file) && !mounts.is_empty();
                if seen.insert(real_path(Path::new(file))) && !mounts.is_empty() {
                    found.push((file.to_owned(), mounts));
                }
            }
            if let Some(program) = self.program.as_ref().filter(|_| needs_program && !dynamic)
                && seen.insert(program.into())
            {
                found.push((PROGRAM.to_owned(), self.ask(program, args, cx)?));
            }
        }
        Ok(found)
    }

    fn ask(&self, program: &str, args: &Args, cx: &mut Context<'_>) -> Result<Vec<Mount>, ModuleError> {
        let program = cx.require_program(program)?.to_string_lossy().into_owned();
        let mut command = CommandSpec::new([&program]);
        command.timeout = self.limit;
        let output = cx.run_read(&command)?;
        if output.timed_out {
            let seconds = repr(&json!(self.limit.unwrap_or_default().as_secs_f64()));
            on_timeout(format!("Command '{program}' timed out after {seconds} seconds"), args, cx)?;
            return Ok(Vec::new());
        }
        if !output.ok() {
            return Err(ModuleError::failed(format!(
                "Failed to execute {program}: Command '{program}' returned non-zero exit status {}.",
                output.rc
            )));
        }
        Ok(output.stdout().lines().filter_map(of_program).collect())
    }

    fn wants(&self, mount: &Mount) -> bool {
        let matches = |patterns: &[GlobMatcher], key: &str| {
            patterns.is_empty() || patterns.iter().any(|pattern| pattern.is_match(mount.text(key)))
        };
        matches(&self.devices, "device") && matches(&self.fstypes, "fstype")
    }

    fn describe(
        &self,
        mount: &Mount,
        source: &str,
        uuids: &BTreeMap<String, String>,
        args: &Args,
        cx: &mut Context<'_>,
    ) -> Result<Value, ModuleError> {
        let (device, path) = (mount.text("device"), mount.text("mount"));
        let mut described = mount.fields.clone();
        match self.usage(&path) {
            Ok(usage) => described.extend(usage.into_iter().flatten()),
            Err(_) => {
                let msg = format!("Timed out getting mount size for mount {path} (type {})", mount.text("fstype"));
                on_timeout(msg, args, cx)?;
            }
        }
        described.insert("ansible_context".to_owned(), json!({"source": source, "source_data": mount.line}));
        let named = device.strip_prefix("UUID=").map(str::to_owned);
        let uuid = named.or_else(|| uuids.get(&*real_path(Path::new(&device)).to_string_lossy()).cloned());
        described.insert("uuid".to_owned(), uuid.into());
        Ok(described.into())
    }

    /// A file system that does not answer is asked by a thread that may be left behind.
    fn usage(&self, path: &str) -> Result<Option<Map>, mpsc::RecvTimeoutError> {
        let Some(limit) = self.limit else { return Ok(statistics(path)) };
        let (sender, receiver) = mpsc::channel();
        let path = path.to_owned();
        std::thread::spawn(move || sender.send(statistics(&path)));
        receiver.recv_timeout(limit)
    }
}

fn on_timeout(msg: String, args: &Args, cx: &mut Context<'_>) -> Result<(), ModuleError> {
    match args.str("on_timeout")? {
        "error" => return Err(ModuleError::failed(msg)),
        "warn" => cx.warn(msg),
        _ => {}
    }
    Ok(())
}

fn warn_of_repeats(found: &[(String, Vec<Mount>)], cx: &mut Context<'_>) {
    let mut known: BTreeSet<String> = BTreeSet::new();
    let mut repeats = Vec::new();
    for (source, mounts) in found {
        let paths: Vec<String> = mounts.iter().map(|mount| mount.text("mount")).collect();
        let is_repeat =
            |path: &&String| known.contains(*path) || paths.iter().filter(|other| other == path).count() > 1;
        let repeated: Vec<&String> = paths.iter().filter(is_repeat).collect();
        if !repeated.is_empty() {
            repeats.push(format!("{source} ({})", repr(&json!(repeated))));
        }
        known.extend(paths);
    }
    if !repeats.is_empty() {
        cx.warn(format!(
            "mount_facts: ignoring repeat mounts in the following sources: {}. You can disable this warning by configuring \
             the 'include_aggregate_mounts' option as True or False.",
            repeats.join(", ")
        ));
    }
}

/// A file in the form of `fstab` or `vfstab`; one with other lines is none of them.
fn parse_file(text: &str) -> Vec<Mount> {
    let lines = text.lines().filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'));
    lines.map(of_table).collect::<Option<Vec<_>>>().unwrap_or_default()
}

fn of_table(line: &str) -> Option<Mount> {
    let fields: Vec<String> = line.split_whitespace().map(unescape).collect();
    let number = |text: &String| text.parse::<i64>().map_or_else(|_| Value::from(text.as_str()), Value::from);
    let text = |text: &String| Value::from(text.as_str());
    let (mut keys, rest) = match &fields[..] {
        [device, fsck, path, fstype, pass, boot, options] => {
            let keys = [
                ("device", text(device)),
                ("device_to_fsck", text(fsck)),
                ("mount", text(path)),
                ("fstype", text(fstype)),
                ("passno", number(pass)),
                ("mount_at_boot", text(boot)),
                ("options", text(options)),
            ];
            return Some(Mount::new(line, &keys));
        }
        [device, path, fstype, options, rest @ ..] if rest.len() <= 2 => {
            let keys =
                [("device", text(device)), ("mount", text(path)), ("fstype", text(fstype)), ("options", text(options))];
            (keys.to_vec(), rest)
        }
        _ => return None,
    };
    keys.extend(["dump", "passno"].into_iter().zip(rest.iter().map(number)));
    Some(Mount::new(line, &keys))
}

/// `DEVICE on PATH type TYPE (OPTIONS)`.
fn of_program(line: &str) -> Option<Mount> {
    let (device, rest) = line.split_once(" on ")?;
    let (path, rest) = rest.rsplit_once(" type ")?;
    let (fstype, options) = rest.split_once(" (")?;
    let options = options.trim_end().strip_suffix(')')?;
    let keys = [("device", device), ("mount", path), ("fstype", fstype), ("options", options)];
    Some(Mount::new(line, &keys.map(|(key, value)| (key, value.into()))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_all_kinds_are_read() {
        let mount = of_program("/dev/vda on / type ext4 (rw,a=(b))").unwrap();
        assert_eq!((mount.text("mount"), mount.text("options")), ("/".to_owned(), "rw,a=(b)".to_owned()));
        assert_eq!(of_table("a b\\040c d e").unwrap().text("mount"), "b c");
        assert!(parse_file("a b c d 0 0\ngarbage\n").is_empty());
    }
}
