//! `hash_behaviour = merge`: maps given twice become one.

use std::sync::Arc;

use kapell_parsing::Value;

/// `new` over `old`: maps are merged key by key, all the way down; anything else is replaced.
pub fn merged(old: &Value, new: &Value) -> Value {
    let (Value::Map(old), Value::Map(new)) = (old, new) else { return new.clone() };
    let mut result = Arc::clone(old);
    let map = Arc::make_mut(&mut result);
    for (key, value) in new.iter() {
        let value = map.get(key).map_or_else(|| value.clone(), |old| merged(old, value));
        map.insert(key.clone(), value);
    }
    Value::Map(result)
}
