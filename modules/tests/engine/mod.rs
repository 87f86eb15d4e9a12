//! A container engine that answers what a real one answered once: the exchanges of a case, on a socket of its own.
//! `record_engine.py` records them.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use serde_json::Value;

/// What is still to be asked, and what was asked that nobody recorded.
#[derive(Default)]
struct Script {
    left: Vec<Value>,
    unknown: Vec<String>,
    over: bool,
}

pub(crate) struct Engine {
    dir: tempfile::TempDir,
    script: Arc<Mutex<Script>>,
    server: std::thread::JoinHandle<()>,
}

impl Engine {
    pub(crate) fn start(exchanges: Vec<Value>) -> Self {
        let dir = tempfile::Builder::new().prefix("kapell-engine-").tempdir().unwrap();
        let listener = UnixListener::bind(dir.path().join("engine.sock")).unwrap();
        let script = Arc::new(Mutex::new(Script { left: exchanges, ..Script::default() }));
        let shared = Arc::clone(&script);
        let server = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if shared.lock().unwrap().over {
                    return;
                }
                answer(stream.unwrap(), &shared);
            }
        });
        Self { dir, script, server }
    }

    fn socket(&self) -> PathBuf {
        self.dir.path().join("engine.sock")
    }

    pub(crate) fn address(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    /// What went otherwise than recorded.
    pub(crate) fn finish(self) -> Vec<String> {
        self.script.lock().unwrap().over = true;
        drop(UnixStream::connect(self.socket()));
        self.server.join().unwrap();
        let script = self.script.lock().unwrap();
        let left = script.left.iter().map(|one| format!("not asked: {} {}", text(&one["method"]), text(&one["path"])));
        script.unknown.iter().cloned().chain(left).collect()
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn answer(stream: UnixStream, script: &Mutex<Script>) {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    if reader.read_line(&mut line).unwrap_or(0) == 0 {
        return;
    }
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut length = 0;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).unwrap();
        let header = header.trim().to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let (status, content) = script.lock().unwrap().next(&method, &path, &body);
    let head = format!("HTTP/1.1 {status} {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", "-", content.len());
    let stream = reader.get_mut();
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(content.as_bytes()));
}

impl Script {
    /// Repeated questions get the recorded answers one after the other, in the recorded order.
    fn next(&mut self, method: &str, path: &str, body: &Value) -> (u64, String) {
        let asked = |one: &Value| one["method"] == method && one["path"] == path && one["body"] == *body;
        if let Some(at) = self.left.iter().position(asked) {
            let one = self.left.remove(at);
            let content = match &one["answer"] {
                Value::String(text) => text.clone(),
                Value::Null => String::new(),
                json => json.to_string(),
            };
            return (one["status"].as_u64().unwrap_or(200), content);
        }
        self.unknown.push(format!("unexpected: {method} {path} {body}"));
        (500, "{\"message\": \"nobody asked that when this case was recorded\"}".to_owned())
    }
}
