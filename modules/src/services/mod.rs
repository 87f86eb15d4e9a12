//! What the service modules share: talking to systemd, and to init scripts where there is no systemd.

pub(crate) mod init_script;
pub(crate) mod systemd;

use std::path::Path;

/// Whether systemd is the running init system.
pub(crate) fn systemd_is_running() -> bool {
    ["/run/systemd/system", "/dev/.run/systemd", "/dev/.systemd"].iter().any(|path| Path::new(path).exists())
}
