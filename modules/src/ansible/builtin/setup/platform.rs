//! Kernel, machine and names of the node.

use serde_json::Value;

use super::collector::{Facts, content};
use super::python::Python;
use crate::Map;
use crate::name_resolution::full_name;

pub(super) fn collect(facts: &mut Facts<'_, '_>) {
    let uname = rustix::system::uname();
    let text = |text: &std::ffi::CStr| text.to_string_lossy().into_owned();
    let (machine, nodename) = (text(uname.machine()), text(uname.nodename()));
    facts.set("system", text(uname.sysname()));
    facts.set("kernel", text(uname.release()));
    facts.set("kernel_version", text(uname.version()));
    facts.set("machine", machine.as_str());
    let fqdn = full_name(&nodename, facts.cx);
    facts.set("hostname", nodename.split('.').next().unwrap_or_default());
    facts.set("domain", fqdn.split_once('.').map_or("", |(_, domain)| domain));
    facts.set("fqdn", fqdn);
    facts.set("nodename", nodename);
    if let Some(version) = facts.python().map(Python::version) {
        facts.set("python_version", version);
    }
    // Programs of the node may be narrower than its kernel.
    let bits = if userspace_is_narrow() { "32" } else { "64" };
    let userspace = match (machine.as_str(), bits) {
        ("x86_64", "32") | ("i386" | "i486" | "i586" | "i686", _) => "i386",
        (machine, _) => machine,
    };
    facts.set("userspace_bits", bits);
    facts.set("architecture", userspace);
    facts.set("userspace_architecture", userspace);
    let id = ["/var/lib/dbus/machine-id", "/etc/machine-id"].iter().find_map(content);
    if let Some(id) = id.as_deref().and_then(|id| id.lines().next()) {
        facts.set("machine_id", id);
    }
}

/// Whether `/bin/sh` is a 32 bit program, by its ELF header.
fn userspace_is_narrow() -> bool {
    use std::io::Read;
    let mut header = [0; 5];
    let read = fs_err::File::open("/bin/sh").and_then(|mut file| file.read_exact(&mut header));
    read.is_ok() && header.starts_with(b"\x7fELF") && header[4] == 1
}

pub(super) fn load(facts: &mut Facts<'_, '_>) {
    let loads = rustix::system::sysinfo().loads;
    let share = |load: u64| Value::from(load as f64 / 65536.0);
    let entries = [("1m", loads[0]), ("5m", loads[1]), ("15m", loads[2])];
    #[expect(clippy::useless_conversion, reason = "the type depends on the architecture")]
    let map: Map = entries.map(|(key, load)| (key.to_owned(), share(load.into()))).into_iter().collect();
    facts.set("loadavg", map);
}
