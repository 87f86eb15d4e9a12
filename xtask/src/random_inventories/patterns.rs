//! Patterns of hosts at random, and inventories they are asked of.

use std::fmt::Write as _;

use kapell_test_support::fuzz::Dice;

use super::values;

const GROUPS: &[&str] = &["web", "db", "prod", "staging", "eu_west", "web_new", "empty", "db1"];
const HOSTS: &[&str] = &[
    "web[1:4]",
    "web[01:05]",
    "db[a:c]",
    "db1",
    "node1.example.com",
    "node2.example.com",
    "10.0.0.[1:3]",
    "2001:db8::1",
    "localhost",
    "x-y",
    "web",
    "UP",
    "h1:2222",
];
const NAMES: &[&str] = &[
    "all",
    "*",
    "ungrouped",
    "web",
    "db",
    "prod",
    "staging",
    "eu_west",
    "empty",
    "db1",
    "web1",
    "web01",
    "web3",
    "dba",
    "node1.example.com",
    "10.0.0.1",
    "10.0.0.2",
    "2001:db8::1",
    "localhost",
    "127.0.0.1",
    "x-y",
    "nobody",
    "UP",
    "up",
    "h1",
    "web*",
    "*.example.com",
    "10.0.0.*",
    "w?b",
    "web?",
    "web[12]",
    "web[!1]",
    "web[1-3]*",
    "[wd]*",
    "*b*",
    "~web\\d+$",
    "~(web|db).*",
    "~.*[13]$",
    "~^d",
    "~x|y",
    "db[abc]",
    "?*",
    "node*",
    "*[0-9]",
    "w*[2]",
    "~web[0-9]",
    "~UP|up",
    "~",
    "~(",
    "*:*",
    "[2001:db8::1]",
    "all.yml",
    "web1.*",
    "~(?i)WEB1",
    "~web1",
    "pro[d]",
    "[!w]*",
    "[]w]*",
    "web[]",
];
const SUBSCRIPTS: &[&str] = &[
    "[0]", "[1]", "[-1]", "[-2]", "[9]", "[0:1]", "[1:2]", "[1:]", "[0-1]", "[2-]", "[0:0]", "[3:1]", "[:2]", "[1:-1]",
    "[x]",
];
pub(super) const FILE: &str = "limit.txt";

/// A few groups of a few hosts.
pub(super) fn inventory(dice: &mut Dice) -> String {
    let mut text = String::new();
    let hosts = |dice: &mut Dice, text: &mut String| {
        for _ in 0..dice.below(4) {
            let _ = writeln!(text, "{}", dice.pick(HOSTS));
        }
    };
    hosts(dice, &mut text);
    for group in GROUPS {
        let _ = writeln!(text, "[{group}]");
        if *group != "empty" {
            hosts(dice, &mut text);
        }
    }
    // Down the list only, so that nothing turns in circles.
    for (at, group) in GROUPS.iter().enumerate().filter(|(at, _)| *at + 1 < GROUPS.len()) {
        if dice.one_in(4) {
            let _ = writeln!(text, "[{group}:children]\n{}", dice.pick(&GROUPS[at + 1..]));
        }
    }
    text
}

/// The same, with variables.
pub(super) fn with_variables(dice: &mut Dice) -> String {
    let mut text = String::new();
    for line in inventory(dice).lines() {
        text.push_str(line);
        let is_host = !line.starts_with('[') && !GROUPS.contains(&line);
        for _ in 0..if is_host { dice.below(4) } else { 0 } {
            let _ =
                write!(text, " {}={}", dice.pick(values::NAMES), dice.pick(&["web", "3", "yes", "a.b", "''", "x-y"]));
        }
        text.push('\n');
    }
    text
}

/// The lines of a file that a limit names.
pub(super) fn file(dice: &mut Dice) -> String {
    let mut text = String::new();
    for _ in 0..dice.below(4) {
        let blank = dice.pick(&["", "", "  ", "\n", "# "]);
        let _ = writeln!(text, "{blank}{}", term(dice));
    }
    text
}

pub(super) fn pattern(dice: &mut Dice) -> String {
    let separator = dice.pick(&[":", ":", ",", ",", ", ", " ", ";"]);
    let count = 1 + dice.below(4);
    let mut terms: Vec<String> = (0..count).map(|_| term(dice)).collect();
    if dice.one_in(20) {
        terms.push(String::new());
    }
    terms.join(separator)
}

pub(super) fn limit(dice: &mut Dice) -> String {
    match dice.below(4) {
        0 => format!("@{FILE}"),
        1 => format!("{}{}@{FILE}", pattern(dice), dice.pick(&[":", ","])),
        _ => pattern(dice),
    }
}

fn term(dice: &mut Dice) -> String {
    let operation = dice.pick(&["", "", "", "", "&", "!", "!"]);
    let name = dice.pick(NAMES);
    let subscript = if dice.one_in(5) { dice.pick(SUBSCRIPTS) } else { "" };
    format!("{operation}{name}{subscript}")
}
