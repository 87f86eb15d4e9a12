//! How far a file has come on its way between the control node and a host: the line for those who watch.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use tokio::io::AsyncWrite;

/// Less is there before anybody could read that it is on its way.
const WORTH_TELLING: u64 = 1024 * 1024;

/// `sent 3.5 of 20.0 MB`.
pub(super) fn line(verb: &str, (done, total): (u64, u64)) -> Option<String> {
    let megabytes = |bytes: u64| bytes as f64 / 1e6;
    (total >= WORTH_TELLING).then(|| format!("{verb} {:.1} of {:.1} MB", megabytes(done.min(total)), megabytes(total)))
}

/// A writer that says how much went through it.
pub(super) struct Counted<W> {
    inner: W,
    written: Arc<AtomicU64>,
}

impl<W> Counted<W> {
    pub(super) fn new(inner: W) -> (Self, Arc<AtomicU64>) {
        let written = Arc::new(AtomicU64::new(0));
        (Self { inner, written: Arc::clone(&written) }, written)
    }
}

impl<W: AsyncWrite + Unpin> AsyncWrite for Counted<W> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<std::io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write(cx, data);
        if let Poll::Ready(Ok(length)) = &written {
            self.written.fetch_add(*length as u64, Ordering::Relaxed);
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;

    use super::*;

    #[test]
    fn only_what_takes_a_while_is_told() {
        assert_eq!(line("sent", (3_500_000, 20_000_000)).as_deref(), Some("sent 3.5 of 20.0 MB"));
        assert_eq!(line("sent", (9, 10)), None);
    }

    #[tokio::test]
    async fn what_is_written_is_counted() {
        let (mut writer, written) = Counted::new(tokio::io::sink());
        writer.write_all(b"hello").await.unwrap();
        assert_eq!(written.load(Ordering::Relaxed), 5);
    }
}
