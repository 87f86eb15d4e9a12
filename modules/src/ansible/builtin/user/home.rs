//! The home directory where `useradd` does not make it: deep paths, and accounts that exist without one.

use std::path::Path;

use super::request::Request;
use crate::{CommandSpec, Context, ModuleError, User};

const SKELETON: &str = "/etc/skel";

/// `useradd` makes the last directory of the path only.
pub(super) fn make_missing_parents(request: &Request, cx: &mut Context<'_>) -> Result<(), ModuleError> {
    let Some(parent) = request.home.as_deref().and_then(|home| Path::new(home).parent()) else { return Ok(()) };
    if !cx.exists(parent) {
        fs_err::create_dir_all(parent)?;
    }
    Ok(())
}

/// Makes the home directory of an existing account from the skeleton; true when it was missing.
pub(super) fn make_if_missing(
    dir: &str,
    request: &Request,
    user: &User,
    cx: &mut Context<'_>,
) -> Result<bool, ModuleError> {
    if dir.is_empty() || cx.exists(dir) {
        return Ok(false);
    }
    if cx.check_mode {
        return Ok(true);
    }
    let dir = Path::new(dir);
    if let Some(parent) = dir.parent() {
        fs_err::create_dir_all(parent)?;
    }
    let skeleton = request.skeleton.as_deref().unwrap_or(SKELETON);
    if cx.exists(skeleton) {
        cx.run_ok(&CommandSpec::new(["cp", "-R", "-P", "--", skeleton]).arg(dir.to_string_lossy()))?;
    } else {
        fs_err::create_dir(dir)?;
    }
    set_mode(dir, request, cx)?;
    let owner = format!("{}:{}", user.uid, user.gid);
    cx.run_ok(&CommandSpec::new(["chown", "-R", "-h", "--", &owner]).arg(dir.to_string_lossy()))?;
    Ok(true)
}

/// The mode that `useradd` would give: `HOME_MODE`, or what the umask leaves.
fn set_mode(dir: &Path, request: &Request, cx: &Context<'_>) -> Result<(), ModuleError> {
    use std::os::unix::fs::PermissionsExt;
    let login_defs = cx.read_text("/etc/login.defs")?.unwrap_or_default();
    let mode = home_mode(request.umask.as_deref(), &login_defs);
    Ok(fs_err::set_permissions(dir, std::fs::Permissions::from_mode(mode))?)
}

fn home_mode(umask: Option<&str>, login_defs: &str) -> u32 {
    let octal = |text: &str| u32::from_str_radix(text, 8).ok();
    let setting = |name: &str| {
        let mut lines = login_defs.lines().map(str::split_whitespace);
        lines.find_map(|mut words| (words.next() == Some(name)).then(|| words.next().and_then(octal)).flatten())
    };
    let from_umask = |umask: u32| 0o777 & !umask;
    umask
        .and_then(octal)
        .map(from_umask)
        .or_else(|| setting("HOME_MODE"))
        .or_else(|| setting("UMASK").map(from_umask))
        .unwrap_or(0o755)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mode_comes_from_the_task_or_the_system() {
        assert_eq!(home_mode(None, "# UMASK 077\nUMASK\t\t027\n"), 0o750);
        assert_eq!(home_mode(None, "HOME_MODE 0700\nUMASK 022\n"), 0o700);
        assert_eq!(home_mode(Some("077"), "HOME_MODE 0755\n"), 0o700);
        assert_eq!(home_mode(None, ""), 0o755);
    }
}
