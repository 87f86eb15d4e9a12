//! Random frames: whatever arrives, reading it ends soon, with messages or an error, in memory bounded by what arrived.

use kapell_protocol::{
    Deframer, FetchedFile, FromWorker, InlineBlob, Job, ModuleCall, OutputStream, ToWorker, WorkerHello, decode,
    encode, read_frame,
};
use kapell_test_support::fuzz::{Dice, Limits, fuzz};
use serde_json::json;

/// Beginnings of MessagePack values that claim much, and names of messages.
const WORDS: &[&[u8]] = &[
    b"\xdd\xff\xff\xff\xff",
    b"\xdf\xff\xff\xff\xff",
    b"\xdb\xff\xff\xff\xff",
    b"\xc6\xff\xff\xff\xff",
    b"\xc9\xff\xff\xff\xff\x01",
    b"\xdc\xff\xff",
    b"\xde\xff\xff",
    b"\x91\x91\x91\x91\x91\x91\x91\x91",
    b"\x81\xa1k\x81\xa1k\x81\xa1k",
    b"\xc0",
    b"\xc1",
    b"\xcf\xff\xff\xff\xff\xff\xff\xff\xff",
    b"\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00",
    b"\xa4Done",
    b"\xa5Hello",
    b"\xa8NeedBlob",
    b"\xa4Call",
    b"\x00\x00\x00\x10",
    b"\x03\xff\xff\xff",
];

fn messages() -> Vec<Vec<u8>> {
    let args = json!({"path": "/tmp/x", "list": [1, 2.5, null, {"a": [true, false]}], "text": "ü".repeat(300)});
    let args = args.as_object().cloned().unwrap_or_default();
    let call = ModuleCall {
        id: 7,
        module: "ansible.builtin.copy".into(),
        args: args.clone(),
        environment: vec![("A".into(), "b".into())],
        blobs: vec![InlineBlob { sha256: "ab".repeat(32), data: vec![0, 255, 1].into() }],
        ..ModuleCall::default()
    };
    let job = Job { directory: "~/jobs".into(), number: 1, limit: 10 };
    let hello = WorkerHello { protocol: 1, version: "0".into(), pid: 1, uid: 0, temp_dir: "/tmp".into() };
    let file = FetchedFile { sha256: "cd".repeat(32), size: 1, mode: 0o644 };
    let from = [
        FromWorker::Hello(hello),
        FromWorker::Done { id: 1, result: args },
        FromWorker::NeedBlob { id: 1, sha256: "ab".repeat(32) },
        FromWorker::FileChunk { id: 1, data: vec![1; 500].into() },
        FromWorker::FileEnd { id: 1, file },
        FromWorker::Output { id: 1, stream: OutputStream::Stdout, line: "line".into() },
        FromWorker::Failed { id: 1, message: "no".into() },
        FromWorker::Fatal { message: "no".into() },
    ];
    let to = [ToWorker::Call(Box::new(call.clone())), ToWorker::StartJob(Box::new(call), job), ToWorker::Shutdown];
    let from = from.iter().map(|message| encode(message).expect("it fits"));
    from.chain(to.iter().map(|message| encode(message).expect("it fits"))).collect()
}

/// Several frames, some of them spoilt within, some in their lengths.
fn wire(dice: &mut Dice, corpus: &[Vec<u8>]) -> Vec<u8> {
    let mut wire = Vec::new();
    for _ in 0..=dice.below(4) {
        let frame = &corpus[dice.below(corpus.len())];
        if dice.one_in(3) {
            wire.extend(dice.spoil(frame, WORDS));
        } else {
            let payload = dice.spoil(&frame[4..], WORDS);
            wire.extend((payload.len() as u32).to_be_bytes());
            wire.extend(payload);
        }
    }
    wire
}

#[test]
fn any_bytes_are_messages_or_an_error() {
    let corpus = messages();
    fuzz(Limits { few: 20_000, memory: 300 << 20 }, |dice| {
        let wire = wire(dice, &corpus);
        let mut deframer = Deframer::default();
        let mut whole = Vec::new();
        let mut rest = &wire[..];
        let mut is_broken = false;
        while !rest.is_empty() && !is_broken {
            let (piece, behind) = rest.split_at(1 + dice.below(rest.len()));
            deframer.push(piece);
            rest = behind;
            loop {
                match deframer.next_message::<FromWorker>() {
                    Ok(Some(message)) => whole.push(message),
                    Ok(None) => break,
                    Err(_) => {
                        is_broken = true;
                        break;
                    }
                }
            }
        }
        let mut stream = &wire[..];
        let mut blocking = Vec::new();
        while let Ok(Some(message)) = read_frame::<FromWorker>(&mut stream) {
            blocking.push(message);
        }
        // NaN is no JSON number, so messages compare.
        if whole != blocking {
            return Err(format!("{} messages in pieces, {} in one", whole.len(), blocking.len()));
        }
        let _ = decode::<ToWorker>(wire.get(4..).unwrap_or_default());
        // What was understood can be said again.
        for message in &whole {
            encode(message).map_err(|error| error.to_string())?;
        }
        Ok(())
    });
}
