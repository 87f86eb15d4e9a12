//! `HostSet`: hosts in the order they were added, each once. Adding and asking cost the same at any size.

use crate::inventory::HostId;

#[derive(Clone, Debug, Default)]
pub(crate) struct HostSet {
    order: Vec<HostId>,
    /// One bit for each host of the inventory.
    bits: Vec<u64>,
    has_implicit: bool,
}

impl HostSet {
    pub(crate) fn contains(&self, id: HostId) -> bool {
        if id == HostId::IMPLICIT {
            return self.has_implicit;
        }
        let (word, bit) = place(id);
        self.bits.get(word).is_some_and(|bits| bits & bit != 0)
    }

    /// Whether it was there already; now it is.
    pub(crate) fn contains_or_insert(&mut self, id: HostId) -> bool {
        let known = self.contains(id);
        self.insert(id);
        known
    }

    pub(crate) fn insert(&mut self, id: HostId) {
        if self.contains(id) {
            return;
        }
        self.order.push(id);
        if id == HostId::IMPLICIT {
            self.has_implicit = true;
            return;
        }
        let (word, bit) = place(id);
        if self.bits.len() <= word {
            self.bits.resize(word + 1, 0);
        }
        self.bits[word] |= bit;
    }

    pub(crate) fn extend(&mut self, ids: impl IntoIterator<Item = HostId>) {
        for id in ids {
            self.insert(id);
        }
    }

    /// Those for which `keep` holds, in the same order.
    pub(crate) fn filtered(self, keep: impl Fn(HostId) -> bool) -> Self {
        self.order.into_iter().filter(|id| keep(*id)).collect()
    }

    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = HostId> + '_ {
        self.order.iter().copied()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.order.is_empty()
    }
}

impl FromIterator<HostId> for HostSet {
    fn from_iter<I: IntoIterator<Item = HostId>>(ids: I) -> Self {
        let mut set = Self::default();
        set.extend(ids);
        set
    }
}

fn place(id: HostId) -> (usize, u64) {
    (id.0 as usize / 64, 1 << (id.0 % 64))
}
