//! The accounts of a server: their global rights, and all that is needed to make them again.

use serde_json::{Value, json};

use super::super::mysql_user::parse_grant;
use super::super::session::{Session, literal};
use super::{Row, field, object};
use crate::{Context, Map, ModuleError};

/// Rights by host and user, as the server's own table has them.
pub(super) fn rights(session: &Session, cx: &mut Context<'_>) -> Result<Value, ModuleError> {
    let mut hosts = Map::new();
    for row in session.named_rows("SELECT * FROM mysql.user", cx)? {
        let mut columns = object(&row, &["Host", "User"]);
        // The one column with a fraction.
        if let Some(Value::String(text)) = columns.get("max_statement_time") {
            let seconds: Option<f64> = text.parse().ok();
            columns.insert("max_statement_time".to_owned(), json!(seconds));
        }
        let users = hosts.entry(field(&row, "Host")).or_insert_with(|| json!({}));
        users[field(&row, "User")] = Value::Object(columns);
    }
    Ok(Value::Object(hosts))
}

pub(super) fn accounts(session: &Session, cx: &mut Context<'_>) -> Result<Value, ModuleError> {
    let mut accounts = Vec::new();
    for row in session.named_rows("SELECT * FROM mysql.user", cx)? {
        let (name, host) = (field(&row, "User"), field(&row, "Host"));
        // A role has no host.
        let role = field(&row, "is_role") == "Y";
        let account = if role { literal(name) } else { format!("{}@{}", literal(name), literal(host)) };
        let Ok(grants) = session.rows(&format!("SHOW GRANTS FOR {account}"), cx) else { continue };
        let lines: Vec<&str> = grants.iter().filter_map(|row| row.first()).map(String::as_str).collect();
        let mut entry = Map::from_iter([
            ("name".to_owned(), name.into()),
            ("host".to_owned(), host.into()),
            ("priv".to_owned(), privileges(&lines).into()),
        ]);
        let shown = session.value(&format!("SHOW CREATE USER {account}"), cx).ok().flatten().unwrap_or_default();
        add_limits(&row, &mut entry);
        add_requirements(&shown, &mut entry);
        entry.insert("plugin".to_owned(), field(&row, "plugin").into());
        let secret = field(&row, "authentication_string");
        entry.insert("plugin_auth_string".to_owned(), secret.into());
        entry.insert("plugin_hash_string".to_owned(), secret.into());
        if !role {
            entry.insert("locked".to_owned(), shown.contains("ACCOUNT LOCK").into());
        }
        accounts.push(Value::Object(entry));
    }
    Ok(accounts.into())
}

/// `db.*:SELECT,INSERT/db.t:UPDATE`. The right to connect is not worth a word beside others.
fn privileges(lines: &[&str]) -> String {
    let granted: Vec<(String, Vec<String>)> =
        lines.iter().filter(|line| !line.starts_with("GRANT PROXY ")).filter_map(|line| parse_grant(line)).collect();
    let only_connects = |(on, list): &&(String, Vec<String>)| on == "*.*" && *list == ["USAGE"];
    let several = granted.iter().any(|entry| !only_connects(&entry));
    let kept = granted.iter().filter(|entry| !several || !only_connects(entry));
    let words = kept.map(|(on, list)| {
        let list: Vec<String> = list.iter().map(|one| one.replacen('(', " (", 1)).collect();
        format!("{}:{}", on.replace('`', ""), list.join(","))
    });
    words.collect::<Vec<_>>().join("/")
}

fn add_limits(row: &Row, entry: &mut Map) {
    let limits = [
        ("MAX_QUERIES_PER_HOUR", "max_questions"),
        ("MAX_UPDATES_PER_HOUR", "max_updates"),
        ("MAX_CONNECTIONS_PER_HOUR", "max_connections"),
        ("MAX_USER_CONNECTIONS", "max_user_connections"),
    ];
    let set = limits.iter().filter_map(|(name, column)| {
        let value: i64 = field(row, column).parse().ok()?;
        (value > 0).then(|| ((*name).to_owned(), value.into()))
    });
    let set: Map = set.collect();
    if !set.is_empty() {
        entry.insert("resource_limits".to_owned(), Value::Object(set));
    }
}

/// What the server wants of a connection, from the statement that makes the account.
fn add_requirements(statement: &str, entry: &mut Map) {
    let Some((_, rest)) = statement.split_once(" REQUIRE ") else { return };
    let mut requirements = Map::new();
    let mut rest = rest.trim_start();
    while let Some(word) = rest.split([' ', ';']).next().filter(|word| !word.is_empty()) {
        let after = rest[word.len()..].trim_start();
        match word {
            "SSL" | "X509" => {
                requirements.insert(word.to_owned(), Value::Null);
                rest = after;
            }
            "SUBJECT" | "ISSUER" | "CIPHER" => {
                let Some((value, left)) = after.strip_prefix('\'').and_then(|text| text.split_once('\'')) else {
                    break;
                };
                requirements.insert(word.to_owned(), value.into());
                rest = left.trim_start();
            }
            "AND" => rest = after,
            _ => break,
        }
    }
    if !requirements.is_empty() {
        entry.insert("tls_requires".to_owned(), Value::Object(requirements));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grants_become_privileges() {
        let lines =
            ["GRANT USAGE ON *.* TO `a`@`%`", "GRANT SELECT, INSERT (`x`) ON `d`.`t` TO `a`@`%` WITH GRANT OPTION"];
        assert_eq!(privileges(&lines), "d.t:SELECT,INSERT (x),GRANT");
        assert_eq!(privileges(&lines[..1]), "*.*:USAGE");
    }

    #[test]
    fn requirements_are_read() {
        let mut entry = Map::new();
        add_requirements("CREATE USER `a`@`b` REQUIRE ISSUER '/CN=b c' SUBJECT '/CN=a' WITH X 1", &mut entry);
        assert_eq!(Value::Object(entry), json!({ "tls_requires": { "ISSUER": "/CN=b c", "SUBJECT": "/CN=a" } }));
    }
}
