//! Random `known_hosts` and `ssh_config` files, and `ssh` arguments: reading them ends soon, and they never let in a
//! host with another key than theirs.

use kapell_test_support::fuzz::{Dice, Limits, fuzz};
use russh::keys::PublicKey;

use super::arguments::SshArguments;
use super::config_file::ConfigFile;
use super::known_hosts::{KnownHosts, Verdict, entry_line};
use super::options::SshOptions;
use super::revoked_keys::RevokedKeys;

const ONE: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ";
/// In no file.
const STRANGER: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILIG2T/B0l0gaqj3puu510tu9N1OkQ4znY3LYuEm5zCF";

const KNOWN_WORDS: &[&[u8]] = &[
    b"@revoked ",
    b"@cert-authority ",
    b"@unknown ",
    b"|1|",
    b"|1|x|y",
    b"*",
    b"?",
    b"!",
    b"!*,",
    b",",
    b"**************************************a",
    b"*?*?*?*?*?*?*?*?*?*?*?*?*?*?*?*?*?b",
    b"[host]:2222",
    b"{a,b}",
    b"[!a-z]",
    b"ssh-rsa",
    b"AAAA",
    b"\n",
    b"\0",
    b"#",
    b"\xef\xbb\xbf",
];

const CONFIG_WORDS: &[&[u8]] = &[
    b"Host ",
    b"\nHost *\n",
    b"\nMatch host ",
    b"\nMatch !all\n",
    b"\nMatch user * localuser !root final\n",
    b"\nInclude config\n",
    b"\nInclude config config *\n",
    b"\nProxyJump a,b,a\n",
    b"\nProxyCommand nc %h %p\n",
    b"\nHostName %h.example\n",
    b"\nHostName %%%h%p%r%C%\n",
    b"\nPort 99999999999\n",
    b"\nPort -1\n",
    b"\nConnectTimeout 99999999999999999999\n",
    b"\nServerAliveInterval 1w1w\n",
    b"\nCiphers +aes128-cbc,-*,^x\n",
    b"\nUserKnownHostsFile ~ ~/ ~nobody/x %d\n",
    b"=",
    b"\"",
    b"'",
    b"*?*?*?*?*?*?*?*?*?*",
    b"!",
    b"%",
    b"\\",
    b"\0",
    b"\r\n",
];

fn key(text: &str) -> PublicKey {
    PublicKey::from_openssh(text).unwrap()
}

#[test]
fn any_known_hosts_file_is_read_and_lets_no_stranger_in() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("known_hosts");
    let hashed = entry_line("host.example", &key(ONE), true).unwrap();
    let text = format!(
        "# comment\nhost.example,10.0.0.1 {ONE} comment\n[port]:2222 {ONE}\n{hashed}*.wild,!no.wild {ONE}\n\
         @revoked * {ONE}\n@cert-authority *.ca,!x {ONE}\nrsa ssh-rsa AAAAB3NzaC1yc2E=\n"
    );
    let stranger = key(STRANGER);
    fuzz(Limits { few: 1_000, memory: 500 << 20 }, |dice| {
        fs_err::write(&file, dice.spoil(text.as_bytes(), KNOWN_WORDS)).map_err(|error| error.to_string())?;
        let known = KnownHosts::load([file.as_path()]);
        let long = "a".repeat(2000);
        for name in ["host.example", "[port]:2222", "a.wild", "no.wild", "", "*", &long] {
            if known.verdict(name, &stranger) == Verdict::Known {
                return Err(format!("a stranger is known as {name}"));
            }
            if known.is_authority(name, &stranger) {
                return Err(format!("a stranger may sign for {name}"));
            }
            let _ = (known.verdict(name, &key(ONE)), known.algorithms(name), known.has_authority(name));
        }
        Ok(())
    });
}

#[test]
fn any_list_of_revoked_keys_is_read_or_refused() {
    let string = |bytes: &[u8]| [&(bytes.len() as u32).to_be_bytes()[..], bytes].concat();
    let certificates = [string(b""), string(b""), vec![0x21], string(&[1; 16]), vec![0x22], string(&[3; 13])].concat();
    let sections = [vec![1], string(&certificates), vec![2], string(&string(b"a key")), vec![255], string(b"x")];
    let list = [b"SSHKRL\n\0".to_vec(), vec![0, 0, 0, 1], vec![0; 32], sections.concat()].concat();
    fuzz(Limits { few: 2_000, memory: 500 << 20 }, |dice| {
        let spoilt = dice.spoil(&list, &[&[0xff; 4], &[0; 4], &[2], &[4], &[0x23], b"SSHKRL\n\0"]);
        if let Ok(list) = RevokedKeys::parse(&spoilt) {
            return if list.has_key(&key(STRANGER)) { Err("a key is revoked by nobody".to_owned()) } else { Ok(()) };
        }
        Ok(())
    });
}

/// Neither runs commands nor reads files of the machine.
fn config(dice: &mut Dice) -> Vec<u8> {
    const TEXT: &str = "# comment\nPort 2200\nHost web* !web9\n  User=web\n\tHostName \"10.0.0.1\"\nMatch host real user a,b\nTag x\nMatch tagged=x localnetwork 10.0.0.0/8,::1/128\n\
        IdentityFile ~/.ssh/id_%h\nIdentitiesOnly yes\nStrictHostKeyChecking accept-new\nHost *\nProxyJump jump\n\
        Ciphers ^aes256-gcm@openssh.com\nKexAlgorithms -x\nConnectTimeout 5m\nServerAliveCountMax 3\n";
    dice.spoil(TEXT.as_bytes(), CONFIG_WORDS)
}

#[test]
fn any_configuration_is_read() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("config");
    fuzz(Limits { few: 200, memory: 500 << 20 }, |dice| {
        let text = config(dice);
        let lower = String::from_utf8_lossy(&text).to_ascii_lowercase();
        if lower.contains("exec") || lower.contains("include /") || lower.contains("include \"") {
            return Ok(());
        }
        fs_err::write(&file, &text).map_err(|error| error.to_string())?;
        let config = ConfigFile::load(&file);
        for host in ["web1", "web9", "real", "", "*", "%h"] {
            config.apply(host, &mut SshOptions::default());
        }
        Ok(())
    });
}

#[test]
fn any_arguments_are_read() {
    const TEXT: &str =
        "-o ControlMaster=auto -oPort=22 -p2222 -4 -i '~/.ssh/a b' -J jump -o \"ProxyCommand=nc %h %p\" -vvv -F none";
    const WORDS: &[&[u8]] = &[b"-o", b"-oo", b" -p", b"=", b"'", b"\"", b"-", b"\\", b"\xff", b" -F", b"ProxyJump"];
    fuzz(Limits { few: 3_000, memory: 500 << 20 }, |dice| {
        let text = dice.spoil(TEXT.as_bytes(), WORDS);
        let _ = SshArguments::parse(&String::from_utf8_lossy(&text));
        Ok(())
    });
}
