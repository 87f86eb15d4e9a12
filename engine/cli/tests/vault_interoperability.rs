//! Files and texts locked by real `ansible-vault` are opened here, and the reverse; changed ones are refused.
//!
//! Real `ansible-vault` is that of the conformance tests (`$KAPELL_ANSIBLE`, or `ansible` in the lab).
#![expect(clippy::unwrap_used, reason = "a test that cannot prepare its files has failed")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use kapell_test_support::fuzz::Dice;

const FILES: usize = 75;
const TEXTS: usize = 50;

#[expect(clippy::print_stdout, reason = "a test that cannot run says so in one line")]
/// The directory of real Ansible's programs. `None`, and a line that says so, where it is not installed.
fn real_programs() -> Option<PathBuf> {
    let lab = std::env::var_os("KAPELL_LAB").map_or_else(|| "/var/tmp/kapell-lab".into(), PathBuf::from);
    let environment = std::env::var_os("KAPELL_ANSIBLE").map_or_else(|| lab.join("ansible"), PathBuf::from);
    let programs = environment.join("bin");
    if programs.join("ansible-vault").exists() {
        return Some(programs);
    }
    println!("skipped: no ansible-vault in {}; `cargo xtask conformance` installs it", programs.display());
    None
}

struct Desk {
    directory: tempfile::TempDir,
    real: PathBuf,
}

impl Desk {
    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn run(&self, program: &Path, words: &[String]) -> Output {
        let mut command = Command::new(program);
        command.args(words).current_dir(self.directory.path()).env_clear();
        command.env("HOME", self.directory.path()).env("PATH", "/usr/bin:/bin").env("LC_ALL", "C.UTF-8");
        command.output().unwrap()
    }

    fn done(&self, program: &Path, words: &[String]) -> String {
        let output = self.run(program, words);
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{} {words:?}: {errors}", program.display());
        String::from_utf8(output.stdout).unwrap()
    }

    fn real_vault(&self, words: &[String]) -> String {
        self.done(&self.real.join("ansible-vault"), words)
    }

    fn our_vault(&self, words: &[String]) -> String {
        self.done(Path::new(env!("CARGO_BIN_EXE_kapell")), &[&["vault".to_owned()], words].concat())
    }

    /// Writes the files `NAME-0`, `NAME-1`, …
    fn write(&self, name: &str, contents: &[Vec<u8>]) -> Vec<String> {
        let names: Vec<String> = (0..contents.len()).map(|number| format!("{name}-{number}")).collect();
        names.iter().zip(contents).for_each(|(name, content)| std::fs::write(self.path(name), content).unwrap());
        names
    }

    fn assert_whole(&self, names: &[String], contents: &[Vec<u8>]) {
        for (name, content) in names.iter().zip(contents) {
            assert!(std::fs::read(self.path(name)).unwrap() == *content, "{name} has changed");
        }
    }
}

fn words(action: &[&str], files: &[String]) -> Vec<String> {
    action.iter().map(|word| (*word).to_owned()).chain(files.iter().cloned()).collect()
}

/// Of every length around the cipher's blocks; text, lines of Windows, and bytes that are no text.
fn contents(dice: &mut Dice) -> Vec<Vec<u8>> {
    (0..FILES)
        .map(|number| match number % 5 {
            0 => dice.bytes(number),
            1 => format!("password: ü{number}\r\nother: x\r\n").into_bytes(),
            2 => {
                let length = dice.below(20_000);
                dice.bytes(length)
            }
            3 => format!("---\nkey_{number}: 'value {number}'\n").repeat(number).into_bytes(),
            _ => vec![b'\n'; number],
        })
        // An empty file is no input to ansible-vault.
        .map(|content| if content.is_empty() { b"x".to_vec() } else { content })
        .collect()
}

fn texts(dice: &mut Dice) -> Vec<String> {
    const PIECES: &[&str] =
        &["pass", "ü", "\n", " ", "'", "\"", "{x", "}", "$", "\\", ":", "#", "- ", "\t", "%", "é€", "0", "!"];
    (0..TEXTS)
        .map(|number| (0..=number).map(|_| dice.pick(PIECES)).fold(format!("t{number}"), |text, piece| text + piece))
        .collect()
}

/// With passwords in files `plain` and `labelled`.
fn desk() -> Option<Desk> {
    let desk = Desk { directory: tempfile::tempdir().unwrap(), real: real_programs()? };
    std::fs::write(desk.path("plain"), "correct horse\n").unwrap();
    std::fs::write(desk.path("labelled"), "bättery staple").unwrap();
    std::fs::write(desk.path("wrong"), "wrong").unwrap();
    Some(desk)
}

const PLAIN: [&str; 2] = ["--vault-password-file", "plain"];
const LABELLED: [&str; 2] = ["--vault-id", "prod@labelled"];

#[test]
fn files_are_opened_on_either_side() {
    let Some(desk) = desk() else { return };
    let contents = contents(&mut Dice::new(1));
    for (name, password, header) in
        [("a", PLAIN, "$ANSIBLE_VAULT;1.1;AES256\n"), ("b", LABELLED, "$ANSIBLE_VAULT;1.2;AES256;prod\n")]
    {
        let encrypt = [&["encrypt"], &password[..]].concat();
        let all = [&["decrypt"], &LABELLED[..], &PLAIN[..]].concat();
        let theirs = desk.write(&format!("theirs-{name}"), &contents);
        desk.real_vault(&words(&encrypt, &theirs));
        assert!(std::fs::read(desk.path(&theirs[0])).unwrap().starts_with(header.as_bytes()));
        desk.our_vault(&words(&all, &theirs));
        desk.assert_whole(&theirs, &contents);

        let ours = desk.write(&format!("ours-{name}"), &contents);
        desk.our_vault(&words(&encrypt, &ours));
        assert!(std::fs::read(desk.path(&ours[0])).unwrap().starts_with(header.as_bytes()));
        desk.real_vault(&words(&all, &ours));
        desk.assert_whole(&ours, &contents);
    }
}

#[test]
fn a_file_that_changes_hands_stays_whole() {
    let Some(desk) = desk() else { return };
    let contents = contents(&mut Dice::new(2));
    let names = desk.write("file", &contents[..10]);
    desk.real_vault(&words(&[&["encrypt"], &PLAIN[..]].concat(), &names));
    let rekey = ["rekey", PLAIN[0], PLAIN[1], "--new-vault-id", "prod@labelled"];
    desk.our_vault(&words(&rekey, &names));
    let back = ["rekey", LABELLED[0], LABELLED[1], "--new-vault-password-file", "plain"];
    desk.real_vault(&words(&back, &names));
    desk.our_vault(&words(&[&["decrypt"], &PLAIN[..]].concat(), &names));
    desk.assert_whole(&names, &contents);
}

/// Shows all variables of a file as one JSON text.
const SHOW: &str = "
- hosts: localhost
  gather_facts: false
  vars_files: ['{{ from }}']
  vars: {ansible_connection: local, ansible_python_interpreter: '{{ ansible_playbook_python }}'}
  tasks:
    - copy:
        dest: '{{ to }}'
        content: \"{{ query('vars', *query('varnames', '^text_')) | to_json }}\"
";

#[test]
fn texts_in_variables_are_opened_on_either_side() {
    let Some(desk) = desk() else { return };
    let texts = texts(&mut Dice::new(3));
    std::fs::write(desk.path("show.yml"), SHOW).unwrap();
    let mut lock = words(&[&["encrypt_string"], &LABELLED[..]].concat(), &texts);
    for number in 0..TEXTS {
        lock.extend(["--name".to_owned(), format!("text_{number:03}")]);
    }
    std::fs::write(desk.path("theirs.yml"), desk.real_vault(&lock)).unwrap();
    std::fs::write(desk.path("ours.yml"), desk.our_vault(&lock)).unwrap();
    let arguments = |from: &str, to: &str| {
        let (from, to) = (format!("from={}", desk.path(from).display()), format!("to={}", desk.path(to).display()));
        words(&[LABELLED[0], LABELLED[1], "show.yml", "-e"], &[from, "-e".to_owned(), to])
    };
    let kapell = Path::new(env!("CARGO_BIN_EXE_kapell"));
    desk.done(kapell, &[&["playbook".to_owned()], &arguments("theirs.yml", "theirs.json")[..]].concat());
    desk.done(&desk.real.join("ansible-playbook"), &arguments("ours.yml", "ours.json"));
    for name in ["theirs.json", "ours.json"] {
        let read: Vec<String> = serde_json::from_slice(&std::fs::read(desk.path(name)).unwrap()).unwrap();
        assert_eq!(read, texts, "{name}");
    }
}

/// Digits of the salt, the code and the text; lines lost, doubled and swapped; other formats.
fn tampered(locked: &str, dice: &mut Dice) -> String {
    let mut lines: Vec<String> = locked.lines().map(ToOwned::to_owned).collect();
    let line = 1 + dice.below(lines.len() - 1);
    match dice.below(5) {
        0 => drop(lines.remove(line)),
        1 => lines.insert(line, lines[line].clone()),
        2 => {
            let half = lines[line].len() / 2;
            lines[line].truncate(half);
        }
        3 => lines[0] = lines[0].replace("AES256", "AES"),
        _ => {
            let at = dice.below(lines[line].len());
            let digit = if lines[line].as_bytes()[at] == b'3' { "4" } else { "3" };
            lines[line].replace_range(at..=at, digit);
        }
    }
    lines.join("\n") + "\n"
}

#[test]
fn changed_files_and_wrong_passwords_are_refused() {
    let Some(desk) = desk() else { return };
    let mut dice = Dice::new(4);
    let names = desk.write("file", &contents(&mut dice)[20..24]);
    desk.real_vault(&words(&[&["encrypt"], &PLAIN[..]].concat(), &names));
    let kapell = Path::new(env!("CARGO_BIN_EXE_kapell"));
    let mut accepted = String::new();
    for number in 0..40 {
        let locked = std::fs::read_to_string(desk.path(&names[number % names.len()])).unwrap();
        let changed = tampered(&locked, &mut dice);
        std::fs::write(desk.path("changed"), &changed).unwrap();
        let output = desk.run(kapell, &words(&["vault", "decrypt", PLAIN[0], PLAIN[1], "changed"], &[]));
        let left = std::fs::read_to_string(desk.path("changed")).unwrap();
        if output.status.success() || left != changed {
            let _ = writeln!(accepted, "{changed}");
        }
    }
    assert!(accepted.is_empty(), "{accepted}");
    let wrong = desk.run(kapell, &words(&["vault", "decrypt", "--vault-password-file", "wrong"], &names));
    assert!(!wrong.status.success());
    assert!(!String::from_utf8_lossy(&wrong.stderr).contains("correct horse"));
    desk.our_vault(&words(&[&["decrypt"], &PLAIN[..]].concat(), &names));
}
