//! `Comparison`: how strictly options are compared, and how a container differs from what is wanted.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::arguments::ARGS;
use super::settings::{SETTINGS, Setting, Shape, Strictness, will_do};
use super::wanted::Wanted;
use crate::{Args, Map, ModuleError};

#[derive(Debug)]
pub(super) struct Comparison {
    chosen: BTreeMap<String, Strictness>,
    wildcard: Option<Strictness>,
}

/// One option that differs.
#[derive(Debug)]
pub(super) struct Difference {
    pub name: &'static str,
    pub wanted: Value,
    pub there: Value,
    pub setting: &'static Setting,
}

impl Comparison {
    pub(super) fn of(args: &Args) -> Result<Self, ModuleError> {
        let mut comparison = Self { chosen: BTreeMap::new(), wildcard: None };
        for (name, value) in args.dict("comparisons").into_iter().flatten() {
            let word = value.as_str().unwrap_or_default();
            let strictness = match word {
                "strict" => Strictness::Strict,
                "ignore" => Strictness::Ignore,
                "allow_more_present" => Strictness::MoreMayBeThere,
                _ => {
                    return Err(ModuleError::failed(format!("Unknown comparison mode '{word}'!")));
                }
            };
            if name == "*" {
                if strictness == Strictness::MoreMayBeThere {
                    return Err(ModuleError::failed(
                        "The wildcard can only be used with comparison modes 'strict' and 'ignore'!",
                    ));
                }
                comparison.wildcard = Some(strictness);
                continue;
            }
            let option = ARGS.iter().find(|arg| arg.is_called(name)).map(|arg| arg.name);
            let known = option.filter(|option| is_comparable(option));
            let Some(option) = known else {
                return Err(ModuleError::failed(format!("Unknown module option '{name}' in comparisons dict!")));
            };
            let single = SETTINGS.iter().any(|one| one.name == option && one.shape == Shape::Value);
            if single && strictness == Strictness::MoreMayBeThere {
                return Err(ModuleError::failed(format!(
                    "Option '{option}' is a value and not a set/list/dict, so its comparison cannot be \
                     allow_more_present"
                )));
            }
            comparison.chosen.insert(option.to_owned(), strictness);
        }
        Ok(comparison)
    }

    fn strictness(&self, setting: &Setting) -> Strictness {
        let option = if setting.name == "volume_binds" { "volumes" } else { setting.name };
        let chosen = self.chosen.get(option).or(self.wildcard.as_ref());
        chosen.copied().unwrap_or_else(|| setting.default_strictness())
    }

    pub(super) fn ignores_image(&self) -> bool {
        self.chosen.get("image").or(self.wildcard.as_ref()) == Some(&Strictness::Ignore)
    }

    pub(super) fn strict_labels(&self) -> bool {
        self.chosen.get("labels").or(self.wildcard.as_ref()) == Some(&Strictness::Strict)
    }

    /// Whether networks that are not named have to go.
    pub(super) fn strict_networks(&self) -> bool {
        self.chosen.get("networks").or(self.wildcard.as_ref()) == Some(&Strictness::Strict)
    }

    pub(super) fn ignores_networks(&self) -> bool {
        self.chosen.get("networks").or(self.wildcard.as_ref()) == Some(&Strictness::Ignore)
    }

    /// Every option that differs. What an image brings along is no difference.
    pub(super) fn differences(&self, wanted: &Wanted, container: &Value, image: &Value) -> Vec<Difference> {
        let mut found = Vec::new();
        for (setting, value) in wanted.entries() {
            let value = with_image(setting, value, image);
            let there = comparable(setting, setting.of(container));
            let strictness = self.strictness(setting);
            if !will_do(setting.shape, strictness, &comparable(setting, value.clone()), &there) {
                found.push(Difference { name: setting.name, wanted: value, there, setting });
            }
        }
        found
    }
}

fn is_comparable(option: &str) -> bool {
    let more = ["image", "networks", "volumes", "platform"];
    more.contains(&option) || SETTINGS.iter().any(|setting| setting.name == option)
}

/// What is wanted together with what the image has of it.
fn with_image(setting: &Setting, wanted: &Value, image: &Value) -> Value {
    let config = &image["Config"];
    match setting.name {
        "env" => {
            let name = |line: &str| line.split('=').next().unwrap_or_default().to_owned();
            let lines = |value: &Value| {
                let items = value.as_array().into_iter().flatten().filter_map(Value::as_str);
                items.map(str::to_owned).collect::<Vec<_>>()
            };
            let mut all: BTreeMap<String, String> = BTreeMap::new();
            for line in lines(&config["Env"]).into_iter().chain(lines(wanted)) {
                all.insert(name(&line), line);
            }
            let mut all: Vec<String> = all.into_values().collect();
            all.sort();
            json!(all)
        }
        "labels" => {
            let mut all: Map = config["Labels"].as_object().cloned().unwrap_or_default();
            all.extend(wanted.as_object().cloned().unwrap_or_default());
            Value::Object(all)
        }
        "exposed_ports" => {
            let own = wanted.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
            let brought = config["ExposedPorts"].as_object().into_iter().flatten().map(|(port, _)| port.clone());
            json!(super::ports::sorted(own.chain(brought)))
        }
        "volumes" => {
            let mut all: Vec<Value> = wanted.as_array().cloned().unwrap_or_default();
            let brought = config["Volumes"].as_object().into_iter().flatten().map(|(path, _)| json!(path));
            all.extend(
                brought.filter(|path| !wanted.as_array().is_some_and(|own| own.contains(path))).collect::<Vec<_>>(),
            );
            json!(all)
        }
        _ => wanted.clone(),
    }
}

/// Values that mean the same thing as the same value.
fn comparable(setting: &Setting, value: Value) -> Value {
    match (setting.name, &value) {
        ("env" | "capabilities" | "cap_drop", Value::Array(items)) => {
            let upper = setting.name != "env";
            let text = |item: &Value| {
                let text = item.as_str().unwrap_or_default();
                let text = if upper { text.to_uppercase() } else { text.to_owned() };
                json!(text.strip_prefix("CAP_").filter(|_| upper).unwrap_or(&text))
            };
            let mut items: Vec<Value> = items.iter().map(text).collect();
            items.sort_by_key(ToString::to_string);
            json!(items)
        }
        ("network_mode", Value::String(mode)) if mode == "default" => json!("bridge"),
        ("mac_address", Value::String(address)) => json!(address.to_lowercase()),
        ("exposed_ports", Value::Array(items)) => {
            json!(super::ports::sorted(items.iter().filter_map(Value::as_str).map(str::to_owned)))
        }
        _ => value,
    }
}

/// `no` and nothing are the same policy.
pub(super) fn is_same_policy(one: &Value, other: &Value) -> bool {
    let none = |value: &Value| value.as_str().is_none_or(|text| text.is_empty() || text == "no");
    none(one) && none(other)
}
