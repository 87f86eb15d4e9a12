//! Whole inventories on disk: several sources, directories, programs, variables beside them, and what is printed of it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use kapell_config::{Environment, Settings};
use kapell_inventory::{HostPattern, Inventory, LoadContext, VarsDir, VarsDirs, listing};
use kapell_parsing::{Diagnostic, Key, Map, Severity, Value, VaultSecrets, vault};

/// A directory of files, and the settings they are read with.
struct Project {
    directory: tempfile::TempDir,
    settings: Settings,
    vault: VaultSecrets,
}

impl Project {
    fn new(files: &[(&str, &str)]) -> Self {
        let project = Self {
            directory: tempfile::tempdir().unwrap(),
            settings: Settings::default(),
            vault: VaultSecrets::default(),
        };
        for (name, text) in files {
            let path = project.path(name);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(&path, text).unwrap();
            if text.starts_with("#!") {
                fs_err::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
            }
        }
        project
    }

    fn with_environment(mut self, name: &str, value: &str) -> Self {
        let environment: Environment = [(name.to_owned(), value.to_owned())].into_iter().collect();
        self.settings = Settings::load(&environment, self.directory.path(), &mut Vec::new()).unwrap();
        self
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.directory.path().join(name)
    }

    /// Sources with a comma are host lists, others are files of the project.
    fn load(&self, sources: &[&str]) -> (Result<Inventory, Diagnostic>, Vec<String>) {
        let mut warnings = Vec::new();
        let cx = LoadContext {
            settings: &self.settings,
            vault: &self.vault,
            plugins: &[],
            foreign: None,
            fresh: false,
            extra_vars: &Map::new(),
        };
        let place =
            |name: &&str| if name.contains(',') { (*name).into() } else { self.path(name).display().to_string() };
        let sources: Vec<String> = sources.iter().map(place).collect();
        let inventory = Inventory::load(&sources, &cx, &mut warnings);
        let directory = self.directory.path().display().to_string();
        (inventory, warnings.into_iter().map(|warning| warning.message.replace(&directory, "")).collect())
    }

    fn inventory(&self, sources: &[&str]) -> Inventory {
        self.load(sources).0.unwrap()
    }

    fn vars_dir(&self, directory: &Path) -> Arc<VarsDir> {
        Arc::new(VarsDir::load(directory, &self.settings, &self.vault))
    }

    fn vars_dirs(&self, inventory: &Inventory) -> VarsDirs {
        let directories = inventory.vars_basedirs();
        VarsDirs { inventory: directories.iter().map(|dir| self.vars_dir(dir)).collect(), playbook: Vec::new() }
    }

    fn host_variables(&self, sources: &[&str], host: &str) -> String {
        let inventory = self.inventory(sources);
        let dirs = self.vars_dirs(&inventory);
        Value::map(inventory.host_variables(inventory.host(host).unwrap(), &dirs)).to_json().to_string()
    }
}

fn select(inventory: &Inventory, pattern: &str, limit: Option<&str>) -> Vec<String> {
    let limit = limit.map(|limit| HostPattern::limit(limit).unwrap());
    inventory.select(&HostPattern::parse([pattern]).unwrap(), limit.as_ref(), &mut Vec::new()).unwrap()
}

#[test]
fn a_directory_is_read_by_name_without_what_is_no_inventory() {
    let project = Project::new(&[
        ("d/Z", "h_z"),
        ("d/a", "h_a"),
        ("d/9n", "h_9"),
        ("d/b.ini", "h_b"),
        ("d/c.cfg", "h_c"),
        ("d/d.txt", "h_d"),
        ("d/e~", "h_e"),
        ("d/.f", "h_f"),
        ("d/g.yml", "web: {hosts: {h_g: }}"),
        ("d/sub/s", "h_s"),
        ("d/group_vars/all", "x: 1"),
        ("d/host_vars/h_a", "x: 1"),
        ("d/vars_plugins/v", "h_v"),
        ("d/r.retry", "h_r"),
    ]);
    assert_eq!(select(&project.inventory(&["d"]), "all", None), ["h_9", "h_z", "h_a", "h_b", "h_s", "h_g"]);
    let project = project.with_environment("ANSIBLE_INVENTORY_IGNORE_REGEX", "^a$,b\\.");
    assert_eq!(select(&project.inventory(&["d"]), "all", None), ["h_9", "h_z", "h_s", "h_g"]);
}

#[test]
fn sources_add_up() {
    let project = Project::new(&[
        ("vars.ini", "[x:vars]\nz=1\n[new:children]\nx\n"),
        ("good.ini", "[x]\nb\n"),
        ("bad.ini", "[g]\na\nb c\nd\n"),
    ]);
    let (inventory, warnings) = project.load(&["vars.ini", "good.ini", "bad.ini", "h1,h2:22"]);
    let inventory = inventory.unwrap();
    assert_eq!(
        warnings,
        [
            "Failed to parse inventory with 'ini' plugin: the section [x:vars] is for a group that is not defined",
            "Unable to parse /vars.ini as an inventory source",
            "Failed to parse inventory with 'ini' plugin: expected key=value after the host, this is 'c'",
            "Unable to parse /bad.ini as an inventory source",
        ]
    );
    assert_eq!(select(&inventory, "all", None), ["h1", "h2", "a", "b"]);
    assert_eq!(select(&inventory, "new", None), ["b"]);
    assert_eq!(inventory.host("h2").unwrap().vars.get("ansible_port"), Some(&Value::Int(22)));
    assert_eq!(inventory.host("h2").unwrap().inventory_dir(), None);
    assert_eq!(inventory.host("b").unwrap().inventory_dir(), Some(project.directory.path()));
}

#[test]
fn a_source_nothing_can_read_is_a_warning_or_an_error() {
    let project = Project::new(&[]);
    let (inventory, warnings) = project.load(&["nofile"]);
    assert_eq!(
        warnings,
        [
            "Unable to parse /nofile as an inventory source",
            "No inventory was parsed, only implicit localhost is available",
        ]
    );
    assert_eq!(select(&inventory.unwrap(), "all", None), [""; 0]);
    let project = project.with_environment("ANSIBLE_INVENTORY_UNPARSED_FAILED", "1");
    assert!(project.load(&["nofile"]).0.is_err());
    let project = project.with_environment("ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED", "1");
    assert!(project.load(&["nofile", "a,"]).0.is_err());
}

#[test]
fn errors_name_file_line_and_column() {
    let project = Project::new(&[("hosts.ini", "[web]\na x=1 y\n")]);
    let mut warnings = Vec::new();
    let cx = LoadContext {
        settings: &project.settings,
        vault: &project.vault,
        plugins: &[],
        foreign: None,
        fresh: false,
        extra_vars: &Map::new(),
    };
    Inventory::load(&[project.path("hosts.ini").display().to_string()], &cx, &mut warnings).unwrap();
    let origin = warnings[0].origin.as_ref().unwrap();
    assert_eq!((origin.path(), origin.line, origin.column), (project.path("hosts.ini").as_path(), 2, 7));
}

#[test]
fn a_program_is_asked_for_its_hosts() {
    let project = Project::new(&[
        (
            "full",
            "#!/bin/sh\n[ \"$1\" = --list ] || exit 9\ncat <<X\n{\"web\": {\"hosts\": [\"a\", \"b[1:2]\"], \
             \"vars\": {\"t\": \"{{ 1 }}\"}, \"children\": [\"sub\"]}, \"sub\": [\"c\"], \"lone\": {\"k\": \"{{ 2 }}\"},\n \
             \"_meta\": {\"hostvars\": {\"a\": {\"y\": {\"__ansible_unsafe\": \"{{ 3 }}\"}}, \"nobody\": {\"z\": 1}}}}\nX\n",
        ),
        (
            "old",
            "#!/bin/sh\nif [ $1 = --list ]; then echo '{\"g\": {\"hosts\": [\"d\", \"e\", \"d\"]}}'; \
             elif [ $2 = d ]; then echo '{\"n\": \"'$2'\"}'; fi\n",
        ),
        ("broken", "#!/bin/sh\necho no >&2\nexit 3\n"),
    ]);
    let (inventory, warnings) = project.load(&["full", "old"]);
    let inventory = inventory.unwrap();
    assert_eq!(
        warnings,
        [
            "Group 'sub' was converted to 'dict' from 'list'.",
            "Treating malformed group 'lone' as the sole host of that group.",
            "'/old' prints no '_meta': it is called once for every host",
            "Found both group and host with same name: lone",
        ]
    );
    assert_eq!(select(&inventory, "all", None), ["a", "b[1:2]", "lone", "d", "e", "c"]);
    let text = |vars: &Map, key: &str| vars.get(key).and_then(Value::as_text).unwrap().clone();
    assert!(text(&inventory.group("web").unwrap().vars, "t").is_trusted());
    assert!(!text(&inventory.host("a").unwrap().vars.to_map(), "y").is_trusted());
    assert!(!text(&inventory.group("lone").unwrap().vars, "k").is_trusted());
    assert_eq!(text(&inventory.host("d").unwrap().vars.to_map(), "n").as_str(), "d");
    assert!(inventory.host("e").unwrap().vars.is_empty());
    assert!(inventory.host("nobody").is_none());
    let (_, warnings) = project.load(&["broken"]);
    assert_eq!(
        warnings[..2],
        [
            "Failed to parse inventory with 'script' plugin: Inventory script returned non-zero exit code 3.",
            "Unable to parse /broken as an inventory source",
        ]
    );
}

#[test]
fn a_file_with_a_plugin_nobody_knows_is_refused() {
    let project =
        Project::new(&[("x.yml", "plugin: nope\n"), ("y.yml", "plugin: [\n"), ("z.yml", "web: {hosts: [a]}")]);
    let refusals = |name: &str| project.load(&[name]).1;
    let unknown = "Failed to parse inventory with 'auto' plugin: there is no inventory plugin 'nope' in this program";
    assert_eq!(refusals("x.yml")[..2], [unknown, "Unable to parse /x.yml as an inventory source"]);
    assert_eq!(refusals("y.yml").len(), 3);
    let list = "Failed to parse inventory with 'yaml' plugin: 'hosts' of group 'web' is a map, not a list";
    assert_eq!(refusals("z.yml")[..2], [list, "Unable to parse /z.yml as an inventory source"]);
}

/// Groups and what they hold as ansible-core 2.19 makes them of the same files.
#[test]
fn constructed_makes_variables_and_groups() {
    let hosts = "web:\n  hosts:\n    w1: {x: 1, os: Debian-12, tags: {env: prod, em: ''}, l: [p, '']}\n    w2: {x: 2, os: RedHat}\n";
    let cases = [
        (
            "compose: {y: x * 2, yy: y + 1}\ngroups: {big: x > 1, y2: y == 2, 'a-b': true, no: \"'false'\", un: nope}",
            "a_b=w1,w2 big=w2 y2=w1",
        ),
        ("keyed_groups: [{key: os, prefix: os}]", "os_Debian_12=w1 os_RedHat=w2"),
        ("keyed_groups: [{key: os, separator: '-'}]", "_Debian_12=w1 _RedHat=w2"),
        ("leading_separator: false\nkeyed_groups: [{key: os}]", "Debian_12=w1 RedHat=w2"),
        ("keyed_groups: [{key: tags, prefix: t}]", "t_em_=w1 t_env_prod=w1"),
        ("keyed_groups: [{key: tags, prefix: t, trailing_separator: false}]", "t_em=w1 t_env_prod=w1"),
        ("keyed_groups: [{key: tags, prefix: t, default_value: dv}]", "t_em_dv=w1 t_env_prod=w1"),
        ("keyed_groups: [{key: l, prefix: l, default_value: dv}]", "l_dv=w1 l_p=w1"),
        (
            "keyed_groups: [{key: os, prefix: p, parent_group: \"{{ os | lower }}\"}]",
            "debian_12=w1 p_Debian_12=w1 p_RedHat=w2 redhat=w2",
        ),
        ("keyed_groups: [{key: missing, default_value: dv}, {key: \"''\", prefix: e}]", ""),
    ];
    for (config, expected) in cases {
        let plugin = format!("plugin: constructed\n{config}\n");
        let project = Project::new(&[("inv/1.yml", hosts), ("inv/2.yml", &plugin)]);
        let inventory = project.inventory(&["inv"]);
        let groups = inventory.groups().filter(|group| !["all", "ungrouped", "web"].contains(&group.name.as_str()));
        let mut made: Vec<String> =
            groups.map(|group| format!("{}={}", group.name, inventory.group_hosts(&group.name).join(","))).collect();
        made.sort();
        assert_eq!(made.join(" "), expected, "{config}");
    }
}

#[test]
fn constructed_is_strict_where_it_is_told_to_be() {
    for config in ["compose: {u: nope}", "groups: {u: nope}", "keyed_groups: [{key: nope}]"] {
        let plugin = format!("plugin: constructed\nstrict: true\n{config}\n");
        let project = Project::new(&[("inv/1", "a\n"), ("inv/2.yml", &plugin)]);
        let (_, warnings) = project.load(&["inv"]);
        assert!(warnings[0].contains("'nope' is undefined"), "{warnings:?}");
    }
    let project = Project::new(&[("inv/1", "a\n"), ("inv/2.yml", "plugin: constructed\nkeyed_groups: [{key: '5'}]\n")]);
    assert!(project.load(&["inv"]).1[0].contains("the key '5' gives a int"));
}

#[test]
fn variables_come_in_the_order_of_precedence() {
    let project = Project::new(&[
        (
            "a/hosts",
            "[web]\nh1 o=inv\nh2\n[web:vars]\nw=inv\n[all:vars]\nx=inv_all\nq=inv_all\n[db]\nh1\n[db:vars]\nw=db\nansible_group_priority=10\n[p:children]\nweb\n[p:vars]\nw=p\npp=1\n",
        ),
        ("b/hosts", "[web]\nh3\n[all:vars]\nx=b_all\n"),
        ("a/group_vars/all.yml", "x: file_a_all\nm: {a: 1, b: {c: 1}}\n"),
        ("b/group_vars/all.yml", "x: file_b_all\n"),
        ("a/group_vars/web.yml", "w: file_a_web\nm: {b: {d: 2}}\n"),
        ("b/group_vars/web.yml", "w: file_b_web\n"),
        ("a/group_vars/p.yml", "w: file_a_p\n"),
        ("a/host_vars/h1.yml", "o: file_a_h1\n"),
        ("b/host_vars/h1", "o: file_b_h1\n"),
    ]);
    assert_eq!(
        project.host_variables(&["a/hosts", "b/hosts"], "h1"),
        r#"{"x":"file_b_all","q":"inv_all","w":"file_b_web","pp":1,"m":{"b":{"d":2}},"o":"file_b_h1"}"#
    );
    assert_eq!(
        project.host_variables(&["b/hosts", "a/hosts"], "h2"),
        r#"{"x":"file_a_all","q":"inv_all","w":"file_a_web","pp":1,"m":{"b":{"d":2}}}"#
    );
    let merging = project.with_environment("ANSIBLE_HASH_BEHAVIOUR", "merge");
    assert!(merging.host_variables(&["a/hosts"], "h2").contains(r#""m":{"a":1,"b":{"c":1,"d":2}}"#));
}

#[test]
fn the_implicit_localhost_has_the_variables_of_all() {
    let project = Project::new(&[("hosts", "a\n[all:vars]\nx=1\n"), ("host_vars/localhost", "y: 2\n")]);
    let vars: serde_json::Value = serde_json::from_str(&project.host_variables(&["hosts"], "localhost")).unwrap();
    assert_eq!((&vars["x"], &vars["ansible_connection"], &vars["y"]), (&1.into(), &"local".into(), &2.into()));
    let inventory = project.inventory(&["hosts"]);
    let localhost = inventory.host("localhost").unwrap();
    assert!(localhost.implicit && inventory.group_names(localhost).is_empty());
}

/// Which file of several counts: the name itself, then `.yml`, `.yaml`, `.json`; in a directory, all of them by name.
#[test]
fn files_of_variables_are_found_as_measured() {
    let vars = |files: &[(&str, &str)]| {
        let project = Project::new(files);
        let dir = project.vars_dir(project.directory.path());
        let vars =
            dir.group_vars("web").map_or("none".into(), |vars| Value::map(Map::clone(&vars)).to_json().to_string());
        let problems: Vec<String> = dir.take_problems().into_iter().map(|problem| problem.message).collect();
        assert_eq!(problems, [""; 0]);
        vars
    };
    assert_eq!(vars(&[("group_vars/web", "a: 1"), ("group_vars/web.yml", "a: 2")]), r#"{"a":1}"#);
    assert_eq!(vars(&[("group_vars/web.json", "a: 1"), ("group_vars/web.yaml", "a: 2")]), r#"{"a":2}"#);
    assert_eq!(vars(&[("group_vars/web.txt", "a: 1"), ("group_vars/web.YML", "a: 2")]), "none");
    assert_eq!(vars(&[("group_vars/web/x.txt", "a: 1"), ("group_vars/web.yml", "a: 2")]), "{}");
    assert_eq!(vars(&[("group_vars/web.yml/x.yml", "a: 1")]), r#"{"a":1}"#);
    assert_eq!(vars(&[("group_vars/web.yml", "")]), "{}");
    let nested = [
        ("group_vars/web/a_sub/x.yml", "o: a_sub\na: 1"),
        ("group_vars/web/b.yml", "o: b\nb: 1"),
        ("group_vars/web/9", "o: 9\nc: 1"),
        ("group_vars/web/m.d/x.yml", "d: 1"),
        ("group_vars/web/n.yml/x.yml", "d: 1"),
        ("group_vars/web/.h/x.yml", "d: 1"),
        ("group_vars/web/.h.yml", "d: 1"),
        ("group_vars/web/o~", "d: 1"),
        ("group_vars/web/p.txt", "d: 1"),
        ("group_vars/web/q.b.json", "e: 1"),
    ];
    assert_eq!(vars(&nested), r#"{"o":"b","c":1,"a":1,"b":1,"e":1}"#);
}

#[test]
fn bad_files_of_variables_are_told_when_their_host_is_asked_for() {
    let project = Project::new(&[("group_vars/web.yml", "- 1"), ("host_vars/a", "x: ["), ("host_vars/b", "x: 1")]);
    let dir = project.vars_dir(project.directory.path());
    assert_eq!(dir.host_vars("b").unwrap().len(), 1);
    assert!(dir.take_problems().is_empty());
    assert!(dir.group_vars("web").unwrap().is_empty());
    dir.host_vars("a");
    let problems = dir.take_problems();
    assert_eq!(problems.len(), 2);
    assert!(problems.iter().all(|problem| problem.severity == Severity::Error));
    assert!(problems[0].message.ends_with("holds a list where a map of variables belongs"));
    dir.host_vars("a");
    assert!(dir.take_problems().is_empty());
}

#[test]
fn encrypted_files_are_read_and_stay_secret() {
    let seal = |text: &str| String::from_utf8(vault::encrypt(text.as_bytes(), None, b"pw")).unwrap();
    let (hosts, vars) = (seal("[web]\na k=v\n"), seal("x: hidden\n"));
    let mut project = Project::new(&[("hosts", &hosts), ("group_vars/web.yml", &vars)]);
    project.vault.push("default", b"pw".to_vec());
    let inventory = project.inventory(&["hosts"]);
    let host = inventory.host("a").unwrap();
    let vars = inventory.host_variables(host, &project.vars_dirs(&inventory));
    for key in ["k", "x"] {
        assert!(vars.get(key).and_then(Value::as_text).unwrap().is_secret(), "{key}");
    }
    let options = listing::ListOptions::default();
    let shown = listing::host(&inventory, host, &project.vars_dirs(&inventory), &options, listing::Format::Json);
    assert!(shown.unwrap().contains(r#""x": "hidden""#), "listings are data to be read again");
}

#[test]
fn limits_come_from_files_too() {
    let project = Project::new(&[("hosts", "[g]\na\nb\nc\nd\n"), ("lim", "a\nb\n\n d \n!b\n"), ("empty", "")]);
    let inventory = project.inventory(&["hosts"]);
    let limit = |text: &str| text.replace('@', &format!("@{}/", project.directory.path().display()));
    assert_eq!(select(&inventory, "all", Some(&limit("@lim"))), ["a", "d"]);
    assert_eq!(select(&inventory, "all", Some(&limit("c,@lim"))), ["a", "c", "d"]);
    assert_eq!(select(&inventory, "all", Some(&limit("@empty"))), ["a", "b", "c", "d"]);
    assert!(HostPattern::limit(&limit("@missing")).is_err());
}

#[test]
fn hosts_and_groups_are_added_during_a_run() {
    let mut inventory = Project::new(&[("hosts", "x\n")]).inventory(&["hosts"]);
    let vars = Map::from([(Key::from("foo"), Value::Int(1))]);
    let mut add =
        |name: &str, groups: &[&str], vars: &Map| inventory.add_host(name, groups, vars, &mut Vec::new()).unwrap();
    assert!(add("n1", &["g1", "g2"], &vars));
    assert!(!add("n1", &["g1", "g2"], &vars));
    assert!(add("n1", &[], &Map::from([(Key::from("foo"), Value::Int(2))])));
    assert!(add("n2", &[], &Map::new()));
    assert!(!add("n2", &["ungrouped"], &Map::new()));
    let mut group = |host: &str, key: &str, parents: &[&str]| inventory.group_by(host, key, parents, &mut Vec::new());
    assert!(group("x", "k1", &[]).unwrap());
    assert!(!group("x", "k1", &[]).unwrap());
    assert!(group("x", "k1", &["p1"]).unwrap());
    assert!(group("x", "p1", &["k1"]).is_err());
    let expected = r#"{"all":["n1","n2","x"],"ungrouped":["n2"],"g1":["n1"],"g2":["n1"],"k1":["x"],"p1":["x"]}"#;
    assert_eq!(Value::map(inventory.groups_map()).to_json().to_string(), expected);
    assert_eq!(inventory.group_names(inventory.host("x").unwrap()), ["k1", "p1"]);
    assert_eq!(inventory.group("k1").unwrap().depth, 2);
}

#[test]
fn listings_are_those_of_ansible_inventory() {
    let project = Project::new(&[("h.yml", include_str!("measured/listing.yml"))]);
    let inventory = project.inventory(&["h.yml"]);
    let dirs = project.vars_dirs(&inventory);
    let text = |options| listing::list(&inventory, &dirs, &options, listing::Format::Json).unwrap();
    let list = |export| text(listing::ListOptions { export, ..listing::ListOptions::default() });
    assert_eq!(list(false), include_str!("measured/list.json").trim_end());
    assert_eq!(list(true), include_str!("measured/export.json").trim_end());
    assert_eq!(listing::graph(&inventory, "all", None).unwrap(), include_str!("measured/graph.txt").trim_end());
    assert_eq!(
        listing::graph(&inventory, "all", Some((&dirs, &listing::ListOptions::default()))).unwrap(),
        include_str!("measured/graph_vars.txt").trim_end()
    );
    assert!(listing::graph(&inventory, "nope", None).is_err());
    let hosts = ["c".to_owned()];
    let limited = text(listing::ListOptions { hosts: Some(&hosts), ..listing::ListOptions::default() });
    assert!(!limited.contains("\"b\"") && limited.contains("\"c\""));
}
