//! `ansible.builtin.wait_for`: waits until a port or a file is there, gone, drained or says something.

mod connections;
mod port;

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::error::{errno_text, root_cause};
use crate::module::Support;
use crate::python_regex::{PythonRegex, Subject, fault};
use crate::{Arg, Args, Context, Map, Module, ModuleError, ModuleResult, byte_text};

use connections::ActiveConnections;
use port::Port;

pub(crate) static MODULE: Module = Module::new("ansible.builtin.wait_for", ARGS, run).check_mode(Support::None);

const ARGS: &[Arg] = &[
    Arg::str("host").default("127.0.0.1"),
    Arg::int("timeout").default("300"),
    Arg::int("connect_timeout").default("5"),
    Arg::int("delay").default("0"),
    Arg::int("port"),
    Arg::list("active_connection_states").default("ESTABLISHED,FIN_WAIT1,FIN_WAIT2,SYN_RECV,SYN_SENT,TIME_WAIT"),
    Arg::path("path"),
    Arg::str("search_regex"),
    Arg::str("state").default("started").choices(&["absent", "drained", "present", "started", "stopped"]),
    Arg::list("exclude_hosts"),
    Arg::int("sleep").default("1"),
    Arg::str("msg"),
];

/// What is waited for, and how long.
struct Wait<'a> {
    args: &'a Args,
    state: &'a str,
    path: Option<&'a str>,
    port: Option<Port<'a>>,
    regex: Option<PythonRegex>,
    start: Instant,
    timeout: Duration,
    pause: Duration,
}

/// What a search found: the groups by number and by name.
#[derive(Default)]
struct Match {
    groups: Vec<Value>,
    named: Map,
}

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let wait = Wait::from_args(args)?;
    wait.check()?;
    let delay = seconds(args, "delay");
    if !delay.is_zero() {
        cx.sleep(delay)?;
    }
    let found = if wait.port.is_none() && wait.path.is_none() && wait.state != "drained" {
        cx.sleep(wait.timeout)?;
        Match::default()
    } else {
        wait.until(cx)?
    };
    Ok(ModuleResult::ok()
        .set("state", wait.state)
        .set("port", args.raw("port").cloned().unwrap_or(Value::Null))
        .set("search_regex", args.opt_str("search_regex"))
        .set("match_groups", found.groups)
        .set("match_groupdict", found.named)
        .set("path", wait.path)
        .set("elapsed", wait.elapsed()))
}

impl<'a> Wait<'a> {
    fn from_args(args: &'a Args) -> Result<Self, ModuleError> {
        let regex = args.opt_str("search_regex").map(|pattern| {
            PythonRegex::multi_line(&byte_text::from_utf8(pattern), Subject::Bytes)
                .map_err(|error| ModuleError::failed(format!("Invalid regular expression: {}", fault(&error))))
        });
        let port = args.opt_int("port").map(|number| {
            Port::new(args.opt_str("host").unwrap_or("127.0.0.1"), number, seconds(args, "connect_timeout"))
        });
        Ok(Self {
            args,
            state: args.str("state")?,
            path: args.opt_str("path"),
            port: port.transpose()?,
            regex: regex.transpose()?,
            start: Instant::now(),
            timeout: seconds(args, "timeout"),
            pause: seconds(args, "sleep"),
        })
    }

    fn check(&self) -> Result<(), ModuleError> {
        let unknown = self.args.list_of_str("active_connection_states");
        let unknown = unknown.iter().find(|state| connections::state_number(state).is_none());
        let msg = if self.port.is_some() && self.path.is_some() {
            "port and path parameter can not both be passed to wait_for".to_owned()
        } else if self.path.is_some() && matches!(self.state, "stopped" | "drained") {
            format!("state={} should only be used for checking a port in the wait_for module", self.state)
        } else if self.args.has("exclude_hosts") && self.state != "drained" {
            "exclude_hosts should only be with state=drained".to_owned()
        } else if let Some(state) = unknown {
            format!("unknown active_connection_state ({state}) defined")
        } else if self.state == "drained" && self.port.is_none() {
            "state=drained needs a port".to_owned()
        } else {
            return Ok(());
        };
        Err(ModuleError::failed(msg).with("elapsed", 0))
    }

    /// Looks again and again until it is so or the time is over.
    fn until(&self, cx: &mut Context<'_>) -> Result<Match, ModuleError> {
        let active = match (&self.port, self.state) {
            (Some(port), "drained") => Some(ActiveConnections::new(self.args, port, cx)?),
            _ => None,
        };
        while self.start.elapsed() < self.timeout {
            let found = match (&active, &self.port, self.path) {
                (Some(active), _, _) => (active.count() == 0).then(Match::default),
                (None, Some(port), _) => self.look_at_port(port, cx)?,
                (None, None, Some(path)) => self.look_at_path(path)?,
                (None, None, None) => None,
            };
            if let Some(found) = found {
                return Ok(found);
            }
            cx.sleep(self.pause)?;
        }
        let msg = self.args.opt_str("msg").map_or_else(|| self.timeout_message(), str::to_owned);
        Err(ModuleError::failed(msg).with("elapsed", self.elapsed()))
    }

    fn wants_presence(&self) -> bool {
        matches!(self.state, "started" | "present")
    }

    fn look_at_path(&self, path: &str) -> Result<Option<Match>, ModuleError> {
        let exists = Path::new(path).try_exists().map_err(|error| {
            let cause = errno_text(&root_cause(&error));
            ModuleError::failed(format!("Failed to stat {path}, {cause}")).with("elapsed", self.elapsed())
        })?;
        if !self.wants_presence() {
            return Ok((!exists).then(Match::default));
        }
        match (&self.regex, exists) {
            (_, false) => Ok(None),
            (None, true) => Ok(Some(Match::default())),
            (Some(regex), true) => Match::of(regex, &fs_err::read(path).unwrap_or_default()),
        }
    }

    fn look_at_port(&self, port: &Port<'_>, cx: &mut Context<'_>) -> Result<Option<Match>, ModuleError> {
        let left = self.timeout.saturating_sub(self.start.elapsed()).max(Duration::from_millis(1));
        let stream = port.connect(left, cx);
        if !self.wants_presence() {
            return Ok(stream.is_none().then(Match::default));
        }
        match (stream, &self.regex) {
            (None, _) => Ok(None),
            (Some(_), None) => Ok(Some(Match::default())),
            (Some(mut stream), Some(regex)) => port.read_until(&mut stream, left, |data| Match::of(regex, data)),
        }
    }

    fn timeout_message(&self) -> String {
        let what = match (&self.port, self.path) {
            (Some(port), _) => port.to_string(),
            (None, path) => path.unwrap_or_default().to_owned(),
        };
        let search = self.args.opt_str("search_regex");
        match (self.state, search, &self.port) {
            ("drained", _, _) => format!("Timeout when waiting for {what} to drain"),
            ("stopped" | "absent", _, Some(_)) => format!("Timeout when waiting for {what} to stop."),
            ("stopped" | "absent", _, None) => format!("Timeout when waiting for {what} to be absent."),
            (_, Some(search), _) => format!("Timeout when waiting for search string {search} in {what}"),
            (_, None, Some(_)) => format!("Timeout when waiting for {what}"),
            (_, None, None) => format!("Timeout when waiting for file {what}"),
        }
    }

    fn elapsed(&self) -> u64 {
        self.start.elapsed().as_secs()
    }
}

impl Match {
    /// `None` when the pattern is not in the data.
    fn of(regex: &PythonRegex, data: &[u8]) -> Result<Option<Self>, ModuleError> {
        let text = byte_text::from_bytes(data);
        let Some(captures) = regex.search(&text)? else { return Ok(None) };
        let shown = |found: Option<&str>| found.map(byte_text::shown).map_or(Value::Null, Value::from);
        let groups = (1..captures.len()).map(|index| shown(captures.get(index).map(|found| found.as_str())));
        let named = regex.names().map(|name| (name.to_owned(), shown(captures.name(name).map(|found| found.as_str()))));
        Ok(Some(Self { groups: groups.collect(), named: named.collect() }))
    }
}

fn seconds(args: &Args, name: &str) -> Duration {
    Duration::from_secs(args.opt_int(name).and_then(|number| u64::try_from(number).ok()).unwrap_or(0))
}
