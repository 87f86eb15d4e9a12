//! Command lines as shell scripts have them: the exit code and standard output of each, in a project of their own. The
//! cases are `command_lines.txt`: a line with `$`, the exit code, what is printed. Measured beside ansible-core.
//! `UPDATE_EXPECTED=1` writes down what is printed now.

#![expect(clippy::unwrap_used, reason = "a test that cannot prepare its files has failed")]

use std::path::Path;
use std::process::{Command, Stdio};

const CASES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/command_lines.txt");
const TOOLS: &[&str] =
    &["ansible", "ansible-playbook", "ansible-doc", "ansible-config", "ansible-vault", "ansible-inventory"];
/// Where the project is, in what is printed.
const PROJECT: &str = "/project";

const FILES: &[(&str, &str)] = &[
    ("ansible.cfg", "[defaults]\ninventory = hosts\nroles_path = roles\n"),
    ("slip.cfg", "[defaults]\nfroks = 3\n"),
    ("bad.cfg", "[defaults]\nforks = many\n"),
    ("hosts", "[web]\nweb1 ansible_connection=local\nweb2 ansible_connection=local\n"),
    ("password", "pass1\n"),
    ("plain.yml", "a: 1\n"),
    ("site.yml", "- hosts: web\n  gather_facts: false\n  roles: [web]\n"),
    ("ask.yml", "- hosts: web1\n  gather_facts: false\n  vars_prompt: [{name: who}]\n  tasks: [{debug: {var: who}}]\n"),
    ("roles/web/tasks/main.yml", "- {name: first, debug: {msg: first}}\n- {name: second, debug: {msg: second}}\n"),
    (
        "roles/web/meta/argument_specs.yml",
        "argument_specs:\n  main:\n    short_description: The web role\n    description: [Serves pages.]\n    author: [me]\n    \
         options:\n      port: {type: int, default: 80, description: [Where it listens., Only C(tcp).]}\n      \
         deep:\n        type: dict\n        description: More.\n        options:\n          \
         names: {type: list, elements: str, choices: [a, b], required: true, description: Some O(names).}\n  \
         remove: {short_description: Away}\n",
    ),
    (
        "library/own.py",
        "DOCUMENTATION = r'''\nmodule: own\nshort_description: Our own\ndescription: Does B(it).\n\
         options:\n  name: {description: Whose., type: str, required: true}\nauthor: me\n'''\n\
         EXAMPLES = '''\n- own: {name: x}\n'''\nRETURN = '''\nout: {description: What., returned: always, type: str}\n'''\n",
    ),
];

#[test]
fn command_lines_end_and_print_as_written() {
    let written = fs_err::read_to_string(CASES).unwrap();
    let mut now = String::new();
    for block in written.split("\n\n").filter(|block| !block.trim().is_empty()) {
        match block.trim_start().lines().next().and_then(|line| line.strip_prefix("$ ")) {
            Some(command) => now.push_str(&format!("$ {command}\n{}\n\n", told(command))),
            None => now.push_str(&format!("{block}\n\n")),
        }
    }
    let now = format!("{}\n", now.trim_end());
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        fs_err::write(CASES, &now).unwrap();
        return;
    }
    assert_each(&written, &now);
}

fn assert_each(written: &str, now: &str) {
    for (expected, got) in written.split("\n$ ").zip(now.split("\n$ ")) {
        assert_eq!(got.trim_end(), expected.trim_end());
    }
    assert_eq!(now.trim_end(), written.trim_end());
}

/// The exit code and standard output; empty lines are marked, since they end a case.
fn told(command: &str) -> String {
    let project = tempfile::tempdir().unwrap();
    let root = fs_err::canonicalize(project.path()).unwrap();
    for (name, text) in FILES {
        let path = root.join(name);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(&path, text).unwrap();
    }
    let output = Command::new("/bin/sh")
        .args(["-c", command])
        .current_dir(&root)
        .env_clear()
        .env("HOME", root.join("home"))
        .env("PATH", format!("{}:/usr/bin:/bin", links(&root).display()))
        .env("LANG", "C.UTF-8")
        .env("ANSIBLE_LOCALHOST_WARNING", "false")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let printed = String::from_utf8(output.stdout).unwrap().replace(root.to_str().unwrap(), PROJECT);
    let lines = printed.lines().map(|line| if line.trim().is_empty() { "." } else { line.trim_end() });
    let lines: Vec<&str> = lines.collect();
    format!("exit {}\n{}", output.status.code().unwrap(), lines.join("\n")).trim_end().to_owned()
}

/// The program under the names of the tools.
fn links(root: &Path) -> std::path::PathBuf {
    let directory = root.join("home/bin");
    fs_err::create_dir_all(&directory).unwrap();
    for tool in TOOLS {
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_kapell"), directory.join(tool)).unwrap();
    }
    directory
}
