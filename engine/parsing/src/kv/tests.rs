//! Cases measured with ansible-core 2.19.

use super::*;
use crate::{Origin, SourceFile};

/// Text, pairs, words without `=`.
type Case = (&'static str, &'static [(&'static str, &'static str)], &'static [&'static str]);

const PAIRS: &[Case] = &[
    ("a=b c=d", &[("a", "b"), ("c", "d")], &[]),
    ("a=\"b c\" d='e f'", &[("a", "b c"), ("d", "e f")], &[]),
    ("src=a.txt dest={{ foo }}/bar mode=0644", &[("src", "a.txt"), ("dest", "{{ foo }}/bar"), ("mode", "0644")], &[]),
    ("dest={{ foo | default('x y') }} x=1", &[("dest", "{{ foo | default('x y') }}"), ("x", "1")], &[]),
    ("msg='{{ \"a b\" }}' y", &[("msg", "{{ \"a b\" }}")], &["y"]),
    ("a=b=c d==e", &[("a", "b=c"), ("d", "=e")], &[]),
    ("a=b \\\n  c=d", &[("a", "b"), ("c", "d")], &[]),
    ("a=b\n  c=d", &[("a", "b"), ("c", "d")], &[]),
    ("a= b", &[("a", "")], &["b"]),
    ("a =b =c", &[], &["a", "=b", "=c"]),
    ("a\\=b c=d", &[("c", "d")], &["a=b"]),
    ("a=\"x\\\"y z\" b='x\\'y'", &[("a", "x\"y z"), ("b", "x'y")], &[]),
    (
        "a=x\\ny b=\"\\n\" c='\\\\n' d=\\xe9\\u00e9\\q\\101",
        &[("a", "x\ny"), ("b", "\n"), ("c", "\\n"), ("d", "éé\\q\\101")],
        &[],
    ),
    ("a={# c d #} b={% if x %} {{ y }}", &[("a", "{# c d #}"), ("b", "{% if x %}")], &["{{ y }}"]),
    ("a=1 a=2", &[("a", "2")], &[]),
    ("a=b\tc=d", &[("a", "b\tc=d")], &[]),
    ("a=\"\"b c=''", &[("a", "\"\"b"), ("c", "")], &[]),
    ("file.yml", &[], &["file.yml"]),
    ("", &[], &[]),
];

/// Text, options, command line.
type FreeFormCase = (&'static str, &'static [(&'static str, &'static str)], &'static str);

const FREE_FORM: &[FreeFormCase] = &[
    ("echo hello chdir=/tmp creates=/x", &[("chdir", "/tmp"), ("creates", "/x")], "echo hello"),
    (
        "chdir=/tmp echo \"hello   world\"   | grep   'a=b'",
        &[("chdir", "/tmp")],
        "echo \"hello   world\"   | grep   'a=b'",
    ),
    ("echo foo=bar creates=\"x y\" z", &[("creates", "x y")], "echo foo=bar z"),
    ("echo one\necho two chdir=/tmp\n  echo three", &[("chdir", "/tmp")], "echo one\necho two echo three"),
    ("echo x\nchdir=/y", &[("chdir", "/y")], "echo x\n"),
    ("y   creates=x   z ", &[("creates", "x")], "y   z "),
    ("echo \\\n hi; \\\necho \\n", &[], "echo hi; echo \\n"),
    ("cat <<E\n    a\n\n  b\nE\n", &[], "cat <<E\n    a\n\n  b\nE\n"),
    ("echo {{ a }}  chdir={{ d e }}", &[("chdir", "{{ d e }}")], "echo {{ a }} "),
    ("creates = /y \"creates=/x\"", &[], "creates = /y \"creates=/x\""),
    (" creates=x y", &[("creates", "x")], "y"),
    ("", &[], ""),
];

const UNCLOSED: &[(&str, &str)] = &[
    ("a=it's", "the quote ' is not closed"),
    ("a=\"x\\\\\" b=\"y\"", "the quote \" is not closed"),
    ("a={{ x", "the template block {{ is not closed"),
    ("echo ${#array[@]}", "the template block {# is not closed"),
];

fn text(text: &str) -> Text {
    Text::trusted(text, Some(Origin::new(SourceFile::new("site.yml", text), 1, 1)))
}

fn map(pairs: &[(&str, &str)]) -> Map {
    pairs.iter().map(|(key, value)| (Key::from(*key), Value::from(*value))).collect()
}

#[test]
fn pairs_and_words() {
    for (line, pairs, rest) in PAIRS {
        let found = parse(&text(line)).unwrap();
        assert_eq!(found.pairs, map(pairs), "{line:?}");
        assert_eq!(found.rest.iter().map(Text::as_str).collect::<Vec<_>>(), *rest, "{line:?}");
    }
}

#[test]
fn command_lines_stay_as_they_are() {
    for (line, pairs, command) in FREE_FORM {
        let (options, rest) = parse_free_form(&text(line), &["chdir", "creates"]).unwrap();
        assert_eq!((options, rest.as_str()), (map(pairs), *command), "{line:?}");
    }
}

#[test]
fn unclosed_quotes_and_blocks_are_errors_with_a_place() {
    for (line, expected) in UNCLOSED {
        let error = parse(&text(line)).unwrap_err();
        assert!(error.message.starts_with(expected), "{line:?}: {error}");
        assert_eq!(error.origin.map(|origin| origin.to_string()).as_deref(), Some("site.yml:1:1"));
        assert!(parse_free_form(&text(line), &[]).is_err());
    }
}

#[test]
fn trust_secrecy_and_place_are_kept() {
    let line = text("a=b c").with_secret(true).with_trust(crate::Trust::Untrusted);
    let found = parse(&line).unwrap();
    for part in [found.pairs["a"].as_text().unwrap(), &found.rest[0]] {
        assert!(part.is_secret() && !part.is_trusted() && part.origin().is_some());
    }
}
