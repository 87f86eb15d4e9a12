//! `community.general.gem`: Ruby packages.

use crate::{Arg, Args, CommandSpec, Constraint, Context, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module = Module::new("community.general.gem", ARGS, run).constraints(&[
    Constraint::MutuallyExclusive(&["gem_source", "repository"]),
    Constraint::MutuallyExclusive(&["gem_source", "version"]),
]);

const ARGS: &[Arg] = &[
    Arg::path("executable"),
    Arg::path("gem_source"),
    Arg::bool("include_dependencies").default("true"),
    Arg::str("name").required(),
    Arg::str("repository").alias(&["source"]),
    Arg::str("state").default("present").choices(&["present", "absent", "latest"]),
    Arg::bool("user_install").default("true"),
    Arg::path("install_dir"),
    Arg::path("bindir"),
    Arg::bool("norc").default("true"),
    Arg::bool("pre_release").default("false"),
    Arg::bool("include_doc").default("false"),
    Arg::bool("env_shebang").default("false"),
    Arg::str("version"),
    Arg::str("build_flags"),
    Arg::bool("force").default("false"),
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    if args.opt_str("version").is_some() && args.str("state")? == "latest" {
        return Err(ModuleError::failed("Cannot specify version when state=latest"));
    }
    if args.has("gem_source") && args.str("state")? == "latest" {
        return Err(ModuleError::failed("Cannot maintain state=latest when installing from local source"));
    }
    let gem = Gem { program: program(args, cx)?, args };
    let state = args.str("state")?;
    let changed = match state {
        "absent" => gem.absent(cx)?,
        _ => gem.present(state == "latest", cx)?,
    };
    let result = ModuleResult::ok().set("name", args.str("name")?).set("state", state).changed(changed);
    let given = ["gem_source", "version"].map(|name| (name, args.opt_str(name)));
    Ok(given.into_iter().fold(result, |result, (name, value)| result.set_opt(name, value)))
}

fn program(args: &Args, cx: &Context<'_>) -> Result<String, ModuleError> {
    match args.opt_str("executable") {
        Some(program) => Ok(program.to_owned()),
        None => Ok(cx.require_program("gem")?.to_string_lossy().into_owned()),
    }
}

struct Gem<'a> {
    program: String,
    args: &'a Args,
}

impl Gem<'_> {
    fn command(&self, verb: &str) -> CommandSpec {
        let mut command = CommandSpec::new([self.program.as_str(), verb]);
        if self.args.bool("norc") {
            command = command.arg("--norc");
        }
        match self.args.opt_str("install_dir") {
            Some(dir) => command.env("GEM_HOME", dir),
            None => command,
        }
    }

    /// Versions of the gem, here or at its source.
    fn versions(&self, remote: bool, cx: &mut Context<'_>) -> Result<Vec<String>, ModuleError> {
        let name = self.args.str("name")?;
        let mut command = self.command("list");
        if remote {
            command = command.arg("--remote");
            if let Some(source) = self.args.opt_str("repository") {
                command = command.args(["--source", source]);
            }
            if self.args.bool("pre_release") {
                command = command.arg("--prerelease");
            }
        }
        let output = cx.run_read(&command.arg(format!("^{}$", regex::escape(name))))?;
        if !output.ok() {
            return Err(ModuleError::failed(output.stderr()));
        }
        Ok(parse(&output.stdout(), name))
    }

    fn present(&self, latest: bool, cx: &mut Context<'_>) -> Result<bool, ModuleError> {
        let installed = self.versions(false, cx)?;
        let wanted = match (latest, self.args.opt_str("version")) {
            (true, _) => self.versions(true, cx)?.first().cloned(),
            (false, version) => version.map(str::to_owned),
        };
        let settled = match &wanted {
            Some(version) => installed.contains(version),
            None => !installed.is_empty(),
        };
        if !settled {
            let version = self.args.opt_str("version").map(str::to_owned).or(wanted.filter(|_| latest));
            self.install(version, cx)?;
        }
        Ok(!settled)
    }

    fn install(&self, version: Option<String>, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        let args = self.args;
        let mut command = self.command("install");
        let mut option = |words: &[&str]| command.args.extend(words.iter().map(|word| (*word).to_owned()));
        if let Some(version) = &version {
            option(&["--version", version]);
        }
        if let Some(source) = args.opt_str("repository") {
            option(&["--source", source]);
        }
        if !args.bool("include_dependencies") {
            option(&["--ignore-dependencies"]);
        }
        match args.opt_str("install_dir") {
            Some(dir) => option(&["--install-dir", dir]),
            None => option(&[if args.bool("user_install") { "--user-install" } else { "--no-user-install" }]),
        }
        if let Some(dir) = args.opt_str("bindir") {
            option(&["--bindir", dir]);
        }
        if args.bool("pre_release") {
            option(&["--pre"]);
        }
        if !args.bool("include_doc") {
            option(&["--no-document"]);
        }
        if args.bool("env_shebang") {
            option(&["--env-shebang"]);
        }
        option(&[args.opt_str("gem_source").map_or_else(|| args.str("name"), Ok)?]);
        if let Some(flags) = args.opt_str("build_flags") {
            option(&["--", flags]);
        }
        if args.bool("force") {
            option(&["--force"]);
        }
        cx.run_ok(&command).map(drop)
    }

    fn absent(&self, cx: &mut Context<'_>) -> Result<bool, ModuleError> {
        let installed = self.versions(false, cx)?;
        let version = self.args.opt_str("version");
        let is_there = version.map_or(!installed.is_empty(), |version| installed.iter().any(|one| one == version));
        if !is_there {
            return Ok(false);
        }
        let mut command = self.command("uninstall");
        if let Some(dir) = self.args.opt_str("install_dir") {
            command = command.args(["--install-dir", dir]);
        }
        if let Some(dir) = self.args.opt_str("bindir") {
            command = command.args(["--bindir", dir]);
        }
        let command = match version {
            Some(version) => command.args(["--version", version]),
            None => command.arg("--all"),
        };
        cx.run_ok(&command.args(["--executable", self.args.str("name")?]))?;
        Ok(true)
    }
}

/// `name (2.0, 1.0 ruby, default: 0.9)`.
fn parse(text: &str, name: &str) -> Vec<String> {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(" ("));
    let Some(list) = line.and_then(|line| line.rsplit_once(')')) else { return Vec::new() };
    let version =
        |entry: &str| entry.trim().trim_start_matches("default: ").split(' ').next().unwrap_or_default().to_owned();
    list.0.split(',').map(version).collect()
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn versions_are_read() {
        assert_eq!(parse("rake (13.0.6, default: 12.3)\n", "rake"), ["13.0.6", "12.3"]);
        assert_eq!(parse("rake-compiler (1.0)\n", "rake"), Vec::<String>::new());
        assert_eq!(parse("json (2.6 ruby java)\n", "json"), ["2.6"]);
    }
}
