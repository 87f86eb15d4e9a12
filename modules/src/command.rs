//! Running commands: pipes, input, environment, working directory, time limit, and killing all of it on cancel.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};

use kapell_protocol::{EventSink, OutputStream as Stream};

/// Longest wait before looking at cancellation and at a child that cannot be polled.
const TICK: Duration = Duration::from_millis(100);
/// After the child ended, output of what it left running in the background is awaited this long.
const GRACE: Duration = Duration::from_millis(50);
/// A command that runs this long is worth watching.
const LIVE_AFTER: Duration = Duration::from_secs(1);

/// A command to run. `CommandSpec::new(["ls", "-l"])` or `CommandSpec::shell("ls | wc -l")`.
#[derive(Debug, Clone, Default)]
pub struct CommandSpec {
    pub program: PathBuf,
    /// The name the program is told to be called by, where that is not the path it was found at.
    pub called: Option<String>,
    pub args: Vec<String>,
    pub stdin: Option<Vec<u8>>,
    pub cwd: Option<PathBuf>,
    /// Added to the task's environment; an empty name list means none.
    pub environment: BTreeMap<String, String>,
    pub timeout: Option<Duration>,
    /// Lines are reported while the command runs, once it has run this long: what is over at once needs no report.
    pub live: Option<Duration>,
    /// Runs with `LC_ALL=C` so that the output can be parsed.
    pub parsable: bool,
}

impl CommandSpec {
    pub fn new<S: Into<String>>(words: impl IntoIterator<Item = S>) -> Self {
        let mut words = words.into_iter().map(Into::into);
        let program = words.next().map(PathBuf::from).unwrap_or_default();
        Self { program, args: words.collect(), parsable: true, ..Self::default() }
    }

    /// The text as a script of `/bin/sh`.
    pub fn shell(script: impl Into<String>) -> Self {
        Self::new(["/bin/sh".to_owned(), "-c".to_owned(), script.into()])
    }

    /// The same, called by the name that was asked for.
    pub fn called_as_written(mut self) -> Self {
        self.called = Some(self.program.to_string_lossy().into_owned());
        self
    }

    pub fn arg(mut self, arg: impl Into<String>) -> Self {
        self.args.push(arg.into());
        self
    }

    pub fn args<S: Into<String>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    pub fn stdin(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.stdin = Some(input.into());
        self
    }

    pub fn cwd(mut self, dir: impl Into<PathBuf>) -> Self {
        self.cwd = Some(dir.into());
        self
    }

    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.environment.insert(name.into(), value.into());
        self
    }

    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = Some(limit);
        self
    }

    pub fn live(mut self) -> Self {
        self.live = Some(LIVE_AFTER);
        self
    }

    /// Leaves the locale of the task's environment alone.
    pub fn user_locale(mut self) -> Self {
        self.parsable = false;
        self
    }

    /// The command line as a shell would take it.
    pub fn line(&self) -> String {
        let program = self.program.to_string_lossy().into_owned();
        std::iter::once(&program).chain(&self.args).map(|word| crate::words::quote(word)).collect::<Vec<_>>().join(" ")
    }

    fn to_command(&self, base: &[(String, String)]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.args).process_group(0);
        if let Some(name) = &self.called {
            command.arg0(name);
        }
        command.envs(base.iter().map(|(name, value)| (name, value)));
        if self.parsable {
            command.envs(["LANG", "LC_ALL", "LC_MESSAGES", "LC_CTYPE"].map(|name| (name, "C")));
            command.env_remove("LANGUAGE");
        }
        command.envs(&self.environment);
        if let Some(dir) = &self.cwd {
            command.current_dir(dir);
        }
        command.stdin(if self.stdin.is_some() { Stdio::piped() } else { Stdio::null() });
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }
}

/// What a command did.
#[derive(Debug, Clone, Default)]
pub struct CommandOutput {
    /// The exit code; minus the signal's number when a signal ended it.
    pub rc: i32,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
    pub timed_out: bool,
    pub cancelled: bool,
}

impl CommandOutput {
    pub fn ok(&self) -> bool {
        self.rc == 0
    }

    /// Bytes that are not UTF-8 become U+FFFD.
    pub fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    pub fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }
}

/// Runs a command to its end. `base` is the task's environment, on top of the worker's own.
pub(crate) fn run(
    spec: &CommandSpec,
    base: &[(String, String)],
    events: &mut dyn EventSink,
) -> io::Result<CommandOutput> {
    let mut child = spec.to_command(base).spawn()?;
    let output = Running::new(spec, &mut child)?.finished(events);
    if output.is_err() {
        kill_group(&child);
        let _ = child.wait();
    }
    output
}

struct Pipe {
    fd: Option<OwnedFd>,
    stream: Stream,
    data: Vec<u8>,
    /// Where the line starts that was not reported yet.
    reported: usize,
}

impl Pipe {
    fn new(fd: OwnedFd, stream: Stream) -> io::Result<Self> {
        set_nonblocking(fd.as_fd())?;
        Ok(Self { fd: Some(fd), stream, data: Vec::new(), reported: 0 })
    }

    /// Reads what is there; true when something came.
    fn drain(&mut self) -> io::Result<bool> {
        let Some(fd) = self.fd.take() else { return Ok(false) };
        let mut file = std::fs::File::from(fd);
        let before = self.data.len();
        let mut buffer = vec![0; 64 * 1024];
        loop {
            match file.read(&mut buffer) {
                Ok(0) => return Ok(self.data.len() > before),
                Ok(read) => self.data.extend_from_slice(&buffer[..read]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.fd = Some(file.into());
        Ok(self.data.len() > before)
    }

    fn report_lines(&mut self, events: &mut dyn EventSink) {
        while let Some(length) = self.data[self.reported..].iter().position(|&byte| byte == b'\n') {
            let line = &self.data[self.reported..self.reported + length];
            events.output(self.stream, &String::from_utf8_lossy(line));
            self.reported += length + 1;
        }
    }
}

struct Running<'a> {
    child: &'a mut Child,
    pidfd: Option<OwnedFd>,
    stdin: Option<(OwnedFd, Vec<u8>, usize)>,
    pipes: Vec<Pipe>,
    deadline: Option<Instant>,
    live_from: Option<Instant>,
}

impl<'a> Running<'a> {
    fn new(spec: &CommandSpec, child: &'a mut Child) -> io::Result<Self> {
        let stdin = match (child.stdin.take(), &spec.stdin) {
            (Some(pipe), Some(input)) => {
                set_nonblocking(pipe.as_fd())?;
                Some((OwnedFd::from(pipe), input.clone(), 0))
            }
            _ => None,
        };
        let mut pipes = Vec::new();
        if let Some(stdout) = child.stdout.take() {
            pipes.push(Pipe::new(stdout.into(), Stream::Stdout)?);
        }
        if let Some(stderr) = child.stderr.take() {
            pipes.push(Pipe::new(stderr.into(), Stream::Stderr)?);
        }
        // Kernels before 5.3 have no pidfd: the child is then looked at every tick.
        let pidfd = pid_of(child).and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok());
        let now = Instant::now();
        let (deadline, live_from) = (spec.timeout.map(|limit| now + limit), spec.live.map(|after| now + after));
        Ok(Self { child, pidfd, stdin, pipes, deadline, live_from })
    }

    fn finished(mut self, events: &mut dyn EventSink) -> io::Result<CommandOutput> {
        let mut ended: Option<(ExitStatus, Instant)> = None;
        let mut output = CommandOutput::default();
        loop {
            let came = self.step(ended.is_some())?;
            if self.live_from.is_some_and(|from| Instant::now() >= from) {
                self.pipes.iter_mut().for_each(|pipe| pipe.report_lines(events));
            }
            if ended.is_none() {
                ended = self.child.try_wait()?.map(|status| (status, Instant::now()));
            }
            if let Some((status, since)) = ended {
                let closed = self.pipes.iter().all(|pipe| pipe.fd.is_none());
                if closed || (!came && since.elapsed() >= GRACE) {
                    return Ok(self.finish(output, status));
                }
                continue;
            }
            output.cancelled = events.is_cancelled();
            output.timed_out = self.deadline.is_some_and(|deadline| Instant::now() >= deadline);
            if output.cancelled || output.timed_out {
                kill_group(self.child);
                let status = self.child.wait()?;
                self.pipes.iter_mut().try_for_each(|pipe| pipe.drain().map(drop))?;
                return Ok(self.finish(output, status));
            }
        }
    }

    /// Waits for something to happen and moves bytes; true when output came.
    fn step(&mut self, child_ended: bool) -> io::Result<bool> {
        self.wait(child_ended)?;
        self.feed();
        let mut came = false;
        for pipe in &mut self.pipes {
            came |= pipe.drain()?;
        }
        Ok(came)
    }

    fn wait(&self, child_ended: bool) -> io::Result<()> {
        let mut fds: Vec<PollFd<'_>> = Vec::new();
        fds.extend(self.pipes.iter().filter_map(|pipe| pipe.fd.as_ref()).map(|fd| PollFd::new(fd, PollFlags::IN)));
        fds.extend(self.stdin.iter().map(|(fd, _, _)| PollFd::new(fd, PollFlags::OUT)));
        if !child_ended {
            fds.extend(self.pidfd.iter().map(|fd| PollFd::new(fd, PollFlags::IN)));
        }
        let blind = self.pidfd.is_none() && self.pipes.iter().all(|pipe| pipe.fd.is_none());
        let limit = match (child_ended, blind) {
            (true, _) => GRACE,
            (false, true) => Duration::from_millis(2),
            (false, false) => TICK,
        };
        let limit = self.deadline.map_or(limit, |at| limit.min(at.saturating_duration_since(Instant::now())));
        let timeout = Timespec { tv_sec: limit.as_secs() as i64, tv_nsec: i64::from(limit.subsec_nanos()) };
        match poll(&mut fds, Some(&timeout)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Writes as much input as the pipe takes; a reader that went away gets no more.
    fn feed(&mut self) {
        let Some((fd, input, mut at)) = self.stdin.take() else { return };
        let mut file = std::fs::File::from(fd);
        while at < input.len() {
            match file.write(&input[at..]) {
                Ok(written) => at += written,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.stdin = Some((file.into(), input, at));
                    return;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return,
            }
        }
    }

    fn finish(self, mut output: CommandOutput, status: ExitStatus) -> CommandOutput {
        output.rc = status.code().unwrap_or_else(|| -status.signal().unwrap_or(0));
        for pipe in self.pipes {
            match pipe.stream {
                Stream::Stdout => output.stdout = pipe.data,
                Stream::Stderr => output.stderr = pipe.data,
            }
        }
        output
    }
}

fn set_nonblocking(fd: BorrowedFd<'_>) -> io::Result<()> {
    let flags = rustix::fs::fcntl_getfl(fd)?;
    Ok(rustix::fs::fcntl_setfl(fd, flags | OFlags::NONBLOCK)?)
}

fn pid_of(child: &Child) -> Option<Pid> {
    i32::try_from(child.id()).ok().and_then(Pid::from_raw)
}

fn kill_group(child: &Child) {
    if let Some(pid) = pid_of(child) {
        let _ = kill_process_group(pid, Signal::KILL);
    }
}

/// Where a program lies: `PATH` of the task's environment, then the system's sbin directories.
pub(crate) fn find_program(name: &str, path: &str) -> Option<PathBuf> {
    if name.contains('/') {
        return Some(PathBuf::from(name)).filter(|path| is_executable(path));
    }
    search_dirs(path).map(|dir| Path::new(dir).join(name)).find(|path| is_executable(path))
}

/// The directories programs are looked for in.
pub(crate) fn search_dirs(path: &str) -> impl Iterator<Item = &str> {
    let system = ["/sbin", "/usr/sbin", "/usr/local/sbin"];
    let listed = move |dir: &&str| !path.split(':').any(|entry| entry == *dir);
    path.split(':').filter(|dir| !dir.is_empty()).chain(system.into_iter().filter(listed))
}

fn is_executable(path: &Path) -> bool {
    path.is_file() && rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::NoEvents;

    fn run_shell(script: &str) -> CommandOutput {
        run(&CommandSpec::shell(script), &[], &mut NoEvents).unwrap()
    }

    #[test]
    fn output_code_and_input_pass_through() {
        let spec = CommandSpec::shell("cat; echo err >&2; exit 3").stdin("a\nb");
        let output = run(&spec, &[], &mut NoEvents).unwrap();
        assert_eq!((output.rc, output.stdout().as_str(), output.stderr().as_str()), (3, "a\nb", "err\n"));
    }

    #[test]
    fn much_input_and_output_do_not_block_each_other() {
        let input = vec![b'x'; 1 << 20];
        let output = run(&CommandSpec::new(["cat"]).stdin(input.clone()), &[], &mut NoEvents).unwrap();
        assert_eq!(output.stdout.len(), input.len());
    }

    #[test]
    fn a_process_left_in_the_background_is_not_awaited() {
        let started = Instant::now();
        assert_eq!(run_shell("sleep 20 & echo started").stdout(), "started\n");
        assert!(started.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn a_time_limit_kills_the_whole_group() {
        let spec = CommandSpec::shell("sleep 30 | cat").timeout(Duration::from_millis(200));
        let started = Instant::now();
        let output = run(&spec, &[], &mut NoEvents).unwrap();
        assert!(output.timed_out && output.rc == -9, "{output:?}");
        assert!(started.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn signals_are_negative_codes() {
        assert_eq!(run_shell("kill -TERM $$").rc, -15);
    }

    #[test]
    fn lines_are_reported_as_they_come() {
        struct Lines(Vec<(Stream, String)>);
        impl EventSink for Lines {
            fn output(&mut self, stream: Stream, line: &str) {
                self.0.push((stream, line.to_owned()));
            }
            fn is_cancelled(&self) -> bool {
                false
            }
        }
        let mut lines = Lines(Vec::new());
        let spec = CommandSpec { live: Some(Duration::ZERO), ..CommandSpec::shell("echo a; echo b") };
        run(&spec, &[], &mut lines).unwrap();
        assert_eq!(lines.0, [(Stream::Stdout, "a".to_owned()), (Stream::Stdout, "b".to_owned())]);
    }
}
