//! The fault matrix: what can go wrong with one host, phase by phase, against real servers, a line that breaks, and a
//! server that misbehaves on purpose. Each row says how it ends, how soon, and what is left on the node: nothing.
#![allow(clippy::unwrap_used, reason = "clippy sees no test in the helpers of an integration test")]

mod nodes;

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use kapell_connection::{BecomeSpec, BlobSource, Blobs, ConnectionError, ConnectionSpec, Connections, Secret};
use kapell_test_support::odd_server::{OddServer, Oddity};
use kapell_test_support::relay::{Plan, Relay, Trouble};
use kapell_test_support::{Account, Sshd, SshdOptions};
use nodes::{call, shell, spec, ssh_keygen, stdout_of, text};
use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// How a row ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// The command's output arrives all the same.
    Fine,
    Unreachable,
    Timeout,
    HostKey,
    Auth,
    Become,
    Worker,
    Lost,
    /// The module says that it failed; the host goes on.
    Failed,
    /// It has no end, and can be given up.
    Pending,
}
use End::{Auth, Become, Failed, Fine, HostKey, Lost, Pending, Unreachable, Worker};

/// What is at the other end.
#[derive(Debug, Clone, Copy)]
enum Node {
    /// Nothing listens.
    Nothing,
    /// A name nobody knows.
    NoName,
    /// Something listens that is no SSH server: it says this, again and again, or hangs up.
    Talker(&'static str, usize),
    /// A real server behind a line with trouble.
    Line(Plan),
    /// A real server that is configured like this.
    Server(&'static str),
    /// A server of our own making.
    Odd(Oddity),
}
use Node::{Line, NoName, Nothing, Odd, Server, Talker};

/// What is done there, and when something breaks during that.
#[derive(Debug, Clone, Copy)]
enum Act {
    /// One command, nothing more.
    Command,
    /// In the middle of a command.
    Break(fn(&Scene)),
    /// A long file is sent to the node.
    Send,
    /// … and something breaks meanwhile.
    SendAndBreak(fn(&Scene)),
    /// A long file is fetched.
    Fetch,
    FetchAndBreak(fn(&Scene)),
    /// Everything is closed while something is broken.
    CloseAfter(fn(&Scene)),
    /// Something happens to the node between one run and the next.
    Between(fn(&Scene)),
}
use Act::{Between, Break, CloseAfter, Command, Fetch, FetchAndBreak, Send, SendAndBreak};

struct Row {
    phase: &'static str,
    fault: &'static str,
    node: Node,
    change: fn(&Scene, &mut ConnectionSpec),
    act: Act,
    end: End,
    says: &'static str,
    /// Seconds, connecting and closing included, on a machine with time to spare: see `SLOW_MACHINE`.
    within: u64,
    /// Programs that nobody is there to end any more.
    leaves: &'static [&'static str],
}

const fn row(phase: &'static str, fault: &'static str, node: Node, end: End, says: &'static str, within: u64) -> Row {
    Row { phase, fault, node, change: |_, _| {}, act: Command, end, says, within, leaves: &[] }
}

const fn cut(down: usize) -> Node {
    Line(Plan { down: Some((down, Trouble::Cut)), up: None, delay: Duration::ZERO })
}

const fn stall(down: usize) -> Node {
    Line(Plan { down: Some((down, Trouble::Stall)), up: None, delay: Duration::ZERO })
}

const fn garbage(down: usize) -> Node {
    Line(Plan { down: Some((down, Trouble::Garbage)), up: None, delay: Duration::ZERO })
}

/// Between the first byte of the worker and the last on their way up.
const fn upload(trouble: Trouble) -> Node {
    Line(Plan { down: None, up: Some((400_000, trouble)), delay: Duration::ZERO })
}

const fn slow(milliseconds: u64) -> Node {
    Line(Plan { down: None, up: None, delay: Duration::from_millis(milliseconds) })
}

const PLAIN: Node = Line(Plan { down: None, up: None, delay: Duration::ZERO });

/// Every connection is given three seconds to come up.
const TIMEOUT: u64 = 3;

/// Bytes a server sends: its version (40), its key exchange (to 1,500), the login (to 2,500).
const ROWS: &[Row] = &[
    row("connect", "refused", Nothing, Unreachable, "Connection refused", 5),
    row("connect", "no such name", NoName, Unreachable, "Could not resolve hostname", 15),
    row("connect", "silence", Talker("", 0), End::Timeout, "the SSH handshake timed out after 3 seconds", 6),
    row("connect", "hangs up at once", cut(0), Unreachable, "during the SSH handshake", 15),
    row("connect", "a web server", Talker("HTTP/1.1 400 Bad Request\r\n\r\n", 1), End::Timeout, "the SSH handshake", 6),
    row("connect", "endless chatter", Talker("220 mail ready\r\n", usize::MAX), Unreachable, "", 15),
    row("connect", "one endless line", Talker("xxxxxxxxxxxxxxxx", usize::MAX), Unreachable, "", 15),
    row("connect", "cut in the version", cut(20), Unreachable, "during the SSH handshake", 15),
    row("connect", "stall in the version", stall(20), End::Timeout, "the SSH handshake", 6),
    row("connect", "300 ms each way", slow(300), Fine, "", 40),
    row("connect", "50 ms each way", slow(50), Fine, "", 30),
    row("kex", "cut", cut(300), Unreachable, "during the SSH handshake", 15),
    row("kex", "cut before the keys", cut(1_150), Unreachable, "", 15),
    row("kex", "stall", stall(300), End::Timeout, "the SSH handshake", 6),
    row("kex", "garbage", garbage(300), Unreachable, "", 15),
    row("kex", "nothing in common", Server("Ciphers aes128-cbc"), Unreachable, "no matching cipher found", 5),
    Row {
        change: |scene, spec| spec.known_hosts = vec![scene.server().wrong_known_hosts.clone()],
        ..row("kex", "another key than known", PLAIN, HostKey, "has changed", 5)
    },
    Row {
        change: |_, spec| spec.known_hosts = vec!["/dev/null".into()],
        ..row("kex", "a key nobody knows", PLAIN, HostKey, "is not known", 5)
    },
    row("auth", "cut", Odd(Oddity::AuthCuts), Unreachable, "hung up during login", 10),
    row("auth", "stall", Odd(Oddity::AuthStalls), End::Timeout, "logging in", 15),
    row("auth", "an endless banner", Odd(Oddity::BannerIsEndless), Unreachable, "", 15),
    Row {
        change: |scene, spec| spec.private_key_file = Some(scene.server().other_key.clone()),
        ..row("auth", "a key nobody takes", PLAIN, Auth, "Permission denied", 8)
    },
    Row {
        change: |_, spec| (spec.private_key_file, spec.password) = (None, Some(Secret::new("wrong"))),
        ..row("auth", "a wrong password", PLAIN, Auth, "Permission denied", 10)
    },
    Row {
        change: |_, spec| spec.password = Some(Secret::new("kapell-secret")),
        ..row("auth", "questions", Odd(Oddity::AsksInteractively), Pending, "", 15)
    },
    row("auth", "questions, no password", Odd(Oddity::AsksInteractively), Auth, "Permission denied", 8),
    row("auth", "garbage", garbage(1_800), Unreachable, "", 15),
    row("auth", "a banner", Server("Banner /etc/services"), Fine, "", 15),
    row("auth", "one try only", Server("MaxAuthTries 1"), Fine, "", 15),
    row("bootstrap", "sessions refused", Odd(Oddity::SessionsRefused), Unreachable, "MaxSessions", 8),
    row("bootstrap", "sessions stall", Odd(Oddity::SessionsStall), Lost, "does not answer", 12),
    row("bootstrap", "commands refused", Odd(Oddity::ExecRefused), Lost, "", 8),
    row("bootstrap", "no answer", Odd(Oddity::ExecSilent), End::Timeout, "starting a shell", 35),
    row("bootstrap", "endless noise", Odd(Oddity::ExecFloods), Unreachable, "without end", 40),
    row("bootstrap", "closed without a word", Odd(Oddity::ExecCloses), Lost, "", 8),
    row("bootstrap", "nonsense", Odd(Oddity::ScriptTalksNonsense), Worker, "makes no sense", 8),
    row("bootstrap", "never content", Odd(Oddity::ScriptIsNeverContent), Worker, "gave up after", 15),
    row("bootstrap", "a login shell that ends", Server("ForceCommand exit 9"), Unreachable, "status 9", 8),
    row(
        "bootstrap",
        "a chatty login shell",
        Server("ForceCommand yes | head -c 400000; eval \"$SSH_ORIGINAL_COMMAND\""),
        Fine,
        "",
        20,
    ),
    row("bootstrap", "frames are garbage", Odd(Oddity::HelloIsGarbage), Worker, "", 10),
    row("bootstrap", "a frame of 4 GB", Odd(Oddity::HelloIsHuge), Worker, "announced, at most", 10),
    row("bootstrap", "another version", Odd(Oddity::HelloOfAnotherVersion), Worker, "speaks protocol", 10),
    row("bootstrap", "no hello", Odd(Oddity::HelloNeverComes), Worker, "no sign of life", 70),
    row("upload", "cut", upload(Trouble::Cut), Lost, "", 15),
    row("upload", "stall", upload(Trouble::Stall), Lost, "does not answer", 20),
    row("upload", "garbage", upload(Trouble::Garbage), Lost, "", 15),
    row("upload", "nobody reads it", Odd(Oddity::UploadIsNotRead), Lost, "", 40),
    row(
        "upload",
        "no file may grow",
        Server("ForceCommand ulimit -f 64; eval \"$SSH_ORIGINAL_COMMAND\""),
        Worker,
        "no directory of the host takes it",
        60,
    ),
    Row {
        change: |scene, spec| spec.remote_tmp = scene.server().small_disk().display().to_string(),
        ..row("upload", "a full disk", PLAIN, Fine, "", 20)
    },
    Row {
        change: |scene, spec| spec.remote_tmp = scene.server().noexec_disk().display().to_string(),
        ..row("upload", "a disk without exec", PLAIN, Fine, "", 20)
    },
    Row {
        act: Between(|scene| scene.date_workers("1980-02-03")),
        ..row("bootstrap", "the clock has jumped ahead", PLAIN, Fine, "", 30)
    },
    Row {
        act: Between(|scene| scene.date_workers("2099-02-03")),
        ..row("bootstrap", "the clock has jumped back", PLAIN, Fine, "", 30)
    },
    Row {
        act: Between(|scene| scene.each_worker(|path| truncate(path, 100_000))),
        ..row("bootstrap", "the stored worker is cut short", PLAIN, Fine, "", 30)
    },
    Row {
        act: Between(|scene| scene.each_worker(|path| truncate(path, 0))),
        ..row("bootstrap", "the stored worker is empty", PLAIN, Fine, "", 30)
    },
    Row { act: Break(|scene| scene.inflict(Trouble::Cut)), ..row("call", "cut", PLAIN, Lost, "", 15) },
    Row {
        act: Break(|scene| scene.inflict(Trouble::Stall)),
        ..row("call", "stall", PLAIN, Lost, "does not answer", 20)
    },
    Row { act: Break(|scene| scene.inflict(Trouble::Garbage)), ..row("call", "garbage", PLAIN, Lost, "", 15) },
    Row {
        act: Break(|scene| scene.server().freeze()),
        ..row("call", "a frozen host", PLAIN, Lost, "does not answer", 20)
    },
    Row { act: Break(|scene| scene.server().kill_connections()), ..row("call", "sshd is killed", PLAIN, Lost, "", 15) },
    Row {
        act: Break(|scene| scene.server().signal_named("kapell-worker", "KILL")),
        leaves: &["sh", "sleep"],
        ..row("call", "the worker is killed", PLAIN, Lost, "killed by signal", 15)
    },
    Row {
        act: Break(|scene| scene.server().signal_named("kapell-worker", "TERM")),
        ..row("call", "the worker is asked to end", PLAIN, Lost, "", 15)
    },
    Row {
        change: |_, spec| spec.become_ = Some(BecomeSpec::new("sudo", "carol")),
        act: Break(|scene| scene.server().signal_named("sudo", "TERM")),
        ..row("call", "sudo is ended", PLAIN, Lost, "", 15)
    },
    Row {
        change: |_, spec| spec.become_ = Some(BecomeSpec::new("sudo", "carol")),
        act: Break(|scene| scene.server().signal_named("sudo", "KILL")),
        ..row("call", "sudo is killed", PLAIN, Lost, "", 15)
    },
    Row {
        change: |_, spec| spec.become_ = Some(BecomeSpec::new("su", "carol")),
        ..row("call", "su without a password", PLAIN, Become, "Missing su password", 8)
    },
    Row {
        change: |_, spec| spec.become_ = Some(BecomeSpec::new("sudo", "carol")),
        ..row("call", "one session per connection", Server("MaxSessions 1"), Fine, "", 20)
    },
    row("call", "no answer", Odd(Oddity::CallsAreNotAnswered), Pending, "", 15),
    row("call", "answers without end", Odd(Oddity::AnswersFlood), Pending, "", 15),
    row("call", "demands without end", Odd(Oddity::ContentsAreWantedWithoutEnd), Failed, "without end", 15),
    row("call", "an answer that unfolds", Odd(Oddity::AnswersUnfold), Lost, "values", 30),
    row("call", "wrong answers", Odd(Oddity::AnswersAreWrong), Lost, "garbage on the line", 10),
    row("call", "an answer of 4 GB", Odd(Oddity::AnswersAreHuge), Lost, "announced, at most", 10),
    row("call", "half an answer", Odd(Oddity::AnswersAreCut), Lost, "", 10),
    Row {
        act: SendAndBreak(|scene| scene.inflict(Trouble::Cut)),
        ..row("transfer", "cut, sending", slow(5), Lost, "", 20)
    },
    Row {
        act: SendAndBreak(|scene| scene.inflict(Trouble::Stall)),
        ..row("transfer", "stall, sending", slow(5), Lost, "does not answer", 25)
    },
    Row {
        act: SendAndBreak(|scene| scene.inflict(Trouble::Garbage)),
        ..row("transfer", "garbage, sending", slow(5), Lost, "", 25)
    },
    Row {
        act: FetchAndBreak(|scene| scene.inflict(Trouble::Stall)),
        ..row("transfer", "stall, fetching", slow(5), Lost, "does not answer", 25)
    },
    Row {
        act: FetchAndBreak(|scene| scene.inflict(Trouble::Cut)),
        ..row("transfer", "cut, fetching", slow(5), Lost, "", 20)
    },
    Row {
        act: FetchAndBreak(|scene| scene.server().signal_named("kapell-worker", "KILL")),
        ..row("transfer", "the worker is killed", slow(5), Lost, "", 20)
    },
    Row { act: Send, ..row("transfer", "50 ms, sending", slow(50), Fine, "", 40) },
    Row { act: Fetch, ..row("transfer", "50 ms, fetching", slow(50), Fine, "", 40) },
    Row {
        act: Send,
        change: |_, spec| spec.executable = "full".into(),
        ..row("transfer", "a full disk", PLAIN, Failed, "No space left", 20)
    },
    Row { act: CloseAfter(|scene| scene.inflict(Trouble::Stall)), ..row("close", "stall", PLAIN, Fine, "", 20) },
    Row { act: CloseAfter(|scene| scene.inflict(Trouble::Garbage)), ..row("close", "garbage", PLAIN, Fine, "", 15) },
    Row { act: CloseAfter(|scene| scene.inflict(Trouble::Cut)), ..row("close", "cut", PLAIN, Fine, "", 15) },
    Row { act: CloseAfter(|scene| scene.server().freeze()), ..row("close", "a frozen host", PLAIN, Fine, "", 20) },
];

/// One row with its node running.
struct Scene {
    row: &'static Row,
    server: Option<Sshd>,
    relay: Option<Relay>,
    /// Lives as long as the scene.
    odd: Option<OddServer>,
}

impl Scene {
    fn server(&self) -> &Sshd {
        self.server.as_ref().unwrap()
    }

    fn inflict(&self, trouble: Trouble) {
        self.relay.as_ref().unwrap().inflict(trouble);
    }

    fn named(&self) -> String {
        format!("{}, {}", self.row.phase, self.row.fault)
    }

    /// For whoever was on the node before.
    fn date_workers(&self, date: &str) {
        self.each_worker(|path| {
            let touched = std::process::Command::new("touch").args(["-h", "-d", date]).arg(path).status();
            assert!(touched.unwrap().success());
        });
    }

    fn each_worker(&self, change: impl Fn(&Path)) {
        let stored = files_below(&self.home());
        let mut workers = stored.iter().filter(|path| path.display().to_string().contains("kapell-worker-")).peekable();
        assert!(workers.peek().is_some(), "no worker is stored");
        workers.for_each(|path| change(path));
    }

    /// What is wrong with the row, if anything. Another host has work all the time, in the same run.
    async fn play(&self, spec: ConnectionSpec, neighbour: &ConnectionSpec) -> Result<(), String> {
        let begin = Instant::now();
        let connections = Connections::default();
        let within = self.row.within * if self.row.end == Pending { 1 } else { SLOW_MACHINE };
        let bounded = timeout(Duration::from_secs(within), self.act(&connections, &spec));
        let unharmed = stdout_of(&connections, neighbour, "sleep 1; echo unharmed");
        let (ended, unharmed) = tokio::join!(bounded, unharmed);
        if unharmed.as_deref().ok() != Some("unharmed") {
            return Err(format!("{}: another host suffered: {unharmed:?}", self.named()));
        }
        let (end, said) = match ended {
            Err(_) => (Pending, String::new()),
            Ok(Ok(())) => (Fine, String::new()),
            Ok(Err(ending)) => ending,
        };
        connections.close_all().await;
        let took = begin.elapsed();
        let expects = (self.row.end, self.row.says);
        if end != expects.0 || !said.contains(expects.1) {
            return Err(format!("{}: {end:?} after {took:.1?} ({said}), not {expects:?}", self.named()));
        }
        let bound = Duration::from_secs(within + if end == Pending { 12 } else { 0 });
        if took > bound {
            return Err(format!("{}: took {took:.1?}, more than {bound:?}", self.named()));
        }
        self.nothing_is_left().await
    }

    async fn act(&self, connections: &Connections, spec: &ConnectionSpec) -> Result<(), (End, String)> {
        let session = connections.session(spec).await.map_err(ending)?;
        let idle = Blobs::default();
        match self.row.act {
            Command => {
                let result = session.call(shell("echo here"), &idle, None).await.map_err(ending)?;
                assert_eq!(text(&result, "stdout"), "here");
                if self.row.fault.starts_with("one session") {
                    let other = ConnectionSpec { become_: None, ..spec.clone() };
                    connections.session(&other).await.map_err(ending)?;
                }
            }
            Break(inflict) => {
                let running = session.call(shell("sleep 60"), &idle, None);
                let result = self.meanwhile(inflict, running).await.map_err(ending)?;
                if result.get("rc") != Some(&json!(0)) {
                    // The last words of a worker that ends its commands and itself.
                    return Err((Lost, text(&result, "msg")));
                }
            }
            Send | SendAndBreak(_) => {
                let (sha256, blobs) = content();
                let dest = match spec.executable.as_str() {
                    "full" => self.server().small_disk().join("big"),
                    _ => self.home().join("big"),
                };
                let args = json!({"dest": dest, "_content_sha256": sha256, "_original_basename": "big"});
                let running = session.call(call("ansible.builtin.copy", &args), &blobs, None);
                let result = match self.row.act {
                    SendAndBreak(inflict) => self.meanwhile(inflict, running).await,
                    _ => running.await,
                };
                let result = result.map_err(ending)?;
                if result.get("failed") == Some(&json!(true)) {
                    return Err((Failed, text(&result, "msg")));
                }
                std::fs::remove_file(&dest).unwrap();
            }
            Fetch | FetchAndBreak(_) => {
                let mut nowhere = tokio::io::sink();
                let running = session.fetch("/dev/zero", &mut nowhere);
                match self.row.act {
                    FetchAndBreak(inflict) => drop(self.meanwhile(inflict, running).await.map_err(ending)?),
                    _ => {
                        // It has no end; what counts is that much of it arrives.
                        let begun = timeout(Duration::from_secs(3), running).await;
                        assert!(begun.is_err(), "/dev/zero ended");
                    }
                }
            }
            CloseAfter(inflict) => inflict(self),
            Between(happens) => {
                let before = Connections::default();
                before.session(spec).await.map_err(ending)?;
                before.close_all().await;
                happens(self);
                let again = Connections::default();
                let answer = stdout_of(&again, spec, "echo again").await;
                again.close_all().await;
                assert_eq!(answer.map_err(ending)?, "again");
            }
        }
        Ok(())
    }

    /// Breaks something while the work is under way.
    async fn meanwhile<T>(&self, inflict: fn(&Self), work: impl Future<Output = T>) -> T {
        // A transfer takes a quarter of a second where it is quick.
        let under_way = matches!(self.row.act, Break(_)).then_some(700).unwrap_or(100);
        let breaking = async {
            sleep(Duration::from_millis(under_way)).await;
            inflict(self);
        };
        tokio::join!(work, breaking).0
    }

    fn home(&self) -> PathBuf {
        self.server().home(Account::Alice)
    }

    /// A moment after the end there are neither processes nor files of ours, but the stored worker.
    async fn nothing_is_left(&self) -> Result<(), String> {
        let Some(server) = &self.server else { return Ok(()) };
        server.thaw();
        if let Some(relay) = &self.relay {
            // A line that is dead is noticed at the other end some day, too.
            relay.inflict(Trouble::Cut);
        }
        let mut left = Vec::new();
        for _ in 0..50 {
            left = server.processes_of_accounts();
            left.retain(|process| !self.row.leaves.iter().any(|name| process.starts_with(&format!("{name} "))));
            left.extend(self.files().into_iter().map(|path| path.display().to_string()));
            if left.is_empty() {
                return Ok(());
            }
            sleep(Duration::from_millis(200)).await;
        }
        Err(format!("{}: left behind: {}", self.named(), left.join(", ")))
    }

    fn files(&self) -> Vec<PathBuf> {
        let server = self.server();
        let homes = Account::ALL.map(|account| server.home(account)).into_iter();
        let places = homes.chain([server.small_disk(), server.noexec_disk()]);
        let is_ours = |path: &PathBuf| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            !name.starts_with("kapell-worker-") && name != "authorized_keys"
        };
        places.flat_map(|place| files_below(&place)).filter(is_ours).collect()
    }
}

/// Another file of that length: the old one may still be running.
fn truncate(path: &Path, length: usize) {
    let mut bytes = std::fs::read(path).unwrap();
    bytes.truncate(length);
    let (owner, beside) = (std::fs::metadata(path).unwrap(), path.with_extension("short"));
    std::fs::write(&beside, bytes).unwrap();
    std::os::unix::fs::chown(&beside, Some(owner.uid()), Some(owner.gid())).unwrap();
    std::fs::set_permissions(&beside, owner.permissions()).unwrap();
    std::fs::rename(beside, path).unwrap();
}

fn files_below(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

fn ending(error: ConnectionError) -> (End, String) {
    let end = match &error {
        ConnectionError::Unreachable { .. } => Unreachable,
        ConnectionError::HostKey { .. } => HostKey,
        ConnectionError::AuthFailed { .. } => Auth,
        ConnectionError::Timeout { .. } => End::Timeout,
        ConnectionError::BecomeFailed { .. } | ConnectionError::BecomeTimeout { .. } => Become,
        ConnectionError::Worker { .. } => Worker,
        ConnectionError::Lost { .. } => Lost,
        ConnectionError::Call { .. } | ConnectionError::Plugin { .. } | ConnectionError::Configuration { .. } => Failed,
    };
    (end, error.to_string())
}

/// Thirty megabytes that do not shrink.
fn content() -> (String, Blobs) {
    let bytes: Vec<u8> = (0..60_000_000_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 11) as u8).collect();
    let sha256 = hex::encode(Sha256::digest(&bytes));
    (sha256.clone(), Blobs::from_iter([(sha256, BlobSource::Bytes(bytes.into()))]))
}

/// Says its piece so many times and then keeps silent.
async fn talker(piece: &'static str, times: usize) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                for _ in 0..times {
                    if stream.write_all(piece.as_bytes()).await.is_err() {
                        return;
                    }
                }
                let mut rest = Vec::new();
                let _ = stream.read_to_end(&mut rest).await;
            });
        }
    });
    port
}

/// `None`: not on this machine.
async fn prepare(row: &'static Row) -> Option<(Scene, ConnectionSpec)> {
    let mut scene = Scene { row, server: None, relay: None, odd: None };
    let config = match row.node {
        Server(config) => Some(config),
        Line(_) => Some(""),
        _ => None,
    };
    if let Some(config) = config {
        let options = SshdOptions { config: config.to_owned(), ..SshdOptions::default() };
        scene.server = Some(Sshd::start_with(&options).filter(Sshd::has_accounts)?);
    }
    let mut spec = match &scene.server {
        Some(server) => spec(server),
        None => stranger(),
    };
    match row.node {
        Nothing => spec.port = Some(1),
        NoName => spec.address = "no-such-host.invalid".into(),
        Talker(piece, times) => spec.port = Some(talker(piece, times).await),
        Line(plan) => {
            let real = scene.server().port;
            let relay = Relay::to(real, plan);
            spec.port = Some(relay.port);
            spec.ssh_args = format!("{} -o HostKeyAlias=[127.0.0.1]:{real}", spec.ssh_args);
            scene.relay = Some(relay);
        }
        Server(_) => {}
        Odd(oddity) => {
            let odd = OddServer::start(oddity);
            spec.port = Some(odd.port);
            scene.odd = Some(odd);
        }
    }
    spec.timeout = Duration::from_secs(TIMEOUT);
    (row.change)(&scene, &mut spec);
    Some((scene, spec))
}

/// For servers that take anybody.
fn stranger() -> ConnectionSpec {
    ConnectionSpec {
        user: Some("anybody".into()),
        private_key: Some(Secret::new(&*KEY)),
        host_key_checking: false,
        known_hosts: vec!["/dev/null".into()],
        ssh_args: "-F none -o IdentityAgent=none -o IdentityFile=/nowhere".into(),
        ..ConnectionSpec::ssh("127.0.0.1")
    }
}

/// Opens nothing but servers made for these tests.
static KEY: LazyLock<String> = LazyLock::new(|| {
    let directory = tempfile::tempdir().unwrap();
    ssh_keygen(directory.path(), "-t ed25519 -N '' -f key");
    std::fs::read_to_string(directory.path().join("key")).unwrap()
});

/// How many times as long everything may take: six rows share whatever cores there are with other tests.
const SLOW_MACHINE: u64 = 3;

/// Rows at once: most of them wait.
const AT_ONCE: usize = 6;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_fault_ends_as_it_should() {
    assert!(ROWS.len() >= 40);
    // To look at some rows only.
    let wanted = std::env::var("KAPELL_FAULT").unwrap_or_default();
    let permits = Arc::new(Semaphore::new(AT_ONCE));
    let Some(next_door) = Sshd::start() else { return };
    let mut playing: JoinSet<Result<(), String>> = JoinSet::new();
    for row in ROWS.iter().filter(|row| format!("{}, {}", row.phase, row.fault).contains(&wanted)) {
        let permits = Arc::clone(&permits);
        let neighbour = spec(&next_door);
        playing.spawn(async move {
            let _permit = permits.acquire().await.unwrap();
            match prepare(row).await {
                Some((scene, spec)) => Box::pin(scene.play(spec, &neighbour)).await,
                None => Ok(()),
            }
        });
    }
    let mut wrong = Vec::new();
    while let Some(outcome) = playing.join_next().await {
        wrong.extend(outcome.unwrap().err());
    }
    assert!(wrong.is_empty(), "{} of {} rows:\n{}", wrong.len(), ROWS.len(), wrong.join("\n"));
}
