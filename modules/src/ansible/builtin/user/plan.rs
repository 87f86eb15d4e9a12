//! The command lines that bring an account to what a task asks for.

use super::account::Account;
use super::request::{Expiry, PasswordAge, Request};
use crate::Group;

/// The words of one command.
pub(super) type CommandLine = Vec<String>;

/// The groups a request names, looked up.
#[derive(Debug, Clone, Default)]
pub(super) struct Groups {
    pub primary: Option<Group>,
    pub supplementary: Option<Vec<Group>>,
}

/// `useradd`, for a user that does not exist.
pub(super) fn create(request: &Request, own_group_exists: bool) -> CommandLine {
    let mut line = Line::new(if request.local { "luseradd" } else { "useradd" });
    line.option("-u", request.uid);
    line.flag_if(request.uid.is_some() && request.non_unique, "-o");
    line.option("-Z", request.seuser.as_ref());
    match &request.group {
        Some(group) => line.option("-g", Some(group)),
        None => line.flag_if(own_group_exists, if request.local { "-n" } else { "-N" }),
    }
    if !request.local {
        line.option("-G", request.groups.as_ref().filter(|groups| !groups.is_empty()).map(|groups| groups.join(",")));
    }
    line.option("-c", request.comment.as_ref());
    line.option("-d", request.home.as_ref());
    line.option("-s", request.shell.as_ref());
    if !request.local {
        line.option("-e", request.expires.map(Expiry::date));
        line.option("-f", request.password_age.inactive);
    }
    home_options(request, &mut line);
    line.flag_if(request.system, "-r");
    line.finish(&request.name)
}

fn home_options(request: &Request, line: &mut Line) {
    if !request.create_home {
        line.flag("-M");
    } else if !request.local {
        line.flag("-m");
    }
    if request.create_home {
        line.option("-k", request.skeleton.as_ref());
        line.option("-K", request.umask.as_ref().map(|umask| format!("UMASK={umask}")));
    }
    line.option("-K", request.uid_min.map(|uid| format!("UID_MIN={uid}")));
    line.option("-K", request.uid_max.map(|uid| format!("UID_MAX={uid}")));
}

/// `chpasswd` with what it reads. Told to `useradd` or `usermod`, everybody on the node could see the hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NewPassword {
    pub line: CommandLine,
    pub input: String,
}

/// The password that is set, when that is not the one of the account.
pub(super) fn new_password(request: &Request, account: Option<&Account>) -> Option<NewPassword> {
    let password = request.password.as_deref().filter(|wanted| match account {
        Some(account) => !request.password_on_create_only && bare(wanted) != bare(current_password(account)),
        None => true,
    })?;
    let lock = if request.password_lock == Some(true) { "!" } else { "" };
    let line = ["chpasswd", "-e"].map(str::to_owned).to_vec();
    Some(NewPassword { line, input: format!("{}:{lock}{password}\n", request.name) })
}

fn current_password(account: &Account) -> &str {
    account.shadow.password.as_deref().unwrap_or_default()
}

/// A password without the mark that locks it.
fn bare(password: &str) -> &str {
    password.trim_start_matches('!')
}

/// `usermod`, for an existing user; `None` when it is already as asked.
pub(super) fn change(request: &Request, account: &Account, groups: &Groups) -> Option<CommandLine> {
    let user = &account.user;
    let mut line = Line::new(if request.local { "lusermod" } else { "usermod" });
    if request.uid.is_some_and(|uid| uid != i64::from(user.uid)) {
        line.option("-u", request.uid);
        line.flag_if(request.non_unique, "-o");
    }
    line.option("-g", groups.primary.as_ref().filter(|group| group.gid != user.gid).map(|group| group.gid));
    if !request.local {
        change_groups(request, account, groups, &mut line);
    }
    line.option("-c", changed(request.comment.as_ref(), &user.gecos));
    if let Some(home) = changed(request.home.as_ref(), &user.home) {
        line.option("-d", Some(home));
        line.flag_if(request.move_home, "-m");
    }
    line.option("-s", changed(request.shell.as_ref(), &user.shell));
    if !request.local {
        line.option("-e", changed_expiry(request, account).map(Expiry::date));
    }
    change_lock(request, account, &mut line);
    line.option("-Z", request.seuser.as_ref());
    line.has_options().then(|| line.finish(&request.name))
}

fn changed<'a>(wanted: Option<&'a String>, current: &str) -> Option<&'a String> {
    wanted.filter(|wanted| wanted.as_str() != current)
}

fn change_groups(request: &Request, account: &Account, groups: &Groups, line: &mut Line) {
    let Some(wanted) = &groups.supplementary else { return };
    let primary = groups.primary.as_ref().map_or(account.user.gid, |group| group.gid);
    let wanted: Vec<&Group> = wanted.iter().filter(|group| group.gid != primary).collect();
    let is_in = |group: &Group| account.groups.iter().any(|current| current.name == group.name);
    let missing = wanted.iter().any(|group| !is_in(group));
    let surplus = account.groups.iter().any(|current| !wanted.iter().any(|group| group.name == current.name));
    if !missing && (request.append || !surplus) {
        return;
    }
    line.flag_if(request.append, "-a");
    line.option("-G", Some(wanted.iter().map(|group| group.name.as_str()).collect::<Vec<_>>().join(",")));
}

/// The expiry to set, when it is not the current one.
pub(super) fn changed_expiry(request: &Request, account: &Account) -> Option<Expiry> {
    let current = account.shadow.expire.filter(|day| *day >= 0).map_or(Expiry::Never, Expiry::Day);
    request.expires.filter(|wanted| *wanted != current)
}

/// A lock is part of a new password, and changed by itself otherwise.
fn change_lock(request: &Request, account: &Account, line: &mut Line) {
    if new_password(request, Some(account)).is_some() {
        return;
    }
    let locked = account.shadow.is_locked();
    line.flag_if(request.password_lock == Some(true) && !locked, "-L");
    line.flag_if(request.password_lock == Some(false) && locked, "-U");
}

/// `chage`, when an age is asked for that is not the current one.
pub(super) fn change_password_age(request: &Request, current: &PasswordAge) -> Option<CommandLine> {
    let wanted = &request.password_age;
    let differs = |wanted: Option<i64>, current: Option<i64>| wanted.filter(|wanted| Some(*wanted) != current);
    let mut line = Line::new("chage");
    line.option("-M", differs(wanted.max, current.max));
    line.option("-m", differs(wanted.min, current.min));
    line.option("-W", differs(wanted.warn, current.warn));
    line.option("-I", differs(wanted.inactive, current.inactive));
    line.has_options().then(|| line.finish(&request.name))
}

/// What `luseradd` and `lusermod` cannot do themselves: groups and the expiry date.
pub(super) fn change_local(request: &Request, account: Option<&Account>, groups: &Groups) -> Vec<CommandLine> {
    let mut lines = Vec::new();
    let membership = |option: &str, group: &str| {
        ["lgroupmod", option, &request.name, group].into_iter().map(str::to_owned).collect::<CommandLine>()
    };
    if let Some(wanted) = &groups.supplementary {
        let current = account.map_or(&[][..], |account| &account.groups);
        let lacks = |groups: &[Group], group: &Group| !groups.iter().any(|other| other.name == group.name);
        lines.extend(wanted.iter().filter(|group| lacks(current, group)).map(|group| membership("-M", &group.name)));
        if !request.append {
            lines
                .extend(current.iter().filter(|group| lacks(wanted, group)).map(|group| membership("-m", &group.name)));
        }
    }
    let expiry = match account {
        Some(account) => changed_expiry(request, account),
        None => request.expires.filter(|expiry| *expiry != Expiry::Never),
    };
    if let Some(expiry) = expiry {
        let day = if let Expiry::Day(day) = expiry { day } else { -1 };
        lines.push(["lchage", "-E", &day.to_string(), &request.name].into_iter().map(str::to_owned).collect());
    }
    lines
}

pub(super) fn remove(request: &Request) -> CommandLine {
    let mut line = Line::new(if request.local { "luserdel" } else { "userdel" });
    line.flag_if(request.force && !request.local, "-f");
    line.flag_if(request.remove, "-r");
    line.finish(&request.name)
}

/// A command line being put together.
struct Line(CommandLine);

impl Line {
    fn new(program: &str) -> Self {
        Self(vec![program.to_owned()])
    }

    fn flag(&mut self, flag: &str) {
        self.0.push(flag.to_owned());
    }

    fn flag_if(&mut self, condition: bool, flag: &str) {
        if condition {
            self.flag(flag);
        }
    }

    fn option(&mut self, flag: &str, value: Option<impl ToString>) {
        if let Some(value) = value {
            self.flag(flag);
            self.0.push(value.to_string());
        }
    }

    fn has_options(&self) -> bool {
        self.0.len() > 1
    }

    fn finish(mut self, name: &str) -> CommandLine {
        self.0.push(name.to_owned());
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::User;
    use crate::ansible::builtin::user::account::Shadow;

    fn group(name: &str, gid: u32) -> Group {
        Group { name: name.to_owned(), password: "x".to_owned(), gid, members: Vec::new() }
    }

    fn account() -> Account {
        let user = User {
            name: "web".to_owned(),
            password: "x".to_owned(),
            uid: 33,
            gid: 33,
            gecos: "Web".to_owned(),
            home: "/var/www".to_owned(),
            shell: "/bin/sh".to_owned(),
        };
        let shadow = Shadow { password: Some("!$6$s$h".to_owned()), expire: Some(10), ..Shadow::default() };
        Account { user, shadow, groups: vec![group("adm", 4)] }
    }

    fn request() -> Request {
        Request { name: "web".to_owned(), present: true, create_home: true, ..Request::default() }
    }

    #[expect(clippy::unnecessary_wraps, reason = "what a request holds")]
    fn text(value: &str) -> Option<String> {
        Some(value.to_owned())
    }

    #[test]
    fn creating_says_everything_at_once() {
        let cases = [
            (request(), "useradd -m web"),
            (Request { create_home: false, system: true, ..request() }, "useradd -M -r web"),
            (
                Request {
                    uid: Some(7),
                    non_unique: true,
                    group: text("www"),
                    groups: Some(vec!["adm".to_owned(), "sudo".to_owned()]),
                    comment: text("W"),
                    shell: text("/bin/false"),
                    expires: Some(Expiry::Day(1)),
                    password: text("h"),
                    password_lock: Some(true),
                    ..request()
                },
                "useradd -u 7 -o -g www -G adm,sudo -c W -s /bin/false -e 1970-01-02 -m web",
            ),
            (
                Request { skeleton: text("/s"), umask: text("077"), uid_min: Some(5), ..request() },
                "useradd -m -k /s -K UMASK=077 -K UID_MIN=5 web",
            ),
            (Request { local: true, groups: Some(vec!["adm".to_owned()]), ..request() }, "luseradd web"),
        ];
        for (request, line) in cases {
            assert_eq!(create(&request, false).join(" "), line);
        }
        assert_eq!(create(&request(), true).join(" "), "useradd -N -m web");
    }

    #[test]
    fn changing_says_only_what_differs() {
        let groups = |names: &[(&str, u32)]| Groups {
            primary: None,
            supplementary: Some(names.iter().map(|(name, gid)| group(name, *gid)).collect()),
        };
        let none = Groups::default();
        let cases: Vec<(Request, &Groups, Option<&str>)> = vec![
            (request(), &none, None),
            (Request { uid: Some(33), comment: text("Web"), ..request() }, &none, None),
            (Request { uid: Some(34), non_unique: true, ..request() }, &none, Some("usermod -u 34 -o web")),
            (Request { home: text("/srv"), move_home: true, ..request() }, &none, Some("usermod -d /srv -m web")),
            (Request { expires: Some(Expiry::Day(10)), ..request() }, &none, None),
            (Request { expires: Some(Expiry::Never), ..request() }, &none, Some("usermod -e  web")),
            (Request { password: text("$6$s$h"), ..request() }, &none, None),
            (Request { password: text("$6$s$i"), password_lock: Some(false), ..request() }, &none, None),
            (Request { password: text("n"), password_on_create_only: true, ..request() }, &none, None),
            (Request { password_lock: Some(true), ..request() }, &none, None),
            (Request { password_lock: Some(false), ..request() }, &none, Some("usermod -U web")),
        ];
        for (request, groups, line) in cases {
            assert_eq!(change(&request, &account(), groups).map(|line| line.join(" ")).as_deref(), line);
        }
        let line = |append, groups: &Groups| change(&Request { append, ..request() }, &account(), groups);
        assert_eq!(line(false, &groups(&[("adm", 4)])), None);
        assert_eq!(line(true, &groups(&[])), None);
        assert_eq!(line(false, &groups(&[])).map(|line| line.join(" ")).as_deref(), Some("usermod -G  web"));
        let sudo = groups(&[("sudo", 27), ("www", 33)]);
        assert_eq!(line(true, &sudo).map(|line| line.join(" ")).as_deref(), Some("usermod -a -G sudo web"));
    }

    #[test]
    fn passwords_are_read_by_the_program_that_sets_them() {
        let set = |request: Request, account: Option<&Account>| {
            let new = new_password(&request, account)?;
            assert_eq!(new.line.join(" "), "chpasswd -e");
            Some(new.input)
        };
        let (there, with) = (account(), |password: &str| Request { password: text(password), ..request() });
        assert_eq!(set(request(), None), None);
        assert_eq!(set(with("h"), None).as_deref(), Some("web:h\n"));
        assert_eq!(set(with(""), None).as_deref(), Some("web:\n"));
        let locked = Request { password_lock: Some(true), ..with("h") };
        assert_eq!(set(locked.clone(), None).as_deref(), Some("web:!h\n"));
        assert_eq!(set(locked, Some(&there)).as_deref(), Some("web:!h\n"));
        assert_eq!(set(with("$6$s$h"), Some(&there)), None);
        assert_eq!(set(with("$6$s$i"), Some(&there)).as_deref(), Some("web:$6$s$i\n"));
        assert_eq!(set(Request { password_on_create_only: true, ..with("n") }, Some(&there)), None);
    }

    #[test]
    fn ages_and_local_accounts_need_their_own_commands() {
        let age = PasswordAge { max: Some(90), min: Some(1), ..PasswordAge::default() };
        let wanted = Request { password_age: age, ..request() };
        let current = PasswordAge { min: Some(1), ..PasswordAge::default() };
        assert_eq!(change_password_age(&wanted, &current).unwrap().join(" "), "chage -M 90 web");
        assert_eq!(change_password_age(&wanted, &age), None);
        let local = Request { local: true, expires: Some(Expiry::Never), ..request() };
        let groups = Groups { primary: None, supplementary: Some(vec![group("sudo", 27)]) };
        let lines: Vec<_> = change_local(&local, Some(&account()), &groups).iter().map(|line| line.join(" ")).collect();
        assert_eq!(lines, ["lgroupmod -M web sudo", "lgroupmod -m web adm", "lchage -E -1 web"]);
    }
}
