//! `community.docker.docker_container`: containers of a container engine.

use serde_json::{Value, json};

use super::engine::{ENGINE_ARGS, Engine};
use super::image_name::ImageName;
use crate::{Args, Constraint, Context, Map, Module, ModuleError, ModuleResult};

mod arguments;
mod comparison;
mod life;
mod mounts;
mod networks;
mod output;
mod ports;
mod settings;
mod units;
mod wanted;

use super::engine::plain_text;
use comparison::{Comparison, Difference, is_same_policy};
use networks::Membership;
use wanted::{Surroundings, Wanted};

pub(crate) static MODULE: Module = Module::new("community.docker.docker_container", arguments::ARGS, run)
    .diff()
    .shared_args(ENGINE_ARGS)
    .constraints(&[
        Constraint::RequiredIf("state", "present", &["image"]),
        Constraint::RequiredBy("log_options", &["log_driver"]),
    ]);

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let comparison = Comparison::of(args)?;
    let engine = Engine::connect(args, cx)?;
    let name = args.str("name")?.to_owned();
    let mut task = Task {
        args,
        engine,
        comparison,
        name,
        wanted: Wanted::default(),
        networks: Vec::new(),
        journal: Journal::default(),
        status: None,
    };
    match args.str("state")? {
        "absent" => task.absent(cx)?,
        state => {
            task.settle_wishes(cx)?;
            task.present(state, cx)?;
        }
    }
    task.finished(cx)
}

/// What was done and how it looks before and after.
#[derive(Debug, Default)]
struct Journal {
    actions: Vec<Value>,
    before: Map,
    after: Map,
    /// Given when a container was compared and had to be changed.
    differences: Option<Vec<Value>>,
    image_differs: bool,
    /// The container at the end; null when there is none.
    container: Value,
    output: Option<String>,
}

impl Journal {
    fn note(&mut self, key: &str, before: impl Into<Value>, after: impl Into<Value>) {
        self.before.entry(key).or_insert(before.into());
        self.after.insert(key.to_owned(), after.into());
    }
}

struct Task<'a> {
    args: &'a Args,
    engine: Engine,
    comparison: Comparison,
    name: String,
    wanted: Wanted,
    networks: Vec<Membership>,
    journal: Journal,
    /// The exit code of a container whose end was awaited.
    status: Option<i64>,
}

impl Task<'_> {
    fn settle_wishes(&mut self, cx: &Context<'_>) -> Result<(), ModuleError> {
        let engine = &self.engine;
        let id_of = |name: &str| -> Result<Option<String>, ModuleError> {
            Ok(engine.container(name)?.and_then(|found| found["Id"].as_str().map(str::to_owned)))
        };
        let default_ip = self.args.opt_str("default_host_ip").unwrap_or("0.0.0.0").to_owned();
        let around = Surroundings { name: &self.name, default_ip, id_of: &id_of };
        self.wanted = Wanted::of(self.args, &around, cx)?;
        self.networks = networks::memberships(self.args, engine)?;
        Ok(())
    }

    fn present(&mut self, state: &str, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        let there = self.engine.container(&self.name)?;
        let image = self.image(there.as_ref(), cx)?;
        let old = there.as_ref().and_then(|there| there["Id"].as_str()).map(str::to_owned);
        let container = match there {
            None => {
                self.journal.note("exists", false, true);
                self.create(&image, cx)?
            }
            Some(there) => self.adapted(there, &image, cx)?,
        };
        let is_new = container["Id"].as_str().map(str::to_owned) != old;
        let container = self.with_networks(container, is_new, cx)?;
        let container = self.in_state(state, container, cx)?;
        self.journal.container = container;
        Ok(())
    }

    /// The image that is wanted, pulled where that is wanted; null when none is named.
    fn image(&mut self, there: Option<&Value>, cx: &Context<'_>) -> Result<Value, ModuleError> {
        let Some(text) = self.args.opt_str("image") else {
            let of_container = there.and_then(|there| there["Image"].as_str());
            return Ok(match of_container {
                Some(id) => self.engine.image(id)?.unwrap_or(Value::Null),
                None => Value::Null,
            });
        };
        let found = self.engine.image(text)?;
        if ImageName::is_id(text) {
            return found.ok_or_else(|| ModuleError::failed(format!("Cannot find the image with ID {text}")));
        }
        let name = ImageName::parse(text, "latest");
        let pull = match self.args.raw("pull").map(plain_text).unwrap_or_default().as_str() {
            "always" | "true" | "True" => true,
            "never" => {
                return found.ok_or_else(|| {
                    ModuleError::failed(format!("Cannot find image with name {}, and pull=never", name.full()))
                });
            }
            _ => found.is_none(),
        };
        if !pull {
            return Ok(found.unwrap_or(Value::Null));
        }
        if cx.check_mode {
            let counts = found.is_none() || self.args.opt_str("pull_check_mode_behavior") == Some("always");
            if counts {
                self.journal.actions.push(json!({ "pulled_image": name.full(), "changed": true }));
            }
            return Ok(found.unwrap_or(Value::Null));
        }
        name.pull(&self.engine, self.args.opt_str("platform"), cx)?;
        let now = self.engine.image(text)?.unwrap_or(Value::Null);
        let changed = found.is_none_or(|found| found["Id"] != now["Id"]);
        if changed {
            self.journal.actions.push(json!({ "pulled_image": name.full(), "changed": true }));
        }
        Ok(now)
    }

    /// An existing container made as it is wanted: left alone, changed while it lives, or made anew.
    fn adapted(&mut self, there: Value, image: &Value, cx: &mut Context<'_>) -> Result<Value, ModuleError> {
        let basis = match self.args.opt_str("image_comparison") {
            Some("current-image") => {
                self.engine.image(there["Image"].as_str().unwrap_or_default())?.unwrap_or(Value::Null)
            }
            _ => image.clone(),
        };
        self.check_labels(&basis)?;
        let mut differences = self.comparison.differences(&self.wanted, &there, &basis);
        differences.retain(|one| one.name != "restart_policy" || !is_same_policy(&one.wanted, &one.there));
        let other_image = self.is_other_image(&there, image);
        let recreate =
            self.args.bool("recreate") || other_image || differences.iter().any(|one| !one.setting.updatable);
        if !recreate && differences.is_empty() {
            return Ok(there);
        }
        self.tell(&differences);
        if recreate { self.make_anew(&there, image, cx) } else { self.update(&there, &differences, cx) }
    }

    fn tell(&mut self, differences: &[Difference]) {
        let list = self.journal.differences.get_or_insert_default();
        for one in differences {
            list.push(json!({ one.name: { "parameter": one.wanted, "container": one.there } }));
        }
        for one in differences {
            self.journal.note(one.name, one.there.clone(), one.wanted.clone());
        }
    }

    fn is_other_image(&mut self, there: &Value, image: &Value) -> bool {
        let Some(text) = self.args.opt_str("image").filter(|_| !self.comparison.ignores_image()) else { return false };
        let wanted = if ImageName::is_id(text) { text.to_owned() } else { ImageName::parse(text, "latest").full() };
        let current = there["Config"]["Image"].as_str().unwrap_or_default();
        let other = image["Id"] != there["Image"];
        let same_name = current == wanted || current == text || ImageName::is_id(text);
        let renamed = !same_name && self.args.opt_str("image_name_mismatch") == Some("recreate");
        self.journal.image_differs |= other;
        if !same_name && (other || renamed) {
            self.journal.note("image_name", current, wanted);
        }
        other || renamed
    }

    /// Labels the image brings along that nobody asked for, where they are not to be.
    fn check_labels(&self, image: &Value) -> Result<(), ModuleError> {
        let asked = self.args.opt_str("image_label_mismatch") == Some("fail") && self.comparison.strict_labels();
        if !asked || !self.wanted.has("labels") {
            return Ok(());
        }
        let own = self.wanted.get("labels").unwrap_or(&Value::Null);
        let brought = image["Config"]["Labels"].as_object().into_iter().flatten();
        let unexpected: Vec<&String> =
            brought.map(|(name, _)| name).filter(|name| own[name.as_str()].is_null()).collect();
        if unexpected.is_empty() {
            return Ok(());
        }
        let names: Vec<String> = unexpected.iter().map(|name| format!("\"{name}\"")).collect();
        Err(ModuleError::failed(format!(
            "Some labels should be removed but are present in the base image. You can set image_label_mismatch to \
             'ignore' to ignore this error. Labels: {}",
            names.join(", ")
        )))
    }

    fn with_networks(&mut self, container: Value, is_new: bool, cx: &Context<'_>) -> Result<Value, ModuleError> {
        let Some(id) = container["Id"].as_str().map(str::to_owned) else { return Ok(container) };
        if self.comparison.ignores_networks() {
            return Ok(container);
        }
        let mut changed = false;
        // A new container is in its first networks as it was created.
        let settled = if is_new { self.networks_at_creation() } else { 0 };
        for deviation in networks::deviations(&self.networks[settled..], &container) {
            let network = deviation.wanted;
            changed = true;
            let told = json!({ "parameter": network.given, "container": deviation.there });
            if !is_new {
                self.journal.differences.get_or_insert_default().push(json!({ "network_differences": [told] }));
            }
            self.journal.before.insert(format!("network.{}", network.name), deviation.there.clone());
            self.journal.after.insert(format!("network.{}", network.name), network.given.clone());
            if !deviation.there.is_null() {
                self.journal.actions.push(json!({ "removed_from_network": network.name }));
                if !cx.check_mode {
                    networks::leave(&self.engine, &network.id, &id)?;
                }
            }
            let parameters = network.endpoint();
            self.journal.actions.push(json!({ "added_to_network": network.name, "network_parameters": parameters }));
            if !cx.check_mode {
                networks::join(&self.engine, network, &id)?;
            }
        }
        if self.comparison.strict_networks() && self.args.has("networks") {
            for network in networks::superfluous(&self.networks, &container) {
                changed = true;
                self.journal.actions.push(json!({ "removed_from_network": network }));
                self.journal.before.insert(format!("network.{network}"), json!(true));
                self.journal.after.insert(format!("network.{network}"), json!(false));
                if !cx.check_mode {
                    networks::leave(&self.engine, &network, &id)?;
                }
            }
        }
        if changed && !cx.check_mode {
            return Ok(self.engine.container(&id)?.unwrap_or(Value::Null));
        }
        Ok(container)
    }

    fn finished(self, cx: &Context<'_>) -> Result<ModuleResult, ModuleError> {
        let journal = self.journal;
        let mut result = ModuleResult::ok().changed(!journal.actions.is_empty());
        if cx.check_mode || self.args.bool("debug") {
            result = result.set("actions", journal.actions);
        }
        if cx.diff_mode {
            let mut diff = Map::new();
            if let Some(differences) = journal.differences {
                diff.insert("differences".to_owned(), json!(differences));
            }
            if journal.image_differs {
                diff.insert("image_different".to_owned(), json!(true));
            }
            diff.insert("before".to_owned(), Value::Object(journal.before));
            diff.insert("after".to_owned(), Value::Object(journal.after));
            result = result.set("diff", diff);
        }
        if self.args.str("state")? != "absent" {
            let mut container = journal.container;
            if let Some(output) = &journal.output {
                if container.is_null() {
                    container = json!({});
                }
                container["Output"] = json!(output);
            }
            result = result.set("container", container);
        }
        let Some(status) = self.status else { return Ok(result) };
        let result = result.set("status", status);
        if status == 0 {
            return Ok(result);
        }
        Err(ModuleError::with_result(journal.output.unwrap_or_default(), result))
    }
}
