//! Privileges: as tasks write them, as the server lists them, and what leads from one to the other.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::ModuleError;
use crate::python_repr::str_of;

/// What is granted on what: `` `db`.* `` to privileges, in order.
pub(super) type Privileges = BTreeMap<String, Vec<String>>;

/// `db.table:PRIV,PRIV/db2.*:PRIV`, or a dict of the same.
pub(super) fn parse(given: &Value, keep_case: bool) -> Result<Privileges, ModuleError> {
    let entries: Vec<(String, String)> = match given {
        Value::Object(map) => map.iter().map(|(on, privs)| (on.clone(), words(privs))).collect(),
        Value::String(text) => text.split('/').map(split_entry).collect::<Result<_, _>>()?,
        other => return Err(ModuleError::failed(format!("priv parameter must be str or dict but got {other}"))),
    };
    let mut privileges = Privileges::new();
    for (on, privs) in entries {
        let list =
            separate(&privs).into_iter().map(|one| if keep_case { upper_outside(&one) } else { one.to_uppercase() });
        let list: Vec<String> = list.map(|one| if one == "ALL PRIVILEGES" { "ALL".to_owned() } else { one }).collect();
        privileges.entry(object(on.trim())).or_default().extend(list);
    }
    // A user has at least the right to connect.
    privileges.entry("*.*".to_owned()).or_insert_with(|| vec!["USAGE".to_owned()]);
    Ok(privileges)
}

fn words(privs: &Value) -> String {
    match privs {
        Value::Array(items) => items.iter().map(str_of).collect::<Vec<_>>().join(","),
        other => str_of(other),
    }
}

fn split_entry(entry: &str) -> Result<(String, String), ModuleError> {
    let invalid = || ModuleError::failed(format!("invalid privileges string: {entry}"));
    let (on, privs) = entry.trim().rsplit_once(':').ok_or_else(invalid)?;
    Ok((on.to_owned(), privs.to_owned()))
}

/// Commas within parentheses separate columns, not privileges.
fn separate(text: &str) -> Vec<String> {
    let (mut list, mut depth) = (vec![String::new()], 0_i32);
    for c in text.chars() {
        depth += i32::from(c == '(') - i32::from(c == ')');
        match (c, list.last_mut()) {
            (',', _) if depth == 0 => list.push(String::new()),
            (c, Some(last)) => last.push(c),
            (_, None) => {}
        }
    }
    list.iter().map(|one| tight(one)).filter(|one| !one.is_empty()).collect()
}

/// `SELECT (a, b)` is `SELECT(a,b)`, columns sorted; other blanks separate words.
fn tight(privilege: &str) -> String {
    let Some((name, columns)) = privilege.trim().split_once('(') else { return privilege.trim().to_owned() };
    let mut columns: Vec<&str> =
        columns.trim_end().trim_end_matches(')').split(',').map(|column| column.trim().trim_matches('`')).collect();
    columns.sort_unstable();
    format!("{}({})", name.trim(), columns.join(","))
}

fn upper_outside(privilege: &str) -> String {
    match privilege.split_once('(') {
        Some((name, columns)) => format!("{}({columns}", name.to_uppercase()),
        None => privilege.to_uppercase(),
    }
}

/// The object with its names quoted: `` `db`.`table` ``; `FUNCTION` and `PROCEDURE` may come first.
fn object(text: &str) -> String {
    let (kind, path) = match text.split_once(' ') {
        Some((kind, path)) if matches!(kind.to_uppercase().as_str(), "FUNCTION" | "PROCEDURE") => {
            (format!("{} ", kind.to_uppercase()), path)
        }
        _ => (String::new(), text),
    };
    let (database, table) = if let Some(rest) = path.strip_prefix('`') {
        rest.split_once("`.").unwrap_or((rest.trim_end_matches('`'), "*"))
    } else {
        path.split_once('.').unwrap_or((path, "*"))
    };
    let quoted = |name: &str| match name.trim_matches('`') {
        "*" => "*".to_owned(),
        name => format!("`{name}`"),
    };
    format!("{kind}{}.{}", quoted(database), quoted(table))
}

/// A line of `SHOW GRANTS`; `None` for lines that grant roles.
pub(in crate::community::mysql) fn parse_grant(line: &str) -> Option<(String, Vec<String>)> {
    let rest = line.strip_prefix("GRANT ")?;
    let (privs, rest) = rest.split_once(" ON ")?;
    let (on, rest) = rest.split_once(" TO ")?;
    let mut list: Vec<String> = separate(privs)
        .iter()
        .map(|one| if one == "ALL PRIVILEGES" { "ALL".to_owned() } else { upper_outside(one) })
        .collect();
    if rest.contains("WITH GRANT OPTION") {
        list.push("GRANT".to_owned());
    }
    Some((object(on), list))
}

/// How a task's privileges relate to those a user has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Policy {
    Exactly,
    Append,
    Subtract,
}

/// What to grant and what to revoke, object by object.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    pub grant: Vec<(String, Vec<String>)>,
    pub revoke: Vec<(String, Vec<String>)>,
}

pub(super) fn plan(current: &Privileges, wanted: &Privileges, policy: Policy) -> Plan {
    let mut plan = Plan::default();
    let usage = |list: &[String]| list.iter().all(|one| one == "USAGE");
    if policy == Policy::Exactly {
        for (on, list) in current.iter().filter(|(on, list)| !wanted.contains_key(*on) && !usage(list)) {
            plan.revoke.push((on.clone(), list.clone()));
        }
    }
    for (on, list) in wanted {
        let has = current.get(on).map_or(&[][..], Vec::as_slice);
        let lacks = |of: &[String], one: &String| !of.contains(one);
        if policy == Policy::Subtract {
            let gone: Vec<String> = list.iter().filter(|one| has.contains(one) && *one != "USAGE").cloned().collect();
            if !gone.is_empty() {
                plan.revoke.push((on.clone(), gone));
            }
            continue;
        }
        let missing: Vec<String> = list.iter().filter(|one| lacks(has, one) && *one != "USAGE").cloned().collect();
        let surplus: Vec<String> = has.iter().filter(|one| lacks(list, one) && *one != "USAGE").cloned().collect();
        if policy == Policy::Exactly && !surplus.is_empty() {
            plan.revoke.push((on.clone(), surplus));
        }
        // Who has everything needs nothing more.
        let covered =
            has.iter().any(|one| one == "ALL") && policy == Policy::Append && missing.iter().all(|one| one != "GRANT");
        if !missing.is_empty() && !covered {
            plan.grant.push((on.clone(), missing));
        }
    }
    plan
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn privileges_are_read() {
        let privileges = parse(&json!("d1.*:select,INSERT/`a.b`.t:SELECT (x, a),GRANT"), false).unwrap();
        assert_eq!(privileges["`d1`.*"], ["SELECT", "INSERT"]);
        assert_eq!(privileges["`a.b`.`t`"], ["SELECT(A,X)", "GRANT"]);
        assert_eq!(privileges["*.*"], ["USAGE"]);
        assert_eq!(parse(&json!({"*.*": ["PROCESS", "RELOAD"]}), false).unwrap()["*.*"], ["PROCESS", "RELOAD"]);
        assert!(parse(&json!("bad"), false).is_err());
        let (on, list) = parse_grant("GRANT ALL PRIVILEGES ON `d1`.* TO `al`@`localhost` WITH GRANT OPTION").unwrap();
        assert_eq!((on.as_str(), list), ("`d1`.*", vec!["ALL".to_owned(), "GRANT".to_owned()]));
        assert_eq!(parse_grant("GRANT `role` TO `al`@`localhost`"), None);
    }

    #[test]
    fn plans_say_what_to_grant_and_revoke() {
        let current = parse(&json!("d.*:SELECT,INSERT/e.*:ALL"), false).unwrap();
        let wanted = parse(&json!("d.*:SELECT,UPDATE"), false).unwrap();
        let one =
            |on: &str, list: &[&str]| (on.to_owned(), list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>());
        let exact = plan(&current, &wanted, Policy::Exactly);
        assert_eq!(exact.grant, [one("`d`.*", &["UPDATE"])]);
        assert_eq!(exact.revoke, [one("`e`.*", &["ALL"]), one("`d`.*", &["INSERT"])]);
        let append = plan(&current, &wanted, Policy::Append);
        assert_eq!((append.grant.len(), append.revoke.len()), (1, 0));
        assert_eq!(plan(&current, &wanted, Policy::Subtract).revoke, [one("`d`.*", &["SELECT"])]);
        assert_eq!(plan(&current, &current, Policy::Exactly), Plan::default());
    }
}
