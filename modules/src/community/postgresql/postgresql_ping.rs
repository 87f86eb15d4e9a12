//! `community.postgresql.postgresql_ping`: whether a PostgreSQL server answers, and which version it is.

use serde_json::{Map as JsonMap, Value};

use super::session::{LOGIN_ARGS, NO_CONNECTION, Session, refuse_dangerous};
use crate::{Arg, Args, Context, Map, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module =
    Module::new("community.postgresql.postgresql_ping", ARGS, run).shared_args(LOGIN_ARGS);

const ARGS: &[Arg] =
    &[Arg::str("login_db").alias(&["db"]), Arg::str("session_role"), Arg::bool("trust_input").default("true")];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    refuse_dangerous(args, &["session_role"])?;
    let session = Session::new(args, args.opt_str("login_db").unwrap_or_default(), cx)?;
    let answer = session.value("SELECT version()", cx);
    let (version, reason) = match answer {
        Ok(version) => (version, String::new()),
        Err(error) => match error.to_string().strip_prefix(NO_CONNECTION) {
            Some(reason) => (None, reason.to_owned()),
            None => return Err(error),
        },
    };
    if version.is_none() {
        cx.warn(format!("PostgreSQL server is unavailable: {reason}"));
    }
    Ok(ModuleResult::ok()
        .set("is_available", version.is_some())
        .set("server_version", version.map(|text| numbers(&text)).unwrap_or_default())
        .set("conn_err_msg", reason))
}

/// `PostgreSQL 15.18 (Debian …) on …` with its numbers apart; three of them before version 10.
pub(super) fn numbers(raw: &str) -> Map {
    let full = raw.split(' ').nth(1).unwrap_or_default();
    let numbers = full.split('.').map(|part| part.parse::<i64>().ok());
    let mut version: Map = ["major", "minor", "patch"]
        .into_iter()
        .zip(numbers)
        .filter_map(|(name, number)| Some((name.to_owned(), number?.into())))
        .collect::<JsonMap<String, Value>>();
    version.insert("full".to_owned(), full.into());
    version.insert("raw".to_owned(), raw.into());
    version
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::numbers;

    #[test]
    fn versions_are_taken_apart() {
        let new = numbers("PostgreSQL 15.18 (Debian 15.18-0) on x86_64");
        assert_eq!((&new["major"], &new["minor"], &new["full"]), (&json!(15), &json!(18), &json!("15.18")));
        let old = numbers("PostgreSQL 9.6.24 on x86_64");
        assert_eq!((&old["minor"], &old["patch"]), (&json!(6), &json!(24)));
    }
}
