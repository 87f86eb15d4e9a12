//! Configurations of the plugins `constructed` and `generator` at random.

use std::fmt::Write as _;

use kapell_test_support::fuzz::Dice;

use super::values;

/// Expressions over the variables that the other inventories have.
const EXPRESSIONS: &[&str] = &[
    "a",
    "b | default('none')",
    "port | int + 1",
    "inventory_hostname",
    "inventory_hostname_short",
    "group_names",
    "nosuch",
    "'web' in group_names",
    "weight > 3",
    "a == 'web'",
    "opts",
    "opts.x | default(omit)",
    "ansible_host | default(a)",
    "[a, b]",
    "{'k': a, 'l': ''}",
    "''",
    "none",
    "true",
    "1",
    "a ~ '-' ~ b",
    "inventory_hostname.split('.')",
    "tier is defined",
    "inventory_hostname is match('web')",
    "hostvars",
    "groups",
    "a | upper",
    "tier | length",
    "(",
    "a b",
    "\"{{ a }}\"",
    "{'stage': 'prod', 'role': a | default('x')}",
    "['one', '', 'two']",
    "[]",
    "{}",
    "inventory_file is defined",
    "packages",
    "b | bool",
    "x1 | string",
    "['a b', 'c-d', '1x']",
    "[1, 2]",
    "1.5",
    "none | default('d', true)",
    "omit",
];

pub(super) fn constructed(dice: &mut Dice) -> String {
    let mut text = String::from("plugin: ");
    text.push_str(dice.pick(&["constructed\n", "ansible.builtin.constructed\n"]));
    for option in ["strict", "leading_separator", "use_extra_vars", "use_vars_plugins"] {
        let usual = if option == "strict" { 10 } else { 3 };
        if dice.one_in(usual) {
            let _ = writeln!(text, "{option}: {}", dice.pick(&["true", "false", "yes", "no", "'True'", "1", "0"]));
        }
    }
    for section in ["compose", "groups"] {
        if !dice.one_in(3) {
            let _ = writeln!(text, "{section}:");
            for _ in 0..=dice.below(3) {
                let name = dice.pick(&["a", "c", "made", "web", "new-group", "1x", "all", "ansible_host", "x y"]);
                let _ = writeln!(text, "  {name}: {}", quoted(dice.pick(EXPRESSIONS)));
            }
        }
    }
    if !dice.one_in(4) {
        text.push_str("keyed_groups:\n");
        for _ in 0..=dice.below(3) {
            let _ = writeln!(text, "- key: {}", quoted(dice.pick(EXPRESSIONS)));
            keyed(dice, &mut text);
        }
    }
    text
}

fn keyed(dice: &mut Dice, text: &mut String) {
    if dice.one_in(2) {
        let _ = writeln!(text, "  prefix: {}", dice.pick(&["p", "''", "tag", "a-b", "1", "null"]));
    }
    if dice.one_in(3) {
        let _ = writeln!(text, "  separator: {}", dice.pick(&["''", "'-'", "_", "'__'", "null"]));
    }
    match dice.below(6) {
        0 => drop(writeln!(text, "  default_value: {}", dice.pick(&["none", "''", "1", "x-y"]))),
        1 => drop(writeln!(text, "  trailing_separator: {}", dice.pick(&["true", "false", "no"]))),
        _ => {}
    }
    if dice.one_in(3) {
        let parent =
            dice.pick(&["par", "all", "web", "'{{ a }}'", "'{{ nosuch }}'", "\"p_{{ inventory_hostname }}\"", "x-y"]);
        let _ = writeln!(text, "  parent_group: {parent}");
    }
}

/// A text in single quotes.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

pub(super) fn generator(dice: &mut Dice) -> String {
    let mut text = String::from("plugin: generator\nlayers:\n");
    let layers = ["stage", "app", "nr"];
    let count = 1 + dice.below(3);
    for layer in &layers[..count] {
        let words = dice.pick(&["[dev, prod]", "[web]", "[1, 2]", "[a-b, c.d]", "[]", "[true, null]"]);
        let _ = writeln!(text, "  {layer}: {words}");
    }
    let all = layers[..count].iter().map(|layer| format!("{{{{ {layer} }}}}")).collect::<Vec<_>>();
    let _ = writeln!(text, "hosts:\n  name: \"{}\"", all.join(dice.pick(&["-", "_", "."])));
    if !dice.one_in(4) {
        text.push_str("  parents:\n");
        parents(dice, &mut text, &all, 2);
    }
    text
}

fn parents(dice: &mut Dice, text: &mut String, words: &[String], level: usize) {
    let indent = "  ".repeat(level);
    for _ in 0..=dice.below(1) {
        let name = match dice.below(4) {
            0 => "fixed".to_owned(),
            1 => format!("{}_{}", words[0], words[dice.below(words.len())]),
            _ => format!("g{level}_{}", words[dice.below(words.len())]),
        };
        let _ = writeln!(text, "{indent}- name: \"{name}\"");
        if dice.one_in(2) {
            let _ = writeln!(text, "{indent}  vars:");
            for _ in 0..=dice.below(2) {
                let value = match dice.below(3) {
                    0 => format!("\"{}\"", words[dice.below(words.len())]),
                    _ => values::of_yaml(dice).replace('\n', " "),
                };
                let _ = writeln!(text, "{indent}    {}: {value}", dice.pick(values::NAMES));
            }
        }
        if level < 6 && dice.one_in(2) {
            let _ = writeln!(text, "{indent}  parents:");
            parents(dice, text, words, level + 2);
        }
    }
}
