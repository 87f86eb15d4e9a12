//! Options with a fixed set of values, each an enum with the spelling `ansible.cfg` uses.

use crate::setting::{Raw, Setting};

macro_rules! choices {
    ($($(#[$meta:meta])* $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $text:literal),+ $(,)? })+) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$variant_meta])* $variant),+ }

        impl $name {
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// As it is written in `ansible.cfg`.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|choice| choice.as_str() == name)
            }
        }

        impl Setting for $name {
            const KIND: &'static str = concat!("one of" $(, " ", $text)+);

            fn read(raw: &Raw) -> Option<Self> {
                Self::from_name(raw.text)
            }
        }
    )+};
}

choices! {
    /// When facts are gathered without being asked for.
    Gathering { Implicit = "implicit", Explicit = "explicit", Smart = "smart" }
    /// What a mapping does to one of lower precedence under the same name.
    HashBehaviour { Replace = "replace", Merge = "merge" }
    /// What a key that is written twice is.
    DuplicateKeys { Error = "error", Warn = "warn", Ignore = "ignore" }
    /// What happens to group names that are no variable names.
    GroupNames { Always = "always", Never = "never", Ignore = "ignore", Silently = "silently" }
    /// What a host pattern that matches nothing is.
    PatternMismatch { Warning = "warning", Error = "error", Ignore = "ignore" }
    /// Which directories of imported playbooks are searched for `group_vars` and `host_vars`.
    VarsRoot { Top = "top", Bottom = "bottom", All = "all" }
    /// How results are printed.
    ResultFormat { Json = "json", Yaml = "yaml" }
}
