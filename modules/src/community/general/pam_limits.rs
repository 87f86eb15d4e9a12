//! `community.general.pam_limits`: limits of users and groups (limits.conf(5)).

use std::path::Path;

use crate::{Arg, Args, Content, Context, Diff, Module, ModuleError, ModuleResult, WriteOptions};

pub(crate) static MODULE: Module = Module::new("community.general.pam_limits", ARGS, run).diff();

const ARGS: &[Arg] = &[
    Arg::str("domain").required(),
    Arg::str("limit_type").required().choices(&["soft", "hard", "-"]),
    Arg::str("limit_item").required().choices(&[
        "core",
        "data",
        "fsize",
        "memlock",
        "nofile",
        "rss",
        "stack",
        "cpu",
        "nproc",
        "as",
        "maxlogins",
        "maxsyslogins",
        "priority",
        "locks",
        "sigpending",
        "msgqueue",
        "nice",
        "rtprio",
        "chroot",
    ]),
    Arg::str("value").required(),
    Arg::bool("use_max").default("false"),
    Arg::bool("use_min").default("false"),
    Arg::bool("backup").default("false"),
    Arg::str("dest").default("/etc/security/limits.conf"),
    Arg::str("comment").default(""),
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let wanted = Wanted::new(args)?;
    let path = args.path("dest")?;
    let before = cx.read_utf8(&path)?;
    if before.is_none() && path.parent().is_none_or(|dir| !dir.is_dir()) {
        return Err(ModuleError::failed(format!("directory {} is not writable", parent(&path))));
    }
    let before = before.unwrap_or_default();
    let (after, line) = plan(&before, &wanted);
    let changed = after != before;
    let mut result = ModuleResult::ok().changed(changed).msg(line);
    if changed {
        let options = WriteOptions { backup: args.bool("backup"), new_mode: Some(0o644), ..WriteOptions::default() };
        let backup = cx.write_file(&path, Content::Bytes(after.as_bytes()), &options)?;
        result = result.set_opt("backup_file", backup);
    }
    Ok(result.diff(Diff::new(before, after)))
}

fn parent(path: &Path) -> String {
    path.parent().unwrap_or(path).display().to_string()
}

struct Wanted<'a> {
    domain: &'a str,
    kind: &'a str,
    item: &'a str,
    value: &'a str,
    comment: &'a str,
    use_max: bool,
    use_min: bool,
}

impl<'a> Wanted<'a> {
    fn new(args: &'a Args) -> Result<Self, ModuleError> {
        let wanted = Self {
            domain: args.str("domain")?,
            kind: args.str("limit_type")?,
            item: args.str("limit_item")?,
            value: args.str("value")?,
            comment: args.str("comment")?,
            use_max: args.bool("use_max"),
            use_min: args.bool("use_min"),
        };
        if wanted.use_max && wanted.use_min {
            return Err(ModuleError::failed("Cannot use use_min and use_max at the same time."));
        }
        match invalid(wanted.item, wanted.value) {
            Some(reason) => Err(ModuleError::failed(reason)),
            None => Ok(wanted),
        }
    }

    fn is_for(&self, fields: &[&str]) -> bool {
        fields[..3] == [self.domain, self.kind, self.item]
    }

    /// The value that is to stand where `current` stands.
    fn value_for(&self, current: &str) -> String {
        let keeps = (self.use_max && number(current) >= number(self.value))
            || (self.use_min && number(current) <= number(self.value));
        if keeps { current.to_owned() } else { self.value.to_owned() }
    }

    fn line(&self, value: &str, old_comment: &str) -> String {
        let mut line = [self.domain, self.kind, self.item, value].join("\t");
        match (self.comment, old_comment) {
            ("", "") => {}
            ("", old) => line.push_str(&format!("\t{old}")),
            (new, _) => line.push_str(&format!("\t#{new}")),
        }
        line.push('\n');
        line
    }
}

/// What is wrong with a value.
fn invalid(item: &str, value: &str) -> Option<String> {
    let parsed = value.parse::<i64>().ok();
    let (ok, rule) = match item {
        "nice" | "priority" => (
            parsed.is_some_and(|number| (-20..=19).contains(&number)),
            "Value must be a number in the range -20 to 19 inclusive.",
        ),
        _ => (
            matches!(value, "unlimited" | "infinity" | "-1") || parsed.is_some_and(|number| number >= 0),
            "Value must either be 'unlimited', 'infinity' or -1, all of which indicate no limit, or a limit of 0 or larger.",
        ),
    };
    let manual = "Refer to the limits.conf(5) manual pages for more details.";
    (!ok).then(|| format!(" Value of '{value}' for item '{item}' is invalid. {rule} {manual}"))
}

/// Unlimited is more than any number.
fn number(value: &str) -> i64 {
    match value {
        "unlimited" | "infinity" | "-1" => i64::MAX,
        value => value.parse().unwrap_or(0),
    }
}

/// The new text, and the line of the limit in it.
fn plan(text: &str, wanted: &Wanted<'_>) -> (String, String) {
    let mut after = String::new();
    let mut shown = None;
    for line in text.split_inclusive('\n') {
        let (content, comment) =
            line.trim_end().split_once('#').map_or((line.trim_end(), ""), |(content, comment)| (content, comment));
        let fields: Vec<&str> = content.split_whitespace().collect();
        if fields.len() != 4 || !wanted.is_for(&fields) {
            after.push_str(line);
            continue;
        }
        let value = wanted.value_for(fields[3]);
        let new = if value == fields[3] {
            line.to_owned()
        } else {
            wanted.line(&value, &if comment.is_empty() { String::new() } else { format!("#{comment}") })
        };
        after.push_str(&new);
        shown = Some(new);
    }
    let shown = shown.unwrap_or_else(|| {
        let line = wanted.line(wanted.value, "");
        if !after.is_empty() && !after.ends_with('\n') {
            after.push('\n');
        }
        after.push_str(&line);
        line
    });
    (after, shown)
}
