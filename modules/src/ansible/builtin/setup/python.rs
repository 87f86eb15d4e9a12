//! The node's own Python, when it has one: Kapell does not need it and does not start it, but content may ask.

use std::io::Read;
use std::path::{Path, PathBuf};

use regex::bytes::Regex;
use serde_json::{Value, json};

use super::collector::Facts;

/// Where Pythons are, and under which names, newest first: as where one is needed for somebody's module.
const DIRECTORIES: [&str; 3] = ["/usr/local/bin", "/usr/bin", "/usr/libexec"];
const NAMES: [&str; 8] =
    ["python3.13", "python3.12", "python3.11", "python3.10", "python3.9", "python3.8", "python3", "platform-python"];
/// Nothing larger is searched for a version.
const LARGEST: u64 = 64 << 20;
const PIECE: u64 = 256 << 10;
/// Longer than any version.
const OVERLAP: usize = 64;

pub(super) fn collect(facts: &mut Facts<'_, '_>) {
    if let Some(shown) = facts.python().map(Python::shown) {
        facts.set("python", shown);
    }
}

pub(super) struct Python {
    path: String,
    /// Where the links lead.
    program: PathBuf,
    major: u32,
    minor: u32,
    release: Option<Release>,
}

#[derive(Clone, Copy)]
struct Release {
    micro: u32,
    level: &'static str,
    serial: u32,
}

impl Python {
    /// Major and minor version are in the interpreter's name, the rest is written in its program or library.
    pub(super) fn find() -> Option<Self> {
        let mut paths = NAMES.iter().flat_map(|name| DIRECTORIES.map(|directory| Path::new(directory).join(name)));
        let mut python = paths.find_map(|path| Self::at(&path))?;
        python.release = python.programs().iter().find_map(|file| python.release_in(file));
        Some(python)
    }

    pub(super) fn version(&self) -> String {
        let micro = self.release.map(|release| format!(".{}", release.micro)).unwrap_or_default();
        format!("{}.{}{micro}", self.major, self.minor)
    }

    fn shown(&self) -> Value {
        let (major, minor) = (self.major, self.minor);
        let mut shown = json!({ "executable": self.path, "type": "cpython", "has_sslcontext": self.has_ssl() });
        shown["version"] = json!({ "major": major, "minor": minor });
        if let Some(Release { micro, level, serial }) = self.release {
            shown["version"] =
                json!({ "major": major, "minor": minor, "micro": micro, "releaselevel": level, "serial": serial });
            shown["version_info"] = json!([major, minor, micro, level, serial]);
        }
        shown
    }

    fn at(path: &Path) -> Option<Self> {
        let program = fs_err::canonicalize(path).ok()?;
        let name = program.file_name()?.to_str()?;
        let (major, minor) = name.strip_prefix("python")?.split_once('.')?;
        let minor: String = minor.chars().take_while(char::is_ascii_digit).collect();
        let path = path.display().to_string();
        Some(Self { path, major: major.parse().ok()?, minor: minor.parse().ok()?, program, release: None })
    }

    /// `…/lib/python3.11` and its like.
    fn libraries(&self) -> Vec<PathBuf> {
        let prefix = self.program.parent().and_then(Path::parent).unwrap_or(Path::new("/usr"));
        ["lib", "lib64"].iter().map(|name| prefix.join(name)).collect()
    }

    /// The files one of which has the version in it.
    fn programs(&self) -> Vec<PathBuf> {
        let library = format!("libpython{}.{}.so.1.0", self.major, self.minor);
        let mut files = vec![self.program.clone()];
        files.extend(self.libraries().iter().map(|directory| directory.join(&library)));
        files
    }

    fn has_ssl(&self) -> bool {
        self.libraries().iter().any(|directory| {
            let modules = directory.join(format!("python{}.{}/lib-dynload", self.major, self.minor));
            let mut entries = fs_err::read_dir(modules).into_iter().flatten().flatten();
            entries.any(|entry| entry.file_name().to_string_lossy().starts_with("_ssl."))
        })
    }

    /// Reads the file piece by piece, no further than it has to.
    fn release_in(&self, file: &Path) -> Option<Release> {
        let mut file = fs_err::File::open(file).ok()?.take(LARGEST);
        let mut window = Vec::new();
        loop {
            // What lies across two pieces is seen whole with the second.
            window.drain(..window.len().saturating_sub(OVERLAP));
            if file.by_ref().take(PIECE).read_to_end(&mut window).ok()? == 0 {
                return None;
            }
            if let Some(release) = self.release(&window) {
                return Some(release);
            }
        }
    }

    /// The version stands there as C programs keep text: between zero bytes.
    fn release(&self, program: &[u8]) -> Option<Release> {
        let pattern =
            format!(r"(?-u)\x00{}\.{}\.([0-9]{{1,4}})(?:(a|b|rc)([0-9]{{1,4}}))?\+?\x00", self.major, self.minor);
        let found = Regex::new(&pattern).ok()?.captures(program)?;
        let text = |index| found.get(index).and_then(|part| std::str::from_utf8(part.as_bytes()).ok());
        let level = match text(2) {
            None => "final",
            Some("a") => "alpha",
            Some("b") => "beta",
            Some(_) => "candidate",
        };
        let serial = text(3).and_then(|digits| digits.parse().ok()).unwrap_or(0);
        Some(Release { micro: text(1)?.parse().ok()?, level, serial })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read_from_the_program() {
        let python = Python { path: String::new(), program: PathBuf::new(), major: 3, minor: 11, release: None };
        let release = |bytes: &[u8]| python.release(bytes).map(|found| (found.micro, found.level, found.serial));
        assert_eq!(release(b"\x7fELF\0\xff3.11.9 \0\x003.11.2\0"), Some((2, "final", 0)));
        assert_eq!(release(b"\x003.11.0rc2+\0"), Some((0, "candidate", 2)));
        assert_eq!(release(b"\x003.1.2\0\x003.11.2 (main)\0"), None);
    }

    #[test]
    fn the_version_may_lie_across_pieces() {
        let python = Python { path: String::new(), program: PathBuf::new(), major: 3, minor: 11, release: None };
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("python3.11");
        let piece = usize::try_from(PIECE).unwrap();
        for before in [0, piece - 3, 2 * piece - 8, 3 * piece] {
            let content = [vec![1; before], b"\x003.11.2\0".to_vec(), vec![1; piece]].concat();
            fs_err::write(&file, content).unwrap();
            assert_eq!(python.release_in(&file).map(|found| found.micro), Some(2), "{before}");
        }
        fs_err::write(&file, vec![1; piece + 1]).unwrap();
        assert!(python.release_in(&file).is_none());
    }
}
