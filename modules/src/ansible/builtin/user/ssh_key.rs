//! The SSH key of an account (`generate_ssh_key`), made with `ssh-keygen`.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Gid, Uid, chownat};
use serde_json::Value;

use crate::{Args, CommandSpec, Context, Map, ModuleError, User};

pub(super) struct SshKey {
    file: PathBuf,
    kind: String,
}

/// What came of it: the keys of the result, and whether a key was made.
#[derive(Default)]
pub(super) struct MadeKey {
    pub changed: bool,
    pub facts: Map,
}

impl SshKey {
    /// The key a task asks for; a relative path is under the home directory.
    pub(super) fn requested(args: &Args, user: &User) -> Option<Self> {
        if !args.bool("generate_ssh_key") {
            return None;
        }
        let kind = args.opt_str("ssh_key_type").unwrap_or("rsa").to_owned();
        let file = args.opt_path("ssh_key_file").unwrap_or_else(|| PathBuf::from(format!(".ssh/id_{kind}")));
        Some(Self { file: Path::new(&user.home).join(file), kind })
    }

    pub(super) fn make(&self, args: &Args, user: &User, cx: &mut Context<'_>) -> Result<MadeKey, ModuleError> {
        let is_there = cx.exists(&self.file);
        let changed = !is_there || args.bool("force");
        if is_there && !changed {
            cx.warn(format!(
                "Found existing ssh key private file \"{}\", no force, so skipping ssh-keygen generation",
                self.file.display()
            ));
        }
        if changed && !cx.check_mode {
            cx.require_program("ssh-keygen")?;
            self.make_directory(user, cx)?;
            self.generate(args, user, cx)?;
        }
        let mut facts = Map::new();
        facts.insert("ssh_fingerprint".to_owned(), self.fingerprint(cx)?.into());
        facts.insert("ssh_key_file".to_owned(), self.file.to_string_lossy().into());
        let public = cx.read_text(self.public_file())?;
        facts.insert("ssh_public_key".to_owned(), public.map_or(Value::Null, |text| text.trim().into()));
        Ok(MadeKey { changed, facts })
    }

    fn public_file(&self) -> PathBuf {
        let mut file = self.file.clone().into_os_string();
        file.push(".pub");
        file.into()
    }

    fn make_directory(&self, user: &User, cx: &Context<'_>) -> Result<(), ModuleError> {
        let Some(dir) = self.file.parent().filter(|dir| !cx.exists(dir)) else { return Ok(()) };
        fs_err::create_dir(dir)?;
        fs_err::set_permissions(dir, std::fs::Permissions::from_mode(0o700))?;
        own(dir, user)
    }

    fn generate(&self, args: &Args, user: &User, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        let public = self.public_file();
        for old in [&self.file, &public] {
            cx.remove_file(old)?;
        }
        let output = cx.run(&self.command(args, cx))?;
        if !output.ok() {
            let text = if output.stderr.is_empty() { output.stdout() } else { output.stderr() };
            return Err(ModuleError::failed(text).with("name", user.name.clone()).with("rc", output.rc));
        }
        own(&self.file, user)?;
        own(&public, user)
    }

    fn command(&self, args: &Args, cx: &Context<'_>) -> CommandSpec {
        let comment = args.opt_str("ssh_key_comment").map_or_else(|| default_comment(cx), str::to_owned);
        let mut line = vec!["ssh-keygen".to_owned(), "-q".to_owned(), "-t".to_owned(), self.kind.clone()];
        line.extend(args.opt_int("ssh_key_bits").iter().flat_map(|bits| ["-b".to_owned(), bits.to_string()]));
        line.extend(["-C".to_owned(), comment, "-f".to_owned(), self.file.to_string_lossy().into_owned()]);
        match args.opt_str("ssh_key_passphrase").filter(|passphrase| !passphrase.is_empty()) {
            // Asked for twice on its input; as an argument every user of the node could see it. A session of its
            // own has no terminal that could be asked instead.
            Some(passphrase) => CommandSpec::new(["setsid".to_owned(), "--wait".to_owned()].into_iter().chain(line))
                .env("SSH_ASKPASS_REQUIRE", "never")
                .stdin(format!("{passphrase}\n{passphrase}\n")),
            None => CommandSpec::new(line).args(["-N", ""]),
        }
    }

    fn fingerprint(&self, cx: &mut Context<'_>) -> Result<String, ModuleError> {
        if !cx.exists(&self.file) || cx.which("ssh-keygen").is_none() {
            return Ok(String::new());
        }
        let file = self.file.to_string_lossy();
        let output = cx.run_read(&CommandSpec::new(["ssh-keygen", "-l", "-f", &file]))?;
        let text = if output.ok() { output.stdout() } else { output.stderr() };
        Ok(text.trim().to_owned())
    }
}

fn default_comment(cx: &Context<'_>) -> String {
    let host = cx.read_text("/proc/sys/kernel/hostname").ok().flatten().unwrap_or_default();
    format!("ansible-generated on {}", host.trim())
}

fn own(path: &Path, user: &User) -> Result<(), ModuleError> {
    // The directory belongs to the user, who may have put a link there.
    let owner = (Some(Uid::from_raw(user.uid)), Some(Gid::from_raw(user.gid)));
    let chown = chownat(CWD, path, owner.0, owner.1, AtFlags::SYMLINK_NOFOLLOW);
    chown.map_err(|error| ModuleError::failed(format!("{}: {error}", path.display())))
}
