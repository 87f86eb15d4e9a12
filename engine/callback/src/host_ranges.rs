//! Many hosts in few words, as patterns write them: `web[001:250], db1`.

/// A name taken apart at its last number.
struct Parts<'a> {
    before: &'a str,
    digits: &'a str,
    after: &'a str,
}

/// Hosts that differ by one in their last number as a range; the others as they are, in the order given.
pub(crate) fn host_ranges(hosts: &[String]) -> String {
    let mut texts = Vec::new();
    let mut at = 0;
    while at < hosts.len() {
        let run = hosts[at..].windows(2).take_while(|pair| follows(&pair[0], &pair[1])).count() + 1;
        if let (true, Some(first), Some(last)) = (run > 2, parts(&hosts[at]), parts(&hosts[at + run - 1])) {
            texts.push(format!("{}[{}:{}]{}", first.before, first.digits, last.digits, first.after));
            at += run;
        } else {
            texts.push(hosts[at].clone());
            at += 1;
        }
    }
    texts.join(", ")
}

/// Sorted so that numbers count: `web2` comes before `web10`.
pub(crate) fn sort(hosts: &mut [String]) {
    hosts.sort_by_cached_key(|host| match parts(host) {
        Some(Parts { before, digits, after }) => {
            (before.to_owned(), digits.parse::<u64>().unwrap_or(u64::MAX), digits.len(), after.to_owned())
        }
        None => (host.clone(), 0, 0, String::new()),
    });
}

fn follows(one: &str, next: &str) -> bool {
    let (Some(one), Some(next)) = (parts(one), parts(next)) else { return false };
    let value = |parts: &Parts<'_>| parts.digits.parse::<u64>().ok();
    // Ranges count with the zeros of their first number.
    let same_form = one.digits.len() == next.digits.len() || !one.digits.starts_with('0');
    (one.before, one.after) == (next.before, next.after)
        && same_form
        && !(next.digits.starts_with('0') && one.digits.len() != next.digits.len())
        && value(&one).and_then(|value| value.checked_add(1)) == value(&next)
}

fn parts(host: &str) -> Option<Parts<'_>> {
    let end = host.rfind(|c: char| c.is_ascii_digit())? + 1;
    let start = host[..end]
        .rfind(|c: char| !c.is_ascii_digit())
        .map_or(0, |at| at + host[at..].chars().next().map_or(1, char::len_utf8));
    Some(Parts { before: &host[..start], digits: &host[start..end], after: &host[end..] })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(hosts: &[&str]) -> String {
        let mut hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
        sort(&mut hosts);
        host_ranges(&hosts)
    }

    #[test]
    fn numbers_in_a_row_are_a_range() {
        assert_eq!(told(&["web2", "web1", "web3", "db1"]), "db1, web[1:3]");
        assert_eq!(told(&["web09", "web10", "web11", "web13"]), "web[09:11], web13");
        assert_eq!(told(&["web8", "web9", "web10", "web11"]), "web[8:11]");
        assert_eq!(told(&["a1.example.com", "a2.example.com", "a3.example.com"]), "a[1:3].example.com");
        assert_eq!(told(&["10.0.0.1", "10.0.0.2", "10.0.0.3"]), "10.0.0.[1:3]");
    }

    #[test]
    fn others_stay_as_they_are() {
        assert_eq!(told(&["web1", "web2"]), "web1, web2");
        assert_eq!(told(&["web1", "web01", "web001"]), "web1, web01, web001");
        assert_eq!(told(&["größe", "x"]), "größe, x");
        assert_eq!(told(&["web1 -> db", "web2 -> db", "web3 -> db"]), "web[1:3] -> db");
    }
}
