//! `community.postgresql.postgresql_user`: roles of a PostgreSQL server.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use md5::{Digest as _, Md5};
use sha2::Sha256;

use super::session::{LOGIN_ARGS, Session, identifier, literal, refuse_dangerous};
use crate::python_repr::str_of;
use crate::{Arg, Args, Context, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module =
    Module::new("community.postgresql.postgresql_user", ARGS, run).shared_args(LOGIN_ARGS);

const ARGS: &[Arg] = &[
    Arg::str("user").required().alias(&["name"]),
    Arg::str("password").no_log(),
    Arg::str("state").default("present").choices(&["absent", "present"]),
    Arg::str("login_db").default("").alias(&["db"]),
    Arg::bool("fail_on_user").default("true").alias(&["fail_on_role"]),
    Arg::str("role_attr_flags").default(""),
    Arg::bool("encrypted").default("true"),
    Arg::bool("no_password_changes").default("false"),
    Arg::str("expires"),
    Arg::int("conn_limit"),
    Arg::str("session_role"),
    Arg::str("comment"),
    Arg::bool("trust_input").default("true"),
    Arg::dict("configuration").default("{}"),
    Arg::bool("reset_unspecified_configuration").default("false"),
    Arg::bool("quote_configuration_values").default("true"),
];

/// Flags of a role and the columns that say whether it has them.
const FLAGS: [(&str, &str); 7] = [
    ("SUPERUSER", "rolsuper"),
    ("CREATEROLE", "rolcreaterole"),
    ("CREATEDB", "rolcreatedb"),
    ("INHERIT", "rolinherit"),
    ("LOGIN", "rolcanlogin"),
    ("REPLICATION", "rolreplication"),
    ("BYPASSRLS", "rolbypassrls"),
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    refuse_dangerous(args, &["user", "password", "role_attr_flags", "expires", "session_role", "comment"])?;
    let flags = flags(args.str("role_attr_flags")?)?;
    let database = args.opt_str("login_db").filter(|name| !name.is_empty()).unwrap_or("postgres");
    let mut task =
        Task { session: Session::new(args, database, cx)?, args, name: args.str("user")?, flags, queries: Vec::new() };
    let exists =
        task.session.value(&format!("SELECT 1 FROM pg_roles WHERE rolname = {}", literal(task.name)), cx)?.is_some();
    let result = ModuleResult::ok().set("user", task.name);
    if args.str("state")? == "absent" {
        return task.remove(exists, result, cx);
    }
    if exists {
        task.alter(cx)?;
    } else {
        task.create(cx)?;
    }
    task.comment(exists, cx)?;
    task.configure(exists, cx)?;
    Ok(result.changed(!task.queries.is_empty()).set("queries", task.queries))
}

/// The flags as they are named, each once.
fn flags(text: &str) -> Result<Vec<String>, ModuleError> {
    let flags: Vec<String> =
        text.split(',').map(|flag| flag.trim().to_uppercase()).filter(|flag| !flag.is_empty()).collect();
    let known = |flag: &str| FLAGS.iter().any(|(name, _)| flag == *name || flag.strip_prefix("NO") == Some(name));
    let unknown: Vec<&str> = flags.iter().map(String::as_str).filter(|flag| !known(flag)).collect();
    if unknown.is_empty() {
        return Ok(flags);
    }
    Err(ModuleError::failed(format!("Invalid role_attr_flags specified: {}", unknown.join(" "))))
}

struct Task<'a> {
    session: Session,
    args: &'a Args,
    name: &'a str,
    flags: Vec<String>,
    /// What was done, with placeholders where values went.
    queries: Vec<String>,
}

impl Task<'_> {
    fn run(&mut self, shown: String, statement: &str, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        self.session.execute(statement, cx)?;
        self.queries.push(shown);
        Ok(())
    }

    fn password_clause(&self) -> &'static str {
        if self.args.bool("encrypted") { "ENCRYPTED PASSWORD" } else { "UNENCRYPTED PASSWORD" }
    }

    /// One statement from clauses, each as it is shown and as it is run.
    fn statement(&mut self, verb: &str, clauses: &[(String, String)], cx: &mut Context<'_>) -> Result<(), ModuleError> {
        let head = format!("{verb} USER {}", identifier(self.name));
        let line = |text: fn(&(String, String)) -> &String| {
            std::iter::once(&head).chain(clauses.iter().map(text)).map(String::as_str).collect::<Vec<_>>().join(" ")
        };
        // Servers since version 10 encrypt always.
        let real = line(|(_, real)| real).replace("UNENCRYPTED PASSWORD", "PASSWORD");
        self.run(line(|(shown, _)| shown), &real, cx)
    }

    fn password(&self) -> Option<(String, String)> {
        let password = self.args.opt_str("password")?;
        if password.is_empty() {
            return Some(same("WITH PASSWORD NULL".to_owned()));
        }
        let clause = self.password_clause();
        Some((format!("WITH {clause} %(password)s"), format!("WITH {clause} {}", literal(password))))
    }

    fn expires(&self) -> Option<(String, String)> {
        let expires = self.args.opt_str("expires")?;
        Some(("VALID UNTIL %(expires)s".to_owned(), format!("VALID UNTIL {}", literal(expires))))
    }

    fn limit(&self) -> Option<(String, String)> {
        self.args.opt_int("conn_limit").map(|limit| same(format!("CONNECTION LIMIT {limit}")))
    }

    fn create(&mut self, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        // Without flags the statement ends in a blank, as Ansible's does.
        let flags = Some(same(self.flags.join(" ")));
        let clauses: Vec<_> = [self.password(), self.expires(), self.limit(), flags].into_iter().flatten().collect();
        self.statement("CREATE", &clauses, cx)
    }

    fn alter(&mut self, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        let mut clauses = Vec::new();
        let checks_password = !self.args.bool("no_password_changes");
        if let Some(clause) = self.password().filter(|_| checks_password)
            && !self.has_password(cx)?
        {
            clauses.push(clause);
        }
        let columns = FLAGS.map(|(_, column)| format!("{column}::int")).join(", ");
        let name = literal(self.name);
        let rows =
            self.session.rows(&format!("SELECT {columns}, rolconnlimit FROM pg_roles WHERE rolname = {name}"), cx)?;
        let row = rows.into_iter().next().unwrap_or_default();
        let column = |at: usize| row.get(at).cloned().flatten().unwrap_or_default();
        let differs = |flag: &String| {
            FLAGS.iter().enumerate().any(|(at, (known, _))| {
                let has = column(at) == "1";
                (flag == known && !has) || (flag.strip_prefix("NO") == Some(known) && has)
            })
        };
        if !clauses.is_empty() {
            clauses.push(same(self.flags.join(" ")));
        } else if self.flags.iter().any(differs) {
            clauses.push(same(format!("WITH {}", self.flags.join(" "))));
        }
        if let Some(clause) = self.expires()
            && self.expires_otherwise(cx)?
        {
            clauses.push(clause);
        }
        let limit_differs =
            self.args.opt_int("conn_limit").is_some_and(|limit| column(FLAGS.len()) != limit.to_string());
        clauses.extend(self.limit().filter(|_| limit_differs));
        if clauses.is_empty() { Ok(()) } else { self.statement("ALTER", &clauses, cx) }
    }

    fn expires_otherwise(&self, cx: &mut Context<'_>) -> Result<bool, ModuleError> {
        let (name, wanted) = (literal(self.name), literal(self.args.opt_str("expires").unwrap_or_default()));
        let statement = format!(
            "SELECT (rolvaliduntil IS DISTINCT FROM {wanted}::timestamptz)::int FROM pg_roles WHERE rolname = {name}"
        );
        Ok(self.session.value(&statement, cx)?.as_deref() != Some("0"))
    }

    fn has_password(&self, cx: &mut Context<'_>) -> Result<bool, ModuleError> {
        let statement = format!("SELECT rolpassword FROM pg_authid WHERE rolname = {}", literal(self.name));
        let stored = self.session.value(&statement, cx)?;
        let wanted = self.args.opt_str("password").unwrap_or_default();
        Ok(is_password(stored.as_deref(), wanted, self.name))
    }

    fn comment(&mut self, existed: bool, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        let Some(comment) = self.args.opt_str("comment") else { return Ok(()) };
        let name = literal(self.name);
        let current = if existed {
            let statement = format!("SELECT shobj_description(oid, 'pg_authid') FROM pg_roles WHERE rolname = {name}");
            self.session.value(&statement, cx)?.unwrap_or_default()
        } else {
            String::new()
        };
        if current == comment {
            return Ok(());
        }
        let statement = format!("COMMENT ON ROLE {} IS {}", identifier(self.name), literal(comment));
        self.run(statement.clone(), &statement, cx)
    }

    fn configure(&mut self, existed: bool, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        let wanted = self.args.dict("configuration").cloned().unwrap_or_default();
        let mut current = Vec::new();
        if existed {
            let statement = format!("SELECT unnest(rolconfig) FROM pg_roles WHERE rolname = {}", literal(self.name));
            let rows = self.session.rows(&statement, cx)?;
            let entry = |row: Vec<Option<String>>| {
                row.first()?.as_ref()?.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned()))
            };
            current = rows.into_iter().filter_map(entry).collect();
        }
        let name = identifier(self.name);
        for (key, value) in &wanted {
            let value = str_of(value);
            if current.iter().any(|(other, now)| other == key && *now == value) {
                continue;
            }
            let quoted = if self.args.bool("quote_configuration_values") { literal(&value) } else { value };
            let statement = format!("ALTER ROLE {name} SET {} TO {quoted}", identifier(key));
            self.run(format!("{statement};"), &statement, cx)?;
        }
        if self.args.bool("reset_unspecified_configuration") {
            for (key, _) in current.iter().filter(|(key, _)| !wanted.contains_key(key)) {
                let statement = format!("ALTER ROLE {name} RESET {}", identifier(key));
                self.run(format!("{statement};"), &statement, cx)?;
            }
        }
        Ok(())
    }

    fn remove(mut self, exists: bool, result: ModuleResult, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
        if !exists {
            return Ok(result.set("queries", self.queries));
        }
        if cx.check_mode {
            return Ok(result.changed(true).set("queries", self.queries).set("user_removed", true));
        }
        let statement = format!("DROP USER {}", identifier(self.name));
        match self.run(statement.clone(), &statement, cx) {
            Ok(()) => Ok(result.changed(true).set("queries", self.queries).set("user_removed", true)),
            Err(error) if self.args.bool("fail_on_user") => {
                Err(ModuleError::failed(format!("Unable to remove user: {error}")))
            }
            Err(_) => Ok(result.set("queries", self.queries).set("user_removed", false)),
        }
    }
}

fn same(clause: String) -> (String, String) {
    (clause.clone(), clause)
}

/// Whether what the server stores is this password, which may itself be given as it is stored.
fn is_password(stored: Option<&str>, wanted: &str, user: &str) -> bool {
    let Some(stored) = stored else { return wanted.is_empty() };
    if stored == wanted {
        return true;
    }
    if let Some(hash) = stored.strip_prefix("md5") {
        return hash == hex::encode(Md5::digest(format!("{wanted}{user}")));
    }
    is_scram(stored, wanted).unwrap_or(false)
}

/// `SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey` (RFC 5803).
fn is_scram(stored: &str, password: &str) -> Option<bool> {
    let (setting, keys) = stored.strip_prefix("SCRAM-SHA-256$")?.split_once('$')?;
    let (iterations, salt) = setting.split_once(':')?;
    let (salt, iterations) =
        (STANDARD.decode(salt).ok()?, iterations.parse::<u32>().ok().filter(|count| *count <= 10_000_000)?);
    let hmac = |key: &[u8], text: &[u8]| -> Option<[u8; 32]> {
        Some(Hmac::<Sha256>::new_from_slice(key).ok()?.chain_update(text).finalize().into_bytes().into())
    };
    let mut block = hmac(password.as_bytes(), &[salt.as_slice(), &[0, 0, 0, 1]].concat())?;
    let mut salted = block;
    for _ in 1..iterations {
        block = hmac(password.as_bytes(), &block)?;
        salted.iter_mut().zip(block).for_each(|(byte, next)| *byte ^= next);
    }
    let client_key = hmac(&salted, b"Client Key")?;
    Some(keys.split(':').next()? == STANDARD.encode(Sha256::digest(client_key)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_compared_with_what_is_stored() {
        let md5 = format!("md5{}", hex::encode(Md5::digest("secretjoe")));
        assert!(is_password(Some(&md5), "secret", "joe") && !is_password(Some(&md5), "other", "joe"));
        assert!(is_password(Some(&md5), &md5, "joe"));
        // A verifier that PostgreSQL 15 made of "secret".
        let scram = "SCRAM-SHA-256$4096:rLd8H8/whAmkU0V188kHZg==$GjSuC61KSRFL7z9iazT1qtMAxyCTjGyIrFJ8j6R0YCs=:kw+L7ADAiYj/FuA54yw8axP3zqhqyFvNW7m8O4OTsLk=";
        assert!(is_password(Some(scram), "secret", "joe") && !is_password(Some(scram), "secrets", "joe"));
        assert!(is_password(None, "", "joe") && !is_password(None, "x", "joe"));
    }

    #[test]
    fn flags_are_checked() {
        assert_eq!(flags("createdb,NOLOGIN").unwrap(), ["CREATEDB", "NOLOGIN"]);
        assert!(flags("BOGUS").is_err());
    }
}
