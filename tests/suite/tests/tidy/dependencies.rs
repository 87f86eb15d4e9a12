//! Dependencies point one way: `docs/architecture.md`, section 2, as a table.

use std::collections::{BTreeMap, BTreeSet};

use crate::workspace::{Member, assert_none, members, read, root};

/// What a crate may depend on directly, apart from its tests.
const ALLOWED: &[(&str, &[&str])] = &[
    (
        "kapell",
        &[
            "kapell-aws",
            "kapell-callback",
            "kapell-config",
            "kapell-connection",
            "kapell-executor",
            "kapell-inventory",
            "kapell-modules",
            "kapell-parsing",
            "kapell-playbook",
            "kapell-template",
        ],
    ),
    ("kapell-aws", &["kapell-executor", "kapell-inventory", "kapell-modules", "kapell-parsing", "kapell-template"]),
    ("kapell-callback", &["kapell-config", "kapell-executor", "kapell-parsing", "kapell-template"]),
    (
        "kapell-executor",
        &[
            "kapell-config",
            "kapell-connection",
            "kapell-inventory",
            "kapell-modules",
            "kapell-parsing",
            "kapell-playbook",
            "kapell-protocol",
            "kapell-template",
        ],
    ),
    ("kapell-connection", &["kapell-protocol"]),
    ("kapell-inventory", &["kapell-config", "kapell-parsing", "kapell-template"]),
    ("kapell-playbook", &["kapell-config", "kapell-parsing"]),
    ("kapell-config", &["kapell-parsing"]),
    ("kapell-template", &["kapell-parsing"]),
    ("kapell-parsing", &[]),
    ("kapell-modules", &["kapell-protocol"]),
    ("kapell-worker", &["kapell-modules", "kapell-protocol"]),
    ("kapell-protocol", &[]),
    ("kapell-test-support", &["kapell-protocol"]),
    ("kapell-suite", &["kapell-test-support"]),
    ("xtask", &["kapell-aws", "kapell-modules", "kapell-test-support"]),
];

/// What must not come near the managed node.
const NOT_IN_THE_WORKER: [&str; 4] = ["tokio", "clap", "minijinja", "russh"];
/// What these crates must not reach, however far.
const SILENT: [&str; 4] = ["kapell-parsing", "kapell-inventory", "kapell-playbook", "kapell-template"];
const NETWORK: [&str; 4] = ["tokio", "russh", "ureq", "hyper"];

#[test]
fn crates_depend_on_each_other_in_one_direction() {
    let mut offenders = Vec::new();
    for member in members() {
        let Some((_, allowed)) = ALLOWED.iter().find(|(name, _)| *name == member.name) else {
            offenders.push(format!("{}: not in the table of this test", member.name));
            continue;
        };
        for dependency in own_dependencies(&member) {
            if dependency.starts_with("kapell") && !allowed.contains(&dependency.as_str()) {
                offenders.push(format!("{} -> {dependency}", member.name));
            }
        }
    }
    assert_none("a dependency against the direction of docs/architecture.md", &offenders);
}

#[test]
fn the_worker_stays_small() {
    let reached = reachable("kapell-worker");
    let engine: Vec<String> = members()
        .into_iter()
        .filter(|member| member.directory.starts_with("engine"))
        .map(|member| member.name)
        .collect();
    let offenders: Vec<String> = reached
        .into_iter()
        .filter(|name| NOT_IN_THE_WORKER.contains(&name.as_str()) || engine.contains(name))
        .collect();
    assert_none("the worker must not depend on these", &offenders);
}

#[test]
fn the_lower_crates_have_no_network() {
    let mut offenders = Vec::new();
    for name in SILENT {
        for reached in reachable(name).iter().filter(|reached| NETWORK.contains(&reached.as_str())) {
            offenders.push(format!("{name} -> … -> {reached}"));
        }
    }
    assert_none("parsing, inventory, playbook and template do no network input or output", &offenders);
}

#[test]
fn every_member_takes_the_lints_of_the_workspace() {
    let offenders: Vec<String> = members()
        .into_iter()
        .filter(|member| !member.manifest.contains("[lints]\nworkspace = true"))
        .map(|member| member.name)
        .collect();
    assert_none("these manifests lack `[lints] workspace = true`", &offenders);
}

#[test]
fn every_dependency_has_its_line_in_the_docs() {
    let docs = read(&root().join("docs/dependencies.md"));
    let explained: BTreeSet<&str> = docs
        .lines()
        .filter_map(|line| line.strip_prefix("| "))
        .filter_map(|line| line.split(" |").next())
        .flat_map(|names| names.split(", "))
        .collect();
    let used: BTreeSet<String> = members().iter().flat_map(all_dependencies).collect();
    let offenders: Vec<String> =
        used.into_iter().filter(|name| !name.starts_with("kapell") && !explained.contains(name.as_str())).collect();
    assert_none("these have no row in docs/dependencies.md", &offenders);
}

fn own_dependencies(member: &Member) -> Vec<String> {
    sections(member, |section| section.ends_with("dependencies") && !section.contains("dev-"))
}

fn all_dependencies(member: &Member) -> Vec<String> {
    sections(member, |section| section.ends_with("dependencies"))
}

/// The names in those tables of the manifest whose heading is wanted.
fn sections(member: &Member, is_wanted: impl Fn(&str) -> bool) -> Vec<String> {
    let mut names = Vec::new();
    let mut wanted = false;
    for line in member.manifest.lines() {
        if let Some(heading) = line.strip_prefix('[') {
            wanted = is_wanted(heading.trim_end_matches(']'));
        } else if wanted && !line.starts_with(['#', ' ', '}', ']']) {
            let name = line.split(['.', ' ', '=']).next().unwrap_or_default();
            if !name.is_empty() {
                names.push(name.to_owned());
            }
        }
    }
    names
}

/// Everything `name` reaches through what is not for tests alone, as the lock file knows it. The lock file also has
/// dependencies of features and targets that are not in use: what it cannot reach is certainly not there. Members are
/// followed through their manifests, because the lock file does not tell apart what only their tests need.
fn reachable(name: &str) -> BTreeSet<String> {
    let lock = lock_file();
    let members = members();
    let mut found = BTreeSet::new();
    let mut open = vec![name.to_owned()];
    while let Some(current) = open.pop() {
        let next = match members.iter().find(|member| member.name == current) {
            Some(member) => own_dependencies(member),
            None => lock.get(&current).cloned().unwrap_or_default(),
        };
        for dependency in next {
            if found.insert(dependency.clone()) {
                open.push(dependency);
            }
        }
    }
    found
}

/// Package -> its dependencies, all versions of one name together.
fn lock_file() -> BTreeMap<String, Vec<String>> {
    let text = read(&root().join("Cargo.lock"));
    let mut packages: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in text.split("[[package]]").skip(1) {
        let name = package.lines().find_map(|line| line.strip_prefix("name = \"")).expect("a package has a name");
        let list = package.split_once("dependencies = [").map_or("", |(_, list)| list.split(']').next().unwrap_or(""));
        let dependencies = list.split('"').skip(1).step_by(2).filter_map(|entry| entry.split(' ').next());
        packages.entry(name.trim_end_matches('"').to_owned()).or_default().extend(dependencies.map(str::to_owned));
    }
    packages
}

#[test]
fn the_lock_file_is_understood() {
    let lock = lock_file();
    assert!(lock["kapell"].iter().any(|name| name == "kapell-executor"), "kapell depends on kapell-executor");
    assert!(reachable("kapell").contains("tokio"), "kapell reaches tokio");
}
