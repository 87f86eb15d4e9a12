//! `community.general.snap`: snap packages.

use serde_json::json;

use crate::{Arg, Args, CommandSpec, Context, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module = Module::new("community.general.snap", ARGS, run);

const ARGS: &[Arg] = &[
    Arg::list("name").required(),
    Arg::str("state").default("present").choices(&["absent", "present", "enabled", "disabled"]),
    Arg::bool("classic").default("false"),
    Arg::str("channel"),
    Arg::list("options"),
    Arg::bool("dangerous").default("false"),
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let program = cx.require_program("snap")?.to_string_lossy().into_owned();
    let snap = Snap { program, args };
    let result = match args.str("state")? {
        "present" => snap.present(cx)?,
        state => snap.change(state, cx)?,
    };
    Ok(result.set("diff", json!({})).set("failed", false).set("version", snap.version(cx)?))
}

/// A line of `snap list`.
struct Installed {
    name: String,
    channel: String,
    disabled: bool,
}

struct Snap<'a> {
    program: String,
    args: &'a Args,
}

impl Snap<'_> {
    fn command(&self, words: &[&str]) -> CommandSpec {
        CommandSpec::new([self.program.as_str()]).args(words.iter().copied())
    }

    fn version(&self, cx: &mut Context<'_>) -> Result<crate::Map, ModuleError> {
        let output = cx.run_read(&self.command(&["version"]))?;
        let entry = |line: &str| {
            let (name, version) = line.split_once(char::is_whitespace)?;
            Some((name.to_owned(), version.trim().into()))
        };
        Ok(output.stdout().lines().filter_map(entry).collect())
    }

    fn installed(&self, cx: &mut Context<'_>) -> Result<Vec<Installed>, ModuleError> {
        let output = cx.run_read(&self.command(&["list"]))?;
        Ok(output.stdout().lines().skip(1).filter_map(parse_line).collect())
    }

    fn present(&self, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
        let names = self.args.list_of_str("name");
        let installed = self.installed(cx)?;
        let channel = self.args.opt_str("channel");
        let (mut new, mut refreshed) = (Vec::new(), Vec::new());
        for name in &names {
            match installed.iter().find(|one| one.name == snap_name(name)) {
                None => new.push(name.clone()),
                Some(one) if channel.is_some_and(|channel| !is_channel(&one.channel, channel)) => {
                    refreshed.push(name.clone());
                }
                Some(_) => {}
            }
        }
        for (verb, snaps) in [("install", &new), ("refresh", &refreshed)] {
            self.bring(verb, snaps, cx)?;
        }
        let options = self.options(&names, &new, cx)?;
        let moved: Vec<String> = new.into_iter().chain(refreshed).collect();
        let mut result = ModuleResult::ok()
            .changed(!moved.is_empty() || !options.is_empty())
            .set("classic", self.args.bool("classic"))
            .set("channel", channel.unwrap_or("stable"))
            .set("snap_names", names);
        if !moved.is_empty() {
            result = result.set("snaps_installed", moved);
        }
        if !options.is_empty() {
            result = result.set("options_changed", options);
        }
        Ok(result)
    }

    /// Options for confinement and channel go with one snap at a time.
    fn bring(&self, verb: &str, snaps: &[String], cx: &mut Context<'_>) -> Result<(), ModuleError> {
        let mut words = vec![verb];
        if self.args.bool("classic") {
            words.push("--classic");
        }
        if let Some(channel) = self.args.opt_str("channel") {
            words.extend(["--channel", channel]);
        }
        if self.args.bool("dangerous") && verb == "install" {
            words.push("--dangerous");
        }
        if words.len() == 1 {
            words.extend(snaps.iter().map(String::as_str));
            return if snaps.is_empty() { Ok(()) } else { cx.run_ok(&self.command(&words)).map(drop) };
        }
        for snap in snaps {
            cx.run_ok(&self.command(&words).arg(snap))?;
        }
        Ok(())
    }

    /// Settings, `key=value` of every snap or `snap:key=value` of one; returns those that were set.
    fn options(&self, names: &[String], new: &[String], cx: &mut Context<'_>) -> Result<Vec<String>, ModuleError> {
        let mut changed = Vec::new();
        for name in names {
            let name = snap_name(name);
            let mut set = Vec::new();
            for option in self.args.list_of_str("options") {
                let (key, value) = option.split_once('=').ok_or_else(|| {
                    ModuleError::failed(format!("Cannot parse option '{option}': expected [<snap>:]<key>=<value>"))
                })?;
                let (of, key) = key.split_once(':').map_or((None, key), |(of, key)| (Some(of), key));
                if of.is_some_and(|of| of != name) {
                    continue;
                }
                let is_new = cx.check_mode && new.iter().any(|one| snap_name(one) == name);
                let current =
                    if is_new { String::new() } else { cx.run_read(&self.command(&["get", name, key]))?.stdout() };
                if current.trim() != value {
                    set.push(format!("{key}={value}"));
                    changed.push(format!("{name}:{key}={value}"));
                }
            }
            if !set.is_empty() {
                cx.run_ok(&self.command(&["set", name]).args(set))?;
            }
        }
        Ok(changed)
    }

    /// Removing, enabling, disabling: `snap` knows the verb.
    fn change(&self, state: &str, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
        let installed = self.installed(cx)?;
        let find = |name: &String| installed.iter().find(|one| one.name == snap_name(name));
        let (verb, key) = match state {
            "absent" => ("remove", "snaps_removed"),
            "enabled" => ("enable", "snaps_enabled"),
            _ => ("disable", "snaps_disabled"),
        };
        let names = self.args.list_of_str("name");
        if let Some(missing) = names.iter().find(|name| state != "absent" && find(name).is_none()) {
            return Err(ModuleError::failed(format!("snap \"{missing}\" is not installed")));
        }
        let todo: Vec<String> = names
            .into_iter()
            .filter(|name| match (find(name), state) {
                (None, _) => false,
                (Some(_), "absent") => true,
                (Some(one), state) => one.disabled != (state == "disabled"),
            })
            .collect();
        for name in &todo {
            cx.run_ok(&self.command(&[verb, snap_name(name)]))?;
        }
        let result = ModuleResult::ok().changed(!todo.is_empty());
        Ok(if todo.is_empty() { result } else { result.set(key, todo) })
    }
}

/// `name version rev tracking publisher notes`.
fn parse_line(line: &str) -> Option<Installed> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [name, _, _, channel, _, notes, ..] = words[..] else { return None };
    let disabled = notes.split(',').any(|note| note == "disabled");
    Some(Installed { name: name.to_owned(), channel: channel.to_owned(), disabled })
}

/// `edge` is `latest/edge`; the listing cuts long names with an ellipsis.
fn is_channel(tracking: &str, wanted: &str) -> bool {
    let full = match wanted {
        "stable" | "candidate" | "beta" | "edge" => format!("latest/{wanted}"),
        track if !track.contains('/') => format!("{track}/stable"),
        other => other.to_owned(),
    };
    match tracking.strip_suffix('…') {
        Some(start) => full.starts_with(start),
        None => tracking == full || tracking == wanted,
    }
}

/// A file's snap is named by the file: `hello_1_amd64.snap` is `hello`.
fn snap_name(name: &str) -> &str {
    let file = name.rsplit('/').next().unwrap_or(name);
    match file.strip_suffix(".snap") {
        Some(stem) => stem.split('_').next().unwrap_or(stem),
        None => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listings_and_channels_are_read() {
        let one = parse_line("hello 2.1 9 latest/stable canonical disabled,classic").unwrap();
        assert!(one.disabled && one.name == "hello");
        for (tracking, wanted, same) in [
            ("latest/stable", "stable", true),
            ("latest/stable", "edge", false),
            ("1.2/stable", "1.2", true),
            ("latest/st…", "stable", true),
        ] {
            assert_eq!(is_channel(tracking, wanted), same, "{tracking} {wanted}");
        }
        assert_eq!(snap_name("/tmp/hello_1_amd64.snap"), "hello");
    }
}
