//! `Arg`: one argument of a module, as its table says it; and rules that bind several arguments.

/// The kind of value an argument takes; a value of another kind is converted where Ansible converts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArgKind {
    Str,
    Bool,
    Int,
    Float,
    /// A string with `~` and `$VARIABLES` expanded.
    Path,
    /// Anything, as it came.
    Raw,
    List(&'static ArgKind),
    Dict,
    /// A string of JSON; containers are serialised.
    Json,
    /// A size such as `1K` or `3MB`, as a number of bytes.
    Bytes,
}

impl ArgKind {
    /// As pages and tables call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Str => "str",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Float => "float",
            Self::Path => "path",
            Self::Raw => "raw",
            Self::List(_) => "list",
            Self::Dict => "dict",
            Self::Json => "json",
            Self::Bytes => "bytes",
        }
    }
}

/// One argument. `Arg::str("path").required().alias(&["dest"])`.
#[derive(Debug, Clone, Copy)]
pub struct Arg {
    pub name: &'static str,
    pub aliases: &'static [&'static str],
    pub kind: ArgKind,
    pub required: bool,
    /// As it would be written in a playbook; converted like a given value. An empty list is `""`, lists are comma separated.
    pub default: Option<&'static str>,
    pub choices: &'static [&'static str],
    /// The environment variable whose value is the default.
    pub fallback: Option<&'static str>,
    /// The value is a secret: never shown, scrubbed from the result.
    pub no_log: bool,
    /// The arguments of a dict, or of the dicts in a list.
    pub options: &'static [Arg],
}

impl Arg {
    pub const fn new(name: &'static str, kind: ArgKind) -> Self {
        Self {
            name,
            aliases: &[],
            kind,
            required: false,
            default: None,
            choices: &[],
            fallback: None,
            no_log: false,
            options: &[],
        }
    }

    pub const fn str(name: &'static str) -> Self {
        Self::new(name, ArgKind::Str)
    }

    pub const fn bool(name: &'static str) -> Self {
        Self::new(name, ArgKind::Bool)
    }

    pub const fn int(name: &'static str) -> Self {
        Self::new(name, ArgKind::Int)
    }

    pub const fn float(name: &'static str) -> Self {
        Self::new(name, ArgKind::Float)
    }

    pub const fn path(name: &'static str) -> Self {
        Self::new(name, ArgKind::Path)
    }

    pub const fn raw(name: &'static str) -> Self {
        Self::new(name, ArgKind::Raw)
    }

    /// A list of strings.
    pub const fn list(name: &'static str) -> Self {
        Self::new(name, ArgKind::List(&ArgKind::Str))
    }

    pub const fn list_of(name: &'static str, element: &'static ArgKind) -> Self {
        Self::new(name, ArgKind::List(element))
    }

    pub const fn dict(name: &'static str) -> Self {
        Self::new(name, ArgKind::Dict)
    }

    pub const fn json(name: &'static str) -> Self {
        Self::new(name, ArgKind::Json)
    }

    pub const fn bytes(name: &'static str) -> Self {
        Self::new(name, ArgKind::Bytes)
    }

    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    pub const fn default(mut self, value: &'static str) -> Self {
        self.default = Some(value);
        self
    }

    pub const fn alias(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }

    pub const fn choices(mut self, choices: &'static [&'static str]) -> Self {
        self.choices = choices;
        self
    }

    pub const fn fallback(mut self, variable: &'static str) -> Self {
        self.fallback = Some(variable);
        self
    }

    pub const fn no_log(mut self) -> Self {
        self.no_log = true;
        self
    }

    pub const fn options(mut self, options: &'static [Arg]) -> Self {
        self.options = options;
        self
    }

    pub fn is_called(&self, name: &str) -> bool {
        self.name == name || self.aliases.contains(&name)
    }
}

/// A rule over several arguments.
#[derive(Debug, Clone, Copy)]
pub enum Constraint {
    MutuallyExclusive(&'static [&'static str]),
    RequiredTogether(&'static [&'static str]),
    RequiredOneOf(&'static [&'static str]),
    /// When `arg` has `value` (as text), all of `then` are needed.
    RequiredIf(&'static str, &'static str, &'static [&'static str]),
    /// When `arg` has `value` (as text), at least one of `then` is needed.
    RequiredIfAny(&'static str, &'static str, &'static [&'static str]),
    /// When `arg` is given, all of `then` are needed.
    RequiredBy(&'static str, &'static [&'static str]),
}

/// The arguments every module shares that sets the attributes of files.
pub(crate) const FILE_ARGS: &[Arg] = &[
    Arg::raw("mode"),
    Arg::str("owner"),
    Arg::str("group"),
    Arg::str("seuser"),
    Arg::str("serole"),
    Arg::str("setype"),
    Arg::str("selevel"),
    Arg::bool("unsafe_writes").default("false").fallback("ANSIBLE_UNSAFE_WRITES"),
    Arg::str("attributes").alias(&["attr"]),
];
