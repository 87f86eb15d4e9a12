//! The end of a container that is awaited: its exit code and what it wrote.

use std::time::Duration;

use serde_json::Value;

use super::super::engine::Engine;
use super::super::query::Query;
use super::life;
use crate::{Context, ModuleError};

/// Drivers whose logs the engine can read back.
const READABLE: &[&str] = &["json-file", "journald", "local", "k8s-file"];

pub(super) struct Ended {
    pub status: i64,
    pub output: String,
    pub container: Value,
}

pub(super) fn await_end(engine: &Engine, container: &Value, cx: &Context<'_>) -> Result<Ended, ModuleError> {
    let mut pause = Duration::from_millis(50);
    let ended = loop {
        let Some(now) = engine.container(life::id(container))? else {
            return Ok(Ended {
                status: 0,
                output: "Cannot retrieve result as auto_remove is enabled".to_owned(),
                container: Value::Null,
            });
        };
        if now["State"]["Running"].as_bool() != Some(true) && now["State"]["Status"].as_str() != Some("stopping") {
            break now;
        }
        cx.sleep(pause)?;
        pause = (pause * 2).min(Duration::from_secs(1));
    };
    let driver = ended["HostConfig"]["LogConfig"]["Type"].as_str().unwrap_or_default();
    let output = if READABLE.contains(&driver) {
        let query = Query::new().with("stderr", 1).with("stdout", 1).with("timestamps", 0);
        let query = query.with("follow", 0).with("tail", "all").after("/logs");
        let answer = engine.read(&life::path(container, &query))?.checked()?;
        if ended["Config"]["Tty"].as_bool() == Some(true) { answer.text() } else { plain(&answer.body) }
    } else {
        format!("Result logged using `{driver}` driver")
    };
    let status = ended["State"]["ExitCode"].as_i64().unwrap_or(0);
    Ok(Ended { status, output, container: ended })
}

/// The text of frames: a byte for the stream, three empty ones, the length, and so many bytes.
fn plain(mut frames: &[u8]) -> String {
    let mut text = Vec::new();
    while let Some((head, rest)) = frames.split_first_chunk::<8>() {
        let length = u32::from_be_bytes([head[4], head[5], head[6], head[7]]) as usize;
        // A frame that says it is longer than what came is what came.
        let (content, rest) = rest.split_at(length.min(rest.len()));
        text.extend_from_slice(content);
        frames = rest;
    }
    String::from_utf8_lossy(&text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_joined_and_bounded() {
        assert_eq!(plain(b"\x01\0\0\0\0\0\0\x02hi\x02\0\0\0\0\0\0\x01!"), "hi!");
        assert_eq!(plain(b"\x01\0\0\0\xff\xff\xff\xffhi"), "hi");
        assert_eq!(plain(b"\x01\0"), "");
    }
}
