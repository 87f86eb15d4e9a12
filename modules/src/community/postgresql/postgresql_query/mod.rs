//! `community.postgresql.postgresql_query`: runs statements on a PostgreSQL server.

mod statements;

use serde_json::{Map as JsonMap, Value, json};
use statements::{Parameters, split};

use super::session::{LOGIN_ARGS, Row, Session, identifier, literal, parse_rows, refuse_dangerous};
use crate::python_repr::{repr, str_of};
use crate::{Arg, ArgKind, Args, Constraint, Context, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module = Module::new("community.postgresql.postgresql_query", ARGS, run)
    .shared_args(LOGIN_ARGS)
    .constraints(&[Constraint::MutuallyExclusive(&["positional_args", "named_args"])]);

const ARGS: &[Arg] = &[
    Arg::raw("query"),
    Arg::str("login_db").alias(&["db"]),
    Arg::list_of("positional_args", &ArgKind::Raw),
    Arg::dict("named_args"),
    Arg::str("session_role"),
    Arg::bool("autocommit").default("false"),
    Arg::str("encoding"),
    Arg::bool("trust_input").default("true"),
    Arg::list("search_path"),
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    refuse_dangerous(args, &["session_role"])?;
    if args.bool("autocommit") && cx.check_mode {
        return Err(ModuleError::failed("Using autocommit is mutually exclusive with check_mode"));
    }
    let queries: Vec<String> = match args.raw("query") {
        Some(Value::Array(items)) => items.iter().map(str_of).collect(),
        Some(other) => vec![str_of(other)],
        None => return Err(ModuleError::failed("missing required arguments: query")),
    };
    let session = Session::new(args, args.opt_str("login_db").unwrap_or("postgres"), cx)?;
    let parameters = Parameters { positional: args.list("positional_args"), named: args.dict("named_args") };
    let real = queries.iter().map(|query| parameters.filled(query)).collect::<Result<Vec<_>, _>>()?;
    let script = script(&real, args, cx.check_mode);
    let output = session.script(&script, cx).map_err(|error| {
        let values = args.raw("positional_args").or(args.raw("named_args")).map_or_else(|| "None".to_owned(), repr);
        let shown = repr(&json!(queries));
        ModuleError::failed(format!(
            "Cannot execute SQL '{}' {values}: {error}, query list: {shown}",
            queries.join("; ")
        ))
    })?;
    Ok(report(&queries, &real, &answers(&output)))
}

/// Marks the beginning of an answer in psql's output: of a description, of rows, of the end of a query.
const MARK: char = '\u{2}';

fn script(queries: &[String], args: &Args, check_mode: bool) -> String {
    let mut script = String::new();
    if let Some(encoding) = args.opt_str("encoding") {
        script.push_str(&format!("SET client_encoding TO {};\n", literal(encoding)));
    }
    let path = args.list_of_str("search_path");
    if !path.is_empty() {
        let names = path.iter().map(|name| identifier(name)).collect::<Vec<_>>().join(", ");
        script.push_str(&format!("SET search_path TO {names};\n"));
    }
    let transaction = !args.bool("autocommit");
    script.push_str("\\set QUIET off\n\\pset footer off\n");
    if transaction {
        script.push_str("BEGIN;\n");
    }
    for query in queries {
        for statement in split(query) {
            // The types of the columns first, as psql knows values as text only.
            script.push_str(&format!("\\echo {MARK}D\n{statement}\n\\gdesc\n\\echo {MARK}R\n{statement}\n;\n"));
        }
        script.push_str(&format!("\\echo {MARK}E\n"));
    }
    if transaction {
        script.push_str(if check_mode { "ROLLBACK;\n" } else { "COMMIT;\n" });
    }
    script
}

/// What the last statement of one query answered.
#[derive(Debug, Default)]
struct Answer {
    /// Rows as objects; `None` for a statement that returns none.
    rows: Option<Vec<Value>>,
    status: String,
    count: i64,
}

fn answers(output: &str) -> Vec<Answer> {
    let mut answers = Vec::new();
    let (mut types, mut answer, mut total) = (Vec::new(), Answer::default(), 0);
    for part in output.split(MARK).skip(1) {
        let text = part[1..].strip_prefix('\n').unwrap_or(&part[1..]);
        match &part[..1] {
            "D" => types = described(text),
            "R" => {
                answer = answered(text, &types);
                total += answer.count;
            }
            _ => {
                answer.count = total;
                answers.push(std::mem::take(&mut answer));
                total = 0;
            }
        }
    }
    answers
}

/// `Column`, `Type` and then the columns; nothing when there are none.
fn described(text: &str) -> Vec<String> {
    let rows = parse_rows(text);
    let is_table = rows.first().is_some_and(|row| row.len() == 2);
    if !is_table {
        return Vec::new();
    }
    rows.into_iter().skip(1).filter_map(|row| row.into_iter().nth(1).flatten()).collect()
}

fn answered(text: &str, types: &[String]) -> Answer {
    if types.is_empty() {
        // `INSERT 0 1`, `CREATE TABLE`.
        let status = text.trim().lines().last().unwrap_or_default().to_owned();
        let count = status.rsplit(' ').next().and_then(|word| word.parse().ok()).unwrap_or(0);
        return Answer { rows: None, status, count };
    }
    let (table, status) = match text.trim_end_matches('\n').rsplit_once('\n') {
        // Statements that return rows and change something end with their tag.
        Some((table, tag)) if ["INSERT ", "UPDATE ", "DELETE ", "MERGE "].iter().any(|verb| tag.starts_with(verb)) => {
            (table, Some(tag.to_owned()))
        }
        _ => (text, None),
    };
    let mut rows = parse_rows(table).into_iter();
    let names: Vec<String> = rows.next().unwrap_or_default().into_iter().map(Option::unwrap_or_default).collect();
    let rows: Vec<Value> = rows.map(|row| object(&names, types, row)).collect();
    let count = rows.len() as i64;
    Answer { status: status.unwrap_or_else(|| format!("SELECT {count}")), rows: Some(rows), count }
}

fn object(names: &[String], types: &[String], row: Row) -> Value {
    let values = row.into_iter().enumerate().map(|(at, value)| {
        let kind = types.get(at).map_or("text", String::as_str);
        (names.get(at).cloned().unwrap_or_default(), value.map_or(Value::Null, |text| typed(&text, kind)))
    });
    Value::Object(values.collect::<JsonMap<_, _>>())
}

/// The text of a value as JSON has it.
fn typed(text: &str, kind: &str) -> Value {
    let plain = || Value::from(text);
    match kind.split('(').next().unwrap_or(kind) {
        "smallint" | "integer" | "bigint" | "oid" => text.parse::<i64>().map_or_else(|_| plain(), Value::from),
        "numeric" | "real" | "double precision" => {
            text.parse::<f64>().ok().and_then(serde_json::Number::from_f64).map_or_else(plain, Value::Number)
        }
        "boolean" => Value::from(text == "t"),
        "json" | "jsonb" => serde_json::from_str(text).unwrap_or_else(|_| plain()),
        other => match other.strip_suffix("[]") {
            Some(element) => array(text, element).unwrap_or_else(plain),
            None => plain(),
        },
    }
}

/// `{a,"b c",NULL}`; arrays of arrays stay text.
fn array(text: &str, element: &str) -> Option<Value> {
    let inner = text.strip_prefix('{')?.strip_suffix('}')?;
    if inner.starts_with('{') {
        return None;
    }
    let (mut items, mut item): (Vec<Value>, String) = (Vec::new(), String::new());
    let (mut open, mut quoted) = (false, false);
    let mut characters = inner.chars();
    let mut finish = |item: &mut String, quoted: &mut bool| {
        items.push(if item == "NULL" && !*quoted { Value::Null } else { typed(item, element) });
        item.clear();
        *quoted = false;
    };
    while let Some(c) = characters.next() {
        match c {
            '"' => (open, quoted) = (!open, true),
            '\\' => item.extend(characters.next()),
            ',' if !open => finish(&mut item, &mut quoted),
            c => item.push(c),
        }
    }
    if !inner.is_empty() {
        finish(&mut item, &mut quoted);
    }
    Some(Value::Array(items))
}

fn report(queries: &[String], real: &[String], answers: &[Answer]) -> ModuleResult {
    let rows = |answer: &Answer| answer.rows.clone().map_or_else(|| json!({}), Value::Array);
    let last = answers.last();
    let reads =
        |status: &str| ["SELECT", "SHOW", "EXPLAIN", "TABLE", "VALUES"].iter().any(|word| status.starts_with(word));
    let changed = answers.iter().any(|answer| {
        answer.rows.is_none() && changes(&answer.status)
            || answer.rows.is_some() && !reads(&answer.status) && answer.count > 0
    });
    ModuleResult::ok()
        .changed(changed)
        .set("query", real.last().cloned().unwrap_or_default())
        .set("query_list", queries)
        .set("statusmessage", last.map(|answer| answer.status.clone()).unwrap_or_default())
        .set("query_result", last.map_or_else(|| json!({}), rows))
        .set("query_all_results", answers.iter().map(rows).collect::<Vec<_>>())
        .set("rowcount", answers.iter().map(|answer| answer.count).sum::<i64>())
}

/// Whether a statement with this tag changed something: rows count where rows are changed.
fn changes(status: &str) -> bool {
    let verb = status.split(' ').next().unwrap_or_default();
    match verb {
        "INSERT" | "UPDATE" | "DELETE" | "MERGE" | "COPY" => !status.ends_with(" 0"),
        "SELECT" | "SHOW" | "SET" | "BEGIN" | "COMMIT" | "ROLLBACK" | "EXPLAIN" | "" => false,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_get_their_type() {
        assert_eq!(typed("5", "bigint"), json!(5));
        assert_eq!(typed("1.50", "numeric(5,2)"), json!(1.5));
        assert_eq!(typed("t", "boolean"), json!(true));
        assert_eq!(typed("{\"a\": 1}", "jsonb"), json!({"a": 1}));
        assert_eq!(typed("{1,NULL,\"x,y\",\"\"}", "text[]"), json!(["1", null, "x,y", ""]));
        assert_eq!(typed("{}", "integer[]"), json!([]));
        assert_eq!(typed("2026-01-01", "date"), json!("2026-01-01"));
    }

    #[test]
    fn answers_are_taken_apart() {
        let output = "BEGIN\n\u{2}D\nThe command has no result, or the result has no columns.\n\u{2}R\nINSERT 0 2\n\u{2}E\n\
                      \u{2}D\nColumn\u{1f}Type\u{1e}a\u{1f}integer\n\u{2}R\na\u{1e}1\u{1e}2\n\u{2}E\nCOMMIT\n";
        let answers = answers(output);
        assert_eq!((answers[0].status.as_str(), answers[0].count), ("INSERT 0 2", 2));
        assert_eq!(answers[1].rows.as_deref(), Some(&[json!({"a": 1}), json!({"a": 2})][..]));
        assert!(changes("CREATE TABLE") && !changes("UPDATE 0"));
    }
}
