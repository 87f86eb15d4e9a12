//! A command on an SSH channel, as a `Process`.
//!
//! One small task per command sorts what arrives on the channel into stdout, stderr and the exit status.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use russh::client::Msg;
use russh::{Channel, ChannelMsg, ChannelReadHalf, ChannelWriteHalf, Pty};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::{mpsc, oneshot};

use super::server_check::Verdicts;
use super::session_requests::SessionRequests;
use crate::{ExitStatus, Process};

/// Packets of stdout or stderr waiting to be read; the SSH window bounds their sizes.
const QUEUED: usize = 64;
const STDERR: u32 = 1;
/// A terminal that passes every byte as it is: frames run over it.
const RAW: &[(Pty, u32)] = &[
    (Pty::ECHO, 0),
    (Pty::ICANON, 0),
    (Pty::ISIG, 0),
    (Pty::IEXTEN, 0),
    (Pty::IXON, 0),
    (Pty::IXOFF, 0),
    (Pty::ICRNL, 0),
    (Pty::INLCR, 0),
    (Pty::IGNCR, 0),
    (Pty::ISTRIP, 0),
    (Pty::OPOST, 0),
    (Pty::ONLCR, 0),
    (Pty::OCRNL, 0),
];

/// Starts the command; a server that refuses shows as an exit status of `Lost`.
pub(crate) async fn start(
    channel: Channel<Msg>,
    command: &str,
    pty: bool,
    requests: &SessionRequests,
    verdicts: Arc<Verdicts>,
) -> Result<Process, russh::Error> {
    requests.send(&channel).await?;
    if pty {
        channel.request_pty(false, "dumb", 80, 24, 0, 0, RAW).await?;
    }
    channel.exec(true, command).await?;
    let (incoming, outgoing) = channel.split();
    let (open, closed) = oneshot::channel();
    let stdin = Box::new(ChannelWriter { inner: Box::pin(outgoing.make_writer()), closed, is_closed: false });
    let (stdout, stdout_end) = ChunkReader::new();
    let (stderr, stderr_end) = ChunkReader::new();
    let (exit_sender, exit) = oneshot::channel();
    let sorter = Sorter { incoming, outgoing, stdout: stdout_end, stderr: stderr_end, verdicts, _open: open };
    tokio::spawn(sorter.run(exit_sender));
    let exit =
        Box::pin(async move { exit.await.unwrap_or_else(|_| ExitStatus::Lost("the command was given up".to_owned())) });
    Ok(Process { stdin, stdout: Box::new(stdout), stderr: Box::new(stderr), exit })
}

struct Sorter {
    incoming: ChannelReadHalf,
    outgoing: ChannelWriteHalf<Msg>,
    stdout: mpsc::Sender<Bytes>,
    stderr: mpsc::Sender<Bytes>,
    verdicts: Arc<Verdicts>,
    /// Dropped with the rest when the channel has closed.
    _open: oneshot::Sender<()>,
}

impl Sorter {
    async fn run(mut self, exit: oneshot::Sender<ExitStatus>) {
        let status = tokio::select! {
            status = sort(&mut self.incoming, &self.stdout, &self.stderr) => status,
            // Nobody reads any more: hang up, which the command notices.
            () = both_closed(&self.stdout, &self.stderr) => None,
        };
        let _ = self.outgoing.close().await;
        let _ = exit.send(status.unwrap_or_else(|| ExitStatus::Lost(self.verdicts.why_it_ended())));
    }
}

async fn both_closed(stdout: &mpsc::Sender<Bytes>, stderr: &mpsc::Sender<Bytes>) {
    stdout.closed().await;
    stderr.closed().await;
}

/// Until the channel closes. `None`: the connection went away first.
async fn sort(
    incoming: &mut ChannelReadHalf,
    stdout: &mpsc::Sender<Bytes>,
    stderr: &mpsc::Sender<Bytes>,
) -> Option<ExitStatus> {
    let mut status = None;
    while let Some(message) = incoming.wait().await {
        match message {
            ChannelMsg::Data { data } => drop(stdout.send(data).await),
            ChannelMsg::ExtendedData { data, ext: STDERR } => drop(stderr.send(data).await),
            ChannelMsg::ExitStatus { exit_status } => status = Some(ExitStatus::Code(exit_status.cast_signed())),
            ChannelMsg::ExitSignal { signal_name, .. } => {
                status = Some(ExitStatus::Signal(format!("{signal_name:?}")));
            }
            ChannelMsg::Failure => {
                status = Some(ExitStatus::Lost("the server refused to run a command".to_owned()));
                break;
            }
            ChannelMsg::Close => break,
            _ => {}
        }
    }
    status
}

/// The channel's own writer waits for ever on a window that nobody opens any more; this one notices the end.
struct ChannelWriter<W> {
    inner: Pin<Box<W>>,
    closed: oneshot::Receiver<()>,
    is_closed: bool,
}

impl<W> ChannelWriter<W> {
    fn check(&mut self, cx: &mut Context<'_>) -> std::io::Result<()> {
        self.is_closed = self.is_closed || Pin::new(&mut self.closed).poll(cx).is_ready();
        if self.is_closed { Err(std::io::ErrorKind::BrokenPipe.into()) } else { Ok(()) }
    }
}

impl<W: AsyncWrite> AsyncWrite for ChannelWriter<W> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<std::io::Result<usize>> {
        self.check(cx)?;
        // The inner writer takes an empty write for a mistake.
        if data.is_empty() { Poll::Ready(Ok(0)) } else { self.inner.as_mut().poll_write(cx, data) }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        self.check(cx)?;
        self.inner.as_mut().poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        if self.check(cx).is_err() {
            return Poll::Ready(Ok(()));
        }
        self.inner.as_mut().poll_shutdown(cx)
    }
}

/// Chunks from a queue as a stream of bytes.
struct ChunkReader {
    chunks: mpsc::Receiver<Bytes>,
    current: Bytes,
}

impl ChunkReader {
    fn new() -> (Self, mpsc::Sender<Bytes>) {
        let (sender, chunks) = mpsc::channel(QUEUED);
        (Self { chunks, current: Bytes::new() }, sender)
    }
}

impl AsyncRead for ChunkReader {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        while self.current.is_empty() {
            match ready!(self.chunks.poll_recv(cx)) {
                Some(chunk) => self.current = chunk,
                None => return Poll::Ready(Ok(())),
            }
        }
        let count = self.current.len().min(buf.remaining());
        buf.put_slice(&self.current[..count]);
        self.current.advance(count);
        Poll::Ready(Ok(()))
    }
}
