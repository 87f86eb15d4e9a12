//! Names of groups that could not be names of variables.

use kapell_parsing::Diagnostic;

use kapell_config::GroupNames;

/// The name the group gets.
pub(crate) fn transform(name: &str, rule: GroupNames) -> String {
    let replace = matches!(rule, GroupNames::Always | GroupNames::Silently);
    if replace { replaced(name) } else { name.into() }
}

/// One warning for all `names` that could not be names of variables, where the settings ask for one.
pub(crate) fn warning(names: &[String], rule: GroupNames) -> Option<Diagnostic> {
    let fate = match rule {
        GroupNames::Never => "but not replaced",
        GroupNames::Always => "and automatically replaced",
        GroupNames::Ignore | GroupNames::Silently => return None,
    };
    let shown = names.first()?;
    let more = if names.len() > 1 { format!(" and {} more", names.len() - 1) } else { String::new() };
    let message = format!("Invalid characters were found in group names {fate}: '{shown}'{more}");
    Some(Diagnostic::warning(message).hint("names of letters, digits and underscores work everywhere"))
}

pub(crate) fn is_variable_name(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit()) && name.chars().all(is_word)
}

/// Every character no name of a variable may have becomes `_`.
pub(crate) fn replaced(name: &str) -> String {
    let first_digit = |at: usize, c: char| at == 0 && c.is_ascii_digit();
    name.char_indices().map(|(at, c)| if is_word(c) && !first_digit(at, c) { c } else { '_' }).collect()
}

/// The same, but `-` stays.
pub(crate) fn replaced_but_dashes(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' || c == '-' { c } else { '_' }).collect()
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}
