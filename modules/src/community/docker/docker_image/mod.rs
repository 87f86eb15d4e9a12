//! `community.docker.docker_image`: images of a container engine: pulled, built, loaded, tagged, pushed, archived, removed.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::credentials;
use super::engine::{Answer, ENGINE_ARGS, Engine};
use super::image_name::{ImageName, error_of};
use super::query::Query;
use crate::http::Body;
use crate::{Arg, Args, Constraint, Context, Module, ModuleError, ModuleResult};

mod archive;
mod build;

pub(crate) static MODULE: Module =
    Module::new("community.docker.docker_image", ARGS, run).shared_args(ENGINE_ARGS).constraints(&[
        Constraint::RequiredIf("state", "present", &["source"]),
        Constraint::RequiredIf("source", "build", &["build"]),
        Constraint::RequiredIf("source", "load", &["load_path"]),
    ]);

const ARGS: &[Arg] = &[
    Arg::str("name").required(),
    Arg::str("tag").default("latest"),
    Arg::str("state").default("present").choices(&["absent", "present"]),
    Arg::str("source").choices(&["build", "load", "pull", "local"]),
    Arg::dict("build").options(build::ARGS),
    Arg::path("archive_path"),
    Arg::path("load_path"),
    Arg::bool("force_source").default("false"),
    Arg::bool("force_absent").default("false"),
    Arg::bool("force_tag").default("false"),
    Arg::dict("pull").options(&[Arg::str("platform")]),
    Arg::bool("push").default("false"),
    Arg::str("repository"),
];

/// How long the engine may be silent while it builds, loads or pushes.
const PATIENCE: Duration = Duration::from_mins(10);

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let engine = Engine::connect(args, cx)?;
    let given = args.str("name")?;
    let is_id = ImageName::is_id(given);
    let name = if is_id {
        ImageName { repository: given.to_owned(), tag: String::new() }
    } else {
        ImageName::parse(given, args.str("tag")?)
    };
    let mut task =
        Task { args, engine, name, is_id, actions: Vec::new(), changed: false, image: json!({}), stdout: None };
    match args.str("state")? {
        "absent" => task.absent(cx)?,
        _ => task.present(cx)?,
    }
    let result = ModuleResult::ok().changed(task.changed).set("actions", task.actions).set("image", task.image);
    Ok(result.set_opt("stdout", task.stdout))
}

struct Task<'a> {
    args: &'a Args,
    engine: Engine,
    name: ImageName,
    is_id: bool,
    actions: Vec<String>,
    changed: bool,
    image: Value,
    stdout: Option<String>,
}

impl Task<'_> {
    fn full(&self) -> String {
        if self.is_id { self.name.repository.clone() } else { self.name.full() }
    }

    fn absent(&mut self, cx: &Context<'_>) -> Result<(), ModuleError> {
        let full = self.full();
        if self.engine.image(&full)?.is_none() {
            return Ok(());
        }
        if !cx.check_mode {
            let force = if self.args.bool("force_absent") { "True" } else { "False" };
            let path = Query::new().with("force", force).after(&format!("/images/{}", Query::encoded_path(&full)));
            self.engine.delete(&path)?.or_fail(&format!("Error removing image {full}"))?;
        }
        self.changed = true;
        self.actions.push(format!("Removed image {full}"));
        self.image = json!({ "state": "Deleted" });
        Ok(())
    }

    fn present(&mut self, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        let full = self.full();
        let before = self.engine.image(&full)?;
        if before.is_none() || self.args.bool("force_source") {
            self.obtain(&full, before.as_ref(), cx)?;
        } else {
            self.image = before.unwrap_or(Value::Null);
        }
        if let Some(path) = self.args.opt_path("archive_path") {
            self.archive(&full, &path, cx)?;
        }
        match self.args.opt_str("repository").map(str::to_owned) {
            Some(repository) => self.tag(&full, &repository, cx),
            None if self.args.bool("push") => {
                let name = self.name.clone();
                self.push(&name, cx)
            }
            None => Ok(()),
        }
    }

    fn obtain(&mut self, full: &str, before: Option<&Value>, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        match self.args.str("source")? {
            "local" => return Err(ModuleError::failed(format!("Cannot find the image {full} locally."))),
            _ if self.is_id => {
                return Err(ModuleError::failed(format!("Cannot pull, build or load an image by its ID: {full}")));
            }
            "pull" => {
                self.actions.push(format!("Pulled image {full}"));
                if !cx.check_mode {
                    let platform = self.args.dict("pull").and_then(|pull| pull["platform"].as_str());
                    self.name.pull(&self.engine, platform, cx)?;
                }
            }
            "build" => {
                let options = self.args.dict("build").cloned().unwrap_or_default();
                let path = options.get("path").and_then(Value::as_str).unwrap_or_default().to_owned();
                self.actions.push(format!("Built image {full} from {path}"));
                if !cx.check_mode {
                    self.stdout = Some(build::build(&self.engine, full, &options, cx)?);
                }
            }
            _ => self.load(full, cx)?,
        }
        if cx.check_mode {
            self.changed = true;
            return Ok(());
        }
        self.image = self.engine.image(full)?.unwrap_or(json!({}));
        self.changed = before.is_none_or(|before| before["Id"] != self.image["Id"]);
        Ok(())
    }

    fn load(&mut self, full: &str, cx: &Context<'_>) -> Result<(), ModuleError> {
        let path = self.args.path("load_path")?;
        let shown = path.display();
        self.actions.push(format!("Loaded image {full} from {shown}"));
        if !path.is_file() {
            return Err(ModuleError::failed(format!(
                "Error loading image {}. Specified path {shown} does not exist.",
                self.name.repository
            )));
        }
        if cx.check_mode {
            return Ok(());
        }
        let headers = vec![("content-type".to_owned(), "application/x-tar".to_owned())];
        let (response, at) =
            self.engine.stream("POST", "/images/load", headers, Some(Body::File(path.clone())), Some(PATIENCE))?;
        let answer = Answer::read(response, &at)
            .map_err(ModuleError::failed)?
            .or_fail(&format!("Error loading image {full}"))?;
        let events = answer.events();
        if let Some((_, message)) = events.iter().find_map(error_of) {
            return Err(ModuleError::failed(format!("Error loading image {full} - {message}")));
        }
        let told: String = events.iter().filter_map(|event| event["stream"].as_str()).collect();
        let loaded: Vec<&str> = told.lines().filter_map(|line| line.strip_prefix("Loaded image: ")).collect();
        let output = told.trim_end().to_owned();
        if !loaded.is_empty() && !loaded.contains(&full) {
            let found = loaded.iter().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", ");
            let msg = format!("The archive did not contain image '{full}'. Instead, found {found}.");
            return Err(ModuleError::failed(msg).with("stdout", output));
        }
        self.stdout = Some(output);
        Ok(())
    }

    fn archive(&mut self, full: &str, path: &Path, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        let Some(image) = self.engine.image(full)? else {
            if cx.check_mode && self.changed {
                self.actions.push(format!("Archived image {full} to {}, since none present", path.display()));
            }
            return Ok(());
        };
        let Some(reason) = archive::reason_to_write(path, image["Id"].as_str().unwrap_or_default(), full)? else {
            return Ok(());
        };
        self.actions.push(format!("Archived image {full} to {}, {reason}", path.display()));
        self.changed = true;
        if !cx.check_mode {
            archive::write(&self.engine, full, path, PATIENCE)?;
        }
        if self.image.as_object().is_some_and(serde_json::Map::is_empty) {
            self.image = image;
        }
        Ok(())
    }

    fn tag(&mut self, full: &str, repository: &str, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        let target = ImageName::parse(repository, if self.is_id { "latest" } else { &self.name.tag });
        let wanted = target.full();
        let there = self.engine.image(&wanted)?;
        let same = there.as_ref().is_some_and(|there| there["Id"] == self.image["Id"]);
        if there.is_none() || (self.args.bool("force_tag") && !same) {
            self.changed = true;
            self.actions.push(format!("Tagged image {full} to {wanted}"));
            if !cx.check_mode {
                let query =
                    Query::new().with("tag", &target.tag).with("repo", &target.repository).with("force", "True");
                let path = query.after(&format!("/images/{}/tag", Query::encoded_path(full)));
                self.engine.post(&path, &json!({}))?.or_fail("Error: failed to tag image")?;
                self.image = self.engine.image(&wanted)?.unwrap_or(json!({}));
            }
        }
        if self.args.bool("push") { self.push(&target, cx) } else { Ok(()) }
    }

    fn push(&mut self, name: &ImageName, cx: &Context<'_>) -> Result<(), ModuleError> {
        let full = name.full();
        self.actions.push(format!("Pushed image {} to {}:{}", name.repository, name.repository, name.tag));
        self.changed = true;
        if cx.check_mode {
            return Ok(());
        }
        let path = Query::new().with("tag", &name.tag);
        let path = path.after(&format!("/images/{}/push", Query::encoded_path(&name.repository)));
        let mut headers = credentials::header(name.registry(), cx);
        if headers.is_empty() {
            // Engines insist on the header, whatever it says.
            headers.push(("X-Registry-Auth".to_owned(), "e30=".to_owned()));
        }
        let failed = |reason: &str| ModuleError::failed(format!("Error pushing image {full}: {reason}"));
        let (response, at) = self.engine.stream("POST", &path, headers, None, Some(PATIENCE))?;
        let answer = Answer::read(response, &at).map_err(|reason| failed(&reason))?;
        if let Some(error) = answer.error() {
            return Err(failed(&error));
        }
        match answer.events().iter().find_map(error_of) {
            Some((_, message)) => Err(failed(&message)),
            None => Ok(()),
        }
    }
}
