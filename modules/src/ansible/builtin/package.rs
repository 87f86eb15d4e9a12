//! `ansible.builtin.package`: packages, through the package manager this node has.

use crate::validation::validate;
use crate::{Arg, Args, Context, Map, Module, ModuleError, ModuleResult, catalogue};

pub(crate) static MODULE: Module = Module::new("ansible.builtin.package", ARGS, run).diff();

/// What the module itself knows, then what it hands on: arguments that package managers share.
const ARGS: &[Arg] = &[
    Arg::list("name").alias(&["pkg"]),
    Arg::str("state"),
    Arg::str("use").default("auto"),
    Arg::raw("update_cache"),
    Arg::raw("cache_valid_time"),
    Arg::raw("autoremove"),
    Arg::raw("allow_downgrade"),
    Arg::raw("lock_timeout"),
    Arg::raw("install_recommends"),
    Arg::raw("default_release"),
    Arg::raw("purge"),
    Arg::raw("force"),
    Arg::raw("enablerepo"),
    Arg::raw("disablerepo"),
    Arg::raw("disable_gpg_check"),
    Arg::raw("exclude"),
];

/// A program that tells that a package manager is there, and the module that knows it.
const MANAGERS: [(&str, &str); 4] = [
    ("apt-get", "ansible.builtin.apt"),
    ("dnf5", "ansible.builtin.dnf"),
    ("dnf", "ansible.builtin.dnf"),
    ("apk", "community.general.apk"),
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let module = match args.str("use")? {
        "auto" => detected(cx)?,
        name => catalogue::find(name).ok_or_else(|| {
            ModuleError::failed(format!("Could not find a matching action for the \"{name}\" package manager."))
        })?,
    };
    let validation = validate(module, module.name, &handed_on(args), cx);
    cx.warnings.extend(validation.warnings);
    (module.run)(&validation.outcome.map_err(ModuleError::failed)?, cx)
}

fn detected(cx: &Context<'_>) -> Result<&'static Module, ModuleError> {
    let found = MANAGERS.iter().find(|(program, _)| cx.which(program).is_some());
    found.and_then(|(_, module)| catalogue::find(module)).ok_or_else(|| {
        ModuleError::failed(
            "Could not detect which package manager to use. Try gathering facts or setting the \"use\" option.",
        )
    })
}

/// The task's own arguments without `use`.
fn handed_on(args: &Args) -> Map {
    let given = args.values().iter().filter(|(name, value)| *name != "use" && !value.is_null());
    given.map(|(name, value)| (name.clone(), value.clone())).collect()
}
