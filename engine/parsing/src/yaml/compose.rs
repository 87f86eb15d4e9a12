//! From parser events to values, without recursion: a stack of open collections, anchors, and the bounds on both.

use std::borrow::Cow;
use std::collections::HashMap;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;

use libyaml_safer::{Event, EventData, Mark, Parser, ScalarStyle};

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
    let ended = ended(text);
    let mut composer = Composer {
        source,
        options,
        warnings,
        open: Vec::new(),
        anchors: HashMap::new(),
        documents: Vec::new(),
        unsafe_depth: 0,
        aliased_nodes: 0,
        last: Mark::default(),
        unended: (ended.len() > text.len()).then_some(text),
    };
    let mut parser = Parser::new();
    parser.set_input(ended.as_bytes());
    loop {
        // The parser panics on a tag right before a comma: `[!!str, x]`.
        let parsed = panic::catch_unwind(AssertUnwindSafe(|| parser.parse()))
            .map_err(|_| Diagnostic::error(NOT_READ).at(Some(&composer.origin(composer.last))))?;
        let event = parsed.map_err(|error| hint::explain(&error, text, source))?;
        match event.data {
            EventData::StreamEnd => return Ok(composer.documents),
            EventData::DocumentStart { .. } if composer.documents.len() == limit => {
                let message = "found a second document where one was expected";
                return Err(Diagnostic::error(message)
                    .at(Some(&composer.origin(event.start_mark)))
                    .hint("remove the `---` line, or put the documents into files of their own"));
            }
            _ => composer.event(event)?,
        }
    }
}

const NOT_READ: &str = "this is not valid YAML: what follows here cannot be read (is there a tag before a comma?)";

/// `text` with a line feed at its end: the parser panics on a block scalar in a last line without one.
fn ended(text: &str) -> Cow<'_, str> {
    if text.is_empty() || text.ends_with('\n') { text.into() } else { format!("{text}\n").into() }
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
    anchor: Option<String>,
    start: Mark,
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
    anchors: HashMap<String, Composed>,
    documents: Vec<Value>,
    /// How many of the open collections are tagged `!unsafe`.
    unsafe_depth: usize,
    aliased_nodes: usize,
    /// Where the last event ended.
    last: Mark,
    /// The text, when its last line has no line feed.
    unended: Option<&'a str>,
}

impl Composer<'_> {
    fn event(&mut self, event: Event) -> Result<(), Diagnostic> {
        let start = event.start_mark;
        self.last = event.end_mark;
        match event.data {
            EventData::Scalar { anchor, tag, mut value, plain_implicit, style, .. } => {
                if matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
                    self.end_of_block(&mut value, event.end_mark);
                }
                self.scalar(&value, plain_implicit, anchor, tag.as_deref(), start)
            }
            EventData::Alias { anchor } => self.alias(&anchor, start),
            EventData::SequenceStart { anchor, tag, .. } => {
                self.start(Body::Sequence(Vec::new()), anchor, tag.as_deref(), start)
            }
            EventData::MappingStart { anchor, tag, .. } => {
                self.start(Body::Mapping(Entries::default()), anchor, tag.as_deref(), start)
            }
            EventData::SequenceEnd | EventData::MappingEnd => self.end(),
            EventData::DocumentStart { .. } => {
                self.anchors.clear();
                Ok(())
            }
            EventData::StreamStart { .. } | EventData::StreamEnd | EventData::DocumentEnd { .. } => Ok(()),
        }
    }

    /// Takes back the line feed that `ended` gave to a block scalar in the last line.
    fn end_of_block(&self, value: &mut String, end: Mark) {
        let Some(text) = self.unended.filter(|text| end.index >= text.len() as u64) else { return };
        let last_line = text.rsplit('\n').next().unwrap_or_default();
        let last_written = value.strip_suffix('\n').and_then(|value| value.rsplit('\n').next()).unwrap_or_default();
        let blanks = !last_written.is_empty() && last_line.ends_with(last_written);
        let contributed = !last_line.trim().is_empty() || blanks || value == "\n" || value.ends_with("\n\n");
        if contributed && value.ends_with('\n') {
            value.pop();
        }
    }

    /// `plain` is a scalar whose type is found by its text.
    fn scalar(
        &mut self,
        text: &str,
        plain: bool,
        anchor: Option<String>,
        tag: Option<&str>,
        start: Mark,
    ) -> Result<(), Diagnostic> {
        let origin = self.origin(start);
        self.check_anchor(anchor.as_deref(), start)?;
        let entries = match self.open.last_mut() {
            Some(Collection { body: Body::Mapping(entries), .. }) if entries.awaits_key() => Some(entries),
            _ => None,
        };
        match entries {
            Some(entries) if entries.takes_merge_key(text, plain, tag) => {
                entries.merge_key(origin);
                return Ok(());
            }
            None if plain && matches!(text, "<<" | "=") && tag.is_none_or(|tag| tag == "!") => {
                return Err(hint::only_a_key(text, &origin));
            }
            _ => {}
        }
        let scalar = scalar::Scalar { text, plain, origin: &origin, trust: self.trust(), vault: self.options.vault };
        let value = tag::construct_scalar(&scalar, tag, self.warnings)?;
        self.finish(Composed { value, depth: 0, nodes: 1 }, anchor, start)
    }

    fn alias(&mut self, anchor: &str, start: Mark) -> Result<(), Diagnostic> {
        let Some(mut aliased) = self.anchors.get(anchor).cloned() else {
            let inside = self.open.iter().any(|collection| collection.anchor.as_deref() == Some(anchor));
            let error = if inside {
                Diagnostic::error(format!("the alias `*{anchor}` is inside the value it stands for"))
            } else {
                Diagnostic::error(format!("there is no anchor `&{anchor}` before this alias"))
                    .did_you_mean(anchor, self.anchors.keys().map(String::as_str))
            };
            return Err(error.at(Some(&self.origin(start))));
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
        self.finish(aliased, None, start)
    }

    fn start(&mut self, body: Body, anchor: Option<String>, tag: Option<&str>, start: Mark) -> Result<(), Diagnostic> {
        self.check_depth(1, start)?;
        self.check_anchor(anchor.as_deref(), start)?;
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
    fn finish(&mut self, composed: Composed, anchor: Option<String>, start: Mark) -> Result<(), Diagnostic> {
        if let Some(anchor) = anchor {
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

    /// As PyYAML has it: in a document every anchor is set once.
    fn check_anchor(&self, anchor: Option<&str>, start: Mark) -> Result<(), Diagnostic> {
        let Some(anchor) = anchor else { return Ok(()) };
        let is_open = || self.open.iter().any(|collection| collection.anchor.as_deref() == Some(anchor));
        if !self.anchors.contains_key(anchor) && !is_open() {
            return Ok(());
        }
        let error = Diagnostic::error(format!("the anchor `&{anchor}` is set twice in this document"));
        Err(error.at(Some(&self.origin(start))).hint("give one of them another name"))
    }

    fn check_depth(&self, more: usize, start: Mark) -> Result<(), Diagnostic> {
        if self.open.len() + more <= MAX_DEPTH {
            return Ok(());
        }
        let message = format!("collections are nested more than {MAX_DEPTH} levels deep");
        Err(Diagnostic::error(message).at(Some(&self.origin(start))))
    }

    fn trust(&self) -> Trust {
        if self.unsafe_depth > 0 { Trust::Untrusted } else { self.options.trust }
    }

    fn origin(&self, mark: Mark) -> Origin {
        origin(self.source, mark)
    }
}

pub(super) fn origin(source: &Arc<SourceFile>, mark: Mark) -> Origin {
    let from_one = |n: u64| u32::try_from(n + 1).unwrap_or(u32::MAX);
    Origin::new(source.clone(), from_one(mark.line), from_one(mark.column))
}
