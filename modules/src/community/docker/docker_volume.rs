//! `community.docker.docker_volume`: volumes of a container engine.

use serde_json::{Value, json};

use super::differences::{Differences, existence};
use super::engine::{ENGINE_ARGS, Engine, labels, text_map};
use super::query::Query;
use crate::{Arg, Args, Context, Map, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module =
    Module::new("community.docker.docker_volume", ARGS, run).diff().shared_args(ENGINE_ARGS);

const ARGS: &[Arg] = &[
    Arg::str("volume_name").required().alias(&["name"]),
    Arg::str("state").default("present").choices(&["present", "absent"]),
    Arg::str("driver").default("local"),
    Arg::dict("driver_options").default(""),
    Arg::dict("labels"),
    Arg::str("recreate").default("never").choices(&["always", "never", "options-changed"]),
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let engine = Engine::connect(args, cx)?;
    let name = args.str("volume_name")?;
    let volume = find(&engine, name)?;
    if args.str("state")? == "absent" {
        return absent(&engine, name, volume.is_some(), cx);
    }
    present(&engine, name, volume, args, cx)
}

fn find(engine: &Engine, name: &str) -> Result<Option<Value>, ModuleError> {
    let listing = engine.get("/volumes")?;
    let volumes = listing["Volumes"].as_array().cloned().unwrap_or_default();
    Ok(volumes.into_iter().find(|volume| volume["Name"] == name))
}

fn absent(engine: &Engine, name: &str, exists: bool, cx: &Context<'_>) -> Result<ModuleResult, ModuleError> {
    let mut actions = Vec::new();
    if exists {
        actions.push(format!("Removed volume {name}"));
        if !cx.check_mode {
            remove(engine, name)?;
        }
    }
    let result = ModuleResult::ok().changed(exists).set("actions", actions);
    let diff = json!({ "before": existence(exists), "after": existence(false) });
    Ok(if cx.diff_mode { result.set("diff", diff) } else { result })
}

fn remove(engine: &Engine, name: &str) -> Result<(), ModuleError> {
    engine.delete(&format!("/volumes/{}", Query::encoded(name)))?.plainly()
}

fn present(
    engine: &Engine,
    name: &str,
    volume: Option<Value>,
    args: &Args,
    cx: &Context<'_>,
) -> Result<ModuleResult, ModuleError> {
    let driver = args.str("driver")?;
    let options = text_map(args, "driver_options").unwrap_or_default();
    let labels = labels(args)?;
    let exists = volume.is_some();
    let mut differences = Differences::default();
    if let Some(volume) = &volume {
        differences.compare("driver", Some(&json!(driver)), &volume["Driver"]);
        differences.compare_map("driver_options", Some(&options), &volume["Options"], true);
        differences.compare_map("labels", labels.as_ref(), &volume["Labels"], false);
    }
    let again = match args.str("recreate")? {
        "always" => true,
        "options-changed" => !differences.is_empty(),
        _ => false,
    };
    let mut actions = Vec::new();
    if exists && again {
        actions.push(format!("Removed volume {name}"));
        if !cx.check_mode {
            remove(engine, name)?;
        }
    }
    let creates = !exists || again;
    if creates {
        actions.push(format!("Created volume {name} with driver {driver}"));
        if !cx.check_mode {
            let mut body = json!({ "Name": name, "Driver": driver, "DriverOpts": options });
            if let Some(labels) = &labels {
                body["Labels"] = json!(labels);
            }
            engine.post("/volumes/create", &body)?.plainly()?;
        }
    }
    let now = if creates && !cx.check_mode { find(engine, name)? } else { volume };
    let result = ModuleResult::ok().changed(creates);
    let result = if cx.check_mode || args.bool("debug") { result.set("actions", actions) } else { result };
    let result = result.set("volume", now.unwrap_or(Value::Null));
    let (mut before, mut after): (Map, Map) = (existence(exists), existence(true));
    differences.show(&mut before, &mut after);
    let diff = json!({ "differences": differences.names(), "before": before, "after": after });
    Ok(if cx.diff_mode { result.set("diff", diff) } else { result })
}
