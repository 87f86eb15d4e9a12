//! Templates that grow or recurse without measure: each is refused soon, with an error that says why.

use std::sync::Arc;
use std::time::Instant;

use kapell_parsing::{Map, Value};
use kapell_template::{RenderContext, Templar, TemplarOptions, VariableSource};

#[test]
fn growth_without_measure_is_refused() {
    let chained =
        |filter: &str, times: usize| format!("{{{{ 'http://a/b' {} }}}}", format!("| {filter} ").repeat(times));
    let nested = format!("{{{{ {}{} }}}}", "[".repeat(2000), "]".repeat(2000));
    let cases = [
        (chained("urlsplit | string", 34), "too"),
        (chained("to_json", 40), "too"),
        (chained("string | list | string", 12), "too"),
        ("{{ 'a' * 10**9 }}".into(), "too"),
        ("{{ ('a' * 10**8) | list }}".into(), "too"),
        ("{{ ('a,' * 10**8) | split(',') }}".into(), "too"),
        ("{{ (('a,' * 10**7).split(',')) | join('x' * 10**6) }}".into(), "too"),
        ("{{ ('a' * 10**6) | replace('a', 'b' * 10**6) }}".into(), "too"),
        ("{{ ('a' * 10**6).replace('', 'b' * 10**6) }}".into(), "too"),
        ("{{ ('a' * 10**6) | regex_replace('a', 'b' * 10**6) }}".into(), "too"),
        ("{{ ('a,' * 10**6) | replace(',', '%c' % 10) | indent('b' * 10**6) }}".into(), "too"),
        ("{{ ('a' * 10**6) | wordwrap(1, wrapstring='b' * 10**6) }}".into(), "too"),
        ("{{ range(10**9) }}".into(), "Range too big"),
        ("{{ range(10**7) | list | length }}{{ range(10**7) | list | length }}".into(), "too"),
        ("{{ '%999999999s' % 'x' }}".into(), "too"),
        ("{{ 'x'.ljust(10**10) }}".into(), "too"),
        ("{{ 'x'.center(10**10) }}".into(), "too"),
        ("{{ '7'.zfill(10**10) }}".into(), "too"),
        ("{{ ('%c' % 9 * 10**4).expandtabs(10**8) }}".into(), "too"),
        ("{{ [1] | product(repeat=10**9) | list }}".into(), "too"),
        ("{{ [1, 2] | product(repeat=60) | list }}".into(), "too"),
        ("{{ ('a' * 10**5) | permutations | list }}".into(), "too"),
        ("{{ range(3000) | permutations(4) | list }}".into(), "too"),
        ("{{ range(3000) | combinations(1500) | list }}".into(), "too"),
        ("{{ [1] | batch(10**10, 0) | list }}".into(), "too"),
        ("{{ [1] | slice(10**10) | list }}".into(), "too"),
        ("{{ [1, [2]] | to_nice_json(indent=10**9) }}".into(), "too"),
        ("{{ 'x' | comment(prefix='y' * 1000, prefix_count=10**9) }}".into(), "too"),
        ("{{ 'x' | password_hash('sha512', rounds=999999999) }}".into(), "too"),
        ("{{ 'x' | password_hash('bcrypt', rounds=31) }}".into(), "too"),
        ("{{ query('sequence', 'count=1000000000') }}".into(), "too"),
        ("{{ (2 ** 1000000) ** 1000 }}".into(), "too"),
        ("{{ ((9 ** 300000) * (9 ** 300000)) | string }}".into(), "too"),
        ("{% macro m(n) %}{{ m(n + 1) }}{% endmacro %}{{ m(0) }}".into(), "recursion"),
        ("{% set ns = namespace(s='x') %}{% for i in range(64) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}".into(), "too"),
        ("{% set ns = namespace(l=[1]) %}{% for i in range(64) %}{% set ns.l = ns.l + ns.l %}{% endfor %}".into(), "too"),
        ("{% set ns = namespace(d={}) %}{% for i in range(9000) %}{% set ns.d = {'a': ns.d} %}{% endfor %}{{ ns.d | combine({'a': {}}, recursive=true) | to_json }}".into(), "recursion"),
        ("{% set l = [] %}{% for i in range(10**6) %}{% set _ = l.append('a' * 10**6) %}{% endfor %}".into(), "too"),
        ("{{ ('a' * 40 ~ '!') is match('(a|aa)+$') }}{{ ('a' * 40) | regex_search('(?=(a+)+b)') }}".into(), "limit"),
        ("{{ 'a' | regex_search('(?=((a{900}){900}){900})') }}".into(), "regex"),
        (nested, ""),
    ];
    let vars: Arc<dyn VariableSource> = Arc::new(Map::new());
    // A fifth of what is usual, for the time it takes without optimization.
    let templar = Templar::new(TemplarOptions { max_steps: Some(10_000_000), ..TemplarOptions::default() });
    let mut wrong = Vec::new();
    for (template, reason) in cases {
        let started = Instant::now();
        let outcome = templar.render(&Value::trusted(template.as_str()), &vars, &RenderContext::default());
        let seconds = started.elapsed().as_secs_f64();
        let shown: String = template.chars().take(90).collect();
        match outcome {
            Err(error) if error.to_string().contains(reason) && seconds < 20.0 => {}
            Err(error) => wrong.push(format!("{shown}: {seconds:.1} s, {:.200}", error.to_string())),
            Ok(_) if reason.is_empty() => {}
            Ok(value) => wrong.push(format!("{shown}: {seconds:.1} s, a {}", value.type_name())),
        }
        if seconds > 4.0 {
            println!("slow: {shown}: {seconds:.1} s");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
