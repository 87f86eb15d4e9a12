//! `Element`: an answer in XML as a tree of names and texts.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::Event;

/// No answer of AWS is nested so deep.
const DEEPEST: usize = 32;

#[derive(Debug, Default)]
pub(crate) struct Element {
    name: String,
    text: String,
    children: Vec<Element>,
}

impl Element {
    /// Nothing for what is not XML. Attributes and namespaces are left out.
    pub(crate) fn parse(data: &[u8]) -> Option<Self> {
        let mut reader = Reader::from_reader(data);
        // Elements that are open, one inside the other, below one that stands for the document.
        let mut open = vec![Self::default()];
        loop {
            match reader.read_event().ok()? {
                Event::Start(start) if open.len() <= DEEPEST => open.push(Self::named(start.local_name().as_ref())),
                Event::Start(_) => return None,
                Event::Empty(start) => open.last_mut()?.children.push(Self::named(start.local_name().as_ref())),
                Event::Text(text) => open.last_mut()?.text.push_str(&text.decode().ok()?),
                Event::CData(text) => open.last_mut()?.text.push_str(&text.decode().ok()?),
                Event::GeneralRef(name) => {
                    let known = match name.resolve_char_ref().ok()? {
                        Some(c) => Cow::from(c.to_string()),
                        None => resolve_predefined_entity(&name.decode().ok()?)?.into(),
                    };
                    open.last_mut()?.text.push_str(&known);
                }
                Event::End(_) => {
                    let closed = open.pop()?;
                    open.last_mut()?.children.push(closed);
                }
                Event::Eof => break,
                Event::Comment(_) | Event::Decl(_) | Event::DocType(_) | Event::PI(_) => {}
            }
        }
        let [document] = <[Self; 1]>::try_from(open).ok()?;
        document.children.into_iter().next()
    }

    fn named(name: &[u8]) -> Self {
        Self { name: String::from_utf8_lossy(name).into_owned(), ..Self::default() }
    }

    pub(crate) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    pub(crate) fn children(&self) -> impl Iterator<Item = &Self> {
        self.children.iter()
    }

    pub(crate) fn text(&self) -> &str {
        self.text.trim()
    }

    /// The text of the child of that name, if there is any.
    pub(crate) fn text_of(&self, name: &str) -> Option<&str> {
        self.child(name).map(Self::text).filter(|text| !text.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_become_trees() {
        let text = b"<?xml version=\"1.0\"?>\n<A xmlns=\"u\"><B>x &amp; &#121;</B><C/><B> z </B></A>\n";
        let answer = Element::parse(text).unwrap();
        assert_eq!(answer.text_of("B"), Some("x & y"));
        assert_eq!(answer.text_of("C"), None);
        assert_eq!(answer.children().map(Element::text).collect::<Vec<_>>(), ["x & y", "", "z"]);
    }

    #[test]
    fn what_is_no_xml_is_nothing() {
        let deep = "<a>".repeat(100) + &"</a>".repeat(100);
        for text in ["", "plain", "<a>", "<a></b>", "<a>&nope;</a>", &deep] {
            assert!(Element::parse(text.as_bytes()).is_none(), "{text}");
        }
    }
}
