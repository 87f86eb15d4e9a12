//! `Relay`: a line to a server that can be cut, stalled, spoilt or slowed down, at a byte or at a word.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until};

/// What becomes of the line, once so many bytes have passed in that direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    Cut,
    Stall,
    /// Noise instead of what is sent.
    Garbage,
}

#[derive(Debug, Clone, Copy, Default)]
pub struct Plan {
    /// After so many bytes from the server.
    pub down: Option<(usize, Trouble)>,
    /// After so many bytes to the server.
    pub up: Option<(usize, Trouble)>,
    /// Every byte takes so long, one way; many are under way at once.
    pub delay: Duration,
}

/// Works on threads of its own, until it is dropped.
pub struct Relay {
    /// On `127.0.0.1`.
    pub port: u16,
    line: Arc<Line>,
    trouble: watch::Sender<Option<Trouble>>,
    runtime: Option<Runtime>,
}

/// What all its connections share.
struct Line {
    server: SocketAddr,
    plan: Mutex<Plan>,
    carried_up: AtomicUsize,
    carried_down: AtomicUsize,
    had_trouble: AtomicBool,
}

impl Relay {
    /// To a server on this machine.
    #[expect(clippy::expect_used, reason = "without a loopback interface no test runs")]
    pub fn to(port: u16, plan: Plan) -> Self {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(1).enable_all().build().expect("a thread for the relay");
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port for the relay");
        let own = listener.local_addr().expect("a bound listener has an address").port();
        listener.set_nonblocking(true).expect("any socket can be made so");
        let (trouble, heard) = watch::channel(None);
        let line = Arc::new(Line {
            server: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
            plan: Mutex::new(plan),
            carried_up: AtomicUsize::new(0),
            carried_down: AtomicUsize::new(0),
            had_trouble: AtomicBool::new(false),
        });
        runtime.spawn(accept(listener, Arc::clone(&line), heard));
        Self { port: own, line, trouble, runtime: Some(runtime) }
    }

    /// From now on, in both directions.
    pub fn inflict(&self, trouble: Trouble) {
        self.trouble.send_replace(Some(trouble));
    }

    /// For connections made from now on; what was carried is counted anew.
    pub fn change(&self, plan: Plan) {
        *self.line.plan.lock().unwrap_or_else(PoisonError::into_inner) = plan;
        self.line.carried_up.store(0, Ordering::Relaxed);
        self.line.carried_down.store(0, Ordering::Relaxed);
        self.line.had_trouble.store(false, Ordering::Relaxed);
    }

    /// Bytes to the server, and from it, of all connections together.
    pub fn carried(&self) -> (usize, usize) {
        (self.line.carried_up.load(Ordering::Relaxed), self.line.carried_down.load(Ordering::Relaxed))
    }

    /// Whether what was planned has happened.
    pub fn had_trouble(&self) -> bool {
        self.line.had_trouble.load(Ordering::Relaxed)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Also where nobody may wait: within another runtime.
            runtime.shutdown_background();
        }
    }
}

async fn accept(listener: std::net::TcpListener, line: Arc<Line>, heard: watch::Receiver<Option<Trouble>>) {
    let Ok(listener) = TcpListener::from_std(listener) else { return };
    while let Ok((client, _)) = listener.accept().await {
        tokio::spawn(connect(client, Arc::clone(&line), heard.clone()));
    }
}

async fn connect(client: TcpStream, line: Arc<Line>, heard: watch::Receiver<Option<Trouble>>) {
    let Ok(server) = TcpStream::connect(line.server).await else { return };
    let plan = *line.plan.lock().unwrap_or_else(PoisonError::into_inner);
    // A socket that has ended already needs no care.
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let ((client_in, client_out), (server_in, server_out)) = (client.into_split(), server.into_split());
    let up = Direction { limit: plan.up, delay: plan.delay, heard: heard.clone(), line: &line, is_up: true };
    let down = Direction { limit: plan.down, delay: plan.delay, heard, line: &line, is_up: false };
    // When one direction is cut, so is the other.
    tokio::select! {
        () = up.carry(client_in, server_out) => {}
        () = down.carry(server_in, client_out) => {}
    }
}

struct Direction<'a> {
    limit: Option<(usize, Trouble)>,
    delay: Duration,
    heard: watch::Receiver<Option<Trouble>>,
    line: &'a Line,
    is_up: bool,
}

impl Direction<'_> {
    async fn until_cut(&mut self) {
        while *self.heard.borrow_and_update() != Some(Trouble::Cut) {
            if self.heard.changed().await.is_err() {
                return;
            }
        }
    }

    fn note(&self, bytes: usize, trouble: bool) {
        let carried = if self.is_up { &self.line.carried_up } else { &self.line.carried_down };
        carried.fetch_add(bytes, Ordering::Relaxed);
        if trouble {
            self.line.had_trouble.store(true, Ordering::Relaxed);
        }
    }

    /// Reads at once and writes later, so that a delay is no bottleneck.
    async fn carry(mut self, mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) {
        let (sender, mut receiver) = mpsc::channel::<(Instant, Vec<u8>)>(1024);
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
                self.note(bytes.len(), planned.is_some());
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
