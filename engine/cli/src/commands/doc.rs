//! `kapell doc`, and `ansible-doc`: modules and their arguments, from the tables that the modules check them with.

use std::process::ExitCode;

use clap::{ArgAction, Parser};
use kapell_callback::{Color, Display};
use kapell_executor::controller_module::ControllerModule;
use kapell_modules::{Arg, ArgKind, Module, Support};
use kapell_parsing::Diagnostic;
use serde_json::{Map, Value as Json, json};

use crate::exit_code::Exit;
use crate::refusal::{Refusal, conclude};
use crate::{cloud, foundation, module_pages, version};

/// Shows the arguments of modules.
#[derive(Debug, Parser)]
#[command(name = "ansible-doc", disable_version_flag = true, max_term_width = 100)]
pub(crate) struct DocArgs {
    /// Modules; with --list: what their names begin with
    #[arg(value_name = "plugin")]
    pub names: Vec<String>,
    /// List all modules
    #[arg(short, long)]
    pub list: bool,
    /// Show a task to start from
    #[arg(short, long)]
    pub snippet: bool,
    /// JSON in place of text
    #[arg(short, long)]
    pub json: bool,
    /// The kind of plugin; only modules are described
    #[arg(short = 't', long = "type", value_name = "TYPE", default_value = "module")]
    pub kind: String,
    /// Say more
    #[arg(short, long, action = ArgAction::Count)]
    pub verbose: u8,
    /// Show the version and where things are
    #[arg(long)]
    pub version: bool,
}

pub(crate) fn main(args: DocArgs) -> ExitCode {
    conclude(|warnings| run(&args, warnings))
}

fn run(args: &DocArgs, warnings: &mut Vec<Diagnostic>) -> Result<Exit, Refusal> {
    let settings = foundation::settings(warnings)?;
    let display = Display::new(settings.nocolor, settings.force_color);
    if args.version {
        display.out(&version::text("ansible-doc", &settings), Color::Plain);
        return Ok(Exit::Ok);
    }
    if args.kind != "module" {
        let message = format!("plugins of the kind '{}' have no description in this program", args.kind);
        return Err(Refusal::options(message));
    }
    let text = if args.list { list(args) } else { describe(args, warnings)? };
    display.out(&text, Color::Plain);
    Ok(Exit::Ok)
}

/// What is shown of a module, wherever it runs.
struct Described {
    name: &'static str,
    aliases: &'static [&'static str],
    args: Vec<&'static Arg>,
    check_mode: Support,
    diff: bool,
}

impl From<&'static Module> for Described {
    fn from(module: &'static Module) -> Self {
        let Module { name, aliases, check_mode, diff, .. } = *module;
        Self { name, aliases, args: module.all_args().collect(), check_mode, diff }
    }
}

impl From<&'static ControllerModule> for Described {
    fn from(module: &'static ControllerModule) -> Self {
        let ControllerModule { name, aliases, check_mode, .. } = *module;
        Self { name, aliases, args: module.args.iter().chain(module.shared_args).collect(), check_mode, diff: false }
    }
}

impl Described {
    fn find(name: &str) -> Option<Self> {
        let native = kapell_modules::find(name).map(Self::from);
        native.or_else(|| cloud::EXTENSION.module(name).map(Self::from))
    }

    fn names() -> impl Iterator<Item = &'static str> {
        let native = kapell_modules::all().map(|module| module.name);
        native.chain(cloud::EXTENSION.modules.iter().map(|module| module.name))
    }

    /// Those for people; others are between the two halves of a module.
    fn public_args(&self) -> impl Iterator<Item = &'static Arg> {
        self.args.iter().copied().filter(|arg| !arg.name.starts_with('_'))
    }
}

fn list(args: &DocArgs) -> String {
    let wanted = |name: &str| args.names.is_empty() || args.names.iter().any(|start| name.starts_with(start.as_str()));
    let mut names: Vec<&str> = Described::names().filter(|name| wanted(name)).collect();
    names.sort_unstable();
    if args.json {
        return pretty(&names.iter().map(|name| ((*name).to_owned(), json!(""))).collect());
    }
    names.join("\n")
}

fn describe(args: &DocArgs, warnings: &mut Vec<Diagnostic>) -> Result<String, Refusal> {
    if args.names.is_empty() {
        return Err(Refusal::options("Missing module name: incorrect options passed"));
    }
    let (mut found, mut actions) = (Vec::new(), Vec::new());
    for name in &args.names {
        match Described::find(name) {
            Some(module) => found.push(module),
            None if !args.json && !args.snippet && action(name).is_some() => actions.extend(action(name)),
            None => {
                let known = Described::names().map(|name| name.rsplit('.').next().unwrap_or(name));
                warnings.push(Diagnostic::warning(format!("module {name} not found")).did_you_mean(name, known));
            }
        }
    }
    if args.json {
        return Ok(pretty(&found.iter().map(|module| (module.name.to_owned(), as_json(module))).collect()));
    }
    let show = |module: &Described| if args.snippet { snippet(module) } else { text(module) };
    Ok(found.iter().map(show).chain(actions).collect::<Vec<_>>().join("\n\n"))
}

fn text(module: &Described) -> String {
    let mut text = format!("> MODULE {}\n", module.name);
    let page = module_pages::of(module.name);
    if let Some(about) = page.and_then(about) {
        text.push_str(&format!("\n  {about}\n"));
    }
    if !module.aliases.is_empty() {
        text.push_str(&format!("\n  Also called {}.\n", module.aliases.join(", ")));
    }
    text.push_str("\nOPTIONS (= indicates it is required):\n");
    push_options(&mut text, page, module.public_args(), "");
    text.push_str(&format!(
        "\nATTRIBUTES:\n\n        check_mode: {:?}\n        diff_mode: {}\n",
        module.check_mode, module.diff
    ));
    for (title, heading) in [("EXAMPLES", "Examples"), ("RETURN VALUES", "Returned")] {
        if let Some(section) = page.and_then(|page| section(page, heading)) {
            text.push_str(&format!("\n{title}:\n\n{section}\n"));
        }
    }
    text.trim_end().to_owned()
}

/// The words of a page about what has no table of arguments here: an action of the control node, or a module that this
/// build has not.
fn action(name: &str) -> Option<String> {
    let full = if name.contains('.') { name.to_owned() } else { format!("ansible.builtin.{name}") };
    let page = module_pages::of(&full)?;
    let kind = if full.starts_with("ansible.") { "ACTION" } else { "MODULE" };
    let mut text = format!("> {kind} {full}\n\n  {}\n", about(page)?);
    if kind == "MODULE" {
        text.push_str("\n  Not in this build: `cargo build --features aws` makes one that has it.\n");
    }
    for (title, heading) in [("OPTIONS", "Parameters"), ("EXAMPLES", "Examples"), ("RETURN VALUES", "Returned")] {
        if let Some(section) = section(page, heading) {
            text.push_str(&format!("\n{title}:\n\n{section}\n"));
        }
    }
    Some(text.trim_end().to_owned())
}

/// The paragraph below a page's title.
fn about(page: &'static str) -> Option<&'static str> {
    page.split("\n\n").nth(1)
}

/// What a page has below a heading, without the marks around it.
fn section(page: &str, heading: &str) -> Option<String> {
    let (_, rest) = page.split_once(&format!("\n## {heading}\n\n"))?;
    let text = rest.split_once("\n## ").map_or(rest, |(text, _)| text);
    let lines = text.lines().filter(|line| !line.starts_with("```") && !line.starts_with("|---") && !line.is_empty());
    Some(lines.map(plain).collect::<Vec<_>>().join("\n"))
}

/// A row of a table reads as text does.
fn plain(line: &str) -> String {
    let cells: Option<Vec<&str>> = line.strip_prefix("| ").map(|row| row.trim_end_matches('|').split(" | ").collect());
    match cells {
        Some(cells) => format!("- {}", cells.join("  ").replace('`', "").trim_end()),
        None => line.to_owned(),
    }
}

/// What the page's table of parameters says of one.
fn says(page: &'static str, parameter: &str) -> Option<&'static str> {
    let row = page
        .lines()
        .find(|line| line.strip_prefix("| `").is_some_and(|rest| rest.starts_with(&format!("{parameter}`"))))?;
    row.split(" | ").nth(1).map(str::trim).filter(|says| !says.is_empty())
}

fn push_options<'a>(text: &mut String, page: Option<&'static str>, args: impl Iterator<Item = &'a Arg>, within: &str) {
    let indent = " ".repeat(within.matches('.').count() * 8);
    let mut args: Vec<&Arg> = args.collect();
    args.sort_by_key(|arg| arg.name);
    for arg in args {
        let mark = if arg.required { '=' } else { '-' };
        text.push_str(&format!("\n{indent}{mark} {}\n", arg.name));
        let name = format!("{within}{}", arg.name);
        if let Some(says) = page.and_then(|page| says(page, &name)) {
            text.push_str(&format!("{indent}        {}\n", says.replace('`', "").replace("\\|", "|")));
        }
        let mut line = |name: &str, value: String| text.push_str(&format!("{indent}        {name}: {value}\n"));
        if !arg.aliases.is_empty() {
            line("aliases", format!("[{}]", arg.aliases.join(", ")));
        }
        if !arg.choices.is_empty() {
            line("choices", format!("[{}]", arg.choices.join(", ")));
        }
        if !arg.required {
            line("default", arg.default.unwrap_or("null").to_owned());
        }
        if let ArgKind::List(elements) = arg.kind {
            line("elements", elements.name().to_owned());
        }
        line("type", arg.kind.name().to_owned());
        push_options(text, page, arg.options.iter(), &format!("{name}."));
    }
}

fn snippet(module: &Described) -> String {
    let short = module.name.rsplit('.').next().unwrap_or(module.name);
    let mut args: Vec<&Arg> = module.public_args().collect();
    args.sort_by_key(|arg| (!arg.required, arg.name));
    let lines = args.into_iter().map(|arg| {
        let required = if arg.required { "(required) " } else { "" };
        format!("\n      {}:   # {required}{}", arg.name, arg.kind.name())
    });
    format!("- name: {short}\n  {}:{}", module.name, lines.collect::<String>())
}

fn as_json(module: &Described) -> Json {
    let page = module_pages::of(module.name);
    json!({
        "doc": {
            "module": module.name,
            "description": page.and_then(about).into_iter().collect::<Vec<_>>(),
            "aliases": module.aliases,
            "options": options_json(module.public_args()),
        },
        "examples": page.and_then(|page| section(page, "Examples")),
    })
}

fn options_json<'a>(args: impl Iterator<Item = &'a Arg>) -> Json {
    let option = |arg: &Arg| {
        let mut fields = Map::new();
        fields.insert("type".into(), json!(arg.kind.name()));
        fields.insert("required".into(), json!(arg.required));
        fields.insert("default".into(), json!(arg.default));
        if !arg.aliases.is_empty() {
            fields.insert("aliases".into(), json!(arg.aliases));
        }
        if !arg.choices.is_empty() {
            fields.insert("choices".into(), json!(arg.choices));
        }
        if let ArgKind::List(elements) = arg.kind {
            fields.insert("elements".into(), json!(elements.name()));
        }
        if !arg.options.is_empty() {
            fields.insert("suboptions".into(), options_json(arg.options.iter()));
        }
        (arg.name.to_owned(), Json::Object(fields))
    };
    Json::Object(args.map(option).collect())
}

fn pretty(map: &Map<String, Json>) -> String {
    serde_json::to_string_pretty(map).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_described_by_their_pages() {
        let text = text(&Described::find("copy").unwrap());
        for part in [
            "> MODULE ansible.builtin.copy",
            "EXAMPLES:",
            "  ansible.builtin.copy:",
            "RETURN VALUES:",
            "- dest  str",
            "Path on the host.",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(!text.contains("```") && !text.contains("|---"));
    }

    #[test]
    fn actions_are_described_by_their_pages() {
        let text = action("template").unwrap();
        assert!(text.contains("- validate  Command") && text.contains("  ansible.builtin.template:"), "{text}");
        assert_eq!(action("nosuch"), None);
        let text = action("amazon.aws.ec2_vol").unwrap();
        assert!(text.contains("> MODULE amazon.aws.ec2_vol") && text.contains("--features aws"), "{text}");
    }

    #[test]
    fn every_module_has_a_page() {
        let public = kapell_modules::all().filter(|module| !module.name.starts_with("kapell."));
        let without: Vec<&str> =
            public.map(|module| module.name).filter(|name| module_pages::of(name).is_none()).collect();
        assert!(without.is_empty(), "run `cargo xtask docs`: {without:?}");
    }
}
