//! `ansible.cfg`: where it is looked for, and what is in it.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use kapell_parsing::{Diagnostic, SourceFile};

use crate::ini::{self, IniEntry};
use crate::{Environment, known, paths};

pub struct ConfigFile {
    pub path: PathBuf,
    pub entries: Vec<IniEntry>,
}

impl ConfigFile {
    /// The first that exists: `ANSIBLE_CONFIG`, `./ansible.cfg`, `~/.ansible.cfg`, `/etc/ansible/ansible.cfg`. One in a
    /// directory that everybody may write to is left alone, with a warning.
    pub fn find(
        environment: &Environment,
        cwd: &Path,
        warnings: &mut Vec<Diagnostic>,
    ) -> Result<Option<Self>, Diagnostic> {
        let named =
            environment.get("KAPELL_CONFIG").or(environment.get("ANSIBLE_CONFIG")).filter(|name| !name.is_empty());
        if let Some(named) = named {
            let path = paths::resolve(named, cwd, cwd, environment);
            let path = if path.is_dir() { path.join("ansible.cfg") } else { path };
            if path.is_file() {
                return Self::read(path, warnings).map(Some);
            }
            warnings
                .push(Diagnostic::warning(format!("ANSIBLE_CONFIG names '{}', which is not there", path.display())));
        }
        let beside = Some(cwd.join("ansible.cfg")).filter(|path| path.exists());
        let (beside, unsafe_one) = if is_world_writable(cwd) { (None, beside) } else { (beside, None) };
        let of_user = environment.home().map(|home| Path::new(home).join(".ansible.cfg"));
        let of_system = PathBuf::from("/etc/ansible/ansible.cfg");
        let mut places = beside.into_iter().chain(of_user).chain([of_system]);
        if let Some(path) = unsafe_one {
            let message = format!("'{}' is in a directory that everybody may write to: it is not read", path.display());
            warnings.push(Diagnostic::warning(message).hint("name it in ANSIBLE_CONFIG if it is really yours"));
        }
        places.find(|path| path.is_file()).map(|path| Self::read(path, warnings)).transpose()
    }

    fn read(path: PathBuf, warnings: &mut Vec<Diagnostic>) -> Result<Self, Diagnostic> {
        let text = fs_err::read_to_string(&path).map_err(|error| Diagnostic::error(error.to_string()))?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text).to_owned();
        let file = Self { entries: ini::parse(&SourceFile::new(&path, text))?, path };
        known::check(&file.entries, warnings);
        Ok(file)
    }

    /// The entry of an option; section `DEFAULT` stands in for all others.
    pub(crate) fn get(&self, section: &str, key: &str) -> Option<&IniEntry> {
        let in_section = |section: &str| self.entries.iter().find(|entry| entry.section == section && entry.key == key);
        in_section(section).or_else(|| in_section("DEFAULT"))
    }
}

fn is_world_writable(directory: &Path) -> bool {
    fs_err::metadata(directory).is_ok_and(|metadata| metadata.permissions().mode() & 0o002 != 0)
}
