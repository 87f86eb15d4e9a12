//! `~/.netrc`: a user name and a password for a host.

/// Login and password for `host`, or the default entry's.
pub(super) fn credentials(host: &str, text: &str) -> Option<(String, String)> {
    let mut words = text.lines().filter(|line| !line.trim_start().starts_with('#')).flat_map(str::split_whitespace);
    let mut applies = false;
    let (mut login, mut password) = (None, None);
    while let Some(word) = words.next() {
        match word {
            "machine" | "default" => {
                if applies && login.is_some() {
                    break;
                }
                (login, password) = (None, None);
                applies = word == "default" || words.next() == Some(host);
            }
            "login" => login = words.next().filter(|_| applies),
            "password" => password = words.next().filter(|_| applies),
            "account" => drop(words.next()),
            _ => {}
        }
    }
    Some((login.filter(|_| applies)?.to_owned(), password.unwrap_or_default().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_belong_to_machines() {
        let text =
            "# machine a login no password no\nmachine a login joe password x\nmachine b\n  login ann\n  password y\n";
        let pair = |user: &str, password: &str| Some((user.to_owned(), password.to_owned()));
        assert_eq!(credentials("a", text), pair("joe", "x"));
        assert_eq!(credentials("b", text), pair("ann", "y"));
        assert_eq!(credentials("c", text), None);
        assert_eq!(credentials("c", &format!("{text}default login d password z")), pair("d", "z"));
    }
}
