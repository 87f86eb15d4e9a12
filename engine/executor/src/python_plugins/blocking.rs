//! `BlockingProcess`: a Python process for plugins that run where nothing else goes on: callbacks, inventories.

use std::io::{Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use kapell_parsing::{Map, Value};
use kapell_template::{PluginFrames, Templar};

use super::{request, stubs};

const ENDED: &str = "the Python process that runs plugins ended unexpectedly";

pub struct BlockingProcess {
    child: Child,
    /// Closed first: that is how the other side knows that it is over.
    input: Option<ChildStdin>,
    output: ChildStdout,
}

/// What comes back.
pub enum Reply {
    Result(Value),
    /// The plugin wants to know something first.
    Question(Map),
    Raised(Raised),
}

/// An exception of a plugin.
pub struct Raised {
    pub message: String,
    /// Its class and the classes above it.
    pub kinds: Vec<String>,
}

impl BlockingProcess {
    pub fn start(templar: &Templar) -> Result<Self, String> {
        let python = templar.python();
        let mut command = Command::new(python);
        command.args(["-c", PluginFrames::BOOTSTRAP]).env("PYTHONDONTWRITEBYTECODE", "1");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut child = command.spawn().map_err(|error| {
            format!("there are plugins written in Python, and {python} cannot be started on the control node: {error}")
        })?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(ENDED.to_owned());
        };
        let mut process = Self { child, input: Some(input), output };
        process.write(&PluginFrames::opening(&stubs::stubs())?)?;
        let parents = templar.collection_parents();
        let parents = parents.iter().map(|path| Value::from(path.to_string_lossy().into_owned())).collect();
        process.send(&request::map([("op", "configure".into()), ("collections", Value::list(parents))]))?;
        process.reply()?;
        Ok(process)
    }

    pub fn send(&mut self, message: &Value) -> Result<(), String> {
        self.write(&PluginFrames::write(message)?)
    }

    pub fn reply(&mut self) -> Result<Reply, String> {
        let mut reply = self.receive()?;
        if reply.contains_key("ask") {
            return Ok(Reply::Question(reply));
        }
        if let Some(result) = reply.shift_remove("result") {
            return Ok(Reply::Result(result));
        }
        let kinds = reply.get("kinds").and_then(Value::as_list).unwrap_or_default();
        let trace = reply.get("trace").map(ToString::to_string).unwrap_or_default();
        tracing::debug!("a plugin failed: {trace}");
        let message = reply.get("error").map(Value::to_string).filter(|message| !message.is_empty());
        let message = message.or_else(|| reply.get("type").map(Value::to_string)).unwrap_or_default();
        Ok(Reply::Raised(Raised { message, kinds: kinds.iter().map(ToString::to_string).collect() }))
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), String> {
        let input = self.input.as_mut().ok_or(ENDED)?;
        input.write_all(bytes).and_then(|()| input.flush()).map_err(|_| ENDED.to_owned())
    }

    fn receive(&mut self) -> Result<Map, String> {
        let mut length = [0; 4];
        self.output.read_exact(&mut length).map_err(|_| ENDED)?;
        let length = u32::from_be_bytes(length) as usize;
        if length > PluginFrames::MOST {
            return Err("a plugin written in Python gave too much data".to_owned());
        }
        let mut frame = vec![0; length];
        self.output.read_exact(&mut frame).map_err(|_| ENDED)?;
        PluginFrames::read(frame)
    }
}

impl Drop for BlockingProcess {
    fn drop(&mut self) {
        self.input = None;
        let _ = self.child.wait();
    }
}
