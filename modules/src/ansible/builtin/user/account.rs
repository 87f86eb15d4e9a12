//! What the node knows of one user: the passwd line, the shadow line, the groups.

use super::request::PasswordAge;
use crate::{Context, Group, User, accounts};

#[derive(Debug, Clone)]
pub(super) struct Account {
    pub user: User,
    pub shadow: Shadow,
    /// Supplementary groups from `/etc/group`, the primary one left out.
    pub groups: Vec<Group>,
}

/// A line of `/etc/shadow`; fields that are empty or missing are `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Shadow {
    /// `None` when the line cannot be read or does not exist.
    pub password: Option<String>,
    pub age: PasswordAge,
    pub expire: Option<i64>,
}

impl Account {
    /// The user with everything about it. A local account is one of `/etc/passwd`, whatever LDAP knows.
    pub(super) fn find(name: &str, local: bool, cx: &mut Context<'_>) -> Option<Self> {
        let user =
            if local { accounts::users().into_iter().find(|user| user.name == name) } else { cx.accounts.user(name) };
        let user = user?;
        let shadow = Shadow::find(name, &read_shadow());
        let groups = accounts::groups()
            .into_iter()
            .filter(|group| group.gid != user.gid && group.members.iter().any(|member| member == name))
            .collect();
        Some(Self { user, shadow, groups })
    }
}

impl Shadow {
    pub(super) fn find(name: &str, text: &str) -> Self {
        let line = text.lines().find(|line| line.split(':').next() == Some(name));
        line.map(Self::parse).unwrap_or_default()
    }

    fn parse(line: &str) -> Self {
        let fields: Vec<&str> = line.split(':').collect();
        let number = |at: usize| fields.get(at).and_then(|field| field.parse().ok());
        Self {
            password: fields.get(1).map(|field| (*field).to_owned()),
            age: PasswordAge { min: number(3), max: number(4), warn: number(5), inactive: number(6) },
            expire: number(7),
        }
    }

    /// A leading `!` is what locks a password.
    pub(super) fn is_locked(&self) -> bool {
        self.password.as_deref().is_some_and(|password| password.starts_with('!'))
    }
}

/// Empty when there is no such file, or it is not ours to read.
fn read_shadow() -> String {
    fs_err::read("/etc/shadow").map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shadow_lines_are_taken_apart() {
        let text = "root:*:19000:0:99999:7:::\nweb:!$6$x:19000:1:90:7:5:21915:\n";
        let shadow = Shadow::find("web", text);
        assert!(shadow.is_locked());
        assert_eq!(shadow.age, PasswordAge { min: Some(1), max: Some(90), warn: Some(7), inactive: Some(5) });
        assert_eq!(shadow.expire, Some(21915));
        assert!(!Shadow::find("root", text).is_locked());
        assert_eq!(Shadow::find("nobody", text), Shadow::default());
    }
}
