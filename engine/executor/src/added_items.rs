//! What tasks added to the inventory, told in their results: which items really added something.

use kapell_parsing::{Key, Map, Value};

use crate::TaskResult;
use crate::action::Effects;

/// `changes` has one entry for each addition of the task, in order.
pub(crate) fn note_changes(changes: &[bool], result: &mut TaskResult, effects: &mut Effects) {
    note(&mut result.data, changes);
    if let Some((_, Value::Map(registered))) = &mut effects.register {
        let mut data = registered.as_ref().clone();
        note(&mut data, changes);
        *registered = data.into();
    }
    if !changes.contains(&true) {
        effects.notify.clear();
    }
}

/// Sets `changed` of the items that added something, in order, and of the whole.
fn note(data: &mut Map, changes: &[bool]) {
    if let Some(Value::List(items)) = data.get("results") {
        let mut changes = changes.iter();
        let added = |item: &Map| item.contains_key("add_host") || item.contains_key("add_group");
        let noted = items.iter().map(|item| match item {
            Value::Map(map) if added(map) => {
                let mut map = map.as_ref().clone();
                set_changed(&mut map, changes.next().copied().unwrap_or_default());
                Value::map(map)
            }
            other => other.clone(),
        });
        let noted: Vec<Value> = noted.collect();
        data.insert(Key::from("results"), noted.into());
    }
    set_changed(data, changes.contains(&true));
}

fn set_changed(data: &mut Map, changed: bool) {
    data.insert(Key::from("changed"), changed.into());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_item_says_whether_it_added_something() {
        let item =
            |kind: &str| Value::map(Map::from_iter([(kind.into(), "x".into()), ("changed".into(), true.into())]));
        let items = vec![item("add_host"), item("skipped"), item("add_host")];
        let mut data = Map::from_iter([("results".into(), items.into())]);
        note(&mut data, &[true, false]);
        let Some(Value::List(items)) = data.get("results") else { panic!("no results") };
        let changed: Vec<_> = items.iter().map(|item| item.get("changed").cloned()).collect();
        assert_eq!(changed, [Some(true.into()), Some(true.into()), Some(false.into())]);
        assert_eq!(data.get("changed"), Some(&true.into()));
    }
}
