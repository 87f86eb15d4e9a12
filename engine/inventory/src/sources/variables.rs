//! Rules for the names of variables.

use kapell_parsing::{Diagnostic, Origin};

/// A deprecation for a name that no expression could use.
pub(crate) fn check_name(name: &str, origin: Option<&Origin>) -> Option<Diagnostic> {
    let mut chars = name.chars();
    let is_valid = chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_');
    let message = || format!("the variable name '{name}' is not valid and will not be accepted for ever");
    let hint = "names begin with a letter or underscore and hold letters, digits and underscores only";
    (!is_valid).then(|| Diagnostic::deprecation(message()).at(origin).hint(hint))
}
