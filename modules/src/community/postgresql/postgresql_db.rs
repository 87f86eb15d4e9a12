//! `community.postgresql.postgresql_db`: databases of a PostgreSQL server.

use super::session::{LOGIN_ARGS, Session, identifier, literal, refuse_dangerous};
use crate::{Arg, Args, CommandSpec, Context, Module, ModuleError, ModuleResult};

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
        self.session.execute(&statement, cx)?;
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
            return Err(ModuleError::failed("the \"target\" parameter is required for state \"rename\""));
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
        words.extend(self.limit()?.map(|limit| format!("CONNECTION LIMIT {limit}")));
        self.run(words.join(" "), cx)
    }

    fn limit(&self) -> Result<Option<i64>, ModuleError> {
        let number =
            |text: &str| text.parse().map_err(|_| ModuleError::failed(format!("conn_limit must be a number: {text}")));
        self.text("conn_limit").map(number).transpose()
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
        let fixed = |what: &str, current: &str| {
            ModuleError::failed(format!("Changing {what} is not supported. Current {what}: {current}"))
        };
        if self.text("encoding").is_some() && column(6) != "t" {
            return Err(ModuleError::failed(format!(
                "Changing database encoding is not supported. Current encoding: {}",
                column(1)
            )));
        }
        for (arg, at, what) in [("lc_collate", 2, "LC_COLLATE"), ("lc_ctype", 3, "LC_CTYPE")] {
            if self.text(arg).is_some_and(|wanted| wanted != column(at)) {
                return Err(fixed(what, &column(at)));
            }
        }
        let name = identifier(self.name);
        if let Some(owner) = self.text("owner").filter(|owner| *owner != column(0)).map(identifier) {
            self.run(format!("ALTER DATABASE {name} OWNER TO {owner}"), cx)?;
        }
        if let Some(limit) = self.limit()?.filter(|limit| limit.to_string() != column(4)) {
            self.run(format!("ALTER DATABASE {name} CONNECTION LIMIT {limit}"), cx)?;
        }
        if let Some(space) = self.text("tablespace").filter(|space| *space != column(5)).map(identifier) {
            self.run(format!("ALTER DATABASE {name} SET TABLESPACE {space}"), cx)?;
        }
        Ok(())
    }

    /// Dumping and restoring, through the server's own programs.
    fn transfer(&self, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
        let state = self.args.str("state")?;
        let Some(target) = self.text("target") else {
            return Err(ModuleError::failed(format!("the \"target\" parameter is required for state \"{state}\"")));
        };
        if !self.exists(self.name, cx)? {
            return Err(ModuleError::failed(format!(
                "{state} of database \"{}\" failed: database \"{}\" does not exist",
                self.name, self.name
            )));
        }
        let options =
            |name: &str| crate::words::split(self.text(name).unwrap_or_default()).map_err(ModuleError::failed);
        let mut options_given = options("target_opts")?;
        let words = if state == "dump" {
            options_given.extend(options("dump_extra_args")?);
            dump_words(self.name, target, options_given)
        } else {
            if !cx.exists(target) {
                return Err(ModuleError::failed(format!("{target} does not exist")));
            }
            restore_words(self.name, target, options_given)
        };
        let command: CommandSpec = self.session.command(&words.iter().map(String::as_str).collect::<Vec<_>>());
        let output = cx.run(&command)?;
        let result = ModuleResult::ok()
            .set("stderr", output.stderr())
            .set("rc", output.rc)
            .set("cmd", command.line())
            .set("executed_commands", vec![command.line()]);
        if !output.ok() {
            return Err(ModuleError::with_result(output.stderr(), result));
        }
        Ok(result.changed(true).msg(output.stdout()))
    }
}

/// The programs that pack and unpack, by how a file's name ends.
fn packer(target: &str) -> Option<(&'static str, &'static str)> {
    let packers = [(".gz", ("gzip", "zcat")), (".bz2", ("bzip2", "bzcat")), (".xz", ("xz", "xzcat"))];
    packers.into_iter().find(|(end, _)| target.ends_with(end)).map(|(_, programs)| programs)
}

fn dump_words(name: &str, target: &str, options: Vec<String>) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    match packer(target) {
        // Both programs' failures count; names are parameters of the script, not text of it.
        Some((pack, _)) => {
            let script = "f=$1; p=$2; shift 2; { { \"$@\"; echo $? >&3; } | \"$p\" > \"$f\"; } 3>&1 | { read -r rc; exit \"$rc\"; }";
            words.extend(["sh", "-c", script, "sh", target, pack, "pg_dump"].map(str::to_owned));
        }
        None => {
            words.extend(["pg_dump".to_owned(), format!("--file={target}")]);
            let formats = [(".tar", "t"), (".pgc", "c"), (".dir", "d")];
            words.extend(
                formats.iter().find(|(end, _)| target.ends_with(end)).map(|(_, format)| format!("--format={format}")),
            );
        }
    }
    words.extend(options);
    words.push(format!("--dbname={name}"));
    words
}

fn restore_words(name: &str, target: &str, options: Vec<String>) -> Vec<String> {
    let formats = [(".tar", "Tar"), (".pgc", "Custom"), (".dir", "Directory")];
    let mut words: Vec<String> = Vec::new();
    if let Some((_, unpack)) = packer(target) {
        let script = "f=$1; p=$2; shift 2; r=$({ { $p \"$f\"; echo $? >&3; } | { \"$@\" >&4; echo $? >&3; }; } 3>&1 4>&2); case $r in *[1-9]*) exit 1; esac";
        words.extend(["sh", "-c", script, "sh", target, unpack, "psql", "-q"].map(str::to_owned));
    } else if let Some((_, format)) = formats.iter().find(|(end, _)| target.ends_with(end)) {
        words.extend(["pg_restore".to_owned(), format!("--format={format}")]);
    } else {
        words.extend(["psql".to_owned(), "-q".to_owned(), format!("--file={target}")]);
    }
    words.extend(options);
    words.push(format!("--dbname={name}"));
    if words[0] == "pg_restore" {
        words.push(target.to_owned());
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_follows_from_the_name() {
        assert_eq!(dump_words("d", "/x.sql", Vec::new()), ["pg_dump", "--file=/x.sql", "--dbname=d"]);
        assert_eq!(
            dump_words("d", "/x.tar", vec!["-a".to_owned()]),
            ["pg_dump", "--file=/x.tar", "--format=t", "-a", "--dbname=d"]
        );
        assert_eq!(dump_words("d", "/x.gz", Vec::new())[4..], ["/x.gz", "gzip", "pg_dump", "--dbname=d"]);
        assert_eq!(restore_words("d", "/x.pgc", Vec::new()), ["pg_restore", "--format=Custom", "--dbname=d", "/x.pgc"]);
        assert_eq!(
            restore_words("d", "/x.sql.xz", Vec::new())[4..],
            ["/x.sql.xz", "xzcat", "psql", "-q", "--dbname=d"]
        );
    }
}
