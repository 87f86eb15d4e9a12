//! The login of a repository's URL: git hears of it through the environment of its processes, which only their user can
//! read, while URLs are arguments that everybody on the node sees, git's own programs' included.

use std::path::Path;

use super::request::Request;
use crate::url_login::UrlLogin;
use crate::{CommandSpec, Content, Context, ModuleError, WriteOptions};

const USER: &str = "KAPELL_GIT_USER";
const PASSWORD: &str = "KAPELL_GIT_PASSWORD";
/// The shell's own `printf`: no process gets the values as arguments.
const HELPER: &str = "!printf \"username=%s\\npassword=%s\\n\" \"$KAPELL_GIT_USER\" \"$KAPELL_GIT_PASSWORD\" #";

/// Settings as `git -c` hands them on to other programs, which every git since 1.7.3 reads: the URL with the login stands for the
/// one without, which is the only one to be used, and the login is asked from us and nobody else.
pub(super) fn hand_over(
    command: CommandSpec,
    login: &UrlLogin,
    remote: &str,
    inherited: Option<String>,
) -> CommandSpec {
    let UrlLogin { plain, site, full_site, user, password } = login;
    let settings = [
        format!("url.{site}/.insteadOf={full_site}/"),
        format!("credential.{site}.helper="),
        format!("credential.{site}.helper={HELPER}"),
        // Submodules with relative addresses begin here.
        format!("remote.{remote}.url={plain}"),
    ];
    let settings = settings.iter().map(|setting| format!("'{}'", setting.replace('\'', "'\\''").replace('!', "'\\!'")));
    let settings = inherited.into_iter().chain(settings).collect::<Vec<_>>().join(" ");
    command.env("GIT_CONFIG_PARAMETERS", settings).env(USER, user).env(PASSWORD, password)
}

/// The URL as it was given, where git keeps it, as `git clone` and `git remote` write it there.
pub(super) fn keep(request: &Request, git_dir: &Path, cx: &mut Context<'_>) -> Result<(), ModuleError> {
    let Some(login) = &request.login else { return Ok(()) };
    let config = git_dir.join("config");
    let Some(text) = cx.read_text(&config)? else { return Ok(()) };
    let plain = format!("url = {}", login.plain);
    let mut in_remote = false;
    let line = |line: &str| {
        if line.trim_start().starts_with('[') {
            in_remote = line.trim() == format!("[remote \"{}\"]", request.remote);
        }
        match line.trim() == plain && in_remote {
            true => format!("\turl = {}\n", quoted(&request.repo)),
            false => format!("{line}\n"),
        }
    };
    let changed: String = text.lines().map(line).collect();
    if changed != text {
        cx.write_file(&config, Content::Bytes(changed.as_bytes()), &WriteOptions::default())?;
    }
    Ok(())
}

/// As values in git's files are written.
fn quoted(url: &str) -> String {
    let escaped = url.replace('\\', "\\\\").replace('"', "\\\"");
    if escaped != url || url.contains(['#', ';', ' ']) { format!("\"{escaped}\"") } else { escaped }
}
