//! Playbooks hundreds of levels deep run to their end, and those that never end say where they go in circles.

#![expect(clippy::unwrap_used, reason = "a test that cannot prepare its files has failed")]

use std::path::Path;
use std::process::{Command, Output};

const LEVELS: usize = 500;
/// What YAML allows: every block is a mapping in a list.
const BLOCK_LEVELS: usize = 250;
const DEEPEST: &str = "- debug: msg=deepest\n";

/// A directory with files, in which playbooks are run on this machine.
struct Project(tempfile::TempDir);

impl Project {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.0.path().join(path);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, text).unwrap();
    }

    /// A play whose tasks are `tasks`.
    fn play(&self, tasks: &str) -> Output {
        let tasks: String = tasks.lines().map(|line| format!("    {line}\n")).collect();
        self.write("site.yml", &format!("- hosts: localhost\n  gather_facts: false\n  tasks:\n{tasks}"));
        self.run("site.yml")
    }

    fn run(&self, playbook: &str) -> Output {
        let home: &Path = self.0.path();
        let mut command = Command::new(env!("CARGO_BIN_EXE_kapell"));
        command
            .args(["playbook", playbook])
            .current_dir(home)
            .env_clear()
            .env("HOME", home)
            .env("PATH", "/usr/bin:/bin");
        command.output().unwrap()
    }
}

fn assert_reached(output: &Output) {
    let (shown, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{errors}");
    assert!(shown.contains("\"msg\": \"deepest\""), "{errors}");
}

fn assert_circle(output: &Output, code: i32, circle: &str) {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{errors}");
    assert!(errors.contains("never ends") && errors.contains(circle), "{errors}");
}

#[test]
fn chains_of_files_are_followed_to_their_end() {
    for statement in ["include_tasks", "import_tasks"] {
        let project = Project::new();
        for level in 0..LEVELS {
            project.write(&format!("{level}.yml"), &format!("- {statement}: {}.yml\n", level + 1));
        }
        project.write(&format!("{LEVELS}.yml"), DEEPEST);
        assert_reached(&project.play(&format!("- {statement}: 0.yml")));
    }
    let project = Project::new();
    for level in 0..LEVELS {
        project.write(&format!("{level}.yml"), &format!("- import_playbook: {}.yml\n", level + 1));
    }
    let play = "- hosts: localhost\n  gather_facts: false\n  tasks:\n    - debug: msg=deepest\n";
    project.write(&format!("{LEVELS}.yml"), play);
    assert_reached(&project.run("0.yml"));
}

#[test]
fn chains_of_roles_are_followed_to_their_end() {
    for statement in ["include_role", "import_role"] {
        let project = Project::new();
        for level in 0..LEVELS {
            let next = format!("- {statement}: {{name: role{}}}\n", level + 1);
            project.write(&format!("roles/role{level}/tasks/main.yml"), &next);
        }
        project.write(&format!("roles/role{LEVELS}/tasks/main.yml"), DEEPEST);
        assert_reached(&project.play(&format!("- {statement}: {{name: role0}}")));
    }
    let project = Project::new();
    for level in 0..LEVELS {
        project.write(&format!("roles/role{level}/meta/main.yml"), &format!("dependencies: [role{}]\n", level + 1));
    }
    project.write(&format!("roles/role{LEVELS}/tasks/main.yml"), DEEPEST);
    assert_reached(&project.play("- import_role: {name: role0}"));
}

#[test]
fn blocks_are_nested_as_deep_as_yaml_goes() {
    let nested = |levels: usize| {
        let open: String = (0..levels).map(|level| format!("{}- block:\n", "    ".repeat(level))).collect();
        format!("{open}{}{DEEPEST}", "    ".repeat(levels))
    };
    let project = Project::new();
    assert_reached(&project.play(&nested(BLOCK_LEVELS)));
    let output = project.play(&nested(LEVELS));
    assert_eq!(output.status.code(), Some(4));
    assert!(String::from_utf8_lossy(&output.stderr).contains("levels deep"));
}

#[test]
fn circles_are_named() {
    let project = Project::new();
    project.write("a.yml", "- include_tasks: b.yml\n");
    project.write("b.yml", "- include_tasks: a.yml\n");
    project.write("roles/round/tasks/main.yml", "- include_role: {name: round}\n");
    project.write("roles/import/tasks/main.yml", "- import_role: {name: import}\n");
    project.write("roles/one/meta/main.yml", "dependencies: [other]\n");
    project.write("roles/other/meta/main.yml", "dependencies: [one]\n");
    project.write("c.yml", "- import_tasks: c.yml\n");
    let path = |name: &str| fs_err::canonicalize(project.0.path()).unwrap().join(name).display().to_string();
    let files = format!("{} -> {} -> {}", path("a.yml"), path("b.yml"), path("a.yml"));
    assert_circle(&project.play("- include_tasks: a.yml"), 250, &files);
    assert_circle(&project.play("- include_role: {name: round}"), 1, "roles/round/tasks/main.yml -> ");
    assert_circle(&project.play("- import_role: {name: import}"), 1, "role import (main) -> role import (main)");
    assert_circle(
        &project.play("- import_role: {name: one}"),
        1,
        "role one (main) -> role other (main) -> role one (main)",
    );
    assert_circle(&project.play("- import_tasks: c.yml"), 250, "c.yml -> ");
}
