//! `Case`: a playbook, or a directory with `site.yml` in it, and the runs it asks for in comments at its top:
//! `# run: ARGUMENTS` or `# command: PROGRAM ARGUMENTS` (one line for each run; without any, one run without arguments),
//! `# compare: stdout`.

use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::snapshot;

pub(super) struct Case {
    pub(super) name: String,
    /// A file, or a directory.
    pub(super) source: PathBuf,
    /// Used where the case brings no inventory of its own.
    pub(super) default_inventory: PathBuf,
    /// In order, over the same files.
    pub(super) runs: Vec<CommandLine>,
    /// Whether what is printed has to be the same, line for line.
    pub(super) compares_stdout: bool,
}

/// What one run of a case starts.
pub(super) struct CommandLine {
    /// Of Ansible's programs.
    pub(super) program: String,
    pub(super) arguments: Vec<String>,
}

impl CommandLine {
    /// `run: ARGUMENTS` of a playbook, or `command: PROGRAM ARGUMENTS`.
    fn from_note(note: &str) -> Option<Self> {
        if let Some(arguments) = note.strip_prefix("run:") {
            return Some(Self::of_playbook(split_words(arguments)));
        }
        let mut words = split_words(note.strip_prefix("command:")?).into_iter();
        Some(Self { program: words.next()?, arguments: words.collect() })
    }

    fn of_playbook(arguments: Vec<String>) -> Self {
        Self { program: "ansible-playbook".to_owned(), arguments }
    }

    pub(super) fn runs_playbook(&self) -> bool {
        self.program == "ansible-playbook"
    }

    /// Whether the arguments name a playbook to run in place of `site.yml`.
    pub(super) fn names_playbook(&self) -> bool {
        let values = ["-i", "-e", "--inventory", "--extra-vars"];
        let before = std::iter::once("").chain(self.arguments.iter().map(String::as_str));
        self.arguments.iter().zip(before).any(|(word, before)| {
            Path::new(word).extension().is_some_and(|extension| extension == "yml")
                && !word.starts_with(['-', '@'])
                && !values.contains(&before)
        })
    }
}

impl Case {
    /// The cases below `conformance/cases`, by name.
    pub(super) fn find(conformance: &Path, names: &[String]) -> Result<Vec<Self>> {
        let mut cases = Vec::new();
        for entry in fs_err::read_dir(conformance.join("cases"))? {
            let source = entry?.path();
            let name = source.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            if names.is_empty() || names.iter().any(|wanted| name.contains(wanted.as_str())) {
                cases.push(Self::read(name, source, conformance.join("inventory.ini"))?);
            }
        }
        cases.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(cases)
    }

    /// Changes with every file of the case and with the default inventory.
    pub(super) fn fingerprint(&self) -> Result<u64> {
        let mut hasher = std::hash::DefaultHasher::new();
        fs_err::read(&self.default_inventory)?.hash(&mut hasher);
        if self.source.is_dir() {
            for (path, entry) in snapshot::read(&self.source, &|_| true)? {
                (path, format!("{:?}", entry.kind), entry.mode).hash(&mut hasher);
            }
        } else {
            fs_err::read(&self.source)?.hash(&mut hasher);
        }
        Ok(hasher.finish())
    }

    fn read(name: String, source: PathBuf, default_inventory: PathBuf) -> Result<Self> {
        let playbook = if source.is_dir() { source.join("site.yml") } else { source.clone() };
        let text = fs_err::read_to_string(playbook)?;
        let notes = || text.lines().map_while(|line| line.strip_prefix('#')).map(str::trim);
        let mut runs: Vec<CommandLine> = notes().filter_map(CommandLine::from_note).collect();
        if runs.is_empty() {
            runs.push(CommandLine::of_playbook(Vec::new()));
        }
        let compares_stdout = notes().any(|note| note == "compare: stdout");
        Ok(Self { name, source, default_inventory, runs, compares_stdout })
    }
}

/// Words separated by spaces; single quotes keep spaces.
fn split_words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (index, part) in text.split('\'').enumerate() {
        if index % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_keep_spaces() {
        assert_eq!(split_words(" -t one  -e '{\"a\": 1}'"), ["-t", "one", "-e", "{\"a\": 1}"]);
    }
    #[test]
    fn a_note_names_a_program_or_a_playbooks_arguments() {
        let line = CommandLine::from_note("command: ansible web -m ping").unwrap();
        assert_eq!((line.program.as_str(), line.runs_playbook(), line.arguments.len()), ("ansible", false, 3));
        let line = CommandLine::from_note("run: other.yml --check").unwrap();
        assert!(line.runs_playbook() && line.names_playbook());
        assert!(!CommandLine::from_note("run: -i hosts.yml").unwrap().names_playbook());
        assert!(CommandLine::from_note("compare: stdout").is_none());
    }
}
