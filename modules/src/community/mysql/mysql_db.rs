//! `community.mysql.mysql_db`: databases of a MySQL or MariaDB server.

use super::session::{LOGIN_ARGS, Session, identifier, literal};
use crate::{Arg, Args, CommandSpec, Context, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module =
    Module::new("community.mysql.mysql_db", ARGS, run).aliases(&["ansible.mysql.mysql_db"]).shared_args(LOGIN_ARGS);

const ARGS: &[Arg] = &[
    Arg::list("name").required().alias(&["db"]),
    Arg::str("encoding").default(""),
    Arg::str("collation").default(""),
    Arg::path("target"),
    Arg::str("state").default("present").choices(&["absent", "dump", "import", "present"]),
    Arg::bool("single_transaction").default("false"),
    Arg::bool("quick").default("true"),
    Arg::list("ignore_tables").default(""),
    Arg::bool("hex_blob").default("false"),
    Arg::bool("force").default("false"),
    Arg::int("master_data").default("0").choices(&["0", "1", "2"]),
    Arg::bool("skip_lock_tables").default("false"),
    Arg::str("dump_extra_args"),
    Arg::bool("use_shell").default("false"),
    Arg::bool("unsafe_login_password").default("false").no_log(),
    Arg::bool("restrict_config_file").default("false"),
    Arg::bool("check_implicit_admin").default("false"),
    Arg::bool("config_overrides_defaults").default("false"),
    Arg::path("chdir"),
    Arg::bool("pipefail").default("false"),
    Arg::bool("sql_log_bin").default("true"),
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let names: Vec<String> =
        args.list_of_str("name").iter().map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect();
    let state = args.str("state")?;
    let all = names == ["all"];
    if names.is_empty() {
        return Err(ModuleError::failed("Please provide at least one database name"));
    }
    if names.iter().any(|name| name == "all") && (!all || matches!(state, "present" | "absent")) {
        return Err(ModuleError::failed(
            "name=all is not allowed when importing/dumping multiple databases, creating or removing them.",
        ));
    }
    let task = Task { session: Session::new(args, cx)?, args, all };
    let result = ModuleResult::ok().set("db", names.join(" ")).set("db_list", names.clone());
    let existing = task.existing(&names, cx)?;
    match state {
        "dump" | "import" => task.transfer(&names, &existing, result, cx),
        _ => {
            let todo: Vec<&String> =
                names.iter().filter(|name| existing.contains(name) == (state == "absent")).collect();
            let mut statements = Vec::new();
            for name in todo {
                let statement = if state == "absent" {
                    format!("DROP DATABASE {}", identifier(name))
                } else {
                    task.creation(name)?
                };
                task.session.execute(&statement, cx)?;
                statements.push(statement);
            }
            let result = result.changed(!statements.is_empty());
            let only_predicted = cx.check_mode && !statements.is_empty();
            Ok(if only_predicted { result } else { result.set("executed_commands", statements) })
        }
    }
}

struct Task<'a> {
    session: Session,
    args: &'a Args,
    all: bool,
}

impl Task<'_> {
    fn existing(&self, names: &[String], cx: &mut Context<'_>) -> Result<Vec<String>, ModuleError> {
        let wanted = names.iter().map(|name| literal(name)).collect::<Vec<_>>().join(", ");
        let statement = format!("SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME IN ({wanted})");
        let rows = self.session.rows(&statement, cx)?;
        Ok(rows.into_iter().filter_map(|row| row.into_iter().next()).collect())
    }

    fn creation(&self, name: &str) -> Result<String, ModuleError> {
        let mut statement = format!("CREATE DATABASE {}", identifier(name));
        for (word, arg) in [("CHARACTER SET", "encoding"), ("COLLATE", "collation")] {
            let value = self.args.str(arg)?;
            if !value.is_empty() {
                statement.push_str(&format!(" {word} {}", literal(value)));
            }
        }
        Ok(statement)
    }

    fn transfer(
        &self,
        names: &[String],
        existing: &[String],
        result: ModuleResult,
        cx: &mut Context<'_>,
    ) -> Result<ModuleResult, ModuleError> {
        let state = self.args.str("state")?;
        let Some(target) = self.args.opt_str("target") else {
            return Err(ModuleError::failed(format!("with state={state} target is required")));
        };
        let mut statements = Vec::new();
        if state == "dump" {
            if let Some(missing) = names.iter().find(|name| !self.all && !existing.contains(name)) {
                return Err(ModuleError::failed(format!("Cannot dump database(s) '{missing}' - not found")));
            }
        } else {
            if !cx.check_mode && !cx.exists(target) {
                return Err(ModuleError::failed(format!("target {target} does not exist on the host")));
            }
            for name in names.iter().filter(|name| !self.all && !existing.contains(name)) {
                statements.push(self.creation(name)?);
                self.session.execute(&statements[statements.len() - 1], cx)?;
            }
        }
        let words =
            if state == "dump" { self.dump_words(names, target, cx)? } else { self.import_words(names, target, cx)? };
        let mut command = CommandSpec::new(words);
        if let Some(dir) = self.args.opt_path("chdir") {
            command = command.cwd(dir);
        }
        let output = cx.run(&command)?;
        if !output.ok() {
            return Err(ModuleError::failed(output.stderr()));
        }
        statements.push(command.line());
        Ok(result.changed(true).msg(output.stdout()).set("executed_commands", statements))
    }

    fn dump_words(&self, names: &[String], target: &str, cx: &Context<'_>) -> Result<Vec<String>, ModuleError> {
        let args = self.args;
        let program = ["mariadb-dump", "mysqldump"].into_iter().find_map(|name| cx.which(name));
        let program = program.map_or_else(|| cx.require_program("mysqldump"), Ok)?;
        let mut words = vec![program.to_string_lossy().into_owned(), self.session.option()];
        let flags = [
            ("single_transaction", "--single-transaction=true"),
            ("hex_blob", "--hex-blob"),
            ("force", "--force"),
            ("skip_lock_tables", "--skip-lock-tables"),
        ];
        words.extend(flags.iter().filter(|(arg, _)| args.bool(arg)).map(|(_, option)| (*option).to_owned()));
        words.push(if args.bool("quick") { "--quick" } else { "--skip-quick" }.to_owned());
        match args.opt_int("master_data") {
            Some(0) | None => {}
            Some(how) => words.push(format!("--master-data={how}")),
        }
        let encoding = args.str("encoding")?;
        if !encoding.is_empty() {
            words.push(format!("--default-character-set={encoding}"));
        }
        words.extend(
            args.list_of_str("ignore_tables")
                .iter()
                .filter(|table| !table.is_empty())
                .map(|table| format!("--ignore-table={table}")),
        );
        words.extend(
            crate::words::split(args.opt_str("dump_extra_args").unwrap_or_default()).map_err(ModuleError::failed)?,
        );
        if self.all {
            words.push("--all-databases".to_owned());
        } else if names.len() > 1 {
            words.push("--databases".to_owned());
            words.extend(names.iter().cloned());
        } else {
            words.extend(["--".to_owned(), names[0].clone()]);
        }
        // Both programs' failures count; names are parameters of the script, not text of it.
        let script =
            "f=$1; p=$2; shift 2; { { \"$@\"; echo $? >&3; } | $p > \"$f\"; } 3>&1 | { read -r rc; exit \"$rc\"; }";
        let pack = packer(target).map_or("cat", |(pack, _)| pack);
        Ok(["sh", "-c", script, "sh", target, pack].map(str::to_owned).into_iter().chain(words).collect())
    }

    fn import_words(&self, names: &[String], target: &str, cx: &Context<'_>) -> Result<Vec<String>, ModuleError> {
        let program = ["mariadb", "mysql"].into_iter().find_map(|name| cx.which(name));
        let program = program.map_or_else(|| cx.require_program("mysql"), Ok)?;
        let mut words = vec![program.to_string_lossy().into_owned(), self.session.option()];
        if self.args.bool("force") {
            words.push("--force".to_owned());
        }
        let encoding = self.args.str("encoding")?;
        if !encoding.is_empty() {
            words.push(format!("--default-character-set={encoding}"));
        }
        if !self.args.bool("sql_log_bin") {
            words.push("--init-command=SET SESSION sql_log_bin=0".to_owned());
        }
        if !self.all && names.len() == 1 {
            words.push("--one-database".to_owned());
            words.push(names[0].clone());
        }
        let script = "f=$1; p=$2; shift 2; r=$({ { $p \"$f\"; echo $? >&3; } | { \"$@\" >&4; echo $? >&3; }; } 3>&1 4>&2); case $r in *[1-9]*) exit 1; esac";
        let unpack = packer(target).map_or("cat", |(_, unpack)| unpack);
        Ok(["sh", "-c", script, "sh", target, unpack].map(str::to_owned).into_iter().chain(words).collect())
    }
}

/// The programs that pack and unpack, by how a file's name ends.
fn packer(target: &str) -> Option<(&'static str, &'static str)> {
    let packers = [
        (".gz", ("gzip -c", "gzip -dc")),
        (".bz2", ("bzip2 -c", "bzip2 -dc")),
        (".xz", ("xz -c", "xz -dc")),
        (".zst", ("zstd -c", "zstd -dc")),
    ];
    packers.into_iter().find(|(end, _)| target.ends_with(end)).map(|(_, programs)| programs)
}
