//! Laziness, trust, secrecy, places and bounds: what cases of text in and text out cannot show.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use kapell_parsing::yaml::{LoadOptions, load};
use kapell_parsing::{Map, SourceFile, Text, Trust, Value, VaultSecrets};
use kapell_template::{
    RenderContext, Templar, TemplarOptions, TemplateError, TextOptions, Variable, VariableSource, is_omit,
};

fn yaml(text: &str) -> Value {
    let secrets = VaultSecrets::default();
    let options = LoadOptions { trust: Trust::Trusted, vault: &secrets };
    load(&SourceFile::new("vars.yml", text), &options, &mut Vec::new()).expect("test variables are YAML")
}

fn vars(text: &str) -> Arc<dyn VariableSource> {
    Arc::new(yaml(text).as_map().cloned().unwrap_or_default())
}

fn templar() -> Templar {
    Templar::new(TemplarOptions::default())
}

fn render(template: &str, vars: &Arc<dyn VariableSource>) -> Result<Value, TemplateError> {
    templar().render(&Value::trusted(template), vars, &RenderContext::default())
}

fn shown(template: &str, vars: &Arc<dyn VariableSource>) -> String {
    match render(template, vars) {
        Ok(value) => value.repr(),
        Err(error) => format!("error: {error}"),
    }
}

/// Many hosts; counts how often a host's variables are asked for.
struct Hosts {
    asked: Arc<AtomicUsize>,
}

struct Host {
    name: String,
    asked: Arc<AtomicUsize>,
}

impl VariableSource for Hosts {
    fn get(&self, name: &str) -> Option<Variable> {
        name.starts_with("web")
            .then(|| Variable::Scope(Arc::new(Host { name: name.into(), asked: self.asked.clone() })))
    }

    fn names(&self) -> Vec<Text> {
        (0..10_000).map(|i| Text::new(format!("web{i}"))).collect()
    }
}

impl VariableSource for Host {
    fn get(&self, name: &str) -> Option<Variable> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        match name {
            "inventory_hostname" => Some(Variable::Value(self.name.as_str().into())),
            "address" => Some(Variable::Value(yaml("'{{ inventory_hostname }}.example.com'"))),
            "nested" => Some(Variable::Value(yaml("a: ['{{ address }}']"))),
            _ => None,
        }
    }

    fn names(&self) -> Vec<Text> {
        ["inventory_hostname", "address", "nested"].map(Text::from).to_vec()
    }
}

struct Play {
    hosts: Arc<dyn VariableSource>,
}

impl VariableSource for Play {
    fn get(&self, name: &str) -> Option<Variable> {
        match name {
            "hostvars" => Some(Variable::Map(self.hosts.clone())),
            "inventory_hostname" => Some(Variable::Value("me".into())),
            _ => None,
        }
    }

    fn names(&self) -> Vec<Text> {
        ["hostvars", "inventory_hostname"].map(Text::from).to_vec()
    }
}

#[test]
fn hostvars_are_templated_with_their_own_variables_and_only_when_touched() {
    let asked = Arc::new(AtomicUsize::new(0));
    let vars: Arc<dyn VariableSource> = Arc::new(Play { hosts: Arc::new(Hosts { asked: asked.clone() }) });
    assert_eq!(shown("{{ hostvars['web7'].address }} {{ inventory_hostname }}", &vars), "'web7.example.com me'");
    assert_eq!(asked.load(Ordering::Relaxed), 2);
    assert_eq!(shown("{{ hostvars.web7.nested.a[0] }}", &vars), "'web7.example.com'");
    assert_eq!(shown("{{ hostvars['web7']['nested'] }}", &vars), "{'a': ['web7.example.com']}");
    assert_eq!(
        shown("{{ hostvars | length }} {{ 'web3' in hostvars }} {{ 'db' in hostvars }}", &vars),
        "'10000 True False'"
    );
    assert_eq!(shown("{{ hostvars['db'] }}", &vars), "error: \"hostvars['db']\" is undefined");
    assert_eq!(shown("{{ hostvars['db'].x | default('none') }}", &vars), "'none'");
    assert_eq!(
        shown("{{ ['web1', 'web2'] | map('extract', hostvars, 'address') | list }}", &vars),
        "['web1.example.com', 'web2.example.com']"
    );
    let before = asked.load(Ordering::Relaxed);
    assert_eq!(
        shown(
            "{% for h in hostvars if loop is undefined and h == 'web9' %}{{ hostvars[h].address }}{% endfor %}",
            &vars
        ),
        "'web9.example.com'"
    );
    assert_eq!(asked.load(Ordering::Relaxed) - before, 2);
}

#[test]
fn only_trusted_strings_are_templated_and_results_never_again() {
    let vars = vars("plain: x\ncode: !unsafe '{{ plain }}'\nvia: '{{ code }}'\nlist: ['{{ via }}', '{{ plain }}']");
    assert_eq!(shown("{{ code }} {{ via }}", &vars), "'{{ plain }} {{ plain }}'");
    assert_eq!(shown("{{ list }}", &vars), "['{{ plain }}', 'x']");
    assert_eq!(shown("{{ '{{ plain }}' }}", &vars), "'{{ plain }}'");
    assert_eq!(shown("{% raw %}{{ plain }}{% endraw %}", &vars), "'{{ plain }}'");
    let rendered = render("{{ list }}", &vars).unwrap();
    let again = templar().render(&rendered, &vars, &RenderContext::default()).unwrap();
    assert_eq!(again.repr(), "['{{ plain }}', 'x']");
    let cx = RenderContext::default();
    let refused = "Encountered untrusted template or expression.";
    assert_eq!(templar().condition(&"1 == 1".into(), &vars, &cx).unwrap_err().to_string(), refused);
    assert_eq!(templar().expression(&"1 + 1".into(), &vars, &cx).unwrap_err().to_string(), refused);
    let untrusted = templar().render(&Value::from("{{ plain }}"), &vars, &RenderContext::default()).unwrap();
    assert_eq!(untrusted.repr(), "'{{ plain }}'");
}

#[test]
fn what_is_made_of_a_secret_is_secret() {
    let mut map = Map::new();
    map.insert("password".into(), Value::from("hunter2").with_secret());
    map.insert("config".into(), Value::map(Map::from_iter([("pw".into(), Value::trusted("{{ password }}"))])));
    map.insert("plain".into(), Value::from("x"));
    let vars: Arc<dyn VariableSource> = Arc::new(map);
    let secret = |template: &str| match render(template, &vars).unwrap() {
        Value::Str(text) => text.is_secret(),
        other => panic!("{template} gave {}", other.type_name()),
    };
    for template in [
        "{{ password }}",
        "{{ config.pw }}",
        "pw={{ password }}",
        "{{ password | upper }}",
        "{{ password ~ 'x' }}",
        "{{ 'x' + password }}",
        "{{ '%s' % password }}",
        "{{ password[1:] }}",
        "{{ password[0] }}",
        "{{ password.strip() }}",
        "{{ [password] | join(',') }}",
        "{{ config | to_json }}",
        "{{ config }}x",
        "{{ 'a' | regex_replace('a', password) }}",
        "{{ password | b64encode }}",
        "{{ plain if false else password }}",
        "{% set p = password %}{{ p }}!",
    ] {
        assert!(secret(template), "{template}");
    }
    assert!(!secret("{{ plain }} {{ password | length }}"));
}

#[test]
fn omit_leaves_entries_out() {
    let vars = vars("{}");
    let rendered = templar()
        .render(
            &yaml("{a: '{{ omit }}', b: ['{{ x | default(omit) }}', 1], c: {d: '{{ omit }}'}}"),
            &vars,
            &RenderContext::default(),
        )
        .unwrap();
    assert_eq!(rendered.repr(), "{'b': [1], 'c': {}}");
    assert!(is_omit(&render("{{ x | default(omit) }}", &vars).unwrap()));
}

#[test]
fn what_is_undefined_can_be_shown_in_place() {
    let vars = vars("a: [1, '{{ nope }}', {b: 'x {{ zz }}', c: x}]\nd: '{{ nope }}'\ne: ['{{ 1 / 0 }}']");
    let shown = |expression: &str| {
        let text = Text::trusted(expression, None);
        match templar().expression_with_undefined_shown(&text, 0, &vars, &RenderContext::default()) {
            Ok((value, errors)) => (value.repr(), errors.len()),
            Err(error) => (error.to_string(), 0),
        }
    };
    let both = "[1, \"<< error 1 - 'nope' is undefined >>\", {'b': \"x << error 2 - 'zz' is undefined >>\", 'c': 'x'}]";
    assert_eq!(shown("a"), (both.into(), 2));
    assert_eq!(shown("d"), ("\"<< error 1 - 'nope' is undefined >>\"".into(), 1));
    assert_eq!(shown("zz"), ("\"<< error 1 - 'zz' is undefined >>\"".into(), 1));
    assert_eq!(shown("a[0]"), ("1".into(), 0));
    assert_eq!(shown("e"), ("Error rendering template: division by zero".into(), 0));
}

#[test]
fn what_is_made_of_something_undefined_is_undefined() {
    let vars = vars("a: {b: 'x {{ zz }}', c: \"{{ zz ~ 'x' }}\"}\nd: '{{ a.b }}!'");
    let template = "{{ a.b is defined }} {{ a.c | default('none') }} {{ d is undefined }} {{ d.e.f | default(1) }}";
    assert_eq!(shown(template, &vars), "'False none True 1'");
    assert_eq!(shown("{{ d }}", &vars), "error: 'zz' is undefined");
}

#[test]
fn loops_are_found_and_named() {
    let vars = vars(
        "a: '{{ b }}'\nb: 'x{{ c.d }}'\nc: {d: '{{ a }}'}\nok: '{{ own.first }}'\nown: {first: 1, second: '{{ own.first }}'}",
    );
    assert_eq!(shown("{{ a }}", &vars), "error: Recursive loop detected in template: a -> b -> {{ a }} -> a");
    assert_eq!(
        shown("{{ a | default('x') }}", &vars),
        "error: Recursive loop detected in template: a -> b -> {{ a }} -> a"
    );
    assert_eq!(shown("{{ ok }}{{ own.second }}", &vars), "'11'");
}

#[test]
fn errors_know_the_template_that_failed() {
    let vars = vars("a: 1\nb: '{{ nope.x }}'\nc: '{{ 1 / 0 }}'\nd: '{{ b }}'");
    let place = |template: &str| render(template, &vars).unwrap_err().origin().map(ToString::to_string);
    assert_eq!(place("{{ d }}").as_deref(), Some("vars.yml:2:4"));
    assert_eq!(place("{{ c }}").as_deref(), Some("vars.yml:3:4"));
    assert!(render("{{ d }}", &vars).unwrap_err().is_undefined());
    assert!(!render("{{ c }}", &vars).unwrap_err().is_undefined());
    let unopened = Value::undefined(None, "vault data cannot be decrypted: no vault password was given");
    let vars: Arc<dyn VariableSource> = Arc::new(Map::from_iter([("v".into(), unopened)]));
    assert!(!render("{{ v }}", &vars).unwrap_err().is_undefined());
    assert_eq!(shown("{{ v }}", &vars), "error: vault data cannot be decrypted: no vault password was given");
}

fn file(name: &str, text: &str, options: &TextOptions) -> Result<String, TemplateError> {
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files");
    let vars = vars("s: hello\nlist: [1, 2]\nnone: null");
    let cx = RenderContext { search_path: vec![dir.clone()], basedir: dir, origin: None };
    templar().render_text(&SourceFile::new(name, text), options, &vars, &cx)
}

#[test]
fn files_include_import_and_extend() {
    let plain = TextOptions::default();
    let cases = [
        ("{% include 'part.j2' %}|", "part: hello |"),
        ("{% set x = 5 %}{% include 'part.j2' %}", "part: hello 5"),
        ("{% include ['nope.j2', 'part.j2'] %}", "part: hello "),
        ("{% include 'nope.j2' ignore missing %}.", "."),
        ("{% import 'macros.j2' as m with context %}{{ m.greet('bob') }} {{ m.version }}", "hi bob, hello 3"),
        ("{% from 'macros.j2' import greet as g, version with context %}{{ g('x') }}{{ version }}", "hi x, hello3"),
        (
            "{% extends 'base.j2' %}ignored{% block body %}child {{ super() }}{% endblock %}",
            "top [child base body] foot",
        ),
        ("{% extends 'base.j2' %}{% block title %}T{% endblock %}", "T [base body] foot"),
        (
            "{% extends 'middle.j2' %}{% block body %}leaf<{{ super() }}>{% endblock %}",
            "top [leaf<mid(base body)>] foot",
        ),
        ("{{ none }}|{{ list }}|{{ true }}|{{ 1.0 }}", "|[1, 2]|True|1.0"),
        ("{{ 'a\\tb' }}", "a\tb"),
        (
            "#jinja2: trim_blocks:False, variable_start_string:'<<', variable_end_string:'>>'\n{% if true %}\n<< s >>\n{% endif %}\n",
            "\nhello\n",
        ),
        ("{{ s }}\r\nb", "hello\nb"),
        ("a\r\nb", "a\r\nb"),
    ];
    for (text, expected) in cases {
        assert_eq!(file("main.j2", text, &plain).unwrap(), expected, "{text}");
    }
    let other = TextOptions {
        lstrip_blocks: true,
        newline_sequence: "\r\n".into(),
        block_start: "<%".into(),
        block_end: "%>".into(),
        ..TextOptions::default()
    };
    assert_eq!(file("main.j2", "  <% if true %>\nx\n  <% endif %>\ny\n", &other).unwrap(), "x\r\ny\r\n");
}

#[test]
fn errors_in_files_name_their_line() {
    let error = |text: &str| {
        let error = file("main.j2", text, &TextOptions::default()).unwrap_err();
        (error.to_string(), error.origin().map(ToString::to_string).unwrap_or_default())
    };
    assert_eq!(error("a\nb {{ nope }}\n"), ("'nope' is undefined".into(), "main.j2:2:1".into()));
    assert_eq!(error("a\n\n{% if x %}").1, "main.j2:3:1");
    let (message, place) = error("{% include 'broken.j2' %}");
    assert_eq!(message, "'missing_name' is undefined");
    assert!(place.ends_with("broken.j2:2:1"), "{place}");
    let message = error("{% include 'nope.j2' %}").0;
    let (start, end) = ("Error rendering template: 'nope.j2' not found in search paths: '/", "/tests/files'");
    assert!(message.starts_with(start) && message.ends_with(end), "{message}");
}

#[test]
fn work_depth_and_sizes_are_bounded() {
    let vars = vars("{}");
    let cases = [
        ("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "maximum recursion depth exceeded"),
        ("{{ 'x' * 10000000000 }}", "the result is too long"),
        ("{{ 9 ** 999999999 }}", "the integer is too large"),
        ("{{ range(10 ** 12) }}", "Range too big"),
        ("{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}", "too many steps"),
        ("{% set l = [] %}{% set _ = l.append(l) %}{{ l }}", "maximum recursion depth exceeded"),
        (
            "{% set a = [] %}{% set b = [] %}{% set _ = a.append(b) %}{% set _ = b.append(a) %}{{ a == b }}",
            "maximum recursion depth exceeded",
        ),
        ("{{ range(3000) | permutations | list }}", "too many"),
        ("{% set ns = namespace(s='x') %}{% for i in range(60) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}", "too"),
    ];
    let bounded = Templar::new(TemplarOptions { max_steps: Some(200_000), ..TemplarOptions::default() });
    for (template, expected) in cases {
        let error =
            bounded.render(&Value::trusted(template), &vars, &RenderContext::default()).unwrap_err().to_string();
        assert!(error.contains(expected), "{template}: {error}");
    }
    let deep = format!("{{{{ {}1{} }}}}", "(".repeat(5000), ")".repeat(5000));
    assert!(render(&deep, &vars).is_err());
    let long = format!("{{{{ 1{} }}}}", " + 1".repeat(1000));
    assert_eq!(shown(&long, &vars), "1001");
    assert!(render(&format!("{{{{ 1{} }}}}", " + 1".repeat(100_000)), &vars).is_err());
    let nested =
        "{% set ns = namespace(l=[]) %}{% for i in range(50000) %}{% set ns.l = [ns.l] %}{% endfor %}ok{{ 1 }}";
    assert_eq!(shown(nested, &vars), "'ok1'");
}

#[test]
fn conditions_may_be_lists_and_broken_ones_can_be_allowed() {
    let vars = vars("n: 3\ns: text\nconds: ['n == 3', 'n > 2']\nempty: []");
    let cx = RenderContext::default();
    let holds = |condition: &str| templar().condition(&yaml(condition), &vars, &cx);
    assert!(holds("[n == 3, s is defined]").unwrap());
    assert!(!holds("[n == 3, n == 4, nope]").unwrap());
    assert!(holds("'{{ conds[1] }}'").unwrap());
    let lenient = Templar::new(TemplarOptions { allow_broken_conditionals: true, ..TemplarOptions::default() });
    for (condition, expected) in [("s", true), ("n", true), ("empty", false), ("''", true)] {
        assert_eq!(lenient.condition(&yaml(condition), &vars, &cx).unwrap(), expected, "{condition}");
    }
    assert!(holds("s").is_err());
}

#[test]
fn lookups_serve_loops() {
    let vars = vars("x: 1");
    let lookup = |name: &str, terms: &str| {
        let terms = yaml(terms);
        let terms = terms.as_list().unwrap().to_vec();
        let found = templar().lookup(name, &terms, &Map::new(), &vars, &RenderContext::default());
        found.map_or_else(|error| error.to_string(), |found| Value::list(found).repr())
    };
    assert_eq!(lookup("items", "[1, [2, 3], [[4]]]"), "[1, 2, 3, [4]]");
    assert_eq!(lookup("list", "[1, [2, 3]]"), "[1, [2, 3]]");
    assert_eq!(lookup("dict", "[{a: 1, b: 2}]"), "[{'key': 'a', 'value': 1}, {'key': 'b', 'value': 2}]");
    assert_eq!(lookup("nested", "[[1, 2], [a]]"), "[[1, 'a'], [2, 'a']]");
    assert_eq!(lookup("together", "[[1, 2], [a]]"), "[[1, 'a'], [2, None]]");
    assert_eq!(lookup("indexed_items", "[a, b]"), "[[0, 'a'], [1, 'b']]");
    assert_eq!(lookup("sequence", "['start=1 end=3 format=h%02d']"), "['h01', 'h02', 'h03']");
    assert_eq!(lookup("sequence", "['count={{ x }}']"), "['1']");
    assert_eq!(lookup("subelements", "[[{n: 1, l: [a, b]}], l]"), "[[{'n': 1}, 'a'], [{'n': 1}, 'b']]");
    assert_eq!(lookup("nope", "[]"), "The lookup plugin 'nope' was not found.");
}

#[test]
fn paths_of_filters_and_tests_count_from_the_current_directory() {
    let manifest = env!("CARGO_MANIFEST_DIR");
    let template = "{{ 'Cargo.toml' is file and 'src' is directory and 'nope' is not exists }} {{ 'src' | realpath }} \
                    {{ '' | realpath }} {{ '/' | relpath('/x') }} {{ 'Cargo.*' | fileglob }}";
    let expected = format!("True {manifest}/src {manifest} .. ['Cargo.toml']");
    let rendered = file("elsewhere.j2", template, &TextOptions::default());
    assert_eq!(rendered.map_err(|error| error.to_string()), Ok(expected));
}
