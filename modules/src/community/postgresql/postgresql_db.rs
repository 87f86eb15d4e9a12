//! `community.postgresql.postgresql_db`: databases of a PostgreSQL server.

use super::session::{LOGIN_ARGS, Session, identifier, literal, refuse_dangerous};
use crate::words::quote;
use crate::{Arg, Args, Context, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module = Module::new("community.postgresql.postgresql_db", ARGS, run).shared_args(LOGIN_ARGS);

const ARGS: &[Arg] = &[
    Arg::str("db").required().alias(&["name"]),
    Arg::str("owner").default(""),
    Arg::str("template").default(""),
    Arg::str("encoding").default(""),
    Arg::str("lc_collate").default(""),
    Arg::str("lc_ctype").default(""),
    Arg::str("icu_locale").default(""),
    Arg::str("locale_provider").default(""),
    Arg::str("state").default("present").choices(&["absent", "dump", "present", "rename", "restore"]),
    Arg::path("target").default(""),
    Arg::str("target_opts").default(""),
    Arg::str("maintenance_db").default("postgres"),
    Arg::str("session_role"),
    Arg::str("conn_limit").default(""),
    Arg::path("tablespace").default(""),
    Arg::str("dump_extra_args"),
    Arg::bool("trust_input").default("true"),
    Arg::bool("force").default("false"),
    Arg::str("comment"),
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    refuse_dangerous(args, &["owner", "conn_limit", "encoding", "db", "template", "session_role"])?;
    let mut task = Task {
        session: Session::new(args, args.str("maintenance_db")?, cx)?,
        args,
        name: args.str("db")?,
        queries: Vec::new(),
    };
    match args.str("state")? {
        "dump" | "restore" => return task.transfer(cx),
        "rename" => task.rename(cx)?,
        "absent" => task.drop(cx)?,
        _ => task.present(cx)?,
    }
    let changed = !task.queries.is_empty();
    // A prediction names no commands: none were tried.
    let queries = if cx.check_mode { Vec::new() } else { task.queries };
    Ok(ModuleResult::ok().changed(changed).set("db", task.name).set("executed_commands", queries))
}

/// What cannot be changed later: argument, column, name in messages.
const FIXED: [(&str, usize, &str); 3] =
    [("encoding", 1, "database encoding"), ("lc_collate", 2, "LC_COLLATE"), ("lc_ctype", 3, "LC_CTYPE")];

struct Task<'a> {
    session: Session,
    args: &'a Args,
    name: &'a str,
    queries: Vec<String>,
}

impl Task<'_> {
    /// A text argument; empty means not given.
    fn text(&self, name: &str) -> Option<&str> {
        self.args.opt_str(name).filter(|text| !text.is_empty())
    }

    fn run(&mut self, statement: String, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        let failed = |error: ModuleError| ModuleError::failed(format!("Database query failed: {error}"));
        self.session.execute(&statement, cx).map_err(failed)?;
        self.queries.push(statement);
        Ok(())
    }

    fn exists(&self, name: &str, cx: &mut Context<'_>) -> Result<bool, ModuleError> {
        let statement = format!("SELECT 1 FROM pg_database WHERE datname = {}", literal(name));
        Ok(self.session.value(&statement, cx)?.is_some())
    }

    fn drop(&mut self, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        if !self.exists(self.name, cx)? {
            return Ok(());
        }
        let force = if self.args.bool("force") { " WITH (FORCE)" } else { "" };
        self.run(format!("DROP DATABASE {}{force}", identifier(self.name)), cx)
    }

    fn rename(&mut self, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        let Some(target) = self.text("target").map(str::to_owned) else {
            return Err(ModuleError::failed(
                "The \"target\" option must be defined when the \"rename\" option is used.",
            ));
        };
        let (source, there) = (self.exists(self.name, cx)?, self.exists(&target, cx)?);
        match (source, there) {
            (true, true) => Err(ModuleError::failed("Both the source and the target databases exist.")),
            (false, true) => Ok(()),
            (false, false) => Err(ModuleError::failed("The source and the target databases do not exist.")),
            (true, false) => {
                self.run(format!("ALTER DATABASE {} RENAME TO {}", identifier(self.name), identifier(&target)), cx)
            }
        }
    }

    fn present(&mut self, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        let name = identifier(self.name);
        let existed = self.exists(self.name, cx)?;
        if existed {
            self.alter(cx)?;
        } else {
            self.create(cx)?;
        }
        let Some(comment) = self.args.opt_str("comment") else { return Ok(()) };
        let current = if existed {
            let statement = format!(
                "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = {}",
                literal(self.name)
            );
            self.session.value(&statement, cx)?.unwrap_or_default()
        } else {
            String::new()
        };
        if current == comment {
            Ok(())
        } else {
            self.run(format!("COMMENT ON DATABASE {name} IS {}", literal(comment)), cx)
        }
    }

    fn create(&mut self, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        let mut words = vec![format!("CREATE DATABASE {}", identifier(self.name))];
        let names = [("owner", "OWNER"), ("template", "TEMPLATE")];
        words.extend(names.iter().filter_map(|(arg, word)| Some(format!("{word} {}", identifier(self.text(arg)?)))));
        let texts = [
            ("encoding", "ENCODING"),
            ("lc_collate", "LC_COLLATE"),
            ("lc_ctype", "LC_CTYPE"),
            ("icu_locale", "ICU_LOCALE"),
        ];
        words.extend(texts.iter().filter_map(|(arg, word)| Some(format!("{word} {}", literal(self.text(arg)?)))));
        words.extend(self.text("locale_provider").map(|provider| format!("LOCALE_PROVIDER {}", identifier(provider))));
        words.extend(self.text("tablespace").map(|space| format!("TABLESPACE {}", identifier(space))));
        words.extend(self.limit(cx)?.map(|limit| format!("CONNECTION LIMIT {limit}")));
        self.run(words.join(" "), cx)
    }

    /// What is no number is seen when it is to be set.
    fn limit(&self, cx: &Context<'_>) -> Result<Option<i64>, ModuleError> {
        let wrong = |_| ModuleError::failed("Database query failed: connection_limit requires an integer value\n");
        let number = |text: &str| text.parse().map_err(wrong);
        let limit = self.text("conn_limit").map(number).transpose();
        if cx.check_mode { Ok(limit.unwrap_or(Some(i64::MIN))) } else { limit }
    }

    fn alter(&mut self, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        let statement = format!(
            "SELECT pg_get_userbyid(datdba), pg_encoding_to_char(encoding), datcollate, datctype, datconnlimit, t.spcname, \
             coalesce(pg_char_to_encoding({}), -1) = encoding FROM pg_database d JOIN pg_tablespace t ON t.oid = d.dattablespace WHERE datname = {}",
            literal(self.text("encoding").unwrap_or_default()),
            literal(self.name)
        );
        let row = self.session.rows(&statement, cx)?.into_iter().next().unwrap_or_default();
        let column = |at: usize| row.get(at).cloned().flatten().unwrap_or_default();
        for (arg, at, what) in FIXED {
            let differs = match self.text(arg) {
                Some(_) if arg == "encoding" => column(6) != "t",
                Some(wanted) => wanted != column(at),
                None => false,
            };
            if differs && cx.check_mode {
                // A prediction of a change, as Ansible makes it; the run says that it cannot be.
                self.queries.push(String::new());
            } else if differs {
                let short = what.trim_start_matches("database ");
                let msg = format!("Changing {what} is not supported. Current {short}: {}", column(at));
                return Err(ModuleError::failed(msg));
            }
        }
        let name = identifier(self.name);
        if let Some(owner) = self.text("owner").filter(|owner| *owner != column(0)).map(identifier) {
            self.run(format!("ALTER DATABASE {name} OWNER TO {owner}"), cx)?;
        }
        if let Some(limit) = self.limit(cx)?.filter(|limit| limit.to_string() != column(4)) {
            self.run(format!("ALTER DATABASE {name} CONNECTION LIMIT {limit}"), cx)?;
        }
        if let Some(space) = self.text("tablespace").filter(|space| *space != column(5)).map(identifier) {
            self.run(format!("ALTER DATABASE {name} SET TABLESPACE {space}"), cx)?;
        }
        Ok(())
    }

    /// Dumping and restoring, through the server's own programs.
    fn transfer(&self, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
        if cx.check_mode {
            return Ok(ModuleResult::ok().set("db", self.name).set("executed_commands", Vec::<String>::new()));
        }
        let target = match self.text("target") {
            Some(target) => target.to_owned(),
            None => std::env::current_dir()?.join(format!("{}.sql", self.name)).to_string_lossy().into_owned(),
        };
        let transfer =
            if self.args.str("state")? == "dump" { self.dump(&target, cx)? } else { self.restore(&target, cx)? };
        let output = cx.run(&self.session.command(&transfer.words.iter().map(String::as_str).collect::<Vec<_>>()))?;
        let result = ModuleResult::ok().set("rc", output.rc).set("cmd", transfer.shown.clone());
        if !output.ok() {
            return Err(ModuleError::with_result(output.stderr(), result.set("stdout", output.stdout())));
        }
        let commands = if transfer.is_hidden() { Vec::new() } else { vec![transfer.shown] };
        let result = result.changed(true).msg(output.stdout()).set("stderr", output.stderr());
        Ok(result.set("executed_commands", commands))
    }

    fn dump(&self, target: &str, cx: &Context<'_>) -> Result<Transfer, ModuleError> {
        let mut words = vec![cx.require_program("pg_dump")?.to_string_lossy().into_owned(), self.name.to_owned()];
        words.extend(self.session.flags());
        words.extend(format_of(target).map(|(format, _)| format!("--format={format}")));
        let mut shown = joined(&words);
        for name in ["dump_extra_args", "target_opts"] {
            let Some(options) = self.text(name) else { continue };
            words.extend(crate::words::split(options).map_err(ModuleError::failed)?);
            shown.push_str(&format!(" {options} "));
        }
        let file = quote(target);
        if let Some((pack, _)) = packer(target) {
            let pack = cx.require_program(pack)?.to_string_lossy().into_owned();
            // Both programs' failures count; names are parameters of the script, not text of it.
            let script = "f=$1; p=$2; shift 2; { { \"$@\"; echo $? >&3; } | \"$p\" > \"$f\"; } 3>&1 | { read -r rc; exit \"$rc\"; }";
            return Ok(Transfer::by_script(script, &[target, &pack], words, format!("{shown} | {pack} > {file}")));
        }
        if target.ends_with(".dir") {
            words.extend(["-f".to_owned(), target.to_owned()]);
            return Ok(Transfer { words, shown: format!("{shown} -f {file}") });
        }
        Ok(Transfer::by_script("f=$1; shift; exec \"$@\" > \"$f\"", &[target], words, format!("{shown} > {file}")))
    }

    fn restore(&self, target: &str, cx: &Context<'_>) -> Result<Transfer, ModuleError> {
        let format = format_of(target);
        let program = if format.is_some() { "pg_restore" } else { "psql" };
        let mut words = vec![cx.require_program(program)?.to_string_lossy().into_owned()];
        words.push(format!("--dbname={}", self.name));
        words.extend(self.session.flags());
        words.extend(format.map(|(_, format)| format!("--format={format}")));
        let packed = packer(target);
        if program == "psql" && packed.is_none() {
            words.push(format!("--file={target}"));
        }
        let mut shown = joined(&words);
        if let Some(options) = self.text("target_opts") {
            words.extend(crate::words::split(options).map_err(ModuleError::failed)?);
            shown.push_str(&format!(" {options} "));
        }
        if target.ends_with(".tar") {
            shown.push_str(&format!(" < {}", quote(target)));
            return Ok(Transfer::by_script("f=$1; shift; exec \"$@\" < \"$f\"", &[target], words, shown));
        }
        if let Some((_, unpack)) = packed {
            let unpack = cx.require_program(unpack)?.to_string_lossy().into_owned();
            let script = "f=$1; p=$2; shift 2; r=$({ { \"$p\" \"$f\"; echo $? >&3; } | { \"$@\" > /dev/null; echo $? >&3; }; } 3>&1); case $r in *[1-9]*) exit 1; esac";
            return Ok(Transfer::by_script(script, &[target, &unpack], words, HIDDEN.to_owned()));
        }
        if program == "pg_restore" {
            words.push(target.to_owned());
            shown.push_str(&format!(" {}", quote(target)));
        }
        Ok(Transfer { words, shown })
    }
}

/// In place of a command that is not told of.
const HIDDEN: &str = "cmd: ****";

/// A command that dumps or restores, and how it is told of.
struct Transfer {
    words: Vec<String>,
    shown: String,
}

impl Transfer {
    fn by_script(script: &str, parameters: &[&str], words: Vec<String>, shown: String) -> Self {
        let head = ["sh", "-c", script, "sh"].into_iter().chain(parameters.iter().copied()).map(str::to_owned);
        Self { words: head.chain(words).collect(), shown }
    }

    fn is_hidden(&self) -> bool {
        self.shown == HIDDEN
    }
}

fn joined(words: &[String]) -> String {
    words.iter().map(|word| quote(word)).collect::<Vec<_>>().join(" ")
}

/// The programs that pack and unpack, by how a file's name ends.
fn packer(target: &str) -> Option<(&'static str, &'static str)> {
    let packers = [(".gz", ("gzip", "zcat")), (".bz2", ("bzip2", "bzcat")), (".xz", ("xz", "xzcat"))];
    packers.into_iter().find(|(end, _)| target.ends_with(end)).map(|(_, programs)| programs)
}

/// What pg_dump and pg_restore call the format of a file of this name.
fn format_of(target: &str) -> Option<(&'static str, &'static str)> {
    let formats = [(".tar", ("t", "Tar")), (".pgc", ("c", "Custom")), (".dir", ("d", "Directory"))];
    formats.into_iter().find(|(end, _)| target.ends_with(end)).map(|(_, names)| names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_follows_from_the_name() {
        assert_eq!(format_of("/x.sql"), None);
        assert_eq!(format_of("/x.pgc"), Some(("c", "Custom")));
        assert_eq!(packer("/x.sql.xz"), Some(("xz", "xzcat")));
    }
}
