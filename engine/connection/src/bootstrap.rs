//! Bringing up the worker on a node: one `sh` command over one channel, cold or warm.
//!
//! 1. The engine starts `/bin/sh -c SCRIPT kapell MARKER FORCE FROM TMP ARCH:SHA256:SIZE…`, in front of it the become
//!    program, if any. The script (`bootstrap.sh`) is one line without single quotes, so any login shell passes it on.
//! 2. The script asks the kernel for its architecture and looks for the worker of that architecture among the arguments. None: it says
//!    `arch NAME`, the engine looks the worker up and starts over with it.
//! 3. Warm: it walks the candidate directories: `remote_tmp`, `~/.cache/kapell`, then directories named by user id in
//!    `/var/tmp`, `/tmp` and `/dev/shm`. A worker counts when the directory and the file belong to the user, neither
//!    is a symbolic link, nobody else may write to the directory or (but for sticky ones) to the one above it, and the
//!    file, whose name holds its SHA-256, is executable. It says `run N` and executes it.
//!    The directories are made with mode 0700, so nobody else can put a file there; content was checked when it was
//!    uploaded, so a start only has the worker compare its own size (a truncated file), which costs nothing.
//! 4. Cold: in the first candidate that can be made, belongs to the user and lets a file be executed (an empty one is
//!    tried: `noexec` shows here, before anything is sent) it says `need N gzip|plain ARCH`. The engine answers with a line
//!    holding the length, and that many bytes. They go to a fresh, unguessable name; the new file is then executed as
//!    `check SHA256` and reads itself; only then it is renamed into place (concurrent runs each rename a whole file)
//!    and executed. Workers unused for a month are removed on that occasion.
//! 5. Trouble after the upload (full disk, damaged content) is `fail N reason`: the engine starts over behind that
//!    directory. No directory left is `nodir reason`: the host cannot be worked on.
//! 6. A worker that ends before its hello (cut short, wrong kernel) is uploaded again once, then reported.
//!
//! Each of the script's lines begins with a random marker, so banners and start-up chatter before it are skipped.

use std::sync::Arc;
use std::time::Duration;

use crate::becoming::Becoming;
use crate::startup::{Startup, random_token};
use crate::worker_binary::{WorkerBinaries, WorkerBinary};
use crate::worker_session::WorkerSession;
use crate::{BecomeSpec, Connection, ConnectionError};

/// The command in messages, where the whole of it would tell nobody more.
const WORKER: &str = "/bin/sh -c '(start the worker)'";
const SCRIPT: &str = include_str!("bootstrap.sh");
/// Answers the script may give before it must have come to an end.
const MAX_STARTS: u32 = 12;
const UPLOAD_PATIENCE: Duration = Duration::from_mins(10);

/// What stays the same over all attempts on one host.
pub(crate) struct Bootstrap<'a> {
    pub(crate) connection: &'a dyn Connection,
    pub(crate) host: &'a str,
    pub(crate) become_: Option<&'a BecomeSpec>,
    pub(crate) remote_tmp: &'a str,
    pub(crate) binaries: &'a WorkerBinaries,
    /// For the shell to come up; a password prompt counts too.
    pub(crate) patience: Duration,
}

/// What one attempt is told about the ones before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Attempt {
    force: bool,
    from: u32,
    /// On a terminal, for become programs that insist.
    pty: bool,
}

/// One line of the script.
#[derive(Debug, PartialEq, Eq)]
enum Line {
    Arch(String),
    Run(u32),
    Need { gzip: bool, architecture: String },
    Fail { directory: u32, reason: String },
    NoDirectory(String),
}

enum Outcome {
    Up(WorkerSession),
    /// The reason goes into the error, should nothing help.
    StartOver(Attempt, String),
    NoDirectory(String),
}

impl Bootstrap<'_> {
    pub(crate) async fn run(&self) -> Result<WorkerSession, ConnectionError> {
        let mut attempt = Attempt { force: false, from: 1, pty: false };
        let mut reasons = Vec::new();
        for _ in 0..MAX_STARTS {
            let (next, reason) = match Box::pin(self.attempt(attempt)).await {
                Err(error) if !attempt.pty && error.wants_terminal() => {
                    (Attempt { pty: true, ..attempt }, error.to_string())
                }
                Err(error) => return Err(error),
                Ok(Outcome::Up(session)) => return Ok(session),
                Ok(Outcome::StartOver(next, reason)) => (next, reason),
                Ok(Outcome::NoDirectory(reason)) => {
                    reasons.push(reason);
                    return Err(self.no_directory(&reasons));
                }
            };
            tracing::debug!(host = self.host, "starting over: {reason}");
            attempt = next;
            reasons.push(reason);
        }
        Err(self.failed(format!("gave up after {MAX_STARTS} attempts: {}", reasons.join("; "))))
    }

    async fn attempt(&self, attempt: Attempt) -> Result<Outcome, ConnectionError> {
        let marker = random_token();
        let becoming = self.become_.map(|spec| Becoming::new(spec, &marker)).transpose();
        let becoming =
            becoming.map_err(|message| ConnectionError::BecomeFailed { host: self.host.to_owned(), message })?;
        let command = command_line(&marker, attempt, self.remote_tmp, &self.binaries.known());
        let in_short = becoming.as_ref().map_or_else(|| WORKER.to_owned(), |becoming| becoming.wrap(WORKER));
        tracing::debug!(host = self.host, "EXEC {}", in_short.trim_start_matches("exec "));
        let mut startup =
            Startup::begin(self.connection, self.host, &marker, becoming.as_ref(), (&command, attempt.pty)).await?;
        let mut patience = self.patience;
        loop {
            match self.parsed(&startup.marked_line(patience).await?)? {
                Line::Run(directory) => return self.running(startup, attempt, directory).await,
                Line::Need { gzip, architecture } => {
                    self.upload(&mut startup, gzip, &architecture).await?;
                    patience = UPLOAD_PATIENCE;
                }
                Line::Arch(architecture) => {
                    self.binaries.for_architecture(&architecture).map_err(|message| self.failed(message))?;
                    return Ok(Outcome::StartOver(attempt, format!("architecture {architecture} did not settle")));
                }
                Line::Fail { directory, reason } => {
                    return Ok(Outcome::StartOver(Attempt { from: directory + 1, ..attempt }, reason));
                }
                Line::NoDirectory(reasons) => return Ok(Outcome::NoDirectory(reasons)),
            }
        }
    }

    async fn upload(&self, startup: &mut Startup<'_>, gzip: bool, architecture: &str) -> Result<(), ConnectionError> {
        let binary = self.binaries.for_architecture(architecture).map_err(|message| self.failed(message))?;
        let content = binary.upload(gzip).map_err(|message| self.failed(message))?;
        tracing::debug!(host = self.host, "PUT the worker, {} bytes", content.len());
        startup.send(format!("{}\n", content.len()).as_bytes()).await;
        startup.send_all(&content, self.patience).await
    }

    /// The script runs: what follows on stdout are frames, if the worker comes up.
    async fn running(
        &self,
        startup: Startup<'_>,
        attempt: Attempt,
        directory: u32,
    ) -> Result<Outcome, ConnectionError> {
        let (process, first_bytes, _) = startup.into_parts();
        match WorkerSession::open(self.host, process, first_bytes, self.patience).await {
            Ok(session) => Ok(Outcome::Up(session)),
            Err(ConnectionError::Worker { message, .. }) if !attempt.force => {
                Ok(Outcome::StartOver(Attempt { force: true, from: directory, ..attempt }, message))
            }
            Err(error) => Err(error),
        }
    }

    fn parsed(&self, line: &str) -> Result<Line, ConnectionError> {
        Line::parse(line).ok_or_else(|| self.failed(format!("the bootstrap said {line:?}, which makes no sense")))
    }

    fn failed(&self, message: String) -> ConnectionError {
        ConnectionError::Worker { host: self.host.to_owned(), message }
    }

    fn no_directory(&self, reasons: &[String]) -> ConnectionError {
        let reasons: Vec<&str> = reasons.iter().map(|reason| reason.trim().trim_end_matches(';')).collect();
        self.failed(format!(
            "no directory of the host takes it ({}); set remote_tmp to a directory that the user can write to and \
             execute files in",
            reasons.join("; ").trim_end_matches([';', ' '])
        ))
    }
}

impl Line {
    fn parse(line: &str) -> Option<Self> {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "arch" => Some(Self::Arch(rest.to_owned())),
            "run" => Some(Self::Run(rest.parse().ok()?)),
            "need" => {
                let mut words = rest.split(' ').skip(1);
                Some(Self::Need { gzip: words.next()? == "gzip", architecture: words.next()?.to_owned() })
            }
            "fail" => {
                let (directory, reason) = rest.split_once(' ')?;
                Some(Self::Fail { directory: directory.parse().ok()?, reason: reason.to_owned() })
            }
            "nodir" => Some(Self::NoDirectory(rest.to_owned())),
            _ => None,
        }
    }
}

/// `/bin/sh -c SCRIPT …`, quoted for the login shell or for the become program.
fn command_line(marker: &str, attempt: Attempt, remote_tmp: &str, workers: &[Arc<WorkerBinary>]) -> String {
    let script = SCRIPT.lines().collect::<Vec<_>>().join(" ");
    let force = u8::from(attempt.force).to_string();
    let from = attempt.from.to_string();
    let tmp = home_as_tilde(remote_tmp);
    let workers: Vec<String> =
        workers.iter().map(|binary| format!("{}:{}:{}", binary.architecture, binary.sha256, binary.size)).collect();
    let words = ["/bin/sh", "-c", &script, "kapell", marker, &force, &from, &tmp];
    shell_words::join(words.into_iter().chain(workers.iter().map(String::as_str)))
}

/// The script expands a tilde and nothing else.
fn home_as_tilde(path: &str) -> String {
    let rest = path.strip_prefix("${HOME}").or_else(|| path.strip_prefix("$HOME"));
    rest.map_or_else(|| path.to_owned(), |rest| format!("~{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_survives_any_login_shell() {
        let one_line = SCRIPT.lines().collect::<Vec<_>>().join(" ");
        for (character, why) in [('\'', "quoting"), ('!', "csh history"), ('\\', "fish escapes")] {
            assert!(!one_line.contains(character), "{character} breaks {why}");
        }
        assert!(!one_line.contains(" #"), "a comment would swallow the rest");
    }

    #[test]
    fn lines_of_the_script() {
        let cases = [
            ("arch mips", Some(Line::Arch("mips".into()))),
            ("run 2", Some(Line::Run(2))),
            ("need 1 gzip x86_64", Some(Line::Need { gzip: true, architecture: "x86_64".into() })),
            ("need 1 plain arm", Some(Line::Need { gzip: false, architecture: "arm".into() })),
            ("fail 3 /x: no space", Some(Line::Fail { directory: 3, reason: "/x: no space".into() })),
            ("nodir a; b;", Some(Line::NoDirectory("a; b;".into()))),
            ("run x", None),
            ("", None),
        ];
        for (line, expected) in cases {
            assert_eq!(Line::parse(line), expected, "{line}");
        }
    }

    #[test]
    fn home_is_left_to_the_node() {
        assert_eq!(home_as_tilde("$HOME/x"), "~/x");
        assert_eq!(home_as_tilde("${HOME}"), "~");
        assert_eq!(home_as_tilde("/tmp/$USER"), "/tmp/$USER");
    }
}
