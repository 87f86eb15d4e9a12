//! `Relay`: a line to a server that can be cut, stalled, spoilt or slowed down, at a byte or at a word.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

/// What becomes of the line, once so many bytes have passed in that direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    Cut,
    Stall,
    /// Noise instead of what is sent.
    Garbage,
}

#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Plan {
    /// After so many bytes from the server.
    pub(crate) down: Option<(usize, Trouble)>,
    /// After so many bytes to the server.
    pub(crate) up: Option<(usize, Trouble)>,
    /// Every byte takes so long, one way; many are under way at once.
    pub(crate) delay: Duration,
}

pub(crate) struct Relay {
    pub(crate) port: u16,
    trouble: watch::Sender<Option<Trouble>>,
}

impl Relay {
    pub(crate) async fn to(port: u16, plan: Plan) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let own = listener.local_addr().unwrap().port();
        let (trouble, heard) = watch::channel(None);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(connect(client, SocketAddr::from(([127, 0, 0, 1], port)), plan, heard.clone()));
            }
        });
        Self { port: own, trouble }
    }

    /// From now on, in both directions.
    pub(crate) fn inflict(&self, trouble: Trouble) {
        self.trouble.send_replace(Some(trouble));
    }
}

async fn connect(client: TcpStream, server: SocketAddr, plan: Plan, heard: watch::Receiver<Option<Trouble>>) {
    let Ok(server) = TcpStream::connect(server).await else { return };
    client.set_nodelay(true).unwrap();
    server.set_nodelay(true).unwrap();
    let ((client_in, client_out), (server_in, server_out)) = (client.into_split(), server.into_split());
    let up = Direction { limit: plan.up, delay: plan.delay, heard: heard.clone() };
    let down = Direction { limit: plan.down, delay: plan.delay, heard };
    // When one direction is cut, so is the other.
    tokio::select! {
        () = up.carry(client_in, server_out) => {}
        () = down.carry(server_in, client_out) => {}
    }
}

struct Direction {
    limit: Option<(usize, Trouble)>,
    delay: Duration,
    heard: watch::Receiver<Option<Trouble>>,
}

impl Direction {
    async fn until_cut(&mut self) {
        while *self.heard.borrow_and_update() != Some(Trouble::Cut) {
            if self.heard.changed().await.is_err() {
                return;
            }
        }
    }

    /// Reads at once and writes later, so that a delay is no bottleneck.
    async fn carry(mut self, mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) {
        let (sender, mut receiver) = tokio::sync::mpsc::channel::<(Instant, Vec<u8>)>(1024);
        let delay = self.delay;
        let write = async move {
            while let Some((due, bytes)) = receiver.recv().await {
                sleep_until(due).await;
                if to.write_all(&bytes).await.is_err() {
                    return;
                }
            }
        };
        let read = async move {
            let mut passed = 0;
            let mut buffer = vec![0; 16 * 1024];
            while let Ok(count @ 1..) = from.read(&mut buffer).await {
                let mut bytes = buffer[..count].to_vec();
                let begins = self.limit.is_some_and(|(limit, _)| passed + count >= limit);
                let planned = self.limit.filter(|_| begins);
                if let Some((limit, _)) = planned {
                    bytes.truncate(limit.saturating_sub(passed));
                }
                passed += count;
                let ordered = *self.heard.borrow_and_update();
                if ordered.is_none() && !bytes.is_empty() && sender.send((Instant::now() + delay, bytes)).await.is_err()
                {
                    return;
                }
                match ordered.or(planned.map(|(_, trouble)| trouble)) {
                    None => {}
                    Some(Trouble::Cut) => return sleep(delay).await,
                    Some(Trouble::Stall) => return self.until_cut().await,
                    Some(Trouble::Garbage) => {
                        let noise = vec![0xa5; count];
                        if sender.send((Instant::now() + delay, noise)).await.is_err() {
                            return;
                        }
                    }
                }
            }
            sleep(delay).await;
        };
        tokio::join!(async {
            tokio::select! { () = read => {}, () = write => {} }
        });
    }
}
