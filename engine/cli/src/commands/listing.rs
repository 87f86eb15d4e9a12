//! `--list-hosts`, `--list-tasks`, `--list-tags` and `--syntax-check`.

use anyhow::Result;
use kapell_callback::{Color, Display};
use kapell_inventory::HostPattern;
use kapell_parsing::{Diagnostic, Value};
use kapell_playbook::{Play, listing};

use crate::args::{ListingArgs, PlaybookArgs};
use crate::commands::playbook::{Prepared, tag_filter};
use crate::exit_code::Exit;

pub fn is_wanted(args: &ListingArgs) -> bool {
    args.syntax_check || args.list_hosts || args.list_tasks || args.list_tags
}

/// Prints what was asked for, as ansible-playbook lays it out.
pub fn show(args: &PlaybookArgs, prepared: &Prepared) -> Result<Exit, Diagnostic> {
    let display = Display::new(prepared.settings.nocolor, prepared.settings.force_color);
    for playbook in &prepared.playbooks {
        let mut text = format!("\nplaybook: {}", playbook.path.display());
        if !args.listing.syntax_check || args.listing.list_hosts || args.listing.list_tasks || args.listing.list_tags {
            for (index, play) in playbook.plays.iter().enumerate() {
                text.push_str(&play_text(index + 1, play, args, prepared)?);
            }
        }
        display.out(&text, Color::Plain);
    }
    Ok(Exit::Ok)
}

fn play_text(number: usize, play: &Play, args: &PlaybookArgs, prepared: &Prepared) -> Result<String, Diagnostic> {
    let patterns = patterns(&play.hosts);
    let tags = play.scope.tags().iter().map(ToString::to_string).collect::<Vec<_>>();
    let mut text =
        format!("\n\n  play #{number} ({}): {}\tTAGS: [{}]", patterns.join(","), play.title(), tags.join(","));
    if args.listing.list_hosts {
        text.push_str(&hosts_text(&patterns, prepared)?);
    }
    let filter = tag_filter(args, &prepared.settings);
    let listed = listing::tasks(play, &|tags| filter.selects(tags));
    if args.listing.list_tasks {
        text.push_str("\n    tasks:");
        for task in &listed {
            text.push_str(&format!("\n      {}\tTAGS: [{}]", task.name, task.tags.join(", ")));
        }
    }
    if args.listing.list_tags {
        let mut all: Vec<&str> = listed.iter().flat_map(|task| &task.tags).map(String::as_str).collect();
        all.sort_unstable();
        all.dedup();
        text.push_str(&format!("\n      TASK TAGS: [{}]", all.join(", ")));
    }
    Ok(text)
}

fn patterns(hosts: &Value) -> Vec<String> {
    match hosts {
        Value::List(items) => items.iter().map(Value::to_string).collect(),
        other => vec![other.to_string()],
    }
}

fn hosts_text(patterns: &[String], prepared: &Prepared) -> Result<String, Diagnostic> {
    let pattern = HostPattern::parse(patterns.iter().map(String::as_str))?;
    let hosts = prepared.inventory.select(&pattern, prepared.limit.as_ref(), &mut Vec::new())?;
    let quoted: Vec<String> = patterns.iter().map(|pattern| format!("'{pattern}'")).collect();
    let mut text = format!("\n    pattern: [{}]\n    hosts ({}):", quoted.join(", "), hosts.len());
    for host in hosts {
        text.push_str(&format!("\n      {host}"));
    }
    Ok(text)
}
