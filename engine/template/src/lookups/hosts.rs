//! `inventory_hostnames`: the hosts a pattern stands for.

use kapell_parsing::{Map, Value};

use super::LookupCall;
use crate::evaluate::{Fault, defined};
use crate::object::Object;
use crate::python;

pub(super) fn inventory_hostnames(call: &LookupCall<'_>) -> Result<Vec<Object>, Fault> {
    let Some(surroundings) = &call.rendering.templar.options().surroundings else {
        return Err(Fault::error("there is no inventory here"));
    };
    let groups = match call.rendering.variable(call.scope, "groups")? {
        Some(groups) => python::to_value(call.rendering, &defined(groups)?)?,
        None => Value::map(Map::new()),
    };
    let groups = groups.as_map().cloned().unwrap_or_default();
    let mut patterns = Vec::new();
    for term in &call.terms {
        match term {
            Object::List(_) | Object::Tuple(_) => {
                for item in crate::evaluate::iterate(call.rendering, term)?.iter() {
                    patterns.push(python::str(call.rendering, &defined(item.clone())?)?);
                }
            }
            single => patterns.push(python::str(call.rendering, &defined(single.clone())?)?),
        }
    }
    let hosts = surroundings.hosts(&patterns.join(","), &groups);
    Ok(hosts.map_err(Fault::error)?.into_iter().map(Object::from).collect())
}
