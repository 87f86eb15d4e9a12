//! Talking to a PostgreSQL server through the node's own `psql`.

use std::collections::BTreeMap;

use crate::python_repr::str_of;
use crate::{Arg, Args, CommandSpec, Context, ModuleError};

/// How a server is reached, the same for every module.
pub(super) const LOGIN_ARGS: &[Arg] = &[
    Arg::str("login_user").default("postgres").alias(&["login"]),
    Arg::str("login_password").default("").no_log(),
    Arg::str("login_host").default("").alias(&["host"]),
    Arg::str("login_unix_socket").default("").alias(&["unix_socket"]),
    Arg::int("login_port").default("5432").alias(&["port"]),
    Arg::str("ssl_mode").default("prefer").choices(&[
        "allow",
        "disable",
        "prefer",
        "require",
        "verify-ca",
        "verify-full",
    ]),
    Arg::str("ca_cert").alias(&["ssl_rootcert"]),
    Arg::path("ssl_cert"),
    Arg::path("ssl_key"),
    Arg::dict("connect_params").default("{}"),
];

/// What psql prints for NULL; no value looks like this.
const NULL: &str = "\u{1}";
const FIELD_END: &str = "\u{1f}";
const RECORD_END: &str = "\u{1e}";

/// How the message begins when there is no server, or it refuses.
pub(super) const NO_CONNECTION: &str = "unable to connect to database: ";

/// A row of text values; `None` is NULL.
pub(super) type Row = Vec<Option<String>>;

/// How to reach the server. Passwords go through the environment, statements through standard input.
#[derive(Debug, Clone)]
pub(super) struct Session {
    environment: BTreeMap<String, String>,
    session_role: Option<String>,
}

impl Session {
    /// From the arguments that all these modules share; an empty database name means the user's own.
    pub(super) fn new(args: &Args, database: &str, cx: &Context<'_>) -> Result<Self, ModuleError> {
        cx.require_program("psql")?;
        let mut environment = BTreeMap::new();
        let mut set = |name: &str, value: Option<String>| {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                environment.insert(name.to_owned(), value);
            }
        };
        let text = |name: &str| args.opt_str(name).map(str::to_owned);
        let host = text("login_host").filter(|host| !host.is_empty() && host != "localhost");
        set(
            "PGHOST",
            host.or_else(|| text("login_unix_socket").filter(|path| !path.is_empty())).or_else(|| text("login_host")),
        );
        set("PGPORT", args.opt_int("login_port").map(|port| port.to_string()));
        set("PGUSER", text("login_user"));
        set("PGPASSWORD", text("login_password"));
        set("PGDATABASE", Some(database.to_owned()));
        set("PGSSLMODE", text("ssl_mode"));
        set("PGSSLROOTCERT", text("ca_cert"));
        set("PGSSLCERT", text("ssl_cert"));
        set("PGSSLKEY", text("ssl_key"));
        for (key, value) in args.dict("connect_params").into_iter().flatten() {
            let name =
                variable(key).ok_or_else(|| ModuleError::failed(format!("connect_params: {key} is not supported")))?;
            set(name, Some(str_of(value)));
        }
        Ok(Self { environment, session_role: text("session_role") })
    }

    pub(super) fn command(&self, words: &[&str]) -> CommandSpec {
        let command = CommandSpec::new(words.iter().copied());
        self.environment.iter().fold(command, |command, (name, value)| command.env(name, value))
    }

    /// Runs a script that stops at the first error; its output, or the server's message. It runs in check mode too.
    pub(super) fn script(&self, script: &str, cx: &mut Context<'_>) -> Result<String, ModuleError> {
        let options = [
            "-X",
            "-q",
            "-A",
            "-F",
            FIELD_END,
            "-R",
            RECORD_END,
            "-P",
            "footer=off",
            "-v",
            "ON_ERROR_STOP=1",
            "-v",
            "VERBOSITY=default",
            "-w",
        ];
        let command = self.command(&["psql"]).args(options).args(["-P", &format!("null={NULL}")]).args(["-f", "-"]);
        let role = self.session_role.as_ref().map(|role| format!("SET ROLE {};\n", identifier(role)));
        let output = cx.run_read(&command.stdin(format!("{}{script}", role.unwrap_or_default())))?;
        if output.ok() {
            return Ok(output.stdout());
        }
        let stderr = output.stderr();
        // 2: no connection.
        if output.rc == 2 {
            let reason = stderr.trim().trim_start_matches("psql: error: ");
            return Err(ModuleError::failed(format!("{NO_CONNECTION}{reason}\n")));
        }
        if self.session_role.is_some() && stderr.starts_with("psql:<stdin>:1: ERROR") {
            return Err(ModuleError::failed(format!("Could not switch role: {}", message(&stderr))));
        }
        Err(ModuleError::failed(message(&stderr)))
    }

    /// The options of the server's programs that lead to this server.
    pub(super) fn flags(&self) -> Vec<String> {
        let options = [("--host", "PGHOST"), ("--port", "PGPORT"), ("--username", "PGUSER")];
        let flag = |(option, name): &(&str, &str)| Some(format!("{option}={}", self.environment.get(*name)?));
        options.iter().filter_map(flag).collect()
    }

    /// The rows of one statement.
    pub(super) fn rows(&self, statement: &str, cx: &mut Context<'_>) -> Result<Vec<Row>, ModuleError> {
        Ok(parse_rows(&self.script(&format!("\\pset tuples_only on\n{statement};\n"), cx)?))
    }

    /// The single value of a statement with at most one row.
    pub(super) fn value(&self, statement: &str, cx: &mut Context<'_>) -> Result<Option<String>, ModuleError> {
        Ok(self.rows(statement, cx)?.into_iter().next().and_then(|row| row.into_iter().next().flatten()))
    }

    /// Runs statements that change something, outside a transaction; nothing in check mode.
    pub(super) fn execute(&self, statement: &str, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        if cx.check_mode { Ok(()) } else { self.script(&format!("{statement};\n"), cx).map(drop) }
    }

    /// Runs a statement that the server takes back in check mode, so that what it would refuse fails there, too.
    pub(super) fn execute_or_try(&self, statement: &str, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        let (begin, end) = if cx.check_mode { ("BEGIN;\n", "ROLLBACK;\n") } else { ("", "") };
        self.script(&format!("{begin}{statement};\n{end}"), cx)
            .map(drop)
            .map_err(|error| ModuleError::failed(format!("Cannot execute SQL '{statement}': {error}")))
    }
}

/// libpq's variable for one of its connection parameters.
fn variable(parameter: &str) -> Option<&'static str> {
    Some(match parameter {
        "host" => "PGHOST",
        "hostaddr" => "PGHOSTADDR",
        "port" => "PGPORT",
        "user" => "PGUSER",
        "password" => "PGPASSWORD",
        "passfile" => "PGPASSFILE",
        "dbname" | "database" => "PGDATABASE",
        "service" => "PGSERVICE",
        "options" => "PGOPTIONS",
        "application_name" => "PGAPPNAME",
        "sslmode" => "PGSSLMODE",
        "sslrootcert" => "PGSSLROOTCERT",
        "sslcert" => "PGSSLCERT",
        "sslkey" => "PGSSLKEY",
        "sslcrl" => "PGSSLCRL",
        "channel_binding" => "PGCHANNELBINDING",
        "connect_timeout" => "PGCONNECT_TIMEOUT",
        "client_encoding" => "PGCLIENTENCODING",
        "target_session_attrs" => "PGTARGETSESSIONATTRS",
        _ => return None,
    })
}

pub(super) fn parse_rows(text: &str) -> Vec<Row> {
    let value = |text: &str| if text == NULL { None } else { Some(text.to_owned()) };
    // psql ends the last record with a line end of its own.
    let text = text.strip_suffix('\n').unwrap_or(text);
    let records = text.split(RECORD_END).filter(|_| !text.is_empty());
    records.map(|record| record.split(FIELD_END).map(value).collect()).collect()
}

/// `psql:<stdin>:3: ERROR:  reason` and what follows it.
fn message(stderr: &str) -> String {
    let text = stderr.split_once("ERROR:  ").map_or(stderr, |(_, text)| text);
    text.to_owned()
}

/// A name as SQL writes it.
pub(super) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A string as SQL writes it, whatever `standard_conforming_strings` says.
pub(super) fn literal(text: &str) -> String {
    let quoted = text.replace('\'', "''");
    if quoted.contains('\\') { format!("E'{}'", quoted.replace('\\', "\\\\")) } else { format!("'{quoted}'") }
}

/// Text that could end a name or string early, for `trust_input: false`.
pub(super) fn refuse_dangerous(args: &Args, names: &[&str]) -> Result<(), ModuleError> {
    if args.opt_bool("trust_input") != Some(false) {
        return Ok(());
    }
    let values = names.iter().flat_map(|name| match args.opt_str(name) {
        Some(text) => vec![text.to_owned()],
        None => args.list_of_str(name),
    });
    for value in values {
        let lower = value.to_lowercase();
        let words = ["select", "insert", "update", "delete", "drop", "create", "alter", "union"];
        let injects = lower.contains(';') && words.iter().any(|word| lower.contains(word))
            || lower.contains("--")
            || lower.contains(" or ");
        if injects {
            return Err(ModuleError::failed(format!("Passed input '{value}' is potentially dangerous")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_strings_are_quoted() {
        assert_eq!(identifier("a\"b"), "\"a\"\"b\"");
        assert_eq!(literal("it's"), "'it''s'");
        assert_eq!(literal("a\\'b"), "E'a\\\\''b'");
        assert_eq!(parse_rows("1\u{1f}\u{1}\u{1e}2\u{1f}\n").len(), 2);
        assert_eq!(parse_rows("1\u{1f}\u{1}\n"), [vec![Some("1".to_owned()), None]]);
        assert_eq!(message("psql:<stdin>:2: ERROR:  role \"x\" is\nDETAIL:  y\n"), "role \"x\" is\nDETAIL:  y\n");
    }
}
