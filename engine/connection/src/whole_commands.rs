//! `WholeCommands`: connections that can run a command to its end and copy a file, and nothing else (those users wrote as
//! plugins). A worker is brought up on them all the same: each call is one command of its own.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use kapell_protocol::{Deframer, FromWorker, PROTOCOL_VERSION, ToWorker, WorkerHello, encode};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, ReadHalf, duplex};
use tokio::sync::{Mutex, oneshot};

use crate::startup::random_token;
use crate::worker_binary::WorkerBinaries;
use crate::{ConnectionError, ExitStatus, Process, RawOutput, WorkerSession};

const PIPE: usize = 256 * 1024;
const HELLO_PATIENCE: Duration = Duration::from_secs(10);
/// Shell code; `$1` is the directory for the worker, `$2` the marker in front of what it says.
const PROBE: &str = "umask \"$3\"; mkdir -p \"$1\" && [ ! -h \"$1\" ] && cd \"$1\" && [ -O . ] && echo \"$2 $(uname -m) $PWD\" && ls -ln \
                     | while read -r mode links user group size rest; do echo \"$2 has $size ${rest##* }\"; done";

#[async_trait]
pub trait WholeCommands: Send + Sync {
    /// Name in the inventory, for messages.
    fn host(&self) -> &str;

    /// Runs `command` with a shell of the node, as the task's user or as the login user. Its exit code is data.
    async fn run(&self, command: &str, as_task_user: bool, input: Vec<u8>) -> Result<RawOutput, ConnectionError>;

    /// Copies a file of the control node, as the login user.
    async fn put(&self, from: &Path, to: &str) -> Result<(), ConnectionError>;
}

/// Where the worker is to be, and who must be able to run it.
pub(crate) struct Place<'p> {
    pub(crate) remote_tmp: &'p str,
    /// The task's user is neither the login user nor root.
    pub(crate) is_for_others: bool,
}

/// A worker that is started anew for each call.
pub(crate) async fn open(
    commands: Arc<dyn WholeCommands>,
    binaries: &WorkerBinaries,
    place: &Place<'_>,
) -> Result<WorkerSession, ConnectionError> {
    let installed = install(commands.as_ref(), binaries, place).await?;
    let (ours, theirs) = duplex(PIPE);
    let (stdout, stdin) = tokio::io::split(ours);
    let (requests, answers) = tokio::io::split(theirs);
    let (gone, exit) = oneshot::channel();
    let host = commands.host().to_owned();
    let hello = WorkerHello {
        protocol: PROTOCOL_VERSION,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        pid: 0,
        uid: 0,
        temp_dir: installed.directory.clone(),
    };
    let relay = Relay { commands, installed, answers: Arc::new(Mutex::new(answers)), gone: Arc::default() };
    *relay.gone.lock().await = Some(gone);
    tokio::spawn(relay.run(requests, hello));
    let exit = async { exit.await.map_or(ExitStatus::Code(0), ExitStatus::Lost) };
    let process = Process {
        stdin: Box::new(stdin),
        stdout: Box::new(stdout),
        stderr: Box::new(tokio::io::empty()),
        exit: Box::pin(exit),
    };
    let session = WorkerSession::open(&host, process, Vec::new(), HELLO_PATIENCE).await?;
    Ok(session.with_whole_calls())
}

#[derive(Clone)]
struct Installed {
    directory: String,
    program: String,
}

/// Puts the worker on the node unless it is there.
async fn install(
    commands: &dyn WholeCommands,
    binaries: &WorkerBinaries,
    place: &Place<'_>,
) -> Result<Installed, ConnectionError> {
    let host = commands.host().to_owned();
    let failed = |message: String| ConnectionError::Worker { host: host.clone(), message };
    let marker = random_token();
    let (directory, mask) = if place.is_for_others {
        ("/var/tmp/kapell-shared-$(id -u)".to_owned(), "022")
    } else {
        let (home, rest) = place.remote_tmp.strip_prefix("~/").map_or(("", place.remote_tmp), |rest| ("~/", rest));
        (format!("{home}{}", quoted(&format!("{rest}/kapell"))), "077")
    };
    let probe = format!("set -- {directory} {marker} {mask}; {PROBE}");
    let said = commands.run(&probe, false, Vec::new()).await?;
    let text = String::from_utf8_lossy(&said.stdout).into_owned();
    let mut lines = text.lines().filter_map(|line| line.trim().strip_prefix(&format!("{marker} ")));
    let Some((architecture, directory)) = lines.next().and_then(|line| line.split_once(' ')) else {
        let stderr = String::from_utf8_lossy(&said.stderr);
        return Err(failed(format!("the host cannot hold it in {directory}: {}", stderr.trim())));
    };
    let architecture = match architecture {
        "amd64" => "x86_64",
        "arm64" => "aarch64",
        other => other,
    };
    let binary = binaries.for_architecture(architecture).map_err(failed)?;
    let name = format!("kapell-worker-{architecture}-{}", binary.sha256);
    let program = format!("{directory}/{name}");
    let installed = Installed { directory: directory.to_owned(), program: program.clone() };
    if lines.any(|line| line == format!("has {} {name}", binary.size)) {
        return Ok(installed);
    }
    let content = binary.upload(false).map_err(failed)?;
    let mut file = tempfile::NamedTempFile::new().map_err(|error| failed(error.to_string()))?;
    file.write_all(&content).and_then(|()| file.flush()).map_err(|error| failed(error.to_string()))?;
    let fresh = format!("{directory}/.kapell-new-{marker}");
    commands.put(file.path(), &fresh).await?;
    let (fresh, program) = (quoted(&fresh), quoted(&program));
    let mode = if place.is_for_others { "755" } else { "700" };
    let check = format!("chmod {mode} {fresh} && {fresh} check {} && mv -f {fresh} {program}", binary.sha256);
    let checked = commands.run(&check, false, Vec::new()).await?;
    match checked.rc {
        0 => Ok(installed),
        _ => Err(failed(String::from_utf8_lossy(&checked.stderr).trim().to_owned())),
    }
}

fn quoted(text: &str) -> String {
    shell_words::quote(text).into_owned()
}

/// Stands where a worker's process would be.
struct Relay {
    commands: Arc<dyn WholeCommands>,
    installed: Installed,
    answers: Arc<Mutex<tokio::io::WriteHalf<DuplexStream>>>,
    /// Told why the host cannot be reached any more.
    gone: Arc<Mutex<Option<oneshot::Sender<String>>>>,
}

impl Relay {
    async fn run(self, mut requests: ReadHalf<DuplexStream>, hello: WorkerHello) {
        let relay = Arc::new(self);
        relay.say(&FromWorker::Hello(hello)).await;
        let mut deframer = Deframer::default();
        let mut buffer = vec![0; PIPE];
        loop {
            match deframer.next_message::<ToWorker>() {
                Ok(Some(ToWorker::Shutdown)) | Err(_) => return,
                Ok(Some(message)) => {
                    if let Some(id) = request_id(&message) {
                        let relay = Arc::clone(&relay);
                        tokio::spawn(async move { relay.serve(id, message).await });
                    }
                    continue;
                }
                Ok(None) => {}
            }
            match requests.read(&mut buffer).await {
                Ok(0) | Err(_) => return,
                Ok(count) => deframer.push(&buffer[..count]),
            }
        }
    }

    /// One request is one command.
    async fn serve(&self, id: u64, request: ToWorker) {
        match self.command(id, &request).await {
            Ok(bytes) => self.write(&bytes).await,
            Err(error) if error.is_unreachable() => {
                if let Some(gone) = self.gone.lock().await.take() {
                    let _ = gone.send(error.to_string());
                }
                let _ = self.answers.lock().await.shutdown().await;
            }
            Err(error) => self.say(&FromWorker::Failed { id, message: error.to_string() }).await,
        }
    }

    /// The frames that answer, as the worker wrote them, without its hello.
    async fn command(&self, id: u64, request: &ToWorker) -> Result<Vec<u8>, ConnectionError> {
        let host = self.commands.host().to_owned();
        let failed = |message: String| ConnectionError::Call { host: host.clone(), message };
        let mut input = encode(request).map_err(|error| failed(error.to_string()))?;
        if matches!(request, ToWorker::ReadFile { .. }) {
            let all = encode(&ToWorker::Ack { id, bytes: u64::MAX }).map_err(|error| failed(error.to_string()))?;
            input.extend(all);
        }
        let marker = random_token();
        let Installed { directory, program } = &self.installed;
        let command = format!("echo {marker}; exec {} session --tmp {} --once yes", quoted(program), quoted(directory));
        let output = self.commands.run(&command, true, input).await?;
        let mark = format!("{marker}\n").into_bytes();
        let begin = output.stdout.windows(mark.len()).position(|window| window == mark.as_slice());
        let Some(begin) = begin else {
            let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return Err(failed(format!("the worker could not be started (status {}): {said}", output.rc)));
        };
        let frames = &output.stdout[begin + mark.len()..];
        let mut deframer = Deframer::default();
        deframer.push(frames);
        match deframer.next_message::<FromWorker>() {
            Ok(Some(hello @ FromWorker::Hello(_))) => {
                let length = encode(&hello).map_err(|error| failed(error.to_string()))?.len();
                Ok(frames[length.min(frames.len())..].to_vec())
            }
            Ok(Some(FromWorker::Fatal { message })) => Err(failed(message)),
            _ => Err(failed(format!("the worker said nothing: {}", String::from_utf8_lossy(&output.stderr).trim()))),
        }
    }

    async fn say(&self, message: &FromWorker) {
        if let Ok(frame) = encode(message) {
            self.write(&frame).await;
        }
    }

    async fn write(&self, bytes: &[u8]) {
        let mut answers = self.answers.lock().await;
        if answers.write_all(bytes).await.is_ok() {
            let _ = answers.flush().await;
        }
    }
}

/// Requests that get an answer; the others are about streams there are none of.
fn request_id(message: &ToWorker) -> Option<u64> {
    match message {
        ToWorker::Call(call) | ToWorker::StartJob(call, _) => Some(call.id),
        ToWorker::ReadFile { id, .. } => Some(*id),
        _ => None,
    }
}
