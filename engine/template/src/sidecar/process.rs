//! `Process`: the `python3` beside us and the frames to and from it.

use std::io::{Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use kapell_parsing::{Map, Value, json_read};

use super::stubs::{BOOTSTRAP, HOST, sources};
use crate::dump::json::JsonStyle;
use crate::evaluate::Fault;

/// Longer frames are refused on both sides.
pub(super) const MAX_FRAME: usize = 1 << 30;

pub(super) struct Process {
    child: Child,
    /// Closed first when it all ends: that is how the other side knows.
    input: Option<ChildStdin>,
    output: ChildStdout,
}

impl Process {
    pub(super) fn start(python: &str) -> Result<Self, Fault> {
        let mut command = Command::new(python);
        command.args(["-c", BOOTSTRAP]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        command.env("PYTHONDONTWRITEBYTECODE", "1");
        let mut child = command.spawn().map_err(|error| {
            Fault::error(format!("this plugin is written in Python, and {python} cannot be started: {error}"))
        })?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(ended());
        };
        let mut process = Self { child, input: Some(input), output };
        process.write(format!("{}\n{HOST}", HOST.len()).as_bytes())?;
        process.send(&Value::map(Map::from_iter([("sources".into(), Value::map(sources().collect()))])))?;
        Ok(process)
    }

    pub(super) fn send(&mut self, message: &Value) -> Result<(), Fault> {
        let text = JsonStyle::default().dump(message);
        let length = u32::try_from(text.len()).ok().filter(|length| *length as usize <= MAX_FRAME);
        let length = length.ok_or_else(|| Fault::error("too much data for a plugin written in Python"))?;
        self.write(&[&length.to_be_bytes(), text.as_bytes()].concat())
    }

    pub(super) fn receive(&mut self) -> Result<Map, Fault> {
        let mut length = [0; 4];
        self.output.read_exact(&mut length).map_err(|_| ended())?;
        let length = u32::from_be_bytes(length) as usize;
        if length > MAX_FRAME {
            return Err(Fault::error("a plugin written in Python gave too much data"));
        }
        let mut frame = vec![0; length];
        self.output.read_exact(&mut frame).map_err(|_| ended())?;
        let text = String::from_utf8(frame).map_err(|_| ended())?;
        match json_read::read(&text).map_err(Fault::error)? {
            Value::Map(map) => Ok((*map).clone()),
            _ => Err(ended()),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        let input = self.input.as_mut().ok_or_else(ended)?;
        input.write_all(bytes).and_then(|()| input.flush()).map_err(|_| ended())
    }
}

fn ended() -> Fault {
    Fault::error("the Python process that runs plugins ended unexpectedly")
}

impl Drop for Process {
    fn drop(&mut self) {
        self.input = None;
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
