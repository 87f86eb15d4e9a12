//! `community.mysql.mysql_info`: what a MySQL or MariaDB server is, holds and does.

mod users;

use serde_json::{Value, json};

use super::session::{LOGIN_ARGS, NamedRow as Row, Session};
use crate::{Arg, Args, Context, Map, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module =
    Module::new("community.mysql.mysql_info", ARGS, run).aliases(&["ansible.mysql.mysql_info"]).shared_args(LOGIN_ARGS);

const ARGS: &[Arg] = &[
    Arg::list("filter"),
    Arg::list("exclude_fields"),
    Arg::bool("return_empty_dbs").default("false"),
    Arg::str("login_db"),
];

/// What can be asked for, in the order results have it.
const SUBSETS: &[&str] = &[
    "version",
    "databases",
    "settings",
    "global_status",
    "engines",
    "users",
    "users_info",
    "master_status",
    "slave_hosts",
    "slave_status",
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let session = Session::new(args, cx)?.with_database(args.opt_str("login_db"));
    let refused = |error: ModuleError| {
        let why = "unable to connect to database, check login_user and login_password are correct or  has the \
                   credentials. Exception message:";
        ModuleError::failed(format!("{why} {error}"))
    };
    let version = session.value("SELECT VERSION()", cx).map_err(refused)?.unwrap_or_default();
    let engine = if version.to_lowercase().contains("mariadb") { "MariaDB" } else { "MySQL" };
    // No library of Python is between: the node's own client talks to the server.
    let mut result = ModuleResult::ok()
        .set("server_engine", engine)
        .set("connector_name", "Unknown")
        .set("connector_version", "Unknown");
    for subset in wanted(&args.list_of_str("filter"), cx) {
        let value = match subset {
            "version" => version_parts(&version),
            "databases" => databases(&session, args, cx)?,
            "settings" => by_name(&session, "SHOW GLOBAL VARIABLES", cx)?,
            "global_status" => by_name(&session, "SHOW GLOBAL STATUS", cx)?,
            "engines" => engines(&session, cx)?,
            "users" => users::rights(&session, cx)?,
            "users_info" => users::accounts(&session, cx)?,
            "master_status" => master(&session, cx)?,
            "slave_hosts" => replicas(&session, cx)?,
            _ => sources(&session, cx)?,
        };
        result = result.set(subset, value);
    }
    Ok(result)
}

/// The subsets a filter leaves: those it names, or all but those it names with `!`.
fn wanted(filter: &[String], cx: &mut Context<'_>) -> Vec<&'static str> {
    let (mut named, mut refused) = (Vec::new(), Vec::new());
    for word in filter.iter().map(|word| word.trim()) {
        let (list, name) = match word.strip_prefix('!') {
            Some(name) => (&mut refused, name),
            None => (&mut named, word),
        };
        match SUBSETS.iter().find(|subset| **subset == name) {
            Some(subset) => list.push(*subset),
            None => cx.warn(format!("filter element: {word} is not allowable, ignored")),
        }
    }
    SUBSETS
        .iter()
        .copied()
        .filter(|name| if named.is_empty() { !refused.contains(name) } else { named.contains(name) })
        .collect()
}

/// `10.11.6-MariaDB-log` as its parts.
fn version_parts(full: &str) -> Value {
    let (numbers, suffix) = full.split_once('-').unwrap_or((full, ""));
    let mut numbers = numbers.split('.').map(|number| number.parse::<u64>().unwrap_or_default());
    let mut number = || numbers.next().unwrap_or_default();
    json!({ "full": full, "major": number(), "minor": number(), "release": number(), "suffix": suffix })
}

fn databases(session: &Session, args: &Args, cx: &mut Context<'_>) -> Result<Value, ModuleError> {
    let excluded = args.list_of_str("exclude_fields");
    let excludes = |field: &str| excluded.iter().any(|excluded| excluded.trim() == field);
    let statement = "SELECT table_schema AS name, SUM(data_length + index_length) AS size, COUNT(*) AS tables \
                     FROM information_schema.TABLES GROUP BY table_schema";
    let mut found: Vec<(String, u64, u64)> = Vec::new();
    for row in session.rows(statement, cx)? {
        let number = |at: usize| row.get(at).and_then(|text: &String| text.parse().ok()).unwrap_or_default();
        found.push((row.first().cloned().unwrap_or_default(), number(1), number(2)));
    }
    if args.bool("return_empty_dbs") {
        let all = session.rows("SHOW DATABASES", cx)?.into_iter().filter_map(|row| row.into_iter().next());
        let empty: Vec<String> = all.filter(|name| !found.iter().any(|(known, ..)| known == name)).collect();
        found.extend(empty.into_iter().map(|name| (name, 0, 0)));
    }
    let one = |(name, size, tables): (String, u64, u64)| {
        let mut fields = Map::new();
        if !excludes("db_size") {
            fields.insert("size".to_owned(), size.into());
        }
        if !excludes("db_table_count") {
            fields.insert("tables".to_owned(), tables.into());
        }
        (name, Value::Object(fields))
    };
    Ok(Value::Object(found.into_iter().map(one).collect()))
}

/// Names and values, numbers as numbers.
fn by_name(session: &Session, statement: &str, cx: &mut Context<'_>) -> Result<Value, ModuleError> {
    let rows = session.rows(statement, cx)?.into_iter().filter_map(|row| {
        let [name, value] = <[String; 2]>::try_from(row).ok()?;
        Some((name, typed(&value)))
    });
    Ok(Value::Object(rows.collect()))
}

/// Whole numbers are shown as such.
fn typed(text: &str) -> Value {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let whole = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse::<i64>().map(Value::from).or_else(|_| text.parse::<u64>().map(Value::from));
    number.ok().filter(|_| whole).unwrap_or_else(|| text.into())
}

fn shown(value: Option<&str>) -> Value {
    value.map_or(Value::Null, typed)
}

fn object(row: &Row, without: &[&str]) -> Map {
    let kept = row.iter().filter(|(name, _)| !without.contains(&name.as_str()));
    kept.map(|(name, value)| (name.clone(), shown(value.as_deref()))).collect()
}

fn field<'a>(row: &'a Row, name: &str) -> &'a str {
    row.iter().find(|(own, _)| own == name).and_then(|(_, value)| value.as_deref()).unwrap_or_default()
}

fn engines(session: &Session, cx: &mut Context<'_>) -> Result<Value, ModuleError> {
    let rows = session.named_rows("SHOW ENGINES", cx)?;
    let one = |row: &Row| (field(row, "Engine").to_owned(), Value::Object(object(row, &["Engine"])));
    Ok(Value::Object(rows.iter().map(one).collect()))
}

/// Newer servers speak of sources and replicas.
fn first_understood(session: &Session, statements: &[&str], cx: &mut Context<'_>) -> Result<Vec<Row>, ModuleError> {
    let mut answer = Ok(Vec::new());
    for statement in statements {
        answer = session.named_rows(statement, cx);
        // 1064: not a statement of this server.
        if !matches!(&answer, Err(error) if error.to_string().starts_with("(1064")) {
            return answer;
        }
    }
    answer
}

fn master(session: &Session, cx: &mut Context<'_>) -> Result<Value, ModuleError> {
    let rows = first_understood(session, &["SHOW MASTER STATUS", "SHOW BINARY LOG STATUS"], cx)?;
    Ok(Value::Object(rows.first().map(|row| object(row, &[])).unwrap_or_default()))
}

fn replicas(session: &Session, cx: &mut Context<'_>) -> Result<Value, ModuleError> {
    let rows = first_understood(session, &["SHOW SLAVE HOSTS", "SHOW REPLICAS"], cx)?;
    let one = |row: &Row| {
        let id = if field(row, "Server_id").is_empty() { "Server_Id" } else { "Server_id" };
        (field(row, id).to_owned(), Value::Object(object(row, &[id])))
    };
    Ok(Value::Object(rows.iter().map(one).collect()))
}

/// Where this server copies from: by host, port and user.
fn sources(session: &Session, cx: &mut Context<'_>) -> Result<Value, ModuleError> {
    let mut hosts = Map::new();
    for row in first_understood(session, &["SHOW SLAVE STATUS", "SHOW REPLICA STATUS"], cx)? {
        let names = if field(&row, "Master_Host").is_empty() {
            ["Source_Host", "Source_Port", "Source_User"]
        } else {
            ["Master_Host", "Master_Port", "Master_User"]
        };
        let [host, port, user] = names.map(|name| field(&row, name).to_owned());
        let ports = hosts.entry(host).or_insert_with(|| json!({}));
        ports[&port][&user] = Value::Object(object(&row, &names));
    }
    Ok(Value::Object(hosts))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_have_parts() {
        let parts = version_parts("10.11.6-MariaDB-0+deb12u1-log");
        assert_eq!(
            (&parts["major"], &parts["release"], &parts["suffix"]),
            (&json!(10), &json!(6), &json!("MariaDB-0+deb12u1-log"))
        );
        assert_eq!(version_parts("8.4.0")["suffix"], json!(""));
    }

    #[test]
    fn whole_numbers_are_numbers() {
        assert_eq!(
            (typed("12"), typed("1.0"), typed("-1"), typed("")),
            (json!(12), json!("1.0"), json!(-1), json!(""))
        );
    }
}
