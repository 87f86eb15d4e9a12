//! `community.docker.docker_compose_v2`: the services of a Compose project, through the command line of Docker.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::python_repr::str_of;
use crate::{Arg, Args, CommandOutput, Constraint, Context, Map, Module, ModuleError, ModuleResult};

mod command_line;
mod docker_cli;
mod events;
mod text_events;

use docker_cli::DockerCli;
use events::Report;

pub(crate) static MODULE: Module = Module::new("community.docker.docker_compose_v2", ARGS, run).constraints(&[
    Constraint::MutuallyExclusive(&["docker_host", "cli_context"]),
    Constraint::MutuallyExclusive(&["definition", "project_src"]),
    Constraint::MutuallyExclusive(&["definition", "files"]),
    Constraint::RequiredOneOf(&["definition", "project_src"]),
    Constraint::RequiredBy("definition", &["project_name"]),
]);

const ARGS: &[Arg] = &[
    Arg::path("docker_cli"),
    Arg::str("docker_host").fallback("DOCKER_HOST").alias(&["docker_url"]),
    Arg::str("cli_context"),
    Arg::str("tls_hostname").fallback("DOCKER_TLS_HOSTNAME"),
    Arg::str("api_version").default("auto").fallback("DOCKER_API_VERSION").alias(&["docker_api_version"]),
    Arg::path("ca_path").alias(&["ca_cert", "tls_ca_cert", "cacert_path"]),
    Arg::path("client_cert").alias(&["tls_client_cert", "cert_path"]),
    Arg::path("client_key").alias(&["tls_client_key", "key_path"]),
    Arg::bool("tls").default("false").fallback("DOCKER_TLS"),
    Arg::bool("validate_certs").default("false").fallback("DOCKER_TLS_VERIFY").alias(&["tls_verify"]),
    Arg::path("project_src"),
    Arg::str("project_name"),
    Arg::list_of("files", &crate::ArgKind::Path),
    Arg::dict("definition"),
    Arg::list_of("env_files", &crate::ArgKind::Path),
    Arg::list("profiles"),
    Arg::bool("check_files_existing").default("true"),
    Arg::str("state").default("present").choices(&["absent", "present", "stopped", "restarted"]),
    Arg::bool("dependencies").default("true"),
    Arg::str("pull").default("policy").choices(&["always", "missing", "never", "policy"]),
    Arg::str("build").default("policy").choices(&["always", "never", "policy"]),
    Arg::str("recreate").default("auto").choices(&["always", "never", "auto"]),
    Arg::bool("renew_anon_volumes").default("false"),
    Arg::str("remove_images").choices(&["all", "local"]),
    Arg::bool("remove_volumes").default("false"),
    Arg::bool("remove_orphans").default("false"),
    Arg::int("timeout"),
    Arg::list("services"),
    Arg::dict("scale"),
    Arg::bool("wait").default("false"),
    Arg::int("wait_timeout"),
    Arg::bool("ignore_build_events").default("true"),
    Arg::bool("assume_yes").default("false"),
];

/// What a project is called in when its files are not named.
const DEFAULT_FILES: [&str; 4] = ["compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"];

/// A container in one of these states needs no stopping.
const AT_REST: [&str; 4] = ["created", "exited", "stopped", "killed"];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let scale = scale_of(args)?;
    let cli = DockerCli::find(args, cx)?;
    let defined = definition_directory(args, cx)?;
    let directory = match &defined {
        Some(directory) => directory.path().to_owned(),
        None => project_directory(args, cx)?,
    };
    let project = Project { words: command_line::project(args, &cli, &directory), directory, cli, args };
    let dry = cx.check_mode;
    let outputs = match args.str("state")? {
        "stopped" => project.stop(&scale, cx)?,
        "restarted" => vec![project.act(&command_line::restart(args, dry), cx)?],
        "absent" => vec![project.act(&command_line::down(args, dry), cx)?],
        _ => vec![project.act(&command_line::up(args, &scale, false, dry), cx)?],
    };
    project.result(&outputs, cx)
}

/// A command of Compose that was run, and what came of it.
struct Done {
    words: Vec<String>,
    output: CommandOutput,
    report: Report,
}

struct Project<'a> {
    cli: DockerCli,
    /// `compose` and what says which project.
    words: Vec<String>,
    directory: PathBuf,
    args: &'a Args,
}

impl Project<'_> {
    /// Runs a command that says what it does; in check mode it is told to do nothing.
    fn act(&self, command: &[String], cx: &mut Context<'_>) -> Result<Done, ModuleError> {
        let words: Vec<String> = self.words.iter().chain(command).cloned().collect();
        let output = cx.run_read(&self.cli.command(&words).cwd(&self.directory).live())?;
        let report = Report::of(&output, self.cli.has_json_events());
        for warning in &report.warnings {
            cx.warn(warning.clone());
        }
        Ok(Done { words, output, report })
    }

    /// Containers are made where there are none, and stopped where they run.
    fn stop(&self, scale: &[(String, i64)], cx: &mut Context<'_>) -> Result<Vec<Done>, ModuleError> {
        let dry = cx.check_mode;
        let mut all = vec![self.act(&command_line::up(self.args, scale, true, dry), cx)?];
        if !all[0].output.ok() {
            return Ok(all);
        }
        let at_rest = |one: &Map| one.get("State").and_then(Value::as_str).is_some_and(|it| AT_REST.contains(&it));
        if !self.containers(cx)?.iter().all(at_rest) {
            all.push(self.act(&command_line::stop(self.args, dry), cx)?);
        }
        Ok(all)
    }

    fn result(&self, all: &[Done], cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
        let ignore_builds = self.args.bool("ignore_build_events");
        let changed = all.iter().any(|done| done.report.changed(ignore_builds));
        let actions: Vec<Value> = all.iter().flat_map(|done| done.report.actions()).collect();
        let mut result = ModuleResult::ok().changed(changed).set("actions", actions);
        let texts = |of: fn(&CommandOutput) -> String| {
            let texts: Vec<String> = all.iter().map(|done| of(&done.output)).filter(|text| !text.is_empty()).collect();
            texts.join("\n")
        };
        let (stdout, stderr) = (texts(CommandOutput::stdout), texts(CommandOutput::stderr));
        let failed = all.iter().find(|done| !done.output.ok());
        if !stdout.is_empty() || failed.is_some() {
            result = result.set("stdout", stdout);
        }
        if !stderr.is_empty() || failed.is_some() {
            result = result.set("stderr", stderr);
        }
        let containers: Vec<Value> = self.containers(cx)?.into_iter().map(Value::Object).collect();
        result = result.set("containers", containers).set("images", self.images(cx)?);
        match failed {
            None => Ok(result),
            Some(done) => {
                let result = result.set("cmd", self.cli.line(&done.words)).set("rc", done.output.rc);
                Err(ModuleError::with_result(done.report.failure(done.output.rc), result))
            }
        }
    }

    fn containers(&self, cx: &mut Context<'_>) -> Result<Vec<Map>, ModuleError> {
        let words = self.question(&command_line::ps(&self.cli));
        let output = cx.run_read(&self.cli.command(&words).cwd(&self.directory))?;
        if !output.ok() {
            let report = Report::of(&output, self.cli.has_json_events());
            let error = ModuleError::failed(report.failure(output.rc)).with("cmd", self.cli.line(&words));
            let stdout = Some(output.stdout()).filter(|text| !text.is_empty()).unwrap_or_else(|| "[]".to_owned());
            return Err(error.with("stdout", stdout).with("stderr", output.stderr()).with("rc", output.rc));
        }
        Ok(containers_of(&output.stdout()))
    }

    fn images(&self, cx: &mut Context<'_>) -> Result<Value, ModuleError> {
        let words = self.question(&["images", "--format", "json"].map(str::to_owned));
        let output = cx.run_read(&self.cli.command(&words).cwd(&self.directory))?;
        Ok(serde_json::from_slice(&output.stdout).unwrap_or(Value::Null))
    }

    fn question(&self, command: &[String]) -> Vec<String> {
        self.words.iter().chain(command).cloned().collect()
    }
}

/// Lines of JSON, or one list of older versions.
fn containers_of(text: &str) -> Vec<Map> {
    let list: Vec<Value> = match serde_json::from_str(text) {
        Ok(Value::Array(list)) => list,
        _ => text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect(),
    };
    let objects = list.into_iter().filter_map(|one| if let Value::Object(map) = one { Some(map) } else { None });
    objects.map(with_structure).collect()
}

/// Compose writes labels, names and networks as one text each.
fn with_structure(mut container: Map) -> Map {
    let labels = container.get("Labels").and_then(Value::as_str).unwrap_or_default().to_owned();
    if !container.get("Labels").is_some_and(Value::is_object) {
        let pairs = labels.split(',').filter(|part| !part.is_empty());
        let pairs = pairs.map(|part| part.split_once('=').unwrap_or((part, "")));
        let labels: Map = pairs.map(|(name, value)| (name.to_owned(), value.into())).collect();
        container.insert("Labels".to_owned(), Value::Object(labels));
    }
    let name = container.get("Name").map(str_of).unwrap_or_default();
    for (key, missing) in [("Names", name.as_str()), ("Networks", "")] {
        if !container.get(key).is_some_and(Value::is_array) {
            let text = container.get(key).and_then(Value::as_str).unwrap_or(missing);
            let list: Vec<&str> = text.split(',').collect();
            container.insert(key.to_owned(), json!(list));
        }
    }
    if !container.get("Publishers").is_some_and(Value::is_array) {
        container.insert("Publishers".to_owned(), json!([]));
    }
    container
}

fn scale_of(args: &Args) -> Result<Vec<(String, i64)>, ModuleError> {
    let Some(scale) = args.dict("scale") else { return Ok(Vec::new()) };
    let count = |(name, value): (&String, &Value)| {
        let number = value.as_i64().or_else(|| value.as_str().and_then(|text| text.trim().parse().ok()));
        match number {
            Some(number) if number >= 0 => Ok((name.clone(), number)),
            Some(number) => Err(ModuleError::failed(format!("The value {number} for `scale['{name}']` is negative"))),
            None => Err(ModuleError::failed(format!(
                "The value {} for `scale['{name}']` is not an integer",
                crate::python_repr::repr(value)
            ))),
        }
    };
    scale.iter().map(count).collect()
}

/// Where a project that is defined in the task is written to; it is gone when dropped. JSON is YAML.
fn definition_directory(args: &Args, cx: &Context<'_>) -> Result<Option<tempfile::TempDir>, ModuleError> {
    let Some(definition) = args.dict("definition") else { return Ok(None) };
    let directory = cx.temp_dir()?;
    let text = serde_json::to_string_pretty(definition).unwrap_or_default();
    fs_err::write(directory.path().join("compose.yaml"), text)?;
    Ok(Some(directory))
}

fn project_directory(args: &Args, cx: &Context<'_>) -> Result<PathBuf, ModuleError> {
    let directory = args.path("project_src")?;
    let shown = directory.display();
    if !directory.is_dir() {
        return Err(ModuleError::failed(format!("\"{shown}\" is not a directory")));
    }
    let files = args.list_of_str("files");
    if let Some(missing) = files.iter().find(|name| !cx.exists(directory.join(name))) {
        return Err(ModuleError::failed(format!(
            "Cannot find Compose file \"{missing}\" relative to project directory \"{shown}\""
        )));
    }
    let looked_for = files.is_empty() && args.bool("check_files_existing");
    if looked_for && !DEFAULT_FILES.iter().any(|name| cx.exists(directory.join(name))) {
        let [first, second, third, last] = DEFAULT_FILES;
        return Err(ModuleError::failed(format!("\"{shown}\" does not contain {first}, {second}, {third}, or {last}")));
    }
    Ok(directory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn containers_get_structure() {
        let found = containers_of("{\"Name\":\"a\",\"Labels\":\"x=1,y=a=b,z\",\"Names\":\"a,b\",\"Networks\":\"\"}\n");
        let expected = json!({ "Name": "a", "Labels": { "x": "1", "y": "a=b", "z": "" }, "Names": ["a", "b"],
            "Networks": [""], "Publishers": [] });
        assert_eq!(Value::Object(found[0].clone()), expected);
        assert_eq!(containers_of("[{\"Name\":\"a\"}]\n").len(), 1);
        assert!(containers_of("\n").is_empty());
    }
}
