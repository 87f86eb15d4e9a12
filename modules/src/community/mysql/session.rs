//! Talking to a MySQL or MariaDB server through the node's own client program.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::python_repr::str_of;
use crate::{Arg, Args, CommandSpec, Context, ModuleError};

/// How a server is reached, the same for every module.
pub(super) const LOGIN_ARGS: &[Arg] = &[
    Arg::str("login_user"),
    Arg::str("login_password").no_log(),
    Arg::str("login_host").default("localhost"),
    Arg::int("login_port").default("3306"),
    Arg::str("login_unix_socket"),
    Arg::path("config_file").default("~/.my.cnf"),
    Arg::int("connect_timeout").default("30"),
    Arg::path("client_cert").alias(&["ssl_cert"]),
    Arg::path("client_key").alias(&["ssl_key"]),
    Arg::path("ca_cert").alias(&["ssl_ca"]),
    Arg::bool("check_hostname"),
];

/// How to reach the server. What must not be seen is in an option file that only this user can read.
pub(super) struct Session {
    client: PathBuf,
    /// Holds the option file until the session ends.
    dir: TempDir,
    /// Statements that come first in every connection.
    setup: Vec<String>,
    database: Option<String>,
}

/// A row by the names of its columns.
pub(super) type NamedRow = Vec<(String, Option<String>)>;

/// What a script of statements brought.
pub(super) struct ScriptOutput {
    pub(super) text: String,
    /// What the server said about the statement it refused.
    pub(super) problem: Option<String>,
}

impl Session {
    pub(super) fn new(args: &Args, cx: &mut Context<'_>) -> Result<Self, ModuleError> {
        let client = ["mariadb", "mysql"].into_iter().find_map(|name| cx.which(name));
        let client = client.map_or_else(|| cx.require_program("mysql"), Ok)?;
        let mut setup = Vec::new();
        if args.opt_bool("sql_log_bin") == Some(false) {
            setup.push("SET SQL_LOG_BIN=0".to_owned());
        }
        for (name, value) in args.dict("session_vars").into_iter().flatten() {
            let value = if value.is_number() { value.to_string() } else { literal(&str_of(value)) };
            setup.push(format!("SET SESSION {} = {value}", identifier(name)));
        }
        let session = Self { client, dir: cx.temp_dir()?, setup, database: None };
        let implicit = args.bool("check_implicit_admin");
        if implicit {
            session.write_options(args, Some("root"), Some(""))?;
            if session.rows("SELECT 1", cx).is_ok() {
                return Ok(session);
            }
        }
        session.write_options(args, args.opt_str("login_user"), args.opt_str("login_password"))?;
        Ok(session)
    }

    pub(super) fn with_setup(mut self, statement: &str) -> Self {
        self.setup.push(statement.to_owned());
        self
    }

    /// The database that statements mean when they name none.
    pub(super) fn with_database(mut self, name: Option<&str>) -> Self {
        self.database = name.map(str::to_owned);
        self
    }

    fn options_file(&self) -> PathBuf {
        self.dir.path().join("options.cnf")
    }

    /// The option that makes a client program use this session.
    pub(super) fn option(&self) -> String {
        format!("--defaults-file={}", self.options_file().display())
    }

    fn write_options(&self, args: &Args, user: Option<&str>, password: Option<&str>) -> Result<(), ModuleError> {
        let mut text = String::new();
        if let Some(file) = args.opt_str("config_file").filter(|file| Path::new(file).is_file()) {
            text.push_str(&format!("!include {file}\n"));
        }
        text.push_str("[client]\n");
        let host = args.opt_str("login_host").unwrap_or("localhost");
        let port = args.opt_int("login_port").unwrap_or(3306);
        let mut option = |name: &str, value: Option<&str>| {
            if let Some(value) = value {
                text.push_str(&format!("{name}={}\n", option_value(value)));
            }
        };
        option("user", user);
        option("password", password);
        match args.opt_str("login_unix_socket") {
            Some(socket) => option("socket", Some(socket)),
            None if host == "localhost" && port == 3306 => {}
            None => {
                option("host", Some(host));
                option("port", Some(&port.to_string()));
                option("protocol", Some("tcp"));
            }
        }
        option("loose-connect-timeout", args.opt_int("connect_timeout").map(|seconds| seconds.to_string()).as_deref());
        for (name, arg) in [("ssl-ca", "ca_cert"), ("ssl-cert", "client_cert"), ("ssl-key", "client_key")] {
            option(name, args.opt_str(arg));
        }
        if args.opt_bool("check_hostname") == Some(true) {
            text.push_str("loose-ssl-verify-server-cert\nloose-ssl-mode=VERIFY_IDENTITY\n");
        }
        let mut file = tempfile::NamedTempFile::new_in(self.dir.path())?;
        file.write_all(text.as_bytes())?;
        // Temporary files are the user's own; the rename keeps them so.
        fs_err::rename(file.into_temp_path().keep().map_err(|error| error.error)?, self.options_file())?;
        Ok(())
    }

    fn command(&self) -> CommandSpec {
        let command = CommandSpec::new([self.client.to_string_lossy().into_owned(), self.option()]);
        let command = command.arg("--default-character-set=utf8mb4");
        match &self.database {
            Some(name) => command.arg(format!("--database={name}")),
            None => command,
        }
    }

    /// The rows of a statement, as the server's text, with the names of the columns first if these are wanted.
    fn batch(&self, statement: &str, names: bool, cx: &mut Context<'_>) -> Result<Vec<Vec<String>>, ModuleError> {
        let command = self.command().args(["--batch", if names { "--column-names" } else { "--skip-column-names" }]);
        let script: String =
            self.setup.iter().map(String::as_str).chain([statement]).map(|one| format!("{one};\n")).collect();
        let output = cx.run_read(&command.stdin(script))?;
        if !output.ok() {
            return Err(ModuleError::failed(message(&output.stderr())));
        }
        Ok(output.stdout().lines().map(|line| line.split('\t').map(unescaped).collect()).collect())
    }

    /// Runs statements and returns the rows of the last one, as the server's text; also in check mode.
    pub(super) fn rows(&self, statement: &str, cx: &mut Context<'_>) -> Result<Vec<Vec<String>>, ModuleError> {
        self.batch(statement, false, cx)
    }

    /// The same by the names of the columns.
    pub(super) fn named_rows(&self, statement: &str, cx: &mut Context<'_>) -> Result<Vec<NamedRow>, ModuleError> {
        let mut rows = self.batch(statement, true, cx)?.into_iter();
        let names = rows.next().unwrap_or_default();
        let named = |row: Vec<String>| {
            let values = row.into_iter().map(|value| Some(value).filter(|value| value != "NULL"));
            names.iter().cloned().zip(values).collect()
        };
        Ok(rows.map(named).collect())
    }

    /// Runs statements that may contain semicolons in one session, with options of the client.
    pub(super) fn run_script(
        &self,
        options: &[&str],
        statements: &[String],
        cx: &mut Context<'_>,
    ) -> Result<ScriptOutput, ModuleError> {
        let mut script: String = self.setup.iter().map(|one| format!("{one};\n")).collect();
        // No statement contains it; the client reads no more than fifteen characters of one.
        let delimiter = format!("kapell{:08x}", rand::random::<u32>());
        script.push_str(&format!("DELIMITER {delimiter}\n"));
        statements.iter().for_each(|one| script.push_str(&format!("{one}\n{delimiter}\n")));
        // Nothing within a statement is a command to the client.
        let command = self.command().args(options.iter().copied()).arg("--binary-mode");
        let output = cx.run_read(&command.stdin(script))?;
        let problem = (!output.ok()).then(|| message(&output.stderr()));
        Ok(ScriptOutput { text: output.stdout(), problem })
    }

    pub(super) fn value(&self, statement: &str, cx: &mut Context<'_>) -> Result<Option<String>, ModuleError> {
        Ok(self.rows(statement, cx)?.into_iter().next().and_then(|row| row.into_iter().next()))
    }

    /// Runs a statement that changes something; nothing in check mode.
    pub(super) fn execute(&self, statement: &str, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        if cx.check_mode { Ok(()) } else { self.rows(statement, cx).map(drop) }
    }
}

/// A value in an option file: quoted, as `#` begins a comment.
fn option_value(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

/// Batch output writes line ends, tabs and backslashes as escapes.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        match (c, if c == '\\' { characters.next() } else { None }) {
            ('\\', Some('n')) => out.push('\n'),
            ('\\', Some('t')) => out.push('\t'),
            ('\\', Some('0')) => out.push('\0'),
            ('\\', Some(other)) => out.push(other),
            (c, _) => out.push(c),
        }
    }
    out
}

/// `ERROR 1045 (28000) at line 1: reason` as `(1045, "reason")`; the statement, which may hold a secret, is not in it.
fn message(stderr: &str) -> String {
    // The client shows the statement first.
    let line = stderr.lines().rfind(|line| line.contains("ERROR ")).unwrap_or(stderr).trim();
    let number = line.split_once("ERROR ").and_then(|(_, rest)| rest.split(' ').next()).unwrap_or_default();
    match (number.parse::<u32>(), line.split_once(": ")) {
        (Ok(number), Some((_, reason))) => {
            let reason = reason.trim_start();
            format!("({number}, \"{reason}\")")
        }
        _ => line.to_owned(),
    }
}

/// A name as the server takes it.
pub(super) fn identifier(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

/// A string as the server takes it.
pub(super) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_quoted_and_read() {
        assert_eq!(identifier("a`b"), "`a``b`");
        assert_eq!(literal("it's \\"), "'it''s \\\\'");
        assert_eq!(option_value("a#\"b"), "\"a#\\\"b\"");
        assert_eq!(unescaped("a\\tb\\\\n"), "a\tb\\n");
        assert_eq!(message("ERROR 1064 (42000) at line 2: You have an error"), "(1064, \"You have an error\")");
    }
}
