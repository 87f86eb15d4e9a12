//! `community.mysql.mysql_variables`: settings of a running MySQL or MariaDB server.

use super::session::{LOGIN_ARGS, Session, identifier, literal};
use crate::{Arg, Args, Context, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module = Module::new("community.mysql.mysql_variables", ARGS, run)
    .aliases(&["ansible.mysql.mysql_variables"])
    .shared_args(LOGIN_ARGS);

const ARGS: &[Arg] = &[
    Arg::str("variable").required(),
    Arg::str("value"),
    Arg::str("mode").default("global").choices(&["global", "persist", "persist_only"]),
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let (name, mode) = (args.str("variable")?, args.str("mode")?);
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || "_.".contains(c)) {
        return Err(ModuleError::failed(format!("invalid variable name \"{name}\"")));
    }
    let session = Session::new(args, cx)?;
    if mode != "global" && !persists(&session, cx)? {
        return Err(ModuleError::failed("Server version must be 8.0 or greater."));
    }
    let source = match mode {
        "persist_only" => "performance_schema.persisted_variables",
        _ => "performance_schema.global_variables",
    };
    let current = match mode {
        "global" => session.rows(&format!("SHOW GLOBAL VARIABLES WHERE Variable_name = {}", literal(name)), cx)?,
        _ => session.rows(
            &format!("SELECT VARIABLE_NAME, VARIABLE_VALUE FROM {source} WHERE VARIABLE_NAME = {}", literal(name)),
            cx,
        )?,
    };
    let current = current.into_iter().next().and_then(|row| row.into_iter().nth(1));
    let Some(wanted) = args.opt_str("value") else {
        return match current {
            Some(value) => Ok(ModuleResult::ok().msg(value)),
            None => Err(ModuleError::failed(format!("Variable not available \"{name}\""))),
        };
    };
    if mode != "persist_only" && current.is_none() {
        return Err(ModuleError::failed(format!("Variable not available \"{name}\"")));
    }
    if current.as_deref().is_some_and(|current| is_same(current, wanted)) {
        let msg = "Variable is already set to requested value.";
        return Ok(ModuleResult::ok().msg(msg));
    }
    let value = if wanted.parse::<f64>().is_ok() { wanted.to_owned() } else { literal(wanted) };
    let path = name.split('.').map(identifier).collect::<Vec<_>>().join(".");
    let statement = format!("SET {} {path} = {value}", mode.to_uppercase());
    session.execute(&statement, cx)?;
    let shown = format!("SET {} {path} = {wanted}", mode.to_uppercase());
    let msg = "Variable change succeeded prev_value=".to_owned() + &current.unwrap_or_else(|| "None".to_owned());
    Ok(ModuleResult::ok().changed(true).msg(msg).set("queries", vec![shown]))
}

/// MySQL 8 was the first, MariaDB never did.
fn persists(session: &Session, cx: &mut Context<'_>) -> Result<bool, ModuleError> {
    let rows = session.rows("SELECT VERSION()", cx)?;
    let version = rows.into_iter().next().and_then(|row| row.into_iter().next()).unwrap_or_default();
    let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok());
    Ok(major.is_some_and(|major| major >= 8) && !version.contains("MariaDB"))
}

/// The server says ON and OFF for truth values, and writes numbers plainly.
fn is_same(current: &str, wanted: &str) -> bool {
    let normal = |text: &str| match text.to_lowercase().as_str() {
        "on" | "true" | "1" => "1".to_owned(),
        "off" | "false" | "0" => "0".to_owned(),
        other => other.parse::<f64>().map_or_else(|_| other.to_owned(), |number| number.to_string()),
    };
    normal(current) == normal(wanted)
}
