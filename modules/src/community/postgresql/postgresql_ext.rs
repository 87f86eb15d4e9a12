//! `community.postgresql.postgresql_ext`: extensions of a PostgreSQL database.

use super::session::{LOGIN_ARGS, Session, identifier, literal, refuse_dangerous};
use crate::{Arg, Args, Context, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module =
    Module::new("community.postgresql.postgresql_ext", ARGS, run).shared_args(LOGIN_ARGS);

const ARGS: &[Arg] = &[
    Arg::str("login_db").required().alias(&["db"]),
    Arg::str("ext").required().alias(&["name"]),
    Arg::str("schema"),
    Arg::str("state").default("present").choices(&["absent", "present"]),
    Arg::bool("cascade").default("false"),
    Arg::str("session_role"),
    Arg::str("version"),
    Arg::bool("trust_input").default("true"),
    Arg::str("comment"),
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    refuse_dangerous(args, &["ext", "schema", "session_role", "version", "comment"])?;
    let session = Session::new(args, args.str("login_db")?, cx)?;
    let ext = args.str("ext")?;
    let before = version(&session, ext, cx)?;
    let mut queries = Vec::new();
    if args.str("state")? == "absent" {
        if before.is_some() {
            let cascade = if args.bool("cascade") { " CASCADE" } else { "" };
            queries.push(format!("DROP EXTENSION {}{cascade}", identifier(ext)));
        }
    } else {
        queries = present(args, &session, before.as_deref(), cx)?;
    }
    for query in &queries {
        session.execute(query, cx)?;
    }
    let after = if cx.check_mode { before.clone() } else { version(&session, ext, cx)? };
    Ok(ModuleResult::ok()
        .changed(!queries.is_empty())
        .set("db", args.str("login_db")?)
        .set("ext", ext)
        .set("prev_version", before.unwrap_or_default())
        .set("version", after.unwrap_or_default())
        .set("queries", queries))
}

fn version(session: &Session, ext: &str, cx: &mut Context<'_>) -> Result<Option<String>, ModuleError> {
    session.value(&format!("SELECT extversion FROM pg_extension WHERE extname = {}", literal(ext)), cx)
}

fn present(
    args: &Args,
    session: &Session,
    current: Option<&str>,
    cx: &mut Context<'_>,
) -> Result<Vec<String>, ModuleError> {
    let ext = args.str("ext")?;
    let (name, text) = (identifier(ext), literal(ext));
    let mut queries = Vec::new();
    let wanted = match args.opt_str("version") {
        Some("latest") => {
            session.value(&format!("SELECT default_version FROM pg_available_extensions WHERE name = {text}"), cx)?
        }
        other => other.map(str::to_owned),
    };
    match current {
        None => {
            let known = session.value(&format!("SELECT 1 FROM pg_available_extensions WHERE name = {text}"), cx)?;
            if known.is_none() {
                return Err(ModuleError::failed(format!("Extension {ext} is not available")));
            }
            let mut query = format!("CREATE EXTENSION {name}");
            if let Some(schema) = args.opt_str("schema") {
                query.push_str(&format!(" WITH SCHEMA {}", identifier(schema)));
            }
            if let Some(version) = wanted {
                query.push_str(&format!(" VERSION {}", literal(&version)));
            }
            if args.bool("cascade") {
                query.push_str(" CASCADE");
            }
            queries.push(query);
        }
        Some(current) => {
            let schema = format!(
                "SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE extname = {text}"
            );
            let schema = session.value(&schema, cx)?;
            if let Some(new) = args.opt_str("schema").filter(|new| schema.as_deref() != Some(*new)) {
                queries.push(format!("ALTER EXTENSION {name} SET SCHEMA {}", identifier(new)));
            }
            if let Some(version) = wanted.filter(|version| version != current) {
                let to = format!(" TO {}", literal(&version));
                let to = if args.opt_str("version") == Some("latest") { String::new() } else { to };
                queries.push(format!("ALTER EXTENSION {name} UPDATE{to}"));
            }
        }
    }
    if let Some(comment) = args.opt_str("comment") {
        let current = session.value(
            &format!("SELECT obj_description(oid, 'pg_extension') FROM pg_extension WHERE extname = {text}"),
            cx,
        )?;
        if current.unwrap_or_default() != comment {
            queries.push(format!("COMMENT ON EXTENSION {name} IS {}", literal(comment)));
        }
    }
    Ok(queries)
}
