//! `gather_subset`: which collectors run.

use std::collections::BTreeSet;

use super::collector::{COLLECTORS, Collector};
use crate::ModuleError;

/// The names of the collectors that `wanted` stands for, with those they need.
pub(super) fn choose(wanted: &[String]) -> Result<BTreeSet<&'static str>, ModuleError> {
    let minimal: BTreeSet<&str> = COLLECTORS.iter().filter(|one| one.minimal).map(|one| one.name).collect();
    let every: BTreeSet<&str> = COLLECTORS.iter().map(|one| one.name).collect();
    let (mut chosen, mut excluded, mut explicit) = (minimal.clone(), BTreeSet::new(), BTreeSet::new());
    let mut no_minimum = false;
    for word in wanted {
        let (negated, name) = word.strip_prefix('!').map_or((false, word.as_str()), |name| (true, name));
        match (name, negated) {
            ("all", false) => chosen.extend(&every),
            ("all", true) => excluded.extend(every.difference(&minimal)),
            ("min", false) => chosen.extend(&minimal),
            ("min", true) => no_minimum = true,
            // What there is not is left out anyway.
            (_, true) => excluded.extend(find(name).map(|collector| collector.name)),
            (_, false) => _ = explicit.insert(find(name).ok_or_else(|| bad_subset(name))?.name),
        }
    }
    if no_minimum {
        // Where everything was asked for, each fact of a collector was, by its own name.
        let everything = wanted.iter().any(|word| word == "all");
        let by_fact = |one: &&Collector| everything && !one.aliases.is_empty();
        excluded.extend(COLLECTORS.iter().filter(|one| one.minimal && !by_fact(one)).map(|one| one.name));
    }
    let mut chosen: BTreeSet<&str> = chosen.difference(&excluded).copied().collect();
    chosen.extend(explicit);
    let needed = COLLECTORS.iter().filter(|one| chosen.contains(one.name)).flat_map(|one| one.needs);
    Ok(needed.copied().chain(chosen.iter().copied()).collect())
}

fn find(name: &str) -> Option<&'static Collector> {
    COLLECTORS.iter().find(|collector| collector.name == name || collector.aliases.contains(&name))
}

fn bad_subset(name: &str) -> ModuleError {
    let names = COLLECTORS.iter().flat_map(|collector| collector.aliases.iter().chain([&collector.name]));
    let names: BTreeSet<&str> = names.copied().chain(["all"]).collect();
    let names = names.into_iter().collect::<Vec<_>>().join(", ");
    ModuleError::failed(format!("Bad subset '{name}' given to Ansible. gather_subset options allowed: {names}"))
}

#[cfg(test)]
mod tests {
    use super::choose;

    fn chosen(words: &[&str]) -> Vec<&'static str> {
        let words: Vec<String> = words.iter().map(ToString::to_string).collect();
        choose(&words).unwrap().into_iter().collect()
    }

    #[test]
    fn subsets_mean_what_was_measured() {
        assert!(chosen(&["all"]).contains(&"network") && chosen(&["all"]).contains(&"local"));
        let minimal = chosen(&["!all"]);
        assert!(minimal.contains(&"distribution") && !minimal.contains(&"network"));
        assert_eq!(chosen(&["min"]), minimal);
        // Excluding something does not bring in the rest.
        assert_eq!(chosen(&["!hardware"]), minimal);
        assert_eq!(chosen(&["!nosuch"]), minimal);
        assert_eq!(chosen(&["!all", "!min"]), [""; 0]);
        assert_eq!(chosen(&["!all", "!min", "pkg_mgr"]), ["distribution", "pkg_mgr"]);
        assert_eq!(chosen(&["!all", "!min", "mounts"]), ["hardware", "platform"]);
        assert!(chosen(&["network", "!all"]).contains(&"network"));
        assert_eq!(chosen(&["!network", "network", "!all", "!min"]), ["distribution", "network", "platform"]);
        assert!(!chosen(&["all", "!hardware"]).contains(&"hardware"));
        let rest = chosen(&["all", "!min"]);
        assert!(rest.contains(&"user") && rest.contains(&"caps") && !rest.contains(&"env"));
        assert!(choose(&["bad".to_owned()]).is_err());
    }
}
