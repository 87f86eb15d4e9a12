//! From parser events to values, without recursion: a stack of open collections, anchors, and the bounds on both.

use std::collections::HashMap;
use std::sync::Arc;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Span, StrInput, Tag};

use super::mapping::Entries;
use super::tag::{self, CollectionTag};
use super::{LoadOptions, MAX_ALIASED_NODES, MAX_DEPTH, hint, scalar};
use crate::{Diagnostic, Origin, SourceFile, Trust, Value};

/// The documents of `text`; an error when there are more than `limit`. Places name `source`, whose text may differ
/// (it is empty when nobody may see the lines).
pub(super) fn documents(
    text: &str,
    source: &Arc<SourceFile>,
    options: &LoadOptions,
    warnings: &mut Vec<Diagnostic>,
    limit: usize,
) -> Result<Vec<Value>, Diagnostic> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut composer = Composer {
        source,
        options,
        warnings,
        open: Vec::new(),
        anchors: HashMap::new(),
        documents: Vec::new(),
        unsafe_depth: 0,
        aliased_nodes: 0,
    };
    let mut parser: Parser<StrInput> = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|error| hint::explain(&error, text, source))?;
        if matches!(event, Event::DocumentStart(_)) && composer.documents.len() == limit {
            let message = "found a second document where one was expected";
            return Err(Diagnostic::error(message)
                .at(Some(&composer.origin(span.start)))
                .hint("remove the `---` line, or put the documents into files of their own"));
        }
        composer.event(event, span)?;
    }
    Ok(composer.documents)
}

/// A finished value with what its bounds need.
#[derive(Clone)]
pub(super) struct Composed {
    pub(super) value: Value,
    /// Levels of collections in it.
    depth: usize,
    /// Nodes in it, aliases expanded.
    nodes: usize,
}

struct Collection {
    body: Body,
    tag: CollectionTag,
    anchor: usize,
    start: Marker,
    depth: usize,
    nodes: usize,
}

enum Body {
    Sequence(Vec<Value>),
    Mapping(Entries),
}

struct Composer<'a> {
    source: &'a Arc<SourceFile>,
    options: &'a LoadOptions<'a>,
    warnings: &'a mut Vec<Diagnostic>,
    open: Vec<Collection>,
    anchors: HashMap<usize, Composed>,
    documents: Vec<Value>,
    /// How many of the open collections are tagged `!unsafe`.
    unsafe_depth: usize,
    aliased_nodes: usize,
}

impl Composer<'_> {
    fn event(&mut self, event: Event, span: Span) -> Result<(), Diagnostic> {
        match event {
            Event::Scalar(text, style, anchor, tag) => self.scalar(&text, style, anchor, tag.as_deref(), span.start),
            Event::Alias(anchor) => self.alias(anchor, span.start),
            Event::SequenceStart(anchor, tag) => {
                self.start(Body::Sequence(Vec::new()), anchor, tag.as_deref(), span.start)
            }
            Event::MappingStart(anchor, tag) => {
                self.start(Body::Mapping(Entries::default()), anchor, tag.as_deref(), span.start)
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::DocumentStart(_) => {
                self.anchors.clear();
                Ok(())
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
        }
    }

    fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<&Tag>,
        start: Marker,
    ) -> Result<(), Diagnostic> {
        let plain = style == ScalarStyle::Plain;
        let origin = self.origin(start);
        if let Some(Collection { body: Body::Mapping(entries), .. }) = self.open.last_mut()
            && entries.takes_merge_key(text, plain, tag)
        {
            entries.merge_key(origin);
            return Ok(());
        }
        let scalar = scalar::Scalar { text, plain, origin: &origin, trust: self.trust(), vault: self.options.vault };
        let value = tag::construct_scalar(&scalar, tag, self.warnings)?;
        self.finish(Composed { value, depth: 0, nodes: 1 }, anchor, start)
    }

    fn alias(&mut self, anchor: usize, start: Marker) -> Result<(), Diagnostic> {
        let Some(mut aliased) = self.anchors.get(&anchor).cloned() else {
            let message = "this alias is inside the value it stands for";
            return Err(Diagnostic::error(message).at(Some(&self.origin(start))));
        };
        self.aliased_nodes += aliased.nodes;
        if self.aliased_nodes > MAX_ALIASED_NODES {
            let message = format!("aliases expand to more than {MAX_ALIASED_NODES} values");
            return Err(Diagnostic::error(message).at(Some(&self.origin(start))));
        }
        self.check_depth(aliased.depth, start)?;
        if self.trust() == Trust::Untrusted {
            aliased.value = aliased.value.with_trust(Trust::Untrusted);
        }
        self.finish(aliased, 0, start)
    }

    fn start(&mut self, body: Body, anchor: usize, tag: Option<&Tag>, start: Marker) -> Result<(), Diagnostic> {
        self.check_depth(1, start)?;
        let sequence = matches!(body, Body::Sequence(_));
        let tag = CollectionTag::of(tag, sequence, &self.origin(start), self.warnings)?;
        self.unsafe_depth += usize::from(tag == CollectionTag::Unsafe);
        self.open.push(Collection { body, tag, anchor, start, depth: 0, nodes: 1 });
        Ok(())
    }

    fn end(&mut self) -> Result<(), Diagnostic> {
        let Some(collection) = self.open.pop() else { return Ok(()) };
        self.unsafe_depth -= usize::from(collection.tag == CollectionTag::Unsafe);
        let value = match collection.body {
            Body::Sequence(items) => Value::list(items),
            Body::Mapping(entries) => Value::map(entries.into_map(self.warnings)),
        };
        let value = collection.tag.apply(value, &self.origin(collection.start))?;
        let composed = Composed { value, depth: collection.depth + 1, nodes: collection.nodes };
        self.finish(composed, collection.anchor, collection.start)
    }

    /// Puts a value where it belongs: into the innermost open collection, or among the documents.
    fn finish(&mut self, composed: Composed, anchor: usize, start: Marker) -> Result<(), Diagnostic> {
        if anchor > 0 {
            self.anchors.insert(anchor, composed.clone());
        }
        let origin = self.origin(start);
        let Some(parent) = self.open.last_mut() else {
            self.documents.push(composed.value);
            return Ok(());
        };
        parent.depth = parent.depth.max(composed.depth);
        parent.nodes = parent.nodes.saturating_add(composed.nodes);
        match &mut parent.body {
            Body::Sequence(items) => items.push(composed.value),
            Body::Mapping(entries) => entries.add(composed.value, origin)?,
        }
        Ok(())
    }

    fn check_depth(&self, more: usize, start: Marker) -> Result<(), Diagnostic> {
        if self.open.len() + more <= MAX_DEPTH {
            return Ok(());
        }
        let message = format!("collections are nested more than {MAX_DEPTH} levels deep");
        Err(Diagnostic::error(message).at(Some(&self.origin(start))))
    }

    fn trust(&self) -> Trust {
        if self.unsafe_depth > 0 { Trust::Untrusted } else { self.options.trust }
    }

    fn origin(&self, marker: Marker) -> Origin {
        origin(self.source, marker)
    }
}

pub(super) fn origin(source: &Arc<SourceFile>, marker: Marker) -> Origin {
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Origin::new(source.clone(), number(marker.line()), number(marker.col() + 1))
}
