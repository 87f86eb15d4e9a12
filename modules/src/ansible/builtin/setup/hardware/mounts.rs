//! Mounted file systems: what, where, how, and how full.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

use serde_json::{Value, json};

use super::super::collector::Facts;
use crate::Map;
use crate::real_path::real_path;

pub(super) fn collect(facts: &mut Facts<'_, '_>) {
    let timeout = facts.args.opt_int("gather_timeout").and_then(|seconds| u64::try_from(seconds).ok()).unwrap_or(10);
    let table = fs_err::read_to_string("/etc/mtab").or_else(|_| fs_err::read_to_string("/proc/mounts"));
    let binds = bind_mounts(&fs_err::read_to_string("/proc/self/mountinfo").unwrap_or_default());
    let uuids = uuids_by_device(Path::new("/dev/disk/by-uuid"));
    let mounts = parse(&table.unwrap_or_default());
    let found = mounts.into_iter().map(|mount| describe(mount, &binds, &uuids, Duration::from_secs(timeout)));
    facts.set("mounts", found.collect::<Vec<Value>>());
}

/// A line of the table.
#[derive(Debug, PartialEq, Eq)]
struct Mount {
    device: String,
    path: String,
    fstype: String,
    options: String,
    dump: i64,
    pass: i64,
}

/// The mounts of devices and of other machines; the kernel's own file systems are left out.
fn parse(table: &str) -> Vec<Mount> {
    let mount = |line: &str| {
        let fields: Vec<String> = line.split_whitespace().map(unescape).collect();
        let [device, path, fstype, options, dump, pass, ..] = fields.as_slice() else { return None };
        let real = device.starts_with(['/', '\\']) || device.contains(':');
        (real && fstype != "none").then(|| Mount {
            device: device.clone(),
            path: path.clone(),
            fstype: fstype.clone(),
            options: options.clone(),
            dump: dump.parse().unwrap_or(0),
            pass: pass.parse().unwrap_or(0),
        })
    };
    let mut mounts: Vec<Mount> = Vec::new();
    for mount in table.lines().filter_map(mount) {
        // What was mounted over a place later hides what is below.
        match mounts.iter_mut().find(|earlier| earlier.path == mount.path) {
            Some(earlier) => *earlier = mount,
            None => mounts.push(mount),
        }
    }
    mounts
}

/// Blanks and the like are written as octal numbers.
pub(crate) fn unescape(field: &str) -> String {
    let mut out = Vec::new();
    let mut rest = field.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        let number = tail.get(..3).and_then(|digits| std::str::from_utf8(digits).ok());
        match number.and_then(|digits| u8::from_str_radix(digits, 8).ok()).filter(|_| byte == b'\\') {
            Some(escaped) => {
                out.push(escaped);
                rest = &tail[3..];
            }
            None => {
                out.push(byte);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Mount points that show a part of their file system only.
fn bind_mounts(mountinfo: &str) -> BTreeSet<String> {
    let bind = |line: &str| {
        let mut fields = line.split_whitespace().skip(3);
        let (root, path) = (fields.next()?, fields.next()?);
        (root != "/").then(|| unescape(path))
    };
    mountinfo.lines().filter_map(bind).collect()
}

pub(crate) fn uuids_by_device(directory: &Path) -> BTreeMap<String, String> {
    let Ok(entries) = fs_err::read_dir(directory) else { return BTreeMap::new() };
    let names = entries.flatten().map(|entry| (entry.path(), entry.file_name().to_string_lossy().into_owned()));
    names.map(|(path, uuid)| (real_path(&path).to_string_lossy().into_owned(), uuid)).collect()
}

fn describe(mount: Mount, binds: &BTreeSet<String>, uuids: &BTreeMap<String, String>, timeout: Duration) -> Value {
    let device = real_path(Path::new(&mount.device)).to_string_lossy().into_owned();
    let uuid = uuids.get(&device).cloned().unwrap_or_else(|| "N/A".to_owned());
    let options = if binds.contains(&mount.path) { format!("{},bind", mount.options) } else { mount.options };
    let mut facts: Map = match usage(&mount.path, &mount.fstype, timeout) {
        Some(usage) => usage,
        None => Map::from_iter([("note".to_owned(), "Could not get statistics of the file system in time.".into())]),
    };
    let entries = [
        ("mount", Value::from(mount.path)),
        ("device", mount.device.into()),
        ("fstype", mount.fstype.into()),
        ("options", options.into()),
        ("dump", mount.dump.into()),
        ("passno", mount.pass.into()),
        ("uuid", uuid.into()),
    ];
    facts.extend(entries.map(|(key, value)| (key.to_owned(), value)));
    facts.into()
}

/// Sizes; a server that does not answer must not hold up the rest, so it is asked by a thread that may be left behind.
fn usage(path: &str, fstype: &str, timeout: Duration) -> Option<Map> {
    let remote =
        ["nfs", "cifs", "smb", "fuse", "ceph", "gluster", "9p", "afs"].iter().any(|kind| fstype.starts_with(kind));
    if !remote {
        return statistics(path);
    }
    let (sender, receiver) = mpsc::channel();
    let path = path.to_owned();
    std::thread::spawn(move || sender.send(statistics(&path)));
    receiver.recv_timeout(timeout).ok().flatten()
}

/// How full the file system at `path` is.
pub(crate) fn statistics(path: &str) -> Option<Map> {
    let found = rustix::fs::statvfs(path).ok()?;
    json!({
        "size_total": found.f_frsize * found.f_blocks,
        "size_available": found.f_frsize * found.f_bavail,
        "block_size": found.f_bsize,
        "block_total": found.f_blocks,
        "block_available": found.f_bavail,
        "block_used": found.f_blocks - found.f_bavail.min(found.f_blocks),
        "inode_total": found.f_files,
        "inode_available": found.f_favail,
        "inode_used": found.f_files - found.f_favail.min(found.f_files),
    })
    .as_object()
    .cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_read() {
        let table = "proc /proc proc rw 0 0\n/dev/vda1 /my\\040disk ext4 rw,noatime 0 1\nsrv:/x /n nfs rw 0 0\n";
        let mounts = parse(table);
        let found: Vec<_> = mounts.iter().map(|mount| (mount.path.as_str(), mount.pass)).collect();
        assert_eq!(found, [("/my disk", 1), ("/n", 0)]);
        let twice = parse("/dev/a /m ext4 ro 0 0\n/dev/b /other xfs rw 0 0\n/dev/c /m ext4 rw 0 0\n");
        let found: Vec<_> = twice.iter().map(|mount| (mount.path.as_str(), mount.device.as_str())).collect();
        assert_eq!(found, [("/m", "/dev/c"), ("/other", "/dev/b")]);
        let info =
            "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw\n36 35 98:0 / / rw - ext3 /dev/root rw\n";
        assert_eq!(bind_mounts(info), BTreeSet::from(["/mnt2".to_owned()]));
    }
}
