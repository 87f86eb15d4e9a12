//! `PluginProcesses`: the Python processes plugins run in, one per task that needs one, kept for later tasks.

use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use kapell_parsing::{Map, Value};
use kapell_template::{PluginFrames, Templar};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::stubs::stubs;

/// Processes at the same time; further tasks wait for one.
const MOST_PROCESSES: usize = 16;
const ENDED: &str = "the Python process that runs plugins ended unexpectedly";

/// An action that runs may need a connection's process; a connection never needs an action's.
#[derive(Default)]
pub struct PluginProcesses {
    pub(super) actions: Pool,
    pub(super) connections: Pool,
}

impl PluginProcesses {
    /// Ends all of them.
    pub fn close(&self) {
        for pool in [&self.actions, &self.connections] {
            pool.idle().clear();
        }
    }
}

pub(super) struct Pool {
    /// Longest idle first.
    idle: Mutex<Vec<PluginProcess>>,
    slots: Semaphore,
    opening: OnceLock<Result<Vec<u8>, String>>,
}

impl Default for Pool {
    fn default() -> Self {
        Self { idle: Mutex::default(), slots: Semaphore::new(MOST_PROCESSES), opening: OnceLock::new() }
    }
}

impl Pool {
    fn idle(&self) -> MutexGuard<'_, Vec<PluginProcess>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The idle process that last worked for `key`; else one that works for nobody; else, where there are enough, the
    /// one that is idle for longest.
    fn take_idle(&self, key: u64) -> Option<PluginProcess> {
        let mut idle = self.idle();
        let at = idle.iter().position(|process| process.key == key);
        let at = at.or_else(|| (idle.len() + self.in_use() > MOST_PROCESSES).then_some(0))?;
        Some(idle.remove(at))
    }

    fn in_use(&self) -> usize {
        MOST_PROCESSES - self.slots.available_permits()
    }

    /// A process that waits for a request. What is kept in it from one request to the next is kept for `key`.
    pub(super) async fn lease(&self, templar: &Templar, key: u64) -> Result<Lease<'_>, String> {
        let permit = self.slots.acquire().await.map_err(|_| ENDED.to_owned())?;
        let mut process = match self.take_idle(key) {
            Some(process) => process,
            None => self.start(templar.python()).await?,
        };
        process.key = key;
        let mut lease = Lease { process: Some(process), home: self, _permit: permit };
        lease.configure(templar.collection_parents()).await?;
        Ok(lease)
    }

    async fn start(&self, python: &str) -> Result<PluginProcess, String> {
        let opening = self.opening.get_or_init(|| PluginFrames::opening(&stubs())).as_ref()?;
        let mut command = Command::new(python);
        command.args(["-c", PluginFrames::BOOTSTRAP]).env("PYTHONDONTWRITEBYTECODE", "1").kill_on_drop(true);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut child = command.spawn().map_err(|error| {
            format!("this plugin is written in Python, and {python} cannot be started on the control node: {error}")
        })?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(ENDED.to_owned());
        };
        let mut process = PluginProcess { _child: child, input, output, collections: Vec::new(), key: 0 };
        process.write(opening).await?;
        Ok(process)
    }
}

struct PluginProcess {
    /// Killed when it is dropped.
    _child: Child,
    input: ChildStdin,
    output: ChildStdout,
    /// What it knows of where collections are.
    collections: Vec<PathBuf>,
    /// Whom it last worked for.
    key: u64,
}

impl PluginProcess {
    async fn write(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.input.write_all(bytes).await.map_err(|_| ENDED.to_owned())?;
        self.input.flush().await.map_err(|_| ENDED.to_owned())
    }
}

/// A process that is ours until we give it back. Dropped before that it is killed: nobody knows what it still does.
pub(super) struct Lease<'p> {
    process: Option<PluginProcess>,
    home: &'p Pool,
    _permit: SemaphorePermit<'p>,
}

impl Lease<'_> {
    fn process(&mut self) -> Result<&mut PluginProcess, String> {
        self.process.as_mut().ok_or_else(|| ENDED.to_owned())
    }

    pub(super) async fn send(&mut self, message: &Value) -> Result<(), String> {
        let frame = PluginFrames::write(message)?;
        self.process()?.write(&frame).await
    }

    pub(super) async fn receive(&mut self) -> Result<Map, String> {
        let output = &mut self.process()?.output;
        let length = output.read_u32().await.map_err(|_| ENDED.to_owned())? as usize;
        if length > PluginFrames::MOST {
            return Err("a plugin written in Python gave too much data".to_owned());
        }
        let mut frame = vec![0; length];
        output.read_exact(&mut frame).await.map_err(|_| ENDED.to_owned())?;
        PluginFrames::read(frame)
    }

    /// The request was answered: the process may be used again.
    pub(super) fn give_back(mut self) {
        if let Some(process) = self.process.take() {
            self.home.idle().push(process);
        }
    }

    async fn configure(&mut self, parents: Vec<PathBuf>) -> Result<(), String> {
        if self.process()?.collections == parents {
            return Ok(());
        }
        let paths = parents.iter().map(|path| Value::from(path.to_string_lossy().into_owned())).collect();
        let request = [("op".into(), "configure".into()), ("collections".into(), Value::list(paths))];
        self.send(&Value::map(Map::from_iter(request))).await?;
        self.receive().await?;
        self.process()?.collections = parents;
        Ok(())
    }
}
