//! `ansible.builtin.getent`: entries of the node's databases of users, groups, hosts and services, as facts.

use serde_json::Value;

use crate::attributes::path_text;
use crate::context::command_failure;
use crate::{Arg, Args, CommandSpec, Context, Map, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module = Module::new("ansible.builtin.getent", ARGS, run);

const ARGS: &[Arg] = &[
    Arg::str("database").required(),
    Arg::str("key"),
    Arg::str("service"),
    Arg::str("split"),
    Arg::bool("fail_key").default("true"),
];

/// Databases whose fields are separated by colons; the others use blanks.
const COLON_SEPARATED: &[&str] = &["passwd", "shadow", "group", "gshadow"];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let database = args.str("database")?;
    let fact = format!("getent_{database}");
    let spec = command(args, cx)?;
    let output = cx.run_read(&spec)?;
    let msg = match output.rc {
        0 => {
            let split = args.opt_str("split").or(COLON_SEPARATED.contains(&database).then_some(":"));
            return Ok(ModuleResult::ok().fact(&fact, entries(&output.stdout(), split)));
        }
        1 => "Missing arguments, or database unknown.",
        2 => "One or more supplied key could not be found in the database.",
        3 => "Enumeration not supported on this database.",
        _ => return Err(command_failure("Unexpected failure!", &spec, &output)),
    };
    if output.rc == 2 && !args.bool("fail_key") {
        let absent = Map::from_iter(args.opt_str("key").map(|key| (key.to_owned(), Value::Null)));
        return Ok(ModuleResult::ok().fact(&fact, absent).msg(msg));
    }
    Err(ModuleError::failed(msg))
}

fn command(args: &Args, cx: &Context<'_>) -> Result<CommandSpec, ModuleError> {
    let mut spec = CommandSpec::new([path_text(&cx.require_program("getent")?)]);
    if let Some(service) = args.opt_str("service") {
        spec = spec.args(["-s", service]);
    }
    spec = spec.arg(args.str("database")?);
    Ok(match args.opt_str("key") {
        Some(key) => spec.arg(key),
        None => spec,
    })
}

/// The lines by their first field. A field that comes again makes a list of the rests.
fn entries(text: &str, split: Option<&str>) -> Map {
    let mut found = Map::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        let fields: Vec<&str> = match split {
            Some(separator) => line.split(separator).collect(),
            None => line.split_whitespace().collect(),
        };
        let Some((first, rest)) = fields.split_first() else { continue };
        let rest = Value::from(rest.to_vec());
        match found.get_mut(*first) {
            None => {
                found.insert((*first).to_owned(), rest);
            }
            Some(Value::Array(list)) if list.first().is_some_and(Value::is_array) => list.push(rest),
            Some(single) => *single = Value::Array(vec![single.take(), rest]),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::entries;

    #[test]
    fn lines_become_facts_as_measured() {
        let hosts = "127.0.0.1       localhost\n127.0.0.1       vm\n127.0.0.1 x y\n";
        assert_eq!(json!(entries(hosts, None)), json!({"127.0.0.1": [["localhost"], ["vm"], ["x", "y"]]}));
        assert_eq!(json!(entries("daemon:x:1:\n", Some(":"))), json!({"daemon": ["x", "1", ""]}));
    }
}
