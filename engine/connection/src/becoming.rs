//! Become methods: the command line that makes another user of us, and what its program says when it refuses.
//!
//! Everything here is pure; the conversation with the program is held in `startup.rs`.

use crate::BecomeSpec;

/// One row per method.
struct Method {
    name: &'static str,
    /// Flags when the spec has none.
    flags: &'static str,
    wrap: fn(&Words, &str) -> String,
    /// Whether the program is waiting for the password, given the last, unfinished line it printed.
    asks: fn(&str, &str) -> bool,
    /// Printed when it wants a password that nobody has.
    missing: &'static [&'static str],
    /// Printed when the password is wrong.
    incorrect: &'static [&'static str],
}

static METHODS: &[Method] = &[
    Method {
        name: "sudo",
        flags: "-H -S -n",
        wrap: wrap_sudo,
        asks: |line, prompt| line.ends_with(prompt),
        missing: &["a password is required", "password is required", "Sorry, a password is required to run sudo"],
        incorrect: &["Sorry, try again.", "incorrect password attempt"],
    },
    Method {
        name: "su",
        flags: "",
        wrap: wrap_su,
        asks: |line, _| is_password_prompt(line),
        missing: &["must be run from a terminal"],
        incorrect: &["Authentication failure", "incorrect password"],
    },
    Method {
        name: "doas",
        flags: "",
        wrap: wrap_doas,
        asks: |line, _| is_password_prompt(line),
        missing: &["Authorization required", "a tty is required"],
        incorrect: &["Authentication failed"],
    },
];

/// The parts of the command line, resolved.
struct Words {
    exe: String,
    flags: Vec<String>,
    user: String,
    prompt: String,
    has_password: bool,
}

/// One way of becoming one user, ready to be put in front of a command.
pub(crate) struct Becoming<'a> {
    method: &'static Method,
    words: Words,
    spec: &'a BecomeSpec,
}

impl<'a> Becoming<'a> {
    /// `token` makes the prompt recognisable. Error: the method is not known.
    pub(crate) fn new(spec: &'a BecomeSpec, token: &str) -> Result<Self, String> {
        let Some(method) = METHODS.iter().find(|method| method.name == spec.method || spec.method == qualified(method))
        else {
            let known: Vec<&str> = METHODS.iter().map(|method| method.name).collect();
            return Err(format!("become method '{}' is not built; there are: {}", spec.method, known.join(", ")));
        };
        let flags = spec.flags.as_deref().unwrap_or(method.flags);
        let words = Words {
            exe: spec.exe.as_deref().filter(|exe| !exe.is_empty()).unwrap_or(method.name).to_owned(),
            flags: flags.split_whitespace().map(str::to_owned).collect(),
            user: spec.user.clone(),
            prompt: format!("[{} via kapell, key={token}] password:", method.name),
            has_password: spec.password.is_some(),
        };
        Ok(Self { method, words, spec })
    }

    /// `command` is a shell command line; so is the result.
    pub(crate) fn wrap(&self, command: &str) -> String {
        (self.method.wrap)(&self.words, command)
    }

    pub(crate) fn password(&self) -> Option<&str> {
        self.spec.password.as_ref().map(crate::Secret::expose)
    }

    /// Whether the program waits for a password after having printed `text`.
    pub(crate) fn asks_for_password(&self, text: &str) -> bool {
        let line = text.rsplit('\n').next().unwrap_or_default().trim_end();
        (self.method.asks)(line, &self.words.prompt)
    }

    /// The message for a refusal, from what the program printed; `None` when it says nothing we know.
    pub(crate) fn refusal(&self, text: &str) -> Option<String> {
        let says = |phrases: &[&str]| phrases.iter().any(|phrase| text.contains(phrase));
        if says(self.method.incorrect) {
            return Some(if self.words.has_password { self.incorrect() } else { self.missing() });
        }
        says(self.method.missing).then(|| self.missing())
    }

    pub(crate) fn missing(&self) -> String {
        format!("Missing {} password", self.method.name)
    }

    pub(crate) fn incorrect(&self) -> String {
        format!("Incorrect {} password", self.method.name)
    }

    /// What the program printed, without its prompts.
    pub(crate) fn without_prompts(&self, text: &str) -> String {
        text.replace(&self.words.prompt, "").trim().to_owned()
    }
}

fn qualified(method: &Method) -> String {
    match method.name {
        "doas" => "community.general.doas".to_owned(),
        name => format!("ansible.builtin.{name}"),
    }
}

/// `sudo -H -S -n -u USER command`; with a password `-n` gives way to a prompt of our own.
fn wrap_sudo(words: &Words, command: &str) -> String {
    let mut parts = vec![words.exe.clone()];
    if words.has_password {
        parts.extend(words.flags.iter().filter_map(|flag| interactive(flag)));
        if !words.flags.iter().any(|flag| flag == "--stdin" || cluster(flag).is_some_and(|f| f.contains('S'))) {
            parts.push("-S".to_owned());
        }
        parts.extend(["-p".to_owned(), shell_words::quote(&words.prompt).into_owned()]);
    } else {
        parts.extend(words.flags.iter().cloned());
    }
    parts.extend(["-u".to_owned(), shell_words::quote(&words.user).into_owned(), command.to_owned()]);
    parts.join(" ")
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
fn wrap_su(words: &Words, command: &str) -> String {
    let (user, command) = (shell_words::quote(&words.user), shell_words::quote(command));
    let (exe, flags) = (&words.exe, &words.flags);
    [vec![exe.as_str()], strs(flags), vec![&*user, "-c", &*command]].concat().join(" ")
}

/// `doas -u USER command`, never asking when there is no password.
fn wrap_doas(words: &Words, command: &str) -> String {
    let mut flags = words.flags.clone();
    if !words.has_password && !flags.iter().any(|flag| flag == "-n") {
        flags.push("-n".to_owned());
    }
    let user = shell_words::quote(&words.user);
    [vec![words.exe.as_str()], strs(&flags), vec!["-u", &*user, command]].concat().join(" ")
}

fn strs(words: &[String]) -> Vec<&str> {
    words.iter().map(String::as_str).collect()
}

/// Localised programs: whatever ends in a colon and mentions a password in a language we know.
fn is_password_prompt(line: &str) -> bool {
    const WORDS: [&str; 12] = [
        "assword",
        "asswort",
        "contraseña",
        "ot de passe",
        "arola",
        "enha",
        "achtwoord",
        "aslo",
        "ösenord",
        "hasło",
        "ароль",
        "パスワード",
    ];
    let line = line.trim_end();
    (line.ends_with(':') || line.ends_with('：')) && WORDS.iter().any(|word| line.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Secret;

    fn spec(method: &str, password: Option<&str>, flags: Option<&str>) -> BecomeSpec {
        BecomeSpec {
            method: method.into(),
            user: "we b".into(),
            password: password.map(Secret::new),
            exe: None,
            flags: flags.map(str::to_owned),
        }
    }

    #[test]
    fn command_lines() {
        let prompt = "'[sudo via kapell, key=T] password:'";
        let cases = [
            (spec("sudo", None, None), "sudo -H -S -n -u 'we b' sh -c 'x y'".to_owned()),
            (spec("sudo", Some("p"), None), format!("sudo -H -S -p {prompt} -u 'we b' sh -c 'x y'")),
            (
                spec("ansible.builtin.sudo", Some("p"), Some("-HSnE")),
                format!("sudo -HSE -p {prompt} -u 'we b' sh -c 'x y'"),
            ),
            (spec("sudo", Some("p"), Some("-n")), format!("sudo -S -p {prompt} -u 'we b' sh -c 'x y'")),
            (spec("sudo", None, Some("")), "sudo -u 'we b' sh -c 'x y'".to_owned()),
            (spec("su", None, None), r"su 'we b' -c 'sh -c '\''x y'\'''".to_owned()),
            (spec("su", None, Some("-l")), r"su -l 'we b' -c 'sh -c '\''x y'\'''".to_owned()),
            (spec("doas", None, None), "doas -n -u 'we b' sh -c 'x y'".to_owned()),
            (spec("doas", Some("p"), None), "doas -u 'we b' sh -c 'x y'".to_owned()),
        ];
        for (spec, expected) in cases {
            assert_eq!(Becoming::new(&spec, "T").unwrap().wrap("sh -c 'x y'"), expected);
        }
        assert!(Becoming::new(&spec("pfexec", None, None), "T").is_err());
    }

    #[test]
    fn prompts_and_refusals() {
        let (with, without) = (spec("sudo", Some("p"), None), spec("sudo", None, None));
        let (with, without) = (Becoming::new(&with, "T").unwrap(), Becoming::new(&without, "T").unwrap());
        assert!(with.asks_for_password("lecture\n[sudo via kapell, key=T] password: "));
        assert!(!with.asks_for_password("[sudo] password for x: "));
        assert_eq!(with.refusal("Sorry, try again.\n").as_deref(), Some("Incorrect sudo password"));
        assert_eq!(without.refusal("sudo: a password is required").as_deref(), Some("Missing sudo password"));
        assert_eq!(without.refusal("x is not in the sudoers file"), None);

        let su = spec("su", Some("p"), None);
        let su = Becoming::new(&su, "T").unwrap();
        assert!(su.asks_for_password("Password: ") && su.asks_for_password("Passwort: "));
        assert_eq!(su.refusal("su: Authentication failure").as_deref(), Some("Incorrect su password"));
    }
}
