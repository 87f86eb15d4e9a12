//! Fuzzing with seeds: inputs made at random, each of which has to end soon, without a panic, in little memory.
//!
//! A test takes as many inputs as it says; `KAPELL_FUZZ_MINUTES=5` goes on for that long, `KAPELL_FUZZ_SEED=7` starts
//! elsewhere. The seed of an input that failed is in the message.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Of the clock, for one input: the machine may have other work.
const HANGS: Duration = Duration::from_mins(2);
/// Of the processor, for one input, even unoptimized.
const SLOW: Duration = Duration::from_secs(8);

/// A random number generator that gives the same for the same seed (`splitmix64`).
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.roll() % limit.max(1) as u64).unwrap_or(0)
    }

    pub fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    pub fn pick<'t, T: ?Sized>(&mut self, items: &[&'t T]) -> &'t T {
        items[self.below(items.len())]
    }

    pub fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.roll() as u8).collect()
    }

    /// The bytes with a few of them flipped, cut out, repeated, or replaced by `words`.
    pub fn spoil(&mut self, bytes: &[u8], words: &[&[u8]]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        for _ in 0..=self.below(6) {
            let (at, length) = (self.below(bytes.len() + 1), self.below(40));
            let end = (at + length).min(bytes.len());
            match self.below(6) {
                0 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
                1 => drop(bytes.drain(at..end)),
                2 => {
                    let piece = bytes[at..end].repeat(1 + self.below(50));
                    bytes.splice(at..at, piece);
                }
                3 if !words.is_empty() => {
                    let word = self.pick(words).to_vec();
                    bytes.splice(at..end, word);
                }
                4 => bytes.truncate(at),
                _ => {
                    let noise = self.bytes(length);
                    bytes.splice(at..at, noise);
                }
            }
        }
        bytes
    }
}

/// What a target may need.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Inputs of a run that has no time of its own.
    pub few: u64,
    /// What the whole process may have had at any time, in bytes.
    pub memory: u64,
}

/// Gives `target` one input after the other, each made of its dice; an error is what it found wrong.
pub fn fuzz(limits: Limits, mut target: impl FnMut(&mut Dice) -> Result<(), String>) {
    let end = number("KAPELL_FUZZ_MINUTES").map(|minutes| Instant::now() + Duration::from_secs(minutes * 60));
    let first = number("KAPELL_FUZZ_SEED").unwrap_or(1);
    let watch = Watch::begin(first);
    let (mut seed, mut failures) = (first, Vec::new());
    while end.map_or(seed < first + limits.few, |end| Instant::now() < end) && failures.len() < 20 {
        watch.next(seed);
        let started = processor_time();
        let mut dice = Dice::new(seed);
        let outcome = catch_unwind(AssertUnwindSafe(|| target(&mut dice)));
        let taken = processor_time().saturating_sub(started);
        match outcome {
            Err(_) => failures.push(format!("seed {seed} panics")),
            Ok(Err(wrong)) => failures.push(format!("seed {seed}: {wrong}")),
            Ok(Ok(())) if taken > SLOW => failures.push(format!("seed {seed} takes {taken:?}")),
            Ok(Ok(())) if peak() > limits.memory => {
                failures.push(format!("seed {seed}: the process has had {} MiB", peak() >> 20));
                break;
            }
            Ok(Ok(())) => {}
        }
        seed += 1;
    }
    say(&format!("{} inputs, {} MiB at most", seed - first, peak() >> 20));
    assert!(failures.is_empty(), "{} inputs failed:\n{}", failures.len(), failures.join("\n"));
}

#[expect(clippy::print_stdout, reason = "what a test has done is its own to say")]
fn say(text: &str) {
    println!("{text}");
}

/// Ends the whole process when one input does not end by itself.
struct Watch {
    seed: Arc<AtomicU64>,
    is_over: Arc<AtomicBool>,
}

impl Watch {
    fn begin(first: u64) -> Self {
        let (seed, is_over) = (Arc::new(AtomicU64::new(first)), Arc::new(AtomicBool::new(false)));
        let (watched, stop) = (Arc::clone(&seed), Arc::clone(&is_over));
        std::thread::spawn(move || {
            let (mut last, mut since) = (first, Instant::now());
            while !stop.load(Ordering::Relaxed) {
                std::thread::sleep(Duration::from_millis(200));
                let current = watched.load(Ordering::Relaxed);
                if current != last {
                    (last, since) = (current, Instant::now());
                } else if since.elapsed() > HANGS {
                    give_up(current);
                }
            }
        });
        Self { seed, is_over }
    }

    fn next(&self, seed: u64) {
        self.seed.store(seed, Ordering::Relaxed);
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}

#[expect(clippy::print_stderr, reason = "the process is about to end")]
fn give_up(seed: u64) {
    eprintln!("seed {seed} does not end");
    std::process::abort();
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// The most memory this process has had.
pub fn peak() -> u64 {
    let status = fs_err::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or(0) * 1024
}

/// The time this thread has had a processor.
fn processor_time() -> Duration {
    let status = fs_err::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = status.split_whitespace().next().and_then(|number| number.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or(0))
}
