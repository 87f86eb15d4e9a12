//! `community.general.npm`: packages of Node.js, in a project or global.

mod installed;

use std::path::PathBuf;

use installed::{Project, Tree, parse_list, parse_outdated};

use crate::url_login::through_environment;
use crate::{Arg, Args, CommandOutput, CommandSpec, Context, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module = Module::new("community.general.npm", ARGS, run);

const ARGS: &[Arg] = &[
    Arg::str("name"),
    Arg::path("path"),
    Arg::str("version"),
    Arg::str("state").default("present").choices(&["present", "absent", "latest"]),
    Arg::bool("global").default("false"),
    Arg::bool("production").default("false"),
    Arg::bool("ci").default("false"),
    Arg::bool("force").default("false"),
    Arg::bool("ignore_scripts").default("false"),
    Arg::bool("unsafe_perm").default("false"),
    Arg::bool("no_optional").default("false"),
    Arg::bool("no_bin_links").default("false"),
    Arg::str("registry"),
    Arg::path("executable"),
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let npm = Npm::new(args, cx)?;
    let changed = if args.bool("ci") {
        npm.change("ci", &[], cx)?
    } else {
        match args.str("state")? {
            "absent" => npm.absent(cx)?,
            "latest" => npm.latest(cx)?,
            _ => npm.present(cx)?,
        }
    };
    Ok(ModuleResult::ok().changed(changed))
}

struct Npm<'a> {
    /// The program with its leading words (`nvm-exec npm`).
    program: Vec<String>,
    options: Vec<String>,
    path: Option<PathBuf>,
    name: Option<&'a str>,
    version: Option<&'a str>,
    registry: Option<&'a str>,
    production: bool,
    no_optional: bool,
}

impl<'a> Npm<'a> {
    fn new(args: &'a Args, cx: &Context<'_>) -> Result<Self, ModuleError> {
        let global = args.bool("global");
        let path = args.opt_path("path");
        if path.is_none() && !global {
            return Err(ModuleError::failed("path must be specified when not using global"));
        }
        let program = match args.opt_str("executable") {
            Some(program) => program.split(' ').map(str::to_owned).collect(),
            None => vec![cx.require_program("npm")?.to_string_lossy().into_owned()],
        };
        let flags = [
            (global, "--global"),
            (args.bool("production"), "--production"),
            (args.bool("force"), "--force"),
            (args.bool("ignore_scripts"), "--ignore-scripts"),
            (args.bool("unsafe_perm"), "--unsafe-perm"),
            (args.bool("no_optional"), "--no-optional"),
            (args.bool("no_bin_links"), "--no-bin-links"),
        ];
        let options = flags.into_iter().filter(|(given, _)| *given).map(|(_, flag)| flag.to_owned()).collect();
        Ok(Self {
            program,
            options,
            path: path.filter(|_| !global),
            name: args.opt_str("name"),
            version: args.opt_str("version"),
            registry: args.opt_str("registry"),
            production: args.bool("production"),
            no_optional: args.bool("no_optional"),
        })
    }

    fn present(&self, cx: &mut Context<'_>) -> Result<bool, ModuleError> {
        if self.is_present_by_files(cx) {
            return Ok(false);
        }
        let tree = self.list(cx)?;
        if self.is_satisfied(&tree) { Ok(false) } else { self.install(cx) }
    }

    fn latest(&self, cx: &mut Context<'_>) -> Result<bool, ModuleError> {
        let tree = self.list(cx)?;
        let mut changed = false;
        if !self.is_satisfied(&tree) {
            changed = self.install(cx)?;
        }
        let outdated = self.observe("outdated", &["--json"], cx)?;
        let concerned = |name: &String| self.name.is_none_or(|wanted| wanted == name);
        if self.version.is_none() && parse_outdated(&outdated.stdout()).iter().any(concerned) {
            let name: Vec<String> = self.name.map(str::to_owned).into_iter().collect();
            changed |= self.change("update", &name, cx)?;
        }
        Ok(changed)
    }

    fn absent(&self, cx: &mut Context<'_>) -> Result<bool, ModuleError> {
        let Some(name) = self.name else { return self.change("uninstall", &[], cx) };
        let tree = self.list(cx)?;
        let is_there = tree.installed.iter().any(|(installed, _)| installed == name)
            || tree.missing.iter().any(|other| other == name);
        if is_there { self.change("uninstall", &[name.to_owned()], cx) } else { Ok(false) }
    }

    /// True only when the project's files leave no doubt.
    fn is_present_by_files(&self, cx: &Context<'_>) -> bool {
        let Some(dir) = &self.path else { return false };
        let project = Project { dir, production: self.production, no_optional: self.no_optional };
        match self.name {
            None => project.is_complete(cx),
            Some(name) => {
                let found = project.version_of(name, cx);
                found.is_some_and(|found| self.version.is_none_or(|wanted| wanted == found))
            }
        }
    }

    fn is_satisfied(&self, tree: &Tree) -> bool {
        match self.name {
            None => tree.missing.is_empty() && !tree.installed.is_empty(),
            Some(wanted) => tree
                .installed
                .iter()
                .any(|(name, version)| name == wanted && self.version.is_none_or(|wanted| wanted == version)),
        }
    }

    fn list(&self, cx: &mut Context<'_>) -> Result<Tree, ModuleError> {
        // A project with a missing package makes `npm list` fail, and say which.
        let output = self.observe("list", &["--json", "--long"], cx)?;
        Ok(parse_list(&output.stdout()))
    }

    fn install(&self, cx: &mut Context<'_>) -> Result<bool, ModuleError> {
        let package = self.name.map(|name| match self.version {
            Some(version) => format!("{name}@{version}"),
            None => name.to_owned(),
        });
        self.change("install", &package.into_iter().collect::<Vec<_>>(), cx)
    }

    fn observe(&self, verb: &str, options: &[&str], cx: &mut Context<'_>) -> Result<CommandOutput, ModuleError> {
        let global = self.options.iter().filter(|option| *option == "--global");
        let command = CommandSpec::new(self.program.iter().cloned()).arg(verb).args(options.iter().copied());
        let command = command.args(global.cloned());
        cx.run_read(&match &self.path {
            Some(path) if path.is_dir() => command.cwd(path),
            _ => command,
        })
    }

    fn change(&self, verb: &str, packages: &[String], cx: &mut Context<'_>) -> Result<bool, ModuleError> {
        let mut command = CommandSpec::new(self.program.iter().cloned()).arg(verb).args(self.options.iter().cloned());
        command = command.args(packages.iter().cloned());
        if let Some(registry) = self.registry {
            command = command.args(["--registry", registry]);
            command = through_environment(command, &[("--registry", "npm_config_registry")]);
        }
        if let Some(path) = &self.path {
            if path.exists() && !path.is_dir() {
                return Err(ModuleError::failed(format!("path {} is not a directory", path.display())));
            }
            if !cx.check_mode {
                fs_err::create_dir_all(path)?;
            }
            command = command.cwd(path);
        }
        cx.run_ok(&command.user_locale().live())?;
        Ok(true)
    }
}
