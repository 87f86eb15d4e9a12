//! YAML as PyYAML's safe dumper with libyaml writes it.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use kapell_parsing::{Key, Value};

use super::yaml_scalar::{Scalar, float_text};
use super::yaml_writer::{ScalarStyle, Writer};

pub(crate) struct YamlStyle {
    pub(crate) indent: usize,
    pub(crate) width: usize,
    pub(crate) sort_keys: bool,
    /// Every collection in one line, none, or (`None`) those of scalars only.
    pub(crate) flow: Option<bool>,
    pub(crate) allow_unicode: bool,
    pub(crate) explicit_start: bool,
    pub(crate) explicit_end: bool,
    /// A collection that stands in several places is written once and named elsewhere.
    pub(crate) aliases: bool,
    /// Texts of several lines become blocks.
    pub(crate) literal: bool,
    /// How every scalar is written, as far as it can be.
    pub(crate) scalars: ScalarStyle,
    /// With every tag and nothing plain, one item to a line.
    pub(crate) canonical: bool,
}

impl Default for YamlStyle {
    fn default() -> Self {
        Self {
            indent: 2,
            width: 80,
            sort_keys: true,
            flow: None,
            allow_unicode: true,
            explicit_start: false,
            explicit_end: false,
            aliases: false,
            literal: false,
            scalars: ScalarStyle::Plain,
            canonical: false,
        }
    }
}

impl YamlStyle {
    pub(crate) fn dump(&self, value: &Value) -> String {
        let indent = if (2..=9).contains(&self.indent) { self.indent } else { 2 };
        let width = if self.width > indent * 2 { self.width } else { 80 };
        let mut dumper = Dumper { style: self, writer: Writer::new(indent, width), anchors: HashMap::new() };
        dumper.writer.literal = self.literal;
        dumper.writer.canonical = self.canonical;
        dumper.writer.scalars = if self.canonical { ScalarStyle::Double } else { self.scalars };
        if self.aliases {
            let mut anchors = HashMap::new();
            self.find_anchors(value, &mut anchors, &mut 0);
            dumper.anchors = anchors;
        }
        if self.explicit_start || self.canonical {
            dumper.writer.indicator("---", true, false, false);
        }
        if self.canonical {
            dumper.writer.write_indent();
        }
        dumper.node(value, Place::default());
        dumper.writer.write_indent();
        if self.explicit_end || dumper.writer.open_ended {
            dumper.writer.indicator("...", true, false, false);
            dumper.writer.write_indent();
        }
        dumper.writer.out
    }

    /// Numbers collections in the order in which they are met for the second time.
    fn find_anchors(&self, value: &Value, anchors: &mut HashMap<usize, Anchor>, last: &mut u32) {
        let Some(at) = address(value) else { return };
        match anchors.entry(at) {
            Entry::Occupied(mut known) => {
                if known.get().number == 0 {
                    *last += 1;
                    known.get_mut().number = *last;
                }
                return;
            }
            Entry::Vacant(unknown) => {
                unknown.insert(Anchor::default());
            }
        }
        stacker::maybe_grow(32 * 1024, 1024 * 1024, || match value {
            Value::List(items) => items.iter().for_each(|item| self.find_anchors(item, anchors, last)),
            Value::Map(map) => {
                for (_, value) in self.entries(map) {
                    self.find_anchors(value, anchors, last);
                }
            }
            _ => {}
        });
    }

    /// Sorted, unless the keys cannot be compared.
    fn entries<'v>(&self, map: &'v kapell_parsing::Map) -> Vec<(&'v Key, &'v Value)> {
        let mut entries: Vec<(&Key, &Value)> = map.iter().collect();
        if !self.sort_keys {
            return entries;
        }
        if entries.iter().all(|(key, _)| matches!(key, Key::Str(_))) {
            entries.sort_by(|(a, _), (b, _)| a.as_str().cmp(&b.as_str()));
        } else if entries.iter().all(|(key, _)| matches!(key, Key::Bool(_) | Key::Int(_) | Key::Float(_))) {
            entries.sort_by(|(a, _), (b, _)| key_number(a).total_cmp(&key_number(b)));
        }
        entries
    }

    /// Whether a collection goes on one line.
    fn is_flow(&self, value: &Value) -> bool {
        if self.canonical {
            return true;
        }
        // Only a scalar without quotes is simple enough to share a line.
        let simple = self.scalars == ScalarStyle::Plain;
        let scalar = |value: &Value| simple && !matches!(value, Value::List(_) | Value::Map(_));
        match value {
            Value::List(items) => self.flow.unwrap_or_else(|| items.iter().all(scalar)),
            Value::Map(map) => self.flow.unwrap_or_else(|| map.values().all(scalar)),
            _ => false,
        }
    }
}

/// What surrounds a node.
#[derive(Clone, Copy, Default)]
struct Place {
    in_mapping: bool,
    simple_key: bool,
}

struct Dumper<'s> {
    style: &'s YamlStyle,
    writer: Writer,
    /// Of collections met more than once: the number of each, and whether it was written.
    anchors: HashMap<usize, Anchor>,
}

/// A collection by its address.
#[derive(Clone, Copy, Default)]
struct Anchor {
    /// 0 for what was met only once.
    number: u32,
    is_written: bool,
}

fn address(value: &Value) -> Option<usize> {
    match value {
        Value::List(items) => Some(Arc::as_ptr(items) as usize),
        Value::Map(map) => Some(Arc::as_ptr(map) as usize),
        _ => None,
    }
}

impl Dumper<'_> {
    fn node(&mut self, value: &Value, place: Place) {
        if let Some(anchor) = address(value).and_then(|at| self.anchors.get_mut(&at)).filter(|a| a.number > 0) {
            let (number, is_written) = (anchor.number, std::mem::replace(&mut anchor.is_written, true));
            let mark = if is_written { '*' } else { '&' };
            self.writer.indicator(&format!("{mark}id{number:03}"), true, false, false);
            if is_written {
                return;
            }
        }
        if self.style.canonical {
            self.writer.indicator(tag(value), true, false, false);
        }
        match value {
            Value::List(items) => {
                if self.writer.flow_level > 0 || items.is_empty() || self.style.is_flow(value) {
                    self.flow_list(items);
                } else {
                    stacker::maybe_grow(32 * 1024, 1024 * 1024, || self.block_list(items, place));
                }
            }
            Value::Map(map) => {
                let entries = self.style.entries(map);
                if self.writer.flow_level > 0 || map.is_empty() || self.style.is_flow(value) {
                    self.flow_map(&entries);
                } else {
                    stacker::maybe_grow(32 * 1024, 1024 * 1024, || self.block_map(&entries));
                }
            }
            Value::Str(text) if text.is_moment() => self.scalar(&Scalar::moment(text), place),
            Value::Str(text) => match text.vault_data() {
                Some(data) => self.scalar(&Scalar::sealed(data), place),
                None => self.scalar(&Scalar::string(text, self.style.allow_unicode), place),
            },
            Value::Undefined(undefined) if undefined.sealed.is_some() => {
                let data = undefined.sealed.as_deref().unwrap_or_default();
                self.scalar(&Scalar::sealed(data), place);
            }
            other => self.scalar(&Scalar::plain(plain_text(other)), place),
        }
    }

    fn scalar(&mut self, scalar: &Scalar, place: Place) {
        let outer = self.writer.increase_indent_for_scalar();
        scalar.write(&mut self.writer, place.simple_key);
        self.writer.indent = outer;
    }

    fn key_scalar(&self, key: &Key) -> Scalar {
        match key {
            Key::Null => Scalar::plain("null".into()),
            Key::Bool(b) => Scalar::plain(b.to_string()),
            Key::Int(i) => Scalar::plain(i.to_string()),
            Key::Float(f) => Scalar::plain(float_text(*f)),
            Key::Str(text) => Scalar::string(text, self.style.allow_unicode),
        }
    }

    fn flow_list(&mut self, items: &[Value]) {
        let outer = self.writer.open_flow("[");
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                self.writer.indicator(",", false, false, false);
            }
            self.writer.wrap();
            self.node(item, Place::default());
        }
        self.writer.close_flow("]", outer, items.is_empty());
    }

    fn flow_map(&mut self, entries: &[(&Key, &Value)]) {
        let outer = self.writer.open_flow("{");
        for (at, (key, value)) in entries.iter().enumerate() {
            if at > 0 {
                self.writer.indicator(",", false, false, false);
            }
            self.writer.wrap();
            let scalar = self.key_scalar(key);
            if scalar.is_simple_key() && !self.style.canonical {
                self.scalar(&scalar, Place { simple_key: true, ..Place::default() });
                self.writer.indicator(":", false, false, false);
            } else {
                self.writer.indicator("?", true, false, false);
                if self.style.canonical {
                    self.writer.indicator(key_tag(key), true, false, false);
                }
                self.scalar(&scalar, Place { in_mapping: true, ..Place::default() });
                self.writer.wrap();
                self.writer.indicator(":", true, false, false);
            }
            self.node(value, Place { in_mapping: true, ..Place::default() });
        }
        self.writer.close_flow("}", outer, entries.is_empty());
    }

    fn block_list(&mut self, items: &[Value], place: Place) {
        let outer = self.writer.increase_indent(place.in_mapping && !self.writer.indention);
        for item in items {
            self.writer.write_indent();
            self.writer.indicator("-", true, false, true);
            self.node(item, Place::default());
        }
        self.writer.indent = outer;
    }

    fn block_map(&mut self, entries: &[(&Key, &Value)]) {
        let outer = self.writer.increase_indent(false);
        for (key, value) in entries {
            self.writer.write_indent();
            let key = self.key_scalar(key);
            if key.is_simple_key() {
                self.scalar(&key, Place { simple_key: true, ..Place::default() });
                self.writer.indicator(":", false, false, false);
            } else {
                self.writer.indicator("?", true, false, true);
                self.scalar(&key, Place { in_mapping: true, ..Place::default() });
                self.writer.write_indent();
                self.writer.indicator(":", true, false, true);
            }
            self.node(value, Place { in_mapping: true, ..Place::default() });
        }
        self.writer.indent = outer;
    }
}

/// The short form of the tag of a value's type.
fn tag(value: &Value) -> &'static str {
    match value {
        Value::Bool(_) => "!!bool",
        Value::Int(_) | Value::BigInt(_) => "!!int",
        Value::Float(_) => "!!float",
        Value::Str(text) if text.is_moment() => "!!timestamp",
        Value::Str(_) => "!!str",
        Value::List(_) => "!!seq",
        Value::Map(_) => "!!map",
        Value::Null | Value::Undefined(_) => "!!null",
    }
}

fn key_tag(key: &Key) -> &'static str {
    match key {
        Key::Null => "!!null",
        Key::Bool(_) => "!!bool",
        Key::Int(_) => "!!int",
        Key::Float(_) => "!!float",
        Key::Str(_) => "!!str",
    }
}

fn key_number(key: &Key) -> f64 {
    match key {
        Key::Bool(b) => f64::from(u8::from(*b)),
        Key::Int(i) => *i as f64,
        Key::Float(f) => *f,
        _ => 0.0,
    }
}

fn plain_text(value: &Value) -> String {
    match value {
        Value::Bool(b) => b.to_string(),
        Value::Int(i) => i.to_string(),
        Value::BigInt(i) => i.to_string(),
        Value::Float(f) => float_text(*f),
        _ => "null".into(),
    }
}
