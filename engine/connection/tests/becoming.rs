//! Becoming other users on a real node: terminals, directories, prompts, and programs that are not installed here,
//! stood in for by scripts that take their arguments and ask as they do.
#![allow(clippy::unwrap_used, reason = "clippy sees no test in the helpers of an integration test")]

mod nodes;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use kapell_connection::{
    BecomeSpec, BlobSource, Blobs, ConnectionError, ConnectionSpec, Connections, RawCommand, Secret, run_raw,
};
use kapell_test_support::{Account, Sshd};
use nodes::{call, error_of, once, spec, stdout_of};
use serde_json::json;
use sha2::{Digest, Sha256};

/// With accounts and sudo, or not at all.
fn node() -> Option<Sshd> {
    Sshd::start().filter(|server| server.has_accounts() && Path::new("/usr/bin/sudo").exists())
}

fn becoming(server: &Sshd, account: Account, become_: BecomeSpec) -> ConnectionSpec {
    ConnectionSpec { user: Some(account.name().to_owned()), become_: Some(become_), ..spec(server) }
}

fn carol(method: &str) -> BecomeSpec {
    BecomeSpec::new(method, "carol")
}

#[tokio::test(flavor = "multi_thread")]
async fn sudo_that_insists_on_a_terminal_gets_one() {
    let Some(server) = node() else { return };
    let dave = becoming(&server, Account::Dave, carol("sudo"));
    let connections = Connections::default();
    assert_eq!(stdout_of(&connections, &dave, "id -un").await.unwrap(), "carol");
    // Every byte passes the terminal as it is, in both directions.
    let content: Vec<u8> = (0..600_000_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let sha256 = hex::encode(Sha256::digest(&content));
    let blobs = Blobs::from_iter([(sha256.clone(), BlobSource::Bytes(content.clone().into()))]);
    let dest = server.home(Account::Carol).join("copied");
    let session = connections.session(&dave).await.unwrap();
    let args = json!({"dest": dest, "_content_sha256": sha256, "_original_basename": "source"});
    let result = session.call(call("ansible.builtin.copy", &args), &blobs, None).await.unwrap();
    assert_eq!(result.get("changed"), Some(&json!(true)), "{result:?}");
    let mut fetched = Vec::new();
    session.fetch(dest.to_str().unwrap(), &mut fetched).await.unwrap();
    assert!(fetched == content);
    let connection = connections.connection(&dave).await.unwrap();
    let raw = RawCommand { command: "id -un; echo err >&2; exit 3".into(), ..RawCommand::default() };
    let output = run_raw(connection.as_ref(), dave.become_.as_ref(), &raw).await.unwrap();
    assert_eq!((output.rc, String::from_utf8(output.stdout).unwrap().as_str()), (3, "carol\nerr\n"));
    connections.close_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sudo_starts_in_the_directory_that_is_wanted() {
    let Some(server) = node() else { return };
    let in_directory = |directory: &str| BecomeSpec { directory: Some(directory.into()), ..carol("sudo") };
    assert_eq!(once(&becoming(&server, Account::Alice, in_directory("/usr")), "pwd").await.unwrap(), "/usr");
    let error = error_of(&becoming(&server, Account::Alice, in_directory("/no where"))).await;
    assert!(matches!(error, ConnectionError::BecomeFailed { .. }) && error.to_string().contains("cd"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_in_particular_is_root() {
    let Some(server) = node() else { return };
    assert_eq!(once(&becoming(&server, Account::Alice, BecomeSpec::new("sudo", "")), "id -un").await.unwrap(), "root");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prompt_nobody_knows_times_out() {
    let Some(server) = node() else { return };
    let su = BecomeSpec {
        password: Some(Secret::new(Account::PASSWORD)),
        prompts: vec!["Losung".into()],
        timeout: Duration::from_secs(2),
        ..carol("su")
    };
    let begin = Instant::now();
    let error = error_of(&becoming(&server, Account::Alice, su)).await;
    assert!(matches!(error, ConnectionError::BecomeTimeout { .. }) && error.is_unreachable(), "{error:?}");
    assert!(error.to_string().contains("Timeout (2s) waiting for privilege escalation prompt"), "{error}");
    assert!(error.to_string().contains("It said: Password:"), "{error}");
    assert!(begin.elapsed() < Duration::from_secs(6));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_that_is_to_be_deleted_is_left() {
    let Some(server) = node() else { return };
    let (as_carol, connections) = (becoming(&server, Account::Alice, carol("sudo")), Connections::default());
    let as_root = ConnectionSpec { become_: Some(BecomeSpec::new("sudo", "root")), ..as_carol.clone() };
    let count = "ps -u carol -o args= | grep -c kapell-worker";
    assert_eq!(stdout_of(&connections, &as_carol, "id -un").await.unwrap(), "carol");
    assert_eq!(stdout_of(&connections, &as_root, count).await.unwrap(), "1");
    connections.leave_user(&as_root, "carol").await;
    assert_eq!(stdout_of(&connections, &as_root, count).await.unwrap(), "0");
    assert_eq!(stdout_of(&connections, &as_carol, "id -un").await.unwrap(), "carol");
    connections.close_all().await;
}

/// How a program takes its arguments, in shell; `$user` and the command in `$@` are its outcome.
const PROGRAMS: &[(&str, &str)] = &[
    (
        "dzdo",
        "while getopts HSnp:u: o; do case $o in p) prompt=$OPTARG;; u) user=$OPTARG;; esac; done; shift $((OPTIND-1))",
    ),
    ("doas", "while getopts nu: o; do case $o in u) user=$OPTARG;; esac; done; shift $((OPTIND-1))"),
    ("pbrun", "while getopts u: o; do case $o in u) user=$OPTARG;; esac; done; shift $((OPTIND-1))"),
    ("sesu", "user=$1; shift; [ \"$1\" = -c ]; shift; set -- sh -c \"$1\"; prompt='Please enter your password:'"),
    ("ksu", "user=$1; shift; [ \"$1\" = -e ]; shift; prompt='Kerberos password for alice@EXAMPLE:'"),
    ("pmrun", "user=carol; prompt='Enter UPM user password:'"),
    ("pfexec", "user=carol"),
    ("run0", "user=${1#--user=}; shift"),
];

fn install(directory: &Path, name: &str, arguments: &str, asks: bool) -> String {
    let ask =
        "printf '%s' \"$prompt\" >&2; read -r word; [ \"$word\" = kapell-secret ] || { echo denied >&2; exit 1; }";
    let ask = if asks { ask } else { "" };
    let script = format!("#!/bin/sh\nprompt=Password:\n{arguments}\n{ask}\nexec sudo -n -H -u \"$user\" -- \"$@\"\n");
    let path = directory.join(name);
    std::fs::write(&path, script).unwrap();
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
    path.to_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_with_their_own_arguments_and_prompts() {
    let Some(server) = node() else { return };
    let directory = tempfile::tempdir().unwrap();
    std::fs::set_permissions(directory.path(), PermissionsExt::from_mode(0o755)).unwrap();
    for (name, arguments) in PROGRAMS {
        let can_ask = !matches!(*name, "pfexec" | "run0");
        for asks in [false, true].into_iter().filter(|asks| !asks || can_ask) {
            let exe = install(directory.path(), name, arguments, asks);
            let password = |word: &str| asks.then(|| Secret::new(word));
            let become_ = BecomeSpec { exe: Some(exe), password: password(Account::PASSWORD), ..carol(name) };
            let good = becoming(&server, Account::Alice, become_.clone());
            assert_eq!(once(&good, "id -un").await.unwrap(), "carol", "{name}, asks: {asks}");
            if asks {
                let wrong = BecomeSpec { password: password("wrong"), ..become_ };
                let error = error_of(&becoming(&server, Account::Alice, wrong)).await;
                assert!(matches!(error, ConnectionError::BecomeFailed { .. }), "{name}: {error}");
                assert!(
                    error.to_string().contains("denied") && !error.to_string().contains("wrong"),
                    "{name}: {error}"
                );
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn methods_nobody_knows_are_named() {
    let Some(server) = node() else { return };
    let error = error_of(&becoming(&server, Account::Alice, carol("magic"))).await.to_string();
    assert!(error.contains("could not find matching plugin: 'magic'. There are: sudo, su, doas"), "{error}");
}
