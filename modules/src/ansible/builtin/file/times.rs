//! `modification_time` and `access_time`: preserved, now, or a moment in a format.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::fmt::strtime::BrokenDownTime;
use serde_json::Value;

use super::state::State;
use crate::attributes::path_text;
use crate::error::os_error_bytes;
use crate::{Args, AttributeDiff, Context, ModuleError};

/// One of a file's times.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Moment {
    Preserve,
    Now,
    At(SystemTime),
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    modified: Moment,
    accessed: Moment,
}

impl Times {
    pub(super) fn from_args(args: &Args, state: State) -> Result<Self, ModuleError> {
        // `touch` means now, everything else leaves times alone.
        let default = if state == State::Touch { "now" } else { "preserve" };
        let moment = |name: &str| {
            let text = args.opt_str(name).unwrap_or(default);
            Moment::parse(text, args.str(&format!("{name}_format"))?)
        };
        Ok(Self { modified: moment("modification_time")?, accessed: moment("access_time")? })
    }

    /// Sets the times of what `path` leads to; true when one changes.
    pub(super) fn apply(self, path: &Path, cx: &Context<'_>, diff: &mut AttributeDiff) -> Result<bool, ModuleError> {
        if (self.modified, self.accessed) == (Moment::Preserve, Moment::Preserve) {
            return Ok(false);
        }
        let fail = |error: std::io::Error| {
            let cause = os_error_bytes(&error, &path_text(path));
            let msg = format!("Error while updating modification or access time: {cause}");
            ModuleError::failed(msg).with("path", path_text(path))
        };
        let found = fs_err::metadata(path).map_err(fail)?;
        let (modified, accessed) = (found.modified().map_err(fail)?, found.accessed().map_err(fail)?);
        let now = SystemTime::now();
        let (new_modified, new_accessed) = (self.modified.time(modified, now), self.accessed.time(accessed, now));
        note(diff, "mtime", modified, new_modified);
        note(diff, "atime", accessed, new_accessed);
        if (modified, accessed) == (new_modified, new_accessed) {
            return Ok(false);
        }
        if !cx.check_mode {
            let touched = (self.modified, self.accessed) == (Moment::Now, Moment::Now);
            if touched { touch(path) } else { set(path, new_accessed, new_modified) }.map_err(fail)?;
        }
        Ok(true)
    }
}

impl Moment {
    fn parse(text: &str, format: &str) -> Result<Self, ModuleError> {
        match text {
            "preserve" => Ok(Self::Preserve),
            "now" => Ok(Self::Now),
            _ => local_time(text, format).map(Self::At).ok_or_else(|| {
                let reason = format!("time data '{text}' does not match format '{format}'");
                ModuleError::failed(format!(
                    "Error while obtaining timestamp for time {text} using format {format}: {reason}"
                ))
            }),
        }
    }

    fn time(self, old: SystemTime, now: SystemTime) -> SystemTime {
        match self {
            Self::Preserve => old,
            Self::Now => now,
            Self::At(time) => time,
        }
    }
}

/// The moment a text names on the node's clock; what the format leaves out is the first of its kind.
fn local_time(text: &str, format: &str) -> Option<SystemTime> {
    let parsed = BrokenDownTime::parse(format, text).ok()?;
    if let Ok(zoned) = parsed.to_zoned() {
        return Some(zoned.timestamp().into());
    }
    let first = |part: Option<i8>, first: i8| part.unwrap_or(first);
    let (hour, minute) = (first(parsed.hour(), 0), first(parsed.minute(), 0));
    let (month, day) = (first(parsed.month(), 1), first(parsed.day(), 1));
    let date = jiff::civil::Date::new(parsed.year().unwrap_or(1900), month, day).ok()?;
    let time = jiff::civil::Time::new(hour, minute, first(parsed.second(), 0), 0).ok()?;
    let zoned = date.to_datetime(time).to_zoned(crate::local_time::zone()).ok()?;
    Some(zoned.timestamp().into())
}

/// Both times as the kernel's now, which everybody may set who may write.
fn touch(path: &Path) -> std::io::Result<()> {
    let now = rustix::fs::Timespec { tv_sec: 0, tv_nsec: rustix::fs::UTIME_NOW };
    let times = rustix::fs::Timestamps { last_access: now, last_modification: now };
    Ok(rustix::fs::utimensat(rustix::fs::CWD, path, &times, rustix::fs::AtFlags::empty())?)
}

fn set(path: &Path, accessed: SystemTime, modified: SystemTime) -> std::io::Result<()> {
    let stamp = |time: SystemTime| {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        rustix::fs::Timespec { tv_sec: since.as_secs() as i64, tv_nsec: i64::from(since.subsec_nanos()) }
    };
    let times = rustix::fs::Timestamps { last_access: stamp(accessed), last_modification: stamp(modified) };
    Ok(rustix::fs::utimensat(rustix::fs::CWD, path, &times, rustix::fs::AtFlags::empty())?)
}

fn note(diff: &mut AttributeDiff, key: &str, before: SystemTime, after: SystemTime) {
    if before != after {
        diff.before.insert(key.to_owned(), seconds(before));
        diff.after.insert(key.to_owned(), seconds(after));
    }
}

/// Seconds since 1970 with a fraction.
fn seconds(time: SystemTime) -> Value {
    time.duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64()).into()
}
