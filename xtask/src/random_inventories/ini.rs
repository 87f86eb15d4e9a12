//! INI inventories at random: groups, ranges, children before and after their parents, variables, comments.

use std::fmt::Write as _;

use kapell_test_support::fuzz::Dice;

use super::values;

pub(super) const GROUPS: &[&str] =
    &["web", "db", "app", "prod", "staging", "eu_west", "zone1", "leaf", "ungrouped", "all", "web-1", "db.old"];
/// What stands first on a host's line.
pub(super) const HOSTS: &[&str] = &[
    "web1",
    "web2",
    "web[1:3]",
    "web[01:12:4]",
    "db[a:c]",
    "db-[a:b][1:2].example.com",
    "node1.example.com",
    "10.0.0.1",
    "10.0.0.[1:3]",
    "localhost",
    "127.0.0.1",
    "h1:2222",
    "h[1:2]:2222",
    "[2001:db8::1]:22",
    "2001:db8::2",
    "web",
    "app_1",
    "x-y_z",
    "UPPER",
    "é1",
    "a.b",
    "\"quoted\"",
    "'single'",
    "h\\1",
];
const ODD_HOSTS: &[&str] = &[
    "h[1-3]", "h[3:1]", "h[1:]", "[1:3]", "h[", "h]", "h:", "a,b", "h:x", "---", "h=1", "h[1:2", "h:22:23", "{{ h }}",
];
const ODD_LINES: &[&str] = &[
    "[web",
    "[web]x",
    "[web] # note",
    "[ web ]",
    "[web:vars",
    "[:vars]",
    "[web:]",
    "[web:odd]",
    "[]",
    "# note",
    "; note",
    "web1 # note",
    "web1 ; note",
    "web1 a = 1",
    "a: b",
    "web1 a=1 b",
    "\\",
    "'",
    "=",
    "a b=",
    "=1",
    "web1 =1",
    "web1 a==1",
];

pub(super) fn inventory(dice: &mut Dice) -> String {
    let mut text = String::new();
    if dice.one_in(2) {
        hosts(dice, &mut text);
    }
    for _ in 0..=dice.below(6) {
        let groups = if dice.one_in(8) { GROUPS } else { &GROUPS[..8] };
        let group = dice.pick(groups);
        match dice.below(8) {
            0..=3 => {
                let _ = writeln!(text, "[{group}]");
                hosts(dice, &mut text);
            }
            4..=5 => {
                let _ = writeln!(text, "[{group}:vars]");
                variables(dice, &mut text);
            }
            _ => {
                let _ = writeln!(text, "[{group}:children]");
                for _ in 0..=dice.below(3) {
                    let _ = writeln!(text, "{}", dice.pick(&GROUPS[..8]));
                }
            }
        }
    }
    // Mostly nothing is left undefined.
    if !dice.one_in(6) {
        for group in &GROUPS[..8] {
            let _ = writeln!(text, "[{group}]");
        }
    }
    text
}

fn hosts(dice: &mut Dice, text: &mut String) {
    for _ in 0..=dice.below(4) {
        let indent = if dice.one_in(12) { "  " } else { "" };
        match dice.below(60) {
            0 => {
                let _ = writeln!(text, "{}", dice.pick(ODD_LINES));
                continue;
            }
            1 => drop(write!(text, "{indent}{}", dice.pick(ODD_HOSTS))),
            _ => drop(write!(text, "{indent}{}", dice.pick(HOSTS))),
        }
        for _ in 0..dice.below(4) {
            let blank = if dice.one_in(10) { "  \t" } else { " " };
            let _ = write!(text, "{blank}{}={}", dice.pick(values::NAMES), values::of_host(dice));
        }
        text.push_str(ending(dice));
    }
}

fn variables(dice: &mut Dice, text: &mut String) {
    for _ in 0..=dice.below(4) {
        let equals = dice.pick(&["=", "=", "=", " = ", "= ", " =", "\t=\t"]);
        let name = if dice.one_in(15) { "ansible_group_priority" } else { dice.pick(values::NAMES) };
        let value = if name.ends_with("priority") { dice.below(5).to_string() } else { values::of_group(dice) };
        let _ = write!(text, "{name}{equals}{value}{}", ending(dice));
    }
}

fn ending(dice: &mut Dice) -> &'static str {
    match dice.below(24) {
        0 => " # note\n",
        1 => "  \n",
        2 => "\n\n# note\n",
        3 => "\r\n",
        4 => "\n; note\n",
        _ => "\n",
    }
}
