//! `Module`: what is known about a module without running it, and the function that runs it.

use crate::arg::{Arg, Constraint, FILE_ARGS};
use crate::{Args, Context, ModuleError, ModuleResult};

/// How much of a module's work check mode predicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Support {
    Full,
    Partial,
    /// The module is skipped in check mode.
    None,
}

/// The function that does a module's work.
pub(crate) type Run = fn(&Args, &mut Context<'_>) -> Result<ModuleResult, ModuleError>;

/// One module. Built in a `static` with `Module::new(..)` and the const setters.
#[derive(Debug)]
pub struct Module {
    /// Fully qualified name.
    pub name: &'static str,
    /// Other fully qualified names of the same module.
    pub aliases: &'static [&'static str],
    /// The module's own arguments; `all_args` adds the shared ones.
    pub args: &'static [Arg],
    pub constraints: &'static [Constraint],
    /// Arguments of several modules, defined once: those of all file modules, of all clients of a server.
    pub shared_args: &'static [Arg],
    pub check_mode: Support,
    pub diff: bool,
    /// The argument that a free-form command line becomes.
    pub free_form: Option<&'static str>,
    pub run: Run,
}

impl Module {
    pub const fn new(name: &'static str, args: &'static [Arg], run: Run) -> Self {
        Self {
            name,
            aliases: &[],
            args,
            constraints: &[],
            shared_args: &[],
            check_mode: Support::Full,
            diff: false,
            free_form: None,
            run,
        }
    }

    pub const fn aliases(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }

    pub const fn constraints(mut self, constraints: &'static [Constraint]) -> Self {
        self.constraints = constraints;
        self
    }

    /// Takes owner, group, mode and the other arguments every file module shares.
    pub const fn file_args(self) -> Self {
        self.shared_args(FILE_ARGS)
    }

    pub const fn shared_args(mut self, args: &'static [Arg]) -> Self {
        self.shared_args = args;
        self
    }

    pub const fn check_mode(mut self, support: Support) -> Self {
        self.check_mode = support;
        self
    }

    pub const fn diff(mut self) -> Self {
        self.diff = true;
        self
    }

    pub const fn free_form(mut self, argument: &'static str) -> Self {
        self.free_form = Some(argument);
        self
    }

    /// Every argument the module takes.
    pub fn all_args(&self) -> impl Iterator<Item = &'static Arg> + Clone + use<> {
        self.args.iter().chain(self.shared_args)
    }

    /// The argument of this name or alias.
    pub fn arg(&self, name: &str) -> Option<&'static Arg> {
        self.all_args().find(|arg| arg.is_called(name))
    }

    /// The last part of the name.
    pub fn short_name(&self) -> &'static str {
        self.name.rsplit('.').next().unwrap_or(self.name)
    }
}
