//! The public host keys of the node's SSH server.

use super::collector::{Facts, content};

const ALGORITHMS: [&str; 4] = ["dsa", "rsa", "ecdsa", "ed25519"];
const DIRECTORIES: [&str; 3] = ["/etc/ssh", "/etc/openssh", "/etc"];

pub(super) fn collect(facts: &mut Facts<'_, '_>) {
    // All keys come from the first directory that has any.
    for directory in DIRECTORIES {
        let keys =
            ALGORITHMS.map(|algorithm| (algorithm, content(format!("{directory}/ssh_host_{algorithm}_key.pub"))));
        let mut any = false;
        for (algorithm, key) in keys {
            let Some(key) = key else { continue };
            let mut words = key.split_whitespace();
            let (Some(kind), Some(key)) = (words.next(), words.next()) else { continue };
            facts.set(&format!("ssh_host_key_{algorithm}_public"), key);
            facts.set(&format!("ssh_host_key_{algorithm}_public_keytype"), kind);
            any = true;
        }
        if any {
            return;
        }
    }
}
