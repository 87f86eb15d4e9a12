//! Users and groups, read from `/etc/passwd` and `/etc/group` and, when those do not know, from `getent`.
//!
//! The worker is a static executable and must not call the C library's name services, hence the files; `getent` is a
//! program of the node and knows LDAP, sssd and the rest.

use std::collections::HashMap;
use std::process::{Command, Stdio};

/// A line of the passwd database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub name: String,
    pub password: String,
    pub uid: u32,
    pub gid: u32,
    pub gecos: String,
    pub home: String,
    pub shell: String,
}

/// A line of the group database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    pub name: String,
    pub password: String,
    pub gid: u32,
    pub members: Vec<String>,
}

/// Look-ups for one call. The files are read anew for each call, `getent`'s answers are remembered.
#[derive(Debug, Default)]
pub struct Accounts {
    answers: HashMap<(&'static str, String), Option<String>>,
}

impl Accounts {
    pub fn user(&mut self, name: &str) -> Option<User> {
        users()
            .into_iter()
            .find(|user| user.name == name)
            .or_else(|| self.getent("passwd", name).as_deref().and_then(parse_user).filter(|user| user.name == name))
    }

    pub fn user_by_id(&mut self, uid: u32) -> Option<User> {
        users().into_iter().find(|user| user.uid == uid).or_else(|| {
            self.getent("passwd", &uid.to_string()).as_deref().and_then(parse_user).filter(|user| user.uid == uid)
        })
    }

    pub fn group(&mut self, name: &str) -> Option<Group> {
        groups()
            .into_iter()
            .find(|group| group.name == name)
            .or_else(|| self.getent("group", name).as_deref().and_then(parse_group).filter(|group| group.name == name))
    }

    pub fn group_by_id(&mut self, gid: u32) -> Option<Group> {
        groups().into_iter().find(|group| group.gid == gid).or_else(|| {
            self.getent("group", &gid.to_string()).as_deref().and_then(parse_group).filter(|group| group.gid == gid)
        })
    }

    fn getent(&mut self, database: &'static str, key: &str) -> Option<String> {
        if !other_sources(database) {
            return None;
        }
        let ask = || {
            let mut command = Command::new("getent");
            command.args([database, "--", key]).stdin(Stdio::null()).stderr(Stdio::null());
            let output = command.output().ok().filter(|output| output.status.success())?;
            String::from_utf8_lossy(&output.stdout).lines().next().map(str::to_owned)
        };
        self.answers.entry((database, key.to_owned())).or_insert_with(ask).clone()
    }
}

/// The users of `/etc/passwd`.
pub(crate) fn users() -> Vec<User> {
    lines_of("/etc/passwd").iter().filter_map(|line| parse_user(line)).collect()
}

/// The groups of `/etc/group`.
pub(crate) fn groups() -> Vec<Group> {
    lines_of("/etc/group").iter().filter_map(|line| parse_group(line)).collect()
}

/// Whether `nsswitch.conf` names anything beyond the files, so that asking `getent` can find more.
fn other_sources(database: &str) -> bool {
    let Ok(text) = fs_err::read_to_string("/etc/nsswitch.conf") else { return true };
    let line = text.lines().find_map(|line| line.trim().strip_prefix(database)?.trim_start().strip_prefix(':'));
    let Some(line) = line else { return false };
    line.split_whitespace().any(|source| !matches!(source, "files" | "compat") && !source.starts_with('['))
}

fn lines_of(path: &str) -> Vec<String> {
    let bytes = fs_err::read(path).unwrap_or_default();
    String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect()
}

fn parse_user(line: &str) -> Option<User> {
    let mut fields = line.split(':');
    let mut next = || fields.next();
    let (name, password, uid, gid) = (next()?, next()?, next()?, next()?);
    let (gecos, home, shell) = (next().unwrap_or_default(), next().unwrap_or_default(), next().unwrap_or_default());
    Some(User {
        name: name.to_owned(),
        password: password.to_owned(),
        uid: uid.parse().ok()?,
        gid: gid.parse().ok()?,
        gecos: gecos.to_owned(),
        home: home.to_owned(),
        shell: shell.to_owned(),
    })
}

fn parse_group(line: &str) -> Option<Group> {
    let mut fields = line.split(':');
    let (name, password, gid) = (fields.next()?, fields.next()?, fields.next()?);
    let members = fields.next().unwrap_or_default();
    Some(Group {
        name: name.to_owned(),
        password: password.to_owned(),
        gid: gid.parse().ok()?,
        members: members.split(',').filter(|member| !member.is_empty()).map(str::to_owned).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_is_user_and_group_zero() {
        let mut accounts = Accounts::default();
        assert_eq!(accounts.user("root").map(|user| user.uid), Some(0));
        assert_eq!(accounts.user_by_id(0).map(|user| user.name).as_deref(), Some("root"));
        assert_eq!(accounts.group_by_id(0).map(|group| group.name).as_deref(), Some("root"));
        assert_eq!(accounts.user("no such user"), None);
    }

    #[test]
    fn lines_are_taken_apart() {
        let user = parse_user("web:x:33:34:Web,,,:/var/www:/bin/false").unwrap();
        assert_eq!((user.uid, user.gid, user.home.as_str()), (33, 34, "/var/www"));
        assert_eq!(parse_group("adm:x:4:a,b").unwrap().members, ["a", "b"]);
        assert_eq!(parse_user("+::::::"), None);
    }
}
