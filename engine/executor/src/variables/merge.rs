//! Merging maps the way `hash_behaviour` says.

use kapell_config::HashBehaviour;
use kapell_parsing::{Map, Value};

/// Puts `over` on top of `base`: whole values replace, or maps merge recursively under `hash_behaviour = merge`.
pub fn combine(base: &mut Map, over: &Map, behaviour: HashBehaviour) {
    for (key, value) in over {
        if behaviour == HashBehaviour::Merge
            && let (Some(Value::Map(old)), Value::Map(new)) = (base.get(key), value)
        {
            let mut merged = old.as_ref().clone();
            combine(&mut merged, new, behaviour);
            base.insert(key.clone(), Value::map(merged));
            continue;
        }
        base.insert(key.clone(), value.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(json: &serde_json::Value) -> Map {
        Value::from_json(json).as_map().cloned().unwrap_or_default()
    }

    #[test]
    fn replace_takes_whole_values_and_merge_goes_inside() {
        let base = map(&serde_json::json!({"a": {"x": 1, "y": 1}, "b": 1}));
        let over = map(&serde_json::json!({"a": {"y": 2}}));
        let mut replaced = base.clone();
        combine(&mut replaced, &over, HashBehaviour::Replace);
        assert_eq!(Value::map(replaced).repr(), "{'a': {'y': 2}, 'b': 1}");
        let mut merged = base;
        combine(&mut merged, &over, HashBehaviour::Merge);
        assert_eq!(Value::map(merged).repr(), "{'a': {'x': 1, 'y': 2}, 'b': 1}");
    }
}
