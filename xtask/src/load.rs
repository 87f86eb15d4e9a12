//! An open-loop HTTP load: requests start by the clock, however slow the answers are, each on a connection of its own,
//! so that a pause of the service shows as latency or failure instead of as fewer requests.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::Args;
use serde::{Deserialize, Serialize};

const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Args)]
pub(crate) struct LoadCommand {
    /// ADDRESS:PORT of the service.
    target: SocketAddr,
    /// Requests that start each second.
    #[arg(long, default_value_t = 300)]
    rate: u32,
    /// Stop after so many seconds; without it, when stdin is closed.
    #[arg(long)]
    seconds: Option<u64>,
    /// Threads, which bounds the requests under way.
    #[arg(long, default_value_t = 64)]
    workers: usize,
}

/// What the service did, as JSON on stdout.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct LoadReport {
    pub(crate) requests: u64,
    pub(crate) failed: u64,
    /// Reason -> how often.
    pub(crate) failures: BTreeMap<String, u64>,
    /// Body -> how often, and when first and last, in seconds from the start.
    pub(crate) bodies: BTreeMap<String, Seen>,
    pub(crate) seconds: f64,
    pub(crate) median_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) max_ms: f64,
}

#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Seen {
    pub(crate) count: u64,
    pub(crate) first: f64,
    pub(crate) last: f64,
}

impl LoadCommand {
    pub(crate) fn run(&self) -> Result<()> {
        let report = self.measure();
        println!("{}", serde_json::to_string(&report)?);
        Ok(())
    }

    fn measure(&self) -> LoadReport {
        let schedule = Schedule { start: Instant::now(), rate: f64::from(self.rate), next: AtomicU64::new(0) };
        let stop = AtomicBool::new(false);
        let samples = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for _ in 0..self.workers {
                scope.spawn(|| {
                    let own = work(self.target, &schedule, &stop);
                    samples.lock().unwrap_or_else(std::sync::PoisonError::into_inner).extend(own);
                });
            }
            self.wait();
            stop.store(true, Ordering::Relaxed);
        });
        summarize(samples.into_inner().unwrap_or_default(), schedule.start.elapsed())
    }

    fn wait(&self) {
        match self.seconds {
            Some(seconds) => std::thread::sleep(Duration::from_secs(seconds)),
            None => {
                let _ = std::io::stdin().read_to_end(&mut Vec::new());
            }
        }
    }
}

struct Schedule {
    start: Instant,
    rate: f64,
    next: AtomicU64,
}

impl Schedule {
    /// When the next request not yet taken by another thread is due.
    fn take(&self) -> Instant {
        let index = self.next.fetch_add(1, Ordering::Relaxed);
        self.start + Duration::from_secs_f64(index as f64 / self.rate)
    }
}

struct Sample {
    at: Duration,
    /// From when the request was due, not from when it was sent.
    latency: Duration,
    outcome: Result<String, String>,
}

fn work(target: SocketAddr, schedule: &Schedule, stop: &AtomicBool) -> Vec<Sample> {
    let mut samples = Vec::new();
    loop {
        let due = schedule.take();
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        if stop.load(Ordering::Relaxed) {
            return samples;
        }
        let outcome = request(target).map_err(|error| reason(&error));
        samples.push(Sample { at: due.duration_since(schedule.start), latency: due.elapsed(), outcome });
    }
}

/// One GET; the body of a complete 200 answer.
fn request(target: SocketAddr) -> Result<String> {
    let mut stream = TcpStream::connect_timeout(&target, PATIENCE).context("connect")?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: load.test\r\nConnection: close\r\n\r\n").context("send")?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).context("read")?;
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").context("answer cut short")?;
    let status = head.split(' ').nth(1).unwrap_or("?");
    anyhow::ensure!(status == "200", "status {status}");
    let promised = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
    anyhow::ensure!(promised.is_none_or(|length| length == body.len().to_string()), "body cut short");
    Ok(body.trim().to_owned())
}

fn reason(error: &anyhow::Error) -> String {
    match error.downcast_ref::<std::io::Error>() {
        Some(cause) if matches!(cause.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
            format!("{error}: timeout")
        }
        Some(cause) => format!("{error}: {}", cause.kind()),
        None => error.to_string(),
    }
}

fn summarize(samples: Vec<Sample>, elapsed: Duration) -> LoadReport {
    let mut latencies: Vec<f64> = samples.iter().map(|sample| sample.latency.as_secs_f64() * 1e3).collect();
    latencies.sort_by(f64::total_cmp);
    let quantile =
        |q: f64| latencies.get((latencies.len().saturating_sub(1) as f64 * q) as usize).copied().unwrap_or(0.0);
    let mut report = LoadReport {
        requests: samples.len() as u64,
        seconds: elapsed.as_secs_f64(),
        median_ms: quantile(0.5),
        p99_ms: quantile(0.99),
        max_ms: quantile(1.0),
        ..LoadReport::default()
    };
    for sample in samples {
        let at = sample.at.as_secs_f64();
        match sample.outcome {
            Ok(body) => {
                let seen = report.bodies.entry(body).or_insert_with(|| Seen { first: at, ..Seen::default() });
                seen.count += 1;
                seen.first = seen.first.min(at);
                seen.last = seen.last.max(at);
            }
            Err(reason) => {
                report.failed += 1;
                *report.failures.entry(reason).or_default() += 1;
            }
        }
    }
    report
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server that answers its first request, cuts the second short and says 503 from then on.
    fn fickle_server() -> SocketAddr {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let answers = [
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes",
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\ny",
            "HTTP/1.1 503 No\r\n\r\n",
        ];
        std::thread::spawn(move || {
            for (index, stream) in listener.incoming().enumerate() {
                let mut stream = stream.unwrap();
                let _ = stream.read(&mut [0; 512]);
                let _ = stream.write_all(answers[index.min(2)].as_bytes());
            }
        });
        address
    }

    #[test]
    fn counts_every_request_that_did_not_get_a_whole_200() {
        let load = LoadCommand { target: fickle_server(), rate: 50, seconds: Some(1), workers: 1 };
        let report = load.measure();
        assert_eq!(report.bodies["yes"].count, 1);
        assert_eq!(report.failures["body cut short"], 1);
        assert_eq!(report.failures["status 503"], report.requests - 2);
        assert!((40..=55).contains(&report.requests), "{} requests in a second at 50 a second", report.requests);
    }
}
