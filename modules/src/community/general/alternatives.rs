//! `community.general.alternatives`: which of several programs a common name leads to (update-alternatives(1)).

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::{Arg, ArgKind, Args, CommandSpec, Constraint, Context, Map, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module = Module::new("community.general.alternatives", ARGS, run)
    .constraints(&[Constraint::RequiredOneOf(&["path", "family"])])
    .diff();

const ARGS: &[Arg] = &[
    Arg::str("name").required(),
    Arg::path("path"),
    Arg::str("family"),
    Arg::path("link"),
    Arg::int("priority"),
    Arg::str("state").default("selected").choices(&["present", "selected", "absent", "auto"]),
    Arg::list_of("subcommands", &ArgKind::Dict).alias(&["slaves"]).options(SUBCOMMANDS),
];
const SUBCOMMANDS: &[Arg] = &[Arg::str("name").required(), Arg::path("path").required(), Arg::path("link").required()];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let task = Task::new(args, cx)?;
    let before = task.group(cx)?;
    let known = before.as_ref().and_then(|group| task.choice_of(group)).cloned();
    let wants_install = task.state != "absent" && task.differs(before.as_ref(), known.as_ref());
    let mut after = before.clone().unwrap_or_default();
    let mut changed = false;
    let mut done: Vec<String> = Vec::new();
    if task.state == "absent" {
        if let Some(choice) = &known {
            task.command(&["--remove", &task.name, &choice.path.to_string_lossy()], cx)?;
            after.choices.retain(|other| other.path != choice.path);
            done.push(format!("Remove alternative '{}' from '{}'.", choice.path.display(), task.name));
            changed = true;
        }
        return Ok(task.report(changed, before.as_ref(), &after, cx).msg(done.join(" ")));
    }
    if wants_install {
        task.install(before.as_ref(), known.as_ref(), cx)?;
        done.push(format!("Install alternative '{}' for '{}'.", task.shown_path(), task.name));
        changed = true;
    }
    let selected = before.as_ref().is_some_and(|group| !group.automatic && Some(&group.value) == task.path.as_ref());
    if task.state == "selected" && !selected {
        let target = task.family.clone().or_else(|| task.path.as_ref().map(|path| path.to_string_lossy().into_owned()));
        let target = target.unwrap_or_default();
        let already = before.as_ref().is_some_and(|group| group.value.to_string_lossy() == target);
        if !already {
            task.command(&["--set", &task.name, &target], cx)?;
            done.push(format!("Set alternative '{target}' for '{}'.", task.name));
            changed = true;
            after.automatic = false;
            after.value = PathBuf::from(target);
        }
    }
    if task.state == "auto" && before.as_ref().is_none_or(|group| !group.automatic) {
        task.command(&["--auto", &task.name], cx)?;
        done.push(format!("Set alternative to auto for '{}'.", task.name));
        changed = true;
        after.automatic = true;
    }
    Ok(task.report(changed, before.as_ref(), &after, cx).msg(done.join(" ")))
}

/// A link and what stands behind it, as the node has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Group {
    link: PathBuf,
    value: PathBuf,
    automatic: bool,
    choices: Vec<Choice>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Choice {
    path: PathBuf,
    priority: i64,
    family: Option<String>,
    followers: Vec<(String, PathBuf)>,
}

struct Task {
    program: String,
    name: String,
    path: Option<PathBuf>,
    link: Option<PathBuf>,
    family: Option<String>,
    priority: Option<i64>,
    /// Name, link and path of each.
    followers: Option<Vec<[String; 3]>>,
    state: String,
}

impl Task {
    fn new(args: &Args, cx: &Context<'_>) -> Result<Self, ModuleError> {
        let program = ["update-alternatives", "alternatives"].into_iter().find_map(|name| cx.which(name));
        let program = program.map_or_else(|| cx.require_program("update-alternatives"), Ok)?;
        let text = |entry: &Value, key: &str| entry.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let followers =
            args.list("subcommands").iter().map(|entry| ["name", "link", "path"].map(|key| text(entry, key)));
        Ok(Self {
            program: program.to_string_lossy().into_owned(),
            name: args.str("name")?.to_owned(),
            path: args.opt_path("path"),
            link: args.opt_path("link"),
            family: args.opt_str("family").map(str::to_owned),
            priority: args.opt_int("priority"),
            followers: args.has("subcommands").then(|| followers.collect()),
            state: args.str("state")?.to_owned(),
        })
    }

    fn shown_path(&self) -> String {
        self.path.as_ref().map(|path| path.display().to_string()).unwrap_or_default()
    }

    fn choice_of<'g>(&self, group: &'g Group) -> Option<&'g Choice> {
        group.choices.iter().find(|choice| match &self.path {
            Some(path) => choice.path == *path,
            None => choice.family == self.family,
        })
    }

    /// Whether the alternative has to be installed (anew).
    fn differs(&self, group: Option<&Group>, known: Option<&Choice>) -> bool {
        let Some(path) = &self.path else { return false };
        let Some(known) = known else { return path.exists() || group.is_none() || !path.as_os_str().is_empty() };
        let link_differs = self.link.as_ref().is_some_and(|link| group.is_some_and(|group| group.link != *link));
        let followers_differ = self.followers.as_ref().is_some_and(|wanted| {
            wanted.len() != known.followers.len()
                || !wanted.iter().all(|[name, _, path]| known.followers.contains(&(name.clone(), PathBuf::from(path))))
        });
        self.priority.is_some_and(|priority| priority != known.priority) || link_differs || followers_differ
    }

    fn install(&self, group: Option<&Group>, known: Option<&Choice>, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        let path = self.path.clone().unwrap_or_default();
        if !path.exists() {
            let shown = path.display();
            return Err(ModuleError::failed(format!("Specified path {shown} does not exist")));
        }
        let link = self.link.clone().or_else(|| group.map(|group| group.link.clone()));
        let Some(link) = link else {
            return Err(ModuleError::failed(
                "Needed to install the alternative, but unable to do so as we are missing the link",
            ));
        };
        let priority = self.priority.or(known.map(|choice| choice.priority)).unwrap_or(50).to_string();
        let (link, path) = (link.to_string_lossy().into_owned(), path.to_string_lossy().into_owned());
        let mut words = vec!["--install".to_owned(), link, self.name.clone(), path, priority];
        if let Some(family) = &self.family {
            words.extend(["--family".to_owned(), family.clone()]);
        }
        for [name, link, path] in self.followers.iter().flatten() {
            words.extend(["--slave".to_owned(), link.clone(), name.clone(), path.clone()]);
        }
        self.command(&words.iter().map(String::as_str).collect::<Vec<_>>(), cx)
    }

    fn command(&self, words: &[&str], cx: &mut Context<'_>) -> Result<(), ModuleError> {
        cx.run_ok(&CommandSpec::new([self.program.as_str()]).args(words.iter().copied())).map(drop)
    }

    /// What the node knows of the name; `None` when nothing.
    fn group(&self, cx: &mut Context<'_>) -> Result<Option<Group>, ModuleError> {
        let query = cx.run_read(&CommandSpec::new([self.program.as_str(), "--query", &self.name]))?;
        if query.ok() {
            return Ok(Some(parse_query(&query.stdout())));
        }
        // Red Hat's program has no --query.
        let display = cx.run_read(&CommandSpec::new([self.program.as_str(), "--display", &self.name]))?;
        let link = cx.read_text(Path::new("/var/lib/alternatives").join(&self.name))?;
        let link = link.and_then(|text| text.lines().nth(1).map(PathBuf::from)).unwrap_or_default();
        Ok(display
            .ok()
            .then(|| Group { link, ..parse_display(&display.stdout()) })
            .filter(|group| !group.choices.is_empty()))
    }

    fn report(&self, changed: bool, before: Option<&Group>, after: &Group, cx: &Context<'_>) -> ModuleResult {
        let result = ModuleResult::ok().changed(changed).msg("");
        if !cx.diff_mode {
            return result;
        }
        result.set("diff", json!({"before": self.shown(before), "after": self.shown(Some(after))}))
    }

    fn shown(&self, group: Option<&Group>) -> Map {
        let choice = group.and_then(|group| self.choice_of(group));
        let state = match (group, choice) {
            (Some(group), _) if !group.automatic && Some(&group.value) == self.path.as_ref() => "selected",
            (Some(_), Some(_)) => "present",
            _ => "absent",
        };
        let mut map = Map::new();
        map.insert("state".to_owned(), state.into());
        if let (Some(group), Some(choice)) = (group, choice) {
            map.insert("path".to_owned(), choice.path.to_string_lossy().into_owned().into());
            map.insert("priority".to_owned(), choice.priority.into());
            map.insert("link".to_owned(), group.link.to_string_lossy().into_owned().into());
        }
        map
    }
}

/// Debian's `--query`: stanzas of `Key: value`.
fn parse_query(text: &str) -> Group {
    let mut group = Group::default();
    let mut in_followers = false;
    for line in text.lines() {
        if let (true, Some((name, path))) = (in_followers, line.strip_prefix(' ').and_then(|line| line.split_once(' ')))
        {
            if let Some(choice) = group.choices.last_mut() {
                choice.followers.push((name.to_owned(), PathBuf::from(path)));
            }
            continue;
        }
        in_followers = line == "Slaves:" && !group.choices.is_empty();
        match line.split_once(": ") {
            Some(("Link", link)) => group.link = PathBuf::from(link),
            Some(("Status", status)) => group.automatic = status == "auto",
            Some(("Value", value)) => group.value = PathBuf::from(value),
            Some(("Alternative", path)) => {
                group.choices.push(Choice { path: PathBuf::from(path), ..Choice::default() });
            }
            Some(("Priority", number)) => {
                if let Some(choice) = group.choices.last_mut() {
                    choice.priority = number.trim().parse().unwrap_or(0);
                }
            }
            _ => {}
        }
    }
    group
}

/// Red Hat's `--display`: `PATH - [family NAME ]priority N`, followers indented below.
fn parse_display(text: &str) -> Group {
    let mut group = Group { automatic: text.contains("status is auto"), ..Group::default() };
    for line in text.lines() {
        if let Some(path) = line.trim().strip_prefix("link currently points to ") {
            group.value = PathBuf::from(path);
        } else if let Some((path, rest)) = line.split_once(" - ").filter(|(path, _)| path.starts_with('/')) {
            let words: Vec<&str> = rest.split_whitespace().collect();
            let after = |key: &str| words.iter().position(|word| *word == key).and_then(|at| words.get(at + 1));
            group.choices.push(Choice {
                path: PathBuf::from(path),
                priority: after("priority").and_then(|number| number.parse().ok()).unwrap_or(0),
                family: after("family").map(|name| (*name).to_owned()),
                followers: Vec::new(),
            });
        } else if let (Some((name, path)), Some(choice)) = (follower(line), group.choices.last_mut()) {
            choice.followers.push((name, path));
        }
    }
    group
}

/// ` slave NAME: PATH` or ` follower NAME: PATH`.
fn follower(line: &str) -> Option<(String, PathBuf)> {
    let line = line.trim();
    let rest = line.strip_prefix("slave ").or_else(|| line.strip_prefix("follower "))?;
    let (name, path) = rest.split_once(':')?;
    Some((name.to_owned(), PathBuf::from(path.trim())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debians_answer_is_read() {
        let text = "Name: editor\nLink: /usr/bin/editor\nSlaves:\n editor.1.gz /usr/share/man/man1/editor.1.gz\nStatus: auto\n\
                    Best: /bin/nano\nValue: /bin/nano\n\nAlternative: /bin/nano\nPriority: 40\nSlaves:\n editor.1.gz /m/nano.1.gz\n";
        let group = parse_query(text);
        assert!(group.automatic);
        assert_eq!(
            (group.link.as_path(), group.value.as_path()),
            (Path::new("/usr/bin/editor"), Path::new("/bin/nano"))
        );
        assert_eq!(group.choices[0].priority, 40);
        assert_eq!(group.choices[0].followers, [("editor.1.gz".to_owned(), PathBuf::from("/m/nano.1.gz"))]);
    }

    #[test]
    fn red_hats_answer_is_read() {
        let text = "java - status is manual.\n link currently points to /opt/j/bin/java\n/opt/j/bin/java - family j11 priority 11\n \
                    slave jre: /opt/j\nCurrent `best' version is /opt/j/bin/java.\n";
        let group = parse_display(text);
        assert!(!group.automatic && group.value == Path::new("/opt/j/bin/java"));
        assert_eq!(group.choices[0].family.as_deref(), Some("j11"));
        assert_eq!(group.choices[0].followers.len(), 1);
    }
}
