//! The `dns` facts: what `/etc/resolv.conf` says.

use serde_json::Value;

use super::collector::Facts;
use crate::Map;

pub(super) fn collect(facts: &mut Facts<'_, '_>) {
    let text = facts.cx.read_text("/etc/resolv.conf").ok().flatten().unwrap_or_default();
    facts.set("dns", parse(&text));
}

fn parse(text: &str) -> Map {
    let mut dns = Map::new();
    let mut servers: Vec<Value> = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with(['#', ';'])) {
        let mut words = line.split_whitespace();
        let Some(keyword) = words.next() else { continue };
        let rest: Vec<&str> = words.collect();
        match (keyword, rest.first()) {
            ("nameserver", _) => servers.extend(rest.iter().map(|&server| Value::from(server))),
            ("domain", Some(&domain)) => drop(dns.insert("domain".to_owned(), domain.into())),
            ("search" | "sortlist", _) => drop(dns.insert(keyword.to_owned(), rest.into())),
            ("options", _) => drop(dns.insert("options".to_owned(), Value::Object(options(&rest)))),
            _ => {}
        }
    }
    if !servers.is_empty() {
        dns.insert("nameservers".to_owned(), servers.into());
    }
    dns
}

fn options(words: &[&str]) -> Map {
    let option = |word: &&str| match word.split_once(':') {
        Some((name, value)) => (name.to_owned(), Value::from(value)),
        None => ((*word).to_owned(), Value::Bool(true)),
    };
    words.iter().map(option).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::parse;

    #[test]
    fn every_keyword_is_understood() {
        let text = "# x\nnameserver 1.1.1.1\nnameserver ::1\nsearch a b\ndomain c\noptions ndots:2 rotate\nsortlist 10.0.0.0\n";
        let expected = json!({
            "search": ["a", "b"], "domain": "c", "options": {"ndots": "2", "rotate": true}, "sortlist": ["10.0.0.0"],
            "nameservers": ["1.1.1.1", "::1"],
        });
        assert_eq!(json!(parse(text)), expected);
    }
}
