//! The life of a container: created, started, stopped, changed, removed.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::super::query::Query;
use super::comparison::Difference;
use super::{Task, output};
use crate::{Context, Map, ModuleError};

impl Task<'_> {
    pub(super) fn absent(&mut self, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        let Some(there) = self.engine.container(&self.name)? else { return Ok(()) };
        if is_running(&there) {
            self.journal.note("running", true, false);
            self.stop(&there, cx)?;
        }
        self.journal.note("exists", true, false);
        self.remove(&there, cx)
    }

    /// The new container; null in check mode.
    pub(super) fn create(&mut self, image: &Value, cx: &Context<'_>) -> Result<Value, ModuleError> {
        if !self.args.has("image") {
            return Err(ModuleError::failed("Cannot create container when image is not specified!"));
        }
        let mut body = self.creation(image);
        let without_name = |given: &Value| {
            let mut given = given.clone();
            given.as_object_mut().map(|given| given.shift_remove("name"));
            given
        };
        let given: Map = self.networks.iter().map(|one| (one.name.clone(), without_name(&one.given))).collect();
        let mut told = body.clone();
        if told["OpenStdin"].is_null() {
            told["OpenStdin"] = Value::Null;
        }
        self.journal.actions.push(json!({
            "created": "Created container", "create_parameters": told, "networks": given,
        }));
        if cx.check_mode {
            return Ok(Value::Null);
        }
        body["NetworkingConfig"] = json!({ "EndpointsConfig": self.endpoints() });
        let query = Query::new().with("name", &self.name).with_opt("platform", self.args.opt_str("platform"));
        let answer = self.engine.post(&query.after("/containers/create"), &body)?;
        let created = answer.or_fail("Error creating container")?.json();
        let id = created["Id"].as_str().unwrap_or(&self.name);
        Ok(self.engine.container(id)?.unwrap_or(Value::Null))
    }

    fn creation(&self, image: &Value) -> Value {
        let interactive = self.args.bool("interactive");
        let mut body = json!({
            "AttachStdout": true,
            "AttachStderr": true,
            "AttachStdin": interactive,
            "StdinOnce": interactive,
            "Image": self.args.opt_str("image").or(image["Id"].as_str()),
            "ExposedPorts": {},
        });
        for (setting, value) in self.wanted.entries() {
            setting.put(value, &mut body);
        }
        let retries = &body["HostConfig"]["RestartPolicy"]["MaximumRetryCount"];
        if self.wanted.has("restart_policy") && retries.is_null() {
            body["HostConfig"]["RestartPolicy"]["MaximumRetryCount"] = Value::Null;
        }
        body
    }

    fn endpoints(&self) -> Value {
        let endpoints = self.networks.iter().take(self.networks_at_creation());
        Value::Object(endpoints.map(|one| (one.name.clone(), one.endpoint())).collect())
    }

    /// How many networks a container is created in: the first one, with newer engines all of them.
    pub(super) fn networks_at_creation(&self) -> usize {
        let most = if self.engine.is_at_least(1, 44) { usize::MAX } else { 1 };
        if self.args.bool("networks_cli_compatible") { self.networks.len().min(most) } else { 0 }
    }

    pub(super) fn make_anew(
        &mut self,
        there: &Value,
        image: &Value,
        cx: &mut Context<'_>,
    ) -> Result<Value, ModuleError> {
        let running = is_running(there);
        if running {
            self.stop(there, cx)?;
        }
        self.remove(there, cx)?;
        if !cx.check_mode {
            self.await_removal(id(there), cx)?;
        }
        let new = self.create(image, cx)?;
        if running && self.args.opt_str("state") != Some("present") && !cx.check_mode {
            let stays = self.args.opt_str("state") != Some("stopped");
            self.journal.note("running", true, stays);
        }
        Ok(new)
    }

    fn await_removal(&self, id: &str, cx: &Context<'_>) -> Result<(), ModuleError> {
        let limit = self.args.opt_float("removal_wait_timeout").filter(|limit| *limit > 0.0);
        let until = limit.and_then(|limit| Instant::now().checked_add(Duration::try_from_secs_f64(limit).ok()?));
        let mut pause = Duration::from_millis(50);
        while self.engine.container(id)?.is_some() {
            if until.is_some_and(|until| Instant::now() >= until) {
                let seconds = limit.unwrap_or_default();
                return Err(ModuleError::failed(format!(
                    "Timeout of {seconds} seconds exceeded while waiting for container \"{id}\" to be removed"
                )));
            }
            cx.sleep(pause)?;
            pause = (pause * 2).min(Duration::from_secs(2));
        }
        Ok(())
    }

    /// Changes what can be changed while a container exists.
    pub(super) fn update(
        &mut self,
        there: &Value,
        differences: &[Difference],
        cx: &Context<'_>,
    ) -> Result<Value, ModuleError> {
        let mut body = json!({});
        for one in differences {
            let mut placed = json!({});
            one.setting.put(&one.wanted, &mut placed);
            for (key, value) in placed["HostConfig"].as_object().into_iter().flatten() {
                body[key] = value.clone();
            }
        }
        if !body["RestartPolicy"].is_null() {
            let wanted = |name: &str| self.wanted.get(name).cloned().unwrap_or(Value::Null);
            body["RestartPolicy"] =
                json!({ "Name": wanted("restart_policy"), "MaximumRetryCount": wanted("restart_retries") });
        } else if let Some(object) = body.as_object_mut() {
            object.shift_remove("RestartPolicy");
        }
        self.journal.actions.push(json!({ "updated": id(there), "update_parameters": body }));
        if cx.check_mode {
            return Ok(there.clone());
        }
        let answer = self.engine.post(&path(there, "/update"), &body)?;
        answer.or_fail(&format!("Error updating container {}", id(there)))?;
        self.again(there)
    }

    /// Brings the container into its state; null stands for one that check mode did not create.
    pub(super) fn in_state(
        &mut self,
        state: &str,
        container: Value,
        cx: &mut Context<'_>,
    ) -> Result<Value, ModuleError> {
        if container.is_null() {
            return Ok(container);
        }
        match state {
            "started" | "healthy" => self.running(state, container, cx),
            "stopped" if is_running(&container) => {
                self.journal.note("running", true, false);
                self.stop(&container, cx)?;
                if cx.check_mode { Ok(container) } else { self.again(&container) }
            }
            _ => Ok(container),
        }
    }

    fn running(&mut self, state: &str, mut container: Value, cx: &mut Context<'_>) -> Result<Value, ModuleError> {
        if !is_running(&container) {
            self.journal.note("running", false, true);
            self.journal.actions.push(json!({ "started": id(&container) }));
            if !cx.check_mode {
                container = self.start(&container, cx)?;
            }
        } else if self.args.bool("restart") {
            self.journal.note("running", true, true);
            self.journal.note("restarted", false, true);
            let timeout = self.args.opt_int("stop_timeout");
            self.journal.actions.push(json!({ "restarted": id(&container), "timeout": timeout }));
            if !cx.check_mode {
                let query = Query::new().with_opt("t", timeout).after("/restart");
                self.order(&container, &query, "Error restarting container", &Value::Null)?;
                container = self.again(&container)?;
            }
        }
        if container.is_null() {
            return Ok(container);
        }
        container = self.paused(container, cx)?;
        if state == "healthy" && !cx.check_mode {
            self.await_health(&container, cx)?;
            container = self.again(&container)?;
        }
        Ok(container)
    }

    fn start(&mut self, container: &Value, cx: &mut Context<'_>) -> Result<Value, ModuleError> {
        self.order(container, "/start", "Error starting container", &json!({}))?;
        if self.args.opt_bool("detach") != Some(false) {
            return self.again(container);
        }
        let ended = output::await_end(&self.engine, container, cx)?;
        self.status = Some(ended.status);
        self.journal.output = Some(ended.output);
        if self.args.bool("cleanup") {
            let query = self.removal(true);
            self.engine.delete(&query.after(&path(container, "")))?;
            return Ok(Value::Null);
        }
        Ok(ended.container)
    }

    fn paused(&mut self, container: Value, cx: &Context<'_>) -> Result<Value, ModuleError> {
        let now = container["State"]["Paused"].as_bool().unwrap_or(false);
        let compatible = self.args.opt_str("container_default_behavior") == Some("compatibility");
        let wanted = self.args.opt_bool("paused").or(compatible.then_some(false));
        let Some(wanted) = wanted.filter(|wanted| *wanted != now) else { return Ok(container) };
        self.journal.note("paused", now, wanted);
        self.journal.actions.push(json!({ "set_paused": wanted }));
        if cx.check_mode {
            return Ok(container);
        }
        let (verb, doing) = if wanted { ("/pause", "pausing") } else { ("/unpause", "unpausing") };
        self.order(&container, verb, &format!("Error {doing} container"), &Value::Null)?;
        self.again(&container)
    }

    fn await_health(&self, container: &Value, cx: &Context<'_>) -> Result<(), ModuleError> {
        let limit = self.args.opt_float("healthy_wait_timeout").filter(|limit| *limit > 0.0);
        let until = limit.and_then(|limit| Instant::now().checked_add(Duration::try_from_secs_f64(limit).ok()?));
        let name = &self.name;
        let mut pause = Duration::from_millis(100);
        loop {
            let now = self.again(container)?;
            match now["State"]["Health"]["Status"].as_str().unwrap_or_default() {
                "starting" => {}
                "unhealthy" => return Err(ModuleError::failed(format!("Container \"{name}\" is unhealthy"))),
                "healthy" => return Ok(()),
                // Nothing checks it, or it runs no more.
                state => {
                    return Err(ModuleError::failed(format!(
                        "Encountered unexpected state \"{state}\" while waiting for container \"{name}\""
                    )));
                }
            }
            if until.is_some_and(|until| Instant::now() >= until) {
                let seconds = limit.unwrap_or_default();
                return Err(ModuleError::failed(format!(
                    "Timeout of {seconds} seconds exceeded while waiting for container \"{name}\""
                )));
            }
            cx.sleep(pause)?;
            pause = (pause * 2).min(Duration::from_secs(2));
        }
    }

    fn stop(&mut self, container: &Value, cx: &Context<'_>) -> Result<(), ModuleError> {
        let paused = container["State"]["Paused"].as_bool() == Some(true);
        if self.args.bool("force_kill") {
            let signal = self.args.opt_str("kill_signal");
            self.journal.actions.push(json!({ "killed": id(container), "signal": signal }));
            if cx.check_mode {
                return Ok(());
            }
            let query = Query::new().with_opt("signal", signal).after("/kill");
            return self.order(container, &query, "Error killing container", &Value::Null);
        }
        let timeout = self.args.opt_int("stop_timeout");
        self.journal.actions.push(json!({ "stopped": id(container), "timeout": timeout }));
        if cx.check_mode {
            return Ok(());
        }
        if paused {
            self.order(container, "/unpause", "Error unpausing container", &Value::Null)?;
        }
        let query = Query::new().with_opt("t", timeout).after("/stop");
        self.order(container, &query, "Error stopping container", &Value::Null)
    }

    fn removal(&self, force: bool) -> Query {
        let words = |truth: bool| if truth { "True" } else { "False" };
        let query = Query::new().with("v", words(!self.args.bool("keep_volumes")));
        query.with("link", "False").with("force", words(force))
    }

    fn remove(&mut self, container: &Value, cx: &Context<'_>) -> Result<(), ModuleError> {
        let volumes = !self.args.bool("keep_volumes");
        self.journal.actions.push(json!({
            "removed": id(container), "volume_state": volumes, "link": false, "force": false,
        }));
        if cx.check_mode {
            return Ok(());
        }
        let query = self.removal(false);
        let answer = self.engine.delete(&query.after(&path(container, "")))?;
        // Somebody else was faster, or it removes itself.
        let gone = answer.status == 404
            || (answer.status == 409
                && answer.text().contains("removal of container")
                && answer.text().contains("in progress"));
        if gone { Ok(()) } else { answer.or_fail(&format!("Error removing container {}", id(container))).map(drop) }
    }

    fn order(&self, container: &Value, verb: &str, doing: &str, body: &Value) -> Result<(), ModuleError> {
        let limit = self.args.opt_int("stop_timeout").and_then(|limit| u64::try_from(limit).ok()).unwrap_or(0);
        let answer = self.engine.post_patiently(&path(container, verb), body, Duration::from_secs(limit))?;
        answer.or_fail(&format!("{doing} {}", id(container))).map(drop)
    }

    fn again(&self, container: &Value) -> Result<Value, ModuleError> {
        Ok(self.engine.container(id(container))?.unwrap_or(Value::Null))
    }
}

pub(super) fn id(container: &Value) -> &str {
    container["Id"].as_str().unwrap_or_default()
}

pub(super) fn path(container: &Value, verb: &str) -> String {
    format!("/containers/{}{verb}", Query::encoded(id(container)))
}

fn is_running(container: &Value) -> bool {
    let state = &container["State"];
    state["Running"].as_bool() == Some(true) && state["Ghost"].as_bool() != Some(true)
}
