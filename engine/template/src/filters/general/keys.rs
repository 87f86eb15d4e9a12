//! `keep_keys`, `remove_keys`, `replace_keys`: the keys of dicts in a list (behaviour measured on community.general 11).

use kapell_parsing::Key;

use crate::containers::Entries;
use crate::evaluate::{Fault, FilterCall, entries, iterate};
use crate::object::Object;
use crate::python;
use crate::python::regex::{self, Flags};

#[derive(Clone, Copy)]
enum Matching {
    Equal,
    StartsWith,
    EndsWith,
    Regex,
}

impl Matching {
    fn of(call: &FilterCall<'_>) -> Result<Self, Fault> {
        Ok(match call.args.text_or(1, "equal").as_str() {
            "equal" => Self::Equal,
            "starts_with" => Self::StartsWith,
            "ends_with" => Self::EndsWith,
            "regex" => Self::Regex,
            other => {
                return Err(Fault::error(format!(
                    "The matching_parameter must be one of ['equal', 'starts_with', 'ends_with', 'regex']. matching_parameter={other}"
                )));
            }
        })
    }

    fn holds(self, key: &str, target: &str) -> Result<bool, Fault> {
        Ok(match self {
            Self::Equal => key == target,
            Self::StartsWith => key.starts_with(target),
            Self::EndsWith => key.ends_with(target),
            Self::Regex => {
                let found = regex::compile(target, Flags::default())?.find(key).map_err(regex::too_hard)?;
                found.is_some_and(|found| found.start() == 0)
            }
        })
    }
}

/// The dicts of the input.
fn dicts(call: &FilterCall<'_>) -> Result<Vec<Vec<(Key, Object)>>, Fault> {
    let shown = |object: &Object| {
        let shown = python::repr(call.rendering, object).unwrap_or_default();
        format!("{shown} is <class '{}'>", object.type_name())
    };
    if !matches!(call.input, Object::List(_) | Object::Tuple(_)) {
        return Err(Fault::error(format!("First argument must be a list. {}", shown(&call.input))));
    }
    let items = call.items()?;
    let dict = |item: &Object| match item.is_mapping() {
        true => entries(call.rendering, item).map(|pairs| pairs.into_iter().collect()),
        false => Err(Fault::error(format!("The data items must be dictionaries. {}", shown(item)))),
    };
    items.iter().map(dict).collect()
}

/// The patterns of `target`: a text or a list of them.
fn targets(call: &FilterCall<'_>) -> Result<Vec<String>, Fault> {
    match call.args.get(0) {
        Some(Object::Str(text)) => Ok(vec![text.to_string()]),
        Some(list @ (Object::List(_) | Object::Tuple(_))) => {
            iterate(call.rendering, list)?.iter().map(|item| python::str(call.rendering, item)).collect()
        }
        other => {
            let kind = other.map_or("NoneType", Object::type_name);
            Err(Fault::error(format!("The target must be a string or a list. target is <class '{kind}'>.")))
        }
    }
}

/// The dicts with those of their keys that match, or that do not.
fn filtered(call: &FilterCall<'_>, keep: bool) -> Result<Object, Fault> {
    let (matching, dicts, targets) = (Matching::of(call)?, dicts(call)?, targets(call)?);
    let mut found = Vec::new();
    for dict in dicts {
        call.rendering.spend(dict.len() * targets.len())?;
        let mut kept = Vec::new();
        for (key, value) in dict {
            let name = key.to_string();
            let mut matches = false;
            for target in &targets {
                matches = matches || matching.holds(&name, target)?;
            }
            if matches == keep {
                kept.push((key, value));
            }
        }
        found.push(Object::dict(kept));
    }
    Ok(Object::list(found))
}

pub(super) fn keep_keys(call: &FilterCall<'_>) -> Result<Object, Fault> {
    filtered(call, true)
}

pub(super) fn remove_keys(call: &FilterCall<'_>) -> Result<Object, Fault> {
    filtered(call, false)
}

pub(super) fn replace_keys(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let (matching, dicts) = (Matching::of(call)?, dicts(call)?);
    let pairs = match call.args.get(0) {
        Some(list @ (Object::List(_) | Object::Tuple(_))) => iterate(call.rendering, list)?.to_vec(),
        Some(single) if single.is_mapping() => vec![single.clone()],
        _ => return Err(Fault::error("The target must be a list of dictionaries.")),
    };
    let mut renames = Vec::new();
    for pair in &pairs {
        let pair: Entries =
            if pair.is_mapping() { entries(call.rendering, pair)?.into_iter().collect() } else { Entries::new() };
        let (Some(before), Some(after)) = (pair.get("before"), pair.get("after")) else {
            return Err(Fault::error("All dictionaries in target must include attributes: after, before."));
        };
        renames.push((python::str(call.rendering, before)?, after.to_key()?));
    }
    let mut found = Vec::new();
    for dict in dicts {
        call.rendering.spend(dict.len() * renames.len())?;
        let mut renamed = Entries::new();
        for (key, value) in dict {
            let name = key.to_string();
            let mut new = None;
            for (before, after) in &renames {
                if new.is_none() && matching.holds(&name, before)? {
                    new = Some(after.clone());
                }
            }
            renamed.insert(new.unwrap_or(key), value);
        }
        found.push(Object::dict(renamed));
    }
    Ok(Object::list(found))
}
