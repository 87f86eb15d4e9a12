//! Reading XML text into a document.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::document::{Document, Element, Id, Kind, Name, TOP};

/// Elements may hold elements this deep.
const DEEPEST: usize = 256;

/// How a text is read.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Reading {
    /// Space that only lays out the text is left away.
    pub(super) without_blanks: bool,
    /// CDATA sections become plain text.
    pub(super) without_cdata: bool,
}

/// The document of a file's bytes, in the encoding they declare.
pub(super) fn parse_bytes(bytes: &[u8], reading: Reading) -> Result<Document, String> {
    let start = String::from_utf8_lossy(&bytes[..bytes.len().min(256)]).into_owned();
    let declared = start.strip_prefix("<?xml").and_then(|rest| rest.split("?>").next()?.split_once("encoding"));
    let label = declared.map(|(_, rest)| rest.trim_start_matches([' ', '=', '"', '\'']));
    let label = label.and_then(|rest| rest.split(['"', '\'']).next()).unwrap_or("UTF-8");
    let encoding =
        encoding_rs::Encoding::for_label(label.as_bytes()).ok_or_else(|| format!("unsupported encoding {label}"))?;
    let (text, _, broken) = encoding.decode(bytes);
    if broken {
        return Err(format!("Input is not proper {label}, indicate encoding !"));
    }
    parse(&text, reading)
}

pub(super) fn parse(text: &str, reading: Reading) -> Result<Document, String> {
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n").replace('\r', "\n");
    if text.trim().is_empty() {
        return Err("Document is empty".to_owned());
    }
    let mut reader = Reader::from_str(&text);
    let mut builder = Builder { document: Document::new(), open: vec![TOP], text: String::new() };
    loop {
        let outcome = match reader.read_event() {
            Ok(Event::Eof) => break,
            Ok(event) => builder.add(event, reading),
            Err(error) => Err(error.to_string()),
        };
        if let Err(why) = outcome {
            let at = (reader.buffer_position() as usize).min(text.len());
            let line = text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1;
            return Err(format!("{why}, line {line}"));
        }
    }
    builder.flush();
    if builder.open.len() > 1 {
        return Err("Premature end of data: an element is not closed".to_owned());
    }
    let mut document = builder.document;
    if document.root().is_none() {
        return Err("Start tag expected, '<' not found".to_owned());
    }
    if reading.without_blanks {
        remove_blanks(&mut document);
    }
    Ok(document)
}

struct Builder {
    document: Document,
    open: Vec<Id>,
    /// Text that may go on after an entity.
    text: String,
}

impl Builder {
    fn add(&mut self, event: Event<'_>, reading: Reading) -> Result<(), String> {
        match event {
            Event::Text(text) => {
                self.text.push_str(&unescaped(utf8(&text)?)?);
                return Ok(());
            }
            Event::GeneralRef(name) => {
                self.text.push_str(&entity(utf8(&name)?)?);
                return Ok(());
            }
            Event::CData(text) if reading.without_cdata => {
                self.text.push_str(utf8(&text)?);
                return Ok(());
            }
            _ => self.flush(),
        }
        match event {
            Event::Start(start) => {
                let id = self.element(&start)?;
                self.open.push(id);
                if self.open.len() > DEEPEST {
                    return Err(format!("elements are nested more than {DEEPEST} deep"));
                }
            }
            Event::Empty(start) => {
                self.element(&start)?;
            }
            Event::End(_) => {
                self.open.pop();
                if self.open.is_empty() {
                    return Err("Extra content at the end of the document".to_owned());
                }
            }
            Event::CData(text) => self.leaf(Kind::Cdata(utf8(&text)?.to_owned())),
            Event::Comment(text) => self.leaf(Kind::Comment(utf8(&text)?.to_owned())),
            Event::PI(text) => self.leaf(Kind::Instruction(utf8(&text)?.to_owned())),
            Event::DocType(text) => self.document.doctype = Some(utf8(&text)?.trim().to_owned()),
            _ => {}
        }
        Ok(())
    }

    fn parent(&self) -> Id {
        self.open.last().copied().unwrap_or(TOP)
    }

    fn leaf(&mut self, kind: Kind) {
        let parent = self.parent();
        self.document.append(parent, kind);
    }

    /// Ends a text. Space around the root element is nothing.
    fn flush(&mut self) {
        let text = std::mem::take(&mut self.text);
        if !text.is_empty() && self.parent() != TOP {
            self.leaf(Kind::Text(text));
        }
    }

    fn element(&mut self, start: &BytesStart<'_>) -> Result<Id, String> {
        if self.parent() == TOP && self.document.root().is_some() {
            return Err("Extra content at the end of the document".to_owned());
        }
        let mut element = Element::default();
        let mut attributes: Vec<(Name, String)> = Vec::new();
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|error| error.to_string())?;
            let key = utf8(attribute.key.as_ref())?;
            // A line end in an attribute is a space.
            let value = unescaped(&utf8(&attribute.value)?.replace(['\n', '\t'], " "))?;
            match key.split_once(':') {
                None if key == "xmlns" => element.declared.push((String::new(), value)),
                Some(("xmlns", prefix)) => element.declared.push((prefix.to_owned(), value)),
                _ => attributes.push((unresolved(key), value)),
            }
        }
        element.name = unresolved(utf8(start.name().as_ref())?);
        let parent = self.parent();
        let id = self.document.append(parent, Kind::Element(element.clone()));
        self.resolve(id, &mut element.name, true)?;
        for (name, _) in &mut attributes {
            self.resolve(id, name, false)?;
        }
        element.attributes = attributes;
        if let Some(own) = self.document.element_mut(id) {
            *own = element;
        }
        Ok(id)
    }

    fn resolve(&self, id: Id, name: &mut Name, element: bool) -> Result<(), String> {
        if name.prefix.is_empty() && !element {
            return Ok(());
        }
        let uri = self.document.namespace_at(id, &name.prefix);
        if uri.is_none() && !name.prefix.is_empty() {
            return Err(format!("Namespace prefix {} on {} is not defined", name.prefix, name.local));
        }
        name.uri = uri.unwrap_or_default();
        Ok(())
    }
}

fn unresolved(qualified: &str) -> Name {
    let (prefix, local) = qualified.split_once(':').unwrap_or(("", qualified));
    Name { prefix: prefix.to_owned(), local: local.to_owned(), uri: String::new() }
}

fn utf8(bytes: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(bytes).map_err(|error| error.to_string())
}

fn unescaped(text: &str) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        let (name, after) = after.split_once(';').ok_or("EntityRef: expecting ';'")?;
        out.push_str(before);
        out.push_str(&entity(name)?);
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

/// What `&name;` stands for; entities that a document type declares are not known.
fn entity(name: &str) -> Result<String, String> {
    let number = name.strip_prefix('#').map(|digits| match digits.strip_prefix(['x', 'X']) {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => digits.parse().ok(),
    });
    let c = match (name, number) {
        (_, Some(number)) => number.and_then(char::from_u32).ok_or_else(|| format!("invalid character &{name};"))?,
        ("lt", _) => '<',
        ("gt", _) => '>',
        ("amp", _) => '&',
        ("quot", _) => '"',
        ("apos", _) => '\'',
        _ => return Err(format!("Entity '{name}' not defined")),
    };
    Ok(c.to_string())
}

/// Leaves out blank text between elements, where nothing says that it means something.
fn remove_blanks(document: &mut Document) {
    let mut blank = Vec::new();
    for parent in document.descendants(TOP) {
        let children = document.children(parent);
        let text_first = children.first().is_some_and(|first| document.is_text(*first) && !is_blank(document, *first));
        for (at, child) in children.iter().enumerate() {
            let alone = children.len() == 1;
            let beside_text = (at > 0 && document.is_text(children[at - 1]))
                || children
                    .get(at + 1)
                    .is_some_and(|next| document.is_text(*next) && !matches!(document.kind(*next), Kind::Cdata(_)));
            if is_blank(document, *child) && !alone && !beside_text && !text_first {
                blank.push(*child);
            }
        }
    }
    blank.into_iter().for_each(|id| document.remove(id));
}

fn is_blank(document: &Document, id: Id) -> bool {
    matches!(document.kind(id), Kind::Text(text) if text.trim_matches([' ', '\t', '\n', '\r']).is_empty())
}
