//! The messages: what the engine asks of a worker, and what a worker answers.

use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use serde_json::{Map, Value};

/// Raised whenever the meaning of a message changes; both sides refuse to talk across versions.
pub const PROTOCOL_VERSION: u32 = 1;

/// Most bytes of file content in one message.
pub const CHUNK: usize = 64 * 1024;

/// Bytes of one file that may be under way without having been acknowledged.
pub const WINDOW: u64 = 16 * CHUNK as u64;

/// One module to run, with everything it needs.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ModuleCall {
    /// Chosen by the sender, unique among the calls in flight on one worker.
    pub id: u64,
    /// Fully qualified name, as `ansible.builtin.copy`.
    pub module: String,
    pub args: Map<String, Value>,
    pub check_mode: bool,
    pub diff_mode: bool,
    pub verbosity: u8,
    pub no_log: bool,
    /// Set for the module's commands, in addition to the worker's own environment.
    pub environment: Vec<(String, String)>,
    /// Seconds the task may take; kept by the engine, here for modules that want to know.
    pub timeout: Option<u64>,
    pub umask: Option<u32>,
    /// Contents small enough to travel with the call instead of being asked for.
    pub blobs: Vec<InlineBlob>,
    /// Directory for temporary files; the worker puts its own private directory here before the module sees it.
    pub remote_tmp: String,
}

/// A call that goes on by itself, in a process the session does not end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// Where its results file goes; `~` is the home of the worker's user.
    pub directory: String,
    /// The first part of the job's name; the process's id is the second.
    pub number: u64,
    /// Seconds after which it is ended.
    pub limit: u64,
}

/// Content sent along with a call, addressed by the lower-case hexadecimal SHA-256 of `data`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InlineBlob {
    pub sha256: String,
    pub data: ByteBuf,
}

/// Engine to worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum ToWorker {
    Call(Box<ModuleCall>),
    /// Start the call as a job; answered at once, with its name and its results file.
    StartJob(Box<ModuleCall>, Job),
    /// The next bytes of the content a `NeedBlob` asked for.
    BlobChunk {
        sha256: String,
        data: ByteBuf,
    },
    /// All chunks were sent; `error` says why they are not the whole content, if so.
    BlobEnd {
        sha256: String,
        error: Option<String>,
    },
    /// Stream the file at `path` back as `FileChunk`s.
    ReadFile {
        id: u64,
        path: String,
    },
    /// So many bytes of the answer to `ReadFile` have been consumed: as many more may follow.
    Ack {
        id: u64,
        bytes: u64,
    },
    /// The caller is no longer interested: end the call and the commands it runs.
    Cancel {
        id: u64,
    },
    Shutdown,
}

/// Worker to engine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum FromWorker {
    /// The first message, sent without being asked.
    Hello(WorkerHello),
    Done {
        id: u64,
        result: Map<String, Value>,
    },
    /// The content is not here yet; asked once per content, however many calls wait for it.
    NeedBlob {
        id: u64,
        sha256: String,
    },
    FileChunk {
        id: u64,
        data: ByteBuf,
    },
    FileEnd {
        id: u64,
        file: FetchedFile,
    },
    /// One line a running command wrote.
    Output {
        id: u64,
        stream: OutputStream,
        line: String,
    },
    /// `ReadFile` or a call could not be carried out at all.
    Failed {
        id: u64,
        message: String,
    },
    /// The worker cannot go on and ends.
    Fatal {
        message: String,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkerHello {
    pub protocol: u32,
    /// Version of the program the worker was built from.
    pub version: String,
    pub pid: u32,
    pub uid: u32,
    /// The worker's private temporary directory.
    pub temp_dir: String,
}

/// What was read to the end of a `ReadFile`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FetchedFile {
    pub sha256: String,
    pub size: u64,
    pub mode: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum OutputStream {
    Stdout,
    Stderr,
}
