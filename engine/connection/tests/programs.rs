//! Connections through programs of this machine: the OpenSSH client, directory trees, and stand-ins for containers.
#![allow(clippy::unwrap_used, reason = "clippy sees no test in the helpers of an integration test")]

mod nodes;

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use kapell_connection::{BecomeSpec, ConnectionError, ConnectionSpec, ContainerOptions, Secret};
use kapell_test_support::{Account, Sshd};
use nodes::{error_of, once, spec};
use tempfile::TempDir;

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|meta| std::os::unix::fs::MetadataExt::uid(&meta) == 0)
}

fn by_client(server: &Sshd) -> ConnectionSpec {
    ConnectionSpec { kind: "openssh".into(), ..spec(server) }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_openssh_client() {
    let Some(server) = Sshd::start() else { return };
    let good = by_client(&server);
    assert_eq!(once(&good, "id -un").await.unwrap(), server.user);
    let own = ConnectionSpec { kind: "ssh".into(), ssh_executable: Some("/usr/bin/ssh".into()), ..good.clone() };
    assert_eq!(once(&own, "id -un").await.unwrap(), server.user);
    let gssapi =
        ConnectionSpec { kind: "ssh".into(), ssh_args: "-F none -o GSSAPIAuthentication=yes".into(), ..good.clone() };
    assert_eq!(once(&gssapi, "id -un").await.unwrap(), server.user);

    let no_key = ConnectionSpec { private_key_file: Some(server.other_key.clone()), ..good.clone() };
    let wrong_host = ConnectionSpec { known_hosts: vec![server.wrong_known_hosts.clone()], ..good.clone() };
    let nobody = ConnectionSpec { port: Some(1), ..good.clone() };
    let absent = ConnectionSpec { ssh_executable: Some("/nowhere/ssh".into()), ..good.clone() };
    for (spec, expected) in [
        (no_key, "Permission denied"),
        (wrong_host, "REMOTE HOST IDENTIFICATION HAS CHANGED"),
        (nobody, "Connection refused"),
        (absent, "cannot start /nowhere/ssh"),
    ] {
        let error = error_of(&spec).await;
        assert!(error.is_unreachable() && error.to_string().contains(expected), "{expected}: {error}");
    }
    if server.has_accounts() {
        let mut password =
            ConnectionSpec { private_key_file: None, password: Some(Secret::new(Account::PASSWORD)), ..good.clone() };
        assert_eq!(once(&password, "id -un").await.unwrap(), "alice");
        password.password = Some(Secret::new("wrong"));
        assert!(error_of(&password).await.to_string().contains("Permission denied"));
        let root = ConnectionSpec { become_: Some(BecomeSpec::new("sudo", "root")), ..good };
        assert_eq!(once(&root, "id -un").await.unwrap(), "root");
    }
}

/// Everything but `/usr` is empty: programs come from this machine.
fn tree() -> TempDir {
    let tree = tempfile::Builder::new().prefix("kapell-tree-").tempdir_in("/var/tmp").unwrap();
    std::fs::set_permissions(tree.path(), PermissionsExt::from_mode(0o755)).unwrap();
    for directory in ["usr", "etc", "proc", "sys", "dev", "run", "tmp", "var/tmp", "root"] {
        std::fs::create_dir_all(tree.path().join(directory)).unwrap();
    }
    for link in ["bin", "sbin", "lib", "lib64"].into_iter().filter(|link| Path::new("/usr").join(link).exists()) {
        symlink(Path::new("usr").join(link), tree.path().join(link)).unwrap();
    }
    std::fs::write(tree.path().join("etc/os-release"), "ID=tree\n").unwrap();
    std::fs::write(tree.path().join("etc/passwd"), "root:x:0:0::/root:/bin/sh\n").unwrap();
    std::fs::write(tree.path().join("etc/group"), "root:x:0:\n").unwrap();
    tree
}

/// It is not everywhere, and wants mounts that a root of one's own often lacks.
#[expect(clippy::print_stdout, reason = "a test that cannot run says so in one line")]
fn can_nspawn(tree: &Path) -> bool {
    let mut nspawn = std::process::Command::new("systemd-nspawn");
    nspawn.args(["--quiet", "--register=no", "--keep-unit", "--bind-ro=/usr", "--directory"]).arg(tree).arg("true");
    let can = nspawn.output().is_ok_and(|output| output.status.success());
    if !can {
        println!("skipped: systemd-nspawn starts nothing here");
    }
    can
}

fn inside(kind: &str, address: &str, container: ContainerOptions) -> ConnectionSpec {
    ConnectionSpec { kind: kind.into(), address: address.into(), container, ..ConnectionSpec::ssh("box") }
}

#[tokio::test(flavor = "multi_thread")]
async fn directory_trees() {
    let is_usr_merged = Path::new("/bin").is_symlink();
    if !is_root() || !is_usr_merged {
        return;
    }
    let tree = tree();
    let address = tree.path().to_str().unwrap();
    // Mounts in a namespace of their own are gone with the process.
    let chroot = tree.path().join("chroot");
    std::fs::write(
        &chroot,
        "#!/bin/sh\nexec unshare -m sh -c 'mount --rbind /usr \"$1/usr\" && mount -t proc proc \"$1/proc\" && exec chroot \"$@\"' sh \"$@\"\n",
    )
    .unwrap();
    std::fs::set_permissions(&chroot, PermissionsExt::from_mode(0o755)).unwrap();
    let options = ContainerOptions { program: Some(chroot.to_str().unwrap().into()), ..ContainerOptions::default() };
    let in_chroot = inside("chroot", address, options);
    assert_eq!(once(&in_chroot, ". /etc/os-release; echo $ID; id -u").await.unwrap(), "tree\n0");
    // Root is who one is there.
    let become_root = ConnectionSpec { become_: Some(BecomeSpec::new("nothing", "root")), ..in_chroot };
    assert_eq!(once(&become_root, "id -u").await.unwrap(), "0");

    if can_nspawn(tree.path()) {
        let options = ContainerOptions { extra_args: "--bind-ro=/usr".into(), ..ContainerOptions::default() };
        let in_container = inside("nspawn", address, options);
        assert_eq!(once(&in_container, ". /etc/os-release; echo $ID; id -u").await.unwrap(), "tree\n0");
    }
    let error = error_of(&inside("chroot", "/nowhere", ContainerOptions::default())).await;
    assert!(matches!(error, ConnectionError::Configuration { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn containers() {
    let directory = tempfile::tempdir().unwrap();
    let program = directory.path().join("docker");
    std::fs::write(
        &program,
        "#!/bin/sh\n[ \"$1 $2 $3 $4\" = 'exec -i -u me' ] || exit 125\n\
         [ \"$5\" = box ] || { echo \"Error: No such container: $5\" >&2; exit 1; }\nshift 5; INSIDE=$HOME exec \"$@\"\n",
    )
    .unwrap();
    std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
    let options = ContainerOptions { program: Some(program.to_str().unwrap().into()), ..ContainerOptions::default() };
    let good = ConnectionSpec { user: Some("me".into()), ..inside("docker", "box", options) };
    assert_eq!(once(&good, "test -n \"$INSIDE\" && echo inside").await.unwrap(), "inside");
    let error = error_of(&ConnectionSpec { address: "gone".into(), ..good }).await.to_string();
    assert!(error.contains("No such container: gone"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn instances_of_lxd_and_incus() {
    let directory = tempfile::tempdir().unwrap();
    let program = directory.path().join("incus");
    std::fs::write(
        &program,
        "#!/bin/sh\n[ \"$1 $2 $3\" = 'exec -T far:box' ] && [ \"$4\" = -- ] || { echo \"no $3\" >&2; exit 1; }\n\
         shift 4; INSIDE=yes exec \"$@\"\n",
    )
    .unwrap();
    let su = directory.path().join("su");
    std::fs::write(&su, "#!/bin/sh\n[ \"$2\" = -c ] && AS=$1 exec sh -c \"$3\"\n").unwrap();
    for file in [&program, &su] {
        std::fs::set_permissions(file, PermissionsExt::from_mode(0o755)).unwrap();
    }
    let options = ContainerOptions {
        program: Some(program.to_str().unwrap().into()),
        remote: Some("far".into()),
        switch_user: Some(su.to_str().unwrap().into()),
        ..ContainerOptions::default()
    };
    for kind in ["incus", "lxd"] {
        let root = inside(kind, "box", options.clone());
        assert_eq!(once(&root, "echo $INSIDE$AS").await.unwrap(), "yes", "{kind}");
        let me = ConnectionSpec { user: Some("me".into()), ..root.clone() };
        assert_eq!(once(&me, "echo $INSIDE$AS").await.unwrap(), "yesme", "{kind}");
        let error = error_of(&ConnectionSpec { address: "gone".into(), ..root }).await.to_string();
        assert!(error.contains("no far:gone"), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn kinds_nobody_knows_are_named() {
    let error = error_of(&inside("magic", "box", ContainerOptions::default())).await.to_string();
    assert!(error.contains("the connection plugin 'magic' was not found; there are: ssh, "), "{error}");
}
