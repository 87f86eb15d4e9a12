//! A user as the server has it.

use std::collections::BTreeMap;

use super::super::session::{Session, literal};
use super::privileges::{Privileges, parse_grant};
use crate::{Args, Context, ModuleError};

pub(super) struct Account {
    pub plugin: String,
    /// What the plugin stores; for `mysql_native_password` a hash with a star.
    pub hash: String,
    /// `SHOW CREATE USER`.
    text: String,
    expired: bool,
}

impl Account {
    pub(super) fn read(session: &Session, name: &str, host: &str, cx: &mut Context<'_>) -> Result<Self, ModuleError> {
        let place = format!("User = {} AND Host = {}", literal(name), literal(host));
        let statement = format!("SELECT plugin, authentication_string, password_expired FROM mysql.user WHERE {place}");
        let row = session.rows(&statement, cx)?.into_iter().next().unwrap_or_default();
        let column = |at: usize| row.get(at).filter(|text| *text != "NULL").cloned().unwrap_or_default();
        let shown = session.value(&format!("SHOW CREATE USER {}@{}", literal(name), literal(host)), cx)?;
        Ok(Self { plugin: column(0), hash: column(1), expired: column(2) == "Y", text: shown.unwrap_or_default() })
    }

    pub(super) fn is_locked(&self) -> bool {
        self.text.contains("ACCOUNT LOCK")
    }

    /// Whether the server requires just this of connections.
    pub(super) fn requires_so(&self, wanted: &str) -> bool {
        let current = self.text.split_once(" REQUIRE ").map_or("NONE", |(_, rest)| rest);
        let ends = [" WITH ", " PASSWORD ", " ACCOUNT "].iter().filter_map(|end| current.find(end)).min();
        let current = &current[..ends.unwrap_or(current.len())];
        let parts = |text: &str| {
            let mut words: Vec<String> = quoted_words(text).into_iter().filter(|word| word != "AND").collect();
            words.sort();
            words
        };
        parts(current) == parts(wanted)
    }

    pub(super) fn expires_so(&self, args: &Args) -> bool {
        match args.opt_str("password_expire") {
            Some("now") => self.expired,
            Some("never") => self.text.contains("PASSWORD EXPIRE NEVER"),
            Some("interval") => {
                let days = args.opt_int("password_expire_interval").unwrap_or(0);
                self.text.contains(&format!("PASSWORD EXPIRE INTERVAL {days} DAY"))
            }
            _ => {
                !self.expired
                    && !["PASSWORD EXPIRE NEVER", "PASSWORD EXPIRE INTERVAL"]
                        .iter()
                        .any(|text| self.text.contains(text))
            }
        }
    }
}

/// The user's limits by their names. MySQL has no limit of a statement's time.
pub(super) fn limits(
    session: &Session,
    name: &str,
    host: &str,
    cx: &mut Context<'_>,
) -> Result<BTreeMap<String, i64>, ModuleError> {
    let columns = [
        ("MAX_QUERIES_PER_HOUR", "max_questions"),
        ("MAX_UPDATES_PER_HOUR", "max_updates"),
        ("MAX_CONNECTIONS_PER_HOUR", "max_connections"),
        ("MAX_USER_CONNECTIONS", "max_user_connections"),
        ("MAX_STATEMENT_TIME", "max_statement_time"),
    ];
    let mut limits = BTreeMap::new();
    for (limit, column) in columns {
        let place = format!("User = {} AND Host = {}", literal(name), literal(host));
        let value = match session.value(&format!("SELECT {column} FROM mysql.user WHERE {place}"), cx) {
            Err(error) if limit != "MAX_STATEMENT_TIME" => return Err(error),
            other => other.ok().flatten(),
        };
        let number = value.and_then(|value| value.parse::<f64>().ok());
        limits.extend(number.map(|number| (limit.to_owned(), number as i64)));
    }
    Ok(limits)
}

/// Words; what stands in quotes is one.
fn quoted_words(text: &str) -> Vec<String> {
    let (mut words, mut word, mut open) = (Vec::new(), String::new(), false);
    for c in text.chars() {
        match c {
            '\'' => open = !open,
            ' ' if !open => words.push(std::mem::take(&mut word)),
            c => word.push(c),
        }
    }
    words.push(word);
    words.into_iter().filter(|word| !word.is_empty()).collect()
}

/// What the user may do, from `SHOW GRANTS`.
pub(super) fn grants(session: &Session, account: &str, cx: &mut Context<'_>) -> Result<Privileges, ModuleError> {
    let mut privileges = Privileges::new();
    for row in session.rows(&format!("SHOW GRANTS FOR {account}"), cx)? {
        let Some((on, list)) = row.first().and_then(|line| parse_grant(line)) else { continue };
        privileges.entry(on).or_default().extend(list);
    }
    Ok(privileges)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_required_is_read() {
        let account =
            |text: &str| Account { plugin: String::new(), hash: String::new(), text: text.to_owned(), expired: false };
        let plain = account("CREATE USER `a`@`b` IDENTIFIED BY PASSWORD '*X'");
        assert!(plain.requires_so("NONE") && !plain.requires_so("SSL") && !plain.is_locked());
        let tls = account(
            "CREATE USER `a`@`b` REQUIRE ISSUER '/CN=x y' SUBJECT '/CN=a' WITH MAX_QUERIES_PER_HOUR 1 ACCOUNT LOCK",
        );
        assert!(tls.requires_so("SUBJECT '/CN=a' AND ISSUER '/CN=x y'") && tls.is_locked());
    }
}
