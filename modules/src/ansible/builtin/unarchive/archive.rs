//! The archives that can be unpacked: tar in all its compressions, and zip.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::zip_comparison::ZipComparison;
use super::zip_directory::{self, Member};
use crate::{Args, CommandOutput, CommandSpec, Context, ModuleError};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Zip,
    /// Compressed with gzip.
    Tgz,
    /// Anything else that tar understands by itself.
    Tar,
}

impl Kind {
    /// What Ansible's results call it.
    pub(super) fn handler(self) -> &'static str {
        match self {
            Self::Zip => "ZipArchive",
            Self::Tgz => "TgzArchive",
            Self::Tar => "TarArchive",
        }
    }
}

/// What has to be done to have the archive unpacked.
pub(super) struct Difference {
    pub differs: bool,
    /// What differs, for the result's diff.
    pub text: String,
}

pub(super) struct Archive<'a> {
    args: &'a Args,
    file: PathBuf,
    dest: PathBuf,
    pub kind: Kind,
    program: String,
    members: Vec<Member>,
    /// Names in the archive, as they appear below the destination.
    pub names: Vec<String>,
}

impl<'a> Archive<'a> {
    pub(super) fn open(args: &'a Args, file: &Path, dest: &Path, cx: &mut Context<'_>) -> Result<Self, ModuleError> {
        let kind = kind_of(file)?;
        let program = cx.require_program(if kind == Kind::Zip { "unzip" } else { "tar" })?;
        let mut archive = Self {
            args,
            file: file.to_owned(),
            dest: dest.to_owned(),
            kind,
            program: program.to_string_lossy().into_owned(),
            members: Vec::new(),
            names: Vec::new(),
        };
        archive.list(cx)?;
        Ok(archive)
    }

    fn list(&mut self, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        if self.kind == Kind::Zip {
            let members = zip_directory::read(&self.file).map_err(|error| self.not_handled(&error.to_string()))?;
            self.members = members.into_iter().filter(|member| self.is_wanted(&member.name)).collect();
            self.names = self.members.iter().map(|member| member.name.clone()).collect();
            return Ok(());
        }
        let output = cx.run_read(&self.tar("--list"))?;
        if !output.ok() {
            return Err(self.not_handled(&format!("Unable to list files in the archive: {}", output.stderr())));
        }
        let names = output.stdout();
        let names = names.lines().filter(|name| !name.is_empty()).map(|name| name.trim_start_matches('/'));
        self.names = names.map(str::to_owned).collect();
        if self.names.is_empty() {
            return Err(self.not_handled("Empty archive file"));
        }
        Ok(())
    }

    /// `include` and `exclude` for zip; tar knows them itself.
    fn is_wanted(&self, name: &str) -> bool {
        let matches = |pattern: &String| {
            let glob = globset::GlobBuilder::new(pattern).literal_separator(false).build();
            glob.is_ok_and(|glob| glob.compile_matcher().is_match(name))
        };
        let include = self.args.list_of_str("include");
        (include.is_empty() || include.iter().any(matches)) && !self.args.list_of_str("exclude").iter().any(matches)
    }

    fn not_handled(&self, reason: &str) -> ModuleError {
        let (file, program) = (self.file.display(), &self.program);
        ModuleError::failed(format!(
            "Failed to find handler for \"{file}\". Make sure the required command to extract the file is installed.\n\
             Command \"{program}\" could not handle archive: {reason}"
        ))
    }

    fn tar(&self, operation: &str) -> CommandSpec {
        let mut words = vec![self.program.clone(), operation.to_owned(), "-C".to_owned()];
        words.push(self.dest.to_string_lossy().into_owned());
        if self.kind == Kind::Tgz {
            words.push("-z".to_owned());
        }
        let extra = self.args.list_of_str("extra_opts");
        if !extra.is_empty() {
            words.push("--show-transformed-names".to_owned());
        }
        if self.args.bool("keep_newer") {
            words.push("--keep-newer-files".to_owned());
        }
        words.extend(extra);
        words.extend(self.args.list_of_str("exclude").iter().map(|name| format!("--exclude={name}")));
        let owners = ["owner", "group"].map(|name| self.args.opt_str(name).map(|value| format!("--{name}={value}")));
        words.extend(owners.into_iter().flatten());
        words.extend(["-f".to_owned(), self.file.to_string_lossy().into_owned()]);
        words.extend(self.args.list_of_str("include"));
        CommandSpec::new(words)
    }

    fn unzip(&self) -> CommandSpec {
        let mut words = vec![self.program.clone(), "-o".to_owned()];
        if self.args.bool("keep_newer") {
            words.push("-u".to_owned());
        }
        words.extend(self.args.list_of_str("extra_opts"));
        words.push(self.file.to_string_lossy().into_owned());
        words.extend(self.args.list_of_str("include"));
        let exclude = self.args.list_of_str("exclude");
        if !exclude.is_empty() {
            words.push("-x".to_owned());
            words.extend(exclude);
        }
        words.extend(["-d".to_owned(), self.dest.to_string_lossy().into_owned()]);
        CommandSpec::new(words)
    }

    pub(super) fn difference(&self, cx: &mut Context<'_>) -> Result<Difference, ModuleError> {
        if self.kind == Kind::Zip {
            let comparison = ZipComparison::new(self.args, &self.dest, cx)?;
            let mut text = String::new();
            for member in &self.members {
                text.extend(comparison.line(member)?.map(|line| line + "\n"));
            }
            return Ok(Difference { differs: !text.is_empty(), text });
        }
        let output = cx.run_read(&self.tar("--diff"))?;
        let all = format!("{}{}", output.stdout(), output.stderr());
        let text: String = all.lines().filter(|line| self.counts(line)).map(|line| format!("{line}\n")).collect();
        Ok(Difference { differs: !text.is_empty(), text })
    }

    /// Whether a line of `tar --diff` says that something has to be done; what the task sets itself does not count.
    fn counts(&self, line: &str) -> bool {
        let is_root = rustix::process::geteuid().is_root();
        // Leading directories that were stripped have no name left.
        if line.contains(": : ") {
            return false;
        }
        let ends = |text: &str| line.ends_with(text);
        if ends("Uid differs") {
            return is_root && !self.args.has("owner");
        }
        if ends("Gid differs") {
            return is_root && !self.args.has("group");
        }
        if ends("Mode differs") {
            return !self.args.has("mode");
        }
        if ends("Mod time differs") {
            return !self.args.bool("keep_newer");
        }
        ["Contents differ", "Size differs", "Symlink differs", "File type differs", "Not linked to", "Device number"]
            .iter()
            .any(|text| line.contains(text))
            || line.contains("Warning: Cannot stat")
            || line.contains("Cannot readlink")
    }

    /// Unpacks; returns what the result tells of it.
    pub(super) fn extract(&self, cx: &mut Context<'_>) -> Result<(Value, bool), ModuleError> {
        let command = if self.kind == Kind::Zip { self.unzip() } else { self.tar("--extract") };
        let words: Vec<String> = std::iter::once(command.program.to_string_lossy().into_owned())
            .chain(command.args.iter().cloned())
            .collect();
        let output: CommandOutput = cx.run(&command)?;
        let report = json!({"cmd": words, "rc": output.rc, "out": output.stdout(), "err": output.stderr()});
        Ok((report, output.ok()))
    }
}

fn kind_of(file: &Path) -> Result<Kind, ModuleError> {
    use std::io::Read;
    let mut magic = [0; 4];
    let mut opened = fs_err::File::open(file)?;
    let read = opened.read(&mut magic)?;
    Ok(match &magic[..read] {
        [b'P', b'K', ..] => Kind::Zip,
        [0x1f, 0x8b, ..] => Kind::Tgz,
        _ => Kind::Tar,
    })
}
