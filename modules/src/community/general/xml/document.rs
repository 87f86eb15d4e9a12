//! `Document`: an XML document as a tree that can be changed, with everything that is written again: comments, CDATA
//! sections, prefixes and the document type as it came.

/// A node of the document it came from.
pub(super) type Id = usize;

/// The node that holds the root element, and comments beside it.
pub(super) const TOP: Id = 0;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    Document,
    Element(Element),
    Text(String),
    Cdata(String),
    Comment(String),
    /// Target and data.
    Instruction(String),
}

/// A name with the prefix it is written with and the namespace that means.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) prefix: String,
    pub(super) local: String,
    pub(super) uri: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Element {
    pub(super) name: Name,
    pub(super) attributes: Vec<(Name, String)>,
    /// Prefixes this element declares, with their namespaces.
    pub(super) declared: Vec<(String, String)>,
}

#[derive(Debug, Clone)]
struct Node {
    kind: Kind,
    parent: Option<Id>,
    children: Vec<Id>,
}

#[derive(Debug, Clone)]
pub(super) struct Document {
    nodes: Vec<Node>,
    /// `<!DOCTYPE …>` without its brackets.
    pub(super) doctype: Option<String>,
}

impl Name {
    pub(super) fn local(local: &str) -> Self {
        Self { local: local.to_owned(), ..Self::default() }
    }

    /// `{namespace}local`.
    pub(super) fn clark(&self) -> String {
        if self.uri.is_empty() { self.local.clone() } else { format!("{{{}}}{}", self.uri, self.local) }
    }

    pub(super) fn qualified(&self) -> String {
        if self.prefix.is_empty() { self.local.clone() } else { format!("{}:{}", self.prefix, self.local) }
    }

    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.local == other.local && self.uri == other.uri
    }
}

impl Document {
    pub(super) fn new() -> Self {
        let top = Node { kind: Kind::Document, parent: None, children: Vec::new() };
        Self { nodes: vec![top], doctype: None }
    }

    pub(super) fn kind(&self, id: Id) -> &Kind {
        &self.nodes[id].kind
    }

    pub(super) fn parent(&self, id: Id) -> Option<Id> {
        self.nodes[id].parent
    }

    pub(super) fn children(&self, id: Id) -> &[Id] {
        &self.nodes[id].children
    }

    pub(super) fn element(&self, id: Id) -> Option<&Element> {
        match &self.nodes[id].kind {
            Kind::Element(element) => Some(element),
            _ => None,
        }
    }

    pub(super) fn element_mut(&mut self, id: Id) -> Option<&mut Element> {
        match &mut self.nodes[id].kind {
            Kind::Element(element) => Some(element),
            _ => None,
        }
    }

    pub(super) fn root(&self) -> Option<Id> {
        self.children(TOP).iter().copied().find(|id| self.element(*id).is_some())
    }

    /// Whether a node is text, in a CDATA section or not.
    pub(super) fn is_text(&self, id: Id) -> bool {
        matches!(self.kind(id), Kind::Text(_) | Kind::Cdata(_))
    }

    /// The place of a node among its parent's children.
    pub(super) fn place(&self, id: Id) -> Option<(Id, usize)> {
        let parent = self.parent(id)?;
        Some((parent, self.children(parent).iter().position(|child| *child == id)?))
    }

    pub(super) fn append(&mut self, parent: Id, kind: Kind) -> Id {
        let at = self.children(parent).len();
        self.insert(parent, at, kind)
    }

    pub(super) fn insert(&mut self, parent: Id, at: usize, kind: Kind) -> Id {
        let id = self.nodes.len();
        self.nodes.push(Node { kind, parent: Some(parent), children: Vec::new() });
        self.nodes[parent].children.insert(at, id);
        id
    }

    /// Takes a node out, with the text that follows it.
    pub(super) fn remove_with_tail(&mut self, id: Id) {
        let Some((parent, at)) = self.place(id) else { return };
        let tail = self.children(parent)[at + 1..].iter().take_while(|id| self.is_text(**id)).count();
        self.nodes[parent].children.drain(at..=at + tail);
    }

    /// Takes out a node alone.
    pub(super) fn remove(&mut self, id: Id) {
        if let Some((parent, at)) = self.place(id) {
            self.nodes[parent].children.remove(at);
        }
    }

    /// The text before the first child that is none; `None` when there is none.
    pub(super) fn text(&self, id: Id) -> Option<String> {
        let mut text = None;
        for child in self.children(id) {
            match self.kind(*child) {
                Kind::Text(part) | Kind::Cdata(part) => text.get_or_insert_with(String::new).push_str(part),
                _ => break,
            }
        }
        text
    }

    pub(super) fn set_text(&mut self, id: Id, text: &str) {
        let old = self.children(id).iter().take_while(|child| self.is_text(**child)).count();
        self.nodes[id].children.drain(..old);
        self.insert(id, 0, Kind::Text(text.to_owned()));
    }

    /// All text within.
    pub(super) fn string_value(&self, id: Id) -> String {
        match self.kind(id) {
            Kind::Text(text) | Kind::Cdata(text) | Kind::Comment(text) => text.clone(),
            Kind::Instruction(text) => text.split_once(' ').map_or("", |(_, data)| data).to_owned(),
            Kind::Document | Kind::Element(_) => {
                let within = self.descendants(id).into_iter().filter(|id| self.is_text(*id));
                within.map(|id| self.string_value(id)).collect()
            }
        }
    }

    /// Every node within, in the order of the document.
    pub(super) fn descendants(&self, id: Id) -> Vec<Id> {
        let mut found = Vec::new();
        let mut open: Vec<Id> = self.children(id).iter().rev().copied().collect();
        while let Some(next) = open.pop() {
            found.push(next);
            open.extend(self.children(next).iter().rev());
        }
        found
    }

    /// The namespace a prefix means at an element; the empty one is the default.
    pub(super) fn namespace_at(&self, id: Id, prefix: &str) -> Option<String> {
        let mut at = Some(id);
        while let Some(id) = at {
            let declared =
                self.element(id).and_then(|element| element.declared.iter().find(|(name, _)| name == prefix));
            if let Some((_, uri)) = declared {
                return Some(uri.clone());
            }
            at = self.parent(id);
        }
        (prefix == "xml").then(|| "http://www.w3.org/XML/1998/namespace".to_owned())
    }

    /// A prefix that means a namespace at an element.
    fn prefix_at(&self, id: Id, uri: &str, named: bool) -> Option<String> {
        let mut at = Some(id);
        while let Some(here) = at {
            let declared = self.element(here).map_or(&[][..], |element| element.declared.as_slice());
            let fits = |(prefix, meaning): &&(String, String)| {
                meaning == uri && !(named && prefix.is_empty()) && self.namespace_at(id, prefix).as_deref() == Some(uri)
            };
            if let Some((prefix, _)) = declared.iter().find(fits) {
                return Some(prefix.clone());
            }
            at = self.parent(here);
        }
        None
    }

    /// Gives an element's name, or one of its attributes', a prefix that means its namespace, declaring one if need be.
    pub(super) fn with_prefix(&mut self, id: Id, mut name: Name, attribute: bool) -> Name {
        if name.uri.is_empty() {
            name.prefix.clear();
            return name;
        }
        if let Some(prefix) = self.prefix_at(id, &name.uri, attribute) {
            name.prefix = prefix;
            return name;
        }
        let mut prefixes = (0..).map(|number| format!("ns{number}"));
        let free = prefixes.find(|prefix| self.namespace_at(id, prefix).is_none()).unwrap_or_default();
        if let Some(element) = self.element_mut(id) {
            element.declared.push((free.clone(), name.uri.clone()));
        }
        name.prefix = free;
        name
    }

    /// Adds an element with this name at a place.
    pub(super) fn insert_element(&mut self, parent: Id, at: usize, name: Name) -> Id {
        let id = self.insert(parent, at, Kind::Element(Element::default()));
        let name = self.with_prefix(id, name, false);
        if let Some(element) = self.element_mut(id) {
            element.name = name;
        }
        id
    }

    pub(super) fn attribute(&self, id: Id, name: &Name) -> Option<&str> {
        let attributes = &self.element(id)?.attributes;
        attributes.iter().find(|(own, _)| own.is_same(name)).map(|(_, value)| value.as_str())
    }

    pub(super) fn set_attribute(&mut self, id: Id, name: &Name, value: &str) {
        let known = self.attribute(id, name).is_some();
        let new = if known { name.clone() } else { self.with_prefix(id, name.clone(), true) };
        let Some(element) = self.element_mut(id) else { return };
        match element.attributes.iter_mut().find(|(own, _)| own.is_same(name)) {
            Some((_, old)) => value.clone_into(old),
            None => element.attributes.push((new, value.to_owned())),
        }
    }

    pub(super) fn remove_attribute(&mut self, id: Id, name: &Name) {
        if let Some(element) = self.element_mut(id) {
            element.attributes.retain(|(own, _)| !own.is_same(name));
        }
    }

    /// Copies a node of another document, with everything in it.
    pub(super) fn adopt(&mut self, parent: Id, at: usize, other: &Self, id: Id) -> Id {
        let new = self.insert(parent, at, other.kind(id).clone());
        let mut open = vec![(id, new)];
        while let Some((from, to)) = open.pop() {
            for child in other.children(from) {
                let copy = self.append(to, other.kind(*child).clone());
                open.push((*child, copy));
            }
        }
        new
    }
}
