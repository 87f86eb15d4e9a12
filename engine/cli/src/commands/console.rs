//! `kapell console`, and `ansible-console`: tasks typed one after the other, for the hosts of a pattern.

use std::io::{BufRead, IsTerminal};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use kapell_callback::{Color, Display, Minimal, Shape};
use kapell_executor::Callback;
use kapell_inventory::HostPattern;
use kapell_parsing::Diagnostic;

use crate::commands::run::{AdHoc, TaskArgs};
use crate::exit_code::Exit;
use crate::foundation::{self, Foundation};
use crate::login::Login;
use crate::passwords::Passwords;
use crate::refusal::{Refusal, conclude, tell};
use crate::version;

const HELP: &str = "\
MODULE ARGS      run a module on the hosts; what is no module is run by the shell
! COMMAND        run a command by the shell
cd PATTERN       work on these hosts; without a pattern on all
list [groups]    show the hosts, or all groups
forks N          hosts to work on at the same time
become [yes|no]  become another user
become_user U    … this one
become_method M  … by this method
remote_user U    log in as this user
check [yes|no]   predict changes in place of making them
diff [yes|no]    show differences
timeout N        seconds a task may take; 0 for no limit
verbosity N      how much is shown
exit             leave (also ctrl-d)";

/// Runs tasks as they are typed.
#[derive(Debug, Parser)]
#[command(name = "ansible-console", disable_version_flag = true, max_term_width = 100)]
pub(crate) struct ConsoleArgs {
    /// Host pattern
    #[arg(value_name = "pattern", default_value = "all")]
    pub pattern: String,
    #[command(flatten)]
    pub task: TaskArgs,
}

pub(crate) fn main(args: ConsoleArgs) -> ExitCode {
    conclude(|warnings| run(args, warnings))
}

fn run(args: ConsoleArgs, warnings: &mut Vec<Diagnostic>) -> Result<Exit, Refusal> {
    let mut settings = foundation::settings(warnings)?;
    let display = Display::new(settings.nocolor, settings.force_color);
    if args.task.version {
        display.out(&version::text("ansible-console", &settings), Color::Plain);
        return Ok(Exit::Ok);
    }
    args.task.connection.apply_to(&mut settings);
    args.task.apply_to(&mut settings);
    version::say_config_file(&display, &settings, args.task.verbose.max(settings.verbosity));
    let passwords = Passwords::collect(&args.task.connection, &args.task.privilege, &settings)?;
    let beside = [foundation::playbook_dir(args.task.playbook_dir.as_ref(), &settings)];
    let base = Foundation::lay(settings, &args.task.hosts, &args.task.vault, &beside, warnings)?;
    let mut console = Console { pattern: args.pattern.clone(), args, passwords, base, display };
    if console.args.task.list_hosts {
        console.list_hosts(warnings)?;
        return Ok(Exit::Ok);
    }
    let selected = console.hosts(warnings)?;
    if selected.is_empty() && console.base.inventory.hosts().len() > 0 {
        let message = "Specified inventory, host pattern and/or --limit leaves us with no hosts to target.";
        return Err(Diagnostic::error(message).into());
    }
    tell(&console.display, &std::mem::take(warnings));
    console.read()?;
    Ok(Exit::Ok)
}

struct Console {
    args: ConsoleArgs,
    pattern: String,
    passwords: Passwords,
    base: Foundation,
    display: Display,
}

/// Whether to read on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Then {
    Continue,
    Leave,
}

impl Console {
    fn read(&mut self) -> Result<(), Refusal> {
        let is_terminal = std::io::stdin().is_terminal();
        if is_terminal {
            self.display.out("Welcome to the console. Type help or ? to list commands.\n", Color::Plain);
        }
        let mut line = String::new();
        loop {
            if is_terminal {
                console::Term::stdout().write_str(&self.prompt()?)?;
            }
            line.clear();
            if std::io::stdin().lock().read_line(&mut line)? == 0 {
                return Ok(());
            }
            match self.obey(line.trim()) {
                Ok(Then::Continue) => {}
                Ok(Then::Leave) => return Ok(()),
                Err(refusal) => tell(&self.display, &refusal.errors),
            }
        }
    }

    fn prompt(&self) -> Result<String, Refusal> {
        let user = self.args.task.connection.user.clone().or_else(|| std::env::var("USER").ok()).unwrap_or_default();
        let count = self.hosts(&mut Vec::new())?.len();
        let forks = self.args.task.forks.unwrap_or(self.base.settings.forks);
        let end = if self.args.task.privilege.become_ { '#' } else { '$' };
        Ok(format!("{user}@{} ({count})[f:{forks}]{end} ", self.pattern))
    }

    fn hosts(&self, warnings: &mut Vec<Diagnostic>) -> Result<Vec<String>, Refusal> {
        let pattern = HostPattern::parse([self.pattern.as_str()])?;
        Ok(self.base.inventory.select(&pattern, self.base.limit.as_ref(), warnings)?)
    }

    fn list_hosts(&self, warnings: &mut Vec<Diagnostic>) -> Result<(), Refusal> {
        for host in self.hosts(warnings)? {
            self.display.out(&host, Color::Plain);
        }
        Ok(())
    }

    fn obey(&mut self, line: &str) -> Result<Then, Refusal> {
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let rest = rest.trim();
        match word {
            "" => {}
            _ if line.starts_with('#') => {}
            "exit" | "quit" | "EOF" => return Ok(Then::Leave),
            "help" | "?" => self.display.out(HELP, Color::Plain),
            "list" if rest == "groups" => {
                self.base.inventory.groups().for_each(|group| self.display.out(&group.name, Color::Plain));
            }
            "list" => self.list_hosts(&mut Vec::new())?,
            "cd" => self.change_pattern(rest)?,
            "forks" => self.args.task.forks = Some(number(word, rest)?),
            "verbosity" => self.args.task.verbose = number(word, rest)?,
            "timeout" => self.base.settings.task_timeout = number(word, rest)?,
            "become" => self.args.task.privilege.become_ = flag(word, rest)?,
            "check" => self.args.task.check = flag(word, rest)?,
            "diff" => self.args.task.diff = flag(word, rest)?,
            "become_user" if !rest.is_empty() => self.args.task.privilege.become_user = Some(rest.to_owned()),
            "become_method" if !rest.is_empty() => self.args.task.privilege.become_method = Some(rest.to_owned()),
            "remote_user" if !rest.is_empty() => self.args.task.connection.user = Some(rest.to_owned()),
            _ => self.run_task(line, word, rest)?,
        }
        Ok(Then::Continue)
    }

    fn change_pattern(&mut self, pattern: &str) -> Result<(), Refusal> {
        let wanted = if pattern.is_empty() || pattern == "/" || pattern == "*" { "all" } else { pattern };
        let before = std::mem::replace(&mut self.pattern, wanted.to_owned());
        if self.hosts(&mut Vec::new())?.is_empty() {
            self.pattern = before;
            return Err(Diagnostic::error(format!("no host matched {wanted}")).into());
        }
        Ok(())
    }

    fn run_task(&mut self, line: &str, word: &str, rest: &str) -> Result<(), Refusal> {
        let (module, arguments) = match line.strip_prefix('!') {
            Some(command) => ("shell", command.trim()),
            None if kapell_executor::action::exists(word) => (word, rest),
            None => ("shell", line),
        };
        let task = AdHoc::new(module, arguments, 0)?;
        let passwords = self.passwords.clone();
        let login = Login { connection: &self.args.task.connection, privilege: &self.args.task.privilege, passwords };
        let base = self.base.clone();
        let options = login.options(&self.args.task.hosts, &base.settings, &base.extra_vars, self.args.task.verbose);
        let callback: Vec<Box<dyn Callback>> =
            vec![Box::new(Minimal::new(&base.settings, options.verbosity, Shape::Block))];
        let dir: Option<PathBuf> = self.args.task.playbook_dir.clone();
        task.execute(base, &self.pattern, self.args.task.options(options), dir.as_ref(), callback)?;
        Ok(())
    }
}

fn number<T: std::str::FromStr>(word: &str, text: &str) -> Result<T, Refusal> {
    text.parse().map_err(|_| Diagnostic::error(format!("{word} is a number, not '{text}'")).into())
}

/// Nothing is yes.
fn flag(word: &str, text: &str) -> Result<bool, Refusal> {
    match text {
        "" | "yes" | "true" | "on" | "1" => Ok(true),
        "no" | "false" | "off" | "0" => Ok(false),
        other => Err(Diagnostic::error(format!("{word} is yes or no, not '{other}'")).into()),
    }
}
