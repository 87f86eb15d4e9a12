//! Becoming another user: the command line that does it, and what its program says when it refuses.
//!
//! Everything here is pure; the conversation with the program is held in `startup.rs`.

mod methods;

use self::methods::{METHODS, Method, Prompt};
use crate::BecomeSpec;

/// Printed by programs that talk to nobody but a terminal.
const WANTS_TERMINAL: &[&str] = &["must have a tty", "must be run from a terminal", "a tty is required"];

/// The parts of the command line, resolved.
struct Words {
    exe: String,
    flags: Vec<String>,
    /// Empty: the program's own default.
    user: String,
    prompt: String,
    has_password: bool,
    directory: Option<String>,
}

/// Whether there is such a become method; else what to tell.
pub fn check_become_method(name: &str) -> Result<(), String> {
    method_named(name).map(|_| ())
}

fn method_named(name: &str) -> Result<&'static Method, String> {
    let is_named = |method: &&Method| match name.rsplit_once('.') {
        Some((collection, name)) => method.name == name && method.collection == collection,
        None => method.name == name,
    };
    METHODS.iter().find(is_named).ok_or_else(|| {
        let known: Vec<&str> = METHODS.iter().map(|method| method.name).collect();
        format!(
            "Invalid become method specified, could not find matching plugin: '{name}'. There are: {}",
            known.join(", ")
        )
    })
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
        let method = method_named(&spec.method)?;
        let flags = spec.flags.as_deref().unwrap_or(method.flags);
        let exe = if method.name == "sudosu" { "sudo" } else { method.name };
        let words = Words {
            exe: spec.exe.as_deref().filter(|exe| !exe.is_empty()).unwrap_or(exe).to_owned(),
            flags: flags.split_whitespace().map(str::to_owned).collect(),
            user: spec.user.clone(),
            prompt: format!("[{} via kapell, key={token}] password:", method.name),
            has_password: spec.password.is_some(),
            directory: spec.directory.clone(),
        };
        Ok(Self { method, words, spec })
    }

    /// `command` is a shell command line; so is the result, which takes the shell's place.
    pub(crate) fn wrap(&self, command: &str) -> String {
        (self.method.wrap)(&self.words, command)
    }

    /// Whether it has to be started on a terminal, or nobody will be asked for the password we have.
    pub(crate) fn needs_terminal(&self) -> bool {
        self.method.asks_terminal && self.words.has_password
    }

    pub(crate) fn password(&self) -> Option<&str> {
        self.spec.password.as_ref().map(crate::Secret::expose)
    }

    /// Whether the program waits for a password after having printed `text`.
    pub(crate) fn asks_for_password(&self, text: &str) -> bool {
        let line = text.rsplit('\n').next().unwrap_or_default().trim_end();
        match self.method.prompt {
            Prompt::Ours => line.ends_with(&self.words.prompt),
            Prompt::Words(_) if !self.spec.prompts.is_empty() => is_prompt(line, &lower(&self.spec.prompts)),
            Prompt::Words(words) => is_prompt(line, words),
            Prompt::None => false,
        }
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

/// A command line that becomes another user first, and then prints `success` before `command` runs. For those who start
/// commands and answer prompts themselves.
pub fn become_line(spec: &BecomeSpec, success: &str, command: &str) -> Result<String, String> {
    let becoming = Becoming::new(spec, success)?;
    let line = becoming.wrap(&shell_words::join(["/bin/sh", "-c", &format!("echo {success} ; {command}")]));
    Ok(line.strip_prefix("exec ").map_or_else(|| line.clone(), str::to_owned))
}

/// Whether the program has refused to work without a terminal.
pub(crate) fn wants_terminal(text: &str) -> bool {
    WANTS_TERMINAL.iter().any(|phrase| text.contains(phrase))
}

fn lower(prompts: &[String]) -> Vec<String> {
    prompts.iter().map(|prompt| prompt.trim_end_matches([':', ' ']).to_lowercase()).collect()
}

/// Programs in any language: a line that ends in a colon and holds one of the words.
fn is_prompt(line: &str, words: &[impl AsRef<str>]) -> bool {
    let line = line.to_lowercase();
    line.ends_with([':', '：']) && words.iter().any(|word| line.contains(word.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Secret;

    fn spec(method: &str, password: Option<&str>, flags: Option<&str>) -> BecomeSpec {
        BecomeSpec {
            password: password.map(Secret::new),
            flags: flags.map(str::to_owned),
            ..BecomeSpec::new(method, "we b")
        }
    }

    #[test]
    fn command_lines() {
        let prompt = "'[sudo via kapell, key=T] password:'";
        let quoted = r"'sh -c '\''x y'\'''";
        let no_user = |method: &str| BecomeSpec::new(method, "");
        let elsewhere = BecomeSpec { directory: Some("/a b".into()), ..spec("sudo", None, None) };
        let cases = [
            (spec("sudo", None, None), "exec sudo -H -S -n -u 'we b' sh -c 'x y'".to_owned()),
            (spec("sudo", Some("p"), None), format!("exec sudo -H -S -p {prompt} -u 'we b' sh -c 'x y'")),
            (
                spec("ansible.builtin.sudo", Some("p"), Some("-HSnE")),
                format!("exec sudo -HSE -p {prompt} -u 'we b' sh -c 'x y'"),
            ),
            (spec("sudo", Some("p"), Some("-n")), format!("exec sudo -S -p {prompt} -u 'we b' sh -c 'x y'")),
            (
                spec("sudo", Some("p"), Some("--set-home --stdin --non-interactive --as 'x'")),
                format!("exec sudo --set-home --stdin --as 'x' -p {prompt} -u 'we b' sh -c 'x y'"),
            ),
            (spec("sudo", None, Some("")), "exec sudo -u 'we b' sh -c 'x y'".to_owned()),
            (no_user("sudo"), "exec sudo -H -S -n sh -c 'x y'".to_owned()),
            (elsewhere, "cd '/a b' && exec sudo -H -S -n -u 'we b' sh -c 'x y'".to_owned()),
            (spec("su", None, None), format!("exec su 'we b' -c {quoted}")),
            (spec("su", None, Some("-l")), format!("exec su -l 'we b' -c {quoted}")),
            (no_user("su"), format!("exec su -c {quoted}")),
            (spec("doas", None, None), "exec doas -n -u 'we b' sh -c 'x y'".to_owned()),
            (spec("doas", Some("p"), None), "exec doas -u 'we b' sh -c 'x y'".to_owned()),
            (spec("community.general.run0", None, None), "exec run0 --user='we b' sh -c 'x y'".to_owned()),
            (spec("run0", None, Some("--nice=5")), "exec run0 --user='we b' --nice=5 sh -c 'x y'".to_owned()),
            (
                spec("run0", Some("p"), None),
                r"exec run0 --user='we b' /bin/sh -c 'stty raw -echo 2> /dev/null; exec sh -c '\''x y'\'''".to_owned(),
            ),
            (no_user("run0"), "exec run0 sh -c 'x y'".to_owned()),
            (
                spec("machinectl", None, Some("--uid=x")),
                r"exec machinectl -q shell --uid=x 'we b'@ /bin/sh -c 'stty raw -echo 2> /dev/null; exec sh -c '\''x y'\'''"
                    .to_owned(),
            ),
            (spec("sudosu", None, None), format!("exec sudo -H -S -n su -l 'we b' -c {quoted}")),
            (
                spec("dzdo", Some("p"), None),
                "exec dzdo -H -S -p '[dzdo via kapell, key=T] password:' -u 'we b' sh -c 'x y'".to_owned(),
            ),
            (spec("ksu", None, Some("-q")), "exec ksu 'we b' -q -e sh -c 'x y'".to_owned()),
            (spec("pbrun", None, None), "exec pbrun -u 'we b' sh -c 'x y'".to_owned()),
            (spec("pfexec", None, None), "exec pfexec sh -c 'x y'".to_owned()),
            (spec("pmrun", None, Some("-a")), "exec pmrun -a sh -c 'x y'".to_owned()),
            (spec("sesu", None, None), format!("exec sesu 'we b' -c {quoted}")),
        ];
        for (spec, expected) in cases {
            assert_eq!(Becoming::new(&spec, "T").unwrap().wrap("sh -c 'x y'"), expected);
        }
        for unknown in ["runas", "ansible.builtin.doas", "community.general.sudo"] {
            assert!(Becoming::new(&spec(unknown, None, None), "T").is_err(), "{unknown}");
        }
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
        for prompt in ["Password: ", "Passwort: ", "user's Password:", "密码：", "Пароль:"] {
            assert!(su.asks_for_password(prompt), "{prompt}");
        }
        assert_eq!(su.refusal("su: Authentication failure").as_deref(), Some("Incorrect su password"));
        let named = BecomeSpec { prompts: vec!["Losung:".into()], ..spec("su", Some("p"), None) };
        let named = Becoming::new(&named, "T").unwrap();
        assert!(named.asks_for_password("Losung: ") && !named.asks_for_password("Password: "));
    }
}
