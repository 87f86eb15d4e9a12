//! `Relay`: a program rsync starts to get to the other side; what goes through it goes over our own connection.
//!
//! The program is a shell script in a private directory. It hands over the command rsync wants run, and then copies
//! between rsync and named pipes whose other ends are here.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use kapell_connection::{BecomeSpec, Connection, ConnectionError, RawCommand, start_raw};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::pipe::{OpenOptions, Receiver, Sender};

const SCRIPT: &str = r#"#!/bin/sh
d=${0%/*}
while [ "$1" = -l ]; do shift 2; done
shift
exec 3<&0
printf '%s\000' "$*" > "$d/command"
cat < "$d/errors" >&2 &
errors=$!
cat <&3 > "$d/input" &
input=$!
cat < "$d/output"
kill "$input" 2> /dev/null
wait "$errors"
code=255
[ -f "$d/code" ] && read -r code < "$d/code"
exit "$code"
"#;
/// rsync's own command lines are far shorter.
const LONGEST_COMMAND: usize = 1 << 20;

pub(super) struct Relay {
    dir: tempfile::TempDir,
}

/// Our ends of the pipes.
struct Ends {
    command: Receiver,
    input: Receiver,
    output: Sender,
    errors: Sender,
}

impl Relay {
    pub(super) fn new() -> std::io::Result<Self> {
        let dir = tempfile::Builder::new().prefix("kapell-rsync-").tempdir()?;
        let script = dir.path().join("rsh");
        fs_err::write(&script, SCRIPT)?;
        fs_err::set_permissions(&script, std::fs::Permissions::from_mode(0o700))?;
        for name in ["command", "input", "output", "errors"] {
            mknodat(CWD, dir.path().join(name), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0)?;
        }
        Ok(Self { dir })
    }

    pub(super) fn program(&self) -> String {
        self.path("rsh").to_string_lossy().into_owned()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Both ends are opened, so that nobody waits for the other.
    fn ends(&self) -> std::io::Result<Ends> {
        let receiver = |name: &str| OpenOptions::new().read_write(true).open_receiver(self.path(name));
        let sender = |name: &str| OpenOptions::new().read_write(true).open_sender(self.path(name));
        Ok(Ends {
            command: receiver("command")?,
            input: receiver("input")?,
            output: sender("output")?,
            errors: sender("errors")?,
        })
    }

    /// Runs what rsync wants run on the other side; comes back only when that is impossible.
    pub(super) async fn serve(&self, connection: &dyn Connection, become_: Option<&BecomeSpec>) -> ConnectionError {
        match self.carry(connection, become_).await {
            // rsync says itself how it ended.
            Ok(()) => std::future::pending().await,
            Err(error) => error,
        }
    }

    async fn carry(&self, connection: &dyn Connection, become_: Option<&BecomeSpec>) -> Result<(), ConnectionError> {
        let broken = |error: std::io::Error| ConnectionError::Call {
            host: connection.host().to_owned(),
            message: format!("cannot lead rsync to the host: {error}"),
        };
        let Ends { mut command, mut input, mut output, mut errors } = self.ends().map_err(broken)?;
        let command =
            RawCommand { command: read_command(&mut command).await.map_err(broken)?, ..RawCommand::default() };
        let (mut process, first_bytes) = start_raw(connection, become_, &command).await?;
        let answers = async {
            output.write_all(&first_bytes).await?;
            tokio::io::copy(&mut process.stdout, &mut output).await
        };
        let questions = tokio::io::copy(&mut input, &mut process.stdin);
        let complaints = tokio::io::copy(&mut process.stderr, &mut errors);
        // Input ends when nobody listens any more.
        let talk = async {
            tokio::select! {
                (_, _, status) = async { tokio::join!(answers, complaints, process.exit) } => status,
                never = async { let _ = questions.await; std::future::pending().await } => never,
            }
        };
        let status = talk.await;
        leave_code(&self.path("code"), status.code()).map_err(broken)
    }
}

/// Written aside and renamed: the script must not read half of it.
fn leave_code(path: &Path, code: i32) -> std::io::Result<()> {
    let aside = path.with_extension("new");
    fs_err::write(&aside, format!("{code}\n"))?;
    fs_err::rename(aside, path)
}

async fn read_command(pipe: &mut Receiver) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    while bytes.last() != Some(&0) {
        if bytes.len() > LONGEST_COMMAND {
            return Err(std::io::Error::other("its command line is too long"));
        }
        pipe.read_buf(&mut bytes).await?;
    }
    bytes.pop();
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
