//! `VaultSecrets`: the vault passwords of a run, each under its vault id, in the order they were given, and the texts
//! they have opened.

use std::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::opened_texts::OpenedTexts;

/// Cheap to clone; clones share the texts that were opened. `Debug` shows the ids only. Passwords are wiped in the end.
#[derive(Clone, Default)]
pub struct VaultSecrets {
    all: Arc<Vec<(String, Zeroizing<Vec<u8>>)>>,
    only_matching: bool,
    opened: Arc<OpenedTexts>,
}

impl VaultSecrets {
    pub fn push(&mut self, id: &str, password: Vec<u8>) {
        Arc::make_mut(&mut self.all).push((id.to_owned(), Zeroizing::new(password)));
    }

    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The ids and passwords, as given.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.all.iter().map(|(id, password)| (id.as_str(), password.as_slice()))
    }

    /// What must not be shown: texts that vault data held, passwords.
    pub fn opened(&self) -> &OpenedTexts {
        &self.opened
    }

    /// Whether data with a label is only tried with passwords of that id (`vault_id_match`).
    pub fn set_only_matching(&mut self, only_matching: bool) {
        self.only_matching = only_matching;
    }

    /// Those whose id is `label` first, the others after them.
    pub(super) fn in_trial_order(&self, label: Option<&str>) -> impl Iterator<Item = (&str, &[u8])> {
        let fits = move |id: &str| label == Some(id);
        let others = !self.only_matching || label.is_none();
        let rest = self.iter().filter(move |(id, _)| others && !fits(id));
        self.iter().filter(move |(id, _)| fits(id)).chain(rest)
    }
}

impl fmt::Debug for VaultSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(|(id, _)| id)).finish()
    }
}
