//! Which hosts a `HostPattern` stands for, and in which order.

use kapell_parsing::Diagnostic;

use crate::Inventory;
use crate::host_set::HostSet;
use crate::inventory::{GroupId, HostId, LOCALHOST_NAMES};
use crate::pattern::{HostPattern, Matcher, Operation, Subscript, Term};
use kapell_config::PatternMismatch;

impl Inventory {
    /// The names of the hosts that `pattern` stands for, without those that `limit` leaves out, in inventory order within
    /// each term. A localhost that is in no source is meant only where it is named, in `limit` too.
    /// The cost is that of the hosts touched: many exact names are as cheap as one group of them.
    pub fn select(
        &self,
        pattern: &HostPattern,
        limit: Option<&HostPattern>,
        warnings: &mut Vec<Diagnostic>,
    ) -> Result<Vec<String>, Diagnostic> {
        Ok(self.names_of(pattern, limit, warnings)?.into_iter().map(str::to_owned).collect())
    }

    /// The same without copies of the names, for as long as the inventory stays as it is.
    pub fn names_of(
        &self,
        pattern: &HostPattern,
        limit: Option<&HostPattern>,
        warnings: &mut Vec<Diagnostic>,
    ) -> Result<Vec<&str>, Diagnostic> {
        if pattern.nobody {
            return Ok(Vec::new());
        }
        let mut hosts = self.evaluate(pattern, warnings)?;
        if let Some(limit) = limit.filter(|limit| !limit.terms.is_empty()) {
            let allowed = self.evaluate(limit, warnings)?;
            hosts = hosts.filtered(|id| allowed.contains(id));
        }
        let localhost = |term: &Term| LOCALHOST_NAMES.into_iter().find(|name| *name == term.name);
        let implicit = pattern.terms.iter().find_map(localhost);
        let name_of = |id: HostId| match id {
            HostId::IMPLICIT => implicit.unwrap_or("localhost"),
            id => &self.host_at(id).name,
        };
        Ok(hosts.iter().map(name_of).collect())
    }

    fn evaluate(&self, pattern: &HostPattern, warnings: &mut Vec<Diagnostic>) -> Result<HostSet, Diagnostic> {
        let adds = pattern.terms.iter().any(|term| term.operation == Operation::Add);
        let mut hosts = if adds { HostSet::default() } else { self.host_ids_of(GroupId::ALL) };
        let mut excluded = HostSet::default();
        for term in &pattern.terms {
            match (term.operation, self.hosts.get_index_of(term.text.as_str())) {
                (Operation::Add, Some(index)) => hosts.insert(HostId(index as u32)),
                (Operation::Add, None) => hosts.extend(self.hosts_of_term(term, warnings)?.iter()),
                (Operation::Intersect, _) => {
                    let common = self.hosts_of_term(term, warnings)?;
                    hosts = hosts.filtered(|id| common.contains(id));
                }
                (Operation::Exclude, _) => excluded.extend(self.hosts_of_term(term, warnings)?.iter()),
            }
        }
        Ok(if excluded.is_empty() { hosts } else { hosts.filtered(|id| !excluded.contains(id)) })
    }

    /// Groups of that name come before hosts of that name; hosts come in where no group matched, or for patterns that
    /// could mean either. A subscript counts a host as often as it was matched, as Ansible has it.
    fn hosts_of_term(&self, term: &Term, warnings: &mut Vec<Diagnostic>) -> Result<HostSet, Diagnostic> {
        let groups = self.groups_matching(term);
        let mut hosts: Vec<HostId> = Vec::new();
        for group in &groups {
            hosts.extend(self.host_ids_of(*group).iter());
        }
        if groups.is_empty() || term.matches_hosts_too() {
            hosts.extend(self.named_hosts_matching(term));
        }
        if hosts.is_empty() && LOCALHOST_NAMES.contains(&term.name.as_str()) {
            hosts.push(self.localhost.unwrap_or(HostId::IMPLICIT));
        }
        if hosts.is_empty() && groups.is_empty() {
            self.report_mismatch(&term.name, warnings)?;
        }
        Ok(subscripted(&hosts, term, warnings)?.iter().copied().collect())
    }

    fn groups_matching(&self, term: &Term) -> Vec<GroupId> {
        match &term.matcher {
            Matcher::Exact => {
                self.groups.get_index_of(&term.name).map(|index| GroupId(index as u32)).into_iter().collect()
            }
            matcher @ Matcher::Regex(_) => {
                let names = self.groups.keys().enumerate();
                names.filter(|(_, name)| matcher.matches(name)).map(|(index, _)| GroupId(index as u32)).collect()
            }
        }
    }

    fn named_hosts_matching(&self, term: &Term) -> Vec<HostId> {
        let id = |index: usize| HostId(index as u32);
        match &term.matcher {
            Matcher::Exact => self.hosts.get_index_of(term.name.as_str()).map(id).into_iter().collect(),
            matcher @ Matcher::Regex(_) => {
                let names = self.hosts.iter().map(|host| host.name.as_str()).enumerate();
                names.filter(|(_, name)| matcher.matches(name)).map(|(index, _)| id(index)).collect()
            }
        }
    }

    fn report_mismatch(&self, name: &str, warnings: &mut Vec<Diagnostic>) -> Result<(), Diagnostic> {
        let message = format!("Could not match supplied host pattern, ignoring: {name}");
        match self.policy.mismatch {
            PatternMismatch::Ignore => {}
            PatternMismatch::Warning => warnings.push(Diagnostic::warning(message)),
            PatternMismatch::Error => return Err(Diagnostic::error(message)),
        }
        Ok(())
    }
}

fn subscripted<'a>(
    hosts: &'a [HostId],
    term: &Term,
    warnings: &mut Vec<Diagnostic>,
) -> Result<&'a [HostId], Diagnostic> {
    let Some(subscript) = term.subscript else { return Ok(hosts) };
    if term.has_dash_subscript() {
        let message = format!("the host pattern '{}' has a subscript with a dash", term.text);
        warnings.push(Diagnostic::warning(message).hint("write [x:y]; the end is included"));
    }
    let part = subscript.apply(hosts);
    if part.is_empty() && !hosts.is_empty() && matches!(subscript, Subscript::One(_)) {
        return Err(Diagnostic::error(format!("No hosts matched the subscripted pattern '{}'", term.text)));
    }
    Ok(part)
}
