//! The kernel's command line.

use serde_json::Value;

use super::collector::{Facts, content};
use crate::{Map, words};

pub(super) fn collect(facts: &mut Facts<'_, '_>) {
    let Some(line) = content("/proc/cmdline") else { return };
    let (last, all) = parse(&line);
    facts.set("cmdline", last);
    facts.set("proc_cmdline", all);
}

/// The options with their last value, and with all their values.
fn parse(line: &str) -> (Map, Map) {
    let words = words::split(line).unwrap_or_else(|_| line.split_whitespace().map(str::to_owned).collect());
    let (mut last, mut all) = (Map::new(), Map::new());
    for word in words {
        let (key, value) =
            word.split_once('=').map_or((word.as_str(), Value::Bool(true)), |(key, value)| (key, value.into()));
        last.insert(key.to_owned(), value.clone());
        match all.get_mut(key) {
            None => drop(all.insert(key.to_owned(), value)),
            Some(Value::Array(values)) => values.push(value),
            Some(single) => *single = Value::Array(vec![single.take(), value]),
        }
    }
    (last, all)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::parse;

    #[test]
    fn repeated_options_keep_all_values() {
        let (last, all) = parse("quiet console=tty0 console=ttyS0,115200 root=UUID=a-b");
        assert_eq!(json!(last), json!({"quiet": true, "console": "ttyS0,115200", "root": "UUID=a-b"}));
        assert_eq!(all["console"], json!(["tty0", "ttyS0,115200"]));
    }
}
