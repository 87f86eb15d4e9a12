//! The session: messages in, threads out, and a clean end whatever the reason.

use std::fs::File;
use std::io::{BufReader, Read};
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::{Arc, Once};
use std::time::Duration;
use std::{process, thread};

use kapell_protocol::{FrameError, FromWorker, Job, ModuleCall, PROTOCOL_VERSION, ToWorker, WorkerHello, read_frame};
use serde_json::{Map, Value};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use crate::arguments::SessionOptions;
use crate::blob_cache::BlobCache;
use crate::call_doors::{CallBlobs, CallEvents};
use crate::file_stream::FileStreams;
use crate::job_start;
use crate::outbox::Outbox;
use crate::private_dir::PrivateDir;
use crate::running_calls::{Cancellation, RunningCalls};
use crate::verification::check_own_size;

const STACK: usize = 8 * 1024 * 1024;
const PATIENCE: Duration = Duration::from_millis(500);
pub(crate) const FALLBACK_BASES: [&str; 3] = ["/var/tmp", "/tmp", "/dev/shm"];

pub(crate) fn run(options: &SessionOptions) -> Result<(), String> {
    if let Some(size) = options.size {
        check_own_size(size)?;
    }
    stand_where_we_may_look();
    let (stdin, stdout) = take_stdio().map_err(|error| format!("cannot take over stdin and stdout: {error}"))?;
    let session = Arc::new(Session::new(options, stdout));
    session.end_on_signals().map_err(|error| format!("cannot handle signals: {error}"))?;
    let outcome = session.serve(BufReader::with_capacity(128 * 1024, stdin));
    if options.once && outcome.is_ok() {
        session.calls.wait();
        session.files.wait();
    }
    session.clean_up();
    outcome
}

/// Whoever became another user may stand where that one cannot look, as in root's home: commands complain of it, or fail.
fn stand_where_we_may_look() {
    use rustix::fs::{Access, access};
    if access(".", Access::EXISTS | Access::READ_OK).is_ok() {
        return;
    }
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let mut places = home.into_iter().chain(FALLBACK_BASES.map(PathBuf::from));
    places.find(|place| access(place, Access::READ_OK).is_ok() && rustix::process::chdir(place).is_ok());
}

/// The frames' streams, for us alone: a module that reads stdin finds nothing, one that prints ends on stderr.
fn take_stdio() -> rustix::io::Result<(File, File)> {
    let private = |fd| -> rustix::io::Result<File> { Ok(File::from(fd)) };
    let stdin = private(duplicate(rustix::stdio::stdin())?)?;
    let stdout = private(duplicate(rustix::stdio::stdout())?)?;
    let nothing = rustix::fs::open("/dev/null", rustix::fs::OFlags::RDONLY, rustix::fs::Mode::empty())?;
    rustix::stdio::dup2_stdin(&nothing)?;
    rustix::stdio::dup2_stdout(rustix::stdio::stderr())?;
    Ok((stdin, stdout))
}

/// Not inherited by the commands modules run.
fn duplicate(fd: impl std::os::fd::AsFd) -> rustix::io::Result<OwnedFd> {
    rustix::io::fcntl_dupfd_cloexec(fd, 3)
}

struct Session {
    outbox: Outbox,
    calls: RunningCalls,
    blobs: BlobCache,
    files: FileStreams,
    directory: Option<PrivateDir>,
    cleaned: Once,
}

impl Session {
    fn new(options: &SessionOptions, stdout: File) -> Self {
        let bases: Vec<PathBuf> = options.temp_base.iter().cloned().chain(FALLBACK_BASES.map(PathBuf::from)).collect();
        let directory = PrivateDir::create(&bases).ok();
        Self {
            outbox: Outbox::new(stdout),
            calls: RunningCalls::default(),
            blobs: BlobCache::new(directory.as_ref().map(PrivateDir::path)),
            files: FileStreams::default(),
            directory,
            cleaned: Once::new(),
        }
    }

    /// Until the engine says so, closes the stream, or makes no sense.
    fn serve(self: &Arc<Self>, mut stream: impl Read) -> Result<(), String> {
        self.say(&FromWorker::Hello(self.hello()))?;
        loop {
            match read_frame(&mut stream) {
                Ok(Some(ToWorker::Shutdown) | None) => return Ok(()),
                Ok(Some(message)) => self.handle(message)?,
                Err(FrameError::Io(error)) => return Err(format!("connection broken: {error}")),
                Err(error) => {
                    let message = error.to_string();
                    self.say(&FromWorker::Fatal { message: message.clone() })?;
                    return Err(message);
                }
            }
        }
    }

    fn hello(&self) -> WorkerHello {
        WorkerHello {
            protocol: PROTOCOL_VERSION,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: process::id(),
            uid: rustix::process::geteuid().as_raw(),
            temp_dir: self.temp_dir().unwrap_or_default(),
        }
    }

    fn handle(self: &Arc<Self>, message: ToWorker) -> Result<(), String> {
        match message {
            ToWorker::Call(call) => self.begin_call(*call),
            ToWorker::StartJob(call, job) => self.begin_job(*call, job),
            ToWorker::BlobChunk { sha256, data } => {
                self.blobs.receive(&sha256, &data);
                Ok(())
            }
            ToWorker::BlobEnd { sha256, error } => {
                self.blobs.finish(&sha256, error);
                Ok(())
            }
            ToWorker::ReadFile { id, path } => self.begin_file(id, path),
            ToWorker::Ack { id, bytes } => {
                self.files.acknowledge(id, bytes);
                Ok(())
            }
            ToWorker::Cancel { id } => {
                self.files.cancel(id);
                self.calls.cancel(id);
                self.blobs.wake();
                Ok(())
            }
            ToWorker::Shutdown => Ok(()),
        }
    }

    fn begin_call(self: &Arc<Self>, mut call: ModuleCall) -> Result<(), String> {
        let id = call.id;
        let Some(given_up) = self.calls.begin(id) else {
            return self.say(&FromWorker::Failed { id, message: format!("call {id} is running already") });
        };
        call.blobs.drain(..).for_each(|blob| self.blobs.insert(&blob));
        if let Some(directory) = self.temp_dir() {
            call.remote_tmp = directory;
        }
        let session = Arc::clone(self);
        let spawned = thread::Builder::new().stack_size(STACK).spawn(move || session.run_call(&call, &given_up));
        match spawned {
            Ok(_) => Ok(()),
            Err(error) => {
                self.calls.end(id);
                self.say(&FromWorker::Failed { id, message: format!("cannot start a thread: {error}") })
            }
        }
    }

    fn begin_job(self: &Arc<Self>, mut call: ModuleCall, job: Job) -> Result<(), String> {
        let id = call.id;
        let base = self.directory.as_ref().and_then(|directory| directory.path().parent()?.to_str());
        base.unwrap_or_default().clone_into(&mut call.remote_tmp);
        let session = Arc::clone(self);
        let _ = self.calls.begin(id);
        let spawned = thread::Builder::new().spawn(move || {
            session.report(id, job_start::start(call, job));
            session.calls.end(id);
        });
        match spawned {
            Ok(_) => Ok(()),
            Err(error) => self.say(&FromWorker::Failed { id, message: format!("cannot start a thread: {error}") }),
        }
    }

    fn run_call(&self, call: &ModuleCall, given_up: &Cancellation) {
        let id = call.id;
        self.calls.entered(id);
        let result = {
            let mut blobs = CallBlobs {
                id,
                cache: &self.blobs,
                outbox: &self.outbox,
                given_up: given_up.clone(),
                used: Vec::new(),
            };
            let mut events = CallEvents { id, outbox: &self.outbox, given_up: given_up.clone() };
            kapell_modules::run(call, &mut blobs, &mut events)
        };
        self.report(id, result);
        self.calls.end(id);
    }

    /// A result that does not fit a frame is a failed task, not a lost connection.
    fn report(&self, id: u64, result: Map<String, Value>) {
        if let Err(error @ FrameError::TooLargeToSend(_)) = self.outbox.send(&FromWorker::Done { id, result }) {
            let _ = self.outbox.send(&FromWorker::Failed { id, message: format!("the module's result: {error}") });
        }
    }

    fn begin_file(self: &Arc<Self>, id: u64, path: String) -> Result<(), String> {
        let session = Arc::clone(self);
        let acknowledged = self.files.begin(id);
        let spawned =
            thread::Builder::new().spawn(move || session.files.serve(id, &path, &acknowledged, &session.outbox));
        match spawned {
            Ok(_) => Ok(()),
            Err(error) => self.say(&FromWorker::Failed { id, message: format!("cannot start a thread: {error}") }),
        }
    }

    fn say(&self, message: &FromWorker) -> Result<(), String> {
        self.outbox.send(message).map_err(|error| error.to_string())
    }

    fn temp_dir(&self) -> Option<String> {
        Some(self.directory.as_ref()?.path().to_str()?.to_owned())
    }

    fn end_on_signals(self: &Arc<Self>) -> std::io::Result<()> {
        let mut signals = signal_hook::iterator::Signals::new([SIGTERM, SIGINT, SIGHUP])?;
        let session = Arc::clone(self);
        thread::Builder::new().spawn(move || {
            if let Some(signal) = signals.forever().next() {
                session.outbox.fall_silent();
                session.clean_up();
                process::exit(128 + signal);
            }
        })?;
        Ok(())
    }

    fn clean_up(&self) {
        self.cleaned.call_once(|| {
            self.calls.cancel_all(PATIENCE);
            if let Some(directory) = &self.directory {
                directory.remove();
            }
        });
    }
}
