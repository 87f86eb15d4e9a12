//! The table of fact collectors, and the facts they put together.

use std::cell::OnceCell;
use std::io::Read;

use serde_json::Value;

use super::python::Python;
use super::{
    accounts, capabilities, command_line, date_time, distribution, dns, hardware, local, lsb, network, package_manager,
    platform, python, security, service_manager, ssh_keys, storage_initiators, virtualization,
};
use crate::{Args, Context, Map};

/// One source of facts.
pub(super) struct Collector {
    pub(super) name: &'static str,
    /// Other names in `gather_subset`, those of single facts among them.
    pub(super) aliases: &'static [&'static str],
    /// Collectors whose facts this one needs.
    pub(super) needs: &'static [&'static str],
    /// Part of `min`.
    pub(super) minimal: bool,
    pub(super) collect: fn(&mut Facts<'_, '_>),
}

/// In the order in which they run.
#[rustfmt::skip]
pub(super) static COLLECTORS: &[Collector] = &[
    Collector { name: "platform", minimal: true, needs: &[], collect: platform::collect,
        aliases: &["system", "kernel", "kernel_version", "machine", "python_version", "architecture", "machine_id"] },
    Collector { name: "distribution", minimal: true, needs: &[], collect: distribution::collect,
        aliases: &["distribution_version", "distribution_release", "distribution_major_version", "os_family"] },
    Collector { name: "lsb", minimal: true, needs: &[], collect: lsb::collect, aliases: &[] },
    Collector { name: "selinux", minimal: true, needs: &[], collect: security::selinux, aliases: &[] },
    Collector { name: "apparmor", minimal: true, needs: &[], collect: security::apparmor, aliases: &[] },
    Collector { name: "chroot", minimal: false, needs: &[], collect: security::chroot, aliases: &["is_chroot"] },
    Collector { name: "fips", minimal: true, needs: &[], collect: security::fips, aliases: &[] },
    Collector { name: "python", minimal: true, needs: &[], collect: python::collect, aliases: &[] },
    Collector { name: "caps", minimal: true, needs: &[], collect: capabilities::collect,
        aliases: &["system_capabilities", "system_capabilities_enforced"] },
    Collector { name: "pkg_mgr", minimal: true, needs: &["distribution"], collect: package_manager::collect, aliases: &[] },
    Collector { name: "service_mgr", minimal: true, needs: &["platform", "distribution"], collect: service_manager::collect, aliases: &[] },
    Collector { name: "systemd", minimal: false, needs: &[], collect: service_manager::systemd, aliases: &[] },
    Collector { name: "cmdline", minimal: true, needs: &[], collect: command_line::collect, aliases: &[] },
    Collector { name: "date_time", minimal: true, needs: &[], collect: date_time::collect, aliases: &[] },
    Collector { name: "env", minimal: true, needs: &[], collect: accounts::environment, aliases: &[] },
    Collector { name: "loadavg", minimal: false, needs: &[], collect: platform::load, aliases: &[] },
    Collector { name: "ssh_pub_keys", minimal: true, needs: &[], collect: ssh_keys::collect,
        aliases: &["ssh_host_pub_keys", "ssh_host_key_dsa_public", "ssh_host_key_rsa_public", "ssh_host_key_ecdsa_public", "ssh_host_key_ed25519_public"] },
    Collector { name: "user", minimal: true, needs: &[], collect: accounts::user,
        aliases: &["user_id", "user_uid", "user_gid", "user_gecos", "user_dir", "user_shell", "real_user_id", "effective_user_id", "effective_group_ids"] },
    Collector { name: "dns", minimal: true, needs: &[], collect: dns::collect, aliases: &[] },
    Collector { name: "fibre_channel_wwn", minimal: false, needs: &[], collect: storage_initiators::fibre_channel, aliases: &[] },
    Collector { name: "iscsi", minimal: false, needs: &[], collect: storage_initiators::iscsi, aliases: &[] },
    Collector { name: "nvme", minimal: false, needs: &[], collect: storage_initiators::nvme, aliases: &[] },
    Collector { name: "hardware", minimal: false, needs: &["platform"], collect: hardware::collect,
        aliases: &["processor", "processor_cores", "processor_count", "mounts", "devices"] },
    Collector { name: "network", minimal: false, needs: &["platform", "distribution"], collect: network::collect,
        aliases: &["interfaces", "default_ipv4", "default_ipv6", "all_ipv4_addresses", "all_ipv6_addresses"] },
    Collector { name: "virtual", minimal: false, needs: &[], collect: virtualization::collect,
        aliases: &["virtualization_type", "virtualization_role", "virtualization_tech_guest", "virtualization_tech_host"] },
    Collector { name: "local", minimal: true, needs: &[], collect: local::collect, aliases: &[] },
    Collector { name: "facter", minimal: false, needs: &[], collect: local::facter, aliases: &[] },
    Collector { name: "ohai", minimal: false, needs: &[], collect: local::ohai, aliases: &[] },
];

/// The facts so far, by their names without `ansible_`, and the door to the node.
pub(super) struct Facts<'f, 'c> {
    map: Map,
    python: OnceCell<Option<Python>>,
    pub(super) args: &'f Args,
    pub(super) cx: &'f mut Context<'c>,
}

impl<'f, 'c> Facts<'f, 'c> {
    pub(super) fn new(args: &'f Args, cx: &'f mut Context<'c>) -> Self {
        Self { map: Map::new(), python: OnceCell::new(), args, cx }
    }

    pub(super) fn set(&mut self, key: &str, value: impl Into<Value>) {
        self.map.insert(key.to_owned(), value.into());
    }

    pub(super) fn extend(&mut self, facts: impl IntoIterator<Item = (String, Value)>) {
        self.map.extend(facts);
    }

    /// A fact that an earlier collector found.
    pub(super) fn text(&self, key: &str) -> &str {
        self.map.get(key).and_then(Value::as_str).unwrap_or_default()
    }

    /// The node's Python, which is looked for once.
    pub(super) fn python(&self) -> Option<&Python> {
        self.python.get_or_init(Python::find).as_ref()
    }

    pub(super) fn into_map(self) -> Map {
        self.map
    }
}

/// The trimmed content of a small file of the kernel's; `None` when it is not there or not readable.
pub(super) fn content(path: impl AsRef<std::path::Path>) -> Option<String> {
    // Whether the file tells its size is not asked: half of what `read` does for files of a line.
    let mut file = fs_err::File::open(path.as_ref()).ok()?;
    let mut bytes = Vec::with_capacity(4096);
    file.read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).trim().to_owned())
}
