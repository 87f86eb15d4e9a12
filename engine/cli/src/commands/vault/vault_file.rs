//! Where vault commands read from and write to. Files are replaced as a whole: what was locked or unlocked is its
//! owner's alone from then on, what was changed in between keeps its mode and owner. Both as measured of ansible-vault.

use std::fs::{Metadata, Permissions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Input {
    Stdin,
    /// A whole path; links are followed.
    File(PathBuf),
}

impl Input {
    pub(super) fn of(name: &str) -> Self {
        if name == "-" {
            return Self::Stdin;
        }
        let path = fs_err::canonicalize(name).or_else(|_| std::path::absolute(name));
        Self::File(path.unwrap_or_else(|_| PathBuf::from(name)))
    }

    pub(super) fn name(&self) -> String {
        match self {
            Self::Stdin => "-".to_owned(),
            Self::File(path) => path.display().to_string(),
        }
    }

    pub(super) fn read(&self) -> Result<Vec<u8>> {
        let mut data = Vec::new();
        match self {
            Self::Stdin => {
                std::io::stdin().lock().read_to_end(&mut data)?;
            }
            Self::File(path) => {
                data = std::fs::read(path)
                    .map_err(|error| anyhow!("Unable to read source file ({}): {error}", path.display()))?;
            }
        }
        Ok(data)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Output {
    Stdout,
    File(PathBuf),
}

impl Output {
    /// `--output`, else where the input came from.
    pub(super) fn of(given: Option<&str>, input: &Input) -> Self {
        match (given, input) {
            (Some("-"), _) | (None, Input::Stdin) => Self::Stdout,
            (Some(name), _) => match Input::of(name) {
                Input::File(path) => Self::File(path),
                Input::Stdin => Self::Stdout,
            },
            (None, Input::File(path)) => Self::File(path.clone()),
        }
    }

    pub(super) fn write(&self, data: &[u8]) -> Result<()> {
        match self {
            Self::Stdout => {
                let mut out = std::io::stdout().lock();
                out.write_all(data)?;
                out.flush()?;
                Ok(())
            }
            Self::File(path) => place(path, data, None),
        }
    }
}

/// A file that stays what it was, with other contents.
pub(super) fn replace(path: &Path, data: &[u8]) -> Result<()> {
    let known = match fs_err::metadata(path) {
        Ok(metadata) => Some(metadata),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(error.into()),
    };
    place(path, data, known.as_ref())
}

/// Writes beside the file and renames: nobody ever sees half of it. It is for its owner only, unless it takes after
/// another.
fn place(path: &Path, data: &[u8], known: Option<&Metadata>) -> Result<()> {
    let directory = path.parent().unwrap_or(Path::new("/"));
    let mut file = tempfile::Builder::new()
        .prefix(".kapell-vault")
        .tempfile_in(directory)
        .map_err(|error| anyhow!("The directory {} is not writable: {error}", directory.display()))?;
    file.write_all(data)?;
    file.as_file().sync_all()?;
    if let Some(known) = known {
        take_after(file.path(), known);
    }
    file.persist(path).with_context(|| format!("cannot replace {}", path.display()))?;
    Ok(())
}

/// Mode and owner; the owner only where we may.
fn take_after(path: &Path, known: &Metadata) {
    let _ = std::os::unix::fs::chown(path, Some(known.uid()), Some(known.gid()));
    let _ = fs_err::set_permissions(path, Permissions::from_mode(known.mode() & 0o7777));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replaced_file_keeps_its_mode() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("f");
        replace(&path, b"new").unwrap();
        assert_eq!(fs_err::metadata(&path).unwrap().mode() & 0o777, 0o600);
        fs_err::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        replace(&path, b"newer").unwrap();
        assert_eq!(fs_err::metadata(&path).unwrap().mode() & 0o777, 0o640);
        assert_eq!(fs_err::read(&path).unwrap(), b"newer");
        Output::File(path.clone()).write(b"locked").unwrap();
        assert_eq!(fs_err::metadata(&path).unwrap().mode() & 0o777, 0o600, "what was locked is its owner's");
        assert_eq!(fs_err::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn results_go_where_the_input_came_from_unless_told() {
        let input = Input::File("/x".into());
        assert_eq!(Output::of(None, &input), Output::File("/x".into()));
        assert_eq!(Output::of(Some("-"), &input), Output::Stdout);
        assert_eq!(Output::of(None, &Input::Stdin), Output::Stdout);
    }
}
