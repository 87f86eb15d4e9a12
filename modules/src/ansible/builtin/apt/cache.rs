//! apt's package lists: how old they are, and fetching them anew.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::request::Request;
use super::transaction::is_locked;
use crate::{CommandOutput, CommandSpec, Context, ModuleError, ModuleResult};

const SUCCESS_STAMP: &str = "/var/lib/apt/periodic/update-success-stamp";
const LISTS: &str = "/var/lib/apt/lists";

/// The lists after this task was through with them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cache {
    pub updated: bool,
    /// Seconds since 1970; 0 when there are none.
    pub time: u64,
}

impl Cache {
    /// Fetches the lists when the task asks for it and they are older than it allows.
    pub(super) fn refresh(request: &Request, cx: &mut Context<'_>) -> Result<Self, ModuleError> {
        let before = time(cx)?;
        if !request.update_cache || is_fresh(before, request.cache_valid_time) {
            return Ok(Self { updated: false, time: before });
        }
        if cx.check_mode {
            return Ok(Self { updated: true, time: before });
        }
        request.updating.run(cx)?;
        let after = time(cx)?;
        Ok(Self { updated: after != before, time: after })
    }

    pub(super) fn report(self, result: ModuleResult) -> ModuleResult {
        result.set("cache_updated", self.updated).set("cache_update_time", self.time)
    }
}

fn time(cx: &Context<'_>) -> Result<u64, ModuleError> {
    for path in [SUCCESS_STAMP, LISTS] {
        if let Some(metadata) = cx.stat(path)? {
            let age = metadata.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
            return Ok(age.as_secs());
        }
    }
    Ok(0)
}

fn is_fresh(time: u64, valid: Duration) -> bool {
    !valid.is_zero() && UNIX_EPOCH + Duration::from_secs(time) + valid >= SystemTime::now()
}

/// How often and how long fetching the lists is tried.
#[derive(Debug, Clone, Copy)]
pub(in crate::ansible::builtin) struct Updating {
    pub retries: i64,
    /// Seconds.
    pub max_delay: i64,
    pub lock_timeout: i64,
    /// `apt_repository` tells of it in its own words.
    pub of_sources: bool,
}

impl Updating {
    pub(in crate::ansible::builtin) fn run(self, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        let retries = self.retries.max(1);
        let mut reason = String::new();
        for attempt in 1..=retries {
            let output = update_unlocked(self.lock_timeout, cx)?;
            let Some(failure) = failure_of(&output) else { return Ok(()) };
            reason = failure;
            let delay = (1_i64 << attempt.min(30)).min(self.max_delay.max(0));
            if self.of_sources {
                cx.warn(format!("Failed to update cache after {attempt} due to {reason} retry, retrying"));
                cx.warn(format!("Sleeping for {delay} seconds, before attempting to update the cache again"));
            } else {
                cx.warn(format!("Failed to update cache after {attempt} retries due to {reason}, retrying"));
                cx.warn(format!("Sleeping for {delay} seconds, before attempting to refresh the cache again"));
            }
            if attempt < retries {
                cx.sleep(Duration::from_secs(delay as u64))?;
            }
        }
        Err(ModuleError::failed(format!("Failed to update apt cache after {retries} retries: {reason}")))
    }
}

/// apt-get does not wait for the lock of the lists itself.
fn update_unlocked(lock_timeout: i64, cx: &mut Context<'_>) -> Result<CommandOutput, ModuleError> {
    let started = Instant::now();
    loop {
        let output = cx.run(&CommandSpec::new(["apt-get", "update"]).live())?;
        let waited = i64::try_from(started.elapsed().as_secs()).unwrap_or(i64::MAX);
        if output.ok() || !is_locked(&output.stderr()) || (lock_timeout >= 0 && waited >= lock_timeout) {
            return Ok(output);
        }
        cx.sleep(Duration::from_secs(1))?;
    }
}

/// apt-get ends well although some lists could not be fetched; it only says so.
fn failure_of(output: &CommandOutput) -> Option<String> {
    let stderr = output.stderr();
    let is_complaint = |line: &&str| {
        line.starts_with("E:") || line.contains("Failed to fetch") || line.contains("Some index files failed")
    };
    let complaints: Vec<String> = stderr.lines().filter(is_complaint).map(|line| line.replacen(": ", ":", 1)).collect();
    let complaint = (!complaints.is_empty()).then(|| complaints.join(", "));
    if output.ok() { complaint } else { Some(complaint.unwrap_or_else(|| stderr.trim().to_owned())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_an_update_is_a_failure() {
        let output = |rc, stderr: &str| CommandOutput { rc, stderr: stderr.into(), ..CommandOutput::default() };
        assert_eq!(failure_of(&output(0, "")), None);
        assert_eq!(failure_of(&output(0, "W: Target is configured twice\n")), None);
        assert!(failure_of(&output(0, "W: Failed to fetch http://x  no such host\n")).is_some());
        assert_eq!(failure_of(&output(100, "x\nE: broken\n")).as_deref(), Some("E:broken"));
        assert_eq!(failure_of(&output(100, "odd\n")).as_deref(), Some("odd"));
    }

    #[test]
    fn freshness_counts_from_the_stamp() {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        assert!(is_fresh(now - 10, Duration::from_mins(1)));
        assert!(!is_fresh(now - 90, Duration::from_mins(1)));
        assert!(!is_fresh(now, Duration::ZERO));
    }
}
