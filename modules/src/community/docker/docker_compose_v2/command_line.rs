//! The words of Compose's commands. Pure: what a task says, in the order in which Compose is told.

use std::path::Path;

use super::docker_cli::DockerCli;
use crate::Args;

/// Which project, and how it is talked about.
pub(super) fn project(args: &Args, cli: &DockerCli, directory: &Path) -> Vec<String> {
    let mut words = words(&["compose", "--ansi", "never"]);
    if let Some(style) = cli.progress() {
        words.extend(pair("--progress", style));
    }
    words.extend(pair("--project-directory", &directory.to_string_lossy()));
    if let Some(name) = args.opt_str("project_name") {
        words.extend(pair("--project-name", name));
    }
    for (option, name) in [("--file", "files"), ("--env-file", "env_files"), ("--profile", "profiles")] {
        words.extend(args.list_of_str(name).iter().flat_map(|value| pair(option, value)));
    }
    words
}

pub(super) fn up(args: &Args, scale: &[(String, i64)], no_start: bool, dry: bool) -> Vec<String> {
    let mut words = words(&["up", "--detach", "--no-color", "--quiet-pull"]);
    if let Some(pull) = args.opt_str("pull").filter(|pull| *pull != "policy") {
        words.extend(pair("--pull", pull));
    }
    flag(&mut words, args.bool("remove_orphans"), "--remove-orphans");
    match args.opt_str("recreate") {
        Some("always") => words.push("--force-recreate".to_owned()),
        Some("never") => words.push("--no-recreate".to_owned()),
        _ => {}
    }
    flag(&mut words, args.bool("renew_anon_volumes"), "--renew-anon-volumes");
    flag(&mut words, !args.bool("dependencies"), "--no-deps");
    timeout(&mut words, args);
    match args.opt_str("build") {
        Some("always") => words.push("--build".to_owned()),
        Some("never") => words.push("--no-build".to_owned()),
        _ => {}
    }
    words.extend(scale.iter().flat_map(|(name, count)| pair("--scale", &format!("{name}={count}"))));
    if args.bool("wait") {
        words.push("--wait".to_owned());
        if let Some(seconds) = args.opt_int("wait_timeout") {
            words.extend(pair("--wait-timeout", &seconds.to_string()));
        }
    }
    flag(&mut words, no_start, "--no-start");
    flag(&mut words, dry, "--dry-run");
    flag(&mut words, args.bool("assume_yes"), "--yes");
    with_services(words, args)
}

pub(super) fn stop(args: &Args, dry: bool) -> Vec<String> {
    let mut words = words(&["stop"]);
    timeout(&mut words, args);
    flag(&mut words, dry, "--dry-run");
    with_services(words, args)
}

pub(super) fn restart(args: &Args, dry: bool) -> Vec<String> {
    let mut words = words(&["restart"]);
    flag(&mut words, !args.bool("dependencies"), "--no-deps");
    timeout(&mut words, args);
    flag(&mut words, dry, "--dry-run");
    with_services(words, args)
}

pub(super) fn down(args: &Args, dry: bool) -> Vec<String> {
    let mut words = words(&["down"]);
    flag(&mut words, args.bool("remove_orphans"), "--remove-orphans");
    if let Some(images) = args.opt_str("remove_images") {
        words.extend(pair("--rmi", images));
    }
    flag(&mut words, args.bool("remove_volumes"), "--volumes");
    timeout(&mut words, args);
    flag(&mut words, dry, "--dry-run");
    with_services(words, args)
}

pub(super) fn ps(cli: &DockerCli) -> Vec<String> {
    let mut words = words(&["ps", "--format", "json", "--all"]);
    flag(&mut words, cli.is_at_least(2, 23), "--no-trunc");
    words
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn pair(option: &str, value: &str) -> [String; 2] {
    [option.to_owned(), value.to_owned()]
}

fn flag(words: &mut Vec<String>, wanted: bool, option: &str) {
    if wanted {
        words.push(option.to_owned());
    }
}

fn timeout(words: &mut Vec<String>, args: &Args) {
    if let Some(seconds) = args.opt_int("timeout") {
        words.extend(pair("--timeout", &seconds.to_string()));
    }
}

/// Names of services come last, where they cannot be taken for options.
fn with_services(mut words: Vec<String>, args: &Args) -> Vec<String> {
    words.push("--".to_owned());
    words.extend(args.list_of_str("services"));
    words
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn args(value: serde_json::Value) -> Args {
        Args::of_map(value.as_object().unwrap())
    }

    #[test]
    fn everything_has_its_place() {
        let given = args(json!({ "pull": "always", "remove_orphans": true, "recreate": "never", "build": "never",
            "dependencies": false, "timeout": 3, "wait": true, "wait_timeout": 5, "assume_yes": true,
            "services": ["s1"] }));
        let expected = "up --detach --no-color --quiet-pull --pull always --remove-orphans --no-recreate --no-deps \
                        --timeout 3 --no-build --scale a=1 --wait --wait-timeout 5 --yes -- s1";
        assert_eq!(up(&given, &[("a".to_owned(), 1)], false, false).join(" "), expected);
        let given = args(json!({ "dependencies": true, "remove_images": "all", "remove_volumes": true }));
        assert_eq!(down(&given, true).join(" "), "down --rmi all --volumes --dry-run --");
        assert_eq!(restart(&given, false).join(" "), "restart --");
    }
}
