//! `community.mysql.mysql_query`: statements of the task's own, run by the node's client.

mod answers;
mod arguments;

use serde_json::{Value, json};

use self::answers::{Answer, Types};
use super::session::{LOGIN_ARGS, Session};
use crate::module::Support;
use crate::python_repr::{quoted, repr};
use crate::{Arg, ArgKind, Args, Constraint, Context, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module = Module::new("community.mysql.mysql_query", ARGS, run)
    .aliases(&["ansible.mysql.mysql_query"])
    .shared_args(LOGIN_ARGS)
    .constraints(&[Constraint::MutuallyExclusive(&["positional_args", "named_args"])])
    .check_mode(Support::None);

const ARGS: &[Arg] = &[
    Arg::raw("query").required(),
    Arg::str("login_db"),
    Arg::list_of("positional_args", &ArgKind::Raw),
    Arg::dict("named_args"),
    Arg::bool("single_transaction").default("false"),
    Arg::dict("session_vars"),
];

/// Statements that change what a server holds: always, or when rows were affected.
const DEFINING: &[&str] = &["CREATE", "DROP", "ALTER", "RENAME", "TRUNCATE"];
const CHANGING: &[&str] = &["INSERT", "UPDATE", "DELETE", "REPLACE"];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let given = queries(args)?;
    let values = match (args.raw("positional_args"), args.raw("named_args")) {
        (Some(values), _) | (None, Some(values)) => values.clone(),
        (None, None) => Value::Null,
    };
    let failed = |query: &str, why: &str| {
        let shown = if values.is_null() { "None".to_owned() } else { repr(&values) };
        ModuleError::failed(format!("Cannot execute SQL '{query}' args [{shown}]: {why}"))
    };
    let mut queries = Vec::new();
    for query in &given {
        queries.push(arguments::filled(query, &values).map_err(|why| failed(query, &why))?);
    }
    let session = Session::new(args, cx)?.with_database(args.opt_str("login_db"));
    session.value("SELECT 1", cx).map_err(|error| {
        let why = "unable to connect to database, check login_user and login_password are correct or  has the \
                   credentials. Exception message:";
        ModuleError::failed(format!("{why} {error}"))
    })?;
    let (answers, problem) = answers::ask(&session, &queries, args.bool("single_transaction"), cx)?;
    if let Some(why) = problem {
        return Err(failed(given.get(answers.len()).map_or("", String::as_str), &why));
    }
    let types = answers::types(&session, &queries, &answers, cx)?;
    let changed = queries.iter().zip(&answers).any(|(query, answer)| changes(query, answer));
    let rows = answers.iter().zip(&types).map(|(answer, types)| rows(answer, types));
    Ok(ModuleResult::ok()
        .changed(changed)
        .set("executed_queries", queries.clone())
        .set("query_result", rows.collect::<Vec<Value>>())
        .set("rowcount", answers.iter().map(|answer| answer.affected).collect::<Vec<i64>>())
        .set("execution_time_ms", answers.iter().map(|answer| answer.milliseconds).collect::<Vec<f64>>()))
}

fn queries(args: &Args) -> Result<Vec<String>, ModuleError> {
    let kind = |value: &Value| match value {
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float",
        Value::Number(_) => "int",
        Value::Object(_) => "dict",
        Value::Array(_) => "list",
        _ => "NoneType",
    };
    match args.raw("query") {
        Some(Value::String(query)) => Ok(vec![query.clone()]),
        Some(Value::Array(list)) => {
            let text = |value: &Value| match value {
                Value::String(query) => Ok(query.clone()),
                other => {
                    let msg = format!(
                        "the elements in query list must be strings, passed {} <class '{}'>",
                        quoted(&repr(other)),
                        kind(other)
                    );
                    Err(ModuleError::failed(msg))
                }
            };
            list.iter().map(text).collect()
        }
        other => {
            let kind = other.map_or("NoneType", kind);
            Err(ModuleError::failed(format!(
                "the query option value must be a string or list, passed <class '{kind}'>"
            )))
        }
    }
}

fn changes(query: &str, answer: &Answer) -> bool {
    let first = first_word(query);
    DEFINING.contains(&first.as_str()) || (CHANGING.contains(&first.as_str()) && answer.affected > 0)
}

/// The statement's verb in capitals, after its comments.
fn first_word(query: &str) -> String {
    let mut rest = query.trim_start();
    loop {
        rest = match (rest.strip_prefix("/*"), rest.strip_prefix("--").or(rest.strip_prefix('#'))) {
            (Some(comment), _) => comment.split_once("*/").map_or("", |(_, rest)| rest),
            (None, Some(comment)) => comment.split_once('\n').map_or("", |(_, rest)| rest),
            (None, None) => break,
        }
        .trim_start();
    }
    let word: String = rest.trim_start_matches('(').chars().take_while(char::is_ascii_alphabetic).collect();
    word.to_uppercase()
}

/// Rows by the names of their columns; a name that comes again gets a dot.
fn rows(answer: &Answer, types: &Types) -> Value {
    let rows = answer.rows.iter().map(|row| {
        let mut object = crate::Map::new();
        for (index, (name, value)) in row.iter().enumerate() {
            let name = if object.contains_key(name) { format!(".{name}") } else { name.clone() };
            let value = value.as_deref().map_or(Value::Null, |text| types.value(index, text));
            object.insert(name, value);
        }
        Value::Object(object)
    });
    json!(rows.collect::<Vec<Value>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verbs_are_found() {
        for (query, verb) in
            [("select 1", "SELECT"), (" /* x */ -- y\n INSERT INTO t", "INSERT"), ("(SELECT 1)", "SELECT"), ("", "")]
        {
            assert_eq!(first_word(query), verb);
        }
    }
}
