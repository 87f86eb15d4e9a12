//! Names of groups that could not be names of variables.

use kapell_parsing::Diagnostic;

use kapell_config::GroupNames;

/// The name the group gets, with a warning where the settings ask for one.
pub(crate) fn transform(name: &str, rule: GroupNames, warnings: &mut Vec<Diagnostic>) -> String {
    if is_variable_name(name) {
        return name.into();
    }
    let (replace, warn) = match rule {
        GroupNames::Never => (false, true),
        GroupNames::Ignore => (false, false),
        GroupNames::Always => (true, true),
        GroupNames::Silently => (true, false),
    };
    let fate = if replace { "were replaced by '_'" } else { "were kept" };
    if warn {
        warnings.push(Diagnostic::warning(format!("group name '{name}': characters no variable name may have {fate}")));
    }
    if replace { replaced(name) } else { name.into() }
}

fn is_variable_name(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit()) && name.chars().all(is_word)
}

fn replaced(name: &str) -> String {
    let first_digit = |at: usize, c: char| at == 0 && c.is_ascii_digit();
    name.char_indices().map(|(at, c)| if is_word(c) && !first_digit(at, c) { c } else { '_' }).collect()
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}
