//! The login of a repository's URL, where git keeps it.

use std::path::Path;

use super::request::Request;
use crate::{Content, Context, ModuleError, WriteOptions};

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
