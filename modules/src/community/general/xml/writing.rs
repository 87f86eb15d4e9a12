//! Writing a document as text, laid out or as it is.

use super::document::{Document, Element, Id, Kind, TOP};

const DECLARATION: &str = "<?xml version='1.0' encoding='UTF-8'?>\n";

/// With its declaration. A text that is laid out ends with a line end.
pub(super) fn text(document: &Document, pretty: bool) -> String {
    format!("{DECLARATION}{}", body(document, pretty))
}

/// Without its declaration.
pub(super) fn body(document: &Document, pretty: bool) -> String {
    let mut out = String::new();
    if let Some(doctype) = &document.doctype {
        out.push_str(&format!("<!DOCTYPE {doctype}>\n"));
    }
    for child in document.children(TOP) {
        write(document, *child, pretty.then_some(0), &mut out);
        if pretty {
            out.push('\n');
        }
    }
    out
}

/// Elements whose children are laid out get them on lines of their own, indented by `depth`.
fn write(document: &Document, id: Id, depth: Option<usize>, out: &mut String) {
    match document.kind(id) {
        Kind::Document => {}
        Kind::Text(text) => escape(text, false, out),
        Kind::Cdata(text) => out.push_str(&format!("<![CDATA[{text}]]>")),
        Kind::Comment(text) => out.push_str(&format!("<!--{text}-->")),
        Kind::Instruction(text) => out.push_str(&format!("<?{text}?>")),
        Kind::Element(element) => {
            start(element, out);
            let children = document.children(id);
            if children.is_empty() {
                out.push_str("/>");
                return;
            }
            out.push('>');
            // Beside text, every space would mean something.
            let depth = depth.filter(|_| !children.iter().any(|child| document.is_text(*child)));
            for child in children {
                if let Some(depth) = depth {
                    indent(depth + 1, out);
                }
                write(document, *child, depth.map(|depth| depth + 1), out);
            }
            if let Some(depth) = depth {
                indent(depth, out);
            }
            out.push_str(&format!("</{}>", element.name.qualified()));
        }
    }
}

fn indent(depth: usize, out: &mut String) {
    out.push('\n');
    out.push_str(&"  ".repeat(depth));
}

fn start(element: &Element, out: &mut String) {
    out.push_str(&format!("<{}", element.name.qualified()));
    for (prefix, uri) in &element.declared {
        let colon = if prefix.is_empty() { "" } else { ":" };
        out.push_str(&format!(" xmlns{colon}{prefix}=\""));
        escape(uri, true, out);
        out.push('"');
    }
    for (name, value) in &element.attributes {
        out.push_str(&format!(" {}=\"", name.qualified()));
        escape(value, true, out);
        out.push('"');
    }
}

fn escape(text: &str, attribute: bool, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\r' => out.push_str("&#13;"),
            '"' if attribute => out.push_str("&quot;"),
            '\n' if attribute => out.push_str("&#10;"),
            '\t' if attribute => out.push_str("&#9;"),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::parsing::{Reading, parse};
    use super::*;

    #[test]
    fn what_is_read_is_written() {
        let source = "<!DOCTYPE a SYSTEM \"x\">\n<!-- c --><a xmlns=\"u\" xmlns:p=\"v\" p:b=\"&lt;&quot;\"><p:c/>t&amp;<![CDATA[<]]><?pi x?></a>";
        let document = parse(source, Reading::default()).unwrap();
        assert_eq!(body(&document, false), source);
        for broken in ["", "<a>", "<a></b>", "<a/><b/>", "<p:a/>", "<a>&x;</a>", "text"] {
            assert!(parse(broken, Reading::default()).is_err(), "{broken}");
        }
    }

    #[test]
    fn layout_is_added_where_it_means_nothing() {
        let reading = Reading { without_blanks: true, ..Reading::default() };
        let laid_out = |source: &str| body(&parse(source, reading).unwrap(), true);
        assert_eq!(laid_out("<a> <b>1</b>\n\n<c> </c></a>"), "<a>\n  <b>1</b>\n  <c> </c>\n</a>\n");
        assert_eq!(laid_out("<a>x<b> <c/></b></a>"), "<a>x<b><c/></b></a>\n");
    }
}
