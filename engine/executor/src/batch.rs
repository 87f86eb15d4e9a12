//! `serial`: a play's hosts cut into batches.

use kapell_parsing::Value;
use thiserror::Error;

#[derive(Debug, Error, PartialEq, Eq)]
pub enum SerialError {
    #[error("serial must be a number, a percentage or a list of these, not '{0}'")]
    NotANumber(String),
}

/// Cuts `hosts` into batches by an already templated `serial`. Nothing or 0 means one batch of all; the last size of
/// a list repeats until no host is left; a percentage is of all hosts, at least one.
pub fn batches(hosts: &[String], serial: Option<&Value>) -> Result<Vec<Vec<String>>, SerialError> {
    let sizes = match serial {
        None | Some(Value::Null) => vec![],
        Some(Value::List(items)) => items.iter().map(|item| size(item, hosts.len())).collect::<Result<_, _>>()?,
        Some(value) => vec![size(value, hosts.len())?],
    };
    let mut rest = hosts;
    let mut batches = Vec::new();
    let mut sizes = sizes.into_iter().peekable();
    let mut current = rest.len();
    while !rest.is_empty() {
        if let Some(size) = sizes.next() {
            current = size;
        }
        let taken = if current == 0 { rest.len() } else { current.min(rest.len()) };
        batches.push(rest[..taken].to_vec());
        rest = &rest[taken..];
    }
    Ok(batches)
}

/// One batch size: a count (anything not positive means all), or a percentage of `total`.
fn size(value: &Value, total: usize) -> Result<usize, SerialError> {
    let bad = || SerialError::NotANumber(value.to_string());
    match value {
        Value::Int(count) => Ok(usize::try_from(*count).unwrap_or(0)),
        Value::Float(count) => Ok(*count as usize),
        Value::Str(text) => match text.trim().strip_suffix('%') {
            Some(percent) => {
                let percent: f64 = percent.trim().parse().map_err(|_| bad())?;
                Ok(((percent / 100.0 * total as f64) as usize).max(1))
            }
            None => text.trim().parse::<i64>().map(|count| usize::try_from(count).unwrap_or(0)).map_err(|_| bad()),
        },
        _ => Err(bad()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(total: usize, serial: &Value) -> Vec<usize> {
        let hosts: Vec<String> = (0..total).map(|n| format!("h{n}")).collect();
        batches(&hosts, Some(serial)).unwrap().iter().map(Vec::len).collect()
    }

    #[test]
    fn serial_cuts_as_ansible_documents() {
        let list = |items: &[Value]| Value::list(items.to_vec());
        let cases: &[(usize, Value, &[usize])] = &[
            (5, Value::Int(2), &[2, 2, 1]),
            (5, Value::Int(0), &[5]),
            (5, Value::Int(-1), &[5]),
            (10, Value::from("30%"), &[3, 3, 3, 1]),
            (3, Value::from("10%"), &[1, 1, 1]),
            (10, list(&[Value::Int(1), Value::from("50%")]), &[1, 5, 4]),
            (6, list(&[Value::Int(1), Value::Int(2)]), &[1, 2, 2, 1]),
            (0, Value::Int(2), &[]),
        ];
        for (total, serial, expected) in cases {
            assert_eq!(&sizes(*total, serial), expected, "serial {serial} of {total}");
        }
    }

    #[test]
    fn nonsense_is_an_error() {
        assert!(batches(&["a".into()], Some(&Value::from("many"))).is_err());
    }
}
