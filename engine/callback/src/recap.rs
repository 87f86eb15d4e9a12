//! The recap: one line a host, or for all hosts with the same counts.

use indexmap::IndexMap;

use kapell_executor::{HostStats, Stats};

use crate::banner::banner;
use crate::folded::counted;
use crate::{Color, Display};

pub(crate) fn show(display: &Display, stats: &Stats, fold: bool) {
    display.out(&banner("PLAY RECAP", display.columns()), Color::Plain);
    let mut hosts: Vec<(&String, &HostStats)> = stats.hosts.iter().collect();
    hosts.sort_by_key(|(name, _)| name.as_str());
    let lines = if fold {
        folded(display, &hosts)
    } else {
        hosts.iter().map(|(name, counts)| line(display, name, counts)).collect()
    };
    lines.iter().for_each(|line| display.out(line, Color::Plain));
    display.out("", Color::Plain);
}

fn folded(display: &Display, hosts: &[(&String, &HostStats)]) -> Vec<String> {
    let mut groups: IndexMap<String, (Vec<String>, &HostStats)> = IndexMap::new();
    for (name, counts) in hosts {
        groups.entry(line(display, "", counts)).or_insert_with(|| (Vec::new(), *counts)).0.push((*name).clone());
    }
    groups.into_values().map(|(names, counts)| line(display, &counted(names), counts)).collect()
}

fn line(display: &Display, name: &str, counts: &HostStats) -> String {
    let color = if counts.failed > 0 || counts.unreachable > 0 {
        Color::Failed
    } else if counts.changed > 0 {
        Color::Changed
    } else {
        Color::Ok
    };
    let padded = format!("{name:<26}");
    let name =
        if display.colored { format!("{}{}", display.paint(name, color), &padded[name.len()..]) } else { padded };
    let columns = [
        ("ok", counts.ok, Color::Ok),
        ("changed", counts.changed, Color::Changed),
        ("unreachable", counts.unreachable, Color::Unreachable),
        ("failed", counts.failed, Color::Failed),
        ("skipped", counts.skipped, Color::Skipped),
        ("rescued", counts.rescued, Color::Ok),
        ("ignored", counts.ignored, Color::Warning),
    ];
    let cells = columns.iter().map(|(word, count, color)| {
        let cell = format!("{word}={count:<4}");
        if *count > 0 { display.paint(&cell, *color) } else { cell }
    });
    format!("{name} : {}", cells.collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_laid_out_as_ansible_playbook_lays_it_out() {
        let mut display = Display::new(true, false);
        display.colored = false;
        let counts = HostStats { ok: 13, changed: 2, failed: 1, ..HostStats::default() };
        let expected = "web1                       : ok=13   changed=2    unreachable=0    failed=1    skipped=0    rescued=0    ignored=0   ";
        assert_eq!(line(&display, "web1", &counts), expected);
    }
}
