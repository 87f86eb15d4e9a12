//! `OwnVars`: the variables of a host itself. Nearly all hosts have few, which take no more room than they need.

use std::hash::Hash;

use indexmap::Equivalent;
use kapell_parsing::{Key, Map, Value};

/// More than this are looked up in a table.
const FEW: usize = 12;

/// In the order in which they were set first.
#[derive(Clone, Debug)]
pub struct OwnVars(Kept);

#[derive(Clone, Debug)]
enum Kept {
    Few(Vec<(Key, Value)>),
    Many(Box<Map>),
}

impl Default for OwnVars {
    fn default() -> Self {
        Self(Kept::Few(Vec::new()))
    }
}

impl OwnVars {
    /// By its key, or by its name as `str`.
    pub fn get<Q: Equivalent<Key> + Hash + ?Sized>(&self, name: &Q) -> Option<&Value> {
        match &self.0 {
            Kept::Few(vars) => vars.iter().find(|(key, _)| name.equivalent(key)).map(|(_, value)| value),
            Kept::Many(vars) => vars.get(name),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    pub fn iter(&self) -> impl Iterator<Item = (&Key, &Value)> {
        let (few, many) = match &self.0 {
            Kept::Few(vars) => (vars.as_slice(), None),
            Kept::Many(vars) => (&[][..], Some(vars.iter())),
        };
        few.iter().map(|(key, value)| (key, value)).chain(many.into_iter().flatten())
    }

    pub fn to_map(&self) -> Map {
        self.iter().map(|(key, value)| (key.clone(), value.clone())).collect()
    }

    pub(crate) fn insert(&mut self, name: Key, value: Value) {
        match &mut self.0 {
            Kept::Many(vars) => {
                vars.insert(name, value);
            }
            Kept::Few(vars) => {
                if let Some((_, old)) = vars.iter_mut().find(|(key, _)| *key == name) {
                    *old = value;
                } else if vars.len() < FEW {
                    vars.reserve_exact(1);
                    vars.push((name, value));
                } else {
                    let mut many: Map = std::mem::take(vars).into_iter().collect();
                    many.insert(name, value);
                    self.0 = Kept::Many(Box::new(many));
                }
            }
        }
    }
}

impl FromIterator<(Key, Value)> for OwnVars {
    fn from_iter<I: IntoIterator<Item = (Key, Value)>>(vars: I) -> Self {
        let mut own = Self::default();
        vars.into_iter().for_each(|(key, value)| own.insert(key, value));
        own
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_and_many_are_kept_in_the_same_order_and_set_anew_in_place() {
        for count in [1, FEW, FEW + 1, 3 * FEW] {
            let named = |at: usize| Key::from(format!("v{at}"));
            let mut vars: OwnVars = (0..count).map(|at| (named(at), Value::Int(at as i64))).collect();
            vars.insert(named(0), Value::Null);
            assert_eq!(vars.get(&named(0)), Some(&Value::Null), "{count}");
            assert_eq!(vars.get(&named(count)), None, "{count}");
            let names: Vec<Key> = vars.iter().map(|(key, _)| key.clone()).collect();
            assert_eq!(names, (0..count).map(named).collect::<Vec<_>>(), "{count}");
            assert_eq!(vars.to_map().len(), count);
        }
        assert!(OwnVars::default().is_empty());
    }
}
