//! `community.crypto.openssh_keypair`: key pairs of OpenSSH, made and read by the node's `ssh-keygen`. Passphrases go to
//! its standard input.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::output_file::OutputFile;
use super::pem::Pem;
use crate::{Arg, Args, CommandSpec, Content, Context, Diff, FileAttributes, Map, Module, ModuleError, ModuleResult};
use crate::{WriteOptions, context::command_failure};

pub(crate) static MODULE: Module = Module::new("community.crypto.openssh_keypair", ARGS, run).file_args().diff();

const ARGS: &[Arg] = &[
    Arg::path("path").required(),
    Arg::str("state").default("present").choices(&["present", "absent"]),
    Arg::int("size"),
    Arg::str("type").default("rsa").choices(&["rsa", "dsa", "rsa1", "ecdsa", "ed25519"]),
    Arg::bool("force").default("false"),
    Arg::str("comment"),
    Arg::str("passphrase").no_log(),
    Arg::str("private_key_format").default("auto").choices(&["auto", "pkcs1", "pkcs8", "ssh"]),
    Arg::str("backend").default("auto").choices(&["auto", "cryptography", "opensshbin"]),
    Arg::str("regenerate").default("partial_idempotence").choices(&[
        "never",
        "fail",
        "partial_idempotence",
        "full_idempotence",
        "always",
    ]),
];

const UNREADABLE: &str = "Unable to read the key. The key is protected with a passphrase or broken. Will not proceed. To \
    force regeneration, call the module with `generate` set to `full_idempotence` or `always`, or with `force=true`.";
const WRONG_KIND: &str = "Key has wrong type and/or size. Will not proceed. To force regeneration, call the module with \
    `generate` set to `partial_idempotence`, `full_idempotence` or `always`, or with `force=true`.";

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let mut file = OutputFile::new(args, None)?;
    let task = Task::new(args, cx)?;
    let before = task.observe(cx)?;
    let wanted = args.str("state")? == "present";
    let (changed, after) = if wanted {
        let plan = task.plan(&before)?;
        let changed = plan.changes();
        if changed && !cx.check_mode {
            task.apply(&plan, &before, cx)?;
        }
        let after = task.observe(cx)?;
        (task.set_attributes(cx)? || changed, after)
    } else {
        let removed = file.remove(cx)?;
        let public_too = cx.exists(&task.public_path);
        cx.remove_file(&task.public_path)?;
        (removed || public_too, Observed::default())
    };
    // What was removed is still described.
    let shown = if wanted { after.clone() } else { before.clone() };
    let result = ModuleResult::ok()
        .changed(changed)
        .set("size", task.size)
        .set("type", task.kind)
        .set("fingerprint", shown.fingerprint.clone())
        .set("public_key", shown.public.as_ref().map(PublicLine::key).unwrap_or_default())
        .set("comment", shown.public.map(|line| line.comment).unwrap_or_default())
        .diff(Diff::new(before.shown(), after.shown()));
    Ok(file.complete(result))
}

/// The line of a public key file.
#[derive(Debug, Clone, PartialEq, Eq)]
struct PublicLine {
    name: String,
    blob: String,
    comment: String,
}

impl PublicLine {
    fn parse(text: &str) -> Option<Self> {
        let (name, rest) = text.trim().split_once(' ')?;
        let (blob, comment) = rest.split_once(' ').unwrap_or((rest, ""));
        let line = Self { name: name.to_owned(), blob: blob.to_owned(), comment: comment.to_owned() };
        (name.starts_with("ssh-") || name.starts_with("ecdsa-") || name.starts_with("sk-")).then_some(line)
    }

    fn key(&self) -> String {
        format!("{} {}", self.name, self.blob)
    }

    fn text(&self) -> String {
        format!("{} {}", self.key(), self.comment).trim_end().to_owned() + "\n"
    }
}

/// What is there.
#[derive(Debug, Clone, Default)]
struct Observed {
    exists: bool,
    /// Size and type, when the private key could be read.
    private: Option<(i64, String)>,
    fingerprint: String,
    /// The public key the private one has.
    derived: Option<PublicLine>,
    /// The public key file.
    public: Option<PublicLine>,
    format: &'static str,
}

impl Observed {
    fn shown(&self) -> Value {
        let Some((size, kind)) = &self.private else { return json!({}) };
        let mut shown = Map::from_iter([
            ("size".to_owned(), (*size).into()),
            ("type".to_owned(), kind.as_str().into()),
            ("fingerprint".to_owned(), self.fingerprint.as_str().into()),
            ("format".to_owned(), self.format.into()),
        ]);
        if let Some(line) = &self.public {
            shown.insert("comment".to_owned(), line.comment.as_str().into());
            shown.insert("public_key".to_owned(), line.blob.as_str().into());
        }
        Value::Object(shown)
    }
}

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
enum Plan {
    Keep,
    Generate,
    /// Write the public key that belongs to the private one.
    Publish,
    Comment,
}

impl Plan {
    fn changes(&self) -> bool {
        *self != Self::Keep
    }
}

struct Task<'a> {
    args: &'a Args,
    path: PathBuf,
    public_path: PathBuf,
    kind: &'a str,
    size: i64,
    passphrase: Option<&'a str>,
    /// Who asks for a format or a passphrase is told the format.
    formats: bool,
    program: String,
}

impl<'a> Task<'a> {
    fn new(args: &'a Args, cx: &Context<'_>) -> Result<Self, ModuleError> {
        let path = args.path("path")?;
        if path.is_dir() {
            let msg = format!("{} is a directory. Please specify a path to a file.", path.display());
            return Err(ModuleError::failed(msg));
        }
        let kind = args.str("type")?;
        let passphrase = args.opt_str("passphrase").filter(|passphrase| !passphrase.is_empty());
        let backend = args.str("backend")?;
        let formats = backend == "cryptography" || (backend == "auto" && passphrase.is_some());
        if !formats && args.str("private_key_format")? != "auto" {
            let msg = "'auto' is the only valid option for 'private_key_format' when 'backend' is not 'cryptography'";
            return Err(ModuleError::failed(msg));
        }
        if matches!((kind, args.str("private_key_format")?), ("ed25519", "pkcs1" | "pkcs8")) {
            let format = args.str("private_key_format")?.to_uppercase();
            return Err(ModuleError::failed(format!("ed25519 keys cannot be represented in {format} format")));
        }
        let public_path = PathBuf::from(format!("{}.pub", path.display()));
        let program = cx.require_program("ssh-keygen")?.to_string_lossy().into_owned();
        Ok(Self {
            args,
            public_path,
            kind,
            size: size(kind, args.opt_int("size"))?,
            passphrase,
            formats,
            program,
            path,
        })
    }

    fn keygen(&self) -> CommandSpec {
        // Nothing but standard input is asked for passphrases.
        CommandSpec::new([self.program.clone()]).env("SSH_ASKPASS_REQUIRE", "never").env("DISPLAY", "")
    }

    fn observe(&self, cx: &mut Context<'_>) -> Result<Observed, ModuleError> {
        let Some(text) = cx.read(&self.path)? else { return Ok(Observed::default()) };
        let public = cx.read_text(&self.public_path)?.and_then(|text| PublicLine::parse(&text));
        let mut observed = Observed { exists: true, public, ..Observed::default() };
        if self.formats {
            observed.format = format_of(&text);
        }
        let path = self.path.to_string_lossy();
        // A key without a passphrase is read with any, so this is asked first.
        let open = cx.run_read(&self.keygen().args(["-y", "-P", "", "-f", &path]))?;
        let derived = match self.passphrase {
            Some(_) if open.ok() => return Ok(observed),
            Some(passphrase) => {
                cx.run_read(&self.keygen().args(["-y", "-f", &path]).stdin(format!("{passphrase}\n")))?
            }
            None => open,
        };
        observed.derived = PublicLine::parse(&derived.stdout()).filter(|_| derived.ok());
        if observed.derived.is_none() {
            return Ok(observed);
        }
        // `2048 SHA256:… comment (RSA)`, of the public key file where there is one.
        let listed = cx.run_read(&self.keygen().args(["-l", "-f", &path]))?.stdout();
        let mut words = listed.split_whitespace();
        let size = words.next().and_then(|size| size.parse().ok());
        let fingerprint = words.next().unwrap_or_default();
        let kind = words.next_back().map(|kind| kind.trim_matches(['(', ')']).to_lowercase());
        Ok(Observed { private: size.zip(kind), fingerprint: fingerprint.to_owned(), ..observed })
    }

    fn plan(&self, now: &Observed) -> Result<Plan, ModuleError> {
        let regenerate = if self.args.bool("force") { "always" } else { self.args.str("regenerate")? };
        if !now.exists || regenerate == "always" {
            return Ok(Plan::Generate);
        }
        let (Some(derived), Some((size, kind))) = (&now.derived, &now.private) else {
            return if regenerate == "full_idempotence" {
                Ok(Plan::Generate)
            } else {
                Err(ModuleError::failed(UNREADABLE))
            };
        };
        let wanted_format = match self.args.str("private_key_format")? {
            "pkcs1" => "PKCS1",
            "pkcs8" => "PKCS8",
            _ => "SSH",
        };
        let fits = (*size, kind.as_str()) == (self.size, self.kind);
        if !fits || (self.formats && now.format != wanted_format) {
            match regenerate {
                "fail" => return Err(ModuleError::failed(WRONG_KIND)),
                "never" => {}
                _ => return Ok(Plan::Generate),
            }
        }
        Ok(match &now.public {
            Some(line) if line.key() == derived.key() => {
                let comment = self.args.opt_str("comment");
                if comment.is_none_or(|comment| comment == line.comment) { Plan::Keep } else { Plan::Comment }
            }
            _ => Plan::Publish,
        })
    }

    fn apply(&self, plan: &Plan, now: &Observed, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        let comment = self.args.opt_str("comment").unwrap_or_default();
        match (plan, &now.derived) {
            (Plan::Generate, _) => self.generate(comment, cx),
            (Plan::Comment | Plan::Publish, Some(derived)) => {
                if *plan == Plan::Comment {
                    self.change_comment(comment, cx)?;
                }
                let line = PublicLine { comment: comment.to_owned(), ..derived.clone() };
                write(&self.public_path, line.text().as_bytes(), 0o644, cx)
            }
            _ => Ok(()),
        }
    }

    fn generate(&self, comment: &str, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        let dir = cx.temp_dir()?;
        let new = dir.path().join("key");
        let new = new.to_string_lossy();
        let size = self.size.to_string();
        let mut command = self.keygen().args(["-q", "-b", &size, "-t", self.kind, "-f", &new, "-C", comment]);
        command = match self.args.str("private_key_format")? {
            "pkcs1" => command.args(["-m", "PEM"]),
            "pkcs8" => command.args(["-m", "PKCS8"]),
            _ => command,
        };
        command = match self.passphrase {
            Some(passphrase) => command.stdin(format!("{passphrase}\n{passphrase}\n")),
            None => command.args(["-N", ""]),
        };
        let output = cx.run_read(&command)?;
        if !output.ok() {
            let complaint = [output.stderr(), output.stdout()].into_iter().find(|text| !text.trim().is_empty());
            return Err(command_failure(complaint.unwrap_or_default().trim(), &command, &output));
        }
        let public = fs_err::read(format!("{new}.pub"))?;
        write(&self.path, &fs_err::read(&*new)?, 0o600, cx)?;
        write(&self.public_path, &public, 0o644, cx)
    }

    /// The comment within the private key, where its format has one.
    fn change_comment(&self, comment: &str, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        let text = cx.read(&self.path)?.unwrap_or_default();
        if format_of(&text) != "SSH" {
            return Ok(());
        }
        let path = self.path.to_string_lossy();
        let command = self.keygen().args(["-q", "-c", "-C", comment, "-f", &path]);
        let command = match self.passphrase {
            Some(passphrase) => command.stdin(format!("{passphrase}\n")),
            None => command.args(["-P", ""]),
        };
        cx.run_ok(&command).map(drop)
    }

    fn set_attributes(&self, cx: &mut Context<'_>) -> Result<bool, ModuleError> {
        let wanted = FileAttributes::from_args(self.args);
        let mut changed = false;
        for path in [&self.path, &self.public_path] {
            if !cx.check_mode || cx.exists(path) {
                changed |= cx.set_attributes(path, &wanted)?;
            }
        }
        Ok(changed)
    }
}

fn write(path: &Path, content: &[u8], mode: u32, cx: &mut Context<'_>) -> Result<(), ModuleError> {
    let options = WriteOptions { new_mode: Some(mode), replacing_mode: Some(mode), ..WriteOptions::default() };
    cx.write_file(path, Content::Bytes(content), &options).map(drop)
}

fn format_of(text: &[u8]) -> &'static str {
    match Pem::first(text).map(|pem| pem.label).as_deref() {
        Some("OPENSSH PRIVATE KEY") => "SSH",
        Some("PRIVATE KEY" | "ENCRYPTED PRIVATE KEY") => "PKCS8",
        Some("RSA PRIVATE KEY" | "DSA PRIVATE KEY" | "EC PRIVATE KEY") => "PKCS1",
        _ => "",
    }
}

/// The number of bits of a new key.
fn size(kind: &str, asked: Option<i64>) -> Result<i64, ModuleError> {
    let refuse = |msg: &str| Err(ModuleError::failed(msg));
    match (kind, asked) {
        ("rsa" | "rsa1", None) => Ok(4096),
        ("rsa" | "rsa1", Some(size)) if size < 1024 => refuse(
            "For RSA keys, the minimum size is 1024 bits and the default is 4096 bits. Attempting to use bit lengths \
             under 1024 will cause the module to fail.",
        ),
        ("dsa", None) => Ok(1024),
        ("dsa", Some(size)) if size != 1024 => refuse("DSA keys must be exactly 1024 bits as specified by FIPS 186-2."),
        ("ecdsa", None) | ("ed25519", _) => Ok(256),
        ("ecdsa", Some(size)) if !matches!(size, 256 | 384 | 521) => refuse(
            "For ECDSA keys, size determines the key length by selecting from one of three elliptic curve sizes: 256, \
             384 or 521 bits. Attempting to use bit lengths other than these three values for ECDSA keys will cause \
             this module to fail.",
        ),
        (_, Some(size)) => Ok(size),
        (_, None) => refuse("this type of key has no default size"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_public_keys_have_comments() {
        let line = PublicLine::parse("ssh-rsa AAAA a comment\n").unwrap();
        assert_eq!((line.comment.as_str(), line.text().as_str()), ("a comment", "ssh-rsa AAAA a comment\n"));
        assert_eq!(PublicLine::parse("ssh-rsa AAAA").unwrap().text(), "ssh-rsa AAAA\n");
        assert_eq!(PublicLine::parse("junk and more"), None);
        assert_eq!(
            (size("ecdsa", None).ok(), size("ed25519", Some(3)).ok(), size("rsa", Some(512)).ok()),
            (Some(256), Some(256), None)
        );
    }
}
