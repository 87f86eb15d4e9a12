//! The become methods: one row each, how its command line is written and what its program says.

use super::Words;

/// One row per method.
pub(super) struct Method {
    pub(super) name: &'static str,
    pub(super) collection: &'static str,
    /// Flags when the spec has none.
    pub(super) flags: &'static str,
    pub(super) wrap: fn(&Words, &str) -> String,
    pub(super) prompt: Prompt,
    /// It asks on a terminal only, and says nothing when there is none.
    pub(super) asks_terminal: bool,
    /// Printed when it wants a password that nobody has.
    pub(super) missing: &'static [&'static str],
    /// Printed when the password is wrong.
    pub(super) incorrect: &'static [&'static str],
}

/// How the request for a password is recognised.
#[derive(Debug, Clone, Copy)]
pub(super) enum Prompt {
    /// The program prints the prompt we give it.
    Ours,
    /// A line that ends in a colon and holds one of these, in any case.
    Words(&'static [&'static str]),
    /// It never asks.
    None,
}

const BUILTIN: &str = "ansible.builtin";
const GENERAL: &str = "community.general";

pub(super) static METHODS: &[Method] = &[
    Method {
        name: "sudo",
        collection: BUILTIN,
        flags: SUDO_FLAGS,
        wrap: sudo,
        prompt: Prompt::Ours,
        asks_terminal: false,
        missing: SUDO_MISSING,
        incorrect: SUDO_INCORRECT,
    },
    Method {
        name: "su",
        collection: BUILTIN,
        flags: "",
        wrap: su,
        prompt: Prompt::Words(PASSWORD),
        asks_terminal: false,
        missing: &["must be run from a terminal"],
        incorrect: &["Authentication failure", "incorrect password"],
    },
    Method {
        name: "doas",
        collection: GENERAL,
        flags: "",
        wrap: doas,
        prompt: Prompt::Words(PASSWORD),
        asks_terminal: true,
        missing: &["Authorization required", "Authentication required", "a tty is required"],
        incorrect: &["Authentication failed"],
    },
    Method {
        name: "run0",
        collection: GENERAL,
        flags: "",
        wrap: run0,
        prompt: Prompt::Words(PASSWORD),
        asks_terminal: true,
        missing: POLKIT_MISSING,
        incorrect: POLKIT_INCORRECT,
    },
    Method {
        name: "machinectl",
        collection: GENERAL,
        flags: "",
        wrap: machinectl,
        prompt: Prompt::Words(PASSWORD),
        asks_terminal: true,
        missing: POLKIT_MISSING,
        incorrect: POLKIT_INCORRECT,
    },
    Method {
        name: "sudosu",
        collection: GENERAL,
        flags: SUDO_FLAGS,
        wrap: sudosu,
        prompt: Prompt::Ours,
        asks_terminal: false,
        missing: SUDO_MISSING,
        incorrect: SUDO_INCORRECT,
    },
    Method {
        name: "dzdo",
        collection: GENERAL,
        flags: SUDO_FLAGS,
        wrap: sudo,
        prompt: Prompt::Ours,
        asks_terminal: false,
        missing: SUDO_MISSING,
        incorrect: SUDO_INCORRECT,
    },
    Method {
        name: "ksu",
        collection: GENERAL,
        flags: "",
        wrap: ksu,
        prompt: Prompt::Words(&["kerberos password for"]),
        asks_terminal: false,
        missing: &["No password given"],
        incorrect: &["Password incorrect"],
    },
    Method {
        name: "pbrun",
        collection: GENERAL,
        flags: "",
        wrap: pbrun,
        prompt: Prompt::Words(PASSWORD),
        asks_terminal: false,
        missing: &[],
        incorrect: &[],
    },
    Method {
        name: "pfexec",
        collection: GENERAL,
        flags: "",
        wrap: without_user,
        prompt: Prompt::None,
        asks_terminal: false,
        missing: &[],
        incorrect: &[],
    },
    Method {
        name: "pmrun",
        collection: GENERAL,
        flags: "",
        wrap: without_user,
        prompt: Prompt::Words(&["upm user password"]),
        asks_terminal: false,
        missing: &[],
        incorrect: &["You already have 3 failed attempts"],
    },
    Method {
        name: "sesu",
        collection: GENERAL,
        flags: "",
        wrap: su,
        prompt: Prompt::Words(&["please enter your password"]),
        asks_terminal: false,
        missing: &["Sorry, try again with sesu."],
        incorrect: &["Sorry, try again with sesu."],
    },
];

const SUDO_FLAGS: &str = "-H -S -n";
const SUDO_MISSING: &[&str] = &["a password is required", "password is required"];
const SUDO_INCORRECT: &[&str] = &["Sorry, try again.", "incorrect password attempt"];

const POLKIT_MISSING: &[&str] = &["Interactive authentication required", "interactive authentication required"];
const POLKIT_INCORRECT: &[&str] = &["Access denied", "AUTHENTICATION FAILED"];

/// "Password" in languages that programs are translated to, in lower case.
const PASSWORD: &[&str] = &[
    "password",
    "passwort",
    "kennwort",
    "contraseña",
    "mot de passe",
    "parola",
    "senha",
    "palavra-passe",
    "wachtwoord",
    "heslo",
    "lösenord",
    "hasło",
    "пароль",
    "парола",
    "лозинка",
    "jelszó",
    "salasana",
    "adgangskode",
    "passord",
    "parool",
    "parole",
    "slaptažodis",
    "geslo",
    "zaporka",
    "lozinka",
    "şifre",
    "contrasenya",
    "pasahitza",
    "contrasinal",
    "κωδικός",
    "סיסמה",
    "パスワード",
    "암호",
    "密码",
    "密碼",
    "口令",
    "kata sandi",
    "mật khẩu",
    "รหัสผ่าน",
];

/// `[cd DIR &&] sudo -H -S -n -u USER command`; with a password `-n` gives way to a prompt of our own.
fn sudo(words: &Words, command: &str) -> String {
    let mut parts = sudo_words(words);
    if !words.user.is_empty() {
        parts.extend(["-u".to_owned(), shell_words::quote(&words.user).into_owned()]);
    }
    parts.push(command.to_owned());
    format!("{}exec {}", change_directory(words), parts.join(" "))
}

/// `sudo -H -S -n su -l USER -c 'command'`.
fn sudosu(words: &Words, command: &str) -> String {
    let mut parts = sudo_words(words);
    parts.extend(["su".to_owned(), "-l".to_owned()]);
    parts.extend((!words.user.is_empty()).then(|| shell_words::quote(&words.user).into_owned()));
    parts.extend(["-c".to_owned(), shell_words::quote(command).into_owned()]);
    format!("{}exec {}", change_directory(words), parts.join(" "))
}

fn sudo_words(words: &Words) -> Vec<String> {
    let mut parts = vec![words.exe.clone()];
    if !words.has_password {
        parts.extend(words.flags.iter().cloned());
        return parts;
    }
    parts.extend(words.flags.iter().filter_map(|flag| interactive(flag)));
    if !words.flags.iter().any(|flag| flag == "--stdin" || cluster(flag).is_some_and(|f| f.contains('S'))) {
        parts.push("-S".to_owned());
    }
    parts.extend(["-p".to_owned(), shell_words::quote(&words.prompt).into_owned()]);
    parts
}

fn change_directory(words: &Words) -> String {
    let directory = words.directory.as_deref().filter(|directory| !directory.is_empty());
    directory.map_or_else(String::new, |directory| format!("cd {} && ", shell_words::quote(directory)))
}

/// The flag without its "never ask".
fn interactive(flag: &str) -> Option<String> {
    match cluster(flag) {
        Some(letters) => Some(letters.replace('n', "")).filter(|rest| !rest.is_empty()).map(|rest| format!("-{rest}")),
        None if flag == "--non-interactive" => None,
        None => Some(flag.to_owned()),
    }
}

/// The letters of a word like `-HSn`, made of flags without values only.
fn cluster(flag: &str) -> Option<&str> {
    let letters = flag.strip_prefix('-')?;
    (!letters.is_empty() && letters.bytes().all(|letter| b"AbEHiKknPSs".contains(&letter))).then_some(letters)
}

/// `su USER -c 'command'`.
fn su(words: &Words, command: &str) -> String {
    let (user, command) = (user_of(words), shell_words::quote(command));
    let rest = user.iter().map(String::as_str).chain(["-c", &command]).collect::<Vec<_>>();
    exec(words, &rest)
}

/// `doas -u USER command`, never asking when there is no password.
fn doas(words: &Words, command: &str) -> String {
    let user = user_of(words);
    let is_silent = words.has_password || words.flags.iter().any(|flag| flag == "-n");
    let mut rest: Vec<&str> = if is_silent { Vec::new() } else { vec!["-n"] };
    rest.extend(user.iter().flat_map(|user| ["-u", user.as_str()]));
    rest.push(command);
    exec(words, &rest)
}

/// `run0 --user=USER command`; authorised by polkit alone.
fn run0(words: &Words, command: &str) -> String {
    let user = user_of(words).map(|user| format!("--user={user}"));
    let command = if words.has_password { on_own_terminal(command) } else { command.to_owned() };
    let Words { exe, flags, .. } = words;
    let user = user.iter().map(String::as_str).collect();
    [vec!["exec", exe.as_str()], user, strs(flags), vec![&command]].concat().join(" ")
}

/// `machinectl -q shell USER@ command`; authorised by polkit alone. To systemd a dollar is the begin of a variable.
fn machinectl(words: &Words, command: &str) -> String {
    let user = format!("{}@", user_of(words).unwrap_or_default());
    let command = on_own_terminal(command).replace('$', "$$");
    let Words { exe, flags, .. } = words;
    [vec!["exec", exe, "-q", "shell"], strs(flags), vec![&user, &command]].concat().join(" ")
}

/// For programs that give the command another terminal than theirs: it passes bytes on as they are only when it is told to.
fn on_own_terminal(command: &str) -> String {
    shell_words::join(["/bin/sh", "-c", &format!("stty raw -echo 2> /dev/null; exec {command}")])
}

/// `ksu USER -e command`.
fn ksu(words: &Words, command: &str) -> String {
    let user = user_of(words);
    let Words { exe, flags, .. } = words;
    let user: Vec<&str> = user.iter().map(String::as_str).collect();
    [vec!["exec", exe.as_str()], user, strs(flags), vec!["-e", command]].concat().join(" ")
}

/// `pbrun -u USER command`.
fn pbrun(words: &Words, command: &str) -> String {
    let user = user_of(words);
    let mut rest: Vec<&str> = user.iter().flat_map(|user| ["-u", user.as_str()]).collect();
    rest.push(command);
    exec(words, &rest)
}

/// Programs that decide by their own rules whom to become.
fn without_user(words: &Words, command: &str) -> String {
    exec(words, &[command])
}

/// The user as one word; `None`: the program's own default.
fn user_of(words: &Words) -> Option<String> {
    (!words.user.is_empty()).then(|| shell_words::quote(&words.user).into_owned())
}

fn exec(words: &Words, rest: &[&str]) -> String {
    [vec!["exec", words.exe.as_str()], strs(&words.flags), rest.to_vec()].concat().join(" ")
}

fn strs(words: &[String]) -> Vec<&str> {
    words.iter().map(String::as_str).collect()
}
