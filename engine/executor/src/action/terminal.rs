//! The person at the terminal: keys read one by one, with what is typed shown or hidden.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcgetpgrp, tcsetattr};

const INTERRUPT: u8 = 0x03;
const KILL_LINE: u8 = 0x15;

/// How an input ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Line(String),
    TimedOut,
    Interrupted,
}

/// Whether somebody can answer: the input is a terminal and this process is in its foreground.
pub(super) fn is_interactive() -> bool {
    let stdin = io::stdin();
    stdin.is_terminal() && tcgetpgrp(&stdin).is_ok_and(|group| group == rustix::process::getpgrp())
}

/// The terminal, giving every key at once until this is dropped.
pub(super) struct Keys {
    before: Termios,
    erase: u8,
}

impl Keys {
    pub(super) fn open() -> io::Result<Self> {
        let stdin = io::stdin();
        let before = tcgetattr(&stdin)?;
        let mut raw = before.clone();
        raw.local_modes &= !(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG);
        raw.special_codes[SpecialCodeIndex::VMIN] = 1;
        raw.special_codes[SpecialCodeIndex::VTIME] = 0;
        tcsetattr(&stdin, OptionalActions::Now, &raw)?;
        let erase = before.special_codes[SpecialCodeIndex::VERASE];
        Ok(Self { before, erase })
    }

    /// A line, edited with backspace; with a limit only the time or an interrupt ends it.
    pub(super) fn line(&self, limit: Option<Duration>, echo: bool) -> io::Result<Answer> {
        let deadline = limit.map(|limit| Instant::now() + limit);
        let mut typed = TypedLine { bytes: Vec::new(), echo: echo && limit.is_none() };
        loop {
            let Some(key) = next_key(deadline)? else {
                return Ok(if deadline.is_some_and(|at| Instant::now() >= at) {
                    Answer::TimedOut
                } else {
                    typed.done()
                });
            };
            match key {
                INTERRUPT => return Ok(Answer::Interrupted),
                b'\r' | b'\n' if limit.is_none() => return Ok(typed.done()),
                b'\r' | b'\n' => {}
                KILL_LINE => while typed.erase() {},
                key if key == self.erase || key == 0x7f || key == 0x08 => drop(typed.erase()),
                key => typed.push(key),
            }
        }
    }

    /// The first of `wanted` that is pressed; `None` at the end of the input.
    #[expect(clippy::unused_self, reason = "keys come one by one only while the terminal is open")]
    pub(super) fn one_of(&self, wanted: &[u8]) -> io::Result<Option<u8>> {
        while let Some(key) = next_key(None)? {
            let key = key.to_ascii_lowercase();
            if wanted.contains(&key) {
                return Ok(Some(key));
            }
        }
        Ok(None)
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.before);
    }
}

struct TypedLine {
    bytes: Vec<u8>,
    echo: bool,
}

impl TypedLine {
    fn push(&mut self, key: u8) {
        self.bytes.push(key);
        self.show(&[key]);
    }

    /// Takes the last character back; false when there is none.
    fn erase(&mut self) -> bool {
        let is_inside = |byte: u8| byte & 0b1100_0000 == 0b1000_0000;
        while self.bytes.last().is_some_and(|byte| is_inside(*byte)) {
            self.bytes.pop();
        }
        let had = self.bytes.pop().is_some();
        if had {
            self.show(b"\x08 \x08");
        }
        had
    }

    fn done(&mut self) -> Answer {
        self.show(b"\r\n");
        Answer::Line(String::from_utf8_lossy(&std::mem::take(&mut self.bytes)).into_owned())
    }

    /// Best effort: what is typed counts even when it cannot be shown.
    fn show(&self, bytes: &[u8]) {
        if self.echo
            && let Ok(mut terminal) = fs_err::OpenOptions::new().write(true).open("/dev/tty")
        {
            let _ = terminal.write_all(bytes);
        }
    }
}

/// The next byte typed; `None` when the time is over or the input ended.
fn next_key(deadline: Option<Instant>) -> io::Result<Option<u8>> {
    let stdin = io::stdin();
    loop {
        let left = deadline.map(|at| at.saturating_duration_since(Instant::now()));
        let timeout = left.map(|left| Timespec { tv_sec: left.as_secs() as i64, tv_nsec: left.subsec_nanos().into() });
        let mut fds = [PollFd::new(&stdin, PollFlags::IN)];
        match poll(&mut fds, timeout.as_ref()) {
            Ok(0) => return Ok(None),
            Ok(_) => {
                let mut byte = [0];
                return Ok((rustix::io::read(&stdin, &mut byte)? == 1).then_some(byte[0]));
            }
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Answer, TypedLine};

    #[test]
    fn whole_characters_are_taken_back() {
        let mut typed = TypedLine { bytes: Vec::new(), echo: false };
        "aé".bytes().for_each(|byte| typed.push(byte));
        assert!(typed.erase());
        typed.push(b'b');
        assert_eq!(typed.done(), Answer::Line("ab".into()));
        assert!(!typed.erase());
    }
}
