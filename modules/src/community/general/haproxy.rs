//! `community.general.haproxy`: takes servers of HAProxy out of service and back, over its admin socket.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};

use crate::error::{errno_text, root_cause};
use crate::module::Support;
use crate::{Arg, Args, Context, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module = Module::new("community.general.haproxy", ARGS, run).check_mode(Support::None);

const ARGS: &[Arg] = &[
    Arg::str("state").required().choices(&["enabled", "disabled", "drain"]),
    Arg::str("host").required(),
    Arg::str("backend"),
    Arg::str("weight"),
    Arg::path("socket").default("/var/run/haproxy.sock"),
    Arg::bool("shutdown_sessions").default("false"),
    Arg::bool("fail_on_not_found").default("false"),
    Arg::bool("health").default("false"),
    Arg::bool("agent").default("false"),
    Arg::bool("wait").default("false"),
    Arg::int("wait_retries").default("25"),
    Arg::int("wait_interval").default("5"),
    Arg::bool("drain").default("false"),
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let socket = Socket(args.path("socket")?);
    let (backend, host) = (args.opt_str("backend"), args.str("host")?);
    let before = states(&socket.table()?, backend, host);
    let mut work = Work { args, host, socket, said: Vec::new() };
    match args.str("state")? {
        "enabled" => work.enable(cx)?,
        "drain" => work.drain(cx)?,
        _ => work.disable(cx)?,
    }
    let after = states(&work.socket.table()?, backend, host);
    let result = ModuleResult::ok().changed(before != after).set("state_before", before).set("state_after", after);
    if work.said.is_empty() {
        return Ok(result);
    }
    let (commands, answers): (Vec<String>, Vec<String>) = work.said.into_iter().unzip();
    Ok(result.set("command", commands).set("output", answers))
}

struct Work<'a> {
    args: &'a Args,
    host: &'a str,
    socket: Socket,
    /// What was told to HAProxy, and its answers.
    said: Vec<(String, String)>,
}

impl Work<'_> {
    fn enable(&mut self, cx: &Context<'_>) -> Result<(), ModuleError> {
        let mut commands = vec!["get weight SERVER", "enable server SERVER"];
        commands.extend(self.args.bool("agent").then_some("enable agent SERVER"));
        commands.extend(self.args.bool("health").then_some("enable health SERVER"));
        let weight = self.args.opt_str("weight").filter(|weight| !weight.is_empty());
        let weight = weight.map(|weight| format!("set weight SERVER {weight}"));
        commands.extend(weight.as_deref());
        self.tell(&commands, "UP", cx)
    }

    fn disable(&mut self, cx: &Context<'_>) -> Result<(), ModuleError> {
        if self.args.bool("drain") {
            self.drain(cx)?;
        }
        let mut commands = vec!["get weight SERVER"];
        commands.extend(self.args.bool("agent").then_some("disable agent SERVER"));
        commands.extend(self.args.bool("health").then_some("disable health SERVER"));
        commands.push("disable server SERVER");
        commands.extend(self.args.bool("shutdown_sessions").then_some("shutdown sessions server SERVER"));
        self.tell(&commands, "MAINT", cx)
    }

    /// Versions before 1.5 cannot, which is no error.
    fn drain(&mut self, cx: &Context<'_>) -> Result<(), ModuleError> {
        let info = self.socket.ask("show info")?;
        if version(&info) < Some((1, 5)) {
            return Ok(());
        }
        self.tell(&["set server SERVER state drain"], "DRAIN", cx)
    }

    /// Says it of the server in the wanted backend or in all of them, where it is in them.
    fn tell(&mut self, commands: &[&str], status: &str, cx: &Context<'_>) -> Result<(), ModuleError> {
        let backends = match self.args.opt_str("backend") {
            Some(backend) => vec![backend.to_owned()],
            None => backends(&self.socket.table()?),
        };
        for backend in backends {
            let server = format!("{backend}/{}", self.host);
            if states(&self.socket.table()?, Some(&backend), self.host).is_none() {
                if self.args.bool("fail_on_not_found") {
                    return Err(ModuleError::failed(format!("The specified backend '{server}' was not found!")));
                }
                continue;
            }
            let command = commands.join("; ").replace("SERVER", &server);
            let answer = self.socket.ask(&command)?.trim().to_owned();
            self.said.push((command, answer));
            if self.args.bool("wait") {
                self.wait(&backend, status, cx)?;
            }
        }
        Ok(())
    }

    /// Looks one time less than there are retries, as the original does.
    fn wait(&self, backend: &str, status: &str, cx: &Context<'_>) -> Result<(), ModuleError> {
        let (retries, interval) = (self.args.int("wait_retries")?, self.args.int("wait_interval")?);
        let interval = Duration::from_secs(u64::try_from(interval).unwrap_or(0));
        for _ in 1..retries {
            if self.has_reached(backend, status)? {
                return Ok(());
            }
            cx.sleep(interval)?;
        }
        let server = format!("{backend}/{}", self.host);
        Err(ModuleError::failed(format!("server {server} not status '{status}' after {retries} retries. Aborting.")))
    }

    /// `UP 1/3` is on its way up, which counts. A drained server has to have no sessions left.
    fn has_reached(&self, backend: &str, status: &str) -> Result<bool, ModuleError> {
        let states = states(&self.socket.table()?, Some(backend), self.host);
        let first = states.as_ref().and_then(|states| states.first());
        let is = |key: &str, test: &dyn Fn(&str) -> bool| {
            first.and_then(|state| state.get(key)).and_then(Value::as_str).is_some_and(test)
        };
        Ok(is("status", &|text| text.contains(status))
            && (!self.args.bool("drain") || is("scur", &|count| count == "0")))
    }
}

/// HAProxy's admin socket: a connection a command, which may be several separated by semicolons.
struct Socket(PathBuf);

impl Socket {
    fn ask(&self, command: &str) -> Result<String, ModuleError> {
        let answer = || -> std::io::Result<Vec<u8>> {
            let mut stream = UnixStream::connect(&self.0)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            stream.write_all(format!("{command}\n").as_bytes())?;
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer)?;
            Ok(answer)
        };
        let answer = answer().map_err(|error| {
            let cause = root_cause(&error);
            let number = cause.raw_os_error().map(|number| format!("[Errno {number}] ")).unwrap_or_default();
            ModuleError::failed(format!("{number}{}", errno_text(&cause)))
        })?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }

    /// Frontends, backends and servers, a row each.
    fn table(&self) -> Result<Vec<Row>, ModuleError> {
        Ok(rows(&self.ask("show stat")?))
    }
}

const PATIENCE: Duration = Duration::from_secs(200);

/// What `show stat` says of one thing.
#[derive(Debug, PartialEq, Eq)]
struct Row {
    proxy: String,
    name: String,
    state: Value,
}

fn rows(text: &str) -> Vec<Row> {
    let mut lines = text.trim_start_matches(['#', ' ']).lines().filter(|line| !line.is_empty());
    let header: Vec<&str> = lines.next().unwrap_or_default().split(',').collect();
    let row = |line: &str| {
        let fields: Vec<&str> = line.split(',').collect();
        let field = |name: &str| {
            header
                .iter()
                .position(|column| *column == name)
                .and_then(|at| fields.get(at))
                .map(|text| (*text).to_owned())
        };
        Some(Row {
            proxy: field("pxname")?,
            name: field("svname")?,
            state: json!({ "status": field("status"), "weight": field("weight"), "scur": field("scur") }),
        })
    };
    lines.filter_map(row).collect()
}

fn backends(table: &[Row]) -> Vec<String> {
    table.iter().filter(|row| row.name == "BACKEND").map(|row| row.proxy.clone()).collect()
}

/// The states of a server, in one backend or in all; `None` where there is no such server.
fn states(table: &[Row], backend: Option<&str>, host: &str) -> Option<Vec<Value>> {
    let of_host = |row: &&Row| row.name == host && backend.is_none_or(|backend| row.proxy == backend);
    let states: Vec<Value> = table.iter().filter(of_host).map(|row| row.state.clone()).collect();
    (!states.is_empty()).then_some(states)
}

/// Major and minor number of `Version: 2.6.12-1`.
fn version(info: &str) -> Option<(u32, u32)> {
    let text = info.lines().find_map(|line| line.strip_prefix("Version:"))?;
    let mut numbers = text.trim().split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "# pxname,svname,scur,status,weight,\nf,FRONTEND,0,OPEN,,\nb,a,2,UP,1,\nb,BACKEND,0,UP,1,\n\n";

    #[test]
    fn servers_are_found_in_their_backends() {
        let table = rows(TABLE);
        assert_eq!(backends(&table), ["b"]);
        assert_eq!(states(&table, None, "a"), Some(vec![json!({"status": "UP", "weight": "1", "scur": "2"})]));
        assert_eq!(states(&table, Some("f"), "a"), None);
    }

    #[test]
    fn versions_are_read_where_they_are_numbers() {
        assert_eq!(version("Name: HAProxy\nVersion: 2.6.12-1+deb12u2\n"), Some((2, 6)));
        assert!(version("Version: 1.4.2\n") < Some((1, 5)));
        assert!(version("Version: 2.6-dev1\n") < Some((1, 5)));
        assert!(version("Permission denied\n") < Some((1, 5)));
    }
}
