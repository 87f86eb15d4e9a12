//! Whether the node is a container or a virtual machine, or a host of such.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use super::collector::{Facts, content};

/// What was found out: the first finding names type and role, all of them are listed.
#[derive(Debug, Default, PartialEq, Eq)]
struct Findings {
    main: Option<(String, &'static str)>,
    guest: BTreeSet<String>,
    host: BTreeSet<String>,
}

impl Findings {
    fn guest(&mut self, kind: &str) {
        self.guest.insert(kind.to_owned());
        self.main.get_or_insert_with(|| (kind.to_owned(), "guest"));
    }

    fn host(&mut self, kind: &str) {
        self.host.insert(kind.to_owned());
        self.main.get_or_insert_with(|| (kind.to_owned(), "host"));
    }
}

pub(super) fn collect(facts: &mut Facts<'_, '_>) {
    let mut findings = Findings::default();
    containers(&mut findings);
    machines(&mut findings);
    hosts(&mut findings);
    let list = |names: BTreeSet<String>| names.into_iter().map(Value::from).collect::<Vec<_>>();
    let (kind, role) = findings.main.unwrap_or_else(|| ("NA".to_owned(), "NA"));
    facts.set("virtualization_type", kind);
    facts.set("virtualization_role", role);
    facts.set("virtualization_tech_guest", list(findings.guest));
    facts.set("virtualization_tech_host", list(findings.host));
}

fn containers(findings: &mut Findings) {
    let exists = |path: &str| Path::new(path).exists();
    let groups = content("/proc/1/cgroup").unwrap_or_default();
    if exists("/.dockerenv")
        || exists("/.dockerinit")
        || groups.lines().any(|line| line.contains("/docker/") || line.contains("/docker-"))
    {
        findings.guest("docker");
        findings.guest("container");
    }
    if groups.lines().any(|line| line.contains("/lxc/") || line.contains("/machine.slice/machine-lxc")) {
        findings.guest("lxc");
        findings.guest("container");
    }
    let environment = content("/proc/1/environ").unwrap_or_default();
    let container =
        environment.split('\0').find_map(|entry| entry.strip_prefix("container=")).filter(|kind| !kind.is_empty());
    if let Some(kind) = container {
        if matches!(kind, "lxc" | "podman") {
            findings.guest(kind);
        }
        findings.guest("container");
    }
    // Where the environment of process 1 may not be read, systemd's own note names the kind.
    if let Some(kind) = content("/run/systemd/container").filter(|kind| !kind.is_empty()) {
        findings.guest(&kind);
        findings.guest("container");
    }
    if exists("/proc/vz") && !exists("/proc/lve") {
        if exists("/proc/bc") { findings.host("openvz") } else { findings.guest("openvz") }
    }
    if let Some(capabilities) = content("/proc/xen/capabilities") {
        if capabilities.contains("control_d") { findings.host("xen") } else { findings.guest("xen") }
    } else if exists("/proc/xen") {
        findings.guest("xen");
    }
}

/// Virtual machines, by what their firmware says.
fn machines(findings: &mut Findings) {
    let dmi = |file: &str| content(Path::new("/sys/devices/virtual/dmi/id").join(file)).unwrap_or_default();
    let (product, vendor, bios) = (dmi("product_name"), dmi("sys_vendor"), dmi("bios_vendor"));
    if let Some(kind) = machine(&product, &vendor, &bios, &dmi("product_family")) {
        findings.guest(kind);
    }
    let processor = content("/proc/cpuinfo").unwrap_or_default();
    let model = |name: &str| processor.lines().any(|line| line.starts_with("model name") && line.contains(name));
    if model("QEMU Virtual CPU") || model("Common KVM processor") || model("Common 32-bit KVM processor") {
        findings.guest("kvm");
    }
    if processor.lines().any(|line| line.starts_with("vendor_id") && line.contains("User Mode Linux")) {
        findings.guest("uml");
    }
}

fn machine(product: &str, vendor: &str, bios: &str, family: &str) -> Option<&'static str> {
    let standard = product.starts_with("KVM") || matches!(product, "Bochs" | "AHV" | "OpenStack Compute");
    Some(match (product, vendor, bios) {
        _ if matches!(product, "Standard PC (i440FX + PIIX, 1996)" | "Standard PC (Q35 + ICH9, 2009)") => "kvm",
        _ if standard => "kvm",
        ("RHEV Hypervisor" | "oVirt Node", ..) => "RHEV",
        ("VMware Virtual Platform" | "VMware7,1" | "VMware20,1", ..) => "VMware",
        ("OpenStack Nova", ..) => "openstack",
        ("Virtual Machine", "Microsoft Corporation", _) => "VirtualPC",
        ("VirtualBox", ..) | (_, _, "innotek GmbH") => "virtualbox",
        ("HVM domU", ..) | (_, _, "Xen") => "xen",
        ("Parallels Virtual Platform" | "Parallels ARM Virtual Machine", ..)
        | (_, "Parallels Software International Inc.", _) => "parallels",
        ("BHYVE", ..) | (_, _, "BHYVE") => "bhyve",
        ("Google Compute Engine", ..)
        | (_, "QEMU" | "oVirt" | "Amazon EC2" | "DigitalOcean" | "Google" | "Scaleway" | "Nutanix", _) => "kvm",
        (_, "KubeVirt", _) => "KubeVirt",
        (_, "OpenStack Foundation", _) => "openstack",
        (_, _, "Amazon EC2" | "DigitalOcean" | "Hetzner" | "SeaBIOS") => "kvm",
        _ if family == "RHV" => "RHEV",
        _ => return None,
    })
}

fn hosts(findings: &mut Findings) {
    let modules = content("/proc/modules").unwrap_or_default();
    let loaded = |name: &str| modules.lines().any(|line| line.split_whitespace().next() == Some(name));
    if Path::new("/dev/kvm").exists() || loaded("kvm") {
        findings.host("kvm");
    }
    if loaded("vboxdrv") {
        findings.host("virtualbox");
    }
}

#[cfg(test)]
mod tests {
    use super::machine;

    #[test]
    fn machines_are_known_by_their_firmware() {
        let cases = [
            (("Standard PC (Q35 + ICH9, 2009)", "QEMU", "SeaBIOS"), Some("kvm")),
            (("VMware Virtual Platform", "VMware, Inc.", "Phoenix"), Some("VMware")),
            (("VirtualBox", "innotek GmbH", "innotek GmbH"), Some("virtualbox")),
            (("Virtual Machine", "Microsoft Corporation", "x"), Some("VirtualPC")),
            (("t3.micro", "Amazon EC2", "Amazon EC2"), Some("kvm")),
            (("HVM domU", "Xen", "Xen"), Some("xen")),
            (("ThinkPad X1", "LENOVO", "LENOVO"), None),
        ];
        for ((product, vendor, bios), expected) in cases {
            assert_eq!(machine(product, vendor, bios, ""), expected, "{product}");
        }
    }
}
