//! What another account on the node can do to the bootstrap: nothing. And what stays of a controller that dies: nothing.
#![allow(clippy::unwrap_used, reason = "clippy sees no test in the helpers of an integration test")]

mod nodes;

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use kapell_connection::{BecomeSpec, ConnectionSpec, Connections};
use kapell_test_support::{Account, Sshd};
use nodes::{once, spec, stdout_of};
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::sleep;

/// The directories that everybody knows carry her user id: one test at a time.
static PUBLIC_PLACES: Mutex<()> = Mutex::const_new(());

/// Alice can write to no home, so that her worker has to live in a place that everybody knows.
async fn homeless_alice() -> Option<(Sshd, ConnectionSpec, MutexGuard<'static, ()>)> {
    let alone = PUBLIC_PLACES.lock().await;
    let server = Sshd::start().filter(|server| server.has_accounts() && Path::new("/usr/bin/sudo").exists())?;
    server.seal_home(Account::Alice).unwrap();
    let spec = ConnectionSpec { remote_tmp: "/nowhere".into(), ..spec(&server) };
    Some((server, spec, alone))
}

fn becoming(spec: &ConnectionSpec, user: &str) -> ConnectionSpec {
    ConnectionSpec { become_: Some(BecomeSpec::new("sudo", user)), ..spec.clone() }
}

/// Where the worker's executable is, and whether Bob's was run.
const WHERE: &str = "readlink /proc/$PPID/exe; cat /var/tmp/trapped 2>/dev/null || true";

async fn alice_uid(spec: &ConnectionSpec) -> String {
    let connections = Connections::default();
    let connection = connections.connection(spec).await.unwrap();
    let ask = kapell_connection::RawCommand { command: "id -u".into(), ..Default::default() };
    let output = kapell_connection::run_raw(connection.as_ref(), None, &ask).await.unwrap();
    connections.close_all().await;
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// The name her worker will have: that of Bob's, whose worker is the same.
const PLANT: &str = "for name in $(ls ~/.ansible/tmp/kapell | grep kapell-worker); do \
    printf '#!/bin/sh\\necho trapped >> /var/tmp/trapped\\nexec ~bob/.ansible/tmp/kapell/%s \"$@\"\\n' $name > $d/$name; \
    chmod 755 $d/$name; done";

#[tokio::test(flavor = "multi_thread")]
async fn directories_of_other_accounts_are_no_place() {
    let Some((_server, alice, _alone)) = homeless_alice().await else { return };
    let uid = alice_uid(&alice).await;
    let (bob, root) = (becoming(&alice, "bob"), becoming(&alice, "root"));
    let taken = format!("d=/var/tmp/kapell-{uid}");
    let traps = [
        ("a directory of his", format!("{taken}; mkdir -m 755 $d; {PLANT}")),
        (
            "a link to a directory of his",
            format!("d=/var/tmp/bobs; mkdir -m 755 $d; {PLANT}; ln -s $d /var/tmp/kapell-{uid}"),
        ),
        ("a link to nowhere", format!("ln -s /var/tmp/none /var/tmp/kapell-{uid}")),
        ("a link to her home", format!("ln -s ~alice /var/tmp/kapell-{uid}")),
        ("a file", format!("touch /var/tmp/kapell-{uid}")),
    ];
    for (what, trap) in traps {
        // Bob has a worker of his own by now.
        let bobs = ConnectionSpec { remote_tmp: "~/.ansible/tmp".into(), ..bob.clone() };
        once(&bobs, &trap).await.unwrap();
        let answer = once(&alice, WHERE).await.unwrap();
        assert!(!answer.contains("/var/tmp") && !answer.contains("trapped"), "{what}: {answer}");
        let clean = format!("rm -rf /var/tmp/kapell-{uid} /var/tmp/bobs /tmp/kapell-{uid} /dev/shm/kapell-{uid}");
        once(&ConnectionSpec { remote_tmp: "~/.ansible/tmp".into(), ..root.clone() }, &clean).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn directories_that_others_may_write_to_are_no_place() {
    let Some((_server, alice, _alone)) = homeless_alice().await else { return };
    let uid = alice_uid(&alice).await;
    let first = once(&alice, WHERE).await.unwrap();
    assert!(first.starts_with(&format!("/var/tmp/kapell-{uid}/kapell-worker-")), "{first}");
    for mode in ["770", "707", "777"] {
        once(&alice, &format!("chmod {mode} /var/tmp/kapell-{uid}")).await.unwrap();
        let answer = once(&alice, WHERE).await.unwrap();
        assert!(!answer.contains("/var/tmp"), "{mode}: {answer}");
    }
    once(&alice, &format!("chmod 700 /var/tmp/kapell-{uid}; mkdir -m 777 /var/tmp/open; rm -rf /tmp/kapell-{uid}"))
        .await
        .unwrap();
    let open = ConnectionSpec { remote_tmp: "/var/tmp/open".into(), ..alice.clone() };
    let answer = once(&open, WHERE).await.unwrap();
    assert!(!answer.contains("/var/tmp/open"), "others can rename what is in there: {answer}");
    once(&alice, &format!("chmod 1777 /var/tmp/open; rm -rf /var/tmp/kapell-{uid} /tmp/kapell-{uid}")).await.unwrap();
    let answer = once(&open, WHERE).await.unwrap();
    assert!(answer.contains("/var/tmp/open/kapell/kapell-worker-"), "{answer}");
    once(&alice, &format!("rm -rf /tmp/kapell-{uid} /dev/shm/kapell-{uid}")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_race_for_the_directory_is_not_won() {
    let Some((_server, alice, _alone)) = homeless_alice().await else { return };
    let uid = alice_uid(&alice).await;
    let bob = ConnectionSpec { remote_tmp: "~/.ansible/tmp".into(), ..becoming(&alice, "bob") };
    once(&bob, "true").await.unwrap();
    let attack = format!(
        "d=/var/tmp/bobs; mkdir -p -m 755 $d; {PLANT}; end=$(($(date +%s) + 12)); \
         while [ $(date +%s) -lt $end ]; do ln -s $d /var/tmp/kapell-{uid} 2>/dev/null; rm -f /var/tmp/kapell-{uid} 2>/dev/null; \
         mkdir -m 755 /var/tmp/kapell-{uid} 2>/dev/null && cp $d/* /var/tmp/kapell-{uid}; rm -rf /var/tmp/kapell-{uid} 2>/dev/null; done"
    );
    let attacking = once(&bob, &attack);
    let working = async {
        for _ in 0..8 {
            let answer = once(&alice, WHERE).await.unwrap();
            assert!(!answer.contains("trapped"), "{answer}");
        }
        once(&alice, &format!("rm -rf /tmp/kapell-{uid} /dev/shm/kapell-{uid}")).await.unwrap();
    };
    let (attacked, ()) = tokio::join!(attacking, working);
    attacked.unwrap();
}

/// Not a test by itself: the controller that the next test kills.
#[tokio::test(flavor = "multi_thread")]
async fn controller() {
    let Ok(words) = std::env::var("KAPELL_CONTROLLER") else { return };
    let words: Vec<&str> = words.split('|').collect();
    let [port, key, known_hosts, user] = words[..] else { return };
    let spec = ConnectionSpec {
        port: port.parse().ok(),
        user: Some(user.into()),
        private_key_file: Some(key.into()),
        known_hosts: vec![known_hosts.into()],
        ssh_args: "-F none -o IdentityAgent=none".into(),
        ..ConnectionSpec::ssh("127.0.0.1")
    };
    let connections = Connections::default();
    let becoming = becoming(&spec, "carol");
    let (plain, other) = tokio::join!(
        stdout_of(&connections, &spec, "touch ~/begun; sleep 120"),
        stdout_of(&connections, &becoming, "sleep 121")
    );
    plain.and(other).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_leave_when_the_controller_dies() {
    let Some(server) = Sshd::start().filter(Sshd::has_accounts) else { return };
    let words = [
        server.port.to_string(),
        server.key.display().to_string(),
        server.known_hosts.display().to_string(),
        server.user.clone(),
    ];
    let mut controller = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "controller"])
        .env("KAPELL_CONTROLLER", words.join("|"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let begun = server.home(Account::Alice).join("begun");
    for _ in 0..100 {
        if begun.exists() && server.processes_of_accounts().iter().filter(|name| name.starts_with("sleep")).count() == 2
        {
            break;
        }
        sleep(Duration::from_millis(100)).await;
    }
    assert!(server.processes_of_accounts().len() >= 4, "{:?}", server.processes_of_accounts());
    controller.kill().unwrap();
    controller.wait().unwrap();
    for _ in 0..50 {
        if server.processes_of_accounts().is_empty() {
            break;
        }
        sleep(Duration::from_millis(100)).await;
    }
    let left = server.processes_of_accounts();
    assert!(left.is_empty(), "{left:?}");
    let temporary = std::fs::read_dir(server.home(Account::Alice).join(".ansible/tmp/kapell")).unwrap();
    let left: Vec<_> = temporary.flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(left.len(), 1, "{left:?}");
    assert_ne!(std::fs::metadata(&begun).unwrap().uid(), 0);
}
