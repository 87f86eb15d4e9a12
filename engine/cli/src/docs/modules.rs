//! Modules as the tables that check their arguments have them, with the words of their pages.

use kapell_executor::controller_module::ControllerModule;
use kapell_modules::{Arg, ArgKind, Module, Support};
use serde_json::{Map, Value as Json, json};

use crate::{cloud, module_pages};

/// What is shown of a module, wherever it runs.
pub(crate) struct Described {
    pub name: &'static str,
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
    pub(crate) fn find(name: &str) -> Option<Self> {
        let native = kapell_modules::find(name).map(Self::from);
        native.or_else(|| cloud::EXTENSION.module(name).map(Self::from))
    }

    pub(crate) fn names() -> impl Iterator<Item = &'static str> {
        let native = kapell_modules::all().map(|module| module.name);
        native.chain(cloud::EXTENSION.modules.iter().map(|module| module.name))
    }

    /// Those for people; others are between the two halves of a module.
    fn public_args(&self) -> impl Iterator<Item = &'static Arg> {
        self.args.iter().copied().filter(|arg| !arg.name.starts_with('_'))
    }
}

pub(crate) fn text(module: &Described) -> String {
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
pub(crate) fn action(name: &str) -> Option<String> {
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

/// The same as data.
pub(crate) fn action_json(name: &str) -> Option<Json> {
    let full = if name.contains('.') { name.to_owned() } else { format!("ansible.builtin.{name}") };
    let page = module_pages::of(&full)?;
    let (collection, short) = full.rsplit_once('.')?;
    Some(json!({
        "doc": {
            "collection": collection,
            "description": [about(page)?],
            "has_action": true,
            "module": short,
            "plugin_name": full,
            "short_description": short_description(&full),
        },
        "examples": section(page, "Examples"),
        "metadata": null,
        "return": returned(Some(page)),
    }))
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

pub(crate) fn snippet(module: &Described) -> String {
    let short = module.name.rsplit('.').next().unwrap_or(module.name);
    let mut args: Vec<&Arg> = module.public_args().collect();
    args.sort_by_key(|arg| (!arg.required, arg.name));
    let lines = args.into_iter().map(|arg| {
        let required = if arg.required { "(required) " } else { "" };
        format!("\n      {}:   # {required}{}", arg.name, arg.kind.name())
    });
    format!("- name: {short}\n  {}:{}", module.name, lines.collect::<String>())
}

/// The first sentence of a module's page.
pub(crate) fn short_description(name: &str) -> String {
    let about = module_pages::of(name).and_then(about).unwrap_or_default();
    let sentence = about.split_once(". ").map_or(about, |(first, _)| first);
    sentence.replace('\n', " ").trim_end_matches('.').to_owned()
}

pub(crate) fn as_json(module: &Described) -> Json {
    let page = module_pages::of(module.name);
    let (collection, short) = module.name.rsplit_once('.').unwrap_or_default();
    json!({
        "doc": {
            "aliases": module.aliases,
            "attributes": {
                "check_mode": {"support": support(module.check_mode)},
                "diff_mode": {"support": if module.diff { "full" } else { "none" }},
            },
            "collection": collection,
            "description": page.and_then(about).into_iter().collect::<Vec<_>>(),
            "has_action": false,
            "module": short,
            "options": options_json(page, module.public_args(), ""),
            "plugin_name": module.name,
            "short_description": short_description(module.name),
        },
        "examples": page.and_then(|page| section(page, "Examples")),
        "metadata": null,
        "return": returned(page),
    })
}

fn support(support: Support) -> &'static str {
    match support {
        Support::Full => "full",
        Support::Partial => "partial",
        Support::None => "none",
    }
}

/// The rows of a page's table of what is returned.
fn returned(page: Option<&'static str>) -> Json {
    let section = page.and_then(|page| page.split_once("\n## Returned\n")).map(|(_, rest)| rest).unwrap_or_default();
    let rows = section.lines().take_while(|line| !line.starts_with("## ")).filter_map(|line| {
        let mut cells = line.strip_prefix("| `")?.split(" | ");
        let name = cells.next()?.trim_end_matches('`').to_owned();
        let kind = cells.next()?.trim().to_owned();
        let sample = cells.next().unwrap_or_default().trim().trim_end_matches(" |").trim_matches('`').trim();
        Some((name, json!({"type": kind, "sample": sample})))
    });
    Json::Object(rows.collect())
}

fn options_json<'a>(page: Option<&'static str>, args: impl Iterator<Item = &'a Arg>, within: &str) -> Json {
    let option = |arg: &Arg| {
        let mut fields = Map::new();
        let name = format!("{within}{}", arg.name);
        let says = page.and_then(|page| says(page, &name)).map(|says| says.replace("\\|", "|"));
        fields.insert("description".into(), json!(says.into_iter().collect::<Vec<_>>()));
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
            fields.insert("suboptions".into(), options_json(page, arg.options.iter(), &format!("{name}.")));
        }
        (arg.name.to_owned(), Json::Object(fields))
    };
    Json::Object(args.map(option).collect())
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
