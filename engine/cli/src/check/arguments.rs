//! Arguments of tasks held against the tables of modules: unknown and missing ones, values that can never be right.

use kapell_executor::ModuleLibrary;
use kapell_executor::module_run::Found;
use kapell_modules::{Arg, Module};
use kapell_parsing::{Diagnostic, Key, Map, Value};
use kapell_playbook::Task;

use super::finding::{Certainty, Findings, Rule};

/// Modules whose table is not all they take: the engine's half takes more, or hands on to another module.
const OPEN_TABLES: &[&str] = &["package", "patch", "service", "synchronize", "yum"];

/// What the engine's half of a module takes beside its table.
const OF_THE_ENGINE: &[(&str, &str)] = &[("copy", "decrypt"), ("unarchive", "decrypt"), ("assemble", "decrypt")];

/// `certainty` is that of the task being reached.
pub(crate) fn check(task: &Task, library: &ModuleLibrary, certainty: Certainty, findings: &mut Findings) {
    let name = task.action.as_str();
    let Some(module) = native(task, library) else { return };
    let Some(given) = task.args.as_map() else { return };
    if has_defaults(task) {
        return;
    }
    let called = |arg: &Arg, key: &str| arg.name == key || arg.aliases.contains(&key);
    let short = name.rsplit('.').next().unwrap_or(name);
    if !OPEN_TABLES.contains(&short) {
        for key in given.keys() {
            let Some(text) = key.as_str() else { continue };
            let known = module.all_args().any(|arg| called(arg, text));
            let known = known || OF_THE_ENGINE.contains(&(short, text));
            if !known && text != "_raw_params" && !text.starts_with("_ansible") {
                let message = format!("'{text}' is not an argument of {}", module.name);
                let names = module.all_args().flat_map(|arg| [arg.name].into_iter().chain(arg.aliases.iter().copied()));
                let error = Diagnostic::error(message).at(place(key, &task.args).or(Some(&task.origin)));
                findings.add(Rule::Argument, certainty, error.did_you_mean(text, names));
            }
        }
        if task.free_form.is_none() && !given.contains_key("_raw_params") {
            missing(task, module, given, certainty, findings);
        }
    }
    choices(module, given, certainty, findings);
}

/// The module in our table, unless content brings one of that name.
fn native(task: &Task, library: &ModuleLibrary) -> Option<&'static Module> {
    match library.find(task.action.as_str(), &task.scope.collections())? {
        Found::Native(module) => Some(module),
        _ => None,
    }
}

/// `module_defaults` may bring what the task does not say.
fn has_defaults(task: &Task) -> bool {
    task.scope.chain().any(|scope| scope.own("module_defaults").is_some())
}

fn missing(task: &Task, module: &Module, given: &Map, certainty: Certainty, findings: &mut Findings) {
    for arg in module.all_args().filter(|arg| arg.required) {
        let has = |name: &str| given.contains_key(name);
        if !has(arg.name) && !arg.aliases.iter().any(|alias| has(alias)) {
            let message = format!("{} needs the argument '{}'", module.name, arg.name);
            findings.add(Rule::Argument, certainty, Diagnostic::error(message).at(Some(&task.origin)));
        }
    }
}

fn choices(module: &Module, given: &Map, certainty: Certainty, findings: &mut Findings) {
    for (key, value) in given {
        let Some(name) = key.as_str() else { continue };
        let arg = module.all_args().find(|arg| arg.name == name || arg.aliases.contains(&name));
        let (Some(arg), Value::Str(text)) = (arg, value) else { continue };
        if arg.choices.is_empty() || text.is_template() || arg.choices.contains(&text.as_str()) {
            continue;
        }
        // Words for yes and no are taken for each other where one of them is a choice.
        let is_bool = |text: &str| Value::from(text).to_bool_loose().is_some();
        let is_list = matches!(arg.kind, kapell_modules::ArgKind::List(_));
        if is_list || is_bool(text) && arg.choices.iter().any(|choice| is_bool(choice)) {
            continue;
        }
        let message = format!("'{text}' is not a value of '{name}': one of {}", arg.choices.join(", "));
        let error = Diagnostic::error(message).at(value.origin());
        findings.add(Rule::Argument, certainty, error.did_you_mean(text, arg.choices.iter().copied()));
    }
}

fn place<'k>(key: &'k Key, of: &'k Value) -> Option<&'k kapell_parsing::Origin> {
    key.origin().or(of.origin())
}
