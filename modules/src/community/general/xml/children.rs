//! Child elements as tasks give them: as values, or as XML.

use serde_json::Value;

use super::document::{Document, Id, Kind, Name, TOP};
use super::parsing::{Reading, parse};
use super::spawning::name;
use crate::ModuleError;
use crate::python_repr::str_of;

/// Values may hold values this deep.
const DEEPEST: usize = 100;

pub(super) fn of_xml(text: &str) -> Result<Document, ModuleError> {
    let broken = |why: String| ModuleError::failed(format!("Error while parsing child element: {why}"));
    parse(text, Reading::default()).map_err(broken)
}

/// `name`, `{name: text}` or `{name: {attribute: value, +value: text, _: [children]}}`.
pub(super) fn of_value(value: &Value, namespaces: &[(String, String)]) -> Result<Document, ModuleError> {
    let mut document = Document::new();
    add(&mut document, TOP, value, namespaces, 0)?;
    Ok(document)
}

fn add(
    document: &mut Document,
    parent: Id,
    value: &Value,
    namespaces: &[(String, String)],
    depth: usize,
) -> Result<(), ModuleError> {
    if depth > DEEPEST {
        return Err(ModuleError::failed("the children are nested too deep"));
    }
    let at = document.children(parent).len();
    let Value::Object(map) = value else {
        if !value.is_string() {
            let msg = format!("Invalid child type: {value}. Children must be either strings or hashes.");
            return Err(ModuleError::failed(msg));
        }
        document.insert_element(parent, at, name(&str_of(value), namespaces)?);
        return Ok(());
    };
    let Some((tag, content)) = map.iter().next().filter(|_| map.len() == 1) else {
        return Err(ModuleError::failed("Can only create children from hashes with one key"));
    };
    let id = document.insert_element(parent, at, name(tag, namespaces)?);
    let Value::Object(content) = content else {
        if !content.is_null() {
            document.set_text(id, &str_of(content));
        }
        return Ok(());
    };
    for (key, value) in content {
        match key.as_str() {
            "+value" => document.set_text(id, &str_of(value)),
            "_" => {}
            attribute => document.set_attribute(id, &name(attribute, namespaces)?, &str_of(value)),
        }
    }
    let children = content.get("_").and_then(Value::as_array).into_iter().flatten();
    children.into_iter().try_for_each(|child| add(document, id, child, namespaces, depth + 1))
}

/// Puts the root element of `child` into a document, with the prefixes that are in use there.
pub(super) fn insert(document: &mut Document, parent: Id, at: usize, child: &Document) {
    let Some(root) = child.root() else { return };
    let id = document.adopt(parent, at, child, root);
    let mut all = vec![id];
    all.extend(document.descendants(id));
    for id in all {
        let Some(mut element) = document.element(id).cloned() else { continue };
        let made = |name: &Name| name.prefix.starts_with("ns") && !name.uri.is_empty();
        element.declared.retain(|(prefix, _)| !prefix.starts_with("ns"));
        if let Some(own) = document.element_mut(id) {
            own.declared.clone_from(&element.declared);
        }
        if made(&element.name) {
            element.name = document.with_prefix(id, element.name, false);
        }
        for (name, _) in &mut element.attributes {
            if made(name) {
                *name = document.with_prefix(id, name.clone(), true);
            }
        }
        if let Some(own) = document.element_mut(id) {
            (own.name, own.attributes) = (element.name, element.attributes);
        }
    }
}

/// Whether an element of a document is the one that `child` describes: name, attributes, text and children.
pub(super) fn same(document: &Document, id: Id, child: &Document) -> bool {
    child.root().is_some_and(|root| equal(document, id, child, root))
}

fn equal(one: &Document, id: Id, other: &Document, other_id: Id) -> bool {
    let (Some(element), Some(wanted)) = (one.element(id), other.element(other_id)) else { return false };
    let text = |document: &Document, id| document.text(id).unwrap_or_default().trim().to_owned();
    let children = |document: &Document, id: Id| -> Vec<Id> {
        let all = document.children(id).iter().copied();
        all.filter(|child| matches!(document.kind(*child), Kind::Element(_))).collect()
    };
    let (own, theirs) = (children(one, id), children(other, other_id));
    element.name.is_same(&wanted.name)
        && element.attributes.len() == wanted.attributes.len()
        && wanted.attributes.iter().all(|(name, value)| one.attribute(id, name) == Some(value.as_str()))
        && text(one, id) == text(other, other_id)
        && own.len() == theirs.len()
        && own.iter().zip(&theirs).all(|(own, theirs)| equal(one, *own, other, *theirs))
}
