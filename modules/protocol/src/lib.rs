//! What engine and worker say to each other: messages, and the length-prefixed frames that carry them.
//!
//! A frame is a big-endian `u32` length and that many bytes of MessagePack. Both sides are built from the
//! same sources (the engine pushes the worker), so structures are written compactly, without field names.

mod content;
mod frame;
mod message;
mod weight;

pub use content::{BlobSource, ContentDigests, EventSink, is_sha256};
pub use frame::{Deframer, FrameError, MAX_FRAME, MAX_VALUES, decode, encode, read_frame, write_frame};
pub use message::{
    CHUNK, FetchedFile, FromWorker, InlineBlob, Job, ModuleCall, OutputStream, PROTOCOL_VERSION, ToWorker, WINDOW,
    WorkerHello,
};
