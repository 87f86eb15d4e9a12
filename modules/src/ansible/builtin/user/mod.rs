//! `ansible.builtin.user`: makes, changes and removes user accounts.

mod account;
mod home;
mod plan;
mod request;
mod ssh_key;

use account::Account;
use plan::{CommandLine, Groups};
use request::{PasswordAge, Request};
use ssh_key::SshKey;

use crate::{Arg, Args, CommandSpec, Context, Group, Map, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module = Module::new("ansible.builtin.user", ARGS, run);

const ARGS: &[Arg] = &[
    Arg::str("name").required().alias(&["user"]),
    Arg::str("state").default("present").choices(&["absent", "present"]),
    Arg::int("uid"),
    Arg::int("uid_min"),
    Arg::int("uid_max"),
    Arg::bool("non_unique").default("false"),
    Arg::str("group"),
    Arg::list("groups"),
    Arg::bool("append").default("false"),
    Arg::str("comment"),
    Arg::path("home"),
    Arg::bool("create_home").default("true").alias(&["createhome"]),
    Arg::bool("move_home").default("false"),
    Arg::str("skeleton"),
    Arg::str("umask"),
    Arg::path("shell"),
    Arg::str("password").no_log(),
    Arg::str("update_password").default("always").choices(&["always", "on_create"]),
    Arg::bool("password_lock"),
    Arg::float("expires"),
    Arg::int("password_expire_min"),
    Arg::int("password_expire_max"),
    Arg::int("password_expire_warn"),
    Arg::int("password_expire_account_disable"),
    Arg::bool("system").default("false"),
    Arg::bool("local").default("false"),
    Arg::bool("force").default("false"),
    Arg::bool("remove").default("false"),
    Arg::bool("generate_ssh_key"),
    Arg::int("ssh_key_bits"),
    Arg::str("ssh_key_type").default("rsa"),
    Arg::path("ssh_key_file"),
    Arg::str("ssh_key_comment"),
    Arg::str("ssh_key_passphrase").no_log(),
    Arg::str("seuser"),
    // Of other systems than Linux: accepted and without effect, as in Ansible.
    Arg::bool("hidden"),
    Arg::str("login_class"),
    Arg::str("profile"),
    Arg::str("authorization"),
    Arg::str("role"),
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let request = Request::new(args)?;
    let account = Account::find(&request.name, request.local, cx);
    let mut task = Task { request: &request, changed: false, stdout: String::new(), stderr: String::new() };
    if !request.present {
        return task.remove(account.is_some(), cx);
    }
    warn_of_plain_password(&request, cx);
    match &account {
        // The account does not exist, there is nothing more to say.
        None if cx.check_mode => return Ok(ModuleResult::ok().changed(true)),
        None => task.create(cx)?,
        Some(account) => task.change(account, cx)?,
    }
    let created = account.is_none();
    let Some(now) = Account::find(&request.name, request.local, cx) else {
        return Err(ModuleError::failed(format!("The account {} is not there after it was made", request.name)));
    };
    if request.create_home {
        let dir = request.home.as_deref().filter(|_| !cx.check_mode).unwrap_or(&now.user.home);
        task.changed |= home::make_if_missing(dir, &request, &now.user, cx)?;
    }
    let key = SshKey::requested(args, &now.user).map(|key| key.make(args, &now.user, cx)).transpose()?;
    task.changed |= key.as_ref().is_some_and(|key| key.changed);
    Ok(report(&task, &now, created, key.map(|key| key.facts).unwrap_or_default()))
}

fn warn_of_plain_password(request: &Request, cx: &mut Context<'_>) {
    if request.password.as_deref().is_some_and(|password| !password.is_empty() && !request::looks_hashed(password)) {
        cx.warn(
            "The input password appears not to have been hashed. \
             The 'password' argument must be encrypted for this module to work properly.",
        );
    }
}

/// The run so far: what changed and what the commands printed.
struct Task<'a> {
    request: &'a Request,
    changed: bool,
    stdout: String,
    stderr: String,
}

impl Task<'_> {
    fn create(&mut self, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        let groups = look_up_groups(self.request, cx)?;
        self.check_password(None, cx)?;
        let own_group = cx.accounts.group(&self.request.name).is_some();
        if self.request.local {
            ["lgroupmod", "lchage"].iter().try_for_each(|name| cx.require_program(name).map(drop))?;
        }
        if self.request.create_home {
            home::make_missing_parents(self.request, cx)?;
        }
        self.run(plan::create(self.request, own_group), cx)?;
        self.set_password(None, cx)?;
        if self.request.local {
            self.run_all(plan::change_local(self.request, None, &groups), cx)?;
        }
        self.run_all(plan::change_password_age(self.request, &new_account_age(self.request)), cx)
    }

    fn change(&mut self, account: &Account, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        let groups = look_up_groups(self.request, cx)?;
        self.check_password(Some(account), cx)?;
        self.run_all(plan::change(self.request, account, &groups), cx)?;
        self.set_password(Some(account), cx)?;
        if self.request.local {
            self.run_all(plan::change_local(self.request, Some(account), &groups), cx)?;
        }
        self.run_all(plan::change_password_age(self.request, &account.shadow.age), cx)
    }

    fn remove(mut self, exists: bool, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
        let request = self.request;
        let result = ModuleResult::ok().set("name", request.name.clone()).set("state", "absent");
        if !exists {
            return Ok(result);
        }
        if cx.check_mode {
            return Ok(ModuleResult::ok().changed(true));
        }
        self.run(plan::remove(request), cx)?;
        Ok(self.with_output(result.changed(true).set("force", request.force).set("remove", request.remove)))
    }

    fn run_all(
        &mut self,
        lines: impl IntoIterator<Item = CommandLine>,
        cx: &mut Context<'_>,
    ) -> Result<(), ModuleError> {
        lines.into_iter().try_for_each(|line| self.run(line, cx))
    }

    /// Before anything is changed: an account without its password would be left behind.
    fn check_password(&self, account: Option<&Account>, cx: &Context<'_>) -> Result<(), ModuleError> {
        match plan::new_password(self.request, account).filter(|_| !cx.check_mode) {
            Some(new) => {
                self.request.check_password()?;
                cx.require_program(&new.line[0]).map(drop)
            }
            None => Ok(()),
        }
    }

    fn set_password(&mut self, account: Option<&Account>, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        let Some(new) = plan::new_password(self.request, account) else { return Ok(()) };
        self.execute(CommandSpec::new(new.line).stdin(new.input), cx)
    }

    /// One command that changes the account.
    fn run(&mut self, line: CommandLine, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        self.execute(CommandSpec::new(line), cx)
    }

    fn execute(&mut self, command: CommandSpec, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        self.changed = true;
        if cx.check_mode {
            return Ok(());
        }
        let name = command.program.to_string_lossy().into_owned();
        cx.require_program(&name)?;
        let removing = name.ends_with("userdel");
        let output = cx.run(&command)?;
        // 12: the account is gone, only its home directory could not be removed.
        if !output.ok() && (!removing || output.rc != 12) {
            let text = if output.stderr.is_empty() { output.stdout() } else { output.stderr() };
            return Err(ModuleError::failed(text).with("name", self.request.name.clone()).with("rc", output.rc));
        }
        self.stdout.push_str(&output.stdout());
        self.stderr.push_str(&output.stderr());
        Ok(())
    }

    fn with_output(&self, result: ModuleResult) -> ModuleResult {
        let text = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        result.set_opt("stdout", text(&self.stdout)).set_opt("stderr", text(&self.stderr))
    }
}

/// What `useradd` was told already need not be set again.
fn new_account_age(request: &Request) -> PasswordAge {
    let inactive = request.password_age.inactive.filter(|_| !request.local);
    PasswordAge { inactive, ..PasswordAge::default() }
}

fn look_up_groups(request: &Request, cx: &mut Context<'_>) -> Result<Groups, ModuleError> {
    let mut look_up = |name: &String| {
        let number = name.parse().ok();
        let group = cx.accounts.group(name).or_else(|| cx.accounts.group_by_id(number?));
        group.ok_or_else(|| ModuleError::failed(format!("Group {name} does not exist")))
    };
    let primary = request.group.as_ref().map(&mut look_up).transpose()?;
    let supplementary: Option<Result<Vec<Group>, _>> =
        request.groups.as_ref().map(|groups| groups.iter().map(&mut look_up).collect());
    Ok(Groups { primary, supplementary: supplementary.transpose()? })
}

fn report(task: &Task<'_>, now: &Account, created: bool, key: Map) -> ModuleResult {
    let request = task.request;
    let result = ModuleResult::ok().changed(task.changed).set("name", request.name.clone()).set("state", "present");
    let result = if created {
        result.set("system", request.system).set("create_home", request.create_home)
    } else {
        result.set("append", request.append).set("move_home", request.move_home)
    };
    let result = result
        .set("uid", now.user.uid)
        .set("group", now.user.gid)
        .set("comment", now.user.gecos.clone())
        .set("home", now.user.home.clone())
        .set("shell", now.user.shell.clone())
        .set_opt("password", request.password.as_ref().map(|_| "NOT_LOGGING_PASSWORD"))
        .set_opt("groups", request.groups.as_ref().map(|groups| groups.join(",")));
    task.with_output(result).extend(key)
}
