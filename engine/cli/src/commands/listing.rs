//! `--list-hosts`, `--list-tasks`, `--list-tags` and `--syntax-check`.

use anyhow::Result;
use kapell_callback::Display;
use kapell_executor::play_setup::title_of_hosts;
use kapell_executor::play_variables::PlayVariables;
use kapell_executor::static_names::render_static;
use kapell_inventory::HostPattern;
use kapell_parsing::{Diagnostic, Map, Text, Value};
use kapell_playbook::listing::{self, PlayListing};
use kapell_playbook::{Play, Scope, Task};
use kapell_template::{Templar, TemplarOptions};

use crate::args::{ListingArgs, PlaybookArgs};
use crate::commands::playbook::{Prepared, tag_filter};
use crate::exit_code::Exit;
use crate::refusal::{Refusal, tell};

pub(crate) fn is_wanted(args: &ListingArgs) -> bool {
    args.syntax_check || args.list_hosts || args.list_tasks || args.list_tags
}

/// Prints what was asked for, as ansible-playbook lays it out, below what there is to say of it.
pub(crate) fn show(args: &PlaybookArgs, prepared: &Prepared, mut warnings: Vec<Diagnostic>) -> Result<Exit, Refusal> {
    let display = Display::new(prepared.settings.nocolor, prepared.settings.force_color);
    let wanted = &args.listing;
    let filter = tag_filter(args, &prepared.settings);
    // Tags are listed to choose from: without a choice nothing is left out, not even `never`.
    let everything = wanted.list_tags && filter.only.is_empty() && filter.skip.is_empty();
    let selected = |_: &Task, tags: &[String]| everything || filter.selects(tags);
    let templar = Templar::new(TemplarOptions::default());
    let tags = |scope: &Scope| rendered_tags(&templar, scope, &prepared.extra_vars);
    let mut text = Vec::new();
    for (playbook, path) in prepared.playbooks.iter().zip(&args.playbooks) {
        let mut lines = format!("\nplaybook: {}", path.display());
        let listed = listing::list(playbook, &tags, &selected);
        for (play, mut listed) in playbook.plays.iter().zip(listed) {
            check_prompts(play, &templar, prepared)?;
            let hosts = rendered_for(play, &templar, prepared, &play.hosts).map_err(Refusal::content)?;
            let selected = selected_hosts(&hosts, prepared, &mut warnings).map_err(Refusal::content)?;
            if wanted.syntax_check {
                continue;
            }
            listed.hosts = joined(&hosts);
            listed.title = match play.name.as_ref().filter(|name| !name.is_empty()) {
                Some(name) => {
                    let name = rendered_for(play, &templar, prepared, &Value::Str(name.clone()));
                    name.map_err(Refusal::content)?.to_string()
                }
                None => title_of_hosts(&play.hosts, &hosts),
            };
            add_play(&mut lines, &hosts, &selected, &listed, wanted);
        }
        text.push(lines);
    }
    tell(&display, &warnings);
    for lines in text {
        // Without a copy: there may be hundreds of thousands of hosts.
        display.out_in_pieces(|sink| {
            sink(&lines);
            Ok::<(), Diagnostic>(())
        })?;
    }
    Ok(Exit::Ok)
}

/// Nobody is asked anything, but the questions have to make sense.
fn check_prompts(play: &Play, templar: &Templar, prepared: &Prepared) -> Result<(), Diagnostic> {
    for question in play.vars_prompt.as_list().unwrap_or_default().iter().filter_map(Value::as_map) {
        for text in ["prompt", "default"].iter().filter_map(|part| question.get(*part)) {
            rendered_for(play, templar, prepared, text)?;
        }
    }
    Ok(())
}

fn selected_hosts<'a>(
    patterns: &Value,
    prepared: &'a Prepared,
    warnings: &mut Vec<Diagnostic>,
) -> Result<Vec<&'a str>, Diagnostic> {
    let mut found = Vec::new();
    let pattern = HostPattern::from_value(patterns)?;
    let hosts = prepared.inventory.names_of(&pattern, prepared.limit.as_ref(), &mut found)?;
    for warning in found {
        if warnings.iter().all(|known| known.message != warning.message) {
            warnings.push(warning);
        }
    }
    Ok(hosts)
}

/// Tags with their templates rendered; one that needs a host's variables stays as it is written.
fn rendered_tags(templar: &Templar, scope: &Scope, extra_vars: &Map) -> Vec<String> {
    let render = |tag: Text| match render_static(templar, &Value::Str(tag.clone()), scope, extra_vars) {
        Ok(Value::List(tags)) => tags.iter().map(Value::to_string).collect(),
        Ok(rendered) => rendered.to_string().split(',').map(|tag| tag.trim().to_owned()).collect(),
        Err(_) => vec![tag.to_string()],
    };
    scope.tags().into_iter().flat_map(render).collect::<Vec<String>>()
}

/// What a play says of itself, with its own and the extra variables and the inventory's groups.
fn rendered_for(play: &Play, templar: &Templar, prepared: &Prepared, written: &Value) -> Result<Value, Diagnostic> {
    let is_template = |value: &Value| value.as_text().is_some_and(Text::is_template);
    if !is_template(written) && !written.as_list().is_some_and(|items| items.iter().any(is_template)) {
        return Ok(written.clone());
    }
    let mut known = PlayVariables::of_listed(play, &prepared.settings, &prepared.vault)?;
    known.extend(prepared.extra_vars.iter().map(|(key, value)| (key.clone(), value.clone())));
    known.insert("groups".into(), Value::map(prepared.inventory.groups_map()));
    render_static(templar, written, &play.scope, &known)
}

fn joined(hosts: &Value) -> String {
    match hosts {
        Value::Null | Value::Undefined(_) => String::new(),
        Value::List(hosts) => hosts.iter().map(Value::to_string).collect::<Vec<_>>().join(","),
        hosts => hosts.to_string(),
    }
}

/// Hosts may be very many: what is said of them is written once.
fn add_play(text: &mut String, patterns: &Value, hosts: &[&str], listed: &PlayListing, wanted: &ListingArgs) {
    text.push_str(&format!("\n\n{}", listed.header()));
    if wanted.list_hosts {
        add_hosts(text, patterns, hosts);
    }
    if wanted.list_tasks {
        text.push_str(&format!("\n{}", listed.tasks_text().trim_end_matches('\n')));
    }
    if wanted.list_tags {
        text.push_str(&format!("\n{}", listed.tags_text().trim_end_matches('\n')));
    }
}

fn patterns_text(patterns: &[Value]) -> String {
    let quoted: Vec<String> = patterns.iter().map(|pattern| format!("'{pattern}'")).collect();
    format!("[{}]", quoted.join(", "))
}

const INDENT: &str = "\n      ";

fn add_hosts(text: &mut String, patterns: &Value, hosts: &[&str]) {
    let pattern = match patterns {
        Value::Null | Value::Undefined(_) => "None".to_owned(),
        Value::List(items) => patterns_text(items),
        one => patterns_text(std::slice::from_ref(one)),
    };
    text.push_str(&format!("\n    pattern: {pattern}\n    hosts ({}):", hosts.len()));
    text.reserve(hosts.iter().map(|host| host.len() + INDENT.len()).sum());
    for host in hosts {
        text.extend([INDENT, host]);
    }
}
