//! `IntegerSet`: a set of whole numbers in the order CPython gives them, which results of set filters show.

use crate::object::Object;

const SMALLEST: usize = 8;
const PROBES: usize = 9;
const PERTURB_SHIFT: u32 = 5;
/// Python's hash of a whole number is the number itself below this one.
const MODULUS: u64 = (1 << 61) - 1;

#[derive(Clone)]
struct Entry {
    number: i64,
    object: Object,
}

#[derive(Clone, Default)]
enum Slot {
    #[default]
    Empty,
    /// Something was taken out of here.
    Left,
    Taken(Entry),
}

#[derive(Clone)]
pub(super) struct IntegerSet {
    table: Vec<Slot>,
    /// Slots that are not empty.
    fill: usize,
    used: usize,
}

impl IntegerSet {
    fn new() -> Self {
        Self { table: vec![Slot::Empty; SMALLEST], fill: 0, used: 0 }
    }

    /// Nothing unless all are numbers that are their own hash.
    pub(super) fn of(items: &[Object]) -> Option<Self> {
        let mut set = Self::new();
        for object in items {
            set.add(Entry { number: number_of(object)?, object: object.clone() });
        }
        Some(set)
    }

    pub(super) fn into_objects(self) -> Vec<Object> {
        self.table
            .into_iter()
            .filter_map(|slot| if let Slot::Taken(entry) = slot { Some(entry.object) } else { None })
            .collect()
    }

    pub(super) fn union(&self, other: &Self) -> Self {
        let mut all = self.copied();
        all.merge(other);
        all
    }

    pub(super) fn intersection(&self, other: &Self) -> Self {
        let (searched, walked) = if other.used > self.used { (other, self) } else { (self, other) };
        Self::from_entries(walked.entries().filter(|entry| searched.has(entry.number)))
    }

    pub(super) fn difference(&self, other: &Self) -> Self {
        if self.used >> 2 <= other.used {
            return Self::from_entries(self.entries().filter(|entry| !other.has(entry.number)));
        }
        let mut rest = self.copied();
        for entry in other.entries() {
            rest.discard(entry.number);
        }
        if rest.fill - rest.used > rest.mask() / 4 {
            rest.resize(rest.grown());
        }
        rest
    }

    pub(super) fn symmetric_difference(&self, other: &Self) -> Self {
        let mut rest = other.copied();
        for entry in self.entries() {
            if !rest.discard(entry.number) {
                rest.add(entry.clone());
            }
        }
        rest
    }

    fn from_entries<'a>(entries: impl Iterator<Item = &'a Entry>) -> Self {
        let mut set = Self::new();
        entries.for_each(|entry| set.add(entry.clone()));
        set
    }

    fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.table.iter().filter_map(|slot| if let Slot::Taken(entry) = slot { Some(entry) } else { None })
    }

    fn mask(&self) -> usize {
        self.table.len() - 1
    }

    fn grown(&self) -> usize {
        self.used * if self.used > 50_000 { 2 } else { 4 }
    }

    fn has(&self, number: i64) -> bool {
        matches!(self.table[self.slot_of(number)], Slot::Taken(_))
    }

    /// Where `number` is, or the empty slot it belongs to.
    fn slot_of(&self, number: i64) -> usize {
        let is_end = |slot: &Slot| match slot {
            Slot::Empty => true,
            Slot::Left => false,
            Slot::Taken(entry) => entry.number == number,
        };
        let mask = self.mask();
        let mut perturb = hash(number);
        let mut at = (perturb as usize) & mask;
        loop {
            let probes = if at + PROBES <= mask { PROBES } else { 0 };
            if let Some(found) = (at..=at + probes).find(|index| is_end(&self.table[*index])) {
                return found;
            }
            perturb >>= PERTURB_SHIFT;
            at = at.wrapping_mul(5).wrapping_add(1).wrapping_add(perturb as usize) & mask;
        }
    }

    fn add(&mut self, entry: Entry) {
        let at = self.slot_of(entry.number);
        if matches!(self.table[at], Slot::Empty) {
            self.table[at] = Slot::Taken(entry);
            self.fill += 1;
            self.used += 1;
            if self.fill * 5 >= self.mask() * 3 {
                self.resize(self.grown());
            }
        }
    }

    fn discard(&mut self, number: i64) -> bool {
        let at = self.slot_of(number);
        let found = matches!(self.table[at], Slot::Taken(_));
        if found {
            self.table[at] = Slot::Left;
            self.used -= 1;
        }
        found
    }

    /// Room for more than `least`; what was left is gone.
    fn resize(&mut self, least: usize) {
        let mut size = SMALLEST;
        while size <= least {
            size *= 2;
        }
        let old = std::mem::replace(&mut self.table, vec![Slot::Empty; size]);
        self.fill = self.used;
        for slot in old {
            if let Slot::Taken(entry) = slot {
                let at = self.slot_of(entry.number);
                self.table[at] = Slot::Taken(entry);
            }
        }
    }

    fn copied(&self) -> Self {
        let mut copy = Self::new();
        copy.merge(self);
        copy
    }

    fn merge(&mut self, other: &Self) {
        if other.used == 0 {
            return;
        }
        if (self.fill + other.used) * 5 >= self.mask() * 3 {
            self.resize((self.used + other.used) * 2);
        }
        if self.fill == 0 && self.mask() == other.mask() && other.fill == other.used {
            self.clone_from(other);
        } else {
            other.entries().for_each(|entry| self.add(entry.clone()));
        }
    }
}

fn hash(number: i64) -> u64 {
    if number == -1 { (-2_i64).cast_unsigned() } else { number.cast_unsigned() }
}

fn number_of(object: &Object) -> Option<i64> {
    let number = match object {
        Object::Int(_) | Object::Bool(_) => object.as_i64()?,
        Object::Float(float) if float.fract() == 0.0 && float.abs() < 9e15 => *float as i64,
        _ => return None,
    };
    (number.unsigned_abs() < MODULUS).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two sets with what `list` makes of `|`, `&`, `-` and `^` in Python 3.11.
    type Case<'c> = (&'c [i64], &'c [i64], [&'c [i64]; 4]);

    fn set(numbers: &[i64]) -> IntegerSet {
        let objects: Vec<Object> = numbers.iter().map(|number| Object::Int(*number)).collect();
        IntegerSet::of(&objects).expect("whole numbers")
    }

    fn order(set: IntegerSet) -> Vec<i64> {
        set.into_objects().iter().filter_map(Object::as_i64).collect()
    }

    #[test]
    fn numbers_come_in_the_order_of_pythons_sets() {
        let cases: [Case<'_>; 3] = [
            (
                &[25, 70, 64, 11],
                &[64, 77, 60],
                [&[64, 70, 25, 11, 60, 77], &[64], &[25, 11, 70], &[70, 11, 77, 25, 60]],
            ),
            (
                &[635, 589, 62, 615, 8, 925, 852, 475, 260],
                &[260, 615, 196, 734],
                [
                    &[260, 196, 615, 8, 589, 734, 852, 475, 635, 925, 62],
                    &[260, 615],
                    &[8, 589, 852, 475, 635, 925, 62],
                    &[196, 8, 589, 852, 475, 925, 734, 635, 62],
                ],
            ),
            (
                &[-1, -2, 3, 1, 7, 9, 11, 12],
                &[-1],
                [&[1, 3, 7, 9, 11, 12, -2, -1], &[-1], &[1, 3, 7, 9, 11, 12, -2], &[1, 3, 7, 9, 11, 12, -2]],
            ),
        ];
        for (left, right, expected) in cases {
            let (left, right) = (set(left), set(right));
            let found = [
                left.union(&right),
                left.intersection(&right),
                left.difference(&right),
                left.symmetric_difference(&right),
            ];
            assert_eq!(found.map(order), expected);
        }
    }
}
