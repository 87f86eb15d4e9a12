//! `community.postgresql.postgresql_info`: what a PostgreSQL server is made of. The server itself writes the answers as JSON.

use serde_json::{Value, json};

use super::postgresql_ping::numbers;
use super::session::{LOGIN_ARGS, NO_CONNECTION, Session, refuse_dangerous};
use crate::glob_paths::matches_name;
use crate::{Arg, Args, Context, Map, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module =
    Module::new("community.postgresql.postgresql_info", ARGS, run).shared_args(LOGIN_ARGS);

const ARGS: &[Arg] =
    &[Arg::list("filter"), Arg::str("login_db"), Arg::str("session_role"), Arg::bool("trust_input").default("true")];

/// What can be asked for, and what is told where it is not.
fn subsets() -> [(&'static str, Value); 8] {
    [
        ("version", json!({})),
        ("in_recovery", Value::Null),
        ("tablespaces", json!({})),
        ("databases", json!({})),
        ("replications", json!({})),
        ("repl_slots", json!({})),
        ("settings", json!({})),
        ("roles", json!({})),
    ]
}

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    refuse_dangerous(args, &["session_role"])?;
    let session = Session::new(args, args.opt_str("login_db").unwrap_or_default(), cx)?;
    let version = session.value("SELECT version()", cx)?.unwrap_or_default();
    let filter = args.list_of_str("filter");
    let mut result = ModuleResult::ok().set("pending_restart_settings", json!([]));
    for (name, nothing) in subsets() {
        let told = match name {
            _ if !is_asked_for(name, &filter) => nothing,
            "version" => Value::Object(numbers(&version)),
            "databases" => databases(args, &session, cx)?,
            "settings" => {
                // The name psql gives itself is not the server's.
                let settings = answer(&session, &format!("SET application_name = ''; {SETTINGS}"), cx)?;
                result = result.set("pending_restart_settings", pending(&settings));
                settings
            }
            _ => answer(&session, query(name), cx)?,
        };
        result = result.set(name, told);
    }
    Ok(result)
}

/// Patterns that take in, when there are any, else those that leave out.
fn is_asked_for(name: &str, filter: &[String]) -> bool {
    let (out, into): (Vec<&str>, Vec<&str>) =
        filter.iter().map(|pattern| pattern.trim()).partition(|pattern| pattern.starts_with('!'));
    if !into.is_empty() {
        return into.iter().any(|pattern| matches_name(pattern, name));
    }
    !out.iter().any(|pattern| matches_name(&pattern[1..], name))
}

fn query(subset: &str) -> &'static str {
    match subset {
        "in_recovery" => "SELECT to_json(pg_is_in_recovery())",
        "tablespaces" => TABLESPACES,
        "replications" => REPLICATIONS,
        "repl_slots" => SLOTS,
        _ => ROLES,
    }
}

const TABLESPACES: &str = "SELECT json_object_agg(spcname, json_build_object(
    'spcowner', pg_get_userbyid(spcowner), 'spcacl', coalesce(spcacl::text, ''),
    'spcoptions', coalesce(spcoptions, '{}'))) FROM pg_tablespace";

const REPLICATIONS: &str = "SELECT json_object_agg(pid, json_build_object(
    'usename', usename, 'app_name', application_name, 'client_addr', client_addr,
    'client_hostname', coalesce(client_hostname, ''), 'backend_start', backend_start::text, 'state', state))
    FROM pg_stat_replication";

const SLOTS: &str = "SELECT json_object_agg(slot_name, json_build_object(
    'plugin', plugin, 'slot_type', slot_type, 'database', database, 'active', active)) FROM pg_replication_slots";

const ROLES: &str = "SELECT json_object_agg(rolname, json_build_object(
    'superuser', rolsuper, 'canlogin', rolcanlogin, 'valid_until', coalesce(to_json(
    CASE rolvaliduntil WHEN 'infinity' THEN '9999-12-31 23:59:59.999999+00' ELSE rolvaliduntil END), '\"\"'),
    'member_of', ARRAY(SELECT g.rolname FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid
        WHERE m.member = r.oid)))
    FROM pg_roles r WHERE rolname !~ '^pg_'";

/// `-1` and the like, which are no sizes, count as nothing; the size of a block is no setting.
const SETTINGS: &str = "SELECT json_object_agg(name, json_build_object(
    'setting', setting, 'unit', coalesce(unit, ''), 'context', context, 'vartype', vartype,
    'boot_val', coalesce(boot_val, ''), 'min_val', coalesce(min_val, ''), 'max_val', coalesce(max_val, ''),
    'sourcefile', coalesce(sourcefile, ''), 'pretty_val', current_setting(name), 'pending_restart', pending_restart)
    ::jsonb || CASE WHEN unit IN ('kB', '8kB', 'MB') THEN jsonb_build_object('val_in_bytes',
        greatest(setting::bigint, 0) * CASE unit WHEN 'kB' THEN 1024 WHEN '8kB' THEN 8192 ELSE 1048576 END)
    ELSE '{}' END) FROM pg_settings WHERE name <> 'block_size'";

const DATABASES: &str = "SELECT json_object_agg(datname, json_build_object(
    'owner', pg_get_userbyid(datdba), 'encoding', pg_encoding_to_char(encoding), 'collate', datcollate,
    'ctype', datctype, 'access_priv', coalesce(array_to_string(datacl, E'\\n'), ''),
    'size', CASE WHEN has_database_privilege(oid, 'CONNECT') THEN pg_database_size(oid)::text ELSE 'No Access' END)) FROM pg_database WHERE datname <> 'template0'";

/// What is told of the inside of a database.
const INSIDE: &[(&str, &str)] = &[
    (
        "namespaces",
        "SELECT json_object_agg(nspname, json_build_object('nspowner', pg_get_userbyid(nspowner),
            'nspacl', coalesce(nspacl::text, ''))) FROM pg_namespace WHERE nspname !~ '^pg_(toast_)?temp_'",
    ),
    (
        "extensions",
        "SELECT json_object_agg(extname, json_build_object('extversion', extversion,
            'nspname', n.nspname, 'description', obj_description(e.oid, 'pg_extension')))
            FROM pg_extension e JOIN pg_namespace n ON n.oid = extnamespace",
    ),
    (
        "languages",
        "SELECT json_object_agg(lanname, json_build_object('lanowner', pg_get_userbyid(lanowner),
            'lanacl', coalesce(lanacl::text, ''))) FROM pg_language",
    ),
    (
        "publications",
        "SELECT json_object_agg(pubname, to_jsonb(p) - 'pubname' ||
            jsonb_build_object('oid', oid::bigint, 'pubowner', pubowner::bigint,
            'ownername', pg_get_userbyid(pubowner))) FROM pg_publication p",
    ),
    (
        "subscriptions",
        "SELECT json_object_agg(subname, to_jsonb(s) - 'subname' - 'subdbid' ||
            jsonb_build_object('oid', s.oid::bigint, 'subdbid', subdbid::bigint, 'subowner', subowner::bigint,
            'ownername', pg_get_userbyid(subowner)))
            FROM pg_subscription s JOIN pg_database d ON d.oid = subdbid WHERE datname = current_database()",
    ),
];

/// The JSON a statement makes; of no rows it makes none.
fn answer(session: &Session, statement: &str, cx: &mut Context<'_>) -> Result<Value, ModuleError> {
    let Some(text) = session.value(statement, cx)? else { return Ok(json!({})) };
    serde_json::from_str(&text).map_err(|error| ModuleError::failed(format!("cannot read what psql says: {error}")))
}

fn databases(args: &Args, session: &Session, cx: &mut Context<'_>) -> Result<Value, ModuleError> {
    let mut found = answer(session, DATABASES, cx)?;
    for (name, database) in found.as_object_mut().into_iter().flatten() {
        let told = match inside(args, name, cx) {
            Ok(told) => Value::Object(told),
            Err(error) => match error.to_string().strip_prefix(NO_CONNECTION) {
                Some(reason) => {
                    cx.warn(format!("PostgreSQL server is unavailable: {reason}"));
                    let why = "Could not connect to the database.";
                    json!({ "namespaces": {}, "extensions": {}, "languages": {}, "error": why })
                }
                None => return Err(error),
            },
        };
        if let (Some(database), Value::Object(told)) = (database.as_object_mut(), told) {
            database.extend(told);
        }
    }
    Ok(found)
}

fn inside(args: &Args, database: &str, cx: &mut Context<'_>) -> Result<Map, ModuleError> {
    let session = Session::new(args, database, cx)?;
    // Connections to publishers have passwords: not everybody may read them.
    let may_read = session.value("SELECT has_table_privilege('pg_subscription', 'SELECT')", cx)?;
    let mut told = Map::new();
    for (subset, statement) in INSIDE {
        let hidden = *subset == "subscriptions" && may_read.as_deref() != Some("t");
        let mut answer = if hidden { json!({}) } else { answer(&session, statement, cx)? };
        if *subset == "extensions" {
            answer.as_object_mut().into_iter().flatten().for_each(|(_, extension)| take_version_apart(extension));
        }
        told.insert((*subset).to_owned(), answer);
    }
    Ok(told)
}

/// `1.8` with its numbers apart.
fn take_version_apart(extension: &mut Value) {
    let raw = extension["extversion"].as_str().unwrap_or_default().to_owned();
    let mut version = Map::new();
    for (name, number) in ["major", "minor"].into_iter().zip(raw.split('.')) {
        version.insert(name.to_owned(), json!(number.parse::<i64>().ok()));
    }
    version.insert("raw".to_owned(), raw.into());
    extension["extversion"] = Value::Object(version);
}

/// Settings that wait for a restart.
fn pending(settings: &Value) -> Value {
    let waiting = settings.as_object().into_iter().flatten().filter(|(_, setting)| setting["pending_restart"] == true);
    waiting.map(|(name, _)| Value::from(name.as_str())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_in_goes_before_what_leaves_out() {
        let asked = |name: &str, filter: &[&str]| {
            is_asked_for(name, &filter.iter().map(|pattern| (*pattern).to_owned()).collect::<Vec<_>>())
        };
        assert!(asked("roles", &[]) && asked("roles", &["r*"]) && asked("repl_slots", &["!roles"]));
        assert!(!asked("roles", &["!r*"]) && !asked("roles", &["ver*"]) && !asked("roles", &["!settings", "ver*"]));
    }
}
