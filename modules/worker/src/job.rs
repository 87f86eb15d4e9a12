//! The job process: runs one call within its time and leaves the result in a file, in the form of Ansible's.

use std::collections::HashMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::Duration;
use std::{env, process, thread};

use kapell_protocol::{BlobSource, EventSink, Job, ModuleCall, OutputStream, is_sha256, read_frame, write_frame};
use serde_bytes::ByteBuf;
use serde_json::{Map, Value, json};

use crate::job_start::failure;
use crate::private_dir::PrivateDir;
use crate::process_tree::end_descendants;
use crate::session::FALLBACK_BASES;

const STACK: usize = 8 * 1024 * 1024;

/// Reads call and job from stdin, says on stdout how it is called, and goes to work in a session of its own.
pub(crate) fn run() -> Result<(), String> {
    let _ = rustix::process::setsid();
    let message = read_frame(&mut io::stdin().lock()).map_err(|error| error.to_string())?;
    let (call, job): (ModuleCall, Job) = message.ok_or("no call on stdin")?;
    let results = Results::new(&call, &job);
    let answer = match results.create() {
        Ok(()) => results.announcement(),
        Err(error) => failure(&format!("could not create the results file: {error}")),
    };
    let is_ready = !answer.contains_key("failed");
    write_frame(&mut io::stdout().lock(), &answer).map_err(|error| error.to_string())?;
    leave_stdio().map_err(|error| error.to_string())?;
    if is_ready {
        results.write(&within_limit(call, job.limit)).map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// Nobody listens any more, and whoever waits for the pipes to close must not wait for the job.
fn leave_stdio() -> rustix::io::Result<()> {
    use rustix::fs::{Mode, OFlags, open};
    let nothing = open("/dev/null", OFlags::RDWR, Mode::empty())?;
    rustix::stdio::dup2_stdin(&nothing)?;
    rustix::stdio::dup2_stdout(&nothing)?;
    rustix::stdio::dup2_stderr(&nothing)
}

/// A job is looked at every so many seconds: a task that polls gives up before its job is ended.
const LIMIT_STEP: u64 = 5;

/// The module's result, or that of running out of time.
fn within_limit(call: ModuleCall, limit: u64) -> Map<String, Value> {
    let (sender, receiver) = mpsc::channel();
    let given_up = Arc::new(AtomicBool::new(false));
    let cancellation = Arc::clone(&given_up);
    let (thread_sender, thread_receiver) = mpsc::channel();
    let spawned = thread::Builder::new().stack_size(STACK).spawn(move || {
        let _ = thread_sender.send(rustix::thread::gettid());
        let _ = sender.send(run_call(call, cancellation));
    });
    if let Err(error) = spawned {
        return failure(&format!("cannot start a thread: {error}"));
    }
    if let Ok(result) =
        receiver.recv_timeout(Duration::from_secs(limit.div_ceil(LIMIT_STEP).saturating_mul(LIMIT_STEP)))
    {
        return result;
    }
    given_up.store(true, Ordering::Relaxed);
    if let Ok(thread) = thread_receiver.recv() {
        end_descendants(thread);
    }
    let mut result = failure("Timeout exceeded");
    result.insert("child_pid".to_owned(), process::id().into());
    result
}

fn run_call(mut call: ModuleCall, given_up: Arc<AtomicBool>) -> Map<String, Value> {
    let bases: Vec<PathBuf> = [call.remote_tmp.as_str()]
        .into_iter()
        .chain(FALLBACK_BASES)
        .filter(|base| !base.is_empty())
        .map(Into::into)
        .collect();
    let directory = match PrivateDir::create(&bases) {
        Ok(directory) => directory,
        Err(error) => return failure(&format!("no temporary directory: {error}")),
    };
    call.remote_tmp = directory.path().to_string_lossy().into_owned();
    let contents = call.blobs.drain(..).map(|blob| (blob.sha256, blob.data)).collect();
    let mut blobs = JobBlobs { directory: directory.path().to_owned(), contents };
    let result = kapell_modules::run(&call, &mut blobs, &mut JobEvents(given_up));
    directory.remove();
    result
}

/// The job's file in its directory.
struct Results {
    id: String,
    path: PathBuf,
}

impl Results {
    fn new(call: &ModuleCall, job: &Job) -> Self {
        let id = format!("j{}.{}", job.number, process::id());
        Self { path: directory(call, &job.directory).join(&id), id }
    }

    fn create(&self) -> io::Result<()> {
        if let Some(directory) = self.path.parent() {
            fs_err::create_dir_all(directory)?;
        }
        let begun = json!({"started": true, "finished": false, "ansible_job_id": self.id});
        fs_err::write(&self.path, begun.to_string())
    }

    /// Whoever reads meanwhile sees the old content or the new.
    fn write(&self, result: &Map<String, Value>) -> io::Result<()> {
        let fresh = self.path.with_added_extension("tmp");
        let mut file = fs_err::File::create(&fresh)?;
        serde_json::to_writer(&mut file, result)?;
        file.flush()?;
        fs_err::rename(fresh, &self.path)
    }

    fn announcement(&self) -> Map<String, Value> {
        let announced = json!({
            "ansible_job_id": self.id,
            "changed": true,
            "finished": false,
            "results_file": self.path.to_string_lossy(),
            "started": true,
        });
        announced.as_object().cloned().unwrap_or_default()
    }
}

/// The results' directory with `~` expanded as the task's user sees it.
fn directory(call: &ModuleCall, written: &str) -> PathBuf {
    let from_task = call.environment.iter().rev().find(|(name, _)| name == "HOME").map(|(_, home)| home.clone());
    let home = || {
        let own = rustix::process::geteuid().as_raw();
        let account = || kapell_modules::Accounts::default().user_by_id(own).map(|user| user.home);
        from_task.or_else(|| env::var("HOME").ok()).or_else(account).unwrap_or_else(|| "/".to_owned())
    };
    match written.strip_prefix('~') {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => Path::new(&home()).join(rest.trim_start_matches('/')),
        _ => PathBuf::from(written),
    }
}

/// The contents that came with the call; there is nobody to ask for more.
struct JobBlobs {
    directory: PathBuf,
    contents: HashMap<String, ByteBuf>,
}

impl BlobSource for JobBlobs {
    fn open(&mut self, sha256: &str) -> io::Result<PathBuf> {
        let content = self.contents.get(sha256).filter(|_| is_sha256(sha256));
        let content = content.ok_or_else(|| io::Error::other(format!("the job came without the content {sha256}")))?;
        let path = self.directory.join(sha256);
        fs_err::write(&path, content)?;
        Ok(path)
    }
}

struct JobEvents(Arc<AtomicBool>);

impl EventSink for JobEvents {
    fn output(&mut self, _stream: OutputStream, _line: &str) {}

    fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
