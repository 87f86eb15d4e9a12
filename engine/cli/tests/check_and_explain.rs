//! `kapell check` finds everything at once and is only certain where a run would fail; `kapell explain` names places.

#![expect(clippy::unwrap_used, reason = "a test that cannot prepare its files has failed")]

use std::path::Path;
use std::process::{Command, Output};

const FILES: &[(&str, &str)] = &[
    ("inventory", "[web]\nweb1\n"),
    ("group_vars/all.yml", "port: 1\n"),
    ("group_vars/web.yml", "port: 2\nurl: \"http://{{ inventory_hostname }}:{{ port }}\"\n"),
    ("host_vars/web1.yml", "port: 3\n"),
    ("roles/app/defaults/main.yml", "port: 0\nname: app\n"),
    ("roles/app/tasks/main.yml", "- debug:\n    msg: '{{ name }}'\n  notify: restart\n"),
    ("roles/app/handlers/main.yml", "- name: restart\n  debug:\n    msg: x\n"),
    (
        "site.yml",
        "- hosts: web\n  roles: [app]\n  tasks:\n    - file:\n        path: /x\n        state: diretory\n    - file:\n        pth: /x\n      \
         notify: nobody\n    - include_tasks: missing.yml\n    - include_tasks: missing.yml\n      when: port == 9\n    - ns.col.thing:\n    - \
         command: echo {{ nothing }}\n    - command: echo {{ maybe | default('') }}\n    - foo: 1\n      bar: 2\n",
    ),
];

fn project(dir: &Path) {
    for (name, text) in FILES {
        let path = dir.join(name);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, text).unwrap();
    }
}

fn kapell(dir: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kapell"));
    command.args(args).current_dir(dir).env_clear().env("HOME", dir).output().unwrap()
}

#[test]
fn everything_is_found_at_once() {
    let dir = tempfile::tempdir().unwrap();
    project(dir.path());
    let output = kapell(dir.path(), &["check", "-i", "inventory", "--format", "json"]);
    assert_eq!(output.status.code(), Some(4));
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let lines = told["findings"].as_array().unwrap().iter().map(|finding| {
        let text = |key: &str| finding[key].as_str().unwrap_or_default();
        format!(
            "{} {} {}: {}",
            text("certainty"),
            text("rule"),
            finding["line"],
            text("message").split(" '/").next().unwrap()
        )
    });
    let lines: Vec<String> = lines.collect();
    for expected in [
        "certain argument 6: 'diretory' is not a value of 'state': one of absent, directory, file, hard, link, touch",
        "certain argument 8: 'pth' is not an argument of ansible.builtin.file",
        "certain argument 7: ansible.builtin.file needs the argument 'path'",
        "certain missing-file 10: Could not find or access",
        "possible missing-file 11: Could not find or access",
        "certain unknown-module 13: there is no module or action 'ns.col.thing'",
        "possible missing-handler 9: there is no handler 'nobody'",
        "possible undefined-variable 14: nothing sets the variable 'nothing'",
    ] {
        assert!(lines.iter().any(|line| line == expected), "{expected}\nnot in\n{}", lines.join("\n"));
    }
    assert!(!lines.iter().any(|line| line.contains("maybe") || line.contains("'name'")), "{}", lines.join("\n"));
}

#[test]
fn sarif_names_files_as_they_lie() {
    let dir = tempfile::tempdir().unwrap();
    project(dir.path());
    let output = kapell(dir.path(), &["check", "site.yml", "--format", "sarif"]);
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let result = &told["runs"][0]["results"][0];
    assert_eq!(result["level"], "error");
    assert_eq!(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "site.yml");
}

#[test]
fn good_content_is_well() {
    let dir = tempfile::tempdir().unwrap();
    project(dir.path());
    fs_err::write(dir.path().join("site.yml"), "- hosts: web\n  roles: [app]\n").unwrap();
    let output = kapell(dir.path(), &["check", "-i", "inventory", "--strict"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn what_a_play_leaves_with_its_hosts_is_known_in_the_plays_after_it() {
    let dir = tempfile::tempdir().unwrap();
    let command = |name: &str| format!("    - command: echo {{{{ {name} }}}}\n");
    let first = format!("- hosts: a\n  tasks:\n{}", command("made"));
    let second = "- hosts: a\n  tasks:\n    - set_fact:\n        made: 1\n    - command: id\n      register: who\n";
    let third = format!("- hosts: a\n  tasks:\n{}{}{}", command("made"), command("who"), command("nobody"));
    fs_err::write(dir.path().join("site.yml"), [&first, second, &third].concat()).unwrap();
    let output = kapell(dir.path(), &["check", "-i", "a,", "site.yml"]);
    let told = String::from_utf8(output.stdout).unwrap();
    let errors: Vec<&str> = told.lines().filter(|line| line.starts_with("error")).collect();
    let unset = |name: &str| format!("error[undefined-variable]: nothing sets the variable '{name}'");
    assert_eq!(errors, [unset("made"), unset("nobody")], "{told}");
}

#[test]
fn a_variable_is_explained() {
    let dir = tempfile::tempdir().unwrap();
    project(dir.path());
    fs_err::write(dir.path().join("site.yml"), "- hosts: web\n  roles: [app]\n").unwrap();
    let output =
        kapell(dir.path(), &["explain", "web1", "port", "-i", "inventory", "--playbook", "site.yml", "--json"]);
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["set"]["value"], 3);
    assert!(told["set"]["file"].as_str().unwrap().ends_with("host_vars/web1.yml"));
    let beaten: Vec<i64> = told["beats"].as_array().unwrap().iter().filter_map(|b| b["value"].as_i64()).collect();
    assert_eq!(beaten.last(), Some(&0), "the role's default is the weakest: {beaten:?}");
    let output = kapell(dir.path(), &["explain", "web1", "url", "-i", "inventory"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("  gives   http://web1:3\n"), "{text}");
    let output = kapell(dir.path(), &["explain", "web1", "prt", "-i", "inventory"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("did you mean 'port'?"));
}

#[test]
fn modules_of_other_collections_fail_where_they_are_run() {
    let dir = tempfile::tempdir().unwrap();
    let tasks = "- hosts: localhost\n  gather_facts: false\n  tasks:\n    - mysql_replication: {mode: getreplica}\n      \
                 when: false\n    - community.zabbix.zabbix_host: {host_name: x}\n      when: reached is defined\n";
    fs_err::write(dir.path().join("site.yml"), tasks).unwrap();
    let checked = kapell(dir.path(), &["check", "site.yml"]);
    assert!(String::from_utf8_lossy(&checked.stdout).contains("0 certain, 2 possible"), "{checked:?}");
    assert_eq!(kapell(dir.path(), &["playbook", "site.yml"]).status.code(), Some(0));
    let failed = kapell(dir.path(), &["playbook", "site.yml", "-e", "reached=true"]);
    assert_eq!(failed.status.code(), Some(2));
    let said = String::from_utf8_lossy(&failed.stdout).into_owned();
    assert!(said.contains("kapell galaxy collection install community.zabbix"), "{said}");
    let misspelt = "- hosts: localhost\n  tasks:\n    - mysql_replicator: {}\n      when: false\n";
    fs_err::write(dir.path().join("site.yml"), misspelt).unwrap();
    assert_eq!(kapell(dir.path(), &["playbook", "site.yml"]).status.code(), Some(4));
}
