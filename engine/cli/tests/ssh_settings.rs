//! Settings of SSH connections that come from the environment and the configuration file: keys as text, passphrases,
//! smart cards.
#![expect(clippy::unwrap_used, reason = "a test that cannot prepare its files has failed")]

mod loopback;

use std::os::unix::fs::PermissionsExt;

use kapell_test_support::ssh_keygen;
use loopback::{Project, said};

/// A host whose inventory names no key.
fn project() -> Option<Project> {
    let project = Project::start()?;
    let server = &project.server;
    let inventory = format!(
        "web ansible_host=127.0.0.1 ansible_port={} ansible_user={}\n[all:vars]\n\
         ansible_ssh_common_args=-F none -o IdentityAgent=none -o UserKnownHostsFile={}\n",
        server.port,
        server.user,
        server.known_hosts.display()
    );
    project.write("hosts.ini", inventory);
    Some(project)
}

fn ask_who(project: &Project, words: &[&str], environment: &[(&str, &str)]) -> String {
    let common = ["run", "-i", "hosts.ini", "web", "-m", "command", "-a", "id -un"];
    let mut command = project.kapell(&[&common, words].concat());
    // Nobody is asked, even where somebody sits at a terminal.
    command.env("ANSIBLE_SSH_EXTRA_ARGS", "-o BatchMode=yes").envs(environment.iter().copied());
    said(&command.output().unwrap())
}

#[test]
fn keys_and_passphrases_come_from_the_environment() {
    let Some(project) = project() else { return };
    let refused = ask_who(&project, &[], &[]);
    assert!(refused.contains("Permission denied"), "{refused}");
    let key = fs_err::read_to_string(&project.server.key).unwrap();
    let as_text = ask_who(&project, &[], &[("ANSIBLE_PRIVATE_KEY", &key)]);
    assert!(as_text.contains(&project.server.user), "{as_text}");

    project.write("locked", &key);
    fs_err::set_permissions(project.path("locked"), PermissionsExt::from_mode(0o600)).unwrap();
    ssh_keygen(&project.path(""), &["-p", "-P", "", "-N", "open it", "-f", "locked"]).unwrap();
    let locked = ("ANSIBLE_PRIVATE_KEY_FILE", "locked");
    let refused = ask_who(&project, &[], &[locked]);
    assert!(refused.contains("is encrypted and there is no passphrase"), "{refused}");
    let opened = ask_who(&project, &[], &[locked, ("ANSIBLE_PRIVATE_KEY_PASSPHRASE", "open it")]);
    assert!(opened.contains(&project.server.user), "{opened}");
}

/// No smart card here: a stand-in for the client shows what it would be told.
#[test]
fn smart_cards_are_for_the_openssh_client() {
    let Some(project) = project() else { return };
    project.write("bin/ssh", "#!/bin/sh\necho \"told: $*\" >&2\nexit 255\n");
    fs_err::set_permissions(project.path("bin/ssh"), PermissionsExt::from_mode(0o755)).unwrap();
    let path = format!("{}:/usr/bin:/bin", project.path("bin").display());
    project.write("ansible.cfg", "[ssh_connection]\npkcs11_provider = /opt/card.so\n");
    let by_file = ask_who(&project, &[], &[("PATH", &path)]);
    assert!(by_file.contains("-o PKCS11Provider=/opt/card.so"), "{by_file}");
    let by_variable = ask_who(&project, &["-e", "ansible_ssh_pkcs11_provider=/opt/other.so"], &[("PATH", &path)]);
    assert!(by_variable.contains("-o PKCS11Provider=/opt/other.so"), "{by_variable}");
}
