//! `community.docker.docker_login`: credentials of registries, tried with the engine and kept for its command line.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::credentials::{self, DEFAULT_REGISTRY};
use super::engine::{ENGINE_ARGS, Engine};
use crate::{
    Arg, Args, CommandSpec, Constraint, Content, Context, Map, Module, ModuleError, ModuleResult, WriteOptions,
};

pub(crate) static MODULE: Module = Module::new("community.docker.docker_login", ARGS, run)
    .shared_args(ENGINE_ARGS)
    .constraints(&[Constraint::RequiredIf("state", "present", &["username", "password"])]);

const ARGS: &[Arg] = &[
    Arg::str("registry_url").default(DEFAULT_REGISTRY).alias(&["registry", "url"]),
    Arg::str("username"),
    Arg::str("password").no_log(),
    Arg::bool("reauthorize").default("false").alias(&["reauth"]),
    Arg::str("state").default("present").choices(&["present", "absent"]),
    Arg::path("config_path").default("~/.docker/config.json").alias(&["dockercfg_path"]),
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let engine = Engine::connect(args, cx)?;
    let registry = args.str("registry_url")?.to_owned();
    let keeper = Keeper::find(args.path("config_path")?, &registry, cx)?;
    let result = ModuleResult::ok();
    if args.str("state")? == "absent" {
        let changed = keeper.forget(&registry, cx)?;
        return Ok(result.changed(changed).set("login_result", json!({})));
    }
    let (username, password) = (args.str("username")?, args.str("password")?);
    let known = keeper.known(&registry, cx)?;
    let same = known.as_ref().is_some_and(|(name, secret)| name == username && secret == password);
    if same && !args.bool("reauthorize") {
        let told = json!({ "username": username, "email": null, "serveraddress": registry });
        return Ok(result.set("login_result", told));
    }
    let body = json!({ "username": username, "password": password, "serveraddress": registry });
    let answer = engine.post("/auth", &body)?;
    if let Some(error) = answer.error() {
        return Err(ModuleError::failed(format!("Logging into {registry} for user {username} failed - {error}")));
    }
    keeper.keep(&registry, username, password, cx)?;
    Ok(result.changed(true).set("login_result", answer.json()))
}

/// Where credentials are kept: in the file itself, or by a program the file names.
struct Keeper {
    path: PathBuf,
    config: Map,
    helper: Option<String>,
}

impl Keeper {
    fn find(path: PathBuf, registry: &str, cx: &Context<'_>) -> Result<Self, ModuleError> {
        let text = cx.read_text(&path)?.unwrap_or_default();
        // A damaged file is written anew, as the command line does.
        let config: Map = serde_json::from_str(&text).unwrap_or_default();
        let helper = credentials::helper(&config, registry);
        Ok(Self { path, config, helper })
    }

    fn known(&self, registry: &str, cx: &mut Context<'_>) -> Result<Option<(String, String)>, ModuleError> {
        let Some(helper) = &self.helper else {
            let entry = self.config.get("auths").and_then(|auths| auths.get(registry));
            let only = json!({ "auths": { registry: entry } });
            return Ok(credentials::stored(&only, registry));
        };
        let output = cx.run_read(&CommandSpec::new([helper.as_str(), "get"]).stdin(registry))?;
        if !output.ok() {
            return Ok(None);
        }
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
        let field = |name: &str| answer[name].as_str().map(str::to_owned);
        Ok(field("Username").zip(field("Secret")))
    }

    fn keep(&self, registry: &str, username: &str, password: &str, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        if let Some(helper) = &self.helper {
            let told = json!({ "ServerURL": registry, "Username": username, "Secret": password });
            return ask(helper, "store", told.to_string(), cx);
        }
        let mut config = self.config.clone();
        let entry = json!({ "auth": credentials::encoded(username, password) });
        let auths = config.entry("auths").or_insert_with(|| json!({}));
        if !auths.is_object() {
            *auths = json!({});
        }
        auths[registry] = entry;
        self.write(&config, cx)
    }

    fn forget(&self, registry: &str, cx: &mut Context<'_>) -> Result<bool, ModuleError> {
        if let Some(helper) = &self.helper {
            let known = self.known(registry, cx)?.is_some();
            if known {
                ask(helper, "erase", registry.to_owned(), cx)?;
            }
            return Ok(known);
        }
        let mut config = self.config.clone();
        let auths = config.get_mut("auths").and_then(Value::as_object_mut);
        if auths.and_then(|auths| auths.shift_remove(registry)).is_none() {
            return Ok(false);
        }
        self.write(&config, cx)?;
        Ok(true)
    }

    fn write(&self, config: &Map, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        let mut text = Vec::new();
        let indent = serde_json::ser::PrettyFormatter::with_indent(b"    ");
        let mut serializer = serde_json::Serializer::with_formatter(&mut text, indent);
        serde::Serialize::serialize(config, &mut serializer)
            .map_err(|error| ModuleError::failed(format!("cannot write {}: {error}", self.path.display())))?;
        let dir = self.path.parent().unwrap_or(Path::new("/"));
        if !cx.exists(dir) {
            cx.make_dir(dir)?;
        }
        // Nobody else may read what is in a new file; who may read an old one its owner decided.
        let options = WriteOptions { new_mode: Some(0o600), ..WriteOptions::default() };
        cx.write_file(&self.path, Content::Bytes(&text), &options).map(drop)
    }
}

/// Runs the program that keeps credentials; what is secret goes to its standard input.
fn ask(helper: &str, verb: &str, input: String, cx: &mut Context<'_>) -> Result<(), ModuleError> {
    let output = cx.run(&CommandSpec::new([helper, verb]).stdin(input))?;
    if output.ok() {
        return Ok(());
    }
    Err(ModuleError::failed(format!("{helper} {verb} failed: {}", output.stdout().trim())))
}
