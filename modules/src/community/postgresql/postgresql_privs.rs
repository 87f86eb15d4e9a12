//! `community.postgresql.postgresql_privs`: who may do what with the objects of a PostgreSQL database.

use super::session::{LOGIN_ARGS, Session, identifier, literal, parse_rows, refuse_dangerous};
use crate::python_repr::quoted;
use crate::{Arg, Args, Context, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module =
    Module::new("community.postgresql.postgresql_privs", ARGS, run).shared_args(LOGIN_ARGS);

const ARGS: &[Arg] = &[
    Arg::str("login_db").required().alias(&["db", "database"]),
    Arg::str("state").default("present").choices(&["present", "absent"]),
    Arg::str("privs").alias(&["priv"]),
    Arg::str("type").default("table").choices(&[
        "table",
        "sequence",
        "function",
        "procedure",
        "database",
        "schema",
        "language",
        "tablespace",
        "group",
        "default_privs",
        "foreign_data_wrapper",
        "foreign_server",
        "type",
        "parameter",
    ]),
    Arg::str("objs").alias(&["obj"]),
    Arg::str("schema"),
    Arg::str("roles").required().alias(&["role"]),
    Arg::str("session_role"),
    Arg::str("target_roles"),
    Arg::bool("grant_option").alias(&["admin_option"]),
    Arg::bool("fail_on_role").default("true"),
    Arg::bool("trust_input").default("true"),
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    refuse_dangerous(args, &["roles", "target_roles", "session_role", "schema"])?;
    let request = Request::new(args)?;
    let session = Session::new(args, args.str("login_db")?, cx)?;
    let Some(roles) = existing_roles(args, &session, cx)? else {
        return Ok(ModuleResult::ok().set("queries", Vec::<String>::new()));
    };
    let statements = request.statements(&roles);
    // What the statements change is seen in the catalogue, before and after, within one transaction.
    let end = if cx.check_mode { "ROLLBACK" } else { "COMMIT" };
    let snapshot = format!(
        "SELECT coalesce(md5(string_agg(x::text, ',' ORDER BY x::text)), '-') FROM ({}) x",
        request.catalogue()
    );
    let script =
        format!("\\pset tuples_only on\nBEGIN;\n{snapshot};\n{}\n{snapshot};\n{end};\n", statements.join("\n"));
    let failed = |error: ModuleError| {
        let statements = statements.join("\n");
        match error.to_string() {
            reason if reason.starts_with("unable to connect") => error,
            reason => ModuleError::failed(format!("Cannot execute SQL '{statements}': {reason}")),
        }
    };
    let output = session.script(&script, cx).map_err(failed)?;
    let states: Vec<String> = output.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect();
    let changed = match &states[..] {
        [before, after] => parse_rows(before) != parse_rows(after),
        _ => return Err(ModuleError::failed(format!("unexpected answer of psql: {output}"))),
    };
    Ok(ModuleResult::ok().changed(changed).set("queries", vec![statements.join("\n")]))
}

/// The roles as SQL names them; `None` when one does not exist and that is no failure.
fn existing_roles(args: &Args, session: &Session, cx: &mut Context<'_>) -> Result<Option<Vec<String>>, ModuleError> {
    let mut roles = Vec::new();
    let names = args.str("roles")?;
    let given = if names == "PUBLIC" { vec!["PUBLIC"] } else { names.split(',').map(str::trim).collect() };
    for name in given {
        if matches!(name.to_uppercase().as_str(), "PUBLIC" | "CURRENT_ROLE" | "CURRENT_USER" | "SESSION_USER") {
            roles.push(name.to_uppercase());
            continue;
        }
        let statement = format!("SELECT 1 FROM pg_roles WHERE rolname = {}", literal(name));
        if session.value(&statement, cx)?.is_some() {
            roles.push(identifier(name));
        } else if args.bool("fail_on_role") {
            return Err(ModuleError::failed(format!("Role '{name}' does not exist")));
        } else {
            cx.warn(format!("Role '{name}' does not exist, nothing to do"));
        }
    }
    Ok(Some(roles).filter(|roles| !roles.is_empty()))
}

/// What can be granted on one kind of object or another.
const PRIVILEGES: [&str; 18] = [
    "SELECT",
    "INSERT",
    "UPDATE",
    "DELETE",
    "TRUNCATE",
    "REFERENCES",
    "TRIGGER",
    "CREATE",
    "CONNECT",
    "TEMPORARY",
    "TEMP",
    "EXECUTE",
    "USAGE",
    "ALL",
    "ALL PRIVILEGES",
    "SET",
    "ALTER SYSTEM",
    "MAINTAIN",
];

struct Request<'a> {
    kind: &'a str,
    present: bool,
    privs: String,
    objects: Vec<String>,
    schema: String,
    has_schema: bool,
    targets: Vec<String>,
    grant_option: Option<bool>,
}

impl<'a> Request<'a> {
    fn new(args: &'a Args) -> Result<Self, ModuleError> {
        let fail = |msg: String| Err(ModuleError::failed(msg));
        let kind = args.str("type")?;
        let in_schema = matches!(kind, "table" | "sequence" | "function" | "procedure" | "type" | "default_privs");
        if args.has("schema") && !in_schema {
            return fail(format!("Argument \"schema\" is not allowed for type \"{kind}\"."));
        }
        if args.has("target_roles") && kind != "default_privs" {
            return fail(format!("Argument \"target_roles\" is not allowed for type \"{kind}\"."));
        }
        let objects = match args.opt_str("objs") {
            Some(objects) => objects.split(',').map(|name| name.trim().to_owned()).collect(),
            None if kind == "database" => vec![args.str("login_db")?.to_owned()],
            None => return fail(format!("Argument \"objs\" is required for type \"{kind}\".")),
        };
        let schema = args.opt_str("schema").filter(|schema| *schema != "not-specified");
        let privs = match args.opt_str("privs") {
            Some(privs) if kind != "group" => privs.split(',').map(|one| one.trim().to_uppercase()).collect::<Vec<_>>(),
            Some(_) => return fail("Argument \"privs\" is not allowed for type \"group\".".to_owned()),
            None if kind == "group" => Vec::new(),
            None if args.str("state")? == "absent" && kind == "default_privs" => vec!["ALL".to_owned()],
            None => return fail(format!("Argument \"privs\" is required for type \"{kind}\".")),
        };
        let unknown: Vec<String> =
            privs.iter().filter(|one| !PRIVILEGES.contains(&one.as_str())).map(|one| quoted(one)).collect();
        if !unknown.is_empty() {
            return fail(format!("Invalid privileges specified: frozenset({{{}}})", unknown.join(", ")));
        }
        Ok(Self {
            kind,
            present: args.str("state")? == "present",
            privs: privs.join(","),
            objects,
            schema: schema.unwrap_or("public").to_owned(),
            has_schema: args.opt_str("schema") != Some("not-specified"),
            targets: args
                .opt_str("target_roles")
                .into_iter()
                .flat_map(|names| names.split(','))
                .map(|name| identifier(name.trim()))
                .collect(),
            grant_option: args.opt_bool("grant_option"),
        })
    }

    fn statements(&self, roles: &[String]) -> Vec<String> {
        let roles = roles.join(",");
        match self.kind {
            "group" => self.membership(&roles),
            "default_privs" => self.defaults(&roles),
            _ => self.privileges(&roles),
        }
    }

    fn privileges(&self, roles: &str) -> Vec<String> {
        let (privs, on) = (&self.privs, self.objects_text());
        if !self.present {
            return vec![format!("REVOKE {privs} ON {on} FROM {roles};")];
        }
        let with = if self.grant_option == Some(true) { " WITH GRANT OPTION" } else { "" };
        let mut statements = vec![format!("GRANT {privs} ON {on} TO {roles}{with};")];
        if self.grant_option == Some(false) {
            statements.push(format!("REVOKE GRANT OPTION FOR {privs} ON {on} FROM {roles};"));
        }
        statements
    }

    fn membership(&self, roles: &str) -> Vec<String> {
        let groups = self.objects.iter().map(|name| identifier(name)).collect::<Vec<_>>().join(",");
        if !self.present {
            return vec![format!("REVOKE {groups} FROM {roles};")];
        }
        let with = if self.grant_option == Some(true) { " WITH ADMIN OPTION" } else { "" };
        let mut statements = vec![format!("GRANT {groups} TO {roles}{with};")];
        if self.grant_option == Some(false) {
            statements.push(format!("REVOKE ADMIN OPTION FOR {groups} FROM {roles};"));
        }
        statements
    }

    fn defaults(&self, roles: &str) -> Vec<String> {
        let all = ["TABLES", "SEQUENCES", "TYPES", "FUNCTIONS"].map(str::to_owned);
        let is_all = self.objects.iter().any(|name| name.eq_ignore_ascii_case("ALL_DEFAULT"));
        let kinds: Vec<String> =
            if is_all { all.to_vec() } else { self.objects.iter().map(|name| name.to_uppercase()).collect() };
        let owners =
            if self.targets.is_empty() { String::new() } else { format!(" FOR ROLE {}", self.targets.join(",")) };
        let with = if self.grant_option == Some(true) { " WITH GRANT OPTION" } else { "" };
        let mut statements = Vec::new();
        for kind in &kinds {
            let schema = if self.has_schema && kind != "SCHEMAS" {
                format!(" IN SCHEMA {}", identifier(&self.schema))
            } else {
                String::new()
            };
            let head = format!("ALTER DEFAULT PRIVILEGES{owners}{schema}");
            statements.push(format!("{head} REVOKE ALL ON {kind} FROM {roles};"));
            if self.present {
                let privs = if is_all { default_privileges(kind, &self.privs) } else { self.privs.clone() };
                statements.push(format!("{head} GRANT {privs} ON {kind} TO {roles}{with};"));
            }
        }
        statements
    }

    /// `table "public"."a","public"."b"`.
    fn objects_text(&self) -> String {
        let schema = identifier(&self.schema);
        let plural = match self.kind {
            "table" => "TABLES",
            "sequence" => "SEQUENCES",
            "function" => "FUNCTIONS",
            "procedure" => "PROCEDURES",
            _ => "",
        };
        if !plural.is_empty() && self.objects == ["ALL_IN_SCHEMA"] {
            return format!("ALL {plural} IN SCHEMA {schema}");
        }
        let name = |object: &String| match self.kind {
            "table" | "sequence" | "type" => format!("{schema}.{}", identifier(object)),
            "function" | "procedure" => {
                let (name, arguments) = object.split_once('(').unwrap_or((object, ")"));
                // Arguments are separated by colons, as commas separate objects.
                format!("{schema}.{}({}", identifier(name), arguments.replace(':', ","))
            }
            "parameter" => object.clone(),
            _ => identifier(object),
        };
        let kind = match self.kind {
            "foreign_data_wrapper" => "FOREIGN DATA WRAPPER",
            "foreign_server" => "FOREIGN SERVER",
            other => other,
        };
        format!("{kind} {}", self.objects.iter().map(name).collect::<Vec<_>>().join(","))
    }

    /// The part of the catalogue that these statements change.
    fn catalogue(&self) -> String {
        let (table, column) = match self.kind {
            "group" => return "SELECT roleid, member, admin_option FROM pg_auth_members".to_owned(),
            "default_privs" => {
                return "SELECT defaclrole, defaclnamespace, defaclobjtype, defaclacl FROM pg_default_acl".to_owned();
            }
            "parameter" => return "SELECT parname, paracl FROM pg_parameter_acl".to_owned(),
            "table" | "sequence" => ("pg_class", "relacl"),
            "function" | "procedure" => ("pg_proc", "proacl"),
            "database" => ("pg_database", "datacl"),
            "schema" => ("pg_namespace", "nspacl"),
            "language" => ("pg_language", "lanacl"),
            "tablespace" => ("pg_tablespace", "spcacl"),
            "foreign_data_wrapper" => ("pg_foreign_data_wrapper", "fdwacl"),
            "foreign_server" => ("pg_foreign_server", "srvacl"),
            _ => ("pg_type", "typacl"),
        };
        format!(
            "SELECT oid, (SELECT array_agg(a ORDER BY a::text) FROM unnest({column}) a) FROM {table} WHERE {column} IS NOT NULL"
        )
    }
}

/// With `ALL_DEFAULT`, each kind of object gets those of the privileges that it knows.
fn default_privileges(kind: &str, privs: &str) -> String {
    let known: &[&str] = match kind {
        "TABLES" => &["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"],
        "SEQUENCES" => &["USAGE", "SELECT", "UPDATE"],
        "FUNCTIONS" => &["EXECUTE"],
        _ => &["USAGE"],
    };
    let kept: Vec<&str> = privs.split(',').filter(|one| known.contains(one)).collect();
    if kept.is_empty() { "ALL".to_owned() } else { kept.join(",") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn statements(values: serde_json::Value) -> String {
        let mut values = values.as_object().unwrap().clone();
        values.entry("state").or_insert(json!("present"));
        values.insert("login_db".to_owned(), json!("d"));
        let args = Args::of_map(&values);
        Request::new(&args).unwrap().statements(&["\"r\"".to_owned()]).join(" ")
    }

    #[test]
    fn statements_have_their_form() {
        let cases = [
            (
                json!({"type": "table", "privs": "select,INSERT", "objs": "t"}),
                "GRANT SELECT,INSERT ON table \"public\".\"t\" TO \"r\";",
            ),
            (
                json!({"type": "table", "privs": "ALL", "objs": "ALL_IN_SCHEMA", "state": "absent"}),
                "REVOKE ALL ON ALL TABLES IN SCHEMA \"public\" FROM \"r\";",
            ),
            (json!({"type": "database", "privs": "ALL"}), "GRANT ALL ON database \"d\" TO \"r\";"),
            (
                json!({"type": "function", "privs": "EXECUTE", "objs": "f(int:text)", "schema": "s"}),
                "GRANT EXECUTE ON function \"s\".\"f\"(int,text) TO \"r\";",
            ),
            (json!({"type": "group", "objs": "g", "grant_option": true}), "GRANT \"g\" TO \"r\" WITH ADMIN OPTION;"),
            (
                json!({"type": "default_privs", "privs": "SELECT", "objs": "TABLES", "target_roles": "o"}),
                "ALTER DEFAULT PRIVILEGES FOR ROLE \"o\" IN SCHEMA \"public\" REVOKE ALL ON TABLES FROM \"r\"; ALTER DEFAULT PRIVILEGES FOR ROLE \"o\" IN SCHEMA \"public\" GRANT SELECT ON TABLES TO \"r\";",
            ),
        ];
        for (values, expected) in cases {
            assert_eq!(statements(values), expected);
        }
    }
}
