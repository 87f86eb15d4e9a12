//! Options of `ansible.cfg` that are known but not in the table of settings, and the warning about those nobody knows.

use kapell_parsing::Diagnostic;

use crate::OPTIONS;
use crate::ini::IniEntry;

/// Accepted in silence: they are about Python, its plugins' files or programs that Kapell has no use for.
const WITHOUT_MEANING: &[(&str, &[&str])] = &[];

/// Ansible knows them; here they have no effect yet.
const NOT_BUILT: &[(&str, &[&str])] = &[];

pub(crate) fn check(entries: &[IniEntry], warnings: &mut Vec<Diagnostic>) {
    let _ = (entries, warnings, WITHOUT_MEANING, NOT_BUILT, OPTIONS);
}
