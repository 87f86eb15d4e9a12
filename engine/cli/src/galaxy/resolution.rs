//! Which version of which collection: every requirement holds, dependencies too, the highest versions that do.

use std::collections::BTreeMap;

use super::collection_source::Candidate;
use super::version::{self, Constraint};

/// What a name must fulfil, and who says so.
#[derive(Clone, Debug)]
pub(crate) struct Wish {
    pub constraint: Constraint,
    /// `ns.name:1.0.0`, nobody for a direct request.
    pub by: Option<String>,
}

/// Finds candidates by name.
pub(crate) trait Provider {
    /// Versions there are, the best first.
    fn versions(&mut self, name: &str) -> Result<Vec<String>, String>;
    fn candidate(&mut self, name: &str, version: &str) -> Result<Option<Candidate>, String>;
}

#[derive(Clone, Copy)]
pub(crate) struct Rules {
    pub prereleases: bool,
    pub dependencies: bool,
}

/// Most steps back before giving up.
const MOST_STEPS: usize = 20_000;

/// The chosen ones, in the order in which they were first asked for. The error tells what could not be fulfilled.
pub(crate) fn resolve(
    wishes: Vec<(String, Wish)>,
    provider: &mut dyn Provider,
    rules: Rules,
) -> Result<Vec<Candidate>, String> {
    let mut search = Search { provider, rules, steps: 0, failure: None };
    let mut open = Open::default();
    wishes.into_iter().for_each(|(name, wish)| open.add(&name, wish));
    match search.complete(&open, &BTreeMap::new())? {
        Some((order, mut chosen)) => Ok(order.iter().filter_map(|name| chosen.remove(name)).collect()),
        None => Err(search.failure.unwrap_or_else(|| "the requirements cannot be fulfilled".into())),
    }
}

/// Names in the order of their asking, with all that is asked of each.
#[derive(Clone, Default)]
struct Open {
    order: Vec<String>,
    wishes: BTreeMap<String, Vec<Wish>>,
}

impl Open {
    fn add(&mut self, name: &str, wish: Wish) {
        if !self.wishes.contains_key(name) {
            self.order.push(name.to_owned());
        }
        self.wishes.entry(name.to_owned()).or_default().push(wish);
    }
}

type Chosen = BTreeMap<String, Candidate>;

struct Search<'p> {
    provider: &'p mut dyn Provider,
    rules: Rules,
    steps: usize,
    /// The first reason found.
    failure: Option<String>,
}

impl Search<'_> {
    fn complete(&mut self, open: &Open, chosen: &Chosen) -> Result<Option<(Vec<String>, Chosen)>, String> {
        let Some(name) = open.order.iter().find(|name| !chosen.contains_key(*name)) else {
            return Ok(Some((open.order.clone(), chosen.clone())));
        };
        let wishes = &open.wishes[name];
        let mut is_any = false;
        for version in self.provider.versions(name)? {
            if !self.is_allowed(&version, wishes) {
                continue;
            }
            self.steps += 1;
            if self.steps > MOST_STEPS {
                return Err("the requirements of the collections are too tangled to be resolved".into());
            }
            let Some(candidate) = self.provider.candidate(name, &version)? else { continue };
            is_any = true;
            let mut next = open.clone();
            let by = format!("{name}:{version}");
            if self.rules.dependencies {
                for (dependency, constraint) in &candidate.dependencies {
                    next.add(dependency, Wish { constraint: constraint.clone(), by: Some(by.clone()) });
                }
            }
            let broken = next.wishes.iter().find(|(name, wishes)| {
                chosen.get(*name).is_some_and(|candidate| !self.is_allowed(&candidate.version, wishes))
            });
            if let Some((name, wishes)) = broken {
                self.fail(name, wishes);
                continue;
            }
            let mut with = chosen.clone();
            with.insert(name.clone(), candidate);
            if let Some(found) = self.complete(&next, &with)? {
                return Ok(Some(found));
            }
        }
        if !is_any {
            self.fail(name, wishes);
        }
        Ok(None)
    }

    fn is_allowed(&self, version: &str, wishes: &[Wish]) -> bool {
        let asked =
            wishes.iter().any(|wish| wish.constraint.names_prerelease() || wish.constraint.exact() == Some(version));
        wishes.iter().all(|wish| wish.constraint.allows(version))
            && (self.rules.prereleases || asked || !version::is_prerelease(version))
    }

    fn fail(&mut self, name: &str, wishes: &[Wish]) {
        let lines = wishes.iter().map(|wish| match &wish.by {
            Some(by) => format!("\n* {name}:{} (dependency of {by})", wish.constraint),
            None => format!("\n* {name}:{} (direct request)", wish.constraint),
        });
        let lines: String = lines.collect();
        let hint = "\nHint: Pre-releases hosted on Galaxy or Automation Hub are not installed by default unless a specific \
                    version is requested. To enable pre-releases globally, use --pre.";
        self.failure.get_or_insert_with(|| {
            format!(
                "Failed to resolve the requested dependencies map. Could not satisfy the following requirements:{lines}{hint}"
            )
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::collection_source::Content;
    use super::*;

    /// Name, version, dependencies.
    type Offer = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

    struct Shelf(&'static [Offer]);

    impl Provider for Shelf {
        fn versions(&mut self, name: &str) -> Result<Vec<String>, String> {
            let mut versions: Vec<String> =
                self.0.iter().filter(|(own, ..)| *own == name).map(|(_, version, _)| (*version).to_owned()).collect();
            version::sort_highest_first(&mut versions);
            Ok(versions)
        }

        fn candidate(&mut self, name: &str, version: &str) -> Result<Option<Candidate>, String> {
            let found = self.0.iter().find(|(own, its, _)| *own == name && *its == version);
            Ok(found.map(|(name, version, needs)| Candidate {
                full_name: (*name).to_owned(),
                version: (*version).to_owned(),
                dependencies: needs.iter().map(|(name, c)| ((*name).to_owned(), Constraint::parse(c))).collect(),
                content: Content::Installed,
            }))
        }
    }

    fn resolved(shelf: Shelf, wishes: &[(&str, &str)], pre: bool) -> Result<String, String> {
        let mut shelf = shelf;
        let wishes = wishes.iter().map(|(name, constraint)| {
            ((*name).to_owned(), Wish { constraint: Constraint::parse(constraint), by: None })
        });
        let rules = Rules { prereleases: pre, dependencies: true };
        let found = resolve(wishes.collect(), &mut shelf, rules)?;
        Ok(found.iter().map(|c| format!("{}:{}", c.full_name, c.version)).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn the_highest_versions_that_fit_together() {
        let shelf = || {
            Shelf(&[
                ("a.a", "1.0.0", &[("b.b", ">=1.0.0")]),
                ("a.a", "2.0.0", &[("b.b", ">=2.0.0"), ("c.c", "*")]),
                ("b.b", "1.0.0", &[]),
                ("b.b", "2.1.0", &[]),
                ("c.c", "1.0.0", &[("b.b", "<2.0.0")]),
                ("c.c", "1.1.0-rc1", &[]),
            ])
        };
        assert_eq!(resolved(shelf(), &[("a.a", "*")], false).unwrap(), "a.a:1.0.0 b.b:2.1.0");
        assert_eq!(resolved(shelf(), &[("a.a", "*")], true).unwrap(), "a.a:2.0.0 b.b:2.1.0 c.c:1.1.0-rc1");
        assert_eq!(resolved(shelf(), &[("c.c", "1.1.0-rc1")], false).unwrap(), "c.c:1.1.0-rc1");
        let error = resolved(shelf(), &[("a.a", ">=2.0.0")], false).unwrap_err();
        assert!(error.contains("(dependency of "), "{error}");
        assert!(resolved(shelf(), &[("no.pe", "*")], false).unwrap_err().contains("* no.pe:* (direct request)"));
    }
}
