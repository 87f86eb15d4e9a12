//! The parameters of our modules beside those that the collection documents.

use anyhow::{Context, Result, ensure};
use serde_json::{Map, Value};

use super::Bench;
use crate::command::command;

/// Parameters of the collection's own machinery, and what docs/ec2.md says is refused.
const REFUSED: &[&str] = &["aws_config", "debug_botocore_endpoint_logs", "aap_callback"];

/// Interfaces are counted up where nobody counts them; the collection says 0 to all.
const COUNTED: &str = "device_index";

impl Bench {
    pub(super) fn parameters(&self) -> Result<()> {
        let mut ask = command([self.kapell.as_os_str()]);
        ask.args(["doc", "--list", "amazon.aws"]);
        let names = self.engine(ask, &[])?.stdout();
        let names: Vec<&str> = names.split_whitespace().collect();
        let mut ask = command([self.kapell.as_os_str()]);
        ask.args(["doc", "--json"]).args(&names);
        let ours: Map<String, Value> = serde_json::from_str(&self.engine(ask, &[])?.stdout()).context("kapell doc")?;
        let mut ask = command([self.environment.join("bin/ansible-doc")]);
        ask.args(["-t", "module", "--json"]).args(&names);
        let theirs: Map<String, Value> =
            serde_json::from_str(&self.engine(ask, &[])?.stdout()).context("ansible-doc")?;
        let (mut found, mut count) = (Vec::new(), 0);
        for name in &names {
            let options =
                |all: &Map<String, Value>| all.get(*name).and_then(|one| one.pointer("/doc/options")).cloned();
            compare(
                name,
                &options(&ours).unwrap_or_default(),
                &options(&theirs).unwrap_or_default(),
                &mut found,
                &mut count,
            );
        }
        ensure!(found.is_empty(), "parameters differ from the documented ones:\n{}", found.join("\n"));
        println!(
            "parameters: {} modules take all {count} documented ones but those that docs/ec2.md refuses",
            names.len()
        );
        Ok(())
    }
}

fn compare(place: &str, ours: &Value, theirs: &Value, found: &mut Vec<String>, count: &mut usize) {
    for (name, their) in theirs.as_object().into_iter().flatten().filter(|(name, _)| !REFUSED.contains(&name.as_str()))
    {
        *count += 1;
        let place = format!("{place}.{name}");
        let Some(our) = ours.get(name) else {
            found.push(format!("{place}: missing"));
            continue;
        };
        for field in ["type", "elements", "choices"] {
            let get = |option: &Value| sorted(option.get(field).cloned().unwrap_or_default());
            let their = get(their);
            if !their.is_null() && get(our) != their {
                found.push(format!("{place}: {field} {}, not {their}", get(our)));
            }
        }
        for alias in their.get("aliases").and_then(Value::as_array).into_iter().flatten() {
            if !our.get("aliases").and_then(Value::as_array).is_some_and(|known| known.contains(alias)) {
                found.push(format!("{place}: not called {alias}"));
            }
        }
        let default = |option: &Value| match option.get("default") {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(Value::Array(items)) if items.is_empty() => String::new(),
            Some(other) => other.to_string(),
        };
        if default(our) != default(their) && name != COUNTED {
            found.push(format!("{place}: default '{}', not '{}'", default(our), default(their)));
        }
        if let Some(inner) = their.get("suboptions") {
            compare(&place, our.get("suboptions").unwrap_or(&Value::Null), inner, found, count);
        }
    }
}

fn sorted(mut value: Value) -> Value {
    if let Some(items) = value.as_array_mut() {
        let text = |item: &Value| item.as_str().map_or_else(|| item.to_string(), str::to_owned);
        *items = items.iter().map(|item| Value::from(text(item))).collect();
        items.sort_by_key(text);
    }
    value
}
