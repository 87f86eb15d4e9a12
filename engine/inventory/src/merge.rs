//! Variables over variables: `hash_behaviour` `replace` and `merge`.

use std::sync::Arc;

use kapell_parsing::{Key, Map, Value};

/// `new` over `old`: maps are merged key by key, all the way down; anything else is replaced.
pub fn merged(old: &Value, new: &Value) -> Value {
    let (Value::Map(old), Value::Map(new)) = (old, new) else { return new.clone() };
    let mut result = Arc::clone(old);
    merge_into(Arc::make_mut(&mut result), new.as_ref(), true);
    Value::Map(result)
}

/// Puts `new` into `vars`. With `merge_maps` a map given twice is merged, otherwise the new one counts.
pub fn merge_into<'a>(vars: &mut Map, new: impl IntoIterator<Item = (&'a Key, &'a Value)>, merge_maps: bool) {
    for (key, value) in new {
        let value = match vars.get(key) {
            Some(old) if merge_maps => merged(old, value),
            _ => value.clone(),
        };
        vars.insert(key.clone(), value);
    }
}
