//! `ansible.builtin.apt`: packages of Debian and its kin, through apt-get, without python-apt.

pub(super) mod cache;
mod command_line;
mod deb_file;
mod package_spec;
mod request;
mod selection;
mod transaction;

use cache::Cache;
use package_spec::PackageSpec;
use request::{Request, State, Upgrade};
use transaction::Wording;

use crate::debian::apt_policy::Policy;
use crate::debian::dpkg_status::DpkgStatus;
use crate::{Arg, Args, CommandSpec, Constraint, Context, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module = Module::new("ansible.builtin.apt", ARGS, run)
    .constraints(&[Constraint::MutuallyExclusive(&["deb", "package", "upgrade"])])
    .diff();

const ARGS: &[Arg] = &[
    Arg::list("package").alias(&["name", "pkg"]),
    Arg::str("state").default("present").choices(&["absent", "build-dep", "fixed", "latest", "present"]),
    Arg::path("deb"),
    Arg::str("upgrade").default("no").choices(&["dist", "full", "no", "safe", "yes"]),
    Arg::bool("update_cache").alias(&["update-cache"]),
    Arg::int("cache_valid_time").default("0"),
    Arg::int("update_cache_retries").default("5"),
    Arg::int("update_cache_retry_max_delay").default("12"),
    Arg::str("default_release").alias(&["default-release"]),
    Arg::bool("install_recommends").alias(&["install-recommends"]),
    Arg::bool("only_upgrade").default("false"),
    Arg::bool("purge").default("false"),
    Arg::bool("autoremove").default("false"),
    Arg::bool("autoclean").default("false"),
    Arg::bool("clean").default("false"),
    Arg::bool("fail_on_autoremove").default("false"),
    Arg::bool("force").default("false"),
    Arg::bool("force_apt_get").default("false"),
    Arg::bool("allow_unauthenticated").default("false").alias(&["allow-unauthenticated"]),
    Arg::bool("allow_downgrade").default("false").alias(&["allow-downgrade", "allow_downgrades", "allow-downgrades"]),
    Arg::bool("allow_change_held_packages").default("false"),
    Arg::str("dpkg_options").default("force-confdef,force-confold"),
    Arg::int("policy_rc_d"),
    Arg::int("lock_timeout").default("60"),
    // There is no dependency to install.
    Arg::bool("auto_install_module_deps").default("true"),
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let request = Request::new(args, cx.check_mode)?;
    cx.require_program("apt-get")?;
    let cleaned = if request.clean { Some(clean(cx)?) } else { None };
    let cache = Cache::refresh(&request, cx)?;
    if let Some(upgrade) = request.upgrade {
        return upgrade_all(upgrade, &request, cx);
    }
    if let Some(deb) = &request.deb {
        return deb_file::install(deb, &request, cx);
    }
    if request.packages.is_empty() {
        return house_keeping(&request, cleaned, cache, cx);
    }
    match request.state {
        State::Absent => remove(&request, cx),
        State::BuildDep => {
            with_cache(transact(request.options.build_dep(&request.packages), Wording::BuildDep, &request, cx), cache)
        }
        State::Present | State::Latest | State::Fixed => with_cache(install(&request, cx), cache),
    }
}

fn install(request: &Request, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let installed = DpkgStatus::read(cx)?;
    let specs = specs(request, cx)?;
    let undecided = selection::undecided(&specs, request, &installed);
    if undecided.is_empty() {
        return Ok(ModuleResult::ok());
    }
    let policy = policy(&undecided, request, cx)?;
    let packages = selection::to_install(&undecided, request, &installed, &policy)?;
    if packages.is_empty() {
        return Ok(ModuleResult::ok());
    }
    transact(request.options.install(&packages), Wording::Install, request, cx)
}

fn remove(request: &Request, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let packages = selection::to_remove(&specs(request, cx)?, request.options.purge, &DpkgStatus::read(cx)?);
    if packages.is_empty() {
        return Ok(ModuleResult::ok());
    }
    transact(request.options.remove(&packages), Wording::Remove, request, cx)
}

fn upgrade_all(upgrade: Upgrade, request: &Request, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let aptitude = !request.force_apt_get && cx.which("aptitude").is_some();
    transact(request.options.upgrade(upgrade, aptitude), Wording::Upgrade, request, cx)
}

/// A task without packages: cleaning up, or nothing but the cache.
fn house_keeping(
    request: &Request,
    cleaned: Option<ModuleResult>,
    cache: Cache,
    cx: &mut Context<'_>,
) -> Result<ModuleResult, ModuleError> {
    if let Some(cleaned) = cleaned {
        return Ok(cleaned);
    }
    if request.autoclean {
        return transact(request.options.clean_up("autoclean"), Wording::Autoclean, request, cx);
    }
    if request.options.autoremove {
        return transact(request.options.clean_up("autoremove"), Wording::Autoremove, request, cx);
    }
    Ok(cache.report(ModuleResult::ok().changed(cache.updated)))
}

fn clean(cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let output = cx.run(&CommandSpec::new(["apt-get", "clean"]))?;
    if !output.ok() {
        return Err(ModuleError::failed(format!("apt-get clean failed. Error message: {}", output.stderr()))
            .with("rc", output.rc));
    }
    let result = ModuleResult::ok().changed(true).msg(output.stdout());
    Ok(result.set("stdout", output.stdout()).set("stderr", output.stderr()).set("diff", crate::Map::new()))
}

fn transact(
    line: Vec<String>,
    wording: Wording,
    request: &Request,
    cx: &mut Context<'_>,
) -> Result<ModuleResult, ModuleError> {
    transaction::run(line, wording, request, cx)
}

/// The state of the cache is told of installations, failed ones included; not of a package nobody knows.
fn with_cache(result: Result<ModuleResult, ModuleError>, cache: Cache) -> Result<ModuleResult, ModuleError> {
    match result {
        Ok(result) => Ok(cache.report(result)),
        Err(error) if error.to_string().starts_with("No package") => Err(error),
        Err(error) => Err(error.with("cache_updated", cache.updated).with("cache_update_time", cache.time)),
    }
}

fn specs(request: &Request, cx: &mut Context<'_>) -> Result<Vec<PackageSpec>, ModuleError> {
    let specs = request.packages.iter().map(|text| PackageSpec::parse(text)).collect();
    selection::expand_patterns(specs, || {
        let output = cx.run_read(&CommandSpec::new(["apt-cache", "pkgnames"]))?;
        let mut names: Vec<_> = output.stdout().lines().map(str::to_owned).collect();
        names.sort();
        Ok(names)
    })
}

fn policy(specs: &[PackageSpec], request: &Request, cx: &mut Context<'_>) -> Result<Policy, ModuleError> {
    let release = request.options.default_release.iter().flat_map(|release| ["-t", release.as_str()]);
    let names = specs.iter().map(|spec| spec.name.as_str()).filter(|name| !name.starts_with('-') && !name.is_empty());
    let output = cx.run_read(&CommandSpec::new(["apt-cache"]).args(release).arg("policy").args(names))?;
    if !output.ok() {
        return Err(ModuleError::failed(output.stderr().trim()).with("rc", output.rc));
    }
    Ok(Policy::parse(&output.stdout()))
}
