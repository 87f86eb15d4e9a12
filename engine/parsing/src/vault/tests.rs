//! Vault data made by `ansible-vault` 2.19 with the password `correct horse`, and our own round trips.

use super::*;

const FORMAT_1_1: &str = "\
$ANSIBLE_VAULT;1.1;AES256
34646630656530363831323766303136316462626130366366646136623339666265336566613335
3136623336323364646538633362656264613863303461380a623761333164663039646436633862
65643338356333613239303464613261363265343636336438646461356465316531326437353761
3932653763653365310a653630343763356361623230336563393138616130613866376334373938
36313337373361663837633263306139646431373738646133353663393832393733
";
const FORMAT_1_2: &str = "\
$ANSIBLE_VAULT;1.2;AES256;prod
61636533633439646464353063323166623738313836303565623439393838666134613636643336
3663336463396639383261336466623134663633636261620a356166646666303266313665386436
38343937323535363831313766303934346634326531303263663432656231643163396538626136
3732393636373838630a656161636638646465363530636636323364383938643030386330623061
34303762643136633861636638623536396133333866636531343037643431353337
";
const PLAIN: &[u8] = b"greeting: hello from kapell\n";

fn secrets(all: &[(&str, &str)]) -> VaultSecrets {
    let mut secrets = VaultSecrets::default();
    for (id, password) in all {
        secrets.push(id, password.as_bytes().to_vec());
    }
    secrets
}

#[test]
fn reads_what_ansible_vault_writes() {
    let right = secrets(&[("other", "wrong"), ("prod", "correct horse")]);
    for data in [FORMAT_1_1, FORMAT_1_2] {
        assert!(is_encrypted(data.as_bytes()));
        assert_eq!(decrypt(data.as_bytes(), &right).unwrap(), PLAIN);
        assert_eq!(decrypt(data.replace('\n', "\r\n  ").as_bytes(), &right).unwrap(), PLAIN);
    }
}

#[test]
fn may_try_passwords_of_the_same_id_only() {
    let mut secrets = secrets(&[("other", "correct horse")]);
    secrets.set_only_matching(true);
    assert_eq!(decrypt(FORMAT_1_2.as_bytes(), &secrets), Err(VaultError::NoMatchingSecret(Vec::new())));
    assert_eq!(decrypt(FORMAT_1_1.as_bytes(), &secrets).unwrap(), PLAIN);
}

#[test]
fn refuses_wrong_passwords_and_damage() {
    let data = FORMAT_1_1.as_bytes();
    assert_eq!(decrypt(b"plain", &secrets(&[])), Err(VaultError::NotEncrypted));
    assert_eq!(decrypt(data, &secrets(&[])), Err(VaultError::NoSecrets));
    let wrong = secrets(&[("a", "nope"), ("b", "")]);
    assert_eq!(decrypt(data, &wrong), Err(VaultError::NoMatchingSecret(vec!["a".into(), "b".into()])));
    let right = secrets(&[("a", "correct horse")]);
    let cut = &data[..data.len() / 2];
    assert!(matches!(decrypt(cut, &right), Err(VaultError::Damaged(_))));
    let mut flipped = data.to_vec();
    let place = flipped.len() - 3;
    flipped[place] = if flipped[place] == b'3' { b'4' } else { b'3' };
    assert!(matches!(decrypt(&flipped, &right), Err(VaultError::NoMatchingSecret(_) | VaultError::Damaged(_))));
    assert!(matches!(decrypt(b"$ANSIBLE_VAULT;9.9;ROT13\nff", &right), Err(VaultError::UnsupportedFormat(_))));
}

#[test]
fn round_trips_every_length_of_padding() {
    let secrets = secrets(&[("dev", "pässword")]);
    for length in [0, 1, 15, 16, 17, 100] {
        let plain = vec![b'x'; length];
        let data = encrypt(&plain, Some("dev"), "pässword".as_bytes());
        assert!(data.starts_with(b"$ANSIBLE_VAULT;1.2;AES256;dev\n"));
        assert_eq!(decrypt(&data, &secrets).unwrap(), plain);
    }
    assert!(encrypt(b"", Some("default"), b"x").starts_with(b"$ANSIBLE_VAULT;1.1;AES256\n"));
}

#[test]
fn debug_shows_no_password() {
    assert_eq!(format!("{:?}", secrets(&[("dev", "hunter2")])), "[\"dev\"]");
}
