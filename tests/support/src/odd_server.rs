//! `OddServer`: an SSH server in this process that behaves as no real one should.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use kapell_protocol::{Deframer, FromWorker, OutputStream, PROTOCOL_VERSION, ToWorker, WorkerHello, encode};
use russh::keys::load_secret_key;
use russh::server::{Auth, ChannelOpenHandle, Config, Handler, Msg, Response, Session, VerifiedPublicKey, run_stream};
use russh::{Channel, ChannelId, ChannelMsg};
use serde_json::{Map, Value};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::time::sleep;

use crate::sshd::ssh_keygen;

/// What is odd about it; everything else works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Oddity {
    /// Logging in: it does not answer.
    AuthStalls,
    AuthCuts,
    /// A banner of a megabyte before the login.
    BannerIsEndless,
    /// Takes nothing but two questions, one of them for the password.
    AsksInteractively,
    /// No session is opened, ever.
    SessionsRefused,
    /// A session is neither opened nor refused.
    SessionsStall,
    /// The command is taken and nothing follows.
    ExecSilent,
    ExecRefused,
    /// What the shell prints before our command has no end.
    ExecFloods,
    /// The channel is closed at once, without a word.
    ExecCloses,
    /// Instead of the script's answer.
    ScriptTalksNonsense,
    /// The script asks for the worker again and again.
    ScriptIsNeverContent,
    /// It wants the worker and takes no byte of it.
    UploadIsNotRead,
    /// The worker's first frame is none.
    HelloIsGarbage,
    /// It claims a frame of ten gigabytes.
    HelloIsHuge,
    HelloNeverComes,
    HelloOfAnotherVersion,
    /// A worker that says hello and then nothing any more.
    CallsAreNotAnswered,
    /// Frames, each of them whole, of a shape nobody knows.
    AnswersAreWrong,
    /// A frame that claims ten gigabytes, in the middle of a call.
    AnswersAreHuge,
    /// Half a frame, then the end.
    AnswersAreCut,
    /// Lines of output that have no end.
    AnswersFlood,
    /// Every call is answered with the same result: see [`OddServer::answering`].
    AnswersAreTheSame,
    /// It asks for contents that nobody offered, and reads nothing.
    ContentsAreWantedWithoutEnd,
    /// A small answer that would be gigabytes in memory.
    AnswersUnfold,
}

/// Its address is `127.0.0.1`; anybody with any key may log in.
pub struct OddServer {
    pub port: u16,
    runtime: Option<Runtime>,
}

impl OddServer {
    pub fn start(oddity: Oddity) -> Self {
        Self::with(oddity, Map::new())
    }

    /// Whatever it is asked, this is the result.
    pub fn answering(result: Map<String, Value>) -> Self {
        Self::with(Oddity::AnswersAreTheSame, result)
    }

    #[expect(clippy::expect_used, reason = "without a loopback interface no test runs")]
    fn with(oddity: Oddity, result: Map<String, Value>) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        ssh_keygen(directory.path(), &["-t", "ed25519", "-N", "", "-f", "key"]).expect("a host key");
        let key = load_secret_key(directory.path().join("key"), None).expect("the key just made");
        let config = Arc::new(Config {
            keys: vec![key],
            auth_rejection_time: Duration::from_millis(10),
            auth_rejection_time_initial: Some(Duration::ZERO),
            ..Config::default()
        });
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port for the server");
        let port = listener.local_addr().expect("a bound listener has an address").port();
        listener.set_nonblocking(true).expect("any socket can be made so");
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(1).enable_all().build().expect("a thread for the server");
        runtime.spawn(serve(listener, config, oddity, Arc::new(result)));
        Self { port, runtime: Some(runtime) }
    }
}

impl Drop for OddServer {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Also where nobody may wait: within another runtime.
            runtime.shutdown_background();
        }
    }
}

async fn serve(listener: std::net::TcpListener, config: Arc<Config>, oddity: Oddity, result: Arc<Map<String, Value>>) {
    let Ok(listener) = TcpListener::from_std(listener) else { return };
    while let Ok((stream, _)) = listener.accept().await {
        let client = Client { oddity, result: Arc::clone(&result), channels: HashMap::new() };
        let config = Arc::clone(&config);
        tokio::spawn(async move {
            if let Ok(session) = run_stream(config, stream, client).await {
                let _ = session.await;
            }
        });
    }
}

struct Client {
    oddity: Oddity,
    result: Arc<Map<String, Value>>,
    channels: HashMap<ChannelId, Channel<Msg>>,
}

impl Handler for Client {
    type Error = russh::Error;

    async fn authentication_banner(&mut self) -> Result<Option<String>, russh::Error> {
        let is_endless = self.oddity == Oddity::BannerIsEndless;
        Ok(is_endless.then(|| "Authorised use only. ".repeat(50_000)))
    }

    async fn auth_publickey(&mut self, _: &str, _: VerifiedPublicKey<'_>) -> Result<Auth, russh::Error> {
        match self.oddity {
            Oddity::AuthStalls => {
                sleep(Duration::from_hours(1)).await;
                Ok(Auth::Accept)
            }
            Oddity::AuthCuts => Err(russh::Error::Disconnect),
            Oddity::AsksInteractively => Ok(Auth::reject()),
            _ => Ok(Auth::Accept),
        }
    }

    async fn auth_keyboard_interactive<'a>(
        &'a mut self,
        _: &str,
        _: &str,
        response: Option<Response<'a>>,
    ) -> Result<Auth, russh::Error> {
        let Some(response) = response else {
            let prompts = vec![("Password: ".into(), false), ("Favourite colour: ".into(), true)];
            return Ok(Auth::Partial {
                name: "".into(),
                instructions: "Two questions".into(),
                prompts: prompts.into(),
            });
        };
        let answers: Vec<Vec<u8>> = response.map(|answer| answer.to_vec()).collect();
        Ok(if answers == [b"kapell-secret".to_vec(), Vec::new()] { Auth::Accept } else { Auth::reject() })
    }

    async fn channel_open_session(
        &mut self,
        channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), russh::Error> {
        match self.oddity {
            Oddity::SessionsRefused => reply.reject(russh::ChannelOpenFailure::ResourceShortage).await,
            Oddity::SessionsStall => sleep(Duration::from_hours(1)).await,
            _ => {
                self.channels.insert(channel.id(), channel);
                reply.accept().await;
            }
        }
        Ok(())
    }

    async fn exec_request(&mut self, id: ChannelId, command: &[u8], session: &mut Session) -> Result<(), russh::Error> {
        if self.oddity == Oddity::ExecRefused {
            return session.channel_failure(id);
        }
        session.channel_success(id)?;
        if let Some(channel) = self.channels.remove(&id) {
            let marker = marker(&String::from_utf8_lossy(command));
            tokio::spawn(behave(self.oddity, channel, marker, Arc::clone(&self.result)));
        }
        Ok(())
    }
}

/// The bootstrap's marker is a word of its command.
fn marker(command: &str) -> String {
    let behind = command.split(" kapell ").nth(1).unwrap_or_default();
    behind.split(' ').next().unwrap_or_default().to_owned()
}

async fn behave(oddity: Oddity, mut channel: Channel<Msg>, marker: String, result: Arc<Map<String, Value>>) {
    let say = async |bytes: Vec<u8>| channel.data(&bytes[..]).await.is_ok();
    let line = async |text: &str| say(format!("{marker} {text}\n").into_bytes()).await;
    match oddity {
        Oddity::ExecFloods => while say(vec![b'x'; 32 * 1024]).await {},
        Oddity::ExecCloses => {
            let _ = channel.close().await;
        }
        Oddity::ScriptTalksNonsense => {
            line("dance 3").await;
        }
        Oddity::ScriptIsNeverContent => {
            line("fail 1 never enough").await;
        }
        Oddity::UploadIsNotRead => {
            line("need 1 plain x86_64").await;
        }
        Oddity::ExecSilent => {}
        _ => {
            line("run 1").await;
            for bytes in worker(oddity) {
                say(bytes).await;
            }
            if oddity == Oddity::AnswersAreCut {
                sleep(Duration::from_millis(300)).await;
                let _ = channel.close().await;
            }
            match oddity {
                Oddity::AnswersFlood => {
                    let text = "y".repeat(16 * 1024);
                    let line = frame(&FromWorker::Output { id: 1, stream: OutputStream::Stdout, line: text });
                    while say(line.clone()).await {}
                }
                Oddity::ContentsAreWantedWithoutEnd => {
                    let mut number = 0_u64;
                    loop {
                        number += 1;
                        let wanted = FromWorker::NeedBlob { id: 1, sha256: format!("{number:064x}") };
                        if !say(frame(&wanted)).await {
                            break;
                        }
                    }
                }
                Oddity::AnswersAreTheSame => answer_all(&mut channel, &result).await,
                _ => {}
            }
        }
    }
    // The channel stays open until the client has had enough.
    sleep(Duration::from_hours(1)).await;
}

/// What the worker says, in pieces.
fn worker(oddity: Oddity) -> Vec<Vec<u8>> {
    let hello = |protocol| {
        let hello = WorkerHello { protocol, version: "0".to_owned(), pid: 1, uid: 0, temp_dir: "/tmp".to_owned() };
        frame(&FromWorker::Hello(hello))
    };
    let good = || hello(PROTOCOL_VERSION);
    // Ten gigabytes do not fit four bytes; the most that does is what is claimed.
    let huge = || vec![0xff; 64];
    match oddity {
        Oddity::HelloIsGarbage => vec![b"Segmentation fault\n".repeat(100)],
        Oddity::HelloIsHuge => vec![huge()],
        Oddity::HelloNeverComes => Vec::new(),
        Oddity::HelloOfAnotherVersion => vec![hello(PROTOCOL_VERSION + 7)],
        Oddity::AnswersAreWrong => {
            let mut wrong = good();
            let last = wrong.len() - 1;
            wrong[last] ^= 0x55;
            wrong[4] ^= 0x55;
            vec![good(), wrong]
        }
        Oddity::AnswersAreHuge => vec![good(), huge()],
        Oddity::AnswersAreCut => vec![good(), good()[..9].to_vec()],
        Oddity::AnswersUnfold => vec![good(), unfolding()],
        _ => vec![good()],
    }
}

/// Six megabytes that stand for as many values.
fn unfolding() -> Vec<u8> {
    const VALUES: u32 = 6_000_000;
    // {"Done": [1, {"k": [nil, nil, …]}]}
    let mut payload = b"\x81\xa4Done\x92\x01\x81\xa1k\xdd".to_vec();
    payload.extend(VALUES.to_be_bytes());
    payload.resize(payload.len() + VALUES as usize, 0xc0);
    let mut frame = (payload.len() as u32).to_be_bytes().to_vec();
    frame.append(&mut payload);
    frame
}

async fn answer_all(channel: &mut Channel<Msg>, result: &Map<String, Value>) {
    let mut deframer = Deframer::default();
    while let Some(message) = channel.wait().await {
        let ChannelMsg::Data { data } = message else { continue };
        deframer.push(&data);
        while let Ok(Some(asked)) = deframer.next_message::<ToWorker>() {
            let ToWorker::Call(call) = asked else { continue };
            let done = FromWorker::Done { id: call.id, result: result.clone() };
            if channel.data(&frame(&done)[..]).await.is_err() {
                return;
            }
        }
    }
}

#[expect(clippy::expect_used, reason = "messages of this file are small and whole")]
fn frame(message: &FromWorker) -> Vec<u8> {
    encode(message).expect("a message that fits")
}
