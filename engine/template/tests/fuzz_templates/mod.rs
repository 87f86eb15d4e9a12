//! Makes random templates: from a grammar that knows every filter, test and method, and from those of the test cases.

use std::path::Path;
use std::sync::OnceLock;

use kapell_test_support::fuzz::Dice;

const NAMES: &[&str] = &[
    "n", "z", "big", "f", "s", "e", "t", "u", "l", "ll", "ld", "d", "rec", "loop1", "bomb", "nosuch", "item", "loop",
    "omit",
];
const LITERALS: &[&str] = &[
    "0",
    "1",
    "-1",
    "2",
    "7",
    "1000",
    "100000",
    "10**9",
    "10**18",
    "9223372036854775807",
    "-9223372036854775808",
    "99999999999999999999",
    "1.5",
    "-0.0",
    "1e308",
    "1e400",
    "true",
    "false",
    "none",
    "''",
    "'a'",
    "'abc'",
    "'äöü€😀'",
    "'%s'",
    "'%d %(a)s'",
    "'%999999999s'",
    "'%.999999999f'",
    "'{}'",
    "'{0:>99999999}'",
    "'{:,}{!r}'",
    "'(a*)*b'",
    "'(?=(a+)+$)'",
    "r'(a|aa)+$'",
    "'a{1000}{1000}{1000}'",
    "'[[:alpha:]'",
    "'\\\\1'",
    "'\\\\g<x>'",
    "'a' * 100000",
    "'ab,' * 50000",
    "'\\n' * 10000",
    "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!'",
    "[]",
    "{}",
    "()",
    "[1, 'a', none]",
    "{'a': 1, 'b': [1]}",
    "[[1, 2], ['a', 3]]",
    "range(5)",
    "range(10**7)",
    "range(10, 0, -3)",
    "'2024-02-30'",
    "'%Y-%m-%d %Q'",
    "'10.0.0.0/8'",
    "'2001:db8::/32'",
    "'::/0'",
    "'[?a==`1`].b'",
    "'sort_by(@, &v)[*].name'",
    "'a: [1, {b: c}]'",
    "'&a [*a, *a]'",
    "'{\"a\": [1, 2.5e3]}'",
    "'MTIz'",
    "'key'",
    "'sha512'",
    "'bcrypt'",
    "'name'",
    "'append_rp'",
    "'http://u:p@h:99999/x?y#z'",
];
const KEYWORDS: &[&str] = &[
    "attribute",
    "default",
    "reverse",
    "case_sensitive",
    "indent",
    "width",
    "count",
    "start",
    "step",
    "list_merge",
    "recursive",
    "levels",
    "repeat",
    "fillvalue",
    "rounds",
    "seed",
    "index",
    "wantlist",
    "default_style",
    "canonical",
    "sort_keys",
    "ensure_ascii",
    "multiline",
    "ignorecase",
    "hashtype",
    "salt",
    "by",
    "base",
    "method",
    "r",
];
const METHODS: &[&str] = &[
    "upper",
    "split",
    "rsplit",
    "splitlines",
    "join",
    "format",
    "replace",
    "strip",
    "center",
    "ljust",
    "rjust",
    "zfill",
    "expandtabs",
    "encode",
    "decode",
    "index",
    "find",
    "count",
    "startswith",
    "endswith",
    "partition",
    "translate",
    "title",
    "items",
    "keys",
    "values",
    "get",
    "update",
    "pop",
    "append",
    "extend",
    "insert",
    "remove",
    "sort",
    "reverse",
    "clear",
    "copy",
    "setdefault",
    "bit_length",
    "is_integer",
    "hex",
    "isoformat",
    "timestamp",
    "casefold",
    "nosuch",
];
const LOOKUPS: &[&str] = &[
    "items",
    "dict",
    "sequence",
    "nested",
    "together",
    "subelements",
    "random_choice",
    "flattened",
    "list",
    "indexed_items",
    "cartesian",
    "vars",
    "varnames",
    "config",
];
/// Filters that would touch the machine, or take their time on purpose.
const NOT_TRIED: &[&str] = &["fileglob", "realpath", "unvault", "vault"];

/// The names in a table of rows.
fn rows(source: &'static str) -> Vec<&'static str> {
    let starts = source.match_indices("row(").chain(source.match_indices("lenient("));
    let name = |(at, found): (usize, &str)| {
        let rest = source[at + found.len()..].trim_start().strip_prefix('"')?;
        rest.split_once('"').map(|(name, _)| name)
    };
    starts.filter_map(name).filter(|name| !NOT_TRIED.contains(name)).collect()
}

fn filters() -> &'static [&'static str] {
    static NAMES: OnceLock<Vec<&str>> = OnceLock::new();
    NAMES.get_or_init(|| {
        let tables = [
            include_str!("../../src/filters/mod.rs"),
            include_str!("../../src/filters/addresses/mod.rs"),
            include_str!("../../src/filters/general/mod.rs"),
        ];
        tables.into_iter().flat_map(rows).collect()
    })
}

fn tests() -> &'static [&'static str] {
    static NAMES: OnceLock<Vec<&str>> = OnceLock::new();
    NAMES.get_or_init(|| {
        let is_word = |name: &&str| name.chars().all(|c| c.is_alphanumeric() || "._".contains(c));
        rows(include_str!("../../src/jinja_tests/mod.rs")).into_iter().filter(is_word).collect()
    })
}

/// A template the grammar allows, more or less.
pub(crate) fn invented(dice: &mut Dice) -> String {
    let count = 1 + dice.below(4);
    (0..count).map(|_| statement(dice, 3)).collect()
}

fn statement(dice: &mut Dice, depth: usize) -> String {
    let inner = |dice: &mut Dice| if depth == 0 { String::from("x") } else { statement(dice, depth - 1) };
    match dice.below(14) {
        0 => format!("{{% for item in {} %}}{}{{% else %}}e{{% endfor %}}", expression(dice, 2), inner(dice)),
        1 => {
            let (items, test) = (expression(dice, 2), expression(dice, 1));
            format!(
                "{{% for item in {items} if {test} recursive %}}{}{{{{ loop({items}) }}}}{{% endfor %}}",
                inner(dice)
            )
        }
        2 => format!("{{% if {} %}}{}{{% else %}}{}{{% endif %}}", expression(dice, 2), inner(dice), inner(dice)),
        3 => format!("{{% set v = {} %}}{{{{ v }}}}", expression(dice, 3)),
        4 => {
            let (value, times) = (expression(dice, 1), dice.pick(&["3", "60", "10**6"]));
            format!(
                "{{% set ns = namespace(v={value}) %}}{{% for i in range({times}) %}}{{% set ns.v = ns.v ~ ns.v %}}{{% endfor %}}{{{{ ns.v }}}}"
            )
        }
        5 => format!(
            "{{% macro m(a, b={}) %}}{}{{{{ m(a) }}}}{{% endmacro %}}{{{{ m(1) }}}}",
            expression(dice, 1),
            inner(dice)
        ),
        6 => format!("{{% filter {} %}}{}{{% endfilter %}}", filter(dice, 1), inner(dice)),
        7 => format!("{{% with a = {} %}}{}{{% endwith %}}", expression(dice, 2), inner(dice)),
        8 => format!(
            "{{% set x = [] %}}{{% for i in range(99999) %}}{{% set _ = x.append({}) %}}{{% endfor %}}",
            expression(dice, 1)
        ),
        9 => format!("{{% call m() %}}{}{{% endcall %}}", inner(dice)),
        _ => format!("{{{{ {} }}}}", expression(dice, 4)),
    }
}

fn expression(dice: &mut Dice, depth: usize) -> String {
    if depth == 0 {
        return operand(dice);
    }
    let inner = |dice: &mut Dice| expression(dice, depth - 1);
    match dice.below(13) {
        0 => {
            let operator =
                dice.pick(&["+", "-", "*", "/", "//", "%", "**", "~", "and", "or", "==", "<", "in", "not in"]);
            format!("({} {operator} {})", inner(dice), inner(dice))
        }
        1 => format!("({} if {} else {})", inner(dice), inner(dice), inner(dice)),
        2 => format!("[{}, {}]", inner(dice), inner(dice)),
        3 => format!("{{{}: {}}}", operand(dice), inner(dice)),
        4 => format!("{}[{}:{}:{}]", inner(dice), operand(dice), operand(dice), operand(dice)),
        5 => format!("{}[{}]", inner(dice), operand(dice)),
        6 | 7 => format!("({}).{}({})", inner(dice), dice.pick(METHODS), arguments(dice, depth - 1)),
        8 => format!("({} is {} {})", inner(dice), dice.pick(tests()), operand(dice)),
        9 => format!("query('{}', {})", dice.pick(LOOKUPS), arguments(dice, depth - 1)),
        _ => {
            let mut chain = format!("({})", inner(dice));
            let longest = if dice.one_in(8) { 24 } else { 2 };
            for _ in 0..=dice.below(longest) {
                chain = format!("{chain} | {}", filter(dice, depth - 1));
            }
            format!("({chain})")
        }
    }
}

fn filter(dice: &mut Dice, depth: usize) -> String {
    let name = dice.pick(filters());
    if dice.one_in(2) { name.to_owned() } else { format!("{name}({})", arguments(dice, depth)) }
}

fn arguments(dice: &mut Dice, depth: usize) -> String {
    let argument = |dice: &mut Dice| {
        let value = expression(dice, depth.min(1));
        if dice.one_in(4) { format!("{}={value}", dice.pick(KEYWORDS)) } else { value }
    };
    let count = dice.below(4);
    (0..count).map(|_| argument(dice)).collect::<Vec<_>>().join(", ")
}

fn operand(dice: &mut Dice) -> String {
    if dice.one_in(2) { dice.pick(NAMES) } else { dice.pick(LITERALS) }.to_owned()
}

/// The templates of the test cases.
pub(crate) fn corpus(cases: &Path) -> Vec<String> {
    let mut texts = Vec::new();
    let mut files: Vec<_> = fs_err::read_dir(cases).expect("cases").flatten().map(|entry| entry.path()).collect();
    files.sort();
    for path in files.iter().filter(|path| path.extension().is_some_and(|extension| extension == "yml")) {
        let text = fs_err::read_to_string(path).expect("a case file");
        let sources = text.lines().filter_map(|line| line.trim_start_matches("- ").split_once(": ").map(|(_, t)| t));
        texts.extend(sources.filter(|text| text.contains("{{") || text.contains("{%")).map(ToOwned::to_owned));
    }
    texts
}

/// A template of the corpus, damaged.
pub(crate) fn mutated(dice: &mut Dice, corpus: &[String]) -> String {
    let mut text: Vec<char> = corpus[dice.below(corpus.len())].chars().collect();
    for _ in 0..=dice.below(4) {
        let (at, end) = (dice.below(text.len()), dice.below(text.len()));
        let (start, end) = (at.min(end), at.max(end));
        match dice.below(6) {
            0 => drop(text.drain(start..end.min(start + 8))),
            1 => {
                let copy: Vec<char> = text[start..end].to_vec();
                (0..=dice.below(20)).for_each(|_| drop(text.splice(start..start, copy.iter().copied())));
            }
            2 => {
                let other: Vec<char> = corpus[dice.below(corpus.len())].chars().collect();
                let from = dice.below(other.len());
                drop(text.splice(start..start, other[from..].iter().copied()));
            }
            3 => drop(text.splice(start..start, expression(dice, 2).chars())),
            4 => drop(text.splice(start..start, format!(" | {} ", filter(dice, 1)).chars())),
            _ => {
                let odd = ['{', '}', '%', '|', '(', ')', '\'', '"', '\\', '\0', '\n', '-', '#', 'é', '\u{200b}', '9'];
                if let Some(slot) = text.get_mut(start) {
                    *slot = odd[dice.below(odd.len())];
                }
            }
        }
        text.truncate(20_000);
    }
    text.into_iter().collect()
}
