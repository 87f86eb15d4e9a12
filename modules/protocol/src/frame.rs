//! Frames: bounded, length-prefixed MessagePack, for blocking streams and for buffers filled by any other means.

use std::io::{self, Read, Write};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::weight::values_in;

/// Longest payload accepted or sent. File contents travel in chunks; this bounds arguments and results.
pub const MAX_FRAME: usize = 64 * 1024 * 1024;

const HEADER: usize = 4;
/// Deepest nesting of a message; twice what JSON readers accept is plenty, and threads have small stacks.
const MAX_DEPTH: usize = 256;
/// Most values in one message: a byte of MessagePack can become forty of memory.
pub const MAX_VALUES: usize = 4 * 1024 * 1024;
/// Memory follows the bytes that arrive, not the length that was announced.
const FIRST_ALLOCATION: usize = 64 * 1024;

#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    #[error("frame of {0} bytes announced, at most {MAX_FRAME} are allowed")]
    TooLong(usize),
    #[error("message of {0} bytes is too large to send, at most {MAX_FRAME} are allowed")]
    TooLargeToSend(usize),
    #[error("a message of more than {MAX_VALUES} values")]
    TooManyValues,
    #[error("malformed message: {0}")]
    Malformed(#[from] rmp_serde::decode::Error),
    #[error("cannot encode message: {0}")]
    Encode(#[from] rmp_serde::encode::Error),
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// The message as one frame, header included.
pub fn encode<T: Serialize>(message: &T) -> Result<Vec<u8>, FrameError> {
    let mut frame = vec![0; HEADER];
    rmp_serde::encode::write(&mut frame, message)?;
    let length = frame.len() - HEADER;
    match u32::try_from(length) {
        Ok(announced) if length <= MAX_FRAME => frame[..HEADER].copy_from_slice(&announced.to_be_bytes()),
        _ => return Err(FrameError::TooLargeToSend(length)),
    }
    Ok(frame)
}

/// The message in a payload (a frame without its header).
pub fn decode<T: DeserializeOwned>(payload: &[u8]) -> Result<T, FrameError> {
    // Fewer bytes cannot hold so many.
    if payload.len() > MAX_VALUES && values_in(payload) > MAX_VALUES {
        return Err(FrameError::TooManyValues);
    }
    let mut deserializer = rmp_serde::Deserializer::from_read_ref(payload);
    deserializer.set_max_depth(MAX_DEPTH);
    Ok(T::deserialize(&mut deserializer)?)
}

/// Writes and flushes one message.
pub fn write_frame<T: Serialize>(stream: &mut impl Write, message: &T) -> Result<(), FrameError> {
    stream.write_all(&encode(message)?)?;
    Ok(stream.flush()?)
}

/// Reads one message; `None` when the stream ends between two frames.
pub fn read_frame<T: DeserializeOwned>(stream: &mut impl Read) -> Result<Option<T>, FrameError> {
    let mut header = [0; HEADER];
    if !read_header(stream, &mut header)? {
        return Ok(None);
    }
    let length = payload_length(header)?;
    let mut payload = Vec::with_capacity(length.min(FIRST_ALLOCATION));
    stream.take(length as u64).read_to_end(&mut payload)?;
    if payload.len() < length {
        return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
    }
    decode(&payload).map(Some)
}

/// False at a clean end of stream.
fn read_header(stream: &mut impl Read, header: &mut [u8; HEADER]) -> io::Result<bool> {
    let mut filled = 0;
    while filled < HEADER {
        match stream.read(&mut header[filled..]) {
            Ok(0) if filled == 0 => return Ok(false),
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(true)
}

fn payload_length(header: [u8; HEADER]) -> Result<usize, FrameError> {
    let length = u32::from_be_bytes(header) as usize;
    if length > MAX_FRAME { Err(FrameError::TooLong(length)) } else { Ok(length) }
}

/// Takes bytes as they arrive and gives complete messages: the codec for asynchronous streams.
#[derive(Debug, Default)]
pub struct Deframer {
    buffer: Vec<u8>,
    consumed: usize,
}

impl Deframer {
    pub fn push(&mut self, bytes: &[u8]) {
        if self.consumed > 0 {
            self.buffer.drain(..self.consumed);
            self.consumed = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// The next message, `None` when more bytes are needed. After an error the stream is beyond repair.
    pub fn next_message<T: DeserializeOwned>(&mut self) -> Result<Option<T>, FrameError> {
        let pending = &self.buffer[self.consumed..];
        let Some((header, rest)) = pending.split_first_chunk::<HEADER>() else { return Ok(None) };
        let length = payload_length(*header)?;
        let Some(payload) = rest.get(..length) else { return Ok(None) };
        let message = decode(payload)?;
        self.consumed += HEADER + length;
        Ok(Some(message))
    }

    /// Whether the stream may end here.
    pub fn is_between_frames(&self) -> bool {
        self.consumed == self.buffer.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FromWorker, ModuleCall, OutputStream, ToWorker};
    use serde_json::json;

    fn call() -> ToWorker {
        let args = json!({"path": "/tmp/ü", "big": u64::MAX, "neg": -5, "f": 1.5, "n": null, "list": [1, {"a": true}]});
        ToWorker::Call(Box::new(ModuleCall {
            id: 7,
            module: "ansible.builtin.copy".into(),
            args: args.as_object().cloned().unwrap(),
            environment: vec![("A".into(), "b".into())],
            blobs: vec![crate::InlineBlob { sha256: "ab".repeat(32), data: vec![0, 255, 1].into() }],
            timeout: Some(3),
            ..ModuleCall::default()
        }))
    }

    #[test]
    fn messages_survive_the_wire_in_order() {
        let line = FromWorker::Output { id: 1, stream: OutputStream::Stderr, line: "x".into() };
        let mut wire = encode(&call()).unwrap();
        wire.extend(encode(&ToWorker::Cancel { id: 9 }).unwrap());
        let mut stream = wire.as_slice();
        assert_eq!(read_frame::<ToWorker>(&mut stream).unwrap(), Some(call()));
        assert_eq!(read_frame::<ToWorker>(&mut stream).unwrap(), Some(ToWorker::Cancel { id: 9 }));
        assert_eq!(read_frame::<ToWorker>(&mut stream).unwrap(), None);
        assert_eq!(decode::<FromWorker>(&encode(&line).unwrap()[4..]).unwrap(), line);
    }

    #[test]
    fn map_order_is_kept() {
        let ToWorker::Call(call) = decode(&encode(&call()).unwrap()[4..]).unwrap() else { panic!("not a call") };
        assert_eq!(call.args.keys().collect::<Vec<_>>(), ["path", "big", "neg", "f", "n", "list"]);
    }

    #[test]
    fn deframer_takes_single_bytes() {
        let wire = [encode(&call()).unwrap(), encode(&ToWorker::Shutdown).unwrap()].concat();
        let (mut deframer, mut seen) = (Deframer::default(), Vec::new());
        for byte in wire {
            deframer.push(&[byte]);
            while let Some(message) = deframer.next_message::<ToWorker>().unwrap() {
                seen.push(message);
            }
        }
        assert_eq!(seen, [call(), ToWorker::Shutdown]);
        assert!(deframer.is_between_frames());
    }

    #[test]
    fn hostile_input_is_an_error_and_costs_no_memory() {
        let cases: [(&str, Vec<u8>); 5] = [
            ("a banner", b"bash: warning: setlocale\n".to_vec()),
            ("length just above the limit", (MAX_FRAME as u32 + 1).to_be_bytes().to_vec()),
            ("not MessagePack", vec![0, 0, 0, 2, 0xc1, 0xc1]),
            ("a string that claims four gigabytes", vec![0, 0, 0, 6, 0x81, 0xdb, 0xff, 0xff, 0xff, 0xff]),
            ("unknown message", vec![0, 0, 0, 2, 0x81, 0x7f]),
        ];
        for (name, bytes) in cases {
            assert!(read_frame::<ToWorker>(&mut bytes.as_slice()).is_err(), "{name}");
            let mut deframer = Deframer::default();
            deframer.push(&bytes);
            assert!(deframer.next_message::<ToWorker>().is_err(), "{name}");
        }
    }

    #[test]
    fn a_small_message_cannot_become_a_large_one() {
        let call = |count: usize| {
            let args = json!({"list": vec![serde_json::Value::Null; count]}).as_object().cloned().unwrap();
            ToWorker::Call(Box::new(ModuleCall { args, ..ModuleCall::default() }))
        };
        let fits = encode(&call(1000)).unwrap();
        assert_eq!(decode::<ToWorker>(&fits[4..]).unwrap(), call(1000));
        let unfolds = encode(&call(MAX_VALUES)).unwrap();
        assert!(matches!(decode::<ToWorker>(&unfolds[4..]), Err(FrameError::TooManyValues)));
    }

    #[test]
    fn truncated_frames_are_errors() {
        let wire = encode(&call()).unwrap();
        for cut in 1..wire.len() {
            assert!(read_frame::<ToWorker>(&mut &wire[..cut]).is_err(), "cut at {cut}");
        }
    }

    #[test]
    fn deep_nesting_is_refused_not_followed() {
        let mut payload = vec![0x81, 0xa4];
        payload.extend(b"Done");
        payload.extend([0x92, 0x01, 0x81, 0xa1, b'k']);
        payload.extend(std::iter::repeat_n(0x91, 100_000));
        payload.push(0xc0);
        assert!(decode::<FromWorker>(&payload).is_err());
    }
}
