//! Random vault data: opening it ends soon, with the plain text that was locked or an error.

use kapell_parsing::VaultSecrets;
use kapell_parsing::vault::{decrypt, encrypt, is_encrypted, open};
use kapell_test_support::fuzz::{Limits, fuzz};

const WORDS: &[&[u8]] = &[
    b"$ANSIBLE_VAULT;1.1;AES256\n",
    b"$ANSIBLE_VAULT;1.2;AES256;",
    b"$ANSIBLE_VAULT;1.0;AES\n",
    b";;;;",
    b"0a",
    b"30610a",
    b"\n",
    b"\r\n",
    b" ",
    b"\xef\xbb\xbf",
    b"3",
    b"ff",
];

#[test]
fn any_vault_data_is_opened_or_refused() {
    let mut secrets = VaultSecrets::default();
    secrets.push("dev", b"correct horse".to_vec());
    let plain: &[u8] = b"greeting: hello\n- and more than one block of sixteen bytes\n";
    let labelled = encrypt(plain, Some("dev"), b"correct horse");
    let plainly = encrypt(plain, None, b"correct horse");
    fuzz(Limits { few: 300, memory: 300 << 20 }, |dice| {
        let locked: &[u8] = if dice.one_in(2) { &labelled } else { &plainly };
        let data = if dice.one_in(10) { dice.bytes(200) } else { dice.spoil(locked, WORDS) };
        let _ = is_encrypted(&data);
        match open(&data, &secrets) {
            // Whatever was done to the text around it, what comes out is what went in.
            Ok(opened) if opened.plain != plain => Err(format!("opened to other text: {:?}", opened.plain)),
            Ok(_) => Ok(()),
            Err(error) => {
                let message = error.to_string();
                if message.contains("correct horse") { Err(message) } else { Ok(()) }
            }
        }
    });
}

#[test]
fn no_single_changed_digit_goes_unnoticed() {
    let mut secrets = VaultSecrets::default();
    secrets.push("dev", b"pw".to_vec());
    let locked = encrypt(b"a secret", None, b"pw");
    let body = locked.iter().position(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    for at in body..locked.len() {
        let mut changed = locked.clone();
        changed[at] = match changed[at] {
            b'\n' => continue,
            b'3' => b'4',
            _ => b'3',
        };
        if changed != locked {
            assert!(decrypt(&changed, &secrets).is_err(), "digit {at} was changed");
        }
    }
}
