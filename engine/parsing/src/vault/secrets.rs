//! `VaultSecrets`: the vault passwords of a run, each under its vault id, in the order they were given.

use std::fmt;
use std::sync::Arc;

/// Cheap to clone. `Debug` shows the ids only.
#[derive(Clone, Default)]
pub struct VaultSecrets(Arc<Vec<(String, Vec<u8>)>>);

impl VaultSecrets {
    pub fn push(&mut self, id: &str, password: Vec<u8>) {
        Arc::make_mut(&mut self.0).push((id.to_owned(), password));
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The ids and passwords, as given.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.iter().map(|(id, password)| (id.as_str(), password.as_slice()))
    }

    /// Those whose id is `label` first, the others after them.
    pub(super) fn in_trial_order(&self, label: Option<&str>) -> impl Iterator<Item = (&str, &[u8])> {
        let fits = move |id: &str| label == Some(id);
        self.iter().filter(move |(id, _)| fits(id)).chain(self.iter().filter(move |(id, _)| !fits(id)))
    }
}

impl fmt::Debug for VaultSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(|(id, _)| id)).finish()
    }
}
