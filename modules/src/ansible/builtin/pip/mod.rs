//! `ansible.builtin.pip`: Python packages, in the system or in a virtual environment.

mod requirement;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use requirement::{Requirement, in_environment, parse_freeze};
use serde_json::Value;

use crate::url_login::{PIP, through_environment};
use crate::{Arg, Args, CommandOutput, CommandSpec, Constraint, Context, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module = Module::new("ansible.builtin.pip", ARGS, run).constraints(&[
    Constraint::RequiredOneOf(&["name", "requirements"]),
    Constraint::MutuallyExclusive(&["name", "requirements"]),
    Constraint::MutuallyExclusive(&["executable", "virtualenv"]),
]);

const ARGS: &[Arg] = &[
    Arg::list("name"),
    Arg::str("version"),
    Arg::str("requirements"),
    Arg::str("state").default("present").choices(&["present", "absent", "latest", "forcereinstall"]),
    Arg::path("virtualenv"),
    Arg::bool("virtualenv_site_packages").default("false"),
    Arg::path("virtualenv_command").default("virtualenv"),
    Arg::str("virtualenv_python"),
    Arg::str("extra_args"),
    Arg::bool("editable").default("false"),
    Arg::path("chdir"),
    Arg::path("executable"),
    Arg::str("umask"),
    Arg::bool("break_system_packages").default("false"),
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let mut pip = Pip::new(args)?;
    if let Some(environment) = args.opt_path("virtualenv") {
        if !environment.join("bin/activate").is_file() {
            if cx.check_mode {
                return Ok(ModuleResult::ok().changed(true));
            }
            pip.make_environment(&environment, args, cx)?;
        }
        pip.environment = Some(environment);
    }
    pip.find_program(args, cx)?;
    pip.bring_about(args, cx)
}

struct Pip {
    program: Vec<String>,
    environment: Option<PathBuf>,
    requirements: Vec<Requirement>,
    state: String,
    chdir: Option<PathBuf>,
    umask: Option<String>,
    break_system_packages: bool,
    /// What making the virtual environment printed.
    made: Option<CommandOutput>,
}

impl Pip {
    fn new(args: &Args) -> Result<Self, ModuleError> {
        let mut names: Vec<String> = args.list_of_str("name").into_iter().filter(|name| !name.is_empty()).collect();
        if let Some(version) = args.opt_str("version") {
            let [name] = names.as_mut_slice() else {
                return Err(ModuleError::failed(
                    "'version' argument is ambiguous when installing multiple package distributions. \
                     Please specify version restrictions next to each package in 'name' argument.",
                ));
            };
            let has_version = name.contains(['=', '<', '>', '!', '~']);
            if has_version {
                return Err(ModuleError::failed(
                    "The 'version' argument conflicts with any version specifier provided along with a package name. \
                     Please keep the version specifier, but remove the 'version' argument.",
                ));
            }
            name.push_str(&if version.starts_with(['<', '>', '=', '!', '~']) {
                version.to_owned()
            } else {
                format!("=={version}")
            });
        }
        let state = args.str("state")?;
        if state == "latest" && args.has("version") {
            return Err(ModuleError::failed("version is incompatible with state=latest"));
        }
        Ok(Self {
            program: Vec::new(),
            environment: None,
            requirements: names.iter().map(|name| Requirement::parse(name)).collect(),
            state: state.to_owned(),
            chdir: args.opt_path("chdir"),
            umask: args.opt_str("umask").map(str::to_owned),
            break_system_packages: args.bool("break_system_packages"),
            made: None,
        })
    }

    fn make_environment(&mut self, path: &Path, args: &Args, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        let line = args.str("virtualenv_command")?;
        let mut words = shell_words::split(line).map_err(|error| ModuleError::failed(format!("{line}: {error}")))?;
        let is_venv = words.iter().any(|word| word == "venv") || words[0].ends_with("pyvenv");
        words[0] = cx.require_program(&words[0])?.to_string_lossy().into_owned();
        if args.bool("virtualenv_site_packages") {
            words.push("--system-site-packages".to_owned());
        }
        match args.opt_str("virtualenv_python") {
            Some(_) if is_venv => {
                return Err(ModuleError::failed(
                    "virtualenv_python should not be used when using the venv module or pyvenv as virtualenv_command",
                ));
            }
            Some(python) => words.push(format!("-p{python}")),
            None => {}
        }
        words.push(path.to_string_lossy().into_owned());
        let output = cx.run(&self.command(&words))?;
        if !output.ok() {
            return Err(failure(&words, &output));
        }
        self.made = Some(output);
        Ok(())
    }

    fn find_program(&mut self, args: &Args, cx: &Context<'_>) -> Result<(), ModuleError> {
        if let Some(environment) = &self.environment {
            let candidates = ["pip3", "pip"].map(|name| environment.join("bin").join(name));
            let found = candidates.iter().find(|path| path.exists()).ok_or_else(|| {
                ModuleError::failed(format!(
                    "Unable to find pip in the virtualenv, {}, under any of these names: pip3, pip. Make sure pip is present in the virtualenv.",
                    environment.display()
                ))
            })?;
            self.program = vec![found.to_string_lossy().into_owned()];
            return Ok(());
        }
        if let Some(program) = args.opt_str("executable") {
            let path = if program.contains('/') { PathBuf::from(program) } else { cx.require_program(program)? };
            self.program = vec![path.to_string_lossy().into_owned()];
            return Ok(());
        }
        let found = ["pip3", "pip"].into_iter().find_map(|name| cx.which(name));
        let path = found
            .ok_or_else(|| ModuleError::failed("Unable to find any of pip3 to use.  pip needs to be installed."))?;
        self.program = vec![path.to_string_lossy().into_owned()];
        Ok(())
    }

    fn bring_about(&self, args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
        let words = self.words(args)?;
        if cx.check_mode {
            return self.predict(args, cx);
        }
        let settled = self.is_settled(args, cx)?;
        let created = self.made.is_some();
        if settled {
            return Ok(self.report(args, &words, &CommandOutput::default()).changed(created));
        }
        let before = if self.needs_comparison(args) { Some(self.freeze(cx)?) } else { None };
        let output = cx.run(&through_environment(self.command(&words).live(), PIP))?;
        if !output.ok() {
            return Err(failure(&words, &output));
        }
        let changed = match before {
            Some(before) => before != self.freeze(cx)?,
            None if self.state == "absent" => output.stdout().contains("Successfully uninstalled"),
            None => output.stdout().contains("Successfully installed"),
        };
        Ok(self.report(args, &words, &output).changed(changed || created))
    }

    /// Check mode names the command that looked.
    fn predict(&self, args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
        if args.has("extra_args") || args.has("requirements") || self.state == "latest" || self.requirements.is_empty()
        {
            return Ok(ModuleResult::ok().changed(true));
        }
        let output = self.list(cx)?;
        let installed = parse_freeze(&output.stdout());
        let is_there = |requirement: &Requirement| requirement.is_met(&installed);
        let changed = match self.state.as_str() {
            "absent" => self.requirements.iter().any(is_there),
            "present" => !self.requirements.iter().all(is_there),
            _ => false,
        };
        let command = self.list_words().join(" ");
        let result = ModuleResult::ok().changed(changed).set("cmd", command);
        Ok(result.set("stdout", output.stdout()).set("stderr", output.stderr()))
    }

    /// The output tells nothing of sources from version control: what is installed does.
    fn needs_comparison(&self, args: &Args) -> bool {
        let from_vcs = |requirement: &Requirement| requirement.text.contains('+') && requirement.text.contains("://");
        self.state != "absent"
            && (args.has("requirements") || args.bool("editable") || self.requirements.iter().any(from_vcs))
    }

    fn words(&self, args: &Args) -> Result<Vec<String>, ModuleError> {
        let mut words = self.program.clone();
        words.extend(match self.state.as_str() {
            "absent" => vec!["uninstall".to_owned(), "-y".to_owned()],
            "latest" => vec!["install".to_owned(), "-U".to_owned()],
            "forcereinstall" => vec!["install".to_owned(), "-U".to_owned(), "--force-reinstall".to_owned()],
            _ => vec!["install".to_owned()],
        });
        if let Some(extra) = args.opt_str("extra_args") {
            let extra =
                shell_words::split(extra).map_err(|error| ModuleError::failed(format!("extra_args: {error}")))?;
            words.extend(extra);
        }
        if let Some(file) = args.opt_str("requirements") {
            words.extend(["-r".to_owned(), file.to_owned()]);
        }
        if args.bool("editable") && self.state != "absent" {
            words.push("-e".to_owned());
        }
        words.extend(self.requirements.iter().map(|requirement| requirement.text.clone()));
        Ok(words)
    }

    /// Whether it is certain that nothing has to be done.
    fn is_settled(&self, args: &Args, cx: &mut Context<'_>) -> Result<bool, ModuleError> {
        let decidable = !args.has("requirements") && !args.bool("editable") && !args.has("extra_args");
        if !decidable || !matches!(self.state.as_str(), "present" | "absent") {
            return Ok(false);
        }
        let installed = self.installed(cx)?;
        Ok(match self.state.as_str() {
            "absent" => self.requirements.iter().all(|requirement| requirement.is_absent(&installed)),
            _ => self.requirements.iter().all(|requirement| requirement.is_met(&installed)),
        })
    }

    fn installed(&self, cx: &mut Context<'_>) -> Result<BTreeMap<String, String>, ModuleError> {
        match &self.environment {
            Some(environment) if !environment.join("pyvenv.cfg").is_file() => Ok(parse_freeze(&self.freeze(cx)?)),
            Some(environment) => Ok(in_environment(environment)),
            None => Ok(parse_freeze(&self.freeze(cx)?)),
        }
    }

    fn freeze(&self, cx: &mut Context<'_>) -> Result<String, ModuleError> {
        Ok(self.list(cx)?.stdout())
    }

    fn list(&self, cx: &mut Context<'_>) -> Result<CommandOutput, ModuleError> {
        cx.run_read(&self.command(&self.list_words()).env("PIP_DISABLE_PIP_VERSION_CHECK", "1"))
    }

    fn list_words(&self) -> Vec<String> {
        self.program.iter().cloned().chain(["list", "--format=freeze"].map(str::to_owned)).collect()
    }

    fn command(&self, words: &[String]) -> CommandSpec {
        let command = match &self.umask {
            Some(umask) => CommandSpec::new(["/bin/sh", "-c", &format!("umask {umask}; exec \"$@\""), "sh"])
                .args(words.iter().cloned()),
            None => CommandSpec::new(words.iter().cloned()),
        };
        let command = if self.break_system_packages { command.env("PIP_BREAK_SYSTEM_PACKAGES", "1") } else { command };
        // Package data is UTF-8 whatever the locale.
        let command = command.env("PYTHONIOENCODING", "utf-8").env("LC_ALL", "C.UTF-8");
        match &self.chdir {
            Some(dir) => command.cwd(dir),
            None => command,
        }
    }

    fn report(&self, args: &Args, words: &[String], output: &CommandOutput) -> ModuleResult {
        let value = |name: &str| args.raw(name).cloned().unwrap_or(Value::Null);
        let made = self.made.as_ref();
        let with_made = |own: String, made: Option<String>| made.unwrap_or_default() + &own;
        ModuleResult::ok()
            .set("cmd", words.to_vec())
            .set("name", value("name"))
            .set("version", value("version"))
            .set("state", self.state.clone())
            .set("requirements", value("requirements"))
            .set("virtualenv", value("virtualenv"))
            .set("stdout", with_made(output.stdout(), made.map(CommandOutput::stdout)))
            .set("stderr", with_made(output.stderr(), made.map(CommandOutput::stderr)))
    }
}

fn failure(words: &[String], output: &CommandOutput) -> ModuleError {
    let (stdout, stderr) = (output.stdout(), output.stderr());
    let mut msg = String::new();
    if !stdout.is_empty() {
        msg.push_str(&format!("stdout: {stdout}"));
    }
    if !stderr.is_empty() {
        msg.push_str(&format!("\n:stderr: {stderr}"));
    }
    ModuleError::failed(msg).with("cmd", words.to_vec())
}
