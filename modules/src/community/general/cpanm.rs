//! `community.general.cpanm`: Perl modules, by cpanminus.

use serde_json::json;

use crate::context::command_failure;
use crate::module::Support;
use crate::url_login::UrlLogin;
use crate::{Arg, Args, CommandSpec, Constraint, Context, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module = Module::new("community.general.cpanm", ARGS, run)
    .constraints(&[Constraint::RequiredOneOf(&["name", "from_path"])])
    .check_mode(Support::None);

const ARGS: &[Arg] = &[
    Arg::str("name").alias(&["pkg"]),
    Arg::str("version"),
    Arg::path("from_path"),
    Arg::bool("notest").default("false"),
    Arg::path("locallib"),
    Arg::str("mirror"),
    Arg::bool("mirror_only").default("false"),
    Arg::bool("installdeps").default("false"),
    Arg::bool("install_recommendations"),
    Arg::bool("install_suggestions"),
    Arg::path("executable"),
    Arg::str("mode").default("new").choices(&["compatibility", "new"]),
    Arg::str("name_check"),
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let name = args.opt_str("name");
    let failed = |msg: &str| ModuleError::failed(msg).with("name", name);
    let compatible = args.str("mode")? == "compatibility";
    if compatible && args.has("name_check") {
        return Err(failed("Parameter name_check can only be used with mode=new"));
    }
    let program = match args.opt_str("executable") {
        Some(program) => program.to_owned(),
        None => cx.require_program("cpanm")?.to_string_lossy().into_owned(),
    };
    let version = cx.run_read(&CommandSpec::new([program.as_str(), "--version"]))?.stdout();
    let Some(cpanm_version) = version_of(&version) else {
        let first = version.lines().next().unwrap_or_default();
        return Err(failed(&format!("Failed to determine version number. First line of output: {first}")));
    };
    let result = ModuleResult::ok().set("name", name).set("binary", program.as_str());
    let result = result.set("cpanm_version", cpanm_version);
    let result = if cx.diff_mode { result.set("diff", json!({})) } else { result }.set("failed", false);
    let checked = if compatible { name.filter(|_| !args.has("from_path")) } else { args.opt_str("name_check") };
    if let Some(checked) = checked
        && is_there(checked, args.opt_str("version"), args, cx)?
    {
        return Ok(result);
    }
    let package = package(args, compatible).map_err(failed)?;
    let command = CommandSpec::new([program]).args(options(args)).arg(package);
    let command = match args.opt_str("mirror").filter(|mirror| UrlLogin::of(mirror).is_some()) {
        Some(mirror) => {
            command.env("PERL_CPANM_OPT", format!("{} --mirror {mirror}", cx.env("PERL_CPANM_OPT").unwrap_or_default()))
        }
        None => command,
    };
    let output = cx.run(&command)?;
    if !output.ok() {
        return Err(command_failure(output.stderr().trim_end(), &command, &output));
    }
    let up_to_date = [output.stdout(), output.stderr()].iter().any(|text| text.contains("is up to date"));
    Ok(result.changed(!up_to_date))
}

/// `cpanm (App::cpanminus) version 1.7044 (/usr/bin/cpanm)`.
fn version_of(text: &str) -> Option<String> {
    let (_, rest) = text.split_once("version ")?;
    rest.split_whitespace().next().filter(|word| word.starts_with(|c: char| c.is_ascii_digit())).map(str::to_owned)
}

/// Whether Perl finds the module, in this version or a later one.
fn is_there(name: &str, version: Option<&str>, args: &Args, cx: &mut Context<'_>) -> Result<bool, ModuleError> {
    let usable = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || "_:.'~=<>!, ".contains(c));
    if !usable(name) || !version.is_none_or(usable) {
        return Ok(false);
    }
    let version = version.map(|version| format!(" {version}")).unwrap_or_default();
    let mut command = CommandSpec::new(["perl", "-le", &format!("use {name}{version};")]);
    if let Some(dir) = args.opt_str("locallib") {
        command = command.env("PERL5LIB", format!("{dir}/lib/perl5"));
    }
    Ok(cx.run_read(&command)?.ok())
}

/// What cpanm is to install.
fn package(args: &Args, compatible: bool) -> Result<String, &'static str> {
    let package = args.opt_str("from_path").or(args.opt_str("name")).unwrap_or_default();
    let Some(version) = args.opt_str("version").filter(|_| !compatible) else { return Ok(package.to_owned()) };
    if package.ends_with(".tar.gz") {
        return Err("parameter 'version' must not be used when installing from a file");
    }
    let tilde = if version.starts_with('~') { "" } else { "~" };
    Ok(format!("{package}{tilde}{version}"))
}

fn options(args: &Args) -> Vec<String> {
    let mut options = Vec::new();
    let mut option = |words: &[&str]| options.extend(words.iter().map(|word| (*word).to_owned()));
    if args.bool("notest") {
        option(&["--notest"]);
    }
    if let Some(dir) = args.opt_str("locallib") {
        option(&["--local-lib", dir]);
    }
    // One with a login is told through the environment.
    if let Some(mirror) = args.opt_str("mirror").filter(|mirror| UrlLogin::of(mirror).is_none()) {
        option(&["--mirror", mirror]);
    }
    if args.bool("mirror_only") {
        option(&["--mirror-only"]);
    }
    if args.bool("installdeps") {
        option(&["--installdeps"]);
    }
    for (name, what) in [("install_recommendations", "recommends"), ("install_suggestions", "suggests")] {
        if let Some(wanted) = args.opt_bool(name) {
            option(&[&format!("--{}-{what}", if wanted { "with" } else { "without" })]);
        }
    }
    options
}
