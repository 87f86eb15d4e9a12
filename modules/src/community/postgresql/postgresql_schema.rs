//! `community.postgresql.postgresql_schema`: schemas of a PostgreSQL database.

use super::session::{LOGIN_ARGS, Session, identifier, literal, refuse_dangerous};
use crate::{Arg, Args, Context, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module =
    Module::new("community.postgresql.postgresql_schema", ARGS, run).shared_args(LOGIN_ARGS);

const ARGS: &[Arg] = &[
    Arg::str("name").required().alias(&["schema"]),
    Arg::str("owner").default(""),
    Arg::str("login_db").default("postgres").alias(&["db", "database"]),
    Arg::bool("cascade_drop").default("false"),
    Arg::str("state").default("present").choices(&["absent", "present"]),
    Arg::str("session_role"),
    Arg::bool("trust_input").default("true"),
    Arg::str("comment"),
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    refuse_dangerous(args, &["name", "owner", "session_role", "comment"])?;
    let session = Session::new(args, args.str("login_db")?, cx)?;
    let name = args.str("name")?;
    let queries = plan(args, current(&session, name, cx)?.as_ref())?;
    for query in &queries {
        session.execute(query, cx).map_err(|error| ModuleError::failed(format!("Database query failed: {error}")))?;
    }
    let result = ModuleResult::ok().changed(!queries.is_empty()).set("schema", name);
    Ok(if cx.check_mode { result } else { result.set("queries", queries) })
}

#[derive(Debug)]
struct Schema {
    owner: String,
    comment: String,
}

fn current(session: &Session, name: &str, cx: &mut Context<'_>) -> Result<Option<Schema>, ModuleError> {
    let statement = format!(
        "SELECT pg_get_userbyid(nspowner), coalesce(obj_description(oid, 'pg_namespace'), '') FROM pg_namespace WHERE nspname = {}",
        literal(name)
    );
    let row = session.rows(&statement, cx)?.into_iter().next();
    Ok(row.map(|row| {
        let mut values = row.into_iter().map(Option::unwrap_or_default);
        Schema { owner: values.next().unwrap_or_default(), comment: values.next().unwrap_or_default() }
    }))
}

fn plan(args: &Args, current: Option<&Schema>) -> Result<Vec<String>, ModuleError> {
    let name = identifier(args.str("name")?);
    let owner = args.opt_str("owner").filter(|owner| !owner.is_empty());
    if args.str("state")? == "absent" {
        let cascade = if args.bool("cascade_drop") { " CASCADE" } else { "" };
        return Ok(current.map(|_| format!("DROP SCHEMA {name}{cascade}")).into_iter().collect());
    }
    let mut queries = Vec::new();
    match (current, owner) {
        (None, Some(owner)) => queries.push(format!("CREATE SCHEMA {name} AUTHORIZATION {}", identifier(owner))),
        (None, None) => queries.push(format!("CREATE SCHEMA {name}")),
        (Some(current), Some(owner)) if current.owner != owner => {
            queries.push(format!("ALTER SCHEMA {name} OWNER TO {}", identifier(owner)));
        }
        _ => {}
    }
    let described = current.map_or("", |current| current.comment.as_str());
    if let Some(comment) = args.opt_str("comment").filter(|comment| *comment != described) {
        queries.push(format!("COMMENT ON SCHEMA {name} IS {}", literal(comment)));
    }
    Ok(queries)
}
