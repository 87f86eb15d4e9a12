//! `UrlLogin`: the user and password written into a URL, taken out of it before anybody can read them in a command line.

use crate::CommandSpec;
use crate::http::percent_decode;

const GIT_USER: &str = "KAPELL_GIT_USER";
const GIT_PASSWORD: &str = "KAPELL_GIT_PASSWORD";
/// The shell's own `printf`: no process gets the values as arguments.
const GIT_HELPER: &str = "!printf \"username=%s\\npassword=%s\\n\" \"$KAPELL_GIT_USER\" \"$KAPELL_GIT_PASSWORD\" #";

#[derive(Clone, PartialEq, Eq)]
pub struct UrlLogin {
    /// The URL without user and password.
    pub plain: String,
    /// Both begin with the scheme and end behind the host, without and with the login.
    pub(crate) site: String,
    pub(crate) full_site: String,
    pub(crate) user: String,
    pub(crate) password: String,
}

impl UrlLogin {
    /// `None`: no HTTP URL, or none with a password.
    pub fn of(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
            return None;
        }
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let (login, host) = authority.rsplit_once('@')?;
        let (user, password) = login.split_once(':')?;
        Some(Self {
            plain: format!("{scheme}://{host}{path}"),
            site: format!("{scheme}://{host}"),
            full_site: format!("{scheme}://{authority}"),
            user: percent_decode(user),
            password: percent_decode(password),
        })
    }

    /// What git is to have in its environment, which only its user can read, while URLs are arguments that everybody
    /// sees, those of git's own programs included: the URL with the login stands for the one without, which is the only
    /// one to be used, and the login is asked from us and nobody else. Settings are written as `git -c` hands them on to other programs,
    /// which every git since 1.7.3 reads; `inherited` are those that are there already.
    pub fn git_environment(&self, remote: &str, inherited: Option<&str>) -> Vec<(&'static str, String)> {
        let Self { plain, site, full_site, user, password } = self;
        let settings = [
            format!("url.{site}/.insteadOf={full_site}/"),
            format!("credential.{site}.helper="),
            format!("credential.{site}.helper={GIT_HELPER}"),
            // Submodules with relative addresses begin here.
            format!("remote.{remote}.url={plain}"),
        ];
        let quoted = settings.iter().map(|text| format!("'{}'", text.replace('\'', "'\\''").replace('!', "'\\!'")));
        let settings = inherited.map(str::to_owned).into_iter().chain(quoted).collect::<Vec<_>>().join(" ");
        vec![("GIT_CONFIG_PARAMETERS", settings), (GIT_USER, user.clone()), (GIT_PASSWORD, password.clone())]
    }
}

impl std::fmt::Debug for UrlLogin {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("UrlLogin").field("plain", &self.plain).finish_non_exhaustive()
    }
}

/// An option of a program, and the variable in which it takes the same.
pub(crate) type Variable = (&'static str, &'static str);

/// `pip`, whoever starts it.
pub(crate) const PIP: &[Variable] = &[
    ("--index-url", "PIP_INDEX_URL"),
    ("-i", "PIP_INDEX_URL"),
    ("--extra-index-url", "PIP_EXTRA_INDEX_URL"),
    ("--find-links", "PIP_FIND_LINKS"),
    ("-f", "PIP_FIND_LINKS"),
];

/// URLs with a login go from the arguments to the environment; several for one variable are separated by spaces.
pub(crate) fn through_environment(mut command: CommandSpec, variables: &[Variable]) -> CommandSpec {
    let mut words = std::mem::take(&mut command.args).into_iter().peekable();
    while let Some(word) = words.next() {
        let (option, joined) = word.split_once('=').map_or((word.as_str(), None), |(option, url)| (option, Some(url)));
        let variable = variables.iter().find(|(name, _)| *name == option).map(|(_, variable)| *variable);
        let url = joined.or(words.peek().map(String::as_str)).filter(|url| UrlLogin::of(url).is_some());
        let (Some(variable), Some(url)) = (variable, url.map(str::to_owned)) else {
            command.args.push(word);
            continue;
        };
        if joined.is_none() {
            words.next();
        }
        let before = command.environment.remove(variable).map_or_else(String::new, |before| format!("{before} "));
        command = command.env(variable, format!("{before}{url}"));
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_become_variables() {
        let words =
            "install -i https://a:b@h/ --index-url https://h/ --extra-index-url=https://c:d@h/x -f https://e:f@h x";
        let command = through_environment(CommandSpec::new(["pip"]).args(words.split(' ')), PIP);
        assert_eq!(command.args.join(" "), "install --index-url https://h/ x");
        let variables: Vec<String> =
            command.environment.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(
            variables.join(" "),
            "PIP_EXTRA_INDEX_URL=https://c:d@h/x PIP_FIND_LINKS=https://e:f@h PIP_INDEX_URL=https://a:b@h/"
        );
    }

    #[test]
    fn logins_are_taken_out() {
        let login = UrlLogin::of("https://me:a%40b:c@git.example:8443/x@y.git").unwrap();
        assert_eq!(login.plain, "https://git.example:8443/x@y.git");
        assert_eq!((login.user.as_str(), login.password.as_str()), ("me", "a@b:c"));
        assert_eq!(
            (login.site.as_str(), login.full_site.as_str()),
            ("https://git.example:8443", "https://me:a%40b:c@git.example:8443")
        );
        assert_eq!(UrlLogin::of("HTTP://token:@h").map(|login| login.user), Some("token".to_owned()));
        for other in ["https://me@h/x", "https://h/a:b@c", "ssh://me:x@h/", "me:x@h", "/a/b"] {
            assert_eq!(UrlLogin::of(other), None, "{other}");
        }
    }
}
