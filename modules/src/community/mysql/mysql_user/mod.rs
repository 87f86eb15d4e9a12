//! `community.mysql.mysql_user`: users of a MySQL or MariaDB server, and what they may do.

mod account;
mod privileges;

pub(super) use privileges::parse_grant;

use account::Account;
use privileges::{Policy, Privileges, parse, plan};
use serde_json::{Value, json};
use sha1::{Digest as _, Sha1};

use super::session::{LOGIN_ARGS, Session, identifier, literal};
use crate::{Arg, Args, Constraint, Context, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module = Module::new("community.mysql.mysql_user", ARGS, run)
    .aliases(&["ansible.mysql.mysql_user"])
    .shared_args(LOGIN_ARGS)
    .constraints(&[Constraint::MutuallyExclusive(&["append_privs", "subtract_privs"])]);

const ARGS: &[Arg] = &[
    Arg::str("name").required().alias(&["user"]),
    Arg::str("password").no_log(),
    Arg::bool("encrypted").default("false"),
    Arg::str("host").default("localhost"),
    Arg::bool("host_all").default("false"),
    Arg::str("state").default("present").choices(&["absent", "present"]),
    Arg::raw("priv"),
    Arg::dict("tls_requires"),
    Arg::bool("append_privs").default("false"),
    Arg::bool("subtract_privs").default("false"),
    Arg::dict("attributes"),
    Arg::bool("check_implicit_admin").default("false"),
    Arg::str("update_password").default("always").choices(&["always", "on_create", "on_new_username"]),
    Arg::bool("sql_log_bin").default("true"),
    Arg::str("plugin"),
    Arg::str("plugin_hash_string"),
    Arg::str("plugin_auth_string"),
    Arg::str("salt"),
    Arg::dict("resource_limits"),
    Arg::bool("force_context").default("false"),
    Arg::dict("session_vars"),
    Arg::bool("column_case_sensitive"),
    Arg::str("password_expire").choices(&["now", "never", "default", "interval"]).no_log(),
    Arg::int("password_expire_interval").no_log(),
    Arg::bool("locked"),
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    if args.has("salt") {
        return Err(ModuleError::failed("salt is not supported: give the hash in plugin_hash_string"));
    }
    let mut session = Session::new(args, cx)?;
    if args.bool("force_context") {
        session = session.with_setup("USE mysql");
    }
    let version = session.value("SELECT VERSION()", cx).map_err(|error| {
        ModuleError::failed(format!("unable to connect to database, check login_user and login_password are correct or {} has the credentials. Exception message: {error}", args.opt_str("config_file").unwrap_or_default()))
    })?;
    let name = args.str("name")?;
    let mut task = Task {
        mariadb: version.unwrap_or_default().to_lowercase().contains("mariadb"),
        session,
        args,
        name,
        msg: String::new(),
        changed: false,
        password_changed: Some(false),
        attributes: Value::Null,
    };
    let hosts = task.hosts(cx)?;
    match (args.str("state")?, hosts.is_empty()) {
        ("absent", true) => "User doesn't exist".clone_into(&mut task.msg),
        ("absent", false) => task.drop(&hosts, cx)?,
        (_, true) if args.bool("host_all") => {
            return Err(ModuleError::failed("host_all parameter cannot be used when adding a user"));
        }
        (_, true) => task.create(cx)?,
        _ => {
            "User unchanged".clone_into(&mut task.msg);
            task.attributes = json!({});
            for host in &hosts {
                task.alter(host, cx)?;
            }
        }
    }
    Ok(ModuleResult::ok()
        .changed(task.changed)
        .set("user", name)
        .msg(task.msg)
        .set("password_changed", task.password_changed.map_or(Value::Null, Value::from))
        .set("attributes", task.attributes))
}

struct Task<'a> {
    session: Session,
    args: &'a Args,
    mariadb: bool,
    name: &'a str,
    msg: String,
    changed: bool,
    /// Unknown in a prediction of a new user.
    password_changed: Option<bool>,
    attributes: Value,
}

impl Task<'_> {
    fn hosts(&self, cx: &mut Context<'_>) -> Result<Vec<String>, ModuleError> {
        let mut statement = format!("SELECT Host FROM mysql.user WHERE User = {}", literal(self.name));
        if !self.args.bool("host_all") {
            statement.push_str(&format!(" AND Host = {}", literal(&self.args.str("host")?.to_lowercase())));
        }
        Ok(self.session.rows(&statement, cx)?.into_iter().filter_map(|row| row.into_iter().next()).collect())
    }

    fn account(&self, host: &str) -> String {
        format!("{}@{}", literal(self.name), literal(host))
    }

    fn execute(&mut self, statement: &str, msg: &str, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        self.session.execute(statement, cx)?;
        self.changed = true;
        msg.clone_into(&mut self.msg);
        Ok(())
    }

    fn drop(&mut self, hosts: &[String], cx: &mut Context<'_>) -> Result<(), ModuleError> {
        for host in hosts {
            self.execute(&format!("DROP USER {}", self.account(host)), "User deleted", cx)?;
        }
        Ok(())
    }

    /// How the user authenticates, as a clause; `None` when the task says nothing of it.
    fn authentication(&self) -> Option<String> {
        let args = self.args;
        if let Some(plugin) = args.opt_str("plugin") {
            let plugin = identifier(plugin);
            return Some(match (args.opt_str("plugin_hash_string"), args.opt_str("plugin_auth_string")) {
                (Some(hash), _) => format!("IDENTIFIED WITH {plugin} AS {}", literal(hash)),
                // MariaDB's PAM takes its service with USING.
                (None, Some(text)) if args.opt_str("plugin") == Some("pam") => {
                    format!("IDENTIFIED WITH {plugin} USING {}", literal(text))
                }
                (None, Some(text)) if args.opt_str("plugin") == Some("auth_pam") => {
                    format!("IDENTIFIED WITH {plugin} AS {}", literal(text))
                }
                (None, Some(text)) if self.mariadb => {
                    format!("IDENTIFIED WITH {plugin} USING PASSWORD({})", literal(text))
                }
                (None, Some(text)) => format!("IDENTIFIED WITH {plugin} BY {}", literal(text)),
                (None, None) => format!("IDENTIFIED WITH {plugin}"),
            });
        }
        let password = args.opt_str("password")?;
        Some(match (args.bool("encrypted"), self.mariadb) {
            (true, true) => format!("IDENTIFIED BY PASSWORD {}", literal(password)),
            (true, false) => format!("IDENTIFIED WITH mysql_native_password AS {}", literal(password)),
            (false, _) => format!("IDENTIFIED BY {}", literal(password)),
        })
    }

    /// Another host's user of this name already has a password that is to stay.
    fn inherited(&self, cx: &mut Context<'_>) -> Result<Option<String>, ModuleError> {
        if self.args.opt_str("update_password") != Some("on_new_username") {
            return Ok(None);
        }
        let statement =
            format!("SELECT plugin, authentication_string FROM mysql.user WHERE User = {} LIMIT 1", literal(self.name));
        let row = self.session.rows(&statement, cx)?.into_iter().next();
        Ok(row
            .filter(|row| row.len() == 2)
            .map(|row| format!("IDENTIFIED WITH {} AS {}", identifier(&row[0]), literal(&row[1]))))
    }

    fn create(&mut self, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        let host = self.args.str("host")?.to_lowercase();
        let inherited = self.inherited(cx)?;
        self.password_changed = if cx.check_mode { None } else { Some(inherited.is_none()) };
        let mut words = vec![format!("CREATE USER {}", self.account(&host))];
        words.extend(inherited.or_else(|| self.authentication()));
        words.extend(
            requirements(self.args).map(|text| format!("REQUIRE {text}")).filter(|text| text != "REQUIRE NONE"),
        );
        words.extend(limits(self.args).map(|(_, clause)| clause));
        if self.args.bool("locked") {
            words.push("ACCOUNT LOCK".to_owned());
        }
        self.execute(&words.join(" "), "User added", cx)?;
        if let Some(clause) = expiry(self.args)? {
            self.execute(&format!("ALTER USER {} {clause}", self.account(&host)), "User added", cx)?;
        }
        if let Some(given) = self.args.raw("priv") {
            let wanted = parse(given, self.args.bool("column_case_sensitive"))?;
            let none = Privileges::new();
            if self.args.bool("subtract_privs") {
                return Ok(());
            }
            for (on, list) in plan(&none, &wanted, Policy::Append).grant {
                self.grant(&on, &list, &host, cx)?;
            }
            "User added".clone_into(&mut self.msg);
        }
        self.set_attributes(&host, cx)
    }

    fn alter(&mut self, host: &str, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        let now = Account::read(&self.session, self.name, host, cx)?;
        let account = self.account(host);
        if let Some(clause) = self.authentication()
            && self.args.opt_str("update_password") == Some("always")
            && !self.authenticates_so(&now)
        {
            self.execute(&format!("ALTER USER {account} {clause}"), "Password updated (new style)", cx)?;
            self.password_changed = Some(true);
        }
        if let Some(clause) = expiry(self.args)?
            && !now.expires_so(self.args)
        {
            self.execute(&format!("ALTER USER {account} {clause}"), "Password expiration updated", cx)?;
        }
        self.privileges(host, cx)?;
        if let Some((wanted, clause)) = limits(self.args) {
            let current = account::limits(&self.session, self.name, host, cx)?;
            let differs = wanted.iter().any(|(name, value)| current.get(name) != Some(value));
            if differs {
                self.execute(&format!("ALTER USER {account} {clause}"), "Resource limits updated", cx)?;
            }
        }
        let requires = requirements(self.args).unwrap_or_else(|| "NONE".to_owned());
        if !now.requires_so(&requires) {
            self.execute(&format!("ALTER USER {account} REQUIRE {requires}"), "TLS requires updated", cx)?;
        }
        if let Some(locked) = self.args.opt_bool("locked").filter(|locked| *locked != now.is_locked()) {
            let (verb, msg) = if locked { ("LOCK", "User locked") } else { ("UNLOCK", "User unlocked") };
            self.execute(&format!("ALTER USER {account} ACCOUNT {verb}"), msg, cx)?;
        }
        self.set_attributes(host, cx)
    }

    fn authenticates_so(&self, now: &Account) -> bool {
        let args = self.args;
        if let Some(plugin) = args.opt_str("plugin") {
            let text = args.opt_str("plugin_hash_string").or_else(|| args.opt_str("plugin_auth_string"));
            let native =
                args.opt_str("plugin_auth_string").filter(|_| plugin == "mysql_native_password").map(native_hash);
            return now.plugin == plugin
                && text.is_none_or(|text| now.hash == text || native.as_deref() == Some(now.hash.as_str()));
        }
        let password = args.opt_str("password").unwrap_or_default();
        let wanted = if args.bool("encrypted") { password.to_owned() } else { native_hash(password) };
        now.hash.eq_ignore_ascii_case(&wanted) && matches!(now.plugin.as_str(), "mysql_native_password" | "")
    }

    fn privileges(&mut self, host: &str, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        let Some(given) = self.args.raw("priv") else { return Ok(()) };
        let wanted = parse(given, self.args.bool("column_case_sensitive"))?;
        let policy = match (self.args.bool("append_privs"), self.args.bool("subtract_privs")) {
            (true, _) => Policy::Append,
            (_, true) => Policy::Subtract,
            _ => Policy::Exactly,
        };
        let plan = plan(&account::grants(&self.session, &self.account(host), cx)?, &wanted, policy);
        for (on, list) in &plan.revoke {
            self.revoke(on, list, host, cx)?;
        }
        for (on, list) in &plan.grant {
            self.grant(on, list, host, cx)?;
        }
        if !plan.grant.is_empty() || !plan.revoke.is_empty() {
            let all = |list: &[(String, Vec<String>)]| {
                crate::python_repr::repr(&json!(list.iter().flat_map(|(_, list)| list).collect::<Vec<_>>()))
            };
            self.msg = format!("Privileges updated: granted {}, revoked {}", all(&plan.grant), all(&plan.revoke));
        }
        Ok(())
    }

    fn grant(&mut self, on: &str, list: &[String], host: &str, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        let (with, list): (Vec<&String>, Vec<&String>) = list.iter().partition(|one| *one == "GRANT");
        let list = list.iter().map(|one| one.as_str()).collect::<Vec<_>>().join(",");
        let list = if list.is_empty() { "USAGE" } else { &list };
        let with = if with.is_empty() { "" } else { " WITH GRANT OPTION" };
        let statement = format!("GRANT {list} ON {on} TO {}{with}", self.account(host));
        self.execute(&statement, "Privileges updated", cx).map_err(|error| {
            ModuleError::failed(format!("Error granting privileges, invalid priv string: {list} , exception: {error}."))
        })
    }

    fn revoke(&mut self, on: &str, list: &[String], host: &str, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        let (with, list): (Vec<&String>, Vec<&String>) = list.iter().partition(|one| *one == "GRANT");
        if !with.is_empty() {
            self.execute(
                &format!("REVOKE GRANT OPTION ON {on} FROM {}", self.account(host)),
                "Privileges updated",
                cx,
            )?;
        }
        let list = list.iter().map(|one| one.as_str()).collect::<Vec<_>>().join(",");
        if list.is_empty() {
            return Ok(());
        }
        self.execute(&format!("REVOKE {list} ON {on} FROM {}", self.account(host)), "Privileges updated", cx)
    }

    /// Comments that MySQL 8 keeps with a user, as JSON.
    fn set_attributes(&mut self, host: &str, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        let Some(wanted) = self.args.dict("attributes").cloned() else { return Ok(()) };
        if self.mariadb {
            return Err(ModuleError::failed(
                "user attributes were specified but the server does not support user attributes",
            ));
        }
        let statement = format!(
            "SELECT ATTRIBUTE FROM information_schema.USER_ATTRIBUTES WHERE USER = {} AND HOST = {}",
            literal(self.name),
            literal(host)
        );
        let current = self
            .session
            .value(&statement, cx)?
            .and_then(|text| serde_json::from_str::<crate::Map>(&text).ok())
            .unwrap_or_default();
        let differing: crate::Map = wanted
            .iter()
            .filter(|(key, value)| current.get(*key).unwrap_or(&Value::Null) != *value)
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        let mut after = current;
        after.extend(differing.clone());
        after.retain(|_, value| !value.is_null());
        self.attributes = Value::Object(after);
        if differing.is_empty() {
            return Ok(());
        }
        let text = Value::Object(differing).to_string();
        self.execute(
            &format!("ALTER USER {} ATTRIBUTE {}", self.account(host), literal(&text)),
            "Attributes updated",
            cx,
        )
    }
}

/// The server's own hash of a password: SHA-1, twice.
fn native_hash(password: &str) -> String {
    if password.is_empty() {
        return String::new();
    }
    format!("*{}", hex::encode_upper(Sha1::digest(Sha1::digest(password))))
}

/// `SSL`, `X509`, or `SUBJECT '…' AND ISSUER '…'`; `None` when the task says nothing.
fn requirements(args: &Args) -> Option<String> {
    let wanted = args.dict("tls_requires")?;
    if let Some(word) = wanted.keys().map(|key| key.to_uppercase()).find(|key| key == "SSL" || key == "X509") {
        return Some(word);
    }
    let mut parts: Vec<String> = wanted
        .iter()
        .map(|(key, value)| format!("{} {}", key.to_uppercase(), literal(&crate::python_repr::str_of(value))))
        .collect();
    parts.sort();
    Some(if parts.is_empty() { "NONE".to_owned() } else { parts.join(" AND ") })
}

/// Each limit with its value, and all of them as a clause.
fn limits(args: &Args) -> Option<(Vec<(String, i64)>, String)> {
    let wanted = args.dict("resource_limits")?;
    let number = |value: &Value| value.as_i64().or_else(|| value.as_str()?.parse().ok()).unwrap_or(0);
    let list: Vec<(String, i64)> = wanted.iter().map(|(key, value)| (key.to_uppercase(), number(value))).collect();
    let known = |key: &str| key.starts_with("MAX_") && key.chars().all(|c| c.is_ascii_uppercase() || c == '_');
    let list: Vec<(String, i64)> = list.into_iter().filter(|(key, _)| known(key)).collect();
    let clause = list.iter().map(|(key, value)| format!("{key} {value}")).collect::<Vec<_>>().join(" ");
    (!list.is_empty()).then(|| (list, format!("WITH {clause}")))
}

fn expiry(args: &Args) -> Result<Option<String>, ModuleError> {
    Ok(match args.opt_str("password_expire") {
        None => None,
        Some("now") => Some("PASSWORD EXPIRE".to_owned()),
        Some("never") => Some("PASSWORD EXPIRE NEVER".to_owned()),
        Some("default") => Some("PASSWORD EXPIRE DEFAULT".to_owned()),
        Some(_) => match args.opt_int("password_expire_interval") {
            Some(days) if days > 0 => Some(format!("PASSWORD EXPIRE INTERVAL {days} DAY")),
            _ => {
                return Err(ModuleError::failed(
                    "password_expire value interval requires a positive password_expire_interval",
                ));
            }
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(values: &Value) -> Args {
        Args::of_map(values.as_object().unwrap())
    }

    #[test]
    fn clauses_have_their_form() {
        assert_eq!(native_hash("password"), "*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19");
        assert_eq!(requirements(&args(&json!({"tls_requires": {"SSL": null}}))).as_deref(), Some("SSL"));
        let both = json!({"tls_requires": {"subject": "/CN=a", "issuer": "/CN=b"}});
        assert_eq!(requirements(&args(&both)).as_deref(), Some("ISSUER '/CN=b' AND SUBJECT '/CN=a'"));
        let (_, clause) = limits(&args(&json!({"resource_limits": {"MAX_QUERIES_PER_HOUR": 5}}))).unwrap();
        assert_eq!(clause, "WITH MAX_QUERIES_PER_HOUR 5");
        assert!(expiry(&args(&json!({"password_expire": "interval"}))).is_err());
    }
}
