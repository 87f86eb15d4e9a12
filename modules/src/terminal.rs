//! `Terminal`: a command on a pseudo-terminal of its own, for programs that only talk to people.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process_group};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, OptionalActions, Winsize, tcgetattr, tcsetattr, tcsetwinsize};

use crate::command::CommandSpec;

const SIZE: Winsize = Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
/// Longest wait before looking whether the program still lives.
const TICK: Duration = Duration::from_millis(100);
/// A program whose terminal went away gets this long to end before it is killed.
const FAREWELL: Duration = Duration::from_millis(500);

/// What a look at the terminal brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seen {
    /// Output was added to the buffer.
    Output,
    /// Nothing within the wait.
    Nothing,
    /// The program ended or closed its terminal.
    End,
}

#[derive(Debug)]
pub(crate) struct Terminal {
    child: Child,
    master: File,
}

impl Terminal {
    /// Starts the command as the leader of a session with this terminal.
    pub(crate) fn start(spec: &CommandSpec, base: &[(String, String)], echo: bool) -> io::Result<Self> {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
        grantpt(&master)?;
        unlockpt(&master)?;
        let name = ptsname(&master, Vec::new())?;
        let slave = rustix::fs::open(&*name, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty())?;
        tcsetwinsize(&slave, SIZE)?;
        if !echo {
            let mut modes = tcgetattr(&slave)?;
            modes.local_modes.remove(LocalModes::ECHO);
            tcsetattr(&slave, OptionalActions::Now, &modes)?;
        }
        let flags = rustix::fs::fcntl_getfl(&master)?;
        rustix::fs::fcntl_setfl(&master, flags | OFlags::NONBLOCK)?;
        let child = spawn(spec, base, &slave)?;
        Ok(Self { child, master: File::from(master) })
    }

    /// Waits for output, at most `limit`, and appends it.
    pub(crate) fn read(&mut self, limit: Duration, output: &mut Vec<u8>) -> io::Result<Seen> {
        let until = Instant::now() + limit;
        loop {
            match self.drain(output)? {
                Seen::Nothing => {}
                seen => return Ok(seen),
            }
            let left = until.saturating_duration_since(Instant::now()).min(TICK);
            if left.is_zero() {
                return Ok(Seen::Nothing);
            }
            let timeout = Timespec { tv_sec: 0, tv_nsec: i64::from(left.subsec_nanos()) };
            let ready = match poll(&mut [PollFd::new(&self.master, PollFlags::IN)], Some(&timeout)) {
                Ok(ready) => ready > 0,
                Err(Errno::INTR) => false,
                Err(error) => return Err(error.into()),
            };
            // What it left in the background may keep the terminal open.
            if !ready && self.child.try_wait()?.is_some() {
                return Ok(match self.drain(output)? {
                    Seen::Output => Seen::Output,
                    _ => Seen::End,
                });
            }
        }
    }

    fn drain(&mut self, output: &mut Vec<u8>) -> io::Result<Seen> {
        let before = output.len();
        let mut buffer = [0; 4096];
        let end = loop {
            match self.master.read(&mut buffer) {
                Ok(0) => break true,
                Ok(read) => output.extend_from_slice(&buffer[..read]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break false,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // Nobody has the other side open any more.
                Err(error) if error.raw_os_error() == Some(Errno::IO.raw_os_error()) => break true,
                Err(error) => return Err(error),
            }
        };
        Ok(if output.len() > before {
            Seen::Output
        } else if end {
            Seen::End
        } else {
            Seen::Nothing
        })
    }

    /// Types the text. A program that takes no more input gets no more.
    pub(crate) fn write(&mut self, text: &[u8]) -> io::Result<()> {
        let mut rest = text;
        let until = Instant::now() + Duration::from_secs(5);
        while !rest.is_empty() && Instant::now() < until {
            match self.master.write(rest) {
                Ok(written) => rest = &rest[written..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    std::thread::sleep(Duration::from_millis(10));
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.raw_os_error() == Some(Errno::IO.raw_os_error()) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Takes the terminal away and waits for the end of the program, killing it when it stays.
    pub(crate) fn close(self) -> io::Result<ExitStatus> {
        let Self { mut child, master } = self;
        drop(master);
        let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        for signal in [None, Some(Signal::HUP), Some(Signal::KILL)] {
            if let (Some(signal), Some(group)) = (signal, group) {
                let _ = kill_process_group(group, signal);
            }
            if let Some(status) = farewell(&mut child)? {
                return Ok(status);
            }
        }
        child.wait()
    }

    /// After its last output: a program that is about to end is not hung up on.
    pub(crate) fn finish(mut self) -> io::Result<ExitStatus> {
        match farewell(&mut self.child)? {
            Some(status) => Ok(status),
            None => self.close(),
        }
    }
}

fn farewell(child: &mut Child) -> io::Result<Option<ExitStatus>> {
    let until = Instant::now() + FAREWELL;
    while Instant::now() < until {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(None)
}

/// The exit code; `None` when a signal ended the program.
pub(crate) fn exit_code(status: ExitStatus) -> Option<i32> {
    if status.signal().is_some() { None } else { status.code() }
}

#[expect(unsafe_code, reason = "only between fork and exec can a program be given a session and its terminal")]
fn spawn(spec: &CommandSpec, base: &[(String, String)], slave: &OwnedFd) -> io::Result<Child> {
    let mut command = Command::new(&spec.program);
    command.args(&spec.args).envs(base.iter().map(|(name, value)| (name, value))).envs(&spec.environment);
    if let Some(dir) = &spec.cwd {
        command.current_dir(dir);
    }
    command.stdin(slave.try_clone()?).stdout(slave.try_clone()?).stderr(slave.try_clone()?);
    // SAFETY: the closure makes two system calls and allocates nothing.
    unsafe {
        command.pre_exec(|| {
            rustix::process::setsid()?;
            rustix::process::ioctl_tiocsctty(rustix::stdio::stdin().as_fd())?;
            Ok(())
        });
    }
    command.spawn()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_sees_a_terminal_and_hears_what_is_typed() {
        let spec =
            CommandSpec::shell("test -t 0 && stty size && read -r line < /dev/tty && echo \"got $line\"; exit 3");
        let mut terminal = Terminal::start(&spec, &[], false).unwrap();
        let mut output = Vec::new();
        while !output.ends_with(b"24 80\r\n") {
            assert_eq!(terminal.read(Duration::from_secs(10), &mut output).unwrap(), Seen::Output);
        }
        terminal.write(b"word\n").unwrap();
        while terminal.read(Duration::from_secs(10), &mut output).unwrap() == Seen::Output {}
        assert_eq!(String::from_utf8_lossy(&output), "24 80\r\ngot word\r\n");
        assert_eq!(exit_code(terminal.finish().unwrap()), Some(3));
    }

    #[test]
    fn a_program_that_stays_is_ended() {
        let mut terminal = Terminal::start(&CommandSpec::shell("trap '' HUP; sleep 60"), &[], true).unwrap();
        let mut output = Vec::new();
        assert_eq!(terminal.read(Duration::from_millis(300), &mut output).unwrap(), Seen::Nothing);
        assert_eq!(exit_code(terminal.close().unwrap()), None);
    }
}
