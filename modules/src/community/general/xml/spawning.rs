//! Making what an expression names: elements, attributes and texts, step by step.

use super::document::{Document, Id, Name};
use super::writing;
use super::xpath::{self, Evaluation, Found, Value};
use super::{ModuleError, shown_as_bytes};

/// A step of a path that says what to make.
#[derive(Debug, PartialEq, Eq)]
enum Step<'a> {
    Attribute(&'a str),
    /// A name, and the conditions it has to meet.
    Element(&'a str, Vec<&'a str>),
}

type Namespaces = [(String, String)];

/// A name with the namespace that its prefix means to the task.
pub(super) fn name(text: &str, namespaces: &Namespaces) -> Result<Name, ModuleError> {
    let Some((prefix, local)) = text.split_once(':') else { return Ok(Name::local(text)) };
    let uri = namespaces.iter().find(|(own, _)| own == prefix).map(|(_, uri)| uri.clone());
    let unknown =
        || ModuleError::failed(format!("the namespace prefix {prefix} of {text} is not among the namespaces"));
    Ok(Name { prefix: String::new(), local: local.to_owned(), uri: uri.ok_or_else(unknown)? })
}

/// Makes what the expression names and does not find.
pub(super) fn spawn(document: &mut Document, namespaces: &Namespaces, xpath: &str) -> Result<(), ModuleError> {
    let tree = |document: &Document| shown_as_bytes(&writing::body(document, true));
    let (parent, step) = split_last(xpath).ok_or_else(|| {
        let tree = tree(document);
        ModuleError::failed(format!("Can't process Xpath {xpath} in order to spawn nodes! tree is {tree}"))
    })?;
    if parent.is_empty() {
        let msg = format!("Xpath {xpath} causes a failure: Invalid expression\n  -- tree is {}", tree(document));
        return Err(ModuleError::failed(msg));
    }
    let mut parents = elements(document, namespaces, parent)?;
    if parents.is_empty() {
        spawn(document, namespaces, parent)?;
        parents = elements(document, namespaces, parent)?;
    }
    parents.into_iter().try_for_each(|parent| make(document, namespaces, parent, &step))
}

fn elements(document: &Document, namespaces: &Namespaces, xpath: &str) -> Result<Vec<Id>, ModuleError> {
    let evaluation = Evaluation::new(document, namespaces);
    let value = xpath::parse(xpath).and_then(|expression| evaluation.value(&expression));
    let value = value.map_err(|error| ModuleError::failed(format!("Cannot evaluate xpath {xpath}: {error}")))?;
    let Value::Nodes(nodes) = value else { return Ok(Vec::new()) };
    let ids = nodes.into_iter().filter_map(|found| match found {
        Found::Node(id) => document.element(id).map(|_| id),
        Found::Attribute(..) => None,
    });
    Ok(ids.collect())
}

fn make(document: &mut Document, namespaces: &Namespaces, parent: Id, step: &Step<'_>) -> Result<(), ModuleError> {
    let (text, conditions) = match step {
        Step::Attribute(text) => {
            document.set_attribute(parent, &name(text, namespaces)?, "");
            return Ok(());
        }
        Step::Element(text, conditions) => (text, conditions),
    };
    let name = name(text, namespaces)?;
    let at = document.children(parent).len();
    let id = document.insert_element(parent, at, name);
    conditions.iter().try_for_each(|condition| meet(document, namespaces, id, condition))
}

/// Makes a new element meet a condition: `@a`, `@a='x'`, `b`, `b='x'`, `text()='x'`.
fn meet(document: &mut Document, namespaces: &Namespaces, id: Id, condition: &str) -> Result<(), ModuleError> {
    let (place, value) = match condition.split_once('=') {
        Some((place, value)) => (place.trim(), Some(literal(value.trim()))),
        None => (condition.trim(), None),
    };
    let refused = || ModuleError::failed(format!("Can't make an element that meets the condition [{condition}]"));
    if let Some(attribute) = place.strip_prefix('@').filter(|attribute| is_name(attribute)) {
        document.set_attribute(id, &name(attribute, namespaces)?, value.unwrap_or_default());
        return Ok(());
    }
    let target = match place {
        "." | "text()" => id,
        child if is_name(child) => {
            let at = document.children(id).len();
            document.insert_element(id, at, name(child, namespaces)?)
        }
        _ => return Err(refused()),
    };
    if let Some(value) = value {
        document.set_text(target, value);
    }
    Ok(())
}

fn literal(text: &str) -> &str {
    let quoted = ['"', '\''].into_iter().find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote));
    quoted.unwrap_or(text)
}

/// The path before the last slash, and the step after it when it names one thing.
fn split_last(xpath: &str) -> Option<(&str, Step<'_>)> {
    let (mut depth, mut quote, mut slash) = (0, None, None);
    for (index, c) in xpath.char_indices() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None, '[') => depth += 1,
            (None, ']') => depth -= 1,
            (None, '/') if depth == 0 => slash = Some(index),
            // Within quotes, or a part of a name.
            _ => {}
        }
    }
    let (parent, last) = xpath.split_at(slash?);
    let last = &last[1..];
    if let Some(attribute) = last.strip_prefix('@').filter(|attribute| is_name(attribute)) {
        return Some((parent, Step::Attribute(attribute)));
    }
    let (name, mut rest) = last.split_at(last.find('[').unwrap_or(last.len()));
    let mut conditions = Vec::new();
    while let Some(inner) = rest.strip_prefix('[') {
        let (condition, after) = inner.split_once(']')?;
        conditions.push(condition);
        rest = after.trim_start();
    }
    (is_name(name) && rest.is_empty()).then_some((parent, Step::Element(name, conditions)))
}

fn is_name(text: &str) -> bool {
    let part = |part: &str| {
        part.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && part.chars().all(|c| c.is_alphanumeric() || "_-.".contains(c))
    };
    match text.split_once(':') {
        Some((prefix, local)) => part(prefix) && part(local),
        None => part(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_step_is_split_off() {
        assert_eq!(split_last("/a/b"), Some(("/a", Step::Element("b", vec![]))));
        assert_eq!(split_last("/a/@b"), Some(("/a", Step::Attribute("b"))));
        assert_eq!(split_last("/a/b[@c='x/y'][d]"), Some(("/a", Step::Element("b", vec!["@c='x/y'", "d"]))));
        assert_eq!((split_last("/a/text()"), split_last("a"), split_last("/a/*")), (None, None, None));
    }
}
