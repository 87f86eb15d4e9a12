//! `ProxyCommand`: a local command whose stdin and stdout are the line to a host.

use std::io;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt, Join, join};
use tokio::process::{ChildStderr, ChildStdin, ChildStdout, Command};

const MAX_COMPLAINTS: u64 = 4096;

/// What the command wrote to stderr.
#[derive(Debug, Clone, Default)]
pub(crate) struct Complaints(Arc<Mutex<String>>);

impl Complaints {
    pub(crate) fn text(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).trim().to_owned()
    }

    async fn listen(self, stderr: ChildStderr) {
        let mut stderr = stderr.take(MAX_COMPLAINTS);
        let mut buffer = vec![0; 512];
        while let Ok(count @ 1..) = stderr.read(&mut buffer).await {
            let mut text = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            text.push_str(&String::from_utf8_lossy(&buffer[..count]));
        }
    }
}

/// The line ends, and the command with it, when it is dropped.
pub(crate) fn open(command: &str) -> io::Result<(Join<ChildStdout, ChildStdin>, Complaints)> {
    let mut child = Command::new("/bin/sh")
        .args(["-c", &format!("exec {command}")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let (Some(stdin), Some(stdout), Some(stderr)) = (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err(io::Error::other("no pipes to the command"));
    };
    let complaints = Complaints::default();
    tokio::spawn(complaints.clone().listen(stderr));
    tokio::spawn(async move { child.wait().await });
    Ok((join(stdout, stdin), complaints))
}
