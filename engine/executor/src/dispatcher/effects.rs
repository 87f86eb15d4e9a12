//! What a result changes beyond itself: variables, facts, inventory, statistics, notifications.

use kapell_parsing::{Diagnostic, Key, Map, Value};

use super::Dispatcher;
use crate::action::Effects;
use crate::handlers::notified;
use crate::refused_facts::is_refused;
use crate::run_state::InventoryChange;
use crate::{Event, fact_cache};

impl Dispatcher<'_> {
    /// Variables, facts, inventory and notifications.
    pub(super) fn apply(&mut self, host: &str, affected: &[String], effects: Effects) -> Result<(), Diagnostic> {
        for (owner, facts) in &effects.facts {
            for fact in facts.keys().filter_map(Key::as_str).filter(|fact| is_refused(fact)) {
                let message = format!("Removed restricted key from module data: {fact}");
                self.run.emit(Event::Diagnostic(Diagnostic::warning(message)));
            }
            let owners = if owner == host { affected } else { std::slice::from_ref(owner) };
            for owner in owners {
                let known = self.state.facts_mut(owner);
                known.add_facts(facts);
                known.gathered |= facts.contains_key("_ansible_facts_gathered") || facts.contains_key("gather_subset");
                fact_cache::remember(self.run, self.state, owner);
            }
        }
        for (owner, variables) in &effects.delegated {
            let known = self.state.facts_mut(owner);
            variables.iter().for_each(|(name, value)| known.set(&name.to_string(), value.clone()));
        }
        for owner in affected {
            let has_news = effects.register.is_some() || !effects.variables.is_empty() || !effects.included.is_empty();
            if !has_news {
                continue;
            }
            let known = self.state.facts_mut(owner);
            effects.variables.iter().for_each(|(name, value)| known.set(&name.to_string(), value.clone()));
            if effects.cacheable {
                known.add_facts(&effects.variables);
            }
            if !effects.included.is_empty() {
                known.add_included(&effects.included);
            }
            if let Some((name, value)) = &effects.register {
                known.set(name, value.clone());
            }
            if effects.cacheable {
                fact_cache::remember(self.run, self.state, owner);
            }
        }
        for (data, scope) in &effects.stats {
            self.add_custom_stats(if scope.per_host { host } else { "_run" }, data, scope.aggregate);
        }
        self.notify(host, affected, &effects.notify)
    }

    /// Whether each addition changed anything, in order.
    pub(super) fn apply_inventory(&mut self, host: &str, effects: &Effects) -> Result<Vec<bool>, Diagnostic> {
        if effects.add_hosts.is_empty() && effects.group_by.is_empty() {
            return Ok(Vec::new());
        }
        let mut warnings = Vec::new();
        let added = effects.add_hosts.iter().cloned().map(InventoryChange::AddHost);
        let grouped = effects.group_by.iter().map(|group| InventoryChange::GroupBy(host.to_owned(), group.clone()));
        let changes: Vec<InventoryChange> = added.chain(grouped).collect();
        let inventory = self.state.inventory_mut();
        let made: Vec<bool> =
            changes.iter().map(|change| change.make(inventory, &mut warnings)).collect::<Result<_, _>>()?;
        self.state.inventory_changes.extend(changes);
        warnings.into_iter().for_each(|warning| self.run.emit(Event::Diagnostic(warning)));
        Ok(made)
    }

    fn add_custom_stats(&mut self, owner: &str, data: &Map, aggregate: bool) {
        let custom = self.state.stats.custom.entry(owner.to_owned()).or_default();
        for (key, value) in data {
            let sum = match (custom.get(key), value) {
                (Some(Value::Int(a)), Value::Int(b)) if aggregate => Value::Int(a + b),
                (Some(Value::List(a)), Value::List(b)) if aggregate => {
                    Value::list([a.as_slice(), b.as_slice()].concat())
                }
                (Some(Value::Map(a)), Value::Map(b)) if aggregate => {
                    let mut merged = a.as_ref().clone();
                    merged.extend(b.iter().map(|(k, v)| (k.clone(), v.clone())));
                    Value::map(merged)
                }
                (Some(Value::Str(a)), Value::Str(b)) if aggregate => format!("{a}{b}").into(),
                _ => value.clone(),
            };
            custom.insert(key.clone(), sum);
        }
    }

    fn notify(&mut self, host: &str, affected: &[String], names: &[String]) -> Result<(), Diagnostic> {
        for name in names {
            let (handlers, warnings) = notified(&self.handlers, name);
            warnings.into_iter().for_each(|warning| self.run.emit(Event::Diagnostic(warning.clone())));
            if handlers.is_empty() {
                let message = format!(
                    "The requested handler '{name}' was not found in either the main handlers list nor in the listening \
                     handlers list"
                );
                if self.run.settings.error_on_missing_handler {
                    return Err(Diagnostic::error(message));
                }
                self.run.emit(Event::Diagnostic(Diagnostic::warning(message)));
            }
            let others = affected.iter().map(String::as_str).filter(|owner| *owner != host);
            let at_once = [host].into_iter().chain(others).filter(|owner| !self.iterator.request(owner, name));
            let at_once: Vec<String> = at_once.map(str::to_owned).collect();
            at_once.iter().for_each(|owner| self.notify_handlers(owner, name));
        }
        Ok(())
    }

    /// The host's handlers are about to run: the last ones of the names that were notified, which may have come with roles
    /// that were included later.
    pub(crate) fn notify_requested(&mut self, host: &str) {
        for name in self.iterator.take_requests(host) {
            self.notify_handlers(host, &name);
        }
    }

    fn notify_handlers(&mut self, host: &str, name: &str) {
        for handler in notified(&self.handlers, name).0 {
            if self.iterator.notify(host, handler.task.id) {
                self.run.emit(Event::Notified { host: host.to_owned(), handler: handler.shown.clone() });
            }
        }
    }
}
