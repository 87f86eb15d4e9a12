//! `community.general.pamd`: rules of a PAM service.

use std::path::Path;
use std::sync::LazyLock;

use regex::Regex;

use crate::error::os_error;
use crate::{Arg, Args, Constraint, Content, Context, Module, ModuleError, ModuleResult, WriteOptions, byte_text};

pub(crate) static MODULE: Module = Module::new("community.general.pamd", ARGS, run).constraints(&[
    Constraint::RequiredIf("state", "args_present", &["module_arguments"]),
    Constraint::RequiredIf("state", "args_absent", &["module_arguments"]),
    Constraint::RequiredIf("state", "before", &["new_control", "new_type", "new_module_path"]),
    Constraint::RequiredIf("state", "after", &["new_control", "new_type", "new_module_path"]),
]);

const TYPES: &[&str] = &["account", "-account", "auth", "-auth", "password", "-password", "session", "-session"];

const ARGS: &[Arg] = &[
    Arg::str("name").required(),
    Arg::str("type").required().choices(TYPES),
    Arg::str("control").required(),
    Arg::str("module_path").required(),
    Arg::str("new_type").choices(TYPES),
    Arg::str("new_control"),
    Arg::str("new_module_path"),
    Arg::list("module_arguments"),
    Arg::str("state").default("updated").choices(&[
        "absent",
        "after",
        "args_absent",
        "args_present",
        "before",
        "updated",
    ]),
    Arg::path("path").default("/etc/pam.d"),
    Arg::bool("backup").default("false"),
];

/// Begins the comment that tells of the last change.
const NOTE: &str = "# Updated by Ansible";

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let path = args.path("path")?.join(args.str("name")?);
    let text = read(&path)?;
    let mut service: Vec<Line> = text.trim_end_matches('\n').split('\n').map(Line::parse).collect();
    let change_count = Change::from_args(args)?.apply(&mut service);
    let mut backup = None;
    if change_count > 0 {
        let options = WriteOptions { backup: args.bool("backup"), ..WriteOptions::default() };
        backup = cx.write_file(&path, Content::Bytes(printed(&service).as_bytes()), &options)?;
    }
    Ok(ModuleResult::ok()
        .changed(change_count > 0)
        .set("change_count", change_count)
        .set("backupdest", backup.unwrap_or_default()))
}

fn read(path: &Path) -> Result<String, ModuleError> {
    let content = fs_err::read(path).map_err(|error| {
        let shown = path.to_string_lossy();
        let cause = os_error(&error, &shown);
        ModuleError::failed(format!("Unable to open/read PAM module file {shown} with error {cause}."))
    })?;
    byte_text::utf8(content, path)
}

/// The whole file; the note of the change is its second line.
fn printed(service: &[Line]) -> String {
    let mut lines: Vec<String> = service.iter().map(Line::printed).collect();
    let note = format!("{NOTE} - {}", crate::local_time::now().strftime("%Y-%m-%dT%H:%M:%S.%6f"));
    match lines.get_mut(1) {
        Some(second) if second.starts_with(NOTE) => *second = note,
        Some(_) => lines.insert(1, note),
        None => lines.splice(0..0, [String::new(), note]).for_each(drop),
    }
    lines.join("\n") + "\n"
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Line {
    Rule(Rule),
    /// Comments, includes, and what cannot be read: it stays as it is.
    Other(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    kind: String,
    control: String,
    module: String,
    arguments: Vec<String>,
}

impl Line {
    fn parse(line: &str) -> Self {
        static RULE: LazyLock<Option<Regex>> = LazyLock::new(|| {
            Regex::new(r"^(-?(?:auth|account|session|password))\s+(\[[^]]*\]|\S+)\s+(\S+)\s*(.*)$").ok()
        });
        let Some(found) = RULE.as_ref().and_then(|rule| rule.captures(line)) else {
            return Self::Other(line.to_owned());
        };
        Self::Rule(Rule {
            kind: found[1].to_owned(),
            control: found[2].to_owned(),
            module: found[3].to_owned(),
            arguments: arguments(&found[4]),
        })
    }

    fn printed(&self) -> String {
        match self {
            Self::Other(line) => line.clone(),
            Self::Rule(rule) => {
                let line = format!("{:<11}{} {} {}", rule.kind, rule.control, rule.module, rule.arguments.join(" "));
                line.trim_end().to_owned()
            }
        }
    }

    fn rule(&self) -> Option<&Rule> {
        match self {
            Self::Rule(rule) => Some(rule),
            Self::Other(_) => None,
        }
    }
}

impl Rule {
    fn is(&self, other: &Self) -> bool {
        self.kind == other.kind && self.control == other.control && self.module == other.module
    }
}

/// Words; what is in brackets is one.
fn arguments(text: &str) -> Vec<String> {
    static WORD: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\[[^]]*\]|\S+").ok());
    WORD.as_ref().map_or_else(Vec::new, |word| word.find_iter(text).map(|word| word.as_str().to_owned()).collect())
}

/// What is to be done with every rule that matches.
struct Change {
    matched: Rule,
    action: Action,
}

enum Action {
    Remove,
    Replace { kind: Option<String>, control: Option<String>, module: Option<String>, arguments: Option<Vec<String>> },
    AddArguments(Vec<String>),
    RemoveArguments(Vec<String>),
    Before(Rule),
    After(Rule),
}

impl Change {
    fn from_args(args: &Args) -> Result<Self, ModuleError> {
        let text = |name: &str| args.opt_str(name).map(str::to_owned);
        let given = args.opt_list_of_str("module_arguments");
        let words = given.map(|given| given.iter().flat_map(|one| arguments(one)).collect::<Vec<_>>());
        let rule = |prefix: &str| -> Result<Rule, ModuleError> {
            Ok(Rule {
                kind: args.str(&format!("{prefix}type"))?.to_owned(),
                control: args.str(&format!("{prefix}control"))?.to_owned(),
                module: args.str(&format!("{prefix}module_path"))?.to_owned(),
                arguments: Vec::new(),
            })
        };
        let new_rule = |words: Option<Vec<String>>| {
            Ok::<_, ModuleError>(Rule { arguments: words.unwrap_or_default(), ..rule("new_")? })
        };
        let action = match args.str("state")? {
            "absent" => Action::Remove,
            "before" => Action::Before(new_rule(words)?),
            "after" => Action::After(new_rule(words)?),
            "args_absent" => Action::RemoveArguments(words.unwrap_or_default()),
            "args_present" if words.iter().flatten().any(|word| word.starts_with('[')) => {
                let msg =
                    "Unable to process bracketed '[' complex arguments with 'args_present'. Please use 'updated'.";
                return Err(ModuleError::failed(msg));
            }
            "args_present" => Action::AddArguments(words.unwrap_or_default()),
            _ => Action::Replace {
                kind: text("new_type"),
                control: text("new_control"),
                module: text("new_module_path"),
                arguments: words,
            },
        };
        Ok(Self { matched: rule("")?, action })
    }

    /// Returns how many rules changed.
    fn apply(&self, service: &mut Vec<Line>) -> usize {
        match &self.action {
            Action::Remove => {
                let before = service.len();
                service.retain(|line| !self.matches(line));
                before - service.len()
            }
            Action::Before(new) => self.insert(service, new, false),
            Action::After(new) => self.insert(service, new, true),
            action => {
                let matched = service.iter_mut().filter(|line| self.matches(line));
                matched
                    .filter_map(|line| if let Line::Rule(rule) = line { Some(change(rule, action)) } else { None })
                    .filter(|changed| *changed)
                    .count()
            }
        }
    }

    fn matches(&self, line: &Line) -> bool {
        line.rule().is_some_and(|rule| rule.is(&self.matched))
    }

    /// Beside every matching rule, unless the nearest rule on that side is the new one already.
    fn insert(&self, service: &mut Vec<Line>, new: &Rule, behind: bool) -> usize {
        let matching: Vec<usize> = (0..service.len()).filter(|&index| self.matches(&service[index])).collect();
        let mut inserted = 0;
        for index in matching.into_iter().rev() {
            let neighbour = if behind {
                service[index + 1..].iter().find_map(Line::rule)
            } else {
                service[..index].iter().rev().find_map(Line::rule)
            };
            if neighbour.is_some_and(|rule| rule.is(new)) {
                continue;
            }
            service.insert(if behind { index + 1 } else { index }, Line::Rule(new.clone()));
            inserted += 1;
        }
        inserted
    }
}

/// Changes one rule; false when it is as it should be.
fn change(rule: &mut Rule, action: &Action) -> bool {
    let before = rule.clone();
    match action {
        Action::Replace { kind, control, module, arguments } => {
            for (own, new) in [(&mut rule.kind, kind), (&mut rule.control, control), (&mut rule.module, module)] {
                if let Some(new) = new {
                    own.clone_from(new);
                }
            }
            if let Some(arguments) = arguments {
                rule.arguments.clone_from(arguments);
            }
        }
        Action::AddArguments(words) => add(&mut rule.arguments, words),
        Action::RemoveArguments(words) => rule.arguments.retain(|own| !words.contains(own)),
        Action::Remove | Action::Before(_) | Action::After(_) => {}
    }
    *rule != before
}

/// Words without a value first; a value replaces that of the same name.
fn add(own: &mut Vec<String>, words: &[String]) {
    let (valued, plain): (Vec<&String>, Vec<&String>) = words.iter().partition(|word| word.contains('='));
    for word in plain {
        if !own.contains(word) {
            own.push(word.clone());
        }
    }
    for word in valued {
        let name = word.split('=').next().unwrap_or_default();
        match own.iter_mut().find(|own| own.split_once('=').is_some_and(|(own, _)| own == name)) {
            Some(own) => own.clone_from(word),
            None => own.push(word.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_read_and_printed() {
        for (line, printed) in [
            ("auth\t[a=1 b=2]  x.so  q [c d]", "auth       [a=1 b=2] x.so q [c d]"),
            ("-session optional x.so", "-session   optional x.so"),
            ("@include x", "@include x"),
            ("  auth odd", "  auth odd"),
        ] {
            assert_eq!(Line::parse(line).printed(), printed);
        }
    }
}
