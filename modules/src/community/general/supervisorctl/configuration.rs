//! `Configuration`: what supervisorctl is told in a file only this user can read, because others see command lines.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::{Args, Context, ModuleError};

/// Where supervisorctl looks when it is not told.
const PLACES: [&str; 4] = [
    "/usr/etc/supervisord.conf",
    "/etc/supervisord.conf",
    "/etc/supervisor/supervisord.conf",
    "/usr/local/etc/supervisord.conf",
];

pub(super) struct Configuration {
    file: NamedTempFile,
}

impl Configuration {
    /// The configuration in use with another password.
    pub(super) fn with(password: &str, args: &Args, cx: &Context<'_>) -> Result<Self, ModuleError> {
        if password != password.trim() || password.contains(['\n', '\r', ';', '#']) {
            return Err(ModuleError::failed(
                "password: supervisorctl cannot read a password with ';', '#', line ends or space around it from a \
                 configuration file",
            ));
        }
        let given = args.opt_path("config");
        let used = given.or_else(|| PLACES.iter().map(PathBuf::from).find(|path| cx.exists(path)));
        let text = match &used {
            Some(path) => cx
                .read_text(path)?
                .ok_or_else(|| ModuleError::failed(format!("Error: could not find config file {}", path.display())))?,
            None => String::new(),
        };
        let here = used.as_deref().and_then(Path::parent).unwrap_or(Path::new("/"));
        let mut file = tempfile::Builder::new().prefix("kapell-supervisor-").tempfile()?;
        file.write_all(changed(&text, here, password).as_bytes())?;
        Ok(Self { file })
    }

    pub(super) fn path(&self) -> String {
        self.file.path().to_string_lossy().into_owned()
    }
}

/// The text with this password in its section `[supervisorctl]`; `%(here)s` stays the old file's directory.
fn changed(text: &str, here: &Path, password: &str) -> String {
    let own = format!("password = {}\n", password.replace('%', "%%"));
    let (mut out, mut inside, mut written) = (String::new(), false, false);
    for line in text.lines() {
        let trimmed = line.trim();
        if trimmed.starts_with('[') {
            inside = trimmed.starts_with("[supervisorctl]");
        }
        let key = trimmed.split(['=', ':']).next().unwrap_or_default().trim();
        if inside && key == "password" {
            continue;
        }
        out.push_str(&line.replace("%(here)s", &here.to_string_lossy().replace('%', "%%")));
        out.push('\n');
        if inside && !written {
            out.push_str(&own);
            written = true;
        }
    }
    if !written {
        out.push_str("[supervisorctl]\n");
        out.push_str(&own);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_takes_the_place_of_the_old_one() {
        let text =
            "[unix_http_server]\nfile=%(here)s/s\npassword=x\n[supervisorctl] ; client\nserverurl=u\npassword : old\n";
        assert_eq!(
            changed(text, Path::new("/etc"), "a%b"),
            "[unix_http_server]\nfile=/etc/s\npassword=x\n[supervisorctl] ; client\npassword = a%%b\nserverurl=u\n"
        );
        assert_eq!(changed("", Path::new("/"), "p"), "[supervisorctl]\npassword = p\n");
    }
}
