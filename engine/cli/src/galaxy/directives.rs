//! `manifest` of `galaxy.yml`: directives that choose files, in the words of Python's `MANIFEST.in`.

use std::collections::BTreeSet;

use regex::Regex;

/// What belongs to a collection unless `omit_default_directives` says otherwise, as the collection guide lists it.
const DEFAULTS: &[&str] = &[
    "include meta/*.yml",
    "include *.txt *.md *.rst *.license COPYING LICENSE",
    "recursive-include .reuse **",
    "recursive-include LICENSES **",
    "recursive-include tests **",
    "recursive-include docs **.rst **.yml **.yaml **.json **.j2 **.txt **.license",
    "recursive-include roles **.yml **.yaml **.json **.j2 **.license",
    "recursive-include playbooks **.yml **.yaml **.json **.license",
    "recursive-include changelogs **.yml **.yaml **.license",
    "recursive-include plugins */**.py */**.license",
    "recursive-include plugins/modules **.ps1 **.yml **.yaml **.license",
    "recursive-include plugins/module_utils **.ps1 **.psm1 **.cs **.license",
];
/// Plugins that may be described in YAML beside them.
const PLUGINS_WITH_YAML: &[&str] = &[
    "become",
    "cache",
    "callback",
    "cliconf",
    "connection",
    "filter",
    "httpapi",
    "inventory",
    "lookup",
    "netconf",
    "shell",
    "strategy",
    "test",
    "vars",
];

/// All directives that count for a collection: the defaults, its own, and what never belongs to it.
pub(crate) fn directives(omit_defaults: bool, own: &[String], full_name: &str, license_file: &str) -> Vec<String> {
    let mut all = Vec::new();
    if !omit_defaults {
        all.extend(DEFAULTS.iter().map(|line| (*line).to_owned()));
        let of_plugin = |kind: &&str| format!("recursive-include plugins/{kind} **.yml **.yaml **.license");
        all.extend(PLUGINS_WITH_YAML.iter().map(of_plugin));
        all.extend((!license_file.is_empty()).then(|| format!("include {license_file}")));
    }
    all.extend(own.iter().cloned());
    if !omit_defaults {
        let archives = full_name.replacen('.', "-", 1);
        all.push(format!("exclude galaxy.yml galaxy.yaml MANIFEST.json FILES.json {archives}-*.tar.gz"));
        all.push("recursive-exclude tests/output **".to_owned());
        all.push("global-exclude /.* /__pycache__ *.pyc".to_owned());
    }
    all
}

/// The `files` (paths with `/`, relative) that `directives` leave, in order. A line that is no directive is an error.
pub(crate) fn chosen(files: &[String], directives: &[String]) -> Result<Vec<String>, String> {
    let mut chosen: BTreeSet<&String> = BTreeSet::new();
    for line in directives {
        let words: Vec<&str> = line.split_whitespace().collect();
        let Some((action, rest)) = words.split_first().filter(|(action, _)| !action.starts_with('#')) else { continue };
        let patterns = patterns(action, rest).ok_or_else(|| format!("invalid manifest directive: '{line}'"))?;
        for pattern in patterns {
            let pattern = pattern?;
            let matching = files.iter().filter(|file| pattern.is_match(&format!("/{file}")));
            if matches!(*action, "include" | "global-include" | "recursive-include" | "graft") {
                chosen.extend(matching);
            } else {
                matching.for_each(|file| _ = chosen.remove(file));
            }
        }
    }
    Ok(chosen.into_iter().cloned().collect())
}

type Patterns = Vec<Result<Regex, String>>;

/// Against paths that begin with `/`.
fn patterns(action: &str, words: &[&str]) -> Option<Patterns> {
    let compile = |text: String| Regex::new(&text).map_err(|error| format!("invalid pattern in manifest: {error}"));
    let all = |shape: &dyn Fn(&str) -> String| words.iter().map(|word| compile(shape(word))).collect::<Patterns>();
    match (action, words) {
        (_, []) => None,
        ("include" | "exclude", _) => Some(all(&|word| format!("^/{}$", glob(word)))),
        ("global-include" | "global-exclude", _) => Some(all(&|word| format!("{}$", glob(word)))),
        ("recursive-include" | "recursive-exclude", [directory, words @ ..]) if !words.is_empty() => {
            let below = |word: &&str| compile(format!("^/{}/.*{}$", glob(directory), glob(word)));
            Some(words.iter().map(below).collect())
        }
        ("graft" | "prune", [directory]) => Some(vec![compile(format!("^/{}/", glob(directory)))]),
        _ => None,
    }
}

/// A pattern as a regular expression; `*` and `?` stand for anything but `/`.
fn glob(pattern: &str) -> String {
    let mut out = String::new();
    let mut rest = pattern.chars();
    while let Some(c) = rest.next() {
        match c {
            '*' => out.push_str("[^/]*"),
            '?' => out.push_str("[^/]"),
            '[' => match rest.as_str().find(']').filter(|end| *end > 0) {
                Some(end) => {
                    let set = &rest.as_str()[..end];
                    let (not, set) = set.strip_prefix('!').map_or(("", set), |set| ("^", set));
                    out.push_str(&format!("[{not}{}]", set.replace('\\', "\\\\").replace('[', "\\[")));
                    rest = rest.as_str()[end + 1..].chars();
                }
                None => out.push_str("\\["),
            },
            other => out.push_str(&regex::escape(&other.to_string())),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directives_choose_files() {
        let files = ["a.txt", "b.md", "plugins/modules/x.py", "plugins/modules/x.md", "tests/.hidden", "tests/t/a"];
        let files = files.map(String::from);
        for (lines, expected) in [
            (vec!["include *.txt"], vec!["a.txt"]),
            (vec!["recursive-include plugins */**.py"], vec!["plugins/modules/x.py"]),
            (vec!["graft tests", "global-exclude /.*"], vec!["tests/t/a"]),
            (vec!["global-include *.md", "prune plugins"], vec!["b.md"]),
            (vec!["include ?.md", "exclude b.*"], vec![]),
            (vec!["recursive-include tests **"], vec!["tests/.hidden", "tests/t/a"]),
        ] {
            let lines: Vec<String> = lines.into_iter().map(String::from).collect();
            assert_eq!(chosen(&files, &lines).unwrap(), expected, "{lines:?}");
        }
        assert!(chosen(&files, &["take a".to_owned()]).unwrap_err().contains("take a"));
    }
}
