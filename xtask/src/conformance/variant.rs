//! `Variant`: a way to have a case told: a callback, or arguments that change what the default one says.

/// Settings and arguments that every run of a case gets.
#[derive(Default)]
pub(super) struct Variant {
    /// Empty for a case as it is.
    pub(super) name: String,
    pub(super) environment: Vec<(String, String)>,
    pub(super) arguments: Vec<String>,
}

/// Name, variables of the environment, arguments.
type Row = (&'static str, &'static [(&'static str, &'static str)], &'static [&'static str]);

/// Those of `cargo xtask outputs`.
const VARIANTS: &[Row] = &[
    ("default", &[], &[]),
    ("minimal", &[("ANSIBLE_STDOUT_CALLBACK", "minimal")], &[]),
    ("oneline", &[("ANSIBLE_STDOUT_CALLBACK", "oneline")], &[]),
    ("json", &[("ANSIBLE_STDOUT_CALLBACK", "json")], &[]),
    ("junit", &[("ANSIBLE_CALLBACKS_ENABLED", "junit")], &[]),
    ("tree", &[("ANSIBLE_CALLBACKS_ENABLED", "tree")], &[]),
    ("v", &[], &["-v"]),
    ("vv", &[], &["-vv"]),
    ("diff", &[], &["--diff"]),
    ("check", &[("ANSIBLE_CHECK_MODE_MARKERS", "yes")], &["--check", "--diff"]),
    ("yaml", &[("ANSIBLE_CALLBACK_RESULT_FORMAT", "yaml")], &["-v"]),
    (
        "quiet",
        &[
            ("ANSIBLE_DISPLAY_SKIPPED_HOSTS", "no"),
            ("ANSIBLE_DISPLAY_OK_HOSTS", "no"),
            ("ANSIBLE_DISPLAY_FAILED_STDERR", "yes"),
            ("ANSIBLE_SHOW_CUSTOM_STATS", "yes"),
        ],
        &[],
    ),
];

impl Variant {
    pub(super) fn of_callback(name: &str) -> Self {
        let environment = vec![("ANSIBLE_STDOUT_CALLBACK".to_owned(), name.to_owned())];
        Self { name: name.to_owned(), environment, arguments: Vec::new() }
    }

    /// Those of these names, or all.
    pub(super) fn find(names: &[String]) -> Vec<Self> {
        let is_wanted = |row: &&Row| names.is_empty() || names.iter().any(|name| name == row.0);
        VARIANTS.iter().filter(is_wanted).map(Self::of_row).collect()
    }

    fn of_row((name, environment, arguments): &Row) -> Self {
        Self {
            name: (*name).to_owned(),
            environment: environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            arguments: arguments.iter().map(|&argument| argument.to_owned()).collect(),
        }
    }

    pub(super) fn changes_nothing(&self) -> bool {
        self.environment.is_empty() && self.arguments.is_empty()
    }

    /// In the names of files; nothing for what changes nothing.
    pub(super) fn suffix(&self) -> String {
        if self.changes_nothing() { String::new() } else { format!("-{}", self.name) }
    }
}
