//! YAML at random: inventories of nested groups, and files of variables.

use std::fmt::Write as _;

use kapell_test_support::fuzz::Dice;

use super::{ini, values};

const KEYS: &[&str] = &["a", "b", "port", "opts", "1", "yes", "'x y'", "é", "2.5", "null", "a.b", "http_port", "<<"];
const HOSTS: &[&str] = &[
    "web1",
    "web2",
    "web[1:3]",
    "db[a:c]",
    "node1.example.com",
    "10.0.0.1",
    "localhost",
    "h1:2222",
    "'h[1:2]:2222'",
    "10",
    "'2001:db8::2'",
    "\"[2001:db8::1]:22\"",
    "web",
    "yes",
    "é1",
    "1.5",
    "~",
    "'h[3:1]'",
    "2020-01-01",
];

pub(super) fn inventory(dice: &mut Dice) -> String {
    let mut text = String::from(dice.pick(&["", "", "---\n", "# note\n"]));
    if dice.one_in(2) {
        text.push_str("all:\n");
        group(dice, &mut text, 1);
    } else {
        for _ in 0..=dice.below(2) {
            let _ = writeln!(text, "{}:", dice.pick(ini::GROUPS));
            group(dice, &mut text, 1);
        }
    }
    text
}

fn group(dice: &mut Dice, text: &mut String, level: usize) {
    let indent = "  ".repeat(level);
    let mut parts = vec!["hosts", "vars", "children"];
    parts.rotate_left(dice.below(3));
    for part in parts.into_iter().filter(|part| *part != "children" || level < 6) {
        match dice.below(10) {
            0..=2 => {}
            3 => {
                let odd = dice.pick(&["", " null", " {}", " text", " []", " [a]", " 1", " {a: {b: 1}}", " {a: }"]);
                let _ = writeln!(text, "{indent}{part}:{odd}");
            }
            _ => {
                let _ = writeln!(text, "{indent}{part}:");
                match part {
                    "hosts" => hosts(dice, text, level + 1),
                    "vars" => variables(dice, text, level + 1),
                    _ => children(dice, text, level + 1),
                }
            }
        }
    }
    if dice.one_in(25) {
        let _ = writeln!(text, "{indent}{}: {}", dice.pick(&["odd", "hostvars", "plugin"]), values::of_yaml(dice));
    }
    // Without any line this would be a group of nothing.
}

fn hosts(dice: &mut Dice, text: &mut String, level: usize) {
    let indent = "  ".repeat(level);
    for _ in 0..=dice.below(3) {
        let host = dice.pick(HOSTS);
        match dice.below(4) {
            0 => drop(writeln!(text, "{indent}{host}:")),
            1 => drop(writeln!(text, "{indent}{host}: {{{}: {}}}", dice.pick(values::NAMES), dice.below(100))),
            _ => {
                let _ = writeln!(text, "{indent}{host}:");
                variables(dice, text, level + 1);
            }
        }
    }
}

fn children(dice: &mut Dice, text: &mut String, level: usize) {
    for _ in 0..=dice.below(2) {
        let _ = writeln!(text, "{}{}:", "  ".repeat(level), dice.pick(&ini::GROUPS[..9]));
        group(dice, text, level + 1);
    }
}

/// A map of variables, at least one.
pub(super) fn variables(dice: &mut Dice, text: &mut String, level: usize) {
    let indent = "  ".repeat(level);
    let mut anchored = false;
    for _ in 0..=dice.below(4) {
        let names = if dice.one_in(12) { KEYS } else { values::NAMES };
        let name = dice.pick(names);
        match dice.below(16) {
            0 if level < 6 => {
                let _ = writeln!(text, "{indent}{name}:");
                variables(dice, text, level + 1);
            }
            1 => {
                let _ = writeln!(text, "{indent}{name}:");
                for _ in 0..=dice.below(2) {
                    let _ = writeln!(text, "{indent}- {}", values::of_yaml(dice).replace('\n', " "));
                }
            }
            2 => {
                let style = dice.pick(&["|", ">", "|-", ">-", "|+", ">+"]);
                let _ = writeln!(text, "{indent}{name}: {style}\n{indent}  one\n{indent}  two: x\n\n{indent}   three");
            }
            3 if !anchored => {
                anchored = true;
                let _ = writeln!(text, "{indent}{name}: &mark {{p: 1, q: [2]}}");
            }
            4 if anchored => drop(writeln!(text, "{indent}{name}: {{<<: *mark, q: 3}}")),
            5 if anchored => drop(writeln!(text, "{indent}{name}: *mark")),
            _ => drop(writeln!(text, "{indent}{name}: {}", values::of_yaml(dice).replace('\n', "\n      "))),
        }
    }
}
