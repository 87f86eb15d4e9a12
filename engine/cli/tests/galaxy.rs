//! `kapell galaxy` from the outside: what is built can be installed, listed and verified; what is not as it should be is refused.

#![expect(clippy::unwrap_used, reason = "a test that cannot prepare its files has failed")]

use std::path::Path;
use std::process::{Command, Output};

fn galaxy(home: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kapell"));
    command.arg("galaxy").args(args).current_dir(home).env_clear();
    command.env("HOME", home).env("PATH", std::env::var_os("PATH").unwrap_or_default()).output().unwrap()
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn well(home: &Path, args: &[&str]) -> String {
    let output = galaxy(home, args);
    assert!(output.status.success(), "{args:?}: {}", said(&output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_collection_is_made_built_installed_listed_and_verified() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path();
    assert_eq!(well(home, &["collection", "init", "ns.col"]), "- Collection ns.col was created successfully\n");
    well(home, &["collection", "build", "ns/col"]);
    let again = galaxy(home, &["collection", "build", "ns/col"]);
    assert_eq!(again.status.code(), Some(1));
    assert!(said(&again).contains("You can use --force"), "{}", said(&again));
    let installed = well(home, &["collection", "install", "ns-col-1.0.0.tar.gz"]);
    assert!(installed.ends_with("ns.col:1.0.0 was installed successfully\n"), "{installed}");
    let again = well(home, &["collection", "install", "ns-col-1.0.0.tar.gz"]);
    assert!(again.contains("Nothing to do."), "{again}");
    let listed = well(home, &["collection", "list"]);
    assert!(listed.contains("ns.col     1.0.0"), "{listed}");
    assert!(well(home, &["collection", "verify", "--offline", "ns.col"]).contains("Successfully verified"));

    fs_err::write(home.join(".ansible/collections/ansible_collections/ns/col/README.md"), "other").unwrap();
    let changed = galaxy(home, &["collection", "verify", "--offline", "ns.col"]);
    assert_eq!(changed.status.code(), Some(1));
    assert!(said(&changed).contains("\n    README.md"), "{}", said(&changed));
}

#[test]
fn a_role_comes_from_a_repository_at_its_version() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path();
    well(home, &["role", "init", "web"]);
    let role = home.join("web");
    let git = |args: &[&str]| {
        let output = Command::new("git")
            .args(["-c", "user.name=n", "-c", "user.email=e@example.org", "-c", "init.defaultBranch=main"])
            .args(args)
            .current_dir(&role)
            .output()
            .unwrap();
        assert!(output.status.success(), "{args:?}: {}", said(&output));
    };
    git(&["init", "-q"]);
    git(&["add", "-A"]);
    git(&["commit", "-qm", "first"]);
    git(&["tag", "v1"]);
    fs_err::write(role.join("new"), "x").unwrap();
    git(&["add", "-A"]);
    git(&["commit", "-qm", "second"]);
    let source = format!("git+file://{},v1", role.display());
    let installed = well(home, &["role", "install", &source]);
    assert!(installed.ends_with("- web (v1) was installed successfully\n"), "{installed}");
    let there = home.join(".ansible/roles/web");
    assert!(there.join("tasks/main.yml").is_file() && !there.join("new").exists() && !there.join(".git").exists());
    assert!(well(home, &["role", "list"]).contains("- web, v1"));
    assert!(well(home, &["role", "remove", "web"]).contains("- successfully removed web"));
    assert!(!there.exists());
    let missing = galaxy(home, &["role", "install", &source.replace(",v1", ",v9")]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(said(&missing).contains("has no version 'v9'"), "{}", said(&missing));
}

#[test]
fn an_archive_that_is_not_what_it_lists_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path();
    well(home, &["collection", "init", "ns.col"]);
    well(home, &["collection", "build", "ns/col"]);
    let run = |program: &str, args: &[&str]| {
        assert!(Command::new(program).args(args).current_dir(home).status().unwrap().success());
    };
    run("mkdir", &["inside"]);
    run("tar", &["xzf", "ns-col-1.0.0.tar.gz", "-C", "inside"]);
    fs_err::write(home.join("inside/README.md"), "evil").unwrap();
    run("sh", &["-c", "cd inside && tar czf ../evil.tar.gz *"]);
    let refused = galaxy(home, &["collection", "install", "evil.tar.gz"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(said(&refused).contains("Checksum mismatch for 'README.md'"), "{}", said(&refused));
    assert!(!home.join(".ansible/collections/ansible_collections/ns/col").exists());
}

#[test]
fn roles_are_of_a_known_type() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path();
    well(home, &["role", "init", "--type", "container", "web"]);
    assert!(home.join("web/meta/container.yml").is_file() && home.join("web/tests/ansible.cfg").is_file());
    let unknown = galaxy(home, &["role", "init", "--type", "contaner", "other"]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(said(&unknown).contains("did you mean 'container'?") && !home.join("other").exists());
}
