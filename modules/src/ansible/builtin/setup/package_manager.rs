//! Which package manager the node's distribution uses.

use std::path::Path;

use super::collector::Facts;

/// Programs by the manager they mean; of several, the last one counts.
const PROGRAMS: &[(&str, &str)] = &[
    ("/usr/bin/rpm-ostree", "atomic_container"),
    ("/usr/bin/yum", "yum"),
    ("/usr/bin/apt-get", "apt"),
    ("/usr/bin/zypper", "zypper"),
    ("/usr/sbin/urpmi", "urpmi"),
    ("/usr/bin/pacman", "pacman"),
    ("/bin/opkg", "opkg"),
    ("/usr/pkg/bin/pkgin", "pkgin"),
    ("/opt/local/bin/pkgin", "pkgin"),
    ("/opt/tools/bin/pkgin", "pkgin"),
    ("/opt/local/bin/port", "macports"),
    ("/usr/local/bin/brew", "homebrew"),
    ("/sbin/apk", "apk"),
    ("/usr/sbin/pkg", "pkgng"),
    ("/usr/sbin/swlist", "swdepot"),
    ("/usr/bin/emerge", "portage"),
    ("/usr/sbin/pkgadd", "svr4pkg"),
    ("/usr/bin/pkg", "pkg5"),
    ("/usr/bin/xbps-install", "xbps"),
    ("/usr/local/sbin/pkg", "pkgng"),
    ("/usr/bin/swupd", "swupd"),
    ("/usr/sbin/sorcery", "sorcery"),
    ("/usr/bin/installp", "installp"),
];

pub(super) fn collect(facts: &mut Facts<'_, '_>) {
    let manager = match facts.text("os_family") {
        "RedHat" => red_hat(),
        "Altlinux" => "apt_rpm",
        "Debian" => "apt",
        _ => PROGRAMS.iter().rev().find(|(path, _)| Path::new(path).exists()).map_or("unknown", |(_, name)| name),
    };
    facts.set("pkg_mgr", manager);
}

/// What `dnf` and `yum` really are differs between releases.
fn red_hat() -> &'static str {
    if Path::new("/run/ostree-booted").exists() {
        return "atomic_container";
    }
    let behind = |path: &str| fs_err::canonicalize(path).ok().map(|path| path.to_string_lossy().into_owned());
    let program = ["/usr/bin/dnf", "/usr/bin/yum"].iter().find_map(|path| behind(path));
    match program.as_deref().map(|path| path.rsplit('/').next().unwrap_or(path)) {
        Some("dnf5") => "dnf5",
        Some("yum") => "yum",
        Some(_) => "dnf",
        None => "unknown",
    }
}
