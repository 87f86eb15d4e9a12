//! `ssh_args`, `ssh_common_args` and `ssh_extra_args`: an `ssh` command line, as far as it configures a connection.

use std::path::PathBuf;

use super::options::{SshOptions, Understood};

/// What the arguments say.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct SshArguments {
    pub(crate) options: SshOptions,
    /// `-F`; `none` reads no configuration at all.
    pub(crate) config_file: Option<PathBuf>,
    pub(crate) warnings: Vec<String>,
    /// Something is wanted that only the OpenSSH client can do.
    pub(crate) needs_client: bool,
}

/// Letters that change nothing here.
const WITHOUT_EFFECT: &str = "CfGgkMNnqsTtVvXxYy";
/// Letters with a value that are not supported.
const UNSUPPORTED_WITH_VALUE: &str = "BDEeLOQRSWw";

impl SshArguments {
    pub(crate) fn parse(text: &str) -> Self {
        let mut parsed = Self::default();
        let Ok(words) = shell_words::split(text) else {
            parsed.warnings.push(format!("ssh arguments with unbalanced quotes are not used: {text}"));
            return parsed;
        };
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            parsed.word(&word, &mut words);
        }
        parsed
    }

    /// One word, which may be several letters, the last with a value.
    fn word(&mut self, word: &str, following: &mut impl Iterator<Item = String>) {
        let Some(letters) = word.strip_prefix('-').filter(|letters| !letters.is_empty()) else {
            self.warnings.push(format!("ssh argument '{word}' is not used"));
            return;
        };
        for (at, letter) in letters.char_indices() {
            match letter {
                '4' => self.set("AddressFamily", "inet".to_owned()),
                '6' => self.set("AddressFamily", "inet6".to_owned()),
                'A' => self.set("ForwardAgent", "yes".to_owned()),
                'a' => self.set("ForwardAgent", "no".to_owned()),
                'K' => self.set("GSSAPIAuthentication", "yes".to_owned()),
                _ if WITHOUT_EFFECT.contains(letter) => {}
                _ => {
                    let rest = &letters[at + letter.len_utf8()..];
                    let value = if rest.is_empty() { following.next() } else { Some(rest.to_owned()) };
                    self.letter(letter, value.unwrap_or_default());
                    return;
                }
            }
        }
    }

    fn letter(&mut self, letter: char, value: String) {
        match letter {
            'o' => self.option(&value),
            'p' => self.set("Port", value),
            'l' => self.set("User", value),
            'i' => self.set("IdentityFile", value),
            'I' => self.set("PKCS11Provider", value),
            'b' => self.set("BindAddress", value),
            'c' => self.set("Ciphers", value),
            'm' => self.set("MACs", value),
            'P' => self.set("Tag", value),
            'J' => self.set("ProxyJump", value),
            'F' => self.config_file = Some(PathBuf::from(value)),
            _ if UNSUPPORTED_WITH_VALUE.contains(letter) => {
                self.warnings.push(format!("ssh argument '-{letter} {value}' is not supported and not used"));
            }
            _ => self.warnings.push(format!("ssh argument '-{letter}' is not known and not used")),
        }
    }

    fn option(&mut self, text: &str) {
        let (keyword, value) = text.split_once(|c: char| c == '=' || c.is_whitespace()).unwrap_or((text, ""));
        self.set(
            keyword.trim(),
            value.trim_start_matches(|c: char| c == '=' || c.is_whitespace()).trim_end().to_owned(),
        );
    }

    fn set(&mut self, keyword: &str, value: String) {
        // In files these may be there by default; on a command line somebody wants them.
        self.needs_client |= match keyword.to_ascii_lowercase().as_str() {
            "gssapiauthentication" | "gssapikeyexchange" | "hostbasedauthentication" => value == "yes",
            "pkcs11provider" => value != "none",
            _ => false,
        };
        // A command stays as it is written; everything else is words.
        let is_command = keyword.eq_ignore_ascii_case("ProxyCommand");
        let split = if is_command { None } else { shell_words::split(&value).ok() };
        let words = split.unwrap_or_else(|| vec![value.clone()]);
        match self.options.set(keyword, &words) {
            Understood::Yes => {}
            Understood::BadValue => self.warnings.push(format!("ssh option {keyword} does not take '{value}'")),
            Understood::Unsupported => {
                self.warnings.push(format!("ssh option {keyword} is not supported and not used"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::options::HostKeyChecking;
    use super::*;

    #[test]
    fn what_inventories_hold() {
        let parsed = SshArguments::parse(
            "-C -o ControlMaster=auto -o ControlPersist=60s -o ControlPath=\"/tmp/%h\" -oStrictHostKeyChecking=no \
             -o 'UserKnownHostsFile /dev/null' -o ConnectTimeout = -vvo ServerAliveInterval=15 -p2222 -J a,b@c:1",
        );
        assert_eq!(parsed.options.host_key_checking, Some(HostKeyChecking::Off));
        assert_eq!(parsed.options.user_known_hosts, Some(vec![PathBuf::from("/dev/null")]));
        assert_eq!(parsed.options.server_alive_interval, Some(Duration::from_secs(15)));
        assert_eq!(parsed.options.port, Some(2222));
        assert_eq!(parsed.options.proxy_jump, Some(vec!["a".into(), "b@c:1".into()]));
        assert_eq!(parsed.warnings, ["ssh option ConnectTimeout does not take ''", "ssh argument '=' is not used"]);
    }

    #[test]
    fn proxy_commands_keep_their_quotes() {
        let parsed = SshArguments::parse("-o ProxyCommand=\"ssh -W '%h:%p' gate\" -J other");
        assert_eq!(parsed.options.proxy_command.as_deref(), Some("ssh -W '%h:%p' gate"));
        assert_eq!(parsed.options.proxy_jump, None);
    }

    #[test]
    fn letters_that_stand_for_options() {
        let parsed = SshArguments::parse("-4CAo 'SetEnv A=1 B=2' -oSendEnv=LC_* -o BatchMode=yes -Pdmz");
        assert_eq!(parsed.options.tag.as_deref(), Some("dmz"));
        assert_eq!(parsed.options.forward_agent.as_deref(), Some("yes"));
        assert_eq!(
            (parsed.options.set_env, parsed.options.send_env),
            (vec!["A=1".into(), "B=2".into()], vec!["LC_*".into()])
        );
        assert!(parsed.warnings.is_empty() && !parsed.needs_client && parsed.options.batch_mode == Some(true));
        assert!(SshArguments::parse("-K").needs_client);
        assert_eq!(SshArguments::parse("-o SetEnv=A").warnings.len(), 1);
    }

    #[test]
    fn what_is_not_supported_says_so() {
        let parsed = SshArguments::parse("-o Tunnel=yes -L 80:a:80 -Z");
        assert_eq!(parsed.warnings.len(), 3);
        assert_eq!(SshArguments::parse("-o 'x").warnings.len(), 1);
    }
}
