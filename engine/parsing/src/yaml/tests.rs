//! Loading as a whole: types, keys, tags, places, bounds. Expected values were measured with PyYAML's libyaml loader.

use std::fmt::Write as _;

use super::*;
use crate::Text;

fn load_with(text: &str, vault: &VaultSecrets) -> Result<(Value, Vec<Diagnostic>), Diagnostic> {
    let mut warnings = Vec::new();
    let options = LoadOptions { trust: Trust::Trusted, vault };
    load(&SourceFile::new("site.yml", text), &options, &mut warnings).map(|value| (value, warnings))
}

fn load_text(text: &str) -> Value {
    load_with(text, &VaultSecrets::default()).map_or_else(|error| panic!("{text:?}: {error}"), |(value, _)| value)
}

fn error(text: &str) -> Diagnostic {
    load_with(text, &VaultSecrets::default()).expect_err(text)
}

/// A plain scalar and Python's `repr` of what it is.
const SCALARS: &[(&str, &str)] = &[
    ("yes", "True"),
    ("Off", "False"),
    ("y", "'y'"),
    ("yEs", "'yEs'"),
    ("~", "None"),
    ("", "None"),
    ("nULL", "'nULL'"),
    ("0", "0"),
    ("0644", "420"),
    ("0o644", "'0o644'"),
    ("08", "'08'"),
    ("0_", "0"),
    ("0x1F", "31"),
    ("-0b1_01", "-5"),
    ("0x_", "'0x_'"),
    ("1_000", "1000"),
    ("_1", "'_1'"),
    ("+12", "12"),
    ("1,000", "'1,000'"),
    ("123456789012345678901234567890", "123456789012345678901234567890"),
    ("190:20:30", "685230"),
    ("12:60", "'12:60'"),
    ("01:30", "'01:30'"),
    ("190:20:30.15", "685230.15"),
    ("1e3", "'1e3'"),
    ("1.0e3", "'1.0e3'"),
    ("1.5e+3", "1500.0"),
    ("1.", "1.0"),
    (".5", "0.5"),
    ("-.5", "'-.5'"),
    ("-.inf", "-inf"),
    (".NaN", "nan"),
    ("192.168.1.1", "'192.168.1.1'"),
    ("2024-02-29", "'2024-02-29'"),
    ("2001-12-14t21:59:43.10-5", "'2001-12-14T21:59:43.100000-05:00'"),
    ("2001-12-14 1:59:43 Z", "'2001-12-14T01:59:43+00:00'"),
    ("2023-02-29 1:00:00", "'2023-02-29 1:00:00'"),
    ("a # c", "'a'"),
    ("a#b", "'a#b'"),
    ("'it''s'", "\"it's\""),
    ("\"a\\x41\\n\\u263a\"", "'aA\\n☺'"),
    ("!!str 5", "'5'"),
    ("!!int '0x1f'", "31"),
    ("!!float 5", "5.0"),
    ("!!bool on", "True"),
    ("!!null x", "None"),
    ("!!binary aGVsbG8=", "'hello'"),
    ("! 5", "5"),
    ("!unsafe '5'", "5"),
    ("!!set {b, a}", "['b', 'a']"),
    ("!!pairs [a: 1, a: 2]", "[['a', 1], ['a', 2]]"),
    ("{a: 1, b}", "{'a': 1, 'b': None}"),
    ("{a:b}", "{'a:b': None}"),
];

/// As PyYAML's loader has it: what is refused, and what of it is told.
#[test]
fn merge_marks_and_anchors_are_used_once_and_in_their_places() {
    for (text, told) in [
        ("a: <<", "`<<` is no value"),
        ("- =", "`=` is no value"),
        ("{a: ! <<}", "`<<` is no value"),
        ("a: &x 1\nb: &x 2", "`&x` is set twice"),
        ("a: &x {c: &x 1}", "`&x` is set twice"),
        ("a: &x {b: 1}\nc: &x [1]", "`&x` is set twice"),
    ] {
        let error = error(text);
        assert!(error.message.contains(told), "{text}: {}", error.message);
    }
    for text in ["=: 1", "<<: {a: 1}", "'<<': 1", "a: '<<'", "? <<\n: {a: 1}", "a: '='"] {
        load_text(text);
    }
}

#[test]
fn scalars_have_the_types_of_pyyaml() {
    for (text, expected) in SCALARS {
        assert_eq!(load_text(&format!("k: {text}")).get("k").unwrap().repr(), *expected, "{text:?}");
    }
}

/// A document and its `repr`.
const DOCUMENTS: &[(&str, &str)] = &[
    ("", "None"),
    ("---\n...\n", "None"),
    ("\u{feff}a: 1\r\nb: 2\r\n", "{'a': 1, 'b': 2}"),
    ("a: [\n1,\n]\n", "{'a': [1]}"),
    ("a:\n  b: \"x\n  y\n\n  z\"\n", "{'a': {'b': 'x y\\nz'}}"),
    ("a:\t1\nb: [1,2]# c\n", "{'a': 1, 'b': [1, 2]}"),
    ("a:\n- 1\n-\n- - x\n", "{'a': [1, None, ['x']]}"),
    (
        "a: |\n  x\n   y\n\nb: >\n  x\n  y\n\n  z\nc: |-\n  x\nd: |+\n  x\n\n",
        "{'a': 'x\\n y\\n', 'b': 'x y\\nz\\n', 'c': 'x', 'd': 'x\\n\\n'}",
    ),
    ("a: |\n  x", "{'a': 'x'}"),
    ("a: |+\n  x\n  ", "{'a': 'x\\n'}"),
    ("a: >-\n  x\n  y", "{'a': 'x y'}"),
    ("? a\n: b\n1: c\n1.5: d\n~: e\nyes: f\n", "{'a': 'b', 1: 'c', 1.5: 'd', None: 'e', True: 'f'}"),
    ("x: &x {a: 1}\ny: *x\n&k z: *k\n", "{'x': {'a': 1}, 'y': {'a': 1}, 'z': 'z'}"),
    ("x: &x {k: 1, j: 0}\ny:\n  m: 2\n  <<: *x\n  k: 3\n", "{'x': {'k': 1, 'j': 0}, 'y': {'k': 3, 'j': 0, 'm': 2}}"),
    ("<<: [{a: 1}, {a: 2, b: 2}]\n", "{'a': 1, 'b': 2}"),
    ("<<: {a: 1}\n<<: {a: 2, c: 3}\n", "{'a': 2, 'c': 3}"),
    ("'<<': 1\n", "{'<<': 1}"),
];

#[test]
fn documents_are_read_as_pyyaml_reads_them() {
    for (text, expected) in DOCUMENTS {
        assert_eq!(load_text(text).repr(), *expected, "{text:?}");
    }
}

#[test]
fn a_key_written_twice_is_a_warning_but_overriding_a_merged_one_is_not() {
    let (value, warnings) = load_with("a: 1\nb: 2\na: 3\n", &VaultSecrets::default()).unwrap();
    assert_eq!(value.repr(), "{'a': 3, 'b': 2}");
    let [warning] = warnings.as_slice() else { panic!("{warnings:?}") };
    assert_eq!(warning.message, "the key 'a' is written twice in this mapping");
    assert_eq!(warning.origin.as_ref().unwrap().to_string(), "site.yml:3:1");
    let (_, warnings) = load_with("<<: {a: 1}\na: 2\n", &VaultSecrets::default()).unwrap();
    assert_eq!(warnings, []);
}

#[test]
fn strings_know_their_place_and_trust() {
    let value = load_text("é: [a, 'b']\nk:\n  x: !unsafe {y: [z, *n]}\n".replace("*n", "n").as_str());
    let place = |text: &Text| text.origin().unwrap().to_string();
    let list = value.get("é").unwrap().as_list().unwrap();
    assert_eq!(place(list[0].as_text().unwrap()), "site.yml:1:5");
    assert_eq!(place(list[1].as_text().unwrap()), "site.yml:1:8");
    assert!(list[0].as_text().unwrap().is_trusted());
    let unsafe_list = value.get("k").unwrap().get("x").unwrap().get("y").unwrap().as_list().unwrap();
    assert!(unsafe_list.iter().all(|item| !item.as_text().unwrap().is_trusted()));
    let (key, _) = value.get("k").unwrap().as_map().unwrap().first().unwrap();
    assert!(matches!(key, crate::Key::Str(text) if place(text) == "site.yml:3:3"));
}

#[test]
fn an_alias_within_unsafe_is_untrusted_there_only() {
    let value = load_text("a: &a '{{ x }}'\nb: !unsafe [*a]\nc: !unsafe &c ['{{ y }}']\nd: *c\n");
    assert!(value.get("a").unwrap().as_text().unwrap().is_trusted());
    for key in ["b", "c", "d"] {
        assert!(!value.get(key).unwrap().as_list().unwrap()[0].as_text().unwrap().is_trusted(), "{key}");
    }
}

#[test]
fn vault_scalars_are_opened_when_loaded() {
    let mut secrets = VaultSecrets::default();
    secrets.push("default", b"pw".to_vec());
    let data = String::from_utf8(vault::encrypt("{{ x }}é".as_bytes(), None, b"pw")).unwrap();
    let text = format!("a: !vault |\n  {}\nb: 1\n", data.trim_end().replace('\n', "\n  "));
    let (value, _) = load_with(&text, &secrets).unwrap();
    let opened = value.get("a").unwrap().as_text().unwrap();
    assert_eq!(opened.as_str(), "{{ x }}é");
    assert!(opened.is_secret() && opened.is_trusted());
    let Value::Undefined(why) = load_text(&text).get("a").unwrap().clone() else {
        panic!("decrypted without a secret")
    };
    assert!(why.reason.contains("no vault secrets found"), "{}", why.reason);
}

#[test]
fn an_encrypted_file_is_secret_and_its_lines_are_not_shown() {
    let mut secrets = VaultSecrets::default();
    secrets.push("dev", b"pw".to_vec());
    let path = std::env::temp_dir().join(format!("vault-{}.yml", std::process::id()));
    let options = LoadOptions { trust: Trust::Trusted, vault: &secrets };
    std::fs::write(&path, vault::encrypt(b"a: hunter2\n", Some("dev"), b"pw")).unwrap();
    let value = load_file(&path, &options, &mut Vec::new()).unwrap();
    assert!(value.get("a").unwrap().as_text().unwrap().is_secret());
    std::fs::write(&path, vault::encrypt(b"a: hunter2: x\n", Some("dev"), b"pw")).unwrap();
    let shown = load_file(&path, &options, &mut Vec::new()).unwrap_err().to_string();
    assert!(shown.contains(":1:11") && !shown.contains("hunter2"), "{shown}");
    std::fs::remove_file(&path).unwrap();
    let missing = load_file(&path, &options, &mut Vec::new()).unwrap_err().to_string();
    assert!(missing.contains(path.to_str().unwrap()), "{missing}");
}

#[test]
fn nesting_is_bounded_and_does_not_overflow_the_stack() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    drop(load_text(&nested(MAX_DEPTH)));
    assert!(error(&nested(MAX_DEPTH + 1)).message.contains("levels deep"));
    assert!(error(&nested(100_000)).message.contains("levels deep"));
    let by_alias = format!("- &a {}\n- {}*a{}\n", nested(MAX_DEPTH - 1), "[".repeat(5), "]".repeat(5));
    assert!(error(&by_alias).message.contains("levels deep"));
}

#[test]
fn aliases_cannot_multiply_without_bound() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..9 {
        let aliases = vec![format!("*a{}", level - 1); 9].join(", ");
        writeln!(bomb, "a{level}: &a{level} [{aliases}]").unwrap();
    }
    assert!(error(&bomb).message.contains("aliases expand"));
}

#[test]
fn several_documents_are_for_load_all() {
    let options = LoadOptions { trust: Trust::Trusted, vault: &VaultSecrets::default() };
    let all = load_all(&SourceFile::new("x", "a: 1\n---\nb: 2\n"), &options, &mut Vec::new()).unwrap();
    assert_eq!(all.iter().map(Value::repr).collect::<Vec<_>>(), ["{'a': 1}", "{'b': 2}"]);
    assert_eq!(error("a: 1\n---\nb: 2\n").origin.unwrap().to_string(), "site.yml:2:1");
}

/// Text; line and column; a part of what is said.
const MISTAKES: &[(&str, &str, &str)] = &[
    ("- hosts: all\n  tasks:\n\t- debug:\n", "3:1", "a tab is used for indentation"),
    ("a: {{ x }}\n", "1:4", "this template is not in quotes"),
    ("- copy:\n    src: {{ src }}/x\n    dest: /x\n", "2:10", "this template is not in quotes"),
    ("a: {% if b %}x{% endif %}\n", "1:4", "this template is not in quotes"),
    ("a:b\nc: d\n", "1:3", "there is no space after the `:`"),
    ("- a\n-b\n", "2:1", "there is no space after the `-`"),
    ("- name: install: nginx\n", "1:16", "a second `: ` in one line"),
    ("- when: \"x\" == \"y\"\n", "1:12", "text after the closing quote"),
    ("msg: 'it's here'\n", "1:10", "text after the closing quote"),
    ("a: 1\nmsg: \"never\nb: 1\n", "2:6", "the quote that starts here is not closed"),
    ("a: @x\n", "1:4", "the character @ cannot start a value"),
    ("a: [1, 2\nb: 3\n", "2:2", "a `,` or `]` is missing"),
    ("- hosts: all\n   tasks:\n", "2:9", "the line above holds a value already"),
    ("a:\n  - b\n c: d\n", "3:2", "the mapping around it starts in line 1, column 1"),
    ("a: \"\\z\"\n", "1:5", "write `\\\\` for one"),
    ("a: \u{7}b\n", "1:4", "U+0007"),
    ("x: &abc 1\ny: *abd\n", "2:4", "did you mean 'abc'?"),
    ("a: &x [*x]\n", "1:8", "inside the value it stands for"),
    ("a: !valt x\n", "1:4", "did you mean '!vault'?"),
    ("a: !!int x\n", "1:4", "not an integer"),
    ("a: !vault [x]\n", "1:4", "needs a text"),
    ("[a]: 1\n", "1:1", "cannot be the key"),
    ("<<: 1\n", "1:1", "`<<` merges"),
    ("a: [!!str, b]\n", "1:5", "cannot be read"),
];

#[test]
fn mistakes_are_explained_where_they_are() {
    for (text, place, part) in MISTAKES {
        let shown = error(text).to_string();
        assert!(shown.contains(&format!("site.yml:{place}\n")) && shown.contains(part), "{text:?} gives\n{shown}");
    }
}
