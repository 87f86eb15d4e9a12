//! Finding the files lookups name.

use std::path::{Path, PathBuf};

use super::LookupCall;
use crate::evaluate::Fault;
use crate::filters::with_home;

impl LookupCall<'_> {
    /// The file `name`: absolute, from the home directory, or in the search path, there first below `subdir`.
    pub(crate) fn find_file(&self, subdir: &str, name: &str) -> Option<PathBuf> {
        self.candidates(subdir, name).into_iter().find(|path| path.exists())
    }

    /// Where `name` may be, best first.
    pub(crate) fn candidates(&self, subdir: &str, name: &str) -> Vec<PathBuf> {
        let name = PathBuf::from(with_home(name));
        if name.is_absolute() {
            return vec![name];
        }
        let cx = self.rendering.cx;
        let dirs = cx.search_path.iter().chain(std::iter::once(&cx.basedir));
        dirs.flat_map(|dir| [dir.join(subdir).join(&name), dir.join(&name)]).collect()
    }

    /// The text of a file, decrypted when it is vault data (then it is secret).
    pub(crate) fn read_text(&self, path: &Path) -> Result<(String, bool), Fault> {
        let data = fs_err::read(path)?;
        let encrypted = kapell_parsing::vault::is_encrypted(&data);
        if !encrypted {
            return Ok((String::from_utf8_lossy(&data).into_owned(), false));
        }
        let secrets = &self.rendering.templar.options().vault;
        let plain = kapell_parsing::vault::decrypt(&data, secrets)
            .map_err(|error| Fault::error(format!("{}: {error}", path.display())))?;
        let text = String::from_utf8_lossy(&plain).into_owned();
        secrets.opened().note(&text);
        Ok((text, true))
    }
}

/// The files a glob pattern in the last part of a path matches, sorted; hidden ones only when asked for.
pub(crate) fn glob_files(pattern: &Path) -> Result<Vec<String>, Fault> {
    let mut found = vec![PathBuf::new()];
    for part in pattern.components() {
        let text = part.as_os_str().to_string_lossy().into_owned();
        if !text.contains(['*', '?', '[']) {
            found.iter_mut().for_each(|path| path.push(part));
            continue;
        }
        let glob = globset::GlobBuilder::new(&text).literal_separator(true).build();
        let glob = glob.map_err(|error| Fault::error(error.to_string()))?.compile_matcher();
        found = found.iter().flat_map(|dir| matching_entries(dir, &glob, text.starts_with('.'))).collect();
    }
    let mut files: Vec<String> =
        found.into_iter().filter(|path| path.is_file()).map(|path| path.to_string_lossy().into_owned()).collect();
    files.sort();
    Ok(files)
}

fn matching_entries(dir: &Path, glob: &globset::GlobMatcher, hidden: bool) -> Vec<PathBuf> {
    let read = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
    let Ok(entries) = fs_err::read_dir(read) else {
        return Vec::new();
    };
    entries
        .filter_map(Result::ok)
        .filter(|entry| {
            let name = entry.file_name();
            glob.is_match(Path::new(&name)) && (hidden || !name.to_string_lossy().starts_with('.'))
        })
        .map(|entry| dir.join(entry.file_name()))
        .collect()
}
